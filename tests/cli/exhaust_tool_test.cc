// SPDX-License-Identifier: MIT

// pxdfuzz exhaust as a process.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <map>
#include <string>

#include "pxdfuzz/policy.h"
#include "tests/engine/program.h"

namespace pxdfuzz {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Ran Exhaust(const std::string& flags) {
  return RunCommand(Program("pxdfuzz") + " exhaust " + flags);
}

TEST(ExhaustToolTest, PrintsATable) {
  EXPECT_EQ(Exhaust("--walk=static-by-value --pages=2 --levels=2").output,
            "Ranges of up to 2 pages (a smaller space: all of it), at each "
            "page, for reading\n"
            "and for writing; behaviours by index bits of a level, and those "
            "that differ from\n"
            "the reference.\n"
            "\n"
            "walk, space        1 bit      2 bits  invariant  verdict\n"
            "static-by-value\n"
            "  s390/2             240         838  broken     broken: "
            "left-copy in 672\n"
            "\n"
            "1,078 behaviours, 672 differ, 672 of them by a known defect\n");
}

TEST(ExhaustToolTest, TellsAllWalks) {
  const Ran ran = Exhaust("--index-bits=1");
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
  EXPECT_THAT(ran.output, EndsWith(" of them by a known defect\n"));
}

// A range of one page crosses nothing.
TEST(ExhaustToolTest, DoesNotTakeShortRangesForAProof) {
  const Ran ran = Exhaust("--walk=static-by-value --pages=1 --levels=3");
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(ran.output, HasSubstr("  no difference; known: left-copy\n"));
}

TEST(ExhaustToolTest, Json) {
  const Ran ran = Exhaust("--json --pages=2");
  EXPECT_EQ(ran.exit_code, 0);
  const YAML::Node json = YAML::Load(ran.output);
  EXPECT_EQ(json["pages"].as<int>(), 2);
  EXPECT_EQ(json["walks"].size(), kWalkCount * 4 * 2);
  std::map<std::string, int> verdicts;
  for (const YAML::Node& one : json["walks"]) {
    const std::string verdict = one["verdict"].as<std::string>();
    ++verdicts[verdict];
    EXPECT_EQ(verdict == "holds", one["differ"].as<int>() == 0);
    EXPECT_EQ(verdict == "holds", one["known_defect"].IsNull());
    EXPECT_EQ(verdict == "holds", one["first"].IsNull());
    EXPECT_EQ(one["differ"].as<int>(), one["excused"].as<int>());
    int sum = 0;
    for (const auto& outcome : one["outcomes"]) sum += outcome.second.as<int>();
    EXPECT_EQ(sum, one["behaviours"].as<int>());
  }
  // Four walks of the twelve, where a level is folded.
  EXPECT_EQ(verdicts["broken"], 4 * 3 * 2);
  EXPECT_EQ(verdicts["holds"], 96 - 24);
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
  expect("--index-bits=3", "is not 1, 2 or both");
  expect("--levels=6", "is not 2 to 5");
  expect("--walk=pagewalk",
         "there is no such walk; 'pxdfuzz walks' names them");
  EXPECT_THAT(Exhaust("file").output,
              StartsWith("pxdfuzz: exhaust: 'file' is not wanted"));
}

}  // namespace
}  // namespace pxdfuzz
