// SPDX-License-Identifier: MIT

// Compares walks of the model with the reference. The target's row in
// targets.def says which walks, which tables and which expected failures.

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
