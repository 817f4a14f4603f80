// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_HARDWARE_S390_MATCH_H_
#define PXDFUZZ_TESTS_HARDWARE_S390_MATCH_H_

#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "pxdfuzz/arch/s390.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/reference/translate.h"
#include "tests/hardware/guest/s390_wire.h"
#include "tests/hardware/judge.h"
#include "tests/hardware/ram.h"

namespace pxdfuzz::hardware {

// Translate of s390 compared with LOAD REAL ADDRESS and TEST PROTECTION.
struct S390Match {
  using Arch = S390;
  static constexpr std::endian kOrder = std::endian::big;
  static constexpr uint64_t kTablesAt = kWireTablesAt;
  static constexpr uint64_t kRamSize = kWireStorageSize;

  S390::Manual::Facilities facilities;

  S390::Manual MakeManual(uint64_t asce) const {
    return S390::Manual(asce, facilities);
  }

  // This many questions should find every planted bug.
  static constexpr uint64_t kPlantCases = 16'384;

  // The name of the control register.
  static constexpr std::string_view kControl = "ASCE";
  // Why a question may be left out.
  static constexpr std::string_view kLeftOut =
      "tables in the guest's own pages";

  // Below are the guest's program, questions and answers, which change.
  static bool IsTable(uint64_t address) { return address >= kTablesAt; }

  // The instructions' answers.
  static std::optional<Answer> Expect(const Translation& result,
                                      uint64_t /*address*/) {
    return Answer{.code = result.code,
                  .physical = result.physical,
                  .is_protected = result.is_protected};
  }

  // The guest's answer, or nothing if it makes no sense. Condition codes of
  // LRAG by the manual: 1 and 2 stand for segment- and page-translation
  // exceptions, 3 for the others, with the code in the register's last bits.
  // QEMU gives 3 for all of them.
  static constexpr std::optional<Answer> Decode(uint64_t value, uint32_t lrag,
                                                uint32_t tprot) {
    Answer answer;
    switch (lrag) {
      case 0:
        answer.physical = value;
        if (tprot == kWireNotAsked) return answer;
        if (tprot > 1) return std::nullopt;
        answer.is_protected = tprot == 1;
        return answer;
      case 1:
        answer.code = S390::Manual::kSegmentTranslation;
        return answer;
      case 2:
        answer.code = S390::Manual::kPageTranslation;
        return answer;
      default:
        answer.code = static_cast<uint16_t>(value);
        if (answer.code == 0) return std::nullopt;
        return answer;
    }
  }

  // Facility bits, counted from the left.
  static constexpr bool HasFacility(std::span<const uint64_t> list, int bit) {
    return (list[static_cast<size_t>(bit / 64)] >> (63 - bit % 64) & 1) != 0;
  }
  static constexpr int kEdat1Bit = 8;
  static constexpr int kEdat2Bit = 78;

  // The rules that a run should reach, each at least once. For a rule with one
  // instance per level, this is the number of the lowest.
  enum Rule : uint8_t {
    kRealSpace = 0,
    kAsceType = 1,
    kTopLength = 2,
    kInvalid = 3,        // from pte on
    kType = 8,           // from pmd on
    kCommon = 12,        // pmd and pud
    kOffset = 14,        // of the table below pud, ...
    kLength = 17,        // of the table below pud, ...
    kNotInStorage = 20,  // from pte on
    kPageZero = 25,
    kFrame = 26,  // from pte to pud
    kNoProtection = 29,
    kProtection = 30,  // from pte on
    kRuleCount = 35,
  };
  static constexpr std::array<std::string_view, kRuleCount> kRules = {
      "real space",
      "ASCE type",
      "length of the top table",
      "invalid page entry",
      "invalid segment entry",
      "invalid region-third entry",
      "invalid region-second entry",
      "invalid region-first entry",
      "type of segment entries",
      "type of region-third entries",
      "type of region-second entries",
      "type of region-first entries",
      "common segment in a private space",
      "common region-third entry in a private space (EDAT-2)",
      "offset of segment tables",
      "offset of region-third tables",
      "offset of region-second tables",
      "length of segment tables",
      "length of region-third tables",
      "length of region-second tables",
      "page table not in storage",
      "segment table not in storage",
      "region-third table not in storage",
      "region-second table not in storage",
      "region-first table not in storage",
      "page entry with bit 0x800",
      "4 KiB frames",
      "1 MiB frames (EDAT-1)",
      "2 GiB frames (EDAT-2)",
      "no protection",
      "protection by page entries",
      "protection by segment entries",
      "protection by region-third entries (EDAT-1)",
      "protection by region-second entries (EDAT-1)",
      "protection by region-first entries (EDAT-1)",
  };

  // The rules that decided a question with equal answers: one bit each.
  uint64_t RulesMet(const Question& question, const Answer& answer,
                    const Judgement& judgement) const {
    using Manual = S390::Manual;
    using Mask = S390::Mask;
    const Translation& t = judgement.result;
    switch (t.code) {
      case 0:
        return t.fetched ? RulesOfFrame(answer, judgement) : Bit(kRealSpace);
      case Manual::kAsceType:
        return Bit(kAsceType);
      case Manual::kAddressing:
        return Bit(kNotInStorage,
                   t.fetched ? Below(t.level) : TopOf(question.control));
      case Manual::kPageTranslation:
        return Bit(kInvalid);
      case Manual::kTranslationSpecification:
        if (t.level == Level::kPte) return Bit(kPageZero);
        return (t.entry & Mask::kType) >> 2 != S390::TypeOf(t.level)
                   ? Bit(kType, Below(t.level))
                   : Bit(kCommon, Below(t.level));
      default:
        break;
    }
    if (!t.fetched) return Bit(kTopLength);
    if ((t.entry & Mask::kTableInvalid) != 0) return Bit(kInvalid, t.level);
    const Level below = Below(t.level);
    const uint64_t quarter = Manual::Index(below, question.address) >> 9;
    const bool before = quarter < (t.entry & Mask::kTableOffset) >> 6;
    return Bit(before ? kOffset : kLength, Below(below));
  }

 private:
  static constexpr uint64_t Bit(Rule first, Level level = Level::kPte) {
    return uint64_t{1} << (first + Ordinal(level));
  }
  static constexpr Level TopOf(uint64_t asce) {
    return S390::LevelOfType((asce & S390::Mask::kDesignationType) >> 2);
  }

  uint64_t RulesOfFrame(const Answer& answer,
                        const Judgement& judgement) const {
    const uint64_t frame = Bit(kFrame, judgement.result.level);
    if (!answer.is_protected.has_value()) return frame;
    if (!*answer.is_protected) return frame | Bit(kNoProtection);
    // A protection rule decides if no other entry protects.
    const Fetched* protecting = nullptr;
    for (const Fetched& fetched : judgement.path) {
      if ((fetched.entry & S390::Mask::kTableProtect) == 0) continue;
      if (fetched.level > Level::kPmd && !facilities.edat1) continue;
      if (protecting != nullptr) return frame;
      protecting = &fetched;
    }
    if (protecting == nullptr) return frame;
    return frame | Bit(kProtection, protecting->level);
  }
};

}  // namespace pxdfuzz::hardware

#endif  // PXDFUZZ_TESTS_HARDWARE_S390_MATCH_H_
