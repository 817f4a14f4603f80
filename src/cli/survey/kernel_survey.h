// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_SURVEY_KERNEL_SURVEY_H_
#define PXDFUZZ_SRC_CLI_SURVEY_KERNEL_SURVEY_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pxdfuzz/engine/kernel_client.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "src/cli/text/json.h"

namespace pxdfuzz {

// How one kernel code did on many requests of one paging mode.
struct KernelSurvey {
  PagingMode mode;
  uint64_t cases = 0;
  uint64_t requests = 0;  // that were compared
  uint64_t agreed = 0;
  // Requests by the known finding that explains their pages.
  std::map<std::string, uint64_t> known;
  uint64_t broken = 0;
  // The first finding in the order of cases.
  std::string finding;
  // Whether a text of that variant is known to be wrong there: it was made to
  // show a bug.
  bool is_meant_to_break = false;

  uint64_t known_requests() const {
    uint64_t sum = 0;
    for (const auto& [name, count] : known) sum += count;
    return sum;
  }
  bool is_finding() const { return broken > 0 && !is_meant_to_break; }
};

struct KernelCodeSurvey {
  KernelCode text;
  // Of the paging modes that it is text for.
  std::vector<KernelSurvey> modes;
};

// Whether tables stay as they are while they are walked.
enum class Stillness : uint8_t { kStill, kChanging };

// Asks `program` for the first `cases` cases that surveys of each of `paging
// modes` are made of, where it takes them. Text that leaves its local copies in
// tables that stand still is not asked about others there.
absl::StatusOr<KernelCodeSurvey> SurveyKernel(
    KernelProgram& program, const std::vector<PagingMode>& modes,
    uint64_t cases, Stillness tables);

// What `pxdfuzz matrix` says of kernel code: a table with a column for each of
// `paging modes`, and why texts are wrong where they are.
std::string KernelMatrixText(const std::vector<KernelCodeSurvey>& surveys,
                             const std::vector<PagingMode>& modes,
                             uint64_t cases, Stillness tables, bool color);
// The same as a JSON list.
Json KernelMatrixJson(const std::vector<KernelCodeSurvey>& surveys);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_SURVEY_KERNEL_SURVEY_H_
