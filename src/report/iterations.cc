// SPDX-License-Identifier: MIT

#include "pxdfuzz/report/iterations.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/report/words.h"

namespace pxdfuzz {
namespace {

using Kind = Event::Kind;

std::string SourceLine(const Event& event) {
  return Concat({event.file, ":", std::to_string(event.line)});
}

std::string Returned(size_t first, size_t count) {
  return Concat({"returns ", PageNumbers(first, count)});
}

}  // namespace

std::string IterationText::ReferenceTitle() const {
  return facts_.changing() ? "reference, at that moment"
                           : "reference, same address";
}

std::string IterationText::Pointer(size_t iteration) const {
  const Event& read = ReadOf(iteration);
  if (!read.file.empty()) return SourceLine(read);
  const std::string pointer = PointerName(read.level);
  const std::string offset = OffsetCall(facts_.policy(), read.level);
  if (facts_.iterations()[iteration].begins)
    return Concat({pointer, " = ", offset});
  return facts_.policy().step == Step::kRecompute
             ? Concat({pointer, " = ", offset, " again"})
             : Concat({pointer, "++"});
}

std::string IterationText::ReadName(const Event& event) const {
  std::string name;
  if (facts_.changing() && event.read != 0) {
    name = Concat({"read ", std::to_string(event.read)});
  }
  if (event.file.empty()) return name;
  return Concat({name, name.empty() ? "" : ", ", SourceLine(event)});
}

// "read 5, mm/gup.c:2613: ", for an entry that is read again.
std::string IterationText::Number(const Event& event) const {
  const std::string name = ReadName(event);
  return name.empty() ? "" : name + ": ";
}

std::string IterationText::StackContent(const Event& event) const {
  // The stack's content in the case applies only to the model.
  if (!event.file.empty()) return "an unrelated word";
  const std::string_view level = Name(event.place.copy_of);
  const int64_t distance = event.place.distance.value_or(0);
  if (distance == 0) {
    return Concat({"by luck, the local copy of ", level, " again"});
  }
  const StackWord word =
      facts_.source().stack.At(distance / static_cast<int64_t>(kEntrySize));
  switch (word.content) {
    case StackContent::kZero:
      return "a word of zeros";
    case StackContent::kCopy:
      return Concat({"an older copy of the same ", level});
    case StackContent::kNext:
      return Concat({"an older copy of the entry after that ", level});
    case StackContent::kWord:
      return "a stray word";
  }
  return "";
}

std::string IterationText::Writer(size_t event) const {
  const Event* origin = facts_.OriginOf(facts_.events()[event].level, event);
  return origin == nullptr ? "a change"
                           : changes_.Writer(origin->place.physical,
                                             facts_.events()[event].snapshot);
}

std::string IterationText::Became(size_t event) const {
  const Event& again = facts_.events()[event];
  const Event* tested = facts_.LastRead(again.level, event);
  if (tested == nullptr) return "";
  return Concat({"*", PointerName(again.level), " was ",
                 facts_.Meaning(*tested), " when it was tested (",
                 ReadName(*tested), "), and ", Writer(event), " has made it ",
                 facts_.Meaning(again)});
}

std::optional<size_t> IterationText::SeenByRecheck(size_t iteration) const {
  const Facts::Iteration& events = facts_.iterations()[iteration];
  for (size_t i = events.first; i < events.end; ++i) {
    if (facts_.events()[i].kind == Kind::kCheck && facts_.IsChanged(i)) {
      return i;
    }
  }
  return std::nullopt;
}

// -----------------------------------------------------------------------------
// Which iterations there are.

bool IterationText::IsMarked(const Block& block) const {
  const auto holds = [&block](std::optional<size_t> iteration) {
    return iteration.has_value() && block.first <= *iteration &&
           *iteration <= block.last;
  };
  return holds(facts_.effect()) || (facts_.rule().has_value() &&
                                    holds(facts_.IterationOf(*facts_.rule())));
}

// Whether it gets a page, nothing changed, and every second read gave the same
// value.
bool IterationText::IsPlain(size_t iteration) const {
  const Facts::Iteration& events = facts_.iterations()[iteration];
  if (events.pages == 0) return false;
  for (size_t i = events.first; i < events.end; ++i) {
    const Event& event = facts_.events()[i];
    if (event.kind == Kind::kChange || event.kind == Kind::kPut) return false;
    if (event.kind != Kind::kIteration && event.is_read() &&
        (facts_.IsChanged(i) || facts_.IsVacuous(i))) {
      return false;
    }
  }
  return true;
}

std::vector<IterationText::Block> IterationText::Blocks() const {
  std::vector<Block> blocks;
  for (size_t i = 0; i < facts_.iterations().size(); ++i) {
    const Event& read = ReadOf(i);
    bool joins = i > 0 && !facts_.iterations()[i].begins &&
                 read.level == Level::kPte && IsPlain(i) && IsPlain(i - 1) &&
                 !IsMarked({i - 1, i});
    if (joins) {
      Place next = ReadOf(i - 1).place;
      next.physical += kEntrySize;
      joins = ReadOf(i - 1).level == Level::kPte &&
              read.place.kind == Place::Kind::kTable && read.place == next &&
              read.line == ReadOf(i - 1).line;
    }
    if (joins) {
      blocks.back().last = i;
    } else {
      blocks.push_back({i, i});
    }
  }
  return blocks;
}

bool IterationText::IsShown(const std::vector<Block>& blocks, size_t i) const {
  constexpr size_t kAtStart = 8;
  constexpr size_t kAround = 4;
  if (i < kAtStart || i + 1 == blocks.size()) return true;
  const size_t from = i - std::min(i, kAround);
  const size_t to = std::min(i + kAround, blocks.size() - 1);
  for (size_t j = from; j <= to; ++j) {
    if (IsMarked(blocks[j])) return true;
  }
  for (size_t j = i - 1; j <= i + 1; ++j) {
    if (facts_.HasEvent(blocks[j].first, Kind::kChange)) return true;
  }
  return false;
}

std::vector<Explanation::Iteration> IterationText::Make() const {
  const std::vector<Block> blocks = Blocks();
  std::vector<Explanation::Iteration> iterations;
  for (size_t i = 0; i < blocks.size(); ++i) {
    if (!IsShown(blocks, i)) {
      if (!iterations.back().skips) iterations.push_back({.skips = true});
    } else if (blocks[i].first == blocks[i].last) {
      Add(blocks[i].first, iterations);
    } else {
      iterations.push_back(Run(blocks[i]));
    }
  }
  return iterations;
}

// -----------------------------------------------------------------------------
// One of them.

// What iterations `first` to `last` have in common.
Explanation::Iteration IterationText::Begin(size_t first, size_t last) const {
  const Event& read = ReadOf(first);
  const std::optional<IterationPart>& end = ReadOf(last).part;
  Explanation::Iteration iteration{.level = read.level};
  iteration.part =
      Concat({Name(read.level), " ",
              Hex(read.part.has_value()
                      ? read.part->address
                      : facts_.AddressOf(facts_.iterations()[first].held))});
  if (end.has_value()) iteration.part += Concat({" to ", Hex(end->next)});
  if (!facts_.geometry().real(read.level)) iteration.part += ", folded";
  return iteration;
}

Explanation::Iteration IterationText::Run(const Block& block) const {
  const Event& read = ReadOf(block.first);
  const Facts::Iteration& first = facts_.iterations()[block.first];
  const Facts::Iteration& last = facts_.iterations()[block.last];
  const Event& end = facts_.events()[last.end - 1];
  Explanation::Iteration run = Begin(block.first, block.last);
  run.pointer = read.file.empty()
                    ? Concat({PointerName(read.level), ", in each iteration"})
                    : Concat({SourceLine(read), ", in each iteration"});
  run.place = Concat({PlaceText(read), " and following, ",
                      std::to_string(block.last - block.first + 1), " leaves"});
  run.next = Returned(first.held, last.held + last.pages - first.held);
  if (facts_.changing()) {
    size_t to = 0;
    for (size_t i = last.first; i < last.end; ++i) {
      to = std::max(to, facts_.events()[i].read);
    }
    run.read =
        Concat({"reads ", std::to_string(facts_.events()[first.first].read),
                " to ", std::to_string(to),
                facts_.HasEvent(block.last, Kind::kReread)
                    ? ": *pmdp again, each entry, "
                    : ": each entry, ",
                "its page grabbed, its recheck: the same"});
  }
  run.reference = {ReferenceOfRun(block, end.snapshot)};
  return run;
}

// One iteration and its events: an operation splits it.
void IterationText::Add(size_t i,
                        std::vector<Explanation::Iteration>& out) const {
  const Facts::Iteration& iteration = facts_.iterations()[i];
  // In tables that do not change, every grabbed page is returned.
  const bool grabs = facts_.changing() && facts_.HasEvent(i, Kind::kGrab);
  Explanation::Iteration now = Begin(i, i);
  now.pointer = Pointer(i);
  bool has_begun = false;
  bool has_read = false;
  for (size_t at = iteration.first; at < iteration.end; ++at) {
    const Event& event = facts_.events()[at];
    switch (event.kind) {
      case Kind::kChange:
        if (has_begun) {
          Explanation::Iteration rest{.level = now.level};
          out.push_back(std::exchange(now, std::move(rest)));
        }
        out.push_back({.change = changes_.Make(event.snapshot)});
        continue;
      case Kind::kReread:
        if (!facts_.IsChanged(at) && (!facts_.changing() || event.read == 0)) {
          break;
        }
        (has_read ? now.after : now.rereads).push_back(RereadText(at));
        break;
      case Kind::kIteration:
        has_read = true;
        now.place = PlaceText(event);
        now.read =
            Concat({facts_.changing() && event.read != 0
                        ? Concat({"read ", std::to_string(event.read), ": "})
                        : std::string(),
                    "*", PointerName(event.level), EntryText(event)});
        if (!grabs) now.next = Action(i);
        now.reference = ReferenceOf(i);
        break;
      case Kind::kGrab:
        if (!grabs) break;
        now.after.push_back(
            Concat({"grabs ", PageNumbers(event.held, event.count), ": ",
                    event.count == 1 ? "frame " : "frames from ",
                    Hex(facts_.FirstFrame(i)), event.count == 1 ? "" : " on"}));
        break;
      case Kind::kCheck:
        if (facts_.changing() || facts_.IsChanged(at) ||
            event.place.kind == Place::Kind::kOwnCopy) {
          now.after.push_back(CheckText(at));
        }
        break;
      case Kind::kPut: {
        const size_t count = std::min<size_t>(event.held, event.count);
        now.after.push_back(Concat(
            {"puts ", PageNumbers(event.held - count, count),
             i + 1 == facts_.iterations().size() ? "; stops here" : ""}));
        break;
      }
    }
    has_begun = true;
    if (facts_.rule() != at) continue;
    now.marked = true;
    now.rule = RuleText(at);
  }
  if (grabs && iteration.pages > 0) {
    now.after.push_back(
        facts_.broke_off()
            ? Concat({"has ", PageNumbers(iteration.held, iteration.pages)})
            : Returned(iteration.held, iteration.pages));
  }
  if (facts_.effect() == i) {
    now.marked = true;
    now.effect = EffectText(i);
  }
  out.push_back(std::move(now));
}

std::string IterationText::PlaceText(const Event& event) const {
  const std::string_view copy = Name(event.place.copy_of);
  switch (event.place.kind) {
    case Place::Kind::kOwnCopy:
      return Concat({"the local copy of ", copy});
    case Place::Kind::kStack:
      if (event.place.distance == 0) return StackContent(event);
      return Concat({"the stack, ", DistanceFromCopy(event.place.distance),
                     event.place.distance.has_value() ? " the local copy of "
                                                      : " than the copy of ",
                     copy});
    case Place::Kind::kTable:
    case Place::Kind::kNowhere:
      break;
  }
  return facts_.Place(event.place.physical);
}

// " = 0x10200007: segment table 0".
std::string IterationText::EntryText(const Event& event) const {
  if (!event.value.has_value()) {
    return event.file.empty() ? " = nothing to read" : ": the read faults";
  }
  std::string text = Concat({" = ", Hex(*event.value)});
  if (event.place.kind == Place::Kind::kStack && event.place.distance != 0) {
    text += Concat({", which is ", StackContent(event)});
  }
  return Concat({text, ": ", facts_.Meaning(event)});
}

// What the walk does next; empty if kernel code goes down, which is visible.
std::string IterationText::Action(size_t i) const {
  const Facts::Iteration& iteration = facts_.iterations()[i];
  const Event& read = ReadOf(i);
  if (read.part.has_value() && read.part->step == WalkStep::kDescend) {
    if (read.level == Level::kPte) return "";
    return Concat({Boundary(read),
                   read.part->passed_on && facts_.geometry().real(read.level)
                       ? Concat({"treats ", Name(read.level), " as folded; "})
                       : std::string(),
                   "then ", Name(Below(read.level))});
  }
  if (iteration.pages > 0) return Returned(iteration.held, iteration.pages);
  if (i + 1 < facts_.iterations().size() || facts_.broke_off()) return "";
  if (facts_.IsStray(read) || facts_.run().refused.has_value()) {
    return "stops here";
  }
  if (SeenByRecheck(i).has_value()) {
    return "stops here: the recheck sees a change";
  }
  return Concat({"stops here: ", facts_.WhyNot(read)});
}

// "pud_addr_end(): 2 GiB boundary; ": why the part of an iteration ends where
// it does.
std::string IterationText::Boundary(const Event& read) const {
  const uint64_t span = uint64_t{1} << facts_.BoundaryShift(read.level);
  const bool at_boundary = (read.part->next & (span - 1)) == 0;
  return Concat({BoundaryCall(facts_.policy(), read.level), ": ",
                 at_boundary ? Concat({ByteSize(span), " boundary; "})
                             : std::string("end of the part; ")});
}

std::string IterationText::RereadText(size_t event) const {
  const Event& again = facts_.events()[event];
  std::string text =
      Concat({Number(again), "*", PointerName(again.level), " again"});
  if (!facts_.IsChanged(event)) return text + ": the same";
  const Event* tested = facts_.LastRead(again.level, event);
  return Concat({text, EntryText(again), "; it was ", facts_.Meaning(*tested),
                 " when it was tested"});
}

std::string IterationText::CheckText(size_t event) const {
  const Event& check = facts_.events()[event];
  std::string text =
      Concat({Number(check), "recheck: *", PointerName(check.level)});
  if (facts_.IsChanged(event)) {
    text += Concat({EntryText(check), "; it was ",
                    facts_.Meaning(*facts_.LastRead(check.level, event))});
  } else {
    text += " is the same";
  }
  if (check.place.kind == Place::Kind::kTable) return text;
  if (check.place.kind == Place::Kind::kOwnCopy) {
    text += Concat({": it is the local copy of ",
                    Name(facts_.CheckedCopy(event)), ", compared with itself"});
  } else {
    text += Concat({", read at ", PlaceText(check)});
  }
  if (!facts_.IsVacuous(event)) return text;
  const Event* origin = facts_.OriginOf(check.level, event);
  return Concat({text, "; the entry in the table is ",
                 facts_.Meaning(check.snapshot, origin->place.physical,
                                facts_.tables().WordIn(check.snapshot,
                                                       origin->place.physical)),
                 " now"});
}

// What the reference reads for the address of an iteration, in the snapshot
// that the iteration read.
std::vector<std::string> IterationText::ReferenceOf(size_t i) const {
  const Event& read = ReadOf(i);
  if (!facts_.geometry().real(read.level)) {
    return {Concat({"no table: ", Name(read.level), " is folded"})};
  }
  const uint64_t address = read.part.has_value()
                               ? read.part->address
                               : facts_.AddressOf(facts_.iterations()[i].held);
  std::optional<uint64_t> physical;
  uint64_t word = 0;
  const Translation t = facts_.tables().Translate(
      address, read.snapshot, [&](Level level, uint64_t at, uint64_t entry) {
        if (level != read.level) return;
        physical = at;
        word = entry;
      });
  if (!physical.has_value()) {
    return {t.fetched ? Concat({"ended at ", Name(t.level), ": ",
                                facts_.Meaning(t.level, t.entry)})
                      : std::string("no translation")};
  }
  if (read.place.kind == Place::Kind::kTable &&
      read.place.physical == *physical) {
    return {"the same entry"};
  }
  const std::string place = facts_.Place(*physical);
  const std::string entry =
      Concat({Hex(word), ": ", facts_.Meaning(read.level, word)});
  const Event* origin =
      read.place.kind == Place::Kind::kOwnCopy
          ? facts_.OriginOf(read.place.copy_of, facts_.iterations()[i].read)
          : nullptr;
  if (origin == nullptr || origin->place.physical != *physical) {
    return {place, entry};
  }
  if (facts_.tables().WordIn(origin->snapshot, *physical) == word) {
    return {Concat({place, ": the copied entry"})};
  }
  return {Concat({place, ": the copied entry, which is now ", entry})};
}

// The same for several iterations of page entries.
std::string IterationText::ReferenceOfRun(const Block& block,
                                          size_t snapshot) const {
  const Facts::Iteration& last = facts_.iterations()[block.last];
  const auto& pages = facts_.run().pages;
  for (size_t i = facts_.iterations()[block.first].held;
       i < last.held + last.pages; ++i) {
    if (i >= pages.size() ||
        facts_.reference().At(snapshot, i) != pages[i].physical) {
      return "not all the same";
    }
  }
  return "the same pages";
}

}  // namespace pxdfuzz
