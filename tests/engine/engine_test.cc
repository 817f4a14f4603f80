// SPDX-License-Identifier: MIT

// The fuzz targets with libFuzzer. Budgets are executions; a run that exceeds
// its budget fails, however long it took.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <filesystem>
#include <regex>
#include <string>
#include <vector>

#include "tests/engine/program.h"
#include "tests/sanitized.h"

namespace pxdfuzz {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kCrash = 77;  // libFuzzer's exit code

std::string Flags(int seed, int runs, const ScratchFolder& scratch) {
  return " -seed=" + std::to_string(seed) + " -runs=" + std::to_string(runs) +
         " -print_final_stats=1 -artifact_prefix='" + scratch.path().string() +
         "/' ";
}

class StrictTest : public testing::TestWithParam<int> {};

// The bug of 2020, without seeds, with that many real levels.
TEST_P(StrictTest, FindsTheBug) {
  const std::string mode = "s390/" + std::to_string(GetParam());
  ScratchFolder scratch;
  std::vector<uint64_t> executions;
  for (int seed = 1; seed <= 10; ++seed) {
    const Ran ran =
        RunCommand("PXDFUZZ_ONLY=" + mode + ' ' + Program("gup_strict_fuzzer") +
                   Flags(seed, 3000, scratch));
    EXPECT_EQ(ran.exit_code, kCrash) << "not found with seed " << seed;
    EXPECT_THAT(ran.output,
                HasSubstr("DEDUP_TOKEN: s390-" + std::to_string(GetParam()) +
                          ".static-by-value."));
    executions.push_back(Executions(ran.output));
  }
  std::sort(executions.begin(), executions.end());
  EXPECT_LE(executions[executions.size() / 2], 500u);
  EXPECT_LE(executions.back(), 3000u);
  RecordProperty("largest", std::to_string(executions.back()));
}

// The same in the form of 2020: a wrong page.
TEST_P(StrictTest, FindsAWrongPage) {
  ScratchFolder scratch;
  for (int seed = 1; seed <= 3; ++seed) {
    const Ran ran =
        RunCommand("PXDFUZZ_SIGNATURE='*.wrong-page.*' PXDFUZZ_ONLY=s390/" +
                   std::to_string(GetParam()) + ' ' +
                   Program("gup_strict_fuzzer") + Flags(seed, 30'000, scratch));
    EXPECT_EQ(ran.exit_code, kCrash) << "not found with seed " << seed;
    EXPECT_THAT(ran.output, HasSubstr(".wrong-page."));
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, StrictTest, testing::Values(2, 3, 4));

TEST(StrictTest, FindsNothingIfAllLevelsAreReal) {
  ScratchFolder scratch;
  const Ran ran =
      RunCommand("PXDFUZZ_ONLY=s390/5 " + Program("gup_strict_fuzzer") +
                 Flags(1, 20'000, scratch));
  EXPECT_EQ(ran.exit_code, 0) << ran.output;
}

// A walk that is refuted in changing tables, and its paging mode.
struct Refuted {
  std::string walk;
  std::string mode;
};
void PrintTo(const Refuted& refuted, std::ostream* out) {
  *out << refuted.walk << " in " << refuted.mode;
}

class RaceStrictTest : public testing::TestWithParam<Refuted> {};

TEST_P(RaceStrictTest, RefutesTheWalk) {
  const auto& [walk, mode] = GetParam();
  const std::string signature = walk + ".changing.";
  ScratchFolder scratch;
  std::vector<uint64_t> executions;
  for (int seed = 1; seed <= 5; ++seed) {
    const Ran ran = RunCommand(
        "PXDFUZZ_ONLY=" + mode + " PXDFUZZ_SIGNATURE='*." + signature + "*' " +
        Program("gup_race_strict_fuzzer") + Flags(seed, 20'000, scratch));
    EXPECT_EQ(ran.exit_code, kCrash) << "not found with seed " << seed;
    EXPECT_THAT(ran.output, HasSubstr("DEDUP_TOKEN: "));
    EXPECT_THAT(ran.output, HasSubstr("." + signature));
    executions.push_back(Executions(ran.output));
  }
  std::sort(executions.begin(), executions.end());
  EXPECT_LE(executions[executions.size() / 2], 2000u);
  RecordProperty("median", std::to_string(executions[executions.size() / 2]));
}

INSTANTIATE_TEST_SUITE_P(
    Walks, RaceStrictTest,
    testing::Values(Refuted{"static-by-pointer", "s390/2"},
                    Refuted{"static-by-pointer", "s390/3"},
                    Refuted{"static-by-pointer", "s390/4"},
                    Refuted{"folded-aware-by-value", "s390/2"},
                    Refuted{"folded-aware-by-value", "s390/3"}));

TEST(StrictTest, TheReportsCommandsWork) {
  ScratchFolder scratch;
  const Ran found =
      RunCommand("cd '" + scratch.path().string() + "' && " +
                 Program("gup_strict_fuzzer") + " -seed=1 -runs=3000");
  ASSERT_EQ(found.exit_code, kCrash);
  // A command is on a separate line, in the form for a shell.
  std::istringstream lines(found.output);
  std::string line;
  int tried = 0;
  while (std::getline(lines, line)) {
    if (line.find("gup_strict_fuzzer") == line.npos ||
        line.find("crash-") == line.npos) {
      continue;
    }
    const std::string token = found.output.substr(
        found.output.find("DEDUP_TOKEN:"),
        found.output.find('\n', found.output.find("DEDUP_TOKEN:")) -
            found.output.find("DEDUP_TOKEN:"));
    const Ran again =
        RunCommand("cd '" + scratch.path().string() + "' && " + line);
    EXPECT_THAT(again.output, HasSubstr(token)) << line;
    ++tried;
  }
  EXPECT_GE(tried, 2);
}

TEST(GupTest, TheSameSeedGivesTheSameCorpus) {
  // Sanitizers report every memcmp() to libFuzzer, also those of libFuzzer
  // itself, whose operands differ from run to run.
  if (kAddressSanitizer) GTEST_SKIP();
  const auto corpus = [] {
    ScratchFolder scratch;
    const std::filesystem::path folder = scratch.path() / "corpus";
    std::filesystem::create_directory(folder);
    const Ran ran = RunCommand(Program("gup_fuzzer") +
                               Flags(7, 20'000, scratch) + folder.string());
    EXPECT_EQ(ran.exit_code, 0) << ran.output;
    // Files are named by their content.
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  };
  const std::vector<std::string> first = corpus();
  EXPECT_GT(first.size(), 100u);
  EXPECT_EQ(first, corpus());
}

class GupFloorsTest : public testing::TestWithParam<std::string> {};

// Minimum results of a run, for tables that change and tables that do not.
TEST_P(GupFloorsTest, HoldForEachPagingMode) {
  const bool changing = GetParam() == "gup_race_fuzzer";
  for (const std::string mode : {"s390/2", "s390/3", "s390/4", "arm64-16k/3"}) {
    ScratchFolder scratch;
    const std::filesystem::path file = scratch.path() / "stats";
    const Ran ran = RunCommand(
        "PXDFUZZ_STATS='" + file.string() + "' PXDFUZZ_ONLY=" + mode + ' ' +
        Program(GetParam()) + Flags(1, Budget(100'000), scratch));
    ASSERT_EQ(ran.exit_code, 0) << ran.output;
    const Numbers stats(file);
    EXPECT_EQ(stats["/executions"], Budget(100'000));
    EXPECT_EQ(stats.json()["findings"], nlohmann::json::object());
    // Inputs of other paging modes cost one execution in ten at most.
    EXPECT_LE(stats["/skipped"], stats["/executions"] / 10);
    // In a path ~1 stands for a slash.
    const std::string of =
        "/spaces/" + std::regex_replace(mode, std::regex("/"), "~1") + '/';
    const uint64_t cases = stats[of + "cases"];
    EXPECT_GE(cases, stats["/executions"] / 2);
    // Some of arm64's large leaves are special, and refused.
    EXPECT_GE(stats[of + "returned"], cases * 55 / 100) << mode;
    EXPECT_GE(stats[of + "returned_two"], cases * 40 / 100) << mode;
    EXPECT_GE(stats[of + "crossed"], cases * 20 / 100) << mode;
    EXPECT_GE(stats[of + "both_sides"], cases * 5 / 100) << mode;
    // The walk of 2020 leaves its copy, which is counted as an expected
    // failure.
    EXPECT_GE(stats[of + "stack_escapes/static-by-value"], cases * 5 / 100);
    EXPECT_GE(stats["/expected_failures/static-by-value/stack-escape"],
              cases * 5 / 100);
    if (!changing) {
      EXPECT_EQ(stats["/changing/cases"], 0u) << mode;
      continue;
    }
    EXPECT_GE(stats["/changing/cases"], cases * 90 / 100) << mode;
    EXPECT_GE(stats["/changing/met"], stats["/changing/requests"] * 30 / 100)
        << mode;
    EXPECT_GE(stats["/dropped/static-lockless"], cases * 5 / 100) << mode;
    for (const std::string walk :
         {"static-by-pointer", "folded-aware-by-pointer"}) {
      EXPECT_GE(stats["/expected_failures/" + walk + "/double-fetch"],
                cases / 150)
          << mode;
    }
  }
}

// One run in six misses one of the rarest cells, so up to three runs count.
TEST_P(GupFloorsTest, ReachesEveryCell) {
  uint64_t possible = 0;
  std::vector<unsigned> reached;  // a hexadecimal digit of `mask` each
  uint64_t count = 0;
  for (int seed = 1; seed <= 3; ++seed) {
    ScratchFolder scratch;
    const std::filesystem::path file = scratch.path() / "stats";
    const Ran ran =
        RunCommand("PXDFUZZ_STATS='" + file.string() + "' " +
                   Program(GetParam()) + Flags(seed, Budget(600'000), scratch));
    ASSERT_EQ(ran.exit_code, 0) << ran.output;
    const Numbers stats(file);
    possible = stats["/cells/possible"];
    ASSERT_GT(possible, 0u);
    const auto mask = stats.json()["cells"]["mask"].get<std::string>();
    reached.resize(mask.size());
    count = 0;
    for (size_t i = 0; i < mask.size(); ++i) {
      reached[i] |= std::stoul(mask.substr(i, 1), nullptr, 16);
      count += std::popcount(reached[i]);
    }
    if (seed == 1) {
      EXPECT_EQ(count, stats["/cells/reached"]);
    }
    if (count == possible || kAddressSanitizer) break;
  }
  // The last few cells take a million executions if much of a case consists of
  // concurrent operations. A sanitized run is short.
  const bool changing = GetParam() == "gup_race_fuzzer";
  const uint64_t missing = kAddressSanitizer ? possible / 3
                           : changing        ? possible / 200
                                             : 0;
  EXPECT_GE(count + missing, possible);
}

INSTANTIATE_TEST_SUITE_P(Targets, GupFloorsTest,
                         testing::Values("gup_fuzzer", "gup_race_fuzzer"));

class QuietTest : public testing::TestWithParam<std::string> {};

TEST_P(QuietTest, FindsNothing) {
  ScratchFolder scratch;
  const int runs = Budget(300'000);
  const Ran ran = RunCommand(Program(GetParam()) + Flags(1, runs, scratch));
  EXPECT_EQ(ran.exit_code, 0) << ran.output;
  EXPECT_THAT(ran.output, HasSubstr("Done " + std::to_string(runs) + " runs"));
  EXPECT_THAT(ran.output, Not(HasSubstr("FINDING")));
}

INSTANTIATE_TEST_SUITE_P(Targets, QuietTest,
                         testing::Values("empty_fuzzer", "gup_fuzzer",
                                         "gup_race_fuzzer", "translate_fuzzer",
                                         "walks_fuzzer"));

// Signatures other than the requested one are ignored.
TEST(SignatureTest, ReportsOnlyTheRequestedOne) {
  ScratchFolder scratch;
  const Ran ran =
      RunCommand("PXDFUZZ_SIGNATURE=none.such " + Program("gup_strict_fuzzer") +
                 Flags(1, 20'000, scratch));
  EXPECT_EQ(ran.exit_code, 0) << ran.output;
}

TEST(EnvironmentTest, AnUnknownPagingModeIsOneLine) {
  const Ran ran =
      RunCommand("PXDFUZZ_ONLY=vax " + Program("gup_fuzzer") + " -runs=1");
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_EQ(std::count(ran.output.begin(), ran.output.end(), '\n'), 1);
  EXPECT_THAT(ran.output, HasSubstr("PXDFUZZ_ONLY=vax"));
}

}  // namespace
}  // namespace pxdfuzz
