// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REPORT_TERMS_H_
#define PXDFUZZ_REPORT_TERMS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "pxdfuzz/engine/engine.h"
#include "pxdfuzz/engine/protocol.h"
#include "pxdfuzz/report/explanation.h"
#include "pxdfuzz/report/facts.h"

namespace pxdfuzz {

// What is compared: the walk, the reference and the request, a position in the
// case; for kernel code also how it was called, and the rule that it broke.
std::vector<std::string> Terms(const Facts& facts, size_t request,
                               const Walker& walker, const Answer& answer);

// Explanations of the terms that readers may not know.
std::vector<Explanation::Term> Glossary(const Facts& facts);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_REPORT_TERMS_H_
