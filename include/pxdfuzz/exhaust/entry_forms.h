// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_EXHAUST_ENTRY_FORMS_H_
#define PXDFUZZ_EXHAUST_ENTRY_FORMS_H_

#include <array>
#include <cstdint>

#include "pxdfuzz/base/inline_vector.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/geometry.h"
#include "pxdfuzz/paging/leaf.h"
#include "pxdfuzz/paging/level.h"

namespace pxdfuzz {

// The form of an entry that leads to no table.
struct EntryForm {
  EntryKind::Tag tag = EntryKind::Tag::kEmpty;
  LeafState state;
};

// For entries that lead to no table, a reader only asks whether the request
// gets the page: a refused entry ends the walk as a hole does. So one form
// stands for all forms with the same answer: plain, old, clean and read-only
// leaves; empty, swap and migration entries, PROT_NONE and special leaves. The
// entry's place selects the form, in rotation and from an odd number of forms.
// So each form occurs at each index of a table if there are enough tables (with
// one index bit and five levels, pud entries have all forms), and the number of
// worlds does not grow. For requests to read, refused leaves count as holes.
// For requests to write they are a separate choice, which includes read-only
// leaves.
template <class A>
class EntryForms {
 public:
  using List = InlineVector<EntryForm, 9>;
  // The forms among which one level's entries rotate, by what a request gets.
  struct OfLevel {
    List holes;
    List leaves;
    List refused;
  };

  // `write`: whether the request writes.
  EntryForms(const Geometry& geometry, bool write)
      : geometry_(geometry), write_(write) {
    for (const Level level : kAllLevels) Find(level);
  }

  const OfLevel& of(Level level) const { return forms_[Ordinal(level)]; }

  // The word of an entry of `level` whose span begins at virtual address
  // `first`.
  uint64_t Make(Level level, uint64_t first, const EntryForm& form) const {
    const uint64_t frame = ~first & ~(geometry_.span(level) - 1);
    switch (form.tag) {
      case EntryKind::Tag::kLeaf:
        return A::Entries::Leaf(level, frame, form.state);
      case EntryKind::Tag::kSwap:
      case EntryKind::Tag::kMigration:
        return A::Entries::SwapEntry(form.tag, level, frame);
      default:
        return A::Entries::Empty(level);
    }
  }

 private:
  void Find(Level level) {
    OfLevel& forms = forms_[Ordinal(level)];
    forms.holes.push_back({EntryKind::Tag::kEmpty});
    if (A::Entries::HasSwap(level)) {
      forms.holes.push_back({EntryKind::Tag::kSwap});
    }
    if (level != Level::kPte && A::Entries::HasMigration(level)) {
      forms.holes.push_back({EntryKind::Tag::kMigration});
    }
    if (A::Entries::HasLeaf(level)) {
      List& refused = write_ ? forms.refused : forms.holes;
      const auto add = [&](const LeafState& state) {
        const EntryForm form{EntryKind::Tag::kLeaf, state};
        const bool allowed =
            A::Contract::Allows(level, Make(level, 0, form), write_);
        (allowed ? forms.leaves : refused).push_back(form);
      };
      add({});
      add({.permission = Permission::kRead});
      add({.young = false});
      add({.dirty = false});
      add({.permission = Permission::kNone});
      if (A::Entries::HasSpecial(level)) add({.special = true});
    }
    for (List* list : {&forms.holes, &forms.leaves, &forms.refused}) {
      if (!list->empty() && list->size() % 2 == 0) list->push_back((*list)[0]);
    }
  }

  const Geometry geometry_;
  const bool write_;
  std::array<OfLevel, kLevelCount> forms_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_EXHAUST_ENTRY_FORMS_H_
