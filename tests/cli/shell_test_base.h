// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_CLI_SHELL_TEST_BASE_H_
#define PXDFUZZ_TESTS_CLI_SHELL_TEST_BASE_H_

#include <gtest/gtest.h>

#include <filesystem>
#include <iterator>
#include <string>

#include "tests/shell.h"

namespace pxdfuzz {

// A test that runs the program as a process, with a folder for its files.
class ShellTest : public ::testing::Test {
 protected:
  using Ran = ShellRun;

  // The path of a file in a folder that is initially empty.
  std::string Scratch(const std::string& name) const {
    return (scratch_.path() / name).string();
  }
  // Names of the files in it, and their number.
  size_t ScratchFiles() const {
    return static_cast<size_t>(
        std::distance(std::filesystem::directory_iterator(scratch_.path()),
                      std::filesystem::directory_iterator()));
  }

  // Runs a shell command in which $P is the program.
  Ran Shell(const std::string& line) const {
    return RunShell("P='" PXDFUZZ_BIN "/pxdfuzz'; unset NO_COLOR; { " + line +
                    "\n}");
  }
  // Runs the program.
  Ran Run(const std::string& arguments) const {
    return Shell("\"$P\" " + arguments);
  }

  // The program exits with `code` and prints only `message`, in one line.
  void ExpectError(const std::string& arguments, int code,
                   const std::string& message) const {
    const Ran ran = Run(arguments);
    EXPECT_EQ(ran.code, code) << arguments;
    EXPECT_EQ(ran.error, "pxdfuzz: " + message + "\n") << arguments;
    EXPECT_EQ(ran.out, "") << arguments;
  }

 private:
  const ScratchFolder scratch_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TESTS_CLI_SHELL_TEST_BASE_H_
