// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_KERNEL_SLICE_PLAIN_READS_H_
#define PXDFUZZ_KERNEL_SLICE_PLAIN_READS_H_

#include <span>
#include <string>
#include <string_view>

namespace pxdfuzz::slice {

// In functions of `files`, has reads *p of preprocessed code call
// pxd_plain_read() (shim/custom.h) before them, which notes those of page table
// entries: READ_ONCE() does so itself, and nothing else of C can be replaced by
// a macro. Line numbers stay. What only computes an address or a type, such as
// &*p, is no read. Not found: p[i], p->x, and casts (type)*p.
std::string NotePlainReads(std::string_view text,
                           std::span<const std::string_view> files);

}  // namespace pxdfuzz::slice

#endif  // PXDFUZZ_KERNEL_SLICE_PLAIN_READS_H_
