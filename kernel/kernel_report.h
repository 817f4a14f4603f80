// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_KERNEL_KERNEL_REPORT_H_
#define PXDFUZZ_KERNEL_KERNEL_REPORT_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "kernel/answer.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/report/report.h"

namespace pxdfuzz {

// What a person reads of what kernel text did with one request, right or wrong:
// one sentence, the case, the pages beside the reference's, each read with the
// real file and line, and the reference's path to the first page that differs.
// 80 columns. It needs no kernel text: `answer` is what a program that holds it
// said.
std::string KernelReport(const KernelText& text, const Case& c, size_t request,
                         const KernelAnswer& answer,
                         const ReportOptions& options);

// "as it was before d3f7b1bb2040: ...": how a variant differs from the tree's
// own text. The name itself for one that is not known here.
std::string DescribeVariant(std::string_view variant);

// The model's walk that does what a variant does.
Policy ModelOfVariant(std::string_view variant);

// "docs/findings/s390-readonly-2g-write.md".
std::string KnownFindingFile(std::string_view known);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_KERNEL_KERNEL_REPORT_H_
