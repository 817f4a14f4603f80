// SPDX-License-Identifier: MIT

// Replaces fuzz/engines/custom_mutator.cc: the same mutations, but the number
// of requests does not change. So targets can be compared on cases of one
// request and on cases of four.

#include <cstddef>
#include <cstdint>

#include "fuzz/generator/mutator.h"
#include "fuzz/harness/harness.h"
#include "pxdfuzz/case/case.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size,
                                          size_t max_size, unsigned int seed) {
  const pxdfuzz::Case before = pxdfuzz::Decode({data, size});
  size = pxdfuzz::Mutate({data, max_size}, size, seed,
                         pxdfuzz::Harness::Get().filter(),
                         pxdfuzz::Tables::kWellFormed, LLVMFuzzerMutate);
  pxdfuzz::Case c = pxdfuzz::Decode({data, size});
  if (before.empty() || c.empty()) return size;
  while (c.requests.size() > before.requests.size()) {
    c.requests.erase(c.requests.size() - 1);
  }
  while (c.requests.size() < before.requests.size()) {
    c.requests.push_back(before.requests[c.requests.size()]);
  }
  pxdfuzz::Canonicalize(c);
  uint8_t bytes[pxdfuzz::kMaxEncodedSize];
  const size_t held = pxdfuzz::Encode(c, bytes);
  if (held > max_size) return size;
  for (size_t i = 0; i < held; ++i) data[i] = bytes[i];
  return held;
}
