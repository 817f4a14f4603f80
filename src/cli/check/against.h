// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_CHECK_AGAINST_H_
#define PXDFUZZ_SRC_CLI_CHECK_AGAINST_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "pxdfuzz/engine/run.h"
#include "src/cli/check/cells.h"
#include "src/cli/check/kernel_build.h"
#include "src/cli/check/steps.h"
#include "src/cli/check/verdict.h"

namespace pxdfuzz {

// In what two runs of a request differ first: "end", "pages", "references",
// "entries read"; empty where they are the same. Files and lines may differ.
std::string_view DifferenceOf(const Recording& a, const Recording& b);

// Runs the cases that the cells of gup_fast collected, the regressions and the
// seeds on the same kernel code of both builds, and keeps the first case with a
// difference in `out`/against. What has no counterpart is passed over; where
// nothing has one, that is an error.
absl::StatusOr<CheckVerdict::Against> CompareBuilds(
    const std::vector<CheckCell>& cells, const KernelBuild& build,
    const KernelBuild& other, const std::string& source, const std::string& out,
    Steps& steps);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CHECK_AGAINST_H_
