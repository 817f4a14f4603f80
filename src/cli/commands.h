// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_COMMANDS_H_
#define PXDFUZZ_SRC_CLI_COMMANDS_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "src/cli/output.h"

namespace pxdfuzz {

// The program's exit codes. A finding has priority over input that cannot be
// read.
enum ExitCode : int {
  kNothingFound = 0,
  kFinding = 1,
  kUsage = 2,
  kUnreadable = 3,
  // The command failed, or had nothing to do.
  kFailed = 3,
};

// A parsed command line, without the command's name.
struct Arguments {
  // Arguments that are not flags, in order.
  std::vector<std::string> operands;
  // The flags that were given, each with its value; the last occurrence counts.
  std::vector<std::pair<std::string, std::string>> flags;

  bool Has(std::string_view flag) const;
  // The value, or nothing.
  std::string Value(std::string_view flag) const;
};

struct Flag {
  std::string_view name;   // "--walk"
  std::string_view value;  // "NAME", empty for a flag without value
  std::string_view help;
};

struct Command {
  std::string_view name;
  std::string_view operands;  // "FILE|FOLDER..."
  size_t least = 0;           // minimum number of them
  size_t most = 0;
  std::string_view summary;
  std::string_view help;
  std::string_view example;
  std::vector<Flag> flags;
  int (*run)(const Arguments& arguments, Output& out);
};

// All commands, in the order of `pxdfuzz help`.
const std::vector<Command>& Commands();

// One line on standard error, with the program's name.
void PrintError(std::string_view message);
// The same, for a message that begins with its own name.
void PrintError(const absl::Status& status);

// "static-by-value, ... and ...": the walks of the model.
std::string WalkNames();

// Writes `bytes` to the file of --output, which --force allows to replace, or
// to standard output, and returns `code`. On failure prints an error and
// returns kUnreadable.
int WriteResult(std::string_view bytes, const Arguments& arguments, int code,
                Output& out);

int RunBugs(const Arguments& arguments, Output& out);
int RunReplay(const Arguments& arguments, Output& out);
int RunExplain(const Arguments& arguments, Output& out);
int RunExport(const Arguments& arguments, Output& out);
int RunDecode(const Arguments& arguments, Output& out);
int RunEncode(const Arguments& arguments, Output& out);
int RunCampaign(const Arguments& arguments, Output& out);
int RunCheck(const Arguments& arguments, Output& out);
int RunClaims(const Arguments& arguments, Output& out);
int RunContract(const Arguments& arguments, Output& out);
int RunMigrate(const Arguments& arguments, Output& out);
int RunMatrix(const Arguments& arguments, Output& out);
int RunExhaust(const Arguments& arguments, Output& out);
int RunNew(const Arguments& arguments, Output& out);
int RunShrink(const Arguments& arguments, Output& out);
int RunSites(const Arguments& arguments, Output& out);
int RunTriage(const Arguments& arguments, Output& out);
int RunVerdicts(const Arguments& arguments, Output& out);
int RunWalks(const Arguments& arguments, Output& out);

// Runs a command line without the program's name.
int RunProgram(std::span<const std::string> words, Output& out);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_COMMANDS_H_
