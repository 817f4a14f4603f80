// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_CHECK_CHECK_H_
#define PXDFUZZ_SRC_CLI_CHECK_CHECK_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "src/cli/check/cells.h"
#include "src/cli/check/kernel_build.h"
#include "src/cli/commands.h"

namespace pxdfuzz {

// What the command line of `pxdfuzz check` asks for.
struct CheckOptions {
  std::string tree;
  std::string patch;    // a file, - or nothing
  std::string against;  // a tree, a revision or nothing
  // A kind of finding or a pattern of signatures: the exit code is for
  // `git bisect run`.
  std::string bisect;
  std::vector<CheckedArch> arches;
  std::vector<CheckedWalker> walkers;
  // Of kConfigurations, as-is and kOwnConfig among them.
  std::vector<std::string_view> configurations;
  std::optional<int> seconds;  // nothing: auto
  int jobs = 1;
  // One more configuration, of the file --kconfig.
  std::optional<KernelConfig> config;
  std::string out;  // or nothing: by the hash of the tree
  bool resume = false;
  bool empty_corpus = false;
  std::string json;  // files, or nothing
  std::string junit;
  std::string source;    // of pxdfuzz
  std::string compiler;  // clang++
};

// The sources of pxdfuzz: the folder that --source names, or, for an empty
// name, that of this program's build. Errors are one line.
absl::StatusOr<std::string> SourceFolder(const std::string& named);

// Whether a signature is one that --bisect=WISH is about: of that kind, or like
// that pattern.
bool IsWished(const std::string& wish, const std::string& signature);

// Errors are one line without the command's name.
absl::StatusOr<CheckOptions> ReadCheckOptions(const Arguments& arguments);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CHECK_CHECK_H_
