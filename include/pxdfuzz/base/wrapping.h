// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_BASE_WRAPPING_H_
#define PXDFUZZ_BASE_WRAPPING_H_

#include <cstdint>

#if defined(__clang__)
#define PXDFUZZ_WRAPS_BY_DESIGN \
  __attribute__((no_sanitize("unsigned-integer-overflow")))
#else
#define PXDFUZZ_WRAPS_BY_DESIGN
#endif

namespace pxdfuzz {

// Sums modulo 2^64, for addresses that wrap by design: a boundary above the
// last entry is 0, and `boundary - 1` is then the last byte. Everywhere else in
// the project an unsigned sum that overflows is a bug that a sanitizer reports.
PXDFUZZ_WRAPS_BY_DESIGN constexpr uint64_t WrappingAdd(uint64_t a, uint64_t b) {
  return a + b;
}

PXDFUZZ_WRAPS_BY_DESIGN constexpr uint64_t WrappingSub(uint64_t a, uint64_t b) {
  return a - b;
}

PXDFUZZ_WRAPS_BY_DESIGN constexpr uint64_t WrappingMul(uint64_t a, uint64_t b) {
  return a * b;
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_BASE_WRAPPING_H_
