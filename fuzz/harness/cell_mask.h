// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_FUZZ_HARNESS_CELL_MASK_H_
#define PXDFUZZ_FUZZ_HARNESS_CELL_MASK_H_

#include <string_view>

namespace pxdfuzz {

// Sets of cells as text, for statistics: four cells per hexadecimal digit, the
// first cell in the lowest bit of the first digit.

inline constexpr std::string_view kCellDigits = "0123456789abcdef";

// The digit for a set of four cells, one bit each, and the inverse.
constexpr char CellDigit(unsigned four) { return kCellDigits[four]; }
constexpr unsigned FourCells(char digit) {
  return static_cast<unsigned>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

constexpr bool IsCellMask(std::string_view text) {
  return text.find_first_not_of(kCellDigits) == text.npos;
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_FUZZ_HARNESS_CELL_MASK_H_
