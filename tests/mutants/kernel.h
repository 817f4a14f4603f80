// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_MUTANTS_KERNEL_H_
#define PXDFUZZ_TESTS_MUTANTS_KERNEL_H_

#include <cstdint>
#include <string_view>

#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/entry_ref.h"
#include "pxdfuzz/paging/leaf.h"
#include "pxdfuzz/paging/level.h"
#include "tests/mutants/planted.h"

// Bugs in an architecture's Kernel that any architecture can have. Bugs at one
// level are `Bug<level>::On<Base>`.

namespace pxdfuzz::mutants {

// -----------------------------------------------------------------------------
// Which entry of a table.

template <Level kLevel>
struct IndexTooNarrow {
  template <class Base>
  struct On : Base {
    static constexpr Info kInfo = {
        .name = "index-too-narrow",
        .level = kLevel,
        .says = "The mask of the index has a bit too few."};
    struct Kernel : ShapedKernel<Base> {
      using ShapedKernel<Base>::ShapedKernel;
      constexpr uint64_t Index(Level level, uint64_t address) const {
        const uint64_t index = Base::Kernel::Index(level, address);
        if (level != kLevel) return index;
        return index & (this->shape().entries(level) / 2 - 1);
      }
    };
  };
};

template <Level kLevel>
struct IndexTooWide {
  template <class Base>
  struct On : Base {
    static constexpr Info kInfo = {
        .name = "index-too-wide",
        .level = kLevel,
        .says =
            "The mask of the index has a bit too many: it leads behind the "
            "table."};
    struct Kernel : ShapedKernel<Base> {
      using ShapedKernel<Base>::ShapedKernel;
      constexpr uint64_t Index(Level level, uint64_t address) const {
        if (level != kLevel) return Base::Kernel::Index(level, address);
        return address >> this->shape().shift(level) &
               (2 * this->shape().entries(level) - 1);
      }
    };
  };
};

template <Level kLevel>
struct IndexShift {
  template <class Base>
  struct On : Base {
    static constexpr Info kInfo = {
        .name = "index-shift",
        .level = kLevel,
        .says = "The index is shifted by a bit too much."};
    struct Kernel : ShapedKernel<Base> {
      using ShapedKernel<Base>::ShapedKernel;
      constexpr uint64_t Index(Level level, uint64_t address) const {
        return Base::Kernel::Index(level,
                                   level == kLevel ? address >> 1 : address);
      }
    };
  };
};

template <class Base>
struct RootIndexTooNarrow : Base {
  static constexpr Info kInfo = {
      .name = "root-index-too-narrow",
      .says = "The mask of pgd_offset()'s index has a bit too few."};
  struct Kernel : ShapedKernel<Base> {
    using ShapedKernel<Base>::ShapedKernel;
    constexpr uint64_t RootIndex(uint64_t first_entry, uint64_t address) const {
      const Level root = this->shape().root();
      return Base::Kernel::RootIndex(first_entry, address) &
             (this->shape().entries(root) / 2 - 1);
    }
  };
};

template <class Base>
struct RootIndexTooWide : Base {
  static constexpr Info kInfo = {
      .name = "root-index-too-wide",
      .says = "The mask of pgd_offset()'s index has a bit too many.",
      .equal = "No request that is permitted has an address with that bit."};
  struct Kernel : ShapedKernel<Base> {
    using ShapedKernel<Base>::ShapedKernel;
    constexpr uint64_t RootIndex(uint64_t /*first_entry*/,
                                 uint64_t address) const {
      const Level root = this->shape().root();
      return address >> this->shape().shift(root) &
             (2 * this->shape().entries(root) - 1);
    }
  };
};

// -----------------------------------------------------------------------------
// Which table.

// `kLevel` is the level whose offset function goes wrong.
template <Level kLevel>
struct TakenForFolded {
  template <class Base>
  struct On : Base {
    static constexpr Info kInfo = {
        .name = "taken-for-folded",
        .level = kLevel,
        .says =
            "Its offset function returns the pointer to the entry above "
            "although the level is real."};
    struct Kernel : ShapedKernel<Base> {
      using ShapedKernel<Base>::ShapedKernel;
      constexpr bool Descends(Level parent, uint64_t entry) const {
        return parent != Above(kLevel) && Base::Kernel::Descends(parent, entry);
      }
    };
  };
};

template <Level kLevel>
struct TakenForReal {
  template <class Base>
  struct On : Base {
    static constexpr Info kInfo = {
        .name = "taken-for-real",
        .level = kLevel,
        .says =
            "Its offset function follows the entry above to a table "
            "although the level is folded."};
    struct Kernel : ShapedKernel<Base> {
      using ShapedKernel<Base>::ShapedKernel;
      constexpr bool Descends(Level parent, uint64_t entry) const {
        return parent == Above(kLevel) || Base::Kernel::Descends(parent, entry);
      }
    };
  };
};

template <class Base>
struct FoldedOffsetRealigns : Base {
  static constexpr Info kInfo = {
      .name = "folded-offset-realigns",
      .says =
          "A folded offset goes from the start of the table that its "
          "pointer stands in: right for a pointer into the root table, "
          "wrong for one to a local copy.",
      .copies = "arm64 before 36639013b346"};
  struct Kernel : ShapedKernel<Base> {
    using ShapedKernel<Base>::ShapedKernel;
    constexpr EntryRef FoldedOffset(Level /*level*/, EntryRef pointer,
                                    uint64_t address) const {
      const Level root = this->shape().root();
      return pointer.AlignDown(this->shape().table_size(root))
          .Plus(this->shape().index(root, address));
    }
  };
};

template <class Base>
struct FoldedOffsetAddsIndex : Base {
  static constexpr Info kInfo = {
      .name = "folded-offset-adds-index",
      .says =
          "A folded offset adds an index to the pointer that it was "
          "got, which has one already.",
      .copies =
          "half of d1874a0c2805, which moved the index of s390's root "
          "table from the offset functions to pgd_offset()"};
  struct Kernel : ShapedKernel<Base> {
    using ShapedKernel<Base>::ShapedKernel;
    constexpr EntryRef FoldedOffset(Level level, EntryRef pointer,
                                    uint64_t address) const {
      return pointer.Plus(this->shape().index(level, address));
    }
  };
};

// -----------------------------------------------------------------------------
// Where an entry's part of the range ends.

template <Level kLevel>
struct BoundaryOfLevelBelow {
  template <class Base>
  struct On : Base {
    static constexpr Info kInfo = {
        .name = "boundary-of-level-below",
        .level = kLevel,
        .says = "pXd_addr_end() uses the size of the level below."};
    struct Kernel : ShapedKernel<Base> {
      using ShapedKernel<Base>::ShapedKernel;
      constexpr int StaticShift(Level level) const {
        return Base::Kernel::StaticShift(level == kLevel ? Below(level)
                                                         : level);
      }
    };
  };
};

template <Level kLevel>
struct BoundaryOfLevelAbove {
  template <class Base>
  struct On : Base {
    static constexpr Info kInfo = {
        .name = "boundary-of-level-above",
        .level = kLevel,
        .says =
            "pXd_addr_end() goes by the size of the level above: the loop "
            "below walks off its table."};
    struct Kernel : ShapedKernel<Base> {
      using ShapedKernel<Base>::ShapedKernel;
      constexpr int StaticShift(Level level) const {
        return Base::Kernel::StaticShift(level == kLevel ? Above(level)
                                                         : level);
      }
    };
  };
};

template <Level kLevel>
struct FoldedAwareStatic {
  template <class Base>
  struct On : Base {
    static constexpr Info kInfo = {
        .name = "folded-aware-as-static",
        .level = kLevel,
        .says = "Its folded-aware boundary does not depend on the entry.",
        .equal = kLevel != Level::kP4d
                     ? std::string_view()
                     : "pgd's boundary is folded-aware still, and hands down "
                       "what lies in one entry of the root: p4d's has nothing "
                       "left to cut."};
    struct Kernel : ShapedKernel<Base> {
      using ShapedKernel<Base>::ShapedKernel;
      constexpr int FoldedAwareShift(Level level, uint64_t entry) const {
        return level == kLevel ? Base::Kernel::StaticShift(level)
                               : Base::Kernel::FoldedAwareShift(level, entry);
      }
    };
  };
};

// -----------------------------------------------------------------------------
// What an entry is.

template <Level kLevel>
struct LeafTakenForTable {
  template <class Base>
  struct On : Base {
    static constexpr Info kInfo = {
        .name = "leaf-taken-for-table",
        .level = kLevel,
        .says = "pXd_leaf() says no: a large page is read as a table."};
    struct Kernel : ShapedKernel<Base> {
      using ShapedKernel<Base>::ShapedKernel;
      constexpr WalkStep Classify(Level level, uint64_t entry) const {
        const WalkStep step = Base::Kernel::Classify(level, entry);
        return level == kLevel && step == WalkStep::kLeaf ? WalkStep::kDescend
                                                          : step;
      }
    };
  };
};

template <Level kLevel>
struct TableTakenForLeaf {
  template <class Base>
  struct On : Base {
    static constexpr Info kInfo = {
        .name = "table-taken-for-leaf",
        .level = kLevel,
        .says =
            "pXd_leaf() says yes: a table is returned as a large page, or "
            "refused."};
    struct Kernel : ShapedKernel<Base> {
      using ShapedKernel<Base>::ShapedKernel;
      constexpr WalkStep Classify(Level level, uint64_t entry) const {
        const WalkStep step = Base::Kernel::Classify(level, entry);
        return level == kLevel && step == WalkStep::kDescend ? WalkStep::kLeaf
                                                             : step;
      }
    };
  };
};

template <Level kLevel>
struct HoleTakenForTable {
  template <class Base>
  struct On : Base {
    static constexpr Info kInfo = {
        .name = "hole-taken-for-table",
        .level = kLevel,
        .says =
            "pXd_none() says no: the walk goes on to a table at address "
            "0."};
    struct Kernel : ShapedKernel<Base> {
      using ShapedKernel<Base>::ShapedKernel;
      constexpr WalkStep Classify(Level level, uint64_t entry) const {
        const WalkStep step = Base::Kernel::Classify(level, entry);
        return level == kLevel && step == WalkStep::kStop ? WalkStep::kDescend
                                                          : step;
      }
    };
  };
};

// A folded level has no holes: its entry is an entry of the root.
template <class Base>
struct FoldedPgdHasHoles : Base {
  static constexpr Info kInfo = {
      .name = "folded-pgd-has-holes",
      .says = "pgd_none() tests the entry although pgd is folded.",
      .equal =
          "The entry is the root's, and ends the walk at the root's own "
          "level as well, with the same pages."};
  struct Kernel : ShapedKernel<Base> {
    using ShapedKernel<Base>::ShapedKernel;
    constexpr WalkStep Classify(Level level, uint64_t entry) const {
      if (level == Level::kPgd &&
          entry == Base::Entries::Empty(this->shape().root())) {
        return WalkStep::kStop;
      }
      return Base::Kernel::Classify(level, entry);
    }
  };
};

template <Level kLevel>
struct SwapTakenForTable {
  template <class Base>
  struct On : Base {
    static constexpr Info kInfo = {
        .name = "swap-taken-for-table",
        .level = kLevel,
        .says =
            "pXd_none() is asked where pXd_present() is needed: a migration "
            "entry of a large page is read as a table.",
        .copies = kLevel == Level::kPmd
                      ? "gup_pmd_range() before 84c3fc4e9c56"
                      : "gup_pud_range() before 15494520b776"};
    struct Kernel : ShapedKernel<Base> {
      using ShapedKernel<Base>::ShapedKernel;
      constexpr WalkStep Classify(Level level, uint64_t entry) const {
        if (level == kLevel &&
            IsSwapEntry(Base::Entries::Classify(level, entry).tag)) {
          return WalkStep::kDescend;
        }
        return Base::Kernel::Classify(level, entry);
      }
    };
  };
};

template <class Base>
struct SwapTakenForPage : Base {
  static constexpr Info kInfo = {
      .name = "swap-taken-for-page",
      .says = "pte_present() is true for swap entries.",
      .equal =
          "What they hold of the rest refuses them: they are not "
          "readable."};
  struct Kernel : ShapedKernel<Base> {
    using ShapedKernel<Base>::ShapedKernel;
    constexpr WalkStep Classify(Level level, uint64_t entry) const {
      if (level == Level::kPte &&
          Base::Entries::Classify(level, entry).tag == EntryKind::Tag::kSwap) {
        return WalkStep::kLeaf;
      }
      return Base::Kernel::Classify(level, entry);
    }
  };
};

template <class Base>
struct DevicePrivateReturned : Base {
  static constexpr Info kInfo = {
      .name = "device-private-returned",
      .says =
          "Pages that only a device can use are returned, as if their "
          "owner had asked."};
  struct Kernel : ShapedKernel<Base> {
    using ShapedKernel<Base>::ShapedKernel;
    constexpr WalkStep Classify(Level level, uint64_t entry) const {
      if (IsDevicePrivate(level, entry)) return WalkStep::kLeaf;
      return Base::Kernel::Classify(level, entry);
    }
    constexpr bool MayReturn(Level level, uint64_t entry, bool write) const {
      return IsDevicePrivate(level, entry) ||
             Base::Kernel::MayReturn(level, entry, write);
    }

   private:
    static constexpr bool IsDevicePrivate(Level level, uint64_t entry) {
      return level == Level::kPte &&
             Base::Entries::Classify(level, entry).tag ==
                 EntryKind::Tag::kDevicePrivate;
    }
  };
};

// -----------------------------------------------------------------------------
// Which leaves may be returned.

template <Level kLevel>
struct WriteNotAsked {
  template <class Base>
  struct On : Base {
    static constexpr Info kInfo = {.name = "write-not-asked",
                                   .level = kLevel,
                                   .says = "A write gets a read-only page."};
    struct Kernel : ShapedKernel<Base> {
      using ShapedKernel<Base>::ShapedKernel;
      constexpr bool MayReturn(Level level, uint64_t entry, bool write) const {
        return Base::Kernel::MayReturn(level, entry, write && level != kLevel);
      }
    };
  };
};

template <Level kLevel>
struct WriteAskedOfReaders {
  template <class Base>
  struct On : Base {
    static constexpr Info kInfo = {
        .name = "write-asked-of-readers",
        .level = kLevel,
        .says = "A read does not get a read-only page."};
    struct Kernel : ShapedKernel<Base> {
      using ShapedKernel<Base>::ShapedKernel;
      constexpr bool MayReturn(Level level, uint64_t entry, bool write) const {
        return Base::Kernel::MayReturn(level, entry, write || level == kLevel);
      }
    };
  };
};

template <Level kLevel>
struct NoneReturned {
  template <class Base>
  struct On : Base {
    static constexpr Info kInfo = {
        .name = "prot-none-returned",
        .level = kLevel,
        .says = "pXd_protnone() is false: a read gets a page of PROT_NONE.",
        .copies = kLevel == Level::kPte
                      ? "s390 with NUMA balancing configured out, 6.1 and 6.12"
                      : std::string_view()};
    struct Kernel : ShapedKernel<Base> {
      using ShapedKernel<Base>::ShapedKernel;
      constexpr bool MayReturn(Level level, uint64_t entry, bool write) const {
        const LeafState state = Base::Entries::Classify(level, entry).state;
        if (level == kLevel && state.permission == Permission::kNone &&
            !state.special && !write) {
          return true;
        }
        return Base::Kernel::MayReturn(level, entry, write);
      }
    };
  };
};

template <Level kLevel>
struct NoneRefused {
  template <class Base>
  struct On : Base {
    static constexpr Info kInfo = {
        .name = "prot-none-refused",
        .level = kLevel,
        .says = "PROT_NONE is tested at a level without that test."};
    struct Kernel : ShapedKernel<Base> {
      using ShapedKernel<Base>::ShapedKernel;
      constexpr bool MayReturn(Level level, uint64_t entry, bool write) const {
        return Base::Kernel::MayReturn(level, entry, write) &&
               (level != kLevel ||
                Base::Entries::Classify(level, entry).state.permission !=
                    Permission::kNone);
      }
    };
  };
};

template <class Base>
struct SpecialReturned : Base {
  static constexpr Info kInfo = {
      .name = "special-returned",
      .says =
          "pte_special() is not asked: a page without a struct page is "
          "returned."};
  struct Kernel : ShapedKernel<Base> {
    using ShapedKernel<Base>::ShapedKernel;
    constexpr bool MayReturn(Level level, uint64_t entry, bool write) const {
      const EntryKind kind = Base::Entries::Classify(level, entry);
      if (!kind.state.special) {
        return Base::Kernel::MayReturn(level, entry, write);
      }
      LeafState plain = kind.state;
      plain.special = false;
      return Base::Kernel::MayReturn(
          level, Base::Entries::Leaf(level, kind.address, plain), write);
    }
  };
};

// `kAttribute` is a member of LeafState.
template <bool LeafState::* kAttribute>
struct AttributeRefused {
  template <class Base>
  struct On : Base {
    static constexpr Info kInfo = {
        .name = kAttribute == &LeafState::exec     ? "exec-refused"
                : kAttribute == &LeafState::devmap ? "devmap-refused"
                                                   : "noexec-refused",
        .says = "A leaf with that attribute is refused."};
    struct Kernel : ShapedKernel<Base> {
      using ShapedKernel<Base>::ShapedKernel;
      constexpr bool MayReturn(Level level, uint64_t entry, bool write) const {
        return Base::Kernel::MayReturn(level, entry, write) &&
               !(Base::Entries::Classify(level, entry).state.*kAttribute);
      }
    };
  };
};

template <Level kLevel>
struct OldRefused {
  template <class Base>
  struct On : Base {
    static constexpr Info kInfo = {
        .name = "old-refused",
        .level = kLevel,
        .says =
            "A page that was not accessed lately is refused: what the "
            "hardware thinks of it is asked, and not Linux."};
    struct Kernel : ShapedKernel<Base> {
      using ShapedKernel<Base>::ShapedKernel;
      constexpr bool MayReturn(Level level, uint64_t entry, bool write) const {
        return Base::Kernel::MayReturn(level, entry, write) &&
               (level != kLevel ||
                Base::Entries::Classify(level, entry).state.young);
      }
    };
  };
};

template <Level kLevel>
struct CleanRefused {
  template <class Base>
  struct On : Base {
    static constexpr Info kInfo = {
        .name = "clean-refused",
        .level = kLevel,
        .says = "A write does not get a page that was not written before."};
    struct Kernel : ShapedKernel<Base> {
      using ShapedKernel<Base>::ShapedKernel;
      constexpr bool MayReturn(Level level, uint64_t entry, bool write) const {
        return Base::Kernel::MayReturn(level, entry, write) &&
               (level != kLevel || !write ||
                Base::Entries::Classify(level, entry).state.dirty);
      }
    };
  };
};

// -----------------------------------------------------------------------------
// Which page of a leaf.

template <Level kLevel>
struct OffsetLost {
  template <class Base>
  struct On : Base {
    static constexpr Info kInfo = {
        .name = "offset-lost",
        .level = kLevel,
        .says =
            "The first page of a large page is returned, wherever in it "
            "the address lies."};
    struct Kernel : ShapedKernel<Base> {
      using ShapedKernel<Base>::ShapedKernel;
      constexpr uint64_t LeafPage(Level level, uint64_t entry,
                                  uint64_t address) const {
        if (level == kLevel) address &= ~this->Inside(level);
        return Base::Kernel::LeafPage(level, entry, address);
      }
    };
  };
};

template <Level kLevel>
struct OffsetTooNarrow {
  template <class Base>
  struct On : Base {
    static constexpr Info kInfo = {
        .name = "offset-too-narrow",
        .level = kLevel,
        .says =
            "The place in a large page is masked with the size of the "
            "level below."};
    struct Kernel : ShapedKernel<Base> {
      using ShapedKernel<Base>::ShapedKernel;
      constexpr uint64_t LeafPage(Level level, uint64_t entry,
                                  uint64_t address) const {
        if (level == kLevel) {
          address &= ~this->Inside(level) | this->Inside(Below(level));
        }
        return Base::Kernel::LeafPage(level, entry, address);
      }
    };
  };
};

template <Level kLevel>
struct OffsetTooWide {
  template <class Base>
  struct On : Base {
    static constexpr Info kInfo = {
        .name = "offset-too-wide",
        .level = kLevel,
        .says =
            "The place in a page is masked with the size of the level "
            "above."};
    struct Kernel : ShapedKernel<Base> {
      using ShapedKernel<Base>::ShapedKernel;
      constexpr uint64_t LeafPage(Level level, uint64_t entry,
                                  uint64_t address) const {
        const uint64_t page = Base::Kernel::LeafPage(level, entry, address);
        if (level != kLevel) return page;
        return WrappingAdd(
            page, address & this->Inside(Above(level)) & ~this->Inside(level));
      }
    };
  };
};

template <Level kLevel>
struct FrameTooNarrow {
  template <class Base>
  struct On : Base {
    static constexpr Info kInfo = {
        .name = "frame-too-narrow",
        .level = kLevel,
        .says = "The frame is masked with the size of the level above."};
    struct Kernel : ShapedKernel<Base> {
      using ShapedKernel<Base>::ShapedKernel;
      constexpr uint64_t LeafPage(Level level, uint64_t entry,
                                  uint64_t address) const {
        if (level == kLevel) {
          entry &= ~(this->Inside(Above(level)) & ~this->Inside(level));
        }
        return Base::Kernel::LeafPage(level, entry, address);
      }
    };
  };
};

template <class Base>
struct OffsetByOr : Base {
  static constexpr Info kInfo = {
      .name = "offset-by-or",
      .says = "The place in a leaf is joined to the frame by `|`.",
      .equal = "The frame has none of those bits: nothing can carry."};
  struct Kernel : ShapedKernel<Base> {
    using ShapedKernel<Base>::ShapedKernel;
    constexpr uint64_t LeafPage(Level level, uint64_t entry,
                                uint64_t address) const {
      const uint64_t frame = Base::Kernel::LeafPage(level, entry, 0);
      return frame |
             (address & this->Inside(level) & ~this->Inside(Level::kPte));
    }
  };
};

}  // namespace pxdfuzz::mutants

#endif  // PXDFUZZ_TESTS_MUTANTS_KERNEL_H_
