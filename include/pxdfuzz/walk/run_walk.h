// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_WALK_RUN_WALK_H_
#define PXDFUZZ_WALK_RUN_WALK_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/memory/arena.h"
#include "pxdfuzz/memory/stack.h"
#include "pxdfuzz/paging/entry_ref.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/paging/space.h"
#include "pxdfuzz/tables/changes.h"
#include "pxdfuzz/walk/trace.h"

namespace pxdfuzz {

// What a walk is run on: tables that stand in an arena, and the stack around
// the walk's local copies. All outlive the object.
struct WalkSite {
  Space space;
  const Arena& arena;
  EntryRef root;
  const Stack& stack;
};

// Runs the walk `policy` for `request`, which is permitted. Pages go to
// `pages`; returns how many there are, which may be more than fit.
// `marks.stuck` is looked for where the walk is known to get stuck. This is the
// one place where walks are compiled for fuzzing, so that coverage counts them
// once and counts nothing else.
size_t RunWalk(const WalkSite& site, Policy policy, const Request& request,
               std::span<uint64_t> pages, Marks& marks);

// The same with the last check, while the tables change as `history` says,
// which is at version 0 before. Where it is afterwards is what the walk has
// seen. `grabbed` gets the version at which each page's reference was taken.
size_t RunChangingWalk(const WalkSite& site, History& history, Policy policy,
                       const Request& request, std::span<uint64_t> pages,
                       std::span<uint8_t> grabbed, Marks& marks);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_WALK_RUN_WALK_H_
