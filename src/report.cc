// SPDX-License-Identifier: MIT

#include "pxdfuzz/report.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pxdfuzz/arches.h"
#include "pxdfuzz/event_trace.h"
#include "pxdfuzz/picture.h"
#include "pxdfuzz/policy.h"
#include "pxdfuzz/replay.h"
#include "pxdfuzz/story.h"
#include "pxdfuzz/text_entries.h"
#include "pxdfuzz/text_lines.h"
#include "pxdfuzz/text_picture.h"
#include "pxdfuzz/text_policy.h"
#include "pxdfuzz/text_race.h"
#include "pxdfuzz/text_report.h"
#include "pxdfuzz/text_walk.h"

namespace pxdfuzz {
namespace {

// Finds what there is to say of one walk.
template <class A>
class StoryTeller {
 public:
  // All outlive the object.
  StoryTeller(const Case& c, const RequestVerdict& judged, size_t request,
              size_t walk)
      : case_(c),
        request_(request),
        judged_(judged),
        told_(judged.walks[walk]),
        policy_(kAllWalks[walk]),
        replay_(c, request, policy_),
        // A walk that holds is told up to where it stops.
        difference_(replay_.changing() && told_.outcome == Outcome::kAgrees
                        ? replay_.count()
                        : told_.first_difference),
        walk_(replay_, told_.outcome, difference_),
        race_(replay_),
        compared_({.name = std::string(Name(policy_)),
                   .outcome = told_.outcome,
                   .first_difference = difference_,
                   .pages = replay_.pages(),
                   .count = replay_.count()}),
        facts_(replay_, compared_) {}

  WalkStory Tell(size_t columns) {
    WalkStory story;
    story.walk = Name(policy_);
    story.comparable = true;
    story.went_wrong = told_.outcome != Outcome::kAgrees;
    story.headline = Headline();
    story.terms = Terms();
    story.words = Words();
    story.source = CaseLines(case_, request_, story.went_wrong, columns);
    if (replay_.changing()) story.timeline = race_.Time(walk_.wrong_event());
    story.picture =
        PictureMaker<A>(replay_, walk_, told_.outcome, difference_).Make();
    AddPages(story);
    if (std::string where = facts_.WhereWrongPageIs(); !where.empty()) {
      story.notes.push_back(std::move(where));
    }
    NoteOtherWalks(story.notes);
    story.beside_title = walk_.ReferenceTitle();
    story.turns = walk_.Told();
    if (story.went_wrong) story.wrong_turn = WrongTurn(*story.picture);
    AddReferences(story.references);
    return story;
  }

 private:
  std::vector<std::string> Terms() const {
    std::vector<std::string> terms = facts_.Terms(request_);
    if (replay_.changing()) {
      terms.front() =
          "reference: the hardware's translation of one address after the "
          "other, in each version of the tables. gup_fast may return of an "
          "address the page that it has in the version in which gup_fast "
          "grabs it, or in a later one.";
    }
    terms.insert(terms.begin(), DescribeWalk(policy_));
    return terms;
  }

  // "It left the copy of p4d at pud and read the stack."
  std::string WhereItLeft() const {
    const WalkEvent* rule = walk_.rule_event();
    if (rule == nullptr) return "";
    if (rule->kind == WalkEvent::Kind::kReread) {
      return Concat({" ", OffsetCall(policy_, Below(rule->again.level)),
                     " reads *", Name(rule->again.level), "p again (read ",
                     std::to_string(rule->read), "): ", walk_.BecameText(*rule),
                     "."});
    }
    if (rule->kind == WalkEvent::Kind::kCheck) {
      return Concat(
          {" Its last check passes all the same: it compares a local "
           "copy of the ",
           Name(rule->again.level), " entry with itself."});
    }
    const Turn* turn = walk_.rule_turn();
    switch (turn->loaded.source) {
      case Source::kLeftCopy:
        return Concat({" It left the copy of ", Name(turn->ref.copy_of()),
                       " at ", Name(turn->level), ": ", Name(turn->level),
                       "p moved off a local variable, to ",
                       turn->ref.address() == case_.stack.address()
                           ? "where it had stood by luck alone."
                           : "another word of the kernel stack."});
      case Source::kNowhere:
        return Concat(
            {" Its ", Name(turn->level), " pointer led to no table."});
      case Source::kTable:
      case Source::kOwnCopy:
        return Concat({" At ", Name(turn->level),
                       " it read an entry that maps other addresses."});
    }
    return "";
  }

  // "The p4d copy is left at pud: ... 0x3000 is the page ...".
  std::string WrongTurn(const WalkPicture& picture) const {
    std::string text;
    const Turn* turn = walk_.rule_turn();
    if (turn != nullptr && turn->loaded.source == Source::kLeftCopy) {
      const std::string copy(Name(turn->ref.copy_of()));
      text =
          Concat({"The ", copy, " copy is left at ", Name(turn->level), ". "});
      for (const WalkPicture::LevelInfo& info : picture.levels) {
        if (!info.marked || walk_.RuleTurnBegins()) continue;
        text +=
            Concat({"The copied entry spans ", ByteSize(info.entry_span),
                    " and ends at ", Hex(*info.unseen), ", but the ",
                    Name(turn->level), " loop goes on: ", Name(info.level),
                    "_addr_end() knows only of ", ByteSize(info.span), ". "});
      }
      text += Concat({Name(turn->level),
                      "p then points at another word of "
                      "the stack, which is no page table. "});
      if (turn->ref.address() == case_.stack.address()) {
        text = Concat({"The ", copy, " copy is left at ", Name(turn->level),
                       ": the pointer that was made from it is where it stood "
                       "by luck alone. "});
      }
    } else if (walk_.rule_event() != nullptr) {
      text = Concat({WhereItLeft().substr(1), " "});
    }
    text += replay_.changing()
                ? race_.FirstDifference(told_.outcome, difference_)
                : DescribeFirstDifference(told_.outcome, difference_,
                                          replay_.pages(), replay_.reference());
    const std::string where = facts_.WhereWrongPageIs();
    if (!where.empty()) text += Concat({" ", where});
    while (text.ends_with(' ')) text.pop_back();
    return text;
  }

  std::string KnownDefectNote() const {
    if (told_.excuse == Cause::kNone) return "";
    return Concat({" This walk is known to go wrong here, for that reason (",
                   Name(told_.excuse), ")."});
  }

  std::string Headline() const {
    return Concat(
        {"On ", Name(case_.space.arch), " with ",
         std::to_string(case_.space.levels), " levels, ",
         replay_.changing() ? WhatRaces() : facts_.WhatDiffers(compared_.name),
         WhereItLeft(), KnownDefectNote()});
  }

  // What differs, in a sentence or two, where tables change meanwhile.
  std::string WhatRaces() const {
    const std::string& name = compared_.name;
    const std::string page = facts_.DifferentPage();
    const std::string has =
        facts_.DifferenceIsAskedFor()
            ? Concat({"That address has ", race_.ByVersion(difference_), "."})
            : std::string("The range ends before it.");
    switch (told_.outcome) {
      case Outcome::kAgrees:
        return Concat(
            {name, " holds while the tables change: ", Returned(), ".",
             replay_.last_version() == 0 ? " It ends before anything changes."
                                         : ""});
      case Outcome::kStale:
        if (!race_.IsStale(difference_)) break;
        return Concat(
            {name, " returns a stale page: ", page, ", is ", facts_.Got(),
             ", which ", race_.Named(race_.TakenAwayBy(difference_)),
             " had taken away before the walk took its reference, after read ",
             std::to_string(replay_.grabbed_after(difference_)),
             ": by then the tables say ",
             race_.Says(difference_, replay_.grabbed(difference_)), " there."});
      case Outcome::kWrongPage:
        return Concat({name, " returns a wrong page: ", page, ", is ",
                       facts_.Got(), ", which that address never had. ", has});
      case Outcome::kLong:
        return Concat({name, " goes on too far: ", page,
                       facts_.DifferenceIsAskedFor() ? ", is " : ": ",
                       facts_.Got(), " and should not be returned. ", has});
      case Outcome::kShort:
        if (!facts_.DifferenceIsAskedFor()) break;
        return Concat(
            {name, " stops too early: ", page, ", is missing and should be ",
             race_.Says(difference_, 0),
             ": it was there at the start, and nothing on the way to it "
             "changed (it returns ",
             std::to_string(replay_.count()), " of ",
             Plural(replay_.request().pages, "page"), ")."});
      case Outcome::kStrayRead:
        break;
      case Outcome::kFault:
        return Concat({name, " faults: at ", page,
                       ", it reads memory that is no table. ", has});
    }
    return facts_.WhatDiffers(name);
  }

  // "it returns 1 of 2 pages, ..., and stops at page 1, at 0x2000: ...".
  std::string Returned() const {
    std::string text =
        Concat({"it returns ", std::to_string(replay_.count()), " of ",
                Plural(replay_.request().pages, "page")});
    if (replay_.count() > 0) {
      text += replay_.count() == 1 ? ", as its address had it"
                                   : ", each as its address had it";
      text += " when it was grabbed or later";
    }
    if (!facts_.DifferenceIsAskedFor() || replay_.turns().empty()) return text;
    text += Concat({", and stops at page ", std::to_string(difference_),
                    ", at ", Hex(replay_.AddressOf(difference_)), ": "});
    const WalkEvent& last = replay_.events().back();
    if (!last.has_changed()) {
      return text + WhyItStops().substr(std::string_view("stop: ").size());
    }
    return Concat({text, "its last check (read ", std::to_string(last.read),
                   ") found *", Name(last.again.level), "p changed by ",
                   race_.WhichChange(last.origin.address(), last.version),
                   ", and it gave the page back"});
  }

  // What a reader may not know of the terms that come.
  std::vector<StoryWord> Words() const {
    std::vector<StoryWord> words = {
        {"gup_fast",
         "collects the pages of a range by walking page tables "
         "without a lock: one loop for each level, each inside "
         "the one above."}};
    if (replay_.geometry().has_folded()) {
      words.push_back(
          {"folded",
           "a level that this address space has no table for. The "
           "walk has a loop for it all the same, which hands on the "
           "entry that it was given."});
    }
    words.push_back({"boundary",
                     "where an entry's part of the addresses ends. "
                     "pXd_addr_end(addr, end) gives the next one, or the end "
                     "of the part of the range at hand where that comes "
                     "first."});
    if (policy_.descent == Descent::kByValue) {
      words.push_back({"local copy",
                       "a variable on the walk's stack that holds one entry, "
                       "as in p4d_t p4d = READ_ONCE(*p4dp). What stands "
                       "beside it is no page table."});
    }
    if (replay_.changing()) {
      words.push_back({"change",
                       "what another processor does to the tables while the "
                       "walk runs, all of it between two reads of the walk. "
                       "Reads of entries are counted from 1, those of local "
                       "copies too."});
      words.push_back(
          {"version",
           "what the tables hold between two changes: 0 is what "
           "they hold at the start, 1 what change 1 made of that."});
      words.push_back({"grab",
                       "to take a reference to a page's frame "
                       "(try_grab_folio), so that it is not freed. Until then "
                       "it may be."});
      words.push_back({"last check",
                       "when it has grabbed a page, gup_fast reads entries "
                       "again, the leaf and for a small page the pmd above it, "
                       "by the pointers that it has. Where one is another than "
                       "before, it gives the page back and stops."});
      if (told_.outcome == Outcome::kStale) {
        words.push_back({"stale",
                         "of a page: gone from its address before it was "
                         "grabbed. By then it may be free, or anybody's."});
      }
    }
    return words;
  }

  // Why the walk returns no more pages.
  std::string WhyItStops() const {
    if (replay_.turns().empty()) return "";
    const Turn& last = replay_.turns().back().turn;
    if (last.loaded.source == Source::kNowhere) return "stop: no table";
    if (replay_.turns().back().dropped) return "given back";
    return Concat(
        {"stop: ", replay_.WhyNot(EntryLevel(replay_.geometry(), last.level),
                                  last.loaded.value)});
  }

  void AddPages(WalkStory& story) const {
    const auto why_stops = [this] { return WhyItStops(); };
    if (!replay_.changing()) {
      story.page_header = facts_.PageHeader();
      story.found_column = story.page_header.size() - 1;
      story.pages = facts_.Pages(why_stops);
      return;
    }
    size_t total = replay_.pages().size();
    for (size_t v = 0; v <= replay_.last_version(); ++v) {
      while (total < replay_.request().pages &&
             replay_.by_version().At(v, total).has_value()) {
        ++total;
      }
    }
    total = std::min<size_t>(replay_.request().pages, total + 1);
    // Versions in a row that have the same pages share a column.
    story.page_header = {"page", "address"};
    std::vector<size_t> columns;
    for (size_t v = 0; v <= replay_.last_version();) {
      const size_t first = v++;
      const auto is_same = [&] {
        for (size_t page = 0; page < total; ++page) {
          if (race_.Says(page, v) != race_.Says(page, first)) return false;
        }
        return true;
      };
      while (v <= replay_.last_version() && is_same()) ++v;
      columns.push_back(first);
      story.page_header.push_back(VersionNumbers(first, v - 1));
    }
    story.found_column = story.page_header.size();
    story.page_header.push_back(compared_.name);
    const bool has_pages = !replay_.pages().empty();
    if (has_pages) {
      story.page_header.emplace_back("grabbed");
      story.page_header.emplace_back("is of");
    }
    story.pages = PageRows(
        {.total = total,
         .difference = difference_,
         .marks_difference = story.went_wrong,
         .cells = [&](size_t page) {
           std::vector<std::string> cells = {Hex(replay_.AddressOf(page))};
           for (const size_t v : columns) cells.push_back(race_.Says(page, v));
           cells.push_back(facts_.Returned(page, why_stops));
           if (!has_pages) return cells;
           const bool has = page < replay_.pages().size();
           cells.push_back(has ? std::to_string(replay_.grabbed(page)) : "-");
           cells.push_back(has ? race_.BelongsTo(page) : "-");
           return cells;
         }});
  }

  // The reference in each version, those together in which it goes the same
  // way.
  void AddReferences(std::vector<ToldReference>& references) const {
    for (size_t v = 0; v <= replay_.last_version();) {
      ToldReference told{.title = facts_.ReferenceTitle(),
                         .steps = facts_.ReferenceSteps(v),
                         .result = facts_.ReferenceResult(v)};
      const size_t first = v++;
      while (v <= replay_.last_version() &&
             facts_.ReferenceSteps(v) == told.steps &&
             facts_.ReferenceResult(v) == told.result) {
        ++v;
      }
      if (replay_.changing()) {
        told.title += Concat({", ", VersionNumbers(first, v - 1)});
        told.result += WhatHappenedIn(first, v - 1);
      }
      references.push_back(std::move(told));
    }
  }

  // " In version 1 the walk grabbed 0x1000000.", of versions `first` to `last`.
  std::string WhatHappenedIn(size_t first, size_t last) const {
    std::string text;
    if (difference_ < replay_.pages().size()) {
      const size_t grabbed = replay_.grabbed(difference_);
      if (first <= grabbed && grabbed <= last) {
        text = Concat({" In version ", std::to_string(grabbed),
                       " the walk grabbed ", facts_.Got()});
      }
    }
    if (last == replay_.last_version()) {
      text += text.empty() ? " The walk ended in version "
                           : ", and it ended in version ";
      text += std::to_string(last);
    }
    return text.empty() ? text : text + ".";
  }

  void NoteOtherWalks(std::vector<std::string>& notes) const {
    std::vector<std::string> agree;
    std::vector<std::string> differ;
    std::vector<std::string> breaks;
    for (size_t i = 0; i < kWalkCount; ++i) {
      const WalkVerdict& walk = judged_.walks[i];
      if (!walk.ran) continue;
      const std::string name(Name(kAllWalks[i]));
      if (!walk.marks.invariant) breaks.push_back(name);
      if (kAllWalks[i] == policy_) continue;
      if (walk.outcome == Outcome::kAgrees) {
        agree.push_back(name);
        continue;
      }
      std::string how = Concat({name, " (", Name(walk.outcome), ", page ",
                                std::to_string(walk.first_difference)});
      if (walk.excuse != Cause::kNone) {
        how += Concat({", known defect: ", Name(walk.excuse)});
      }
      differ.push_back(how + ")");
    }
    const auto note = [&notes](std::string_view what,
                               const std::vector<std::string>& walks) {
      if (walks.empty()) return;
      notes.push_back(Concat({what, ": ", Enumerate(walks), "."}));
    };
    note(replay_.changing() ? "hold" : "agree with the reference", agree);
    note(told_.outcome == Outcome::kAgrees ? "differ" : "differ as well",
         differ);
    note(
        "have turns in which pXdp != pXd_offset(parent, addr), which by "
        "itself is no error",
        breaks);
  }

  const Case& case_;
  const size_t request_;
  const RequestVerdict& judged_;
  const WalkVerdict& told_;  // how the walk of the report did
  const Policy policy_;
  const Replay<A> replay_;
  const size_t difference_;
  const WalkText<A> walk_;
  const RaceText<A> race_;
  const Told compared_;
  const ReportFacts<A> facts_;
};

// Why there is nothing to compare, or kNo.
Incomparable WhyIncomparable(const Verdict& verdict, size_t request) {
  if (verdict.incomparable != Incomparable::kNo) return verdict.incomparable;
  if (verdict.requests.empty()) return Incomparable::kEmptyCase;
  return verdict.requests[request].incomparable;
}

void AddStory(const WalkStory& story, bool box, TextLines& out) {
  out.Wrap("", "", story.headline, LineStyle::kTitle);
  out.Blank();
  for (const std::string& term : story.terms) out.Wrap("- ", "  ", term);
  out.Blank();
  out.Line("Words:");
  for (const StoryWord& word : story.words) {
    out.Wrap("- ", "  ", Concat({word.word, ": ", word.meaning}));
  }
  AddTitle("Case", out);
  for (const CaseLine& line : story.source) {
    out.Line(line.text, line.marked ? LineStyle::kMarked : LineStyle::kPlain);
  }
  if (story.timeline.has_value()) {
    AddTitle("Changes", out);
    AddTimeline(*story.timeline, out);
  }
  AddTitle("Address space", out);
  AddPicture(*story.picture, box, out);
  AddTitle("Pages", out);
  AddPageRows(story.page_header, story.found_column, story.pages, out);
  if (!story.notes.empty()) out.Blank();
  for (const std::string& note : story.notes) out.Wrap("- ", "  ", note);
  AddTitle(Concat({story.walk, ", turn by turn"}), out);
  out.Wrap("", "", HowToReadTurns(story));
  out.Blank();
  AddTurns(story.turns, story.walk, story.beside_title, out);
  for (const ToldReference& reference : story.references) {
    AddTitle(reference.title, out);
    for (const std::string& step : reference.steps) {
      out.Wrap("   ", "       ", step);
    }
    out.Wrap("   ", "   ", reference.result);
  }
}

void AddReport(const Case& c, const Verdict& verdict, size_t request,
               size_t walk, bool box, TextLines& out) {
  const WalkStory story = TellWalk(c, verdict, request, walk, out.columns());
  if (story.comparable) {
    AddStory(story, box, out);
  } else {
    AddIncomparable(c, WhyIncomparable(verdict, request), request, out);
  }
}

}  // namespace

std::string HowToReadTurns(const WalkStory& story) {
  const bool changing = story.timeline.has_value();
  return Concat(
      {"On the left the turns of the walk's loops: the part of the range that "
       "a turn is for; how its pointer is made, and where that leads; the "
       "entry read there; where its part of the addresses ends, and what "
       "comes next. On the right what the reference reads for the part's "
       "first address",
       changing ? ", in the version that the tables have then" : "",
       ". Tables are numbered in the order in which they were made.",
       changing ? " Lines with == are what another processor does in between, "
                  "and what it writes."
                : ""});
}

WalkStory TellWalk(const Case& c, const Verdict& verdict, size_t request,
                   size_t walk, size_t columns) {
  WalkStory story;
  const Incomparable reason = WhyIncomparable(verdict, request);
  if (reason != Incomparable::kNo || verdict.requests.empty()) {
    story.walk = Name(kAllWalks[walk]);
    story.headline = DescribeIncomparable(c, reason, request);
    story.source = CaseLines(c, request, /*went_wrong=*/false, columns);
    return story;
  }
  assert(request < verdict.requests.size());
  const RequestVerdict& judged = verdict.requests[request];
  assert(judged.walks[walk].ran);
  VisitArch(c.space.arch, [&]<class A>() {
    story = StoryTeller<A>(c, judged, request, walk).Tell(columns);
  });
  return story;
}

std::string WalkReport(const Case& c, const Verdict& verdict, size_t request,
                       size_t walk, const ReportOptions& options) {
  TextLines out(options.color, options.columns);
  AddReport(c, verdict, request, walk, options.box, out);
  AddCommands(options, out);
  return out.text();
}

std::string FindingReport(const Case& c, const Verdict& verdict,
                          const ReportOptions& options) {
  TextLines out(options.color, options.columns);
  if (!verdict.finding.has_value()) {
    out.Line("No finding.");
    return out.text();
  }
  const Finding& finding = *verdict.finding;
  AddReport(c, verdict, finding.request, finding.walk, options.box, out);
  out.Blank();
  out.Line(Concat({"DEDUP_TOKEN: ", Name(finding.signature)}));
  AddCommands(options, out);
  return out.text();
}

}  // namespace pxdfuzz
