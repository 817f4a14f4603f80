// SPDX-License-Identifier: MIT

#include "src/cli/survey/survey.h"

#include <memory>
#include <string_view>

#include "fuzz/generator/generator.h"
#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/base/rng.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/view/paging_mode_info.h"

namespace pxdfuzz {

namespace {

void Count(const WalkVerdict& verdict, size_t pages, WalkSurvey& walk) {
  const bool agrees = verdict.outcome == Outcome::kAgrees;
  if (agrees) {
    ++walk.agreed;
  } else if (verdict.is_finding()) {
    ++walk.findings;
  } else {
    ++walk.waived[std::string(Name(verdict.waiver))];
  }
  if (!verdict.marks.invariant) {
    ++walk.broke_invariant;
    walk.broke_invariant_only += agrees ? 1 : 0;
  }
  if (verdict.changes > 0) {
    ++walk.met_changes;
    walk.cut_short += verdict.pages < pages ? 1 : 0;
  }
}

}  // namespace

uint64_t WalkSurvey::Waived(std::string_view by) const {
  const auto found = waived.find(by);
  return found == waived.end() ? 0 : found->second;
}

uint64_t WalkSurvey::all_waived() const {
  uint64_t sum = 0;
  for (const auto& [by, count] : waived) sum += count;
  return sum;
}

SurveyResult ResultOf(const WalkSurvey& walk, bool failure_is_expected) {
  if (walk.findings > 0) return SurveyResult::kFinding;
  if (walk.all_waived() > 0) return SurveyResult::kExpectedFailure;
  return failure_is_expected ? SurveyResult::kNotSeen : SurveyResult::kHolds;
}

std::string_view Name(SurveyResult result) {
  constexpr std::array<std::string_view, 4> kNames = {
      "holds", "expected-failure", "not-seen", "finding"};
  return kNames[static_cast<size_t>(result)];
}

Case SurveyCase(PagingMode mode, uint64_t number, Stillness tables) {
  const bool changing = tables == Stillness::kChanging;
  Rng rng(Rng::Mix(changing ? ~number : number) ^ IndexOf(mode));
  Generator generator(rng, InfoOf(mode));
  Case c = generator.DrawCase();
  if (!changing) return c;
  generator.AddConcurrentOps(c.requests[0], c);
  Canonicalize(c);
  return c;
}

ModeSurvey Survey(PagingMode mode, uint64_t cases, Stillness tables) {
  ModeSurvey survey{.mode = mode,
                    .tables = tables,
                    .cases = cases,
                    .walks = std::vector<WalkSurvey>(kWalkCount)};
  const auto oracle = std::make_unique<Oracle>();
  for (uint64_t number = 0; number < cases; ++number) {
    const Verdict& verdict =
        oracle->Judge(SurveyCase(mode, number, tables), WalkSet::All(),
                      Waivers::kExpectedFailures);
    survey.impossible += verdict.inconclusive != Inconclusive::kNo ? 1 : 0;
    for (const RequestVerdict& request : verdict.requests) {
      if (request.inconclusive != Inconclusive::kNo) continue;
      ++survey.requests;
      survey.crossings += request.crosses_folded ? 1 : 0;
      survey.pages += request.pages;
      for (size_t i = 0; i < kWalkCount; ++i) {
        Count(request.walks[i], request.pages, survey.walks[i]);
      }
    }
    if (!verdict.finding.has_value()) continue;
    std::string& first = survey.walks[verdict.finding->walk_index()].finding;
    if (first.empty()) first = Name(*verdict.finding);
  }
  return survey;
}

std::string WhyWrong(Policy policy) {
  const bool by_value = policy.descent == Descent::kByValue;
  const bool again = policy.step == Step::kRecompute;
  // What breaks a walk on s390, ...
  std::string why;
  if (policy.boundary == BoundaryRule::kStatic) {
    why =
        "The fixed size of a folded level does not end the range at the border "
        "of the real entry, ";
    if (again) {
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

Causes ExpectedFailures(Policy policy, PagingMode mode, Stillness tables) {
  const Causes all = ExpectedFailures(policy, mode);
  return tables == Stillness::kChanging ? all
                                        : Causes().Add(all.InStillTables());
}

std::string_view WitnessOf(PagingMode mode) {
  std::string_view witness;
  VisitArch(mode.arch, [&]<class A>() { witness = A::Witness(mode.levels); });
  return witness;
}

}  // namespace pxdfuzz
