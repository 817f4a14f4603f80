// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_MUTANTS_S390_KERNEL_H_
#define PXDFUZZ_TESTS_MUTANTS_S390_KERNEL_H_

#include <algorithm>
#include <cstdint>

#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/level.h"
#include "tests/mutants/planted.h"

// Bugs in the Kernel of s390. `Base` is a BasicS390.

namespace pxdfuzz::mutants {

template <class Base>
struct RootTypeUnread : Base {
  static constexpr Info kInfo = {
      .name = "root-type-unread",
      .says =
          "pgd_offset() does not read the type of the root's first entry, "
          "and takes every root for a segment table."};
  struct Kernel : ShapedKernel<Base> {
    using ShapedKernel<Base>::ShapedKernel;
    static constexpr bool ReadsRootType() { return false; }
  };
};

template <class Base>
struct RootIndexOfPgd : Base {
  static constexpr Info kInfo = {
      .name = "root-index-of-pgd",
      .says = "pgd_offset() treats every root as a region-first table.",
      .copies =
          "pgd_offset() before d1874a0c2805, without what its callers "
          "then did"};
  struct Kernel : ShapedKernel<Base> {
    using ShapedKernel<Base>::ShapedKernel;
    constexpr uint64_t RootIndex(uint64_t /*first_entry*/,
                                 uint64_t address) const {
      return this->shape().index(Level::kPgd, address);
    }
  };
};

template <class Base>
struct FoldedAwareAtLeastRegionThird : Base {
  static constexpr Info kInfo = {
      .name = "folded-aware-from-region-third-on",
      .says =
          "The folded-aware boundary does not go below the size of a "
          "region-third entry: wrong with 2 levels.",
      .copies = "pgd_addr_end_folded() of the RFC, which refuses such types"};
  struct Kernel : ShapedKernel<Base> {
    using ShapedKernel<Base>::ShapedKernel;
    constexpr int FoldedAwareShift(Level level, uint64_t entry) const {
      const int shift = Base::Kernel::FoldedAwareShift(level, entry);
      return level < Level::kP4d
                 ? shift
                 : std::max(shift, this->shape().shift(Level::kPud));
    }
  };
};

template <class Base>
struct FoldedAwareOfLevelBelow : Base {
  static constexpr Info kInfo = {
      .name = "folded-aware-of-level-below",
      .says =
          "The folded-aware boundary goes by the size of the level below "
          "the one that the entry's type says."};
  struct Kernel : ShapedKernel<Base> {
    using ShapedKernel<Base>::ShapedKernel;
    constexpr int FoldedAwareShift(Level level, uint64_t entry) const {
      const int shift = Base::Kernel::FoldedAwareShift(level, entry);
      if (level < Level::kP4d) return shift;
      Level below = Level::kPte;
      while (this->shape().shift(Above(below)) < shift) below = Above(below);
      return this->shape().shift(below);
    }
  };
};

template <class Base>
struct PageTableOriginTooNarrow : Base {
  static constexpr Info kInfo = {
      .name = "page-table-origin-too-narrow",
      .says =
          "The origin of a page table is masked as that of other tables: "
          "two page tables in one page are taken for one."};
  struct Kernel : ShapedKernel<Base> {
    using ShapedKernel<Base>::ShapedKernel;
    constexpr uint64_t TableOrigin(Level /*parent*/, uint64_t entry) const {
      return entry & Base::Mask::kOrigin;
    }
  };
};

template <Level kLevel>
struct FrameTooWide {
  template <class Base>
  struct On : Base {
    static constexpr Info kInfo = {
        .name = "frame-too-wide",
        .level = kLevel,
        .says =
            "The frame of a large page is masked as that of a small one: "
            "the bits for young and dirty are taken for address bits."};
    struct Kernel : ShapedKernel<Base> {
      using ShapedKernel<Base>::ShapedKernel;
      constexpr uint64_t LeafPage(Level level, uint64_t entry,
                                  uint64_t address) const {
        if (level != kLevel) {
          return Base::Kernel::LeafPage(level, entry, address);
        }
        return WrappingAdd(entry & Base::Mask::kOrigin,
                           address & this->Inside(level) & Base::Mask::kOrigin);
      }
    };
  };
};

template <class Base>
struct LargeTypeUnread : Base {
  static constexpr Info kInfo = {
      .name = "pud-leaf-type-unread",
      .says =
          "pud_leaf() looks at the large bit alone: a folded pud whose "
          "entry is a segment's large leaf is taken for a leaf of 2 GiB."};
  struct Kernel : ShapedKernel<Base> {
    using ShapedKernel<Base>::ShapedKernel;
    constexpr WalkStep Classify(Level level, uint64_t entry) const {
      if (level == Level::kPud && (entry & Base::Mask::kLarge) != 0) {
        return WalkStep::kLeaf;
      }
      return Base::Kernel::Classify(level, entry);
    }
  };
};

template <class Base>
struct WriteBitOf61 : Base {
  static constexpr Info kInfo = {
      .name = "pud-write-bit-of-6.1",
      .says =
          "The write bit of a region-third leaf is looked for where the "
          "read bit is.",
      .copies =
          "_REGION3_ENTRY_WRITE of 6.1, against arch/s390/mm/"
          "hugetlbpage.c"};
  struct Kernel : Base::Kernel {
    explicit constexpr Kernel(int levels)
        : Base::Kernel(levels, {.region_third_write = Base::Mask::kLargeRead}) {
    }
  };
};

// Old pages are invalid for the hardware, like pages that do not exist.
template <Level kLevel>
struct InvalidTakenForHole {
  template <class Base>
  struct On : Base {
    static constexpr Info kInfo = {
        .name = "invalid-taken-for-hole",
        .level = kLevel,
        .says = "The hardware's invalid bit decides whether there is a page."};
    struct Kernel : ShapedKernel<Base> {
      using ShapedKernel<Base>::ShapedKernel;
      constexpr WalkStep Classify(Level level, uint64_t entry) const {
        const uint64_t invalid = level == Level::kPte
                                     ? Base::Mask::kPageInvalid
                                     : Base::Mask::kTableInvalid;
        if (level == kLevel && (entry & invalid) != 0) return WalkStep::kStop;
        return Base::Kernel::Classify(level, entry);
      }
    };
  };
};

}  // namespace pxdfuzz::mutants

#endif  // PXDFUZZ_TESTS_MUTANTS_S390_KERNEL_H_
