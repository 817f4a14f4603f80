// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_WALK_RUN_WALK_H_
#define PXDFUZZ_WALK_RUN_WALK_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/memory/arena.h"
#include "pxdfuzz/memory/arena_memory.h"
#include "pxdfuzz/memory/stack.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/tables/changing_memory.h"
#include "pxdfuzz/tables/timeline.h"
#include "pxdfuzz/walk/trace.h"
#include "pxdfuzz/walk/walk.h"

namespace pxdfuzz {

// What a walk is run on: the tables in an arena, their snapshots, and the stack
// around the walk's local copies. All must outlive the object.
struct WalkSite {
  PagingMode mode;
  const Arena& arena;
  // At snapshot 0 when a walk begins, and at the walk's last snapshot when it
  // ends.
  Timeline& timeline;
  const Stack& stack;
};

// What a walk did.
struct WalkRun {
  // Room for the pages of the request, and for the snapshot at which each
  // page's reference was taken.
  std::span<uint64_t> pages;
  std::span<uint8_t> grabbed;
  // How many pages the walk returned, which may be more than fit.
  size_t count = 0;
  FirstViolations violations;
};

// The implementation of RunWalk(), for an architecture type and code of the
// walk. In tables with one snapshot the recheck cannot see a change, so
// `StillCode` leaves it out.
template <class A, class Code = GupFastCode, class StillCode = GupCode>
void RunWalkOf(const WalkSite& site, Policy policy, const Request& request,
               WalkRun& run) {
  const Geometry geometry = A::GeometryOf(site.mode.levels);
  const bool looks_for_wrong_entry =
      A::ExpectedFailures(policy, site.mode.levels)
          .Contains(Cause::kWrongEntry);
  const uint64_t end = request.start + request.pages * geometry.page_size();
  const typename A::Kernel kernel(site.mode.levels);
  if (site.timeline.count() == 1) {
    ArenaMemory memory(site.arena, geometry, site.stack);
    ViolationTrace trace(memory, looks_for_wrong_entry);
    Walk<typename A::Kernel, ArenaMemory, ViolationTrace<ArenaMemory>,
         StillCode>
        walk(kernel, policy, memory, trace);
    run.count = walk.Run(EntryRef::InTable(site.timeline.top(0).root),
                         request.start, end, request.write, run.pages);
    run.violations = trace.violations();
    return;
  }
  ChangingMemory memory(site.arena, geometry, site.stack, site.timeline);
  ViolationTrace trace(memory, looks_for_wrong_entry, run.grabbed);
  Walk<typename A::Kernel, ChangingMemory, ViolationTrace<ChangingMemory>, Code>
      walk(kernel, policy, memory, trace);
  run.count =
      walk.Run(memory.root(), request.start, end, request.write, run.pages);
  run.violations = trace.violations();
}

// Runs the walk `policy` for `request`, which must be permitted. Computes
// `run.violations.wrong_entry` if the walk is expected to read a wrong entry.
// Walks for fuzzing are compiled only here, so that coverage counts them once
// and counts nothing else.
void RunWalk(const WalkSite& site, Policy policy, const Request& request,
             WalkRun& run);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_WALK_RUN_WALK_H_
