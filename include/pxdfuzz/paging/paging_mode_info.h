// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_PAGING_PAGING_MODE_INFO_H_
#define PXDFUZZ_PAGING_PAGING_MODE_INFO_H_

#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

#include "pxdfuzz/paging/geometry.h"
#include "pxdfuzz/paging/leaf.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/paging_mode.h"

namespace pxdfuzz {

// What code that is not a template needs to know about a paging mode:
// A::GeometryOf, A::Entries::Has* and A::Contract::Limit as plain values.
struct PagingModeInfo {
  PagingMode mode;
  // False if the architecture is not built: then nothing below is set.
  bool built = false;
  Geometry geometry;
  // Highest end of a range that gup_fast serves, in bytes.
  uint64_t limit = 0;
  // By level: whether an entry can map a page, can be special, can be a swap
  // entry of a swapped page, and of the other types.
  std::array<bool, kLevelCount> has_leaf{};
  std::array<bool, kLevelCount> has_special{};
  std::array<bool, kLevelCount> has_swap{};
  std::array<bool, kLevelCount> has_migration{};
  // What a leaf of a level, which has leaves, means that is written in a state:
  // the state without what such leaves do not have.
  LeafState (*written)(Level, const LeafState&) = nullptr;
  // Whether a process may be given one more level while it runs.
  bool can_upgrade = false;
  // Whether it may share a pmd table with another process.
  bool shares_tables = false;
  // Whether pages of it may be in memory that only a device can use.
  bool has_device_private = false;
  // How many page entries a contiguous block has; 1 if there are none.
  uint64_t cont_ptes = 1;
  // By level: the manual's name of the table.
  std::array<std::string_view, kLevelCount> table_name{};

  // The highest address below the power of two that covers all addresses that
  // gup_fast serves.
  constexpr uint64_t last_user_address() const {
    return ~uint64_t{0} >> std::countl_zero(limit - 1);
  }
  // How many boundaries of entries of `level` are inside the addresses that
  // gup_fast serves, not counting 0.
  constexpr uint64_t Boundaries(Level level) const {
    return (limit - 1) >> geometry.shift(level);
  }

  constexpr bool HasLeaf(Level level) const { return has_leaf[Ordinal(level)]; }
  constexpr bool HasSpecial(Level level) const {
    return has_special[Ordinal(level)];
  }
  constexpr bool HasSwap(Level level) const { return has_swap[Ordinal(level)]; }
  constexpr bool HasMigration(Level level) const {
    return has_migration[Ordinal(level)];
  }
};

const PagingModeInfo& InfoOf(PagingMode mode);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_PAGING_PAGING_MODE_INFO_H_
