// SPDX-License-Identifier: MIT

// What is wrong with an iteration.

#include <cstdint>
#include <string_view>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/report/iterations.h"
#include "pxdfuzz/report/words.h"

namespace pxdfuzz {

using Kind = Event::Kind;

// The rule that the iteration broke, and why.
std::string IterationText::RuleText(size_t event) const {
  const Event& broken = facts_.events()[event];
  const std::string pointer = PointerName(broken.level);
  if (broken.kind == Kind::kReread) {
    return Concat(
        {"RULE BROKEN: without a lock, a walk must use the value that it "
         "tested. ",
         OffsetCall(facts_.policy(), Below(broken.level)), " reads *", pointer,
         " again. ", Became(event),
         ". The function uses the new value as if it were that of a table."});
  }
  if (broken.kind == Kind::kCheck) {
    const Event* origin = facts_.OriginOf(broken.level, event);
    const Event* tested = facts_.LastRead(broken.level, event);
    const Level copy = facts_.CheckedCopy(event);
    const uint64_t physical = origin->place.physical;
    return Concat(
        {"RULE BROKEN: the recheck must compare the entry in the table with "
         "the value that led to the page. ",
         pointer, " does not point into a table: ",
         copy == broken.level
             ? Concat(
                   {"the loop below gets the address of ", Name(broken.level)})
             : Concat({OffsetCall(facts_.policy(), broken.level),
                       " returned the address of ", Name(copy)}),
         ", a local variable. The check compares this variable with itself, "
         "and always passes. The entry in the table, ",
         facts_.Place(physical), ", was ", facts_.Meaning(*tested), "; ",
         Writer(event), " made it ",
         facts_.Meaning(broken.snapshot, physical,
                        facts_.tables().WordIn(broken.snapshot, physical)),
         "."});
  }
  switch (broken.place.kind) {
    case Place::Kind::kStack:
      return EscapeRule(facts_.IterationOf(event));
    case Place::Kind::kTable:
    case Place::Kind::kOwnCopy:
      if (!facts_.IsStray(broken))
        return WrongEntryRule(facts_.IterationOf(event));
      break;
    case Place::Kind::kNowhere:
      break;
  }
  return "RULE BROKEN: a walk reads only page tables and its own copies. This "
         "pointer does not point into a table: a kernel faults here, or reads "
         "an unrelated word.";
}

// How the walk left a local copy, and why.
std::string IterationText::EscapeRule(size_t i) const {
  const Event& read = ReadOf(i);
  const Policy policy = facts_.policy();
  const bool begins = facts_.iterations()[i].begins;
  const std::string_view copy = Name(read.place.copy_of);
  const Level parent =
      read.level == Level::kPgd ? Level::kPgd : Above(read.level);
  const ArchId arch = facts_.source().mode.arch;
  std::string text =
      "RULE BROKEN: a walk reads only page tables and its own copies. ";
  if (facts_.geometry().real(parent)) {
    text += Concat({"The pointer was made from the local variable ", copy,
                    ", and points to another word of the stack. "});
  } else {
    text +=
        Concat({Name(parent), " is folded: ", OffsetCall(policy, read.level)});
    text +=
        begins ? Concat({" computed its result from the address of ", copy,
                         ", a local variable, and the result points to ",
                         read.place.distance == 0 ? "the same word by luck"
                                                  : "another word of the stack",
                         ". "})
               : Concat({" returned the address of ", copy,
                         ", a local variable that holds one entry. "});
  }
  const std::optional<size_t> above = facts_.ParentOf(i);
  const bool knows_boundary =
      read.part.has_value() || policy.boundary == BoundaryRule::kStatic;
  if (!begins && above.has_value() && knows_boundary) {
    const Event& loop = ReadOf(*above);
    const uint64_t from =
        loop.part.has_value()
            ? loop.part->address
            : facts_.AddressOf(facts_.iterations()[*above].held);
    const uint64_t range = facts_.AddressOf(facts_.request().pages);
    const uint64_t boundary = WrappingAdd(
        from | ((uint64_t{1} << facts_.BoundaryShift(parent)) - 1), 1);
    const uint64_t end = loop.part.has_value() ? loop.part->next
                         : WrappingSub(boundary, 1) < range - 1 ? boundary
                                                                : range;
    const uint64_t span =
        facts_.geometry().span(EntryLevel(facts_.geometry(), parent));
    text += Concat({BoundaryCall(policy, parent), " let the ", Name(read.level),
                    " loop run to ", Hex(end), ", but that entry spans ",
                    ByteSize(span), " and ends at ",
                    Hex(WrappingAdd(from | (span - 1), 1)),
                    ". The loop continued, and ", PointerName(read.level),
                    "++ moved off the variable. "});
  }
  if (arch == ArchId::kArm64Page16K) {
    text +=
        "The function needs a pointer into a table, and aligns it to the start "
        "of its page. This is the bug that 36639013b346 (\"arm64: mm: Fix "
        "lockless walks with static and dynamic page-table folding\") "
        "fixed.";
  } else if (policy == kStaticByValue) {
    text +=
        "This is the bug that d3f7b1bb2040 (\"mm/gup: fix gup_fast with "
        "dynamic page table folding\") fixed.";
  }
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

std::string IterationText::WrongEntryRule(size_t i) const {
  const Event& read = ReadOf(i);
  const Arena& arena = facts_.tables().arena();
  const uint64_t address = read.part->address;
  std::string text =
      "RULE BROKEN: each iteration must read the entry that maps its address. ";
  if (read.place.kind == Place::Kind::kTable) {
    const Level table = arena.TableLevel(read.place.physical);
    text +=
        Concat({"This is entry ",
                std::to_string(arena.IndexInTable(read.place.physical)),
                " of its table; that of ", Hex(address), " is entry ",
                std::to_string(facts_.geometry().index(table, address)), "."});
  } else {
    text += Concat({"The copied entry does not map ", Hex(address), "."});
  }
  const bool again = !facts_.iterations()[i].begins &&
                     facts_.policy().step == Step::kRecompute &&
                     read.level != Level::kPgd;
  if (again && !facts_.geometry().real(Above(read.level))) {
    text += Concat(
        {" ", Name(Above(read.level)),
         " is folded: ", OffsetCall(facts_.policy(), read.level),
         " returns the pointer that it gets, whatever the address, so calling "
         "it again returns the entry of the loop's first iteration."});
  }
  return text;
}

std::string IterationText::EffectText(size_t iteration) const {
  const Recording& run = facts_.run();
  if (run.end == RunEnd::kBug) {
    return Concat(
        {"THE WALK ENDS HERE: the kernel code finds this entry impossible and "
         "hits the BUG() of ",
         run.bug, "."});
  }
  std::string text = changes_.FirstDifference();
  if (facts_.rule().has_value() || text.empty()) return text;
  if (facts_.changing()) return text + " All reads were correct.";
  if (run.inaccessible.has_value()) {
    return Concat({text, " The page at ", Hex(*run.inaccessible),
                   " could not be made accessible, and the walk continued."});
  }
  return Concat({text, " All reads were correct: the walk interprets this ",
                 Name(ReadOf(iteration).level),
                 " differently from the reference."});
}

}  // namespace pxdfuzz
