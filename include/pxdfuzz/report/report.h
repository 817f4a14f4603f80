// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REPORT_REPORT_H_
#define PXDFUZZ_REPORT_REPORT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/oracle/compare.h"

namespace pxdfuzz {

// A command that the reader can paste, and what it is for.
struct ReportCommand {
  std::string purpose;  // "reproduce"
  std::string command;
};

struct ReportOptions {
  bool color = false;
  // Draws with box characters, which are UTF-8 and no ASCII.
  bool box = false;
  size_t columns = kTextColumns;
  // Printed at the end, in this order.
  std::vector<ReportCommand> commands;
};

// What a person reads of one walk and one request, right or wrong: one
// sentence, the case, a drawing of the tables that matter, the pages side by
// side by walk, how the other walks fare, the walk and beside it the reference,
// step by step with the first difference marked.
// Where there is nothing to compare it says why, and the case.
//
// `verdict` is what `Oracle::Judge` said of `c`; `walk` is a position in
// kAllWalks and was judged; `request` is a position in `c.requests`, or 0.
std::string WalkReport(const Case& c, const Verdict& verdict, size_t request,
                       size_t walk, const ReportOptions& options);

// The same of what `verdict` found, which has a finding, with the DEDUP_TOKEN
// by which its like are grouped.
std::string FindingReport(const Case& c, const Verdict& verdict,
                          const ReportOptions& options);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_REPORT_REPORT_H_
