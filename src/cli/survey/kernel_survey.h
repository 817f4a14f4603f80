// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_SURVEY_KERNEL_SURVEY_H_
#define PXDFUZZ_SRC_CLI_SURVEY_KERNEL_SURVEY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pxdfuzz/engine/kernel_client.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "src/cli/survey/survey.h"
#include "src/cli/text/json.h"

namespace pxdfuzz {

// The results of one program of kernel code in each paging mode that it
// supports.
struct KernelSurvey {
  KernelCode text;
  std::vector<ModeSurvey> modes;

  bool has_finding() const;
};

// Asks `program` for the first `cases` cases that surveys of each of `paging
// modes` are made of, where it takes them. Text that leaves its local copies in
// tables that stand still is not asked about others there.
absl::StatusOr<KernelSurvey> SurveyKernel(KernelProgram& program,
                                          const std::vector<PagingMode>& modes,
                                          uint64_t cases, Stillness tables);

// What `pxdfuzz matrix` prints about kernel code: a table with a column for
// each of `paging modes`, and why code is wrong where it is.
std::string KernelMatrixText(const std::vector<KernelSurvey>& surveys,
                             const std::vector<PagingMode>& modes,
                             uint64_t cases, Stillness tables, bool color);
// The same as a JSON list.
Json KernelMatrixJson(const std::vector<KernelSurvey>& surveys);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_SURVEY_KERNEL_SURVEY_H_
