// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_FUZZ_HARNESS_CELL_MASK_H_
#define PXDFUZZ_FUZZ_HARNESS_CELL_MASK_H_

#include <string_view>

namespace pxdfuzz {

// Sets of cells as text, as statistics have them: four cells to a hexadecimal
// digit, the first ones first and lowest.

inline constexpr std::string_view kCellDigits = "0123456789abcdef";

// The digit of a set of four cells, a bit for each, and the reverse.
constexpr char CellDigit(unsigned four) { return kCellDigits[four]; }
constexpr unsigned FourCells(char digit) {
  return static_cast<unsigned>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

constexpr bool IsCellMask(std::string_view text) {
  return text.find_first_not_of(kCellDigits) == text.npos;
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_FUZZ_HARNESS_CELL_MASK_H_
