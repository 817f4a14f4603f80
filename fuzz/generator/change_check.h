// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_FUZZ_GENERATOR_CHANGE_CHECK_H_
#define PXDFUZZ_FUZZ_GENERATOR_CHANGE_CHECK_H_

#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/tables/arch_arenas.h"
#include "pxdfuzz/tables/timeline.h"

namespace pxdfuzz {

// Asks of drawn cases whether Linux would do their concurrent operations. One
// object serves any number of cases, and nothing of one outlives it.
class ChangeCheck {
 public:
  // What an operation of `c`, which is canonical and not empty, does that Linux
  // never does. Nothing is said of tables that are malformed to begin with.
  Inconclusive Ask(const Case& c);

 private:
  const ArchArenas arenas_ = ArchArenas::For<Architectures>();
  Timeline timeline_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_FUZZ_GENERATOR_CHANGE_CHECK_H_
