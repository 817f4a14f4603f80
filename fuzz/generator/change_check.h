// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_FUZZ_GENERATOR_CHANGE_CHECK_H_
#define PXDFUZZ_FUZZ_GENERATOR_CHANGE_CHECK_H_

#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/tables/arch_arenas.h"
#include "pxdfuzz/tables/timeline.h"

namespace pxdfuzz {

// Checks whether Linux would do the concurrent operations of generated cases.
// One object serves any number of cases and keeps no state between them.
class ChangeCheck {
 public:
  // The first thing in an operation of `c` that Linux never does. `c` is
  // canonical and not empty. Nothing if the tables are malformed from the
  // start.
  Inconclusive Ask(const Case& c);

 private:
  const ArchArenas arenas_ = ArchArenas::For<Architectures>();
  Timeline timeline_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_FUZZ_GENERATOR_CHANGE_CHECK_H_
