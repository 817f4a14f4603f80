// SPDX-License-Identifier: MIT

#include "src/cli/survey/kernel_survey.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/engine/kernel_code.h"
#include "pxdfuzz/oracle/compare.h"
#include "src/cli/survey/matrix_row.h"
#include "src/cli/text/json.h"

namespace pxdfuzz {
namespace {

// A variant goes wrong where the model's walk of its kind does, and the check
// of the RFC takes the entries of 2 levels for a bug.
bool IsMeantToBreak(const KernelCode& text, PagingMode mode, Stillness tables) {
  const bool two_levels = mode.arch == ArchId::kS390 && mode.levels == 2;
  if (text.variant == "folded-aware-checked" && two_levels) return true;
  const Causes expected = ExpectedFailures(ModelOfVariant(text.variant), mode);
  if (expected.InStillTables() != Cause::kNone) return true;
  if (tables == Stillness::kStill) return false;
  if (text.variant == "no-pmd-check") return true;
  // With 2 levels no offset below the root goes by an entry but that of a page,
  // and pte_offset_map() is handed a copy in all variants.
  if (text.variant == "by-pointer" && two_levels) return false;
  return !expected.empty();
}

// What excuses a variant that is meant to break.
constexpr std::string_view kBroken = "broken";

void Count(const Answer& answer, bool is_meant_to_break, ModeSurvey& survey) {
  WalkSurvey& walk = survey.walks[0];
  if (answer.inconclusive != Inconclusive::kNo && answer.finding.empty()) {
    return;
  }
  ++survey.requests;
  if (!answer.finding.empty()) {
    if (walk.finding.empty()) walk.finding = answer.finding;
    if (is_meant_to_break) {
      ++walk.waived[std::string(kBroken)];
    } else {
      ++walk.findings;
    }
  } else if (!answer.known.empty()) {
    ++walk.waived[answer.known];
  } else {
    ++walk.agreed;
  }
}

// "finding", "broken", "not-seen", "known" or "holds".
std::string_view ResultName(const KernelCode& text, const ModeSurvey& survey) {
  const WalkSurvey& walk = survey.walks[0];
  if (walk.findings > 0) return "finding";
  if (walk.Waived(kBroken) > 0) return "broken";
  if (IsMeantToBreak(text, survey.mode, survey.tables)) return "not-seen";
  return walk.waived.empty() ? "holds" : "known";
}

std::string CellText(const KernelSurvey& survey, PagingMode mode) {
  for (const ModeSurvey& one : survey.modes) {
    if (one.mode != mode) continue;
    const std::string_view result = ResultName(survey.text, one);
    const WalkSurvey& walk = one.walks[0];
    if (result == "finding") return "FINDING";
    if (result == "not-seen") return "not seen";
    if (result == "broken") {
      return Concat({"broken ", Grouped(walk.Waived(kBroken))});
    }
    if (result == "known") {
      return Concat({"known ", Grouped(walk.all_waived())});
    }
    return std::string(result);
  }
  return "-";
}

void AddKnown(const std::vector<KernelSurvey>& surveys, TextLines& text) {
  std::map<std::string, std::vector<std::string>> texts;
  for (const KernelSurvey& survey : surveys) {
    for (const ModeSurvey& one : survey.modes) {
      for (const auto& [name, count] : one.walks[0].waived) {
        if (name == kBroken) continue;
        std::vector<std::string>& names = texts[name];
        if (names.empty() || names.back() != survey.text.name) {
          names.push_back(survey.text.name);
        }
      }
    }
  }
  for (const auto& [name, names] : texts) {
    text.Blank();
    text.Wrap(
        "", "  ",
        Concat({"known: ", KnownFindingFile(name), " tells what ",
                Enumerate(names), names.size() == 1 ? " does." : " do."}));
  }
}

void AddBroken(const KernelSurvey& survey, TextLines& text) {
  std::vector<std::string> where;
  for (const ModeSurvey& one : survey.modes) {
    const WalkSurvey& walk = one.walks[0];
    if (walk.Waived(kBroken) > 0) where.push_back(Name(one.mode));
    if (walk.findings == 0) continue;
    text.Blank();
    text.Line(Concat({"FINDING on ", Name(one.mode), ": ", survey.text.name,
                      " is wrong in ", Plural(walk.findings, "request"), " of ",
                      Grouped(one.requests)}),
              LineStyle::kMarked);
    text.Line(Concat({"  first: ", walk.finding}));
  }
  if (where.empty()) return;
  text.Blank();
  text.Wrap("", "  ",
            Concat({survey.text.name, " is wrong on ", Enumerate(where),
                    ", as it is meant to be: it is the tree's text ",
                    DescribeVariant(survey.text.variant), "."}));
}

}  // namespace

bool KernelSurvey::has_finding() const {
  return std::any_of(modes.begin(), modes.end(), [](const ModeSurvey& one) {
    return one.walks[0].findings > 0;
  });
}

absl::StatusOr<KernelSurvey> SurveyKernel(KernelProgram& program,
                                          const std::vector<PagingMode>& modes,
                                          uint64_t cases, Stillness tables) {
  const bool changing = tables == Stillness::kChanging;
  KernelSurvey survey{.text = program.text(), .modes = {}};
  for (const PagingMode& mode : modes) {
    if (!program.Takes(mode)) continue;
    if (changing && IsMeantToBreak(survey.text, mode, Stillness::kStill)) {
      continue;
    }
    const bool is_meant_to_break = IsMeantToBreak(survey.text, mode, tables);
    ModeSurvey& one = survey.modes.emplace_back();
    one = {.mode = mode,
           .tables = tables,
           .cases = cases,
           .walks = std::vector<WalkSurvey>(1)};
    for (uint64_t number = 0; number < cases; ++number) {
      const Answers answers =
          program.Run(SurveyCase(mode, number, tables), /*recorded=*/false);
      if (!answers.ok()) return absl::UnavailableError(answers.error);
      for (const Answer& answer : answers.of_request)
        Count(answer, is_meant_to_break, one);
    }
  }
  return survey;
}

std::string KernelMatrixText(const std::vector<KernelSurvey>& surveys,
                             const std::vector<PagingMode>& modes,
                             uint64_t cases, Stillness tables, bool color) {
  TextLines text(color);
  const bool changing = tables == Stillness::kChanging;
  const std::string title =
      Concat({"kernel code", changing ? " while tables change" : "", ", ",
              Grouped(cases), " cases each"});
  size_t width = title.size();
  for (const KernelSurvey& survey : surveys) {
    width = std::max(width, survey.text.name.size());
  }
  width += 2;
  std::vector<std::string> names;
  for (const PagingMode& mode : modes) names.push_back(Name(mode));
  text.Line(MatrixRow(title, width, names), LineStyle::kTitle);
  for (const KernelSurvey& survey : surveys) {
    std::vector<std::string> cells;
    for (const PagingMode& mode : modes)
      cells.push_back(CellText(survey, mode));
    text.Line(MatrixRow(survey.text.name, width, cells));
  }
  text.Blank();
  text.Wrap("", "  ",
            changing
                ? "Numbers are requests; a dash: text of another architecture, "
                  "or one that is wrong without any change."
                : "Numbers are requests; a dash: text of another "
                  "architecture.");
  AddKnown(surveys, text);
  for (const KernelSurvey& survey : surveys) AddBroken(survey, text);
  return text.text();
}

Json KernelMatrixJson(const std::vector<KernelSurvey>& surveys) {
  Json json = Json::array();
  for (const KernelSurvey& survey : surveys) {
    Json modes = Json::array();
    for (const ModeSurvey& one : survey.modes) {
      const WalkSurvey& walk = one.walks[0];
      Json known = Json::object();
      for (const auto& [name, count] : walk.waived) {
        if (name != kBroken) known[name] = count;
      }
      modes.push_back({{"space", Name(one.mode)},
                       {"result", ResultName(survey.text, one)},
                       {"cases", one.cases},
                       {"requests", one.requests},
                       {"agreed", walk.agreed},
                       {"known", known},
                       {"broken", walk.findings + walk.Waived(kBroken)}});
      if (!walk.finding.empty()) modes.back()["signature"] = walk.finding;
    }
    const KernelCode& text = survey.text;
    json.push_back({{"name", text.name},
                    {"version", text.version},
                    {"slice", text.slice},
                    {"arch", text.arch},
                    {"variant", text.variant},
                    {"spaces", modes}});
  }
  return json;
}

}  // namespace pxdfuzz
