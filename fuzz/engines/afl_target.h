// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_FUZZ_ENGINES_AFL_TARGET_H_
#define PXDFUZZ_FUZZ_ENGINES_AFL_TARGET_H_

#include <cstddef>

namespace pxdfuzz {

// Tells AFL++ that the input reached a cell, a position in Cells(): coverage of
// its own, as an edge of the program is. It reads no extra counters.
void CoverCell(size_t cell);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_FUZZ_ENGINES_AFL_TARGET_H_
