// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_BUGS_BUG_TABLE_H_
#define PXDFUZZ_SRC_CLI_BUGS_BUG_TABLE_H_

#include <string>
#include <vector>

#include "src/cli/bugs/bug.h"
#include "src/cli/bugs/hunt.h"

namespace pxdfuzz {

// A bug in one tree and one place, and what came of looking for it.
struct BugRow {
  const Bug* bug = nullptr;
  std::string version;  // "6.12"
  Bug::Place place;
  Hunt hunt;
  // Why it could not be looked for, or nothing.
  std::string error;

  // Whether it was found where it must be, and only there.
  bool is_good() const {
    return error.empty() && (place.signature.empty() ? hunt.executions.empty()
                                                     : hunt.always_found());
  }
};

// For a terminal, a line for each row.
std::string BugTableText(const std::vector<BugRow>& rows, bool color);

// For docs/bugs-on-record.md: the rows as a table, then a line of history for
// each bug.
std::string BugTableMarkdown(const std::vector<BugRow>& rows);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_BUGS_BUG_TABLE_H_
