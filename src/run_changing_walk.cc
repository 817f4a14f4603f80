// SPDX-License-Identifier: MIT

#include "pxdfuzz/arches.h"
#include "pxdfuzz/changing_walk.h"
#include "pxdfuzz/run_walk.h"

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
