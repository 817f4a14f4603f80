// SPDX-License-Identifier: MIT

#include "pxdfuzz/report/report.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/report/picture.h"
#include "pxdfuzz/report/replay.h"
#include "pxdfuzz/report/story.h"
#include "pxdfuzz/report/text_entries.h"
#include "pxdfuzz/report/text_picture.h"
#include "pxdfuzz/report/text_policy.h"
#include "pxdfuzz/report/text_race.h"
#include "pxdfuzz/report/text_race_report.h"
#include "pxdfuzz/report/text_report.h"
#include "pxdfuzz/report/text_walk.h"
#include "pxdfuzz/walk/event_trace.h"

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
        facts_(replay_, compared_),
        race_facts_(replay_, compared_) {}

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
    story.references = race_facts_.References();
    return story;
  }

 private:
  std::vector<std::string> Terms() const {
    std::vector<std::string> terms = facts_.Terms(request_);
    if (replay_.changing()) {
      terms.front() = RaceReferenceTerm();
    }
    terms.insert(terms.begin(), DescribeWalk(policy_));
    return terms;
  }

  // "It left the copy of p4d at pud and read the stack."
  std::string WhereItLeft() const {
    const WalkEvent* rule = walk_.rule_event();
    if (rule == nullptr) return "";
    if (rule->kind == WalkEvent::Kind::kReread) {
      return Concat({" ", OffsetCall(policy_, Below(rule->reread.level)),
                     " reads *", Name(rule->reread.level), "p again (read ",
                     std::to_string(rule->read), "): ", walk_.BecameText(*rule),
                     "."});
    }
    if (rule->kind == WalkEvent::Kind::kCheck) {
      return Concat(
          {" Its recheck passes all the same: it compares a local "
           "copy of the ",
           Name(rule->reread.level), " entry with itself."});
    }
    const Turn* turn = walk_.rule_turn();
    switch (turn->loaded.source) {
      case Source::kStackEscape:
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
    if (turn != nullptr && turn->loaded.source == Source::kStackEscape) {
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

  std::string ExpectedFailureNote() const {
    if (told_.excuse == Cause::kNone) return "";
    return Concat({" This walk is known to go wrong here, for that reason (",
                   Name(told_.excuse), ")."});
  }

  std::string Headline() const {
    return Concat({"On ", Name(case_.mode.arch), " with ",
                   std::to_string(case_.mode.levels), " levels, ",
                   replay_.changing()
                       ? race_facts_.WhatDiffers(compared_.name,
                                                 [this] { return WhyItEnds(); })
                       : facts_.WhatDiffers(compared_.name),
                   WhereItLeft(), ExpectedFailureNote()});
  }

  // Why a walk that holds ends where it does.
  std::string WhyItEnds() const {
    if (replay_.turns().empty()) return "";
    const WalkEvent& last = replay_.events().back();
    if (!last.has_changed()) {
      return WhyItStops().substr(std::string_view("stop: ").size());
    }
    return Concat({"its recheck (read ", std::to_string(last.read), ") found *",
                   Name(last.reread.level), "p changed by ",
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
      for (StoryWord& word : RaceWords(told_.outcome)) {
        words.push_back(std::move(word));
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
    RacePages pages = race_facts_.Pages(why_stops);
    story.page_header = std::move(pages.header);
    story.found_column = pages.found_column;
    story.pages = std::move(pages.rows);
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
        how += Concat({", expected failure: ", Name(walk.excuse)});
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
  const RaceFacts<A> race_facts_;
};

// Why there is nothing to compare, or kNo.
Inconclusive WhyInconclusive(const Verdict& verdict, size_t request) {
  if (verdict.inconclusive != Inconclusive::kNo) return verdict.inconclusive;
  if (verdict.requests.empty()) return Inconclusive::kEmptyCase;
  return verdict.requests[request].inconclusive;
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
    AddInconclusive(c, WhyInconclusive(verdict, request), request, out);
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
  const Inconclusive reason = WhyInconclusive(verdict, request);
  if (reason != Inconclusive::kNo || verdict.requests.empty()) {
    story.walk = Name(kAllWalks[walk]);
    story.headline = DescribeInconclusive(c, reason, request);
    story.source = CaseLines(c, request, /*went_wrong=*/false, columns);
    return story;
  }
  assert(request < verdict.requests.size());
  const RequestVerdict& judged = verdict.requests[request];
  assert(judged.walks[walk].ran);
  VisitArch(c.mode.arch, [&]<class A>() {
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
