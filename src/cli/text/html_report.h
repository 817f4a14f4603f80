// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_TEXT_HTML_REPORT_H_
#define PXDFUZZ_SRC_CLI_TEXT_HTML_REPORT_H_

#include <string>
#include <string_view>

#include "pxdfuzz/report/story.h"

namespace pxdfuzz {

// The story as one page of HTML that needs nothing else: no script, no file and
// no net. `token` is the DEDUP_TOKEN of a finding, or nothing.
std::string HtmlReport(const WalkStory& story, std::string_view token);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_TEXT_HTML_REPORT_H_
