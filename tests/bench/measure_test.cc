// SPDX-License-Identifier: MIT

// The benchmark programs fail if a target did nothing. Scripts replace the
// targets.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "pxdfuzz/base/text_lines.h"
#include "tests/engine/program.h"

namespace pxdfuzz {
namespace {

using ::testing::HasSubstr;

class MeasureTest : public ::testing::Test {
 protected:
  void Write(const std::string& name, const std::string& text) const {
    const std::filesystem::path file = folder_.path() / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  }
  // Fuzz targets of ./run bench that run `script`.
  void WriteTargets(const std::string& begin, const std::string& script) const {
    for (const char* end : {"held_requests", "unmutated"}) {
      Write(Concat({"build/fuzz/bin/", begin, "_", end}),
            "#!/bin/sh\n" + script);
    }
  }
  Ran Run(const std::string& program) const {
    return RunCommand(
        Concat({"cd '", folder_.path().string(), "' && PATH=$PWD/bin:$PATH ",
                Program(program), " --rounds=1"}));
  }
  void ExpectFailure(const std::string& program,
                     const std::string& message) const {
    const Ran ran = Run(program);
    EXPECT_EQ(ran.exit_code, 3) << ran.output;
    EXPECT_THAT(ran.output, HasSubstr(message));
  }

 private:
  const ScratchFolder folder_;
};

class MeasureSpeedTest : public MeasureTest {
 protected:
  void SetUp() override {
    Write("bench/corpus/small/input", "x");
    Write("bench/corpus-four/small/input", "x");
  }
};

constexpr char kRun[] =
    "for word; do case $word in -runs=*) runs=${word#*=};; esac; done\n"
    "echo \"Done $runs runs in 1 second(s)\"\n";

TEST_F(MeasureSpeedTest, FailsIfATargetRunsNothing) {
  WriteTargets("gup", "exit 0\n");
  ExpectFailure("measure_speed",
                "gup_held_requests (fuzz) did not do 200000 runs");
}

TEST_F(MeasureSpeedTest, FailsIfTheEmptyTargetRunsNothing) {
  WriteTargets("gup", std::string(kRun) +
                          "echo '{\"requests\": 1}' > \"$PXDFUZZ_STATS\"\n");
  WriteTargets("empty", "exit 0\n");
  ExpectFailure("measure_speed",
                "empty_held_requests (fuzz) did not do 1000000 runs");
}

TEST_F(MeasureSpeedTest, FailsIfNothingIsCompared) {
  WriteTargets("gup", std::string(kRun) +
                          "echo '{\"requests\": 0}' > \"$PXDFUZZ_STATS\"\n");
  ExpectFailure("measure_speed", "gup_held_requests (fuzz) compared nothing");
}

// A fake taskset also replaces the afl-fuzz that it starts.
constexpr char kFuzz[] =
    "#!/bin/sh\n"
    "while [ \"$1\" != -o ]; do shift; done\n"
    "mkdir -p \"$2/default\"\n"
    "echo \"execs_done : $EXECUTIONS\" > \"$2/default/fuzzer_stats\"\n";

TEST_F(MeasureTest, AflFailsIfNothingIsExecuted) {
  Write("bin/taskset", kFuzz);
  ASSERT_EQ(setenv("EXECUTIONS", "0", 1), 0);
  ExpectFailure("measure_afl", "afl-fuzz executed nothing");
  ASSERT_EQ(setenv("EXECUTIONS", "1", 1), 0);
  ExpectFailure("measure_afl", "no run has left a crash");
}

}  // namespace
}  // namespace pxdfuzz
