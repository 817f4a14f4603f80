// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_CAMPAIGN_DEMONSTRATION_H_
#define PXDFUZZ_SRC_CLI_CAMPAIGN_DEMONSTRATION_H_

#include "src/cli/campaign/campaign.h"
#include "src/cli/output.h"

namespace pxdfuzz {

// Shows that fuzzing works: finds the bug of 2020 without seeds with the
// gup_strict_fuzzer in the folder `options.target`, minimizes its input, and
// fuzzes with gup_fuzzer for the rest of the time (default: one minute).
// Returns the exit code: 0 if that bug was found and nothing new.
int Demonstrate(CampaignOptions options, Output& out);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CAMPAIGN_DEMONSTRATION_H_
