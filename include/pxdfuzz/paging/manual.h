// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_PAGING_MANUAL_H_
#define PXDFUZZ_PAGING_MANUAL_H_

#include <cstdint>

#include "pxdfuzz/paging/level.h"

namespace pxdfuzz {

// What an architecture's manual requires as the next step of a translation.
// `Translate` carries the steps out; each architecture has the rules.
struct ManualStep {
  enum class Kind : uint8_t {
    kFetch,      // read the entry of `level` at `address`
    kDone,       // `address` is the result
    kException,  // there is none, and `code` is the reason
  };

  Kind kind = Kind::kException;
  Level level = Level::kPte;
  uint16_t code = 0;
  uint64_t address = 0;

  static constexpr ManualStep Fetch(Level level, uint64_t physical) {
    return {Kind::kFetch, level, 0, physical};
  }
  static constexpr ManualStep Done(uint64_t physical) {
    return {Kind::kDone, Level::kPte, 0, physical};
  }
  static constexpr ManualStep Exception(uint16_t code) {
    return {Kind::kException, Level::kPte, code, 0};
  }
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_PAGING_MANUAL_H_
