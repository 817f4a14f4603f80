// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_HARDWARE_JUDGE_H_
#define PXDFUZZ_TESTS_HARDWARE_JUDGE_H_

#include <concepts>
#include <cstdint>
#include <optional>
#include <utility>

#include "pxdfuzz/base/inline_vector.h"
#include "pxdfuzz/paging/entry_ref.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/manual.h"
#include "pxdfuzz/reference/translate.h"
#include "tests/hardware/ram.h"

namespace pxdfuzz::hardware {

// A question to a machine: how it translates `address` in the paging mode of
// `control` (ASCE, CR3).
struct Question {
  uint64_t control = 0;
  uint64_t address = 0;

  friend constexpr bool operator==(const Question&, const Question&) = default;
};

// The machine's answer.
struct Answer {
  // 0, or the exception instead of an address.
  uint16_t code = 0;
  uint64_t physical = 0;
  // Whether a store is refused, if the machine was asked.
  std::optional<bool> is_protected;
};

enum class Verdict : uint8_t {
  kAgrees,
  kDisagrees,
  kLeftOut,  // the machine cannot answer this question
};

struct Fetched {
  Level level = Level::kPte;
  uint64_t address = 0;
  uint64_t entry = 0;
};

// Translate's answer to the same question.
struct Judgement {
  Verdict verdict = Verdict::kLeftOut;
  Translation result;
  InlineVector<Fetched, kLevelCount> path;
};

// The changes of a planted bug. Each bug replaces some of these functions.
struct NoBug {
  // The value that Translate uses as the control register, the address, an
  // entry.
  static constexpr uint64_t Control(uint64_t control) { return control; }
  static constexpr uint64_t Address(uint64_t address) { return address; }
  static constexpr uint64_t Entry(Level /*level*/, uint64_t entry) {
    return entry;
  }
  // The next step, after it read `entry`.
  static constexpr ManualStep After(ManualStep step, Level /*level*/,
                                    uint64_t /*entry*/) {
    return step;
  }
};

template <class Manual, class Bug>
class PlantedManual : public Manual {
 public:
  explicit constexpr PlantedManual(const Manual& manual) : Manual(manual) {}

  constexpr ManualStep Start(uint64_t address) const {
    return Manual::Start(Bug::Address(address));
  }
  constexpr ManualStep Next(Level level, uint64_t entry, uint64_t address) {
    return Bug::After(
        Manual::Next(level, Bug::Entry(level, entry), Bug::Address(address)),
        level, entry);
  }
};

// Compares Translate's answer with the machine's. Match is S390Match or
// X86Match.
template <class Match, class Bug = NoBug>
Judgement Judge(const Match& match, const Ram<Match::kOrder>& ram,
                const Question& question, const Answer& answer) {
  Judgement judgement;
  bool readable = true;
  const auto on_fetch = [&](Level level, EntryRef ref, uint64_t entry) {
    judgement.path.push_back({level, ref.address(), entry});
    readable &= match.IsTable(ref.address());
  };
  const auto manual = match.MakeManual(Bug::Control(question.control));
  if constexpr (std::same_as<Bug, NoBug>) {
    judgement.result =
        Translate(manual, ram, question.address, Access::kFetch, on_fetch);
  } else {
    using True = std::remove_const_t<decltype(manual)>;
    judgement.result = Translate(PlantedManual<True, Bug>(manual), ram,
                                 question.address, Access::kFetch, on_fetch);
  }
  const std::optional<Answer> expected =
      match.Expect(judgement.result, question.address);
  if (!readable || !expected.has_value()) return judgement;
  const bool agrees =
      expected->code == answer.code && expected->physical == answer.physical &&
      (!answer.is_protected.has_value() ||
       *answer.is_protected == expected->is_protected.value_or(false));
  judgement.verdict = agrees ? Verdict::kAgrees : Verdict::kDisagrees;
  return judgement;
}

}  // namespace pxdfuzz::hardware

#endif  // PXDFUZZ_TESTS_HARDWARE_JUDGE_H_
