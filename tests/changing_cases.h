// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_CHANGING_CASES_H_
#define PXDFUZZ_TESTS_CHANGING_CASES_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "fuzz/generator/mutator.h"
#include "fuzz/harness/paging_mode_filter.h"
#include "pxdfuzz/case/case.h"

namespace pxdfuzz {

// Calls `visit(case, seed)` for that many random cases with changes, of all
// paging modes. Not all changes are possible.
template <class Visit>
void ForChangingCases(int cases, Visit visit) {
  std::vector<uint8_t> buffer(kMaxEncodedSize);
  size_t size = 0;
  for (uint64_t seed = 1; cases > 0; ++seed) {
    if (seed % 30 == 0) size = 0;
    size = Mutate(buffer, size, seed, PagingModeFilter(), Tables::kChanging,
                  /*mutate_bytes=*/nullptr);
    const Case c = Decode(std::span(buffer).first(size));
    if (c.concurrent.empty()) continue;
    visit(c, seed);
    --cases;
  }
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TESTS_CHANGING_CASES_H_
