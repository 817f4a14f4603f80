// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_CAMPAIGN_CAMPAIGN_STATS_H_
#define PXDFUZZ_SRC_CLI_CAMPAIGN_CAMPAIGN_STATS_H_

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace pxdfuzz {

// The results of a campaign, over all its sessions. stats.json in its folder;
// docs/statistics.md has the keys.
struct CampaignStats {
  std::string target;
  std::string engine;
  uint64_t sessions = 0;
  double seconds = 0;
  // The targets' counts, by their own keys.
  nlohmann::json counted = nlohmann::json::object();

  // A number at a path such as "/cells/possible"; 0 where there is none.
  uint64_t Number(const std::string& path) const;
  uint64_t executions() const { return Number("/executions"); }
  // How often each signature occurred; 0 if an engine does not count.
  std::map<std::string, uint64_t> findings() const;

  // Adds a target's counts: its numbers, and the cells that it reached.
  void Add(const nlohmann::json& more);
  void AddFinding(const std::string& signature, uint64_t times);

  std::string ToJson() const;
};

// Reads what ToJson() wrote to that file.
absl::StatusOr<CampaignStats> ReadCampaignStats(const std::string& file);

// Reads what a target wrote (Stats::ToJson()); otherwise returns an empty
// object.
nlohmann::json ReadTargetStats(const std::string& file);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CAMPAIGN_CAMPAIGN_STATS_H_
