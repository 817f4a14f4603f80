// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TABLES_APPLY_H_
#define PXDFUZZ_TABLES_APPLY_H_

#include <algorithm>
#include <cstdint>
#include <optional>

#include "pxdfuzz/base/inline_vector.h"
#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/case/table_op.h"
#include "pxdfuzz/memory/arena.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/tables/address_space.h"
#include "pxdfuzz/tables/inconclusive.h"

namespace pxdfuzz {

// Whether a process that changes a table waits for the walks of others that may
// still be in it. Linux does.
enum class OtherSide : uint8_t { kWaits, kGoesOn };

// Addresses from `first` on.
struct AddressRange {
  uint64_t first = 0;
  uint64_t size = 0;

  constexpr bool Contains(uint64_t address) const {
    return WrappingSub(address, first) < size;
  }
};

// Applies operations to the tables of one case.
template <class A, class Entries>
class TableWriter {
 public:
  // `mm` outlives the object.
  explicit TableWriter(AddressSpace<A, Entries>& mm,
                       OtherSide other_side = OtherSide::kWaits)
      : mm_(mm), other_side_(other_side) {}

  // Applies `op`. During set-up nobody uses the tables yet: it replaces what is
  // there, and writes even words that Linux never writes. If the tables are
  // `in_use`, it keeps Linux's order, and does not complete an operation that
  // Linux never does. Returns what in it Linux never does.
  Inconclusive Apply(const TableOp& op, bool in_use) {
    switch (op.kind) {
      case TableOp::Kind::kMap: {
        const Inconclusive reason =
            in_use
                ? ForEach(op, [&](uint64_t at) { return MayMap(op.level, at); })
                : Inconclusive::kNo;
        if (reason != Inconclusive::kNo) return reason;
        mm_.Map(op.level, op.address, op.count, op.frame, op.state);
        return Inconclusive::kNo;
      }
      case TableOp::Kind::kClear:
        if (in_use) {
          return ForEach(op, [&](uint64_t at) { return Clear(op.level, at); });
        }
        mm_.Clear(op.level, op.address, op.count);
        return Inconclusive::kNo;
      case TableOp::Kind::kSwap:
      case TableOp::Kind::kMigration:
      case TableOp::Kind::kHwPoison:
      case TableOp::Kind::kDevicePrivate:
        mm_.Swap(*SwapTagOf(op.kind), op.level, op.address, op.count, op.frame);
        return Inconclusive::kNo;
      case TableOp::Kind::kPoke: {
        const Inconclusive reason = CheckWord(op);
        mm_.Poke(op.level, op.address, mm_.AsWritten(op.level, op.word));
        return reason;
      }
      case TableOp::Kind::kPokeControl: {
        const bool other = op.word != mm_.control();
        mm_.set_control(op.word);
        return other ? Inconclusive::kMalformedControl : Inconclusive::kNo;
      }
      case TableOp::Kind::kDetach:
        return Detach(op.address);
      case TableOp::Kind::kSplit:
        return Split(op.address);
      case TableOp::Kind::kInvalidate:
        return Invalidate(op.address);
      case TableOp::Kind::kMigrate:
        return ForEach(op, [&](uint64_t at) { return Migrate(op.level, at); });
      case TableOp::Kind::kWriteProtect:
        return ForEach(op, [&](uint64_t at) {
          WriteProtect(op.level, at);
          return Inconclusive::kNo;
        });
      case TableOp::Kind::kRefill:
        return Refill(op);
      case TableOp::Kind::kUpgrade:
        if (!A::CanUpgrade(mm_.levels()) || !mm_.Upgrade()) {
          return Inconclusive::kUpgradesNothing;
        }
        return Inconclusive::kNo;
      case TableOp::Kind::kUnshare:
        return Unshare(op);
    }
    return Inconclusive::kNo;
  }

  // What each pmd table mapped that was unshared so far, in that order.
  using UnsharedRanges =
      InlineVector<AddressRange, decltype(Case::concurrent)::capacity()>;
  const UnsharedRanges& unshared() const { return unshared_; }

 private:
  using Slot = typename AddressSpace<A, Entries>::Slot;
  using Tag = EntryKind::Tag;

  EntryKind KindOf(const Slot& slot) const {
    return mm_.entries().Classify(slot.level, slot.word);
  }
  uint64_t span(Level level) const { return mm_.geometry().span(level); }
  bool IsDetached(uint64_t address) const {
    return has_detached_ &&
           (address & ~(span(Level::kPmd) - 1)) == detached_at_;
  }

  bool IsUnshared(uint64_t address) const {
    return std::any_of(
        unshared_.begin(), unshared_.end(),
        [&](const AddressRange& range) { return range.Contains(address); });
  }

  // Calls `once` with the address of each entry until it returns a reason.
  template <class Do>
  Inconclusive ForEach(const TableOp& op, Do&& once) {
    uint64_t address = op.address;
    for (uint16_t i = 0; i < op.count; ++i) {
      const Inconclusive reason = once(address);
      if (reason != Inconclusive::kNo) return reason;
      address = WrappingAdd(address, span(op.level));
      if (address == 0) break;
    }
    return Inconclusive::kNo;
  }

  bool IsEmptyTable(Level level, uint64_t table) const {
    const uint64_t entries = mm_.geometry().entries(level);
    for (uint64_t i = 0; i < entries; ++i) {
      const uint64_t* word = mm_.arena().Find(table + i * kEntrySize);
      if (word == nullptr || *word != mm_.entries().Empty(level)) return false;
    }
    return true;
  }

  // Whether the word of a poke is an entry of its level.
  Inconclusive CheckWord(const TableOp& poke) const {
    const EntryKind kind = mm_.entries().Classify(
        poke.level, mm_.AsWritten(poke.level, poke.word));
    // One contiguous entry is no block.
    if (kind.tag == Tag::kMalformed || kind.state.contiguous) {
      return Inconclusive::kMalformedWord;
    }
    if (kind.tag == Tag::kTable &&
        !mm_.arena().IsTable(mm_.geometry().real_below(poke.level),
                             kind.address)) {
      return Inconclusive::kMalformedTable;
    }
    return Inconclusive::kNo;
  }

  Inconclusive Clear(Level level, uint64_t address) {
    const std::optional<Slot> slot = mm_.Find(level, address);
    if (!slot.has_value()) return Inconclusive::kNo;
    const EntryKind kind = KindOf(*slot);
    if (slot->level != level) {
      if (kind.tag != Tag::kEmpty) return Inconclusive::kInsideLeaf;
      if (level == Level::kPte && IsDetached(address)) {
        mm_.Set(
            detached_table_ + mm_.geometry().index(level, address) * kEntrySize,
            mm_.entries().Empty(level));
      }
      return Inconclusive::kNo;
    }
    if (kind.tag == Tag::kTable &&
        !IsEmptyTable(mm_.geometry().real_below(level), kind.address)) {
      return Inconclusive::kFreesPages;
    }
    if (kind.tag != Tag::kEmpty) {
      mm_.Set(slot->physical, mm_.entries().Empty(level));
    }
    return Inconclusive::kNo;
  }

  Inconclusive Detach(uint64_t address) {
    const std::optional<Slot> slot = mm_.Find(Level::kPmd, address);
    if (!slot.has_value() || slot->level != Level::kPmd) {
      return Inconclusive::kDetachesNothing;
    }
    const EntryKind kind = KindOf(*slot);
    if (kind.tag != Tag::kTable) return Inconclusive::kDetachesNothing;
    has_detached_ = true;
    detached_at_ = address;
    detached_table_ = kind.address;
    mm_.Set(slot->physical, mm_.entries().Empty(Level::kPmd));
    return Inconclusive::kNo;
  }

  Inconclusive MayMap(Level level, uint64_t address) const {
    const std::optional<Slot> slot = mm_.Find(level, address);
    if (!slot.has_value()) return Inconclusive::kNo;
    const Tag tag = KindOf(*slot).tag;
    if (slot->level != level && tag != Tag::kEmpty) {
      return Inconclusive::kInsideLeaf;
    }
    // Broken memory is never mapped again.
    if (tag != Tag::kEmpty && (!IsSwapEntry(tag) || tag == Tag::kHwPoison)) {
      return Inconclusive::kMapsOver;
    }
    // A collapse delays faults until it is complete. It ends with a large leaf.
    // So does unsharing, which is not complete before the walk.
    const uint64_t end = WrappingAdd(address, span(level) - 1);
    if (IsUnshared(address)) return Inconclusive::kMapsIntoCollapse;
    if (has_detached_ && address <= detached_at_ && detached_at_ <= end &&
        !IsEmptyTable(Level::kPte, detached_table_)) {
      return Inconclusive::kMapsIntoCollapse;
    }
    if (level == Level::kPte && IsDetached(address)) {
      return Inconclusive::kMapsIntoCollapse;
    }
    return Inconclusive::kNo;
  }

  Inconclusive Split(uint64_t address) {
    const std::optional<Slot> slot = mm_.Find(Level::kPmd, address);
    if (!slot.has_value() || slot->level != Level::kPmd) {
      return Inconclusive::kSplitsNothing;
    }
    EntryKind kind = KindOf(*slot);
    const uint64_t entries = mm_.geometry().entries(Level::kPte);
    if (kind.tag == Tag::kMigration) {
      mm_.Swap(kind.tag, Level::kPte, address, entries, kind.address);
      return Inconclusive::kNo;
    }
    if (kind.tag != Tag::kLeaf) return Inconclusive::kSplitsNothing;
    kind.state.invalid = false;
    mm_.Map(Level::kPte, address, entries, kind.address, kind.state);
    return Inconclusive::kNo;
  }

  // The leaf that an operation moves, if there is one.
  std::optional<Slot> LeafToMove(Level level, uint64_t address) const {
    const std::optional<Slot> slot = mm_.Find(level, address);
    if (!slot.has_value() || slot->level != level) return std::nullopt;
    const EntryKind kind = KindOf(*slot);
    if (kind.tag != Tag::kLeaf || kind.state.special) return std::nullopt;
    return slot;
  }

  Inconclusive Invalidate(uint64_t address) {
    const std::optional<Slot> slot = LeafToMove(Level::kPmd, address);
    if (!slot.has_value()) return Inconclusive::kMovesNothing;
    EntryKind kind = KindOf(*slot);
    kind.state.invalid = true;
    mm_.Set(slot->physical,
            mm_.entries().Leaf(Level::kPmd, kind.address, kind.state));
    return Inconclusive::kNo;
  }

  Inconclusive Migrate(Level level, uint64_t address) {
    const std::optional<Slot> slot = LeafToMove(level, address);
    if (!slot.has_value()) return Inconclusive::kMovesNothing;
    mm_.Set(slot->physical, mm_.entries().SwapEntry(Tag::kMigration, level,
                                                    KindOf(*slot).address));
    return Inconclusive::kNo;
  }

  void WriteProtect(Level level, uint64_t address) {
    const std::optional<Slot> slot = mm_.Find(level, address);
    if (!slot.has_value() || slot->level != level) return;
    EntryKind kind = KindOf(*slot);
    if (kind.tag != Tag::kLeaf ||
        kind.state.permission != Permission::kReadWrite) {
      return;
    }
    kind.state.permission = Permission::kRead;
    mm_.Set(slot->physical,
            mm_.entries().Leaf(level, kind.address, kind.state));
  }

  Inconclusive Refill(const TableOp& op) {
    if (!has_detached_) return Inconclusive::kRefillsNothing;
    const uint64_t place = op.address & ~(span(Level::kPmd) - 1);
    if (IsUnshared(place)) return Inconclusive::kMapsIntoCollapse;
    const std::optional<Slot> slot = mm_.Find(Level::kPmd, place);
    if (slot.has_value() && KindOf(*slot).tag != Tag::kEmpty) {
      return slot->level == Level::kPmd ? Inconclusive::kMapsOver
                                        : Inconclusive::kInsideLeaf;
    }
    const uint64_t table = detached_table_;
    for (uint64_t i = 0; i < mm_.geometry().entries(Level::kPte); ++i) {
      const uint64_t physical = table + i * kEntrySize;
      if (*mm_.arena().Find(physical) != mm_.entries().Empty(Level::kPte)) {
        mm_.Set(physical, mm_.entries().Empty(Level::kPte));
      }
    }
    mm_.Poke(Level::kPmd, place, mm_.entries().Table(Level::kPmd, table));
    mm_.Map(Level::kPte, op.address, op.count, op.frame, op.state);
    has_detached_ = false;
    return Inconclusive::kNo;
  }

  // A table of hugetlb has large leaves and holes.
  Inconclusive Unshare(const TableOp& op) {
    const Level pmd = Level::kPmd;
    const std::optional<Slot> slot = mm_.Find(Level::kPud, op.address);
    if (!A::kSharesTables || !slot.has_value() || slot->level != Level::kPud ||
        KindOf(*slot).tag != Tag::kTable) {
      return Inconclusive::kUnsharesNothing;
    }
    const uint64_t table = KindOf(*slot).address;
    for (uint64_t i = 0; i < mm_.geometry().entries(pmd); ++i) {
      const uint64_t word = *mm_.arena().Find(table + i * kEntrySize);
      if (mm_.entries().Classify(pmd, word).tag == Tag::kTable) {
        return Inconclusive::kUnsharesNothing;
      }
    }
    mm_.Set(slot->physical, mm_.entries().Empty(Level::kPud));
    const uint64_t size = span(Level::kPud);
    unshared_.push_back({op.address & ~(size - 1), size});
    if (other_side_ == OtherSide::kWaits) return Inconclusive::kNo;
    const uint64_t first = mm_.geometry().index(pmd, op.address);
    for (uint64_t i = 0; i < op.count; ++i) {
      mm_.Set(table + (first + i) * kEntrySize,
              mm_.entries().Leaf(pmd, op.frame + i * span(pmd), op.state));
    }
    return Inconclusive::kNo;
  }

  AddressSpace<A, Entries>& mm_;
  const OtherSide other_side_;
  // The page table that collapse detached last, if nobody has used it since,
  // and the address of its first page.
  bool has_detached_ = false;
  uint64_t detached_at_ = 0;
  uint64_t detached_table_ = 0;
  UnsharedRanges unshared_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TABLES_APPLY_H_
