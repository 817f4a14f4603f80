// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_SHELL_H_
#define PXDFUZZ_TESTS_SHELL_H_

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "pxdfuzz/base/process.h"
#include "pxdfuzz/base/read_file.h"

namespace pxdfuzz {

// A folder that is removed at the end.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name =
        (std::filesystem::temp_directory_path() / "pxdfuzz-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "mkdtemp: " << name;
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Nothing if it cannot be read.
inline std::string Contents(const std::filesystem::path& file) {
  return ReadFile(file).value_or("");
}

struct ShellRun {
  int code = -1;  // 128 + signal, if one ended it
  std::string out;
  std::string error;
};

// Runs a shell command.
inline ShellRun RunShell(const std::string& line) {
  // Unnamed files.
  const int out = memfd_create("out", MFD_CLOEXEC);
  const int error = memfd_create("error", MFD_CLOEXEC);
  Process process;
  const std::string failure =
      process.Start({.words = {"sh", "-c", line}, .out = out, .error = error});
  EXPECT_EQ(failure, "");
  ShellRun run;
  if (failure.empty()) run.code = process.Wait().shell_code();
  run.out = Contents("/proc/self/fd/" + std::to_string(out));
  run.error = Contents("/proc/self/fd/" + std::to_string(error));
  close(out);
  close(error);
  return run;
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TESTS_SHELL_H_
