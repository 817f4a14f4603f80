// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_CHECK_PATCH_H_
#define PXDFUZZ_SRC_CLI_CHECK_PATCH_H_

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

// Lines of a file that `tree` has and `base` has not, counted from 1, by file.
// A place where lines were taken out counts as the line behind it.
absl::StatusOr<std::map<std::string, std::set<int>>> ChangedLines(
    const std::string& base, const std::string& tree,
    const std::vector<std::string>& files);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CHECK_PATCH_H_
