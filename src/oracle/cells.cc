// SPDX-License-Identifier: MIT

#include "pxdfuzz/oracle/cells.h"

#include <cassert>
#include <vector>

#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/paging/leaf.h"
#include "pxdfuzz/paging/paging_mode_info.h"

namespace pxdfuzz {
namespace {

// -----------------------------------------------------------------------------
// Positions: a number for each combination of what distinguishes cells. The
// outcome is not part of it, except for refused requests: leaf, state and kind
// of access determine it.

constexpr size_t kLeafPositions = 4;               // nothing, pte, pmd, pud
constexpr size_t kCrossedPositions = kLevelCount;  // nothing, pmd to pgd
constexpr size_t kStatePositions = kPageStateCount + 1;  // and "refused"
constexpr size_t kPositions = kAllPagingModes.size() * 2 * kCrossedPositions *
                              kLeafPositions * kLeafPositions * kStatePositions;

size_t Position(const Cell& cell) {
  const auto leaf = [](std::optional<Level> level) -> size_t {
    return level.has_value() ? 1 + Ordinal(*level) : 0;
  };
  const size_t crossed = cell.crossed.has_value() ? Ordinal(*cell.crossed) : 0;
  const size_t state = cell.outcome == Cell::Outcome::kRefused
                           ? kPageStateCount
                           : static_cast<size_t>(cell.state);
  size_t position = IndexOf(cell.mode);
  position = position * 2 + (cell.write ? 1 : 0);
  position = position * kCrossedPositions + crossed;
  position = position * kLeafPositions + leaf(cell.before);
  position = position * kLeafPositions + leaf(cell.after);
  return position * kStatePositions + state;
}

// -----------------------------------------------------------------------------

// A leaf of each state that leaves can have.
constexpr std::array<std::pair<PageState, LeafState>, 6> kLeafStates = {{
    {PageState::kPlain, {}},
    {PageState::kOld, {.young = false}},
    {PageState::kClean, {.dirty = false}},
    {PageState::kReadOnly, {.permission = Permission::kRead}},
    {PageState::kNone, {.permission = Permission::kNone}},
    {PageState::kSpecial, {.special = true}},
}};

class Builder {
 public:
  const std::vector<Cell>& Build() {
    for (const PagingMode& mode : kAllPagingModes) {
      VisitArch(mode.arch, [&]<class A>() {
        for (const bool write : {false, true}) AddPagingMode<A>(mode, write);
      });
    }
    return cells_;
  }

 private:
  template <class A>
  void AddPagingMode(PagingMode mode, bool write) {
    const PagingModeInfo& info = InfoOf(mode);
    const Geometry& geometry = info.geometry;
    const Cell cell{.mode = mode, .write = write};
    Cell refused = cell;
    refused.outcome = Cell::Outcome::kRefused;
    cells_.push_back(refused);
    AddAfter<A>(info, cell);
    for (Level level = Level::kPmd;; level = Above(level)) {
      // A level has no boundary if its entry spans no more than one of the
      // level below (always folded), or the whole space.
      if (geometry.shift(level) > geometry.shift(Below(level)) &&
          info.Boundaries(level) > 0) {
        Cell crossing = cell;
        crossing.crossed = level;
        cells_.push_back(crossing);
        for (const Level before : kAllLevels) {
          if (!info.HasLeaf(before)) continue;
          crossing.before = before;
          AddAfter<A>(info, crossing);
        }
      }
      if (level == Level::kPgd) break;
    }
  }

  // One cell for everything that can follow `cell`.
  template <class A>
  void AddAfter(const PagingModeInfo& info, Cell cell) {
    const bool same_leaf =
        cell.before.has_value() &&
        info.geometry.span(*cell.before) > info.geometry.span(*cell.crossed);
    for (const Level level : kAllLevels) {
      if (!info.HasLeaf(level)) continue;
      if (cell.crossed.has_value() && !same_leaf &&
          info.geometry.span(level) > info.geometry.span(*cell.crossed)) {
        // That leaf would have begun before the boundary.
        continue;
      }
      if (same_leaf && level != *cell.before) continue;
      for (const auto& [state, leaf] : kLeafStates) {
        if (leaf.special && !info.HasSpecial(level)) continue;
        const bool allowed = A::Contract::Allows(
            level, A::Entries::Leaf(level, info.geometry.span(level), leaf),
            cell.write);
        if (same_leaf && !allowed) continue;
        cell.after = level;
        cell.state = state;
        cell.outcome =
            allowed ? Cell::Outcome::kReturned : Cell::Outcome::kStopped;
        cells_.push_back(cell);
      }
    }
    if (same_leaf) return;
    cell.after.reset();
    cell.outcome = Cell::Outcome::kStopped;
    cell.state = PageState::kEmpty;
    cells_.push_back(cell);
    if (info.HasSwap(Level::kPte)) {
      cell.state = PageState::kSwap;
      cells_.push_back(cell);
    }
  }

  std::vector<Cell> cells_;
};

class Table {
 public:
  Table() : cells_(Builder().Build()) {
    assert(cells_.size() <= kMaxCells);
    index_.fill(kImpossible);
    for (size_t i = 0; i < cells_.size(); ++i) {
      assert(index_[Position(cells_[i])] == kImpossible);
      index_[Position(cells_[i])] = static_cast<uint16_t>(i);
    }
  }

  std::span<const Cell> cells() const { return cells_; }
  std::optional<size_t> Find(const Cell& cell) const {
    const uint16_t index = index_[Position(cell)];
    if (index == kImpossible) return std::nullopt;
    return index;
  }

 private:
  static constexpr uint16_t kImpossible = 0xffff;

  std::vector<Cell> cells_;
  std::array<uint16_t, kPositions> index_;
};

const Table& TheTable() {
  static const Table table;
  return table;
}

}  // namespace

std::string_view Name(PageState state) {
  constexpr std::string_view kNames[] = {"plain",     "old",       "clean",
                                         "read-only", "no-access", "special",
                                         "swap",      "empty"};
  return kNames[static_cast<size_t>(state)];
}

std::string Describe(const Cell& cell) {
  std::string text = Name(cell.mode) + (cell.write ? " write" : " read");
  if (cell.outcome == Cell::Outcome::kRefused) {
    return text + ": refused, beyond the limit";
  }
  if (cell.crossed.has_value()) {
    text += ", crosses ";
    text += Name(*cell.crossed);
    if (!cell.before.has_value()) return text + ": stopped before";
    text += ", after a ";
    text += Name(*cell.before);
    text += " leaf";
  }
  text += ", ";
  text += Name(cell.state);
  if (cell.after.has_value()) {
    text += ' ';
    text += Name(*cell.after);
    text += " leaf";
  }
  return text + (cell.outcome == Cell::Outcome::kReturned ? ": returned"
                                                          : ": stopped");
}

std::span<const Cell> Cells() { return TheTable().cells(); }

std::optional<size_t> IndexOf(const Cell& cell) {
  return TheTable().Find(cell);
}

}  // namespace pxdfuzz
