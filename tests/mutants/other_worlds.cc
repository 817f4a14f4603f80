// SPDX-License-Identifier: MIT

#include "tests/mutants/lists.h"
#include "tests/mutants/worlds.h"

namespace pxdfuzz::mutants {

std::vector<Shown> OtherBugsInWorlds() {
  std::vector<Shown> list;
  const auto look = [&list]<class M>() { list.push_back(LookInWorlds<M>()); };
  CodeBugs::Visit<TinyS390<1>>(look);
  S390ContractBugs::Visit<TinyS390<1>>(look);
  return list;
}

}  // namespace pxdfuzz::mutants
