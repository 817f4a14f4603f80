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

// What kind of tables the cases of a target have.
enum class Tables : uint8_t {
  kWellFormed,  // as Linux writes them; other words are rare
  kRaw,         // any word
  kChanging,    // well-formed, and changed during the walk
};

// Changes the first `size` bytes of `buffer` into another input that fits it,
// and returns its size in bytes. Applies a few small mutations from a weighted
// list to the case that the bytes encode, and writes canonical bytes, except
// for some inputs that `mutate_bytes` (which may be null) makes. Each output is
// a case of a paging mode that `filter` allows, and has concurrent operations
// only if `tables` is kChanging, unless the buffer is too small for a header.
size_t Mutate(std::span<uint8_t> buffer, size_t size, uint64_t seed,
              const PagingModeFilter& filter, Tables tables,
              MutateBytes mutate_bytes);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_FUZZ_GENERATOR_MUTATOR_H_
