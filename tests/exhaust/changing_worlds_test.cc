// SPDX-License-Identifier: MIT

// Small worlds while another processor changes an entry. Ranges are shorter
// than those of `pxdfuzz exhaust`: up to 4 pages with 1 index bit per level, up
// to 2 with 2 bits. These show all causes, and all walks take some seconds.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pxdfuzz/exhaust/exhaust.h"
#include "pxdfuzz/paging/policy.h"

namespace pxdfuzz {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ExhaustResult Explore(int index_bits, int levels, Policy walk, Recheck recheck,
                      uint64_t pages) {
  return ExhaustTiny(index_bits, levels, walk, recheck,
                     {.pages = pages, .changes = EntryChanges::kBeforeUse});
}

// Exactly the expected failures of each walk occur.
void ExpectAsKnown(int index_bits, Policy walk, Recheck recheck) {
  for (int levels = 2; levels <= 5; ++levels) {
    const ExhaustResult result =
        Explore(index_bits, levels, walk, recheck, index_bits == 1 ? 4 : 2);
    const std::string which =
        std::string(Name(walk)) + " " + std::to_string(levels);
    const Causes known = S390::ExpectedFailures(walk, levels);
    for (size_t i = 1; i < kCauseCount; ++i) {
      const auto cause = static_cast<Cause>(i);
      // Without a recheck none compares a copy.
      const bool expected =
          known.Contains(cause) &&
          (cause != Cause::kVacuousRecheck || recheck == Recheck::kYes);
      EXPECT_EQ(result.differ_by(cause) > 0, expected)
          << which << " " << Name(cause);
      EXPECT_EQ(result.first[i].has_value(), expected) << which;
    }
    EXPECT_EQ(result.unexpected(), 0u) << which;
    EXPECT_FALSE(result.finding().has_value()) << which;
    EXPECT_TRUE(result.complete) << which;
  }
}

class WalksTest : public testing::TestWithParam<int> {};

TEST_P(WalksTest, FailExactlyAsExpected) {
  for (const Policy& walk : kAllWalks) {
    ExpectAsKnown(GetParam(), walk, Recheck::kYes);
  }
}

// Under the lock the time of references does not matter.
TEST_P(WalksTest, FailExactlyAsExpectedWithoutARecheck) {
  for (size_t i = 0; i < kNamedWalkCount; ++i) {
    ExpectAsKnown(GetParam(), kAllWalks[i], Recheck::kNo);
  }
}

INSTANTIATE_TEST_SUITE_P(IndexBits, WalksTest, testing::Values(1, 2),
                         testing::PrintToStringParamName());

// -----------------------------------------------------------------------------
// How many worlds there are.

TEST(ChangingCountTest, WholeSpaces) {
  struct Numbers {
    uint64_t worlds;
    uint64_t changed;
  };
  const auto expect = [](Policy walk, int levels, const Numbers& expected) {
    const ExhaustResult result = Explore(1, levels, walk, Recheck::kYes, 4);
    EXPECT_EQ(result.behaviours, expected.worlds) << Name(walk) << levels;
    EXPECT_EQ(result.changed, expected.changed) << Name(walk) << levels;
  };
  expect(kStaticLockless, 2, {2'335, 2'147});
  expect(kStaticLockless, 3, {8'606, 7'677});
  expect(kStaticLockless, 4, {18'469, 16'002});
  expect(kStaticLockless, 5, {35'360, 29'763});
  expect(kFoldedAwareByValue, 2, {1'152, 964});
  expect(kFoldedAwareByPointer, 3, {13'532, 12'603});
}

// They include those without a change.
TEST(ChangingCountTest, IncludesWorldsWithoutAChange) {
  for (const Policy& walk : kAllWalks) {
    for (int levels = 2; levels <= 5; ++levels) {
      if (S390::ExpectedFailures(walk, levels).InStillTables() != Cause::kNone)
        continue;
      const ExhaustResult result = Explore(1, levels, walk, Recheck::kYes, 3);
      EXPECT_EQ(
          result.behaviours - result.changed,
          ExhaustTiny(1, levels, walk, Recheck::kNo, {.pages = 3}).behaviours)
          << Name(walk) << levels;
    }
  }
}

// -----------------------------------------------------------------------------

TEST(ChangingWitnessTest, DescribesTheChange) {
  const ExhaustResult result =
      Explore(1, 2, kFoldedAwareByValue, Recheck::kYes, 1);
  const std::optional<WorldWitness>& witness =
      result.first_by(Cause::kVacuousRecheck);
  ASSERT_TRUE(witness.has_value());
  EXPECT_EQ(
      Describe(*witness),
      "s390/2 folded-aware-by-value, 1 page from page 0 on, for reading:\n"
      "  stale at position 0, by vacuous-recheck\n"
      "  pmd table 0[0]    table 1\n"
      "  pte table 1[0]    leaf, frame 31\n"
      "  after 2 reads, before references are taken: pmd table 0[0] "
      "becomes empty\n"
      "  frames: walk      31\n"
      "  reference         before 31, after none\n");
}

TEST(ChangingWitnessTest, DescribesAReadOutsideMemory) {
  const ExhaustResult result =
      Explore(1, 3, kStaticByPointer, Recheck::kYes, 1);
  const std::optional<WorldWitness>& witness =
      result.first_by(Cause::kDoubleFetch);
  ASSERT_TRUE(witness.has_value());
  EXPECT_THAT(witness->returned, ElementsAre());
  const std::string text = Describe(*witness);
  EXPECT_THAT(text, HasSubstr("  fault at position 0, by double-fetch\n"));
  EXPECT_THAT(text, HasSubstr("before it is read again: pmd table 1[0] becomes "
                              "empty\n"));
}

TEST(ChangingWorldsTest, ReportsItsProgress) {
  ExhaustProgress last;
  uint64_t calls = 0;
  const ExhaustResult result =
      ExhaustTiny(1, 2, kStaticLockless, Recheck::kYes,
                  {.pages = 4, .changes = EntryChanges::kBeforeUse},
                  [&](const ExhaustProgress& progress) {
                    EXPECT_GE(progress.behaviours, last.behaviours);
                    last = progress;
                    ++calls;
                  });
  EXPECT_EQ(calls, 20u);
  EXPECT_EQ(last.ranges_done, 20u);
  EXPECT_EQ(last.behaviours, result.behaviours);
  EXPECT_EQ(result.ranges, 20u);
}

}  // namespace
}  // namespace pxdfuzz
