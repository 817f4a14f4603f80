// SPDX-License-Identifier: MIT

#include "pxdfuzz/base/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <string>

#include "pxdfuzz/base/read_file.h"

namespace pxdfuzz {
namespace {

class ProcessTest : public testing::Test {
 protected:
  ProcessTest() {
    std::string name = testing::TempDir() + "pxdfuzz-XXXXXX";
    out_ = mkstemp(name.data());
    file_ = name;
  }
  ~ProcessTest() override {
    close(out_);
    unlink(file_.c_str());
  }

  // Runs a shell command, with its output in `file_`.
  Process::Options Shell(const std::string& line) const {
    return {.words = {"sh", "-c", line}, .out = out_, .error = out_};
  }
  std::string Output() const { return ReadFile(file_).value_or("?"); }

  int out_;
  std::string file_;
};

TEST_F(ProcessTest, HasItsStreamsAndEnvironment) {
  setenv("INHERITED", "yes", 1);
  setenv("UNSET", "no", 1);
  Process::Options options =
      Shell("cat; echo $INHERITED $SET ${UNSET-unset}; echo error >&2; exit 5");
  options.environment = {{"SET", "a b"}, {"UNSET", std::nullopt}};
  Process process;
  EXPECT_FALSE(process.runs());
  ASSERT_EQ(process.Start(options), "");
  EXPECT_TRUE(process.runs());
  const Process::End end = process.Wait();
  EXPECT_FALSE(process.runs());
  EXPECT_EQ(end.code, 5);
  EXPECT_EQ(end.signal, 0);
  EXPECT_EQ(end.shell_code(), 5);
  EXPECT_EQ(Output(), "yes a b unset\nerror\n");
}

TEST_F(ProcessTest, AProgramThatCannotBeExecutedIsAnError) {
  Process process;
  EXPECT_EQ(process.Start({.words = {"/nowhere/program"}}),
            "/nowhere/program: cannot be executed: No such file or directory");
  EXPECT_FALSE(process.runs());
  EXPECT_EQ(process.Start({.words = {"/tmp"}}),
            "/tmp: cannot be executed: Permission denied");
}

TEST_F(ProcessTest, EndsBySignals) {
  Process process;
  ASSERT_EQ(process.Start({.words = {"sleep", "1000"}, .own_group = true}), "");
  EXPECT_FALSE(process.Poll().has_value());
  process.Signal(SIGTERM);
  const Process::End end = process.Wait();
  EXPECT_EQ(end.signal, SIGTERM);
  EXPECT_EQ(end.shell_code(), 128 + SIGTERM);
  // No process is running now.
  EXPECT_FALSE(process.Poll().has_value());
  process.Kill();
}

TEST_F(ProcessTest, DoesNotOutliveTheObject) {
  {
    Process process;
    ASSERT_EQ(process.Start(Shell("echo $$; exec sleep 1000")), "");
    while (Output().empty()) usleep(1000);
    Process moved(std::move(process));
    EXPECT_FALSE(process.runs());
    EXPECT_TRUE(moved.runs());
  }
  EXPECT_EQ(kill(std::stoi(Output()), 0), -1);
}

TEST_F(ProcessTest, CountsProcessorTime) {
  Process process;
  ASSERT_EQ(process.Start(
                Shell("i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done")),
            "");
  EXPECT_GT(process.Wait().user_seconds, 0);
}

TEST_F(ProcessTest, ReadFileFailsOnAFolder) {
  EXPECT_EQ(ReadFile(file_), "");
  EXPECT_EQ(ReadFile("/nowhere"), std::nullopt);
  EXPECT_EQ(ReadFile("/tmp"), std::nullopt);
}

}  // namespace
}  // namespace pxdfuzz
