// SPDX-License-Identifier: MIT

// pxdfuzz campaign.

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "pxdfuzz/base/text_lines.h"
#include "src/cli/campaign/campaign.h"
#include "src/cli/campaign/known_issues.h"
#include "src/cli/commands.h"
#include "src/cli/input.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

// Apart from findings (1), usage (2) and unreadable input (3).
constexpr int kCampaignFailed = 3;

constexpr auto kBetweenLooks = std::chrono::milliseconds(100);
// On a terminal the status line is written over; otherwise it is printed now
// and then.
constexpr double kBetweenLines = 1;
constexpr double kBetweenPrints = 10;

volatile sig_atomic_t stop_wanted = 0;

void WantStop(int /*signal*/) { stop_wanted = 1; }

class StatusLine {
 public:
  explicit StatusLine(const Campaign& campaign)
      : campaign_(campaign),
        live_(isatty(STDOUT_FILENO) != 0),
        next_(live_ ? 0 : kBetweenPrints) {}

  // Shows where the campaign is, if it is time to.
  void Update(Output& out) {
    const double now = campaign_.session_seconds();
    if (now < next_) return;
    next_ = now + (live_ ? kBetweenLines : kBetweenPrints);
    // To the first column, and the rest of the line is cleared.
    out.Write(live_ ? Concat({"\r\033[K", Text(now)})
                    : Concat({Text(now), "\n"}));
    shown_ = true;
  }
  void End(Output& out) {
    if (live_ && shown_) out.Write("\n");
  }

 private:
  std::string Text(double now) const {
    const CampaignOptions& options = campaign_.options();
    const CampaignStats stats = campaign_.Stats();
    const uint64_t executions = campaign_.SessionExecutions(stats);
    const auto [fresh, known] = campaign_.Findings(stats);
    std::string text = absl::StrFormat("  %.0f", now);
    if (options.seconds > 0)
      text += Concat({"/", std::to_string(options.seconds)});
    text += Concat({" s  ", Grouped(executions), " executions  ",
                    Grouped(static_cast<uint64_t>(
                        static_cast<double>(executions) / std::max(now, 0.1))),
                    "/s"});
    if (stats.cells_possible > 0) {
      text += Concat({"  cells ", Grouped(stats.cells_reached()), " of ",
                      Grouped(stats.cells_possible)});
    }
    text += Concat({"  findings ", std::to_string(fresh.size())});
    if (!known.empty()) {
      text += Concat({" (and ", std::to_string(known.size()), " known)"});
    }
    if (options.seconds > 0) {
      text += absl::StrFormat("  left %.0f s",
                              std::max(0.0, options.seconds - now));
    }
    return text;
  }

  const Campaign& campaign_;
  const bool live_;
  double next_;
  bool shown_ = false;
};

void Row(std::string_view name, std::string_view value, Output& out) {
  std::string line = Concat({"  ", name});
  line.resize(std::max<size_t>(line.size() + 1, 18), ' ');
  out.Write(Concat({line, value, "\n"}));
}

// What a target counted of tables that change and of known defects, if
// anything.
void SummarizeCounts(const CampaignStats& stats, Output& out) {
  const auto count = [&stats](std::string_view what) {
    const auto it = stats.counts.find(std::string(what));
    return it == stats.counts.end() ? uint64_t{0} : it->second;
  };
  if (const uint64_t cases = count("changing-cases"); cases > 0) {
    Row("changing cases", Grouped(cases), out);
  }
  if (const uint64_t requests = count("changing-requests"); requests > 0) {
    Row("met by a walk",
        Concat({Grouped(count("changing-met")), " of ", Grouped(requests),
                " requests"}),
        out);
  }
  // One line each of those that begin with `key`.
  const auto list = [&](std::string_view key, std::string_view name) {
    for (const auto& [what, times] : stats.counts) {
      if (!what.starts_with(Concat({key, " "}))) continue;
      std::string line;
      for (const auto& word :
           absl::StrSplit(what.substr(key.size() + 1), ' ')) {
        line +=
            absl::StrFormat("%-*s", line.empty() ? 23 : 11, std::string(word));
      }
      Row(name, Concat({line, Grouped(times), " times"}), out);
      name = "";
    }
  };
  list("dropped", "dropped pages");
  list("impossible", "impossible");
  list("known-defect", "known defects");
}

// The space or the kernel text that a finding's name begins with: what is
// before the first point that no version has.
std::string SpaceOrText(std::string_view signature) {
  size_t end = signature.find('.');
  while (end != signature.npos && end + 1 < signature.size() &&
         absl::ascii_isdigit(signature[end + 1])) {
    end = signature.find('.', end + 1);
  }
  return std::string(signature.substr(0, end));
}

// How many there are, and where each is. One cause can have hundreds of names:
// then a line tells of all that begin alike, and where the most frequent is.
void SummarizeFindings(std::string_view name, const Campaign& campaign,
                       const CampaignStats& stats,
                       const std::vector<std::string>& findings, Output& out) {
  constexpr size_t kListed = 20;
  const auto count = [&](const std::string& signature) {
    return stats.findings.at(signature);
  };
  const auto place = [&](const std::string& signature) {
    const uint64_t times = count(signature);
    return Concat({campaign.options().out, "/findings/", signature,
                   times > 0 ? Concat({" (", Grouped(times), " times)"}) : ""});
  };
  const std::string number = std::to_string(findings.size());
  if (findings.size() <= kListed) {
    Row(name, number, out);
    for (const std::string& signature : findings)
      Row("", place(signature), out);
    return;
  }
  Row(name, Concat({number, ", the most frequent of those that begin alike:"}),
      out);
  std::map<std::string, std::vector<std::string>> alike;
  for (const std::string& signature : findings) {
    alike[SpaceOrText(signature)].push_back(signature);
  }
  for (const auto& [begin, signatures] : alike) {
    const std::string& most = *std::max_element(
        signatures.begin(), signatures.end(),
        [&](const auto& a, const auto& b) { return count(a) < count(b); });
    Row("",
        Concat({begin, "*: ", std::to_string(signatures.size()), ", ",
                place(most)}),
        out);
  }
}

void Summarize(const Campaign& campaign, Output& out) {
  const CampaignStats stats = campaign.Stats();
  const auto [fresh, known] = campaign.Findings(stats);
  out.Write("\nSummary\n");
  Row("campaign",
      Concat({campaign.options().out, ": ", stats.target, " with ",
              stats.engine, ", ", Plural(stats.sessions, "session"), ", ",
              absl::StrFormat("%.0f s", stats.seconds)}),
      out);
  Row("executions", Grouped(stats.executions), out);
  if (stats.cells_possible > 0) {
    Row("cells reached",
        Concat({Grouped(stats.cells_reached()), " of ",
                Grouped(stats.cells_possible), " kinds of situation"}),
        out);
  }
  SummarizeCounts(stats, out);
  SummarizeFindings("new findings", campaign, stats, fresh, out);
  if (!known.empty()) {
    SummarizeFindings("known findings", campaign, stats, known, out);
  }
  for (const std::string& remark : campaign.RemarksOnKnownIssues(stats)) {
    Row("known issue", remark, out);
  }
}

// A whole number of at least `least`, or an error.
absl::Status ReadNumber(const Arguments& arguments, std::string_view flag,
                        int least, int& number) {
  if (!arguments.Has(flag)) return absl::OkStatus();
  const std::string value = arguments.Value(flag);
  if (absl::SimpleAtoi(value, &number) && number >= least) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      Concat({"campaign: ", flag, "=", value, ": a whole number from ",
              std::to_string(least), " on is wanted"}));
}

absl::StatusOr<CampaignOptions> ReadOptions(const Arguments& arguments) {
  CampaignOptions options;
  options.target = arguments.operands[0];
  options.sanitized = arguments.Value("--sanitized");
  options.out = arguments.Value("--out");
  options.resume = arguments.Has("--resume");
  options.dictionary = arguments.Value("--dict");
  for (const std::string& program : {options.target, options.sanitized}) {
    if (!program.empty() && access(program.c_str(), X_OK) != 0) {
      return absl::InvalidArgumentError(
          Concat({program, ": is no program that can be run"}));
    }
  }
  if (options.out.empty()) {
    return absl::InvalidArgumentError("campaign: --out=FOLDER is wanted");
  }
  if (const std::string engine = arguments.Value("--engine"); engine == "afl") {
    options.engine = Engine::kAfl;
  } else if (!engine.empty() && engine != "libfuzzer") {
    return absl::InvalidArgumentError(Concat(
        {"campaign: --engine=", engine, ": there are libfuzzer and afl"}));
  }
  if (!options.dictionary.empty() &&
      access(options.dictionary.c_str(), R_OK) != 0) {
    return absl::InvalidArgumentError(Concat(
        {options.dictionary, ": cannot be read: ", std::strerror(errno)}));
  }
  for (const absl::Status& status :
       {ReadNumber(arguments, "--jobs", 1, options.jobs),
        ReadNumber(arguments, "--seconds", 1, options.seconds)}) {
    if (!status.ok()) return status;
  }
  for (const auto& seeds :
       absl::StrSplit(arguments.Value("--seeds"), ',', absl::SkipEmpty())) {
    const std::string folder(seeds);
    std::error_code error;
    fs::directory_iterator readable(folder, error);
    if (error) {
      return absl::InvalidArgumentError(Concat(
          {folder, ": is no folder that can be read: ", error.message()}));
    }
    options.seeds.push_back(folder);
  }
  return options;
}

// Fuzzes until it is told to stop or the time is over.
absl::Status Fuzz(Campaign& campaign, Output& out) {
  StatusLine line(campaign);
  absl::Status status = campaign.Start();
  while (status.ok() && stop_wanted == 0) {
    std::this_thread::sleep_for(kBetweenLooks);
    const absl::StatusOr<bool> runs = campaign.Tend();
    if (!runs.ok()) {
      status = runs.status();
      break;
    }
    line.Update(out);
    const int seconds = campaign.options().seconds;
    if (!*runs || (seconds > 0 && campaign.session_seconds() >= seconds)) {
      break;
    }
  }
  line.End(out);
  const absl::Status stopped = campaign.Stop();
  return status.ok() ? stopped : status;
}

}  // namespace

int RunCampaign(const Arguments& arguments, Output& out) {
  absl::StatusOr<CampaignOptions> options = ReadOptions(arguments);
  if (!options.ok()) {
    PrintError(options.status());
    return kUsage;
  }
  if (const std::string file = arguments.Value("--known"); !file.empty()) {
    const absl::StatusOr<std::string> text = ReadInput(file);
    absl::StatusOr<std::vector<KnownIssue>> known =
        text.ok() ? ReadKnownIssues(*text, file)
                  : absl::StatusOr<std::vector<KnownIssue>>(text.status());
    if (!known.ok()) {
      PrintError(known.status());
      return kUnreadable;
    }
    options->known = *std::move(known);
  }
  Campaign campaign(*std::move(options));
  if (const absl::Status status = campaign.Open(); !status.ok()) {
    PrintError(status);
    return absl::IsInvalidArgument(status) ? kUsage : kCampaignFailed;
  }
  for (const std::string& remark : campaign.remarks()) PrintError(remark);
  struct sigaction action = {};
  action.sa_handler = WantStop;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  const absl::Status status = Fuzz(campaign, out);
  Summarize(campaign, out);
  if (!status.ok()) {
    PrintError(status);
    return kCampaignFailed;
  }
  return campaign.Findings(campaign.Stats()).first.empty() ? kNothingFound
                                                           : kFinding;
}

}  // namespace pxdfuzz
