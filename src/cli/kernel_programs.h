// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_KERNEL_PROGRAMS_H_
#define PXDFUZZ_SRC_CLI_KERNEL_PROGRAMS_H_

#include <memory>
#include <string>
#include <string_view>

#include "pxdfuzz/engine/kernel_client.h"

namespace pxdfuzz {

// The program of that name for a command: where it cannot be opened this prints
// why and gives null, and `exit_code` is how the command ends.
std::unique_ptr<KernelProgram> OpenKernelProgramFor(std::string_view command,
                                                    const std::string& name,
                                                    int& exit_code);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_KERNEL_PROGRAMS_H_
