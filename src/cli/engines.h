// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_ENGINES_H_
#define PXDFUZZ_SRC_CLI_ENGINES_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pxdfuzz/engine/engine.h"
#include "pxdfuzz/engine/kernel_client.h"
#include "src/cli/commands.h"

namespace pxdfuzz {

using Engines = std::vector<std::unique_ptr<Engine>>;

// The model's twelve walks, in the order of kAllWalks.
Engines ModelEngines();

// The walk that a command runs: the one of --walk, or, if its one operand is a
// case that names the kernel code that found it, that one, with the programs of
// the check that found it. Says on standard error if the program of that name
// holds other code now.
std::string WalkOf(const Arguments& arguments);

// The engines that `command` runs: the one of that name, or without a name the
// model's. If it cannot be opened, prints the reason, returns none, and sets
// `exit_code`, the command's exit code.
Engines OpenEngines(std::string_view command, const std::string& walk,
                    int& exit_code);

// The same for kernel code only.
std::unique_ptr<KernelProgram> OpenKernelProgramFor(std::string_view command,
                                                    const std::string& name,
                                                    int& exit_code);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_ENGINES_H_
