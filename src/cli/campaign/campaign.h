// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_CAMPAIGN_CAMPAIGN_H_
#define PXDFUZZ_SRC_CLI_CAMPAIGN_CAMPAIGN_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "src/cli/campaign/job.h"
#include "src/cli/campaign/known_issues.h"

namespace pxdfuzz {

enum class Engine { kLibFuzzer, kAfl };

std::string_view Name(Engine engine);

struct CampaignOptions {
  // The fuzz target, and one that the last of several jobs runs in its place,
  // with sanitizers, or nothing.
  std::string target;
  std::string sanitized;
  Engine engine = Engine::kLibFuzzer;
  int jobs = 1;
  // How long; 0 is until it is stopped.
  int seconds = 0;
  std::string out;
  // Goes on where `out` ended.
  bool resume = false;
  // Inputs to begin with, folders.
  std::vector<std::string> seeds;
  std::string dictionary;
  std::vector<KnownIssue> known;
};

// What a campaign came to so far, all its sessions together.
struct CampaignStats {
  std::string target;
  std::string engine;
  uint64_t sessions = 0;
  double seconds = 0;
  uint64_t executions = 0;
  // Cells that were reached, four to a hexadecimal digit, and how many there
  // are; nothing where the engine does not say.
  std::string cells;
  uint64_t cells_possible = 0;
  // How often each signature was met. 0: an engine does not say.
  std::map<std::string, uint64_t> findings;
  // What a target counts besides, by its own words: "changing-cases",
  // "impossible maps-over", "known-defect static-by-pointer read-again".
  std::map<std::string, uint64_t> counts;

  uint64_t cells_reached() const;
};

// Several fuzzing processes on one target, and the folder that holds what they
// find:
//
//   corpus/                  inputs, shared by all
//   findings/SIGNATURE/      input, case.yaml, report.txt, count
//   stats.json               CampaignStats
//   log/                     what the processes print
//
// Findings arrive whole, so a kill at any moment loses none.
class Campaign {
 public:
  explicit Campaign(CampaignOptions options);

  // Makes or opens the folder.
  absl::Status Open();
  // Starts the processes.
  absl::Status Start();
  // Looks after them: ends, crashes, statistics. False where none is left.
  absl::StatusOr<bool> Tend();
  // Lets them end, and keeps everything.
  absl::Status Stop();

  // Of all sessions up to now.
  CampaignStats Stats() const;
  // Executions of this session, out of `stats`, and its seconds.
  uint64_t SessionExecutions(const CampaignStats& stats) const {
    return stats.executions - before_;
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
    Job job;
    Clock::time_point started;
    // Ended by itself and well.
    bool done = false;
    // Ended before it had executed anything, that often in a row.
    int failures = 0;
  };

  std::string Path(std::string_view name) const;
  // What a process that was killed or had no room left half-made.
  void RemoveHalfMade();
  // Inputs that cannot be read are left out, which is remarked upon.
  absl::Status FindUnreadable();
  absl::Status StartWorker(Worker& worker);
  absl::Status OnEnd(Worker& worker, const Job::End& end);
  // What a worker's statistics say, none of it counted yet.
  CampaignStats StatsOf(const Worker& worker) const;
  // Counts what a worker that has ended did, and forgets its statistics.
  CampaignStats Settle(const Worker& worker);
  // Makes a finding of what an engine left behind when a target died.
  absl::Status KeepCrash(const Worker& worker);
  // Writes stats.json and the counts of findings.
  absl::Status WriteStats() const;
  // AFL++ keeps inputs in folders of its own.
  absl::Status CollectQueues() const;
  // One line, for a target that has ended with kCannotKeep.
  std::string WhyNothingIsKept(const Worker& worker) const;
  // The last line of a log, which says why a program ended.
  std::string LastWords(const Worker& worker) const;

  CampaignOptions options_;
  // Of what has ended.
  CampaignStats past_;
  uint64_t before_ = 0;  // executions of earlier sessions
  double seconds_before_ = 0;
  Clock::time_point started_;
  Clock::time_point written_;
  std::vector<Worker> workers_;
  std::vector<std::string> remarks_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CAMPAIGN_CAMPAIGN_H_
