// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_FUZZ_GENERATOR_MUTATOR_H_
#define PXDFUZZ_FUZZ_GENERATOR_MUTATOR_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "fuzz/harness/paging_mode_filter.h"

namespace pxdfuzz {

// An engine's own mutation of bytes: LLVMFuzzerMutate.
using MutateBytes = size_t (*)(uint8_t* data, size_t size, size_t max_size);

// What a target wants of the cases it is given.
enum class Tables : uint8_t {
  kWellFormed,  // as Linux writes them; words that it would not write are rare
  kRaw,         // any word
  kChanging,    // well-formed, and changed while they are walked
};

// Changes the first `size` bytes of `buffer` into another input that fits it
// and returns its size. Works on the case that the bytes mean, by a few small
// changes out of a weighted list, and writes canonical bytes, but for some that
// `mutate_bytes` (which may be null) makes. All that it writes is a case of a
// paging mode that `filter` allows, without changes unless `tables` are
// kChanging, unless the buffer is too small for a header.
size_t Mutate(std::span<uint8_t> buffer, size_t size, uint64_t seed,
              const PagingModeFilter& filter, Tables tables,
              MutateBytes mutate_bytes);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_FUZZ_GENERATOR_MUTATOR_H_
