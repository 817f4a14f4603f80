// SPDX-License-Identifier: MIT

#include "pxdfuzz/arch/x86.h"
#include "tests/mutants/lists.h"
#include "tests/mutants/planted_walks.h"
#include "tests/mutants/run_planted.h"

namespace pxdfuzz::mutants {

std::vector<PlantedWalk> X86Walks() {
  std::vector<PlantedWalk> list;
  X86KernelBugs::Visit<X86>([&list]<class A>() {
    list.push_back({.info = A::kInfo, .x86 = &RunPlanted<A>});
  });
  return list;
}

std::vector<PlantedWalk> X86CodeWalks() {
  std::vector<PlantedWalk> list;
  CodeBugs::Visit<X86>([&list]<class A>() {
    list.push_back({.info = A::kInfo, .x86 = &RunPlanted<A>});
  });
  return list;
}

}  // namespace pxdfuzz::mutants
