// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_PAGING_LEAF_H_
#define PXDFUZZ_PAGING_LEAF_H_

#include <array>
#include <cstdint>
#include <string_view>

namespace pxdfuzz {

// The permissions of a page, as for mmap() and mprotect().
enum class Permission : uint8_t { kNone, kRead, kReadWrite };

// The state of a mapped page, in Linux's terms. Each architecture encodes it
// differently.
struct LeafState {
  Permission permission = Permission::kReadWrite;
  bool young = true;     // was accessed; else old
  bool dirty = true;     // was written; else clean
  bool special = false;  // no struct page behind it
  // A large leaf after pmdp_invalidate(), the first step of splitting or moving
  // it. Only concurrent operations make such leaves.
  bool invalid = false;
  // Not for user mode: present without the user bit.
  bool kernel = false;
  // arm64: for user mode to execute. With Permission::kNone, execute-only.
  bool exec = false;
  // s390, x86-64: nobody may execute it.
  bool noexec = false;
  // x86-64: how the page is cached, by three bits.
  bool pwt = false;
  bool pcd = false;
  bool pat = false;
  // arm64, x86-64: of device memory with struct pages, which belong to a driver
  // (struct dev_pagemap).
  bool devmap = false;
  // arm64: one of a block of page entries that map consecutive pages, which the
  // hardware may cache as one entry (PTE_CONT). Linux writes whole blocks, and
  // unfolds a block before it changes a part of it.
  bool contiguous = false;
  // x86-64: the protection key, 0 to 15.
  uint8_t key = 0;

  friend constexpr bool operator==(const LeafState&,
                                   const LeafState&) = default;
};

// The attributes of leaves but keys, which version 1 of the case format does
// not have, with the words and the bits that stand for them in version 2.
struct LeafAttribute {
  std::string_view name;
  bool LeafState::* member;
  uint16_t bit;
};
inline constexpr std::array<LeafAttribute, 8> kLeafAttributes = {{
    {"kernel", &LeafState::kernel, 1 << 0},
    {"exec", &LeafState::exec, 1 << 1},
    {"noexec", &LeafState::noexec, 1 << 2},
    {"pwt", &LeafState::pwt, 1 << 3},
    {"pcd", &LeafState::pcd, 1 << 4},
    {"pat", &LeafState::pat, 1 << 5},
    {"devmap", &LeafState::devmap, 1 << 6},
    {"contiguous", &LeafState::contiguous, 1 << 7},
}};

// All attributes of a leaf, the key from bit 8 up, as one number, 0 for none;
// and the inverse.
constexpr uint16_t AttributesOf(const LeafState& state) {
  auto number = static_cast<uint16_t>(state.key << 8);
  for (const LeafAttribute& attribute : kLeafAttributes) {
    if (state.*attribute.member) number |= attribute.bit;
  }
  return number;
}
constexpr void SetAttributes(uint16_t number, LeafState& state) {
  for (const LeafAttribute& attribute : kLeafAttributes) {
    state.*attribute.member = (number & attribute.bit) != 0;
  }
  state.key = number >> 8 & 15;
}

// Whether a thread with those rights may not use pages of a protection key: the
// lower half of PKRU, with 2 bits for each of keys 0 to 7, which disable all
// use and writing. Others are not restricted.
constexpr bool KeyForbids(uint16_t pkru, uint8_t key, bool write) {
  if (key >= 8) return false;
  const int bits = pkru >> (2 * key) & 3;
  return (bits & 1) != 0 || (write && bits != 0);
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_PAGING_LEAF_H_
