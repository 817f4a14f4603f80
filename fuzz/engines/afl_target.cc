// SPDX-License-Identifier: MIT

// What targets need besides AFL++'s driver, which does not support custom
// mutators.

#include "fuzz/engines/afl_target.h"

#include <cstdint>

#include "fuzz/harness/harness.h"
#include "pxdfuzz/oracle/cells.h"

// Where the compiler puts the guards of its edges with
// -fsanitize-coverage=trace-pc-guard. Everything in this section gets a place
// in AFL++'s map.
extern "C" {
__attribute__((section("__sancov_guards"),
               used)) uint32_t pxdfuzz_cell_guards[pxdfuzz::kMaxCells];
}

// The function that the compiler calls at an edge.
extern "C" void __sanitizer_cov_trace_pc_guard(uint32_t* guard);

namespace pxdfuzz {

void CoverCell(size_t cell) {
  __sanitizer_cov_trace_pc_guard(&pxdfuzz_cell_guards[cell]);
}

}  // namespace pxdfuzz

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  pxdfuzz::Harness::Get().SetCommandLine(*argc, *argv);
  return 0;
}
