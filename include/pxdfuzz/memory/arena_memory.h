// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_MEMORY_ARENA_MEMORY_H_
#define PXDFUZZ_MEMORY_ARENA_MEMORY_H_

#include <array>
#include <cstdint>

#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/memory/arena.h"
#include "pxdfuzz/memory/memory.h"
#include "pxdfuzz/memory/stack.h"
#include "pxdfuzz/paging/entry_ref.h"
#include "pxdfuzz/paging/geometry.h"
#include "pxdfuzz/paging/level.h"

namespace pxdfuzz {

// The memory of a machine: tables in an arena, and local copies on a stack
// whose other words come from the case. One object serves one walk.
class ArenaMemory {
 public:
  // All outlive the object.
  ArenaMemory(const Arena& arena, const Geometry& geometry, const Stack& stack)
      : arena_(arena), geometry_(geometry), stack_(stack) {}

  Loaded Load(Level level, EntryRef ref) const {
    if (!ref.in_table()) return LoadFromStack(ref);
    const uint64_t* word = arena_.Find(ref.address());
    if (word == nullptr) return {arena_.empty(level), Source::kNowhere};
    return {*word, Source::kTable};
  }

  uint64_t LoadRootType(EntryRef root) const {
    return *arena_.Find(root.address());
  }

  EntryRef Push(Level level, uint64_t value, EntryRef read_through) {
    // A copy of a copy stands for the same entry of a table.
    const bool of_copy = !read_through.in_table() && IsOwnCopy(read_through);
    copies_[Ordinal(level)] = {
        value, of_copy ? copies_[Ordinal(read_through.copy_of())].origin
                       : read_through};
    return EntryRef::OfCopy(level, stack_.address());
  }

  bool Holds(EntryRef ref, uint64_t address) const {
    if (!ref.in_table()) {
      if (!IsOwnCopy(ref)) return false;
      ref = Origin(ref);
      if (!ref.in_table()) return false;
    }
    if (arena_.Find(ref.address()) == nullptr) return false;
    const Level level = arena_.TableLevel(ref.address());
    return arena_.IndexInTable(ref.address()) ==
           geometry_.index(level, address);
  }

  // The table entry from which a local copy was made.
  EntryRef Origin(EntryRef copy) const {
    return copies_[Ordinal(copy.copy_of())].origin;
  }

 private:
  struct Copy {
    uint64_t value = 0;
    // The table entry from which it was made.
    EntryRef origin;
  };

  bool IsOwnCopy(EntryRef ref) const {
    return ref.address() == stack_.address();
  }

  Loaded LoadFromStack(EntryRef ref) const {
    const Copy& copy = copies_[Ordinal(ref.copy_of())];
    if (IsOwnCopy(ref)) {
      return {copy.value,
              ref.realigned() ? Source::kStackEscape : Source::kOwnCopy};
    }
    const auto distance =
        static_cast<int64_t>(WrappingSub(ref.address(), stack_.address()));
    const StackWord word =
        stack_.At(distance / static_cast<int64_t>(kEntrySize));
    switch (word.content) {
      case StackContent::kZero:
        return {0, Source::kStackEscape};
      case StackContent::kCopy:
        return {copy.value, Source::kStackEscape};
      case StackContent::kNext: {
        const uint64_t* next = arena_.Find(copy.origin.Next().address());
        const bool exists = copy.origin.in_table() && next != nullptr;
        return {exists ? *next : 0, Source::kStackEscape};
      }
      case StackContent::kWord:
        return {word.word, Source::kStackEscape};
    }
    return {0, Source::kStackEscape};
  }

  const Arena& arena_;
  const Geometry& geometry_;
  const Stack& stack_;
  std::array<Copy, kLevelCount> copies_{};
};

static_assert(Memory<ArenaMemory>);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_MEMORY_ARENA_MEMORY_H_
