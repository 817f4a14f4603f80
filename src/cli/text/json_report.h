// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_TEXT_JSON_REPORT_H_
#define PXDFUZZ_SRC_CLI_TEXT_JSON_REPORT_H_

#include <string>

#include "pxdfuzz/report/explanation.h"

namespace pxdfuzz {

// An explanation as one JSON object; docs/explain-json.md lists its members.
std::string JsonReport(const Explanation& explanation);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_TEXT_JSON_REPORT_H_
