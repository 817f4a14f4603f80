// SPDX-License-Identifier: MIT

#include "src/cli/survey/changing_survey.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/generator/generator.h"
#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/base/rng.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/report/words.h"
#include "pxdfuzz/view/paging_mode_info.h"
#include "src/cli/survey/matrix_row.h"
#include "src/cli/survey/survey.h"
#include "src/cli/text/json.h"

namespace pxdfuzz {
namespace {

constexpr size_t kNameColumns = 35;
constexpr size_t kCellColumns = 17;

// Where a cause shows itself, and what it comes to.
struct CauseStory {
  Cause cause = Cause::kNone;
  std::string_view what;
  std::vector<std::string_view> witnesses;
};

const std::vector<CauseStory>& RaceStories() {
  static const auto& stories = *new std::vector<CauseStory>{
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
  return stories;
}

std::string WitnessFile(std::string_view name) {
  return Concat({"corpus/regressions/", name, ".yaml"});
}

// The causes by which a walk went wrong, the most frequent first.
std::vector<Cause> CausesSeen(const ChangingWalkSurvey& walk) {
  std::vector<Cause> seen;
  for (const Cause cause : kAllCauses) {
    if (walk.Excused(cause) == 0) continue;
    size_t at = seen.size();
    while (at > 0 && walk.Excused(seen[at - 1]) < walk.Excused(cause)) --at;
    seen.insert(seen.begin() + static_cast<ptrdiff_t>(at), cause);
  }
  return seen;
}

std::string CellText(const ChangingSurvey& survey, size_t walk) {
  const ChangingWalkSurvey& counts = survey.walks[walk];
  if (counts.findings > 0) return "FINDING";
  const std::vector<Cause> seen = CausesSeen(counts);
  if (seen.empty()) {
    return ExpectedFailures(kAllWalks[walk], survey.mode).empty() ? "holds"
                                                                  : "not seen";
  }
  return Concat({Name(seen[0]), seen.size() > 1 ? "+" : ""});
}

std::string_view ResultName(const ChangingSurvey& survey, size_t walk) {
  const ChangingWalkSurvey& counts = survey.walks[walk];
  if (counts.findings > 0) return "finding";
  if (counts.AllExcused() > 0) return "expected-failure";
  return ExpectedFailures(kAllWalks[walk], survey.mode).empty() ? "holds"
                                                                : "not-seen";
}

template <class TextOf>
std::string RowOf(std::string_view name,
                  const std::vector<ChangingSurvey>& surveys, TextOf text_of) {
  std::vector<std::string> cells;
  for (const ChangingSurvey& survey : surveys) cells.push_back(text_of(survey));
  return MatrixRow(name, kNameColumns, kCellColumns, cells);
}

const ChangingWalkSurvey& Merged(const ChangingSurvey& survey) {
  return survey.walks[IndexOf(kStaticLockless)];
}

}  // namespace

bool ChangingSurvey::found() const {
  for (const ChangingWalkSurvey& walk : walks) {
    if (walk.findings > 0) return true;
  }
  return false;
}

Case ChangingSurveyCase(PagingMode mode, uint64_t number) {
  Rng rng(Rng::Mix(~number) ^ IndexOf(mode));
  Generator generator(rng, InfoOf(mode));
  Case c = generator.DrawCase();
  generator.AddConcurrentOps(c.requests[0], c);
  Canonicalize(c);
  return c;
}

ChangingSurvey SurveyChanging(PagingMode mode, uint64_t cases) {
  ChangingSurvey survey{.mode = mode, .cases = cases};
  const auto oracle = std::make_unique<Oracle>();
  for (uint64_t number = 0; number < cases; ++number) {
    const Verdict& verdict =
        oracle->Judge(ChangingSurveyCase(mode, number), WalkSet::All(),
                      Excuses::kExpectedFailures);
    survey.impossible += verdict.inconclusive != Inconclusive::kNo ? 1 : 0;
    for (const RequestVerdict& request : verdict.requests) {
      if (request.inconclusive != Inconclusive::kNo) continue;
      ++survey.requests;
      for (size_t i = 0; i < kWalkCount; ++i) {
        const WalkVerdict& found = request.walks[i];
        ChangingWalkSurvey& walk = survey.walks[i];
        walk.met_changes += found.changes > 0 ? 1 : 0;
        walk.cut_short +=
            found.changes > 0 && found.pages < request.pages ? 1 : 0;
        if (found.outcome == Outcome::kAgrees) {
          ++walk.held;
        } else if (found.is_finding()) {
          ++walk.findings;
        } else {
          ++walk.excused[static_cast<size_t>(found.excuse)];
        }
      }
    }
    if (!verdict.finding.has_value()) continue;
    ChangingWalkSurvey& walk = survey.walks[verdict.finding->walk];
    if (!walk.finding.has_value()) walk.finding = verdict.finding->signature;
  }
  return survey;
}

std::string ChangingMatrixText(const std::vector<ChangingSurvey>& surveys,
                               bool color) {
  TextLines text(color);
  text.Line(
      RowOf("while tables change", surveys,
            [](const ChangingSurvey& survey) { return Name(survey.mode); }),
      LineStyle::kTitle);
  for (size_t walk = 0; walk < kWalkCount; ++walk) {
    text.Line(RowOf(Name(kAllWalks[walk]), surveys,
                    [walk](const ChangingSurvey& survey) {
                      return CellText(survey, walk);
                    }));
  }
  text.Blank();
  const auto counts = [&](std::string_view name, auto count) {
    text.Line(RowOf(name, surveys, [&](const ChangingSurvey& survey) {
      return Grouped(count(survey));
    }));
  };
  counts("cases tried", [](const ChangingSurvey& s) { return s.cases; });
  counts("that Linux would not make",
         [](const ChangingSurvey& s) { return s.impossible; });
  counts("requests compared",
         [](const ChangingSurvey& s) { return s.requests; });
  counts("merged walk met a change",
         [](const ChangingSurvey& s) { return Merged(s).met_changes; });
  counts("  and returned less for it",
         [](const ChangingSurvey& s) { return Merged(s).cut_short; });
  text.Blank();
  text.Wrap("", "  ",
            "Up to three changes between two reads of a walk, which has "
            "gup_fast's recheck; + is for more causes than that one.");
  for (const CauseStory& story : RaceStories()) {
    text.Blank();
    text.Wrap("", "  ", Concat({Name(story.cause), ": ", story.what}));
    std::vector<std::string> files;
    for (const std::string_view name : story.witnesses) {
      files.push_back(WitnessFile(name));
    }
    text.Wrap("  shown by ", "           ", Enumerate(files));
  }
  for (const ChangingSurvey& survey : surveys) {
    for (size_t walk = 0; walk < kWalkCount; ++walk) {
      const ChangingWalkSurvey& found = survey.walks[walk];
      if (found.findings == 0) continue;
      text.Blank();
      text.Line(Concat({"FINDING on ", Name(survey.mode),
                        " while tables change: ", Name(kAllWalks[walk]),
                        " disagrees in ", Plural(found.findings, "request"),
                        " as it is not known to"}),
                LineStyle::kMarked);
      if (found.finding.has_value()) {
        text.Line(Concat({"  first: ", Name(*found.finding)}));
      }
    }
  }
  return text.text();
}

Json ChangingMatrixJson(const std::vector<ChangingSurvey>& surveys) {
  Json json = Json::array();
  for (const ChangingSurvey& survey : surveys) {
    Json walks = Json::array();
    for (size_t i = 0; i < kWalkCount; ++i) {
      const ChangingWalkSurvey& walk = survey.walks[i];
      Json causes = Json::object();
      for (const Cause cause : kAllCauses) {
        if (walk.Excused(cause) == 0) continue;
        causes[std::string(Name(cause))] = walk.Excused(cause);
      }
      Json one = {
          {"walk", Name(kAllWalks[i])}, {"result", ResultName(survey, i)},
          {"held", walk.held},          {"excused", causes},
          {"findings", walk.findings},  {"met_changes", walk.met_changes},
          {"cut_short", walk.cut_short}};
      if (walk.finding.has_value()) one["signature"] = Name(*walk.finding);
      walks.push_back(std::move(one));
    }
    json.push_back({{"space", Name(survey.mode)},
                    {"cases", survey.cases},
                    {"impossible", survey.impossible},
                    {"requests", survey.requests},
                    {"walks", walks}});
  }
  return json;
}

}  // namespace pxdfuzz
