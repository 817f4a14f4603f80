// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_CHECK_FINDINGS_FINDINGS_H_
#define PXDFUZZ_SRC_CLI_CHECK_FINDINGS_FINDINGS_H_

#include <cstddef>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/statusor.h"
#include "pxdfuzz/case/case.h"
#include "src/cli/check/cells.h"
#include "src/cli/check/kernel_build.h"
#include "src/cli/check/steps.h"
#include "src/cli/check/verdict/verdict.h"

namespace pxdfuzz {

// What the findings of a check are gathered from.
struct CheckedCode {
  const std::vector<CheckCell>& cells;
  const KernelBuild& build;
  const CheckVerdict::Tree& tree;
  std::string folder;  // of the tree's sources
  // The programs of the tree without the patch, and its sources; empty without
  // a patch.
  std::string base_bin;
  std::string base_folder;
  std::string source;  // of pxdfuzz
  std::string out;
};

// Brings the findings of all cells together by their causes, and writes a small
// case of each and its report to `out`/findings/NAME. What the tree without the
// patch shows too is kept apart from what it does not show.
absl::StatusOr<std::vector<CheckVerdict::Finding>> GatherFindings(
    const CheckedCode& code, Steps& steps);

// Known findings that begin in a function which the patch changes, or that the
// tree without the patch does not show. Writes a case of each and its report to
// `out`/findings/NAME.
absl::StatusOr<std::vector<CheckVerdict::Finding>> FindKnownOfPatch(
    const CheckedCode& code, const std::vector<CheckVerdict::Change>& changes,
    Steps& steps);

// Those that the patch adds before others, new ones before those of an earlier
// run, then the worst first.
void SortFindings(std::vector<CheckVerdict::Finding>& findings);

// What the tree without the patch shows and the tree with it does not, by the
// regressions, the seeds and what the cells collected. `findings` are those of
// the tree with the patch. Writes a case of each to `out`/repaired/NAME.
absl::StatusOr<std::vector<CheckVerdict::Repair>> FindRepairs(
    const CheckedCode& code, const std::vector<CheckVerdict::Finding>& findings,
    Steps& steps);

// Makes the folder of a finding, whose `what`, `function` and
// `is_without_patch` are set, and names its files.
void PlaceFinding(const CheckedCode& code, CheckVerdict::Finding& finding);
// Adds the commands that replay and explain its case by a program of the tree.
void AddCaseCommands(const CheckedCode& code, const std::string& program,
                     CheckVerdict::Finding& finding);

// A case that shows a finding, and `text`, which explains it.
struct ShownCase {
  std::string program;
  std::string configuration;
  std::string signature;
  Case c;
  std::string text;
};
// Writes the case and the report of a finding, which has its commands.
absl::Status WriteFinding(const CheckedCode& code, const ShownCase& shown,
                          const CheckVerdict::Finding& finding);

// Reads the cases of cells, each once for each program and paging mode: cells
// share seeds, and a program answers for all walkers.
class CellCaseReader {
 public:
  // Leaves out files that were read before, and those without a case of the
  // cell's paging mode.
  std::vector<Case> Read(const CheckCell& cell,
                         const std::vector<std::string>& files, Steps& steps);
  // How many files were read.
  size_t count() const { return read_.size(); }

 private:
  // Programs, paging modes and files.
  std::set<std::tuple<std::string, std::string, std::string>> read_;
};

// Files with the cases of a cell: regressions, seeds, and what it collected in
// the check in `out`, sorted by name.
absl::StatusOr<std::vector<std::string>> CaseFilesOf(const CheckCell& cell,
                                                     const std::string& source,
                                                     const std::string& out);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CHECK_FINDINGS_FINDINGS_H_
