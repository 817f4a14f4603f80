// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_PAGING_PAGE_KIND_H_
#define PXDFUZZ_PAGING_PAGE_KIND_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pxdfuzz {

// What is behind a frame, as far as a walk asks its struct page. A large page
// is a hugetlb page at pud, and at pmd where the configuration has no
// transparent huge pages.
enum class PageKind : uint8_t {
  kAnonymous,        // anonymous and exclusive: of one process
  kSharedAnonymous,  // anonymous and shared since fork(), or by KSM
  kFile,             // of a file system
  kShmem,            // of tmpfs
  kZero,             // the zero page
  kSecretmem,        // of memfd_secret()
  kNoMapping,        // page->mapping is NULL, as of pages that a driver maps
  kMovable,          // anonymous and exclusive, in ZONE_MOVABLE or CMA
};

inline constexpr size_t kPageKindCount = 8;

constexpr std::string_view Name(PageKind kind) {
  constexpr std::array<std::string_view, kPageKindCount> kNames = {
      "anonymous", "shared-anonymous", "file",       "shmem",
      "zero",      "secretmem",        "no-mapping", "movable"};
  return kNames[static_cast<size_t>(kind)];
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_PAGING_PAGE_KIND_H_
