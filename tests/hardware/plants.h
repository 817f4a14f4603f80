// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_HARDWARE_PLANTS_H_
#define PXDFUZZ_TESTS_HARDWARE_PLANTS_H_

#include <array>
#include <cstdint>
#include <string_view>

#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/manual.h"
#include "tests/hardware/judge.h"
#include "tests/hardware/ram.h"
#include "tests/hardware/s390_match.h"
#include "tests/hardware/x86_match.h"

// Bugs planted in Translate: each omits or breaks one rule. A hardware check
// that does not find them is useless.

namespace pxdfuzz::hardware {
namespace plants {

// The highest index bit of the tables of that level is lost.
template <int kBit>
struct IndexMask : NoBug {
  static constexpr uint64_t Address(uint64_t address) {
    return address & ~(uint64_t{1} << kBit);
  }
};

struct S390TableLength : NoBug {
  static constexpr uint64_t Control(uint64_t asce) { return asce | 3; }
  static constexpr uint64_t Entry(Level level, uint64_t entry) {
    return level > Level::kPmd ? entry | 3 : entry;
  }
};
struct S390TableOffset : NoBug {
  static constexpr uint64_t Entry(Level level, uint64_t entry) {
    return level > Level::kPmd ? entry & ~uint64_t{0xc0} : entry;
  }
};
struct S390Type : NoBug {
  static constexpr uint64_t Entry(Level level, uint64_t entry) {
    if (level == Level::kPte) return entry;
    return (entry & ~uint64_t{0xc}) | S390::TypeOf(level) << 2;
  }
};
struct S390Common : NoBug {
  static constexpr uint64_t Entry(Level level, uint64_t entry) {
    return level == Level::kPte ? entry : entry & ~uint64_t{0x10};
  }
};
struct S390Protection : NoBug {
  static constexpr uint64_t Entry(Level level, uint64_t entry) {
    return level == Level::kPmd ? entry & ~uint64_t{0x200} : entry;
  }
};
// Page tables begin at multiples of 2 KiB, not of 4.
struct S390PageTableOrigin : NoBug {
  static constexpr uint64_t Entry(Level level, uint64_t entry) {
    return level == Level::kPmd ? entry & ~uint64_t{0x800} : entry;
  }
};
// Other tables at multiples of 4 KiB, though a whole one takes 16.
struct S390TableOrigin : NoBug {
  static constexpr uint64_t Control(uint64_t asce) {
    return asce & ~uint64_t{0x3000};
  }
};
// An invalid entry of the wrong type is first of all invalid.
struct S390Order : NoBug {
  static constexpr ManualStep After(ManualStep step, Level level,
                                    uint64_t entry) {
    if (level != Level::kPte && (entry & S390::Mask::kTableInvalid) != 0 &&
        (entry & S390::Mask::kType) >> 2 != S390::TypeOf(level)) {
      step.code = S390::Manual::kTranslationSpecification;
    }
    return step;
  }
};

struct X86Present : NoBug {
  static constexpr uint64_t Entry(Level level, uint64_t entry) {
    return level == Level::kPmd ? entry | X86::Mask::kPresent : entry;
  }
};
// The highest bits of an address are treated as correct, whatever they are.
struct X86Canonical : NoBug {
  static constexpr uint64_t Address(uint64_t address) {
    return static_cast<uint64_t>(static_cast<int64_t>(address << 7) >> 7);
  }
};
// A leaf of 1 GiB is treated as one of 2 MiB.
struct X86Large : NoBug {
  static constexpr ManualStep After(ManualStep step, Level level,
                                    uint64_t /*entry*/) {
    if (level == Level::kPud && step.kind == ManualStep::Kind::kDone) {
      step.address &= ~uint64_t{0x3fe0'0000};
    }
    return step;
  }
};
// The PAT bit of a large leaf is treated as a part of its frame.
struct X86LargePat : NoBug {
  static constexpr ManualStep After(ManualStep step, Level level,
                                    uint64_t entry) {
    if (level == Level::kPmd && step.kind == ManualStep::Kind::kDone) {
      step.address |= entry & X86::Mask::kLargePat;
    }
    return step;
  }
};

}  // namespace plants

template <class Match>
struct Plant {
  std::string_view name;
  Judgement (*judge)(const Match&, const Ram<Match::kOrder>&, const Question&,
                     const Answer&);
};

template <class Match>
struct PlantsOf;

template <>
struct PlantsOf<S390Match> {
  template <class Bug>
  static constexpr auto kJudge = &Judge<S390Match, Bug>;
  static constexpr std::array<Plant<S390Match>, 9> kAll = {{
      {"index-mask", kJudge<plants::IndexMask<30>>},
      {"table-length", kJudge<plants::S390TableLength>},
      {"table-offset", kJudge<plants::S390TableOffset>},
      {"type", kJudge<plants::S390Type>},
      {"common", kJudge<plants::S390Common>},
      {"protection", kJudge<plants::S390Protection>},
      {"page-table-origin", kJudge<plants::S390PageTableOrigin>},
      {"table-origin", kJudge<plants::S390TableOrigin>},
      {"order", kJudge<plants::S390Order>},
  }};
};

template <>
struct PlantsOf<X86Match> {
  template <class Bug>
  static constexpr auto kJudge = &Judge<X86Match, Bug>;
  static constexpr std::array<Plant<X86Match>, 5> kAll = {{
      {"index-mask", kJudge<plants::IndexMask<29>>},
      {"present", kJudge<plants::X86Present>},
      {"canonical", kJudge<plants::X86Canonical>},
      {"large", kJudge<plants::X86Large>},
      {"large-pat", kJudge<plants::X86LargePat>},
  }};
};

}  // namespace pxdfuzz::hardware

#endif  // PXDFUZZ_TESTS_HARDWARE_PLANTS_H_
