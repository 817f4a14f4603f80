// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REPORT_EXPLAIN_H_
#define PXDFUZZ_REPORT_EXPLAIN_H_

#include <cstddef>
#include <optional>
#include <string>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/engine/kernel_code.h"
#include "pxdfuzz/engine/protocol.h"
#include "pxdfuzz/engine/run.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/report/explanation.h"

namespace pxdfuzz {

// The walk that ran a request.
struct Walker {
  // "static-by-value", "kernel-6.1-s390-by-value".
  std::string name;
  // The model's walk that does the same.
  Policy policy;
  // For kernel code.
  std::optional<KernelCode> kernel;
};

// The rest of a verdict, besides how the pages compare.
struct Judgement {
  // The finding's DEDUP token, or empty.
  std::string token;
  // The rule that kernel code broke, unless it is the one about pages:
  // "references", "sanitizer".
  std::string rule;
  // The cause of an expected failure, or kNone.
  Cause waiver = Cause::kNone;
  // The page in docs/findings that explains it, or empty.
  std::string known;
};

// Explains what `walker` did with a request. `verdict` is the result of
// Oracle::Judge() for `c` and all of the model's walks; `request` is a position
// in `c.requests`, or 0. Texts of several lines are broken at `columns`.
Explanation Explain(const Case& c, const Verdict& verdict, size_t request,
                    const Walker& walker, const Recording& recording,
                    const Judgement& judgement, size_t columns = kTextColumns);

// The same for a walk of the model, a position in kAllWalks. It has the token
// of the verdict's finding if it is that finding.
Explanation ExplainModel(const Case& c, const Verdict& verdict, size_t request,
                         size_t walk, size_t columns = kTextColumns);

// The same for kernel code, from the answer of its program.
Explanation ExplainKernel(const KernelCode& code, const Case& c, size_t request,
                          const Answer& answer, size_t columns = kTextColumns);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_REPORT_EXPLAIN_H_
