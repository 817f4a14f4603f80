// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_CHECK_MY_LINES_H_
#define PXDFUZZ_SRC_CLI_CHECK_MY_LINES_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "src/cli/check/kernel_build.h"
#include "src/cli/check/tree/kernel_tree.h"
#include "src/cli/check/verdict/verdict.h"

namespace pxdfuzz {

// What the runs of one line came to, over all programs that hold it.
struct LineRuns {
  uint64_t times = 0;
  // Whether it decides something, and always in one way.
  bool is_one_way = false;
};
// By file and line of the tree.
using TreeLines = std::map<std::string, std::map<int, LineRuns>>;

// The lines of a text, without their ends.
std::vector<std::string> LinesOf(std::string_view text);

// The name of the function that line `line` of `text` is in, by the kernel's
// style: its head begins in the first column. Empty outside of functions.
std::string FunctionAt(const std::vector<std::string>& text, int line);

// Reads the coverage that llvm-cov exports as lcov, by file and line of the
// tree. `slice` is the path of a slice, whose #line directives say where its
// lines come from; coverage of other files is ignored.
TreeLines ReadLcov(std::string_view lcov, const std::string& slice);

// For each function that the patch of `tree` changes, in which slices it is,
// which of its changed lines ran, by the profiles that the cells in `cells`
// left, and which names in them have the same value in every case, by the shims
// below the folder `shims`. `compiler` is clang++, which knows where its tools
// are.
absl::StatusOr<std::vector<CheckVerdict::Change>> FindChanges(
    const KernelTree& tree, const KernelBuild& build, const std::string& cells,
    const std::string& compiler, const std::string& shims);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CHECK_MY_LINES_H_
