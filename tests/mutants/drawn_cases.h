// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_MUTANTS_DRAWN_CASES_H_
#define PXDFUZZ_TESTS_MUTANTS_DRAWN_CASES_H_

#include <cstdint>
#include <optional>

#include "fuzz/generator/generator.h"
#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/base/rng.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/paging/paging_mode_info.h"
#include "tests/mutants/catalog.h"

namespace pxdfuzz::mutants {

// Cases of a bug's architecture, generated as for the fuzz targets.
class DrawnCases {
 public:
  DrawnCases(uint64_t seed, const Mutant& mutant)
      : rng_(seed),
        arch_(mutant.arch),
        raw_(mutant.where == Mutant::Where::kManual) {}

  Case Draw() {
    Generator generator(rng_, InfoOf(DrawPagingMode()));
    Case c = generator.DrawCase();
    if (!raw_) {
      if (rng_.Chance(1, 4) && !c.setup.empty()) {
        generator.AddAttribute(c.setup[0], c);
        Canonicalize(c);
      }
      return c;
    }
    do {
      generator.AddPoke(c.requests[0], c);
    } while (rng_.Chance(3, 4));
    Canonicalize(c);
    return c;
  }

 private:
  // Each architecture equally often, and each number of its levels.
  PagingMode DrawPagingMode() {
    PagingMode mode = {};
    mode.arch = arch_.value_or(
        rng_.Pick({ArchId::kS390, ArchId::kX86, ArchId::kArm64Page16K}));
    VisitArch(mode.arch, [&]<class A>() {
      mode.levels =
          static_cast<uint8_t>(rng_.Between(A::kMinLevels, A::kMaxLevels));
    });
    return mode;
  }

  Rng rng_;
  const std::optional<ArchId> arch_;
  const bool raw_;
};

}  // namespace pxdfuzz::mutants

#endif  // PXDFUZZ_TESTS_MUTANTS_DRAWN_CASES_H_
