// SPDX-License-Identifier: MIT

#include "pxdfuzz/reference/translate_rules.h"

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pxdfuzz/arch/s390.h"
#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/reference/s390_rules.h"
#include "tests/mutants/s390_manual.h"
#include "tests/sanitized.h"

namespace pxdfuzz {
namespace {

// Generates cases of raw words: mostly a path of entries that lead on, with
// some wrong bits.
class RawCases {
 public:
  explicit RawCases(uint64_t seed) : random_(seed) {}

  Case Draw() {
    Case c;
    c.mode = {ArchId::kS390, static_cast<uint8_t>(2 + Pick(4))};
    const Geometry geometry = S390::GeometryOf(c.mode.levels);
    uint64_t start = random_() & geometry.last_address();
    if (OneIn(16)) start = random_();
    // Often the first or the last entries of tables.
    if (OneIn(4)) start &= random_() & random_();
    if (OneIn(4)) start |= random_() & geometry.last_address();
    start &= ~uint64_t{0xfff};
    c.requests.push_back({.start = start});
    if (OneIn(2)) AddMapping(geometry, start, c);
    if (OneIn(4)) return c;
    // From the leaf up: a table must exist before its parent is damaged.
    for (const Level level : kAllLevels) {
      if (!geometry.real(level)) break;
      c.setup.push_back({.kind = TableOp::Kind::kPoke,
                         .level = level,
                         .address = start & ~(geometry.span(level) - 1),
                         .word = Word(level)});
    }
    if (OneIn(2)) {
      const Level top = geometry.root();
      const uint64_t control =
          TableAddress(top) | (random_() & 0x100) | (Ordinal(top) - 1) << 2 | 3;
      c.setup.push_back(
          {.kind = TableOp::Kind::kPokeControl, .word = Spoilt(control)});
    }
    Canonicalize(c);
    return c;
  }

 private:
  uint64_t Pick(uint64_t bound) { return random_() % bound; }
  bool OneIn(uint64_t n) { return Pick(n) == 0; }

  // The first table of `level` in the arena, or a later one.
  uint64_t TableAddress(Level level) {
    const uint64_t size = level == Level::kPte ? 0x800 : 0x4000;
    return 0x1000'0000 + (uint64_t{0x20'0000} * Ordinal(level)) +
           (OneIn(16) ? size : 0);
  }
  // Some of the low bits flipped.
  uint64_t Spoilt(uint64_t word) {
    if (OneIn(16)) return random_();
    if (OneIn(2)) word ^= random_() & random_() & random_() & 0xfff;
    return word;
  }
  uint64_t Word(Level level) {
    if (level == Level::kPte) return Spoilt(random_() & ~uint64_t{0xc00});
    const uint64_t table = TableAddress(Below(level));
    if (level <= Level::kPud && OneIn(3)) {
      return Spoilt((random_() & ~uint64_t{0xfff}) | 0x400 |
                    (Ordinal(level) - 1) << 2);
    }
    return Spoilt(table | (Ordinal(level) - 1) << 2 | 3);
  }

  void AddMapping(const Geometry& geometry, uint64_t start, Case& c) {
    TableOp record{.kind = TableOp::Kind::kMap,
                   .level = static_cast<Level>(Pick(3)),
                   .count = static_cast<uint16_t>(1 + Pick(4)),
                   .frame = (random_() & 0xffff'ffff) << 12,
                   .state = {.young = !OneIn(8), .dirty = !OneIn(4)}};
    if (!geometry.real(record.level)) record.level = Level::kPmd;
    record.address = start & ~(geometry.span(record.level) - 1);
    record.frame &= ~(geometry.span(record.level) - 1);
    c.setup.push_back(record);
  }

  std::mt19937_64 random_;
};

// -----------------------------------------------------------------------------
// Planted bugs (tests/mutants/s390_manual.h).

using mutants::PlantedS390;
using mutants::S390ManualBug;

// How many random cases pass until a manual breaks a rule, and which rule.
struct Killed {
  int cases = 0;
  std::string rule;
};

std::optional<Killed> Kill(const S390ManualBug& bug, int limit) {
  PlantedS390::Manual::Plant(bug);
  Arena first = MakeArena<PlantedS390>();
  Arena second = MakeArena<PlantedS390>();
  RawCases cases(1);
  for (int i = 1; i <= limit; ++i) {
    const std::optional<RuleViolation> violation =
        rules::RuleChecker<PlantedS390>(first, second).Check(cases.Draw());
    if (violation.has_value()) return Killed{i, std::string(violation->rule)};
  }
  return std::nullopt;
}

class TranslateRulesFindTest : public testing::TestWithParam<size_t> {};

// The limit is in cases: most are found in the first ones.
TEST_P(TranslateRulesFindTest, ThePlantedBug) {
  const S390ManualBug& bug = mutants::kS390ManualBugs[GetParam()];
  const std::optional<Killed> killed = Kill(bug, 2000);
  ASSERT_TRUE(killed.has_value()) << "no rule notices: " << bug.info.says;
  RecordProperty("cases", killed->cases);
  RecordProperty("rule", killed->rule);
}

INSTANTIATE_TEST_SUITE_P(Bugs, TranslateRulesFindTest,
                         testing::Range(size_t{0},
                                        mutants::kS390ManualBugs.size()),
                         [](const auto& of) {
                           return mutants::TestName(
                               mutants::kS390ManualBugs[of.param].info);
                         });

// -----------------------------------------------------------------------------

TEST(TranslateRulesTest, TheTrueManualBreaksNone) {
  TranslateRules rules;
  RawCases cases(2);
  for (int i = 0; i < Budget(1'000'000); ++i) {
    const Case c = cases.Draw();
    const std::optional<RuleViolation> violation = rules.Check(c);
    ASSERT_FALSE(violation.has_value())
        << Describe(*violation, c.mode) << ToText(c);
  }
}

TEST(TranslateRulesTest, APlantWithoutABugBreaksNone) {
  EXPECT_FALSE(Kill(mutants::kS390NoBug, 20'000).has_value());
}

TEST(TranslateRulesTest, TheEmptyCaseBreaksNone) {
  EXPECT_FALSE(TranslateRules().Check(Case{}).has_value());
}

// Raw cases must be of all kinds; otherwise the absence of findings proves
// little.
TEST(TranslateRulesTest, RawCasesEndInEveryWay) {
  Arena arena = MakeArena<S390>();
  RawCases cases(3);
  std::map<int, int> ends;
  for (int i = 0; i < 20'000; ++i) {
    const Case c = cases.Draw();
    AddressSpace<S390> mm(arena, c.mode.levels);
    Populate(c, mm);
    const rules::ChangedMemory memory(arena);
    ++ends[Translate(S390::Manual(mm.geometry(), mm.control()), memory,
                     c.requests[0].start)
               .code];
  }
  for (const int code :
       {0x00, 0x05, 0x10, 0x11, 0x12, 0x38, 0x39, 0x3a, 0x3b}) {
    EXPECT_GE(ends[code], 100) << code;
  }
}

TEST(TranslateRulesTest, AViolationDescribesHowToReproduceIt) {
  Arena first = MakeArena<S390>();
  Arena second = MakeArena<S390>();
  Case c;
  c.mode = {ArchId::kS390, 3};
  c.requests.push_back({.start = 0x1007ffff000});
  c.setup.push_back({.kind = TableOp::Kind::kMap,
                     .level = Level::kPte,
                     .address = 0x1007ffff000,
                     .frame = 0xabc000});
  constexpr S390ManualBug kBug =
      mutants::S390BugOf<mutants::PageZeroIgnored>({});
  PlantedS390::Manual::Plant(kBug);
  const std::optional<RuleViolation> violation =
      rules::RuleChecker<PlantedS390>(first, second).Check(c);
  ASSERT_TRUE(violation.has_value());
  EXPECT_EQ(violation->rule, "s390.page-zero");
  EXPECT_EQ(violation->address & ~uint64_t{0xfff}, 0x1007ffff000u);
  // The control element, and the place of the page entry: 0xff of the first
  // page table.
  EXPECT_EQ(violation->control, 0x10400107u);
  EXPECT_EQ(violation->written, 0x100007f8u);
  EXPECT_EQ(violation->word & 0xc00, 0x800u);
  EXPECT_EQ(violation->changed_result.code, 0);
  const std::string text = Describe(*violation, c.mode);
  EXPECT_THAT(text, testing::HasSubstr("rule:    s390.page-zero\n"));
  EXPECT_THAT(text, testing::HasSubstr("translation-specification"));
  EXPECT_THAT(text, testing::HasSubstr(" at 0x100007f8\n"));
}

// -----------------------------------------------------------------------------

using rules::ChangedMemory;

class ChangedMemoryTest : public testing::Test {
 protected:
  ChangedMemoryTest() : arena_(MakeArena<S390>()), mm_(arena_, 2) {
    mm_.Poke(Level::kPmd, 0, 0x123);
  }
  Loaded Load(uint64_t address) const {
    return memory_.Load(Level::kPmd, EntryRef::InTable(address));
  }

  Arena arena_;
  AddressSpace<S390> mm_;
  ChangedMemory memory_{arena_};
};

TEST_F(ChangedMemoryTest, ShowsTheArena) {
  EXPECT_EQ(Load(0x10200000).value, 0x123u);
  EXPECT_EQ(Load(0x10200008).value, 0x20u);
  EXPECT_EQ(Load(0x10204000).source, Source::kNowhere);
}

TEST_F(ChangedMemoryTest, TheLastWordCountsUntilItIsRemoved) {
  memory_.Write(0x10200000, 1);
  {
    const ChangedMemory::Undo undo(memory_);
    memory_.Write(0x10200000, 2);
    EXPECT_EQ(Load(0x10200000).value, 2u);
  }
  EXPECT_EQ(Load(0x10200000).value, 1u);
}

TEST_F(ChangedMemoryTest, ASeriesCounts) {
  memory_.Add({.kind = ChangedMemory::Range::Kind::kSeries,
               .address = 0x8000'0000,
               .bytes = 0x10,
               .first = 5,
               .step = 0x100});
  EXPECT_EQ(Load(0x8000'0000).value, 5u);
  EXPECT_EQ(Load(0x8000'0008).value, 0x105u);
  EXPECT_EQ(Load(0x8000'0010).source, Source::kNowhere);
  EXPECT_EQ(Load(0x7fff'fff8).source, Source::kNowhere);
}

TEST_F(ChangedMemoryTest, AnAliasShowsChangesOfItsTarget) {
  memory_.Write(0x10200008, 7);
  memory_.Add({.kind = ChangedMemory::Range::Kind::kAlias,
               .address = 0x8000'0000,
               .bytes = 0x4000,
               .first = 0x10200000});
  EXPECT_EQ(Load(0x8000'0000).value, 0x123u);
  EXPECT_EQ(Load(0x8000'0008).value, 7u);
}

TEST_F(ChangedMemoryTest, NoiseIsTheSameAtEachRead) {
  memory_.Add({.kind = ChangedMemory::Range::Kind::kNoise,
               .address = 0x8000'0000,
               .bytes = 0x4000,
               .first = 1});
  EXPECT_EQ(Load(0x8000'0000).value, Load(0x8000'0000).value);
  EXPECT_NE(Load(0x8000'0000).value, Load(0x8000'0008).value);
}

}  // namespace
}  // namespace pxdfuzz
