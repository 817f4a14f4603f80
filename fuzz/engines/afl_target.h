// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_FUZZ_ENGINES_AFL_TARGET_H_
#define PXDFUZZ_FUZZ_ENGINES_AFL_TARGET_H_

#include <cstddef>

namespace pxdfuzz {

// Reports to AFL++ that the input reached a cell, a position in Cells(). A cell
// counts as coverage, as an edge of the program does: AFL++ does not read extra
// counters.
void CoverCell(size_t cell);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_FUZZ_ENGINES_AFL_TARGET_H_
