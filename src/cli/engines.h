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

// The model's twelve, in the order of kAllWalks.
Engines ModelEngines();

// The walk that a command is to run: the one of --walk, or, where its one
// operand is a case that says by which kernel code it was found, that one, with
// the programs of the check that found it. Says on standard error where the
// program of that name holds other code now.
std::string WalkOf(const Arguments& arguments);

// The engines that `command` is to run: the one of that name, or without a name
// the model's. Where it cannot be opened this prints why and gives none, and
// `exit_code` is how the command ends.
Engines OpenEngines(std::string_view command, const std::string& walk,
                    int& exit_code);

// The same of kernel code alone.
std::unique_ptr<KernelProgram> OpenKernelProgramFor(std::string_view command,
                                                    const std::string& name,
                                                    int& exit_code);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_ENGINES_H_
