// SPDX-License-Identifier: MIT

// The parts of the hardware check that can be tested without QEMU: Translate
// itself replaces the machine.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pxdfuzz/arch/s390.h"
#include "tests/hardware/guest/s390_wire.h"
#include "tests/hardware/judge.h"
#include "tests/hardware/plants.h"
#include "tests/hardware/ram.h"
#include "tests/hardware/s390_draw.h"
#include "tests/hardware/s390_match.h"
#include "tests/hardware/tally.h"
#include "tests/hardware/x86_draw.h"
#include "tests/hardware/x86_match.h"

namespace pxdfuzz::hardware {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The answer of a correct machine; protection is tested for every page.
template <class Match>
Answer RightAnswer(const Match& match, const Ram<Match::kOrder>& ram,
                   const Question& question) {
  const Judgement own = Judge(match, ram, question, Answer{});
  const std::optional<Answer> answer =
      match.Expect(own.result, question.address);
  return answer.value_or(Answer{});
}

struct S390Fixture {
  std::vector<uint64_t> words =
      std::vector<uint64_t>(S390Match::kRamSize / sizeof(uint64_t));
  Ram<std::endian::big> ram{words};
  S390Match match{{.edat1 = false, .edat2 = false}};
  std::vector<Question> questions;
  std::vector<Answer> answers;

  void Draw(uint64_t seed, size_t count) {
    S390Draw draw(seed, ram);
    draw.FillTables();
    questions.clear();
    answers.clear();
    for (size_t i = 0; i < count; ++i) {
      questions.push_back(draw.DrawQuestion());
      answers.push_back(RightAnswer(match, ram, questions.back()));
    }
  }
};

TEST(RamTest, UsesTheByteOrderOfItsMachine) {
  std::vector<uint64_t> words(2);
  const Ram<std::endian::big> big(words);
  big.Put(8, 0x0102030405060708);
  EXPECT_EQ(big.Get(8), 0x0102030405060708u);
  EXPECT_EQ(reinterpret_cast<const uint8_t*>(words.data())[8], 1);
  const Ram<std::endian::little> little(words);
  EXPECT_EQ(little.Get(8), 0x0807060504030201u);
  EXPECT_EQ(big.Load(Level::kPte, EntryRef::InTable(16)).source,
            Source::kNowhere);
  EXPECT_EQ(big.Load(Level::kPte, EntryRef::InTable(8)).value,
            0x0102030405060708u);
}

TEST(S390WireTest, MatchesTheGuestsAddresses) {
  EXPECT_EQ(sizeof(WireQuestion), 16u);
  EXPECT_EQ(sizeof(WireAnswer), 16u);
  EXPECT_EQ(offsetof(WireAnswer, lrag), 8u);
  EXPECT_EQ(offsetof(WireAnswer, tprot), 12u);
  EXPECT_LE(kWireBlockAt + sizeof(WireBlock), size_t{kWireQuestionsAt});
  EXPECT_LE(kWireQuestionsAt + kWireMost * sizeof(WireQuestion),
            size_t{kWireAnswersAt});
  EXPECT_LE(kWireAnswersAt + kWireMost * sizeof(WireAnswer),
            size_t{kWireTablesAt});
}

TEST(S390MatchTest, ReadsAnswersByTheManual) {
  const auto decode = S390Match::Decode;
  EXPECT_EQ(decode(0x12345, 0, kWireNotAsked)->physical, 0x12345u);
  EXPECT_EQ(decode(0x12345, 0, kWireNotAsked)->code, 0);
  EXPECT_EQ(decode(0x12345, 0, kWireNotAsked)->is_protected, std::nullopt);
  EXPECT_EQ(decode(0x12345, 0, 0)->is_protected, false);
  EXPECT_EQ(decode(0x12345, 0, 1)->is_protected, true);
  EXPECT_EQ(decode(0x2000, 1, kWireNotAsked)->code, 0x10);
  EXPECT_EQ(decode(0x2000, 2, kWireNotAsked)->code, 0x11);
  EXPECT_EQ(decode(0x8000003b, 3, kWireNotAsked)->code, 0x3b);
  EXPECT_EQ(decode(0x8000003b, 3, kWireNotAsked)->physical, 0u);
  // A page that translates and then does not, an exception without a code.
  EXPECT_EQ(decode(0x12345, 0, 3), std::nullopt);
  EXPECT_EQ(decode(0x80000000, 3, kWireNotAsked), std::nullopt);
}

TEST(S390MatchTest, CountsFacilityBitsFromTheLeft) {
  const std::array<uint64_t, 2> list = {0x0080'0000'0000'0000,
                                        uint64_t{1} << (127 - 78)};
  EXPECT_TRUE(S390Match::HasFacility(list, 8));
  EXPECT_TRUE(S390Match::HasFacility(list, 78));
  EXPECT_FALSE(S390Match::HasFacility(list, 7));
  EXPECT_FALSE(S390Match::HasFacility(list, 9));
  EXPECT_FALSE(S390Match::HasFacility(list, 79));
}

TEST(S390MatchTest, AgreesWithItselfAndFindsEveryPlantedBug) {
  S390Fixture f;
  f.Draw(1, S390Match::kPlantCases);
  Tally<S390Match> tally;
  tally.Add(f.match, f.ram, f.questions, f.answers);
  EXPECT_EQ(tally.cases(), S390Match::kPlantCases);
  EXPECT_EQ(tally.disagreements(), 0u);
  EXPECT_LT(tally.left_out(), 10u);
  EXPECT_GT(tally.translated(), tally.cases() / 3);
  EXPECT_EQ(tally.PlantsNotSeen(), "");
}

TEST(S390MatchTest, ReachesEveryRuleOfInstalledFacilities) {
  S390Fixture f;
  f.Draw(2, 30'000);
  Tally<S390Match> without;
  without.Add(f.match, f.ram, f.questions, f.answers);
  EXPECT_EQ(without.RulesNotMet(),
            "common region-third entry in a private space (EDAT-2), "
            "1 MiB frames (EDAT-1), 2 GiB frames (EDAT-2), "
            "protection by region-third entries (EDAT-1), "
            "protection by region-second entries (EDAT-1), "
            "protection by region-first entries (EDAT-1)");
  f.match = {{.edat1 = true, .edat2 = true}};
  f.Draw(2, 30'000);
  Tally<S390Match> with;
  with.Add(f.match, f.ram, f.questions, f.answers);
  EXPECT_EQ(with.RulesNotMet(), "");
  EXPECT_EQ(with.rules_met(), S390Match::kRules.size());
}

// Each kind of wrong answer, and its message.
TEST(S390MatchTest, FindsWrongAnswers) {
  S390Fixture f;
  f.Draw(3, 1'000);
  int tried = 0;
  for (size_t i = 0; i < f.questions.size(); ++i) {
    const Answer right = f.answers[i];
    std::vector<Answer> wrong;
    if (right.code != 0) {
      wrong.push_back({.code = static_cast<uint16_t>(right.code ^ 1)});
      wrong.push_back({.physical = f.questions[i].address});
    } else {
      wrong.assign(3, right);
      wrong[0].physical ^= 1;
      wrong[1].is_protected = !*right.is_protected;
      wrong[2] = {.code = 0x11};
    }
    for (const Answer& answer : wrong) {
      const Judgement judgement = Judge(f.match, f.ram, f.questions[i], answer);
      EXPECT_EQ(judgement.verdict, Verdict::kDisagrees);
      ++tried;
    }
  }
  EXPECT_GT(tried, 2'000);

  // Region-second table, region-third entry: length 0 of the segment table.
  f.ram.Put(0x200000, 0x201004);
  const Question question = {.control = 0x200007, .address = 0x6000'0000};
  Tally<S390Match> tally;
  tally.Add(f.match, f.ram, std::array{question},
            std::array{Answer{.code = 0x11}});
  EXPECT_THAT(tally.examples(),
              ElementsAre("ASCE       0x200007\n"
                          "address    0x60000000\n"
                          "read       0x201004 at 0x200000, in a "
                          "region-third table\n"
                          "Translate  segment-translation exception (0x10)\n"
                          "QEMU       page-translation exception (0x11)\n"));
}

TEST(S390MatchTest, LeavesOutTablesThatTheGuestChanges) {
  S390Fixture f;
  const Question question = {.control = 0x40003, .address = 0};
  EXPECT_EQ(Judge(f.match, f.ram, question, Answer{}).verdict,
            Verdict::kLeftOut);
}

struct X86Fixture {
  std::vector<uint64_t> words =
      std::vector<uint64_t>(X86Match::kRamSize / sizeof(uint64_t));
  Ram<std::endian::little> ram{words};
};

TEST(X86MatchTest, AgreesWithItselfAndFindsEveryPlantedBug) {
  X86Fixture f;
  Tally<X86Match> tally;
  X86Draw draw(1, f.ram);
  draw.FillTables();
  for (uint64_t i = 0; i < X86Match::kPlantCases; ++i) {
    const X86Match match = {.levels = i % 2 == 0 ? 4 : 5};
    const Question question = {draw.DrawControl(match.levels),
                               draw.DrawAddress(match.levels)};
    const Answer answer = RightAnswer(match, f.ram, question);
    tally.Add(match, f.ram, std::array{question}, std::array{answer});
  }
  EXPECT_THAT(tally.examples(), IsEmpty());
  EXPECT_EQ(tally.disagreements(), 0u);
  EXPECT_LT(tally.left_out(), tally.cases() / 8);
  EXPECT_GT(tally.translated(), tally.cases() / 2);
  EXPECT_EQ(tally.RulesNotMet(), "");
  EXPECT_EQ(tally.PlantsNotSeen(), "");
}

TEST(X86MatchTest, KnowsTheLimitsOfTheMonitor) {
  X86Fixture f;
  const X86Match match = {.levels = 4};
  const uint64_t root = 0x10000;
  const uint64_t address = 0x345;
  const auto verdict = [&](const Answer& answer) {
    return Judge(match, f.ram, {root, address}, answer).verdict;
  };
  const Answer unmapped = {.code = X86Match::kUnmapped};
  EXPECT_EQ(verdict(unmapped), Verdict::kAgrees);
  EXPECT_EQ(verdict({.physical = 0x345}), Verdict::kDisagrees);
  // The monitor treats a supervisor page as a page.
  f.ram.Put(root, 0x11003);
  f.ram.Put(0x11000, 0x12003);
  f.ram.Put(0x12000, 0x13003);
  f.ram.Put(0x13000, 0x14003);
  EXPECT_EQ(verdict({.physical = 0x14345}), Verdict::kAgrees);
  EXPECT_EQ(verdict({.physical = 0x15345}), Verdict::kDisagrees);
  EXPECT_EQ(verdict(unmapped), Verdict::kDisagrees);
  // A bit that must be zero, a table beyond memory.
  f.ram.Put(root, 0x11083);
  EXPECT_EQ(verdict({.physical = 0x14345}), Verdict::kLeftOut);
  f.ram.Put(root, 0x1'0000'0003);
  EXPECT_EQ(verdict(unmapped), Verdict::kLeftOut);
}

TEST(TallyTest, CountsByException) {
  S390Fixture f;
  const Question question = {.control = 0x200003,
                             .address = 0x8000'0000'0000'0000};
  const std::vector<Question> questions(1'234, question);
  const std::vector<Answer> answers(1'234, Answer{.code = 0x38});
  Tally<S390Match> tally;
  tally.Add(f.match, f.ram, questions, answers);
  EXPECT_EQ(tally.Exceptions(), "ASCE-type 1,234");
  EXPECT_EQ(tally.translated(), 0u);
  EXPECT_EQ(tally.rules_met(), 1u);
  EXPECT_THAT(tally.PlantsNotSeen(), HasSubstr("table-length"));
}

}  // namespace
}  // namespace pxdfuzz::hardware
