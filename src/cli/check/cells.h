// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_CHECK_CELLS_H_
#define PXDFUZZ_SRC_CLI_CHECK_CELLS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "src/cli/check/kernel_build.h"
#include "src/cli/check/steps.h"

namespace pxdfuzz {

// A fuzz target, and what its cells are called.
struct CheckedWalker {
  std::string_view name;  // "gup_fast"
  bool changing;
  std::string_view target;
  std::string_view seeds;  // in corpus/
  // Executions from which on a cell holds.
  uint64_t floor;
};
inline constexpr CheckedWalker kCheckedWalkers[] = {
    {"gup_fast", false, "kernel_gup_fuzzer", "gup_fuzzer", 20'000},
    {"gup_fast", true, "kernel_race_fuzzer", "gup_race_fuzzer", 50'000},
    {"page_size", false, "kernel_pgtable_size_fuzzer", "gup_fuzzer", 20'000},
    {"page_size", true, "kernel_pgtable_size_race_fuzzer", "gup_race_fuzzer",
     50'000},
};

// One thing that is checked: a walker of one kernel code in one paging mode,
// while tables stand still or change.
struct CheckCell {
  PagingMode mode;
  std::string configuration;  // "as-is"
  // Other configurations in which the walker is the same code.
  std::vector<std::string> also;
  CheckedWalker walker;
  std::string program;  // "kernel-6.12-s390"
  // Signatures and known findings that were there before this run.
  std::set<std::string> before;

  // What came of it. Executions are cases that were compared.
  uint64_t executions = 0;
  // How often each was met.
  std::map<std::string, uint64_t> findings;
  // Those that are expected are there also if they were never met.
  std::map<std::string, uint64_t> known;
  // Why it could not be checked, or nothing.
  std::string error;

  // "s390-3.as-is.gup_fast.changing", the name of its folder.
  std::string Name() const;
  // How often a known finding was met.
  uint64_t TimesKnown(const std::string& name) const;
};

// The cells of what was built. A walker that is the same code in several
// configurations has one cell, of the first of them.
std::vector<CheckCell> CellsOf(const KernelBuild& build,
                               const std::vector<CheckedWalker>& walkers);

struct RunWish {
  std::string source;  // of pxdfuzz
  std::string bin;
  // A folder for each cell goes here.
  std::string out;
  bool resume = false;
  // Without the regressions and seeds, to measure what fuzzing finds.
  bool empty_corpus = false;
  // Whether the cells leave profiles of the lines that ran.
  bool profiled = false;
  int jobs = 1;
  // Seconds in all, or nothing: as long as all floors take.
  std::optional<int> seconds;
  // Where it is set and true of a signature that was found, the run is over.
  std::function<bool(const std::string& signature)> is_enough;
};

// Runs the small worlds of every cell, then fuzzes each, regressions and seeds
// first, until it has reached its floor, then on until the time is over. A cell
// that fails has its error. Returns an error where the whole run cannot go on:
// InvalidArgument where the time is too short for the floors, which is said
// before anything is fuzzed for long.
absl::Status RunCells(const RunWish& wish, std::vector<CheckCell>& cells,
                      Steps& steps);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CHECK_CELLS_H_
