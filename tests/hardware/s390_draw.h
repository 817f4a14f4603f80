// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_HARDWARE_S390_DRAW_H_
#define PXDFUZZ_TESTS_HARDWARE_S390_DRAW_H_

#include <bit>
#include <cstdint>

#include "pxdfuzz/arch/s390.h"
#include "pxdfuzz/base/rng.h"
#include "pxdfuzz/paging/level.h"
#include "tests/hardware/judge.h"
#include "tests/hardware/ram.h"
#include "tests/hardware/s390_match.h"

namespace pxdfuzz::hardware {

// Draws raw tables and questions: mostly entries that lead to a table,
// sometimes with some wrong bits.
//
// Storage from kTablesAt has one part for each level, full of that level's
// entries, so every question has different tables with few writes.
class S390Draw {
 public:
  S390Draw(uint64_t seed, const Ram<std::endian::big>& ram)
      : rng_(seed), ram_(ram) {}

  void FillTables() {
    uint64_t address = S390Match::kTablesAt;
    for (const Level level : kAllLevels) {
      const uint64_t end = PartAt(level) + kPartSize;
      for (; address < end; address += kEntrySize) {
        ram_.Put(address, level == Level::kPte ? DrawPage() : DrawEntry(level));
      }
    }
    // The remainder of the division.
    for (; address < ram_.size(); address += kEntrySize) {
      ram_.Put(address, rng_.Next());
    }
  }

  Question DrawQuestion() {
    const uint64_t type = rng_.Below(4);
    const Level top = S390::LevelOfType(type);
    uint64_t asce = DrawOrigin(top) | type << 2;
    asce |= rng_.Chance(3, 4) ? 3 : rng_.Below(4);
    if (rng_.Chance(1, 2)) asce |= S390::Mask::kPrivateSpace;
    if (rng_.Chance(1, 64)) asce |= S390::Mask::kRealSpace;
    // Bits without a meaning for translation.
    if (rng_.Chance(1, 4)) asce |= rng_.Next() & 0xed0;
    return {asce, DrawAddress(top, (asce & S390::Mask::kRealSpace) != 0)};
  }

 private:
  static constexpr uint64_t kPartSize =
      (S390Match::kRamSize - S390Match::kTablesAt) / kLevelCount &
      ~uint64_t{0xfff};

  static constexpr uint64_t PartAt(Level level) {
    return S390Match::kTablesAt +
           static_cast<uint64_t>(Ordinal(level)) * kPartSize;
  }

  uint64_t DrawAddress(Level top, bool real) {
    uint64_t address = rng_.Next();
    // Addresses for which TEST PROTECTION can be asked.
    if (real && rng_.Chance(1, 2)) return address % S390Match::kRamSize;
    if (rng_.Chance(31, 32)) {
      address &= S390::GeometryOf(Ordinal(top) + 1).last_address();
    }
    // Often the first or the last entries of tables.
    if (rng_.Chance(1, 8)) {
      const Level level = static_cast<Level>(rng_.Below(kLevelCount));
      const uint64_t bits = (kS390Geometry.entries(level) - 1)
                            << kS390Geometry.shift(level);
      address =
          rng_.Chance(1, 2) || level > top ? address & ~bits : address | bits;
    }
    return address;
  }

  // A possible place of a table of `level`. Tables begin at any multiple of 4
  // KiB, page tables at any multiple of 2 KiB, although most are larger.
  uint64_t DrawOrigin(Level level) {
    const uint64_t step = level == Level::kPte ? 0x800 : 0x1000;
    const uint64_t chance = rng_.Below(64);
    if (chance == 0) return rng_.Next() & ~uint64_t{0xfff};
    if (chance == 1) return ram_.size() - 0x4000 + rng_.Below(8) * 0x1000;
    uint64_t at = PartAt(level);
    uint64_t size = kPartSize;
    if (chance == 2) {
      at = S390Match::kTablesAt;
      size = ram_.size() - at;
    }
    return at + rng_.Below(size / step) * step;
  }

  // An entry of a region or segment table.
  uint64_t DrawEntry(Level level) {
    if (rng_.Chance(1, 64)) return rng_.Next();
    uint64_t entry = DrawOrigin(Below(level)) | S390::TypeOf(level) << 2;
    // One random number for all: 6 bits each.
    uint64_t random = rng_.Next();
    const auto chance = [&random](uint64_t part) {
      const bool hit = (random & 63) < part;
      random >>= 6;
      return hit;
    };
    if (chance(2)) entry ^= (1 + rng_.Below(3)) << 2;
    if (chance(2)) entry |= S390::Mask::kTableInvalid;
    if (chance(4)) entry |= S390::Mask::kCommon;
    if (chance(8)) entry |= S390::Mask::kTableProtect;
    if (chance(8)) entry |= S390::Mask::kLarge;
    // Offset and length; segment entries have none.
    entry |= chance(48) ? 3 : rng_.Next() & 0xc3;
    // Ignored. In a segment entry 0x800 is part of the origin.
    if (chance(16))
      entry ^= rng_.Next() & (level == Level::kPmd ? 0x100 : 0x900);
    return entry;
  }

  uint64_t DrawPage() {
    const uint64_t random = rng_.Next();
    uint64_t entry = random & ~uint64_t{0xe00};
    // In storage, so that protection can be asked for.
    if ((random >> 12 & 3) != 0) entry &= S390Match::kRamSize - 1;
    const uint64_t chances = rng_.Next();
    if ((chances & 15) == 0) entry |= S390::Mask::kPageInvalid;
    if ((chances >> 4 & 15) == 0) entry |= S390::Mask::kPageZero;
    if ((chances >> 8 & 3) == 0) entry |= S390::Mask::kPageProtect;
    return entry;
  }

  Rng rng_;
  Ram<std::endian::big> ram_;
};

}  // namespace pxdfuzz::hardware

#endif  // PXDFUZZ_TESTS_HARDWARE_S390_DRAW_H_
