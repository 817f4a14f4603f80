// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_MUTANTS_CENSUS_H_
#define PXDFUZZ_TESTS_MUTANTS_CENSUS_H_

#include <string>
#include <vector>

namespace pxdfuzz::mutants {

// `mutants_fuzzer --census OUT [--seeds=N] [NAME...]`: looks for planted bugs,
// all or those named, each from an empty corpus with N seeds (5), as the fuzz
// targets look for real ones, by processes of this program that write to the
// folder OUT; and in corpus/. Prints what that took. The name no-bug is of a
// walk without a bug, which survives.
//
// Returns the exit code: 0 where every bug is found with each seed, in at most
// 2,000 executions in the median, and by the corpus; 1 where one is not; 2 for
// wrong usage; 3 where a process fails or there is nothing to look for.
int TakeCensus(const std::vector<std::string>& arguments);

}  // namespace pxdfuzz::mutants

#endif  // PXDFUZZ_TESTS_MUTANTS_CENSUS_H_
