// SPDX-License-Identifier: MIT

// The targets that hold kernel text, under their engine.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/engine/program.h"

namespace pxdfuzz {
namespace {

// How many executions `target` took to its first finding, from an empty corpus;
// 0 where there was none.
uint64_t ExecutionsToFinding(const std::string& target, int seed,
                             const std::string& only, uint64_t most) {
  const ScratchFolder folder;
  const Ran ran = RunCommand(
      "PXDFUZZ_ONLY=" + only + ' ' + Program(target) +
      " -print_final_stats=1 -artifact_prefix=" + folder.path().string() +
      "/ -seed=" + std::to_string(seed) + " -runs=" + std::to_string(most));
  if (ran.output.find("pxdfuzz: FINDING kernel-") == std::string::npos) {
    return 0;
  }
  EXPECT_NE(ran.output.find("mm/gup.c"), std::string::npos);
  return Executions(ran.output);
}

TEST(KernelEngineTest, ByValueIsFoundFromNothing) {
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

TEST(KernelEngineTest, TextAsItStandsHolds) {
  for (const std::string target :
       {"kernel_gup_fuzzer", "kernel_pgtable_size_fuzzer"}) {
    const ScratchFolder folder;
    const Ran ran =
        RunCommand(Program(target) + " -runs=60000 -seed=1 -artifact_prefix=" +
                   folder.path().string() + '/');
    EXPECT_EQ(ran.exit_code, 0) << ran.output;
    EXPECT_NE(ran.output.find("Done 60000 runs"), std::string::npos);
  }
}

TEST(KernelEngineTest, AnUnknownTextIsRefused) {
  const Ran ran = RunCommand("PXDFUZZ_KERNEL=kernel-0.1 " +
                             Program("kernel_gup_fuzzer") + " -runs=1");
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_NE(ran.output.find("PXDFUZZ_KERNEL=kernel-0.1: no such kernel "
                            "text; there are kernel-"),
            std::string::npos);
}

}  // namespace
}  // namespace pxdfuzz
