// SPDX-License-Identifier: MIT

#include "src/cli/survey.h"

#include <string_view>

#include "fuzz/generator.h"
#include "pxdfuzz/arches.h"
#include "pxdfuzz/rng.h"
#include "pxdfuzz/space_info.h"

namespace pxdfuzz {

Case SurveyCase(Space space, uint64_t number) {
  Rng rng(Rng::Mix(number) ^ IndexOf(space));
  return Generator(rng, InfoOf(space)).DrawCase();
}

SpaceSurvey Survey(Space space, uint64_t cases) {
  SpaceSurvey survey{.space = space, .cases = cases};
  Oracle oracle;
  for (uint64_t number = 0; number < cases; ++number) {
    const Verdict& verdict = oracle.Judge(
        SurveyCase(space, number), WalkSet::All(), Excuses::kKnownDefects);
    for (const RequestVerdict& request : verdict.requests) {
      if (request.incomparable != Incomparable::kNo) continue;
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

std::string_view WhyWrong(Policy policy) {
  if (policy.step == Step::kRecompute) {
    return policy.descent == Descent::kByValue
               ? "The fixed size of a folded level does not end the range at "
                 "the border of the real entry, and asking pXd_offset() again "
                 "gives the same local copy, so every further turn reads the "
                 "first entry."
               : "The fixed size of a folded level does not end the range at "
                 "the border of the real entry, and asking pXd_offset() again "
                 "gives the pointer that it was handed, so every further turn "
                 "reads the first entry.";
  }
  return "The fixed size of a folded level does not end the range at the "
         "border of the real entry, so the loop below goes on, and its pXdp++ "
         "leaves the local copy that pXd_offset() handed back.";
}

Cause KnownDefect(Policy policy, Space space) {
  Cause cause = Cause::kNone;
  VisitArch(space.arch,
            [&]<class A>() { cause = A::KnownDefect(policy, space.levels); });
  return cause;
}

std::string_view WitnessOf(Space space) {
  std::string_view witness;
  VisitArch(space.arch, [&]<class A>() { witness = A::Witness(space.levels); });
  return witness;
}

}  // namespace pxdfuzz
