// SPDX-License-Identifier: MIT

// What a target says of a run in PXDFUZZ_STATS.

#include "fuzz/harness/stats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/oracle/compare.h"
#include "tests/known_cases.h"

namespace pxdfuzz {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr uint64_t kPage = 0x1000;

class StatsTest : public testing::Test {
 protected:
  void Count(const Case& c) {
    stats_.CountExecution();
    stats_.CountVerdict(
        c, oracle_.Judge(c, WalkSet::Named(), Excuses::kKnownDefects));
  }
  // A line of its own.
  void ExpectLine(const std::string& line) const {
    EXPECT_THAT('\n' + stats_.ToText(), HasSubstr('\n' + line + '\n'));
  }

  Oracle oracle_;
  Stats stats_;
};

// Three pages, and `change` before a read of the walk.
Case Changed(int levels, const Change& change) {
  Case c = MakeCase(levels, {.pages = 3}, {MapPages(0, 3, kPage)});
  c.changes.push_back(change);
  return c;
}
constexpr Change kDetach{
    .kind = Change::Kind::kDetach, .level = Level::kPmd, .read = 8};

TEST_F(StatsTest, QuietTablesAreNotCountedAsChanging) {
  Count(Crossing(3, kThreadBorder, 2 * kGiB));
  ExpectLine("executions 1");
  ExpectLine("judged 1");
  ExpectLine("known-defect static-by-value left-copy 1");
  for (const char* key : {"changing", "dropped", "impossible"}) {
    EXPECT_THAT(stats_.ToText(), Not(HasSubstr(key)));
  }
}

TEST_F(StatsTest, WhatChangesAndWhoNotices) {
  // The pages are gone when the walk gets to them.
  Count(Changed(5, {.read = 1, .count = 3}));
  // The table is taken away while the walk is below it.
  Case two = Changed(5, kDetach);
  // A walk that ends before anything changes, and one that is refused.
  two.requests.push_back({.start = 16 * kMiB});
  two.requests.push_back({.start = ~uint64_t{0} - kPage + 1, .pages = 9});
  Count(two);
  // Nobody comes so far.
  Count(Changed(5, {.read = 1000}));
  // Nothing less for it.
  Count(Changed(5, {.kind = Change::Kind::kMap,
                    .read = 1,
                    .address = 7 * kPage,
                    .frame = kPage}));
  ExpectLine("judged 4");
  ExpectLine("changing-cases 4");
  ExpectLine("changing-requests 5");
  ExpectLine("changing-met 3");
  for (const char* walk :
       {"static-by-value", "folded-aware-by-value", "static-lockless",
        "static-by-pointer", "folded-aware-by-pointer"}) {
    ExpectLine(std::string("dropped ") + walk + " 2");
  }
}

TEST_F(StatsTest, WhatLinuxNeverDoes) {
  const auto clear_pmd =
      Change{.kind = Change::Kind::kClear, .level = Level::kPmd};
  Count(Changed(3, clear_pmd));
  Count(Changed(3, clear_pmd));
  Count(Changed(3, {.kind = Change::Kind::kMap, .frame = kPage}));
  Count(Changed(3, {.kind = Change::Kind::kSplit, .level = Level::kPmd}));
  Count(Changed(3, {.kind = Change::Kind::kRefill, .frame = kPage}));
  Count(Changed(5, {.kind = Change::Kind::kUpgrade}));
  Count(Changed(
      3,
      {.kind = Change::Kind::kDetach, .level = Level::kPmd, .address = kGiB}));
  Case large = Changed(3, {.kind = Change::Kind::kClear});
  large.records[0] = MapLarge(Level::kPmd, 0, kMiB);
  Count(large);
  Case collapse =
      Changed(3, {.kind = Change::Kind::kDetach, .level = Level::kPmd});
  collapse.changes.push_back({.kind = Change::Kind::kMap, .frame = kPage});
  Count(collapse);
  ExpectLine("not-comparable 9");
  ExpectLine("impossible frees-pages 2");
  ExpectLine("impossible inside-leaf 1");
  ExpectLine("impossible maps-over 1");
  ExpectLine("impossible maps-into-collapse 1");
  ExpectLine("impossible detaches-nothing 1");
  ExpectLine("impossible splits-nothing 1");
  ExpectLine("impossible refills-nothing 1");
  ExpectLine("impossible upgrades-nothing 1");
  EXPECT_THAT(stats_.ToText(), Not(HasSubstr("changing-")));
}

// A walk may be wrong for several reasons.
TEST_F(StatsTest, KnownDefectsByCause) {
  Count(Crossing(2, 16 * kMiB, kMiB));
  Case large = MakeCase(2, {.pages = 1}, {MapLarge(Level::kPmd, 0, kMiB)});
  large.changes.push_back(
      {.kind = Change::Kind::kClear, .level = Level::kPmd, .read = 2});
  Count(large);
  Count(large);
  Count(Changed(3, kDetach));
  ExpectLine("known-defect static-by-value left-copy 1");
  ExpectLine("known-defect static-by-value copy-check 2");
  ExpectLine("known-defect folded-aware-by-value copy-check 2");
  ExpectLine("known-defect static-by-pointer read-again 1");
}

}  // namespace
}  // namespace pxdfuzz
