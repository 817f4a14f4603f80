// SPDX-License-Identifier: MIT

#include "tests/mutants/lists.h"
#include "tests/mutants/worlds.h"

namespace pxdfuzz::mutants {

std::vector<Shown> KernelBugsInWorlds() {
  std::vector<Shown> list;
  S390KernelBugs::Visit<TinyS390<1>>(
      [&list]<class M>() { list.push_back(LookInWorlds<M>()); });
  return list;
}

}  // namespace pxdfuzz::mutants
