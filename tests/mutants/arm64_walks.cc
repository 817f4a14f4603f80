// SPDX-License-Identifier: MIT

#include "pxdfuzz/arch/arm64.h"
#include "tests/mutants/lists.h"
#include "tests/mutants/planted_walks.h"
#include "tests/mutants/run_planted.h"

namespace pxdfuzz::mutants {

std::vector<PlantedWalk> Arm64Walks() {
  std::vector<PlantedWalk> list;
  Arm64KernelBugs::Visit<Arm64Page16K>([&list]<class A>() {
    list.push_back({.info = A::kInfo, .arm64 = &RunPlanted<A>});
  });
  return list;
}

std::vector<PlantedWalk> Arm64CodeWalks() {
  std::vector<PlantedWalk> list;
  CodeBugs::Visit<Arm64Page16K>([&list]<class A>() {
    list.push_back({.info = A::kInfo, .arm64 = &RunPlanted<A>});
  });
  return list;
}

}  // namespace pxdfuzz::mutants
