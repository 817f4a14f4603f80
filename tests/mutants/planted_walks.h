// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_MUTANTS_PLANTED_WALKS_H_
#define PXDFUZZ_TESTS_MUTANTS_PLANTED_WALKS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/walk/run_walk.h"
#include "pxdfuzz/walk/trace.h"
#include "tests/mutants/planted.h"

namespace pxdfuzz::mutants {

// Like pxdfuzz::RunWalk, for walks with a bug. Such a walk need not end: after
// more iterations than any request takes it is stopped, which counts as a fault
// at its first page.
using WalkFunction = void (*)(const WalkSite&, Policy, const Request&,
                              WalkRun&);

struct PlantedWalk {
  Info info;
  // Null if an architecture's walks do not have the bug.
  WalkFunction s390 = nullptr;
  WalkFunction x86 = nullptr;
  WalkFunction arm64 = nullptr;
};

// Walks with a bug of one architecture, in the order of lists.h; and the walks
// of an architecture with the bugs of the generic code. As with RunWalk, this
// is where they are compiled for fuzzing.
std::vector<PlantedWalk> S390Walks();
std::vector<PlantedWalk> X86Walks();
std::vector<PlantedWalk> Arm64Walks();
std::vector<PlantedWalk> S390CodeWalks();
std::vector<PlantedWalk> X86CodeWalks();
std::vector<PlantedWalk> Arm64CodeWalks();

// Walks without a bug, run like those with one: nothing may find a difference.
PlantedWalk UnplantedWalk();

}  // namespace pxdfuzz::mutants

#endif  // PXDFUZZ_TESTS_MUTANTS_PLANTED_WALKS_H_
