// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_CAMPAIGN_CAMPAIGN_FOLDER_H_
#define PXDFUZZ_SRC_CLI_CAMPAIGN_CAMPAIGN_FOLDER_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace pxdfuzz {

// Where a campaign keeps what it has:
//
//   corpus/                  inputs, shared by all processes
//   findings/SIGNATURE/      input, case.yaml, report.txt, count
//   stats.json               CampaignStats
//   log/                     what the processes print, a file for each
//
// Findings arrive whole, so a kill at any moment loses none.
class CampaignFolder {
 public:
  explicit CampaignFolder(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  std::string Path(std::string_view name) const;
  std::string LogOf(std::string_view job) const;

  // Whether nothing is in it but what a campaign leaves that ends before it has
  // begun.
  absl::StatusOr<bool> IsAsGoodAsEmpty() const;
  // Makes the folders that are missing.
  absl::Status Make() const;
  // Removes what a process that was killed, or had no room, left unfinished.
  // Returns how many inputs that were.
  size_t RemoveUnfinished() const;

  // Makes findings of the files that an engine left when the target of `job`
  // died. Their signatures.
  absl::StatusOr<std::vector<std::string>> KeepCrashes(
      const std::string& job) const;
  // The same of every job that has a log.
  absl::StatusOr<std::vector<std::string>> KeepAllCrashes() const;
  // Adds the inputs that AFL++ has in folders of its own to the corpus.
  absl::Status CollectQueues() const;
  // Signatures of the findings that are there.
  std::vector<std::string> Findings() const;

  // The last line of a job's log.
  std::string LastLineOf(std::string_view job) const;
  // One line, of a job that could not keep a finding.
  std::string WhyNothingIsKept(std::string_view job) const;

 private:
  std::string path_;
};

// The regular files at or below `folder` that cannot be read. An error where a
// folder cannot be, of which an engine would read nothing.
absl::StatusOr<std::vector<std::string>> UnreadableFiles(
    const std::string& folder);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CAMPAIGN_CAMPAIGN_FOLDER_H_
