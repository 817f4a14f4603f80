// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_CASE_TEXT_H_
#define PXDFUZZ_CASE_TEXT_H_

#include <cstddef>
#include <string>

#include "pxdfuzz/case.h"
#include "pxdfuzz/text_lines.h"

namespace pxdfuzz {

// `c` as canonical YAML: addresses and frames absolute and in hexadecimal, a
// comment where a number alone says too little. Equal cases give equal text,
// and different cases that bytes can say give different text. Lines are broken
// at `columns`.
std::string ToText(const Case& c, size_t columns = kTextColumns);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_CASE_TEXT_H_
