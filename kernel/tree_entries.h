// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_KERNEL_TREE_ENTRIES_H_
#define PXDFUZZ_KERNEL_TREE_ENTRIES_H_

#include <algorithm>
#include <array>
#include <cstdint>

#include "kernel/kernel_walk.h"
#include "pxdfuzz/base/inline_vector.h"
#include "pxdfuzz/memory/arena.h"
#include "pxdfuzz/memory/memory.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/entry_ref.h"
#include "pxdfuzz/paging/leaf.h"
#include "pxdfuzz/paging/level.h"

namespace pxdfuzz {

// All states that a leaf can be in, of which not every level has each, with at
// most one attribute, or several of caching and keys.
inline constexpr auto kAllLeafStates = [] {
  constexpr uint16_t kAttributes[] = {0,      1 << 0, 1 << 1, 1 << 2,
                                      1 << 3, 1 << 4, 1 << 5, 1 << 6,
                                      1 << 7, 7 << 3, 1 << 8, 14 << 8};
  std::array<LeafState, 48 * std::size(kAttributes)> states{};
  for (size_t i = 0; i < states.size(); ++i) {
    states[i] = {.permission = static_cast<Permission>(i % 48 / 16),
                 .young = (i & 1) != 0,
                 .dirty = (i & 2) != 0,
                 .special = (i & 4) != 0,
                 .invalid = (i & 8) != 0};
    SetAttributes(kAttributes[i / 48], states[i]);
  }
  return states;
}();

// Whether the configuration of that code has leaves of `level` in `state`.
inline bool ConfigurationHas(const pxd_kernel& kernel, Level level,
                             const LeafState& state) {
  const unsigned levels = kernel.leaf_levels &
                          (state.special ? kernel.special_levels : ~0u) &
                          (state.devmap ? kernel.devmap_levels : ~0u);
  return (levels >> Ordinal(level) & 1) != 0 &&
         (state.key == 0 || kernel.has_keys) &&
         (!state.contiguous || kernel.has_contiguous);
}

// Whether Linux writes leaves in that state, and no other state has that word.
template <class A>
constexpr bool IsWritten(Level level, const LeafState& state) {
  const uint64_t frame = A::GeometryOf(A::kMaxLevels).span(level);
  return A::Entries::Classify(level, A::Entries::Leaf(level, frame, state)) ==
         EntryKind::Leaf(frame, state);
}

// Swap entries that a tree writes, in the order of enum pxd_swap; those of swap
// files are the model's.
inline constexpr std::array kSwapTags = {EntryKind::Tag::kMigration,
                                         EntryKind::Tag::kHwPoison,
                                         EntryKind::Tag::kDevicePrivate};
// The place of a tag there.
constexpr size_t SwapIndex(EntryKind::Tag tag) {
  return static_cast<size_t>(
      std::find(kSwapTags.begin(), kSwapTags.end(), tag) - kSwapTags.begin());
}

// What a tree writes, next to what the model writes for the same meaning.
struct TreeWords {
  struct OfLevel {
    // What to flip in the tree's word to have the model's: of leaves, each
    // value once, and of a table.
    InlineVector<uint64_t, kAllLeafStates.size()> leaf;
    uint64_t table = 0;
    // The same for kSwapTags, and whether the tree writes them.
    std::array<uint64_t, kSwapTags.size()> swap{};
    std::array<bool, kSwapTags.size()> has_swap{};
  };
  std::array<OfLevel, kLevelCount> level{};
  // Whether the model and the contract read some word of the tree's otherwise
  // than their own for the same meaning. Software bits have moved then, and
  // every word is looked up by what was written.
  bool moved = false;
};

// Entries as a kernel tree writes them, read by their meaning: the macros of
// the tree have written each, so a word is one of those that they write.
// Words that no macro has written (swap entries, pokes of other words) are
// the model's to both.
template <class A>
class TreeEntries {
 public:
  static TreeWords Compare(const pxd_kernel& kernel, int levels) {
    TreeWords words;
    kernel.enter(levels);
    const TreeEntries entries(kernel, words);
    const typename A::Kernel model(levels);
    for (const Level level : kAllLevels) {
      TreeWords::OfLevel& of = words.level[Ordinal(level)];
      if (level != Level::kPte) {
        of.table = entries.Table(level, 0) ^ A::Entries::Table(level, 0);
        words.moved |= of.table != 0;
      }
      const uint64_t frame = A::GeometryOf(levels).span(level);
      for (size_t i = 0; i < kSwapTags.size(); ++i) {
        if (level != Level::kPte && IsOfPteOnly(kSwapTags[i])) continue;
        const uint64_t theirs = entries.SwapEntry(kSwapTags[i], level, frame);
        const uint64_t ours = A::Entries::SwapEntry(kSwapTags[i], level, frame);
        of.has_swap[i] = theirs != entries.Empty(level);
        if (!of.has_swap[i]) continue;
        of.swap[i] = theirs ^ ours;
        words.moved |= of.swap[i] != 0;
      }
      for (const LeafState& state : kAllLeafStates) {
        if (!IsWritten<A>(level, state)) continue;
        if (!entries.HasLeaf(level, state)) continue;
        const uint64_t theirs = entries.Leaf(level, frame, state);
        const uint64_t ours = A::Entries::Leaf(level, frame, state);
        if (std::find(of.leaf.begin(), of.leaf.end(), theirs ^ ours) ==
            of.leaf.end()) {
          of.leaf.push_back(theirs ^ ours);
        }
        words.moved |=
            model.Classify(level, theirs) != model.Classify(level, ours);
        for (const bool write : {false, true}) {
          words.moved |= A::Contract::Allows(level, theirs, write) !=
                         A::Contract::Allows(level, ours, write);
          words.moved |= model.MayReturn(level, theirs, write) !=
                         model.MayReturn(level, ours, write);
        }
      }
    }
    return words;
  }

  // `words` is what Compare() said of the same kernel and levels, which it was
  // made to enter last.
  TreeEntries(const pxd_kernel& kernel, const TreeWords& words)
      : kernel_(&kernel), words_(&words) {}

  // Whether the architecture has such leaves, and the configuration too.
  bool HasLeaf(Level level, const LeafState& state) const {
    return A::Entries::HasLeaf(level) &&
           (!state.special || A::Entries::HasSpecial(level)) &&
           ConfigurationHas(*kernel_, level, state);
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
                          .special = state.special,
                          .invalid = state.invalid,
                          .kernel = state.kernel,
                          .exec = state.exec,
                          .noexec = state.noexec,
                          .pwt = state.pwt,
                          .pcd = state.pcd,
                          .pat = state.pat,
                          .key = state.key,
                          .devmap = state.devmap,
                          .contiguous = state.contiguous});
  }
  // For a swap file, the model's: no tree is asked how it writes that.
  uint64_t SwapEntry(EntryKind::Tag tag, Level level, uint64_t frame) const {
    if (tag == EntryKind::Tag::kSwap) return A::Entries::Swap(frame);
    return kernel_->swap(Ordinal(level), static_cast<pxd_swap>(SwapIndex(tag)),
                         frame);
  }

  EntryKind Classify(Level level, uint64_t word) const {
    const EntryKind kind = Find(level, word).kind;
    return kind.tag == EntryKind::Tag::kLeaf && !HasLeaf(level, kind.state)
               ? EntryKind::Malformed()
               : kind;
  }

  // The model's word for what a word of the tree's means.
  uint64_t AsModel(Level level, uint64_t word) const {
    return words_->moved ? Find(level, word).word : word;
  }
  // The inverse.
  uint64_t FromModel(Level level, uint64_t word) const {
    if (!words_->moved) return word;
    const EntryKind kind = A::Entries::Classify(level, word);
    switch (kind.tag) {
      case EntryKind::Tag::kEmpty:
        return Empty(level);
      case EntryKind::Tag::kTable:
        return Table(level, kind.address);
      case EntryKind::Tag::kLeaf:
        return Leaf(level, kind.address, kind.state);
      case EntryKind::Tag::kMigration:
      case EntryKind::Tag::kHwPoison:
      case EntryKind::Tag::kDevicePrivate:
        return words_->level[Ordinal(level)].has_swap[SwapIndex(kind.tag)]
                   ? SwapEntry(kind.tag, level, kind.address)
                   : word;
      default:
        return word;
    }
  }

 private:
  struct Found {
    EntryKind kind;
    // The model's.
    uint64_t word = 0;
  };

  Found Find(Level level, uint64_t word) const {
    if (word == Empty(level)) {
      return {EntryKind::Empty(), A::Entries::Empty(level)};
    }
    const TreeWords::OfLevel& of = words_->level[Ordinal(level)];
    // Not if the words of all leaves are the model's.
    if (of.leaf.size() > 1 || (of.leaf.size() == 1 && of.leaf[0] != 0)) {
      for (const uint64_t differ : of.leaf) {
        const EntryKind kind = A::Entries::Classify(level, word ^ differ);
        if (kind.tag == EntryKind::Tag::kLeaf &&
            word == Leaf(level, kind.address, kind.state)) {
          return {kind, word ^ differ};
        }
      }
    }
    if (of.table != 0) {
      const EntryKind kind = A::Entries::Classify(level, word ^ of.table);
      if (kind.tag == EntryKind::Tag::kTable) return {kind, word ^ of.table};
    }
    for (size_t i = 0; i < kSwapTags.size(); ++i) {
      if (of.swap[i] == 0) continue;
      const EntryKind kind = A::Entries::Classify(level, word ^ of.swap[i]);
      if (kind.tag == kSwapTags[i]) return {kind, word ^ of.swap[i]};
    }
    return {A::Entries::Classify(level, word), word};
  }

  const pxd_kernel* kernel_;
  const TreeWords* words_;
};

// A memory of tables that a tree wrote, in the words of the model.
template <class A, class Memory>
class InModelWords : public Memory {
 public:
  // What is in front of `rest` outlives the object.
  template <class... Rest>
  InModelWords(const TreeEntries<A>& entries, const Arena& arena,
               Rest&&... rest)
      : Memory(arena, rest...), entries_(entries), arena_(arena) {}

  Loaded Load(Level level, EntryRef ref) {
    return InModel(Memory::Load(level, ref), ref);
  }
  uint64_t LoadRootType(EntryRef root) const {
    return entries_.AsModel(arena_.TableLevel(root.address()),
                            Memory::LoadRootType(root));
  }

  // These are of memories that change.
  uint64_t Now(Level level, EntryRef ref) const {
    return InModel({Memory::Now(level, ref), Source::kTable}, ref).value;
  }
  bool IsCurrent(Level level, EntryRef copy, uint64_t value) const {
    const EntryRef origin = Memory::Origin(copy);
    return !origin.in_table() || Now(level, origin) == value;
  }

 private:
  Loaded InModel(Loaded loaded, EntryRef ref) const {
    if (ref.in_table() && arena_.Find(ref.address()) != nullptr) {
      loaded.value =
          entries_.AsModel(arena_.TableLevel(ref.address()), loaded.value);
    }
    return loaded;
  }

  const TreeEntries<A>& entries_;
  const Arena& arena_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_KERNEL_TREE_ENTRIES_H_
