// SPDX-License-Identifier: MIT

#include "src/cli/survey/kernel_survey.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/engine/kernel_code.h"
#include "pxdfuzz/oracle/compare.h"
#include "src/cli/survey/changing_survey.h"
#include "src/cli/survey/matrix_row.h"
#include "src/cli/survey/survey.h"
#include "src/cli/text/json.h"

namespace pxdfuzz {
namespace {

constexpr size_t kCellColumns = 17;

// A variant goes wrong where the model's walk of its kind does, and the check
// of the RFC takes the entries of 2 levels for a bug.
bool IsMeantToBreak(const KernelCode& text, PagingMode mode) {
  if (text.variant == "folded-aware-checked" && mode.arch == ArchId::kS390 &&
      mode.levels == 2) {
    return true;
  }
  return ExpectedFailures(ModelOfVariant(text.variant), mode).InStillTables() !=
         Cause::kNone;
}

// The same while tables change.
bool IsMeantToBreakChanging(const KernelCode& text, PagingMode mode) {
  if (IsMeantToBreak(text, mode) || text.variant == "no-pmd-check") {
    return true;
  }
  // With 2 levels no offset below the root goes by an entry but that of a page,
  // and pte_offset_map() is handed a copy in all variants.
  if (text.variant == "by-pointer" && mode.arch == ArchId::kS390 &&
      mode.levels == 2) {
    return false;
  }
  return !ExpectedFailures(ModelOfVariant(text.variant), mode).empty();
}

void Count(const Answer& answer, KernelSurvey& survey) {
  if (answer.inconclusive && answer.finding.empty()) return;
  ++survey.requests;
  if (!answer.finding.empty()) {
    ++survey.broken;
    if (survey.finding.empty()) survey.finding = answer.finding;
  } else if (!answer.known.empty()) {
    ++survey.known[answer.known];
  } else {
    ++survey.agreed;
  }
}

std::string_view ResultName(const KernelSurvey& survey) {
  if (survey.is_finding()) return "finding";
  if (survey.broken > 0) return "broken";
  if (survey.is_meant_to_break) return "not-seen";
  return survey.known.empty() ? "holds" : "known";
}

std::string CellText(const KernelCodeSurvey& survey, PagingMode mode) {
  for (const KernelSurvey& one : survey.modes) {
    if (one.mode != mode) continue;
    if (one.is_finding()) return "FINDING";
    if (one.broken > 0) return Concat({"broken ", Grouped(one.broken)});
    if (one.is_meant_to_break) return "not seen";
    if (one.known.empty()) return "holds";
    return Concat({"known ", Grouped(one.known_requests())});
  }
  return "-";
}

void AddKnown(const std::vector<KernelCodeSurvey>& surveys, TextLines& text) {
  std::map<std::string, std::vector<std::string>> texts;
  for (const KernelCodeSurvey& survey : surveys) {
    for (const KernelSurvey& one : survey.modes) {
      for (const auto& [name, count] : one.known) {
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

void AddBroken(const KernelCodeSurvey& survey, TextLines& text) {
  std::vector<std::string> where;
  for (const KernelSurvey& one : survey.modes) {
    if (one.broken > 0 && !one.is_finding()) where.push_back(Name(one.mode));
    if (!one.is_finding()) continue;
    text.Blank();
    text.Line(Concat({"FINDING on ", Name(one.mode), ": ", survey.text.name,
                      " is wrong in ", Plural(one.broken, "request"), " of ",
                      Grouped(one.requests)}),
              LineStyle::kMarked);
    text.Line(Concat({"  first: ", one.finding}));
  }
  if (where.empty()) return;
  text.Blank();
  text.Wrap("", "  ",
            Concat({survey.text.name, " is wrong on ", Enumerate(where),
                    ", as it is meant to be: it is the tree's text ",
                    DescribeVariant(survey.text.variant), "."}));
}

}  // namespace

absl::StatusOr<KernelCodeSurvey> SurveyKernel(
    KernelProgram& program, const std::vector<PagingMode>& modes,
    uint64_t cases, Stillness tables) {
  const bool changing = tables == Stillness::kChanging;
  KernelCodeSurvey survey{.text = program.text(), .modes = {}};
  for (const PagingMode& mode : modes) {
    if (!program.Takes(mode)) continue;
    if (changing && IsMeantToBreak(survey.text, mode)) continue;
    KernelSurvey& one = survey.modes.emplace_back();
    one.mode = mode;
    one.cases = cases;
    one.is_meant_to_break = changing ? IsMeantToBreakChanging(survey.text, mode)
                                     : IsMeantToBreak(survey.text, mode);
    for (uint64_t number = 0; number < cases; ++number) {
      const Answers answers =
          program.Ask(changing ? ChangingSurveyCase(mode, number)
                               : SurveyCase(mode, number),
                      /*recorded=*/false);
      if (!answers.ok()) return absl::UnavailableError(answers.error);
      for (const Answer& answer : answers.of_request) Count(answer, one);
    }
  }
  return survey;
}

std::string KernelMatrixText(const std::vector<KernelCodeSurvey>& surveys,
                             const std::vector<PagingMode>& modes,
                             uint64_t cases, Stillness tables, bool color) {
  TextLines text(color);
  const bool changing = tables == Stillness::kChanging;
  const std::string title =
      Concat({"kernel code", changing ? " while tables change" : "", ", ",
              Grouped(cases), " cases each"});
  size_t width = title.size();
  for (const KernelCodeSurvey& survey : surveys) {
    width = std::max(width, survey.text.name.size());
  }
  width += 2;
  std::vector<std::string> names;
  for (const PagingMode& mode : modes) names.push_back(Name(mode));
  text.Line(MatrixRow(title, width, kCellColumns, names), LineStyle::kTitle);
  for (const KernelCodeSurvey& survey : surveys) {
    std::vector<std::string> cells;
    for (const PagingMode& mode : modes)
      cells.push_back(CellText(survey, mode));
    text.Line(MatrixRow(survey.text.name, width, kCellColumns, cells));
  }
  text.Blank();
  text.Wrap("", "  ",
            changing
                ? "Numbers are requests; a dash: text of another architecture, "
                  "or one that is wrong without any change."
                : "Numbers are requests; a dash: text of another "
                  "architecture.");
  AddKnown(surveys, text);
  for (const KernelCodeSurvey& survey : surveys) AddBroken(survey, text);
  return text.text();
}

Json KernelMatrixJson(const std::vector<KernelCodeSurvey>& surveys) {
  Json json = Json::array();
  for (const KernelCodeSurvey& survey : surveys) {
    Json modes = Json::array();
    for (const KernelSurvey& one : survey.modes) {
      Json known = Json::object();
      for (const auto& [name, count] : one.known) known[name] = count;
      modes.push_back({{"space", Name(one.mode)},
                       {"result", ResultName(one)},
                       {"cases", one.cases},
                       {"requests", one.requests},
                       {"agreed", one.agreed},
                       {"known", known},
                       {"broken", one.broken}});
      if (one.broken > 0) modes.back()["signature"] = one.finding;
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
