// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_WALK_WALK_H_
#define PXDFUZZ_WALK_WALK_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/memory/memory.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/entry_ref.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/policy.h"

namespace pxdfuzz {

// What one level passes to the next: pXdp, pXd and &pXd. The descent is the
// choice of which pointer the next level's offset function gets.
struct ParentEntry {
  EntryRef pointer;
  uint64_t value = 0;
  EntryRef copy;
};

// One iteration of a loop, as a trace sees it.
struct Iteration {
  Level level = Level::kPgd;
  // The part of the range that the iteration is for: from `address` to before
  // `next`.
  uint64_t address = 0;
  uint64_t next = 0;
  // The entry that it looks at, and the value that it read.
  EntryRef ref;
  Loaded loaded;
  WalkStep step = WalkStep::kStop;
  // Whether the level below is folded: the entry is passed on without a read.
  bool passed_on = false;
  // Pages returned before.
  size_t pages = 0;
  // Whether `ref` is the offset function's result for `address`: the loop
  // invariant of the thread.
  bool invariant = true;
};

// A second read of an entry, as a trace sees it: by an offset function that
// gets its pointer, or by the recheck.
struct Reread {
  Level level = Level::kPgd;
  EntryRef ref;
  // The first value, and the value now.
  uint64_t first = 0;
  Loaded loaded;
  // Pages returned before.
  size_t pages = 0;
};

// The code of mm/gup.c and linux/pgtable.h for all architectures. Each function
// is one decision, and none calls another.
struct GupCode {
  // pXd_addr_end(): the end of an entry's part of [address, end), where entries
  // span `size` bytes. It compares `boundary - 1`, since the boundary above the
  // very last entry is 0.
  static constexpr uint64_t AddressEnd(uint64_t address, uint64_t end,
                                       uint64_t size) {
    const uint64_t boundary = WrappingAdd(address, size) & ~(size - 1);
    return WrappingSub(boundary, 1) < WrappingSub(end, 1) ? boundary : end;
  }
  // Whether an entry of `level` that leads nowhere ends the walk.
  static constexpr bool StopsAtHole(Level /*level*/) { return true; }
  // pXdp++, after an entry of `level` with which the walk did `step`.
  static constexpr EntryRef NextEntry(EntryRef ref, Level /*level*/,
                                      WalkStep /*step*/) {
    return ref.Next();
  }
  // record_subpages(): how many pages of a leaf a part of the range takes.
  static constexpr uint64_t PageCount(Level /*level*/, uint64_t address,
                                      uint64_t next, int page_shift) {
    return WrappingSub(next, address) >> page_shift;
  }
  // record_subpages(): the page that follows one of them.
  static constexpr uint64_t NextPage(uint64_t page, int page_shift) {
    return WrappingAdd(page, uint64_t{1} << page_shift);
  }

  // Whether a walk reads entries again after it takes references, and gives up
  // pages whose entry has changed. Walks under the lock do not.
  static constexpr bool kHasRecheck = false;
};

// The fast walk, which has the recheck: gup_pte_range(), gup_huge_pmd() and
// gup_huge_pud() of 6.1.
struct GupFastCode : GupCode {
  static constexpr bool kHasRecheck = true;
  // References are taken before the recheck; otherwise it would prove nothing.
  static constexpr bool kGrabsFirst = true;
  // Whether the check for a leaf of `leaf` looks at the entry of `level`: at
  // the leaf itself, and for a page at the pmd entry above it (70cbc3cc78a9),
  // through the pointer that gup_pte_range() got.
  static constexpr bool Checks(Level leaf, Level level) {
    return level == leaf || (leaf == Level::kPte && level == Level::kPmd);
  }
  // Whether the recheck takes an entry of `level` for the one that the walk
  // read before.
  static constexpr bool IsSame(Level /*level*/, uint64_t first, uint64_t now) {
    return first == now;
  }
  // Whether the walk reads an entry again after it tested the entry.
  static constexpr bool ReadsTwice(WalkStep /*step*/) { return false; }
};

// The shape of the fast walks in mm/gup.c: five nested loops from pgd down, in
// one function. Returns the pages of a range in order until the first one that
// it may not return.
//
//   Kernel   how an architecture's helpers read entries (S390::Kernel)
//   Trace    sees each iteration and each second read of a parent entry:
//            OnIteration(const Iteration&), OnReread(const Reread&); and if
//            Code has the recheck, the number of further pages for which
//            references are taken and each entry that it compares:
//            OnGrab(pages, count), OnCheck(const Reread&)
//   Code     GupCode, GupFastCode, or one with a planted bug
//
// Every loop makes progress and is bounded by the range, whatever the entries
// hold.
template <class Kernel, Memory M, class Trace, class Code = GupCode>
class Walk {
 public:
  // `memory` and `trace` must outlive the walk.
  Walk(const Kernel& kernel, Policy policy, M& memory, Trace& trace)
      : kernel_(kernel), policy_(policy), memory_(memory), trace_(trace) {}

  // Walks [start, end), both multiples of the page size, with start below end.
  // Puts physical addresses of pages into `pages` and returns how many there
  // are. Pages beyond the room there are counted but not stored.
  size_t Run(EntryRef root, uint64_t start, uint64_t end, bool write,
             std::span<uint64_t> pages) {
    pages_ = pages;
    count_ = 0;
    write_ = write;
    root_ = root;
    Range(Level::kPgd, ParentEntry{}, start, end);
    return count_;
  }

 private:
  // gup_pgd_range() to gup_pte_range(). False ends the whole walk. Everything
  // that it calls is forced inline and distinguishes levels once, which makes
  // an iteration 10 % faster.
  [[gnu::flatten]] bool Range(Level level, const ParentEntry& parent,
                              uint64_t address, uint64_t end) {
    const Table expected = ExpectedTable(level, parent);
    EntryRef ref = Offset(level, parent, address);
    while (true) {
      const Loaded loaded = memory_.Load(level, ref);
      const uint64_t entry = loaded.value;
      const uint64_t next = AddressEnd(level, entry, address, end);
      const WalkStep step = kernel_.Classify(level, entry);
      trace_.OnIteration(Iteration{
          .level = level,
          .address = address,
          .next = next,
          .ref = ref,
          .loaded = loaded,
          .step = step,
          .passed_on =
              step == WalkStep::kDescend && !kernel_.Descends(level, entry),
          .pages = count_,
          .invariant = ref == At(level, expected, address)});
      switch (step) {
        case WalkStep::kStop:
          if (Code::StopsAtHole(level)) return false;
          break;
        case WalkStep::kLeaf: {
          if (!kernel_.MayReturn(level, entry, write_)) return false;
          const uint64_t count =
              Code::PageCount(level, address, next, PageShift());
          const uint64_t leaf = Used(step, level, ref, entry);
          if constexpr (Code::kHasRecheck) {
            if (!Grab(level, ref, leaf, parent, count)) return false;
          }
          Return(kernel_.LeafPage(level, leaf, address), count);
          break;
        }
        case WalkStep::kDescend: {
          const uint64_t table = Used(step, level, ref, entry);
          ParentEntry as_parent{.pointer = ref, .value = table, .copy = {}};
          if (policy_.descent == Descent::kByValue) {
            as_parent.copy = memory_.Push(level, table, ref);
          }
          if (!Range(Below(level), as_parent, address, next)) return false;
          break;
        }
      }
      address = next;
      if (address == end) return true;
      ref = policy_.step == Step::kIncrement ? Code::NextEntry(ref, level, step)
                                             : Offset(level, parent, address);
    }
  }

  // pgd_offset(mm, address), or the offset function that the descent calls.
  EntryRef Offset(Level level, const ParentEntry& parent, uint64_t address) {
    if (level == Level::kPgd) return RootOffset(address);
    switch (policy_.descent) {
      case Descent::kByPointer: {
        // pXd_offset(pXdp, address) reads *pXdp again.
        const Loaded reread = memory_.Load(Above(level), parent.pointer);
        trace_.OnReread({.level = Above(level),
                         .ref = parent.pointer,
                         .first = parent.value,
                         .loaded = reread,
                         .pages = count_});
        return At(level, TableBelow(level, parent.pointer, reread.value),
                  address);
      }
      case Descent::kByValue:
        return At(level, TableBelow(level, parent.copy, parent.value), address);
      case Descent::kLockless:
        return At(level, TableBelow(level, parent.pointer, parent.value),
                  address);
    }
    return {};
  }

  // Where an offset function assumes the table of a level.
  struct Table {
    EntryRef first;
    // The level is folded, and `first` is the pointer that the function got.
    bool folded = false;
  };

  // Where the parent's entry leads, by the value that was read, without another
  // read of memory.
  Table ExpectedTable(Level level, const ParentEntry& parent) const {
    if (level == Level::kPgd) return {};
    return TableBelow(
        level,
        policy_.descent == Descent::kByValue ? parent.copy : parent.pointer,
        parent.value);
  }

  Table TableBelow(Level level, EntryRef pointer, uint64_t parent_entry) const {
    const Level parent = Above(level);
    if (!kernel_.Descends(parent, parent_entry)) return {pointer, true};
    return {EntryRef::InTable(kernel_.TableOrigin(parent, parent_entry))};
  }

  EntryRef At(Level level, const Table& table, uint64_t address) const {
    if (level == Level::kPgd) return RootOffset(address);
    return table.folded ? kernel_.FoldedOffset(level, table.first, address)
                        : table.first.Plus(kernel_.Index(level, address));
  }

  EntryRef RootOffset(uint64_t address) const {
    const uint64_t first =
        kernel_.ReadsRootType() ? memory_.LoadRootType(root_) : 0;
    return root_.Plus(kernel_.RootIndex(first, address));
  }

  uint64_t AddressEnd(Level level, uint64_t entry, uint64_t address,
                      uint64_t end) const {
    const int shift = policy_.boundary == BoundaryRule::kStatic
                          ? kernel_.StaticShift(level)
                          : kernel_.FoldedAwareShift(level, entry);
    return Code::AddressEnd(address, end, uint64_t{1} << shift);
  }

  int PageShift() const { return kernel_.StaticShift(Level::kPte); }

  // The value that a walk uses for an entry that it has tested: the tested one.
  uint64_t Used(WalkStep step, Level level, EntryRef ref, uint64_t entry) {
    if constexpr (Code::kHasRecheck) {
      if (Code::ReadsTwice(step)) return memory_.Load(level, ref).value;
    }
    return entry;
  }

  // Takes references to `count` pages of a leaf: try_grab_folio() and the
  // recheck. False if an entry has changed; then it puts the references.
  bool Grab(Level level, EntryRef ref, uint64_t entry,
            const ParentEntry& parent, uint64_t count) {
    if (Code::kGrabsFirst) trace_.OnGrab(count_, count);
    if (level != Level::kPgd && Code::Checks(level, Above(level)) &&
        !Unchanged(Above(level), parent.pointer, parent.value)) {
      return false;
    }
    if (Code::Checks(level, level) && !Unchanged(level, ref, entry)) {
      return false;
    }
    if (!Code::kGrabsFirst) trace_.OnGrab(count_, count);
    return true;
  }

  bool Unchanged(Level level, EntryRef ref, uint64_t entry) {
    const Loaded reread = memory_.Load(level, ref);
    trace_.OnCheck({.level = level,
                    .ref = ref,
                    .first = entry,
                    .loaded = reread,
                    .pages = count_});
    return Code::IsSame(level, entry, reread.value);
  }

  // record_subpages(): `count` pages from physical address `page` on.
  void Return(uint64_t page, uint64_t count) {
    for (; count > 0; --count) {
      if (count_ < pages_.size()) pages_[count_] = page;
      ++count_;
      page = Code::NextPage(page, PageShift());
    }
  }

  const Kernel kernel_;
  const Policy policy_;
  M& memory_;
  Trace& trace_;
  EntryRef root_;
  bool write_ = false;
  std::span<uint64_t> pages_;
  size_t count_ = 0;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_WALK_WALK_H_
