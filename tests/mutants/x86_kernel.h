// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_MUTANTS_X86_KERNEL_H_
#define PXDFUZZ_TESTS_MUTANTS_X86_KERNEL_H_

#include <cstdint>

#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/level.h"
#include "tests/mutants/kernel.h"
#include "tests/mutants/planted.h"

// Bugs in the Kernel of x86-64.

namespace pxdfuzz::mutants {

template <class Base>
struct PageSizeUnread : Base {
  static constexpr Info kInfo = {
      .name = "page-size-unread",
      .says =
          "The PS bit of pmd entries is not looked at: pages of 2 MiB are "
          "read as tables."};
  struct Kernel : ShapedKernel<Base> {
    using ShapedKernel<Base>::ShapedKernel;
    constexpr WalkStep Classify(Level level, uint64_t entry) const {
      if (level == Level::kPmd) entry &= ~uint64_t{Base::Mask::kLarge};
      return Base::Kernel::Classify(level, entry);
    }
  };
};

template <class Base>
struct UpperBitsInFrame : Base {
  static constexpr Info kInfo = {
      .name = "upper-bits-in-frame",
      .says =
          "The frame of a page entry includes the bits above it: "
          "no-execute, protection keys, software's."};
  struct Kernel : ShapedKernel<Base> {
    using ShapedKernel<Base>::ShapedKernel;
    constexpr uint64_t LeafPage(Level level, uint64_t entry,
                                uint64_t address) const {
      const uint64_t above =
          level == Level::kPte ? entry & ~(Base::Mask::kFrame | 0xfff) : 0;
      return Base::Kernel::LeafPage(level, entry, address) | above;
    }
  };
};

template <class Base>
struct PatInFrame : Base {
  static constexpr Info kInfo = {
      .name = "pat-in-frame",
      .says = "The PAT bit of a large page is taken for a part of its frame.",
      .copies = "pmd_pfn() before f70abb0fc3da"};
  struct Kernel : ShapedKernel<Base> {
    using ShapedKernel<Base>::ShapedKernel;
    constexpr uint64_t LeafPage(Level level, uint64_t entry,
                                uint64_t address) const {
      const uint64_t pat =
          level == Level::kPte ? 0 : entry & Base::Mask::kLargePat;
      return Base::Kernel::LeafPage(level, entry, address) + pat;
    }
  };
};

template <class Base>
struct UserNotAsked : Base {
  static constexpr Info kInfo = {
      .name = "user-not-asked",
      .says = "pXd_access_permitted() does not test the user bit."};
  struct Kernel : ShapedKernel<Base> {
    using ShapedKernel<Base>::ShapedKernel;
    constexpr bool MayReturn(Level level, uint64_t entry, bool write) const {
      return Base::Kernel::MayReturn(level, entry | Base::Mask::kUser, write);
    }
  };
};

template <class Base>
struct FiveLevelRootIndex : Base {
  static constexpr Info kInfo = {
      .name = "root-index-of-five-levels",
      .says =
          "pgd_offset() shifts by 48 although there are 4 levels: "
          "pgtable_l5_enabled() is asked in some places and not in "
          "others."};
  struct Kernel : ShapedKernel<Base> {
    using ShapedKernel<Base>::ShapedKernel;
    constexpr uint64_t RootIndex(uint64_t /*first_entry*/,
                                 uint64_t address) const {
      return Base::GeometryOf(Base::kMaxLevels).index(Level::kPgd, address);
    }
  };
};

template <class Base>
struct FrameInverted : Base {
  static constexpr Info kInfo = {
      .name = "frame-inverted",
      .says =
          "The frame of every page is inverted, as that of a PROT_NONE "
          "page is."};
  struct Kernel : ShapedKernel<Base> {
    using ShapedKernel<Base>::ShapedKernel;
    constexpr uint64_t LeafPage(Level level, uint64_t entry,
                                uint64_t address) const {
      return Base::Kernel::LeafPage(level, ~entry, address);
    }
  };
};

// 256 of a top table's 512 entries are for user space.
template <class Base>
struct UserRootIndex : RootIndexTooNarrow<Base> {
  static constexpr Info kInfo = {
      .name = "root-index-of-user-half",
      .says = "The mask of pgd_offset()'s index has a bit too few.",
      .equal = "The bit that is lost is 0 in every address of user space."};
};

}  // namespace pxdfuzz::mutants

#endif  // PXDFUZZ_TESTS_MUTANTS_X86_KERNEL_H_
