// SPDX-License-Identifier: MIT

#include "pxdfuzz/arch/s390.h"
#include "tests/mutants/lists.h"
#include "tests/mutants/planted_walks.h"
#include "tests/mutants/run_planted.h"

namespace pxdfuzz::mutants {

std::vector<PlantedWalk> S390Walks() {
  std::vector<PlantedWalk> list;
  const auto add = [&list]<class A>() {
    list.push_back({.info = A::kInfo, .s390 = &RunPlanted<A>});
  };
  S390KernelBugs::Visit<S390>(add);
  S390AttributeBugs::Visit<S390>(add);
  return list;
}

std::vector<PlantedWalk> S390CodeWalks() {
  std::vector<PlantedWalk> list;
  CodeBugs::Visit<S390>([&list]<class A>() {
    list.push_back({.info = A::kInfo, .s390 = &RunPlanted<A>});
  });
  return list;
}

PlantedWalk UnplantedWalk() {
  return {.info = {.name = "no-bug", .says = "The walk as it is."},
          .s390 = &RunPlanted<S390>};
}

}  // namespace pxdfuzz::mutants
