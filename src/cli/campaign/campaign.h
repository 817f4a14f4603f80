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
  // The fuzz target, and a sanitized build of it that the last of several jobs
  // runs instead, or nothing.
  std::string target;
  std::string sanitized;
  FuzzEngine engine = FuzzEngine::kLibFuzzer;
  int jobs = Processors();
  // Duration in seconds; 0 for no limit.
  int seconds = 0;
  // The number of executions after which libFuzzer ends; 0 for no limit.
  uint64_t runs = 0;
  // Variables that are set for the target.
  std::vector<std::pair<std::string, std::optional<std::string>>> environment;
  // A process hangs after this many seconds without an execution. Engines
  // report an input that takes longer than 25 s as a finding before.
  int patience = 60;
  std::string out;
  // Continues the campaign in `out`.
  bool resume = false;
  // Folders of initial inputs.
  std::vector<std::string> seeds;
  std::string dictionary;
  std::vector<KnownIssue> known;
};

// Several fuzzing processes on one target, and the folder for their results.
class Campaign {
 public:
  explicit Campaign(CampaignOptions options);

  // Its duration from Start().
  void SetSeconds(int seconds) { options_.seconds = seconds; }
  // How many executions libFuzzer is to add, from Start().
  void SetRuns(uint64_t runs) { options_.runs = runs; }

  // Creates or opens the folder.
  absl::Status Open();
  // Starts the processes.
  absl::Status Start();
  // Handles ended processes, crashes, hangs and statistics. False if no process
  // is left.
  absl::StatusOr<bool> Poll();
  // Ends the processes and stores everything. An error if a process did not
  // end.
  absl::Status Stop();
  // After Stop(): an error if this session executed or compared nothing.
  absl::Status CheckThatItWorked() const;

  // For all sessions until now.
  CampaignStats Stats() const;
  // Executions of this session, from `stats`, and its seconds.
  uint64_t SessionExecutions(const CampaignStats& stats) const {
    return stats.executions() - before_.executions();
  }
  double session_seconds() const;
  // Processor time of the processes that have ended.
  double processor_seconds() const { return processor_seconds_; }
  // Notes about the folder, from when it was opened.
  const std::vector<std::string>& remarks() const { return remarks_; }
  const CampaignOptions& options() const { return options_; }

  // Signatures of the findings in `stats`, sorted; first those that no known
  // issue covers, then the others.
  std::pair<std::vector<std::string>, std::vector<std::string>> Findings(
      const CampaignStats& stats) const;
  // One line for each known issue that has expired or that did not occur.
  std::vector<std::string> RemarksOnKnownIssues(
      const CampaignStats& stats) const;

 private:
  using Clock = std::chrono::steady_clock;

  struct Worker {
    std::string name;
    std::string program;
    Process process;
    // For the present process: its executions, and the time of the last one.
    uint64_t executions = 0;
    Clock::time_point progressed;
    // How often in a row it ended before it had executed anything.
    int failures = 0;
  };

  // Leaves out inputs that cannot be read, and adds a note about them.
  absl::Status FindUnreadable();
  absl::Status StartWorker(Worker& worker);
  void UseLibFuzzer(const Worker& worker, Process::Options& process) const;
  void UseAfl(const Worker& worker, Process::Options& process) const;
  absl::Status OnEnd(Worker& worker, const Process::End& end);
  // An error if a process has executed nothing for too long.
  absl::Status CheckProgress(Worker& worker) const;
  absl::Status KeepCrashes(const Worker& worker);
  std::string StatsFile(const Worker& worker) const;
  // A worker's statistics that are not counted yet.
  nlohmann::json StatsOf(const Worker& worker) const;
  // Counts the work of a worker that has ended, removes its statistics and
  // returns its executions.
  uint64_t CountEnded(const Worker& worker, const Process::End& end);
  // Writes stats.json and the counts of findings.
  absl::Status WriteStats() const;
  // "TARGET: job-1 WHAT; its log ends with: ..."
  absl::Status Failure(const Worker& worker, std::string_view what) const;

  CampaignOptions options_;
  CampaignFolder folder_;
  // For processes that have ended, and for earlier sessions.
  CampaignStats past_;
  CampaignStats before_;
  Clock::time_point started_;
  Clock::time_point written_;
  double processor_seconds_ = 0;
  std::vector<Worker> workers_;
  std::vector<std::string> remarks_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CAMPAIGN_CAMPAIGN_H_
