// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TEXT_WALK_H_
#define PXDFUZZ_TEXT_WALK_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
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

// A turn of a loop as it is told, or a run of turns; an empty one stands for
// those that are left out.
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
};

// What stands beside each other: the turns, and on the right the reference.
// `walk` is the title on the left.
void AddTurns(const std::vector<ToldTurn>& turns, std::string_view walk,
              TextLines& out);

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

  // Whether that turn is the first of its loop: nothing was moved on.
  bool RuleTurnBegins() const {
    return rule_.has_value() && IsFirstOfLoop(*rule_);
  }
  // The turn by which the pages came to differ, if any.
  std::optional<size_t> effect() const { return effect_; }

  // Long walks are told in part.
  std::vector<ToldTurn> Told() const {
    const std::vector<Block> blocks = Blocks();
    std::vector<ToldTurn> told;
    for (size_t i = 0; i < blocks.size(); ++i) {
      if (IsShown(blocks, i)) {
        told.push_back(Tell(blocks[i]));
      } else if (told.empty() || !told.back().skips) {
        told.push_back({.skips = true, .reference = {}});
      }
    }
    return told;
  }

  void AddTo(TextLines& out) const {
    AddTurns(Told(), Name(replay_.policy()), out);
  }

  // How many pages a turn returns.
  size_t PagesOf(const Turn& turn) const {
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

  // An entry of `level` spans 2 to the power of that, as the walk's
  // pXd_addr_end() has it.
  int BoundaryShift(Level level) const {
    if (replay_.policy().boundary == BoundaryRule::kFoldedAware) {
      for (const Seen& seen : replay_.turns()) {
        if (seen.turn.level != level) continue;
        return replay_.kernel().FoldedAwareShift(level, seen.turn.loaded.value);
      }
    }
    return replay_.kernel().StaticShift(level);
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
      text += Concat({", which is ", StackContentText(turn)});
    }
    const Geometry& geometry = replay_.geometry();
    text += ": ";
    text +=
        DescribeEntry<A>(replay_.arena(), geometry,
                         EntryLevel(geometry, turn.level), turn.loaded.value);
    return text;
  }

  // What the walk does next.
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

  // What the reference reads for the address of a turn.
  std::vector<std::string> Beside(const Turn& turn) const {
    const Geometry& geometry = replay_.geometry();
    if (!geometry.real(turn.level)) {
      return {Concat({"no table: ", Name(turn.level), " is folded"})};
    }
    std::optional<EntryRef> ref;
    uint64_t word = 0;
    const Translation t = replay_.TranslateWith(
        turn.address, [&](Level level, EntryRef at, uint64_t entry) {
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
    const Turn* origin = Origin(turn);
    if (origin != nullptr && origin->ref == *ref) {
      return {Concat({place, ": the one that was copied"})};
    }
    return {place, Concat({Hex(word), ": ",
                           DescribeEntry<A>(replay_.arena(), geometry,
                                            turn.level, word)})};
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
      for (const Seen& seen : turns) {
        if (&seen.turn == origin) break;
        if (seen.turn.level == copied) found = &seen.turn;
      }
      if (found == nullptr) return nullptr;
      origin = found;
    }
    return origin;
  }

  // The same of a run of page entries.
  std::string BesideRun(size_t first, size_t count) const {
    const auto& expected = replay_.reference();
    const auto& pages = replay_.pages();
    for (size_t i = first; i < first + count; ++i) {
      if (i >= pages.size() || i >= expected.size() ||
          pages[i] != expected[i]) {
        return "not all the same";
      }
    }
    return "the same pages";
  }

  ToldTurn Tell(const Block& block) const {
    const Turn& turn = replay_.turns()[block.first].turn;
    const Turn& last = replay_.turns()[block.last].turn;
    ToldTurn told{.level = turn.level,
                  .marked = IsMarked(block),
                  .part = Concat({Name(turn.level), " ", Hex(turn.address),
                                  " to ", Hex(last.next)}),
                  .reference = {}};
    if (!replay_.geometry().real(turn.level)) told.part += ", folded";
    told.pointer = PointerText(block.first);
    told.place = Place(turn);
    if (block.first != block.last) {
      const size_t pages = last.pages + PagesOf(last) - turn.pages;
      told.pointer = Concat({Name(turn.level), "p, turn after turn"});
      told.place +=
          Concat({" and on, ", std::to_string(block.last - block.first + 1),
                  " leaves"});
      told.next = Returned(turn.pages, pages);
      told.reference = {BesideRun(turn.pages, pages)};
      return told;
    }
    told.read = Concat({"*", Name(turn.level), "p = ", Entry(turn)});
    told.next = Action(turn);
    if (turn.step == WalkStep::kDescend) {
      told.next = Concat({Boundary(turn), told.next});
    }
    told.reference = Beside(turn);
    if (rule_ == block.first) told.rule = RuleText(block.first);
    if (effect_ == block.first) told.effect = EffectText(turn);
    return told;
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
    if (const auto above = ParentOf(i); !left.begins && above.has_value()) {
      left.loop_end = replay_.turns()[*above].turn.next;
      left.from = replay_.turns()[*above].turn.address;
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
