// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TEXT_WALK_H_
#define PXDFUZZ_TEXT_WALK_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pxdfuzz/compare.h"
#include "pxdfuzz/entry_ref.h"
#include "pxdfuzz/level.h"
#include "pxdfuzz/memory.h"
#include "pxdfuzz/policy.h"
#include "pxdfuzz/replay.h"
#include "pxdfuzz/space.h"
#include "pxdfuzz/stack.h"
#include "pxdfuzz/text_entries.h"
#include "pxdfuzz/text_lines.h"
#include "pxdfuzz/walk.h"
#include "pxdfuzz/wrapping.h"

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

// A read by a pointer that left a local copy.
struct LeftCopy {
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
std::string DescribeLeftCopy(const LeftCopy& left);

// "FIRST DIFFERENCE: page 1 becomes 0x3000; the reference has 0x2000.": what a
// turn did by which the pages came to differ. Nothing where none did.
std::string DescribeFirstDifference(Outcome outcome, size_t page,
                                    std::span<const uint64_t> found,
                                    std::span<const uint64_t> expected);

// Tells a walk that went wrong turn by turn, and marks the turn that broke a
// rule and the one by which the pages came to differ.
template <class A>
class WalkText {
 public:
  // `replay` outlives the object; `difference` is the first page that differs.
  WalkText(const Replay<A>& replay, Outcome outcome, size_t difference)
      : replay_(replay), outcome_(outcome), difference_(difference) {
    const auto& turns = replay.turns();
    for (size_t i = 0; i < turns.size(); ++i) {
      if (!rule_.has_value() && BreaksRule(turns[i])) rule_ = i;
      if (!effect_.has_value() && IsEffect(turns[i])) effect_ = i;
    }
    // A walk that stops short does so in its last turn.
    if (outcome == Outcome::kShort && !turns.empty()) {
      effect_ = turns.size() - 1;
    }
  }

  // The first turn that read what it should not, if any.
  const Turn* rule_turn() const {
    return rule_.has_value() ? &replay_.turns()[*rule_].turn : nullptr;
  }

  void AddTo(TextLines& out) const {
    const std::vector<Block> blocks = Blocks();
    bool skipping = false;
    for (size_t i = 0; i < blocks.size(); ++i) {
      if (!IsShown(blocks, i)) {
        if (!skipping) out.Line("   ...");
        skipping = true;
        continue;
      }
      skipping = false;
      AddBlock(blocks[i], out);
    }
  }

 private:
  using Seen = typename TurnTrace<ArenaMemory>::Seen;

  // Turns that are told together: one, or a run of page entries.
  struct Block {
    size_t first = 0;
    size_t last = 0;
  };

  static bool BreaksRule(const Seen& seen) {
    switch (seen.turn.loaded.source) {
      case Source::kLeftCopy:
      case Source::kNowhere:
        return true;
      case Source::kTable:
      case Source::kOwnCopy:
        return !seen.holds;
    }
    return false;
  }

  size_t PagesOf(const Turn& turn) const {
    if (turn.step != WalkStep::kLeaf ||
        !replay_.kernel().MayReturn(turn.level, turn.loaded.value,
                                    replay_.request().write)) {
      return 0;
    }
    return static_cast<size_t>(WrappingSub(turn.next, turn.address) >>
                               replay_.geometry().page_shift());
  }

  bool IsEffect(const Seen& seen) const {
    const Turn& turn = seen.turn;
    if (outcome_ == Outcome::kFault) {
      return turn.loaded.source == Source::kNowhere;
    }
    if (outcome_ != Outcome::kWrongPage && outcome_ != Outcome::kLong) {
      return false;
    }
    return turn.pages <= difference_ &&
           difference_ < turn.pages + PagesOf(turn);
  }

  bool IsMarked(size_t i) const { return rule_ == i || effect_ == i; }
  bool IsMarked(const Block& block) const {
    return (rule_.has_value() && block.first <= *rule_ &&
            *rule_ <= block.last) ||
           (effect_.has_value() && block.first <= *effect_ &&
            *effect_ <= block.last);
  }

  bool IsFirstOfLoop(size_t i) const {
    const auto& turns = replay_.turns();
    return i == 0 || turns[i - 1].turn.level > turns[i].turn.level;
  }

  // The turn of the level above in which the loop of turn `i` runs.
  const Turn* ParentOf(size_t i) const {
    const auto& turns = replay_.turns();
    for (size_t j = i; j > 0; --j) {
      const Turn& before = turns[j - 1].turn;
      if (before.level > turns[i].turn.level) return &before;
    }
    return nullptr;
  }

  std::vector<Block> Blocks() const {
    const auto& turns = replay_.turns();
    std::vector<Block> blocks;
    for (size_t i = 0; i < turns.size(); ++i) {
      const bool joins =
          i > 0 && !IsFirstOfLoop(i) && !IsMarked(i) && !IsMarked(i - 1) &&
          turns[i].turn.level == Level::kPte &&
          turns[i - 1].turn.level == Level::kPte &&
          PagesOf(turns[i].turn) > 0 && PagesOf(turns[i - 1].turn) > 0 &&
          turns[i].turn.ref == turns[i - 1].turn.ref.Next();
      if (joins) {
        blocks.back().last = i;
      } else {
        blocks.push_back({i, i});
      }
    }
    return blocks;
  }

  // Long walks are told in part: how they begin, what surrounds each mark, and
  // how they end.
  bool IsShown(const std::vector<Block>& blocks, size_t i) const {
    constexpr size_t kAtStart = 8;
    constexpr size_t kAround = 4;
    if (i < kAtStart || i + 1 == blocks.size()) return true;
    const size_t from = i - std::min(i, kAround);
    const size_t to = std::min(i + kAround, blocks.size() - 1);
    for (size_t j = from; j <= to; ++j) {
      if (IsMarked(blocks[j])) return true;
    }
    return false;
  }

  int64_t DistanceFromCopy(EntryRef ref) const {
    const auto bytes = static_cast<int64_t>(
        WrappingSub(ref.address(), replay_.source().stack.address()));
    return bytes / static_cast<int64_t>(kEntrySize);
  }

  // Whether a pointer that left its copy came back to it.
  bool IsBackAtCopy(const Turn& turn) const {
    return turn.loaded.source == Source::kLeftCopy &&
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
    if (turn.loaded.source == Source::kLeftCopy && !IsBackAtCopy(turn)) {
      const StackWord word =
          replay_.source().stack.At(DistanceFromCopy(turn.ref));
      text +=
          Concat({", which is ", DescribeStackWord(word, turn.ref.copy_of())});
    }
    const Geometry& geometry = replay_.geometry();
    text += ": ";
    text +=
        DescribeEntry<A>(replay_.arena(), geometry,
                         EntryLevel(geometry, turn.level), turn.loaded.value);
    return text;
  }

  // What the walk does next; nothing where it goes down, which shows.
  std::string Action(const Turn& turn) const {
    const Geometry& geometry = replay_.geometry();
    switch (turn.step) {
      case WalkStep::kDescend:
        if (turn.level == Level::kPte || !geometry.real(turn.level) ||
            replay_.kernel().Descends(turn.level, turn.loaded.value)) {
          return "";
        }
        return Concat({"the walk takes ", Name(turn.level), " for folded"});
      case WalkStep::kStop:
        return "stops here";
      case WalkStep::kLeaf:
        break;
    }
    const size_t pages = PagesOf(turn);
    if (pages == 0) {
      return Concat(
          {"stops here: ", replay_.WhyNot(EntryLevel(geometry, turn.level),
                                          turn.loaded.value)});
    }
    return Returned(turn.pages, pages);
  }

  static std::string Returned(size_t first, size_t count) {
    if (count == 1) return Concat({"returns page ", std::to_string(first)});
    return Concat({"returns pages ", std::to_string(first), " to ",
                   std::to_string(first + count - 1)});
  }

  void AddBlock(const Block& block, TextLines& out) const {
    const Turn& turn = replay_.turns()[block.first].turn;
    const Turn& last = replay_.turns()[block.last].turn;
    const Geometry& geometry = replay_.geometry();
    const bool marked = IsMarked(block);
    const LineStyle style = marked ? LineStyle::kMarked : LineStyle::kPlain;
    const std::string indent(
        2 * static_cast<size_t>(Ordinal(Level::kPgd) - Ordinal(turn.level)),
        ' ');
    const std::string hang = Concat({"       ", indent});

    std::string head = Concat(
        {Name(turn.level), " ", Hex(turn.address), " to ", Hex(last.next)});
    if (!geometry.real(turn.level)) head += ", folded";
    out.Wrap(Concat({marked ? ">> " : "   ", indent}), hang, head, style);

    const std::string pointer = Concat({Name(turn.level), "p"});
    if (block.first != block.last) {
      out.Wrap(
          hang, hang,
          Concat(
              {pointer, " = ", Place(turn), " and on, ",
               std::to_string(block.last - block.first + 1), " leaves; ",
               Returned(turn.pages, last.pages + PagesOf(last) - turn.pages)}),
          style);
      return;
    }
    std::string made = Concat({pointer, "++"});
    if (IsFirstOfLoop(block.first)) {
      made = Concat({pointer, " = ", OffsetCall(replay_.policy(), turn.level)});
    } else if (replay_.policy().step == Step::kRecompute) {
      made = Concat(
          {pointer, " = ", OffsetCall(replay_.policy(), turn.level), " again"});
    }
    out.Wrap(hang, hang + "  ", Concat({made, ": ", Place(turn)}), style);
    std::string read = Concat({"*", pointer, " = ", Entry(turn)});
    const std::string action = Action(turn);
    if (!action.empty()) read += "; " + action;
    out.Wrap(hang, hang + "  ", read, style);
    if (rule_ == block.first) {
      out.Wrap(">>   ", ">>   ", RuleText(block.first), style);
    }
    if (effect_ == block.first) {
      out.Wrap(">>   ", ">>   ", EffectText(turn), style);
    }
  }

  // The rule that turn `i` broke, and why.
  std::string RuleText(size_t i) const {
    const Seen& seen = replay_.turns()[i];
    switch (seen.turn.loaded.source) {
      case Source::kNowhere:
        return "RULE BROKEN: a walk reads page tables alone. No table is where "
               "this pointer leads; a kernel faults here, or reads whatever it "
               "finds.";
      case Source::kLeftCopy:
        return LeftCopyText(i);
      case Source::kTable:
      case Source::kOwnCopy:
        return StuckText(i);
    }
    return "";
  }

  std::string LeftCopyText(size_t i) const {
    const Turn& turn = replay_.turns()[i].turn;
    const Geometry& geometry = replay_.geometry();
    const Policy policy = replay_.policy();
    const Level parent = Above(turn.level);
    LeftCopy left{.arch = A::kId,
                  .policy = policy,
                  .level = turn.level,
                  .copy = turn.ref.copy_of(),
                  .is_folded = !geometry.real(parent),
                  .begins = IsFirstOfLoop(i),
                  .is_back = IsBackAtCopy(turn)};
    if (const Turn* above = ParentOf(i); !left.begins && above != nullptr) {
      left.loop_end = above->next;
      left.from = above->address;
      left.span = geometry.span(EntryLevel(geometry, parent));
    }
    return DescribeLeftCopy(left);
  }

  std::string StuckText(size_t i) const {
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
    const bool again =
        !IsFirstOfLoop(i) && replay_.policy().step == Step::kRecompute;
    if (again && turn.level != Level::kPgd &&
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
    std::string text = DescribeFirstDifference(
        outcome_, difference_, replay_.pages(), replay_.reference());
    if (text.empty()) return "";
    if (!rule_.has_value()) {
      text += Concat({" All reads were in order: the walk takes this ",
                      Name(turn.level),
                      " for something else than the "
                      "reference does."});
    }
    return text;
  }

  const Replay<A>& replay_;
  const Outcome outcome_;
  const size_t difference_;
  // Positions of marked turns.
  std::optional<size_t> rule_;
  std::optional<size_t> effect_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TEXT_WALK_H_
