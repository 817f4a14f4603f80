// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_MUTANTS_X86_MANUAL_H_
#define PXDFUZZ_TESTS_MUTANTS_X86_MANUAL_H_

#include <array>
#include <cstdint>

#include "pxdfuzz/arch/x86.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/manual.h"
#include "tests/mutants/planted.h"

// Bugs in the Manual of x86-64, as in s390_manual.h for s390.

namespace pxdfuzz::mutants::x86 {

// The functions that a bug may override.
struct X86Plant {
  // The values that the manual uses as an entry, the address and the root.
  static constexpr uint64_t Entry(Level, uint64_t entry) { return entry; }
  static constexpr uint64_t Address(uint64_t address) { return address; }
  static constexpr uint64_t Control(uint64_t cr3) { return cr3; }
  // The first step, and a step after an entry was read.
  static constexpr ManualStep First(ManualStep step, uint64_t /*address*/) {
    return step;
  }
  static constexpr ManualStep After(ManualStep step, Level, uint64_t /*entry*/,
                                    uint64_t /*address*/) {
    return step;
  }
  static constexpr bool Protected(bool is_protected) { return is_protected; }
};

struct PresentIgnored : X86Plant {
  static constexpr Info kInfo = {
      .name = "present-ignored",
      .says = "Entries that are not present are passed."};
  static constexpr uint64_t Entry(Level, uint64_t entry) { return entry | 1; }
};

struct UserOfTheLeafAlone : X86Plant {
  static constexpr Info kInfo = {
      .name = "user-of-upper-tables-ignored",
      .says = "The user bit of the upper tables is ignored."};
  static constexpr uint64_t Entry(Level level, uint64_t entry) {
    return level > Level::kPud ? entry | 4 : entry;
  }
};

struct WritableOfTablesIgnored : X86Plant {
  static constexpr Info kInfo = {
      .name = "writable-of-top-ignored",
      .says = "The writable bit of the top table is ignored."};
  static constexpr uint64_t Entry(Level level, uint64_t entry) {
    return level == Level::kPgd ? entry | 2 : entry;
  }
};

struct NeverProtected : X86Plant {
  static constexpr Info kInfo = {.name = "never-protected",
                                 .says = "Every page is writable."};
  static constexpr bool Protected(bool) { return false; }
};

struct PageSizeIgnoredAtTheTop : X86Plant {
  static constexpr Info kInfo = {
      .name = "page-size-ignored-at-the-top",
      .says = "PS of a top entry is ignored, and not reserved."};
  static constexpr uint64_t Entry(Level level, uint64_t entry) {
    return level == Level::kPgd ? entry & ~uint64_t{0x80} : entry;
  }
};

struct ReservedBitsOfDirectoriesIgnored : X86Plant {
  static constexpr Info kInfo = {
      .name = "reserved-bits-ignored",
      .says = "The frame of 2 MiB need not be aligned."};
  static constexpr uint64_t Entry(Level level, uint64_t entry) {
    return level == Level::kPmd && (entry & 0x80) != 0
               ? entry & ~uint64_t{0x1fe000}
               : entry;
  }
};

struct UpperBitsIgnored : X86Plant {
  static constexpr Info kInfo = {
      .name = "canonical-unchecked",
      .says = "The upper bits of an address are ignored."};
  static constexpr uint64_t Address(uint64_t address) {
    return address & 0x7fffffffffff;
  }
};

struct AccessedNeeded : X86Plant {
  static constexpr Info kInfo = {
      .name = "accessed-needed",
      .says = "An entry that was not accessed is not present."};
  static constexpr uint64_t Entry(Level, uint64_t entry) {
    return (entry & 0x20) != 0 ? entry : entry & ~uint64_t{1};
  }
};

struct NoExecuteNeeded : X86Plant {
  static constexpr Info kInfo = {
      .name = "no-execute-matters",
      .says = "An entry that forbids execution is not present."};
  static constexpr uint64_t Entry(Level, uint64_t entry) {
    return entry >> 63 != 0 ? entry & ~uint64_t{1} : entry;
  }
};

struct FrameTooNarrow : X86Plant {
  static constexpr Info kInfo = {.name = "frame-too-narrow",
                                 .says = "The frame has no bit 51."};
  static constexpr uint64_t Entry(Level level, uint64_t entry) {
    return level == Level::kPte ? entry & ~uint64_t{0x8'0000'0000'0000} : entry;
  }
};

struct CanonicalByBit47 : X86Plant {
  static constexpr Info kInfo = {
      .name = "canonical-by-bit-47",
      .says = "With 5 levels too, bits from 47 up must be alike."};
  static constexpr ManualStep First(ManualStep step, uint64_t address) {
    const uint64_t high = address >> 47;
    return high != 0 && high != 0x1ffff
               ? ManualStep::Exception(X86::Manual::kNotCanonical)
               : step;
  }
};

struct UpperHalfRefused : X86Plant {
  static constexpr Info kInfo = {
      .name = "upper-half-refused",
      .says = "Only the lower half of the addresses is canonical."};
  static constexpr ManualStep First(ManualStep step, uint64_t address) {
    return address >> 63 != 0
               ? ManualStep::Exception(X86::Manual::kNotCanonical)
               : step;
  }
};

struct PatIsFrame : X86Plant {
  static constexpr Info kInfo = {
      .name = "pat-is-frame",
      .says = "The PAT bit of a large leaf is used as an address bit."};
  static constexpr ManualStep After(ManualStep step, Level level,
                                    uint64_t entry, uint64_t) {
    if (level != Level::kPte && step.kind == ManualStep::Kind::kDone) {
      step.address |= entry & 0x1000;
    }
    return step;
  }
};

struct PatIsReserved : X86Plant {
  static constexpr Info kInfo = {
      .name = "pat-is-reserved",
      .says = "The PAT bit of a large leaf is reserved."};
  static constexpr ManualStep After(ManualStep step, Level level,
                                    uint64_t entry, uint64_t) {
    if (level != Level::kPte && step.kind == ManualStep::Kind::kDone &&
        (entry & 0x1000) != 0) {
      return ManualStep::Exception(X86::Manual::kReservedBit);
    }
    return step;
  }
};

struct RootOriginTooNarrow : X86Plant {
  static constexpr Info kInfo = {
      .name = "root-origin-too-narrow",
      .says = "The root lies at a multiple of 8 KiB."};
  static constexpr uint64_t Control(uint64_t cr3) {
    return cr3 & ~uint64_t{0x1000};
  }
};

struct IndexOf8Bits : X86Plant {
  static constexpr Info kInfo = {.name = "index-too-narrow",
                                 .level = Level::kPte,
                                 .says = "A page table has 256 entries."};
  static constexpr ManualStep After(ManualStep step, Level, uint64_t,
                                    uint64_t) {
    if (step.kind == ManualStep::Kind::kFetch && step.level == Level::kPte) {
      step.address &= ~uint64_t{0x800};
    }
    return step;
  }
};

// -----------------------------------------------------------------------------
// Which bug is planted is a value, as in s390_manual.h.

struct X86ManualBug {
  Info info;
  decltype(&X86Plant::Entry) entry;
  decltype(&X86Plant::Address) address;
  decltype(&X86Plant::Control) control;
  decltype(&X86Plant::First) first;
  decltype(&X86Plant::After) after;
  decltype(&X86Plant::Protected) is_protected;
};

template <class Plant>
constexpr X86ManualBug X86BugOf(const Info& info) {
  return {info,          &Plant::Entry, &Plant::Address,  &Plant::Control,
          &Plant::First, &Plant::After, &Plant::Protected};
}

template <class... Plants>
constexpr std::array<X86ManualBug, sizeof...(Plants)> X86BugsOf() {
  return {X86BugOf<Plants>(Plants::kInfo)...};
}

inline constexpr auto kX86ManualBugs = X86BugsOf<
    PresentIgnored, UserOfTheLeafAlone, WritableOfTablesIgnored, NeverProtected,
    PageSizeIgnoredAtTheTop, ReservedBitsOfDirectoriesIgnored, UpperBitsIgnored,
    CanonicalByBit47, UpperHalfRefused, AccessedNeeded, NoExecuteNeeded,
    FrameTooNarrow, PatIsFrame, RootOriginTooNarrow, IndexOf8Bits>();

// Bugs that only known answers can find: no rule is about that bit.
inline constexpr auto kX86AnswerBugs = X86BugsOf<PatIsReserved>();

// The true manual, as a plant without a bug.
inline constexpr X86ManualBug kX86NoBug = X86BugOf<X86Plant>({});

// X86 with the bug in its manual that `Plant` got last.
struct PlantedX86 : X86 {
  class Manual : public X86::Manual {
   public:
    // `bug` outlives what is done with it.
    static void Plant(const X86ManualBug& bug) { bug_ = &bug; }

    Manual(const Geometry& geometry, uint64_t cr3)
        : X86::Manual(geometry, bug_->control(cr3)) {}
    ManualStep Start(uint64_t address) const {
      return bug_->first(X86::Manual::Start(bug_->address(address)), address);
    }
    ManualStep Next(Level level, uint64_t entry, uint64_t address) {
      return bug_->after(
          X86::Manual::Next(level, bug_->entry(level, entry), address), level,
          entry, address);
    }
    bool is_protected() const {
      return bug_->is_protected(X86::Manual::is_protected());
    }

   private:
    inline static const X86ManualBug* bug_ = &kX86NoBug;
  };
};

}  // namespace pxdfuzz::mutants::x86

#endif  // PXDFUZZ_TESTS_MUTANTS_X86_MANUAL_H_
