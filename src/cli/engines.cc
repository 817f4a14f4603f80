// SPDX-License-Identifier: MIT

#include "src/cli/engines.h"

#include <optional>
#include <utility>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/oracle/model_engine.h"
#include "pxdfuzz/paging/policy.h"
#include "src/cli/commands.h"

namespace pxdfuzz {

Engines ModelEngines() {
  const auto oracle = std::make_shared<Oracle>();
  Engines engines;
  for (const Policy& walk : kAllWalks) {
    engines.push_back(std::make_unique<ModelEngine>(walk, oracle));
  }
  return engines;
}

Engines OpenEngines(std::string_view command, const std::string& walk,
                    int& exit_code) {
  if (walk.empty()) return ModelEngines();
  Engines engines;
  if (IsKernelName(walk)) {
    auto program = OpenKernelProgramFor(command, walk, exit_code);
    if (program != nullptr) engines.push_back(std::move(program));
    return engines;
  }
  if (const auto policy = PolicyFromName(walk); policy.has_value()) {
    engines.push_back(
        std::make_unique<ModelEngine>(*policy, std::make_shared<Oracle>()));
    return engines;
  }
  PrintError(Concat({command, ": there is no walk '", walk, "'; there are ",
                     WalkNames(), ", and kernel code, kernel-..."}));
  exit_code = kUsage;
  return engines;
}

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
