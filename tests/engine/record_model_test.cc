// SPDX-License-Identifier: MIT

#include "pxdfuzz/engine/record_model.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <vector>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/report/facts.h"
#include "pxdfuzz/view/case_tables.h"
#include "tests/changing_cases.h"
#include "tests/known_cases.h"
#include "tests/random_bytes.h"
#include "tests/sanitized.h"

namespace pxdfuzz {
namespace {

// How many walks ended in each way.
using Seen = std::map<Outcome, int>;

// The recording of each walk of each request matches what the oracle saw, and
// an explanation has the same result.
void ExpectAsJudged(Oracle& oracle, const Case& c, Seen& seen) {
  const Verdict& verdict = oracle.Judge(c, WalkSet::All(), Waivers::kNone);
  if (verdict.inconclusive != Inconclusive::kNo) return;
  const CaseTables tables(c);
  for (size_t i = 0; i < verdict.requests.size(); ++i) {
    const RequestVerdict& judged = verdict.requests[i];
    if (judged.inconclusive != Inconclusive::kNo) continue;
    for (size_t walk = 0; walk < kWalkCount; ++walk) {
      const WalkVerdict& expected = judged.walks[walk];
      const Recording recording =
          RecordModel(tables, c.requests[i], kAllWalks[walk]);
      ASSERT_EQ(recording.count, expected.pages);
      ASSERT_EQ(recording.snapshot, expected.changes);
      ASSERT_EQ(recording.violations, expected.violations);
      ASSERT_EQ(recording.end,
                expected.violations.nowhere == FirstViolations::kNever
                    ? RunEnd::kReturned
                    : RunEnd::kFault);
      size_t reads = 0;
      size_t changes = 0;
      for (const Event& event : recording.events) {
        if (event.is_read()) ASSERT_EQ(event.read, ++reads);
        if (event.kind == Event::Kind::kChange) {
          ASSERT_EQ(event.snapshot, ++changes);
          ASSERT_EQ(event.read, reads + 1);
        }
        ASSERT_LE(event.snapshot, recording.snapshot);
      }
      ASSERT_EQ(reads, recording.reads);
      ASSERT_EQ(changes, recording.snapshot);
      const Facts facts(c, i, kAllWalks[walk], recording);
      ASSERT_EQ(facts.outcome(), expected.outcome);
      ASSERT_EQ(facts.difference(), expected.first_difference);
      ASSERT_EQ(facts.expected().size(), judged.pages);
      ++seen[expected.outcome];
    }
  }
}

TEST(RecordModelTest, MatchesTheOracle) {
  constexpr int kCases = kAddressSanitizer ? 300 : 3000;
  Oracle oracle;
  RandomBytes random(21);
  Seen seen;
  for (int i = 0; i < kCases; ++i) {
    const Case c = Decode(random.Next());
    if (c.empty()) continue;
    ASSERT_NO_FATAL_FAILURE(ExpectAsJudged(oracle, c, seen)) << i;
  }
  EXPECT_GT(seen[Outcome::kAgrees], kCases);
  EXPECT_GE(seen.size(), 5u);
}

TEST(RecordModelTest, MatchesTheOracleWhileTablesChange) {
  constexpr int kCases = kAddressSanitizer ? 200 : 1500;
  Oracle oracle;
  Seen seen;
  ForChangingCases(kCases, [&](const Case& c, uint64_t seed) {
    ASSERT_NO_FATAL_FAILURE(ExpectAsJudged(oracle, c, seen)) << seed;
  });
  EXPECT_GT(seen[Outcome::kAgrees], kCases);
  EXPECT_GT(seen[Outcome::kStale], 0);
  EXPECT_GT(seen[Outcome::kFault], 0);
}

TEST(RecordModelTest, RecordsEachReadWithItsPlace) {
  const Case c = MakeCase(
      3, {.start = 0x1007ffff000, .pages = 2},
      {MapPages(0x1007ffff000, 1, 0x1000), MapPages(0x10080000000, 1, 0x2000),
       MapPages(0x10000000000, 1, 0x3000)},
      StackContent::kCopy);
  const CaseTables tables(c);
  const Recording run = RecordModel(tables, c.requests[0], kStaticByValue);
  std::vector<Level> levels;
  std::vector<Place::Kind> places;
  for (const Event& event : run.events) {
    EXPECT_EQ(event.kind, Event::Kind::kIteration);
    levels.push_back(event.level);
    places.push_back(event.place.kind);
  }
  EXPECT_EQ(levels,
            (std::vector{Level::kPgd, Level::kP4d, Level::kPud, Level::kPmd,
                         Level::kPte, Level::kPud, Level::kPmd, Level::kPte}));
  using Kind = Place::Kind;
  EXPECT_EQ(places, (std::vector{Kind::kTable, Kind::kOwnCopy, Kind::kOwnCopy,
                                 Kind::kTable, Kind::kTable, Kind::kStack,
                                 Kind::kTable, Kind::kTable}));
  EXPECT_EQ(run.events[5].place.copy_of, Level::kP4d);
  EXPECT_EQ(run.events[5].place.distance, 8);
  EXPECT_EQ(run.events[5].part->address, 0x10080000000u);
  EXPECT_EQ(run.events[7].meaning.address, 0x3000u);
  ASSERT_EQ(run.pages.size(), 2u);
  EXPECT_EQ(run.pages[0].physical, 0x1000u);
  EXPECT_EQ(run.pages[1].physical, 0x3000u);
}

TEST(RecordModelTest, RecordsReferencesThatArePut) {
  Case c = MakeCase(3, {.start = 0x80000000, .pages = 3},
                    {MapPages(0x80000000, 3, 0x1000)});
  c.concurrent.push_back({{.kind = TableOp::Kind::kDetach,
                           .level = Level::kPmd,
                           .address = 0x80000000},
                          9});
  const CaseTables tables(c);
  const Recording run = RecordModel(tables, c.requests[0], kStaticLockless);
  std::vector<Event::Kind> kinds;
  for (const Event& event : run.events) kinds.push_back(event.kind);
  using Kind = Event::Kind;
  ASSERT_EQ(kinds, (std::vector{Kind::kIteration, Kind::kIteration,
                                Kind::kIteration, Kind::kIteration,
                                Kind::kIteration, Kind::kGrab, Kind::kCheck,
                                Kind::kCheck, Kind::kIteration, Kind::kChange,
                                Kind::kGrab, Kind::kCheck, Kind::kPut}));
  EXPECT_EQ(run.events.back().held, 2u);
  EXPECT_EQ(run.events.back().count, 1u);
  EXPECT_EQ(run.held, 1u);
  ASSERT_EQ(run.pages.size(), 1u);
  EXPECT_EQ(run.pages[0].read, 5u);
  EXPECT_EQ(run.pages[0].snapshot, 0u);
}

}  // namespace
}  // namespace pxdfuzz
