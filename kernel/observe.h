// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_KERNEL_OBSERVE_H_
#define PXDFUZZ_KERNEL_OBSERVE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "kernel/answer.h"
#include "kernel/judge.h"
#include "kernel/kernel_walk.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/paging/space.h"

namespace pxdfuzz {

KernelText TextOf(const pxd_kernel& kernel);

// What the kernel text of `judge` does with one request of `c`, which is of a
// space that it takes: judges it by itself and tells what it returned, what it
// read, and what the judge says of it. Where there is a finding it is that of
// the very run that is told: what lies on the stack is another thing each time.
KernelAnswer Observe(KernelJudge& judge, const Case& c, size_t request);

// What the walk that ran last read. `faulted`: it ended in a fault, or the
// process is about to end, in the last of these reads.
std::vector<KernelRead> ReadsOf(const KernelJudge& judge, bool faulted = true);

// What happened between those reads, if the tables of its case change.
std::vector<KernelEvent> EventsOf(const KernelJudge& judge);

// The name of a finding that no judge could make: a sanitizer ended the
// process in kernel text. "kernel-6.1-s390.s390-3.sanitizer".
std::string SanitizerFinding(const pxd_kernel& kernel, Space space);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_KERNEL_OBSERVE_H_
