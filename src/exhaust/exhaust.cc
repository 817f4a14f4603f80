// SPDX-License-Identifier: MIT

#include "pxdfuzz/exhaust/exhaust.h"

#include <string_view>

#include "pxdfuzz/base/text_lines.h"

namespace pxdfuzz {
namespace {

std::string Frames(const std::vector<uint64_t>& frames) {
  std::string text;
  for (const uint64_t frame : frames) {
    text += Concat({text.empty() ? "" : " ", std::to_string(frame)});
  }
  return text.empty() ? "none" : text;
}

// "", "read-only ": precedes an entry with that permission.
std::string_view Describe(const LeafState& state) {
  if (state.special) return "special ";
  if (state.permission == Permission::kNone) return "PROT_NONE ";
  if (state.permission == Permission::kRead) return "read-only ";
  if (!state.young) return "old ";
  return state.dirty ? "" : "clean ";
}

// "leaf, frame 28", "read-only leaf, frame 28", "table 2", "empty".
std::string DescribeEntry(const EntryKind& kind,
                          const std::optional<size_t>& leads_to,
                          int page_shift) {
  switch (kind.tag) {
    case EntryKind::Tag::kTable:
      return leads_to.has_value() ? "table " + std::to_string(*leads_to)
                                  : "leads nowhere";
    case EntryKind::Tag::kLeaf:
      return Concat({Describe(kind.state), "leaf, frame ",
                     std::to_string(kind.address >> page_shift)});
    default:
      return std::string(Name(kind.tag));
  }
}

// "an older copy of the same entry", "pud entry: empty".
std::string DescribeWord(const WorldWitness::Word& word, int page_shift) {
  switch (word.content) {
    case StackContent::kZero:
      return "zero";
    case StackContent::kCopy:
      return "an older copy of the same entry";
    case StackContent::kNext:
      return "the entry behind it in its table";
    case StackContent::kWord:
      break;
  }
  return Concat({Name(word.level), " entry: ",
                 DescribeEntry(word.kind, word.leads_to, page_shift)});
}

std::string Column(std::string text) {
  text.resize(std::max<size_t>(text.size(), 18), ' ');
  return "  " + text;
}

// "pmd table 1[0]".
std::string Place(const WorldWitness::Entry& entry) {
  return Concat({Name(entry.level), " table ", std::to_string(entry.table), "[",
                 std::to_string(entry.index), "]"});
}

// "s390/3 static-lockless, 2 pages from page 3 on, for reading:".
void AddTitle(const WorldWitness& seen, TextLines& text) {
  text.Line(Concat({Name(seen.mode), " ", Name(seen.walk), ", ",
                    Plural(seen.pages, "page"), " from page ",
                    std::to_string(seen.start), " on, for ",
                    seen.write ? "writing:" : "reading:"}));
}

void AddWords(const WorldWitness& seen, TextLines& text) {
  for (const WorldWitness::Entry& entry : seen.entries) {
    text.Line(
        Concat({Column(Place(entry)),
                DescribeEntry(entry.kind, entry.leads_to, seen.page_shift)}));
  }
  for (const WorldWitness::Word& word : seen.stack) {
    text.Line(Concat({Column(Concat({"stack ", word.distance > 0 ? "+" : "",
                                     std::to_string(word.distance)})),
                      DescribeWord(word, seen.page_shift)}));
  }
}

// "  stale at position 1, by vacuous-recheck".
std::string HowItEnds(const WorldWitness& witness) {
  if (!witness.ends) return "  does not end";
  std::string text = Concat({"  ", Name(witness.outcome), " at position ",
                             std::to_string(witness.first_difference)});
  if (witness.waiver != Cause::kNone) {
    text += Concat({", by ", Name(witness.waiver)});
  }
  return text;
}

void AddChange(const WorldWitness& witness, TextLines& text) {
  if (!witness.change.has_value()) return;
  const WorldWitness::Change& change = *witness.change;
  text.Wrap("  ", "    ",
            Concat({"after ", Plural(change.reads, "read"), ", before ",
                    change.before_grab ? "references are taken: "
                                       : "it is read again: ",
                    Place(change.entry), " becomes ",
                    DescribeEntry(change.entry.kind, change.entry.leads_to,
                                  witness.page_shift)}));
}

std::string Frame(const std::optional<uint64_t>& frame) {
  return frame.has_value() ? std::to_string(*frame) : "none";
}

}  // namespace

std::string Describe(const WorldWitness& witness) {
  TextLines text(/*color=*/false);
  AddTitle(witness, text);
  text.Line(HowItEnds(witness));
  AddWords(witness, text);
  AddChange(witness, text);
  if (!witness.ends) return text.text();
  text.Wrap(Column("frames: walk"), Column(""), Frames(witness.returned));
  if (!witness.change.has_value()) {
    text.Wrap(Column("reference"), Column(""), Frames(witness.expected));
  } else if (witness.outcome != Outcome::kFault &&
             witness.outcome != Outcome::kStrayRead) {
    text.Line(Concat({Column("reference"), "before ", Frame(witness.before),
                      ", after ", Frame(witness.after)}));
  }
  return text.text();
}

std::vector<Request> RequestsWithinTiny(int index_bits, int levels,
                                        const WorldBounds& bounds) {
  return index_bits == 1 ? RequestsWithin<TinyS390<1>>(levels, bounds)
                         : RequestsWithin<TinyS390<2>>(levels, bounds);
}

ExhaustResult ExhaustTiny(
    int index_bits, int levels, Policy policy, Recheck recheck,
    const WorldBounds& bounds,
    const std::function<void(const ExhaustProgress&)>& progress) {
  const auto explore = [&]<class A>(A) {
    return recheck == Recheck::kYes
               ? Exhaust<A, GupFastCode>(levels, policy, bounds, progress)
               : Exhaust<A, GupCode>(levels, policy, bounds, progress);
  };
  return index_bits == 1 ? explore(TinyS390<1>()) : explore(TinyS390<2>());
}

}  // namespace pxdfuzz
