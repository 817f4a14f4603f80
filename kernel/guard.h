// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_KERNEL_GUARD_H_
#define PXDFUZZ_KERNEL_GUARD_H_

#include <cstdint>

#include "kernel/kernel_walk.h"

namespace pxdfuzz {

// How a run of kernel text ended.
enum class Ended : uint8_t {
  kReturned,
  kFault,  // it touched what is not mapped
  kBug,    // it hit a BUG()
};

// Runs the fast walk of `kernel`. A fault inside it, or a BUG(), ends the walk
// and nothing else; its reads until then are in `walk`. One at a time in a
// process. The handlers of faults elsewhere stay what they were.
Ended RunGuarded(const pxd_kernel& kernel, pxd_walk& walk);

// The same for perf_get_pgtable_size(), which the tree has.
Ended PageSizeGuarded(const pxd_kernel& kernel, pxd_walk& walk,
                      uint64_t address, uint64_t& size);

// Ends the walk that is running as a fault: to be called from what it calls.
[[noreturn]] void EndInFault();

// Whether kernel text is running, for those who report a crash.
bool InKernelText();

// Has the address sanitizer call `tell` when it has reported an error, before
// it ends the process.
void WhenSanitizerEnds(void (*tell)());

}  // namespace pxdfuzz

#endif  // PXDFUZZ_KERNEL_GUARD_H_
