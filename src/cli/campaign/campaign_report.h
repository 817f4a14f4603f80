// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_CAMPAIGN_CAMPAIGN_REPORT_H_
#define PXDFUZZ_SRC_CLI_CAMPAIGN_CAMPAIGN_REPORT_H_

#include <string_view>

#include "absl/status/status.h"
#include "src/cli/campaign/campaign.h"
#include "src/cli/output.h"

namespace pxdfuzz {

// Runs an opened campaign, with a progress line, until its time is over, no
// process is left or the user interrupts it. Stops the campaign.
absl::Status Fuzz(Campaign& campaign, Output& out);

// A row of a summary.
void PrintRow(std::string_view name, std::string_view value, Output& out);

// The rows with a campaign's results.
void Summarize(const Campaign& campaign, Output& out);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CAMPAIGN_CAMPAIGN_REPORT_H_
