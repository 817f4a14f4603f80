// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_DETERMINISM_HASH_H_
#define PXDFUZZ_TESTS_DETERMINISM_HASH_H_

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "pxdfuzz/base/wrapping.h"

namespace pxdfuzz {

// FNV-1a of 64 bits (Fowler, Noll and Vo), the same for both byte orders. It
// distinguishes texts that differ by accident.
class Hash {
 public:
  constexpr void Add(std::string_view text) {
    for (const char c : text) {
      state_ =
          WrappingMul(state_ ^ static_cast<unsigned char>(c), 0x100000001b3);
    }
  }

  constexpr uint64_t value() const { return state_; }
  // 16 hexadecimal digits.
  std::string text() const {
    char digits[17];
    std::snprintf(digits, sizeof(digits), "%016llx",
                  static_cast<unsigned long long>(state_));
    return digits;
  }

 private:
  uint64_t state_ = 0xcbf29ce484222325;
};

inline std::string HashOf(std::string_view text) {
  Hash hash;
  hash.Add(text);
  return hash.text();
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TESTS_DETERMINISM_HASH_H_
