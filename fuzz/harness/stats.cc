// SPDX-License-Identifier: MIT

#include "fuzz/harness/stats.h"

#include "fuzz/harness/cell_mask.h"
#include "fuzz/harness/json_object.h"
#include "pxdfuzz/arch/arches.h"

namespace pxdfuzz {
namespace {

std::string MaskText(const std::bitset<kMaxCells>& cells) {
  std::string text;
  for (size_t i = 0; i < Cells().size(); i += 4) {
    unsigned four = 0;
    for (size_t bit = 0; bit < 4 && i + bit < Cells().size(); ++bit) {
      four |= cells.test(i + bit) ? 1u << bit : 0u;
    }
    text += CellDigit(four);
  }
  return text;
}

}  // namespace

void Stats::CountChanging(const RequestVerdict& request) {
  bool ran = false;
  bool met = false;
  for (size_t i = 0; i < kWalkCount; ++i) {
    const WalkVerdict& walk = request.walks[i];
    ran |= walk.ran;
    if (!walk.ran || walk.changes == 0) continue;
    met = true;
    if (walk.pages < request.pages) ++changing_.dropped[i];
  }
  changing_.requests += ran;
  changing_.met += met;
}

void Stats::CountVerdict(const Case& c, const Verdict& verdict) {
  if (verdict.kind == Verdict::Kind::kInconclusive) {
    ++inconclusive_;
    if (IsImpossible(verdict.inconclusive)) {
      ++changing_.impossible[static_cast<size_t>(verdict.inconclusive)];
    }
    return;
  }
  if (!c.concurrent.empty()) ++changing_.cases;
  OfMode& of = modes_[IndexOf(c.mode)];
  ++of.cases;
  bool returned = false;
  bool returned_two = false;
  bool crossed = false;
  bool both_sides = false;
  std::array<bool, kWalkCount> stack_escape{};
  for (const RequestVerdict& request : verdict.requests) {
    if (request.inconclusive != Inconclusive::kNo) {
      ++undecided_[static_cast<size_t>(request.inconclusive)];
      continue;
    }
    ++requests_;
    pages_ += request.pages;
    if (!c.concurrent.empty()) CountChanging(request);
    returned |= request.pages >= 1;
    returned_two |= request.pages >= 2;
    crossed |= request.crosses_folded;
    both_sides |= request.both_sides;
    for (size_t i = 0; i < kWalkCount; ++i) {
      const WalkVerdict& walk = request.walks[i];
      stack_escape[i] |=
          walk.violations.stack_escape != FirstViolations::kNever;
      if (walk.waiver != Cause::kNone) {
        ++waived_[i][static_cast<size_t>(walk.waiver)];
      }
    }
  }
  of.returned += returned;
  of.returned_two += returned_two;
  of.crossed += crossed;
  of.both_sides += both_sides;
  for (size_t i = 0; i < kWalkCount; ++i) of.stack_escape[i] += stack_escape[i];
}

uint64_t Stats::judged() const {
  uint64_t judged = judged_;
  for (const OfMode& of : modes_) judged += of.cases;
  return judged;
}

uint64_t Stats::findings() const {
  uint64_t all = 0;
  for (const auto& [name, count] : findings_) all += count;
  return all;
}

std::string Stats::ToJson() const {
  JsonObject stats;
  stats.Add("executions", executions_);
  const std::clock_t took = executions_ == 0 ? 0 : std::clock() - began_;
  stats.Add("milliseconds",
            static_cast<uint64_t>(took) * 1000 / CLOCKS_PER_SEC);
  stats.Add("empty", empty_);
  stats.Add("skipped", skipped_);
  stats.Add("inconclusive", inconclusive_);
  stats.Add("judged", judged());
  stats.Add("requests", requests_);
  stats.Add("pages", pages_);
  JsonObject cells;
  cells.Add("reached", reached_.count());
  cells.Add("possible", Cells().size());
  cells.Add("mask", MaskText(reached_));
  stats.Add("cells", cells);
  JsonObject findings;
  for (const auto& [name, count] : findings_) findings.Add(name, count);
  stats.Add("findings", findings);

  JsonObject known;
  for (const auto& [name, count] : known_) known.Add(name, count);
  stats.AddUnlessEmpty("known_findings", known);
  JsonObject traps;
  for (const auto& [name, count] : traps_) traps.Add(name, count);
  stats.AddUnlessEmpty("traps", traps);
  JsonObject failures;
  for (size_t i = 0; i < kWalkCount; ++i) {
    JsonObject causes;
    for (const Cause cause : kAllCauses) {
      const uint64_t count = waived_[i][static_cast<size_t>(cause)];
      if (count > 0) causes.Add(Name(cause), count);
    }
    failures.AddUnlessEmpty(Name(kAllWalks[i]), causes);
  }
  stats.AddUnlessEmpty("expected_failures", failures);
  JsonObject changing;
  if (changing_.cases > 0) changing.Add("cases", changing_.cases);
  // The kernel code of some targets has no walk of the model to count for.
  if (changing_.requests > 0) {
    changing.Add("requests", changing_.requests);
    changing.Add("met", changing_.met);
  }
  stats.AddUnlessEmpty("changing", changing);
  JsonObject dropped;
  for (size_t i = 0; i < kWalkCount; ++i) {
    if (changing_.dropped[i] == 0) continue;
    dropped.Add(Name(kAllWalks[i]), changing_.dropped[i]);
  }
  stats.AddUnlessEmpty("dropped", dropped);
  const auto add_reasons = [&](std::string_view key, const Reasons& counts) {
    JsonObject reasons;
    for (size_t i = 0; i < kInconclusiveCount; ++i) {
      if (counts[i] == 0) continue;
      reasons.Add(Name(static_cast<Inconclusive>(i)), counts[i]);
    }
    stats.AddUnlessEmpty(key, reasons);
  };
  add_reasons("impossible", changing_.impossible);
  add_reasons("undecided", undecided_);
  JsonObject modes;
  for (size_t s = 0; s < kAllPagingModes.size(); ++s) {
    const OfMode& of = modes_[s];
    if (of.cases == 0) continue;
    JsonObject mode;
    mode.Add("cases", of.cases);
    mode.Add("returned", of.returned);
    mode.Add("returned_two", of.returned_two);
    mode.Add("crossed", of.crossed);
    mode.Add("both_sides", of.both_sides);
    JsonObject escapes;
    for (size_t i = 0; i < kWalkCount; ++i) {
      if (of.stack_escape[i] > 0)
        escapes.Add(Name(kAllWalks[i]), of.stack_escape[i]);
    }
    mode.AddUnlessEmpty("stack_escapes", escapes);
    modes.Add(Name(kAllPagingModes[s]), mode);
  }
  stats.AddUnlessEmpty("spaces", modes);
  return stats.ToText() + '\n';
}

}  // namespace pxdfuzz
