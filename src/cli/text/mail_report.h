// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_TEXT_MAIL_REPORT_H_
#define PXDFUZZ_SRC_CLI_TEXT_MAIL_REPORT_H_

#include <cstddef>
#include <string>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/engine/engine.h"
#include "pxdfuzz/engine/protocol.h"

namespace pxdfuzz {

// The full report on a request of a case for a mailing list: plain text of 72
// columns, with a subject and the commands that reproduce it. `request` is a
// position in c.requests.
std::string MailReport(const Walker& walker, const Case& c, size_t request,
                       const Answer& answer);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_TEXT_MAIL_REPORT_H_
