// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_CLI_SHELL_TEST_BASE_H_
#define PXDFUZZ_TESTS_CLI_SHELL_TEST_BASE_H_

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace pxdfuzz {

// A test of the program as a process, with a folder of its own.
class ShellTest : public ::testing::Test {
 protected:
  struct Ran {
    int code = -1;  // 128 + signal, where one ended it
    std::string out;
    std::string error;
  };

  ShellTest() {
    std::string name =
        (std::filesystem::temp_directory_path() / "pxdfuzz-XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    scratch_ = name;
    std::filesystem::create_directory(scratch_ / "streams");
    std::filesystem::create_directory(scratch_ / "own");
  }
  ~ShellTest() override { std::filesystem::remove_all(scratch_); }

  // The path of a file in a folder that begins empty.
  std::string Scratch(const std::string& name) const {
    return (scratch_ / "own" / name).string();
  }
  // Names in it, and how many.
  size_t ScratchFiles() const {
    return static_cast<size_t>(
        std::distance(std::filesystem::directory_iterator(scratch_ / "own"),
                      std::filesystem::directory_iterator()));
  }

  static std::string Contents(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  // Runs a line of a shell in which $P is the program.
  Ran Shell(const std::string& line) const {
    const std::string out = scratch_ / "streams/out";
    const std::string error = scratch_ / "streams/error";
    const std::string command = "P='" PXDFUZZ_BIN
                                "/pxdfuzz'; unset NO_COLOR; { " +
                                line + "\n} >'" + out + "' 2>'" + error + "'";
    const int status = system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
            Contents(out), Contents(error)};
  }
  // Runs the program.
  Ran Run(const std::string& arguments) const {
    return Shell("\"$P\" " + arguments);
  }

  // The program ends with `code` and says `message` alone, in one line.
  void ExpectError(const std::string& arguments, int code,
                   const std::string& message) const {
    const Ran ran = Run(arguments);
    EXPECT_EQ(ran.code, code) << arguments;
    EXPECT_EQ(ran.error, "pxdfuzz: " + message + "\n") << arguments;
    EXPECT_EQ(ran.out, "") << arguments;
  }

 private:
  std::filesystem::path scratch_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TESTS_CLI_SHELL_TEST_BASE_H_
