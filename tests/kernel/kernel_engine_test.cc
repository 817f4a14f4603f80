// SPDX-License-Identifier: MIT

// The targets with kernel code, under their engine.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/engine/program.h"

namespace pxdfuzz {
namespace {

// How many executions `target` took to its first finding, from an empty corpus;
// 0 if there was none. `kernel` restricts it to one kernel code.
uint64_t ExecutionsToFinding(const std::string& target, int seed,
                             const std::string& only, uint64_t most,
                             const std::string& kernel = "") {
  const ScratchFolder folder;
  const Ran ran =
      RunCommand("PXDFUZZ_ONLY=" + only + " PXDFUZZ_KERNEL=" + kernel + ' ' +
                 Program(target) + " -print_final_stats=1 -artifact_prefix=" +
                 folder.path().string() + "/ -seed=" + std::to_string(seed) +
                 " -runs=" + std::to_string(most));
  if (ran.output.find("pxdfuzz: FINDING kernel-") == std::string::npos) {
    return 0;
  }
  EXPECT_NE(ran.output.find("mm/gup.c"), std::string::npos);
  return Executions(ran.output);
}

TEST(KernelEngineTest, FindsTheBugOfByValueWithoutSeeds) {
  for (const std::string only : {"s390/2", "s390/3", "s390/4"}) {
    std::vector<uint64_t> costs;
    for (int seed = 1; seed <= 5; ++seed) {
      costs.push_back(ExecutionsToFinding("kernel_gup_by_value_fuzzer", seed,
                                          only, 20'000));
      EXPECT_NE(costs.back(), 0u) << only << " seed " << seed;
    }
    std::sort(costs.begin(), costs.end());
    EXPECT_LE(costs[2], 2'000u) << only;
  }
}

// The kernel code of a target whose names have this ending.
std::vector<std::string> KernelsOf(const std::string& target,
                                   const std::string& ending) {
  const Ran ran =
      RunCommand("PXDFUZZ_KERNEL=none " + Program(target) + " -runs=1");
  const std::string before = "there are ";
  const size_t at = ran.output.find(before);
  if (at == std::string::npos) return {};
  std::istringstream words(ran.output.substr(at + before.size()));
  std::vector<std::string> kernels;
  for (std::string word; words >> word;) {
    if (word.ends_with(ending)) kernels.push_back(word);
  }
  return kernels;
}

// What each repair of 2020 gets wrong while tables change, and what 6.1 did
// before it rechecked the pmd.
TEST(KernelEngineTest, FindsRacesWithoutSeeds) {
  constexpr char kTarget[] = "kernel_race_strict_fuzzer";
  const std::vector<std::pair<std::string, std::string>> found = {
      {"-s390-by-pointer", "s390/3"},   {"-s390-by-pointer", "s390/4"},
      {"-s390-folded-aware", "s390/2"}, {"-s390-folded-aware", "s390/3"},
      {"-s390-no-pmd-check", "s390/3"},
  };
  for (const auto& [ending, only] : found) {
    for (const std::string& kernel : KernelsOf(kTarget, ending)) {
      std::vector<uint64_t> costs;
      for (int seed = 1; seed <= 7; ++seed) {
        costs.push_back(
            ExecutionsToFinding(kTarget, seed, only, 40'000, kernel));
        EXPECT_NE(costs.back(), 0u)
            << kernel << ' ' << only << " seed " << seed;
      }
      std::sort(costs.begin(), costs.end());
      EXPECT_LE(costs[3], 5'000u) << kernel << ' ' << only;
    }
  }
  EXPECT_FALSE(KernelsOf(kTarget, "-s390-folded-aware").empty());
}

TEST(KernelEngineTest, UnmodifiedCodeHolds) {
  for (const std::string target :
       {"kernel_gup_fuzzer", "kernel_race_fuzzer", "kernel_pgtable_size_fuzzer",
        "kernel_pgtable_size_race_fuzzer"}) {
    const ScratchFolder folder;
    const Ran ran =
        RunCommand(Program(target) + " -runs=60000 -seed=1 -artifact_prefix=" +
                   folder.path().string() + '/');
    EXPECT_EQ(ran.exit_code, 0) << ran.output;
    EXPECT_NE(ran.output.find("Done 60000 runs"), std::string::npos);
  }
}

// Requests that met a change, and the expected failures of walks of each kind.
TEST(KernelEngineTest, CountsRaces) {
  const ScratchFolder folder;
  const std::string file = (folder.path() / "stats").string();
  const Ran ran = RunCommand(
      "PXDFUZZ_STATS=" + file + ' ' + Program("kernel_race_fuzzer") +
      " -runs=60000 -seed=2 -artifact_prefix=" + folder.path().string() + '/');
  EXPECT_EQ(ran.exit_code, 0) << ran.output;
  const Numbers stats(file);
  EXPECT_GT(stats["/changing/cases"], 10'000u);
  EXPECT_GT(stats["/changing/met"], stats["/changing/requests"] / 5);
  EXPECT_GT(stats["/dropped/static-lockless"], 100u);
  EXPECT_GT(stats["/impossible/maps-over"], 0u);
  EXPECT_GT(stats["/expected_failures/static-by-pointer/double-fetch"], 0u);
  EXPECT_GT(stats["/expected_failures/folded-aware-by-value/vacuous-recheck"],
            0u);
  EXPECT_FALSE(stats.json()["expected_failures"].contains("static-lockless"));
}

// A report gives the tool's commands, with the folder of the program if it is
// there.
TEST(KernelEngineTest, TheReportsCommandsWork) {
  constexpr char kTarget[] = "kernel_race_strict_fuzzer";
  const std::vector<std::string> kernels =
      KernelsOf(kTarget, "-s390-by-pointer");
  ASSERT_FALSE(kernels.empty());
  const ScratchFolder scratch;
  const std::string begin = "cd '" + scratch.path().string() +
                            "' && PATH='" PXDFUZZ_BIN "':\"$PATH\" && ";
  const Ran found = RunCommand(begin + "PXDFUZZ_KERNEL=" + kernels[0] + ' ' +
                               Program(kTarget) + " -seed=1 -runs=40000");
  const size_t token = found.output.find("DEDUP_TOKEN: " + kernels[0]);
  ASSERT_NE(token, std::string::npos) << found.output;
  const bool has_program =
      std::filesystem::exists(PXDFUZZ_BIN "/" + kernels[0]);
  const bool has_tool = std::filesystem::exists(PXDFUZZ_BIN "/pxdfuzz");
  const std::string prefix =
      has_program ? "  PXDFUZZ_KERNEL_PROGRAMS=" PXDFUZZ_BIN " pxdfuzz "
                  : "  pxdfuzz ";
  std::istringstream lines(found.output);
  int asked = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(prefix)) continue;
    ++asked;
    if (!has_program || !has_tool) continue;
    EXPECT_EQ(RunCommand(begin + line).exit_code, 0) << line;
    // The second command wrote this file, which shows the same.
    const size_t made = line.find(" -o ");
    if (made == line.npos) continue;
    const std::string small =
        line.substr(made + 4, line.find(' ', made + 4) - made - 4);
    const Ran again = RunCommand(
        begin + "pxdfuzz replay --strict --walk=" + kernels[0] + ' ' + small);
    const size_t name = token + std::string_view("DEDUP_TOKEN: ").size();
    EXPECT_NE(again.output.find(found.output.substr(
                  name, found.output.find('\n', name) - name)),
              std::string::npos)
        << again.output;
  }
  EXPECT_EQ(asked, 2) << found.output;
}

TEST(KernelEngineTest, RefusesUnknownKernelCode) {
  const Ran ran = RunCommand("PXDFUZZ_KERNEL=kernel-0.1 " +
                             Program("kernel_gup_fuzzer") + " -runs=1");
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_NE(ran.output.find("PXDFUZZ_KERNEL=kernel-0.1: no such kernel "
                            "code; there are kernel-"),
            std::string::npos);
}

}  // namespace
}  // namespace pxdfuzz
