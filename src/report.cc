// SPDX-License-Identifier: MIT

#include "pxdfuzz/report.h"

namespace pxdfuzz {

std::string FindingReport(const Case&, const Verdict&, const ReportOptions&) {
  return "";
}

}  // namespace pxdfuzz
