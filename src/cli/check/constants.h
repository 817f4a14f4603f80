// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_CHECK_CONSTANTS_H_
#define PXDFUZZ_SRC_CLI_CHECK_CONSTANTS_H_

#include <map>
#include <string>
#include <string_view>

namespace pxdfuzz {

// Names in kernel code that have the same value in every case, by name, and
// why: stubs among the shims below the folder `shims`, flags that no request
// has, and questions about entries that no case has.
std::map<std::string, std::string> ConstantsOf(const std::string& shims);

// Those of `constants` that a piece of source text uses.
std::map<std::string, std::string> ConstantsIn(
    std::string_view text, const std::map<std::string, std::string>& constants);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CHECK_CONSTANTS_H_
