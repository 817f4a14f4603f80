// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_TEXT_HTML_REPORT_H_
#define PXDFUZZ_SRC_CLI_TEXT_HTML_REPORT_H_

#include <string>

#include "pxdfuzz/report/explanation.h"

namespace pxdfuzz {

// An explanation as one self-contained page of HTML: no script, no other file
// and no network.
std::string HtmlReport(const Explanation& explanation);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_TEXT_HTML_REPORT_H_
