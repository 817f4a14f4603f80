// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_CAMPAIGN_CAMPAIGN_FOLDER_H_
#define PXDFUZZ_SRC_CLI_CAMPAIGN_CAMPAIGN_FOLDER_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace pxdfuzz {

// The folder of a campaign:
//
//   corpus/                  inputs, shared by all processes
//   findings/SIGNATURE/      input, case.yaml, report.txt, count
//   stats.json               CampaignStats
//   log/                     what the processes print, a file for each
//
// Findings are moved into place in one step, so a kill at any moment loses
// none.
class CampaignFolder {
 public:
  explicit CampaignFolder(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  std::string Path(std::string_view name) const;
  std::string LogOf(std::string_view job) const;

  // Whether it contains nothing except what a campaign leaves that ends before
  // it has begun.
  absl::StatusOr<bool> IsAsGoodAsEmpty() const;
  // Makes the folders that are missing.
  absl::Status Make() const;
  // Removes unfinished files of a process that was killed or had no disk space.
  // Returns how many inputs were among them.
  size_t RemoveUnfinished() const;

  // Makes findings from the files that an engine left when the target of `job`
  // died. Returns their signatures.
  absl::StatusOr<std::vector<std::string>> KeepCrashes(
      const std::string& job) const;
  // The same for every job that has a log.
  absl::StatusOr<std::vector<std::string>> KeepAllCrashes() const;
  // Adds the inputs in AFL++'s folders to the corpus.
  absl::Status CollectQueues() const;
  // Signatures of the stored findings.
  std::vector<std::string> Findings() const;

  // The last line of a job's log.
  std::string LastLineOf(std::string_view job) const;
  // One line, about a job that could not store a finding.
  std::string WhyNothingIsKept(std::string_view job) const;

 private:
  std::string path_;
};

// The regular files at or below `folder` that cannot be read. An error for a
// folder that cannot be read, since an engine would read nothing in it.
absl::StatusOr<std::vector<std::string>> UnreadableFiles(
    const std::string& folder);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CAMPAIGN_CAMPAIGN_FOLDER_H_
