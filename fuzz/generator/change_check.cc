// SPDX-License-Identifier: MIT

#include "fuzz/generator/change_check.h"

#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/tables/address_space.h"
#include "pxdfuzz/tables/populate.h"

namespace pxdfuzz {

Inconclusive ChangeCheck::Ask(const Case& c) {
  Inconclusive reason = Inconclusive::kNo;
  if (c.concurrent.empty()) return reason;
  VisitArch(c.mode.arch, [&]<class A>() {
    AddressSpace<A> mm(arenas_.of(A::kId), c.mode.levels);
    if (Populate(c, mm) == Inconclusive::kNo) reason = timeline_.Make(c, mm);
  });
  return reason;
}

}  // namespace pxdfuzz
