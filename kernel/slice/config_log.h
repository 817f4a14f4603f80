// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_KERNEL_SLICE_CONFIG_LOG_H_
#define PXDFUZZ_KERNEL_SLICE_CONFIG_LOG_H_

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/slice/slice.h"

namespace pxdfuzz::slice {

// The words CONFIG_X that stand in the code that was taken of the tree's files,
// or in a conditional around it, and that `macros`, the #define lines of the
// configuration, do not define.
std::vector<std::string> ConfigurationOff(const std::filesystem::path& tree,
                                          const std::vector<TakenLines>& taken,
                                          std::string_view macros);

// The files that the line markers of a preprocessed text name.
std::set<std::filesystem::path> FilesOf(std::string_view preprocessed);

}  // namespace pxdfuzz::slice

#endif  // PXDFUZZ_KERNEL_SLICE_CONFIG_LOG_H_
