// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_FUZZ_CHANGE_CHECK_H_
#define PXDFUZZ_FUZZ_CHANGE_CHECK_H_

#include <array>
#include <memory>

#include "pxdfuzz/arena.h"
#include "pxdfuzz/case.h"
#include "pxdfuzz/changes.h"

namespace pxdfuzz {

// Asks of drawn cases whether Linux would make their changes. One object serves
// any number of cases, and nothing of one outlives it.
class ChangeCheck {
 public:
  ChangeCheck();

  // What a change of `c`, which is canonical and not empty, does that Linux
  // never does. Nothing is said of tables that are malformed to begin with.
  Impossible Ask(const Case& c);

 private:
  // By ArchId; null where the architecture is not built.
  std::array<std::unique_ptr<Arena>, 3> arenas_;
  History history_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_FUZZ_CHANGE_CHECK_H_
