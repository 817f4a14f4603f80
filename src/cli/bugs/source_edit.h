// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_BUGS_SOURCE_EDIT_H_
#define PXDFUZZ_SRC_CLI_BUGS_SOURCE_EDIT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace pxdfuzz {

// A change to a C source, in terms of its tokens: comments, strings and the
// arrangement of lines do not matter.
struct SourceEdit {
  enum class Kind : uint8_t {
    kReplace,        // what matches a pattern becomes `text`
    kDropStatement,  // statements that name one of `what`
    kDropMacro,      // definitions of the macros `what`
    kDefineMacro,    // the macros `what`, defined here, get the body `text`
  };

  Kind kind = Kind::kReplace;
  // The functions or macros in whose bodies it is made, alternatives for
  // different versions; empty: the whole source. kDropStatement needs one.
  std::vector<std::string> within;
  // Names; for kReplace patterns, each a sequence of tokens in which `(...)`
  // matches an argument list: "pte_special(...)".
  std::vector<std::string> what;
  // For kReplace, $0 is what matched, $1 what its first `(...)` holds, and $in
  // the function or macro in which it stands.
  std::string text;
};

// The source with the edit made wherever it fits; lines keep their numbers. An
// error that says what was looked for where it fits nowhere (NotFound) or would
// change the meaning of an else (FailedPrecondition).
absl::StatusOr<std::string> EditSource(std::string_view source,
                                       const SourceEdit& edit);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_BUGS_SOURCE_EDIT_H_
