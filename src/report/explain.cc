// SPDX-License-Identifier: MIT

#include "pxdfuzz/report/explain.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/engine/record_model.h"
#include "pxdfuzz/report/changes.h"
#include "pxdfuzz/report/facts.h"
#include "pxdfuzz/report/make_picture.h"
#include "pxdfuzz/report/turns.h"
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
  return Concat({what, " is inconclusive, which is no agreement: ",
                 Describe(reason), ". No walk is run."});
}

// The case as text. Where it has several requests, the one that is explained is
// marked.
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
        lines.push_back({is_wrong ? "# the one that goes wrong:"
                                  : "# the one that is explained:",
                         true});
      }
    } else if (!line.starts_with(" ")) {
      in_requests = line == "requests:";
    }
    lines.push_back({line, marked});
  }
  return lines;
}

// The rows around the first difference, out of `total`. `cells` gives what
// stands in a row behind the number of its page.
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

// "kernel-6.1-s390-by-value (Linux 6.1.192, code 34c97dde83082321)".
std::string FullName(const Walker& walker) {
  if (!walker.kernel.has_value()) return walker.name;
  return Concat({walker.name, " (Linux ", walker.kernel->version, ", code ",
                 walker.kernel->slice, ")"});
}

class Explainer {
 public:
  // All outlive the object.
  Explainer(const Case& c, const Verdict& verdict, size_t request,
            const Walker& walker, const Recording& recording,
            const Judgement& judgement)
      : case_(c),
        verdict_(verdict),
        request_(request),
        walker_(walker),
        judgement_(judgement),
        rule_(RuleOfName(judgement.rule)),
        facts_(c, request, walker.policy, recording),
        changes_(facts_),
        turns_(facts_, changes_) {}

  Explanation Make(size_t columns) {
    Explanation e;
    e.conclusive = true;
    e.outcome = facts_.outcome();
    e.is_wrong = IsWrong();
    e.waiver = judgement_.waiver;
    e.known = judgement_.known;
    e.page = ExplainedPage();
    e.address = facts_.AddressOf(e.page);
    if (e.page < pages().size()) e.returned = pages()[e.page].physical;
    e.expected = facts_.reference().At(
        facts_.changing() ? facts_.run().snapshot : 0, e.page);
    e.headline = Headline();
    e.terms = Terms();
    e.glossary = Glossary();
    e.source = CaseLines(case_, request_, e.is_wrong, columns);
    if (!has_run()) return e;
    if (facts_.changing()) e.timeline = changes_.Time();
    e.picture = MakePicture(facts_, turns_, walker_.name);
    AddPages(e);
    AddNotes(e.notes);
    NoteWalks(e.other_walks);
    e.reference_title = turns_.ReferenceTitle();
    e.turns = turns_.Make();
    if (facts_.outcome() != Outcome::kAgrees) {
      e.wrong_turn = WrongTurn(*e.picture);
    }
    e.references = References();
    return e;
  }

 private:
  const std::vector<ReturnedPage>& pages() const { return facts_.run().pages; }
  // Whether it came to walk anything.
  bool has_run() const { return facts_.run().end != RunEnd::kRefused; }
  bool IsWrong() const {
    return facts_.outcome() != Outcome::kAgrees || !judgement_.token.empty();
  }
  size_t ExplainedPage() const {
    return std::min<size_t>(facts_.difference(),
                            facts_.request().pages - size_t{1});
  }

  // ---------------------------------------------------------------------------
  // What differs.

  std::string Headline() const {
    std::string text = Concat({"On ", Name(case_.mode.arch), " with ",
                               std::to_string(case_.mode.levels), " levels, ",
                               Sentence(), WhereItLeft()});
    if (judgement_.waiver != Cause::kNone) {
      text += Concat({" This is an expected failure of walks of this kind (",
                      Name(judgement_.waiver), ")."});
    }
    if (!judgement_.known.empty()) {
      text += Concat(
          {" This is known: see ", KnownFindingFile(judgement_.known), "."});
    }
    return text;
  }

  std::string Sentence() const {
    const std::string name = FullName(walker_);
    if (!has_run()) {
      return Concat({name,
                     " refuses a request that the limits of the address "
                     "space allow."});
    }
    if (facts_.run().end == RunEnd::kBug) {
      return Concat({name, " stops the kernel: at ", DifferentPage(),
                     ", it hits the BUG() of ", facts_.run().bug, ", where ",
                     facts_.difference() < facts_.expected().size()
                         ? Concat({"the page should be ", Expected()})
                         : "it should stop without a page",
                     "."});
    }
    const bool ended =
        judgement_.rule == "sanitizer" || judgement_.rule == "died";
    if (rule_ != nullptr && (facts_.outcome() == Outcome::kAgrees || ended ||
                             judgement_.rule == "refusal")) {
      return Concat({name, " ", rule_->headline,
                     ended && !facts_.turns().empty()
                         ? Concat({", at ", DifferentPage()})
                         : "",
                     "."});
    }
    if (facts_.run().end == RunEnd::kEndless ||
        facts_.run().end == RunEnd::kOverflow) {
      return Concat({name,
                     facts_.run().end == RunEnd::kEndless
                         ? " never ends: at "
                         : " uses up its stack: at ",
                     DifferentPage(), "."});
    }
    return facts_.changing() ? WhatDiffersWhileChanging() : WhatDiffers();
  }

  // In one sentence and no terms of this project.
  std::string WhatDiffers() const {
    const std::string name = FullName(walker_);
    const size_t wanted = facts_.expected().size();
    switch (facts_.outcome()) {
      case Outcome::kAgrees:
        return Concat({name, " agrees with the reference: ", Agreed(), "."});
      case Outcome::kShort:
        return Concat({name, " stops too early: ", DifferentPage(),
                       ", is missing and should be ", Expected(),
                       " (it returns ", std::to_string(facts_.run().count),
                       " of ", Plural(wanted, "page"), ")."});
      case Outcome::kLong:
        return Concat({name, " goes on too far: ", DifferentPage(),
                       facts_.difference_is_asked_for() ? ", is " : ": ", Got(),
                       " and should not be returned: ", WhyReferenceStops(),
                       "."});
      case Outcome::kWrongPage:
        return Concat({name, " returns a wrong page: ", DifferentPage(),
                       ", is ", Got(), " and should be ", Expected(), "."});
      case Outcome::kStrayRead:
        return Concat({name, " returns the right pages by luck: at ",
                       DifferentPage(),
                       ", it reads what is not a page table."});
      case Outcome::kStale:
        return Concat({name, " returns a stale page: ", DifferentPage(),
                       ", is ", Got(),
                       " and was gone when its reference was taken."});
      case Outcome::kFault:
        return Concat({name, " faults: at ", DifferentPage(),
                       ", it reads memory that is no table, where ",
                       facts_.difference() < wanted
                           ? Concat({"the page should be ", Expected()})
                           : "it should stop without a page",
                       "."});
    }
    return "";
  }

  std::string WhatDiffersWhileChanging() const {
    const std::string name = FullName(walker_);
    const size_t difference = facts_.difference();
    const std::string page = DifferentPage();
    const std::string has = facts_.difference_is_asked_for()
                                ? Concat({"That address has ",
                                          changes_.BySnapshot(difference), "."})
                                : std::string("The range ends before it.");
    switch (facts_.outcome()) {
      case Outcome::kAgrees:
        return Concat(
            {name, " holds while the tables change: ", ReturnedWhileChanging(),
             ".",
             facts_.run().snapshot == 0 ? " It ends before anything changes."
                                        : ""});
      case Outcome::kStale:
        if (!facts_.IsStale(difference)) break;
        return Concat(
            {name, " returns a stale page: ", page, ", is ", Got(), ", which ",
             changes_.Named(facts_.TakenAwayBy(difference)),
             " had taken away before the walk took its reference, after read ",
             std::to_string(pages()[difference].read),
             ": by then the tables say ",
             changes_.In(pages()[difference].snapshot, difference), " there."});
      case Outcome::kWrongPage:
        return Concat({name, " returns a wrong page: ", page, ", is ", Got(),
                       ", which that address never had. ", has});
      case Outcome::kLong:
        return Concat({name, " goes on too far: ", page,
                       facts_.difference_is_asked_for() ? ", is " : ": ", Got(),
                       " and should not be returned. ", has});
      case Outcome::kShort:
        if (!facts_.difference_is_asked_for()) break;
        return Concat(
            {name, " stops too early: ", page, ", is missing and should be ",
             changes_.In(0, difference),
             ": it was there at the start, and nothing on the way to it "
             "changed (it returns ",
             std::to_string(facts_.run().count), " of ",
             Plural(facts_.request().pages, "page"), ")."});
      case Outcome::kStrayRead:
        break;
      case Outcome::kFault:
        return Concat({name, " faults: at ", page,
                       ", it reads memory that is no table. ", has});
    }
    return WhatDiffers();
  }

  // "page 1 of 2, at 0x10080000000".
  std::string DifferentPage() const {
    if (!facts_.difference_is_asked_for()) {
      return Concat({"a page beyond the ",
                     Plural(facts_.request().pages, "page"), " asked for"});
    }
    return Concat({"page ", std::to_string(facts_.difference()), " of ",
                   std::to_string(facts_.request().pages), ", at ",
                   Hex(facts_.AddressOf(facts_.difference()))});
  }
  std::string Got() const {
    return facts_.difference() < pages().size()
               ? Hex(pages()[facts_.difference()].physical)
               : "not returned";
  }
  std::string Expected() const {
    return facts_.difference() < facts_.expected().size()
               ? Hex(facts_.expected()[facts_.difference()])
               : "none";
  }
  std::string WhyReferenceStops() const {
    if (!facts_.difference_is_asked_for()) return "the range ends before it";
    return facts_.WhyNot(facts_.difference(), 0);
  }
  // "both return 1 of 2 pages and stop at page 1, at 0x2000: empty pte".
  std::string Agreed() const {
    std::string text =
        Concat({"both return ", std::to_string(facts_.run().count), " of ",
                Plural(facts_.request().pages, "page")});
    if (facts_.difference_is_asked_for()) {
      text += Concat({" and stop at ", AtPage(facts_.difference()), ": ",
                      WhyReferenceStops()});
    }
    return text;
  }
  // "page 1, at 0x2000".
  std::string AtPage(size_t page) const {
    return Concat(
        {"page ", std::to_string(page), ", at ", Hex(facts_.AddressOf(page))});
  }
  // "it returns 1 of 2 pages, ..., and stops at page 1, at 0x2000: ...".
  std::string ReturnedWhileChanging() const {
    const size_t count = facts_.run().count;
    std::string text = Concat({"it returns ", std::to_string(count), " of ",
                               Plural(facts_.request().pages, "page")});
    if (count > 0) {
      text += count == 1 ? ", as its address had it"
                         : ", each as its address had it";
      text += " when it was grabbed or later";
    }
    const std::string why =
        facts_.difference_is_asked_for() ? WhyItEnds() : std::string();
    if (why.empty()) return text;
    return Concat(
        {text, ", and stops at ", AtPage(facts_.difference()), ": ", why});
  }

  // Why one that holds ends where it does.
  std::string WhyItEnds() const {
    if (facts_.turns().empty()) return "";
    const size_t last = facts_.turns().size() - 1;
    if (const auto seen = turns_.SeenByRecheck(last)) {
      const Event& check = facts_.events()[*seen];
      return Concat({"its recheck (", turns_.ReadName(check), ") found *",
                     Name(check.level), "p changed by ", turns_.Writer(*seen),
                     ", and it put the page"});
    }
    return facts_.WhyNot(facts_.events()[facts_.turns()[last].read]);
  }

  // Why it returns no more pages.
  std::string WhyItStops() const {
    if (facts_.run().end == RunEnd::kBug) return "stop: BUG()";
    if (facts_.broke_off()) return "stop: a fault";
    if (facts_.turns().empty()) return "";
    const size_t last = facts_.turns().size() - 1;
    const Event& read = facts_.events()[facts_.turns()[last].read];
    if (!read.value.has_value()) return "stop: no table";
    if (turns_.SeenByRecheck(last).has_value()) return "stop: the recheck";
    return Concat({"stop: ", facts_.WhyNot(read)});
  }

  // " It left the copy of p4d at pud: ...".
  std::string WhereItLeft() const {
    if (!facts_.rule().has_value()) return WhatTheRecheckLooksAt();
    const size_t rule = *facts_.rule();
    const Event& event = facts_.events()[rule];
    const std::string_view level = Name(event.level);
    const std::string name = turns_.ReadName(event);
    const std::string at = name.empty() ? "" : Concat({" (", name, ")"});
    if (event.kind == Event::Kind::kReread) {
      return Concat({" ", OffsetCall(facts_.policy(), Below(event.level)),
                     " reads *", level, "p again", at, ": ",
                     turns_.Became(rule), "."});
    }
    if (event.kind == Event::Kind::kCheck) {
      if (facts_.CheckedCopy(rule) == event.level) {
        return Concat({" Its recheck never looks at the ", level,
                       " entry in the table: it compares a local copy with "
                       "itself",
                       at, "."});
      }
      return Concat(
          {" Its recheck passes all the same: it compares a local "
           "copy of the ",
           level, " entry with itself", at, "."});
    }
    const std::string line =
        event.file.empty() ? "" : Concat({" (", turns_.ReadName(event), ")"});
    if (event.place.kind == Place::Kind::kStack) {
      std::string where = "another word of the kernel stack";
      if (event.place.distance == 0) {
        where = "where it had stood by luck alone";
      } else if (!event.file.empty() && event.place.distance.has_value()) {
        where = Concat(
            {DistanceFromCopy(event.place.distance), " it on the stack"});
      }
      return Concat({" It left the copy of ", Name(event.place.copy_of), " at ",
                     level, ": ", level, "p moved off a local variable, to ",
                     where, line, "."});
    }
    if (facts_.IsStray(event)) {
      return Concat({" Its ", level, " pointer led to no table", line, "."});
    }
    return Concat(
        {" At ", level, " it read an entry that maps other addresses."});
  }

  // Of kernel code whose recheck does not see a page go.
  std::string WhatTheRecheckLooksAt() const {
    if (!walker_.kernel.has_value() || facts_.outcome() != Outcome::kStale ||
        !facts_.effect().has_value() || !facts_.IsStale(facts_.difference())) {
      return "";
    }
    std::vector<std::string> levels;
    const Facts::Turn& turn = facts_.turns()[*facts_.effect()];
    for (size_t i = turn.first; i < turn.end; ++i) {
      const Event& event = facts_.events()[i];
      if (event.kind != Event::Kind::kCheck) continue;
      levels.push_back(Concat({"*", Name(event.level), "p"}));
    }
    if (levels.empty()) return " It has no recheck.";
    return Concat(
        {" Its recheck looks at ", Enumerate(levels), " alone, and passes."});
  }

  // "The p4d copy is left at pud: ... 0x3000 is the page ...".
  std::string WrongTurn(const WalkPicture& picture) const {
    std::string text;
    const Event* turn = facts_.rule_turn();
    if (turn != nullptr && turn->place.kind == Place::Kind::kStack) {
      const std::string copy(Name(turn->place.copy_of));
      const std::string level(Name(turn->level));
      const bool begins = facts_.turns()[facts_.TurnOf(*facts_.rule())].begins;
      if (turn->place.distance == 0) {
        text = Concat({"The ", copy, " copy is left at ", level,
                       ": the pointer that was made from it is where it stood "
                       "by luck alone. "});
      } else {
        text = Concat({"The ", copy, " copy is left at ", level, ". "});
        for (const WalkPicture::LevelInfo& info : picture.levels) {
          if (!info.marked || begins) continue;
          text +=
              Concat({"The copied entry spans ", ByteSize(info.entry_span),
                      " and ends at ", Hex(*info.unseen), ", but the ", level,
                      " loop goes on: ", Name(info.level),
                      "_addr_end() knows only of ", ByteSize(info.span), ". "});
        }
        text += Concat({level,
                        "p then points at another word of the stack, "
                        "which is no page table. "});
      }
    } else if (facts_.rule().has_value()) {
      text = Concat({WhereItLeft().substr(1), " "});
    }
    text += changes_.FirstDifference();
    const std::string where = WhereWrongPageIs();
    if (!where.empty()) text += Concat({" ", where});
    while (text.ends_with(' ')) text.pop_back();
    return text;
  }

  // ---------------------------------------------------------------------------
  // What is compared.

  std::vector<std::string> Terms() const {
    std::vector<std::string> terms;
    if (walker_.kernel.has_value()) {
      terms.push_back(Concat({walker_.name, ": the fast walk of Linux ",
                              walker_.kernel->version,
                              ", compiled from the tree's own mm/gup.c; ",
                              DescribeVariant(walker_.kernel->variant), "."}));
    } else {
      terms.push_back(DescribeWalk(facts_.policy()));
    }
    terms.emplace_back(
        facts_.changing()
            ? "reference: the hardware's translation of one address after the "
              "other, in each snapshot of the tables. gup_fast may return of "
              "an address the page that it has in the snapshot in which "
              "gup_fast grabs it, or in a later one."
            : "reference: the hardware's translation of one address after the "
              "other, up to the first page that gup_fast may not return.");
    const Request& asked = facts_.request();
    std::string text = Concat({"request: ", Plural(asked.pages, "page"),
                               ", counted from 0, from ", Hex(asked.start),
                               " to ", Hex(facts_.AddressOf(asked.pages)),
                               ", for ", asked.write ? "writing" : "reading"});
    if (case_.requests.size() > 1) {
      text +=
          Concat({"; it is request ", std::to_string(request_ + 1), " of the ",
                  std::to_string(case_.requests.size()), " in the case"});
    }
    terms.push_back(text + ".");
    if (walker_.kernel.has_value()) AddKernelTerms(terms);
    return terms;
  }

  void AddKernelTerms(std::vector<std::string>& terms) const {
    const Recording& run = facts_.run();
    if (has_run()) {
      std::string called(run.pin ? "FOLL_PIN" : "FOLL_GET");
      if (facts_.request().write) called += " and FOLL_WRITE";
      if (run.refused.has_value()) {
        called += Concat({"; the reference of page ",
                          std::to_string(*run.refused), " could not be taken"});
      }
      terms.push_back(Concat({"called with: ", called, "."}));
    }
    const Event* turn = facts_.rule_turn();
    if (turn != nullptr && turn->place.kind == Place::Kind::kStack) {
      terms.emplace_back(
          "stack: the real one of the program that ran the kernel code. What "
          "the case says of the stack is for the model alone; what stood "
          "beside a local variable differs from run to run, and so does what "
          "comes of it.");
    }
    if (rule_ != nullptr) {
      terms.push_back(Concat({"the rule: ", rule_->rule}));
    } else if (!judgement_.token.empty() &&
               facts_.outcome() == Outcome::kAgrees) {
      terms.emplace_back(
          "this run: it agrees. The finding is of another run of the same "
          "request: what lies on the stack differs from run to run.");
    }
    if (judgement_.rule == "model" && facts_.changing()) {
      terms.emplace_back(
          "reads: both read the same entries in the same order, so the same "
          "changes were made between the same reads.");
    }
    if (judgement_.rule == "references" || judgement_.rule == "refusal") {
      terms.push_back(
          Concat({"references: it returned ", Plural(pages().size(), "page"),
                  " and holds ", Plural(run.held, "reference"),
                  run.held == pages().size()
                      ? ", as many, but not all of the right pages or of the "
                        "right kind."
                      : "."}));
    }
  }

  // What a reader may not know of the terms that come.
  std::vector<Explanation::Term> Glossary() const {
    std::vector<Explanation::Term> terms = {
        {"gup_fast",
         "collects the pages of a range by walking page tables without a lock: "
         "one loop for each level, each inside the one above."}};
    if (facts_.geometry().has_folded()) {
      terms.push_back({"folded",
                       "a level that this address space has no table for. The "
                       "walk has a loop for it all the same, which hands on "
                       "the entry that it was given."});
    }
    terms.push_back({"boundary",
                     "where an entry's part of the addresses ends. "
                     "pXd_addr_end(addr, end) gives the next one, or the end "
                     "of the part of the range at hand where that comes "
                     "first."});
    if (facts_.policy().descent == Descent::kByValue) {
      terms.push_back({"local copy",
                       "a variable on the walk's stack that holds one entry, "
                       "as in p4d_t p4d = READ_ONCE(*p4dp). What stands beside "
                       "it is no page table."});
    }
    if (!facts_.changing()) return terms;
    terms.push_back({"change",
                     "an operation of another processor on the tables while "
                     "the walk runs, interleaved between two reads of the "
                     "walk. Reads of entries are counted from 1, those of "
                     "local copies too."});
    terms.push_back({"snapshot",
                     "what the tables hold between two changes: 0 is what they "
                     "hold at the start, 1 what change 1 made of that. Beside "
                     "the pages, \"grabbed\" says in which snapshot a page was "
                     "grabbed, and \"is of\" to which one it belongs."});
    terms.push_back({"grab",
                     "to take a reference to a page's frame (try_grab_folio), "
                     "so that it is not freed. Until then it may be."});
    terms.push_back({"recheck",
                     "when it has grabbed a page, gup_fast reads entries "
                     "again, the leaf and for a small page the pmd above it, "
                     "by the pointers that it has. Where one is another than "
                     "before, it puts the page and stops."});
    if (facts_.outcome() == Outcome::kStale) {
      terms.push_back({"stale",
                       "of a page: gone from its address before it was "
                       "grabbed. By then it may be free, or anybody's."});
    }
    return terms;
  }

  // ---------------------------------------------------------------------------
  // Pages side by side.

  // What was returned in the place of a page.
  std::string Returned(size_t page) const {
    if (page < pages().size()) return Hex(pages()[page].physical);
    if (page > pages().size() || page >= facts_.request().pages) return "-";
    const std::string why = WhyItStops();
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
    // Snapshots in a row that have the same pages share a column.
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

  // A wrong page is often another page of the same process; then a sentence.
  std::string WhereWrongPageIs() const {
    const size_t difference = facts_.difference();
    if (difference >= pages().size()) return "";
    const uint64_t page = pages()[difference].physical;
    const uint64_t address = facts_.AddressOf(difference);
    const auto where = facts_.WhereMapped(page);
    if (!where.has_value() || where->address == address) return "";
    const bool below = where->address < address;
    return Concat(
        {Hex(page), " is the page that is mapped at ", Hex(where->address),
         where->snapshot == 0
             ? std::string()
             : Concat(
                   {" from snapshot ", std::to_string(where->snapshot), " on"}),
         ", ",
         ByteSize(below ? address - where->address : where->address - address),
         below ? " below " : " above ", Hex(address), "."});
  }

  void AddNotes(std::vector<std::string>& notes) const {
    if (std::string where = WhereWrongPageIs(); !where.empty()) {
      notes.push_back(std::move(where));
    }
    if (facts_.broke_off()) {
      if (!pages().empty()) {
        notes.emplace_back(
            "The pages are those that it had when it ended; none was "
            "returned.");
      }
      if (!facts_.turns().empty()) {
        const Event& last = facts_.events()[facts_.turns().back().read];
        notes.push_back(
            Concat({facts_.run().end == RunEnd::kBug ? "It stops" : "It faults",
                    "; its last read is that of ", Name(last.level), " by ",
                    turns_.ReadName(last), "."}));
      }
    }
    if (walker_.kernel.has_value() && facts_.turns().empty()) {
      notes.emplace_back("Nothing is known of its reads.");
    }
    NoteWords(notes);
  }

  // How the model's walks do.
  void NoteWalks(std::vector<std::string>& notes) const {
    std::vector<std::string> agree;
    std::vector<std::string> differ;
    std::vector<std::string> breaks;
    for (size_t i = 0; i < kWalkCount; ++i) {
      const WalkVerdict& walk = verdict_.requests[request_].walks[i];
      if (!walk.ran) continue;
      const std::string name(Name(kAllWalks[i]));
      if (!walk.marks.invariant) breaks.push_back(name);
      if (name == walker_.name) continue;
      if (walk.outcome == Outcome::kAgrees) {
        agree.push_back(name);
        continue;
      }
      std::string how = Concat({name, " (", Name(walk.outcome), ", page ",
                                std::to_string(walk.first_difference)});
      if (walk.excuse != Cause::kNone) {
        how += Concat({", expected failure: ", Name(walk.excuse)});
      }
      differ.push_back(how + ")");
    }
    const std::string who =
        walker_.kernel.has_value() ? "of the model's walks " : "";
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
        "have turns in which pXdp != pXd_offset(parent, addr), which by "
        "itself is no error",
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
          {"The reference's entries are as the model writes them. The tree "
           "writes ",
           Hex(*event.value), " for ", Hex(word),
           ": it sets bits that do not matter to walks, such as "
           "no-execute."}));
      return;
    }
  }

  // ---------------------------------------------------------------------------
  // The reference in each snapshot, those together in which it goes the same
  // way.

  std::vector<Explanation::Path> References() const {
    std::vector<Explanation::Path> paths;
    for (size_t i = 0; i <= facts_.run().snapshot;) {
      Explanation::Path path{
          .title = Concat({"reference, page ", std::to_string(ExplainedPage()),
                           " at ", Hex(facts_.AddressOf(ExplainedPage()))}),
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
        facts_.AddressOf(ExplainedPage()), snapshot,
        [&](Level level, uint64_t physical, uint64_t word) {
          steps.push_back(
              Concat({Name(level), ": ", facts_.Place(physical), " = ",
                      Hex(word), ": ", facts_.Meaning(level, word)}));
        });
    return steps;
  }

  std::string Result(size_t snapshot) const {
    const uint64_t address = facts_.AddressOf(ExplainedPage());
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
                   t.code != 0 ? "; gup_fast may return the page all the same: "
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
                       " the walk grabbed ", Got()});
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
  const Judgement& judgement_;
  const RuleText* const rule_;
  const Facts facts_;
  const ChangeText changes_;
  const TurnText turns_;
};

// What a finding's name says: "kernel-6.1-s390.s390-3.references.pmd-leaf"
// names the rule "references". Names of kernel code have dots in them.
std::string_view RuleOf(const KernelCode& code, std::string_view finding) {
  if (!finding.starts_with(code.name)) return "";
  finding.remove_prefix(std::min(finding.size(), code.name.size() + 1));
  const size_t mode = finding.find('.');
  if (mode == finding.npos) return "";
  finding.remove_prefix(mode + 1);
  constexpr std::string_view kChanging = "changing.";
  if (finding.starts_with(kChanging)) finding.remove_prefix(kChanging.size());
  return finding.substr(0, finding.find('.'));
}

}  // namespace

Explanation Explain(const Case& c, const Verdict& verdict, size_t request,
                    const Walker& walker, const Recording& recording,
                    const Judgement& judgement, size_t columns) {
  Explanation explanation;
  const Inconclusive reason = WhyInconclusive(verdict, request);
  if (reason == Inconclusive::kNo) {
    explanation = Explainer(c, verdict, request, walker, recording, judgement)
                      .Make(columns);
  } else if (judgement.rule == "permitted") {
    explanation.is_wrong = true;
    explanation.headline = Concat(
        {"On ", Name(c.mode.arch), " with ", std::to_string(c.mode.levels),
         " levels, ", FullName(walker),
         " takes a request that it has to refuse: ", Describe(reason), "."});
    explanation.terms = {Concat({"the rule: ", RuleOfName("permitted")->rule})};
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
  explanation.token = judgement.token;
  return explanation;
}

Explanation ExplainModel(const Case& c, const Verdict& verdict, size_t request,
                         size_t walk, size_t columns) {
  Recording recording;
  Judgement judgement;
  if (WhyInconclusive(verdict, request) == Inconclusive::kNo) {
    recording =
        RecordModel(CaseTables(c), c.requests[request], kAllWalks[walk]);
    judgement.waiver = verdict.requests[request].walks[walk].excuse;
  }
  const auto& finding = verdict.finding;
  if (finding.has_value() && finding->request == request &&
      finding->walk == walk) {
    judgement.token = Name(finding->signature);
  }
  return Explain(c, verdict, request,
                 {.name = std::string(Name(kAllWalks[walk])),
                  .policy = kAllWalks[walk],
                  .kernel = std::nullopt},
                 recording, judgement, columns);
}

Explanation ExplainKernel(const KernelCode& code, const Case& c, size_t request,
                          const Answer& answer, size_t columns) {
  Oracle oracle;
  return Explain(c, oracle.Judge(c, WalkSet::All(), Excuses::kExpectedFailures),
                 request,
                 {.name = code.name,
                  .policy = ModelOfVariant(code.variant),
                  .kernel = code},
                 answer.run,
                 {.token = answer.finding,
                  .rule = std::string(RuleOf(code, answer.finding)),
                  .waiver = answer.cause,
                  .known = answer.known},
                 columns);
}

std::string Heading(const Explanation::Change& change) {
  return Concat({"change ", std::to_string(change.number), ", before read ",
                 std::to_string(change.read), ": ", change.what});
}

std::string HowToReadTurns(const Explanation& explanation) {
  const bool changing = explanation.timeline.has_value();
  return Concat(
      {"On the left the turns of the walk's loops: the part of the range that "
       "a turn is for; ",
       explanation.is_kernel
           ? "the line of the kernel's source that reads, and where; the entry "
             "read there; and what comes next"
           : "how its pointer is made, and where that leads; the entry read "
             "there; where its part of the addresses ends, and what comes next",
       ". On the right what the reference reads for the part's first address",
       changing ? ", in the snapshot that the tables have then" : "",
       ". Tables are numbered in the order in which they were made.",
       changing ? " Lines with == are the changes of another processor in "
                  "between, and what they write."
                : ""});
}

std::string HowToReadTimeline(const Explanation::Timeline& timeline) {
  return Concat({"The walk reads ", std::to_string(timeline.reads),
                 timeline.reads == 1 ? " entry. " : " entries. ",
                 "A change of another processor between two of its reads makes "
                 "the next snapshot of the tables. The reads of each:"});
}

}  // namespace pxdfuzz
