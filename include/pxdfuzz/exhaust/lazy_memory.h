// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_EXHAUST_LAZY_MEMORY_H_
#define PXDFUZZ_EXHAUST_LAZY_MEMORY_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/exhaust/lazy_world.h"
#include "pxdfuzz/memory/memory.h"
#include "pxdfuzz/memory/stack.h"
#include "pxdfuzz/paging/entry_ref.h"
#include "pxdfuzz/paging/level.h"

namespace pxdfuzz {

// The memory of the current world of `world`, for a walk that another processor
// may disturb. One object serves one walk. If entries change, words of the
// stack must be zero: older copies there would show a walk earlier values of
// the entry.
template <class A>
class LazyMemory {
 public:
  // `world` outlives the object.
  explicit LazyMemory(LazyWorld<A>& world) : world_(world) {}

  // Not inlined: a walk inlines everything that it calls, and this would take a
  // minute to compile.
  [[gnu::noinline]] Loaded Load(Level level, EntryRef ref) const {
    if (ref.in_table()) world_.BeforeRead(ref.address());
    world_.CountRead();
    if (!ref.in_table()) return LoadFromStack(level, ref);
    const uint64_t* word = world_.Read(ref.address());
    if (word == nullptr) return {A::Entries::Empty(level), Source::kNowhere};
    return {*word, Source::kTable};
  }

  // Chooses nothing: every entry of a table contains its type.
  uint64_t LoadRootType(EntryRef /*root*/) const {
    return A::Entries::Empty(world_.geometry().root());
  }

  EntryRef Push(Level level, uint64_t value, EntryRef read_through) {
    const bool of_copy = !read_through.in_table() && IsOwnCopy(read_through);
    copies_[Ordinal(level)] = {
        value, of_copy ? copies_[Ordinal(read_through.copy_of())].origin
                       : read_through};
    return EntryRef::OfCopy(level, Stack::kBase);
  }

  bool Holds(EntryRef ref, uint64_t address) const {
    if (!ref.in_table()) {
      if (!IsOwnCopy(ref)) return false;
      ref = copies_[Ordinal(ref.copy_of())].origin;
      if (!ref.in_table()) return false;
    }
    return world_.HasIndexOf(ref.address(), address);
  }

  // Call this before references to pages are taken.
  void Grab(size_t /*pages*/) const { world_.BeforeGrab(); }
  // The current snapshot.
  size_t snapshot() const { return world_.snapshot(); }
  // Whether the entry from which a local copy was made still holds `value`.
  bool IsCurrent(Level /*level*/, EntryRef copy, uint64_t value) const {
    const EntryRef origin = copies_[Ordinal(copy.copy_of())].origin;
    if (!origin.in_table()) return true;
    const uint64_t* word = world_.Read(origin.address());
    return word == nullptr || *word == value;
  }

 private:
  struct Copy {
    uint64_t value = 0;
    // Where the original of the copy is.
    EntryRef origin;
  };

  static bool IsOwnCopy(EntryRef ref) { return ref.address() == Stack::kBase; }

  Loaded LoadFromStack(Level level, EntryRef ref) const {
    const Copy& copy = copies_[Ordinal(ref.copy_of())];
    if (IsOwnCopy(ref)) return {copy.value, Source::kOwnCopy};
    const uint64_t next = copy.origin.Next().address();
    const bool has_next = copy.origin.in_table() && world_.IsEntry(next);
    const auto distance =
        static_cast<int64_t>(WrappingSub(ref.address(), Stack::kBase)) /
        static_cast<int64_t>(kEntrySize);
    const StackWord word = world_.ReadStack(distance, level, has_next);
    switch (word.content) {
      case StackContent::kZero:
        return {0, Source::kStackEscape};
      case StackContent::kCopy:
        return {copy.value, Source::kStackEscape};
      case StackContent::kNext:
        return {has_next ? *world_.Read(next) : 0, Source::kStackEscape};
      case StackContent::kWord:
        return {word.word, Source::kStackEscape};
    }
    return {0, Source::kStackEscape};
  }

  LazyWorld<A>& world_;
  std::array<Copy, kLevelCount> copies_{};
};

// The same tables for the reference, before the change or after it.
template <class A>
class LazySnapshot : public LazyMemory<A> {
 public:
  // `snapshot` is 0 or 1. `world` outlives the object.
  LazySnapshot(LazyWorld<A>& world, size_t snapshot)
      : LazyMemory<A>(world), world_(world), snapshot_(snapshot) {}

  Loaded Load(Level level, EntryRef ref) const {
    world_.CountRead();
    const uint64_t* word = snapshot_ == 0 ? world_.ReadBefore(ref.address())
                                          : world_.Read(ref.address());
    if (word == nullptr) return {A::Entries::Empty(level), Source::kNowhere};
    return {*word, Source::kTable};
  }

 private:
  LazyWorld<A>& world_;
  const size_t snapshot_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_EXHAUST_LAZY_MEMORY_H_
