// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_KERNEL_TARGET_H_
#define PXDFUZZ_KERNEL_TARGET_H_

#include <cstdint>
#include <span>

#include "kernel/judge.h"
#include "kernel/kernel_walk.h"

namespace pxdfuzz {

// A fuzz target that runs kernel code: judges one input with each of `kernels`
// that takes its paging mode, and aborts where there is a finding. What a tree
// is known to do (known_findings.h) is counted. PXDFUZZ_KERNEL=NAME[,NAME...]
// leaves the others out.
void RunKernelTarget(std::span<const uint8_t> input,
                     std::span<const pxd_kernel* const> kernels,
                     KernelTrial trial, Waivers waivers = Waivers::kNone);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_KERNEL_TARGET_H_
