// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_MUTANTS_S390_MANUAL_H_
#define PXDFUZZ_TESTS_MUTANTS_S390_MANUAL_H_

#include <array>
#include <cstdint>

#include "pxdfuzz/arch/s390.h"
#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/manual.h"
#include "tests/mutants/planted.h"

// Bugs in the Manual of s390: each omits or breaks one rule of dynamic address
// translation, by reading entries, the control element or the address
// differently, or by changing a step. The numbers in their descriptions are
// those of the rules in s390_answers.h.

namespace pxdfuzz::mutants {

// The functions that a bug may override.
struct S390Plant {
  using Facilities = S390::Manual::Facilities;

  // The values that the manual uses as the control element, an entry, the
  // address and the facilities.
  static constexpr uint64_t Control(uint64_t asce) { return asce; }
  static constexpr uint64_t Entry(Level, uint64_t entry, uint64_t /*asce*/) {
    return entry;
  }
  static constexpr uint64_t Address(uint64_t address) { return address; }
  static constexpr Facilities Installed(Facilities facilities) {
    return facilities;
  }
  // The first step, and a step after an entry was read.
  static constexpr ManualStep First(ManualStep step, uint64_t /*asce*/,
                                    uint64_t /*address*/) {
    return step;
  }
  static constexpr ManualStep After(ManualStep step, Level, uint64_t /*entry*/,
                                    uint64_t /*address*/) {
    return step;
  }
  static constexpr bool Protected(bool is_protected) { return is_protected; }
};

struct RealSpaceIgnored : S390Plant {
  static constexpr Info kInfo = {.name = "real-space-ignored",
                                 .says = "1: a real space is translated."};
  static constexpr uint64_t Control(uint64_t asce) {
    return asce & ~uint64_t{0x20};
  }
};

struct AsceTypeUnchecked : S390Plant {
  static constexpr Info kInfo = {
      .name = "asce-type-unchecked",
      .says = "2: addresses beyond the root table wrap."};
  static constexpr uint64_t Address(uint64_t address) {
    return address & 0xffff'ffff'ffff;
  }
};

struct LengthBeforeAsceType : S390Plant {
  static constexpr Info kInfo = {
      .name = "length-before-asce-type",
      .says =
          "2 before 3: the length of a short root table is looked at first."};
  static constexpr ManualStep First(ManualStep step, uint64_t asce,
                                    uint64_t address) {
    const uint64_t type = asce >> 2 & 3;
    constexpr std::array<uint16_t, 4> kCodes = {0x10, 0x3b, 0x3a, 0x39};
    if (step.code == 0x38 && (address >> (29 + 11 * type) & 3) > (asce & 3)) {
      return ManualStep::Exception(kCodes[type]);
    }
    return step;
  }
};

struct RootLengthIgnored : S390Plant {
  static constexpr Info kInfo = {.name = "root-length-ignored",
                                 .says = "3: every root table is complete."};
  static constexpr uint64_t Control(uint64_t asce) { return asce | 3; }
};

struct RootLengthOffByOne : S390Plant {
  static constexpr Info kInfo = {
      .name = "root-length-off-by-one",
      .says = "3: a root table has a quarter more than its length says."};
  static constexpr uint64_t Control(uint64_t asce) {
    return (asce & 3) == 3 ? asce : asce + 1;
  }
};

struct InvalidIgnored : S390Plant {
  static constexpr Info kInfo = {
      .name = "invalid-ignored",
      .says = "4.1: the invalid bit of region-first entries is ignored."};
  static constexpr uint64_t Entry(Level level, uint64_t entry, uint64_t) {
    return level == Level::kPgd ? entry & ~uint64_t{0x20} : entry;
  }
};

struct WrongCodeOfInvalid : S390Plant {
  static constexpr Info kInfo = {.name = "invalid-code",
                                 .says =
                                     "4.1: an invalid region-third entry gives "
                                     "the code of a region-second one."};
  static constexpr ManualStep After(ManualStep step, Level level, uint64_t,
                                    uint64_t) {
    if (level == Level::kPud && step.code == 0x3b) step.code = 0x3a;
    return step;
  }
};

struct TypeUnchecked : S390Plant {
  static constexpr Info kInfo = {
      .name = "type-unchecked",
      .says = "4.2: an entry of another type is passed."};
  static constexpr uint64_t Entry(Level level, uint64_t entry, uint64_t) {
    if (level == Level::kPte) return entry;
    return (entry & ~uint64_t{0xc}) | (Ordinal(level) - 1) << 2;
  }
};

struct TypeBeforeInvalid : S390Plant {
  static constexpr Info kInfo = {
      .name = "type-before-invalid",
      .says = "4.1 before 4.2: the type is looked at first."};
  static constexpr ManualStep After(ManualStep step, Level level,
                                    uint64_t entry, uint64_t) {
    if (level != Level::kPte && (entry & 0x20) != 0 &&
        (entry >> 2 & 3) + 1 != static_cast<uint64_t>(Ordinal(level))) {
      step.code = 0x12;
    }
    return step;
  }
};

struct CommonIgnored : S390Plant {
  static constexpr Info kInfo = {.name = "common-ignored",
                                 .says = "4.3: common entries are passed."};
  static constexpr uint64_t Entry(Level level, uint64_t entry, uint64_t) {
    return level == Level::kPte ? entry : entry & ~uint64_t{0x10};
  }
};

struct CommonIgnoredInRegionThird : S390Plant {
  static constexpr Info kInfo = {
      .name = "common-ignored-in-region-third",
      .says = "4.3: common region-third entries are passed."};
  static constexpr uint64_t Entry(Level level, uint64_t entry, uint64_t) {
    return level == Level::kPud ? entry & ~uint64_t{0x10} : entry;
  }
};

struct CommonAlwaysRefused : S390Plant {
  static constexpr Info kInfo = {.name = "common-always-refused",
                                 .says = "4.3: every space is private."};
  static constexpr uint64_t Control(uint64_t asce) { return asce | 0x100; }
};

struct CommonInRegionSecond : S390Plant {
  static constexpr Info kInfo = {
      .name = "common-in-region-second",
      .says = "4.3: common region-second entries are refused."};
  static constexpr ManualStep After(ManualStep step, Level level,
                                    uint64_t entry, uint64_t) {
    if (level == Level::kP4d && (entry & 0x10) != 0 &&
        step.kind == ManualStep::Kind::kFetch) {
      return ManualStep::Exception(0x12);
    }
    return step;
  }
};

struct RegionProtectIgnored : S390Plant {
  static constexpr Info kInfo = {.name = "region-protect-ignored",
                                 .says = "4.4: region entries do not protect."};
  static constexpr uint64_t Entry(Level level, uint64_t entry, uint64_t) {
    return level >= Level::kPud ? entry & ~uint64_t{0x200} : entry;
  }
};

struct SegmentProtectIgnored : S390Plant {
  static constexpr Info kInfo = {
      .name = "segment-protect-ignored",
      .says = "4.4: segment entries do not protect."};
  static constexpr uint64_t Entry(Level level, uint64_t entry, uint64_t) {
    return level == Level::kPmd ? entry & ~uint64_t{0x200} : entry;
  }
};

struct PageProtectIgnored : S390Plant {
  static constexpr Info kInfo = {.name = "page-protect-ignored",
                                 .says = "5: page entries do not protect."};
  static constexpr uint64_t Entry(Level level, uint64_t entry, uint64_t) {
    return level == Level::kPte ? entry & ~uint64_t{0x200} : entry;
  }
};

struct AlwaysEdat1 : S390Plant {
  static constexpr Info kInfo = {.name = "edat1-always",
                                 .says = "4.4, 4.5: EDAT-1 is always there."};
  static constexpr Facilities Installed(Facilities f) {
    return {.edat1 = true, .edat2 = f.edat2};
  }
};

struct AlwaysEdat2 : S390Plant {
  static constexpr Info kInfo = {.name = "edat2-always",
                                 .says = "4.3, 4.5: EDAT-2 is always there."};
  static constexpr Facilities Installed(Facilities f) {
    return {.edat1 = f.edat1, .edat2 = true};
  }
};

struct NeverEdat2 : S390Plant {
  static constexpr Info kInfo = {.name = "edat2-never",
                                 .says = "4.3, 4.5: EDAT-2 is never there."};
  static constexpr Facilities Installed(Facilities f) {
    return {.edat1 = f.edat1, .edat2 = false};
  }
};

struct FormatInRegionSecond : S390Plant {
  static constexpr Info kInfo = {
      .name = "format-in-region-second",
      .says = "4.5: a region-second entry can be a leaf."};
  static constexpr ManualStep After(ManualStep step, Level level,
                                    uint64_t entry, uint64_t address) {
    if (level == Level::kP4d && (entry & 0x400) != 0 &&
        step.kind == ManualStep::Kind::kFetch) {
      return ManualStep::Done((entry >> 42 << 42) |
                              (address & 0x3ff'ffff'ffff));
    }
    return step;
  }
};

struct SegmentFrameOfWrongSize : S390Plant {
  static constexpr Info kInfo = {
      .name = "segment-frame-too-wide",
      .says = "4.5: the frame of 1 MiB begins at bit 12."};
  static constexpr ManualStep After(ManualStep step, Level level,
                                    uint64_t entry, uint64_t address) {
    if (level == Level::kPmd && step.kind == ManualStep::Kind::kDone) {
      step.address = (entry & ~uint64_t{0xfff}) | (address & 0xf'ffff);
    }
    return step;
  }
};

struct RegionFrameOfWrongSize : S390Plant {
  static constexpr Info kInfo = {
      .name = "region-frame-too-wide",
      .says = "4.5: the frame of 2 GiB has the size of 1 MiB."};
  static constexpr ManualStep After(ManualStep step, Level level,
                                    uint64_t entry, uint64_t address) {
    if (level == Level::kPud && step.kind == ManualStep::Kind::kDone) {
      step.address = (entry & ~uint64_t{0xf'ffff}) | (address & 0xf'ffff);
    }
    return step;
  }
};

struct PageFrameOfWrongSize : S390Plant {
  static constexpr Info kInfo = {.name = "page-frame-too-narrow",
                                 .says = "5: the frame has no bit 63."};
  static constexpr ManualStep After(ManualStep step, Level level, uint64_t,
                                    uint64_t) {
    if (level == Level::kPte && step.kind == ManualStep::Kind::kDone) {
      step.address &= 0x7fff'ffff'ffff'ffff;
    }
    return step;
  }
};

struct OffsetIgnored : S390Plant {
  static constexpr Info kInfo = {
      .name = "offset-ignored",
      .says = "4.6: tables begin with their first quarter."};
  static constexpr uint64_t Entry(Level level, uint64_t entry, uint64_t) {
    return level >= Level::kPud ? entry & ~uint64_t{0xc0} : entry;
  }
};

struct LengthIgnored : S390Plant {
  static constexpr Info kInfo = {
      .name = "length-ignored",
      .says = "4.6: tables end with their last quarter."};
  static constexpr uint64_t Entry(Level level, uint64_t entry, uint64_t) {
    const bool table =
        level >= Level::kP4d || (level == Level::kPud && (entry & 0x400) == 0);
    return table ? entry | 3 : entry;
  }
};

struct IndexReducedByOffset : S390Plant {
  static constexpr Info kInfo = {
      .name = "index-reduced-by-offset",
      .says = "4.6: the index counts from the first quarter that exists."};
  static constexpr ManualStep After(ManualStep step, Level level,
                                    uint64_t entry, uint64_t) {
    if (level >= Level::kPud && step.kind == ManualStep::Kind::kFetch) {
      step.address = WrappingSub(step.address, (entry >> 6 & 3) * 0x1000);
    }
    return step;
  }
};

struct PageTableWithLength : S390Plant {
  static constexpr Info kInfo = {.name = "page-table-with-length",
                                 .says = "4.7: page tables have a length."};
  static constexpr ManualStep After(ManualStep step, Level level,
                                    uint64_t entry, uint64_t address) {
    if (level == Level::kPmd && step.kind == ManualStep::Kind::kFetch &&
        (address >> 18 & 3) > (entry & 3)) {
      return ManualStep::Exception(0x11);
    }
    return step;
  }
};

struct PageTableOf4K : S390Plant {
  static constexpr Info kInfo = {
      .name = "page-table-origin-too-narrow",
      .says = "4.7: the origin of a page table is that of a page."};
  static constexpr uint64_t Entry(Level level, uint64_t entry, uint64_t) {
    return level == Level::kPmd ? entry & ~uint64_t{0x800} : entry;
  }
};

struct RegionTableOf2K : S390Plant {
  static constexpr Info kInfo = {
      .name = "table-origin-too-wide",
      .says = "4.6: the origin of a table can be half a page."};
  static constexpr ManualStep After(ManualStep step, Level level,
                                    uint64_t entry, uint64_t) {
    if (level >= Level::kPud && step.kind == ManualStep::Kind::kFetch) {
      step.address = WrappingAdd(step.address, entry & 0x800);
    }
    return step;
  }
};

struct TablesOf16K : S390Plant {
  static constexpr Info kInfo = {
      .name = "root-origin-too-narrow",
      .says = "The origin of the root is a multiple of a table."};
  static constexpr uint64_t Control(uint64_t asce) {
    return asce & ~uint64_t{0x3000};
  }
};

struct PageInvalidIgnored : S390Plant {
  static constexpr Info kInfo = {
      .name = "page-invalid-ignored",
      .says = "5: the invalid bit of page entries is ignored."};
  static constexpr uint64_t Entry(Level level, uint64_t entry, uint64_t) {
    return level == Level::kPte ? entry & ~uint64_t{0x400} : entry;
  }
};

struct PageZeroIgnored : S390Plant {
  static constexpr Info kInfo = {
      .name = "page-zero-ignored",
      .says = "5: bit 800 of page entries is ignored."};
  static constexpr uint64_t Entry(Level level, uint64_t entry, uint64_t) {
    return level == Level::kPte ? entry & ~uint64_t{0x800} : entry;
  }
};

struct PageZeroBeforeInvalid : S390Plant {
  static constexpr Info kInfo = {
      .name = "page-zero-before-invalid",
      .says = "5: bit 800 is looked at before the invalid bit."};
  static constexpr ManualStep After(ManualStep step, Level level,
                                    uint64_t entry, uint64_t) {
    if (level == Level::kPte && (entry & 0xc00) == 0xc00) step.code = 0x12;
    return step;
  }
};

struct SoftwareBitsMatter : S390Plant {
  static constexpr Info kInfo = {
      .name = "software-bits-matter",
      .says = "5: a page entry without present is invalid."};
  static constexpr ManualStep After(ManualStep step, Level level,
                                    uint64_t entry, uint64_t) {
    if (level == Level::kPte && step.kind == ManualStep::Kind::kDone &&
        (entry & 0x01) == 0) {
      return ManualStep::Exception(0x11);
    }
    return step;
  }
};

template <Level kLevel, uint64_t kDistance>
struct WrongIndex : S390Plant {
  static constexpr Info kInfo = {
      .name = "wrong-entry",
      .level = kLevel,
      .says = "4: the entry next to the right one is read."};
  static constexpr ManualStep After(ManualStep step, Level, uint64_t,
                                    uint64_t) {
    if (step.kind == ManualStep::Kind::kFetch && step.level == kLevel) {
      step.address ^= kDistance;
    }
    return step;
  }
};

template <Level kLevel>
struct NarrowIndex : S390Plant {
  static constexpr Info kInfo = {
      .name = "index-too-narrow",
      .level = kLevel,
      .says = "4: the highest bit of the eight low ones of the index is lost."};
  static constexpr ManualStep First(ManualStep step, uint64_t,
                                    uint64_t address) {
    const int shift = kLevel == Level::kPte ? 12 : 9 + 11 * Ordinal(kLevel);
    if (step.kind == ManualStep::Kind::kFetch && step.level == kLevel) {
      step.address =
          WrappingSub(step.address, (address >> (shift + 7) & 1) << 10);
    }
    return step;
  }
  static constexpr ManualStep After(ManualStep step, Level, uint64_t,
                                    uint64_t address) {
    return First(step, 0, address);
  }
};

struct NeverEdat1 : S390Plant {
  static constexpr Info kInfo = {
      .name = "edat1-never",
      .says = "4.4, 4.5: EDAT-1 is never there, and EDAT-2 not without it."};
  static constexpr Facilities Installed(Facilities) {
    return {.edat1 = false, .edat2 = false};
  }
};

struct NeverProtected : S390Plant {
  static constexpr Info kInfo = {.name = "never-protected",
                                 .says = "6: every page can be stored to."};
  static constexpr bool Protected(bool) { return false; }
};

// -----------------------------------------------------------------------------
// Which bug is planted is a value here, and not a type as elsewhere: the rules
// that test a manual are large, so they are compiled once for all bugs.

struct S390ManualBug {
  Info info;
  decltype(&S390Plant::Control) control;
  decltype(&S390Plant::Entry) entry;
  decltype(&S390Plant::Address) address;
  decltype(&S390Plant::Installed) installed;
  decltype(&S390Plant::First) first;
  decltype(&S390Plant::After) after;
  decltype(&S390Plant::Protected) is_protected;
};

template <class Plant>
constexpr S390ManualBug S390BugOf(const Info& info) {
  return {info,
          &Plant::Control,
          &Plant::Entry,
          &Plant::Address,
          &Plant::Installed,
          &Plant::First,
          &Plant::After,
          &Plant::Protected};
}

template <class... Plants>
constexpr std::array<S390ManualBug, sizeof...(Plants)> S390BugsOf() {
  return {S390BugOf<Plants>(Plants::kInfo)...};
}

inline constexpr auto kS390ManualBugs = S390BugsOf<
    RealSpaceIgnored, AsceTypeUnchecked, LengthBeforeAsceType,
    RootLengthIgnored, RootLengthOffByOne, InvalidIgnored, WrongCodeOfInvalid,
    TypeUnchecked, TypeBeforeInvalid, CommonIgnored, CommonIgnoredInRegionThird,
    CommonAlwaysRefused, CommonInRegionSecond, RegionProtectIgnored,
    SegmentProtectIgnored, PageProtectIgnored, AlwaysEdat1, NeverEdat1,
    AlwaysEdat2, NeverEdat2, FormatInRegionSecond, SegmentFrameOfWrongSize,
    RegionFrameOfWrongSize, PageFrameOfWrongSize, OffsetIgnored, LengthIgnored,
    IndexReducedByOffset, PageTableWithLength, PageTableOf4K, RegionTableOf2K,
    TablesOf16K, PageInvalidIgnored, PageZeroIgnored, PageZeroBeforeInvalid,
    SoftwareBitsMatter, NeverProtected, WrongIndex<Level::kPte, 8>,
    WrongIndex<Level::kPmd, 8>, WrongIndex<Level::kPud, 0x2000>,
    WrongIndex<Level::kP4d, 0x10>, NarrowIndex<Level::kPte>,
    NarrowIndex<Level::kPgd>>();

// The true manual, as a plant without a bug.
inline constexpr S390ManualBug kS390NoBug = S390BugOf<S390Plant>({});

// S390 with the bug in its manual that `Plant` got last.
struct PlantedS390 : S390 {
  class Manual : public S390::Manual {
   public:
    // `bug` must outlive its use.
    static void Plant(const S390ManualBug& bug) { bug_ = &bug; }

    Manual(const Geometry& geometry, uint64_t asce)
        : S390::Manual(geometry, bug_->control(asce)), asce_(asce) {}
    Manual(uint64_t asce, Facilities facilities)
        : S390::Manual(bug_->control(asce), bug_->installed(facilities)),
          asce_(asce) {}
    ManualStep Start(uint64_t address) const {
      return bug_->first(S390::Manual::Start(bug_->address(address)), asce_,
                         address);
    }
    ManualStep Next(Level level, uint64_t entry, uint64_t address) {
      return bug_->after(
          S390::Manual::Next(level, bug_->entry(level, entry, asce_),
                             bug_->address(address)),
          level, entry, address);
    }
    bool is_protected() const {
      return bug_->is_protected(S390::Manual::is_protected());
    }

   private:
    inline static const S390ManualBug* bug_ = &kS390NoBug;

    uint64_t asce_;
  };
};

}  // namespace pxdfuzz::mutants

#endif  // PXDFUZZ_TESTS_MUTANTS_S390_MANUAL_H_
