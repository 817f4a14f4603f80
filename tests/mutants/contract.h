// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_MUTANTS_CONTRACT_H_
#define PXDFUZZ_TESTS_MUTANTS_CONTRACT_H_

#include <cstdint>

#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/leaf.h"
#include "pxdfuzz/paging/level.h"
#include "tests/mutants/planted.h"

// Bugs in an architecture's Contract: the reference returns what gup_fast must
// not, or the reverse. Then the walks, which are right, disagree.

namespace pxdfuzz::mutants {

template <Level kLevel>
struct ContractWriteNotAsked {
  template <class Base>
  struct On : Base {
    static constexpr Info kInfo = {
        .name = "contract-write-not-asked",
        .level = kLevel,
        .says = "The contract returns a read-only page for a write."};
    struct Contract : Base::Contract {
      static constexpr bool Allows(Level level, uint64_t entry, bool write) {
        return Base::Contract::Allows(level, entry, write && level != kLevel);
      }
    };
  };
};

template <Level kLevel>
struct ContractOldRefused {
  template <class Base>
  struct On : Base {
    static constexpr Info kInfo = {
        .name = "contract-old-refused",
        .level = kLevel,
        .says = "The contract requires that the hardware may use the page."};
    struct Contract : Base::Contract {
      static constexpr bool Allows(Level level, uint64_t entry, bool write) {
        return Base::Contract::Allows(level, entry, write) &&
               (level != kLevel ||
                Base::Entries::Classify(level, entry).state.young);
      }
    };
  };
};

template <Level kLevel>
struct ContractNoneReturned {
  template <class Base>
  struct On : Base {
    static constexpr Info kInfo = {
        .name = "contract-prot-none-returned",
        .level = kLevel,
        .says = "The contract returns pages of PROT_NONE for a read."};
    struct Contract : Base::Contract {
      static constexpr bool Allows(Level level, uint64_t entry, bool write) {
        const EntryKind kind = Base::Entries::Classify(level, entry);
        if (level == kLevel && !write && kind.tag == EntryKind::Tag::kLeaf &&
            kind.state.permission == Permission::kNone && !kind.state.special) {
          return true;
        }
        return Base::Contract::Allows(level, entry, write);
      }
    };
  };
};

template <class Base>
struct ContractSpecialReturned : Base {
  static constexpr Info kInfo = {.name = "contract-special-returned",
                                 .says = "The contract returns special pages."};
  struct Contract : Base::Contract {
    static constexpr bool Allows(Level level, uint64_t entry, bool write) {
      const EntryKind kind = Base::Entries::Classify(level, entry);
      if (!kind.state.special) {
        return Base::Contract::Allows(level, entry, write);
      }
      LeafState plain = kind.state;
      plain.special = false;
      return Base::Contract::Allows(
          level, Base::Entries::Leaf(level, kind.address, plain), write);
    }
  };
};

template <class Base>
struct ContractLargeRefused : Base {
  static constexpr Info kInfo = {
      .name = "contract-large-refused",
      .says = "The contract returns no large pages."};
  struct Contract : Base::Contract {
    static constexpr bool Allows(Level level, uint64_t entry, bool write) {
      return level == Level::kPte &&
             Base::Contract::Allows(level, entry, write);
    }
  };
};

// s390's.
template <class Base>
struct ContractPudNoneRefused : Base {
  static constexpr Info kInfo = {
      .name = "contract-prot-none-refused",
      .level = Level::kPud,
      .says = "The contract tests region-third leaves for PROT_NONE."};
  struct Contract : Base::Contract {
    static constexpr bool Allows(Level level, uint64_t entry, bool write) {
      return Base::Contract::Allows(level, entry, write) &&
             (level != Level::kPud || (entry & Base::Mask::kLargeRead) != 0);
    }
  };
};

template <class Base>
struct LimitPageMore : Base {
  static constexpr Info kInfo = {
      .name = "limit-page-more",
      .says = "A range may end one page above the limit."};
  struct Contract : Base::Contract {
    static constexpr bool Permits(int levels, uint64_t end) {
      const uint64_t page = Base::GeometryOf(levels).page_size();
      return Base::Contract::Permits(levels, WrappingSub(end, page));
    }
  };
};

// Reference and walks share the decision which requests to take, so a refused
// request shows nothing.
template <class Base>
struct LimitPageLess : Base {
  static constexpr Info kInfo = {
      .name = "limit-page-less",
      .says = "A range may not end at the limit itself."};
  struct Contract : Base::Contract {
    static constexpr bool Permits(int levels, uint64_t end) {
      const uint64_t page = Base::GeometryOf(levels).page_size();
      return Base::Contract::Permits(levels, WrappingAdd(end, page));
    }
  };
};

}  // namespace pxdfuzz::mutants

#endif  // PXDFUZZ_TESTS_MUTANTS_CONTRACT_H_
