// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_KERNEL_GUARD_H_
#define PXDFUZZ_KERNEL_GUARD_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/kernel_walk.h"
#include "pxdfuzz/engine/run.h"

namespace pxdfuzz {

// Runs the fast walk of `kernel`. A fault inside it, a BUG(), an endless loop
// or recursion, or a stack overflow ends only the walk; its reads until then
// are in `walk`. One walk at a time per process. Handlers of other faults do
// not change.
//
// A walk is kEndless if it reads entries or takes references more often than
// PXD_ENDLESS, or, if it does neither, uses one second of CPU time.
RunEnd RunGuarded(const pxd_kernel& kernel, pxd_walk& walk);

// The same for perf_get_pgtable_size(), which the tree must have.
RunEnd PageSizeGuarded(const pxd_kernel& kernel, pxd_walk& walk,
                       uint64_t address, uint64_t& size);

// The same for `permitted`, which the architecture has. A run that does not
// return has begun to walk: that request is permitted.
RunEnd PermittedGuarded(const pxd_kernel& kernel, int levels, uint64_t start,
                        uint64_t pages, bool& permitted);

// Ends the walk that is running as a fault: to be called from what it calls.
[[noreturn]] void EndInFault();

// What the walk has reached that ended last as kTrap, if it was not asked for
// since: a function without definition, or inline assembly. Else null.
const char* TakeTrap();

// Whether kernel code is running, for those who report a crash.
bool InKernelCode();

// Makes AddressSanitizer call `report` after it has reported an error, before
// it ends the process.
void WhenSanitizerEnds(void (*report)());

// Room for the pages that a walk returns, at most `count`. A write beyond its
// end is a fault. Aborts if there is no memory.
class PageRoom {
 public:
  explicit PageRoom(size_t count);
  ~PageRoom();
  PageRoom(const PageRoom&) = delete;
  PageRoom& operator=(const PageRoom&) = delete;

  std::span<uint64_t> pages() const { return pages_; }

 private:
  void* memory_;
  size_t size_;  // of the memory, in bytes
  std::span<uint64_t> pages_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_KERNEL_GUARD_H_
