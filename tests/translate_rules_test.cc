// SPDX-License-Identifier: MIT

#include "pxdfuzz/translate_rules.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pxdfuzz/arch/s390.h"
#include "pxdfuzz/arch/s390_rules.h"
#include "pxdfuzz/case_text.h"

namespace pxdfuzz {
namespace {

// Draws cases of raw words: mostly a path of entries that lead on, in which
// some bits are wrong.
class RawCases {
 public:
  explicit RawCases(uint64_t seed) : random_(seed) {}

  Case Draw() {
    Case c;
    c.space = {ArchId::kS390, static_cast<uint8_t>(2 + Pick(4))};
    const Geometry geometry = S390::GeometryOf(c.space.levels);
    uint64_t start = random_() & geometry.last_address();
    if (OneIn(16)) start = random_();
    // Often the first or the last entries of tables.
    if (OneIn(4)) start &= random_() & random_();
    if (OneIn(4)) start |= random_() & geometry.last_address();
    start &= ~uint64_t{0xfff};
    c.requests.push_back({.start = start});
    if (OneIn(2)) AddMapping(geometry, start, c);
    if (OneIn(4)) return c;
    // From the leaf up: a table has to be there before its parent is spoilt.
    for (const Level level : kAllLevels) {
      if (!geometry.real(level)) break;
      c.records.push_back({.kind = Record::Kind::kPoke,
                           .level = level,
                           .address = start & ~(geometry.span(level) - 1),
                           .word = Word(level)});
    }
    if (OneIn(2)) {
      const Level top = geometry.root();
      const uint64_t control =
          TableAddress(top) | (random_() & 0x100) | (Ordinal(top) - 1) << 2 | 3;
      c.records.push_back(
          {.kind = Record::Kind::kPokeControl, .word = Spoilt(control)});
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
    Record record{.kind = Record::Kind::kMap,
                  .level = static_cast<Level>(Pick(3)),
                  .count = static_cast<uint16_t>(1 + Pick(4)),
                  .frame = (random_() & 0xffff'ffff) << 12,
                  .state = {.young = !OneIn(8), .dirty = !OneIn(4)}};
    if (!geometry.real(record.level)) record.level = Level::kPmd;
    record.address = start & ~(geometry.span(record.level) - 1);
    record.frame &= ~(geometry.span(record.level) - 1);
    c.records.push_back(record);
  }

  std::mt19937_64 random_;
};

// How many random cases pass before `A`'s manual is seen to break a rule, and
// which rule that is.
struct Killed {
  int cases = 0;
  std::string rule;
};

template <class A>
std::optional<Killed> Kill(int limit) {
  Arena first = MakeArena<A>();
  Arena second = MakeArena<A>();
  RawCases cases(1);
  for (int i = 1; i <= limit; ++i) {
    const std::optional<RuleViolation> violation =
        rules::RuleChecker<A>(first, second).Check(cases.Draw());
    if (violation.has_value()) return Killed{i, std::string(violation->rule)};
  }
  return std::nullopt;
}

// -----------------------------------------------------------------------------
// Planted bugs: manuals that leave out or break one rule of the true one, by
// reading entries, the control element or the address differently.

struct Plant {
  // What the manual takes for the control element, and for an entry.
  static constexpr uint64_t Control(uint64_t asce) { return asce; }
  static constexpr uint64_t Entry(Level, uint64_t entry, uint64_t /*asce*/) {
    return entry;
  }
  static constexpr uint64_t Address(uint64_t address) { return address; }
  static constexpr S390::Manual::Facilities Installed(
      S390::Manual::Facilities facilities) {
    return facilities;
  }
  static constexpr ManualStep First(ManualStep step, uint64_t /*asce*/,
                                    uint64_t /*address*/) {
    return step;
  }
  static constexpr ManualStep After(ManualStep step, Level, uint64_t /*entry*/,
                                    uint64_t /*address*/) {
    return step;
  }
};

template <class Bug>
struct Planted : S390 {
  class Manual : public S390::Manual {
   public:
    constexpr Manual(const Geometry& geometry, uint64_t asce)
        : S390::Manual(geometry, Bug::Control(asce)), asce_(asce) {}
    constexpr Manual(uint64_t asce, Facilities facilities)
        : S390::Manual(Bug::Control(asce), Bug::Installed(facilities)),
          asce_(asce) {}
    constexpr ManualStep Start(uint64_t address) const {
      return Bug::First(S390::Manual::Start(Bug::Address(address)), asce_,
                        address);
    }
    constexpr ManualStep Next(Level level, uint64_t entry, uint64_t address) {
      return Bug::After(
          S390::Manual::Next(level, Bug::Entry(level, entry, asce_),
                             Bug::Address(address)),
          level, entry, address);
    }

   private:
    uint64_t asce_;
  };
};

struct RealSpaceIgnored : Plant {
  static constexpr uint64_t Control(uint64_t asce) {
    return asce & ~uint64_t{0x20};
  }
};
struct AsceTypeUnchecked : Plant {
  static constexpr uint64_t Address(uint64_t address) {
    return address & 0xffff'ffff'ffff;
  }
};
// Length first, where a table is short.
struct LengthBeforeAsceType : Plant {
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
struct RootLengthIgnored : Plant {
  static constexpr uint64_t Control(uint64_t asce) { return asce | 3; }
};
struct RootLengthOffByOne : Plant {
  static constexpr uint64_t Control(uint64_t asce) {
    return (asce & 3) == 3 ? asce : asce + 1;
  }
};
struct InvalidIgnored : Plant {
  static constexpr uint64_t Entry(Level level, uint64_t entry, uint64_t) {
    return level == Level::kPgd ? entry & ~uint64_t{0x20} : entry;
  }
};
struct WrongCodeOfInvalid : Plant {
  static constexpr ManualStep After(ManualStep step, Level level, uint64_t,
                                    uint64_t) {
    if (level == Level::kPud && step.code == 0x3b) step.code = 0x3a;
    return step;
  }
};
struct TypeUnchecked : Plant {
  static constexpr uint64_t Entry(Level level, uint64_t entry, uint64_t) {
    if (level == Level::kPte) return entry;
    return (entry & ~uint64_t{0xc}) | (Ordinal(level) - 1) << 2;
  }
};
struct TypeBeforeInvalid : Plant {
  static constexpr ManualStep After(ManualStep step, Level level,
                                    uint64_t entry, uint64_t) {
    if (level != Level::kPte && (entry & 0x20) != 0 &&
        (entry >> 2 & 3) + 1 != static_cast<uint64_t>(Ordinal(level))) {
      step.code = 0x12;
    }
    return step;
  }
};
struct CommonIgnored : Plant {
  static constexpr uint64_t Entry(Level level, uint64_t entry, uint64_t) {
    return level == Level::kPte ? entry : entry & ~uint64_t{0x10};
  }
};
struct CommonIgnoredInRegionThird : Plant {
  static constexpr uint64_t Entry(Level level, uint64_t entry, uint64_t) {
    return level == Level::kPud ? entry & ~uint64_t{0x10} : entry;
  }
};
struct CommonAlwaysRefused : Plant {
  static constexpr uint64_t Control(uint64_t asce) { return asce | 0x100; }
};
struct CommonInRegionSecond : Plant {
  static constexpr ManualStep After(ManualStep step, Level level,
                                    uint64_t entry, uint64_t) {
    if (level == Level::kP4d && (entry & 0x10) != 0 &&
        step.kind == ManualStep::Kind::kFetch) {
      return ManualStep::Exception(0x12);
    }
    return step;
  }
};
struct RegionProtectIgnored : Plant {
  static constexpr uint64_t Entry(Level level, uint64_t entry, uint64_t) {
    return level >= Level::kPud ? entry & ~uint64_t{0x200} : entry;
  }
};
struct SegmentProtectIgnored : Plant {
  static constexpr uint64_t Entry(Level level, uint64_t entry, uint64_t) {
    return level == Level::kPmd ? entry & ~uint64_t{0x200} : entry;
  }
};
struct PageProtectIgnored : Plant {
  static constexpr uint64_t Entry(Level level, uint64_t entry, uint64_t) {
    return level == Level::kPte ? entry & ~uint64_t{0x200} : entry;
  }
};
struct AlwaysEdat1 : Plant {
  static constexpr S390::Manual::Facilities Installed(
      S390::Manual::Facilities f) {
    return {.edat1 = true, .edat2 = f.edat2};
  }
};
struct AlwaysEdat2 : Plant {
  static constexpr S390::Manual::Facilities Installed(
      S390::Manual::Facilities f) {
    return {.edat1 = f.edat1, .edat2 = true};
  }
};
struct NeverEdat2 : Plant {
  static constexpr S390::Manual::Facilities Installed(
      S390::Manual::Facilities f) {
    return {.edat1 = f.edat1, .edat2 = false};
  }
};
struct FormatInRegionSecond : Plant {
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
struct SegmentFrameOfWrongSize : Plant {
  static constexpr ManualStep After(ManualStep step, Level level,
                                    uint64_t entry, uint64_t address) {
    if (level == Level::kPmd && step.kind == ManualStep::Kind::kDone) {
      step.address = (entry & ~uint64_t{0xfff}) | (address & 0xf'ffff);
    }
    return step;
  }
};
struct RegionFrameOfWrongSize : Plant {
  static constexpr ManualStep After(ManualStep step, Level level,
                                    uint64_t entry, uint64_t address) {
    if (level == Level::kPud && step.kind == ManualStep::Kind::kDone) {
      step.address = (entry & ~uint64_t{0xf'ffff}) | (address & 0xf'ffff);
    }
    return step;
  }
};
struct PageFrameOfWrongSize : Plant {
  static constexpr ManualStep After(ManualStep step, Level level, uint64_t,
                                    uint64_t) {
    if (level == Level::kPte && step.kind == ManualStep::Kind::kDone) {
      step.address &= 0x7fff'ffff'ffff'ffff;
    }
    return step;
  }
};
struct OffsetIgnored : Plant {
  static constexpr uint64_t Entry(Level level, uint64_t entry, uint64_t) {
    return level >= Level::kPud ? entry & ~uint64_t{0xc0} : entry;
  }
};
struct LengthIgnored : Plant {
  static constexpr uint64_t Entry(Level level, uint64_t entry, uint64_t) {
    const bool table =
        level >= Level::kP4d || (level == Level::kPud && (entry & 0x400) == 0);
    return table ? entry | 3 : entry;
  }
};
struct IndexReducedByOffset : Plant {
  static constexpr ManualStep After(ManualStep step, Level level,
                                    uint64_t entry, uint64_t) {
    if (level >= Level::kPud && step.kind == ManualStep::Kind::kFetch) {
      step.address = WrappingSub(step.address, (entry >> 6 & 3) * 0x1000);
    }
    return step;
  }
};
struct PageTableWithLength : Plant {
  static constexpr ManualStep After(ManualStep step, Level level,
                                    uint64_t entry, uint64_t address) {
    if (level == Level::kPmd && step.kind == ManualStep::Kind::kFetch &&
        (address >> 18 & 3) > (entry & 3)) {
      return ManualStep::Exception(0x11);
    }
    return step;
  }
};
struct PageTableOf4K : Plant {
  static constexpr uint64_t Entry(Level level, uint64_t entry, uint64_t) {
    return level == Level::kPmd ? entry & ~uint64_t{0x800} : entry;
  }
};
struct RegionTableOf2K : Plant {
  static constexpr ManualStep After(ManualStep step, Level level,
                                    uint64_t entry, uint64_t) {
    if (level >= Level::kPud && step.kind == ManualStep::Kind::kFetch) {
      step.address = WrappingAdd(step.address, entry & 0x800);
    }
    return step;
  }
};
struct TablesOf16K : Plant {
  static constexpr uint64_t Control(uint64_t asce) {
    return asce & ~uint64_t{0x3000};
  }
};
struct PageInvalidIgnored : Plant {
  static constexpr uint64_t Entry(Level level, uint64_t entry, uint64_t) {
    return level == Level::kPte ? entry & ~uint64_t{0x400} : entry;
  }
};
struct PageZeroIgnored : Plant {
  static constexpr uint64_t Entry(Level level, uint64_t entry, uint64_t) {
    return level == Level::kPte ? entry & ~uint64_t{0x800} : entry;
  }
};
struct PageZeroBeforeInvalid : Plant {
  static constexpr ManualStep After(ManualStep step, Level level,
                                    uint64_t entry, uint64_t) {
    if (level == Level::kPte && (entry & 0xc00) == 0xc00) step.code = 0x12;
    return step;
  }
};
struct SoftwareBitsMatter : Plant {
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
struct WrongIndex : Plant {
  static constexpr ManualStep After(ManualStep step, Level, uint64_t,
                                    uint64_t) {
    if (step.kind == ManualStep::Kind::kFetch && step.level == kLevel) {
      step.address ^= kDistance;
    }
    return step;
  }
};
template <Level kLevel>
struct NarrowIndex : Plant {
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

template <class Bug>
class TranslateRulesFindTest : public testing::Test {};

using Bugs = testing::Types<
    RealSpaceIgnored, AsceTypeUnchecked, LengthBeforeAsceType,
    RootLengthIgnored, RootLengthOffByOne, InvalidIgnored, WrongCodeOfInvalid,
    TypeUnchecked, TypeBeforeInvalid, CommonIgnored, CommonIgnoredInRegionThird,
    CommonAlwaysRefused, CommonInRegionSecond, RegionProtectIgnored,
    SegmentProtectIgnored, PageProtectIgnored, AlwaysEdat1, AlwaysEdat2,
    NeverEdat2, FormatInRegionSecond, SegmentFrameOfWrongSize,
    RegionFrameOfWrongSize, PageFrameOfWrongSize, OffsetIgnored, LengthIgnored,
    IndexReducedByOffset, PageTableWithLength, PageTableOf4K, RegionTableOf2K,
    TablesOf16K, PageInvalidIgnored, PageZeroIgnored, PageZeroBeforeInvalid,
    SoftwareBitsMatter, WrongIndex<Level::kPte, 8>, WrongIndex<Level::kPmd, 8>,
    WrongIndex<Level::kPud, 0x2000>, WrongIndex<Level::kP4d, 0x10>,
    NarrowIndex<Level::kPte>, NarrowIndex<Level::kPgd>>;

TYPED_TEST_SUITE(TranslateRulesFindTest, Bugs);

// The floor is in cases: most are found in the first ones.
TYPED_TEST(TranslateRulesFindTest, ThePlantedBug) {
  const std::optional<Killed> killed = Kill<Planted<TypeParam>>(2000);
  ASSERT_TRUE(killed.has_value()) << "no rule notices";
  this->RecordProperty("cases", killed->cases);
  this->RecordProperty("rule", killed->rule);
}

// -----------------------------------------------------------------------------

TEST(TranslateRulesTest, TheTrueManualKeepsThem) {
  TranslateRules rules;
  RawCases cases(2);
  for (int i = 0; i < 1'000'000; ++i) {
    const Case c = cases.Draw();
    const std::optional<RuleViolation> violation = rules.Check(c);
    ASSERT_FALSE(violation.has_value())
        << Describe(*violation, c.space) << ToText(c);
  }
}

TEST(TranslateRulesTest, APlantThatChangesNothingIsNoBug) {
  EXPECT_FALSE(Kill<Planted<Plant>>(20'000).has_value());
}

TEST(TranslateRulesTest, TheEmptyCaseBreaksNone) {
  EXPECT_FALSE(TranslateRules().Check(Case{}).has_value());
}

// Raw cases are to be of all kinds, or silence says little.
TEST(TranslateRulesTest, RawCasesEndInEveryWay) {
  Arena arena = MakeArena<S390>();
  RawCases cases(3);
  std::map<int, int> ends;
  for (int i = 0; i < 20'000; ++i) {
    const Case c = cases.Draw();
    AddressSpace<S390> mm(arena, c.space.levels);
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

TEST(TranslateRulesTest, AViolationSaysWhatItTakesToSeeIt) {
  Arena first = MakeArena<S390>();
  Arena second = MakeArena<S390>();
  Case c;
  c.space = {ArchId::kS390, 3};
  c.requests.push_back({.start = 0x1007ffff000});
  c.records.push_back({.kind = Record::Kind::kMap,
                       .level = Level::kPte,
                       .address = 0x1007ffff000,
                       .frame = 0xabc000});
  const std::optional<RuleViolation> violation =
      rules::RuleChecker<Planted<PageZeroIgnored>>(first, second).Check(c);
  ASSERT_TRUE(violation.has_value());
  EXPECT_EQ(violation->rule, "s390.page-zero");
  EXPECT_EQ(violation->address & ~uint64_t{0xfff}, 0x1007ffff000u);
  // The control element, and the page entry's place: 0xff of the first page
  // table.
  EXPECT_EQ(violation->control, 0x10400107u);
  EXPECT_EQ(violation->written, 0x100007f8u);
  EXPECT_EQ(violation->word & 0xc00, 0x800u);
  EXPECT_EQ(violation->changed_result.code, 0);
  const std::string text = Describe(*violation, c.space);
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

TEST_F(ChangedMemoryTest, TheLastWordCountsUntilItIsTakenBack) {
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

TEST_F(ChangedMemoryTest, AnAliasShowsChangesOfWhatItStandsFor) {
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
