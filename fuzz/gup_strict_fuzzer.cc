// SPDX-License-Identifier: MIT

// The walk that had the bug of 2020 and the one that was first proposed to
// repair it, against the reference, without excuses: finds the bug.

#include <cstddef>
#include <cstdint>

#include "fuzz/harness/harness.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  pxdfuzz::RunWalkTarget({data, size}, pxdfuzz::WalkSet::Strict(),
                         pxdfuzz::Excuses::kNone);
  return 0;
}
