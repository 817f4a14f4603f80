// SPDX-License-Identifier: MIT

// x86-64: words, answers and addresses as literal numbers, and the rules for
// its manual.

#include "pxdfuzz/arch/x86.h"

#include <cstdint>
#include <optional>
#include <string>

#include "fuzz/generator/generator.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pxdfuzz/base/rng.h"
#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/reference/translate.h"
#include "pxdfuzz/reference/translate_rules.h"
#include "pxdfuzz/reference/x86_rules.h"
#include "tests/mutants/x86_answers.h"
#include "tests/mutants/x86_manual.h"
#include "tests/sanitized.h"

namespace pxdfuzz {
namespace {

using Entries = X86::Entries;
using Contract = X86::Contract;

// -----------------------------------------------------------------------------
// What Linux writes.

TEST(X86EntriesTest, Leaves) {
  const auto word = [](Level level, const LeafState& state) {
    return Entries::Leaf(level, 0x40000000, state);
  };
  EXPECT_EQ(word(Level::kPte, {}), 0x40000067u);
  EXPECT_EQ(word(Level::kPte, {.young = false}), 0x40000047u);
  EXPECT_EQ(word(Level::kPte, {.dirty = false}), 0x40000027u);
  EXPECT_EQ(word(Level::kPte, {.permission = Permission::kRead}), 0x40000065u);
  EXPECT_EQ(word(Level::kPte, {.special = true}), 0x40000267u);
  EXPECT_EQ(word(Level::kPte, {.kernel = true}), 0x40000063u);
  EXPECT_EQ(word(Level::kPmd, {}), 0x400000e7u);
  EXPECT_EQ(word(Level::kPmd, {.special = true}), 0x400002e7u);
  EXPECT_EQ(word(Level::kPud, {.kernel = true}), 0x400000e3u);
  EXPECT_EQ(word(Level::kPud, {}), 0x400000e7u);
  EXPECT_EQ(word(Level::kPte, {.noexec = true}), 0x8000000040000067u);
  EXPECT_EQ(word(Level::kPte, {.pwt = true}), 0x4000006fu);
  EXPECT_EQ(word(Level::kPte, {.pcd = true}), 0x40000077u);
  EXPECT_EQ(word(Level::kPte, {.pat = true}), 0x400000e7u);
  EXPECT_EQ(word(Level::kPmd, {.pat = true}), 0x400010e7u);
  EXPECT_EQ(word(Level::kPud, {.pat = true, .key = 10}), 0x50000000400010e7u);
  // PROT_NONE: global, not present, and the frame inverted.
  EXPECT_EQ(word(Level::kPte, {.permission = Permission::kNone}),
            0x000fffffbffff160u);
  EXPECT_EQ(word(Level::kPmd, {.permission = Permission::kNone}),
            0x000fffffbfe001e0u);
}

TEST(X86EntriesTest, TablesSwapAndEmpty) {
  EXPECT_EQ(Entries::Table(Level::kPmd, 0x10000000), 0x10000067u);
  EXPECT_EQ(Entries::Empty(Level::kPte), 0u);
  EXPECT_EQ(Entries::Control(4, 0x10800000), 0x10800000u);
  // Offset 5 inverted, from bit 9 up; type 0 above it.
  EXPECT_EQ(Entries::Swap(0x5000), 0x07fffffffffff400u);
  // Types 24, 23 and 28, and the frame's number 0x40000 inverted.
  EXPECT_EQ(
      Entries::SwapEntry(EntryKind::Tag::kMigration, Level::kPmd, 0x40000000),
      0xc7fffffff7fffe00u);
  EXPECT_EQ(
      Entries::SwapEntry(EntryKind::Tag::kHwPoison, Level::kPud, 0x40000000),
      0xbffffffff7fffe00u);
  EXPECT_EQ(Entries::SwapEntry(EntryKind::Tag::kDevicePrivate, Level::kPte,
                               0x40000000),
            0xe7fffffff7fffe00u);
}

// pmd_mkinvalid(): neither present nor global, and the frame inverted.
TEST(X86EntriesTest, InvalidLeaves) {
  const LeafState invalid = {.invalid = true};
  EXPECT_EQ(Entries::Leaf(Level::kPmd, 0x40000000, invalid),
            0x000fffffbfe000e6u);
  EXPECT_EQ(Entries::Classify(Level::kPmd, 0x000fffffbfe000e6),
            EntryKind::Leaf(0x40000000, invalid));
  const LeafState none = {.permission = Permission::kNone, .invalid = true};
  EXPECT_EQ(Entries::Classify(Level::kPmd,
                              Entries::Leaf(Level::kPmd, 0x40000000, none)),
            EntryKind::Leaf(0x40000000, none));
  EXPECT_EQ(Entries::Classify(Level::kPud, 0x000fffff800000e6),
            EntryKind::Malformed());
  EXPECT_FALSE(X86::Contract::Allows(Level::kPmd, 0x000fffffbfe000e6, false));
}

TEST(X86EntriesTest, ClassifyIsTheInverse) {
  for (const Level level : {Level::kPte, Level::kPmd, Level::kPud}) {
    for (const Permission permission :
         {Permission::kNone, Permission::kRead, Permission::kReadWrite}) {
      for (int bits = 0; bits < 256; ++bits) {
        const LeafState state = {
            .permission = permission,
            .young = (bits & 1) != 0,
            .dirty = (bits & 2) != 0,
            .special = (bits & 4) != 0,
            .kernel = (bits & 8) != 0 && permission != Permission::kNone,
            .noexec = (bits & 16) != 0 && permission != Permission::kNone,
            .pwt = (bits & 32) != 0,
            .pcd = (bits & 64) != 0,
            .pat = (bits & 128) != 0,
            .key = static_cast<uint8_t>(bits / 16)};
        const uint64_t word = Entries::Leaf(level, 0xfc0000000, state);
        EXPECT_EQ(Entries::Classify(level, word),
                  EntryKind::Leaf(0xfc0000000, state))
            << Name(level) << ' ' << std::hex << word;
      }
    }
  }
  EXPECT_EQ(Entries::Classify(Level::kPte, Entries::Swap(0x123456000)),
            EntryKind::Swap(0x123456000));
  for (const Level level : {Level::kPte, Level::kPmd, Level::kPud}) {
    EXPECT_EQ(Entries::Classify(level, 0xc7fffffff7fffe00),
              EntryKind::Migration(0x40000000));
    EXPECT_EQ(Entries::Classify(level, 0xbffffffff7fffe00),
              EntryKind::HwPoison(0x40000000));
  }
  EXPECT_EQ(Entries::Classify(Level::kP4d, 0xc7fffffff7fffe00),
            EntryKind::Malformed());
  // A page that only a device can use is small.
  EXPECT_EQ(Entries::Classify(Level::kPte, 0xe7fffffff7fffe00),
            EntryKind::DevicePrivate(0x40000000));
  EXPECT_EQ(Entries::Classify(Level::kPmd, 0xe7fffffff7fffe00),
            EntryKind::Malformed());
  // A swapped page is never large, and no configuration has type 1 there.
  EXPECT_EQ(Entries::Classify(Level::kPmd, Entries::Swap(0x5000)),
            EntryKind::Malformed());
  EXPECT_EQ(Entries::Classify(Level::kPte, 0x0ffffffff7fffe00),
            EntryKind::Malformed());
  EXPECT_EQ(Entries::Classify(Level::kPgd, 0x10000067),
            EntryKind::Table(0x10000000));
  EXPECT_EQ(Entries::Classify(Level::kPgd, 0x400000e7), EntryKind::Malformed());
  EXPECT_EQ(Entries::Classify(Level::kPmd, 0x10000063), EntryKind::Malformed());
  EXPECT_EQ(Entries::Classify(Level::kPmd, 0x400020e7), EntryKind::Malformed());
}

// -----------------------------------------------------------------------------
// What gup_fast returns.

TEST(X86ContractTest, Leaves) {
  struct Answer {
    Level level;
    uint64_t word;
    bool read;
    bool write;
  };
  for (const Answer& answer : {
           Answer{Level::kPte, 0x40000067, true, true},
           Answer{Level::kPte, 0x40000047, true, true},    // old
           Answer{Level::kPte, 0x40000027, true, true},    // clean
           Answer{Level::kPte, 0x40000065, true, false},   // read-only
           Answer{Level::kPte, 0x40000063, false, false},  // supervisor
           Answer{Level::kPte, 0x40000267, false, false},  // special
           Answer{Level::kPte, 0xfffffbffff160, false, false},
           Answer{Level::kPte, 0x07fffffffffff400, false, false},  // swap
           Answer{Level::kPte, 0, false, false},
           Answer{Level::kPmd, 0x400000e7, true, true},
           Answer{Level::kPmd, 0x400000e5, true, false},
           Answer{Level::kPmd, 0x400000e3, false, false},  // supervisor
           Answer{Level::kPmd, 0x400002e7, false, false},  // special
           Answer{Level::kPmd, 0x80000000400010ff, true, true},
           Answer{Level::kPmd, 0x40000067, false, false},  // a table
           Answer{Level::kPmd, 0xfffffbfe001e0, false, false},
           Answer{Level::kPud, 0x400000e7, true, true},
           Answer{Level::kPud, 0x400000e5, true, false},
           Answer{Level::kPud, 0x400000e3, false, false},  // supervisor
           Answer{Level::kPud, 0x400002e7, false, false},  // special
           Answer{Level::kP4d, 0x400000e7, false, false},
       }) {
    EXPECT_EQ(Contract::Allows(answer.level, answer.word, false), answer.read)
        << Name(answer.level) << std::hex << ' ' << answer.word;
    EXPECT_EQ(Contract::Allows(answer.level, answer.word, true), answer.write)
        << Name(answer.level) << std::hex << ' ' << answer.word;
  }
}

// Unlike on s390, the limit itself cannot be the end of a range.
TEST(X86ContractTest, Limit) {
  const auto permitted = [](int levels, uint64_t start, uint64_t pages) {
    return Permitted<X86>(levels, start, pages);
  };
  EXPECT_EQ(permitted(4, 0x7fffffffe000, 1), Inconclusive::kNo);
  EXPECT_EQ(permitted(4, 0x7fffffffe000, 2), Inconclusive::kBeyondLimit);
  EXPECT_EQ(permitted(4, 0x800000000000, 1), Inconclusive::kBeyondLimit);
  EXPECT_EQ(permitted(5, 0x7fffffffe000, 2), Inconclusive::kNo);
  EXPECT_EQ(permitted(5, 0xffffffffffe000, 1), Inconclusive::kNo);
  EXPECT_EQ(permitted(5, 0xffffffffffe000, 2), Inconclusive::kBeyondLimit);
  EXPECT_EQ(permitted(5, 0xfffffffffffff000, 1), Inconclusive::kOverflow);
}

// -----------------------------------------------------------------------------
// Translation.

// tests/mutants/x86_answers.h has the questions and answers.
TEST(X86TranslateTest, KnownAnswers) {
  EXPECT_GE(mutants::X86Answers().size(), 20u);
  mutants::AskAll<X86::Manual>(
      mutants::X86Answers(),
      [](const mutants::X86Answer& answer, const Translation& t) {
        ADD_FAILURE() << answer.Describe(t);
      });
}

// -----------------------------------------------------------------------------
// The kernel's view.

TEST(X86KernelTest, P4dIsFoldedWithFourLevels) {
  const X86::Kernel four(4);
  const X86::Kernel five(5);
  EXPECT_FALSE(four.Descends(Level::kPgd, 0x2067));
  EXPECT_TRUE(five.Descends(Level::kPgd, 0x2067));
  EXPECT_TRUE(four.Descends(Level::kP4d, 0x2067));
  EXPECT_EQ(four.StaticShift(Level::kPgd), 39);
  EXPECT_EQ(four.StaticShift(Level::kP4d), 39);
  EXPECT_EQ(five.StaticShift(Level::kPgd), 48);
  EXPECT_EQ(five.StaticShift(Level::kP4d), 39);
  EXPECT_EQ(four.RootIndex(0, 0x123456789abc), 36u);
  EXPECT_EQ(five.RootIndex(0, 0xfe123456789abc), 254u);
  EXPECT_EQ(four.Classify(Level::kPgd, 0), WalkStep::kDescend);
  EXPECT_EQ(four.Classify(Level::kP4d, 0), WalkStep::kStop);
  EXPECT_EQ(five.Classify(Level::kPgd, 0), WalkStep::kStop);
}

TEST(X86WalksTest, AllHold) {
  for (const uint8_t levels : {uint8_t{4}, uint8_t{5}}) {
    Rng rng(levels);
    Generator generator(rng, InfoOf({ArchId::kX86, levels}));
    Oracle oracle;
    int crossed = 0;
    int returned = 0;
    constexpr int kCases = Budget(100'000);
    for (int i = 0; i < kCases; ++i) {
      const Case c = generator.DrawCase();
      const Verdict& verdict = oracle.Judge(c, WalkSet::All(), Waivers::kNone);
      ASSERT_FALSE(verdict.finding.has_value())
          << Name(*verdict.finding) << '\n'
          << ToText(c);
      for (const RequestVerdict& request : verdict.requests) {
        crossed += request.crosses_folded;
        returned += request.pages > 0;
      }
    }
    EXPECT_GT(returned, kCases / 2);
    EXPECT_EQ(crossed > kCases / 5, levels == 4);
  }
}

// -----------------------------------------------------------------------------
// The rules for the manual: planted bugs (tests/mutants/x86_manual.h).

using mutants::x86::PlantedX86;

// How many raw cases it takes until `A`'s manual breaks a rule.
template <class A>
std::optional<RuleViolation> Try(int cases) {
  Arena first = MakeArena<A>();
  Arena second = MakeArena<A>();
  Rng rng(1);
  for (int i = 0; i < cases; ++i) {
    const PagingModeInfo& info =
        InfoOf({ArchId::kX86, static_cast<uint8_t>(4 + i % 2)});
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

TEST(X86RulesTest, TheManualBreaksNone) {
  const auto violation = Try<X86>(Budget(300'000));
  EXPECT_FALSE(violation.has_value())
      << Describe(*violation, {ArchId::kX86, 4});
}

class X86PlantTest : public testing::TestWithParam<size_t> {};

TEST_P(X86PlantTest, IsFound) {
  PlantedX86::Manual::Plant(mutants::x86::kX86ManualBugs[GetParam()]);
  EXPECT_TRUE(Try<PlantedX86>(5'000).has_value());
}

INSTANTIATE_TEST_SUITE_P(Bugs, X86PlantTest,
                         testing::Range(size_t{0},
                                        mutants::x86::kX86ManualBugs.size()),
                         [](const auto& of) {
                           return mutants::TestName(
                               mutants::x86::kX86ManualBugs[of.param].info);
                         });

}  // namespace
}  // namespace pxdfuzz
