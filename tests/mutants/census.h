// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_MUTANTS_CENSUS_H_
#define PXDFUZZ_TESTS_MUTANTS_CENSUS_H_

#include <string>
#include <vector>

namespace pxdfuzz::mutants {

// `mutants_fuzzer --census OUT [--seeds=N] [NAME...]`: searches for planted
// bugs, all or those named, each from an empty corpus with N seeds (default:
// 5), as the fuzz targets search for real ones, in processes of this program
// that write to the folder OUT; and in corpus/. Prints the effort. The name
// no-bug is a walk without a bug, which survives.
//
// Returns the exit code: 0 if every bug is found with each seed, in a median of
// at most 2,000 executions, and by the corpus; 1 if one is not; 2 for wrong
// usage; 3 if a process fails or there is nothing to search for.
int TakeCensus(const std::vector<std::string>& arguments);

}  // namespace pxdfuzz::mutants

#endif  // PXDFUZZ_TESTS_MUTANTS_CENSUS_H_
