// SPDX-License-Identifier: MIT

// The statistics of a target in PXDFUZZ_STATS.

#include "fuzz/harness/stats.h"

#include <gtest/gtest.h>

#include <chrono>
#include <ctime>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "fuzz/harness/json_object.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/oracle/compare.h"
#include "tests/known_cases.h"

namespace pxdfuzz {
namespace {

constexpr uint64_t kPage = 0x1000;

class StatsTest : public testing::Test {
 protected:
  void Count(const Case& c) {
    stats_.CountExecution();
    stats_.CountVerdict(
        c, oracle_.Judge(c, WalkSet::Named(), Waivers::kExpectedFailures));
  }
  nlohmann::json Json() const { return nlohmann::json::parse(stats_.ToJson()); }
  // The number at a path such as "/cells/possible".
  void ExpectNumber(const std::string& path, uint64_t number) const {
    const nlohmann::json::json_pointer pointer(path);
    const nlohmann::json json = Json();
    ASSERT_TRUE(json.contains(pointer)) << path << " in " << json;
    EXPECT_EQ(json[pointer], number) << path;
  }
  void ExpectNothing(const std::string& key) const {
    EXPECT_FALSE(Json().contains(key)) << Json();
  }

  Oracle oracle_;
  Stats stats_;
};

// Three pages, and `op` before a read of the walk.
Case Changed(int levels, const TableOp& op, uint16_t read = 1) {
  Case c = MakeCase(levels, {.pages = 3}, {MapPages(0, 3, kPage)});
  c.concurrent.push_back({op, read});
  return c;
}
constexpr TableOp kDetach{.kind = TableOp::Kind::kDetach, .level = Level::kPmd};

// However busy a machine is.
TEST_F(StatsTest, CountsProcessorTimeFromTheFirstExecutionOn) {
  const auto work = [] {
    const std::clock_t end = std::clock() + CLOCKS_PER_SEC / 10;
    while (std::clock() < end) {
    }
  };
  work();
  ExpectNumber("/milliseconds", 0);
  stats_.CountExecution();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_LT(Json()["milliseconds"], 100);
  work();
  EXPECT_GE(Json()["milliseconds"], 100);
  EXPECT_LT(Json()["milliseconds"], 200);
}

TEST_F(StatsTest, DoesNotCountQuietTablesAsChanging) {
  Count(Crossing(3, kThreadBorder, 2 * kGiB));
  ExpectNumber("/executions", 1);
  ExpectNumber("/judged", 1);
  ExpectNumber("/expected_failures/static-by-value/stack-escape", 1);
  for (const char* key : {"changing", "dropped", "impossible"}) {
    ExpectNothing(key);
  }
}

TEST_F(StatsTest, CountsChangesAndTheirEffects) {
  // The pages are gone when the walk reaches them.
  Count(Changed(5, {.kind = TableOp::Kind::kClear, .count = 3}));
  // The table is detached while the walk is below it.
  Case two = Changed(5, kDetach, 8);
  // A walk that ends before any change, and one that is refused.
  two.requests.push_back({.start = 16 * kMiB});
  two.requests.push_back({.start = ~uint64_t{0} - kPage + 1, .pages = 9});
  Count(two);
  // No walk reaches that read.
  Count(Changed(5, {.kind = TableOp::Kind::kClear}, 1000));
  // No walk returns less because of it.
  Count(Changed(
      5, {.kind = TableOp::Kind::kMap, .address = 7 * kPage, .frame = kPage}));
  ExpectNumber("/judged", 4);
  ExpectNumber("/changing/cases", 4);
  ExpectNumber("/changing/requests", 5);
  ExpectNumber("/changing/met", 3);
  for (const char* walk :
       {"static-by-value", "folded-aware-by-value", "static-lockless",
        "static-by-pointer", "folded-aware-by-pointer"}) {
    ExpectNumber(std::string("/dropped/") + walk, 2);
  }
}

TEST_F(StatsTest, CountsWhatLinuxNeverDoes) {
  const TableOp clear_pmd = {.kind = TableOp::Kind::kClear,
                             .level = Level::kPmd};
  Count(Changed(3, clear_pmd));
  Count(Changed(3, clear_pmd));
  Count(Changed(3, {.kind = TableOp::Kind::kMap, .frame = kPage}));
  Count(Changed(3, {.kind = TableOp::Kind::kSplit, .level = Level::kPmd}));
  Count(Changed(3, {.kind = TableOp::Kind::kRefill, .frame = kPage}));
  Count(Changed(5, {.kind = TableOp::Kind::kUpgrade}));
  Count(Changed(
      3,
      {.kind = TableOp::Kind::kDetach, .level = Level::kPmd, .address = kGiB}));
  Case large = Changed(3, {.kind = TableOp::Kind::kClear});
  large.setup[0] = MapLarge(Level::kPmd, 0, kMiB);
  Count(large);
  Case collapse =
      Changed(3, {.kind = TableOp::Kind::kDetach, .level = Level::kPmd});
  collapse.concurrent.push_back(
      {{.kind = TableOp::Kind::kMap, .frame = kPage}});
  Count(collapse);
  Count(Changed(3, {.kind = TableOp::Kind::kInvalidate,
                    .level = Level::kPmd,
                    .address = kGiB}));
  ExpectNumber("/impossible/moves-nothing", 1);
  ExpectNumber("/inconclusive", 10);
  ExpectNumber("/impossible/frees-pages", 2);
  ExpectNumber("/impossible/inside-leaf", 1);
  ExpectNumber("/impossible/maps-over", 1);
  ExpectNumber("/impossible/maps-into-collapse", 1);
  ExpectNumber("/impossible/detaches-nothing", 1);
  ExpectNumber("/impossible/splits-nothing", 1);
  ExpectNumber("/impossible/refills-nothing", 1);
  ExpectNumber("/impossible/upgrades-nothing", 1);
  ExpectNothing("changing");
}

TEST_F(StatsTest, OtherReasonsAreNothingImpossible) {
  uint64_t impossible = 0;
  for (size_t i = 1; i < kInconclusiveCount; ++i) {
    const auto reason = static_cast<Inconclusive>(i);
    impossible += IsImpossible(reason);
    Verdict verdict;
    verdict.inconclusive = reason;
    stats_.CountVerdict(Case(), verdict);
  }
  const nlohmann::json json = Json();
  ExpectNumber("/inconclusive", kInconclusiveCount - 1);
  EXPECT_EQ(json["impossible"].size(), impossible);
  for (const auto& [reason, times] : json["impossible"].items()) {
    EXPECT_EQ(times, 1) << reason;
  }
  EXPECT_FALSE(json["impossible"].contains("no-rule"));
  EXPECT_FALSE(json.contains("undecided"));
  EXPECT_EQ(stats_.CountFinding("some-finding"), 1u);
}

TEST_F(StatsTest, CountsRequestsThatAreUndecided) {
  Verdict verdict;
  verdict.kind = Verdict::Kind::kAgrees;
  for (const Inconclusive reason :
       {Inconclusive::kRefilled, Inconclusive::kNo, Inconclusive::kRefilled,
        Inconclusive::kNoRule}) {
    verdict.requests.emplace_back().inconclusive = reason;
  }
  stats_.CountVerdict(Case(), verdict);
  ExpectNumber("/undecided/refilled", 2);
  ExpectNumber("/undecided/no-rule", 1);
  ExpectNumber("/requests", 1);
}

// A walk may have several causes.
TEST_F(StatsTest, CountsExpectedFailuresByCause) {
  Count(Crossing(2, 16 * kMiB, kMiB));
  Case large = MakeCase(2, {.pages = 1}, {MapLarge(Level::kPmd, 0, kMiB)});
  large.concurrent.push_back(
      {{.kind = TableOp::Kind::kClear, .level = Level::kPmd}, 2});
  Count(large);
  Count(large);
  Count(Changed(3, kDetach, 8));
  ExpectNumber("/expected_failures/static-by-value/stack-escape", 1);
  ExpectNumber("/expected_failures/static-by-value/vacuous-recheck", 2);
  ExpectNumber("/expected_failures/folded-aware-by-value/vacuous-recheck", 2);
  ExpectNumber("/expected_failures/static-by-pointer/double-fetch", 1);
}

TEST_F(StatsTest, CountsFindingsBySignature) {
  EXPECT_EQ(Json()["findings"], nlohmann::json::object());
  EXPECT_EQ(stats_.CountFinding("a.short"), 1u);
  EXPECT_EQ(stats_.CountFinding("b"), 1u);
  EXPECT_EQ(stats_.CountFinding("a.short"), 2u);
  EXPECT_EQ(stats_.findings(), 3u);
  EXPECT_EQ(Json()["findings"], (nlohmann::json{{"a.short", 2}, {"b", 1}}));
}

// What a target judges without a verdict, and executions that no verdict
// counts.
TEST_F(StatsTest, CountsJudgedCases) {
  Count(Crossing(3, kThreadBorder, 2 * kGiB));
  stats_.CountJudged();
  stats_.CountSkipped();
  stats_.CountEmpty();
  stats_.CountEmpty();
  ExpectNumber("/judged", 2);
  ExpectNumber("/skipped", 1);
  ExpectNumber("/empty", 2);
  ExpectNumber("/spaces/s390~13/cases", 1);
  stats_.ReachCell(5);
  ExpectNumber("/cells/reached", 1);
  ExpectNumber("/cells/possible", Cells().size());
  EXPECT_TRUE(std::string(Json()["cells"]["mask"]).starts_with("02"));
}

TEST(JsonObjectTest, EscapesSpecialCharacters) {
  JsonObject inner;
  inner.Add("n", ~uint64_t{0});
  JsonObject object;
  object.AddUnlessEmpty("none", JsonObject());
  object.Add("empty", JsonObject());
  object.Add("a \"b\" \\ \n\x01\x7f\xff", "\t\xc3\xa4\"");
  object.AddUnlessEmpty("inner", inner);
  EXPECT_EQ(nlohmann::json::parse(object.ToText()),
            (nlohmann::json{{"empty", nlohmann::json::object()},
                            {"a \"b\" \\ \n\x01\x7f\xef\xbf\xbd",
                             "\t\xef\xbf\xbd\xef\xbf\xbd\""},
                            {"inner", {{"n", ~uint64_t{0}}}}}));
}

}  // namespace
}  // namespace pxdfuzz
