// SPDX-License-Identifier: MIT

// pxdfuzz exhaust as a process.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <map>
#include <string>

#include "pxdfuzz/paging/policy.h"
#include "tests/engine/program.h"

namespace pxdfuzz {
namespace {

using ::testing::ContainsRegex;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Ran Exhaust(const std::string& flags) {
  return RunCommand(Program("pxdfuzz") + " exhaust " + flags);
}

TEST(ExhaustToolTest, PrintsATable) {
  EXPECT_EQ(
      Exhaust("--walk=static-by-value --pages=2 --levels=2 --changes=0").output,
      "Ranges of up to 2 pages (a smaller address space: all of it), at each "
      "page, for\n"
      "reading and for writing; behaviours by index bits of a level, and "
      "those that\n"
      "differ from the reference.\n"
      "\n"
      "walk, mode         1 bit      2 bits  invariant  verdict\n"
      "static-by-value\n"
      "  s390/2             240         838  broken     broken: "
      "stack-escape 672\n"
      "\n"
      "1,078 behaviours, 672 differ, 672 of them by an expected failure\n");
}

TEST(ExhaustToolTest, ListsAllWalks) {
  const Ran ran = Exhaust("--index-bits=1 --changes=2");
  EXPECT_EQ(ran.exit_code, 0);
  for (const Policy& walk : kAllWalks) {
    EXPECT_THAT(ran.output, HasSubstr("\n" + std::string(Name(walk)) + "\n"));
  }
  EXPECT_THAT(ran.output,
              HasSubstr("\nstatic-lockless\n"
                        "  s390/2             188  broken     holds\n"
                        "  s390/3             929  broken     holds\n"
                        "  s390/4           2,467  broken     holds\n"
                        "  s390/5           5,597  kept       holds\n"));
  EXPECT_THAT(ran.output,
              HasSubstr(" of them by an expected failure\n\nWhile "));
  EXPECT_THAT(ran.output, HasSubstr("\nstatic-lockless\n"
                                    "  s390/2           1,001  holds\n"
                                    "  s390/3           2,131  holds\n"
                                    "  s390/4           3,655  holds\n"
                                    "  s390/5           6,101  holds\n"));
  EXPECT_THAT(ran.output, HasSubstr("\nThe first by double-fetch, "));
  EXPECT_THAT(ran.output, HasSubstr("\nThe first by vacuous-recheck, "));
  EXPECT_THAT(ran.output, EndsWith(" as expected\n"));
}

// The output after the table for tables that do not change.
TEST(ExhaustToolTest, PrintsATableOfChanges) {
  const std::string output =
      Exhaust("--walk=static-by-value --pages=1 --levels=2 --changes=2").output;
  const size_t begin = output.find("\nWhile ");
  ASSERT_NE(begin, std::string::npos) << output;
  EXPECT_EQ(
      output.substr(begin),
      "\n"
      "While another processor changes one entry, or none, each in each way "
      "and "
      "at each\n"
      "time: ranges of up to 2 pages, walks that have gup_fast's recheck; "
      "worlds by\n"
      "index bits of a level, and those in which the walk returns a page that "
      "was not\n"
      "there or no longer there, stops early or reads what it may not.\n"
      "\n"
      "walk, mode         1 bit      2 bits  verdict\n"
      "static-by-value\n"
      "  s390/2             265       1,223  broken: stack-escape 96, "
      "vacuous-recheck "
      "260\n"
      "\n"
      "The first by vacuous-recheck, with 1 index bit a level:\n"
      "s390/2 static-by-value, 1 page from page 0 on, for reading:\n"
      "  stale at position 0, by vacuous-recheck\n"
      "  pmd table 0[0]    table 1\n"
      "  pte table 1[0]    leaf, frame 31\n"
      "  after 2 reads, before references are taken: pmd table 0[0] becomes "
      "empty\n"
      "  frames: walk      31\n"
      "  reference         before 31, after none\n"
      "\n"
      "1,488 worlds, 1,002 changed, 356 go wrong, 356 as expected\n");
}

// A range of one page crosses nothing.
TEST(ExhaustToolTest, ShortRangesAreNoProof) {
  const Ran ran =
      Exhaust("--walk=static-by-value --pages=1 --levels=3 --changes=1");
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(ran.output, HasSubstr("  no difference; known: stack-escape\n"));
  EXPECT_THAT(
      ran.output,
      ContainsRegex("broken: vacuous-recheck [0-9]+; known: stack-escape\n"));
}

TEST(ExhaustToolTest, Json) {
  const Ran ran = Exhaust("--json --pages=2 --changes=1");
  EXPECT_EQ(ran.exit_code, 0);
  const YAML::Node json = YAML::Load(ran.output);
  EXPECT_EQ(json["pages"].as<int>(), 2);
  EXPECT_EQ(json["walks"].size(), kWalkCount * 4 * 2);
  std::map<std::string, int> verdicts;
  for (const YAML::Node& one : json["walks"]) {
    const std::string verdict = one["verdict"].as<std::string>();
    ++verdicts[verdict];
    EXPECT_EQ(verdict == "holds", one["differ"].as<int>() == 0);
    EXPECT_EQ(verdict == "holds", one["expected_failure"].IsNull());
    EXPECT_EQ(verdict == "holds", one["first"].IsNull());
    EXPECT_EQ(one["differ"].as<int>(), one["expected_failures"].as<int>());
    int sum = 0;
    for (const auto& outcome : one["outcomes"]) sum += outcome.second.as<int>();
    EXPECT_EQ(sum, one["behaviours"].as<int>());
  }
  // Four of the twelve walks, if a level is folded.
  EXPECT_EQ(verdicts["broken"], 4 * 3 * 2);
  EXPECT_EQ(verdicts["holds"], 96 - 24);
}

TEST(ExhaustToolTest, JsonOfChanges) {
  const Ran ran = Exhaust("--json --pages=1 --changes=2 --index-bits=1");
  EXPECT_EQ(ran.exit_code, 0);
  const YAML::Node json = YAML::Load(ran.output)["changes"];
  EXPECT_EQ(json["pages"].as<int>(), 2);
  EXPECT_EQ(json["walks"].size(), kWalkCount * 4);
  std::map<std::string, int> verdicts;
  std::map<std::string, int> causes;
  for (const YAML::Node& one : json["walks"]) {
    const std::string verdict = one["verdict"].as<std::string>();
    ++verdicts[verdict];
    EXPECT_EQ(verdict == "holds", one["known"].size() == 0);
    EXPECT_EQ(one["first"].size(), one["known"].size());
    EXPECT_EQ(one["by_cause"]["none"].as<int>(), 0);
    for (const YAML::Node& cause : one["known"]) {
      const auto name = cause.as<std::string>();
      ++causes[name];
      EXPECT_GT(one["by_cause"][name].as<int>(), 0);
      EXPECT_THAT(one["first"][name].as<std::string>(),
                  HasSubstr(", by " + name + "\n"));
    }
    int sum = 0;
    for (const auto& outcome : one["outcomes"]) sum += outcome.second.as<int>();
    EXPECT_EQ(sum, one["worlds"].as<int>());
    EXPECT_LE(one["changed"].as<int>(), sum);
  }
  // In tables that do not change: four walks with three numbers of levels.
  EXPECT_EQ(causes["stack-escape"], 3);
  EXPECT_EQ(causes["wrong-entry"], 9);
  // All by pointer, and by value with 2 and 3 levels.
  EXPECT_EQ(causes["double-fetch"], 16);
  EXPECT_EQ(causes["vacuous-recheck"], 8);
  // Lockless walks but those that read a wrong entry; by value at 5 levels, and
  // at 4 those that are aware of folding.
  EXPECT_EQ(verdicts["holds"], 16 - 3 + 4 + 2);
  EXPECT_EQ(verdicts["differs"], 0);
}

TEST(ExhaustToolTest, CanLeaveOutChanges) {
  const Ran ran = Exhaust("--json --pages=1 --changes=0 --levels=2");
  const YAML::Node json = YAML::Load(ran.output)["changes"];
  EXPECT_EQ(json["pages"].as<int>(), 0);
  EXPECT_EQ(json["walks"].size(), 0u);
}

TEST(ExhaustToolTest, WrongUsage) {
  const auto expect = [](const std::string& flag, const std::string& message) {
    const Ran ran = Exhaust(flag);
    EXPECT_EQ(ran.exit_code, 2) << flag;
    EXPECT_EQ(ran.output, "pxdfuzz: exhaust: " + flag + ": " + message + "\n");
  };
  expect("--pages=0", "is not 1 to 64");
  expect("--pages=65", "is not 1 to 64");
  expect("--pages=4x", "is not 1 to 64");
  expect("--changes=65", "is not 0 to 64");
  expect("--changes=few", "is not 0 to 64");
  expect("--index-bits=3", "is not 1, 2 or both");
  expect("--levels=6", "is not 2 to 5");
  expect("--walk=pagewalk",
         "there is no such walk; 'pxdfuzz walks' names them");
  EXPECT_THAT(Exhaust("file").output,
              StartsWith("pxdfuzz: exhaust: 'file' is not wanted"));
}

}  // namespace
}  // namespace pxdfuzz
