// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_ENGINES_H_
#define PXDFUZZ_SRC_CLI_ENGINES_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/engine/engine.h"
#include "src/cli/commands.h"

namespace pxdfuzz {

// The walk that a command runs: the one of --walk, or, if its one operand is a
// case that names the kernel code that found it, that one, with the programs of
// the check that found it. Says on standard error if the program of that name
// holds other code now.
std::string WalkOf(const Arguments& arguments);
// The same of a file, where --walk says `given`, or nothing.
std::string WalkOf(const std::string& file, const std::string& given);

// The engines that `command` runs: the one of that name, or without a name the
// model's twelve, in the order of kAllWalks. If it cannot be opened, prints the
// reason, returns none, and sets `exit_code`, the command's exit code.
Engines OpenEngines(std::string_view command, const std::string& walk,
                    int& exit_code);

// One request of a case, an engine, and what the engine says of it.
struct Choice {
  Engine* engine = nullptr;  // null where none takes the case
  size_t request = 0;
  Answer answer;
};

// The first request, or of `request` the first engine, that has a finding; else
// one that only a known finding explains; else the first request that was
// compared, by static-lockless where that is among the engines. An error where
// an engine does not answer as it should.
absl::StatusOr<Choice> Choose(const Engines& engines, const Case& c,
                              std::optional<size_t> request);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_ENGINES_H_
