// SPDX-License-Identifier: MIT

#include "pxdfuzz/walk/run_walk.h"

#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/memory/arena_memory.h"
#include "pxdfuzz/walk/walk.h"

namespace pxdfuzz {

size_t RunWalk(const WalkSite& site, Policy policy, const Request& request,
               std::span<uint64_t> pages, Marks& marks) {
  size_t count = 0;
  VisitArch(site.space.arch, [&]<class A>() {
    const Geometry geometry = A::GeometryOf(site.space.levels);
    ArenaMemory memory(site.arena, geometry, site.stack);
    const bool gets_stuck =
        A::KnownDefect(policy, site.space.levels) == Cause::kStuck;
    MarkTrace trace(memory, gets_stuck);
    Walk walk(typename A::Kernel(site.space.levels), policy, memory, trace);
    count = walk.Run(site.root, request.start,
                     request.start + request.pages * geometry.page_size(),
                     request.write, pages);
    marks = trace.marks();
  });
  return count;
}

}  // namespace pxdfuzz
