// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_PAGING_LEAF_H_
#define PXDFUZZ_PAGING_LEAF_H_

#include <cstdint>

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

  friend constexpr bool operator==(const LeafState&,
                                   const LeafState&) = default;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_PAGING_LEAF_H_
