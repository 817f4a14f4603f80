// SPDX-License-Identifier: MIT

#include "src/cli/check/findings/sightings.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "pxdfuzz/base/read_file.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/engine/finding.h"
#include "pxdfuzz/engine/kernel_client.h"
#include "pxdfuzz/report/explain.h"
#include "src/cli/campaign/kept_finding.h"
#include "src/cli/check/my_lines.h"
#include "src/cli/check/verdict/verdict.h"
#include "src/cli/interrupt.h"

namespace pxdfuzz {
namespace {

using Clock = std::chrono::steady_clock;

// A case that is not small by then is small enough.
constexpr auto kMostShrinking = std::chrono::seconds(10);

// What one engine shows of a rule and another does not.
class DifferenceEngine : public Engine {
 public:
  DifferenceEngine(std::unique_ptr<Engine> engine,
                   std::unique_ptr<Engine> other)
      : engine_(std::move(engine)), other_(std::move(other)) {}

  const Walker& walker() const override { return engine_->walker(); }
  bool Takes(PagingMode mode) const override { return engine_->Takes(mode); }

  Answers Run(const Case& c, bool recorded) override {
    Answers answers = engine_->Run(c, recorded);
    if (ShowsAny(answers)) {
      LeaveOut(other_->Run(c, /*recorded=*/false), answers);
    }
    return answers;
  }

  std::vector<Answers> RunAll(std::span<const Case> cases) override {
    std::vector<Answers> all = engine_->RunAll(cases);
    std::vector<Case> asked;
    std::vector<Answers*> show;
    for (size_t i = 0; i < all.size(); ++i) {
      if (!ShowsAny(all[i])) continue;
      asked.push_back(cases[i]);
      show.push_back(&all[i]);
    }
    const std::vector<Answers> others = other_->RunAll(asked);
    for (size_t i = 0; i < show.size(); ++i) LeaveOut(others[i], *show[i]);
    return all;
  }

 private:
  static bool ShowsAny(const Answers& answers) {
    return std::any_of(answers.of_request.begin(), answers.of_request.end(),
                       [](const Answer& answer) {
                         return !answer.finding.empty() ||
                                !answer.known.empty();
                       });
  }

  // What cannot be asked there is shown by this one alone.
  static void LeaveOut(const Answers& others, Answers& answers) {
    if (!others.ok()) return;
    const size_t count =
        std::min(answers.of_request.size(), others.of_request.size());
    for (size_t i = 0; i < count; ++i) {
      Answer& answer = answers.of_request[i];
      const Answer& other = others.of_request[i];
      if (answer.known == other.known) answer.known.clear();
      if (!answer.finding.empty() && !other.finding.empty() &&
          RuleOfSignature(answer.finding.name()) ==
              RuleOfSignature(other.finding.name())) {
        answer.finding = {};
      }
    }
  }

  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Engine> other_;
};

}  // namespace

std::string RuleOfSignature(std::string_view signature) {
  const std::optional<Finding> finding = FindingFromName(signature);
  if (!finding.has_value()) return KindOf(signature);
  switch (finding->rule) {
    case WalkRule::kPages:
    case WalkRule::kModel:
      return std::string(Name(WalkRule::kPages));
    case WalkRule::kReferences:
    case WalkRule::kRefusal:
      return std::string(Name(WalkRule::kReferences));
    default:
      return std::string(Name(finding->rule));
  }
}

std::string FolderName(const std::string& what, const std::string& function) {
  return function.empty() ? what : Concat({what, ".", function});
}

std::string CommandWith(std::string_view command, const std::string& bin,
                        const std::string& program, const std::string& file) {
  std::error_code error;
  const std::string tool =
      std::filesystem::read_symlink("/proc/self/exe", error).string();
  return Concat({"PXDFUZZ_KERNEL_PROGRAMS=", ShellWord(bin), " ",
                 ShellWord(tool), " ", command, " --walk=", program, " ",
                 ShellWord(file)});
}

Sightings::Sightings(std::string bin, std::string other, std::string tree)
    : bin_(std::move(bin)), other_(std::move(other)), tree_(std::move(tree)) {}

const Engines& Sightings::EnginesOf(const std::string& program) {
  const auto [place, is_new] = engines_.try_emplace(program);
  if (!is_new) return place->second;
  Engines& engines = place->second;
  KernelProgram::Opened opened =
      KernelProgram::Open(Concat({bin_, "/", program}));
  if (!opened.ok()) return engines;
  KernelProgram::Opened other =
      other_.empty() ? KernelProgram::Opened()
                     : KernelProgram::Open(Concat({other_, "/", program}));
  if (other.ok()) {
    engines.push_back(std::make_unique<DifferenceEngine>(
        std::move(opened.program), std::move(other.program)));
  } else {
    engines.push_back(std::move(opened.program));
  }
  return engines;
}

Answers Sightings::Run(const std::string& program, const Case& c,
                       bool recorded) {
  const Engines& engines = EnginesOf(program);
  if (engines.empty()) {
    return {.error = Concat({bin_, "/", program, ": cannot be run"})};
  }
  return engines[0]->Run(c, recorded);
}

std::vector<Answers> Sightings::RunAll(const std::string& program,
                                       std::span<const Case> cases) {
  const Engines& engines = EnginesOf(program);
  return engines.empty() ? std::vector<Answers>() : engines[0]->RunAll(cases);
}

Sighting Sightings::SightingOf(const Engine& engine, const Case& c,
                               size_t request, const Answer& answer) const {
  Sighting sighting = {
      .c = c, .explanation = Explain(engine.walker(), c, request, answer)};
  const std::string& signature = answer.finding.name();
  sighting.key.rule = RuleOfSignature(signature);
  CodePlace& place = sighting.place;
  if (sighting.key.rule == Name(WalkRule::kPageSize)) {
    place = {.function = "perf_get_pgtable_size",
             .file = "kernel/events/core.c"};
  } else {
    place = {.file = sighting.explanation.file,
             .line = sighting.explanation.line};
    const auto text = ReadFile(Concat({tree_, "/", place.file}));
    if (place.line > 0 && text.has_value()) {
      place.function = FunctionAt(LinesOf(*text), place.line);
    }
  }
  sighting.key.function = place.function;
  return sighting;
}

absl::StatusOr<std::optional<Sighting>> Sightings::Find(
    const std::string& program, const std::string& signature, const Case& c) {
  const Engines& engines = EnginesOf(program);
  const auto found = FindFinding(engines, signature, c);
  if (!found.ok()) return found.status();
  if (!found->has_value()) return std::nullopt;
  const KeptFinding& finding = **found;
  Answers answers = finding.engine->Run(c, /*recorded=*/true);
  if (!answers.ok()) return absl::UnavailableError(answers.error);
  const Answer& answer = answers.of_request[finding.request];
  // What lies on the stack differs from run to run.
  if (answer.finding.empty()) return std::nullopt;
  return SightingOf(*finding.engine, c, finding.request, answer);
}

std::optional<Sighting> Sightings::FindKnown(const std::string& program,
                                             const Case& c) {
  const Answers answers = Run(program, c, /*recorded=*/true);
  if (!answers.ok() || answers.of_request[0].known.empty()) return std::nullopt;
  return SightingOf(*EnginesOf(program)[0], c, 0, answers.of_request[0]);
}

absl::StatusOr<std::optional<Sighting>> Sightings::Shrink(
    const std::string& program, const std::string& signature, const Case& c) {
  const Engines& engines = EnginesOf(program);
  const auto found = FindFinding(engines, signature, c);
  if (!found.ok()) return found.status();
  if (!found->has_value()) return std::nullopt;
  const Clock::time_point last = Clock::now() + kMostShrinking;
  const absl::StatusOr<ShrunkCase> shrunk = ShrinkFinding(
      **found, c,
      [last](const Case&) { return !IsInterrupted() && Clock::now() < last; });
  if (!shrunk.ok()) return shrunk.status();
  if (!shrunk->finding.has_value()) return std::nullopt;
  return SightingOf(*shrunk->finding->engine, shrunk->c,
                    shrunk->finding->request, shrunk->finding->answer);
}

}  // namespace pxdfuzz
