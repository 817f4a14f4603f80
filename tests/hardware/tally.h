// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_HARDWARE_TALLY_H_
#define PXDFUZZ_TESTS_HARDWARE_TALLY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pxdfuzz/base/text_lines.h"
#include "tests/hardware/judge.h"
#include "tests/hardware/plants.h"
#include "tests/hardware/ram.h"

namespace pxdfuzz::hardware {

// 1310720 as "1,310,720".
inline std::string Grouped(uint64_t number) {
  std::string text = std::to_string(number);
  for (size_t at = text.size(); at > 3;) {
    at -= 3;
    text.insert(at, ",");
  }
  return text;
}

// Judges answers, and counts the results.
template <class Match>
class Tally {
 public:
  using Memory = Ram<Match::kOrder>;
  using Judging = decltype(Plant<Match>::judge);

  // Each planted bug also judges this many questions.
  static constexpr uint64_t kPlantCases = Match::kPlantCases;
  // This many disagreements are printed in full.
  static constexpr size_t kMaxExamples = 3;

  // `judging`: Judge<Match>, or that of a planted bug.
  explicit Tally(Judging judging = &Judge<Match>) : judging_(judging) {}

  // `memory` has the tables for the machine's answers.
  void Add(const Match& match, const Memory& memory,
           std::span<const Question> questions,
           std::span<const Answer> answers) {
    for (size_t i = 0; i < questions.size(); ++i) {
      AddOne(match, memory, questions[i], answers[i]);
    }
  }

  uint64_t cases() const { return cases_; }
  uint64_t disagreements() const { return disagreements_; }
  uint64_t left_out() const { return left_out_; }
  uint64_t translated() const { return translated_; }
  uint64_t protection_compared() const { return protection_compared_; }
  // The first disagreements, as text.
  const std::vector<std::string>& examples() const { return examples_; }

  // "segment-translation 1,234, ...".
  std::string Exceptions() const {
    std::vector<std::string> items;
    for (const auto& [code, count] : exceptions_) {
      std::string name(Match::Arch::Manual::CodeName(code));
      constexpr std::string_view kSuffix = " exception";
      if (name.ends_with(kSuffix)) name.erase(name.size() - kSuffix.size());
      items.push_back(name + ' ' + Grouped(count));
    }
    return Joined(items);
  }

  uint64_t rules_met() const {
    return static_cast<uint64_t>(__builtin_popcountll(rules_));
  }
  // Names of the rules that decided no question.
  std::string RulesNotMet() const {
    std::vector<std::string> items;
    for (size_t i = 0; i < Match::kRules.size(); ++i) {
      if ((rules_ >> i & 1) == 0) items.emplace_back(Match::kRules[i]);
    }
    return Joined(items);
  }

  uint64_t plants_seen() const { return kPlants.size() - Unseen().size(); }
  // Names of the planted bugs without an effect.
  std::string PlantsNotSeen() const { return Joined(Unseen()); }

 private:
  static constexpr const auto& kPlants = PlantsOf<Match>::kAll;

  static std::string Joined(const std::vector<std::string>& items) {
    std::string text;
    for (const std::string& item : items) {
      if (!text.empty()) text += ", ";
      text += item;
    }
    return text;
  }

  std::vector<std::string> Unseen() const {
    std::vector<std::string> items;
    for (size_t i = 0; i < kPlants.size(); ++i) {
      if (!seen_[i]) items.emplace_back(kPlants[i].name);
    }
    return items;
  }

  void AddOne(const Match& match, const Memory& memory,
              const Question& question, const Answer& answer) {
    const Judgement judgement = judging_(match, memory, question, answer);
    if (cases_++ < kPlantCases) TryPlants(match, memory, question, answer);
    switch (judgement.verdict) {
      case Verdict::kLeftOut:
        ++left_out_;
        return;
      case Verdict::kDisagrees:
        ++disagreements_;
        if (examples_.size() < kMaxExamples) {
          examples_.push_back(Describe(match, question, answer, judgement));
        }
        return;
      case Verdict::kAgrees:
        break;
    }
    rules_ |= match.RulesMet(question, answer, judgement);
    if (answer.code != 0) {
      ++exceptions_[judgement.result.code];
      return;
    }
    ++translated_;
    if (answer.is_protected.has_value()) ++protection_compared_;
  }

  void TryPlants(const Match& match, const Memory& memory,
                 const Question& question, const Answer& answer) {
    for (size_t i = 0; i < kPlants.size(); ++i) {
      if (seen_[i]) continue;
      seen_[i] = kPlants[i].judge(match, memory, question, answer).verdict ==
                 Verdict::kDisagrees;
    }
  }

  static std::string Describe(const Answer& answer) {
    using Manual = typename Match::Arch::Manual;
    if (answer.code != 0) {
      return std::string(Manual::CodeName(answer.code)) + " (" +
             Hex(answer.code) + ")";
    }
    std::string text = Hex(answer.physical);
    if (answer.is_protected.has_value()) {
      text += *answer.is_protected ? ", protected" : ", not protected";
    }
    return text;
  }

  static std::string Describe(const Match& match, const Question& question,
                              const Answer& answer,
                              const Judgement& judgement) {
    std::string text(Match::kControl);
    text.resize(11, ' ');
    text += Hex(question.control) + '\n';
    text += "address    " + Hex(question.address) + '\n';
    for (const Fetched& fetched : judgement.path) {
      text += "read       " + Hex(fetched.entry) + " at " +
              Hex(fetched.address) + ", in a ";
      text += Match::Arch::Manual::TableName(fetched.level);
      text += '\n';
    }
    Answer own = *match.Expect(judgement.result, question.address);
    if (!answer.is_protected.has_value()) own.is_protected.reset();
    text += "Translate  " + Describe(own) + '\n';
    text += "QEMU       " + Describe(answer) + '\n';
    return text;
  }

  Judging judging_;
  uint64_t cases_ = 0;
  uint64_t disagreements_ = 0;
  uint64_t left_out_ = 0;
  uint64_t translated_ = 0;
  uint64_t protection_compared_ = 0;
  uint64_t rules_ = 0;
  std::map<uint16_t, uint64_t> exceptions_;
  std::array<bool, PlantsOf<Match>::kAll.size()> seen_{};
  std::vector<std::string> examples_;
};

}  // namespace pxdfuzz::hardware

#endif  // PXDFUZZ_TESTS_HARDWARE_TALLY_H_
