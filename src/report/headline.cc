// SPDX-License-Identifier: MIT

#include "pxdfuzz/report/headline.h"

#include <optional>
#include <string_view>
#include <vector>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/report/words.h"

namespace pxdfuzz {

// "kernel-6.1-s390-by-value (Linux 6.1.192, code 34c97dde83082321)".
std::string FullName(const Walker& walker) {
  if (!walker.kernel.has_value()) return walker.name;
  return Concat({walker.name, " (", TreeOf(*walker.kernel), ", code ",
                 walker.kernel->slice, ")"});
}

std::string RuleOf(const Answer& answer) {
  const std::optional<Finding> finding = answer.finding.Get();
  return finding.has_value() ? std::string(What(*finding)) : "";
}

std::string HeadlineText::Headline() const {
  std::string text = Concat({"On ", Name(facts_.source().mode.arch), " with ",
                             std::to_string(facts_.source().mode.levels),
                             " levels, ", Sentence(), WhereItLeft()});
  if (const auto& page = facts_.run().inaccessible; page.has_value()) {
    text += Concat({" It was called with FOLL_PIN, and the page at ",
                    Hex(*page), " could not be made accessible."});
  }
  if (answer_.cause != Cause::kNone) {
    text += Concat({" This is an expected failure of walks of this kind (",
                    Name(answer_.cause), ")."});
  }
  if (!answer_.known.empty()) {
    text +=
        Concat({" This is known: see ", KnownFindingFile(answer_.known), "."});
  }
  return text;
}

std::string HeadlineText::Sentence() const {
  const std::string name = FullName(walker_);
  if (facts_.run().end == RunEnd::kRefused) {
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
  const bool ended = rule_name_ == "sanitizer" || rule_name_ == "died";
  if (rule_ != nullptr &&
      (facts_.outcome() == Outcome::kAgrees || ended ||
       rule_name_ == "refusal" || rule_name_ == "inaccessible")) {
    return Concat({name, " ", rule_->headline,
                   ended && !facts_.iterations().empty()
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

// One sentence without terms of this project.
std::string HeadlineText::WhatDiffers() const {
  const std::string name = FullName(walker_);
  const size_t wanted = facts_.expected().size();
  switch (facts_.outcome()) {
    case Outcome::kAgrees:
      return Concat({name, " agrees with the reference: ", Agreed(), "."});
    case Outcome::kShort:
      return Concat({name, " stops too early: ", DifferentPage(),
                     ", is missing and should be ", Expected(), " (it returns ",
                     std::to_string(facts_.run().count), " of ",
                     Plural(wanted, "page"), ")."});
    case Outcome::kLong:
      return Concat({name, " stops too late: ", DifferentPage(),
                     facts_.difference_is_asked_for() ? ", is " : ": ", Got(),
                     " and should not be returned: ", WhyReferenceStops(),
                     "."});
    case Outcome::kWrongPage:
      return Concat({name, " returns a wrong page: ", DifferentPage(), ", is ",
                     Got(), " and should be ", Expected(), "."});
    case Outcome::kStrayRead:
      return Concat({name, " returns the right pages by luck: at ",
                     DifferentPage(),
                     ", it reads memory that is not a page table."});
    case Outcome::kStale:
      return Concat({name, " returns a stale page: ", DifferentPage(), ", is ",
                     Got(),
                     " and was removed before its reference was taken."});
    case Outcome::kFault:
      return Concat({name, " faults: at ", DifferentPage(),
                     ", it reads memory that is not a page table, where ",
                     facts_.difference() < wanted
                         ? Concat({"the page should be ", Expected()})
                         : "it should stop without a page",
                     "."});
  }
  return "";
}

std::string HeadlineText::WhatDiffersWhileChanging() const {
  const std::string name = FullName(walker_);
  const size_t difference = facts_.difference();
  const std::string page = DifferentPage();
  const std::string has =
      facts_.difference_is_asked_for()
          ? Concat({"That address has ", changes_.BySnapshot(difference), "."})
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
      return Concat({name, " returns a stale page: ", page, ", is ", Got(),
                     ", which ", changes_.Named(facts_.TakenAwayBy(difference)),
                     " removed before the walk took its reference, after read ",
                     std::to_string(pages()[difference].read),
                     ": at that time the tables have ",
                     changes_.In(pages()[difference].snapshot, difference),
                     " there."});
    case Outcome::kWrongPage:
      return Concat({name, " returns a wrong page: ", page, ", is ", Got(),
                     ", which that address never had. ", has});
    case Outcome::kLong:
      return Concat({name, " stops too late: ", page,
                     facts_.difference_is_asked_for() ? ", is " : ": ", Got(),
                     " and should not be returned. ", has});
    case Outcome::kShort:
      if (!facts_.difference_is_asked_for()) break;
      return Concat({name, " stops too early: ", page,
                     ", is missing and should be ", changes_.In(0, difference),
                     ": it was there at the start, and no entry on the path to "
                     "it changed (it returns ",
                     std::to_string(facts_.run().count), " of ",
                     Plural(facts_.request().pages, "page"), ")."});
    case Outcome::kStrayRead:
      break;
    case Outcome::kFault:
      return Concat({name, " faults: at ", page,
                     ", it reads memory that is not a page table. ", has});
  }
  return WhatDiffers();
}

// "page 1 of 2, at 0x10080000000".
std::string HeadlineText::DifferentPage() const {
  if (!facts_.difference_is_asked_for()) {
    return Concat({"a page beyond the ", Plural(facts_.request().pages, "page"),
                   " asked for"});
  }
  return Concat({"page ", std::to_string(facts_.difference()), " of ",
                 std::to_string(facts_.request().pages), ", at ",
                 Hex(facts_.AddressOf(facts_.difference()))});
}
std::string HeadlineText::Got() const {
  return facts_.difference() < pages().size()
             ? Hex(pages()[facts_.difference()].physical)
             : "not returned";
}
std::string HeadlineText::Expected() const {
  return facts_.difference() < facts_.expected().size()
             ? Hex(facts_.expected()[facts_.difference()])
             : "none";
}
std::string HeadlineText::WhyReferenceStops() const {
  if (!facts_.difference_is_asked_for()) return "the range ends before it";
  return facts_.WhyNot(facts_.difference(), 0);
}
// "both return 1 of 2 pages and stop at page 1, at 0x2000: empty pte".
std::string HeadlineText::Agreed() const {
  std::string text = Concat({"both return ", std::to_string(facts_.run().count),
                             " of ", Plural(facts_.request().pages, "page")});
  if (facts_.difference_is_asked_for()) {
    text += Concat({" and stop at ", AtPage(facts_.difference()), ": ",
                    WhyReferenceStops()});
  }
  return text;
}
// "page 1, at 0x2000".
std::string HeadlineText::AtPage(size_t page) const {
  return Concat(
      {"page ", std::to_string(page), ", at ", Hex(facts_.AddressOf(page))});
}
// "it returns 1 of 2 pages, ..., and stops at page 1, at 0x2000: ...".
std::string HeadlineText::ReturnedWhileChanging() const {
  const size_t count = facts_.run().count;
  std::string text = Concat({"it returns ", std::to_string(count), " of ",
                             Plural(facts_.request().pages, "page")});
  if (count > 0) {
    text += count == 1 ? ", which its address had"
                       : ", each of which its address had";
    text += " when it was grabbed or later";
  }
  const std::string why =
      facts_.difference_is_asked_for() ? WhyItEnds() : std::string();
  if (why.empty()) return text;
  return Concat(
      {text, ", and stops at ", AtPage(facts_.difference()), ": ", why});
}

// Why a walk that holds ends where it does.
std::string HeadlineText::WhyItEnds() const {
  if (facts_.iterations().empty()) return "";
  const size_t last = facts_.iterations().size() - 1;
  if (const auto seen = iterations_.SeenByRecheck(last)) {
    const Event& check = facts_.events()[*seen];
    return Concat({"its recheck (", iterations_.ReadName(check), ") found *",
                   Name(check.level), "p changed by ",
                   iterations_.Writer(*seen), ", and it put the page"});
  }
  return facts_.WhyNot(facts_.ReadOf(last));
}

// Why it returns no more pages.
std::string HeadlineText::WhyItStops() const {
  if (facts_.run().end == RunEnd::kBug) return "stop: BUG()";
  if (facts_.broke_off()) return "stop: a fault";
  if (facts_.iterations().empty()) return "";
  const size_t last = facts_.iterations().size() - 1;
  const Event& read = facts_.ReadOf(last);
  if (!read.value.has_value()) return "stop: no table";
  if (iterations_.SeenByRecheck(last).has_value()) return "stop: the recheck";
  return Concat({"stop: ", facts_.WhyNot(read)});
}

// " The walk left the copy of p4d at pud: ...".
std::string HeadlineText::WhereItLeft() const {
  if (!facts_.rule().has_value()) return WhatTheRecheckLooksAt();
  const size_t rule = *facts_.rule();
  const Event& event = facts_.events()[rule];
  const std::string_view level = Name(event.level);
  const std::string name = iterations_.ReadName(event);
  const std::string at = name.empty() ? "" : Concat({" (", name, ")"});
  if (event.kind == Event::Kind::kReread) {
    return Concat({" ", OffsetCall(facts_.policy(), Below(event.level)),
                   " reads *", level, "p again", at, ": ",
                   iterations_.Became(rule), "."});
  }
  if (event.kind == Event::Kind::kCheck) {
    if (facts_.CheckedCopy(rule) == event.level) {
      return Concat({" Its recheck never reads the ", level,
                     " entry in the table: it compares a local copy with "
                     "itself",
                     at, "."});
    }
    return Concat(
        {" Its recheck passes nevertheless: it compares a local "
         "copy of the ",
         level, " entry with itself", at, "."});
  }
  const std::string line =
      event.file.empty() ? ""
                         : Concat({" (", iterations_.ReadName(event), ")"});
  if (event.place.kind == Place::Kind::kStack) {
    std::string where = "another word of the kernel stack";
    if (event.place.distance == 0) {
      where = "the same word by luck";
    } else if (!event.file.empty() && event.place.distance.has_value()) {
      where =
          Concat({DistanceFromCopy(event.place.distance), " it on the stack"});
    }
    return Concat({" The walk left the copy of ", Name(event.place.copy_of),
                   " at ", level, ": ", level,
                   "p moved off a local variable, to ", where, line, "."});
  }
  if (facts_.IsStray(event)) {
    return Concat(
        {" Its ", level, " pointer does not point into a table", line, "."});
  }
  return Concat(
      {" At ", level, " it read an entry that maps other addresses."});
}

// For kernel code whose recheck does not see that a page is gone.
std::string HeadlineText::WhatTheRecheckLooksAt() const {
  if (!walker_.kernel.has_value() || facts_.outcome() != Outcome::kStale ||
      !facts_.effect().has_value() || !facts_.IsStale(facts_.difference())) {
    return "";
  }
  std::vector<std::string> levels;
  const Facts::Iteration& iteration = facts_.iterations()[*facts_.effect()];
  for (size_t i = iteration.first; i < iteration.end; ++i) {
    const Event& event = facts_.events()[i];
    if (event.kind != Event::Kind::kCheck) continue;
    levels.push_back(Concat({"*", Name(event.level), "p"}));
  }
  if (levels.empty()) return " It has no recheck.";
  return Concat(
      {" Its recheck reads only ", Enumerate(levels), " and passes."});
}

// "The walk leaves the p4d copy at pud: ... 0x3000 is the page ...".
std::string HeadlineText::WrongIteration(const WalkPicture& picture) const {
  std::string text;
  const Event* iteration = facts_.rule_iteration();
  if (iteration != nullptr && iteration->place.kind == Place::Kind::kStack) {
    const std::string copy(Name(iteration->place.copy_of));
    const std::string level(Name(iteration->level));
    const bool begins =
        facts_.iterations()[facts_.IterationOf(*facts_.rule())].begins;
    if (iteration->place.distance == 0) {
      text = Concat({"The walk leaves the ", copy, " copy at ", level,
                     ": the pointer that was made from it points to the same "
                     "word only by luck. "});
    } else {
      text = Concat({"The walk leaves the ", copy, " copy at ", level, ". "});
      for (const WalkPicture::LevelInfo& info : picture.levels) {
        if (!info.marked || begins) continue;
        text += Concat({"The copied entry spans ", ByteSize(info.entry_span),
                        " and ends at ", Hex(*info.unseen), ", but the ", level,
                        " loop continues: ", Name(info.level),
                        "_addr_end() assumes ", ByteSize(info.span), ". "});
      }
      text += Concat({level,
                      "p then points at another word of the stack, "
                      "which is not a page table. "});
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

// A wrong page is often another page of the same process; then adds a sentence
// about that.
std::string HeadlineText::WhereWrongPageIs() const {
  const size_t difference = facts_.difference();
  if (difference >= pages().size()) return "";
  const uint64_t page = pages()[difference].physical;
  const uint64_t address = facts_.AddressOf(difference);
  const auto where = facts_.WhereMapped(page);
  if (!where.has_value() || where->address == address) return "";
  const bool below = where->address < address;
  return Concat(
      {Hex(page), " is the page that is mapped at ", Hex(where->address),
       where->snapshot == 0 ? std::string()
                            : Concat({" from snapshot ",
                                      std::to_string(where->snapshot), " on"}),
       ", ",
       ByteSize(below ? address - where->address : where->address - address),
       below ? " below " : " above ", Hex(address), "."});
}

}  // namespace pxdfuzz
