// SPDX-License-Identifier: MIT

#include "src/cli/campaign/kept_finding.h"

#include <fnmatch.h>

#include <memory>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "fuzz/targets.h"
#include "pxdfuzz/engine/finding.h"

namespace pxdfuzz {
namespace {

// Whether the strict target for such a case runs a walk. It runs all kernel
// code.
bool IsStrict(std::string_view walk, const Case& c) {
  const auto policy = PolicyFromName(walk);
  return !policy.has_value() ||
         FindTarget(c.concurrent.empty() ? "gup_strict_fuzzer"
                                         : "gup_race_strict_fuzzer")
             ->walks.Contains(IndexOf(*policy));
}

// Lower is worse.
enum class Rank : uint8_t { kFinding, kStrict, kOther };
Rank RankOf(const KeptFinding& finding, const Case& c) {
  if (!finding.is_expected) return Rank::kFinding;
  return IsStrict(finding.engine->name(), c) ? Rank::kStrict : Rank::kOther;
}

// The first finding of one engine that matches `wish`.
absl::StatusOr<std::optional<KeptFinding>> FirstOf(Engine& engine,
                                                   const KeptFinding& wish,
                                                   const Case& c,
                                                   bool recorded = false) {
  if (!engine.Takes(c.mode)) return std::nullopt;
  Answers answers = engine.Run(c, recorded);
  if (!answers.ok()) return absl::UnavailableError(answers.error);
  std::optional<KeptFinding> first;
  for (size_t i = 0; i < answers.of_request.size(); ++i) {
    Answer& answer = answers.of_request[i];
    const bool is_expected = answer.cause != Cause::kNone;
    if (answer.finding.empty() || (is_expected && !wish.is_expected) ||
        (first.has_value() && (!first->is_expected || is_expected)) ||
        (!wish.signature.empty() &&
         fnmatch(wish.signature.c_str(), answer.finding.name().c_str(), 0) !=
             0)) {
      continue;
    }
    first = {.engine = &engine,
             .signature = wish.signature.empty() ? answer.finding.name()
                                                 : wish.signature,
             .is_expected = is_expected,
             .request = i,
             .answer = std::move(answer)};
  }
  return first;
}

}  // namespace

absl::StatusOr<std::optional<KeptFinding>> FindFinding(const Engines& engines,
                                                       const std::string& wish,
                                                       const Case& c) {
  std::optional<KeptFinding> worst;
  for (const auto& engine : engines) {
    auto found = FirstOf(*engine, {.signature = wish, .is_expected = true}, c);
    if (!found.ok()) return found.status();
    if (!found->has_value()) continue;
    const auto key = [&c](const KeptFinding& finding) {
      return std::pair(RankOf(finding, c), finding.request);
    };
    if (!worst.has_value() || key(**found) < key(*worst)) {
      worst = *std::move(found);
    }
  }
  return worst;
}

absl::StatusOr<ShrunkCase> ShrinkFinding(const KeptFinding& finding,
                                         const Case& c,
                                         const Shrinker::GoOn& go_on) {
  absl::Status status;
  Shrinker shrinker(
      [&](const Case& smaller) {
        const auto found = FirstOf(*finding.engine, finding, smaller);
        status.Update(found.status());
        return found.ok() && found->has_value();
      },
      [&](const Case& best) {
        return status.ok() && (go_on == nullptr || go_on(best));
      });
  ShrunkCase shrunk;
  shrunk.c = shrinker.Shrink(c);
  shrunk.trials = shrinker.trials();
  shrunk.stopped = shrinker.stopped();
  if (!status.ok()) return status;
  const auto kept =
      FirstOf(*finding.engine, finding, shrunk.c, /*recorded=*/true);
  if (!kept.ok()) return kept.status();
  shrunk.finding = *kept;
  return shrunk;
}

}  // namespace pxdfuzz
