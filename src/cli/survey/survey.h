// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_SURVEY_SURVEY_H_
#define PXDFUZZ_SRC_CLI_SURVEY_SURVEY_H_

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/paging/policy.h"

namespace pxdfuzz {

// How one walk did on many requests.
struct WalkSurvey {
  uint64_t agreed = 0;
  // Disagreed as it is known to (A::ExpectedFailures), or in a way that it is
  // not.
  uint64_t excused = 0;
  uint64_t findings = 0;
  // Returned the right pages and broke the loop invariant of the thread.
  uint64_t broke_invariant_only = 0;
  uint64_t broke_invariant = 0;
  // The first finding.
  std::optional<Signature> finding;
};

struct ModeSurvey {
  PagingMode mode;
  uint64_t cases = 0;
  // Requests that were compared, and those of them whose range crosses a
  // boundary of the root's entries although Linux has levels above it.
  uint64_t requests = 0;
  uint64_t crossings = 0;
  uint64_t pages = 0;  // returned by the reference
  // By position in kAllWalks.
  std::array<WalkSurvey, kWalkCount> walks{};
};

// The case with that number out of those that surveys of `mode` are made of,
// the same whenever it is asked for.
Case SurveyCase(PagingMode mode, uint64_t number);

// Walks `cases` cases of a paging mode with all walks.
ModeSurvey Survey(PagingMode mode, uint64_t cases);

// Why a walk goes wrong in the paging modes where it does.
std::string WhyWrong(Policy policy);

// A::ExpectedFailures and A::Witness of a paging mode that is built.
Causes ExpectedFailures(Policy policy, PagingMode mode);
std::string_view WitnessOf(PagingMode mode);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_SURVEY_SURVEY_H_
