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
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/paging/space.h"

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

struct SpaceSurvey {
  Space space;
  uint64_t cases = 0;
  // Requests that were compared, and those of them whose range crosses a
  // boundary of the root's entries although Linux has levels above it.
  uint64_t requests = 0;
  uint64_t crossings = 0;
  uint64_t pages = 0;  // returned by the reference
  // By position in kAllWalks.
  std::array<WalkSurvey, kWalkCount> walks{};
};

// The case with that number out of those that surveys of `space` are made of,
// the same whenever it is asked for.
Case SurveyCase(Space space, uint64_t number);

// Walks `cases` cases of a space with all walks.
SpaceSurvey Survey(Space space, uint64_t cases);

// Why a walk goes wrong in the spaces where it does.
std::string WhyWrong(Policy policy);

// A::ExpectedFailures and A::Witness of a space that is built.
Causes ExpectedFailures(Policy policy, Space space);
std::string_view WitnessOf(Space space);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_SURVEY_SURVEY_H_
