// SPDX-License-Identifier: MIT

// Walks of the model against the reference: which of them, on which tables and
// what is excused is a row of targets.def.

#include <cstddef>
#include <cstdint>

#include "fuzz/harness/harness.h"
#include "fuzz/targets.h"

PXDFUZZ_THIS_TARGET

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const pxdfuzz::Target& target = pxdfuzz::ThisTarget();
  pxdfuzz::RunWalkTarget({data, size}, target.walks, target.waivers);
  return 0;
}
