// SPDX-License-Identifier: MIT

// pxdfuzz matrix.

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/engine/kernel_client.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/paging/policy.h"
#include "src/cli/campaign/progress.h"
#include "src/cli/commands.h"
#include "src/cli/survey/kernel_survey.h"
#include "src/cli/survey/model_matrix.h"
#include "src/cli/survey/survey.h"
#include "src/cli/text/json.h"

namespace pxdfuzz {
namespace {

constexpr uint64_t kDefaultCases = 100'000;
constexpr uint64_t kDefaultKernelCases = 2'000;
// The results of the model's walks.
struct ModelTried {
  std::vector<ModelSurvey> still;
  std::vector<ModelSurvey> changing;
};

// The results of kernel code.
struct KernelTried {
  bool wanted = true;
  uint64_t cases = kDefaultKernelCases;
  // In tables that do not change, and in tables that do.
  std::vector<KernelSurvey> surveys;
  std::vector<KernelSurvey> changing;
  // A program that does not answer as one with kernel code.
  bool failed = false;

  bool found() const {
    for (const auto* half : {&surveys, &changing}) {
      for (const KernelSurvey& survey : *half) {
        if (survey.has_finding()) return true;
      }
    }
    return false;
  }
};

void TryKernels(const std::vector<PagingMode>& modes, Progress& progress,
                KernelTried& tried) {
  for (const std::string& name : KernelProgramNames()) {
    progress.Say(Concat({"trying ", name}));
    std::string error;
    if (const auto opened = OpenKernelProgram(name); opened.ok()) {
      KernelProgram& program = *opened.program;
      auto still = SurveyKernel(program, modes, tried.cases, Stillness::kStill);
      auto changing = still;
      if (still.ok()) {
        changing =
            SurveyKernel(program, modes, tried.cases, Stillness::kChanging);
      }
      if (changing.ok()) {
        tried.surveys.push_back(*std::move(still));
        tried.changing.push_back(*std::move(changing));
        continue;
      }
      error = std::string(changing.status().message());
    } else {
      error = opened.error;
    }
    progress.End();
    PrintError(error);
    tried.failed = true;
  }
}

std::string TextOfKernels(const KernelTried& tried,
                          const std::vector<PagingMode>& modes, bool color) {
  if (!tried.wanted || (tried.surveys.empty() && tried.failed)) return "";
  if (tried.surveys.empty()) {
    return Concat({"\nkernel code was left out: ", NoKernelPrograms(), "\n"});
  }
  return Concat({"\n",
                 KernelMatrixText(tried.surveys, modes, tried.cases,
                                  Stillness::kStill, color),
                 "\n",
                 KernelMatrixText(tried.changing, modes, tried.cases,
                                  Stillness::kChanging, color)});
}

std::string ToJson(const ModelTried& model, const KernelTried& kernels) {
  Json json = {{"spaces", ModelMatrixJson(model.still)},
               {"changing", ModelMatrixJson(model.changing)}};
  if (kernels.wanted) {
    json["kernel"] = KernelMatrixJson(kernels.surveys);
    json["kernel_changing"] = KernelMatrixJson(kernels.changing);
  }
  return JsonText(json);
}

// Paging modes in which nothing was compared; empty if there are none. A few
// cases may not contain any that Linux makes.
std::string NothingCompared(const ModelTried& model,
                            const KernelTried& kernels) {
  std::vector<std::string> where;
  const auto add = [&](std::string_view what, const ModeSurvey& survey) {
    if (survey.requests > 0) return;
    where.push_back(Concat(
        {what, Name(survey.mode),
         survey.tables == Stillness::kChanging ? " while tables change" : ""}));
  };
  for (const auto* half : {&model.still, &model.changing}) {
    for (const ModelSurvey& one : *half) add("", one.survey);
  }
  for (const auto* half : {&kernels.surveys, &kernels.changing}) {
    for (const KernelSurvey& kernel : *half) {
      for (const ModeSurvey& one : kernel.modes) {
        add(Concat({kernel.text.name, " on "}), one);
      }
    }
  }
  return Enumerate(where);
}

// The value of a numeric flag, if given. Otherwise false, with a message.
bool ReadCases(const Arguments& arguments, std::string_view flag,
               uint64_t& cases) {
  if (!arguments.Has(flag)) return true;
  const std::string value = arguments.Value(flag);
  if (absl::SimpleAtoi(value, &cases) && cases > 0) return true;
  PrintError(Concat({"matrix: ", flag, "=", value,
                     ": a whole number of cases is wanted, 1 or more"}));
  return false;
}

}  // namespace

int RunMatrix(const Arguments& arguments, Output& out) {
  uint64_t cases = kDefaultCases;
  KernelTried kernels{.wanted = !arguments.Has("--no-kernel"), .surveys = {}};
  if (!ReadCases(arguments, "--cases", cases) ||
      !ReadCases(arguments, "--kernel-cases", kernels.cases)) {
    return kUsage;
  }
  std::vector<PagingMode> modes;
  ModelTried model;
  bool found = false;
  Progress progress("matrix");
  for (const PagingMode& mode : kAllPagingModes) {
    if (!IsBuilt(mode)) continue;
    progress.Say(Concat({"trying ", Name(mode)}));
    modes.push_back(mode);
    for (auto* half : {&model.still, &model.changing}) {
      half->push_back(SurveyModel(
          mode, cases,
          half == &model.still ? Stillness::kStill : Stillness::kChanging));
      found |= half->back().has_finding();
    }
  }
  if (kernels.wanted) TryKernels(modes, progress, kernels);
  progress.End();
  out.Write(arguments.Has("--json")
                ? ToJson(model, kernels)
                : Concat({ModelMatrixText(model.still, out.color()), "\n",
                          ModelMatrixText(model.changing, out.color()),
                          TextOfKernels(kernels, modes, out.color())}));
  if (found || kernels.found()) return kFinding;
  const std::string nothing = NothingCompared(model, kernels);
  if (!nothing.empty()) {
    PrintError(Concat({"matrix: no request was compared in ", nothing,
                       "; more cases are wanted"}));
    return kUnreadable;
  }
  return kernels.failed ? kUnreadable : kNothingFound;
}

}  // namespace pxdfuzz
