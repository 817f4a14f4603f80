// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_MUTANTS_ARM64_MANUAL_H_
#define PXDFUZZ_TESTS_MUTANTS_ARM64_MANUAL_H_

#include <array>
#include <cstdint>

#include "pxdfuzz/arch/arm64.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/manual.h"
#include "tests/mutants/planted.h"

// Bugs in the Manual of arm64, as in s390_manual.h for s390.

namespace pxdfuzz::mutants::arm64 {

// The functions that a bug may override. If a step depends on LPA2, `lpa2` says
// whether it is on.
struct Arm64Plant {
  // The values that the manual uses as an entry, the address and the root.
  static constexpr uint64_t Entry(Level, uint64_t entry, bool /*lpa2*/) {
    return entry;
  }
  static constexpr uint64_t Address(uint64_t address, bool /*lpa2*/) {
    return address;
  }
  static constexpr uint64_t Control(uint64_t ttbr) { return ttbr; }
  // One step after an entry was read.
  static constexpr ManualStep After(ManualStep step, Level, uint64_t /*entry*/,
                                    bool /*lpa2*/) {
    return step;
  }
  static constexpr bool Protected(bool is_protected) { return is_protected; }
};

struct ValidIgnored : Arm64Plant {
  static constexpr Info kInfo = {
      .name = "valid-ignored",
      .says = "Entries that are not valid are passed."};
  static constexpr uint64_t Entry(Level, uint64_t entry, bool) {
    return entry | 1;
  }
};

struct PageBitIgnored : Arm64Plant {
  static constexpr Info kInfo = {
      .name = "page-bit-ignored",
      .says = "Bit 1 of a level 3 entry need not be set."};
  static constexpr uint64_t Entry(Level level, uint64_t entry, bool) {
    return level == Level::kPte ? entry | 2 : entry;
  }
};

// Bits 8 and 9 stand for bits 50 and 51 where they should not, or the reverse.
struct HighBitsIgnored : Arm64Plant {
  static constexpr Info kInfo = {
      .name = "high-address-bits-ignored",
      .says = "With LPA2 too, bits 8 and 9 are shareability."};
  static constexpr uint64_t Entry(Level, uint64_t entry, bool) {
    return entry & ~uint64_t{0x300};
  }
};

struct HighBitsSwapped : Arm64Plant {
  static constexpr Info kInfo = {
      .name = "high-address-bits-swapped",
      .says = "Bit 8 is bit 51 of the address, and bit 9 bit 50."};
  static constexpr uint64_t Entry(Level, uint64_t entry, bool) {
    return (entry & ~uint64_t{0x300}) | (entry & 0x100) << 1 |
           (entry & 0x200) >> 1;
  }
};

struct HighBitsOfTablesIgnored : Arm64Plant {
  static constexpr Info kInfo = {.name = "high-address-bits-of-tables-ignored",
                                 .says = "Tables lie below 2^50 with LPA2."};
  static constexpr uint64_t Entry(Level level, uint64_t entry, bool) {
    return level != Level::kPte && (entry & 2) != 0 ? entry & ~uint64_t{0x300}
                                                    : entry;
  }
};

struct ShareabilityIsAddress : Arm64Plant {
  static constexpr Info kInfo = {
      .name = "shareability-is-address",
      .says = "Without LPA2 too, bits 8 and 9 of a leaf are of the address."};
  static constexpr ManualStep After(ManualStep step, Level, uint64_t entry,
                                    bool lpa2) {
    if (!lpa2 && step.kind == ManualStep::Kind::kDone) {
      step.address |= (entry & 0x300) << 42;
    }
    return step;
  }
};

struct FrameTooWide : Arm64Plant {
  static constexpr Info kInfo = {
      .name = "frame-too-wide",
      .says = "Without LPA2 a leaf's address has bits 48 and 49."};
  static constexpr ManualStep After(ManualStep step, Level, uint64_t entry,
                                    bool lpa2) {
    if (!lpa2 && step.kind == ManualStep::Kind::kDone) {
      step.address |= entry & 0x0003'0000'0000'0000;
    }
    return step;
  }
};

struct BlockAtLevel1 : Arm64Plant {
  static constexpr Info kInfo = {
      .name = "block-without-lpa2",
      .says = "There are blocks of 64 GiB without LPA2."};
  static constexpr ManualStep After(ManualStep step, Level level,
                                    uint64_t entry, bool lpa2) {
    if (level != Level::kPud || lpa2 || (entry & 3) != 1) return step;
    return ManualStep::Done(entry & 0x0000'fff0'0000'0000);
  }
};

struct NoBlockAtLevel1 : Arm64Plant {
  static constexpr Info kInfo = {
      .name = "no-block-of-64-gib",
      .says = "There are no blocks of 64 GiB with LPA2."};
  static constexpr ManualStep After(ManualStep step, Level level,
                                    uint64_t entry, bool) {
    if (level != Level::kPud || (entry & 3) != 1) return step;
    return ManualStep::Exception(0x85);
  }
};

struct AccessFlagIgnored : Arm64Plant {
  static constexpr Info kInfo = {
      .name = "access-flag-ignored",
      .says = "A page whose Access flag is clear is used."};
  static constexpr uint64_t Entry(Level level, uint64_t entry, bool) {
    const bool leaf = level == Level::kPte || (entry & 2) == 0;
    return leaf ? entry | 0x400 : entry;
  }
};

struct AccessFlagOfTables : Arm64Plant {
  static constexpr Info kInfo = {
      .name = "access-flag-of-tables",
      .says = "The Access flag is required in entries for tables too."};
  static constexpr uint64_t Entry(Level level, uint64_t entry, bool) {
    const bool table = level != Level::kPte && (entry & 2) != 0;
    return table && (entry & 0x400) == 0 ? entry & ~uint64_t{1} : entry;
  }
};

struct TablePermissionsIgnored : Arm64Plant {
  static constexpr Info kInfo = {.name = "permissions-of-tables-ignored",
                                 .says = "APTable is ignored."};
  static constexpr uint64_t Entry(Level level, uint64_t entry, bool) {
    const bool table = level != Level::kPte && (entry & 2) != 0;
    return table ? entry & ~uint64_t{0x6000'0000'0000'0000} : entry;
  }
};

struct DirtyBitModifierPermits : Arm64Plant {
  static constexpr Info kInfo = {
      .name = "dirty-bit-modifier-permits",
      .says = "A page with DBM set is writable: hardware manages dirty state."};
  static constexpr uint64_t Entry(Level level, uint64_t entry, bool) {
    const bool leaf = level == Level::kPte || (entry & 2) == 0;
    return leaf && (entry >> 51 & 1) != 0 ? entry & ~uint64_t{0x80} : entry;
  }
};

struct Arm64NeverProtected : Arm64Plant {
  static constexpr Info kInfo = {.name = "never-protected",
                                 .says = "Every page is writable."};
  static constexpr bool Protected(bool) { return false; }
};

struct TagIgnored : Arm64Plant {
  static constexpr Info kInfo = {
      .name = "tag-ignored",
      .says = "The top byte of an address is ignored, as with TBI0."};
  static constexpr uint64_t Address(uint64_t address, bool) {
    return address & 0x00ff'ffff'ffff'ffff;
  }
};

struct InputOf52Bits : Arm64Plant {
  static constexpr Info kInfo = {
      .name = "input-size-of-lpa2",
      .says = "Without LPA2 an address may have 52 bits, and wraps."};
  static constexpr uint64_t Address(uint64_t address, bool lpa2) {
    return lpa2 || address >> 52 != 0 ? address
                                      : address & 0x0000'7fff'ffff'ffff;
  }
};

struct RootHighBitsIgnored : Arm64Plant {
  static constexpr Info kInfo = {
      .name = "root-high-bits-ignored",
      .says = "Bits 2 to 5 of TTBR0_EL1 are not of the address."};
  static constexpr uint64_t Control(uint64_t ttbr) {
    return ttbr & ~uint64_t{0x3c};
  }
};

struct RootAlignedToAPage : Arm64Plant {
  static constexpr Info kInfo = {
      .name = "root-aligned-to-a-page",
      .says = "The top table of 32 entries lies at a multiple of 16 KiB."};
  static constexpr uint64_t Control(uint64_t ttbr) {
    return ttbr & ~uint64_t{0x3f00};
  }
};

// -----------------------------------------------------------------------------
// Which bug is planted is a value, as in s390_manual.h.

struct Arm64ManualBug {
  Info info;
  decltype(&Arm64Plant::Entry) entry;
  decltype(&Arm64Plant::Address) address;
  decltype(&Arm64Plant::Control) control;
  decltype(&Arm64Plant::After) after;
  decltype(&Arm64Plant::Protected) is_protected;
};

template <class Plant>
constexpr Arm64ManualBug Arm64BugOf(const Info& info) {
  return {info,          &Plant::Entry,    &Plant::Address, &Plant::Control,
          &Plant::After, &Plant::Protected};
}

template <class... Plants>
constexpr std::array<Arm64ManualBug, sizeof...(Plants)> Arm64BugsOf() {
  return {Arm64BugOf<Plants>(Plants::kInfo)...};
}

inline constexpr auto kArm64ManualBugs =
    Arm64BugsOf<ValidIgnored, PageBitIgnored, HighBitsIgnored, HighBitsSwapped,
                HighBitsOfTablesIgnored, ShareabilityIsAddress, FrameTooWide,
                BlockAtLevel1, NoBlockAtLevel1, AccessFlagIgnored,
                AccessFlagOfTables, TablePermissionsIgnored,
                DirtyBitModifierPermits, Arm64NeverProtected, TagIgnored,
                InputOf52Bits, RootHighBitsIgnored, RootAlignedToAPage>();

// The true manual, as a plant without a bug.
inline constexpr Arm64ManualBug kArm64NoBug = Arm64BugOf<Arm64Plant>({});

// Arm64Page16K with the bug in its manual that `Plant` got last.
struct PlantedArm64 : Arm64Page16K {
  class Manual : public Arm64Page16K::Manual {
   public:
    // `bug` must outlive its use.
    static void Plant(const Arm64ManualBug& bug) { bug_ = &bug; }

    Manual(const Geometry& geometry, uint64_t ttbr)
        : Arm64Page16K::Manual(geometry, bug_->control(ttbr)),
          lpa2_(geometry.real(Level::kPgd)) {}
    Manual(const Geometry& geometry, uint64_t ttbr, int physical_bits)
        : Arm64Page16K::Manual(geometry, bug_->control(ttbr), physical_bits),
          lpa2_(geometry.real(Level::kPgd)) {}
    ManualStep Start(uint64_t address) const {
      return Arm64Page16K::Manual::Start(bug_->address(address, lpa2_));
    }
    ManualStep Next(Level level, uint64_t entry, uint64_t address) {
      return bug_->after(Arm64Page16K::Manual::Next(
                             level, bug_->entry(level, entry, lpa2_), address),
                         level, entry, lpa2_);
    }
    bool is_protected() const {
      return bug_->is_protected(Arm64Page16K::Manual::is_protected());
    }

   private:
    inline static const Arm64ManualBug* bug_ = &kArm64NoBug;
    bool lpa2_;
  };
};

}  // namespace pxdfuzz::mutants::arm64

#endif  // PXDFUZZ_TESTS_MUTANTS_ARM64_MANUAL_H_
