// SPDX-License-Identifier: MIT

// All twelve walks against the reference, as gup_fuzzer does with the named
// ones.

#include <cstddef>
#include <cstdint>

#include "fuzz/harness/harness.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  pxdfuzz::RunWalkTarget({data, size}, pxdfuzz::WalkSet::All(),
                         pxdfuzz::Excuses::kKnownDefects);
  return 0;
}
