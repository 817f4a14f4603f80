// SPDX-License-Identifier: MIT

#include "src/cli/survey/survey.h"

#include <string_view>

#include "fuzz/generator/generator.h"
#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/base/rng.h"
#include "pxdfuzz/view/paging_mode_info.h"

namespace pxdfuzz {

Case SurveyCase(PagingMode mode, uint64_t number) {
  Rng rng(Rng::Mix(number) ^ IndexOf(mode));
  return Generator(rng, InfoOf(mode)).DrawCase();
}

ModeSurvey Survey(PagingMode mode, uint64_t cases) {
  ModeSurvey survey{.mode = mode, .cases = cases};
  Oracle oracle;
  for (uint64_t number = 0; number < cases; ++number) {
    const Verdict& verdict = oracle.Judge(
        SurveyCase(mode, number), WalkSet::All(), Excuses::kExpectedFailures);
    for (const RequestVerdict& request : verdict.requests) {
      if (request.inconclusive != Inconclusive::kNo) continue;
      ++survey.requests;
      survey.crossings += request.crosses_folded ? 1 : 0;
      survey.pages += request.pages;
      for (size_t i = 0; i < kWalkCount; ++i) {
        const WalkVerdict& verdict_of_walk = request.walks[i];
        WalkSurvey& walk = survey.walks[i];
        const bool agrees = verdict_of_walk.outcome == Outcome::kAgrees;
        if (agrees) {
          ++walk.agreed;
        } else if (verdict_of_walk.is_finding()) {
          ++walk.findings;
        } else {
          ++walk.excused;
        }
        if (verdict_of_walk.marks.invariant) continue;
        ++walk.broke_invariant;
        walk.broke_invariant_only += agrees ? 1 : 0;
      }
    }
    if (verdict.finding.has_value()) {
      WalkSurvey& walk = survey.walks[verdict.finding->walk];
      if (!walk.finding.has_value()) {
        walk.finding = verdict.finding->signature;
      }
    }
  }
  return survey;
}

std::string WhyWrong(Policy policy) {
  const bool by_value = policy.descent == Descent::kByValue;
  const bool reread = policy.step == Step::kRecompute;
  // What breaks a walk on s390, ...
  std::string why;
  if (policy.boundary == BoundaryRule::kStatic) {
    why =
        "The fixed size of a folded level does not end the range at the border "
        "of the real entry, ";
    if (reread) {
      why += by_value
                 ? "and asking pXd_offset() again gives the same local copy, "
                   "so on s390 every further turn reads the first entry "
                   "(wrong-entry). "
                 : "and asking pXd_offset() again gives the pointer that it "
                   "was handed, so every further turn reads the first entry.";
    } else {
      why +=
          "so on s390 the loop below goes on, and its pXdp++ leaves the local "
          "copy that pXd_offset() handed back. ";
    }
  }
  // ... and on arm64, whatever else it does.
  if (by_value) {
    why +=
        "arm64's folded pud_offset() takes the pointer that it is handed for "
        "one into the root table, and aligns it down to a page: that leaves a "
        "local copy at once.";
  }
  return why;
}

Causes ExpectedFailures(Policy policy, PagingMode mode) {
  Causes causes;
  VisitArch(mode.arch, [&]<class A>() {
    causes = A::ExpectedFailures(policy, mode.levels);
  });
  return causes;
}

std::string_view WitnessOf(PagingMode mode) {
  std::string_view witness;
  VisitArch(mode.arch, [&]<class A>() { witness = A::Witness(mode.levels); });
  return witness;
}

}  // namespace pxdfuzz
