// SPDX-License-Identifier: MIT

#include "kernel/kernel_report.h"

#include "pxdfuzz/case_text.h"

namespace pxdfuzz {

std::string KernelReport(const KernelText& text, const Case& c, size_t request,
                         const KernelAnswer& answer,
                         const ReportOptions& options) {
  std::string report = text.name + ' ' + std::to_string(request) + '\n' +
                       ToText(c) + ToLines(answer);
  for (const ReportCommand& command : options.commands) {
    report += command.purpose + ":\n  " + command.command + '\n';
  }
  return report + "DEDUP_TOKEN: " + answer.finding + '\n';
}

}  // namespace pxdfuzz
