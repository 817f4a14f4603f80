// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REPORT_EXPLAIN_H_
#define PXDFUZZ_REPORT_EXPLAIN_H_

#include <cstddef>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/engine/engine.h"
#include "pxdfuzz/engine/protocol.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/report/explanation.h"

namespace pxdfuzz {

// Explains what `walker` did with a request of `c`, a position in `c.requests`
// or 0, as its engine has answered. Texts of several lines are broken at
// `columns`.
Explanation Explain(const Walker& walker, const Case& c, size_t request,
                    const Answer& answer, size_t columns = kTextColumns);

// The same where `verdict` is at hand: what Oracle::Judge() says of `c` and all
// of the model's walks.
Explanation Explain(const Walker& walker, const Case& c, size_t request,
                    const Answer& answer, const Verdict& verdict,
                    size_t columns = kTextColumns);

// The same of one of the model's walks, a position in kAllWalks.
Explanation ExplainModel(const Case& c, const Verdict& verdict, size_t request,
                         size_t walk, size_t columns = kTextColumns);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_REPORT_EXPLAIN_H_
