// SPDX-License-Identifier: MIT

// Small worlds show planted bugs in how a walk handles changes. As in
// exhaust_planted_test, each bug needs separately compiled walks.

#include <cstdint>
#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pxdfuzz/exhaust/exhaust.h"
#include "pxdfuzz/exhaust/lazy_memory.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/walk/walk.h"

namespace pxdfuzz {
namespace {

// -----------------------------------------------------------------------------
// Bugs in the code for all architectures.

struct HasNoRecheck : GupFastCode {
  static constexpr bool Checks(Level /*leaf*/, Level /*level*/) {
    return false;
  }
};
struct ChecksTheLeafAlone : GupFastCode {
  static constexpr bool Checks(Level leaf, Level level) {
    return leaf == level;
  }
};
struct ChecksThePmdOfAPageAlone : GupFastCode {
  static constexpr bool Checks(Level leaf, Level level) {
    return leaf == Level::kPte ? level == Level::kPmd : leaf == level;
  }
};
struct ChecksAboveALargeLeaf : GupFastCode {
  static constexpr bool Checks(Level leaf, Level level) {
    return leaf == Level::kPte ? GupFastCode::Checks(leaf, level)
                               : leaf < level;
  }
};
struct GrabsAfterTheCheck : GupFastCode {
  static constexpr bool kGrabsFirst = false;
};
template <WalkStep kStep>
struct GoesByASecondRead : GupFastCode {
  static constexpr bool ReadsTwice(WalkStep step) { return step == kStep; }
};
// All pages of a leaf but the first are left out.
struct TakesOnePage : GupFastCode {
  static constexpr uint64_t PageCount(Level /*level*/, uint64_t /*address*/,
                                      uint64_t /*next*/, int /*page_shift*/) {
    return 1;
  }
};

template <class Code>
ExhaustResult Planted(int levels, Policy walk = kStaticLockless,
                      uint64_t pages = 2) {
  return Exhaust<TinyS390<1>, Code>(
      levels, walk, {.pages = pages, .changes = EntryChanges::kBeforeUse});
}

uint64_t Of(const ExhaustResult& result, Outcome outcome) {
  return result.outcomes[static_cast<size_t>(outcome)];
}

// Every failure is a finding with `outcome`.
void ExpectOnly(Outcome outcome, const ExhaustResult& result) {
  EXPECT_GT(result.differ, 0u);
  EXPECT_EQ(Of(result, outcome), result.differ);
  EXPECT_EQ(result.unexpected(), result.differ);
  ASSERT_TRUE(result.finding().has_value());
  EXPECT_TRUE(result.finding()->change.has_value());
  EXPECT_EQ(result.finding()->outcome, outcome);
}

TEST(PlantedTest, WithoutABugNothingIsFound) {
  EXPECT_EQ(Planted<GupFastCode>(3).differ, 0u);
}

TEST(PlantedTest, NoRecheck) {
  for (int levels = 2; levels <= 5; ++levels) {
    ExpectOnly(Outcome::kStale, Planted<HasNoRecheck>(levels));
  }
}

TEST(PlantedTest, ACheckOfTheWrongLevel) {
  for (int levels = 2; levels <= 5; ++levels) {
    ExpectOnly(Outcome::kStale, Planted<ChecksTheLeafAlone>(levels));
    ExpectOnly(Outcome::kStale, Planted<ChecksThePmdOfAPageAlone>(levels));
    ExpectOnly(Outcome::kStale, Planted<ChecksAboveALargeLeaf>(levels));
  }
  // The entry whose recheck is missing.
  const ExhaustResult detached = Planted<ChecksTheLeafAlone>(4);
  EXPECT_EQ(detached.finding()->change->entry.level, Level::kPmd);
  const ExhaustResult unmapped = Planted<ChecksThePmdOfAPageAlone>(4);
  EXPECT_EQ(unmapped.finding()->change->entry.level, Level::kPte);
}

TEST(PlantedTest, ACheckBeforeTheReference) {
  for (int levels = 2; levels <= 5; ++levels) {
    ExpectOnly(Outcome::kStale, Planted<GrabsAfterTheCheck>(levels));
  }
}

TEST(PlantedTest, ATableThatIsReadTwice) {
  for (int levels = 2; levels <= 5; ++levels) {
    ExpectOnly(Outcome::kFault,
               Planted<GoesByASecondRead<WalkStep::kDescend>>(levels));
  }
}

// The tested value is not the returned one: a hole becomes a leaf of frame 0,
// and a page may be read-only by then.
TEST(PlantedTest, ALeafThatIsReadTwice) {
  for (int levels = 2; levels <= 4; ++levels) {
    const ExhaustResult result =
        Planted<GoesByASecondRead<WalkStep::kLeaf>>(levels);
    EXPECT_GT(Of(result, Outcome::kWrongPage), 0u);
    EXPECT_GT(Of(result, Outcome::kStale), 0u);
    EXPECT_EQ(Of(result, Outcome::kWrongPage) + Of(result, Outcome::kStale),
              result.unexpected());
    ASSERT_TRUE(result.finding().has_value());
    EXPECT_EQ(result.finding()->outcome, Outcome::kWrongPage);
  }
}

TEST(PlantedTest, MissingPages) {
  const ExhaustResult result = Planted<TakesOnePage>(3);
  EXPECT_GT(Of(result, Outcome::kShort), 0u);
  EXPECT_EQ(Of(result, Outcome::kShort), result.unexpected());
}

// A cause explains the failures that show it, not all failures of its walk.
TEST(PlantedTest, AnotherCauseExplainsNothing) {
  const ExhaustResult by_pointer = Planted<HasNoRecheck>(3, kStaticByPointer);
  EXPECT_GT(by_pointer.differ_by(Cause::kDoubleFetch), 0u);
  EXPECT_EQ(by_pointer.unexpected(), Of(by_pointer, Outcome::kStale));
  EXPECT_GT(by_pointer.unexpected(), 0u);
  // Nothing rechecks a copy.
  const ExhaustResult by_value = Planted<HasNoRecheck>(2, kFoldedAwareByValue);
  EXPECT_EQ(by_value.differ_by(Cause::kVacuousRecheck), 0u);
  EXPECT_GT(by_value.unexpected(), 0u);
  // Or the entry has not changed yet.
  const ExhaustResult too_early =
      Planted<GrabsAfterTheCheck>(2, kFoldedAwareByValue);
  EXPECT_EQ(too_early.differ_by(Cause::kVacuousRecheck), 0u);
  EXPECT_GT(too_early.unexpected(), 0u);
}

TEST(PlantedTest, WorldsAreBounded) {
  const ExhaustResult first = Exhaust<TinyS390<1>, HasNoRecheck>(
      4, kStaticLockless,
      {.changes = EntryChanges::kBeforeUse, .stop_at_finding = true});
  EXPECT_EQ(first.unexpected(), 1u);
  EXPECT_FALSE(first.complete);
  const ExhaustResult some = Exhaust<TinyS390<1>, GupFastCode>(
      4, kStaticLockless,
      {.changes = EntryChanges::kBeforeUse, .behaviours = 100});
  EXPECT_EQ(some.behaviours, 100u);
  EXPECT_FALSE(some.complete);
}

// -----------------------------------------------------------------------------
// Changes are made before an entry is read again and before references. Changes
// before any other read would show nothing else.

// What goes wrong, and what changed into what, at any time.
template <class Code>
std::set<std::string> AllThatGoesWrong(int levels, Policy walk,
                                       EntryChanges changes, uint64_t& worlds) {
  using A = TinyS390<1>;
  std::set<std::string> all;
  Exhaustion<A, Code> exhaustion(levels, walk, {.changes = changes});
  for (const Request& request : RequestsWithin<A>(levels, {.pages = 2})) {
    exhaustion.Run(
        request, [] {},
        [&](const LazyWorld<A>& world, const JudgedPages& judged) {
          if (judged.outcome == Outcome::kAgrees) return;
          std::string text = std::to_string(request.start) + "+" +
                             std::to_string(request.pages) +
                             (request.write ? "w " : "r ") +
                             std::string(Name(judged.outcome)) +
                             std::to_string(judged.page) + " ";
          for (const auto& entry : world.ChosenEntries()) {
            text += std::to_string(entry.table) + "/" +
                    std::to_string(entry.index) + "=" +
                    std::to_string(entry.word) + " ";
          }
          if (world.change().has_value()) {
            text += std::to_string(world.change()->table) + "/" +
                    std::to_string(world.change()->index) + ">" +
                    std::to_string(world.change()->after);
          }
          all.insert(text);
        });
  }
  worlds = exhaustion.result().behaviours;
  return all;
}

template <class Code>
void ExpectTheSameAtAnyTime(Policy walk) {
  for (int levels = 2; levels <= 4; ++levels) {
    uint64_t few = 0;
    uint64_t many = 0;
    const std::set<std::string> before_use =
        AllThatGoesWrong<Code>(levels, walk, EntryChanges::kBeforeUse, few);
    const std::set<std::string> before_any_read = AllThatGoesWrong<Code>(
        levels, walk, EntryChanges::kBeforeAnyRead, many);
    EXPECT_EQ(before_use, before_any_read) << Name(walk) << levels;
    EXPECT_LT(few, many);
  }
}

// If a walk goes wrong without a change, it also does with one.
TEST(TimeTest, OtherTimesShowNothingMore) {
  for (const Policy& walk : kAllWalks) {
    if (S390::ExpectedFailures(walk, 2).InStillTables() != Cause::kNone)
      continue;
    ExpectTheSameAtAnyTime<GupFastCode>(walk);
  }
  ExpectTheSameAtAnyTime<HasNoRecheck>(kStaticLockless);
  ExpectTheSameAtAnyTime<GoesByASecondRead<WalkStep::kDescend>>(
      kStaticLockless);
}

// -----------------------------------------------------------------------------

// Worlds of the first page only.
template <class Code = GupFastCode>
uint64_t OnePage(int levels, Policy walk, bool write) {
  Exhaustion<TinyS390<1>, Code> exhaustion(
      levels, walk, {.changes = EntryChanges::kBeforeUse});
  EXPECT_TRUE(exhaustion.Run({0, 1, write}, [] {}));
  return exhaustion.result().behaviours;
}

TEST(ChangingCountTest, OnePageByHand) {
  // 5 levels. Holes at each level end the walk: 5 worlds. Otherwise the walk
  // takes references, and the recheck reads the leaf again. Before either of
  // these nothing changes, or the leaf does:
  //   pud: a hole, another leaf               1 + 2 * 2
  //   pmd: the same, and a table of pages     1 + 2 * 3
  //   pte: the same as pud; and before references, and before the pmd entry is
  //        read once more, that is a hole     1 + 2 * 2 + 2
  EXPECT_EQ(OnePage(5, kStaticLockless, false), 5u + 5 + 7 + 7);
  // For requests to write, there are leaves that the request does not get,
  // which end the walk, and each leaf may become one.
  EXPECT_EQ(OnePage(5, kStaticLockless, true), 5u + 3 + 7 + 9 + 9);
  // Without references and second reads nothing changes.
  EXPECT_EQ(OnePage<GupCode>(5, kStaticLockless, false), 8u);
  // With 4 levels pgd and p4d read one entry. A hole there may have been a
  // table first, which is then empty, or a table a hole: 1 + 1 more worlds, of
  // which the second continues with 4 holes and leaves at each of 3 levels
  // below.
  EXPECT_EQ(OnePage<GupCode>(4, kStaticLockless, false), 7u + 1 + 6);
}

}  // namespace
}  // namespace pxdfuzz
