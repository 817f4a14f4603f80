// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REPORT_REPORT_H_
#define PXDFUZZ_REPORT_REPORT_H_

#include <cstddef>
#include <string>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/report/explain.h"
#include "pxdfuzz/report/render_text.h"

namespace pxdfuzz {

// ExplainModel() as text.
std::string WalkReport(const Case& c, const Verdict& verdict, size_t request,
                       size_t walk, const TextOptions& options);

// The same for the finding of `verdict`, which must have one.
std::string FindingReport(const Case& c, const Verdict& verdict,
                          const TextOptions& options);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_REPORT_REPORT_H_
