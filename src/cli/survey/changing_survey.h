// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_SURVEY_CHANGING_SURVEY_H_
#define PXDFUZZ_SRC_CLI_SURVEY_CHANGING_SURVEY_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/paging/policy.h"
#include "src/cli/text/json.h"

namespace pxdfuzz {

// How one walk with the recheck did on many requests while tables changed.
struct ChangingWalkSurvey {
  uint64_t held = 0;  // returned nothing that it may not
  // Disagreed as it is known to, by cause, or in a way that it is not.
  std::array<uint64_t, kCauseCount> excused{};
  uint64_t findings = 0;
  // Requests during which a change was made, and those of them in which fewer
  // pages came than there were at the start.
  uint64_t met_changes = 0;
  uint64_t cut_short = 0;
  // The first finding.
  std::optional<Signature> finding;

  uint64_t Excused(Cause cause) const {
    return excused[static_cast<size_t>(cause)];
  }
  uint64_t AllExcused() const {
    uint64_t sum = 0;
    for (const uint64_t count : excused) sum += count;
    return sum;
  }
};

struct ChangingSurvey {
  PagingMode mode;
  uint64_t cases = 0;
  // Cases of which a change is one that Linux would not make.
  uint64_t impossible = 0;
  uint64_t requests = 0;  // that were compared
  // By position in kAllWalks.
  std::array<ChangingWalkSurvey, kWalkCount> walks{};

  bool found() const;
};

// The case with that number out of those that surveys of `mode` are made of,
// the same whenever it is asked for. Most have changes that Linux makes.
Case ChangingSurveyCase(PagingMode mode, uint64_t number);

// Walks `cases` cases of a paging mode with all walks and the recheck.
ChangingSurvey SurveyChanging(PagingMode mode, uint64_t cases);

// What `pxdfuzz matrix` says of them: a table with a column for each survey,
// and what each cause is and shows itself in.
std::string ChangingMatrixText(const std::vector<ChangingSurvey>& surveys,
                               bool color);
// The same as a JSON list.
Json ChangingMatrixJson(const std::vector<ChangingSurvey>& surveys);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_SURVEY_CHANGING_SURVEY_H_
