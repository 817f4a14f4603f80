// SPDX-License-Identifier: MIT

// Campaigns with a real target: a kill at any moment loses no finding, and
// stored findings are right.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "pxdfuzz/base/rng.h"
#include "tests/engine/campaign_folder.h"
#include "tests/engine/program.h"

namespace pxdfuzz {
namespace {

using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

namespace fs = std::filesystem;

constexpr int kKilled = 137;

TEST(KillTest, AKillAtAnyMomentLosesNothing) {
  const ScratchFolder scratch;
  const fs::path out = scratch.path() / "campaign";
  const std::string campaign = Program("pxdfuzz") + " campaign " +
                               Program("gup_strict_fuzzer") +
                               " --jobs=2 --out='" + out.string() + "'";
  Rng rng(1);
  std::set<std::string> before;
  for (int kill = 0; kill < 20; ++kill) {
    const std::string moment = "0." + std::to_string(rng.Between(200, 999));
    const bool exists = fs::exists(out / "stats.json");
    const Ran ran = RunCommand("timeout -s KILL " + moment + ' ' + campaign +
                               (exists ? " --resume" : ""));
    ASSERT_EQ(ran.exit_code, kKilled) << ran.output;
    const std::set<std::string> after = Findings(out / "findings");
    EXPECT_THAT(after, IsSupersetOf(before)) << kill;
    before = after;
  }
  EXPECT_FALSE(before.empty());
  const size_t inputs = static_cast<size_t>(
      std::distance(fs::directory_iterator(out / "corpus"), {}));
  EXPECT_GT(inputs, 0u);

  const Ran ran = RunCommand(campaign + " --resume --seconds=2");
  EXPECT_EQ(ran.exit_code, 1) << ran.output;
  EXPECT_THAT(Findings(out / "findings"), IsSupersetOf(before));
  EXPECT_GE(static_cast<size_t>(
                std::distance(fs::directory_iterator(out / "corpus"), {})),
            inputs);
  EXPECT_EQ(CutShort(out / "corpus"), 0u);
  // No unfinished files and no process are left.
  for (const auto& entry : fs::directory_iterator(out / "findings")) {
    EXPECT_FALSE(entry.path().filename().string().starts_with("."));
  }
  EXPECT_NE(RunCommand("pgrep -f '" + out.string() + "/[c]orpus'").exit_code,
            0);
}

// Folders that contain other things than inputs do not matter.
TEST(KillTest, LinksAndFifosAmongTheSeedsDoNoHarm) {
  const ScratchFolder scratch;
  const fs::path seeds = scratch.path() / "seeds";
  fs::create_directories(seeds / "empty");
  fs::create_symlink("/nowhere", seeds / "link");
  fs::create_symlink("..", seeds / "loop");
  RunCommand("mkfifo '" + (seeds / "fifo").string() + "'");
  std::ofstream(seeds / "seed") << '\1' << "AAAAAAAAAAAAAAA";
  const Ran ran =
      RunCommand(Program("pxdfuzz") + " campaign " + Program("gup_fuzzer") +
                 " --seconds=3 --seeds='" + seeds.string() + "' --out='" +
                 (scratch.path() / "out").string() + "'");
  EXPECT_EQ(ran.exit_code, 0) << ran.output;
  EXPECT_GT(Numbers(scratch.path() / "out/stats.json")["/executions"], 0u);
}

}  // namespace
}  // namespace pxdfuzz
