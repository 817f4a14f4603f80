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

// As pxdfuzz::RunWalk, on walks that have a bug. Such a walk need not end: it
// is cut off after more turns than any request takes, which is a fault from its
// first page on.
using WalkFunction = void (*)(const WalkSite&, Policy, const Request&,
                              WalkRun&);

struct PlantedWalk {
  Info info;
  // Null where an architecture's walks have not the bug.
  WalkFunction s390 = nullptr;
  WalkFunction x86 = nullptr;
  WalkFunction arm64 = nullptr;
};

// Walks that have a bug of an architecture's own, in the order of lists.h; and
// the walks of an architecture that have the bugs of the text. As with RunWalk,
// these are the places where they are compiled for fuzzing.
std::vector<PlantedWalk> S390Walks();
std::vector<PlantedWalk> X86Walks();
std::vector<PlantedWalk> Arm64Walks();
std::vector<PlantedWalk> S390TextWalks();
std::vector<PlantedWalk> X86TextWalks();
std::vector<PlantedWalk> Arm64TextWalks();

// Walks that have none, run as those that have: nothing may find it.
PlantedWalk UnplantedWalk();

}  // namespace pxdfuzz::mutants

#endif  // PXDFUZZ_TESTS_MUTANTS_PLANTED_WALKS_H_
