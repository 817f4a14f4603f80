// SPDX-License-Identifier: MIT

// The five named walks with the last check of gup_fast, while another processor
// changes the tables between two of their reads. What a walk is known to get
// wrong, by the cause that is stated for it, is counted; anything else is a
// finding.

#include <cstddef>
#include <cstdint>

#include "fuzz/harness/harness.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  pxdfuzz::RunWalkTarget({data, size}, pxdfuzz::WalkSet::Named(),
                         pxdfuzz::Excuses::kKnownDefects);
  return 0;
}
