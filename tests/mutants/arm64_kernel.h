// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_MUTANTS_ARM64_KERNEL_H_
#define PXDFUZZ_TESTS_MUTANTS_ARM64_KERNEL_H_

#include <cstdint>

#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/entry_ref.h"
#include "pxdfuzz/paging/level.h"
#include "tests/mutants/kernel.h"
#include "tests/mutants/planted.h"

// Bugs in the Kernel of arm64.

namespace pxdfuzz::mutants {

template <class Base>
struct FoldedPudHandsBack : Base {
  static constexpr Info kInfo = {
      .name = "folded-pud-hands-back",
      .says =
          "A folded pud_offset() returns the pointer that it got, "
          "as other folded offsets do: with 3 levels nobody has added an "
          "index to it."};
  struct Kernel : ShapedKernel<Base> {
    using ShapedKernel<Base>::ShapedKernel;
    constexpr EntryRef FoldedOffset(Level /*level*/, EntryRef pointer,
                                    uint64_t /*address*/) const {
      return pointer;
    }
  };
};

template <class Base>
struct FoldedPudUnaligned : Base {
  static constexpr Info kInfo = {
      .name = "folded-pud-unaligned",
      .says =
          "p4d_to_folded_pud() adds its index to the pointer without "
          "aligning it to the start of the page.",
      .equal =
          "pgd's index is 0 below 2^47: a pointer into the root table is the "
          "start of a page, and one to a local copy leaves it either way."};
  struct Kernel : ShapedKernel<Base> {
    using ShapedKernel<Base>::ShapedKernel;
    constexpr EntryRef FoldedOffset(Level level, EntryRef pointer,
                                    uint64_t address) const {
      if (level != Level::kPud) return pointer;
      return pointer.Plus(this->shape().index(level, address));
    }
  };
};

template <class Base>
struct FoldedPudAlignedTo4K : Base {
  static constexpr Info kInfo = {
      .name = "folded-pud-index-of-4k",
      .says =
          "p4d_to_folded_pud() masks its index with that of pages of 4 KiB."};
  struct Kernel : ShapedKernel<Base> {
    using ShapedKernel<Base>::ShapedKernel;
    constexpr EntryRef FoldedOffset(Level level, EntryRef pointer,
                                    uint64_t address) const {
      if (level != Level::kPud) return pointer;
      return pointer.AlignDown(this->shape().page_size())
          .Plus(this->shape().index(level, address) & 511);
    }
  };
};

template <class Base>
struct FoldedP4dHasHoles : Base {
  static constexpr Info kInfo = {
      .name = "folded-p4d-has-holes",
      .says =
          "p4d_none() tests the entry although pud is folded, without "
          "calling pgtable_l4_enabled()."};
  struct Kernel : ShapedKernel<Base> {
    using ShapedKernel<Base>::ShapedKernel;
    constexpr WalkStep Classify(Level level, uint64_t entry) const {
      if (level == Level::kP4d && entry == 0) return WalkStep::kStop;
      return Base::Kernel::Classify(level, entry);
    }
  };
};

template <class Base>
struct SectionsTakenForTables : Base {
  static constexpr Info kInfo = {
      .name = "sections-taken-for-tables",
      .says = "pmd_table() does not test bit 1: a block is read as a table."};
  struct Kernel : ShapedKernel<Base> {
    using ShapedKernel<Base>::ShapedKernel;
    constexpr WalkStep Classify(Level level, uint64_t entry) const {
      if (level == Level::kPmd && (entry & Base::Mask::kValid) != 0) {
        entry |= Base::Mask::kTable;
      }
      return Base::Kernel::Classify(level, entry);
    }
  };
};

template <class Base>
struct PresentInvalidUnread : Base {
  static constexpr Info kInfo = {
      .name = "present-invalid-unread",
      .says = "pXd_present() tests only the valid bit.",
      .equal =
          "The entries for which it exists, PROT_NONE, are refused as "
          "leaves too."};
  struct Kernel : ShapedKernel<Base> {
    using ShapedKernel<Base>::ShapedKernel;
    constexpr WalkStep Classify(Level level, uint64_t entry) const {
      const WalkStep step = Base::Kernel::Classify(level, entry);
      return step == WalkStep::kLeaf && (entry & Base::Mask::kValid) == 0
                 ? WalkStep::kStop
                 : step;
    }
  };
};

template <class Base>
struct ReadOnlyAsked : Base {
  static constexpr Info kInfo = {
      .name = "read-only-asked",
      .says =
          "pte_write() tests whether the hardware allows a store, instead of "
          "PTE_WRITE: clean pages are refused."};
  struct Kernel : ShapedKernel<Base> {
    using ShapedKernel<Base>::ShapedKernel;
    constexpr bool MayReturn(Level level, uint64_t entry, bool write) const {
      return Base::Kernel::MayReturn(level, entry, write) &&
             (!write || (entry & Base::Mask::kReadOnly) == 0);
    }
  };
};

template <class Base>
struct LargeSpecialReturned : Base {
  static constexpr Info kInfo = {.name = "special-returned",
                                 .level = Level::kPmd,
                                 .says = "pmd_special() is not called.",
                                 .copies = "gup_fast before 6.12"};
  struct Kernel : ShapedKernel<Base> {
    using ShapedKernel<Base>::ShapedKernel;
    constexpr bool MayReturn(Level level, uint64_t entry, bool write) const {
      if (level == Level::kPmd) entry &= ~Base::Mask::kSpecial;
      return Base::Kernel::MayReturn(level, entry, write);
    }
  };
};

template <class Base>
struct FirstOfBlock : Base {
  static constexpr Info kInfo = {
      .name = "first-of-block",
      .says =
          "A contiguous block is taken for one large page whose first "
          "entry has its frame, and that frame is returned for each."};
  struct Kernel : ShapedKernel<Base> {
    using ShapedKernel<Base>::ShapedKernel;
    constexpr uint64_t LeafPage(Level level, uint64_t entry,
                                uint64_t address) const {
      const uint64_t page = Base::Kernel::LeafPage(level, entry, address);
      if (level != Level::kPte || !Base::Entries::IsContiguous(entry)) {
        return page;
      }
      const uint64_t size = Base::Entries::kContPtes
                            << Base::GeometryOf(3).page_shift();
      return page & ~(size - 1);
    }
  };
};

template <class Base>
struct SharedIsAddress : Base {
  static constexpr Info kInfo = {
      .name = "shareability-is-address",
      .says = "__pte_to_phys() does not mask PTE_MAYBE_SHARED.",
      .equal =
          "Leaves as they are modelled have no shareability, with LPA2 or "
          "without."};
  struct Kernel : ShapedKernel<Base> {
    using ShapedKernel<Base>::ShapedKernel;
    constexpr uint64_t LeafPage(Level level, uint64_t entry,
                                uint64_t address) const {
      const uint64_t page = Base::Kernel::LeafPage(level, entry, address);
      return page | (entry & Base::Mask::kShared) << 42;
    }
  };
};

}  // namespace pxdfuzz::mutants

#endif  // PXDFUZZ_TESTS_MUTANTS_ARM64_KERNEL_H_
