// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_HARDWARE_X86_MATCH_H_
#define PXDFUZZ_TESTS_HARDWARE_X86_MATCH_H_

#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <string_view>

#include "pxdfuzz/arch/x86.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/reference/translate.h"
#include "tests/hardware/judge.h"
#include "tests/hardware/ram.h"

namespace pxdfuzz::hardware {

// Translate of x86-64 compared with the monitor command gva2gpa, which walks
// tables as a debugger would: it checks no permission and no reserved bit, and
// reads zeros beyond memory.
struct X86Match {
  using Arch = X86;
  static constexpr std::endian kOrder = std::endian::little;
  static constexpr uint64_t kRamSize = 0x400000;

  int levels = 4;

  X86::Manual MakeManual(uint64_t cr3) const {
    return X86::Manual(X86::GeometryOf(levels), cr3);
  }

  // This many questions should find every planted bug.
  static constexpr uint64_t kPlantCases = 4'096;

  // The name of the control register.
  static constexpr std::string_view kControl = "CR3";
  // Why a question may be left out.
  static constexpr std::string_view kLeftOut =
      "reserved bits, tables outside memory";

  static bool IsTable(uint64_t /*address*/) { return true; }

  // The monitor reports every exception as "Unmapped".
  static constexpr uint16_t kUnmapped = X86::Manual::kNotPresent;

  static std::optional<Answer> Expect(const Translation& result,
                                      uint64_t address) {
    using Manual = X86::Manual;
    switch (result.code) {
      case 0:
        return Answer{.physical = result.physical};
      case Manual::kUserMode:
        return Answer{.physical = Manual::FrameAddress(result.level,
                                                       result.entry, address)};
      case Manual::kNotPresent:
      case Manual::kNotCanonical:
        return Answer{.code = kUnmapped};
      default:
        return std::nullopt;
    }
  }

  enum Rule : uint8_t {
    kNotCanonical4 = 0,
    kNotCanonical5 = 1,
    kNotPresent = 2,  // from pte on; with 4 levels the root counts as p4d
    kFrame = 7,       // from pte to pud
    kRuleCount = 10,
  };
  static constexpr std::array<std::string_view, kRuleCount> kRules = {
      "canonical addresses with 4 levels",
      "canonical addresses with 5 levels",
      "absent page-table entry",
      "absent page-directory entry",
      "absent page-directory-pointer entry",
      "absent PML4 entry",
      "absent PML5 entry",
      "4 KiB frames",
      "2 MiB frames",
      "1 GiB frames",
  };
  static constexpr std::string_view kNeverReported =
      "user and writable bits, reserved bits, tables outside memory";

  // The rules that decided a question with equal answers: one bit each.
  uint64_t RulesMet(const Question& /*question*/, const Answer& /*answer*/,
                    const Judgement& judgement) const {
    const Translation& t = judgement.result;
    const bool pml4 = levels == 4 && t.level == Level::kPgd;
    const int level = Ordinal(pml4 ? Level::kP4d : t.level);
    switch (t.code) {
      case X86::Manual::kNotCanonical:
        return uint64_t{1} << (levels == 4 ? kNotCanonical4 : kNotCanonical5);
      case X86::Manual::kNotPresent:
        return uint64_t{1} << (kNotPresent + level);
      default:
        return uint64_t{1} << (kFrame + level);
    }
  }
};

}  // namespace pxdfuzz::hardware

#endif  // PXDFUZZ_TESTS_HARDWARE_X86_MATCH_H_
