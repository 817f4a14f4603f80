// SPDX-License-Identifier: MIT

#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/walk/changing_walk.h"
#include "pxdfuzz/walk/run_walk.h"

namespace pxdfuzz {

size_t RunChangingWalk(const WalkSite& site, History& history, Policy policy,
                       const Request& request, std::span<uint64_t> pages,
                       std::span<uint8_t> grabbed, Marks& marks) {
  size_t count = 0;
  VisitArch(site.space.arch, [&]<class A>() {
    count = WalkWhileChanging<A>(site, history, policy, request, pages, grabbed,
                                 marks);
  });
  return count;
}

}  // namespace pxdfuzz
