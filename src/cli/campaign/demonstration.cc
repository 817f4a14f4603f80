// SPDX-License-Identifier: MIT

#include "src/cli/campaign/demonstration.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "fuzz/targets.h"
#include "pxdfuzz/base/process.h"
#include "pxdfuzz/base/read_file.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/oracle/model_engine.h"
#include "src/cli/campaign/campaign_report.h"
#include "src/cli/campaign/kept_finding.h"
#include "src/cli/commands.h"
#include "src/cli/input.h"
#include "src/cli/interrupt.h"
#include "src/cli/output.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kStrictTarget = "gup_strict_fuzzer";
// In 2020 the bug returned wrong pages, and processes with 3 levels are common.
constexpr std::string_view kWanted = "s390-3.static-by-value.wrong-page.*";
constexpr std::string_view kMostExecutions = "1000000";  // the bug takes
                                                         // hundreds
constexpr int kDefaultSeconds = 60;
constexpr int kLeastSeconds = 5;  // minimum for the second part

class KnownBug {
 public:
  KnownBug(std::string targets, std::string out_folder, Output& out)
      : program_(Concat({targets, "/", kStrictTarget})),
        input_(Concat({out_folder, "/known-bug"})),
        small_(Concat({input_, ".small"})),
        out_(out) {}

  // Looks for the bug from an empty corpus. An error if the target fails.
  absl::Status Find() {
    out_.Write(
        "looking for a wrong page at 3 levels, from an empty corpus ... ");
    const Clock::time_point started = Clock::now();
    const std::string corpus = Concat({input_, ".corpus"});
    std::error_code error;
    fs::create_directories(corpus, error);
    const absl::StatusOr<Process::End> end =
        Run({Concat({"-runs=", kMostExecutions}),
             Concat({"-exact_artifact_path=", input_}), corpus},
            Concat({input_, ".log"}), "never");
    if (!end.ok()) return end.status();
    CampaignStats stats;
    stats.counted = ReadTargetStats(StatsFile());
    cost_ = Concat({Grouped(stats.executions()), " executions (",
                    absl::StrFormat("%.1f", SecondsSince(started)), " s)"});
    if (IsInterrupted()) {
      out_.Write("interrupted\n");
      return absl::OkStatus();
    }
    if (!fs::exists(input_, error)) {
      out_.Write(Concat({"not found in ", cost_, "\n"}));
      if (end->shell_code() == 0 && stats.executions() > 0) {
        return absl::OkStatus();
      }
      return absl::UnavailableError(
          Concat({program_, ": ended with ", std::to_string(end->shell_code()),
                  " and no finding; see ", input_, ".log"}));
    }
    const absl::StatusOr<Case> c = ReadCase(input_);
    if (!c.ok()) return c.status();
    case_ = *c;
    const Verdict& verdict =
        oracle_.Judge(case_, FindTarget(kStrictTarget)->walks, Waivers::kNone);
    if (!verdict.finding.has_value()) {
      return absl::UnavailableError(
          Concat({input_, ": shows no finding, and ", program_, " had one"}));
    }
    const std::string signature = Name(*verdict.finding);
    if (!signature.starts_with(kWanted.substr(0, kWanted.size() - 1))) {
      out_.Write(
          Concat({"found another, ", signature, ", after ", cost_, "\n"}));
      return absl::OkStatus();
    }
    signature_ = signature;
    walk_ = PolicyFromName(verdict.finding->walk);
    out_.Write(Concat({"found after ", cost_, "\n"}));
    return absl::OkStatus();
  }

  bool is_found() const { return !signature_.empty(); }

  // Reduces the case to a simpler one with the same finding, and prints the
  // target's report of it.
  absl::Status Shrink() {
    out_.Write("making the case simpler ... ");
    const Clock::time_point started = Clock::now();
    ModelEngine engine(*walk_);
    const absl::StatusOr<ShrunkCase> shrunk = ShrinkFinding(
        {.engine = &engine, .signature = signature_, .is_expected = true},
        case_, [](const Case& /*best*/) { return !IsInterrupted(); });
    if (!shrunk.ok()) return shrunk.status();
    std::array<uint8_t, kMaxEncodedSize> bytes;
    const size_t size = Encode(shrunk->c, bytes);
    if (absl::Status status = WriteFile(
            small_, {reinterpret_cast<const char*>(bytes.data()), size},
            /*force=*/true);
        !status.ok()) {
      return status;
    }
    out_.Write(
        Concat({Plural(case_.setup.size(), "operation"), " to ",
                std::to_string(shrunk->c.setup.size()), " (",
                absl::StrFormat("%.1f", SecondsSince(started)), " s)\n"}));
    const std::string log = Concat({small_, ".log"});
    const absl::StatusOr<Process::End> end =
        Run({small_}, log, out_.color() ? "always" : "never");
    if (!end.ok()) return end.status();
    const std::string printed = ReadFile(log).value_or("");
    const size_t begin = printed.find("pxdfuzz: FINDING ");
    const size_t finish = printed.find("pxdfuzz: end of report");
    if (begin == printed.npos || finish == printed.npos) {
      return absl::UnavailableError(
          Concat({program_, ": reports nothing of ", small_, "; see ", log}));
    }
    out_.Write(Concat({"\n", printed.substr(begin, finish - begin), "\n"}));
    return absl::OkStatus();
  }

  void Summarize() const {
    PrintRow("known bug",
             Concat({is_found() ? "found after " : "not found in ", cost_}),
             out_);
    if (!is_found()) return;
    PrintRow("  signature", signature_, out_);
    PrintRow("  input", Concat({input_, ", and smaller: ", small_}), out_);
  }

 private:
  std::string StatsFile() const { return Concat({input_, ".stats"}); }
  static double SecondsSince(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  }

  // Runs the target until it ends or the user interrupts it.
  absl::StatusOr<Process::End> Run(const std::vector<std::string>& arguments,
                                   const std::string& log,
                                   const std::string& color) const {
    Process::Options options;
    options.own_group = true;
    options.words = {program_};
    options.words.insert(options.words.end(), arguments.begin(),
                         arguments.end());
    options.environment = {{"PXDFUZZ_ONLY", std::nullopt},
                           {"PXDFUZZ_FINDINGS", std::nullopt},
                           {"PXDFUZZ_SIGNATURE", std::string(kWanted)},
                           {"PXDFUZZ_STATS", StatsFile()},
                           {"PXDFUZZ_COLOR", color}};
    const int descriptor =
        open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    options.out = descriptor;
    options.error = descriptor;
    Process process;
    const std::string error = process.Start(options);
    if (descriptor >= 0) close(descriptor);
    if (!error.empty()) return absl::UnavailableError(error);
    std::optional<Process::End> end;
    while (!IsInterrupted() && !(end = process.Poll()).has_value()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return end.value_or(Process::End{.signal = SIGINT});
  }

  const std::string program_;
  const std::string input_;
  const std::string small_;
  Output& out_;
  Oracle oracle_;
  Case case_;
  std::string signature_;  // empty until the bug is found
  std::optional<Policy> walk_;
  std::string cost_ = "0 executions";
};

}  // namespace

int Demonstrate(CampaignOptions options, Output& out) {
  const Clock::time_point started = Clock::now();
  const int total = options.seconds > 0 ? options.seconds : kDefaultSeconds;
  const std::string targets = options.target;
  const std::string folder = options.out;
  CatchInterrupts();
  options.out = Concat({folder, "/campaign"});
  options.target = Concat({targets, "/gup_fuzzer"});
  Campaign campaign(std::move(options));
  // First, so that the command fails early if the folder cannot be used.
  absl::Status status = campaign.Open();
  if (!status.ok()) {
    PrintError(status);
    return absl::IsInvalidArgument(status) ? kUsage : kFailed;
  }
  KnownBug bug(targets, folder, out);
  status = bug.Find();
  if (status.ok() && bug.is_found() && !IsInterrupted()) status = bug.Shrink();
  const bool goes_on = status.ok() && !IsInterrupted();
  if (goes_on) {
    const auto used =
        std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - started)
            .count();
    const int left = std::max(total - static_cast<int>(used), kLeastSeconds);
    out.Write(Concat({"fuzzing with gup_fuzzer for ", std::to_string(left),
                      " s; Ctrl-C stops it\n"}));
    campaign.SetSeconds(left);
    status = Fuzz(campaign, out);
  }
  out.Write("\nSummary\n");
  bug.Summarize();
  if (goes_on) {
    Summarize(campaign, out);
    status.Update(campaign.CheckThatItWorked());
  }
  if (IsInterrupted()) return kInterrupted;
  if (!status.ok()) {
    PrintError(status);
    return kFailed;
  }
  return bug.is_found() && campaign.Findings(campaign.Stats()).first.empty()
             ? kNothingFound
             : kFinding;
}

}  // namespace pxdfuzz
