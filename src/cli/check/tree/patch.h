// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_CHECK_TREE_PATCH_H_
#define PXDFUZZ_SRC_CLI_CHECK_TREE_PATCH_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace pxdfuzz {

// A change to a kernel tree.
struct Patch {
  std::string name;  // "my-change.mbox", "standard input"
  bool is_file = false;
  std::string hash;  // of `diff`, 16 digits
  // One diff after the other, without the text of mails.
  std::string diff;
};

// Reads a diff, a mail or an mbox with a series from a file, or from standard
// input for "-". `scratch` is a folder that is made and removed. An error of
// one line for anything else.
absl::StatusOr<Patch> ReadPatch(const std::string& file,
                                const std::string& scratch);

// Applies the part of `patch` that is about `parts`, files and folders of a
// tree, to the copy in `tree`, and returns the files that it changes, which can
// be none. An error where it does not apply; the copy is of no use then.
absl::StatusOr<std::vector<std::string>> ApplyPatch(
    const Patch& patch, const std::string& tree,
    const std::vector<std::string>& parts);

// A place in a file where lines were taken out, put in, or both.
struct ChangedPlace {
  // Lines that the changed file has there, counted from 1. Where lines were
  // only taken out, the line behind them.
  std::set<int> lines;
  // What was taken out and what was put in.
  std::string text;
};

// How the files of `tree` differ from those of `base`, by file.
absl::StatusOr<std::map<std::string, std::vector<ChangedPlace>>> ChangedPlaces(
    const std::string& base, const std::string& tree,
    const std::vector<std::string>& files);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CHECK_TREE_PATCH_H_
