// SPDX-License-Identifier: MIT

#include "src/cli/campaign/kept_finding.h"

#include <fnmatch.h>

#include <utility>
#include <vector>

#include "fuzz/targets.h"

namespace pxdfuzz {
namespace {

bool Matches(const std::string& pattern, const std::string& signature) {
  return fnmatch(pattern.c_str(), signature.c_str(), 0) == 0;
}

// Ways to judge, in the order in which they are tried.
std::vector<std::pair<WalkSet, Excuses>> Judgements(const FindingWish& wish,
                                                    const Case& c) {
  if (wish.walk.has_value()) {
    return {{WalkSet::Of(*wish.walk), Excuses::kNone}};
  }
  const WalkSet strict =
      FindTarget(c.concurrent.empty() ? "gup_strict_fuzzer"
                                      : "gup_race_strict_fuzzer")
          ->walks;
  std::vector<std::pair<WalkSet, Excuses>> ways = {
      {WalkSet::All(), Excuses::kExpectedFailures},
      {strict, Excuses::kNone},
      {WalkSet::All(), Excuses::kNone}};
  if (wish.signature.empty()) return ways;
  // It may be hidden behind what another walk gets wrong.
  for (const Policy& walk : kAllWalks) {
    ways.emplace_back(WalkSet::Of(walk), Excuses::kNone);
  }
  return ways;
}

ShrunkCase Shrunk(const Case& c, const Shrinker::Predicate& keeps,
                  const Shrinker::GoOn& go_on) {
  Shrinker shrinker(keeps, go_on);
  ShrunkCase shrunk;
  shrunk.c = shrinker.Shrink(c);
  shrunk.trials = shrinker.trials();
  shrunk.stopped = shrinker.stopped();
  return shrunk;
}

}  // namespace

std::optional<KeptFinding> FindFinding(Oracle& oracle, const FindingWish& wish,
                                       Case& c) {
  std::vector<Case> candidates = {c};
  // Or behind another request.
  if (!wish.signature.empty()) {
    for (const Request& request : c.requests) {
      candidates.push_back(c);
      candidates.back().requests.clear();
      candidates.back().requests.push_back(request);
    }
  }
  for (const auto& [walks, excuses] : Judgements(wish, c)) {
    for (const Case& candidate : candidates) {
      const Verdict& verdict = oracle.Judge(candidate, walks, excuses);
      if (!verdict.finding.has_value()) continue;
      const std::string signature = Name(verdict.finding->signature);
      if (!wish.signature.empty() && !Matches(wish.signature, signature)) {
        continue;
      }
      c = candidate;
      return KeptFinding{walks, excuses,
                         wish.signature.empty() ? signature : wish.signature};
    }
  }
  return std::nullopt;
}

bool Shows(Oracle& oracle, const Case& c, const KeptFinding& finding) {
  const Verdict& verdict = oracle.Judge(c, finding.walks, finding.excuses);
  return verdict.finding.has_value() &&
         Matches(finding.signature, Name(verdict.finding->signature));
}

ShrunkCase ShrinkFinding(Oracle& oracle, const Case& c,
                         const KeptFinding& finding,
                         const Shrinker::GoOn& go_on) {
  return Shrunk(
      c, [&](const Case& smaller) { return Shows(oracle, smaller, finding); },
      go_on);
}

absl::StatusOr<std::optional<std::string>> FindFinding(KernelProgram& program,
                                                       const std::string& wish,
                                                       const Case& c) {
  if (!program.Takes(c.mode)) return std::nullopt;
  const Answers answers = program.Ask(c, /*recorded=*/false);
  if (!answers.ok()) return absl::UnavailableError(answers.error);
  for (const Answer& answer : answers.of_request) {
    if (answer.finding.empty()) continue;
    if (wish.empty()) return answer.finding;
    if (Matches(wish, answer.finding)) return wish;
  }
  return std::nullopt;
}

absl::StatusOr<ShrunkCase> ShrinkFinding(KernelProgram& program, const Case& c,
                                         const std::string& signature,
                                         const Shrinker::GoOn& go_on) {
  absl::Status status;
  ShrunkCase shrunk = Shrunk(
      c,
      [&](const Case& smaller) {
        const auto finding = FindFinding(program, signature, smaller);
        status.Update(finding.status());
        return finding.ok() && finding->has_value();
      },
      [&](const Case& best) { return status.ok() && go_on(best); });
  if (!status.ok()) return status;
  return shrunk;
}

}  // namespace pxdfuzz
