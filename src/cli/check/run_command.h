// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_CHECK_RUN_COMMAND_H_
#define PXDFUZZ_SRC_CLI_CHECK_RUN_COMMAND_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace pxdfuzz {

// A program that runs to its end. All is optional but the words.
struct CommandLine {
  std::vector<std::string> words;
  // Where it runs; else where this program does.
  std::string folder;
  std::vector<std::pair<std::string, std::optional<std::string>>> environment;
  // Files. Without a log, the output is in the result.
  std::string input;
  std::string log;
  // Called every tenth of a second.
  std::function<void()> tick;
};

struct CommandResult {
  int code = 0;
  std::string out;
  std::string error;

  bool ok() const { return code == 0; }
  // The first line of `error`, or of `out`, without what git and tar write in
  // front of their messages.
  std::string Reason() const;
};

// Runs it. An error where it cannot be started, or where the user interrupts
// it: absl::CancelledError.
absl::StatusOr<CommandResult> RunCommand(const CommandLine& command);

// The text up to the first end of line.
std::string FirstLine(std::string_view text);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CHECK_RUN_COMMAND_H_
