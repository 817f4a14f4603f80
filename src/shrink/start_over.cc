// SPDX-License-Identifier: MIT

#include <algorithm>
#include <initializer_list>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/paging/paging_mode_info.h"
#include "pxdfuzz/shrink/shrink.h"
#include "src/shrink/reductions.h"

namespace pxdfuzz::shrink {
namespace {

// The parts of simple cases that cross a boundary: `boundary` is the first one
// of `level`.
std::vector<TableOp> Ingredients(const PagingModeInfo& info, Level level,
                                 uint64_t boundary) {
  const Geometry& geometry = info.geometry;
  std::vector<TableOp> ops;
  for (Level leaf = Level::kPte; leaf <= level; leaf = Above(leaf)) {
    if (!info.HasLeaf(leaf)) continue;
    const uint64_t span = geometry.span(leaf);
    // Before the boundary, on both sides of it, behind it, and the place that a
    // walk reaches if it reads the entry before it again.
    ops.push_back({.level = leaf, .address = boundary - span});
    ops.push_back({.level = leaf, .address = boundary - span, .count = 2});
    ops.push_back({.level = leaf, .address = boundary});
    if (leaf < level) {
      ops.push_back(
          {.level = leaf, .address = boundary - geometry.span(level)});
      // Makes tables for the addresses behind the boundary, and leaves them
      // empty.
      ops.push_back({.address = boundary + span});
    }
    for (const LeafState& state :
         {LeafState{.permission = Permission::kRead},
          LeafState{.permission = Permission::kNone}, LeafState{.young = false},
          LeafState{.special = true}}) {
      ops.push_back({.level = leaf, .address = boundary, .state = state});
    }
    ops.push_back({.kind = TableOp::Kind::kMigration,
                   .level = leaf,
                   .address = boundary});
  }
  ops.push_back({.kind = TableOp::Kind::kSwap, .address = boundary});
  return ops;
}

// Cases that are simpler than another: the simplest first, and only one of
// equal ones.
class Simplest {
 public:
  explicit Simplest(const Case& c) : most_(c) {}

  void Add(Case c) {
    Canonicalize(c);
    Complexity complexity(c);
    if (complexity < most_) sorted_.emplace(std::move(complexity), c);
  }
  void AppendTo(Cases& out) const {
    for (const auto& [complexity, c] : sorted_) out.push_back(c);
  }

 private:
  const Complexity most_;
  std::map<Complexity, Case> sorted_;
};

void NumberFrames(Case& c) {
  const std::vector<uint64_t> frames = PlainFrames(c);
  const std::vector<OpPlace> places = OpsOf(c);
  for (size_t i = 0; i < places.size(); ++i) {
    places[i].In(c).frame = frames[i];
  }
}

// The possible content of a place before it changes: nothing, a leaf, an empty
// table, a neighbouring page, or one in the next page table.
std::vector<std::optional<TableOp>> ThingsAt(const PagingModeInfo& info,
                                             uint64_t place) {
  const Geometry& geometry = info.geometry;
  std::vector<std::optional<TableOp>> ops = {std::nullopt};
  for (const Level level : kAllLevels) {
    if (info.HasLeaf(level)) {
      for (const LeafState& state :
           {LeafState{}, LeafState{.permission = Permission::kRead},
            LeafState{.permission = Permission::kNone},
            LeafState{.young = false}, LeafState{.special = true}}) {
        ops.push_back(
            TableOp{.level = level, .address = place, .state = state});
      }
      ops.push_back(TableOp{
          .kind = TableOp::Kind::kMigration, .level = level, .address = place});
    }
    if (geometry.real(level)) {
      ops.push_back(TableOp{
          .kind = TableOp::Kind::kClear, .level = level, .address = place});
    }
  }
  ops.push_back(TableOp{.kind = TableOp::Kind::kSwap, .address = place});
  for (const Level level : {Level::kPte, Level::kPmd}) {
    ops.push_back(TableOp{.address = WrappingAdd(place, geometry.span(level))});
  }
  return ops;
}

// The possible changes there, all at once.
std::vector<std::vector<TableOp>> DeedsAt(const PagingModeInfo& info,
                                          uint64_t place) {
  using Kind = TableOp::Kind;
  const Geometry& geometry = info.geometry;
  std::vector<std::vector<TableOp>> all;
  for (const Level level : kAllLevels) {
    for (const Kind kind :
         {Kind::kClear, Kind::kWriteProtect, Kind::kMap, Kind::kMigrate}) {
      if (kind == Kind::kClear ? geometry.real(level) : info.HasLeaf(level)) {
        all.push_back({{.kind = kind, .level = level, .address = place}});
      }
    }
  }
  all.push_back({{.kind = Kind::kMap,
                  .address = WrappingAdd(place, geometry.page_size())}});
  const TableOp detach{.kind = Kind::kDetach, .address = place};
  all.push_back({detach});
  all.push_back({{.kind = Kind::kSplit, .address = place}});
  const TableOp invalidate{.kind = Kind::kInvalidate, .address = place};
  all.push_back({invalidate});
  all.push_back({invalidate, {.kind = Kind::kSplit, .address = place}});
  all.push_back({{.kind = Kind::kUpgrade}});
  all.push_back({{.kind = Kind::kUnshare, .address = place}});
  const uint64_t next = WrappingAdd(place, geometry.span(Level::kPmd));
  all.push_back({detach, {.kind = Kind::kRefill, .address = next}});
  return all;
}

// The simplest cases in which something changes near the first reads: at the
// one thing on the path of a request, or behind a boundary that it crosses.
void StartOverChanging(const Case& c, Cases& out) {
  constexpr int kReads = 8;
  const PagingModeInfo& info = InfoOf(c.mode);
  const Geometry& geometry = info.geometry;
  Simplest cases(c);
  // A page is mapped before `place`, unless that is the first.
  const auto add = [&](uint64_t start, uint64_t place, int first, int last) {
    Case simple;
    simple.mode = c.mode;
    simple.requests.push_back(
        {.start = start,
         .pages = static_cast<uint16_t>(start == place ? 1 : 2)});
    for (const std::optional<TableOp>& before : ThingsAt(info, place)) {
      simple.setup.clear();
      if (start != place) simple.setup.push_back({.address = start});
      if (before.has_value()) simple.setup.push_back(*before);
      for (const std::vector<TableOp>& deeds : DeedsAt(info, place)) {
        simple.concurrent.clear();
        for (const TableOp& op : deeds) simple.concurrent.push_back({op});
        NumberFrames(simple);
        for (int read = first; read <= last; ++read) {
          for (ConcurrentOp& op : simple.concurrent) {
            op.number = static_cast<uint16_t>(read);
          }
          for (const bool write : {false, true}) {
            simple.requests[0].write = write;
            cases.Add(simple);
          }
        }
      }
    }
  };
  add(0, 0, 1, kReads);
  const uint64_t second = geometry.span(geometry.root());
  add(second, second, 1, kReads);
  if (const auto crossed = Crossed(c.requests[0], geometry)) {
    const uint64_t boundary = geometry.span(crossed->first);
    add(boundary - geometry.page_size(), boundary, kReads, kFirstReads);
  }
  cases.AppendTo(out);
}

}  // namespace

// The simplest cases that cross a boundary of the same level, made of up to
// three operations. Two cases with one bug may shrink to different results if
// no single step leads from one to the other: here they meet.
void StartOver(const Case& c, Cases& out) {
  if (!c.concurrent.empty()) {
    StartOverChanging(c, out);
    return;
  }
  const PagingModeInfo& info = InfoOf(c.mode);
  const Geometry& geometry = info.geometry;
  const auto crossed = Crossed(c.requests[0], geometry);
  if (!crossed.has_value()) return;
  const uint64_t boundary = geometry.span(crossed->first);
  const std::vector<TableOp> all = Ingredients(info, crossed->first, boundary);
  uint64_t most = c.stack.words.size();
  for (const TableOp& op : c.setup) most += LinesOf(op);
  Simplest cases(c);
  const auto add = [&](std::initializer_list<size_t> chosen) {
    if (chosen.size() > most) return;
    Case simple;
    simple.mode = c.mode;
    simple.requests.push_back(
        {.start = boundary - geometry.page_size(), .pages = 2});
    for (const size_t i : chosen) simple.setup.push_back(all[i]);
    SortByAddress(simple);
    NumberFrames(simple);
    for (const bool write : {false, true}) {
      simple.requests[0].write = write;
      for (const StackContent around :
           {StackContent::kZero, StackContent::kCopy, StackContent::kNext}) {
        simple.stack.around = around;
        cases.Add(simple);
      }
    }
  };
  for (size_t i = 0; i < all.size(); ++i) {
    add({i});
    for (size_t j = 0; j < i; ++j) {
      add({i, j});
      for (size_t k = 0; k < j; ++k) add({i, j, k});
    }
  }
  cases.AppendTo(out);
}

}  // namespace pxdfuzz::shrink
