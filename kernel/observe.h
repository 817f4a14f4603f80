// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_KERNEL_OBSERVE_H_
#define PXDFUZZ_KERNEL_OBSERVE_H_

#include <cstddef>
#include <string>

#include "kernel/judge.h"
#include "kernel/kernel_walk.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/engine/kernel_code.h"
#include "pxdfuzz/engine/protocol.h"
#include "pxdfuzz/engine/run.h"
#include "pxdfuzz/paging/paging_mode.h"

namespace pxdfuzz {

KernelCode CodeOf(const pxd_kernel& kernel);

// Judges one request of `c`, whose paging mode the kernel code of `judge` must
// support, and records a run: the one with the finding, if there is one,
// because the content of the stack differs between runs. A known finding that
// needs a failure is shown only if the request names the failure.
Answer Observe(KernelJudge& judge, const Case& c, size_t request);

// The walk that ran last and ended as `end`; `changing` says whether its tables
// changed. Of kFault and kSanitizer the last read may not have been done.
Recording RecordingOf(const KernelJudge& judge, bool changing, RunEnd end);

// A finding that no judge could make: a sanitizer ended the process in kernel
// code.
Finding SanitizerFinding(const pxd_kernel& kernel, PagingMode mode);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_KERNEL_OBSERVE_H_
