// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_WALK_CHANGING_WALK_H_
#define PXDFUZZ_WALK_CHANGING_WALK_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/tables/changing_memory.h"
#include "pxdfuzz/walk/race_trace.h"
#include "pxdfuzz/walk/run_walk.h"
#include "pxdfuzz/walk/walk.h"

namespace pxdfuzz {

// What RunChangingWalk() does, for an architecture type and a text of the walk.
template <class A, class Text = GupFastText>
size_t WalkWhileChanging(const WalkSite& site, History& history, Policy policy,
                         const Request& request, std::span<uint64_t> pages,
                         std::span<uint8_t> grabbed, Marks& marks) {
  const Geometry geometry = A::GeometryOf(site.space.levels);
  ChangingMemory memory(site.arena, geometry, site.stack, history);
  const Causes known = A::KnownRaces(policy, site.space.levels);
  RaceTrace trace(memory, known.Contains(Cause::kStuck), grabbed);
  Walk<typename A::Kernel, ChangingMemory, RaceTrace, Text> walk(
      typename A::Kernel(site.space.levels), policy, memory, trace);
  const size_t count =
      walk.Run(memory.root(), request.start,
               request.start + request.pages * geometry.page_size(),
               request.write, pages);
  marks = trace.marks();
  return count;
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_WALK_CHANGING_WALK_H_
