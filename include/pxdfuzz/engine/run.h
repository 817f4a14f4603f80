// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_ENGINE_RUN_H_
#define PXDFUZZ_ENGINE_RUN_H_

#include <cstdint>

namespace pxdfuzz {

// How a run of kernel code ended. Only a run that returned has pages.
enum class RunEnd : uint8_t {
  kReturned,
  kFault,     // a read or a write of memory that is not mapped
  kBug,       // BUG()
  kEndless,   // more reads, references or time than any request takes
  kOverflow,  // the stack is used up
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_ENGINE_RUN_H_
