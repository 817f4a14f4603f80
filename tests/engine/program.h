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
#include <nlohmann/json.hpp>
#include <string>

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

// The numbers in a file of statistics, by their paths: "/cells/possible".
class Numbers {
 public:
  explicit Numbers(const std::filesystem::path& file) {
    std::ifstream in(file);
    json_ = nlohmann::json::parse(in, nullptr, /*allow_exceptions=*/false);
    EXPECT_TRUE(json_.is_object()) << file;
  }
  // 0 where there is none.
  uint64_t operator[](const std::string& path) const {
    return json_.value(nlohmann::json::json_pointer(path), uint64_t{0});
  }
  const nlohmann::json& json() const { return json_; }

 private:
  nlohmann::json json_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TESTS_ENGINE_PROGRAM_H_
