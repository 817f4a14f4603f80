// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_MUTANTS_GUP_CODE_H_
#define PXDFUZZ_TESTS_MUTANTS_GUP_CODE_H_

#include <cstdint>

#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/entry_ref.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/walk/walk.h"
#include "tests/mutants/planted.h"

// Bugs in the code of mm/gup.c and linux/pgtable.h for all architectures: the
// types below replace GupCode.

namespace pxdfuzz::mutants {

// An architecture whose walks run the code `T`.
template <class T>
struct WithCode {
  template <class Base>
  struct On : Base {
    using Code = T;
    static constexpr Info kInfo = T::kInfo;
  };
};

// -----------------------------------------------------------------------------
// pXd_addr_end()

struct BoundaryNoMinusOne : GupCode {
  static constexpr Info kInfo = {
      .name = "boundary-no-minus-one",
      .says =
          "`boundary < end`: the boundary above the last entry of all is 0, "
          "and taken for the lower one."};
  static constexpr uint64_t AddressEnd(uint64_t address, uint64_t end,
                                       uint64_t size) {
    const uint64_t boundary = WrappingAdd(address, size) & ~(size - 1);
    return boundary < end ? boundary : end;
  }
};

struct BoundaryUnaligned : GupCode {
  static constexpr Info kInfo = {
      .name = "boundary-unaligned",
      .says =
          "The boundary is a size ahead, wherever in an entry's part the "
          "address lies."};
  static constexpr uint64_t AddressEnd(uint64_t address, uint64_t end,
                                       uint64_t size) {
    const uint64_t boundary = WrappingAdd(address, size);
    return WrappingSub(boundary, 1) < WrappingSub(end, 1) ? boundary : end;
  }
};

struct BoundaryMaskedBySize : GupCode {
  static constexpr Info kInfo = {
      .name = "boundary-masked-by-size",
      .says = "`& ~size` instead of `& ~(size - 1)`."};
  static constexpr uint64_t AddressEnd(uint64_t address, uint64_t end,
                                       uint64_t size) {
    const uint64_t boundary = WrappingAdd(address, size) & ~size;
    return WrappingSub(boundary, 1) < WrappingSub(end, 1) ? boundary : end;
  }
};

struct BoundaryUnclipped : GupCode {
  static constexpr Info kInfo = {
      .name = "boundary-unclipped",
      .says =
          "The end of the range does not count: the last part goes up to "
          "its entry's end."};
  static constexpr uint64_t AddressEnd(uint64_t address, uint64_t /*end*/,
                                       uint64_t size) {
    return WrappingAdd(address, size) & ~(size - 1);
  }
};

struct BoundaryIgnored : GupCode {
  static constexpr Info kInfo = {
      .name = "boundary-ignored",
      .says = "Every part goes up to the end of the range."};
  static constexpr uint64_t AddressEnd(uint64_t /*address*/, uint64_t end,
                                       uint64_t /*size*/) {
    return end;
  }
};

struct BoundaryIn32Bits : GupCode {
  static constexpr Info kInfo = {
      .name = "boundary-in-32-bits",
      .says =
          "The size is an unsigned int: what spans 4 GiB or more spans "
          "nothing, and has no boundaries."};
  static constexpr uint64_t AddressEnd(uint64_t address, uint64_t end,
                                       uint64_t size) {
    const auto narrow = static_cast<uint32_t>(size & 0xffff'ffff);
    const uint64_t boundary =
        WrappingAdd(address, narrow) & ~WrappingSub(narrow, 1);
    return WrappingSub(boundary, 1) < WrappingSub(end, 1) ? boundary : end;
  }
};

struct BoundaryAtMost : GupCode {
  static constexpr Info kInfo = {
      .name = "boundary-at-most",
      .says = "`<=` instead of `<` in pXd_addr_end().",
      .equal = "If the two are equal, both give the same result."};
  static constexpr uint64_t AddressEnd(uint64_t address, uint64_t end,
                                       uint64_t size) {
    const uint64_t boundary = WrappingAdd(address, size) & ~(size - 1);
    return WrappingSub(boundary, 1) <= WrappingSub(end, 1) ? boundary : end;
  }
};

// -----------------------------------------------------------------------------
// The loops.

template <Level kLevel>
struct PastHole : GupCode {
  static constexpr Info kInfo = {
      .name = "past-hole",
      .level = kLevel,
      .says =
          "The loop goes on behind an entry that leads nowhere: the pages "
          "behind it move to the front."};
  static constexpr bool StopsAtHole(Level level) { return level != kLevel; }
};

template <Level kLevel>
struct NoAdvanceAfterLeaf : GupCode {
  static constexpr Info kInfo = {
      .name = "no-advance-after-leaf",
      .level = kLevel,
      .says = "The pointer does not move after a leaf."};
  static constexpr EntryRef NextEntry(EntryRef ref, Level level,
                                      WalkStep step) {
    if (level == kLevel && step == WalkStep::kLeaf) return ref;
    return GupCode::NextEntry(ref, level, step);
  }
};

template <Level kLevel>
struct NoAdvanceAfterTable : GupCode {
  static constexpr Info kInfo = {
      .name = "no-advance-after-table",
      .level = kLevel,
      .says = "The pointer does not move after a table."};
  static constexpr EntryRef NextEntry(EntryRef ref, Level level,
                                      WalkStep step) {
    if (level == kLevel && step == WalkStep::kDescend) return ref;
    return GupCode::NextEntry(ref, level, step);
  }
};

template <Level kLevel>
struct TwoEntriesAhead : GupCode {
  static constexpr Info kInfo = {
      .name = "two-entries-ahead",
      .level = kLevel,
      .says = "The pointer moves by entries of twice their size."};
  static constexpr EntryRef NextEntry(EntryRef ref, Level level,
                                      WalkStep step) {
    if (level == kLevel) return ref.Plus(2);
    return GupCode::NextEntry(ref, level, step);
  }
};

// -----------------------------------------------------------------------------
// record_subpages()

struct LargeLeafGivesOnePage : GupCode {
  static constexpr Info kInfo = {
      .name = "large-leaf-gives-one-page",
      .says = "A large page returns one page of its part of the range."};
  static constexpr uint64_t PageCount(Level level, uint64_t address,
                                      uint64_t next, int page_shift) {
    return level == Level::kPte
               ? GupCode::PageCount(level, address, next, page_shift)
               : 1;
  }
};

// The page at which one part ends and the next begins counts in both.
template <Level kLevel>
struct PageCountedTwice : GupCode {
  static constexpr Info kInfo = {
      .name = "page-counted-twice",
      .level = kLevel,
      .says =
          "The end of a large page's part of the range counts as one of "
          "its pages."};
  static constexpr uint64_t PageCount(Level level, uint64_t address,
                                      uint64_t next, int page_shift) {
    const uint64_t count = GupCode::PageCount(level, address, next, page_shift);
    return level == kLevel ? count + 1 : count;
  }
};

struct PageCountRoundedUp : GupCode {
  static constexpr Info kInfo = {
      .name = "page-count-rounded-up",
      .says = "A page of which a part is in the range counts as a whole one.",
      .equal = "Ranges consist of whole pages."};
  static constexpr uint64_t PageCount(Level level, uint64_t address,
                                      uint64_t next, int page_shift) {
    const uint64_t page = uint64_t{1} << page_shift;
    return GupCode::PageCount(level, address, WrappingAdd(next, page - 1),
                              page_shift);
  }
};

struct SamePageAgain : GupCode {
  static constexpr Info kInfo = {
      .name = "same-page-again",
      .says =
          "All pages of a large page are the first one of its part of the "
          "range."};
  static constexpr uint64_t NextPage(uint64_t page, int /*page_shift*/) {
    return page;
  }
};

struct EverySecondPage : GupCode {
  static constexpr Info kInfo = {
      .name = "every-second-page",
      .says = "The pages of a large page are two pages apart."};
  static constexpr uint64_t NextPage(uint64_t page, int page_shift) {
    return WrappingAdd(page, uint64_t{2} << page_shift);
  }
};

}  // namespace pxdfuzz::mutants

#endif  // PXDFUZZ_TESTS_MUTANTS_GUP_CODE_H_
