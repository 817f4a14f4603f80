// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_ENGINE_PROGRAM_H_
#define PXDFUZZ_TESTS_ENGINE_PROGRAM_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "tests/shell.h"

namespace pxdfuzz {

struct Ran {
  int exit_code = -1;  // 128 + signal, if one ended it
  std::string output;  // standard output and standard error
};

// Runs a shell command.
inline Ran RunCommand(const std::string& command) {
  // The streams of the whole command, even if it has several words or a `cd`.
  ShellRun run = RunShell("{ " + command + "\n} 2>&1");
  return {run.code, std::move(run.out)};
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
    json_ = nlohmann::json::parse(Contents(file), nullptr,
                                  /*allow_exceptions=*/false);
    EXPECT_TRUE(json_.is_object()) << file;
  }
  // 0 if there is none.
  uint64_t operator[](const std::string& path) const {
    return json_.value(nlohmann::json::json_pointer(path), uint64_t{0});
  }
  const nlohmann::json& json() const { return json_; }

 private:
  nlohmann::json json_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TESTS_ENGINE_PROGRAM_H_
