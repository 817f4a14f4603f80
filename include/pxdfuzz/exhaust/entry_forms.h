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

// A form that an entry without a table has.
struct EntryForm {
  EntryKind::Tag tag = EntryKind::Tag::kEmpty;
  LeafState state;
};

// Of what maps no table a reader asks whether the request gets it, entry by
// entry: what is refused ends the walk as a hole does. So one form stands
// for all that get the same answer: plain, old and clean leaves and such
// that may only be read; empty and swap entries, PROT_NONE and special
// leaves. Which it is goes by the entry's place and takes turns, an odd
// number of them, so that each form comes to stand at each index of a table
// where there are tables enough (with one index bit, pud entries take all
// forms in five levels), and nothing is added to the worlds. Refused leaves
// are counted among the holes for requests to read. For requests to write
// they are a choice of their own, and those that may only be read are among
// them.
template <class A>
class EntryForms {
 public:
  using List = InlineVector<EntryForm, 9>;
  // Those that one level's entries take turns in, by what a request gets.
  struct OfLevel {
    List holes;
    List leaves;
    List refused;
  };

  // `write` says whether the request is one to write.
  EntryForms(const Geometry& geometry, bool write)
      : geometry_(geometry), write_(write) {
    for (const Level level : kAllLevels) Find(level);
  }

  const OfLevel& of(Level level) const { return forms_[Ordinal(level)]; }

  // The word of an entry of `level` whose part of the virtual addresses begins
  // at `first`.
  uint64_t Make(Level level, uint64_t first, const EntryForm& form) const {
    const uint64_t frame = ~first & ~(geometry_.span(level) - 1);
    switch (form.tag) {
      case EntryKind::Tag::kLeaf:
        return A::Entries::Leaf(level, frame, form.state);
      case EntryKind::Tag::kSwap:
        return A::Entries::Swap(frame);
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
