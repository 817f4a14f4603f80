// SPDX-License-Identifier: MIT

#include "pxdfuzz/oracle/compare.h"

#include <algorithm>

#include "pxdfuzz/oracle/oracle.h"

namespace pxdfuzz {

Finding FindingOf(const Case& c, const Verdict& verdict, size_t request,
                  size_t walk) {
  const WalkVerdict& wrong = verdict.requests[request].walks[walk];
  return {.mode = c.mode,
          .walk = Name(kAllWalks[walk]),
          .changing = !c.concurrent.empty(),
          .outcome = wrong.outcome,
          .level = wrong.level,
          .entry = wrong.entry,
          .request = request,
          .page = std::min<size_t>(wrong.first_difference,
                                   c.requests[request].pages - size_t{1}),
          .cause = wrong.waiver};
}

template class BasicOracle<Architectures, CompiledWalks>;

}  // namespace pxdfuzz
