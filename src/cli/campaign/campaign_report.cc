// SPDX-License-Identifier: MIT

#include "src/cli/campaign/campaign_report.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/engine/finding.h"
#include "src/cli/interrupt.h"

namespace pxdfuzz {
namespace {

constexpr auto kBetweenLooks = std::chrono::milliseconds(100);
constexpr double kBetweenLines = 1;
constexpr double kBetweenPrints = 10;

// The progress of a campaign, on one line: a terminal's line is overwritten
// each second; otherwise a line is printed from time to time.
class StatusLine {
 public:
  StatusLine(const Campaign& campaign, Output& out)
      : campaign_(campaign),
        out_(out),
        live_(out.is_terminal()),
        next_(live_ ? 0 : kBetweenPrints) {}
  ~StatusLine() {
    if (live_ && shown_) out_.Write("\n");
  }
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  void Update() {
    const double now = campaign_.session_seconds();
    if (now < next_) return;
    next_ = now + (live_ ? kBetweenLines : kBetweenPrints);
    // Goes to the first column and clears the line.
    out_.Write(live_ ? Concat({"\r\033[K", Text(now)})
                     : Concat({Text(now), "\n"}));
    shown_ = true;
  }

 private:
  std::string Text(double now) const {
    const int seconds = campaign_.options().seconds;
    const CampaignStats stats = campaign_.Stats();
    const uint64_t executions = campaign_.SessionExecutions(stats);
    const auto [fresh, known] = campaign_.Findings(stats);
    std::string text = absl::StrFormat("  %.0f", now);
    if (seconds > 0) text += Concat({"/", std::to_string(seconds)});
    text += Concat({" s  ", Grouped(executions), " executions  ",
                    Grouped(static_cast<uint64_t>(
                        static_cast<double>(executions) / std::max(now, 0.1))),
                    "/s"});
    if (const uint64_t cells = stats.Number("/cells/possible"); cells > 0) {
      text += Concat({"  cells ", Grouped(stats.Number("/cells/reached")),
                      " of ", Grouped(cells)});
    }
    text += Concat({"  findings ", std::to_string(fresh.size())});
    if (!known.empty()) {
      text += Concat({" (and ", std::to_string(known.size()), " known)"});
    }
    if (seconds > 0) {
      text += absl::StrFormat("  left %.0f s", std::max(0.0, seconds - now));
    }
    return text;
  }

  const Campaign& campaign_;
  Output& out_;
  const bool live_;
  double next_;
  bool shown_ = false;
};

// What a target counted about changing tables and expected failures, if
// anything.
void SummarizeCounts(const CampaignStats& stats, Output& out) {
  if (const uint64_t cases = stats.Number("/changing/cases"); cases > 0) {
    PrintRow("changing cases", Grouped(cases), out);
  }
  if (const uint64_t requests = stats.Number("/changing/requests");
      requests > 0) {
    PrintRow("met by a walk",
             Concat({Grouped(stats.Number("/changing/met")), " of ",
                     Grouped(requests), " requests"}),
             out);
  }
  // A row for each number at any depth below a key.
  const auto list = [&](const std::string& key, std::string_view name) {
    const auto object = stats.counted.find(key);
    if (object == stats.counted.end()) return;
    const nlohmann::json numbers = object->flatten();
    for (const auto& [path, times] : numbers.items()) {
      if (!times.is_number_unsigned()) continue;
      std::string line;
      for (const auto& word : absl::StrSplit(path.substr(1), '/')) {
        line +=
            absl::StrFormat("%-*s", line.empty() ? 23 : 17, std::string(word));
      }
      PrintRow(name, Concat({line, Grouped(times.get<uint64_t>()), " times"}),
               out);
      name = "";
    }
  };
  list("dropped", "dropped pages");
  list("impossible", "impossible");
  list("expected_failures", "expected failures");
}

// The number of findings, and where each is. One cause can have hundreds of
// names: then one line stands for all with the same beginning and says where
// the most frequent is.
void SummarizeFindings(std::string_view name, const Campaign& campaign,
                       const CampaignStats& stats,
                       const std::vector<std::string>& findings, Output& out) {
  constexpr size_t kListed = 20;
  const std::map<std::string, uint64_t> counts = stats.findings();
  const auto count = [&](const std::string& signature) {
    return counts.at(signature);
  };
  const auto place = [&](const std::string& signature) {
    const uint64_t times = count(signature);
    return Concat({campaign.options().out, "/findings/", signature,
                   times > 0 ? Concat({" (", Grouped(times), " times)"}) : ""});
  };
  const std::string number = std::to_string(findings.size());
  if (findings.size() <= kListed) {
    PrintRow(name, number, out);
    for (const std::string& signature : findings)
      PrintRow("", place(signature), out);
    return;
  }
  PrintRow(name,
           Concat({number, ", the most frequent of those that begin alike:"}),
           out);
  std::map<std::string, std::vector<std::string>> alike;
  for (const std::string& signature : findings) {
    alike[GroupOf(signature)].push_back(signature);
  }
  for (const auto& [begin, signatures] : alike) {
    const std::string& most = *std::max_element(
        signatures.begin(), signatures.end(),
        [&](const auto& a, const auto& b) { return count(a) < count(b); });
    PrintRow("",
             Concat({begin, "*: ", std::to_string(signatures.size()), ", ",
                     place(most)}),
             out);
  }
}

}  // namespace

absl::Status Fuzz(Campaign& campaign, Output& out) {
  absl::Status status = campaign.Start();
  {
    StatusLine line(campaign, out);
    bool runs = true;
    const int seconds = campaign.options().seconds;
    while (status.ok() && runs && !IsInterrupted() &&
           (seconds == 0 || campaign.session_seconds() < seconds)) {
      std::this_thread::sleep_for(kBetweenLooks);
      const absl::StatusOr<bool> polled = campaign.Poll();
      status = polled.status();
      runs = polled.ok() && *polled;
      line.Update();
    }
  }
  status.Update(campaign.Stop());
  return status;
}

void PrintRow(std::string_view name, std::string_view value, Output& out) {
  std::string line = Concat({"  ", name});
  line.resize(std::max<size_t>(line.size() + 1, 20), ' ');
  out.Write(Concat({line, value, "\n"}));
}

void Summarize(const Campaign& campaign, Output& out) {
  const CampaignStats stats = campaign.Stats();
  const auto [fresh, known] = campaign.Findings(stats);
  PrintRow("campaign",
           Concat({campaign.options().out, ": ", stats.target, " with ",
                   stats.engine, ", ", Plural(stats.sessions, "session"), ", ",
                   absl::StrFormat("%.0f s", stats.seconds)}),
           out);
  PrintRow("executions", Grouped(stats.executions()), out);
  if (const uint64_t possible = stats.Number("/cells/possible"); possible > 0) {
    PrintRow("cells reached",
             Concat({Grouped(stats.Number("/cells/reached")), " of ",
                     Grouped(possible), " kinds of situation"}),
             out);
  }
  SummarizeCounts(stats, out);
  SummarizeFindings("new findings", campaign, stats, fresh, out);
  if (!known.empty()) {
    SummarizeFindings("known findings", campaign, stats, known, out);
  }
  for (const std::string& remark : campaign.RemarksOnKnownIssues(stats)) {
    PrintRow("known issue", remark, out);
  }
}

}  // namespace pxdfuzz
