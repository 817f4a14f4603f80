// SPDX-License-Identifier: MIT

#include "pxdfuzz/report/explain.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/engine/finding.h"
#include "pxdfuzz/engine/record_model.h"
#include "pxdfuzz/report/changes.h"
#include "pxdfuzz/report/facts.h"
#include "pxdfuzz/report/headline.h"
#include "pxdfuzz/report/iterations.h"
#include "pxdfuzz/report/make_picture.h"
#include "pxdfuzz/report/terms.h"
#include "pxdfuzz/report/words.h"
#include "pxdfuzz/view/case_tables.h"

namespace pxdfuzz {
namespace {

using PageRow = Explanation::PageRow;

// Why nothing can be compared, or kNo.
Inconclusive WhyInconclusive(const Verdict& verdict, size_t request) {
  if (verdict.inconclusive != Inconclusive::kNo) return verdict.inconclusive;
  if (request >= verdict.requests.size()) return Inconclusive::kEmptyCase;
  return verdict.requests[request].inconclusive;
}

std::string DescribeInconclusive(const Case& c, Inconclusive reason,
                                 size_t request) {
  std::string what = "The case";
  if (c.requests.size() > 1 && (reason == Inconclusive::kOverflow ||
                                reason == Inconclusive::kBeyondLimit)) {
    what = Concat({"Request ", std::to_string(request + 1), " of ",
                   std::to_string(c.requests.size())});
  }
  return Concat({what, " is inconclusive, which does not count as agreement: ",
                 Describe(reason), ". No walk is run."});
}

// The case as text. If it has several requests, marks the one that is
// explained.
std::vector<Explanation::CaseLine> CaseLines(const Case& c, size_t request,
                                             bool is_wrong, size_t columns) {
  std::vector<Explanation::CaseLine> lines;
  const std::string text = ToText(c, columns);
  const bool several = c.requests.size() > 1;
  bool in_requests = false;
  size_t seen = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    bool marked = false;
    if (in_requests && line.starts_with("- ")) {
      marked = several && seen++ == request;
      if (marked) {
        lines.push_back({is_wrong ? "# the request that fails:"
                                  : "# the request that is explained:",
                         true});
      }
    } else if (!line.starts_with(" ")) {
      in_requests = line == "requests:";
    }
    lines.push_back({line, marked});
  }
  return lines;
}

// The rows around the first difference, out of `total`. `cells` returns the
// content of a row after the page number.
std::vector<PageRow> RowsAround(
    size_t total, size_t difference, bool marks,
    const std::function<std::vector<std::string>(size_t)>& cells) {
  constexpr size_t kRows = 15;
  constexpr size_t kBefore = 6;
  std::vector<PageRow> rows;
  const size_t shown = std::min(total, kRows);
  const size_t wanted = difference - std::min(difference, kBefore);
  const size_t from = std::min(wanted, total - shown);
  const size_t to = from + shown;
  if (from > 0) rows.push_back({.skips = true, .cells = {}});
  for (size_t page = from; page < to; ++page) {
    PageRow row{.marked = marks && page == difference, .cells = cells(page)};
    row.cells.insert(row.cells.begin(), std::to_string(page));
    rows.push_back(std::move(row));
  }
  if (to < total) rows.push_back({.skips = true, .cells = {}});
  return rows;
}

class Explainer {
 public:
  // All must outlive the object.
  Explainer(const Walker& walker, const Case& c, size_t request,
            const Answer& answer, const Verdict& verdict)
      : case_(c),
        verdict_(verdict),
        request_(request),
        walker_(walker),
        answer_(answer),
        facts_(c, request, walker.policy, answer.run, answer.contract),
        changes_(facts_),
        iterations_(facts_, changes_),
        headline_(facts_, changes_, iterations_, walker, answer) {}

  Explanation Make(size_t columns) {
    Explanation e;
    e.conclusive = true;
    e.outcome = facts_.outcome();
    e.is_wrong = IsWrong();
    e.waiver = answer_.cause;
    e.known = answer_.known;
    e.page = facts_.explained_page();
    e.address = facts_.AddressOf(e.page);
    if (e.page < pages().size()) e.returned = pages()[e.page].physical;
    e.expected = facts_.reference().At(
        facts_.changing() ? facts_.run().snapshot : 0, e.page);
    e.headline = headline_.Headline();
    e.terms = Terms(facts_, request_, walker_, answer_);
    e.glossary = Glossary(facts_);
    e.source = CaseLines(case_, request_, e.is_wrong, columns);
    if (!has_run()) return e;
    if (e.is_wrong) AddLine(e);
    if (facts_.changing()) e.timeline = changes_.Time();
    e.picture = MakePicture(facts_, iterations_, walker_.name);
    AddPages(e);
    AddNotes(e.notes);
    NoteWalks(e.other_walks);
    e.reference_title = iterations_.ReferenceTitle();
    e.iterations = iterations_.Make();
    if (facts_.outcome() != Outcome::kAgrees) {
      e.wrong_iteration = headline_.WrongIteration(*e.picture);
    }
    e.references = References();
    return e;
  }

 private:
  const std::vector<ReturnedPage>& pages() const { return facts_.run().pages; }
  // Whether the run walked anything.
  bool has_run() const { return facts_.run().end != RunEnd::kRefused; }
  bool IsWrong() const {
    return facts_.outcome() != Outcome::kAgrees || !answer_.finding.empty();
  }

  // The event at which it first went wrong: the one that broke a rule; the one
  // that returned the page that the finding is about, which may not be the
  // first that differs, if a known finding explains that one; the one that made
  // the pages differ; the last that took references; the last of all. Null
  // where nothing was read.
  const Event* FirstWrong() const {
    if (facts_.rule().has_value()) return &facts_.events()[*facts_.rule()];
    const Event* last = nullptr;
    const Event* grabbing = nullptr;
    const Event* of_page = nullptr;
    for (size_t i = 0; i < facts_.iterations().size(); ++i) {
      const Facts::Iteration& iteration = facts_.iterations()[i];
      last = &facts_.ReadOf(i);
      if (facts_.HasEvent(i, Event::Kind::kGrab)) grabbing = last;
      if (iteration.held <= answer_.page &&
          answer_.page < iteration.held + iteration.pages) {
        of_page = last;
      }
    }
    if (facts_.outcome() != Outcome::kAgrees) {
      if (of_page != nullptr) return of_page;
      if (facts_.effect().has_value()) return &facts_.ReadOf(*facts_.effect());
    }
    return grabbing == nullptr ? last : grabbing;
  }

  void AddLine(Explanation& e) const {
    const std::string& bug = facts_.run().bug;
    if (facts_.run().end == RunEnd::kBug) {
      const size_t colon = bug.rfind(':');
      e.file = bug.substr(0, colon);
      e.line = std::atoi(bug.c_str() + colon + 1);
    } else if (const Event* event = FirstWrong(); event != nullptr) {
      e.file = event->file;
      e.line = event->line;
    }
  }

  // ---------------------------------------------------------------------------
  // Pages side by side.

  // What was returned instead of a page.
  std::string Returned(size_t page) const {
    if (page < pages().size()) return Hex(pages()[page].physical);
    if (page > pages().size() || page >= facts_.request().pages) return "-";
    const std::string why = headline_.WhyItStops();
    return why.empty() ? std::string("-") : why;
  }

  void AddPages(Explanation& e) const {
    const size_t asked = facts_.request().pages;
    const bool marks = facts_.outcome() != Outcome::kAgrees;
    e.page_header = {"page", "address"};
    if (!facts_.changing()) {
      const auto& expected = facts_.expected();
      e.page_header.emplace_back("reference");
      e.found_column = e.page_header.size();
      e.page_header.push_back(walker_.name);
      const auto reference = [&](size_t page) -> std::string {
        if (page < expected.size()) return Hex(expected[page]);
        if (page > expected.size() || page >= asked) return "-";
        return Concat({"stop: ", facts_.WhyNot(page, 0)});
      };
      e.pages = RowsAround(
          std::min(asked, std::max(expected.size(), pages().size()) + 1),
          facts_.difference(), marks,
          [&](size_t page) -> std::vector<std::string> {
            return {Hex(facts_.AddressOf(page)), reference(page),
                    Returned(page)};
          });
      return;
    }
    const size_t last = facts_.run().snapshot;
    size_t total = pages().size();
    for (size_t i = 0; i <= last; ++i) {
      while (total < asked && facts_.reference().At(i, total).has_value()) {
        ++total;
      }
    }
    total = std::min(asked, total + 1);
    // Consecutive snapshots with the same pages share a column.
    std::vector<size_t> columns;
    for (size_t i = 0; i <= last;) {
      const size_t first = i++;
      const auto is_same = [&] {
        for (size_t page = 0; page < total; ++page) {
          if (changes_.In(i, page) != changes_.In(first, page)) return false;
        }
        return true;
      };
      while (i <= last && is_same()) ++i;
      columns.push_back(first);
      e.page_header.push_back(SnapshotNumbers(first, i - 1));
    }
    e.found_column = e.page_header.size();
    e.page_header.push_back(walker_.name);
    const bool has_pages = !pages().empty();
    if (has_pages) {
      e.page_header.emplace_back("grabbed");
      e.page_header.emplace_back("is of");
    }
    e.pages = RowsAround(total, facts_.difference(), marks, [&](size_t page) {
      std::vector<std::string> cells = {Hex(facts_.AddressOf(page))};
      for (const size_t i : columns) cells.push_back(changes_.In(i, page));
      cells.push_back(Returned(page));
      if (!has_pages) return cells;
      const bool has = page < pages().size();
      cells.push_back(has ? std::to_string(pages()[page].snapshot) : "-");
      cells.push_back(has ? changes_.BelongsTo(page) : "-");
      return cells;
    });
  }

  void AddNotes(std::vector<std::string>& notes) const {
    if (std::string where = headline_.WhereWrongPageIs(); !where.empty()) {
      notes.push_back(std::move(where));
    }
    if (facts_.broke_off()) {
      if (!pages().empty()) {
        notes.emplace_back(
            "The pages are those that the walk held when it ended; it returned "
            "none.");
      }
      if (!facts_.iterations().empty()) {
        const Event& last = facts_.ReadOf(facts_.iterations().size() - 1);
        notes.push_back(
            Concat({facts_.run().end == RunEnd::kBug ? "The walk stops"
                                                     : "The walk faults",
                    "; its last read is of ", Name(last.level), " by ",
                    iterations_.ReadName(last), "."}));
      }
    }
    if (walker_.kernel.has_value() && facts_.iterations().empty()) {
      notes.emplace_back("The reads of the walk are unknown.");
    }
    NoteWords(notes);
  }

  // The results of the model's walks.
  void NoteWalks(std::vector<std::string>& notes) const {
    std::vector<std::string> agree;
    std::vector<std::string> differ;
    std::vector<std::string> breaks;
    for (size_t i = 0; i < kWalkCount; ++i) {
      const WalkVerdict& walk = verdict_.requests[request_].walks[i];
      if (!walk.ran) continue;
      const std::string name(Name(kAllWalks[i]));
      if (!walk.violations.invariant) breaks.push_back(name);
      if (name == walker_.name) continue;
      if (walk.outcome == Outcome::kAgrees) {
        agree.push_back(name);
        continue;
      }
      std::string how = Concat({name, " (", Name(walk.outcome), ", page ",
                                std::to_string(walk.first_difference)});
      if (walk.waiver != Cause::kNone) {
        how += Concat({", expected failure: ", Name(walk.waiver)});
      }
      differ.push_back(how + ")");
    }
    const std::string who =
        walker_.kernel.has_value() ? "walks of the model that " : "walks that ";
    const auto note = [&notes](const std::string& what,
                               const std::vector<std::string>& walks) {
      if (walks.empty()) return;
      notes.push_back(Concat({what, ": ", Enumerate(walks), "."}));
    };
    note(who + (facts_.changing() ? "hold" : "agree with the reference"),
         agree);
    note(who + (facts_.outcome() == Outcome::kAgrees ? "differ"
                                                     : "differ as well"),
         differ);
    if (walker_.kernel.has_value()) return;
    note(
        "walks with iterations in which pXdp != pXd_offset(parent, addr), "
        "which by itself is no error",
        breaks);
  }

  // The reference reads the model's words.
  void NoteWords(std::vector<std::string>& notes) const {
    if (!walker_.kernel.has_value()) return;
    for (const Event& event : facts_.events()) {
      if (!event.is_read() || event.place.kind != Place::Kind::kTable ||
          facts_.IsStray(event) || !event.value.has_value()) {
        continue;
      }
      const uint64_t word =
          facts_.tables().WordIn(event.snapshot, event.place.physical);
      if (word == *event.value) continue;
      notes.push_back(Concat(
          {"The reference shows entries as the model writes them. The tree "
           "writes ",
           Hex(*event.value), " for ", Hex(word),
           ": it sets bits that do not matter to walks, such as "
           "no-execute."}));
      return;
    }
  }

  // ---------------------------------------------------------------------------
  // The reference in each snapshot; snapshots with the same path are joined.

  std::vector<Explanation::Path> References() const {
    std::vector<Explanation::Path> paths;
    for (size_t i = 0; i <= facts_.run().snapshot;) {
      Explanation::Path path{
          .title = Concat({"reference, page ",
                           std::to_string(facts_.explained_page()), " at ",
                           Hex(facts_.AddressOf(facts_.explained_page()))}),
          .steps = Steps(i),
          .result = Result(i)};
      const size_t first = i++;
      while (i <= facts_.run().snapshot && Steps(i) == path.steps &&
             Result(i) == path.result) {
        ++i;
      }
      if (facts_.changing()) {
        path.title += Concat({", ", SnapshotNumbers(first, i - 1)});
        path.result += WhatHappenedIn(first, i - 1);
      }
      paths.push_back(std::move(path));
    }
    return paths;
  }

  std::vector<std::string> Steps(size_t snapshot) const {
    std::vector<std::string> steps;
    facts_.tables().Translate(
        facts_.AddressOf(facts_.explained_page()), snapshot,
        [&](Level level, uint64_t physical, uint64_t word) {
          steps.push_back(
              Concat({Name(level), ": ", facts_.Place(physical), " = ",
                      Hex(word), ": ", facts_.Meaning(level, word)}));
        });
    return steps;
  }

  std::string Result(size_t snapshot) const {
    const uint64_t address = facts_.AddressOf(facts_.explained_page());
    const Translation t = facts_.tables().Translate(address, snapshot);
    std::string result;
    if (t.code != 0) {
      result = Concat({"The hardware ends with a ",
                       facts_.tables().arch().code_name(t.code)});
    } else {
      result = Concat({"The hardware gets ", Hex(t.physical)});
      if (t.is_protected) result += ", not for stores";
    }
    if (!facts_.Allows(t)) {
      return Concat({result, "; gup_fast may not return a page here: ",
                     facts_.WhyNot(t), "."});
    }
    return Concat({result,
                   t.code != 0 ? "; gup_fast may nevertheless return the page: "
                               : "; gup_fast may return the page: ",
                   Hex(facts_.PageOf(t, address)), "."});
  }

  // " In snapshot 1 the walk grabbed 0x1000000.", of snapshots `first` to
  // `last`.
  std::string WhatHappenedIn(size_t first, size_t last) const {
    std::string text;
    if (facts_.difference() < pages().size()) {
      const size_t grabbed = pages()[facts_.difference()].snapshot;
      if (first <= grabbed && grabbed <= last) {
        text = Concat({" In snapshot ", std::to_string(grabbed),
                       " the walk grabbed ", headline_.Got()});
      }
    }
    if (last == facts_.run().snapshot) {
      text += Concat({text.empty() ? " The walk ended in snapshot "
                                   : ", and it ended in snapshot ",
                      std::to_string(last)});
    }
    return text.empty() ? text : text + ".";
  }

  const Case& case_;
  const Verdict& verdict_;
  const size_t request_;
  const Walker& walker_;
  const Answer& answer_;
  const Facts facts_;
  const ChangeText changes_;
  const IterationText iterations_;
  const HeadlineText headline_;
};

}  // namespace

Explanation Explain(const Walker& walker, const Case& c, size_t request,
                    const Answer& answer, const Verdict& verdict,
                    size_t columns) {
  Explanation explanation;
  const Inconclusive reason = WhyInconclusive(verdict, request);
  if (reason == Inconclusive::kNo) {
    explanation = Explainer(walker, c, request, answer, verdict).Make(columns);
  } else if (RuleOf(answer) == Name(WalkRule::kPermitted)) {
    explanation.is_wrong = true;
    explanation.headline = Concat(
        {"On ", Name(c.mode.arch), " with ", std::to_string(c.mode.levels),
         " levels, ", FullName(walker),
         " accepts a request that it must refuse: ", Describe(reason), "."});
    explanation.terms = {
        Concat({"the rule: ", RuleOfName(RuleOf(answer))->rule})};
  } else {
    explanation.headline = DescribeInconclusive(c, reason, request);
  }
  if (!explanation.conclusive) {
    explanation.source = CaseLines(c, request, explanation.is_wrong, columns);
  }
  explanation.walk = walker.name;
  explanation.mode = c.mode;
  explanation.is_kernel = walker.kernel.has_value();
  explanation.request = request;
  // An expected failure is not to be grouped.
  if (answer.cause == Cause::kNone) explanation.token = answer.finding.name();
  return explanation;
}

Explanation Explain(const Walker& walker, const Case& c, size_t request,
                    const Answer& answer, size_t columns) {
  Oracle oracle;
  return Explain(walker, c, request, answer,
                 oracle.Judge(c, WalkSet::All(), Waivers::kExpectedFailures),
                 columns);
}

Explanation ExplainModel(const Case& c, const Verdict& verdict, size_t request,
                         size_t walk, size_t columns) {
  Answer answer;
  if (WhyInconclusive(verdict, request) == Inconclusive::kNo) {
    answer.run =
        RecordModel(CaseTables(c), c.requests[request], kAllWalks[walk]);
    const WalkVerdict& judged = verdict.requests[request].walks[walk];
    answer.cause = judged.waiver;
    if (judged.outcome != Outcome::kAgrees) {
      answer.finding = Name(FindingOf(c, verdict, request, walk));
    }
  }
  return Explain(ModelWalker(kAllWalks[walk]), c, request, answer, verdict,
                 columns);
}

std::string Heading(const Explanation::Change& change) {
  return Concat({"change ", std::to_string(change.number), ", ", change.when,
                 ": ", change.what});
}

std::string HowToReadIterations(const Explanation& explanation) {
  const bool changing = explanation.timeline.has_value();
  return Concat(
      {"The left column has the iterations of the walk's loops: the part of "
       "the range that an iteration covers; ",
       explanation.is_kernel
           ? "the line of the kernel's source that reads, and the place that "
             "it reads; the entry read there; and what comes next"
           : "how its pointer is computed, and where it points; the entry read "
             "there; where the part ends, and what comes next",
       ". The right column has what the reference reads for the part's first "
       "address",
       changing ? ", in the snapshot at that time" : "",
       ". Tables are numbered in the order in which they were made.",
       changing ? " Lines with == are the changes that another processor "
                  "makes, and what they write."
                : ""});
}

std::string HowToReadTimeline(const Explanation::Timeline& timeline) {
  return Concat({"The walk reads ", std::to_string(timeline.reads),
                 timeline.reads == 1 ? " entry. " : " entries. ",
                 "A change by another processor between two reads makes the "
                 "next snapshot of the tables. The reads in each snapshot:"});
}

}  // namespace pxdfuzz
