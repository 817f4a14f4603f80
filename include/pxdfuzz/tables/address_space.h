// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TABLES_ADDRESS_SPACE_H_
#define PXDFUZZ_TABLES_ADDRESS_SPACE_H_

#include <array>
#include <cassert>
#include <cstdint>
#include <optional>

#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/memory/arena.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/entry_ref.h"
#include "pxdfuzz/paging/geometry.h"
#include "pxdfuzz/paging/leaf.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/manual.h"

namespace pxdfuzz {

// An arena for an architecture's tables; `place` is an Arena::Place, if any.
template <class A, class... Place>
Arena MakeArena(Place... place) {
  std::array<uint64_t, kLevelCount> empty{};
  std::array<uint64_t, kLevelCount> alignment{};
  for (const Level level : kAllLevels) {
    empty[Ordinal(level)] = A::Entries::Empty(level);
    alignment[Ordinal(level)] = A::Entries::TableAlignment(level);
  }
  return Arena(empty, alignment, place...);
}

// Where reading begins: how many levels are real, the root table's physical
// address, and the hardware's root register.
struct Top {
  int levels = 0;
  uint64_t root = 0;
  uint64_t control = 0;
};

// The tables of one process: a root, and how many levels are real. Folding is a
// value: there is one set of tables, which the hardware reads from the real
// root and the kernel from pgd.
//
// Tables are built with the hardware's indexes (A::Manual), not with the
// walk's. Later writes have priority: a page mapped inside a large leaf first
// replaces the leaf by an empty table, and a large leaf replaces the table in
// its place. Writing a part of a contiguous block makes the rest of it plain.
//
//   Entries   how entries are written: A's own, or an object that writes them
//             as one kernel tree does
template <class A, class Entries = typename A::Entries>
class AddressSpace {
 public:
  // Begins a case in `arena`, which must be clean and outlive the object. The
  // destructor resets it.
  AddressSpace(Arena& arena, int levels, const Entries& entries = Entries())
      : arena_(arena), geometry_(A::GeometryOf(levels)), entries_(entries) {
    arena_.Begin(geometry_);
    const uint64_t root = *arena_.NewTable(geometry_.root());
    top_ = {levels, root, A::Entries::Control(levels, root)};
  }
  ~AddressSpace() { arena_.Reset(); }
  AddressSpace(const AddressSpace&) = delete;
  AddressSpace& operator=(const AddressSpace&) = delete;

  const Arena& arena() const { return arena_; }
  Arena& arena() { return arena_; }
  const Geometry& geometry() const { return geometry_; }
  const Entries& entries() const { return entries_; }
  int levels() const { return top_.levels; }
  // mm->pgd.
  EntryRef root() const { return EntryRef::InTable(top_.root); }
  // The hardware's root register: the root and its attributes.
  uint64_t control() const { return top_.control; }
  void set_control(uint64_t control) { top_.control = control; }
  // All of these, now or at an earlier time.
  const Top& top() const { return top_; }
  void set_top(const Top& top) {
    top_ = top;
    geometry_ = A::GeometryOf(top.levels);
  }

  // Maps `count` leaves of `level` from `address` on to consecutive physical
  // addresses from `frame` on; both are multiples of a leaf's span. Leaves
  // beyond the last address that the tables translate are left out.
  void Map(Level level, uint64_t address, uint64_t count, uint64_t frame,
           const LeafState& state) {
    const uint64_t span = geometry_.span(level);
    uint64_t word = entries_.Leaf(level, frame, state);
    // An entry may contain its frame inverted.
    const uint64_t step = WrappingSub(
        entries_.Leaf(level, WrappingAdd(frame, span), state), word);
    Fill(level, address, count, [&word, step] {
      const uint64_t now = word;
      word = WrappingAdd(word, step);
      return now;
    });
  }

  // Empties `count` entries of `level`.
  void Clear(Level level, uint64_t address, uint64_t count) {
    Fill(level, address, count,
         [this, level] { return entries_.Empty(level); });
  }

  // Makes `count` entries of `level` swap entries of the type that `tag` stands
  // for, of consecutive frames or places.
  void Swap(EntryKind::Tag tag, Level level, uint64_t address, uint64_t count,
            uint64_t frame) {
    Fill(level, address, count, [this, tag, level, &frame] {
      const uint64_t word = entries_.SwapEntry(tag, level, frame);
      frame = WrappingAdd(frame, geometry_.span(level));
      return word;
    });
  }

  // Writes any word into the entry of `level` that `address` selects. Makes the
  // tables above it if they are missing.
  void Poke(Level level, uint64_t address, uint64_t word) {
    Fill(level, address, 1, [word] { return word; });
  }

  // What `entries` write for what `word` means to the architecture's own.
  uint64_t AsWritten(Level level, uint64_t word) const {
    if constexpr (requires { entries_.FromModel(level, word); }) {
      return entries_.FromModel(level, word);
    } else {
      return word;
    }
  }

  // Adds a root table of one more level, whose first entry leads to the present
  // root: crst_table_upgrade() of s390. False if the pool is full.
  bool Upgrade() {
    const int levels = top_.levels + 1;
    const Level level = A::GeometryOf(levels).root();
    const std::optional<uint64_t> root = arena_.NewTable(level);
    if (!root.has_value()) return false;
    uint64_t* first = arena_.Touch(*root, 1);
    if (first == nullptr) return false;
    *first = entries_.Table(level, top_.root);
    set_top({levels, *root, A::Entries::Control(levels, *root)});
    return true;
  }

  // The place of the entry of `level` that `address` selects, or of the lowest
  // entry above it that exists. `level` is real. Nothing if the hardware does
  // not use the tables for `address`.
  struct Slot {
    Level level = Level::kPte;
    uint64_t physical = 0;
    uint64_t word = 0;
  };
  std::optional<Slot> Find(Level level, uint64_t address) const {
    if (!Translates(address)) return std::nullopt;
    uint64_t table = top_.root;
    for (Level at = geometry_.root();; at = geometry_.real_below(at)) {
      const uint64_t entry = table + Index(at, address) * kEntrySize;
      const uint64_t* found = arena_.Find(entry);
      if (found == nullptr) return std::nullopt;
      const uint64_t word = *found;
      const EntryKind kind = entries_.Classify(at, word);
      if (at == level || kind.tag != EntryKind::Tag::kTable) {
        return Slot{at, entry, word};
      }
      table = kind.address;
    }
  }
  // Writes one word at an address from `Find` or of a table; a contiguous page
  // entry without its block becomes a plain one.
  void Set(uint64_t physical, uint64_t word) {
    if constexpr (kHasBlocks) {
      if (arena_.TableLevel(physical) == Level::kPte) {
        Unfold(physical, 1);
        if (A::Entries::IsContiguous(word)) word = A::Entries::Unfolded(word);
      }
    }
    if (uint64_t* found = arena_.Touch(physical, 1)) *found = word;
  }

 private:
  static constexpr bool kHasBlocks = A::Entries::kContPtes > 1;

  // Before `count` page entries from `physical` on are written: makes the
  // blocks of contiguous ones plain of which a part may be left, as
  // contpte_try_unfold() does.
  void Unfold(uint64_t physical, uint64_t count) {
    if constexpr (kHasBlocks) {
      constexpr uint64_t kBlock = A::Entries::kContPtes * kEntrySize;
      for (const uint64_t entry :
           {physical, physical + (count - 1) * kEntrySize}) {
        const uint64_t* word = arena_.Find(entry);
        if (word == nullptr || !A::Entries::IsContiguous(*word)) continue;
        uint64_t* block =
            arena_.Touch(entry & ~(kBlock - 1), A::Entries::kContPtes);
        if (block == nullptr) return;
        for (uint64_t i = 0; i < A::Entries::kContPtes; ++i) {
          block[i] = A::Entries::Unfolded(block[i]);
        }
      }
    }
  }

  using Manual = typename A::Manual;

  // The hardware with the root that the kernel set.
  Manual manual() const {
    return Manual(geometry_, A::Entries::Control(top_.levels, top_.root));
  }
  uint64_t Index(Level level, uint64_t address) const {
    return manual().Index(level, address);
  }
  // Whether the hardware uses the tables for `address` at all.
  bool Translates(uint64_t address) const {
    return manual().Start(address).kind == ManualStep::Kind::kFetch;
  }

  template <class NextWord>
  void Fill(Level level, uint64_t address, uint64_t count, NextWord next_word) {
    assert(geometry_.real(level));
    const uint64_t span = geometry_.span(level);
    while (count > 0 && Translates(address)) {
      const std::optional<uint64_t> table = TableFor(level, address);
      if (!table.has_value()) return;
      const uint64_t index = Index(level, address);
      const uint64_t left_here = geometry_.entries(level) - index;
      const uint64_t here = count < left_here ? count : left_here;
      if (level == Level::kPte) Unfold(*table + index * kEntrySize, here);
      uint64_t* words = arena_.Touch(*table + index * kEntrySize, here);
      if (words == nullptr) return;
      for (uint64_t i = 0; i < here; ++i) words[i] = next_word();
      count -= here;
      // The end of the whole space wraps to 0.
      address = WrappingAdd(address, WrappingMul(here, span));
      if (address == 0) return;
    }
  }

  // The table of `level` for `address`. Makes it and those above it if missing.
  std::optional<uint64_t> TableFor(Level level, uint64_t address) {
    uint64_t table = top_.root;
    for (Level at = geometry_.root(); at != level;
         at = geometry_.real_below(at)) {
      const uint64_t entry = table + Index(at, address) * kEntrySize;
      const EntryKind kind = entries_.Classify(at, *arena_.Find(entry));
      if (kind.tag == EntryKind::Tag::kTable &&
          arena_.IsTable(geometry_.real_below(at), kind.address)) {
        table = kind.address;
        continue;
      }
      const std::optional<uint64_t> made =
          arena_.NewTable(geometry_.real_below(at));
      if (!made.has_value()) return std::nullopt;
      uint64_t* word = arena_.Touch(entry, 1);
      if (word == nullptr) return std::nullopt;
      *word = entries_.Table(at, *made);
      table = *made;
    }
    return table;
  }

  Arena& arena_;
  Geometry geometry_;
  [[no_unique_address]] Entries entries_;
  Top top_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TABLES_ADDRESS_SPACE_H_
