// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_CAMPAIGN_CAMPAIGN_H_
#define PXDFUZZ_SRC_CLI_CAMPAIGN_CAMPAIGN_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pxdfuzz/base/process.h"
#include "src/cli/campaign/campaign_folder.h"
#include "src/cli/campaign/campaign_stats.h"
#include "src/cli/campaign/known_issues.h"

namespace pxdfuzz {

enum class FuzzEngine { kLibFuzzer, kAfl };

std::string_view Name(FuzzEngine engine);

// How many processors this process may use.
int Processors();

struct CampaignOptions {
  // The fuzz target, and one that the last of several jobs runs in its place,
  // with sanitizers, or nothing.
  std::string target;
  std::string sanitized;
  FuzzEngine engine = FuzzEngine::kLibFuzzer;
  int jobs = Processors();
  // How long; 0 is until it is stopped.
  int seconds = 0;
  // After how many executions libFuzzer ends; 0 is never.
  uint64_t runs = 0;
  // Variables that are set for the target.
  std::vector<std::pair<std::string, std::optional<std::string>>> environment;
  // After so many seconds without an execution a process hangs. An input that
  // takes an engine longer than 25 s is a finding by then.
  int patience = 60;
  std::string out;
  // Goes on where `out` ended.
  bool resume = false;
  // Inputs to begin with, folders.
  std::vector<std::string> seeds;
  std::string dictionary;
  std::vector<KnownIssue> known;
};

// Several fuzzing processes on one target, and the folder with what they find.
class Campaign {
 public:
  explicit Campaign(CampaignOptions options);

  // How long it is to go on, from Start().
  void SetSeconds(int seconds) { options_.seconds = seconds; }
  // How many executions libFuzzer is to add, from Start().
  void SetRuns(uint64_t runs) { options_.runs = runs; }

  // Makes or opens the folder.
  absl::Status Open();
  // Starts the processes.
  absl::Status Start();
  // Looks after them: ends, crashes, hangs, statistics. False where none is
  // left.
  absl::StatusOr<bool> Poll();
  // Lets them end, and keeps everything. An error where a process did not end.
  absl::Status Stop();
  // After Stop(): an error where this session executed or compared nothing.
  absl::Status CheckThatItWorked() const;

  // Of all sessions up to now.
  CampaignStats Stats() const;
  // Executions of this session, out of `stats`, and its seconds.
  uint64_t SessionExecutions(const CampaignStats& stats) const {
    return stats.executions() - before_.executions();
  }
  double session_seconds() const;
  // What was found when the folder was opened and is worth a line.
  const std::vector<std::string>& remarks() const { return remarks_; }
  const CampaignOptions& options() const { return options_; }

  // Signatures of the findings in `stats`, sorted; the first is of those that
  // no known issue covers, the second of the others.
  std::pair<std::vector<std::string>, std::vector<std::string>> Findings(
      const CampaignStats& stats) const;
  // One line for each known issue that has expired or that nothing showed.
  std::vector<std::string> RemarksOnKnownIssues(
      const CampaignStats& stats) const;

 private:
  using Clock = std::chrono::steady_clock;

  struct Worker {
    std::string name;
    std::string program;
    Process process;
    // Of the present process: its executions, and since when it has had no
    // more.
    uint64_t executions = 0;
    Clock::time_point progressed;
    // How often in a row it ended before it had executed anything.
    int failures = 0;
  };

  // Inputs that cannot be read are left out, which is remarked upon.
  absl::Status FindUnreadable();
  absl::Status StartWorker(Worker& worker);
  void UseLibFuzzer(const Worker& worker, Process::Options& process) const;
  void UseAfl(const Worker& worker, Process::Options& process) const;
  absl::Status OnEnd(Worker& worker, const Process::End& end);
  // An error where a process has executed nothing for too long.
  absl::Status CheckProgress(Worker& worker) const;
  absl::Status KeepCrashes(const Worker& worker);
  std::string StatsFile(const Worker& worker) const;
  // What a worker's statistics say, none of it counted yet.
  nlohmann::json StatsOf(const Worker& worker) const;
  // Counts what a worker that has ended did, removes its statistics and returns
  // its executions.
  uint64_t CountEnded(const Worker& worker);
  // Writes stats.json and the counts of findings.
  absl::Status WriteStats() const;
  // "TARGET: job-1 WHAT; its log ends with: ..."
  absl::Status Failure(const Worker& worker, std::string_view what) const;

  CampaignOptions options_;
  CampaignFolder folder_;
  // Of what has ended, and of earlier sessions.
  CampaignStats past_;
  CampaignStats before_;
  Clock::time_point started_;
  Clock::time_point written_;
  std::vector<Worker> workers_;
  std::vector<std::string> remarks_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CAMPAIGN_CAMPAIGN_H_
