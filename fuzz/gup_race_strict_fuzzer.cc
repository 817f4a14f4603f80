// SPDX-License-Identifier: MIT

// The repairs of 2020 that hold in tables that nobody changes, while somebody
// does, without excuses: passing pointers alone, with either boundary, and the
// folded-aware walk that hands values down.

#include <cstddef>
#include <cstdint>

#include "fuzz/harness/harness.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  pxdfuzz::RunWalkTarget({data, size}, pxdfuzz::WalkSet::StrictWhileChanging(),
                         pxdfuzz::Excuses::kNone);
  return 0;
}
