// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_KERNEL_SLICE_KCONFIG_H_
#define PXDFUZZ_KERNEL_SLICE_KCONFIG_H_

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pxdfuzz::slice {

// Symbols of a kernel's configuration, without CONFIG_.
using ConfigSymbols = std::set<std::string, std::less<>>;

// What the entries "config `symbol`" of the Kconfig file `text` select, in
// order, where `known` are set. A condition that compares values is false.
std::vector<std::string> SelectedBy(std::string_view text,
                                    std::string_view symbol,
                                    ConfigSymbols known);

// Whether a condition such as "X86_64 && !(A || B)" holds where `known` are
// set.
bool Holds(std::string_view condition, const ConfigSymbols& known);

}  // namespace pxdfuzz::slice

#endif  // PXDFUZZ_KERNEL_SLICE_KCONFIG_H_
