// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_MUTANTS_CORPUS_H_
#define PXDFUZZ_TESTS_MUTANTS_CORPUS_H_

#include <filesystem>
#include <vector>

#include "pxdfuzz/case/case.h"
#include "tests/mutants/catalog.h"

namespace pxdfuzz::mutants {

// The cases in the files of these folders, each once; texts are left out.
std::vector<Case> ReadCorpus(const std::vector<std::filesystem::path>& folders);

// How many of `cases` show the bug.
int KillsIn(const std::vector<Case>& cases, Trial& trial);

}  // namespace pxdfuzz::mutants

#endif  // PXDFUZZ_TESTS_MUTANTS_CORPUS_H_
