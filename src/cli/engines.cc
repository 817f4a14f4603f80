// SPDX-License-Identifier: MIT

#include "src/cli/engines.h"

#include <array>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/engine/kernel_client.h"
#include "pxdfuzz/oracle/model_engine.h"
#include "src/cli/commands.h"

namespace pxdfuzz {

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
