// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TABLES_CHANGES_H_
#define PXDFUZZ_TABLES_CHANGES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/memory/arena.h"
#include "pxdfuzz/memory/versions.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/tables/address_space.h"

namespace pxdfuzz {

// What Linux never does to tables that are in use.
enum class Impossible : uint8_t {
  kNo,
  kFreesPages,        // frees a table that holds something
  kInsideLeaf,        // changes pages inside a large leaf that was not split
  kMapsOver,          // maps where something is mapped
  kMapsIntoCollapse,  // maps where a page table is detached that holds pages
  kDetachesNothing,   // detaches what is no page table
  kSplitsNothing,     // splits what is no large leaf
  kRefillsNothing,    // fills a page table that was not detached
  kUpgradesNothing,   // adds a level where there can be no more
};

// Does changes to tables, as Linux orders them.
template <class A, class Entries>
class Changer {
 public:
  // `mm` outlives the object.
  explicit Changer(AddressSpace<A, Entries>& mm) : mm_(mm) {}

  Impossible Do(const Change& change) {
    switch (change.kind) {
      case Change::Kind::kClear:
        return ForEach(change, [&](uint64_t address) {
          return Clear(change.level, address);
        });
      case Change::Kind::kDetach:
        return Detach(change.address);
      case Change::Kind::kMap: {
        const Impossible impossible = ForEach(change, [&](uint64_t address) {
          return MayMap(change.level, address);
        });
        if (impossible != Impossible::kNo) return impossible;
        mm_.Map(change.level, change.address, change.count, change.frame,
                change.state);
        return Impossible::kNo;
      }
      case Change::Kind::kSplit:
        return Split(change.address);
      case Change::Kind::kWriteProtect:
        return ForEach(change, [&](uint64_t address) {
          WriteProtect(change.level, address);
          return Impossible::kNo;
        });
      case Change::Kind::kRefill:
        return Refill(change);
      case Change::Kind::kUpgrade:
        if (!A::CanUpgrade(mm_.levels()) || !mm_.Upgrade()) {
          return Impossible::kUpgradesNothing;
        }
        return Impossible::kNo;
    }
    return Impossible::kNo;
  }

 private:
  using Slot = typename AddressSpace<A, Entries>::Slot;
  using Tag = EntryKind::Tag;

  EntryKind KindOf(const Slot& slot) const {
    return mm_.entries().Classify(slot.level, slot.word);
  }
  uint64_t span(Level level) const { return mm_.geometry().span(level); }
  bool IsDetached(uint64_t address) const {
    return detached_.has_value() &&
           (address & ~(span(Level::kPmd) - 1)) == detached_->address;
  }

  template <class Do>
  Impossible ForEach(const Change& change, Do&& once) {
    uint64_t address = change.address;
    for (uint16_t i = 0; i < change.count; ++i) {
      const Impossible impossible = once(address);
      if (impossible != Impossible::kNo) return impossible;
      address = WrappingAdd(address, span(change.level));
      if (address == 0) break;
    }
    return Impossible::kNo;
  }

  bool IsEmptyTable(Level level, uint64_t table) const {
    const uint64_t entries = mm_.geometry().entries(level);
    for (uint64_t i = 0; i < entries; ++i) {
      const uint64_t* word = mm_.arena().Find(table + i * kEntrySize);
      if (word == nullptr || *word != mm_.entries().Empty(level)) return false;
    }
    return true;
  }

  Impossible Clear(Level level, uint64_t address) {
    const std::optional<Slot> slot = mm_.Find(level, address);
    if (!slot.has_value()) return Impossible::kNo;
    const EntryKind kind = KindOf(*slot);
    if (slot->level != level) {
      if (kind.tag != Tag::kEmpty) return Impossible::kInsideLeaf;
      if (level == Level::kPte && IsDetached(address)) {
        mm_.Set(detached_->table +
                    mm_.geometry().index(level, address) * kEntrySize,
                mm_.entries().Empty(level));
      }
      return Impossible::kNo;
    }
    if (kind.tag == Tag::kTable &&
        !IsEmptyTable(mm_.geometry().real_below(level), kind.address)) {
      return Impossible::kFreesPages;
    }
    if (kind.tag != Tag::kEmpty) {
      mm_.Set(slot->physical, mm_.entries().Empty(level));
    }
    return Impossible::kNo;
  }

  Impossible Detach(uint64_t address) {
    const std::optional<Slot> slot = mm_.Find(Level::kPmd, address);
    if (!slot.has_value() || slot->level != Level::kPmd) {
      return Impossible::kDetachesNothing;
    }
    const EntryKind kind = KindOf(*slot);
    if (kind.tag != Tag::kTable) return Impossible::kDetachesNothing;
    detached_ = Detached{address, kind.address};
    mm_.Set(slot->physical, mm_.entries().Empty(Level::kPmd));
    return Impossible::kNo;
  }

  Impossible MayMap(Level level, uint64_t address) const {
    const std::optional<Slot> slot = mm_.Find(level, address);
    if (!slot.has_value()) return Impossible::kNo;
    const Tag tag = KindOf(*slot).tag;
    if (slot->level != level && tag != Tag::kEmpty) {
      return Impossible::kInsideLeaf;
    }
    if (tag != Tag::kEmpty && tag != Tag::kSwap) return Impossible::kMapsOver;
    // A collapse holds off faults until it is done. It ends in a large leaf.
    const uint64_t end = WrappingAdd(address, span(level) - 1);
    if (detached_.has_value() && address <= detached_->address &&
        detached_->address <= end &&
        !IsEmptyTable(Level::kPte, detached_->table)) {
      return Impossible::kMapsIntoCollapse;
    }
    if (level == Level::kPte && IsDetached(address)) {
      return Impossible::kMapsIntoCollapse;
    }
    return Impossible::kNo;
  }

  Impossible Split(uint64_t address) {
    const std::optional<Slot> slot = mm_.Find(Level::kPmd, address);
    if (!slot.has_value() || slot->level != Level::kPmd) {
      return Impossible::kSplitsNothing;
    }
    const EntryKind kind = KindOf(*slot);
    if (kind.tag != Tag::kLeaf) return Impossible::kSplitsNothing;
    mm_.Map(Level::kPte, address, mm_.geometry().entries(Level::kPte),
            kind.address, kind.state);
    return Impossible::kNo;
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

  Impossible Refill(const Change& change) {
    if (!detached_.has_value()) return Impossible::kRefillsNothing;
    const uint64_t place = change.address & ~(span(Level::kPmd) - 1);
    const std::optional<Slot> slot = mm_.Find(Level::kPmd, place);
    if (slot.has_value() && KindOf(*slot).tag != Tag::kEmpty) {
      return slot->level == Level::kPmd ? Impossible::kMapsOver
                                        : Impossible::kInsideLeaf;
    }
    const uint64_t table = detached_->table;
    for (uint64_t i = 0; i < mm_.geometry().entries(Level::kPte); ++i) {
      const uint64_t physical = table + i * kEntrySize;
      if (*mm_.arena().Find(physical) != mm_.entries().Empty(Level::kPte)) {
        mm_.Set(physical, mm_.entries().Empty(Level::kPte));
      }
    }
    mm_.Poke(Level::kPmd, place, mm_.entries().Table(Level::kPmd, table));
    mm_.Map(Level::kPte, change.address, change.count, change.frame,
            change.state);
    detached_.reset();
    return Impossible::kNo;
  }

  struct Detached {
    uint64_t address = 0;  // of the first page
    uint64_t table = 0;
  };

  AddressSpace<A, Entries>& mm_;
  // The page table that collapse took away last and nobody has used since.
  std::optional<Detached> detached_;
};

// All versions of the tables of one case.
class History {
 public:
  // Has one version alone: the tables of `mm` as they are.
  template <class A, class Entries>
  void Begin(AddressSpace<A, Entries>& mm) {
    versions_.Begin(mm.arena());
    tops_[0] = mm.top();
  }

  // Does the changes of `c`, if any, to `mm`, one version each, and goes back
  // to version 0. Returns what one of them does that Linux never would: there
  // is no more to be made of the case then.
  template <class A, class Entries>
  Impossible Make(const Case& c, AddressSpace<A, Entries>& mm) {
    static_assert(Versions::kMost > decltype(c.changes)::capacity());
    Begin(mm);
    Changer<A, Entries> changer(mm);
    Impossible impossible = Impossible::kNo;
    for (size_t i = 0; i < c.changes.size(); ++i) {
      reads_[i] = c.changes[i].read;
      versions_.BeginNext();
      impossible = changer.Do(c.changes[i]);
      versions_.EndNext();
      tops_[i + 1] = mm.top();
      if (impossible != Impossible::kNo) break;
    }
    if (versions_.count() > 1) {
      versions_.GoTo(0);
      mm.set_top(tops_[0]);
    }
    return impossible;
  }

  size_t count() const { return versions_.count(); }
  size_t at() const { return versions_.at(); }
  void GoTo(size_t version) { versions_.GoTo(version); }
  const Top& top(size_t version) const { return tops_[version]; }
  std::span<const Write> WritesOf(size_t version) const {
    return versions_.WritesOf(version);
  }

  // Does what is to be done before the read of that number, counted from 1.
  void BeforeRead(size_t read) {
    size_t version = versions_.at();
    while (version + 1 < versions_.count() && reads_[version] <= read) {
      ++version;
    }
    if (version != versions_.at()) versions_.GoTo(version);
  }

 private:
  Versions versions_;
  std::array<Top, Versions::kMost> tops_;
  std::array<uint16_t, Versions::kMost> reads_{};
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TABLES_CHANGES_H_
