// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REFERENCE_REFERENCE_H_
#define PXDFUZZ_REFERENCE_REFERENCE_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "pxdfuzz/memory/memory.h"
#include "pxdfuzz/reference/translate.h"

namespace pxdfuzz {

// The pages that gup_fast is to return, one page at a time: the hardware's path
// to the leaf, and there the architecture's contract. Puts the physical
// addresses of at most pages.size() consecutive pages from `start` on into
// `pages`, up to the first that the contract does not give, and returns how
// many.
//
//   Contract   A's own, or an object that answers Allows(level, entry, write)
template <class A, Memory M, class Contract = typename A::Contract>
size_t ReferencePages(const typename A::Manual& manual, const M& memory,
                      uint64_t page_size, uint64_t start, bool write,
                      std::span<uint64_t> pages,
                      const Contract& contract = Contract()) {
  uint64_t address = start;
  for (size_t i = 0; i < pages.size(); ++i) {
    const Translation t = Translate(manual, memory, address);
    if (!t.fetched || !contract.Allows(t.level, t.entry, write)) return i;
    pages[i] = A::Manual::FrameAddress(t.level, t.entry, address);
    address += page_size;
  }
  return pages.size();
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_REFERENCE_REFERENCE_H_
