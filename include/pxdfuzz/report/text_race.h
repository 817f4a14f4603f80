// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REPORT_TEXT_RACE_H_
#define PXDFUZZ_REPORT_TEXT_RACE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/reference/translate.h"
#include "pxdfuzz/report/replay.h"
#include "pxdfuzz/report/text_entries.h"
#include "pxdfuzz/walk/event_trace.h"

// What there is to say where tables change while a walk runs.

namespace pxdfuzz {

// "page 3", "pages 3 to 5".
std::string PageNumbers(size_t first, uint64_t count);

// "version 1", "versions 1 and 2", "versions 0 to 2".
std::string VersionNumbers(size_t first, size_t last);

// A change as it is told.
struct ToldChange {
  size_t number = 0;  // counted from 1; it makes the version of that number
  size_t read = 0;    // before which it is done
  // Whether it was: it is not where the walk reads less.
  bool made = false;
  std::string what;  // "clear 1 pmd of 0x100000"
  // "segment table 0, entry 1: page table 0 -> empty", the first few.
  std::vector<std::string> wrote;
};

// "change 1, before read 6: clear 1 pmd of 0x100000".
std::string Heading(const ToldChange& change);

// That, set off from what stands around it, and what it wrote.
void AddChange(const ToldChange& change, TextLines& out);

// What happens between which reads of a walk.
struct ReadTimeline {
  struct Step {
    enum class Kind : uint8_t {
      kRead,
      kGrab,     // behind the read
      kSkipped,  // stands for those that are left out
    };
    Kind kind = Kind::kRead;
    size_t read = 0;
    size_t version = 0;
    std::string text;  // "pmd", "grabs page 0"
    // The walk went wrong there.
    bool marked = false;
  };

  size_t reads = 0;
  std::vector<ToldChange> changes;  // of the case, in order
  std::vector<Step> steps;
};

// How a timeline is to be read, above it.
std::string HowToReadTimeline(const ReadTimeline& timeline);
void AddTimeline(const ReadTimeline& timeline, TextLines& out);

// Sentences about one walk.
template <class A>
class RaceText {
 public:
  // `replay` outlives the object.
  explicit RaceText(const Replay<A>& replay) : replay_(replay) {}

  // The change of that number, counted from 1.
  ToldChange Tell(size_t number) const {
    const ConcurrentOp& change = replay_.source().concurrent[number - 1];
    ToldChange told{.number = number,
                    .read = change.read,
                    .made = number <= replay_.last_version(),
                    .what = Describe(change),
                    .wrote = {}};
    if (!told.made) return told;
    const std::vector<ChangedWord>& words = replay_.changed_words(number);
    const Top& before = replay_.top(number - 1);
    const Top& now = replay_.top(number);
    if (before.root != now.root) {
      told.wrote.push_back(Concat(
          {"mm->pgd: ", TableAt(before.root), " -> ", TableAt(now.root)}));
    }
    constexpr size_t kMost = 3;
    for (size_t i = 0; i < words.size() && i < kMost; ++i) {
      told.wrote.push_back(
          Concat({DescribePlace<A>(replay_.arena(), words[i].physical), ": ",
                  Meaning(number, words[i].physical, words[i].before), " -> ",
                  Meaning(number, words[i].physical, words[i].after)}));
    }
    if (words.size() > kMost) {
      told.wrote.push_back(Concat(
          {"and ", std::to_string(words.size() - kMost),
           words.size() == kMost + 1 ? " more entry" : " more entries"}));
    }
    if (told.wrote.empty()) {
      told.wrote.emplace_back("nothing: the entries were so before");
    }
    return told;
  }

  // "change 1 (clear 1 pmd of 0x100000, before read 6)".
  std::string Named(size_t number) const {
    const ConcurrentOp& change = replay_.source().concurrent[number - 1];
    return Concat({"change ", std::to_string(number), " (", Describe(change),
                   ", before read ", std::to_string(change.read), ")"});
  }
  // "change 1": by which a word is what it is in a version.
  std::string WhichChange(uint64_t physical, size_t version) const {
    const size_t change = replay_.ChangeOf(physical, 0, version);
    return change == 0 ? "a change"
                       : Concat({"change ", std::to_string(change)});
  }

  // "0x1000000 in version 0, no page in versions 1 and 2 (empty pte, then empty
  // pmd)": what the address of a page has, as long as the walk ran.
  std::string ByVersion(size_t page) const {
    const size_t last = replay_.last_version();
    std::string text;
    for (size_t from = 0; from <= last;) {
      const auto [what, why] = Has(page, from);
      std::string reasons = why;
      std::string reason = why;
      size_t to = from;
      for (; to < last; ++to) {
        auto [next, next_why] = Has(page, to + 1);
        if (next != what) break;
        if (next_why == reason) continue;
        reasons += Concat({", then ", next_why});
        reason = std::move(next_why);
      }
      if (!text.empty()) text += ", ";
      text += Concat({what, " in ", VersionNumbers(from, to)});
      if (!reasons.empty()) text += Concat({" (", reasons, ")"});
      from = to + 1;
    }
    return text;
  }
  // "0x1000000", or why there is no page.
  std::string Says(size_t page, size_t version) const {
    const auto [what, why] = Has(page, version);
    return why.empty() ? what : why;
  }

  // Whether a page that was returned was gone when it was grabbed, ...
  bool IsStale(size_t page) const {
    return page < replay_.pages().size() &&
           !replay_.by_version()
                .SnapshotOf(page, replay_.pages()[page], replay_.grabbed(page),
                            replay_.last_version())
                .has_value() &&
           VersionBefore(page).has_value();
  }
  // ... and by which change.
  size_t TakenAwayBy(size_t page) const {
    return VersionBefore(page).value_or(0) + 1;
  }
  // "1", "0, gone", "none": the version that a page belongs to.
  std::string BelongsTo(size_t page) const {
    const auto version = replay_.by_version().SnapshotOf(
        page, replay_.pages()[page], replay_.grabbed(page),
        replay_.last_version());
    if (version.has_value()) return std::to_string(*version);
    const auto before = VersionBefore(page);
    return before.has_value() ? Concat({std::to_string(*before), ", gone"})
                              : std::string("none");
  }

  // What a turn did by which a walk went wrong, as DescribeFirstDifference()
  // says it where tables stay as they are.
  std::string FirstDifference(Outcome outcome, size_t page) const {
    const auto& pages = replay_.pages();
    const std::string number = std::to_string(page);
    const bool asked = page < replay_.request().pages;
    const std::string has = asked
                                ? Concat({"that address has ", ByVersion(page)})
                                : std::string("the range ends before it");
    const std::string becomes =
        Concat({"FIRST DIFFERENCE: page ", number, " becomes ",
                page < pages.size() ? Hex(pages[page])
                                    : std::string("one more than was asked "
                                                  "for")});
    switch (outcome) {
      case Outcome::kStale:
        // A verdict may claim it of any page.
        if (!IsStale(page)) return Concat({becomes, "; ", has, "."});
        return Concat(
            {becomes, ", which change ", std::to_string(TakenAwayBy(page)),
             " had taken away before it was grabbed, after read ",
             std::to_string(replay_.grabbed_after(page)), "; ", has, "."});
      case Outcome::kWrongPage:
      case Outcome::kLong:
        return Concat({becomes, "; ", has, "."});
      case Outcome::kShort:
        return Concat({"FIRST DIFFERENCE: the walk ends without page ", number,
                       "; ", has, "."});
      case Outcome::kFault:
        return Concat(
            {"FIRST DIFFERENCE: a fault at page ", number, "; ", has, "."});
      case Outcome::kAgrees:
      case Outcome::kStrayRead:
        break;
    }
    return "";
  }

  // `wrong` is a position in events().
  ReadTimeline Time(std::optional<size_t> wrong) const {
    ReadTimeline time{.reads = replay_.reads(), .changes = {}, .steps = {}};
    for (size_t i = 1; i <= replay_.source().concurrent.size(); ++i) {
      time.changes.push_back(Tell(i));
    }
    std::vector<ReadTimeline::Step> all;
    // Which of them are told whatever there is.
    std::vector<size_t> matter;
    const auto& events = replay_.events();
    for (size_t i = 0; i < events.size(); ++i) {
      const WalkEvent& event = events[i];
      if (event.kind == WalkEvent::Kind::kChange) {
        matter.push_back(all.size());
        continue;
      }
      if (wrong == i) matter.push_back(all.size());
      all.push_back({.kind = event.kind == WalkEvent::Kind::kGrab
                                 ? ReadTimeline::Step::Kind::kGrab
                                 : ReadTimeline::Step::Kind::kRead,
                     .read = event.read,
                     .version = event.version,
                     .text = StepText(event),
                     .marked = wrong == i});
    }
    constexpr size_t kMost = 40;
    constexpr size_t kAround = 5;
    for (size_t i = 0; i < all.size(); ++i) {
      const bool shown =
          all.size() <= kMost || i < kAround || all.size() - i <= kAround ||
          std::any_of(
              matter.begin(), matter.end(),
              [&](size_t at) { return i + kAround >= at && i < at + kAround; });
      if (shown) {
        time.steps.push_back(std::move(all[i]));
      } else if (time.steps.back().kind != ReadTimeline::Step::Kind::kSkipped) {
        time.steps.push_back({.kind = ReadTimeline::Step::Kind::kSkipped,
                              .read = all[i].read,
                              .version = all[i].version,
                              .text = "..."});
      }
    }
    return time;
  }

 private:
  // What the address of a page has in a version, and why where that is no page.
  std::pair<std::string, std::string> Has(size_t page, size_t version) const {
    const std::optional<uint64_t> frame =
        replay_.by_version().At(version, page);
    if (frame.has_value()) return {Hex(*frame), ""};
    return {"no page", replay_.WhyNot(replay_.TranslateOnly(
                           replay_.AddressOf(page), version))};
  }
  // The last version before a page was grabbed that had it.
  std::optional<size_t> VersionBefore(size_t page) const {
    for (size_t v = replay_.grabbed(page); v > 0; --v) {
      if (replay_.by_version().At(v - 1, page) == replay_.pages()[page]) {
        return v - 1;
      }
    }
    return std::nullopt;
  }

  // What a walk does, in a word or two.
  std::string StepText(const WalkEvent& event) const {
    const Turn& turn = replay_.turns()[event.turn].turn;
    switch (event.kind) {
      case WalkEvent::Kind::kChange:
        break;
      case WalkEvent::Kind::kReread:
        return Concat({Name(event.reread.level), " again"});
      case WalkEvent::Kind::kTurn:
        return std::string(Name(turn.level));
      case WalkEvent::Kind::kGrab:
        return Concat({"grabs ", PageNumbers(turn.pages, event.count)});
      case WalkEvent::Kind::kCheck:
        return Concat({"recheck of ", Name(event.reread.level)});
    }
    return "";
  }

  std::string TableAt(uint64_t origin) const {
    return Concat({A::Manual::TableName(replay_.arena().TableLevel(origin)),
                   " ", std::to_string(replay_.arena().FrameNumber(origin))});
  }
  std::string Meaning(size_t version, uint64_t physical, uint64_t word) const {
    return DescribeEntry<A>(replay_.arena(),
                            A::GeometryOf(replay_.top(version).levels),
                            replay_.arena().TableLevel(physical), word);
  }

  const Replay<A>& replay_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_REPORT_TEXT_RACE_H_
