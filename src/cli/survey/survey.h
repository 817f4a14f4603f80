// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_SURVEY_SURVEY_H_
#define PXDFUZZ_SRC_CLI_SURVEY_SURVEY_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/engine/engine.h"
#include "pxdfuzz/exhaust/exhaust.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/paging/policy.h"

namespace pxdfuzz {

// Whether tables change during the walk.
enum class Stillness : uint8_t { kStill, kChanging };

// The results of one walk, of the model or of kernel code, for many requests.
struct WalkSurvey {
  // False where the cases are not for it: all else is empty then.
  bool ran = false;
  uint64_t agreed = 0;
  // Requests in which it went wrong as is expected, by the name of the cause,
  // or kBroken where kernel code is meant to be wrong; and those that only a
  // known finding explains, by its name.
  std::map<std::string, uint64_t, std::less<>> waived;
  std::map<std::string, uint64_t, std::less<>> known;
  // Those in which it went wrong otherwise; and the first finding of all, where
  // kernel code is meant to be wrong too.
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
  // What small worlds came to, where they were tried.
  std::optional<ExhaustResult> worlds;

  uint64_t Waived(std::string_view by) const;
  uint64_t all_waived() const;
  uint64_t compared() const;
};
inline constexpr std::string_view kBroken = "broken";

// What a table's cell says of a walk, given whether a failure is expected.
enum class SurveyResult : uint8_t {
  kHolds,
  kKnown,
  kExpectedFailure,
  kNotSeen,  // a failure is expected, but none occurred
  kFinding,
};
SurveyResult ResultOf(const WalkSurvey& walk, bool failure_is_expected);
// "holds", "known", "expected-failure", "not-seen", "finding".
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
  // By position of the engines.
  std::vector<WalkSurvey> walks;
};

// The case with that number for surveys of `mode`, always the same. If tables
// change, most cases have operations that Linux does.
Case SurveyCase(PagingMode mode, uint64_t number, Stillness tables);

// Runs `cases` cases of a paging mode with all engines that take it; where
// tables change, with the recheck. Kernel code that is wrong in tables that
// nobody changes is not run while they do. An error where an engine does not
// answer as it should.
absl::StatusOr<ModeSurvey> Survey(const Engines& engines, PagingMode mode,
                                  uint64_t cases, Stillness tables);

// Why a walk goes wrong in the paging modes in which it does.
std::string WhyWrong(Policy policy);

// A::ExpectedFailures and A::Witness of a paging mode that is built.
Causes ExpectedFailures(Policy policy, PagingMode mode);
// Those of them that can occur.
Causes ExpectedFailures(Policy policy, PagingMode mode, Stillness tables);
std::string_view WitnessOf(PagingMode mode);
// Whether a failure of that walker is expected.
bool IsExpectedToFail(const Walker& walker, PagingMode mode, Stillness tables);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_SURVEY_SURVEY_H_
