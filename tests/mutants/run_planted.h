// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_MUTANTS_RUN_PLANTED_H_
#define PXDFUZZ_TESTS_MUTANTS_RUN_PLANTED_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/memory/arena_memory.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/walk/run_walk.h"
#include "pxdfuzz/walk/trace.h"
#include "pxdfuzz/walk/walk.h"

namespace pxdfuzz::mutants {
namespace internal {

// Thrown during a walk that does not end.
struct Endless {};

class BoundedTrace {
 public:
  // Every page of the largest request as a page entry, and the same number
  // again for the levels above.
  static constexpr int kMostIterations = 4 * Case::kMaxPages;

  BoundedTrace(ArenaMemory& memory, bool looks_for_wrong_entry)
      : trace_(memory, looks_for_wrong_entry) {}

  void OnIteration(const Iteration& iteration) {
    if (++iterations_ > kMostIterations) throw Endless();
    trace_.OnIteration(iteration);
  }
  void OnReread(const Reread& reread) { trace_.OnReread(reread); }

  const FirstViolations& violations() const { return trace_.violations(); }

 private:
  ViolationTrace<ArenaMemory> trace_;
  int iterations_ = 0;
};

// A part of a range that claims to be longer than any request would be counted
// page by page: twice the maximum will do.
template <class Code>
struct BoundedCode : Code {
  static constexpr uint64_t PageCount(Level level, uint64_t address,
                                      uint64_t next, int page_shift) {
    return std::min(Code::PageCount(level, address, next, page_shift),
                    uint64_t{2 * Case::kMaxPages});
  }
};

template <class A>
struct CodeOf {
  using type = GupCode;
};
template <class A>
  requires requires { typename A::Code; }
struct CodeOf<A> {
  using type = typename A::Code;
};

}  // namespace internal

// Runs a walk of A, which may have a bug.
template <class A>
void RunPlanted(const WalkSite& site, Policy policy, const Request& request,
                WalkRun& run) {
  using Code = internal::BoundedCode<typename internal::CodeOf<A>::type>;
  const Geometry geometry = A::GeometryOf(site.mode.levels);
  ArenaMemory memory(site.arena, geometry, site.stack);
  internal::BoundedTrace trace(
      memory, A::ExpectedFailures(policy, site.mode.levels).InStillTables() ==
                  Cause::kWrongEntry);
  Walk<typename A::Kernel, ArenaMemory, internal::BoundedTrace, Code> walk(
      typename A::Kernel(site.mode.levels), policy, memory, trace);
  try {
    run.count =
        walk.Run(EntryRef::InTable(site.timeline.top(0).root), request.start,
                 request.start + request.pages * geometry.page_size(),
                 request.write, run.pages);
    run.violations = trace.violations();
  } catch (const internal::Endless&) {
    run.count = 0;
    run.violations = {.nowhere = 0};
  }
}

}  // namespace pxdfuzz::mutants

#endif  // PXDFUZZ_TESTS_MUTANTS_RUN_PLANTED_H_
