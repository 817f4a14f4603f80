// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REFERENCE_TRANSLATE_H_
#define PXDFUZZ_REFERENCE_TRANSLATE_H_

#include <cstdint>

#include "pxdfuzz/memory/memory.h"
#include "pxdfuzz/paging/entry_ref.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/manual.h"

namespace pxdfuzz {

// The hardware's translation of one address.
struct Translation {
  // 0, or the architecture's exception code (A::Manual::CodeName).
  uint16_t code = 0;
  // Absolute address; 0 if there is none.
  uint64_t physical = 0;
  // Whether a store is refused.
  bool is_protected = false;
  // Whether any entry was read, and the last one that was: its level, where it
  // is and its value. A leaf that the hardware may not use (invalid, or
  // protected) is the last entry read, so callers can ask how Linux interprets
  // it.
  bool fetched = false;
  Level level = Level::kPte;
  EntryRef ref;
  uint64_t entry = 0;

  friend constexpr bool operator==(const Translation&,
                                   const Translation&) = default;
};

enum class Access : uint8_t { kFetch, kStore };

// Translates `address` as the hardware does: one address at a time, from the
// real root, by the rules of `manual` (an A::Manual made for this address
// space, used for one address). `on_fetch(level, ref, entry)` sees each entry
// read. This is the reference: it shares no code with walks.
template <class Manual, ReadableMemory M, class OnFetch>
constexpr Translation Translate(Manual manual, const M& memory,
                                uint64_t address, Access access,
                                OnFetch&& on_fetch) {
  Translation result;
  ManualStep step = manual.Start(address);
  while (step.kind == ManualStep::Kind::kFetch) {
    const EntryRef ref = EntryRef::InTable(step.address);
    const Loaded loaded = memory.Load(step.level, ref);
    if (loaded.source == Source::kNowhere) {
      step = ManualStep::Exception(Manual::kNotInStorage);
      break;
    }
    on_fetch(step.level, ref, loaded.value);
    result.fetched = true;
    result.level = step.level;
    result.ref = ref;
    result.entry = loaded.value;
    step = manual.Next(step.level, loaded.value, address);
  }
  result.is_protected = manual.is_protected();
  if (step.kind == ManualStep::Kind::kException) {
    result.code = step.code;
  } else if (access == Access::kStore && result.is_protected) {
    result.code = Manual::kStoreToProtected;
  } else {
    result.physical = step.address;
  }
  return result;
}

template <class Manual, ReadableMemory M>
constexpr Translation Translate(const Manual& manual, const M& memory,
                                uint64_t address,
                                Access access = Access::kFetch) {
  return Translate(manual, memory, address, access,
                   [](Level, EntryRef, uint64_t) {});
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_REFERENCE_TRANSLATE_H_
