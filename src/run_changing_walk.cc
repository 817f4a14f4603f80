// SPDX-License-Identifier: MIT

#include "pxdfuzz/arches.h"
#include "pxdfuzz/changing_memory.h"
#include "pxdfuzz/race_trace.h"
#include "pxdfuzz/run_walk.h"
#include "pxdfuzz/walk.h"

namespace pxdfuzz {

size_t RunChangingWalk(const WalkSite& site, History& history, Policy policy,
                       const Request& request, std::span<uint64_t> pages,
                       std::span<uint8_t> grabbed, Marks& marks) {
  size_t count = 0;
  VisitArch(site.space.arch, [&]<class A>() {
    const Geometry geometry = A::GeometryOf(site.space.levels);
    ChangingMemory memory(site.arena, geometry, site.stack, history);
    RaceTrace trace(
        memory,
        A::KnownRaces(policy, site.space.levels).Contains(Cause::kStuck),
        grabbed);
    Walk<typename A::Kernel, ChangingMemory, RaceTrace, GupFastText> walk(
        typename A::Kernel(site.space.levels), policy, memory, trace);
    count = walk.Run(memory.root(), request.start,
                     request.start + request.pages * geometry.page_size(),
                     request.write, pages);
    marks = trace.marks();
  });
  return count;
}

}  // namespace pxdfuzz
