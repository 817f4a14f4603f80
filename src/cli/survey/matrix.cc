// SPDX-License-Identifier: MIT

// pxdfuzz matrix.

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/engine/engine.h"
#include "pxdfuzz/engine/kernel_client.h"
#include "pxdfuzz/exhaust/exhaust.h"
#include "pxdfuzz/oracle/model_engine.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/paging/policy.h"
#include "src/cli/campaign/progress.h"
#include "src/cli/commands.h"
#include "src/cli/engines.h"
#include "src/cli/survey/matrix_text.h"
#include "src/cli/survey/survey.h"
#include "src/cli/text/json.h"

namespace pxdfuzz {
namespace {

constexpr uint64_t kDefaultCases = 100'000;
constexpr uint64_t kDefaultKernelCases = 2'000;
// Every world of 1 index bit and ranges of at most this many pages.
constexpr WorldBounds kWorlds = {.pages = 4};

// What `engines` come to in every paging mode that is built, added to `matrix`
// behind what is there.
absl::Status AddWalks(const Engines& engines, uint64_t cases, Matrix& matrix) {
  std::vector<ModeSurvey> surveys;
  for (const PagingMode& mode : kAllPagingModes) {
    if (!IsBuilt(mode)) continue;
    absl::StatusOr<ModeSurvey> survey =
        Survey(engines, mode, cases, matrix.tables);
    if (!survey.ok()) return survey.status();
    surveys.push_back(*std::move(survey));
  }
  for (const auto& engine : engines) matrix.walkers.push_back(engine->walker());
  if (matrix.modes.empty()) {
    matrix.modes = std::move(surveys);
    return absl::OkStatus();
  }
  for (size_t i = 0; i < surveys.size(); ++i) {
    for (WalkSurvey& walk : surveys[i].walks) {
      matrix.modes[i].walks.push_back(std::move(walk));
    }
  }
  return absl::OkStatus();
}

void AddWorlds(Matrix& matrix) {
  for (ModeSurvey& one : matrix.modes) {
    if (one.mode.arch != ArchId::kS390) continue;
    for (size_t i = 0; i < kWalkCount; ++i) {
      one.walks[i].worlds =
          ExhaustTiny(1, one.mode.levels, kAllWalks[i], Recheck::kNo, kWorlds);
    }
  }
}

// In tables that do not change, and in tables that do.
using Halves = std::array<Matrix, 2>;
Halves MakeHalves() {
  return {Matrix{.tables = Stillness::kStill},
          Matrix{.tables = Stillness::kChanging}};
}

// Adds all kernel code there is. False where a program is no such thing.
bool AddKernels(uint64_t cases, Progress& progress, Halves& halves) {
  bool all_ran = true;
  for (const std::string& name : KernelProgramNames()) {
    progress.Say(Concat({"trying ", name}));
    int exit_code = 0;
    const Engines engines = OpenEngines("matrix", name, exit_code);
    if (engines.empty()) {
      all_ran = false;
      continue;
    }
    // Both halves, or none.
    Halves both = halves;
    absl::Status status;
    for (Matrix& half : both) {
      if (status.ok()) status = AddWalks(engines, cases, half);
    }
    if (status.ok()) {
      halves = std::move(both);
      continue;
    }
    progress.End();
    PrintError(status);
    all_ran = false;
  }
  return all_ran;
}

// Paging modes in which nothing was compared; empty if there are none. A few
// cases may not contain any that Linux makes.
std::string NothingCompared(const Halves& halves) {
  std::vector<std::string> where;
  for (const Matrix& half : halves) {
    for (const ModeSurvey& one : half.modes) {
      const std::string mode = Concat(
          {Name(one.mode),
           half.tables == Stillness::kChanging ? " while tables change" : ""});
      if (!half.is_kernel()) {
        if (one.requests == 0) where.push_back(mode);
        continue;
      }
      for (size_t i = 0; i < half.walkers.size(); ++i) {
        if (one.walks[i].ran && one.walks[i].compared() == 0) {
          where.push_back(Concat({half.walkers[i].name, " on ", mode}));
        }
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
  uint64_t kernel_cases = kDefaultKernelCases;
  const bool with_kernels = !arguments.Has("--no-kernel");
  if (!ReadCases(arguments, "--cases", cases) ||
      !ReadCases(arguments, "--kernel-cases", kernel_cases)) {
    return kUsage;
  }
  Halves model = MakeHalves();
  Halves kernels = MakeHalves();
  Progress progress("matrix");
  progress.Say("trying the walks of the model");
  const Engines engines = ModelEngine::All();
  for (Matrix& half : model) {
    if (const absl::Status status = AddWalks(engines, cases, half);
        !status.ok()) {
      PrintError(status);
      return kUnreadable;
    }
  }
  AddWorlds(model[0]);
  const bool all_ran =
      !with_kernels || AddKernels(kernel_cases, progress, kernels);
  progress.End();
  if (arguments.Has("--json")) {
    Json json = {{"spaces", MatrixJson(model[0])},
                 {"changing", MatrixJson(model[1])}};
    if (with_kernels) {
      json["kernel"] = MatrixJson(kernels[0]);
      json["kernel_changing"] = MatrixJson(kernels[1]);
    }
    out.Write(JsonText(json));
  } else {
    std::string text = MatrixText(model[0], out.color());
    for (const Matrix* half : {&model[1], &kernels[0], &kernels[1]}) {
      if (half->modes.empty()) continue;
      text += Concat({"\n", MatrixText(*half, out.color())});
    }
    if (with_kernels && all_ran && kernels[0].modes.empty()) {
      text +=
          Concat({"\nkernel code was left out: ", NoKernelPrograms(), "\n"});
    }
    out.Write(text);
  }
  std::string nothing;
  for (const Halves* of : {&model, &kernels}) {
    for (const Matrix& half : *of) {
      if (half.has_finding()) return kFinding;
    }
    if (nothing.empty()) nothing = NothingCompared(*of);
  }
  if (!nothing.empty()) {
    PrintError(Concat({"matrix: no request was compared in ", nothing,
                       "; more cases are wanted"}));
    return kUnreadable;
  }
  return all_ran ? kNothingFound : kUnreadable;
}

}  // namespace pxdfuzz
