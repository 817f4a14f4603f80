// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_HARDWARE_X86_DRAW_H_
#define PXDFUZZ_TESTS_HARDWARE_X86_DRAW_H_

#include <bit>
#include <cstdint>

#include "pxdfuzz/arch/x86.h"
#include "pxdfuzz/base/rng.h"
#include "pxdfuzz/paging/entry_ref.h"
#include "pxdfuzz/paging/level.h"
#include "tests/hardware/judge.h"
#include "tests/hardware/ram.h"
#include "tests/hardware/x86_match.h"

namespace pxdfuzz::hardware {

// Draws raw tables and questions for 4 and for 5 levels: mostly entries that
// lead to a table. Memory is one part for each level, full of that level's
// entries.
class X86Draw {
 public:
  X86Draw(uint64_t seed, const Ram<std::endian::little>& ram)
      : rng_(seed), ram_(ram) {}

  void FillTables() {
    for (uint64_t at = 0; at < ram_.size(); at += kEntrySize) {
      const uint64_t part = at / kPartSize;
      ram_.Put(at, part < kLevelCount ? DrawEntry(static_cast<Level>(part))
                                      : rng_.Next());
    }
  }

  // CR3 for that many levels.
  uint64_t DrawControl(int levels) {
    // With 4 levels the PML4 is the root, as p4d is the level above pud.
    const Level root = levels == 5 ? Level::kPgd : Level::kP4d;
    return TableIn(root) | (rng_.Next() & 0x18);
  }

  uint64_t DrawAddress(int levels) {
    const int bits = X86::GeometryOf(levels).address_bits();
    const uint64_t random = rng_.Next();
    if (rng_.Chance(1, 32)) return random;
    uint64_t address = static_cast<uint64_t>(
        static_cast<int64_t>(random << (64 - bits)) >> (64 - bits));
    // One bit too high.
    if (rng_.Chance(1, 32)) address ^= uint64_t{1} << (bits + rng_.Below(2));
    return address;
  }

 private:
  static constexpr uint64_t kPartSize =
      (X86Match::kRamSize / kLevelCount) & ~uint64_t{0xfff};

  uint64_t TableIn(Level level) {
    return static_cast<uint64_t>(Ordinal(level)) * kPartSize +
           rng_.Below(kPartSize / 0x1000) * 0x1000;
  }

  uint64_t DrawEntry(Level level) {
    using Mask = X86::Mask;
    uint64_t random = rng_.Next();
    const auto chance = [&random](uint64_t part) {
      const bool hit = (random & 63) < part;
      random >>= 6;
      return hit;
    };
    // Bits that do not affect where an entry leads.
    uint64_t entry = rng_.Next() & ~(Mask::kFrame | Mask::kLarge);
    entry |= Mask::kPresent | Mask::kUser;
    if (chance(4)) entry ^= Mask::kPresent;
    if (chance(4)) entry ^= Mask::kUser;
    const bool has_large = level == Level::kPmd || level == Level::kPud;
    const bool large = has_large ? chance(8) : chance(1);
    if (level == Level::kPte || large) {
      entry |= rng_.Next() & Mask::kFrame;
      if (level == Level::kPte) return large ? entry | Mask::kLarge : entry;
      if (chance(60)) {
        const uint64_t span = X86::GeometryOf(5).span(level);
        entry &= ~(Mask::kFrame & (span - 1) & ~Mask::kLargePat);
      }
      return entry | Mask::kLarge;
    }
    if (chance(1)) return entry | (rng_.Next() & Mask::kFrame);
    return entry | TableIn(Below(level));
  }

  Rng rng_;
  Ram<std::endian::little> ram_;
};

}  // namespace pxdfuzz::hardware

#endif  // PXDFUZZ_TESTS_HARDWARE_X86_DRAW_H_
