// SPDX-License-Identifier: MIT

// Campaigns with a real target on a full disk, and with files that their user
// may not read.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/engine/campaign_folder.h"
#include "tests/engine/program.h"
#include "tests/small_disk.h"

namespace pxdfuzz {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

namespace fs = std::filesystem;

constexpr uint64_t kRoom = 64 << 20;

// Lines in which the tool reports the error.
std::vector<std::string> Complaints(const Ran& ran) {
  std::vector<std::string> complaints;
  std::istringstream in(ran.output);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("pxdfuzz: ")) complaints.push_back(line);
  }
  return complaints;
}

// A target that ends after some executions.
std::string EndingTarget(const ScratchFolder& scratch, const std::string& name,
                         int runs) {
  const fs::path file = scratch.path() / name;
  std::ofstream(file) << "#!/bin/sh\nexec " << Program(name)
                      << " \"$@\" -runs=" << runs << '\n';
  fs::permissions(file, fs::perms(0755));
  return "'" + file.string() + "'";
}

// The exit code of a campaign whose disk is full.
void ExpectFull(const Ran& ran) {
  EXPECT_EQ(ran.exit_code, 3) << ran.output;
  EXPECT_THAT(Complaints(ran), ElementsAre(EndsWith("No space left on device")))
      << ran.output;
}

TEST(FullDiskTest, ACampaignLosesNothingAndContinues) {
  const ScratchFolder scratch;
  constexpr uint64_t kSmall = 256 << 10;
  const SmallDisk disk(scratch.path() / "disk", kSmall);
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  const fs::path out = disk.path() / "out";
  const std::string endless = Program("pxdfuzz") + " campaign " +
                              Program("gup_strict_fuzzer") +
                              " --jobs=2 --out='" + out.string() + "'";
  const std::string ending =
      Program("pxdfuzz") + " campaign " +
      EndingTarget(scratch, "gup_strict_fuzzer", 20'000) + " --jobs=2 --out='" +
      out.string() + "'";

  // Without a limit it fills the disk.
  ExpectFull(RunCommand(endless));
  // Unfinished findings that were removed again take a few pages each.
  EXPECT_GT(disk.used(), kSmall / 2) << "is it full?";
  // It is random whether an engine's input found no space; an empty one needs
  // none.
  std::ofstream(out / "corpus" / std::string(40, 'a'));
  std::set<std::string> findings = Findings(out / "findings");
  std::map<std::string, std::string> kept = Kept(out);

  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(disk.Resize(kRoom));
    const Ran resumed = RunCommand(ending + " --resume");
    EXPECT_EQ(resumed.exit_code, 1) << resumed.output;
    EXPECT_EQ(CutShort(out / "corpus"), 0u);
    EXPECT_THAT(Findings(out / "findings"), IsSupersetOf(findings));
    // Only truncated files are gone.
    const std::map<std::string, std::string> after = Kept(out);
    for (const auto& [file, bytes] : kept) {
      if (Sha1Hex(Bytes(bytes)) != fs::path(file).filename() &&
          fs::path(file).parent_path() == out / "corpus") {
        continue;
      }
      EXPECT_TRUE(after.contains(file) && after.at(file) == bytes) << file;
    }
    if (round == 1) break;

    // Full again, with more content.
    findings = Findings(out / "findings");
    ASSERT_TRUE(disk.Resize(disk.used() + 8 * SmallDisk::kPage));
    ExpectFull(RunCommand(endless + " --resume"));
    EXPECT_THAT(Findings(out / "findings"), IsSupersetOf(findings));
    kept = Kept(out);
    for (const auto& [file, bytes] : after) {
      EXPECT_TRUE(kept.contains(file) && kept.at(file) == bytes) << file;
    }
  }
  EXPECT_EQ(Numbers(out / "stats.json")["/sessions"], 4u);
  EXPECT_FALSE(Findings(out / "findings").empty());
}

// A campaign that could not begin does not block another.
TEST(FullDiskTest, ACampaignDoesNotBeginWithoutSpace) {
  const ScratchFolder scratch;
  const SmallDisk disk(scratch.path() / "disk", SmallDisk::kPage);
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  std::ofstream(disk.path() / "ballast") << "a page";
  const fs::path out = disk.path() / "out";
  const std::string campaign = Program("pxdfuzz") + " campaign " +
                               EndingTarget(scratch, "gup_fuzzer", 1000) +
                               " --out='" + out.string() + "'";
  ExpectFull(RunCommand(campaign));
  ASSERT_TRUE(disk.Resize(kRoom));
  const Ran ran = RunCommand(campaign);
  EXPECT_EQ(ran.exit_code, 0) << ran.output;
}

// -----------------------------------------------------------------------------

class UnreadableTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::permissions(scratch_.path(), fs::perms(0777));
    if (geteuid() == 0) {
      // Root can read everything.
      user_ = "setpriv --reuid=65534 --regid=65534 --clear-groups ";
      const std::string program = Program("pxdfuzz");
      if (RunCommand(user_ + "test -x " + program).exit_code != 0) {
        GTEST_SKIP() << "no other user can run " << program;
      }
    }
    target_ = EndingTarget(scratch_, "gup_fuzzer", 1000);
    fs::create_directories(seeds_ / "below");
    for (const char* name : {"a", "b", "below/c"}) {
      std::ofstream(seeds_ / name) << '\1' << "AAAAAAAAAAAAAAA" << name;
    }
  }
  void TearDown() override {
    // Otherwise it could not be removed.
    RunCommand("chmod -R u+rwX '" + scratch_.path().string() + "'");
  }

  // Nobody may read it any more, not even its owner.
  static void Lock(const fs::path& path) {
    fs::permissions(path, fs::perms::none);
  }
  Ran Run(const std::string& flags) const {
    return RunCommand(user_ + Program("pxdfuzz") + " campaign " + target_ +
                      " --out='" + out_.string() + "' " + flags);
  }
  Ran RunWithSeeds() const { return Run("--seeds='" + seeds_.string() + "'"); }
  // It fails, with one line.
  static void ExpectError(const Ran& ran, int code, const std::string& line) {
    EXPECT_EQ(ran.exit_code, code);
    EXPECT_EQ(ran.output, "pxdfuzz: " + line + "\n");
  }

  const ScratchFolder scratch_;
  const fs::path seeds_ = scratch_.path() / "seeds";
  const fs::path out_ = scratch_.path() / "out";
  std::string user_;  // prefix that runs the command as another user
  std::string target_;
};

TEST_F(UnreadableTest, AFolderOfSeedsIsAnError) {
  Lock(seeds_);
  ExpectError(
      RunWithSeeds(), 2,
      seeds_.string() + ": is no folder that can be read: Permission denied");
  EXPECT_FALSE(fs::exists(out_));
}

TEST_F(UnreadableTest, AFolderBelowSeedsIsAnError) {
  Lock(seeds_ / "below");
  ExpectError(
      RunWithSeeds(), 3,
      (seeds_ / "below").string() + ": cannot be read: Permission denied");
}

TEST_F(UnreadableTest, LeavesOutFilesAmongSeeds) {
  EXPECT_THAT(Complaints(RunWithSeeds()), IsEmpty());
  fs::remove_all(out_);
  Lock(seeds_ / "a");
  const Ran one = RunWithSeeds();
  EXPECT_EQ(one.exit_code, 0) << one.output;
  EXPECT_THAT(Complaints(one),
              ElementsAre("pxdfuzz: " + seeds_.string() +
                          ": 1 file cannot be read and is left out: " +
                          (seeds_ / "a").string()));
  // Another job may have added files to the corpus by then.
  EXPECT_THAT(Contents(out_ / "log/job-1.log"),
              HasSubstr("3 files found in " + seeds_.string()));
  Lock(seeds_ / "below/c");
  fs::remove_all(out_);
  EXPECT_THAT(Complaints(RunWithSeeds()),
              ElementsAre(EndsWith(": 2 files cannot be read and are left "
                                   "out: " +
                                   (seeds_ / "a").string() + " and others")));
}

TEST_F(UnreadableTest, AFolderOfTheCampaignIsAnError) {
  ASSERT_EQ(Run("").exit_code, 0);
  for (const char* name : {"corpus", "findings", "log"}) {
    const fs::path folder = out_ / name;
    Lock(folder);
    ExpectError(
        Run("--resume"), 3,
        folder.string() + ": cannot be read and written: Permission denied");
    fs::permissions(folder, fs::perms(0755));
  }
  const fs::path stats = out_ / "stats.json";
  Lock(stats);
  ExpectError(Run("--resume"), 3,
              stats.string() + ": cannot be read: Permission denied");
  fs::permissions(stats, fs::perms(0644));
  Lock(out_);
  ExpectError(Run(""), 3,
              out_.string() + ": cannot be read: Permission denied");
  ExpectError(Run("--resume"), 3,
              stats.string() + ": cannot be read: Permission denied");
  fs::permissions(out_, fs::perms(0755));
  EXPECT_EQ(Run("--resume").exit_code, 0);
}

TEST_F(UnreadableTest, LeavesOutInputsOfTheCampaign) {
  ASSERT_EQ(Run("").exit_code, 0);
  const fs::path input = fs::directory_iterator(out_ / "corpus")->path();
  Lock(input);
  const Ran ran = Run("--resume");
  EXPECT_EQ(ran.exit_code, 0) << ran.output;
  EXPECT_THAT(Complaints(ran),
              ElementsAre(EndsWith("is left out: " + input.string())));
  EXPECT_TRUE(fs::exists(input));
}

}  // namespace
}  // namespace pxdfuzz
