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

// A machine's memory while another processor changes the tables: goes to the
// next snapshot of `timeline` before the reads that the case specifies. One
// object serves one walk.
class ChangingMemory {
 public:
  // All must outlive the object. `timeline` belongs to the tables in `arena`
  // and is at snapshot 0; operations before the first read are done at once.
  ChangingMemory(const Arena& arena, const Geometry& geometry,
                 const Stack& stack, Timeline& timeline)
      : memory_(arena, geometry, stack), timeline_(timeline) {
    timeline_.GoOn({.reads = 1});
  }

  // mm->pgd, as pgd_offset() finds it.
  EntryRef root() const {
    return EntryRef::InTable(timeline_.top(timeline_.at()).root);
  }

  Loaded Load(Level level, EntryRef ref) {
    ++progress_.reads;
    timeline_.GoOn(progress_);
    ++progress_.of_level[Ordinal(level)];
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

  // A walk takes references, so that it holds those of the first `pages` pages:
  // operations before the next read are done first, since the recheck exists
  // for pages that are gone by then.
  void Grab(size_t pages) {
    progress_.pages = pages;
    WalkProgress next = progress_;
    ++next.reads;
    timeline_.GoOn(next);
  }

  // The number of reads of entries, and the snapshot that they led to.
  size_t reads() const { return progress_.reads; }
  size_t snapshot() const { return timeline_.at(); }

  // The table entry from which a local copy was made.
  EntryRef Origin(EntryRef copy) const { return memory_.Origin(copy); }
  // The present value of a table entry. This is no read of the walk.
  uint64_t Now(Level level, EntryRef ref) const {
    return memory_.Load(level, ref).value;
  }
  // Whether the entry from which a local copy was made still holds `value`.
  bool IsCurrent(Level level, EntryRef copy, uint64_t value) const {
    const EntryRef origin = Origin(copy);
    return !origin.in_table() || Now(level, origin) == value;
  }

 private:
  ArenaMemory memory_;
  Timeline& timeline_;
  WalkProgress progress_;
};

static_assert(Memory<ChangingMemory>);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TABLES_CHANGING_MEMORY_H_
