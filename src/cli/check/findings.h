// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_CHECK_FINDINGS_H_
#define PXDFUZZ_SRC_CLI_CHECK_FINDINGS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "src/cli/check/cells.h"
#include "src/cli/check/kernel_build.h"
#include "src/cli/check/steps.h"
#include "src/cli/check/verdict.h"

namespace pxdfuzz {

// Where a kind stands among the kinds of finding; the lower, the worse.
size_t SeverityOf(std::string_view kind);
// Whether there is such a kind.
bool IsKind(std::string_view kind);

// Brings the findings of all cells together by their kinds, makes a small case
// of each kind and explains it, in `out`/findings/KIND.
absl::StatusOr<std::vector<CheckVerdict::Finding>> GatherFindings(
    const std::vector<CheckCell>& cells, const KernelBuild& build,
    const CheckVerdict::Tree& tree, const std::string& out, Steps& steps);

// Whether the program of that name in the folder `bin`, of another build,
// shows a finding of that kind on the case of `finding`.
absl::StatusOr<bool> Shows(const CheckVerdict::Finding& finding,
                           const std::string& bin);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CHECK_FINDINGS_H_
