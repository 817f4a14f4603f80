// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_PAGING_ENTRY_REF_H_
#define PXDFUZZ_PAGING_ENTRY_REF_H_

#include <cstdint>

#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/paging/level.h"

namespace pxdfuzz {

inline constexpr uint64_t kEntrySize = sizeof(uint64_t);

// Where an entry is: in a table, or around a local copy on the walk's
// stack. This is the model's `pXd_t *`. Moving it is always legal, as in C;
// memory finds out what it leads to when it is read.
//
// A ref in a table is a physical address. A ref to a copy is an address on the
// simulated stack, and remembers the copy from which it was made, by the level
// of the entry.
class EntryRef {
 public:
  constexpr EntryRef() = default;

  static constexpr EntryRef InTable(uint64_t physical) {
    return EntryRef(physical, kTable);
  }
  // `stack_address` is where the copy of `level`'s entry is.
  static constexpr EntryRef OfCopy(Level level, uint64_t stack_address) {
    return EntryRef(stack_address, static_cast<uint8_t>(level));
  }

  constexpr bool in_table() const { return copy_of_ == kTable; }
  // The level of the copied entry. Only for a ref that is not in a table.
  constexpr Level copy_of() const { return static_cast<Level>(copy_of_); }
  // Physical address, or address on the simulated stack.
  constexpr uint64_t address() const { return address_; }
  // Whether it was made from the address of a copy and then aligned to another
  // address. If it moves on and reaches the copy by chance, it is still no
  // pointer to the copy.
  constexpr bool realigned() const { return realigned_; }

  // `pXdp + entries`.
  constexpr EntryRef Plus(uint64_t entries) const {
    return EntryRef(WrappingAdd(address_, WrappingMul(entries, kEntrySize)),
                    copy_of_, realigned_);
  }
  // `pXdp++`.
  constexpr EntryRef Next() const { return Plus(1); }
  // The first entry of the `bytes`-aligned block that contains this one.
  // `bytes` is a power of two.
  constexpr EntryRef AlignDown(uint64_t bytes) const {
    const uint64_t aligned = address_ & ~(bytes - 1);
    return EntryRef(aligned, copy_of_,
                    realigned_ || (!in_table() && aligned != address_));
  }

  friend constexpr bool operator==(const EntryRef&, const EntryRef&) = default;

 private:
  static constexpr uint8_t kTable = 0xff;

  constexpr EntryRef(uint64_t address, uint8_t copy_of, bool realigned = false)
      : address_(address), copy_of_(copy_of), realigned_(realigned) {}

  uint64_t address_ = 0;
  uint8_t copy_of_ = kTable;
  bool realigned_ = false;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_PAGING_ENTRY_REF_H_
