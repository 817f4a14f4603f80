// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_CHECK_TREE_KERNEL_TREE_H_
#define PXDFUZZ_SRC_CLI_CHECK_TREE_KERNEL_TREE_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "src/cli/check/tree/patch.h"

namespace pxdfuzz {

// A kernel tree as it is checked: a copy of what is compiled of it.
struct KernelTree {
  // As the user names it, and what is there: a version, and a commit where git
  // has one.
  std::string name;
  std::string version;  // "6.12.117"
  std::string commit;   // 12 digits
  // Whether files of the work tree differ from the commit.
  bool is_modified = false;
  std::optional<Patch> patch;
  // What the patch changes of what is compiled.
  std::vector<std::string> changed_files;
  // Of all that is compiled, the patch included; 16 digits.
  std::string hash;
  // The copy, and the one without the patch.
  std::string folder;
  std::string base;
  std::string base_hash;

  // "Linux 6.12.117, commit 0123456789ab, with my.patch (89abcdef01234567)".
  std::string Describe() const;
  // What a check of the same tree is told on another machine, where files and
  // repositories have other folders: "LINUX@0123456789ab --patch=my.patch".
  std::string CheckArguments() const;
};

// Makes `to` a copy of the tree in `from`, which may share its files. Builds go
// by times: a file whose content changes there becomes as new as now, and so
// does the Makefile if there are other files than before.
absl::Status Mirror(const std::string& from, const std::string& to);

// What the build looks at where it is configured: the version, and which
// features and architectures a tree has.
std::string ConfiguredBy(const std::string& tree);

// A hash of all files at and below a folder, 16 digits.
std::string HashOf(const std::string& folder);

// Of the places in a folder whose names count, removes all but so many that
// were used last.
void KeepNewest(const std::string& folder, size_t most,
                const std::function<bool(const std::string&)>& counts);

// Where trees come from and go to.
struct TreeStore {
  // The sources of pxdfuzz.
  std::string source;
  // Copies of trees, a folder.
  std::string trees;

  // The tree of that name: a folder, an archive, REPOSITORY@REVISION or
  // debian:VERSION; with the patch of a file, if any. Nothing is written but
  // below `trees`, and nothing half-made stays there. Errors are one line:
  // InvalidArgument for what the user can write otherwise.
  absl::StatusOr<KernelTree> Take(const std::string& tree,
                                  const std::string& patch) const;

  // Changes the copy of a tree in a folder and returns the files that it
  // changed. The copy shares its files with others: a changed file is a new
  // one.
  using Change = std::function<absl::StatusOr<std::vector<std::string>>(
      const std::string& folder)>;
  // The tree, which Take() returned, with a change: another copy.
  absl::StatusOr<KernelTree> Changed(const KernelTree& tree,
                                     const Change& change) const;

 private:
  absl::StatusOr<std::string> CopyOf(KernelTree& tree) const;
  absl::StatusOr<std::string> CopyRevision(const std::string& repository,
                                           const std::string& revision,
                                           KernelTree& tree) const;
  // Copies a folder or an archive, which messages call `name`.
  absl::Status Copy(const std::string& from, const std::string& to,
                    const std::string& name) const;
  absl::Status ChangeDraft(KernelTree& tree, const std::string& draft,
                           const Change& change) const;
  // Links a folder to the name of its hash. An existing folder of that name
  // stays.
  absl::StatusOr<std::string> Settle(const std::string& folder,
                                     std::string& hash) const;
  std::vector<std::string> Parts() const;
  void Prune() const;
  std::string Draft() const;
};

// The archive of Debian's package linux-source-VERSION: an installed one, or
// downloaded to a folder below `folder` from the suite that has it. The lists
// and settings of the machine's apt stay as they are.
absl::StatusOr<std::string> DebianSource(const std::string& version,
                                         const std::string& folder);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CHECK_TREE_KERNEL_TREE_H_
