// SPDX-License-Identifier: MIT

#include "src/cli/survey/survey.h"

#include <array>

#include "absl/status/status.h"
#include "fuzz/generator/generator.h"
#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/base/rng.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/paging_mode_info.h"

namespace pxdfuzz {

namespace {

// Counts what a walk did with a request of which the reference returns `pages`
// pages. `is_meant_to_break`: it is kernel code that is meant to be wrong.
void Count(const Answer& answer, bool is_meant_to_break, uint64_t pages,
           WalkSurvey& walk) {
  walk.ran = true;
  if (answer.inconclusive != Inconclusive::kNo && answer.finding.empty()) {
    return;
  }
  const bool agrees = answer.finding.empty();
  if (!agrees) {
    if (is_meant_to_break) {
      ++walk.waived[std::string(kBroken)];
    } else if (answer.cause != Cause::kNone) {
      ++walk.waived[std::string(Name(answer.cause))];
    } else {
      ++walk.findings;
    }
    if (walk.finding.empty() &&
        (is_meant_to_break || answer.cause == Cause::kNone)) {
      walk.finding = answer.finding.name();
    }
  } else if (!answer.known.empty()) {
    ++walk.known[answer.known];
  } else {
    ++walk.agreed;
  }
  if (!answer.run.violations.invariant) {
    ++walk.broke_invariant;
    walk.broke_invariant_only += agrees ? 1 : 0;
  }
  if (answer.run.snapshot > 0) {
    ++walk.met_changes;
    walk.cut_short += answer.run.count < pages ? 1 : 0;
  }
}

uint64_t Sum(const std::map<std::string, uint64_t, std::less<>>& counts) {
  uint64_t sum = 0;
  for (const auto& [name, count] : counts) sum += count;
  return sum;
}

}  // namespace

uint64_t WalkSurvey::Waived(std::string_view by) const {
  const auto found = waived.find(by);
  return found == waived.end() ? 0 : found->second;
}

uint64_t WalkSurvey::all_waived() const { return Sum(waived); }

uint64_t WalkSurvey::compared() const {
  return agreed + all_waived() + Sum(known) + findings;
}

SurveyResult ResultOf(const WalkSurvey& walk, bool failure_is_expected) {
  if (walk.findings > 0 ||
      (walk.worlds.has_value() && walk.worlds->unexpected() > 0)) {
    return SurveyResult::kFinding;
  }
  if (walk.all_waived() > 0) return SurveyResult::kExpectedFailure;
  if (failure_is_expected) return SurveyResult::kNotSeen;
  return walk.known.empty() ? SurveyResult::kHolds : SurveyResult::kKnown;
}

std::string_view Name(SurveyResult result) {
  constexpr std::array<std::string_view, 5> kNames = {
      "holds", "known", "expected-failure", "not-seen", "finding"};
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

absl::StatusOr<ModeSurvey> Survey(const Engines& engines, PagingMode mode,
                                  uint64_t cases, Stillness tables) {
  ModeSurvey survey{.mode = mode,
                    .tables = tables,
                    .cases = cases,
                    .walks = std::vector<WalkSurvey>(engines.size())};
  std::vector<bool> runs;
  std::vector<bool> is_meant_to_break;
  for (const auto& engine : engines) {
    const Walker& walker = engine->walker();
    const bool is_kernel = walker.kernel.has_value();
    runs.push_back(engine->Takes(mode) &&
                   !(is_kernel && tables == Stillness::kChanging &&
                     IsExpectedToFail(walker, mode, Stillness::kStill)));
    is_meant_to_break.push_back(is_kernel &&
                                IsExpectedToFail(walker, mode, tables));
  }
  Oracle oracle;
  for (uint64_t number = 0; number < cases; ++number) {
    const Case c = SurveyCase(mode, number, tables);
    const Verdict& verdict = oracle.Judge(c, WalkSet(), Waivers::kNone);
    survey.impossible += verdict.inconclusive != Inconclusive::kNo ? 1 : 0;
    for (const RequestVerdict& request : verdict.requests) {
      if (request.inconclusive != Inconclusive::kNo) continue;
      ++survey.requests;
      survey.crossings += request.crosses_folded ? 1 : 0;
      survey.pages += request.pages;
    }
    for (size_t i = 0; i < engines.size(); ++i) {
      if (!runs[i]) continue;
      const Answers answers = engines[i]->Run(c, /*recorded=*/false);
      if (!answers.ok()) return absl::UnavailableError(answers.error);
      for (size_t j = 0; j < answers.of_request.size(); ++j) {
        Count(answers.of_request[j], is_meant_to_break[i],
              j < verdict.requests.size() ? verdict.requests[j].pages : 0,
              survey.walks[i]);
      }
    }
  }
  return survey;
}

std::string WhyWrong(Policy policy) {
  const bool by_value = policy.descent == Descent::kByValue;
  const bool again = policy.step == Step::kRecompute;
  // What breaks a walk on s390.
  std::string why;
  if (policy.boundary == BoundaryRule::kStatic) {
    why =
        "The fixed size of a folded level does not end the range at the "
        "boundary of the real entry, ";
    if (again) {
      why += by_value
                 ? "and calling pXd_offset() again returns the same local "
                   "copy, so on s390 every further iteration reads the first "
                   "entry (wrong-entry). "
                 : "and calling pXd_offset() again returns the pointer that it "
                   "gets, so every further iteration reads the first entry.";
    } else {
      why +=
          "so on s390 the loop below continues, and its pXdp++ leaves the "
          "local copy whose address pXd_offset() returned. ";
    }
  }
  // What breaks a walk on arm64.
  if (by_value) {
    why +=
        "arm64's folded pud_offset() expects a pointer into the root table, "
        "and aligns it down to a page, which moves it off a local copy at "
        "once.";
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

bool IsExpectedToFail(const Walker& walker, PagingMode mode, Stillness tables) {
  if (!walker.kernel.has_value()) {
    return !ExpectedFailures(walker.policy, mode, tables).empty();
  }
  // Kernel code goes wrong where the model's walk of its kind does, and the
  // check of the RFC takes the entries of 2 levels for a bug.
  const std::string& variant = walker.kernel->variant;
  const bool two_levels = mode.arch == ArchId::kS390 && mode.levels == 2;
  if (variant == "folded-aware-checked" && two_levels) return true;
  const Causes expected = ExpectedFailures(walker.policy, mode);
  if (expected.InStillTables() != Cause::kNone) return true;
  if (tables == Stillness::kStill) return false;
  if (variant == "no-pmd-check") return true;
  // With 2 levels no offset below the root goes by an entry but that of a page,
  // and pte_offset_map() is passed a copy in all variants.
  if (variant == "by-pointer" && two_levels) return false;
  return !expected.empty();
}

std::string_view WitnessOf(PagingMode mode) {
  std::string_view witness;
  VisitArch(mode.arch, [&]<class A>() { witness = A::Witness(mode.levels); });
  return witness;
}

}  // namespace pxdfuzz
