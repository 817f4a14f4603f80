// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_MEMORY_WRITE_LOG_H_
#define PXDFUZZ_MEMORY_WRITE_LOG_H_

#include <cstdint>

#include "pxdfuzz/base/inline_vector.h"

namespace pxdfuzz {

// A word of an arena that was touched: its number, and its value before and
// after.
struct Write {
  uint32_t word = 0;
  uint64_t before = 0;
  uint64_t after = 0;
};
// Room for a few changes of whole tables.
using WriteLog = InlineVector<Write, 8192>;

}  // namespace pxdfuzz

#endif  // PXDFUZZ_MEMORY_WRITE_LOG_H_
