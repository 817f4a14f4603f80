// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_ORACLE_ORACLE_H_
#define PXDFUZZ_ORACLE_ORACLE_H_

#include <algorithm>
#include <memory>
#include <optional>
#include <span>

#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/memory/arena_memory.h"
#include "pxdfuzz/oracle/cells.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/oracle/judge_pages.h"
#include "pxdfuzz/reference/reference.h"
#include "pxdfuzz/reference/translate.h"
#include "pxdfuzz/tables/address_space.h"
#include "pxdfuzz/tables/populate.h"
#include "pxdfuzz/tables/timeline.h"
#include "pxdfuzz/walk/run_walk.h"

// The implementation of BasicOracle, for code that needs other types than
// Oracle's.

namespace pxdfuzz {
namespace oracle {

// What the reference finds at one address.
struct Found {
  std::optional<Level> leaf;
  PageState state = PageState::kEmpty;
};

template <class A, class Entries>
Found Look(const AddressSpace<A, Entries>& mm, const ArenaMemory& memory,
           uint64_t address) {
  const Translation t = Translate(
      typename A::Manual(mm.geometry(), mm.control()), memory, address);
  if (!t.fetched) return {};
  const EntryKind kind = mm.entries().Classify(t.level, t.entry);
  if (IsSwapEntry(kind.tag)) return {{}, PageState::kSwap};
  if (kind.tag != EntryKind::Tag::kLeaf) return {};
  if (kind.state.special) return {t.level, PageState::kSpecial};
  if (kind.state.kernel) return {t.level, PageState::kNone};
  switch (kind.state.permission) {
    case Permission::kNone:
      return {t.level, PageState::kNone};
    case Permission::kRead:
      return {t.level, PageState::kReadOnly};
    case Permission::kReadWrite:
      break;
  }
  if (!kind.state.young) return {t.level, PageState::kOld};
  if (!kind.state.dirty) return {t.level, PageState::kClean};
  return {t.level, PageState::kPlain};
}

// The first boundary of `level` inside a range, if any.
inline std::optional<uint64_t> Boundary(const Geometry& geometry, Level level,
                                        uint64_t start, uint64_t end) {
  // The boundary above the very last entry is 0.
  const uint64_t boundary = WrappingAdd(start | (geometry.span(level) - 1), 1);
  if (boundary == 0 || boundary >= end) return std::nullopt;
  return boundary;
}

// The cell of a request that is permitted and for which the reference returns
// `returned` pages.
template <class A, class Entries>
std::optional<size_t> CellOf(const PagingMode& mode,
                             const AddressSpace<A, Entries>& mm,
                             const ArenaMemory& memory, const Request& request,
                             size_t returned) {
  const Geometry& geometry = mm.geometry();
  const uint64_t end = request.start + request.pages * geometry.page_size();
  Cell cell{.mode = mode, .write = request.write};
  uint64_t deciding = request.start;
  for (Level level = Level::kPgd; level > Level::kPte; level = Below(level)) {
    if (geometry.shift(level) == geometry.shift(Below(level))) continue;
    const auto boundary = Boundary(geometry, level, request.start, end);
    if (!boundary.has_value()) continue;
    cell.crossed = level;
    const uint64_t pages_before =
        (*boundary - request.start) >> geometry.page_shift();
    if (returned < pages_before) return IndexOf(cell);
    cell.before = Look(mm, memory, *boundary - 1).leaf;
    deciding = *boundary;
    break;
  }
  const Found found = Look(mm, memory, deciding);
  cell.after = found.leaf;
  cell.state = found.state;
  const bool got =
      returned > (deciding - request.start) >> geometry.page_shift();
  cell.outcome = got ? Cell::Outcome::kReturned : Cell::Outcome::kStopped;
  return IndexOf(cell);
}

}  // namespace oracle

template <class Arches, class Runner>
const Verdict& BasicOracle<Arches, Runner>::Judge(const Case& c, WalkSet walks,
                                                  Waivers waivers) {
  verdict_.kind = Verdict::Kind::kInconclusive;
  verdict_.Reset();
  if (!c.empty()) {
    VisitArchOf<Arches>(c.mode.arch,
                        [&]<class A>() { JudgeCase<A>(c, walks, waivers); });
  }
  return verdict_;
}

template <class Arches, class Runner>
template <class A>
void BasicOracle<Arches, Runner>::JudgeCase(const Case& c, WalkSet walks,
                                            Waivers waivers) {
  AddressSpace<A> mm(arenas_.of(A::kId), c.mode.levels);
  verdict_.inconclusive = Populate(c, mm);
  if (verdict_.inconclusive != Inconclusive::kNo) return;
  verdict_.inconclusive = timeline_.Make(c, mm);
  if (verdict_.inconclusive != Inconclusive::kNo) return;
  for (size_t i = 0; i < c.requests.size(); ++i) {
    JudgeRequest(c, mm, i, walks, waivers);
  }
}

template <class Arches, class Runner>
template <class A>
void BasicOracle<Arches, Runner>::JudgeRequest(const Case& c,
                                               const AddressSpace<A>& mm,
                                               size_t index, WalkSet walks,
                                               Waivers waivers) {
  const Request& request = c.requests[index];
  const Geometry& geometry = mm.geometry();
  RequestVerdict& verdict = verdict_.requests.emplace_back();
  verdict.inconclusive =
      Permitted<A>(mm.levels(), request.start, request.pages);
  if (verdict.inconclusive != Inconclusive::kNo) {
    verdict.cell = IndexOf(Cell{.mode = c.mode,
                                .write = request.write,
                                .outcome = Cell::Outcome::kRefused});
    return;
  }

  const ArenaMemory memory(mm.arena(), geometry, c.stack);
  reference_->template Make<A>(timeline_, memory, request);
  verdict.pages = reference_->pages();
  verdict.cell = oracle::CellOf(c.mode, mm, memory, request, verdict.pages);
  if (const auto boundary = oracle::Boundary(
          geometry, geometry.root(), request.start,
          request.start + request.pages * geometry.page_size());
      boundary.has_value() && geometry.has_folded()) {
    verdict.crosses_folded = true;
    verdict.both_sides =
        verdict.pages > (*boundary - request.start) >> geometry.page_shift();
  }

  const WalkSite site{c.mode, mm.arena(), timeline_, c.stack};
  for (size_t i = 0; i < kWalkCount; ++i) {
    if (!walks.Contains(i)) continue;
    const Policy policy = kAllWalks[i];
    WalkRun run{.pages = pages_, .grabbed = grabbed_};
    Runner().template operator()<A>(site, policy, request, run);
    WalkVerdict& walk = verdict.walks[i];
    walk = JudgeWalk<A>(memory, request, run);
    if (walk.outcome == Outcome::kAgrees) {
      if (verdict_.kind == Verdict::Kind::kInconclusive) {
        verdict_.kind = Verdict::Kind::kAgrees;
      }
    } else if (waivers == Waivers::kExpectedFailures) {
      walk.waiver = run.violations.Waiver(
          A::ExpectedFailures(policy, mm.levels()), walk.first_difference);
      if (walk.waiver != Cause::kNone &&
          verdict_.kind != Verdict::Kind::kFinding) {
        verdict_.kind = Verdict::Kind::kExpectedFailure;
      }
    }
    if (walk.is_finding()) {
      verdict_.kind = Verdict::Kind::kFinding;
      if (!verdict_.finding.has_value()) {
        verdict_.finding = FindingOf(c, verdict_, index, i);
      }
    }
    timeline_.GoTo(0);
  }
}

template <class Arches, class Runner>
template <class A>
WalkVerdict BasicOracle<Arches, Runner>::JudgeWalk(const ArenaMemory& memory,
                                                   const Request& request,
                                                   const WalkRun& run) const {
  const size_t known = std::min<size_t>(run.count, request.pages);
  const bool has_recheck = timeline_.count() > 1;
  JudgedPages judged = JudgePages(
      *reference_, run.count, run.pages.first(known),
      has_recheck ? run.grabbed.first(known) : std::span<const uint8_t>(),
      timeline_.at());
  AddStrayReads(run.violations, judged);
  WalkVerdict verdict = {.ran = true,
                         .outcome = judged.outcome,
                         .pages = run.count,
                         .first_difference = judged.page,
                         .changes = timeline_.at(),
                         .violations = run.violations};
  if (judged.outcome == Outcome::kAgrees) return verdict;
  const uint64_t page =
      std::min<uint64_t>(judged.page, request.pages - uint64_t{1});
  // For the last snapshot of the walk, in which a missing page has an unchanged
  // path.
  const Top& top = timeline_.top(timeline_.at());
  const Geometry geometry = A::GeometryOf(top.levels);
  const Translation t =
      Translate(typename A::Manual(geometry, top.control), memory,
                request.start + page * geometry.page_size());
  verdict.level = t.level;
  verdict.entry = A::Entries::Classify(t.level, t.entry).tag;
  return verdict;
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_ORACLE_ORACLE_H_
