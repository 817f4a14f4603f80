// SPDX-License-Identifier: MIT

#include "src/cli/campaign/campaign.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>

#include "absl/strings/str_format.h"
#include "fuzz/harness/finding_folder.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case.h"
#include "src/cli/input.h"
#include "src/cli/output.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

// A target that ends this often before it has executed anything does not start.
constexpr int kMostFailures = 3;
// How long a process may take to end after a request, in seconds.
constexpr int kSecondsToEnd = 10;
// In as many executions, half of the inputs must mean something.
constexpr uint64_t kManyExecutions = 10'000;
constexpr auto kBetweenStats = std::chrono::seconds(2);

double Seconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

std::string_view Name(FuzzEngine engine) {
  return engine == FuzzEngine::kLibFuzzer ? "libfuzzer" : "afl";
}

int Processors() {
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

Campaign::Campaign(CampaignOptions options)
    : options_(std::move(options)),
      folder_(options_.out),
      started_(Clock::now()),
      written_(started_) {}

absl::Status Campaign::Open() {
  const std::string stats = folder_.Path("stats.json");
  if (options_.resume) {
    if (access(stats.c_str(), R_OK) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) {
        return absl::InvalidArgumentError(
            Concat({options_.out, ": there is no campaign to resume"}));
      }
      return absl::UnavailableError(
          Concat({stats, ": cannot be read: ", std::strerror(errno)}));
    }
    const absl::StatusOr<CampaignStats> past = ReadCampaignStats(stats);
    if (!past.ok()) return past.status();
    past_ = *past;
    if (past_.target != fs::path(options_.target).filename() ||
        past_.engine != Name(options_.engine)) {
      return absl::InvalidArgumentError(
          Concat({options_.out, ": is a campaign of ", past_.target, " with ",
                  past_.engine, "; resume it with these"}));
    }
  } else {
    const absl::StatusOr<bool> empty = folder_.IsAsGoodAsEmpty();
    if (!empty.ok()) return empty.status();
    if (!*empty) {
      return absl::InvalidArgumentError(
          Concat({options_.out,
                  ": is not empty; --resume continues a campaign that is "
                  "there"}));
    }
  }
  if (absl::Status status = folder_.Make(); !status.ok()) return status;
  if (const size_t removed = folder_.RemoveUnfinished(); removed > 0) {
    remarks_.push_back(Concat({options_.out, ": ", Plural(removed, "input"),
                               removed == 1 ? " was" : " were",
                               " written in part, and removed"}));
  }
  if (absl::Status status = FindUnreadable(); !status.ok()) return status;
  past_.target = fs::path(options_.target).filename();
  past_.engine = Name(options_.engine);
  before_ = past_;
  ++past_.sessions;
  // What an earlier session did not finish.
  const auto crashes = folder_.KeepAllCrashes();
  if (!crashes.ok()) return crashes.status();
  for (const std::string& signature : *crashes) {
    past_.AddFinding(signature, 1);
  }
  return WriteStats();
}

absl::Status Campaign::FindUnreadable() {
  std::vector<std::string> folders = options_.seeds;
  folders.push_back(folder_.Path("corpus"));
  for (const std::string& folder : folders) {
    const auto files = UnreadableFiles(folder);
    if (!files.ok()) return files.status();
    if (files->empty()) continue;
    const std::string& first = files->front();
    // AFL++ exits at a file that it cannot read.
    if (options_.engine == FuzzEngine::kAfl) {
      return absl::UnavailableError(
          Concat({first, ": cannot be read: ", std::strerror(EACCES)}));
    }
    remarks_.push_back(Concat(
        {folder, ": ", Plural(files->size(), "file"), " cannot be read and ",
         files->size() == 1 ? "is" : "are", " left out: ", first,
         files->size() == 1 ? "" : " and others"}));
  }
  return absl::OkStatus();
}

absl::Status Campaign::Start() {
  started_ = Clock::now();
  for (int i = 0; i < options_.jobs; ++i) {
    const bool sanitized =
        !options_.sanitized.empty() && i > 0 && i + 1 == options_.jobs;
    Worker worker;
    worker.name = Concat({"job-", std::to_string(i + 1)});
    worker.program = sanitized ? options_.sanitized : options_.target;
    workers_.push_back(std::move(worker));
  }
  for (Worker& worker : workers_) {
    if (absl::Status status = StartWorker(worker); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Campaign::StartWorker(Worker& worker) {
  Process::Options process;
  process.own_group = true;
  process.environment = {
      {"PXDFUZZ_FINDINGS", fs::absolute(folder_.Path("findings")).string()},
      {"PXDFUZZ_STATS", fs::absolute(StatsFile(worker)).string()},
      {"PXDFUZZ_COLOR", "never"}};
  process.environment.insert(process.environment.end(),
                             options_.environment.begin(),
                             options_.environment.end());
  if (options_.engine == FuzzEngine::kLibFuzzer) {
    UseLibFuzzer(worker, process);
  } else {
    UseAfl(worker, process);
  }
  const std::string log = folder_.LogOf(worker.name);
  const int descriptor =
      open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor < 0) {
    return absl::UnavailableError(
        Concat({log, ": cannot be written: ", std::strerror(errno)}));
  }
  process.out = descriptor;
  process.error = descriptor;
  worker.executions = 0;
  worker.progressed = Clock::now();
  const std::string error = worker.process.Start(process);
  close(descriptor);
  return error.empty() ? absl::OkStatus() : absl::UnavailableError(error);
}

void Campaign::UseLibFuzzer(const Worker& worker,
                            Process::Options& process) const {
  process.words = {
      worker.program, "-reload=1",
      Concat({"-max_len=", std::to_string(kMaxEncodedSize)}), "-timeout=25",
      Concat({"-artifact_prefix=", folder_.Path("log/"), worker.name, "."})};
  if (options_.runs > 0) {
    process.words.push_back(Concat({"-runs=", std::to_string(options_.runs)}));
  }
  if (!options_.dictionary.empty()) {
    process.words.push_back(Concat({"-dict=", options_.dictionary}));
  }
  process.words.push_back(folder_.Path("corpus"));
  process.words.insert(process.words.end(), options_.seeds.begin(),
                       options_.seeds.end());
}

void Campaign::UseAfl(const Worker& worker, Process::Options& process) const {
  process.environment.insert(process.environment.end(),
                             {{"AFL_NO_UI", "1"},
                              {"AFL_SKIP_CPUFREQ", "1"},
                              {"AFL_NO_AFFINITY", "1"},
                              {"AFL_AUTORESUME", "1"},
                              {"AFL_IGNORE_SEED_PROBLEMS", "1"},
                              {"AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES", "1"}});
  // The targets' own mutator, if it was built in the same folder.
  const fs::path mutator =
      fs::absolute(worker.program).parent_path() / "case_mutator.so";
  if (std::error_code error; fs::exists(mutator, error)) {
    process.environment.emplace_back("AFL_CUSTOM_MUTATOR_LIBRARY",
                                     mutator.string());
  }
  const auto number = static_cast<int>(&worker - workers_.data());
  // With CPU affinity, it runs several times as fast.
  process.words = {
      "taskset",
      "-c",
      std::to_string(number % Processors()),
      "afl-fuzz",
      "-i",
      options_.seeds.empty() ? folder_.Path("corpus") : options_.seeds[0],
      "-o",
      folder_.Path("afl"),
      number == 0 ? "-M" : "-S",
      worker.name,
      "-G",
      std::to_string(kMaxEncodedSize)};
  if (!options_.dictionary.empty()) {
    process.words.insert(process.words.end(), {"-x", options_.dictionary});
  }
  process.words.insert(process.words.end(), {"--", worker.program});
}

std::string Campaign::StatsFile(const Worker& worker) const {
  return folder_.Path(Concat({"log/", worker.name, ".stats"}));
}

nlohmann::json Campaign::StatsOf(const Worker& worker) const {
  nlohmann::json stats = ReadTargetStats(StatsFile(worker));
  if (options_.engine == FuzzEngine::kLibFuzzer) return stats;
  // AFL++ restarts the target from time to time, and has its own count. The
  // number of judged cases shows that the target works.
  nlohmann::json counted = nlohmann::json::object();
  if (stats.contains("judged")) counted["judged"] = stats["judged"];
  std::ifstream in(
      folder_.Path(Concat({"afl/", worker.name, "/fuzzer_stats"})));
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string key;
    std::string colon;
    uint64_t executions = 0;
    if (words >> key >> colon >> executions && key == "execs_done") {
      counted["executions"] = executions;
    }
  }
  return counted;
}

absl::Status Campaign::Failure(const Worker& worker,
                               std::string_view what) const {
  return absl::UnavailableError(
      Concat({worker.program, ": ", worker.name, " ", what,
              "; its log ends with: ", folder_.LastLineOf(worker.name)}));
}

absl::Status Campaign::KeepCrashes(const Worker& worker) {
  const auto signatures = folder_.KeepCrashes(worker.name);
  if (!signatures.ok()) return signatures.status();
  for (const std::string& signature : *signatures) {
    past_.AddFinding(signature, 1);
  }
  return absl::OkStatus();
}

uint64_t Campaign::CountEnded(const Worker& worker, const Process::End& end) {
  processor_seconds_ += end.user_seconds + end.system_seconds;
  CampaignStats stats;
  stats.counted = StatsOf(worker);
  past_.Add(stats.counted);
  std::error_code error;
  fs::remove(StatsFile(worker), error);
  return stats.executions();
}

absl::Status Campaign::OnEnd(Worker& worker, const Process::End& end) {
  const uint64_t executions = CountEnded(worker, end);
  if (end.code == kCannotKeep) {
    return absl::UnavailableError(folder_.WhyNothingIsKept(worker.name));
  }
  if (absl::Status status = KeepCrashes(worker); !status.ok()) return status;
  const bool ended_well = end.code == 0 && end.signal == 0;
  if (executions > 0) {
    worker.failures = 0;
    return ended_well ? absl::OkStatus() : StartWorker(worker);
  }
  if (ended_well) {
    return Failure(worker, "ended and has executed nothing");
  }
  ++worker.failures;
  if (worker.failures == kMostFailures || options_.engine == FuzzEngine::kAfl) {
    return Failure(worker, "does not start");
  }
  return StartWorker(worker);
}

absl::Status Campaign::CheckProgress(Worker& worker) const {
  // The target's own figures: AFL++ writes its figures once a minute.
  CampaignStats stats;
  stats.counted = ReadTargetStats(StatsFile(worker));
  const Clock::time_point now = Clock::now();
  if (stats.executions() != worker.executions) {
    worker.executions = stats.executions();
    worker.progressed = now;
  }
  if (now - worker.progressed < std::chrono::seconds(options_.patience)) {
    return absl::OkStatus();
  }
  return Failure(worker,
                 Concat({"hangs: it has executed nothing for ",
                         std::to_string(options_.patience), " s, and ",
                         Grouped(worker.executions), " inputs before that"}));
}

absl::StatusOr<bool> Campaign::Poll() {
  const bool is_time = Clock::now() - written_ >= kBetweenStats;
  bool runs = false;
  for (Worker& worker : workers_) {
    if (const auto end = worker.process.Poll(); end.has_value()) {
      if (absl::Status status = OnEnd(worker, *end); !status.ok()) {
        return status;
      }
    }
    if (!worker.process.runs()) continue;
    runs = true;
    if (!is_time) continue;
    if (absl::Status status = CheckProgress(worker); !status.ok()) {
      return status;
    }
  }
  if (is_time) {
    written_ = Clock::now();
    if (absl::Status status = WriteStats(); !status.ok()) return status;
  }
  return runs;
}

absl::Status Campaign::Stop() {
  // libFuzzer ends cleanly only on SIGUSR1, AFL++ on SIGTERM.
  const int signal =
      options_.engine == FuzzEngine::kLibFuzzer ? SIGUSR1 : SIGTERM;
  for (const Worker& worker : workers_) worker.process.Signal(signal);
  const int patience = std::min(options_.patience, kSecondsToEnd);
  const Clock::time_point last = Clock::now() + std::chrono::seconds(patience);
  bool runs = true;
  while (runs && Clock::now() < last) {
    runs = false;
    for (Worker& worker : workers_) {
      const auto end = worker.process.Poll();
      if (end.has_value()) CountEnded(worker, *end);
      runs |= worker.process.runs();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  absl::Status result = absl::OkStatus();
  for (Worker& worker : workers_) {
    if (worker.process.runs()) {
      result.Update(Failure(
          worker, Concat({"hangs: it did not end within ",
                          std::to_string(patience), " s of being asked to"})));
      worker.process.Kill();
      CountEnded(worker, {});
    }
    result.Update(KeepCrashes(worker));
  }
  past_ = Stats();
  started_ = Clock::now();
  result.Update(folder_.CollectQueues());
  workers_.clear();
  const absl::Status written = WriteStats();
  return written.ok() ? result : written;
}

absl::Status Campaign::CheckThatItWorked() const {
  const uint64_t executions = past_.executions() - before_.executions();
  const std::string log = folder_.Path("log");
  if (executions == 0) {
    return absl::UnavailableError(
        Concat({options_.target, ": nothing was executed in ",
                absl::StrFormat("%.1f", past_.seconds - before_.seconds),
                " s; see ", log}));
  }
  const uint64_t empty = past_.Number("/empty") - before_.Number("/empty");
  if (executions >= kManyExecutions && empty > executions / 2) {
    return absl::UnavailableError(Concat(
        {options_.target, ": ", Grouped(empty), " of ", Grouped(executions),
         " executions were of inputs that mean the empty case; see ", log}));
  }
  const uint64_t judged = past_.Number("/judged") - before_.Number("/judged");
  if (judged > 0 || past_.findings() != before_.findings()) {
    return absl::OkStatus();
  }
  return absl::UnavailableError(
      Concat({options_.target, ": nothing was compared: ", Grouped(executions),
              " executions, all of them skipped or inconclusive; see ", log}));
}

CampaignStats Campaign::Stats() const {
  CampaignStats stats = past_;
  stats.seconds = past_.seconds + session_seconds();
  for (const Worker& worker : workers_) {
    if (worker.process.runs()) stats.Add(StatsOf(worker));
  }
  // Engines that do not count findings have still written them to folders.
  for (const std::string& signature : folder_.Findings()) {
    stats.AddFinding(signature, 0);
  }
  return stats;
}

double Campaign::session_seconds() const {
  return Seconds(Clock::now() - started_);
}

absl::Status Campaign::WriteStats() const {
  const CampaignStats stats = Stats();
  for (const auto& [signature, count] : stats.findings()) {
    std::error_code error;
    const std::string folder = folder_.Path(Concat({"findings/", signature}));
    if (count == 0 || !fs::is_directory(folder, error)) continue;
    if (absl::Status status =
            WriteFile(Concat({folder, "/count"}),
                      Concat({std::to_string(count), "\n"}), /*force=*/true);
        !status.ok()) {
      return status;
    }
  }
  return WriteFile(folder_.Path("stats.json"), stats.ToJson(), /*force=*/true);
}

std::pair<std::vector<std::string>, std::vector<std::string>>
Campaign::Findings(const CampaignStats& stats) const {
  std::pair<std::vector<std::string>, std::vector<std::string>> findings;
  const std::string today = Today();
  for (const auto& [signature, count] : stats.findings()) {
    const std::string& name = signature;
    const bool known =
        std::any_of(options_.known.begin(), options_.known.end(),
                    [&](const KnownIssue& issue) {
                      return Matches(issue, name) && !IsExpired(issue, today);
                    });
    (known ? findings.second : findings.first).push_back(signature);
  }
  return findings;
}

std::vector<std::string> Campaign::RemarksOnKnownIssues(
    const CampaignStats& stats) const {
  std::vector<std::string> remarks;
  const std::string today = Today();
  const auto findings = stats.findings();
  for (const KnownIssue& issue : options_.known) {
    const bool used = std::any_of(
        findings.begin(), findings.end(),
        [&](const auto& finding) { return Matches(issue, finding.first); });
    if (IsExpired(issue, today)) {
      remarks.push_back(Concat({issue.signature, " expired on ", issue.expires,
                                " (", issue.link, ")"}));
    } else if (!used) {
      remarks.push_back(
          Concat({issue.signature, " was not met (", issue.link, ")"}));
    }
  }
  return remarks;
}

}  // namespace pxdfuzz
