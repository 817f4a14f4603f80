// SPDX-License-Identifier: MIT

#include "pxdfuzz/case_text.h"

namespace pxdfuzz {

std::string ToText(const Case&) { return ""; }

}  // namespace pxdfuzz
