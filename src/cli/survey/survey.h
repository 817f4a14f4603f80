// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_SURVEY_SURVEY_H_
#define PXDFUZZ_SRC_CLI_SURVEY_SURVEY_H_

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/paging/policy.h"

namespace pxdfuzz {

// Whether tables change during the walk.
enum class Stillness : uint8_t { kStill, kChanging };

// The results of one walk, of the model or of kernel code, for many requests.
struct WalkSurvey {
  uint64_t agreed = 0;
  // Requests with an expected failure, by the name of the cause or of the known
  // finding.
  std::map<std::string, uint64_t, std::less<>> excused;
  // Requests with another failure, and the first of them.
  uint64_t findings = 0;
  std::string finding;
  // Requests in which it broke the loop invariant of the thread, and those of
  // them with the right pages.
  uint64_t broke_invariant = 0;
  uint64_t broke_invariant_only = 0;
  // Requests in which it met a concurrent operation, and those of them in which
  // it returned less than there was at the start.
  uint64_t met_changes = 0;
  uint64_t cut_short = 0;

  uint64_t Excused(std::string_view by) const;
  uint64_t all_excused() const;
};

// The cell of a table for a walk, given the expected failures.
enum class SurveyResult : uint8_t {
  kHolds,
  kExpectedFailure,
  kNotSeen,  // a failure is expected, but none occurred
  kFinding,
};
SurveyResult ResultOf(const WalkSurvey& walk, bool failure_is_expected);
// "holds", "expected-failure", "not-seen", "finding".
std::string_view Name(SurveyResult result);

// Walks on the cases of one paging mode.
struct ModeSurvey {
  PagingMode mode;
  Stillness tables = Stillness::kStill;
  uint64_t cases = 0;
  // Cases with an operation that Linux never does.
  uint64_t impossible = 0;
  // Requests that were compared, and those of them whose range crosses a
  // boundary of the root's entries and where Linux has folded levels above the
  // root.
  uint64_t requests = 0;
  uint64_t crossings = 0;
  uint64_t pages = 0;  // returned by the reference
  // Of the model, by position in kAllWalks; one of kernel code.
  std::vector<WalkSurvey> walks;
};

// The case with that number for surveys of `mode`, always the same. If tables
// change, most cases have operations that Linux does.
Case SurveyCase(PagingMode mode, uint64_t number, Stillness tables);

// Walks `cases` cases of a paging mode with all walks; if tables change, with
// the recheck.
ModeSurvey Survey(PagingMode mode, uint64_t cases, Stillness tables);

// Why a walk goes wrong in the paging modes in which it does.
std::string WhyWrong(Policy policy);

// A::ExpectedFailures and A::Witness of a paging mode that is built.
Causes ExpectedFailures(Policy policy, PagingMode mode);
// Those of them that can occur.
Causes ExpectedFailures(Policy policy, PagingMode mode, Stillness tables);
std::string_view WitnessOf(PagingMode mode);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_SURVEY_SURVEY_H_
