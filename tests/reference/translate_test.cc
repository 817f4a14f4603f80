// SPDX-License-Identifier: MIT

#include "pxdfuzz/reference/translate.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pxdfuzz/arch/s390.h"
#include "pxdfuzz/memory/arena.h"
#include "pxdfuzz/memory/arena_memory.h"
#include "pxdfuzz/tables/address_space.h"
#include "tests/mutants/s390_answers.h"

namespace pxdfuzz {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using mutants::kEdat2;
using mutants::kS390Address;
using mutants::kS390Address2;
using mutants::kS390Address3;
using mutants::kS390Address4;
using mutants::kS390Asce;
using mutants::kS390Asce2;
using mutants::kS390Asce3;
using mutants::kS390Asce4;
using mutants::S390Answer;
using mutants::WordMemory;

// -----------------------------------------------------------------------------
// Results: tests/mutants/s390_answers.h has the questions and answers.

std::vector<std::string> Rules() {
  std::vector<std::string> rules;
  for (const S390Answer& answer : mutants::S390Answers()) {
    const std::string rule(answer.rule);
    if (std::find(rules.begin(), rules.end(), rule) == rules.end()) {
      rules.push_back(rule);
    }
  }
  return rules;
}

class S390AnswersTest : public testing::TestWithParam<std::string> {};

TEST_P(S390AnswersTest, AreRight) {
  mutants::AskAll<S390::Manual>(
      mutants::S390Answers(),
      [](const S390Answer& answer, const Translation& t) {
        if (answer.rule == GetParam()) ADD_FAILURE() << answer.Describe(t);
      });
}

INSTANTIATE_TEST_SUITE_P(Rules, S390AnswersTest, testing::ValuesIn(Rules()),
                         [](const auto& of) {
                           std::string name = "Rule_" + of.param;
                           for (char& c : name) {
                             if (c == '.' || c == '-') c = '_';
                           }
                           return name;
                         });

// -----------------------------------------------------------------------------
// Other parts of a translation.

class S390TranslateTest : public testing::Test {
 protected:
  void Set(uint64_t address, uint64_t word) { memory_.Set(address, word); }
  Translation Ask(uint64_t asce, uint64_t address,
                  Access access = Access::kFetch) const {
    memory_.reads().clear();
    return Translate(S390::Manual(asce, kEdat2), memory_, address, access);
  }
  const std::vector<uint64_t>& reads() const { return memory_.reads(); }

  WordMemory memory_ = mutants::S390Tables();
};

TEST_F(S390TranslateTest, ReadsTheEntriesFromTheRootDown) {
  Ask(kS390Asce, kS390Address);
  EXPECT_THAT(reads(),
              ElementsAre(0x10008, 0x20010, 0x30018, 0x40020, 0x50828));
  Ask(kS390Asce4, kS390Address4);
  EXPECT_THAT(reads(), ElementsAre(0x20010, 0x30018, 0x40020, 0x50828));
  Ask(kS390Asce3, kS390Address3);
  EXPECT_THAT(reads(), ElementsAre(0x30018, 0x40020, 0x50828));
  Ask(kS390Asce2, kS390Address2);
  EXPECT_THAT(reads(), ElementsAre(0x40020, 0x50828));
}

TEST_F(S390TranslateTest, ReadsNothingBelowALeaf) {
  Set(0x40020, 0x1230'0400);
  Ask(kS390Asce, kS390Address);
  EXPECT_THAT(reads(), ElementsAre(0x10008, 0x20010, 0x30018, 0x40020));
  Set(0x30018, 0x12'8000'0404);
  Ask(kS390Asce, kS390Address);
  EXPECT_THAT(reads(), ElementsAre(0x10008, 0x20010, 0x30018));
}

TEST_F(S390TranslateTest, TheLastEntryOfEachTable) {
  Set(0x13ff8, 0x2000f);
  Set(0x23ff8, 0x3000b);
  Set(0x33ff8, 0x40007);
  Set(0x43ff8, 0x50800);
  Set(0x50ff8, 0xfffffffffffff000);
  Ask(kS390Asce, 0xffff'ffff'ffff'f123);
  EXPECT_THAT(reads(),
              ElementsAre(0x13ff8, 0x23ff8, 0x33ff8, 0x43ff8, 0x50ff8));
}

TEST_F(S390TranslateTest, ReadsNothingIfTheControlElementDecides) {
  const Translation real = Ask(0x20, 0xfedc'ba98'7654'3210);
  EXPECT_FALSE(real.is_protected);
  EXPECT_FALSE(real.fetched);
  EXPECT_THAT(reads(), IsEmpty());
  // ASCE-type.
  EXPECT_FALSE(Ask(kS390Asce4, 0x8000'0801'8040'5678).fetched);
  EXPECT_THAT(reads(), IsEmpty());
  // The third quarter of a root table that has one.
  EXPECT_FALSE(Ask(0x1010c, uint64_t{0x400} << 53).fetched);
  EXPECT_THAT(reads(), IsEmpty());
}

TEST_F(S390TranslateTest, ReportsTheLastEntryRead) {
  Translation t = Ask(kS390Asce3, kS390Address3);
  EXPECT_TRUE(t.fetched);
  EXPECT_EQ(t.level, Level::kPte);
  EXPECT_EQ(t.ref, EntryRef::InTable(0x50828));
  EXPECT_EQ(t.entry, 0xabcde000u);
  // Even one that the hardware may not use.
  Set(0x40020, 0x50820);
  t = Ask(kS390Asce3, kS390Address3);
  EXPECT_EQ(t.level, Level::kPmd);
  EXPECT_EQ(t.entry, 0x50820u);
  EXPECT_EQ(t.physical, 0u);
}

TEST_F(S390TranslateTest, ReportsNoEntryOutsideStorage) {
  for (const uint64_t place : {0x10008, 0x20010, 0x30018, 0x40020, 0x50828}) {
    memory_ = mutants::S390Tables();
    memory_.Remove(place);
    EXPECT_EQ(Ask(kS390Asce, kS390Address).fetched, place != 0x10008);
  }
}

TEST_F(S390TranslateTest, ARefusedStoreIsProtected) {
  Set(0x50828, 0xabcde200);
  const Translation t = Ask(kS390Asce, kS390Address, Access::kStore);
  EXPECT_EQ(t.code, 0x04);
  EXPECT_EQ(t.physical, 0u);
  EXPECT_TRUE(t.is_protected);
}

TEST_F(S390TranslateTest, FacilitiesAreThoseOfACurrentMachine) {
  Set(0x30018, 0x8000'0404);
  EXPECT_EQ(Translate(S390::Manual(S390::GeometryOf(5), kS390Asce), memory_,
                      kS390Address)
                .physical,
            0x8040'5678u);
}

TEST_F(S390TranslateTest, OnFetchSeesEachEntry) {
  std::vector<uint64_t> entries;
  std::vector<Level> levels;
  Translate(S390::Manual(kS390Asce3, kEdat2), memory_, kS390Address3,
            Access::kFetch, [&](Level level, EntryRef, uint64_t entry) {
              levels.push_back(level);
              entries.push_back(entry);
            });
  EXPECT_THAT(entries, ElementsAre(0x40007, 0x50800, 0xabcde000));
  EXPECT_THAT(levels, ElementsAre(Level::kPud, Level::kPmd, Level::kPte));
}

TEST(S390ManualTest, NamesItsCodes) {
  EXPECT_EQ(S390::Manual::CodeName(0x04), "protection exception");
  EXPECT_EQ(S390::Manual::CodeName(0x05), "addressing exception");
  EXPECT_EQ(S390::Manual::CodeName(0x10), "segment-translation exception");
  EXPECT_EQ(S390::Manual::CodeName(0x11), "page-translation exception");
  EXPECT_EQ(S390::Manual::CodeName(0x12),
            "translation-specification exception");
  EXPECT_EQ(S390::Manual::CodeName(0x38), "ASCE-type exception");
  EXPECT_EQ(S390::Manual::CodeName(0x39), "region-first-translation exception");
  EXPECT_EQ(S390::Manual::CodeName(0x3a),
            "region-second-translation exception");
  EXPECT_EQ(S390::Manual::CodeName(0x3b), "region-third-translation exception");
  EXPECT_EQ(S390::Manual::CodeName(0), "no exception");
}

TEST(S390ManualTest, NamesItsTables) {
  EXPECT_EQ(S390::Manual::TableName(Level::kPte), "page table");
  EXPECT_EQ(S390::Manual::TableName(Level::kPmd), "segment table");
  EXPECT_EQ(S390::Manual::TableName(Level::kPud), "region-third table");
  EXPECT_EQ(S390::Manual::TableName(Level::kP4d), "region-second table");
  EXPECT_EQ(S390::Manual::TableName(Level::kPgd), "region-first table");
}

// The same through an arena, as in the oracle: the tables of a case.
TEST(S390TranslateArenaTest, APokedWordIsRead) {
  Arena arena = MakeArena<S390>();
  AddressSpace<S390> mm(arena, 3);
  mm.Poke(Level::kPte, 0x1'8040'5000, 0xabcde03d);
  const Stack stack;
  const ArenaMemory memory(arena, mm.geometry(), stack);
  const auto ask = [&] {
    return Translate(S390::Manual(mm.geometry(), mm.control()), memory,
                     0x1'8040'5678);
  };
  EXPECT_EQ(ask().physical, 0xabcde678u);
  mm.Poke(Level::kPmd, 0x1'8040'0000, 0x1230'0400);
  EXPECT_EQ(ask().physical, 0x1230'5678u);
  mm.Poke(Level::kPud, 0x1'8000'0000, 0x24);
  EXPECT_EQ(ask().code, 0x3b);
  // Only allocated frames are in storage.
  mm.set_control(0x1050'0107);
  EXPECT_EQ(ask().code, 0x05);
  mm.set_control(0x1040'0127);
  EXPECT_EQ(ask().physical, 0x1'8040'5678u);
}

}  // namespace
}  // namespace pxdfuzz
