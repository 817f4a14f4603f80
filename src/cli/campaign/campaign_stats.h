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

// What a campaign came to so far, all its sessions together. stats.json of its
// folder; docs/statistics.md has the keys.
struct CampaignStats {
  std::string target;
  std::string engine;
  uint64_t sessions = 0;
  double seconds = 0;
  // What the targets counted, by their own keys.
  nlohmann::json counted = nlohmann::json::object();

  // A number at a path such as "/cells/possible"; 0 where there is none.
  uint64_t Number(const std::string& path) const;
  uint64_t executions() const { return Number("/executions"); }
  // How often each signature was met; 0 where an engine does not say.
  std::map<std::string, uint64_t> findings() const;

  // Adds what a target counted: its numbers, and the cells that it reached.
  void Add(const nlohmann::json& more);
  void AddFinding(const std::string& signature, uint64_t times);

  std::string ToJson() const;
};

// What ToJson() wrote to that file.
absl::StatusOr<CampaignStats> ReadCampaignStats(const std::string& file);

// What a target wrote (Stats::ToJson()), or an empty object.
nlohmann::json ReadTargetStats(const std::string& file);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CAMPAIGN_CAMPAIGN_STATS_H_
