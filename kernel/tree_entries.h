// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_KERNEL_TREE_ENTRIES_H_
#define PXDFUZZ_KERNEL_TREE_ENTRIES_H_

#include <array>
#include <cstdint>

#include "kernel/kernel_walk.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/leaf.h"
#include "pxdfuzz/paging/level.h"

namespace pxdfuzz {

// All states that a leaf can be in.
inline constexpr auto kAllLeafStates = [] {
  std::array<LeafState, 24> states{};
  for (size_t i = 0; i < states.size(); ++i) {
    states[i] = {.permission = static_cast<Permission>(i / 8),
                 .young = (i & 1) != 0,
                 .dirty = (i & 2) != 0,
                 .special = (i & 4) != 0};
  }
  return states;
}();

// How the leaves of a tree differ from the model's, by level.
struct LeafBits {
  // Bits that are set otherwise in some state.
  std::array<uint64_t, kLevelCount> differ{};
  // Those among them that the model always sets.
  std::array<uint64_t, kLevelCount> always{};
};

// Entries as a kernel tree writes them, read as the architecture `A` says. A
// tree sets bits that the model has no word for (no-execute, soft-dirty);
// `Classify` looks past them.
template <class A>
class TreeEntries {
 public:
  static LeafBits Compare(const pxd_kernel& kernel, int levels) {
    LeafBits bits;
    kernel.enter(levels);
    const TreeEntries entries(kernel, bits);
    for (const Level level : kAllLevels) {
      if (!A::Entries::HasLeaf(level)) continue;
      uint64_t always = ~uint64_t{0};
      for (const LeafState& state : kAllLeafStates) {
        if (state.special && !A::Entries::HasSpecial(level)) continue;
        const uint64_t ours = A::Entries::Leaf(level, 0, state);
        bits.differ[Ordinal(level)] |= ours ^ entries.Leaf(level, 0, state);
        always &= ours;
      }
      bits.always[Ordinal(level)] = always & bits.differ[Ordinal(level)];
    }
    return bits;
  }

  // `bits` is what Compare() said of the same kernel and levels, which it was
  // made to enter last.
  TreeEntries(const pxd_kernel& kernel, const LeafBits& bits)
      : kernel_(&kernel), bits_(&bits) {}

  static constexpr bool HasLeaf(Level level) {
    return A::Entries::HasLeaf(level);
  }
  uint64_t Empty(Level level) const { return kernel_->empty(Ordinal(level)); }
  uint64_t Table(Level level, uint64_t origin) const {
    return kernel_->table(Ordinal(level), origin);
  }
  uint64_t Leaf(Level level, uint64_t frame, const LeafState& state) const {
    return kernel_->leaf(Ordinal(level), frame,
                         {.read = state.permission != Permission::kNone,
                          .write = state.permission == Permission::kReadWrite,
                          .young = state.young,
                          .dirty = state.dirty,
                          .special = state.special});
  }
  // The model's: no tree is asked how it writes them.
  static uint64_t Swap(uint64_t place) { return A::Entries::Swap(place); }

  EntryKind Classify(Level level, uint64_t word) const {
    const EntryKind kind = A::Entries::Classify(level, word);
    if (kind.tag != EntryKind::Tag::kMalformed) return kind;
    const EntryKind leaf =
        A::Entries::Classify(level, (word & ~bits_->differ[Ordinal(level)]) |
                                        bits_->always[Ordinal(level)]);
    if (leaf.tag != EntryKind::Tag::kLeaf) return kind;
    // x86-64 has a bit of its own for read-only pages that are dirty since 6.6,
    // so the hardware's is among those that differ.
    LeafState dirty = leaf.state;
    dirty.dirty = true;
    if (Leaf(level, leaf.address, dirty) != word) return leaf;
    return EntryKind::Leaf(leaf.address, dirty);
  }

 private:
  const pxd_kernel* kernel_;
  const LeafBits* bits_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_KERNEL_TREE_ENTRIES_H_
