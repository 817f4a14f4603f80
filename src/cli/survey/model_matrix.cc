// SPDX-License-Identifier: MIT

#include "src/cli/survey/model_matrix.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/paging/policy.h"
#include "src/cli/survey/matrix_row.h"

namespace pxdfuzz {
namespace {

constexpr size_t kNameColumns = 35;

// Every world of 1 index bit and ranges of up to so many pages.
constexpr WorldBounds kWorlds = {.pages = 4};

// What a cause that takes changing tables comes to, and where it shows itself.
struct CauseNote {
  Cause cause = Cause::kNone;
  std::string_view what;
  std::vector<std::string_view> witnesses;
};

const std::vector<CauseNote>& NotesOnRaces() {
  static const auto& notes = *new std::vector<CauseNote>{
      {Cause::kDoubleFetch,
       "An offset function that is handed a pointer reads the entry for "
       "itself, "
       "after the loop has tested what it read. Cleared or replaced in "
       "between, "
       "it leads nowhere.",
       {"race-by-pointer-freed-pud", "race-by-pointer-collapsed-pmd"}},
      {Cause::kVacuousRecheck,
       "Below a folded level the pointer that gup_fast's recheck reads "
       "again "
       "is the address of a local copy: what has changed in the table is never "
       "seen.",
       {"race-vacuous-recheck-pmd", "race-vacuous-recheck-2-gib",
        "race-vacuous-recheck-refilled"}},
  };
  return notes;
}

std::string WitnessFile(std::string_view name) {
  return Concat({"corpus/regressions/", name, ".yaml"});
}

Causes ExpectedOf(const ModelSurvey& of, size_t walk) {
  return ExpectedFailures(kAllWalks[walk], of.survey.mode, of.survey.tables);
}

uint64_t BehavioursOf(const ModelSurvey& of) {
  uint64_t sum = 0;
  for (const ExhaustResult& result : of.worlds) sum += result.behaviours;
  return sum;
}

// The cause by which a walk went wrong most often, and a + for more of them.
std::string CauseText(const WalkSurvey& walk) {
  const auto most = std::max_element(
      walk.waived.begin(), walk.waived.end(),
      [](const auto& a, const auto& b) { return a.second < b.second; });
  return Concat({most->first, walk.waived.size() > 1 ? "+" : ""});
}

std::string CellText(const ModelSurvey& of, size_t walk) {
  const WalkSurvey& counts = of.survey.walks[walk];
  switch (of.ResultOf(walk)) {
    case SurveyResult::kHolds:
      return of.survey.tables == Stillness::kStill && counts.broke_invariant > 0
                 ? "holds *"
                 : "holds";
    case SurveyResult::kExpectedFailure:
      return CauseText(counts);
    case SurveyResult::kNotSeen:
      return "not seen";
    case SurveyResult::kFinding:
      return "FINDING";
  }
  return "";
}

// One text for each survey, behind `name`.
template <class TextOf>
void AddRow(std::string_view name, const std::vector<ModelSurvey>& surveys,
            TextOf text_of, TextLines& text,
            LineStyle style = LineStyle::kPlain) {
  std::vector<std::string> cells;
  for (const ModelSurvey& one : surveys) cells.push_back(text_of(one));
  text.Line(MatrixRow(name, kNameColumns, cells), style);
}

template <class CountOf>
void AddCounts(std::string_view name, const std::vector<ModelSurvey>& surveys,
               CountOf count_of, TextLines& text) {
  AddRow(
      name, surveys,
      [&](const ModelSurvey& one) { return Grouped(count_of(one.survey)); },
      text);
}

// Where a walk is wrong in tables that stand still, why, and what shows it.
void AddDefect(size_t walk, const std::vector<ModelSurvey>& surveys,
               TextLines& text) {
  std::vector<std::string> where;
  std::vector<std::string> witnesses;
  Cause cause = Cause::kNone;
  for (const ModelSurvey& one : surveys) {
    const Cause known = ExpectedOf(one, walk).InStillTables();
    if (known == Cause::kNone) continue;
    cause = known;
    where.push_back(Name(one.survey.mode));
    witnesses.push_back(WitnessFile(WitnessOf(one.survey.mode)));
  }
  if (where.empty()) return;
  text.Blank();
  text.Wrap("", "  ",
            Concat({Name(kAllWalks[walk]), " is wrong on ", Enumerate(where),
                    " (", Name(cause), "). ", WhyWrong(kAllWalks[walk])}));
  text.Wrap("  shown by ", "           ", Enumerate(witnesses));
}

void AddStill(const std::vector<ModelSurvey>& surveys, TextLines& text) {
  AddCounts(
      "requests compared", surveys,
      [](const ModeSurvey& s) { return s.requests; }, text);
  AddCounts(
      "across a folded boundary", surveys,
      [](const ModeSurvey& s) { return s.crossings; }, text);
  AddRow(
      "small worlds, all of them", surveys,
      [](const ModelSurvey& one) {
        return one.worlds.empty() ? "-" : Grouped(BehavioursOf(one));
      },
      text);
  text.Blank();
  text.Wrap("", "  ",
            "*  right pages, although pXdp was not pXd_offset(parent, addr) at "
            "every turn: the loop invariant of the thread is broken.");
  for (size_t walk = 0; walk < kWalkCount; ++walk) {
    AddDefect(walk, surveys, text);
  }
}

void AddChanging(const std::vector<ModelSurvey>& surveys, TextLines& text) {
  const auto merged = [](const ModeSurvey& s) -> const WalkSurvey& {
    return s.walks[IndexOf(kStaticLockless)];
  };
  AddCounts(
      "that Linux would not make", surveys,
      [](const ModeSurvey& s) { return s.impossible; }, text);
  AddCounts(
      "requests compared", surveys,
      [](const ModeSurvey& s) { return s.requests; }, text);
  AddCounts(
      "merged walk met a change", surveys,
      [&](const ModeSurvey& s) { return merged(s).met_changes; }, text);
  AddCounts(
      "  and returned less for it", surveys,
      [&](const ModeSurvey& s) { return merged(s).cut_short; }, text);
  text.Blank();
  text.Wrap("", "  ",
            "Up to three changes between two reads of a walk, which has "
            "gup_fast's recheck; + is for more causes than that one.");
  for (const CauseNote& note : NotesOnRaces()) {
    text.Blank();
    text.Wrap("", "  ", Concat({Name(note.cause), ": ", note.what}));
    std::vector<std::string> files;
    for (const std::string_view name : note.witnesses) {
      files.push_back(WitnessFile(name));
    }
    text.Wrap("  shown by ", "           ", Enumerate(files));
  }
}

void AddFindings(const ModelSurvey& of, TextLines& text) {
  const bool changing = of.survey.tables == Stillness::kChanging;
  for (size_t walk = 0; walk < kWalkCount; ++walk) {
    if (!of.worlds.empty() && of.worlds[walk].finding().has_value()) {
      text.Blank();
      text.Line(Concat({"FINDING in a small world of ", Name(of.survey.mode),
                        ": ", Name(kAllWalks[walk])}),
                LineStyle::kMarked);
      text.Line(Describe(*of.worlds[walk].finding()));
    }
    const WalkSurvey& counts = of.survey.walks[walk];
    if (counts.findings == 0) continue;
    text.Blank();
    text.Line(Concat({"FINDING on ", Name(of.survey.mode),
                      changing ? " while tables change: " : ": ",
                      Name(kAllWalks[walk]), " disagrees in ",
                      Plural(counts.findings, "request"),
                      ", which is not expected of it"}),
              LineStyle::kMarked);
    if (!counts.finding.empty()) {
      text.Line(Concat({"  first: ", counts.finding}));
    }
  }
}

Json JsonOf(const ModelSurvey& of, size_t walk) {
  const WalkSurvey& counts = of.survey.walks[walk];
  Json waived = Json::object();
  for (const auto& [by, count] : counts.waived) waived[by] = count;
  Json json = {{"walk", Name(kAllWalks[walk])},
               {"result", Name(of.ResultOf(walk))},
               {"agreed", counts.agreed},
               {"expected_failures", waived},
               {"findings", counts.findings},
               {"broke_invariant", counts.broke_invariant},
               {"met_changes", counts.met_changes},
               {"cut_short", counts.cut_short}};
  const Cause cause = ExpectedOf(of, walk).InStillTables();
  if (of.survey.tables == Stillness::kStill && cause != Cause::kNone) {
    json.update({{"cause", Name(cause)},
                 {"witness", WitnessFile(WitnessOf(of.survey.mode))},
                 {"why", WhyWrong(kAllWalks[walk])}});
  }
  if (!of.worlds.empty()) {
    const ExhaustResult& worlds = of.worlds[walk];
    json.update({{"small_worlds", worlds.behaviours},
                 {"small_worlds_differ", worlds.differ},
                 {"small_worlds_expected", worlds.expected()}});
  }
  if (!counts.finding.empty()) json["signature"] = counts.finding;
  return json;
}

}  // namespace

SurveyResult ModelSurvey::ResultOf(size_t walk) const {
  if (!worlds.empty() && worlds[walk].unexpected() > 0) {
    return SurveyResult::kFinding;
  }
  return pxdfuzz::ResultOf(survey.walks[walk],
                           !ExpectedOf(*this, walk).empty());
}

bool ModelSurvey::has_finding() const {
  for (size_t walk = 0; walk < kWalkCount; ++walk) {
    if (ResultOf(walk) == SurveyResult::kFinding) return true;
  }
  return false;
}

ModelSurvey SurveyModel(PagingMode mode, uint64_t cases, Stillness tables) {
  ModelSurvey survey{.survey = Survey(mode, cases, tables), .worlds = {}};
  if (mode.arch != ArchId::kS390 || tables == Stillness::kChanging) {
    return survey;
  }
  for (const Policy& policy : kAllWalks) {
    survey.worlds.push_back(
        ExhaustTiny(1, mode.levels, policy, Recheck::kNo, kWorlds));
  }
  return survey;
}

std::string ModelMatrixText(const std::vector<ModelSurvey>& surveys,
                            bool color) {
  TextLines text(color);
  if (surveys.empty()) return text.text();
  const bool changing = surveys[0].survey.tables == Stillness::kChanging;
  AddRow(
      changing ? "while tables change" : "", surveys,
      [](const ModelSurvey& one) { return Name(one.survey.mode); }, text,
      LineStyle::kTitle);
  for (size_t walk = 0; walk < kWalkCount; ++walk) {
    AddRow(
        Name(kAllWalks[walk]), surveys,
        [walk](const ModelSurvey& one) { return CellText(one, walk); }, text);
  }
  text.Blank();
  AddCounts(
      "cases tried", surveys, [](const ModeSurvey& s) { return s.cases; },
      text);
  if (changing) {
    AddChanging(surveys, text);
  } else {
    AddStill(surveys, text);
  }
  for (const ModelSurvey& one : surveys) AddFindings(one, text);
  return text.text();
}

Json ModelMatrixJson(const std::vector<ModelSurvey>& surveys) {
  Json json = Json::array();
  for (const ModelSurvey& one : surveys) {
    Json walks = Json::array();
    for (size_t walk = 0; walk < kWalkCount; ++walk) {
      walks.push_back(JsonOf(one, walk));
    }
    json.push_back({{"space", Name(one.survey.mode)},
                    {"cases", one.survey.cases},
                    {"impossible", one.survey.impossible},
                    {"requests", one.survey.requests},
                    {"crossings", one.survey.crossings},
                    {"walks", walks}});
  }
  return json;
}

}  // namespace pxdfuzz
