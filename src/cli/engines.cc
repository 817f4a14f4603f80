// SPDX-License-Identifier: MIT

#include "src/cli/engines.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "pxdfuzz/base/environment.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/engine/kernel_client.h"
#include "pxdfuzz/engine/kernel_code.h"
#include "pxdfuzz/oracle/model_engine.h"
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
  return arguments.operands.size() == 1 ? WalkOf(arguments.operands[0], given)
                                        : given;
}

std::string WalkOf(const std::string& file, const std::string& given) {
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
  if (opened.ok() && opened.program->walker().kernel->slice != found->code) {
    PrintError(Concat({file, ": was found in code ", found->code, "; ",
                       found->walk, " holds code ",
                       opened.program->walker().kernel->slice, " here"}));
  }
  return found->walk;
}

Engines OpenEngines(std::string_view command, const std::string& walk,
                    int& exit_code) {
  if (walk.empty()) return ModelEngine::All();
  Engines engines;
  const auto fail = [&](std::string_view error, int code) {
    PrintError(Concat({command, ": ", error}));
    exit_code = code;
  };
  if (IsKernelName(walk)) {
    KernelProgram::Opened opened = OpenKernelProgram(walk);
    if (opened.ok()) {
      engines.push_back(std::move(opened.program));
    } else {
      fail(opened.error, opened.is_unknown ? kUsage : kUnreadable);
    }
  } else if (const auto policy = PolicyFromName(walk); policy.has_value()) {
    engines.push_back(std::make_unique<ModelEngine>(*policy));
  } else {
    fail(Concat({"there is no walk '", walk, "'; there are ", WalkNames(),
                 ", and kernel code, kernel-..."}),
         kUsage);
  }
  return engines;
}

absl::StatusOr<Choice> Choose(const Engines& engines, const Case& c,
                              std::optional<size_t> request) {
  size_t usual = 0;
  for (size_t i = 0; i < engines.size(); ++i) {
    if (engines[i]->name() == Name(kStaticLockless)) usual = i;
  }
  Choice choice = {.request = request.value_or(0)};
  if (c.empty()) {
    choice.engine = engines[usual].get();
    choice.answer.inconclusive = Inconclusive::kEmptyCase;
    return choice;
  }
  // What is chosen by, the lower the better: how it came out, the request, the
  // engine.
  using Key = std::array<size_t, 3>;
  std::optional<Key> best;
  for (size_t i = 0; i < engines.size(); ++i) {
    if (!engines[i]->Takes(c.mode)) continue;
    Answers answers = engines[i]->Run(c, /*recorded=*/true);
    if (!answers.ok()) return absl::UnavailableError(answers.error);
    for (size_t j = 0; j < answers.of_request.size(); ++j) {
      if (request.has_value() && j != *request) continue;
      Answer& answer = answers.of_request[j];
      const bool is_wrong = !answer.finding.empty() || !answer.known.empty();
      const size_t rank = !answer.finding.empty()                    ? 0
                          : !answer.known.empty()                    ? 1
                          : answer.inconclusive == Inconclusive::kNo ? 2
                                                                     : 3;
      const Key key = {rank, j, is_wrong || i != usual ? i + 1 : 0};
      if (best.has_value() && *best <= key) continue;
      best = key;
      choice = {engines[i].get(), j, std::move(answer)};
    }
  }
  return choice;
}

}  // namespace pxdfuzz
