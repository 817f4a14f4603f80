// SPDX-License-Identifier: MIT

#include "src/cli/campaign/campaign_stats.h"

#include <algorithm>
#include <bit>

#include "fuzz/harness/cell_mask.h"
#include "pxdfuzz/base/read_file.h"
#include "pxdfuzz/base/text_lines.h"
#include "src/cli/text/json.h"

namespace pxdfuzz {
namespace {

using nlohmann::json;

uint64_t NumberAt(const json& object, const std::string& path) {
  const json::json_pointer pointer(path);
  if (!object.contains(pointer)) return 0;
  const json& number = object[pointer];
  return number.is_number_unsigned() ? number.get<uint64_t>() : 0;
}

std::string MaskOf(const json& cells) {
  const auto mask = cells.find("mask");
  if (mask == cells.end() || !mask->is_string()) return "";
  const std::string text = *mask;
  return IsCellMask(text) ? text : "";
}

// The union of two sets of cells.
json UnionOfCells(const json& a, const json& b) {
  std::string mask = MaskOf(a);
  const std::string more = MaskOf(b);
  if (mask.size() < more.size()) mask.resize(more.size(), CellDigit(0));
  for (size_t i = 0; i < more.size(); ++i) {
    mask[i] = CellDigit(FourCells(mask[i]) | FourCells(more[i]));
  }
  uint64_t reached = 0;
  for (const char digit : mask) reached += std::popcount(FourCells(digit));
  return {{"reached", reached},
          {"possible",
           std::max(NumberAt(a, "/possible"), NumberAt(b, "/possible"))},
          {"mask", mask}};
}

// Adds the numbers of an object to those of another, at every depth.
void AddNumbers(const json& more, json& sum) {
  for (const auto& [key, value] : more.items()) {
    if (key == "cells" && value.is_object()) {
      sum[key] = UnionOfCells(sum.value(key, json::object()), value);
    } else if (value.is_object()) {
      if (!sum[key].is_object()) sum[key] = json::object();
      AddNumbers(value, sum[key]);
    } else if (value.is_number_unsigned()) {
      json& number = sum[key];
      number = value.get<uint64_t>() +
               (number.is_number_unsigned() ? number.get<uint64_t>() : 0);
    }
  }
}

}  // namespace

uint64_t CampaignStats::Number(const std::string& path) const {
  return NumberAt(counted, path);
}

std::map<std::string, uint64_t> CampaignStats::findings() const {
  std::map<std::string, uint64_t> findings;
  if (!counted.contains("findings")) return findings;
  for (const auto& [signature, count] : counted["findings"].items()) {
    findings[signature] =
        count.is_number_unsigned() ? count.get<uint64_t>() : 0;
  }
  return findings;
}

void CampaignStats::Add(const json& more) { AddNumbers(more, counted); }

void CampaignStats::AddFinding(const std::string& signature, uint64_t times) {
  json& count = counted["findings"][signature];
  count = times + (count.is_number_unsigned() ? count.get<uint64_t>() : 0);
}

std::string CampaignStats::ToJson() const {
  json all = counted;
  all["target"] = target;
  all["engine"] = engine;
  all["sessions"] = sessions;
  all["seconds"] = seconds;
  return JsonText(all);
}

absl::StatusOr<CampaignStats> ReadCampaignStats(const std::string& file) {
  json all = ReadTargetStats(file);
  const auto is = [&](const char* key, auto predicate) {
    return all.contains(key) && (all[key].*predicate)();
  };
  if (!is("target", &json::is_string) || !is("engine", &json::is_string) ||
      !is("sessions", &json::is_number_unsigned) ||
      !is("seconds", &json::is_number)) {
    return absl::InvalidArgumentError(
        Concat({file, ": is not what a campaign of this version wrote"}));
  }
  CampaignStats stats{.target = all["target"],
                      .engine = all["engine"],
                      .sessions = all["sessions"],
                      .seconds = all["seconds"]};
  for (const char* key : {"target", "engine", "sessions", "seconds"}) {
    all.erase(key);
  }
  // Uses only numbers and cells.
  stats.Add(all);
  return stats;
}

json ReadTargetStats(const std::string& file) {
  json stats = json::parse(ReadFile(file).value_or(""), nullptr,
                           /*allow_exceptions=*/false);
  return stats.is_object() ? stats : json::object();
}

}  // namespace pxdfuzz
