// SPDX-License-Identifier: MIT

// arm64 with pages of 16 KiB: words, answers and addresses as literal numbers,
// the walk that its folded offset breaks, and the rules for its manual.

#include "pxdfuzz/arch/arm64.h"

#include <cstdint>
#include <optional>
#include <string>

#include "fuzz/generator/generator.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pxdfuzz/base/rng.h"
#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/reference/arm64_rules.h"
#include "pxdfuzz/reference/translate.h"
#include "pxdfuzz/reference/translate_rules.h"
#include "pxdfuzz/report/report.h"
#include "tests/mutants/arm64_answers.h"
#include "tests/mutants/arm64_manual.h"
#include "tests/sanitized.h"

namespace pxdfuzz {
namespace {

using Entries = Arm64Page16K::Entries;
using Contract = Arm64Page16K::Contract;
using Kernel = Arm64Page16K::Kernel;

// -----------------------------------------------------------------------------
// What Linux writes.

TEST(Arm64EntriesTest, Leaves) {
  const auto word = [](Level level, const LeafState& state) {
    return Entries::Leaf(level, 0x40000000, state);
  };
  EXPECT_EQ(word(Level::kPte, {}), 0xe8000040000c43u);
  EXPECT_EQ(word(Level::kPte, {.young = false}), 0xe8000040000843u);
  EXPECT_EQ(word(Level::kPte, {.dirty = false}), 0x68000040000cc3u);
  EXPECT_EQ(word(Level::kPte, {.permission = Permission::kRead}),
            0xe0000040000cc3u);
  EXPECT_EQ(
      word(Level::kPte, {.permission = Permission::kRead, .dirty = false}),
      0x60000040000cc3u);
  EXPECT_EQ(word(Level::kPte, {.special = true}), 0x1e8000040000c43u);
  EXPECT_EQ(word(Level::kPte, {.permission = Permission::kNone}),
            0xe0000040000c82u);
  EXPECT_EQ(word(Level::kPte, {.kernel = true}), 0xe8000040000c03u);
  EXPECT_EQ(word(Level::kPte, {.exec = true}), 0xa8000040000c43u);
  // PAGE_EXECONLY.
  EXPECT_EQ(word(Level::kPte, {.permission = Permission::kNone, .exec = true}),
            0xa0000040000c83u);
  EXPECT_EQ(word(Level::kPmd, {.permission = Permission::kNone, .exec = true}),
            0xa0000040000c81u);
  EXPECT_EQ(word(Level::kPmd, {}), 0xe8000040000c41u);
  EXPECT_EQ(word(Level::kPmd, {.special = true}), 0x1e8000040000c41u);
  EXPECT_EQ(word(Level::kPmd, {.permission = Permission::kNone}),
            0xe0000040000c80u);
}

TEST(Arm64EntriesTest, TablesSwapAndEmpty) {
  EXPECT_EQ(Entries::Table(Level::kPmd, 0x10000000), 0x0800000010000003u);
  EXPECT_EQ(Entries::Table(Level::kPgd, 0x10600000), 0x0800000010600003u);
  EXPECT_EQ(Entries::Empty(Level::kPte), 0u);
  EXPECT_EQ(Entries::Control(3, 0x10400000), 0x10400000u);
  // Type 1 in bits 6 to 10, offset 5 from bit 12 up.
  EXPECT_EQ(Entries::Swap(0x14000), 0x5040u);
  // Types 24, 23 and 28, and the frame's number 0x800 from bit 12 up.
  EXPECT_EQ(
      Entries::SwapEntry(EntryKind::Tag::kMigration, Level::kPmd, 0x2000000),
      0x800600u);
  EXPECT_EQ(
      Entries::SwapEntry(EntryKind::Tag::kHwPoison, Level::kPmd, 0x2000000),
      0x8005c0u);
  EXPECT_EQ(Entries::SwapEntry(EntryKind::Tag::kDevicePrivate, Level::kPte,
                               0x2000000),
            0x800700u);
}

// PTE_CONT is bit 52.
TEST(Arm64EntriesTest, ContiguousPages) {
  const LeafState contiguous = {.contiguous = true};
  const uint64_t word = Entries::Leaf(Level::kPte, 0x200000, contiguous);
  EXPECT_EQ(word, Entries::Leaf(Level::kPte, 0x200000, {}) | uint64_t{1} << 52);
  EXPECT_EQ(Entries::Classify(Level::kPte, word),
            EntryKind::Leaf(0x200000, contiguous));
  EXPECT_TRUE(Entries::IsContiguous(word));
  EXPECT_FALSE(Entries::IsContiguous(word - 1));
  EXPECT_EQ(Entries::Unfolded(word), Entries::Leaf(Level::kPte, 0x200000, {}));
  EXPECT_TRUE(Arm64Page16K::Contract::Allows(Level::kPte, word, true));
  // Only pages of user space that are present have it.
  for (const LeafState& other :
       {LeafState{.permission = Permission::kNone}, LeafState{.special = true},
        LeafState{.kernel = true}, LeafState{.devmap = true}}) {
    LeafState state = other;
    state.contiguous = true;
    EXPECT_EQ(Entries::Leaf(Level::kPte, 0x200000, state),
              Entries::Leaf(Level::kPte, 0x200000, other));
  }
  EXPECT_EQ(Entries::Leaf(Level::kPmd, 0x2000000, contiguous),
            Entries::Leaf(Level::kPmd, 0x2000000, {}));
}

// pmd_mkinvalid() clears the valid bit, which a PROT_NONE leaf lacks.
TEST(Arm64EntriesTest, InvalidLeaves) {
  const LeafState invalid = {.invalid = true};
  const uint64_t word = Entries::Leaf(Level::kPmd, 0x40000000, invalid);
  EXPECT_EQ(word, Entries::Leaf(Level::kPmd, 0x40000000, {}) - 1);
  EXPECT_EQ(Entries::Classify(Level::kPmd, word),
            EntryKind::Leaf(0x40000000, invalid));
  EXPECT_FALSE(Arm64Page16K::Contract::Allows(Level::kPmd, word, false));
  const uint64_t none =
      Entries::Leaf(Level::kPmd, 0x40000000,
                    {.permission = Permission::kNone, .invalid = true});
  EXPECT_EQ(none, Entries::Leaf(Level::kPmd, 0x40000000,
                                {.permission = Permission::kNone}));
}

TEST(Arm64EntriesTest, ClassifyIsTheInverse) {
  for (const Level level : {Level::kPte, Level::kPmd}) {
    for (const Permission permission :
         {Permission::kNone, Permission::kRead, Permission::kReadWrite}) {
      for (int bits = 0; bits < 16; ++bits) {
        const bool none = permission == Permission::kNone;
        const bool last = (bits & 8) != 0;
        const LeafState state = {.permission = permission,
                                 .young = (bits & 1) != 0,
                                 .dirty = (bits & 2) != 0,
                                 .special = (bits & 4) != 0,
                                 .kernel = last && !none,
                                 .exec = last && none};
        const uint64_t word = Entries::Leaf(level, 0x3ffffc000000, state);
        EXPECT_EQ(Entries::Classify(level, word),
                  EntryKind::Leaf(0x3ffffc000000, state))
            << Name(level) << ' ' << std::hex << word;
      }
    }
  }
  EXPECT_EQ(Entries::Classify(Level::kPte, Entries::Swap(0)),
            EntryKind::Swap(0));
  EXPECT_EQ(Entries::Classify(Level::kPte, Entries::Swap(0x3ffffffc0000)),
            EntryKind::Swap(0x3ffffffc0000));
  for (const Level level : {Level::kPte, Level::kPmd}) {
    EXPECT_EQ(Entries::Classify(level, 0x800600),
              EntryKind::Migration(0x2000000));
    EXPECT_EQ(Entries::Classify(level, 0x8005c0),
              EntryKind::HwPoison(0x2000000));
  }
  EXPECT_EQ(Entries::Classify(Level::kPud, 0x800600), EntryKind::Malformed());
  // A page that only a device can use is small.
  EXPECT_EQ(Entries::Classify(Level::kPte, 0x800700),
            EntryKind::DevicePrivate(0x2000000));
  EXPECT_EQ(Entries::Classify(Level::kPmd, 0x800700), EntryKind::Malformed());
  EXPECT_EQ(Entries::Classify(Level::kPmd, 0x5040), EntryKind::Malformed());
  // Beyond the frame.
  EXPECT_EQ(Entries::Classify(Level::kPte, 0x8000000000800700),
            EntryKind::Malformed());
  for (const Level level : {Level::kPmd, Level::kPud, Level::kPgd}) {
    EXPECT_EQ(Entries::Classify(level, 0x0800000010000003),
              EntryKind::Table(0x10000000));
    // A table of the kernel itself, and one that is not valid.
    EXPECT_EQ(Entries::Classify(level, 0x1000000010000003),
              EntryKind::Malformed());
    EXPECT_EQ(Entries::Classify(level, 0x0800000010000002),
              EntryKind::Malformed());
  }
  // 64 GiB; a block that is not aligned; a page at a frame of 50 bits, and one
  // whose frame would be that or shareability; a swap entry of type 0; a page
  // with bit 1 clear.
  EXPECT_EQ(Entries::Classify(Level::kPud, 0xe8001000000c41),
            EntryKind::Malformed());
  EXPECT_EQ(Entries::Classify(Level::kPmd, 0xe8000040004c41),
            EntryKind::Malformed());
  EXPECT_EQ(Entries::Classify(Level::kPte, 0xea000040000c43),
            EntryKind::Malformed());
  EXPECT_EQ(Entries::Classify(Level::kPte, 0xe8000040000f43),
            EntryKind::Malformed());
  EXPECT_EQ(Entries::Classify(Level::kPte, 0x5000), EntryKind::Malformed());
  EXPECT_EQ(Entries::Classify(Level::kPte, 0xe8000040000c41),
            EntryKind::Malformed());
}

// -----------------------------------------------------------------------------
// What gup_fast returns.

TEST(Arm64ContractTest, Leaves) {
  struct Answer {
    Level level;
    uint64_t word;
    bool read;
    bool write;
  };
  for (const Answer& answer : {
           Answer{Level::kPte, 0xe8000040000c43, true, true},
           Answer{Level::kPte, 0xe8000040000843, true, true},     // old
           Answer{Level::kPte, 0x68000040000cc3, true, true},     // clean
           Answer{Level::kPte, 0xe0000040000cc3, true, false},    // read-only
           Answer{Level::kPte, 0xe8000040000c03, false, false},   // not a user
                                                                  // page
           Answer{Level::kPte, 0x1e8000040000c43, false, false},  // special
           Answer{Level::kPte, 0xe0000040000c82, false, false},   // PROT_NONE
           Answer{Level::kPte, 0x5040, false, false},             // swap
           Answer{Level::kPte, 0, false, false},
           Answer{Level::kPmd, 0xe8000040000c41, true, true},
           Answer{Level::kPmd, 0x68000040000cc1, true, true},
           Answer{Level::kPmd, 0xe0000040000cc1, true, false},
           Answer{Level::kPmd, 0x1e8000040000c41, false, false},
           Answer{Level::kPmd, 0xe0000040000c80, false, false},
           Answer{Level::kPmd, 0xe8000040000c01, false, false},
           Answer{Level::kPmd, 0xa0000040000c81, false, false},  // to execute
           Answer{Level::kPmd, 0xa8000040000c41, true, true},
           Answer{Level::kPmd, 0x0800000010000003, false, false},  // a table
           Answer{Level::kPmd, 0xe8000040000c43, false, false},
           Answer{Level::kPud, 0xe8001000000c41, false, false},
       }) {
    EXPECT_EQ(Contract::Allows(answer.level, answer.word, false), answer.read)
        << Name(answer.level) << std::hex << ' ' << answer.word;
    EXPECT_EQ(Contract::Allows(answer.level, answer.word, true), answer.write)
        << Name(answer.level) << std::hex << ' ' << answer.word;
  }
}

TEST(Arm64ContractTest, Limit) {
  const auto permitted = [](int levels, uint64_t start, uint64_t pages) {
    return Permitted<Arm64Page16K>(levels, start, pages);
  };
  EXPECT_EQ(permitted(3, 0x7fffffffc000, 1), Inconclusive::kNo);
  EXPECT_EQ(permitted(3, 0x7fffffffc000, 2), Inconclusive::kBeyondLimit);
  EXPECT_EQ(permitted(3, 0x800000000000, 1), Inconclusive::kBeyondLimit);
  EXPECT_EQ(permitted(4, 0x7fffffffc000, 2), Inconclusive::kNo);
  EXPECT_EQ(permitted(4, 0xfffffffffc000, 1), Inconclusive::kNo);
  EXPECT_EQ(permitted(4, 0xfffffffffc000, 2), Inconclusive::kBeyondLimit);
  EXPECT_EQ(permitted(4, 0xffffffffffffc000, 1), Inconclusive::kOverflow);
}

// -----------------------------------------------------------------------------
// Translation.

// tests/mutants/arm64_answers.h has the questions and answers.
TEST(Arm64TranslateTest, KnownAnswers) {
  EXPECT_GE(mutants::Arm64Answers().size(), 50u);
  mutants::AskAll<Arm64Page16K::Manual>(
      mutants::Arm64Answers(),
      [](const mutants::Arm64Answer& answer, const Translation& t) {
        ADD_FAILURE() << answer.Describe(t);
      });
}

TEST(Arm64TranslateTest, FaultsHaveNames) {
  using Manual = Arm64Page16K::Manual;
  EXPECT_EQ(Manual::CodeName(0x80), "level 0 address size fault");
  EXPECT_EQ(Manual::CodeName(0x86), "level 2 translation fault");
  EXPECT_EQ(Manual::CodeName(0x8b), "level 3 access flag fault");
  EXPECT_EQ(Manual::CodeName(0x8d), "level 1 permission fault");
  EXPECT_EQ(Manual::CodeName(0x94), "external abort on a table walk");
  EXPECT_EQ(Manual::CodeName(0xcc), "permission fault on a store");
  EXPECT_EQ(Manual::CodeName(0), "no exception");
}

// -----------------------------------------------------------------------------
// The kernel's view.

TEST(Arm64KernelTest, P4dIsFoldedAndWithThreeLevelsPud) {
  const Kernel three(3);
  const Kernel four(4);
  for (const Kernel& kernel : {three, four}) {
    EXPECT_FALSE(kernel.Descends(Level::kPgd, 0x2003));
    EXPECT_TRUE(kernel.Descends(Level::kPud, 0x2003));
    EXPECT_EQ(kernel.StaticShift(Level::kPgd), 47);
    EXPECT_EQ(kernel.StaticShift(Level::kP4d), 47);
    EXPECT_EQ(kernel.StaticShift(Level::kPud), 36);
    EXPECT_EQ(kernel.StaticShift(Level::kPmd), 25);
    EXPECT_EQ(kernel.StaticShift(Level::kPte), 14);
    EXPECT_EQ(kernel.Classify(Level::kPgd, 0), WalkStep::kDescend);
    EXPECT_EQ(kernel.Classify(Level::kPud, 0), WalkStep::kStop);
  }
  EXPECT_FALSE(three.Descends(Level::kP4d, 0x2003));
  EXPECT_TRUE(four.Descends(Level::kP4d, 0x2003));
  EXPECT_EQ(three.Classify(Level::kP4d, 0), WalkStep::kDescend);
  EXPECT_EQ(four.Classify(Level::kP4d, 0), WalkStep::kStop);
  EXPECT_EQ(four.RootIndex(0, 0x8cd2613f45abc), 17u);
  EXPECT_EQ(three.RootIndex(0, 0x7fffffffffff), 0u);
}

TEST(Arm64KernelTest, FoldedOffsetAlignsToTheStartOfThePage) {
  const Kernel three(3);
  const EntryRef entry = EntryRef::InTable(0x10400010);
  EXPECT_EQ(three.FoldedOffset(Level::kP4d, entry, 0x4d2613f45abc), entry);
  EXPECT_EQ(three.FoldedOffset(Level::kPud, entry, 0x4d2613f45abc),
            EntryRef::InTable(0x10402690));
  // An aligned pointer to a copy leads away from it, or by luck back to its own
  // word.
  const EntryRef copy = EntryRef::OfCopy(Level::kP4d, 0x7f0000002690);
  const EntryRef there = three.FoldedOffset(Level::kPud, copy, 0x4d2613f45abc);
  EXPECT_EQ(there.address(), copy.address());
  EXPECT_TRUE(there.realigned());
  EXPECT_FALSE(copy.realigned());
}

TEST(Arm64KernelTest, HighAddressBits) {
  const uint64_t word = 0xe9000040000f43;
  EXPECT_EQ(Kernel(4).LeafPage(Level::kPte, word, 0x1abc), 0xd000040000000u);
  EXPECT_EQ(Kernel(3).LeafPage(Level::kPte, word, 0x1abc), 0x1000040000000u);
  EXPECT_EQ(Kernel(4).LeafPage(Level::kPmd, 0xe8000042000f41, 0x613f45abc),
            0xc000043f44000u);
  EXPECT_EQ(Kernel(3).LeafPage(Level::kPmd, 0xe8000042000f41, 0x613f45abc),
            0x43f44000u);
  EXPECT_EQ(Kernel(4).LeafPage(Level::kPud, 0xe8001000000c41, 0x613f45abc),
            0x1613f44000u);
}

TEST(Arm64KernelTest, ClassifiesEntries) {
  const Kernel kernel(4);
  EXPECT_EQ(kernel.Classify(Level::kPmd, 0x0800000010000003),
            WalkStep::kDescend);
  EXPECT_EQ(kernel.Classify(Level::kPmd, 0xe8000040000c41), WalkStep::kLeaf);
  EXPECT_EQ(kernel.Classify(Level::kPmd, 0xe0000040000c80), WalkStep::kLeaf);
  EXPECT_EQ(kernel.Classify(Level::kPud, 0xe8001000000c41), WalkStep::kLeaf);
  EXPECT_EQ(kernel.Classify(Level::kPte, 0x5040), WalkStep::kStop);
  EXPECT_EQ(kernel.Classify(Level::kPte, 0xe0000040000c82), WalkStep::kLeaf);
  EXPECT_FALSE(kernel.MayReturn(Level::kPte, 0xe0000040000c82, false));
  EXPECT_TRUE(kernel.MayReturn(Level::kPte, 0x68000040000cc3, true));
  EXPECT_FALSE(kernel.MayReturn(Level::kPmd, 0x1e8000040000c41, false));
  EXPECT_TRUE(kernel.MayReturn(Level::kPud, 0x1e8001000000c41, false));
}

// -----------------------------------------------------------------------------
// The walks.

bool HoldsIn(uint8_t levels, const Policy& policy) {
  return levels == 4 || policy.descent != Descent::kByValue;
}

TEST(Arm64WalksTest, OnlyByValueWithThreeLevelsIsWrong) {
  for (const uint8_t levels : {uint8_t{3}, uint8_t{4}}) {
    Rng rng(levels);
    Generator generator(rng, InfoOf({ArchId::kArm64Page16K, levels}));
    Oracle oracle;
    int requests = 0;
    int crossed = 0;
    int returned = 0;
    std::array<int, kWalkCount> wrong{};
    constexpr int kCases = Budget(50'000);
    for (int i = 0; i < kCases; ++i) {
      const Case c = generator.DrawCase();
      const Verdict& verdict =
          oracle.Judge(c, WalkSet::All(), Waivers::kExpectedFailures);
      ASSERT_FALSE(verdict.finding.has_value())
          << Name(*verdict.finding) << '\n'
          << ToText(c);
      for (const RequestVerdict& request : verdict.requests) {
        if (request.inconclusive != Inconclusive::kNo) continue;
        ++requests;
        crossed += request.crosses_folded;
        returned += request.pages > 0;
        for (size_t walk = 0; walk < kWalkCount; ++walk) {
          EXPECT_TRUE(request.walks[walk].violations.invariant);
          if (request.walks[walk].outcome == Outcome::kAgrees) continue;
          ++wrong[walk];
          EXPECT_EQ(request.walks[walk].waiver, Cause::kStackEscape);
        }
      }
    }
    EXPECT_GT(returned, kCases / 2);
    EXPECT_GT(crossed, kCases / 5);
    for (size_t walk = 0; walk < kWalkCount; ++walk) {
      if (HoldsIn(levels, kAllWalks[walk])) {
        EXPECT_EQ(wrong[walk], 0) << Name(kAllWalks[walk]);
      } else {
        EXPECT_GT(wrong[walk], requests * 9 / 10) << Name(kAllWalks[walk]);
      }
    }
  }
}

// One page, mapped at `address`; the copy is in word `position` of its page,
// surrounded by older copies of the same entry.
Case OnePage(uint64_t address, uint16_t position) {
  Case c;
  c.mode = {ArchId::kArm64Page16K, 3};
  c.stack = {.position = position, .around = StackContent::kCopy, .words = {}};
  c.requests.push_back({.start = address});
  c.setup.push_back({.address = address, .frame = 0x40000000});
  return c;
}

// Every older copy is of the first entry of the root table: by value a walk
// finds what is mapped below 64 GiB.
TEST(Arm64WalksTest, ByValueReturnsPagesMultiplesOf64GiBBelow) {
  Oracle oracle;
  Case c = OnePage(0x5000014000, 7);
  c.setup.push_back({.address = 0x14000, .frame = 0x80000000});
  const RequestVerdict& request =
      oracle.Judge(c, WalkSet::All(), Waivers::kNone).requests[0];
  for (size_t i = 0; i < kWalkCount; ++i) {
    EXPECT_EQ(request.walks[i].outcome,
              HoldsIn(3, kAllWalks[i]) ? Outcome::kAgrees : Outcome::kWrongPage)
        << Name(kAllWalks[i]);
    EXPECT_EQ(request.walks[i].pages, 1u);
  }
}

// If the copy is the first word of its page, the pointer stays on it for the
// first 64 GiB.
TEST(Arm64WalksTest, ByValueIsRightByLuckAtTheStartOfAPage) {
  Oracle oracle;
  const auto judge = [&](uint64_t address, uint16_t position) {
    return oracle
        .Judge(OnePage(address, position), WalkSet::Of(kStaticByValue),
               Waivers::kNone)
        .requests[0]
        .walks[IndexOf(kStaticByValue)];
  };
  EXPECT_EQ(judge(0x14000, 0).outcome, Outcome::kAgrees);
  EXPECT_EQ(judge(0x14000, 0).violations.stack_escape, FirstViolations::kNever);
  EXPECT_EQ(judge(0x14000, 1).outcome, Outcome::kStrayRead);
  EXPECT_EQ(judge(0x1000014000, 0).outcome, Outcome::kShort);
}

// The pointer returns to the copy, which is of another entry.
TEST(Arm64WalksTest, ByValueLeavesTheCopyEvenIfItReturns) {
  Oracle oracle;
  const Case c = OnePage(0x5000014000, 5);
  const Verdict& verdict =
      oracle.Judge(c, WalkSet::Of(kStaticByValue), Waivers::kExpectedFailures);
  EXPECT_EQ(verdict.kind, Verdict::Kind::kExpectedFailure);
  const WalkVerdict& walk = verdict.requests[0].walks[IndexOf(kStaticByValue)];
  EXPECT_EQ(walk.outcome, Outcome::kShort);
  EXPECT_EQ(walk.violations.stack_escape, 0u);
  const std::string report =
      WalkReport(c, verdict, 0, IndexOf(kStaticByValue), {.full = true});
  EXPECT_THAT(report,
              testing::HasSubstr("by luck, the local copy of p4d again"));
}

// pgd and p4d are read from the first entry of the root table for every
// address: that breaks no rule.
TEST(Arm64WalksTest, ReportsOnSoundWalksHaveNoBrokenRule) {
  Oracle oracle;
  const Case c = OnePage(0x5000014000, 7);
  const Verdict& verdict =
      oracle.Judge(c, WalkSet::All(), Waivers::kExpectedFailures);
  for (size_t i = 0; i < kWalkCount; ++i) {
    const std::string report = WalkReport(c, verdict, 0, i, {.full = true});
    if (HoldsIn(3, kAllWalks[i])) {
      EXPECT_EQ(report.find("RULE BROKEN"), report.npos) << report;
    } else {
      EXPECT_THAT(report, testing::HasSubstr("36639013b346"));
    }
  }
}

// -----------------------------------------------------------------------------
// The rules for the manual: planted bugs (tests/mutants/arm64_manual.h).

using mutants::arm64::kArm64ManualBugs;
using mutants::arm64::PlantedArm64;

// The first rule that `A`'s manual breaks in that many raw cases.
template <class A>
std::optional<RuleViolation> Try(int cases) {
  Arena first = MakeArena<A>();
  Arena second = MakeArena<A>();
  Rng rng(1);
  for (int i = 0; i < cases; ++i) {
    const PagingModeInfo& info =
        InfoOf({ArchId::kArm64Page16K, static_cast<uint8_t>(3 + i % 2)});
    Generator generator(rng, info);
    Case c = generator.DrawCase();
    for (int pokes = 0; pokes < 3; ++pokes) {
      generator.AddPoke(c.requests[0], c);
    }
    Canonicalize(c);
    const auto violation = rules::RuleChecker<A>(first, second).Check(c);
    if (violation.has_value()) return violation;
  }
  return std::nullopt;
}

TEST(Arm64RulesTest, TheManualBreaksNone) {
  const auto violation = Try<Arm64Page16K>(Budget(300'000));
  EXPECT_FALSE(violation.has_value())
      << Describe(*violation, {ArchId::kArm64Page16K, 4});
}

// Only the planted bug may break a rule.
TEST(Arm64RulesTest, APlantWithoutABugBreaksNone) {
  PlantedArm64::Manual::Plant(mutants::arm64::kArm64NoBug);
  EXPECT_FALSE(Try<PlantedArm64>(5'000).has_value());
}

class Arm64PlantTest : public testing::TestWithParam<size_t> {};

TEST_P(Arm64PlantTest, IsFound) {
  PlantedArm64::Manual::Plant(kArm64ManualBugs[GetParam()]);
  EXPECT_TRUE(Try<PlantedArm64>(5'000).has_value());
}

INSTANTIATE_TEST_SUITE_P(Bugs, Arm64PlantTest,
                         testing::Range(size_t{0}, kArm64ManualBugs.size()),
                         [](const auto& of) {
                           return mutants::TestName(
                               kArm64ManualBugs[of.param].info);
                         });

}  // namespace
}  // namespace pxdfuzz
