// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_MUTANTS_WORLDS_H_
#define PXDFUZZ_TESTS_MUTANTS_WORLDS_H_

#include <optional>
#include <vector>

#include "pxdfuzz/exhaust/exhaust.h"
#include "pxdfuzz/paging/policy.h"
#include "tests/mutants/planted.h"

namespace pxdfuzz::mutants {

// The results of small worlds for a planted bug.
struct Shown {
  Info info;
  // The first world that shows it, if any: the fewest levels, then the first
  // walk, then the shortest range.
  std::optional<WorldWitness> witness;
  // Worlds explored until then, or in total.
  uint64_t behaviours = 0;
};

// Ranges of at most this many pages; with 1 index bit a table has 2 entries.
inline constexpr uint64_t kWorldPages = 4;

// Plants M, a bug in TinyS390<1>.
template <class M>
Shown LookInWorlds() {
  Shown shown{.info = M::kInfo};
  for (int levels = M::kMinLevels; levels <= M::kMaxLevels; ++levels) {
    for (const Policy& policy : kAllWalks) {
      const ExhaustResult result = Exhaust<M>(
          levels, policy, {.pages = kWorldPages, .stop_at_finding = true});
      shown.behaviours += result.behaviours;
      if (!result.finding().has_value()) continue;
      shown.witness = result.finding();
      return shown;
    }
  }
  return shown;
}

std::vector<Shown> KernelBugsInWorlds();
std::vector<Shown> OtherBugsInWorlds();

}  // namespace pxdfuzz::mutants

#endif  // PXDFUZZ_TESTS_MUTANTS_WORLDS_H_
