// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TABLES_POPULATE_H_
#define PXDFUZZ_TABLES_POPULATE_H_

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/tables/address_space.h"
#include "pxdfuzz/tables/apply.h"
#include "pxdfuzz/tables/inconclusive.h"

namespace pxdfuzz {

// Applies the set-up of `c` to `mm`, which must be empty. Returns what the
// first impossible operation does that Linux never would, if there is one. It
// makes the tables in any case, since the hardware reads any word.
template <class A, class Entries>
Inconclusive Populate(const Case& c, AddressSpace<A, Entries>& mm) {
  TableWriter<A, Entries> writer(mm);
  Inconclusive first = Inconclusive::kNo;
  for (const TableOp& op : c.setup) {
    const Inconclusive reason = writer.Apply(op, /*in_use=*/false);
    if (first == Inconclusive::kNo) first = reason;
  }
  return first;
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TABLES_POPULATE_H_
