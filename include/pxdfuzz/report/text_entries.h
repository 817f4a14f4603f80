// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REPORT_TEXT_ENTRIES_H_
#define PXDFUZZ_REPORT_TEXT_ENTRIES_H_

#include <string>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/memory/arena.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/geometry.h"
#include "pxdfuzz/paging/leaf.h"
#include "pxdfuzz/paging/level.h"

namespace pxdfuzz {

// "rw young dirty": "rw", "ro" or "none", the page's age, whether it was
// written, and "special" if it is.
std::string Describe(const LeafState& state);

// The level whose kind of entry a walk looks at on `level`: `level` itself, or
// where that is folded, the real level above it whose entry is handed through;
// above the root it is the root's.
Level EntryLevel(const Geometry& geometry, Level level);

// "page table 0, entry 255": where a word of a table stands.
template <class A>
std::string DescribePlace(const Arena& arena, uint64_t physical) {
  if (arena.Find(physical) == nullptr) {
    return Concat({"physical ", Hex(physical), ", where no table is"});
  }
  return Concat({A::Manual::TableName(arena.TableLevel(physical)), " ",
                 std::to_string(arena.FrameNumber(physical)), ", entry ",
                 std::to_string(arena.IndexInTable(physical))});
}

// "segment table 0", "page 0x1000, ro old clean": what an entry of `level`,
// which is real, means.
template <class A>
std::string DescribeKind(const Arena& arena, const Geometry& geometry,
                         Level level, const EntryKind& kind) {
  const auto malformed = [level] {
    return Concat({"malformed, no ", Name(level), " that Linux writes"});
  };
  switch (kind.tag) {
    case EntryKind::Tag::kEmpty:
      return "empty";
    case EntryKind::Tag::kSwap:
      return "a swap entry";
    case EntryKind::Tag::kMalformed:
      return malformed();
    case EntryKind::Tag::kLeaf:
      return Concat({level == Level::kPte ? "page " : "large page ",
                     Hex(kind.address), ", ", Describe(kind.state)});
    case EntryKind::Tag::kTable: {
      if (level == Level::kPte) return malformed();
      const Level below = geometry.real_below(level);
      if (!arena.IsTable(below, kind.address)) {
        return Concat(
            {"a table at ", Hex(kind.address), ", where none begins"});
      }
      return Concat({A::Manual::TableName(below), " ",
                     std::to_string(arena.FrameNumber(kind.address))});
    }
  }
  return "";
}

// The same of a word, as the model reads it.
template <class A>
std::string DescribeEntry(const Arena& arena, const Geometry& geometry,
                          Level level, uint64_t word) {
  return DescribeKind<A>(arena, geometry, level,
                         A::Entries::Classify(level, word));
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_REPORT_TEXT_ENTRIES_H_
