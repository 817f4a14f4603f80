// SPDX-License-Identifier: MIT

#include "fuzz/generator/change_check.h"

#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/tables/address_space.h"
#include "pxdfuzz/tables/populate.h"

namespace pxdfuzz {

Impossible ChangeCheck::Ask(const Case& c) {
  Impossible impossible = Impossible::kNo;
  if (c.changes.empty()) return impossible;
  VisitArch(c.mode.arch, [&]<class A>() {
    AddressSpace<A> mm(arenas_.of(A::kId), c.mode.levels);
    if (Populate(c, mm) == Malformed::kNo) impossible = history_.Make(c, mm);
  });
  return impossible;
}

}  // namespace pxdfuzz
