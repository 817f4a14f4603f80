// SPDX-License-Identifier: MIT

#include "pxdfuzz/walk/run_walk.h"

#include "pxdfuzz/arch/arches.h"

namespace pxdfuzz {

void RunWalk(const WalkSite& site, Policy policy, const Request& request,
             WalkRun& run) {
  VisitArch(site.mode.arch,
            [&]<class A>() { RunWalkOf<A>(site, policy, request, run); });
}

}  // namespace pxdfuzz
