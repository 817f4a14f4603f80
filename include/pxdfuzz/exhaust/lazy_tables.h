// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_EXHAUST_LAZY_TABLES_H_
#define PXDFUZZ_EXHAUST_LAZY_TABLES_H_

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/paging/entry_ref.h"
#include "pxdfuzz/paging/geometry.h"
#include "pxdfuzz/paging/level.h"

namespace pxdfuzz {

// Small tables whose entries are chosen when they are first read. Tables have
// numbers in the order in which they are added, and physical addresses; before
// the first table there is nothing.
template <class A>
class LazyTables {
 public:
  static constexpr uint64_t kMostEntries = 4;
  // Where no table is.
  static constexpr uint64_t kNowhere = uint64_t{1} << 12;

  struct Table {
    Level level = Level::kPgd;
    // The first virtual address that it translates.
    uint64_t first = 0;
    uint64_t chosen = 0;  // a bit for each index
    std::array<uint64_t, kMostEntries> words;

    bool IsChosen(uint64_t index) const { return (chosen >> index & 1) != 0; }
  };
  struct Place {
    size_t table = 0;
    uint64_t index = 0;

    friend bool operator==(const Place&, const Place&) = default;
  };

  explicit LazyTables(const Geometry& geometry) : geometry_(geometry) {
    for ([[maybe_unused]] const Level level : kAllLevels) {
      assert(geometry_.entries(level) <= kMostEntries);
      assert(kDistance % A::Entries::TableAlignment(level) == 0);
    }
  }

  void Clear() { tables_.clear(); }
  // Returns the address of a new table without chosen entries.
  uint64_t Add(Level level, uint64_t first) {
    tables_.push_back({.level = level, .first = first, .words = {}});
    return AddressOf(tables_.size() - 1);
  }

  size_t size() const { return tables_.size(); }
  Table& operator[](size_t number) { return tables_[number]; }
  const Table& operator[](size_t number) const { return tables_[number]; }
  Level LevelOf(const Place& place) const { return tables_[place.table].level; }
  uint64_t& WordAt(const Place& place) {
    return tables_[place.table].words[place.index];
  }

  uint64_t AddressOf(size_t number) const {
    return kFirst + number * kDistance + Inset(tables_[number].level);
  }
  // The number that the table at a physical address has, if there is one.
  static std::optional<size_t> NumberAt(uint64_t address) {
    if (address < kFirst) return {};
    return static_cast<size_t>((address - kFirst) / kDistance);
  }
  // The entry at a physical address, if there is one.
  std::optional<Place> Find(uint64_t address) const {
    if (address < kFirst) return std::nullopt;
    const uint64_t offset = address - kFirst;
    const uint64_t table = offset / kDistance;
    if (table >= tables_.size() || offset % kEntrySize != 0) {
      return std::nullopt;
    }
    const uint64_t inset = Inset(tables_[table].level);
    if (offset % kDistance < inset) return std::nullopt;
    const uint64_t index = (offset % kDistance - inset) / kEntrySize;
    if (index >= geometry_.entries(tables_[table].level)) return std::nullopt;
    return Place{table, index};
  }

  // The first virtual address that an entry translates.
  uint64_t FirstOf(const Place& place) const {
    const Table& table = tables_[place.table];
    return WrappingAdd(table.first,
                       WrappingMul(place.index, geometry_.span(table.level)));
  }

  // Sets all entries of a table that were not chosen, `word(index)` each.
  template <class Word>
  void Fill(Table& table, Word word) {
    const uint64_t entries = geometry_.entries(table.level);
    for (uint64_t i = 0; i < entries; ++i) {
      if (!table.IsChosen(i)) table.words[i] = word(i);
    }
    table.chosen = (uint64_t{1} << entries) - 1;
  }

 private:
  static constexpr uint64_t kFirst = uint64_t{1} << 16;
  static constexpr uint64_t kDistance = uint64_t{1} << 12;

  // A multiple of the alignment of a table of `level`, and of nothing larger:
  // an offset into the table's place.
  static uint64_t Inset(Level level) {
    return A::Entries::TableAlignment(level) % kDistance;
  }

  const Geometry geometry_;
  std::vector<Table> tables_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_EXHAUST_LAZY_TABLES_H_
