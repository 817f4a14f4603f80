// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_KERNEL_OBSERVE_H_
#define PXDFUZZ_KERNEL_OBSERVE_H_

#include <cstddef>

#include "kernel/answer.h"
#include "kernel/judge.h"
#include "kernel/kernel_walk.h"
#include "pxdfuzz/case.h"

namespace pxdfuzz {

KernelText TextOf(const pxd_kernel& kernel);

// What the kernel text of `judge` does with one request of `c`, which is of a
// space that it takes: runs it once more, by itself, and tells what it
// returned, what it read, and what the judge says of it.
KernelAnswer Observe(KernelJudge& judge, const Case& c, size_t request);

// What the walk that is running, or ran last, read.
std::vector<KernelRead> ReadsOf(const KernelJudge& judge);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_KERNEL_OBSERVE_H_
