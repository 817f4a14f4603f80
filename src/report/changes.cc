// SPDX-License-Identifier: MIT

#include "pxdfuzz/report/changes.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/report/words.h"

namespace pxdfuzz {

Explanation::Change ChangeText::Make(size_t number) const {
  const ConcurrentOp& change = facts_.source().concurrent[number - 1];
  Explanation::Change made{
      .number = number,
      .when = DescribeMoment(change),
      .read = change.moment == Moment::kRead ? size_t{change.number} : 0,
      .made = number <= facts_.run().snapshot,
      .what = Describe(change),
      .wrote = {}};
  if (!made.made) return made;
  const CaseTables& tables = facts_.tables();
  const std::vector<ChangedWord>& words = tables.changed_words(number);
  const uint64_t before = tables.top(number - 1).root;
  const uint64_t now = tables.top(number).root;
  if (before != now) {
    made.wrote.push_back(Concat(
        {"mm->pgd: ", facts_.TableAt(before), " -> ", facts_.TableAt(now)}));
  }
  constexpr size_t kMost = 3;
  for (size_t i = 0; i < words.size() && i < kMost; ++i) {
    const uint64_t physical = words[i].physical;
    made.wrote.push_back(
        Concat({facts_.Place(physical), ": ",
                facts_.Meaning(number, physical, words[i].before), " -> ",
                facts_.Meaning(number, physical, words[i].after)}));
  }
  if (words.size() > kMost) {
    made.wrote.push_back(
        Concat({"and ", std::to_string(words.size() - kMost),
                words.size() == kMost + 1 ? " more entry" : " more entries"}));
  }
  if (made.wrote.empty()) {
    made.wrote.emplace_back("nothing: the entries had these values before");
  }
  return made;
}

std::string ChangeText::Named(size_t number) const {
  const ConcurrentOp& change = facts_.source().concurrent[number - 1];
  return Concat({"change ", std::to_string(number), " (", Describe(change),
                 ", ", DescribeMoment(change), ")"});
}

std::string ChangeText::Writer(uint64_t physical, size_t snapshot) const {
  const size_t writer = facts_.tables().WriterOf(physical, snapshot);
  return writer == 0 ? "a change" : Concat({"change ", std::to_string(writer)});
}

std::pair<std::string, std::string> ChangeText::Has(size_t page,
                                                    size_t snapshot) const {
  const std::optional<uint64_t> frame = facts_.reference().At(snapshot, page);
  if (frame.has_value()) return {Hex(*frame), ""};
  return {"no page", facts_.WhyNot(page, snapshot)};
}

std::string ChangeText::BySnapshot(size_t page) const {
  const size_t last = facts_.run().snapshot;
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
    text += Concat({what, " in ", SnapshotNumbers(from, to)});
    if (!reasons.empty()) text += Concat({" (", reasons, ")"});
    from = to + 1;
  }
  return text;
}

std::string ChangeText::In(size_t snapshot, size_t page) const {
  const auto [what, why] = Has(page, snapshot);
  return why.empty() ? what : why;
}

std::string ChangeText::BelongsTo(size_t page) const {
  const ReturnedPage& returned = facts_.run().pages[page];
  const auto snapshot = facts_.reference().SnapshotOf(
      page, returned.physical, returned.snapshot, facts_.run().snapshot);
  if (snapshot.has_value()) return std::to_string(*snapshot);
  const auto before = facts_.SnapshotBefore(page);
  return before.has_value() ? Concat({std::to_string(*before), ", gone"})
                            : std::string("none");
}

std::string ChangeText::FirstDifference() const {
  const size_t page = facts_.difference();
  const auto& pages = facts_.run().pages;
  const std::string number = std::to_string(page);
  std::string has;
  if (!facts_.changing()) {
    has = page < facts_.expected().size()
              ? Concat({"the reference has ", Hex(facts_.expected()[page])})
              : std::string("the reference stops there");
  } else {
    has = facts_.difference_is_asked_for()
              ? Concat({"that address has ", BySnapshot(page)})
              : std::string("the range ends before it");
  }
  std::string what;
  switch (facts_.outcome()) {
    case Outcome::kStale:
    case Outcome::kWrongPage:
    case Outcome::kLong:
      what = Concat({"page ", number, " becomes ",
                     page < pages.size()
                         ? Hex(pages[page].physical)
                         : std::string("one more than was asked for")});
      if (facts_.outcome() == Outcome::kStale && facts_.IsStale(page)) {
        what +=
            Concat({", which change ", std::to_string(facts_.TakenAwayBy(page)),
                    " removed before the walk grabbed it, after read ",
                    std::to_string(pages[page].read)});
      }
      break;
    case Outcome::kShort:
      what = Concat({"the walk ends without page ", number});
      break;
    case Outcome::kFault:
      what = Concat({"a fault at page ", number});
      break;
    case Outcome::kAgrees:
    case Outcome::kStrayRead:
      return "";
  }
  return Concat({"FIRST DIFFERENCE: ", what, "; ", has, "."});
}

Explanation::Timeline ChangeText::Time() const {
  using TimelineStep = Explanation::Timeline::Step;
  Explanation::Timeline time{
      .reads = facts_.run().reads, .changes = {}, .steps = {}};
  for (size_t i = 1; i <= facts_.source().concurrent.size(); ++i) {
    time.changes.push_back(Make(i));
  }
  std::optional<size_t> wrong = facts_.rule();
  if (!wrong.has_value() && facts_.effect().has_value()) {
    wrong = facts_.iterations()[*facts_.effect()].end - 1;
  }
  std::vector<TimelineStep> all;
  // These are shown in any case.
  std::vector<size_t> matter;
  const std::vector<Event>& events = facts_.events();
  for (size_t i = 0; i < events.size(); ++i) {
    const Event& event = events[i];
    if (event.kind == Event::Kind::kChange || wrong == i) {
      matter.push_back(all.size());
    }
    const bool is_uncounted = event.is_read() && event.read == 0;
    if (event.kind == Event::Kind::kChange || event.kind == Event::Kind::kPut ||
        is_uncounted) {
      continue;
    }
    all.push_back({.kind = event.is_read() ? TimelineStep::Kind::kRead
                                           : TimelineStep::Kind::kGrab,
                   .read = event.read,
                   .snapshot = event.snapshot,
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
    } else if (time.steps.back().kind != TimelineStep::Kind::kSkipped) {
      time.steps.push_back({.kind = TimelineStep::Kind::kSkipped,
                            .read = all[i].read,
                            .snapshot = all[i].snapshot,
                            .text = "..."});
    }
  }
  return time;
}

std::string ChangeText::StepText(const Event& event) {
  switch (event.kind) {
    case Event::Kind::kReread:
      return Concat({Name(event.level), " again"});
    case Event::Kind::kIteration:
      return std::string(Name(event.level));
    case Event::Kind::kGrab:
      return Concat({"grabs ", PageNumbers(event.held, event.count)});
    case Event::Kind::kCheck:
      return Concat({"recheck of ", Name(event.level)});
    case Event::Kind::kPut:
    case Event::Kind::kChange:
      break;
  }
  return "";
}

}  // namespace pxdfuzz
