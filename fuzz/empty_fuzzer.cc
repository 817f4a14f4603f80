// SPDX-License-Identifier: MIT

// Does nothing: measures what the engine itself costs.

#include <cstddef>
#include <cstdint>

#include "fuzz/targets.h"

PXDFUZZ_THIS_TARGET

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* /*data*/,
                                      size_t /*size*/) {
  return 0;
}
