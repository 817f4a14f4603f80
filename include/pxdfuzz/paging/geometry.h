// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_PAGING_GEOMETRY_H_
#define PXDFUZZ_PAGING_GEOMETRY_H_

#include <array>
#include <cstdint>

#include "pxdfuzz/paging/level.h"

namespace pxdfuzz {

struct LevelGeometry {
  // An entry spans 2^shift bytes of virtual addresses.
  uint8_t shift = 0;
  // A table holds 2^index_bits entries of 8 bytes.
  uint8_t index_bits = 0;
  // Whether the hardware has a table of this level. A level that is not real is
  // folded.
  bool real = false;
};

// The shape of one address space as the hardware sees it: which levels have a
// table, and what each entry spans. A value: a tiny space for exhaustive tests
// is the same type with other numbers.
struct Geometry {
  std::array<LevelGeometry, kLevelCount> levels{};

  constexpr bool real(Level level) const { return at(level).real; }
  constexpr int shift(Level level) const { return at(level).shift; }
  constexpr int index_bits(Level level) const { return at(level).index_bits; }

  // Bytes of virtual addresses that one entry spans.
  constexpr uint64_t span(Level level) const {
    return uint64_t{1} << shift(level);
  }
  // Pages that one entry spans.
  constexpr uint64_t pages(Level level) const {
    return uint64_t{1} << (shift(level) - shift(Level::kPte));
  }
  constexpr uint64_t page_size() const { return span(Level::kPte); }
  constexpr int page_shift() const { return shift(Level::kPte); }

  // Entries in a table of `level`.
  constexpr uint64_t entries(Level level) const {
    return uint64_t{1} << index_bits(level);
  }
  // Bytes of a table of `level`.
  constexpr uint64_t table_size(Level level) const {
    return entries(level) * sizeof(uint64_t);
  }
  // Which entry of its table of `level` an address selects.
  constexpr uint64_t index(Level level, uint64_t address) const {
    return (address >> shift(level)) & (entries(level) - 1);
  }

  // The highest real level: that of the root table.
  constexpr Level root() const {
    Level level = Level::kPgd;
    while (!real(level)) level = Below(level);
    return level;
  }
  constexpr bool has_folded() const {
    for (const LevelGeometry& level : levels) {
      if (!level.real) return true;
    }
    return false;
  }
  // The next real level below `level`, which must not be pte.
  constexpr Level real_below(Level level) const {
    do {
      level = Below(level);
    } while (!real(level));
    return level;
  }

  // Bits of a virtual address that the tables translate, 64 at most.
  constexpr int address_bits() const {
    const int bits = shift(root()) + index_bits(root());
    return bits < 64 ? bits : 64;
  }
  // The highest address that the tables translate.
  constexpr uint64_t last_address() const {
    return ~uint64_t{0} >> (64 - address_bits());
  }

 private:
  constexpr const LevelGeometry& at(Level level) const {
    return levels[Ordinal(level)];
  }
};

// The level of the entry that a walk looks at on `level`: `level` itself, or if
// that is folded, the real level above it whose entry is passed on; above the
// root, the root's level.
constexpr Level EntryLevel(const Geometry& geometry, Level level) {
  for (Level above = level;; above = Above(above)) {
    if (geometry.real(above)) return above;
    if (above == Level::kPgd) return geometry.root();
  }
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_PAGING_GEOMETRY_H_
