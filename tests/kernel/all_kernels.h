// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_KERNEL_ALL_KERNELS_H_
#define PXDFUZZ_TESTS_KERNEL_ALL_KERNELS_H_

#include <span>
#include <string_view>
#include <vector>

#include "kernel/kernel_walk.h"
#include "pxdfuzz/engine/run.h"

namespace pxdfuzz {

// Every kernel code that was built.
std::span<const pxd_kernel* const> AllKernels();

// All of that variant, or those of one architecture if it is named.
inline std::vector<const pxd_kernel*> FindKernels(std::string_view variant,
                                                  std::string_view arch = "") {
  std::vector<const pxd_kernel*> kernels;
  for (const pxd_kernel* kernel : AllKernels()) {
    if (kernel->variant != variant) continue;
    if (arch.empty() || kernel->arch == arch) kernels.push_back(kernel);
  }
  return kernels;
}

// The first of that architecture and variant, or null.
inline const pxd_kernel* FindKernel(std::string_view arch,
                                    std::string_view variant) {
  for (const pxd_kernel* kernel : AllKernels()) {
    if (kernel->arch == arch && kernel->variant == variant) return kernel;
  }
  return nullptr;
}

// The reads, without the events between them.
inline std::vector<Event> ReadsIn(const Recording& run) {
  std::vector<Event> reads;
  for (const Event& event : run.events) {
    if (event.is_read()) reads.push_back(event);
  }
  return reads;
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TESTS_KERNEL_ALL_KERNELS_H_
