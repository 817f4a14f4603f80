// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REPORT_H_
#define PXDFUZZ_REPORT_H_

#include <string>
#include <vector>

#include "pxdfuzz/case.h"
#include "pxdfuzz/compare.h"

namespace pxdfuzz {

// A command that the reader can paste, and what it is for.
struct ReportCommand {
  std::string purpose;  // "reproduce"
  std::string command;
};

struct ReportOptions {
  bool color = false;
  // Printed at the end, in this order.
  std::vector<ReportCommand> commands;
};

// What a person reads when a walk was found wrong: one sentence, the case, the
// pages side by side by walk, the reference and the culprit step by step with
// the first difference marked. 80 columns. `verdict` is what `Oracle::Judge`
// said of `c`, and has a finding.
std::string FindingReport(const Case& c, const Verdict& verdict,
                          const ReportOptions& options);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_REPORT_H_
