// SPDX-License-Identifier: MIT

#include "src/cli/survey/matrix_text.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <string_view>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/engine/kernel_code.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/paging/policy.h"

namespace pxdfuzz {
namespace {

// The effect of a cause that requires changing tables, and where it shows.
struct CauseNote {
  Cause cause = Cause::kNone;
  std::string_view what;
  std::vector<std::string_view> witnesses;
};

const std::vector<CauseNote>& NotesOnRaces() {
  static const auto& notes = *new std::vector<CauseNote>{
      {Cause::kDoubleFetch,
       "An offset function that gets a pointer reads the entry again, after "
       "the loop has tested it. If the entry was cleared or replaced in "
       "between, the function returns a pointer to no table.",
       {"race-by-pointer-freed-pud", "race-by-pointer-collapsed-pmd"}},
      {Cause::kVacuousRecheck,
       "Below a folded level the pointer through which gup_fast's recheck "
       "reads is the address of a local copy, so the recheck never sees a "
       "change in the table.",
       {"race-vacuous-recheck-pmd", "race-vacuous-recheck-2-gib",
        "race-vacuous-recheck-refilled"}},
  };
  return notes;
}

std::string WitnessFile(std::string_view name) {
  return Concat({"corpus/regressions/", name, ".yaml"});
}

// The most frequent cause, and a + if there are more.
std::string CauseText(const WalkSurvey& walk) {
  const auto most = std::max_element(
      walk.waived.begin(), walk.waived.end(),
      [](const auto& a, const auto& b) { return a.second < b.second; });
  return Concat({most->first, walk.waived.size() > 1 ? "+" : ""});
}

std::string CellText(const Matrix& matrix, const ModeSurvey& survey,
                     size_t index) {
  const WalkSurvey& walk = survey.walks[index];
  if (!walk.ran) return "-";
  switch (matrix.ResultOf(survey, index)) {
    case SurveyResult::kHolds:
      return matrix.tables == Stillness::kStill && walk.broke_invariant > 0
                 ? "holds *"
                 : "holds";
    case SurveyResult::kKnown:
      return Concat({"known ", Grouped(walk.compared() - walk.agreed)});
    case SurveyResult::kExpectedFailure:
      return matrix.is_kernel()
                 ? Concat({kBroken, " ", Grouped(walk.Waived(kBroken))})
                 : CauseText(walk);
    case SurveyResult::kNotSeen:
      return "not seen";
    case SurveyResult::kFinding:
      return "FINDING";
  }
  return "";
}

class Text {
 public:
  Text(const Matrix& matrix, bool color)
      : matrix_(matrix),
        changing_(matrix.tables == Stillness::kChanging),
        text_(color) {}

  std::string Make() {
    if (matrix_.modes.empty()) return "";
    const std::string title =
        matrix_.is_kernel()
            ? Concat({"kernel code", changing_ ? " while tables change" : "",
                      ", ", Grouped(matrix_.modes[0].cases), " cases each"})
        : changing_ ? "while tables change"
                    : "";
    width_ = title.size();
    for (const Walker& walker : matrix_.walkers) {
      width_ = std::max(width_, walker.name.size());
    }
    width_ += 2;
    AddRow(
        title, [](const ModeSurvey& one) { return Name(one.mode); },
        LineStyle::kTitle);
    for (size_t walk = 0; walk < matrix_.walkers.size(); ++walk) {
      AddRow(matrix_.walkers[walk].name, [&](const ModeSurvey& one) {
        return CellText(matrix_, one, walk);
      });
    }
    text_.Blank();
    if (matrix_.is_kernel()) {
      AddKernelNotes();
    } else {
      AddModelNotes();
    }
    for (const ModeSurvey& one : matrix_.modes) AddFindings(one);
    return text_.text();
  }

 private:
  // One text for each paging mode, behind `name`, in columns that have room for
  // the name of any cause. A long text takes from the next one's room.
  void AddRow(std::string_view name,
              const std::function<std::string(const ModeSurvey&)>& text_of,
              LineStyle style = LineStyle::kPlain) {
    constexpr size_t kColumns = 17;
    std::string line(name);
    size_t column = width_;
    for (const ModeSurvey& one : matrix_.modes) {
      line.resize(std::max(line.size() + 1, column), ' ');
      line += text_of(one);
      column += kColumns;
    }
    text_.Line(line, style);
  }
  void AddCounts(std::string_view name,
                 const std::function<uint64_t(const ModeSurvey&)>& count_of) {
    AddRow(name, [&](const ModeSurvey& one) { return Grouped(count_of(one)); });
  }
  void AddParagraph(std::string_view text) {
    text_.Blank();
    text_.Wrap("", "  ", text);
  }
  void AddWitnesses(const std::vector<std::string_view>& names) {
    std::vector<std::string> files;
    for (const std::string_view name : names)
      files.push_back(WitnessFile(name));
    text_.Wrap("  shown by ", "           ", Enumerate(files));
  }

  void AddModelNotes() {
    AddCounts("cases tried", [](const ModeSurvey& s) { return s.cases; });
    if (changing_) {
      AddCounts("that Linux would not make",
                [](const ModeSurvey& s) { return s.impossible; });
    }
    AddCounts("requests compared",
              [](const ModeSurvey& s) { return s.requests; });
    if (changing_) {
      AddChanging();
    } else {
      AddStill();
    }
  }

  void AddStill() {
    AddCounts("across a folded boundary",
              [](const ModeSurvey& s) { return s.crossings; });
    AddRow("small worlds, all of them", [](const ModeSurvey& one) {
      uint64_t sum = 0;
      for (const WalkSurvey& walk : one.walks) {
        sum += walk.worlds.has_value() ? walk.worlds->behaviours : 0;
      }
      return sum == 0 ? std::string("-") : Grouped(sum);
    });
    AddParagraph(
        "*  right pages, although pXdp was not pXd_offset(parent, addr) in "
        "every iteration: the loop invariant of the thread is broken.");
    for (const Walker& walker : matrix_.walkers) AddDefect(walker);
  }

  // Where a walk is wrong in tables that do not change, why, and which case
  // shows it.
  void AddDefect(const Walker& walker) {
    std::vector<std::string> where;
    std::vector<std::string_view> witnesses;
    Cause cause = Cause::kNone;
    for (const ModeSurvey& one : matrix_.modes) {
      const Cause known =
          ExpectedFailures(walker.policy, one.mode).InStillTables();
      if (known == Cause::kNone) continue;
      cause = known;
      where.push_back(Name(one.mode));
      witnesses.push_back(WitnessOf(one.mode));
    }
    if (where.empty()) return;
    AddParagraph(Concat({walker.name, " is wrong on ", Enumerate(where), " (",
                         Name(cause), "). ", WhyWrong(walker.policy)}));
    AddWitnesses(witnesses);
  }

  void AddChanging() {
    const auto merged = [](const ModeSurvey& s) -> const WalkSurvey& {
      return s.walks[IndexOf(kStaticLockless)];
    };
    AddCounts("merged walk met a change",
              [&](const ModeSurvey& s) { return merged(s).met_changes; });
    AddCounts("  and returned fewer pages",
              [&](const ModeSurvey& s) { return merged(s).cut_short; });
    AddParagraph(
        "Up to three changes between two reads of a walk, which has gup_fast's "
        "recheck; + stands for further causes.");
    for (const CauseNote& note : NotesOnRaces()) {
      AddParagraph(Concat({Name(note.cause), ": ", note.what}));
      AddWitnesses(note.witnesses);
    }
  }

  void AddKernelNotes() {
    text_.Wrap("", "  ",
               changing_
                   ? "Numbers are requests; a dash: code of another "
                     "architecture, or code that is wrong without any change."
                   : "Numbers are requests; a dash: code of another "
                     "architecture.");
    std::map<std::string, std::vector<std::string>> known;
    for (size_t walk = 0; walk < matrix_.walkers.size(); ++walk) {
      for (const ModeSurvey& one : matrix_.modes) {
        for (const auto& [name, count] : one.walks[walk].known) {
          std::vector<std::string>& names = known[name];
          const std::string& walker = matrix_.walkers[walk].name;
          if (names.empty() || names.back() != walker) names.push_back(walker);
        }
      }
    }
    for (const auto& [name, names] : known) {
      AddParagraph(Concat({"known: ", KnownFindingFile(name), " explains ",
                           Enumerate(names), "."}));
    }
    for (size_t walk = 0; walk < matrix_.walkers.size(); ++walk) {
      std::vector<std::string> where;
      for (const ModeSurvey& one : matrix_.modes) {
        if (one.walks[walk].Waived(kBroken) > 0) {
          where.push_back(Name(one.mode));
        }
      }
      if (where.empty()) continue;
      const Walker& walker = matrix_.walkers[walk];
      AddParagraph(Concat({walker.name, " is wrong on ", Enumerate(where),
                           ", as intended: it is the tree's code ",
                           DescribeVariant(walker.kernel->variant), "."}));
    }
  }

  void AddFindings(const ModeSurvey& one) {
    for (size_t i = 0; i < matrix_.walkers.size(); ++i) {
      const WalkSurvey& walk = one.walks[i];
      const std::string& name = matrix_.walkers[i].name;
      if (walk.worlds.has_value() && walk.worlds->finding().has_value()) {
        text_.Blank();
        text_.Line(Concat({"FINDING in a small world of ", Name(one.mode), ": ",
                           name}),
                   LineStyle::kMarked);
        text_.Line(Describe(*walk.worlds->finding()));
      }
      if (walk.findings == 0) continue;
      text_.Blank();
      text_.Line(
          Concat({"FINDING on ", Name(one.mode),
                  changing_ ? " while tables change: " : ": ", name,
                  " disagrees in ", Plural(walk.findings, "request"), " of ",
                  Grouped(walk.compared()), ", which is not expected of it"}),
          LineStyle::kMarked);
      text_.Line(Concat({"  first: ", walk.finding}));
    }
  }

  const Matrix& matrix_;
  const bool changing_;
  size_t width_ = 0;
  TextLines text_;
};

Json JsonOf(const Matrix& matrix, const ModeSurvey& survey, size_t index) {
  const WalkSurvey& walk = survey.walks[index];
  const Walker& walker = matrix.walkers[index];
  Json json = {{"walk", walker.name},
               {"result", Name(matrix.ResultOf(survey, index))},
               {"requests", walk.compared()},
               {"agreed", walk.agreed},
               {"expected_failures", Json(walk.waived)},
               {"findings", walk.findings},
               {"broke_invariant", walk.broke_invariant},
               {"met_changes", walk.met_changes},
               {"cut_short", walk.cut_short}};
  if (walker.kernel.has_value()) {
    json.update({{"version", walker.kernel->version},
                 {"tree", TreeOf(*walker.kernel)},
                 {"slice", walker.kernel->slice},
                 {"variant", walker.kernel->variant},
                 {"known", Json(walk.known)}});
  } else if (const Cause cause =
                 ExpectedFailures(walker.policy, survey.mode).InStillTables();
             survey.tables == Stillness::kStill && cause != Cause::kNone) {
    json.update({{"cause", Name(cause)},
                 {"witness", WitnessFile(WitnessOf(survey.mode))},
                 {"why", WhyWrong(walker.policy)}});
  }
  if (walk.worlds.has_value()) {
    json.update({{"small_worlds", walk.worlds->behaviours},
                 {"small_worlds_differ", walk.worlds->differ},
                 {"small_worlds_expected", walk.worlds->expected()}});
  }
  if (!walk.finding.empty()) json["signature"] = walk.finding;
  return json;
}

}  // namespace

SurveyResult Matrix::ResultOf(const ModeSurvey& survey, size_t walk) const {
  return pxdfuzz::ResultOf(
      survey.walks[walk], IsExpectedToFail(walkers[walk], survey.mode, tables));
}

bool Matrix::has_finding() const {
  for (const ModeSurvey& one : modes) {
    for (size_t walk = 0; walk < walkers.size(); ++walk) {
      if (ResultOf(one, walk) == SurveyResult::kFinding) return true;
    }
  }
  return false;
}

std::string MatrixText(const Matrix& matrix, bool color) {
  return Text(matrix, color).Make();
}

Json MatrixJson(const Matrix& matrix) {
  Json json = Json::array();
  for (const ModeSurvey& one : matrix.modes) {
    Json walks = Json::array();
    for (size_t walk = 0; walk < matrix.walkers.size(); ++walk) {
      if (one.walks[walk].ran) walks.push_back(JsonOf(matrix, one, walk));
    }
    json.push_back({{"space", Name(one.mode)},
                    {"cases", one.cases},
                    {"impossible", one.impossible},
                    {"requests", one.requests},
                    {"crossings", one.crossings},
                    {"walks", walks}});
  }
  return json;
}

}  // namespace pxdfuzz
