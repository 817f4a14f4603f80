// SPDX-License-Identifier: MIT

#include "src/cli/kernel_programs.h"

#include "pxdfuzz/base/text_lines.h"
#include "src/cli/commands.h"

namespace pxdfuzz {

std::unique_ptr<KernelProgram> OpenKernelProgramFor(std::string_view command,
                                                    const std::string& name,
                                                    int& exit_code) {
  KernelProgram::Opened opened = OpenKernelProgram(name);
  if (!opened.ok()) {
    PrintError(Concat({command, ": ", opened.error}));
    exit_code = opened.is_unknown ? kUsage : kUnreadable;
  }
  return std::move(opened.program);
}

}  // namespace pxdfuzz
