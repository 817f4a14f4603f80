// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_PAGING_ENTRY_KIND_H_
#define PXDFUZZ_PAGING_ENTRY_KIND_H_

#include <cstdint>
#include <string_view>

#include "pxdfuzz/paging/leaf.h"

namespace pxdfuzz {

// What a walk does with an entry.
enum class WalkStep : uint8_t { kStop, kLeaf, kDescend };

// What an entry is, if Linux wrote it.
struct EntryKind {
  enum class Tag : uint8_t { kEmpty, kTable, kLeaf, kSwap, kMalformed };

  Tag tag = Tag::kEmpty;
  // Physical address of the table or of the first page; for a swap entry, the
  // swapped page's place.
  uint64_t address = 0;
  LeafState state;

  static constexpr EntryKind Empty() { return {}; }
  static constexpr EntryKind Table(uint64_t origin) {
    return {Tag::kTable, origin, {}};
  }
  static constexpr EntryKind Leaf(uint64_t frame, const LeafState& state) {
    return {Tag::kLeaf, frame, state};
  }
  static constexpr EntryKind Swap(uint64_t place) {
    return {Tag::kSwap, place, {}};
  }
  static constexpr EntryKind Malformed() { return {Tag::kMalformed, 0, {}}; }

  friend constexpr bool operator==(const EntryKind&,
                                   const EntryKind&) = default;
};

inline constexpr size_t kEntryTagCount = 5;

constexpr std::string_view Name(EntryKind::Tag tag) {
  constexpr std::string_view kNames[] = {"empty", "table", "leaf", "swap",
                                         "malformed"};
  return kNames[static_cast<size_t>(tag)];
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_PAGING_ENTRY_KIND_H_
