// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_KERNEL_KNOWN_FINDINGS_H_
#define PXDFUZZ_KERNEL_KNOWN_FINDINGS_H_

#include <cstdint>
#include <string_view>

#include "kernel/kernel_walk.h"
#include "kernel/tree_entries.h"
#include "pxdfuzz/arch/s390.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/paging_mode.h"

namespace pxdfuzz {

// What kernel code is known to return although it should not, or not to return
// although it should. Each entry has a page in docs/findings/. It excuses one
// kind of leaf or page where the tree's own text says that it happens, and
// nothing else: all other pages must be right.
enum class KnownKernelFinding : uint8_t {
  kNone,
  // s390: a page of a PROT_NONE pte or segment leaf, on a read request.
  kProtNoneWithoutNuma,
  // s390: a page of a read-only region-third leaf, on a write request.
  kReadOnly2GWrite,
  // s390: where a page cannot be made accessible, the walk continues with the
  // next pmd entry.
  kInaccessiblePage,
  // A small page whose mapping is NULL is left to the slow path.
  kNullMapping,
  // Where no reference to a page of a large leaf of device memory can be taken,
  // one to its dev_pagemap is kept.
  kPagemapLeak,
};

inline constexpr KnownKernelFinding kKnownKernelFindings[] = {
    KnownKernelFinding::kProtNoneWithoutNuma,
    KnownKernelFinding::kReadOnly2GWrite, KnownKernelFinding::kInaccessiblePage,
    KnownKernelFinding::kNullMapping, KnownKernelFinding::kPagemapLeak};

constexpr std::string_view Name(KnownKernelFinding finding) {
  constexpr std::string_view kNames[] = {"none",
                                         "s390-protnone-without-numa-balancing",
                                         "s390-readonly-2g-write",
                                         "s390-inaccessible-page",
                                         "null-mapping-slow-path",
                                         "dev-pagemap-leak"};
  return kNames[static_cast<size_t>(finding)];
}

// Whether such code is known to have that finding, in an mm with that many
// levels. By what its helpers do and by the text of its walk, not by a version:
// of two trees of one version, one may have a repair.
inline bool IsExpected(KnownKernelFinding finding, const pxd_kernel& kernel,
                       const pxd_traits& traits, int levels) {
  const bool is_s390 = kernel.arch == Name(ArchId::kS390);
  switch (finding) {
    case KnownKernelFinding::kNone:
      break;
    case KnownKernelFinding::kProtNoneWithoutNuma:
      return is_s390 && !traits.tells_protnone;
    case KnownKernelFinding::kReadOnly2GWrite:
      return is_s390 && traits.writes_readonly_pud && levels > 2 &&
             ConfigurationHas(kernel, Level::kPud, {});
    case KnownKernelFinding::kInaccessiblePage:
      return is_s390 && kernel.keeps_access_error;
    case KnownKernelFinding::kNullMapping:
      return kernel.refuses_null_mapping;
    case KnownKernelFinding::kPagemapLeak:
      return kernel.leaks_pagemap &&
             ConfigurationHas(kernel, Level::kPmd, {.devmap = true});
  }
  return false;
}

// Which of them, if any, explains that code of those traits returns a page by
// an entry that the contract of `A` refuses.
//
//   entry   in the model's words
template <class A>
constexpr KnownKernelFinding WhyReturned(const pxd_traits& traits, Level level,
                                         uint64_t entry, bool write) {
  if constexpr (A::kId == ArchId::kS390) {
    using Mask = typename A::Mask;
    if (level == Level::kPud && write &&
        A::Contract::Allows(level, entry, false) &&
        traits.writes_readonly_pud && (entry & Mask::kLargeRead) != 0) {
      return KnownKernelFinding::kReadOnly2GWrite;
    }
    if (traits.tells_protnone || write) return KnownKernelFinding::kNone;
    // The same leaf with its read bit is one that may be returned.
    const uint64_t read = level == Level::kPte   ? Mask::kPageRead
                          : level == Level::kPmd ? Mask::kLargeRead
                                                 : 0;
    if (read != 0 && (entry & read) == 0 &&
        A::Contract::Allows(level, entry | read, false)) {
      return KnownKernelFinding::kProtNoneWithoutNuma;
    }
  }
  return KnownKernelFinding::kNone;
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_KERNEL_KNOWN_FINDINGS_H_
