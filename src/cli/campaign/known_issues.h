// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_CAMPAIGN_KNOWN_ISSUES_H_
#define PXDFUZZ_SRC_CLI_CAMPAIGN_KNOWN_ISSUES_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace pxdfuzz {

// A finding that is accepted until it expires, so that it fails no run. In a
// file, a list of
//
//   - signature: s390-3.static-by-value.*  # a name, or a pattern with *
//     reason: gup_fast of 2020
//     link: https://git.kernel.org/linus/d3f7b1bb2040
//     expires: 2027-06-30  # the last day on which it counts
struct KnownIssue {
  std::string signature;
  std::string reason;
  std::string link;
  std::string expires;
};

// Reads a list from the text of a file called `name`. Errors are one line with
// file, line and column.
absl::StatusOr<std::vector<KnownIssue>> ReadKnownIssues(std::string_view text,
                                                        std::string_view name);

// The same for a file. An empty name gives an empty list.
absl::StatusOr<std::vector<KnownIssue>> ReadKnownIssuesFile(
    const std::string& file);

// Whether `issue` covers findings with that signature.
bool Matches(const KnownIssue& issue, const std::string& signature);

// Whether `issue` has expired on the day `today`, "2026-11-23".
bool IsExpired(const KnownIssue& issue, std::string_view today);

// The current day, in UTC.
std::string Today();

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CAMPAIGN_KNOWN_ISSUES_H_
