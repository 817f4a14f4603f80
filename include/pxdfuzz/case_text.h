// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_CASE_TEXT_H_
#define PXDFUZZ_CASE_TEXT_H_

#include <string>

#include "pxdfuzz/case.h"

namespace pxdfuzz {

// `c` as canonical YAML: addresses and frames absolute and in hexadecimal, a
// comment where a number alone says too little. Equal cases give equal text,
// and different cases that bytes can say give different text.
std::string ToText(const Case& c);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_CASE_TEXT_H_
