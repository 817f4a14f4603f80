// SPDX-License-Identifier: MIT

#include "src/cli/bugs/hunt.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <list>
#include <map>
#include <optional>
#include <string_view>
#include <system_error>
#include <thread>

#include "absl/status/status.h"
#include "pxdfuzz/base/process.h"
#include "pxdfuzz/base/text_lines.h"
#include "src/cli/campaign/campaign_stats.h"
#include "src/cli/interrupt.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

// An exit code of libFuzzer.
constexpr int kCrashed = 77;
constexpr auto kBetweenLooks = std::chrono::milliseconds(10);

// The search with one seed.
class Search {
 public:
  Search(const HuntWish& wish, int seed)
      : base_(Concat({wish.out, "/seed-", std::to_string(seed)})) {
    options_.own_group = true;
    options_.words = {wish.target, Concat({"-seed=", std::to_string(seed)}),
                      Concat({"-runs=", std::to_string(wish.budget)}),
                      "-timeout=30",
                      Concat({"-exact_artifact_path=", base_, ".input"})};
    options_.environment = {{"PXDFUZZ_FINDINGS", std::nullopt},
                            {"PXDFUZZ_KERNEL", wish.kernel},
                            {"PXDFUZZ_ONLY", wish.modes},
                            {"PXDFUZZ_SIGNATURE", wish.pattern},
                            {"PXDFUZZ_STATS", StatsFile()},
                            {"PXDFUZZ_OTHER_SIDE", wish.other_side}};
  }

  absl::Status Start() {
    const int log =
        open(LogFile().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (log < 0) {
      return absl::UnavailableError(LogFile() + ": cannot be written");
    }
    options_.out = options_.error = log;
    const std::string error = process_.Start(options_);
    close(log);
    return error.empty() ? absl::OkStatus() : absl::UnavailableError(error);
  }

  std::optional<Process::End> Poll() { return process_.Poll(); }

  // What it counted. An error where it did not work.
  absl::StatusOr<CampaignStats> Stats(const Process::End& end) const {
    CampaignStats stats;
    stats.counted = ReadTargetStats(StatsFile());
    const int code = end.shell_code();
    if ((code == 0 || code == kCrashed) &&
        stats.Number("/judged") + stats.findings().size() > 0) {
      return stats;
    }
    return absl::UnavailableError(
        Concat({"a search ended with exit code ", std::to_string(code), ", ",
                Plural(stats.executions(), "execution"), " and ",
                std::to_string(stats.Number("/judged")),
                " cases compared; see ", LogFile()}));
  }

 private:
  std::string LogFile() const { return base_ + ".log"; }
  std::string StatsFile() const { return base_ + ".stats"; }

  const std::string base_;
  Process::Options options_;
  Process process_;
};

}  // namespace

absl::StatusOr<Hunt> RunHunt(const HuntWish& wish) {
  std::error_code error;
  fs::remove_all(wish.out, error);
  fs::create_directories(wish.out, error);
  Hunt hunt{.seeds = wish.seeds};
  std::map<std::string, int> signatures;
  std::list<Search> running;
  for (int seed = 0; seed < wish.seeds || !running.empty();) {
    if (IsInterrupted()) return absl::CancelledError("interrupted");
    if (seed < wish.seeds && running.size() < static_cast<size_t>(wish.jobs)) {
      const absl::Status started = running.emplace_back(wish, ++seed).Start();
      if (!started.ok()) return started;
      continue;
    }
    for (auto search = running.begin(); search != running.end();) {
      const std::optional<Process::End> end = search->Poll();
      if (!end.has_value()) {
        ++search;
        continue;
      }
      const absl::StatusOr<CampaignStats> stats = search->Stats(*end);
      if (!stats.ok()) return stats.status();
      hunt.executed += stats->executions();
      for (const auto& [signature, times] : stats->findings()) {
        hunt.executions.push_back(stats->executions());
        ++signatures[signature];
        break;
      }
      search = running.erase(search);
    }
    if (wish.tick) wish.tick();
    std::this_thread::sleep_for(kBetweenLooks);
  }
  std::sort(hunt.executions.begin(), hunt.executions.end());
  const auto most = std::max_element(
      signatures.begin(), signatures.end(),
      [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most != signatures.end()) hunt.signature = most->first;
  return hunt;
}

}  // namespace pxdfuzz
