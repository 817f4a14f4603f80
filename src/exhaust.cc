// SPDX-License-Identifier: MIT

#include "pxdfuzz/exhaust.h"

#include <string_view>

#include "pxdfuzz/text_lines.h"

namespace pxdfuzz {
namespace {

std::string Frames(const std::vector<uint64_t>& frames) {
  std::string text;
  for (const uint64_t frame : frames) {
    text += Concat({text.empty() ? "" : " ", std::to_string(frame)});
  }
  return text.empty() ? "none" : text;
}

// "", "read-only ": in front of what is in that state.
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

}  // namespace

std::string Describe(const WorldWitness& witness) {
  TextLines text(/*color=*/false);
  text.Line(Concat({Name(witness.space), " ", Name(witness.walk), ", ",
                    Plural(witness.pages, "page"), " from page ",
                    std::to_string(witness.start), " on, for ",
                    witness.write ? "writing:" : "reading:"}));
  text.Line(witness.ends ? Concat({"  ", Name(witness.outcome), " at position ",
                                   std::to_string(witness.first_difference)})
                         : "  does not end");
  for (const WorldWitness::Entry& entry : witness.entries) {
    text.Line(Concat(
        {Column(
             Concat({Name(entry.level), " table ", std::to_string(entry.table),
                     "[", std::to_string(entry.index), "]"})),
         DescribeEntry(entry.kind, entry.leads_to, witness.page_shift)}));
  }
  for (const WorldWitness::Word& word : witness.stack) {
    text.Line(Concat({Column(Concat({"stack ", word.distance > 0 ? "+" : "",
                                     std::to_string(word.distance)})),
                      DescribeWord(word, witness.page_shift)}));
  }
  if (witness.ends) {
    text.Wrap(Column("frames: walk"), Column(""), Frames(witness.returned));
    text.Wrap(Column("reference"), Column(""), Frames(witness.expected));
  }
  return text.text();
}

std::vector<Request> RequestsWithinTiny(int index_bits, int levels,
                                        const WorldBounds& bounds) {
  return index_bits == 1 ? RequestsWithin<TinyS390<1>>(levels, bounds)
                         : RequestsWithin<TinyS390<2>>(levels, bounds);
}

ExhaustResult ExhaustTiny(
    int index_bits, int levels, Policy policy, const WorldBounds& bounds,
    const std::function<void(const ExhaustProgress&)>& progress) {
  return index_bits == 1
             ? Exhaust<TinyS390<1>>(levels, policy, bounds, progress)
             : Exhaust<TinyS390<2>>(levels, policy, bounds, progress);
}

}  // namespace pxdfuzz
