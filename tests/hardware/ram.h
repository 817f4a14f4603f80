// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_HARDWARE_RAM_H_
#define PXDFUZZ_TESTS_HARDWARE_RAM_H_

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>

#include "pxdfuzz/memory/memory.h"
#include "pxdfuzz/paging/entry_ref.h"
#include "pxdfuzz/paging/level.h"

namespace pxdfuzz::hardware {

// The physical memory of a machine, from address 0, as words in that machine's
// byte order. Translate reads tables through it.
template <std::endian kOrder>
class Ram {
 public:
  // `words` must outlive the object.
  explicit Ram(std::span<uint64_t> words) : words_(words) {}

  uint64_t size() const { return words_.size_bytes(); }

  // The word at `address`, which must be in the memory; rounded down to a word.
  uint64_t Get(uint64_t address) const { return Order(At(address)); }
  void Put(uint64_t address, uint64_t word) const { At(address) = Order(word); }

  Loaded Load(Level /*level*/, EntryRef ref) const {
    if (ref.address() >= size()) return {0, Source::kNowhere};
    return {Get(ref.address()), Source::kTable};
  }

 private:
  static uint64_t Order(uint64_t word) {
    if constexpr (kOrder == std::endian::native) return word;
    return __builtin_bswap64(word);
  }
  uint64_t& At(uint64_t address) const {
    assert(address < size());
    return words_[address / sizeof(uint64_t)];
  }

  std::span<uint64_t> words_;
};

static_assert(ReadableMemory<Ram<std::endian::big>>);

}  // namespace pxdfuzz::hardware

#endif  // PXDFUZZ_TESTS_HARDWARE_RAM_H_
