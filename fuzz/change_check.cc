// SPDX-License-Identifier: MIT

#include "fuzz/change_check.h"

#include <tuple>

#include "pxdfuzz/address_space.h"
#include "pxdfuzz/arches.h"
#include "pxdfuzz/populate.h"

namespace pxdfuzz {

ChangeCheck::ChangeCheck() {
  std::apply(
      [this](auto... arch) {
        ((arenas_[static_cast<size_t>(decltype(arch)::kId)].reset(
             new Arena(MakeArena<decltype(arch)>()))),
         ...);
      },
      Architectures());
}

Impossible ChangeCheck::Ask(const Case& c) {
  Impossible impossible = Impossible::kNo;
  if (c.changes.empty()) return impossible;
  VisitArch(c.space.arch, [&]<class A>() {
    AddressSpace<A> mm(*arenas_[static_cast<size_t>(A::kId)], c.space.levels);
    if (Populate(c, mm) == Malformed::kNo) impossible = history_.Make(c, mm);
  });
  return impossible;
}

}  // namespace pxdfuzz
