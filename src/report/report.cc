// SPDX-License-Identifier: MIT

#include "pxdfuzz/report/report.h"

namespace pxdfuzz {

std::string WalkReport(const Case& c, const Verdict& verdict, size_t request,
                       size_t walk, const TextOptions& options) {
  return RenderText(ExplainModel(c, verdict, request, walk, options.columns),
                    options);
}

std::string FindingReport(const Case& c, const Verdict& verdict,
                          const TextOptions& options) {
  if (!verdict.finding.has_value()) return "No finding.\n";
  return WalkReport(c, verdict, verdict.finding->request,
                    verdict.finding->walk_index(), options);
}

}  // namespace pxdfuzz
