// SPDX-License-Identifier: MIT

#include "src/cli/engines.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

#include "pxdfuzz/base/environment.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/engine/kernel_code.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/oracle/model_engine.h"
#include "pxdfuzz/paging/policy.h"
#include "src/cli/commands.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

// Who found a case, by its first line: "# found by: kernel-6.12-s390, c0ffee".
struct FoundBy {
  std::string walk;
  std::string code;
};

std::optional<FoundBy> ReadFoundBy(const std::string& file) {
  constexpr std::string_view kBegin = "# found by: ";
  std::error_code error;
  std::string line;
  if (!fs::is_regular_file(file, error)) return std::nullopt;
  std::ifstream in(file);
  std::getline(in, line);
  const size_t comma = line.find(", ");
  if (!line.starts_with(kBegin) || comma == line.npos) return std::nullopt;
  FoundBy found = {line.substr(kBegin.size(), comma - kBegin.size()),
                   line.substr(comma + 2)};
  if (!IsKernelName(found.walk)) return std::nullopt;
  return found;
}

}  // namespace

std::string WalkOf(const Arguments& arguments) {
  const std::string given = arguments.Value("--walk");
  if (arguments.operands.size() != 1) return given;
  const std::string& file = arguments.operands[0];
  const std::optional<FoundBy> found = ReadFoundBy(file);
  if (!found.has_value() || (!given.empty() && given != found->walk)) {
    return given;
  }
  if (Environment::Read().kernel_programs.empty()) {
    // A check keeps a case in findings/KIND and the programs in bin.
    std::error_code error;
    const fs::path bin =
        fs::absolute(file, error).parent_path().parent_path().parent_path() /
        "bin";
    if (fs::exists(bin / found->walk, error)) {
      setenv("PXDFUZZ_KERNEL_PROGRAMS", bin.c_str(), /*overwrite=*/1);
    }
  }
  const KernelProgram::Opened opened = OpenKernelProgram(found->walk);
  if (opened.ok() && opened.program->text().slice != found->code) {
    PrintError(
        Concat({file, ": was found in code ", found->code, "; ", found->walk,
                " holds code ", opened.program->text().slice, " here"}));
  }
  return found->walk;
}

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
