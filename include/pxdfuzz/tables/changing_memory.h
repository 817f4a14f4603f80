// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TABLES_CHANGING_MEMORY_H_
#define PXDFUZZ_TABLES_CHANGING_MEMORY_H_

#include <cstddef>
#include <cstdint>

#include "pxdfuzz/memory/arena.h"
#include "pxdfuzz/memory/arena_memory.h"
#include "pxdfuzz/memory/memory.h"
#include "pxdfuzz/memory/stack.h"
#include "pxdfuzz/paging/entry_ref.h"
#include "pxdfuzz/paging/geometry.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/tables/timeline.h"

namespace pxdfuzz {

// A machine's memory while another processor changes the tables: goes on to the
// next snapshot of `timeline` before the reads that the case says. One object
// serves one walk.
class ChangingMemory {
 public:
  // All outlive the object. `timeline` is of the tables in `arena`, and at
  // snapshot 0; what is to be done before the first read is done at once.
  ChangingMemory(const Arena& arena, const Geometry& geometry,
                 const Stack& stack, Timeline& timeline)
      : memory_(arena, geometry, stack), timeline_(timeline) {
    timeline_.BeforeRead(1);
  }

  // mm->pgd, as pgd_offset() finds it.
  EntryRef root() const {
    return EntryRef::InTable(timeline_.top(timeline_.at()).root);
  }

  Loaded Load(Level level, EntryRef ref) {
    timeline_.BeforeRead(++reads_);
    return memory_.Load(level, ref);
  }
  uint64_t LoadRootType(EntryRef root) const {
    return memory_.LoadRootType(root);
  }
  EntryRef Push(Level level, uint64_t value, EntryRef read_through) {
    return memory_.Push(level, value, read_through);
  }
  bool Holds(EntryRef ref, uint64_t address) const {
    return memory_.Holds(ref, address);
  }

  // A reference is taken: what is to be done before the next read is done
  // before that, since a page that is gone by then is what the recheck is
  // for.
  void Grab() { timeline_.BeforeRead(reads_ + 1); }

  // Reads of entries so far, and the snapshot that they have led to.
  size_t reads() const { return reads_; }
  size_t snapshot() const { return timeline_.at(); }

  // Where the entry stands that a local copy is one of.
  EntryRef Origin(EntryRef copy) const { return memory_.Origin(copy); }
  // What an entry of a table holds at the moment. This is no read of the walk.
  uint64_t Now(Level level, EntryRef ref) const {
    return memory_.Load(level, ref).value;
  }
  // Whether the entry that a local copy is one of still holds `value`.
  bool IsCurrent(Level level, EntryRef copy, uint64_t value) const {
    const EntryRef origin = Origin(copy);
    return !origin.in_table() || Now(level, origin) == value;
  }

 private:
  ArenaMemory memory_;
  Timeline& timeline_;
  size_t reads_ = 0;
};

static_assert(Memory<ChangingMemory>);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TABLES_CHANGING_MEMORY_H_
