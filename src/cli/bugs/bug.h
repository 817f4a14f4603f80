// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_BUGS_BUG_H_
#define PXDFUZZ_SRC_CLI_BUGS_BUG_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "src/cli/bugs/source_edit.h"
#include "src/cli/check/cells.h"

namespace pxdfuzz {

// A bug that Linux had or has, and the rule that puts it into a tree: a file of
// tests/bugs/.
struct Bug {
  enum class Kind : uint8_t {
    kEdit,         // the rule is applied to every tree
    kAsItStands,   // trees up to `live_until` have it; others get the rule
    kEnvironment,  // no text of the walk: another processor does not wait
  };
  // A version of Linux.
  struct Version {
    int major = 0;
    int minor = 0;

    friend auto operator<=>(const Version&, const Version&) = default;
  };
  struct FileEdit {
    // Alternatives for different versions; the first that a tree has.
    std::vector<std::string> files;
    SourceEdit edit;
    int line = 0;  // of the rule
  };
  // Where it is looked for.
  struct Place {
    CheckedArch arch;
    std::string name;  // "s390/3", or with a target of its own
    // A value of PXDFUZZ_ONLY: "s390", "s390/3".
    std::string modes;
    CheckedWalker walker;
    // A pattern of signatures; empty where nothing must be found.
    std::string signature;
  };

  std::string name;  // of the file, without .yaml
  Kind kind = Kind::kEdit;
  int year = 0;         // in which it was repaired, or reported
  std::string record;   // the commit that repaired it, or a mail
  std::string history;  // a sentence
  // The versions to which the rule applies, both included.
  Version first;
  Version last;
  Version live_until;  // for kAsItStands; the first version without it
  CheckedWalker walker;
  std::string configuration;  // "as-is"
  std::vector<Place> places;
  std::vector<FileEdit> edits;

  bool Applies(Version version) const {
    return first <= version && version <= last;
  }
};

std::string_view Name(Bug::Kind kind);

// "6.12" of "6.12.117".
Bug::Version VersionFrom(std::string_view text);

// Reads the text of NAME.yaml. Errors are one line, with the position.
absl::StatusOr<Bug> ReadBug(std::string_view text, std::string_view name);

// The bugs of a folder, sorted by year and name: all, or those with these
// names. An error where there is none.
absl::StatusOr<std::vector<Bug>> ReadBugs(
    const std::string& folder, const std::vector<std::string>& names);

// Puts the bug into the tree at `folder`, a copy, and returns the files that
// are changed. An error says which part of the rule fits nowhere.
absl::StatusOr<std::vector<std::string>> PlantBug(const Bug& bug,
                                                  const std::string& folder);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_BUGS_BUG_H_
