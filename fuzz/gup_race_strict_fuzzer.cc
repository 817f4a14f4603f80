// SPDX-License-Identifier: MIT

// The repairs of 2020 that hold in tables that nobody changes, while somebody
// does, without excuses: passing pointers alone, with either boundary, and the
// folded-aware walk that hands values down.

#include <cstddef>
#include <cstdint>

#include "fuzz/harness.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static constexpr auto kWalks = pxdfuzz::WalkSet::Of(
      pxdfuzz::kFoldedAwareByValue, pxdfuzz::kStaticByPointer,
      pxdfuzz::kFoldedAwareByPointer);
  pxdfuzz::RunWalkTarget({data, size}, kWalks, pxdfuzz::Excuses::kNone);
  return 0;
}
