// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REPORT_TEXT_WALK_H_
#define PXDFUZZ_REPORT_TEXT_WALK_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/memory/memory.h"
#include "pxdfuzz/memory/stack.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/entry_ref.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/report/replay.h"
#include "pxdfuzz/report/text_entries.h"
#include "pxdfuzz/report/text_race.h"
#include "pxdfuzz/walk/event_trace.h"
#include "pxdfuzz/walk/walk.h"

namespace pxdfuzz {

// "pud_offset(&p4d, addr)": the call by which a walk enters the loop of
// `level`.
std::string OffsetCall(Policy policy, Level level);

// "pud_addr_end()", "pgd_addr_end_folded()".
std::string BoundaryCall(Policy policy, Level level);

// "an older copy of p4d": what stands in a word of the stack near the copy of
// an entry of `level`.
std::string DescribeStackWord(const StackWord& word, Level level);

// "1 word above the local copy of p4d": where a pointer is that left its copy.
std::string DescribeStackPlace(int64_t distance, Level level);

// An offset function's own read of an entry that its loop has tested, or the
// recheck's.
struct DoubleFetch {
  Policy policy;
  Level level = Level::kPte;
  // What the entry is, in words: when it was tested, and now.
  std::string before;
  std::string now;
  // The word that is read now; of one that has changed.
  std::optional<uint64_t> word;
  // The read by which it was tested.
  size_t read = 0;
  // "change 1": by which it is what it is.
  std::string change;
  // Of the recheck, where what it reads is a local copy of an entry of that
  // level: where the entry stands, and where it has changed, what it is there.
  std::optional<Level> copy;
  std::string origin;
  std::string in_table;
  // How the check came by the copy, where that is not by an offset function.
  std::string handed;
};

// "*pudp again = 0x24: empty; it was segment table 0 when it was tested".
std::string DescribeReread(const DoubleFetch& reread);
// "*pudp was segment table 0 when it was tested (read 5), and change 3 has made
// it empty".
std::string DescribeBecame(const DoubleFetch& reread);
// The rule that an offset breaks which goes by an entry that has changed.
std::string DescribeRereadRule(const DoubleFetch& reread);
// "recheck: *pudp is the same".
std::string DescribeCheck(const DoubleFetch& reread);
// The rule that a recheck of a local copy breaks.
std::string DescribeVoidCheck(const DoubleFetch& reread);

// A read by a pointer that left a local copy.
struct StackEscape {
  ArchId arch = ArchId::kS390;
  Policy policy;
  Level level = Level::kPte;  // of the loop
  Level copy = Level::kPmd;   // of the entry that was copied
  // The level above is folded.
  bool is_folded = false;
  // The loop began there; otherwise its pointer was moved on.
  bool begins = false;
  // It leads to where the copy stands all the same.
  bool is_back = false;
  // Where that is known: up to where the level above let the loop run, from
  // where on, and what the entry at hand really spans.
  std::optional<uint64_t> loop_end;
  uint64_t from = 0;
  uint64_t span = 0;
};

// The rule that such a read breaks, and how it came to that.
std::string DescribeStackEscape(const StackEscape& left);

// "FIRST DIFFERENCE: page 1 becomes 0x3000; the reference has 0x2000.": what a
// turn did by which the pages came to differ. Nothing where none did.
std::string DescribeFirstDifference(Outcome outcome, size_t page,
                                    std::span<const uint64_t> found,
                                    std::span<const uint64_t> expected);

// A turn of a loop as it is told, or a run of turns; an empty one stands for
// those that are left out. Where another processor changes a table in the midst
// of a turn, the rest of it is told behind the change.
struct ToldTurn {
  bool skips = false;
  Level level = Level::kPgd;
  // It broke a rule, or made the pages differ.
  bool marked = false;
  std::string part;     // "pud 0x1007ffff000 to 0x10080000000"
  std::string pointer;  // "pudp = pud_offset(&p4d, addr)"
  std::string place;    // "the local copy of p4d"
  std::string read;     // "*pudp = 0x10200007: segment table 0"
  std::string next;     // "pud_addr_end(): 2 GiB boundary; then pmd"
  // What the reference reads on that level for the part's first address.
  std::vector<std::string> reference;
  // What it broke and why, and what came of it.
  std::string rule;
  std::string effect;
  // Where tables change: what the offset function read again; and what is done
  // once a leaf was read, a line each.
  std::string reread = {};  // "read 4: *pudp once more: the same"
  std::vector<std::string> after = {};
  // Not a turn, but what another processor did.
  std::optional<ToldChange> change = {};
};

// What stands beside each other: the turns, and on the right the reference.
// `walk` and `reference` are the titles.
void AddTurns(const std::vector<ToldTurn>& turns, std::string_view walk,
              std::string_view reference, TextLines& out);

// Tells a walk that went wrong turn by turn, and marks the turn that broke a
// rule and the one by which the pages came to differ.
template <class A>
class WalkText {
 public:
  // `replay` outlives the object; `difference` is the first page that differs.
  WalkText(const Replay<A>& replay, Outcome outcome, size_t difference)
      : replay_(replay), outcome_(outcome), difference_(difference) {
    const auto& events = replay.events();
    for (size_t i = 0; i < events.size(); ++i) {
      if (!rule_.has_value() && BreaksRule(events[i])) rule_ = i;
      if (IsEffect(events[i], effect_.has_value())) effect_ = i;
    }
    // A walk that stops short does so in the end.
    if (outcome == Outcome::kShort && !events.empty()) {
      effect_ = events.size() - 1;
    }
  }

  // The first turn that read what it should not, if any.
  const Turn* rule_turn() const {
    const WalkEvent* rule = rule_event();
    return rule != nullptr && rule->kind == WalkEvent::Kind::kTurn
               ? &replay_.turns()[rule->turn].turn
               : nullptr;
  }
  // What broke a rule first: that, an offset that went by another entry than
  // was tested, or a recheck that says nothing.
  const WalkEvent* rule_event() const {
    return rule_.has_value() ? &replay_.events()[*rule_] : nullptr;
  }

  // Where it went wrong, as a position in events().
  std::optional<size_t> wrong_event() const {
    return rule_.has_value() ? rule_ : effect_;
  }

  // Whether the turn that broke a rule is the first of its loop: nothing was
  // moved on.
  bool RuleTurnBegins() const {
    return rule_.has_value() && IsFirstOfLoop(rule_event()->turn);
  }
  // The turn by which the pages came to differ, if any.
  std::optional<size_t> effect() const {
    if (!effect_.has_value()) return std::nullopt;
    return replay_.events()[*effect_].turn;
  }

  // Long walks are told in part, and what changes meanwhile in full.
  std::vector<ToldTurn> Told() const {
    const std::vector<Block> blocks = Blocks();
    std::vector<ToldTurn> told;
    for (size_t i = 0; i < blocks.size(); ++i) {
      if (IsShown(blocks, i)) {
        Tell(blocks[i], told);
      } else if (told.empty() || !told.back().skips) {
        told.push_back({.skips = true, .reference = {}});
      }
    }
    return told;
  }

  void AddTo(TextLines& out) const {
    AddTurns(Told(), Name(replay_.policy()), ReferenceTitle(), out);
  }
  // What stands above the right column.
  std::string_view ReferenceTitle() const {
    return replay_.changing() ? "reference, at that moment"
                              : "reference, same address";
  }

  // How many pages a turn returns, ...
  size_t PagesOf(const SeenTurn& seen) const {
    return seen.dropped ? 0 : PagesTaken(seen.turn);
  }
  // ... and of how many it takes references.
  size_t PagesTaken(const Turn& turn) const {
    if (turn.step != WalkStep::kLeaf ||
        !replay_.kernel().MayReturn(turn.level, turn.loaded.value,
                                    replay_.request().write)) {
      return 0;
    }
    return static_cast<size_t>(WrappingSub(turn.next, turn.address) >>
                               replay_.geometry().page_shift());
  }

  // The turn of the level above in which the loop of turn `i` runs.
  std::optional<size_t> ParentOf(size_t i) const {
    const auto& turns = replay_.turns();
    for (size_t j = i; j > 0; --j) {
      if (turns[j - 1].turn.level > turns[i].turn.level) return j - 1;
    }
    return std::nullopt;
  }

  // "pudp++", "pudp = pud_offset(&p4d, addr)": how the pointer of turn `i` was
  // made.
  std::string PointerText(size_t i) const {
    const Turn& turn = replay_.turns()[i].turn;
    const std::string pointer = Concat({Name(turn.level), "p"});
    if (IsFirstOfLoop(i)) {
      return Concat({pointer, " = ", OffsetCall(replay_.policy(), turn.level)});
    }
    if (replay_.policy().step == Step::kRecompute) {
      return Concat(
          {pointer, " = ", OffsetCall(replay_.policy(), turn.level), " again"});
    }
    return Concat({pointer, "++"});
  }

  // How many words above its copy a pointer leads that is not in a table.
  int64_t DistanceFromCopy(EntryRef ref) const {
    const auto bytes = static_cast<int64_t>(
        WrappingSub(ref.address(), replay_.source().stack.address()));
    return bytes / static_cast<int64_t>(kEntrySize);
  }

  // "an older copy of the same p4d": what stands where a pointer leads that
  // left its copy.
  std::string StackContentText(const Turn& turn) const {
    const int64_t distance = DistanceFromCopy(turn.ref);
    if (distance == 0) {
      return Concat(
          {"by luck, the local copy of ", Name(turn.ref.copy_of()), " again"});
    }
    return DescribeStackWord(replay_.source().stack.At(distance),
                             turn.ref.copy_of());
  }

  // "*pmdp was page table 0 when it was tested (read 7), and change 1 has made
  // it empty": of an entry that was read again and had changed.
  std::string BecameText(const WalkEvent& event) const {
    return DescribeBecame(InWords(event));
  }

  // An entry of `level` spans 2 to the power of that, as the walk's
  // pXd_addr_end() has it.
  int BoundaryShift(Level level) const {
    if (replay_.policy().boundary == BoundaryRule::kFoldedAware) {
      for (const SeenTurn& seen : replay_.turns()) {
        if (seen.turn.level != level) continue;
        return replay_.kernel().FoldedAwareShift(level, seen.turn.loaded.value);
      }
    }
    return replay_.kernel().StaticShift(level);
  }

 private:
  using Kind = WalkEvent::Kind;

  // Turns that are told together: one, or a run of page entries.
  struct Block {
    size_t first = 0;
    size_t last = 0;
  };

  const SeenTurn& SeenAt(const WalkEvent& event) const {
    return replay_.turns()[event.turn];
  }

  bool BreaksRule(const WalkEvent& event) const {
    switch (event.kind) {
      case Kind::kTurn:
        break;
      case Kind::kReread:
        return outcome_ != Outcome::kAgrees && event.has_changed();
      case Kind::kCheck:
        return outcome_ != Outcome::kAgrees && event.is_void_check();
      case Kind::kChange:
      case Kind::kGrab:
        return false;
    }
    const SeenTurn& seen = SeenAt(event);
    switch (seen.turn.loaded.source) {
      case Source::kStackEscape:
      case Source::kNowhere:
        return true;
      case Source::kTable:
      case Source::kOwnCopy:
        return !seen.holds;
    }
    return false;
  }

  // Whether the pages came to differ there. A page is returned when all that
  // there is to its turn is done.
  bool IsEffect(const WalkEvent& event, bool has_effect) const {
    const SeenTurn& seen = SeenAt(event);
    const Turn& turn = seen.turn;
    switch (outcome_) {
      case Outcome::kFault:
        return !has_effect && event.kind == Kind::kTurn &&
               turn.loaded.source == Source::kNowhere;
      case Outcome::kWrongPage:
      case Outcome::kLong:
      case Outcome::kStale:
        return (event.kind == Kind::kTurn || event.kind == Kind::kGrab ||
                event.kind == Kind::kCheck) &&
               turn.pages <= difference_ &&
               difference_ < turn.pages + PagesOf(seen);
      case Outcome::kAgrees:
      case Outcome::kShort:
      case Outcome::kStrayRead:
        break;
    }
    return false;
  }

  bool IsMarked(size_t turn) const { return IsMarked({turn, turn}); }
  bool IsMarked(const Block& block) const {
    const auto holds = [&](const std::optional<size_t>& event) {
      if (!event.has_value()) return false;
      const size_t turn = replay_.events()[*event].turn;
      return block.first <= turn && turn <= block.last;
    };
    return holds(rule_) || holds(effect_);
  }

  // What belongs to a turn, as positions in events().
  std::pair<size_t, size_t> EventsOf(size_t turn) const {
    const auto& events = replay_.events();
    const auto [from, to] = std::equal_range(
        events.begin(), events.end(), WalkEvent{.turn = turn},
        [](const WalkEvent& a, const WalkEvent& b) { return a.turn < b.turn; });
    return {static_cast<size_t>(from - events.begin()),
            static_cast<size_t>(to - events.begin())};
  }
  bool HasEvent(size_t turn, Kind kind) const {
    const auto [from, to] = EventsOf(turn);
    for (size_t i = from; i < to; ++i) {
      if (replay_.events()[i].kind == kind) return true;
    }
    return false;
  }
  // Whether nothing changed, and nothing that was read again had.
  bool IsEventless(size_t turn) const {
    const auto [from, to] = EventsOf(turn);
    for (size_t i = from; i < to; ++i) {
      const WalkEvent& event = replay_.events()[i];
      if (event.kind == Kind::kChange || event.has_changed() ||
          event.is_void_check()) {
        return false;
      }
    }
    return true;
  }

  bool IsFirstOfLoop(size_t i) const {
    const auto& turns = replay_.turns();
    return i == 0 || turns[i - 1].turn.level > turns[i].turn.level;
  }

  std::vector<Block> Blocks() const {
    const auto& turns = replay_.turns();
    std::vector<Block> blocks;
    for (size_t i = 0; i < turns.size(); ++i) {
      const bool joins = i > 0 && !IsFirstOfLoop(i) && !IsMarked(i) &&
                         !IsMarked(i - 1) &&
                         turns[i].turn.level == Level::kPte &&
                         turns[i - 1].turn.level == Level::kPte &&
                         PagesOf(turns[i]) > 0 && PagesOf(turns[i - 1]) > 0 &&
                         turns[i].turn.ref == turns[i - 1].turn.ref.Next() &&
                         IsEventless(i) && IsEventless(i - 1);
      if (joins) {
        blocks.back().last = i;
      } else {
        blocks.push_back({i, i});
      }
    }
    return blocks;
  }

  // How a walk begins, what surrounds each mark and each change, and how it
  // ends.
  bool IsShown(const std::vector<Block>& blocks, size_t i) const {
    constexpr size_t kAtStart = 8;
    constexpr size_t kAround = 4;
    if (i < kAtStart || i + 1 == blocks.size()) return true;
    const size_t from = i - std::min(i, kAround);
    const size_t to = std::min(i + kAround, blocks.size() - 1);
    for (size_t j = from; j <= to; ++j) {
      if (IsMarked(blocks[j])) return true;
    }
    for (size_t j = i - 1; j <= i + 1; ++j) {
      if (HasEvent(blocks[j].first, Kind::kChange)) return true;
    }
    return false;
  }

  // Whether a pointer that left its copy came back to it.
  bool IsBackAtCopy(const Turn& turn) const {
    return turn.loaded.source == Source::kStackEscape &&
           DistanceFromCopy(turn.ref) == 0;
  }

  // Where the pointer of a turn leads.
  std::string Place(const Turn& turn) const {
    if (turn.ref.in_table()) {
      return DescribePlace<A>(replay_.arena(), turn.ref.address());
    }
    const Level copied = turn.ref.copy_of();
    if (turn.loaded.source == Source::kOwnCopy) {
      return Concat({"the local copy of ", Name(copied)});
    }
    if (IsBackAtCopy(turn)) {
      return Concat({"by luck, the local copy of ", Name(copied), " again"});
    }
    return DescribeStackPlace(DistanceFromCopy(turn.ref), copied);
  }

  // What was read there.
  std::string Entry(const Turn& turn) const {
    if (turn.loaded.source == Source::kNowhere) return "nothing to read";
    std::string text = Hex(turn.loaded.value);
    if (turn.loaded.source == Source::kStackEscape && !IsBackAtCopy(turn)) {
      text += Concat({", which is ", StackContentText(turn)});
    }
    const Geometry& geometry = replay_.geometry();
    text += ": ";
    text +=
        DescribeEntry<A>(replay_.arena(), geometry,
                         EntryLevel(geometry, turn.level), turn.loaded.value);
    return text;
  }

  // What the walk does next, with a leaf where nothing is checked again.
  std::string Action(const Turn& turn) const {
    const Geometry& geometry = replay_.geometry();
    switch (turn.step) {
      case WalkStep::kDescend:
        if (turn.level == Level::kPte) return "";
        if (!geometry.real(turn.level) ||
            replay_.kernel().Descends(turn.level, turn.loaded.value)) {
          return Concat({"then ", Name(Below(turn.level))});
        }
        return Concat({"takes ", Name(turn.level), " for folded; then ",
                       Name(Below(turn.level))});
      case WalkStep::kStop:
        return "stops here";
      case WalkStep::kLeaf:
        break;
    }
    const size_t pages = PagesTaken(turn);
    if (pages == 0) {
      return Concat(
          {"stops here: ", replay_.WhyNot(EntryLevel(geometry, turn.level),
                                          turn.loaded.value)});
    }
    return Returned(turn.pages, pages);
  }

  static std::string Returned(size_t first, size_t count) {
    return Concat({"returns ", PageNumbers(first, count)});
  }

  // "pud_addr_end(): 2 GiB boundary": why the part of a turn ends where it
  // ends.
  std::string Boundary(const Turn& turn) const {
    if (turn.level == Level::kPte) return "";
    const uint64_t span = uint64_t{1} << BoundaryShift(turn.level);
    const bool at_boundary = (turn.next & (span - 1)) == 0;
    return Concat({BoundaryCall(replay_.policy(), turn.level), ": ",
                   at_boundary ? Concat({ByteSize(span), " boundary; "})
                               : std::string("end of the part; ")});
  }

  // What the reference reads for the address of a turn, in the version that
  // the turn read.
  std::vector<std::string> Beside(const Turn& turn, size_t version) const {
    const Geometry& geometry = replay_.geometry();
    if (!geometry.real(turn.level)) {
      return {Concat({"no table: ", Name(turn.level), " is folded"})};
    }
    std::optional<EntryRef> ref;
    uint64_t word = 0;
    const Translation t = replay_.TranslateWith(
        turn.address, version, [&](Level level, EntryRef at, uint64_t entry) {
          if (level != turn.level) return;
          ref = at;
          word = entry;
        });
    if (!ref.has_value()) {
      return {t.fetched ? Concat({"ended at ", Name(t.level), ": ",
                                  DescribeEntry<A>(replay_.arena(), geometry,
                                                   t.level, t.entry)})
                        : std::string("no translation")};
    }
    if (turn.ref == *ref) return {"the same entry"};
    const std::string place = DescribePlace<A>(replay_.arena(), ref->address());
    const std::string entry =
        Concat({Hex(word), ": ",
                DescribeEntry<A>(replay_.arena(), geometry, turn.level, word)});
    const Turn* origin = Origin(turn);
    if (origin == nullptr || origin->ref != *ref) return {place, entry};
    if (word == turn.loaded.value) {
      return {Concat({place, ": the one that was copied"})};
    }
    return {Concat({place, ": the one that was copied, and now ", entry})};
  }

  // The turn whose entry was copied to where this one looks, if that is known.
  const Turn* Origin(const Turn& turn) const {
    const auto& turns = replay_.turns();
    const Turn* origin = &turn;
    while (!origin->ref.in_table()) {
      if (origin->loaded.source != Source::kOwnCopy) return nullptr;
      const Level copied = origin->ref.copy_of();
      if (copied <= origin->level) return nullptr;
      const Turn* found = nullptr;
      for (const SeenTurn& seen : turns) {
        if (&seen.turn == origin) break;
        if (seen.turn.level == copied) found = &seen.turn;
      }
      if (found == nullptr) return nullptr;
      origin = found;
    }
    return origin;
  }

  // The same of a run of page entries: the reference's pages in one version.
  std::string BesideRun(size_t first, size_t count, size_t version) const {
    const auto& expected = replay_.reference();
    const auto& pages = replay_.pages();
    for (size_t i = first; i < first + count; ++i) {
      const bool same =
          i < pages.size() &&
          (replay_.changing() ? replay_.by_version().At(version, i) == pages[i]
                              : i < expected.size() && pages[i] == expected[i]);
      if (!same) return "not all the same";
    }
    return "the same pages";
  }

  void Tell(const Block& block, std::vector<ToldTurn>& told) const {
    if (block.first != block.last) {
      TellRun(block, told);
    } else {
      TellTurn(block.first, told);
    }
  }

  // What turns are told by, from `first` to `last`.
  ToldTurn Heading(size_t first, size_t last) const {
    const Turn& turn = replay_.turns()[first].turn;
    ToldTurn told{
        .level = turn.level,
        .part = Concat({Name(turn.level), " ", Hex(turn.address), " to ",
                        Hex(replay_.turns()[last].turn.next)}),
        .reference = {}};
    if (!replay_.geometry().real(turn.level)) told.part += ", folded";
    return told;
  }

  void TellRun(const Block& block, std::vector<ToldTurn>& told) const {
    const Turn& turn = replay_.turns()[block.first].turn;
    const SeenTurn& last = replay_.turns()[block.last];
    const auto [first_event, unused] = EventsOf(block.first);
    const auto [unused_too, end] = EventsOf(block.last);
    const WalkEvent& last_event = replay_.events()[end - 1];
    const size_t pages = last.turn.pages + PagesOf(last) - turn.pages;
    ToldTurn run = Heading(block.first, block.last);
    run.pointer = Concat({Name(turn.level), "p, turn after turn"});
    run.place =
        Concat({Place(turn), " and on, ",
                std::to_string(block.last - block.first + 1), " leaves"});
    run.next = Returned(turn.pages, pages);
    if (replay_.changing()) {
      run.read = Concat(
          {"reads ", std::to_string(replay_.events()[first_event].read), " to ",
           std::to_string(last_event.read),
           HasEvent(block.last, Kind::kReread) ? ": *pmdp again, each entry, "
                                               : ": each entry, ",
           "its page grabbed, its recheck: the same"});
    }
    run.reference = {BesideRun(turn.pages, pages, last_event.version)};
    told.push_back(std::move(run));
  }

  // One turn, and what happens in its course.
  void TellTurn(size_t i, std::vector<ToldTurn>& told) const {
    const SeenTurn& seen = replay_.turns()[i];
    const Turn& turn = seen.turn;
    const bool checks = replay_.changing() && turn.step == WalkStep::kLeaf &&
                        PagesTaken(turn) > 0;
    const auto [from, to] = EventsOf(i);
    ToldTurn now = Heading(i, i);
    now.pointer = PointerText(i);
    bool has_begun = false;
    for (size_t at = from; at < to; ++at) {
      const WalkEvent& event = replay_.events()[at];
      const bool is_last = at + 1 == to;
      switch (event.kind) {
        case Kind::kChange: {
          ToldTurn rest{.level = turn.level, .reference = {}};
          if (has_begun) told.push_back(std::exchange(now, std::move(rest)));
          told.push_back({.reference = {},
                          .change = RaceText<A>(replay_).Tell(event.version)});
          break;
        }
        case Kind::kReread:
          if (!replay_.changing()) break;
          now.reread = RereadText(event);
          break;
        case Kind::kTurn:
          now.place = Place(turn);
          now.read = Concat(
              {ReadNumber(event), "*", Name(turn.level), "p = ", Entry(turn)});
          if (!checks) now.next = Action(turn);
          if (turn.step == WalkStep::kDescend) {
            now.next = Concat({Boundary(turn), now.next});
          }
          now.reference = Beside(turn, event.version);
          break;
        case Kind::kGrab:
          now.after.push_back(GrabText(seen, event));
          break;
        case Kind::kCheck:
          now.after.push_back(CheckText(event));
          break;
      }
      if (event.kind != Kind::kChange) has_begun = true;
      if (is_last && checks) {
        now.after.push_back(
            seen.dropped
                ? Concat({"gives ", PageNumbers(turn.pages, PagesTaken(turn)),
                          " back; stops here"})
                : Returned(turn.pages, PagesTaken(turn)));
      }
      if (rule_ == at) {
        now.marked = true;
        now.rule = RuleText(event);
      }
      if (effect_ == at) {
        now.marked = true;
        now.effect = EffectText(turn);
      }
    }
    told.push_back(std::move(now));
  }

  // "read 5: ", where tables change.
  std::string ReadNumber(const WalkEvent& event) const {
    if (!replay_.changing()) return "";
    return Concat({"read ", std::to_string(event.read), ": "});
  }

  // "segment table 0": what an entry that was read on `level` means.
  std::string Meaning(Level level, uint64_t word) const {
    const Geometry& geometry = replay_.geometry();
    return DescribeEntry<A>(replay_.arena(), geometry,
                            EntryLevel(geometry, level), word);
  }

  std::string RereadText(const WalkEvent& event) const {
    return Concat({ReadNumber(event), DescribeReread(InWords(event))});
  }

  std::string GrabText(const SeenTurn& seen, const WalkEvent& event) const {
    const Turn& turn = seen.turn;
    const uint64_t frame =
        replay_.kernel().LeafPage(turn.level, turn.loaded.value, turn.address);
    return Concat({"grabs ", PageNumbers(turn.pages, event.count), ": ",
                   event.count == 1 ? "frame " : "frames from ", Hex(frame),
                   event.count == 1 ? "" : " on"});
  }

  std::string CheckText(const WalkEvent& event) const {
    const Reread& reread = event.reread;
    std::string text =
        Concat({ReadNumber(event), DescribeCheck(InWords(event))});
    if (reread.loaded.source == Source::kStackEscape) {
      text += Concat({", in the stack beside the local copy of ",
                      Name(reread.ref.copy_of())});
    }
    return text;
  }

  // The rule that was broken there, and why.
  std::string RuleText(const WalkEvent& event) const {
    switch (event.kind) {
      case Kind::kReread:
        return DescribeRereadRule(InWords(event));
      case Kind::kCheck:
        return DescribeVoidCheck(InWords(event));
      case Kind::kTurn:
      case Kind::kChange:
      case Kind::kGrab:
        break;
    }
    switch (SeenAt(event).turn.loaded.source) {
      case Source::kNowhere:
        return "RULE BROKEN: a walk reads page tables alone. No table is where "
               "this pointer leads; a kernel faults here, or reads whatever it "
               "finds.";
      case Source::kStackEscape:
        return StackEscapeText(event.turn);
      case Source::kTable:
      case Source::kOwnCopy:
        return WrongEntryText(event.turn);
    }
    return "";
  }

  DoubleFetch InWords(const WalkEvent& event) const {
    const Reread& reread = event.reread;
    const bool has_origin = event.origin.in_table();
    DoubleFetch told{.policy = replay_.policy(),
                     .level = reread.level,
                     .before = Meaning(reread.level, reread.first),
                     .now = Meaning(reread.level, reread.loaded.value),
                     .word = std::nullopt,
                     .read = ReadBefore(event),
                     .change = has_origin
                                   ? RaceText<A>(replay_).WhichChange(
                                         event.origin.address(), event.version)
                                   : std::string("a change"),
                     .copy = std::nullopt,
                     .origin = {},
                     .in_table = {},
                     .handed = {}};
    if (event.has_changed()) told.word = reread.loaded.value;
    if (reread.loaded.source == Source::kOwnCopy) {
      told.copy = reread.ref.copy_of();
      if (event.is_void_check()) {
        told.origin = DescribePlace<A>(replay_.arena(), event.origin.address());
        told.in_table = Meaning(reread.level, event.now);
      }
    }
    return told;
  }

  // The number of the read by which the entry was tested that `event` reads
  // again.
  size_t ReadBefore(const WalkEvent& event) const {
    size_t read = 0;
    for (const WalkEvent& other : replay_.events()) {
      if (&other == &event) break;
      if (other.kind == Kind::kTurn &&
          replay_.turns()[other.turn].turn.level == event.reread.level) {
        read = other.read;
      }
    }
    return read;
  }
  std::string StackEscapeText(size_t i) const {
    const Turn& turn = replay_.turns()[i].turn;
    const Geometry& geometry = replay_.geometry();
    const Policy policy = replay_.policy();
    const Level parent = Above(turn.level);
    StackEscape left{.arch = A::kId,
                     .policy = policy,
                     .level = turn.level,
                     .copy = turn.ref.copy_of(),
                     .is_folded = !geometry.real(parent),
                     .begins = IsFirstOfLoop(i),
                     .is_back = IsBackAtCopy(turn)};
    if (const auto above = ParentOf(i); !left.begins && above.has_value()) {
      left.loop_end = replay_.turns()[*above].turn.next;
      left.from = replay_.turns()[*above].turn.address;
      left.span = geometry.span(EntryLevel(geometry, parent));
    }
    return DescribeStackEscape(left);
  }

  std::string WrongEntryText(size_t i) const {
    const Turn& turn = replay_.turns()[i].turn;
    const Geometry& geometry = replay_.geometry();
    std::string text = Concat(
        {"RULE BROKEN: each turn reads the entry that maps its address. "});
    if (turn.ref.in_table() &&
        replay_.arena().Find(turn.ref.address()) != nullptr) {
      const Level table = replay_.arena().TableLevel(turn.ref.address());
      text += Concat(
          {"This is entry ",
           std::to_string(replay_.arena().IndexInTable(turn.ref.address())),
           " of its table; that of ", Hex(turn.address), " is entry ",
           std::to_string(geometry.index(table, turn.address)), ". "});
    } else {
      text +=
          Concat({"The copied entry does not map ", Hex(turn.address), ". "});
    }
    const bool reread =
        !IsFirstOfLoop(i) && replay_.policy().step == Step::kRecompute;
    if (reread && turn.level != Level::kPgd &&
        !geometry.real(Above(turn.level))) {
      text += Concat({Name(Above(turn.level)),
                      " is folded: ", OffsetCall(replay_.policy(), turn.level),
                      " hands back the pointer that it is given, whatever "
                      "the address, so to call it again gives the entry of the "
                      "loop's first turn."});
    }
    return text;
  }

  std::string EffectText(const Turn& turn) const {
    std::string text =
        replay_.changing()
            ? RaceText<A>(replay_).FirstDifference(outcome_, difference_)
            : DescribeFirstDifference(outcome_, difference_, replay_.pages(),
                                      replay_.reference());
    if (text.empty()) return "";
    if (!rule_.has_value()) {
      text += replay_.changing()
                  ? " All reads were in order."
                  : Concat({" All reads were in order: the walk takes this ",
                            Name(turn.level),
                            " for something else than the "
                            "reference does."});
    }
    return text;
  }

  const Replay<A>& replay_;
  const Outcome outcome_;
  const size_t difference_;
  // Positions of what is marked in events().
  std::optional<size_t> rule_;
  std::optional<size_t> effect_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_REPORT_TEXT_WALK_H_
