// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_KERNEL_KERNEL_REPORT_H_
#define PXDFUZZ_KERNEL_KERNEL_REPORT_H_

#include <cstddef>
#include <string>

#include "kernel/answer.h"
#include "pxdfuzz/case.h"
#include "pxdfuzz/report.h"

namespace pxdfuzz {

// What a person reads of what kernel text did with one request, right or wrong:
// one sentence, the case, the pages beside the reference's, each read with the
// real file and line, and the reference's path to the first page that differs.
// 80 columns. It needs no kernel text: `answer` is what a program that holds it
// said.
std::string KernelReport(const KernelText& text, const Case& c, size_t request,
                         const KernelAnswer& answer,
                         const ReportOptions& options);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_KERNEL_KERNEL_REPORT_H_
