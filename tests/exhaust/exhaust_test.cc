// SPDX-License-Identifier: MIT

#include "pxdfuzz/exhaust/exhaust.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pxdfuzz/paging/policy.h"

namespace pxdfuzz {
namespace {

using testing::ElementsAre;

template <int kIndexBits>
using LowS390 = BasicS390<TinyGeometry(kIndexBits, 32)>;

constexpr bool Holds(Policy walk, int levels) {
  return S390::ExpectedFailures(walk, levels).InStillTables() == Cause::kNone;
}

// -----------------------------------------------------------------------------
// How many behaviours there are, as a formula. Pages are counted from 0, levels
// from pte at 0.

// How many reach the end of a range, and how many stop within it.
struct Behaviours {
  uint64_t complete = 1;
  uint64_t stopping = 0;

  uint64_t all() const { return complete + stopping; }
};

// For one table of `level` whose part of the range is pages `begin` to before
// `end`, counted from the table's first.
Behaviours Count(int level, uint64_t begin, uint64_t end, int index_bits,
                 bool write) {
  const uint64_t span = uint64_t{1} << level * index_bits;
  Behaviours table;
  for (uint64_t i = begin / span; i * span < end; ++i) {
    // A hole stops; so does a leaf without write permission.
    Behaviours entry{.complete = 0, .stopping = 1};
    if (level > 0) {
      const Behaviours below =
          Count(level - 1, std::max(begin, i * span) - i * span,
                std::min(end, (i + 1) * span) - i * span, index_bits, write);
      entry.complete += below.complete;
      entry.stopping += below.stopping;
    }
    const bool has_leaf = level <= 2;
    entry.complete += has_leaf;
    entry.stopping += has_leaf && write;
    table.stopping += table.complete * entry.stopping;
    table.complete *= entry.complete;
  }
  return table;
}

uint64_t CountAll(int levels, uint64_t begin, uint64_t end, int index_bits,
                  bool write) {
  return Count(levels - 1, begin, end, index_bits, write).all();
}

// A whole table of n entries, each with c behaviours that continue and s that
// stop, has c^n and s * (1 + c + ... + c^(n-1)).
TEST(FormulaTest, KnownNumbers) {
  EXPECT_EQ(CountAll(2, 0, 4, 1, false), 13u);
  EXPECT_EQ(CountAll(3, 0, 8, 1, false), 85u);
  EXPECT_EQ(CountAll(4, 0, 16, 1, false), 2'211u);
  EXPECT_EQ(CountAll(5, 0, 32, 1, false), 1'384'087u);
  EXPECT_EQ(CountAll(2, 0, 16, 2, false), 91u);
  EXPECT_EQ(CountAll(3, 0, 64, 2, false), 480'241u);
  // One page: a hole or a leaf at each of the levels with leaves.
  EXPECT_EQ(CountAll(5, 3, 4, 1, false), 8u);
  EXPECT_EQ(CountAll(5, 3, 4, 1, true), 11u);
}

// Behaviours of `walk` on one range.
template <class A>
ExhaustResult OneRange(int levels, Policy walk, uint64_t first, uint64_t pages,
                       bool write) {
  const int shift = A::GeometryOf(levels).page_shift();
  Exhaustion<A> exhaustion(levels, walk, {.pages = pages});
  EXPECT_TRUE(
      exhaustion.Run({first << shift, static_cast<uint16_t>(pages), write}));
  return exhaustion.result();
}

TEST(ExhaustCountTest, WholeSpaces) {
  for (const Policy& walk : kAllWalks) {
    for (int levels = 2; levels <= 4; ++levels) {
      if (!Holds(walk, levels)) continue;
      const uint64_t pages = uint64_t{1} << levels;
      EXPECT_EQ(OneRange<LowS390<1>>(levels, walk, 0, pages, false).behaviours,
                CountAll(levels, 0, pages, 1, false))
          << Name(walk) << levels;
      EXPECT_EQ(OneRange<TinyS390<1>>(levels, walk, 0, pages, true).behaviours,
                CountAll(levels, 0, pages, 1, true))
          << Name(walk) << levels;
    }
    if (!Holds(walk, 2)) continue;
    EXPECT_EQ(OneRange<TinyS390<2>>(2, walk, 0, 16, false).behaviours, 91u);
  }
}

TEST(ExhaustCountTest, TheWholeSpaceOfFiveLevels) {
  EXPECT_EQ(OneRange<LowS390<1>>(5, kStaticLockless, 0, 32, false).behaviours,
            1'384'087u);
}

TEST(ExhaustCountTest, TheWholeSpaceOfThreeLevelsOfTwoIndexBits) {
  EXPECT_EQ(OneRange<TinyS390<2>>(3, kStaticLockless, 0, 64, false).behaviours,
            480'241u);
}

// Every range, for each sound walk.
template <class A>
void ExpectFormula(int index_bits) {
  for (const Policy& walk : kAllWalks) {
    for (int levels = 2; levels <= 5; ++levels) {
      if (!Holds(walk, levels)) continue;
      const int shift = A::GeometryOf(levels).page_shift();
      const WorldBounds bounds{.pages = index_bits == 1 ? 9u : 3u};
      for (const Request& request : RequestsWithin<A>(levels, bounds)) {
        Exhaustion<A> exhaustion(levels, walk, bounds);
        ASSERT_TRUE(exhaustion.Run(request));
        const uint64_t first = request.start >> shift;
        ASSERT_EQ(exhaustion.result().behaviours,
                  CountAll(levels, first, first + request.pages, index_bits,
                           request.write))
            << Name(walk) << " " << levels << ", " << request.pages << " from "
            << first;
      }
    }
  }
}

TEST(ExhaustCountTest, EachRangeOfOneIndexBit) {
  ExpectFormula<TinyS390<1>>(1);
}

TEST(ExhaustCountTest, EachRangeOfTwoIndexBits) {
  ExpectFormula<TinyS390<2>>(2);
}

// -----------------------------------------------------------------------------

TEST(RequestsWithinTest, AllRangesUpToTheTop) {
  // 4 pages: 4 + 3 + 2 + 1 ranges, for reading and for writing.
  EXPECT_EQ(RequestsWithin<TinyS390<1>>(2, {.pages = 12}).size(), 20u);
  EXPECT_EQ(RequestsWithin<TinyS390<2>>(4, {.pages = 1}).size(), 512u);
  const auto ends_at_top = [](int levels, uint64_t top) {
    const int shift = TinyS390<2>::GeometryOf(levels).page_shift();
    const std::vector<Request> all =
        RequestsWithin<TinyS390<2>>(levels, {.pages = 4});
    return std::count_if(all.begin(), all.end(), [&](const Request& request) {
      return (request.start >> shift) + request.pages == top;
    });
  };
  EXPECT_EQ(ends_at_top(2, 16), 8);
  EXPECT_EQ(ends_at_top(4, 256), 8);
  // The last page of a 5-level paging mode is refused.
  EXPECT_EQ(ends_at_top(5, 1023), 8);
  EXPECT_EQ(ends_at_top(5, 1024), 0);
}

class WalksTest : public testing::TestWithParam<int> {};

// The expected failures, in all worlds of up to 4 pages.
TEST_P(WalksTest, FailExactlyAsExpected) {
  const int index_bits = GetParam();
  for (const Policy& walk : kAllWalks) {
    for (int levels = 2; levels <= 5; ++levels) {
      const ExhaustResult result =
          ExhaustTiny(index_bits, levels, walk, Recheck::kNo, {});
      const std::string which =
          std::string(Name(walk)) + " " + std::to_string(levels);
      EXPECT_TRUE(result.complete) << which;
      EXPECT_EQ(result.unexpected(), 0u) << which;
      EXPECT_FALSE(result.finding().has_value()) << which;
      EXPECT_EQ(result.endless, 0u) << which;
      EXPECT_EQ(result.differ == 0, Holds(walk, levels)) << which;
      EXPECT_EQ(result.expected() > 0, !Holds(walk, levels)) << which;
      EXPECT_EQ(result.changed, 0u) << which;
      EXPECT_EQ(result.outcomes[0], result.behaviours - result.differ) << which;
      // Static walks break the invariant at a folded level, unless they compute
      // each pointer again.
      EXPECT_EQ(result.invariant,
                levels == 5 || walk.boundary == BoundaryRule::kFoldedAware ||
                    walk.step == Step::kRecompute)
          << which;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(IndexBits, WalksTest, testing::Values(1, 2),
                         testing::PrintToStringParamName());

uint64_t Of(const ExhaustResult& result, Outcome outcome) {
  return result.outcomes[static_cast<size_t>(outcome)];
}

// The stack's content affects how the bug shows, but not whether it does.
TEST(StackContentTest, ShowsTheBugInAllItsForms) {
  const ExhaustResult all = Exhaust<TinyS390<1>>(3, kStaticByValue);
  for (const Outcome outcome :
       {Outcome::kAgrees, Outcome::kShort, Outcome::kLong, Outcome::kWrongPage,
        Outcome::kStrayRead, Outcome::kFault}) {
    EXPECT_GT(Of(all, outcome), 0u) << Name(outcome);
  }
  // A zero leads nowhere.
  const ExhaustResult zero =
      Exhaust<TinyS390<1>>(3, kStaticByValue, {.stack_content = false});
  EXPECT_GT(zero.differ, 0u);
  EXPECT_EQ(zero.differ, Of(zero, Outcome::kFault));
  EXPECT_LT(zero.behaviours, all.behaviours);
}

TEST(StackContentTest, DoesNotMatterToSoundWalks) {
  for (const Policy& walk : kAllWalks) {
    if (!Holds(walk, 3)) continue;
    EXPECT_EQ(
        Exhaust<TinyS390<1>>(3, walk, {.stack_content = false}).behaviours,
        Exhaust<TinyS390<1>>(3, walk).behaviours);
  }
}

// -----------------------------------------------------------------------------

TEST(WitnessTest, DescribesTheWorld) {
  const ExhaustResult result = Exhaust<TinyS390<1>>(3, kStaticByValue);
  const auto& known = result.first_by(Cause::kStackEscape);
  ASSERT_TRUE(known.has_value());
  // Frames are complements: page 3 of 32 has frame 28.
  EXPECT_EQ(Describe(*known),
            "s390/3 static-by-value, 2 pages from page 3 on, for reading:\n"
            "  fault at position 1, by stack-escape\n"
            "  pud table 0[0]    table 1\n"
            "  pud table 0[1]    migration\n"
            "  pmd table 1[1]    table 2\n"
            "  pte table 2[1]    clean leaf, frame 28\n"
            "  stack +1          zero\n"
            "  frames: walk      28\n"
            "  reference         28\n");
}

TEST(WitnessTest, HasThePagesOfBothSides) {
  const ExhaustResult result =
      Exhaust<TinyS390<1>>(2, *PolicyFromName("static-lockless-recompute"));
  const auto& known = result.first_by(Cause::kWrongEntry);
  ASSERT_TRUE(known.has_value());
  const WorldWitness& witness = *known;
  EXPECT_EQ(witness.outcome, Outcome::kShort);
  EXPECT_EQ(witness.start, 1u);
  EXPECT_THAT(witness.returned, ElementsAre(30));
  EXPECT_THAT(witness.expected, ElementsAre(30, 29));
}

TEST(ExhaustTest, ReportsItsProgress) {
  ExhaustProgress last;
  uint64_t calls = 0;
  const ExhaustResult result = Exhaust<TinyS390<1>>(
      2, kStaticLockless, {.pages = 4}, [&](const ExhaustProgress& progress) {
        EXPECT_GE(progress.behaviours, last.behaviours);
        last = progress;
        ++calls;
      });
  EXPECT_EQ(calls, 20u);
  EXPECT_EQ(last.ranges_done, 20u);
  EXPECT_EQ(last.ranges, 20u);
  EXPECT_EQ(last.behaviours, result.behaviours);
  EXPECT_EQ(result.ranges, 20u);
}

}  // namespace
}  // namespace pxdfuzz
