// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CASE_CANONICALIZE_H_
#define PXDFUZZ_SRC_CASE_CANONICALIZE_H_

#include <cstdint>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/case/table_op.h"
#include "pxdfuzz/paging/paging_mode_info.h"

namespace pxdfuzz {

// The bits of a frame's number.
inline constexpr uint64_t kFrameMask = 0xffff'ffff;

// The least number with which a further concurrent operation of `c` may wait
// for that moment: that of the last one that waits for it.
uint16_t LeastNumber(const Case& c, Moment moment);

// Makes of a range of pages one that the paging mode has.
void CanonicalizePages(PageRange& pages, const PagingModeInfo& info);

// Makes of an operation one that the paging mode has.
void CanonicalizeOp(TableOp& op, const PagingModeInfo& info);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CASE_CANONICALIZE_H_
