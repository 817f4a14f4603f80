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
#include "pxdfuzz/exhaust/exhaust.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/paging/policy.h"
#include "src/cli/campaign/progress.h"
#include "src/cli/commands.h"
#include "src/cli/survey/changing_survey.h"
#include "src/cli/survey/kernel_survey.h"
#include "src/cli/survey/matrix_row.h"
#include "src/cli/survey/survey.h"
#include "src/cli/text/json.h"

namespace pxdfuzz {
namespace {

constexpr uint64_t kDefaultCases = 100'000;
constexpr uint64_t kDefaultKernelCases = 2'000;
constexpr size_t kNameColumns = 35;
constexpr size_t kCellColumns = 14;

// A paging mode, and what its small worlds came to.
struct Tried {
  ModeSurvey survey;
  // By position in kAllWalks; nothing where there are no small worlds.
  std::vector<ExhaustResult> worlds;

  uint64_t behaviours() const {
    uint64_t sum = 0;
    for (const ExhaustResult& result : worlds) sum += result.behaviours;
    return sum;
  }
};

// Every world of 1 index bit and ranges of up to so many pages.
constexpr WorldBounds kWorlds = {.pages = 4};

Tried Try(PagingMode mode, uint64_t cases) {
  Tried tried{.survey = Survey(mode, cases), .worlds = {}};
  if (mode.arch != ArchId::kS390) return tried;
  for (const Policy& policy : kAllWalks) {
    tried.worlds.push_back(
        ExhaustTiny(1, mode.levels, policy, Recheck::kNo, kWorlds));
  }
  return tried;
}

enum class Result { kHolds, kExpectedFailure, kFinding, kNotSeen };

std::string_view JsonName(Result result) {
  switch (result) {
    case Result::kHolds:
      return "holds";
    case Result::kExpectedFailure:
      return "expected-failure";
    case Result::kFinding:
      return "finding";
    case Result::kNotSeen:
      return "not-seen";
  }
  return "";
}

Result ResultOf(size_t walk, const Tried& tried) {
  const ModeSurvey& survey = tried.survey;
  if (survey.walks[walk].findings > 0) return Result::kFinding;
  if (!tried.worlds.empty() && tried.worlds[walk].unexcused() > 0) {
    return Result::kFinding;
  }
  if (ExpectedFailures(kAllWalks[walk], survey.mode).InStillTables() ==
      Cause::kNone) {
    return Result::kHolds;
  }
  return survey.walks[walk].excused > 0 ? Result::kExpectedFailure
                                        : Result::kNotSeen;
}

std::string CellText(size_t walk, const Tried& tried) {
  const ModeSurvey& survey = tried.survey;
  const Cause cause =
      ExpectedFailures(kAllWalks[walk], survey.mode).InStillTables();
  switch (ResultOf(walk, tried)) {
    case Result::kHolds:
      return survey.walks[walk].broke_invariant > 0 ? "holds *" : "holds";
    case Result::kExpectedFailure:
      return std::string(Name(cause));
    case Result::kFinding:
      return "FINDING";
    case Result::kNotSeen:
      return Concat({"(", Name(cause), ")"});
  }
  return "";
}

template <class TextOf>
std::string RowOf(std::string_view name, const std::vector<Tried>& surveys,
                  TextOf text_of) {
  std::vector<std::string> cells;
  for (const Tried& tried : surveys) cells.push_back(text_of(tried));
  return MatrixRow(name, kNameColumns, kCellColumns, cells);
}

std::string WitnessFile(PagingMode mode) {
  return Concat({"corpus/regressions/", WitnessOf(mode), ".yaml"});
}

// Where a walk is wrong, why, and what shows it.
void AddDefect(size_t walk, const std::vector<Tried>& surveys,
               TextLines& text) {
  std::vector<std::string> where;
  std::vector<std::string> witnesses;
  Cause cause = Cause::kNone;
  for (const Tried& tried : surveys) {
    const PagingMode mode = tried.survey.mode;
    const Cause known = ExpectedFailures(kAllWalks[walk], mode).InStillTables();
    if (known == Cause::kNone) continue;
    cause = known;
    where.push_back(Name(mode));
    witnesses.push_back(WitnessFile(mode));
  }
  if (where.empty()) return;
  text.Blank();
  text.Wrap("", "  ",
            Concat({Name(kAllWalks[walk]), " is wrong on ", Enumerate(where),
                    " (", Name(cause), "). ", WhyWrong(kAllWalks[walk])}));
  text.Wrap("  shown by ", "           ", Enumerate(witnesses));
}

void AddFindings(const std::vector<Tried>& surveys, TextLines& text) {
  for (const Tried& tried : surveys) {
    const ModeSurvey& survey = tried.survey;
    for (size_t walk = 0; walk < kWalkCount; ++walk) {
      if (!tried.worlds.empty() && tried.worlds[walk].finding().has_value()) {
        text.Blank();
        text.Line(Concat({"FINDING in a small world of ", Name(survey.mode),
                          ": ", Name(kAllWalks[walk])}),
                  LineStyle::kMarked);
        text.Line(Describe(*tried.worlds[walk].finding()));
      }
      const WalkSurvey& counts = survey.walks[walk];
      if (counts.findings == 0) continue;
      text.Blank();
      text.Line(
          Concat({"FINDING on ", Name(survey.mode), ": ", Name(kAllWalks[walk]),
                  " disagrees in ", Plural(counts.findings, "request"),
                  " as it is not known to"}),
          LineStyle::kMarked);
      if (counts.finding.has_value()) {
        text.Line(Concat({"  first: ", Name(*counts.finding)}));
      }
    }
  }
}

std::string ToText(const std::vector<Tried>& surveys, bool color) {
  TextLines text(color);
  text.Line(RowOf("", surveys,
                  [](const Tried& tried) { return Name(tried.survey.mode); }),
            LineStyle::kTitle);
  for (size_t walk = 0; walk < kWalkCount; ++walk) {
    text.Line(RowOf(Name(kAllWalks[walk]), surveys, [walk](const Tried& tried) {
      return CellText(walk, tried);
    }));
  }
  text.Blank();
  text.Line(RowOf("cases tried", surveys, [](const Tried& tried) {
    return Grouped(tried.survey.cases);
  }));
  text.Line(RowOf("requests compared", surveys, [](const Tried& tried) {
    return Grouped(tried.survey.requests);
  }));
  text.Line(RowOf("across a folded boundary", surveys, [](const Tried& tried) {
    return Grouped(tried.survey.crossings);
  }));
  text.Line(RowOf("small worlds, all of them", surveys, [](const Tried& tried) {
    return tried.worlds.empty() ? "-" : Grouped(tried.behaviours());
  }));
  text.Blank();
  text.Wrap("", "  ",
            "*  right pages, although pXdp was not pXd_offset(parent, addr) at "
            "every turn: the loop invariant of the thread is broken.");
  for (size_t walk = 0; walk < kWalkCount; ++walk) {
    AddDefect(walk, surveys, text);
  }
  AddFindings(surveys, text);
  return text.text();
}

Json JsonOf(size_t walk, const Tried& tried) {
  const ModeSurvey& survey = tried.survey;
  const WalkSurvey& counts = survey.walks[walk];
  const Cause cause =
      ExpectedFailures(kAllWalks[walk], survey.mode).InStillTables();
  Json json = {{"walk", Name(kAllWalks[walk])},
               {"result", JsonName(ResultOf(walk, tried))},
               {"agreed", counts.agreed},
               {"excused", counts.excused},
               {"findings", counts.findings},
               {"broke_invariant", counts.broke_invariant}};
  if (cause != Cause::kNone) {
    json.update({{"cause", Name(cause)},
                 {"witness", WitnessFile(survey.mode)},
                 {"why", WhyWrong(kAllWalks[walk])}});
  }
  if (!tried.worlds.empty()) {
    const ExhaustResult& worlds = tried.worlds[walk];
    json.update({{"small_worlds", worlds.behaviours},
                 {"small_worlds_differ", worlds.differ},
                 {"small_worlds_excused", worlds.excused()}});
  }
  if (counts.finding.has_value()) json["signature"] = Name(*counts.finding);
  return json;
}

// What kernel code came to.
struct KernelTried {
  bool wanted = true;
  uint64_t cases = kDefaultKernelCases;
  // In tables that stand still, and in such that change.
  std::vector<KernelCodeSurvey> surveys;
  std::vector<KernelCodeSurvey> changing;
  // A program that is no such thing.
  bool failed = false;

  bool found() const {
    for (const auto* half : {&surveys, &changing}) {
      for (const KernelCodeSurvey& survey : *half) {
        for (const KernelSurvey& one : survey.modes) {
          if (one.is_finding()) return true;
        }
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

std::string ToJson(const std::vector<Tried>& surveys,
                   const std::vector<ChangingSurvey>& changing,
                   const KernelTried& kernels) {
  Json modes = Json::array();
  for (const Tried& tried : surveys) {
    const ModeSurvey& survey = tried.survey;
    Json walks = Json::array();
    for (size_t walk = 0; walk < kWalkCount; ++walk) {
      walks.push_back(JsonOf(walk, tried));
    }
    modes.push_back({{"space", Name(survey.mode)},
                     {"cases", survey.cases},
                     {"requests", survey.requests},
                     {"crossings", survey.crossings},
                     {"walks", walks}});
  }
  Json json = {{"spaces", modes}, {"changing", ChangingMatrixJson(changing)}};
  if (kernels.wanted) {
    json["kernel"] = KernelMatrixJson(kernels.surveys);
    json["kernel_changing"] = KernelMatrixJson(kernels.changing);
  }
  return JsonText(json);
}

// The number that a flag gives, if it does. False, and a message, where that
// is none.
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
  std::vector<Tried> surveys;
  std::vector<ChangingSurvey> changing;
  bool found = false;
  Progress progress("matrix");
  for (const PagingMode& mode : kAllPagingModes) {
    if (!IsBuilt(mode)) continue;
    progress.Say(Concat({"trying ", Name(mode)}));
    modes.push_back(mode);
    surveys.push_back(Try(mode, cases));
    for (size_t walk = 0; walk < kWalkCount; ++walk) {
      found |= ResultOf(walk, surveys.back()) == Result::kFinding;
    }
    changing.push_back(SurveyChanging(mode, cases));
    found |= changing.back().found();
  }
  if (kernels.wanted) TryKernels(modes, progress, kernels);
  progress.End();
  out.Write(arguments.Has("--json")
                ? ToJson(surveys, changing, kernels)
                : Concat({ToText(surveys, out.color()), "\n",
                          ChangingMatrixText(changing, out.color()),
                          TextOfKernels(kernels, modes, out.color())}));
  if (found || kernels.found()) return kFinding;
  return kernels.failed ? kUnreadable : kNothingFound;
}

}  // namespace pxdfuzz
