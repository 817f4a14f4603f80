// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_ENGINE_PROGRAM_H_
#define PXDFUZZ_TESTS_ENGINE_PROGRAM_H_

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

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

struct Ran {
  int exit_code = -1;  // 128 + signal, where one ended it
  std::string output;  // standard output and standard error
};

// Runs a shell command.
inline Ran RunCommand(const std::string& command) {
  Ran ran;
  // The whole command's streams, also where it holds several words or a `cd`.
  FILE* pipe = popen(("{ " + command + "\n} 2>&1").c_str(), "r");
  if (pipe == nullptr) return ran;
  std::array<char, 65536> buffer;
  size_t got;
  while ((got = fread(buffer.data(), 1, buffer.size(), pipe)) > 0) {
    ran.output.append(buffer.data(), got);
  }
  const int status = pclose(pipe);
  ran.exit_code =
      WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ran;
}

// The path of a program of this build, quoted for a shell.
inline std::string Program(const std::string& name) {
  return std::string("'") + PXDFUZZ_BIN + "/" + name + "'";
}

// The number behind "stat::number_of_executed_units:", or 0.
inline uint64_t Executions(const std::string& output) {
  const std::string key = "stat::number_of_executed_units:";
  const size_t at = output.find(key);
  return at == output.npos ? 0 : std::stoull(output.substr(at + key.size()));
}

// A statistics file's lines by their words but the last: the last is the value.
// Lines of a space are split: "space s390/3 cases" and so on.
inline std::map<std::string, uint64_t> ReadStats(
    const std::filesystem::path& file) {
  std::map<std::string, uint64_t> stats;
  std::ifstream in(file);
  std::string line;
  while (std::getline(in, line)) {
    std::istringstream words(line);
    std::vector<std::string> all{std::istream_iterator<std::string>(words), {}};
    if (all.size() > 2 && all[0] == "space") {
      for (size_t i = 2; i + 1 < all.size(); i += 2) {
        stats["space " + all[1] + ' ' + all[i]] = std::stoull(all[i + 1]);
      }
      continue;
    }
    if (all.empty() || all[0] == "cells-mask") continue;
    std::string key;
    for (size_t i = 0; i + 1 < all.size(); ++i) {
      key += (i == 0 ? "" : " ") + all[i];
    }
    stats[key] = std::stoull(all.back());
  }
  return stats;
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TESTS_ENGINE_PROGRAM_H_
