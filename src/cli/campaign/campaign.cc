// SPDX-License-Identifier: MIT

#include "src/cli/campaign/campaign.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <sstream>
#include <system_error>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "fuzz/harness/cell_mask.h"
#include "fuzz/harness/finding_folder.h"
#include "fuzz/harness/sha1.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/case/case_text.h"
#include "src/cli/input.h"
#include "src/cli/output.h"
#include "src/cli/text/json.h"
#include "src/cli/text/yaml_node.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

// What a program ends with that cannot be executed.
constexpr int kCannotExecute = 127;
// A target that ends so often before it has executed anything does not start.
constexpr int kMostFailures = 3;
// How long a process may take to end when it is asked to.
constexpr auto kPatience = std::chrono::seconds(5);
constexpr auto kBetweenStats = std::chrono::seconds(2);
constexpr size_t kTailBytes = 64 * 1024;
// More than a file of a finding has.
constexpr size_t kProbeBytes = 64 * 1024;
constexpr std::string_view kOwnWords = "pxdfuzz: ";
constexpr std::string_view kStatsDraft = "stats.json.";

std::string Contents(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

absl::Status CannotRead(const fs::path& path, int error) {
  return absl::UnavailableError(
      Concat({path.string(), ": cannot be read: ", std::strerror(error)}));
}

// Adds the regular files at or below `folder` that cannot be read. An error
// where a folder cannot be, nothing of which an engine would read.
absl::Status AddUnreadable(const fs::path& folder,
                           std::vector<fs::path>& files) {
  std::error_code error;
  std::vector<fs::path> folders;
  for (auto it = fs::directory_iterator(folder, error);
       !error && it != fs::directory_iterator(); it.increment(error)) {
    std::error_code ignored;
    if (it->is_symlink(ignored) || !it->is_directory(ignored)) {
      if (it->is_regular_file(ignored) && access(it->path().c_str(), R_OK) != 0)
        files.push_back(it->path());
    } else if (!it->path().filename().string().starts_with('.')) {
      folders.push_back(it->path());
    }
  }
  if (error) return CannotRead(folder, error.value());
  for (const fs::path& below : folders) {
    if (absl::Status status = AddUnreadable(below, files); !status.ok()) {
      return status;
    }
  }
  std::sort(files.begin(), files.end());
  return absl::OkStatus();
}

// The end of a file, from the beginning of a line on.
std::string Tail(const fs::path& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  const auto size = static_cast<size_t>(std::max<int64_t>(0, in.tellg()));
  const size_t from = size > kTailBytes ? size - kTailBytes : 0;
  in.seekg(static_cast<std::streamoff>(from));
  std::string text{std::istreambuf_iterator<char>(in), {}};
  return from == 0 ? text : text.substr(text.find('\n') + 1);
}

std::vector<fs::path> FilesIn(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (auto it = fs::directory_iterator(folder, error);
       !error && it != fs::directory_iterator(); it.increment(error)) {
    if (it->is_regular_file(error)) files.push_back(it->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Whether there is nothing in a folder but folders and drafts of stats.json,
// which is what a campaign leaves that ends before it has begun.
absl::StatusOr<bool> IsAsGoodAsEmpty(const fs::path& folder) {
  std::error_code error;
  if (!fs::exists(folder, error)) return true;
  auto it = fs::recursive_directory_iterator(folder, error);
  for (; !error && it != fs::recursive_directory_iterator();
       it.increment(error)) {
    std::error_code ignored;
    if (!it->is_directory(ignored) &&
        !it->path().filename().string().starts_with(kStatsDraft)) {
      return false;
    }
  }
  if (error) return CannotRead(folder, error.value());
  return true;
}

// Whether a file that an engine named by the SHA-1 of what it holds, "crash-"
// or the like in front, holds something else: the disk was full, or the engine
// was killed while it wrote.
bool IsCutShort(const fs::path& file) {
  constexpr size_t kDigits = 40;
  const std::string name = file.filename().string();
  if (name.size() < kDigits) return false;
  const std::string hash = name.substr(name.size() - kDigits);
  return hash.find_first_not_of("0123456789abcdef") == hash.npos &&
         access(file.c_str(), R_OK) == 0 &&
         Sha1Hex(Bytes(Contents(file))) != hash;
}

// Adds what `more` has reached to `cells`.
void AddCells(const std::string& more, std::string& cells) {
  if (cells.size() < more.size()) cells.resize(more.size(), CellDigit(0));
  for (size_t i = 0; i < more.size(); ++i) {
    cells[i] = CellDigit(FourCells(cells[i]) | FourCells(more[i]));
  }
}

void Add(const CampaignStats& more, CampaignStats& stats) {
  stats.executions += more.executions;
  AddCells(more.cells, stats.cells);
  stats.cells_possible = std::max(stats.cells_possible, more.cells_possible);
  for (const auto& [signature, count] : more.findings) {
    stats.findings[signature] += count;
  }
  for (const auto& [what, count] : more.counts) stats.counts[what] += count;
}

// Whether a target's line is kept as it is: what is known to be wrong, and what
// became of tables that change.
bool IsKept(std::string_view key) {
  return key == "known-defect" || key == "dropped" || key == "impossible" ||
         key.starts_with("changing-");
}

// The statistics that a target writes (fuzz/stats.cc).
CampaignStats ReadTargetStats(const fs::path& file) {
  CampaignStats stats;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string key;
    words >> key;
    if (key == "executions") words >> stats.executions;
    if (key == "cells-possible") words >> stats.cells_possible;
    if (key == "cells-mask") {
      words >> stats.cells;
      if (!IsCellMask(stats.cells)) stats.cells.clear();
    }
    if (key == "finding") {
      std::string signature;
      uint64_t count = 0;
      if (words >> signature >> count) stats.findings[signature] = count;
    }
    const size_t last = line.rfind(' ');
    uint64_t count = 0;
    if (IsKept(key) && last != line.npos &&
        absl::SimpleAtoi(line.substr(last + 1), &count)) {
      stats.counts[line.substr(0, last)] = count;
    }
  }
  return stats;
}

std::string ToJson(const CampaignStats& stats) {
  std::string findings;
  for (const auto& [signature, count] : stats.findings) {
    findings += Concat({findings.empty() ? "" : ",",
                        "\n    {\"signature\": ", JsonString(signature),
                        ", \"count\": ", std::to_string(count), "}"});
  }
  std::string counts;
  for (const auto& [what, count] : stats.counts) {
    counts += Concat({counts.empty() ? "" : ",",
                      "\n    {\"what\": ", JsonString(what),
                      ", \"count\": ", std::to_string(count), "}"});
  }
  return Concat({"{\n  \"target\": ",
                 JsonString(stats.target),
                 ",\n  \"engine\": ",
                 JsonString(stats.engine),
                 ",\n  \"sessions\": ",
                 std::to_string(stats.sessions),
                 ",\n  \"seconds\": ",
                 absl::StrFormat("%.1f", stats.seconds),
                 ",\n  \"executions\": ",
                 std::to_string(stats.executions),
                 ",\n  \"cells_reached\": ",
                 std::to_string(stats.cells_reached()),
                 ",\n  \"cells_possible\": ",
                 std::to_string(stats.cells_possible),
                 ",\n  \"cells\": ",
                 JsonString(stats.cells),
                 ",\n  \"findings\": [",
                 findings,
                 findings.empty() ? "" : "\n  ",
                 "],\n  \"counts\": [",
                 counts,
                 counts.empty() ? "" : "\n  ",
                 "]\n}\n"});
}

// What ToJson() wrote. JSON is YAML.
absl::StatusOr<CampaignStats> FromJson(std::string_view text,
                                       const std::string& name) {
  const absl::StatusOr<YamlNode> root = ParseYaml(text, name);
  if (!root.ok()) return root.status();
  CampaignStats stats;
  bool good = root->kind == YamlNode::Kind::kMapping;
  for (size_t i = 0; good && i < root->keys.size(); ++i) {
    const std::string& key = root->keys[i].text;
    const YamlNode& value = root->items[i];
    if (key == "target") stats.target = value.text;
    if (key == "engine") stats.engine = value.text;
    if (key == "sessions") good = absl::SimpleAtoi(value.text, &stats.sessions);
    if (key == "seconds") good = absl::SimpleAtod(value.text, &stats.seconds);
    if (key == "executions") {
      good = absl::SimpleAtoi(value.text, &stats.executions);
    }
    if (key == "cells_possible") {
      good = absl::SimpleAtoi(value.text, &stats.cells_possible);
    }
    if (key == "cells") {
      stats.cells = value.text;
      good = IsCellMask(value.text);
    }
    if (key != "findings" && key != "counts") continue;
    std::map<std::string, uint64_t>& counted =
        key == "findings" ? stats.findings : stats.counts;
    for (const YamlNode& item : value.items) {
      good = good && item.items.size() == 2 &&
             absl::SimpleAtoi(item.items[1].text, &counted[item.items[0].text]);
    }
  }
  if (good) return stats;
  return absl::InvalidArgumentError(
      Concat({name, ": is not what a campaign wrote"}));
}

// "AddressSanitizer.heap-buffer-overflow.Walk" of the line with which a
// sanitizer or an engine ends its report, fit for a file's name.
std::string CrashName(std::string_view log) {
  constexpr std::string_view kBegin = "SUMMARY: ";
  const size_t at = log.rfind(kBegin);
  if (at == log.npos) return "unknown";
  std::string_view line = log.substr(at + kBegin.size());
  line = line.substr(0, line.find('\n'));
  // "TOOL: KIND PLACE in FUNCTION"; places differ between builds.
  std::vector<std::string> words;
  std::istringstream in{std::string(line)};
  for (std::string word; in >> word;) {
    if (word.find('/') == word.npos) words.push_back(word);
  }
  std::string name;
  for (const std::string& word : words) {
    if (word == "in") continue;
    if (!name.empty()) name += '.';
    for (const char c : word) {
      const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                         (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
      if (plain) name += c;
    }
    if (name.size() > 80) break;
  }
  return name;
}

}  // namespace

std::string_view Name(Engine engine) {
  return engine == Engine::kLibFuzzer ? "libfuzzer" : "afl";
}

uint64_t CampaignStats::cells_reached() const {
  uint64_t count = 0;
  for (const char c : cells) count += std::popcount(FourCells(c));
  return count;
}

Campaign::Campaign(CampaignOptions options)
    : options_(std::move(options)),
      started_(Clock::now()),
      written_(started_) {}

std::string Campaign::Path(std::string_view name) const {
  return Concat({options_.out, "/", name});
}

absl::Status Campaign::Open() {
  std::error_code error;
  const std::string stats = Path("stats.json");
  if (options_.resume) {
    if (access(stats.c_str(), R_OK) != 0) {
      if (errno != ENOENT && errno != ENOTDIR) return CannotRead(stats, errno);
      return absl::InvalidArgumentError(
          Concat({options_.out, ": there is no campaign to resume"}));
    }
    const absl::StatusOr<CampaignStats> past = FromJson(Contents(stats), stats);
    if (!past.ok()) return past.status();
    past_ = *past;
    if (past_.target != fs::path(options_.target).filename() ||
        past_.engine != Name(options_.engine)) {
      return absl::InvalidArgumentError(
          Concat({options_.out, ": is a campaign of ", past_.target, " with ",
                  past_.engine, "; resume it with these"}));
    }
  } else {
    const absl::StatusOr<bool> empty = IsAsGoodAsEmpty(options_.out);
    if (!empty.ok()) return empty.status();
    if (!*empty) {
      return absl::InvalidArgumentError(
          Concat({options_.out,
                  ": is not empty; --resume goes on with a campaign that is "
                  "there"}));
    }
  }
  for (const char* name : {"corpus", "findings", "log"}) {
    const std::string folder = Path(name);
    fs::create_directories(folder, error);
    if (error) {
      return absl::UnavailableError(
          Concat({folder, ": cannot be made: ", error.message()}));
    }
    if (access(folder.c_str(), R_OK | W_OK | X_OK) != 0) {
      return absl::UnavailableError(Concat(
          {folder, ": cannot be read and written: ", std::strerror(errno)}));
    }
  }
  RemoveHalfMade();
  if (absl::Status status = FindUnreadable(); !status.ok()) return status;
  // What an engine left behind and nobody made a finding of.
  for (const fs::path& file : FilesIn(Path("log"))) {
    if (file.extension() != ".log") continue;
    Worker of_log;
    of_log.name = file.stem().string();
    if (absl::Status status = KeepCrash(of_log); !status.ok()) return status;
  }
  past_.target = fs::path(options_.target).filename();
  past_.engine = Name(options_.engine);
  ++past_.sessions;
  before_ = past_.executions;
  seconds_before_ = past_.seconds;
  return WriteStats();
}

void Campaign::RemoveHalfMade() {
  std::error_code error;
  std::vector<fs::path> drafts;
  const auto begins = [](const fs::path& path, std::string_view prefix) {
    return path.filename().string().starts_with(prefix);
  };
  for (const fs::path& file : FilesIn(options_.out)) {
    if (begins(file, kStatsDraft)) drafts.push_back(file);
  }
  for (const auto& entry : fs::directory_iterator(Path("findings"), error)) {
    if (begins(entry.path(), ".new-")) drafts.push_back(entry.path());
    for (const fs::path& file : FilesIn(entry.path())) {
      if (begins(file, "count.")) drafts.push_back(file);
    }
  }
  size_t cut_short = 0;
  for (const char* folder : {"corpus", "log"}) {
    for (const fs::path& file : FilesIn(Path(folder))) {
      const bool is_cut_short = IsCutShort(file);
      cut_short += is_cut_short;
      if (is_cut_short || file.extension() == ".stats") drafts.push_back(file);
    }
  }
  for (const fs::path& draft : drafts) fs::remove_all(draft, error);
  if (cut_short == 0) return;
  remarks_.push_back(Concat({options_.out, ": ", Plural(cut_short, "input"),
                             cut_short == 1 ? " was" : " were",
                             " written in part, and removed"}));
}

absl::Status Campaign::FindUnreadable() {
  std::vector<std::string> folders = options_.seeds;
  folders.push_back(Path("corpus"));
  for (const std::string& folder : folders) {
    std::vector<fs::path> files;
    if (absl::Status status = AddUnreadable(folder, files); !status.ok()) {
      return status;
    }
    if (files.empty()) continue;
    // It ends where it meets one.
    if (options_.engine == Engine::kAfl) return CannotRead(files[0], EACCES);
    remarks_.push_back(Concat(
        {folder, ": ", Plural(files.size(), "file"), " cannot be read and ",
         files.size() == 1 ? "is" : "are", " left out: ", files[0].string(),
         files.size() == 1 ? "" : " and others"}));
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
  Job::Options job;
  job.log = Path(Concat({"log/", worker.name, ".log"}));
  job.environment = {
      {"PXDFUZZ_FINDINGS", fs::absolute(Path("findings")).string()},
      {"PXDFUZZ_COLOR", "never"}};
  const std::string longest = std::to_string(kMaxEncodedSize);
  if (options_.engine == Engine::kLibFuzzer) {
    job.environment.emplace_back("PXDFUZZ_STATS",
                                 Path(Concat({"log/", worker.name, ".stats"})));
    job.words = {worker.program, "-reload=1", Concat({"-max_len=", longest}),
                 "-timeout=25",
                 Concat({"-artifact_prefix=", Path("log/"), worker.name, "."})};
    if (!options_.dictionary.empty()) {
      job.words.push_back(Concat({"-dict=", options_.dictionary}));
    }
    job.words.push_back(Path("corpus"));
    for (const std::string& seeds : options_.seeds) job.words.push_back(seeds);
  } else {
    job.environment.insert(job.environment.end(),
                           {{"AFL_NO_UI", "1"},
                            {"AFL_SKIP_CPUFREQ", "1"},
                            {"AFL_NO_AFFINITY", "1"},
                            {"AFL_AUTORESUME", "1"},
                            {"AFL_IGNORE_SEED_PROBLEMS", "1"},
                            {"AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES", "1"}});
    // The targets' own mutator, where it was built beside them.
    const fs::path mutator =
        fs::absolute(worker.program).parent_path() / "case_mutator.so";
    if (std::error_code error; fs::exists(mutator, error)) {
      job.environment.emplace_back("AFL_CUSTOM_MUTATOR_LIBRARY",
                                   mutator.string());
    }
    const bool is_main = &worker == workers_.data();
    const auto cores = std::max(1u, std::thread::hardware_concurrency());
    const auto core = static_cast<unsigned>(&worker - workers_.data()) % cores;
    // Pinned, it runs several times as fast.
    job.words = {"taskset",
                 "-c",
                 std::to_string(core),
                 "afl-fuzz",
                 "-i",
                 options_.seeds.empty() ? Path("corpus") : options_.seeds[0],
                 "-o",
                 Path("afl"),
                 is_main ? "-M" : "-S",
                 worker.name,
                 "-G",
                 longest};
    if (!options_.dictionary.empty()) {
      job.words.insert(job.words.end(), {"-x", options_.dictionary});
    }
    job.words.insert(job.words.end(), {"--", worker.program});
  }
  worker.started = Clock::now();
  return worker.job.Start(job);
}

CampaignStats Campaign::StatsOf(const Worker& worker) const {
  if (options_.engine == Engine::kLibFuzzer) {
    return ReadTargetStats(Path(Concat({"log/", worker.name, ".stats"})));
  }
  CampaignStats stats;
  std::ifstream in(Path(Concat({"afl/", worker.name, "/fuzzer_stats"})));
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string key;
    std::string colon;
    if (words >> key >> colon && key == "execs_done") words >> stats.executions;
  }
  return stats;
}

std::string Campaign::WhyNothingIsKept(const Worker& worker) const {
  const std::string words = LastWords(worker);
  const bool is_whole =
      Tail(Path(Concat({"log/", worker.name, ".log"}))).ends_with('\n');
  if (is_whole && words.starts_with(kOwnWords)) {
    return words.substr(kOwnWords.size());
  }
  // It could not say; this process meets the same.
  const std::string probe = Path("findings/.new-probe");
  const absl::Status status =
      WriteFile(probe, std::string(kProbeBytes, ' '), /*force=*/true);
  std::error_code error;
  fs::remove(probe, error);
  return Concat({Path("findings"), ": a finding could not be kept",
                 status.ok() ? "" : "; ", std::string(status.message())});
}

std::string Campaign::LastWords(const Worker& worker) const {
  std::istringstream in(Tail(Path(Concat({"log/", worker.name, ".log"}))));
  std::string last;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) last = line;
  }
  return last.empty() ? "it printed nothing" : last;
}

absl::Status Campaign::KeepCrash(const Worker& worker) {
  const std::string prefix = Concat({worker.name, "."});
  for (const fs::path& file : FilesIn(Path("log"))) {
    const std::string name = file.filename().string();
    if (!name.starts_with(prefix) || file.extension() == ".log" ||
        file.extension() == ".stats" || name.ends_with(".new")) {
      continue;
    }
    std::error_code error;
    if (IsCutShort(file)) {
      fs::remove(file, error);
      continue;
    }
    const std::string bytes = Contents(file);
    const std::string log = Tail(Path(Concat({"log/", worker.name, ".log"})));
    // "crash" of "job-1.crash-0a1b".
    const std::string kind = name.substr(
        prefix.size(), name.find('-', prefix.size()) - prefix.size());
    const std::string signature = Concat({kind, ".", CrashName(log)});
    const fs::path place = Path(Concat({"findings/", signature}));
    ++past_.findings[signature];
    if (!fs::exists(place, error)) {
      const fs::path draft = Path(Concat({"findings/.new-", signature}));
      fs::remove_all(draft, error);
      fs::create_directories(draft, error);
      const Case c = Decode(Bytes(bytes));
      const size_t report = log.rfind("\n==");
      for (const auto& [part, text] :
           {std::pair<std::string_view, std::string>{"input", bytes},
            {"case.yaml", c.empty() ? "# the empty case\n" : ToText(c)},
            {"report.txt",
             report == log.npos ? log : log.substr(report + 1)}}) {
        if (absl::Status status = WriteFile(Concat({draft.string(), "/", part}),
                                            text, /*force=*/true);
            !status.ok()) {
          fs::remove_all(draft, error);
          return status;
        }
      }
      fs::rename(draft, place, error);
      if (error) {
        return absl::UnavailableError(
            Concat({place.string(), ": cannot be made: ", error.message()}));
      }
    }
    fs::remove(file, error);
  }
  return absl::OkStatus();
}

CampaignStats Campaign::Settle(const Worker& worker) {
  const CampaignStats stats = StatsOf(worker);
  Add(stats, past_);
  std::error_code error;
  fs::remove(Path(Concat({"log/", worker.name, ".stats"})), error);
  return stats;
}

absl::Status Campaign::OnEnd(Worker& worker, const Job::End& end) {
  const CampaignStats stats = Settle(worker);
  if (end.code == kCannotExecute) {
    return absl::UnavailableError(LastWords(worker));
  }
  if (end.code == kCannotKeep) {
    return absl::UnavailableError(WhyNothingIsKept(worker));
  }
  if (absl::Status status = KeepCrash(worker); !status.ok()) return status;
  if (end.code == 0 && end.signal == 0) {
    worker.done = true;
    return absl::OkStatus();
  }
  worker.failures = stats.executions == 0 ? worker.failures + 1 : 0;
  if (worker.failures == kMostFailures ||
      (options_.engine == Engine::kAfl && stats.executions == 0)) {
    return absl::UnavailableError(
        Concat({worker.program, ": does not start: ", LastWords(worker)}));
  }
  return StartWorker(worker);
}

absl::StatusOr<bool> Campaign::Tend() {
  bool runs = false;
  for (Worker& worker : workers_) {
    if (const auto end = worker.job.Poll(); end.has_value()) {
      if (absl::Status status = OnEnd(worker, *end); !status.ok()) {
        return status;
      }
    }
    runs |= worker.job.runs();
  }
  if (Clock::now() - written_ >= kBetweenStats) {
    written_ = Clock::now();
    if (absl::Status status = WriteStats(); !status.ok()) return status;
  }
  return runs;
}

absl::Status Campaign::Stop() {
  // libFuzzer ends well on SIGUSR1 alone, AFL++ on SIGTERM.
  const int signal = options_.engine == Engine::kLibFuzzer ? SIGUSR1 : SIGTERM;
  for (const Worker& worker : workers_) worker.job.Signal(signal);
  const Clock::time_point last = Clock::now() + kPatience;
  bool runs = true;
  while (runs && Clock::now() < last) {
    runs = false;
    for (Worker& worker : workers_) {
      if (const auto end = worker.job.Poll(); end.has_value()) {
        Settle(worker);
      }
      runs |= worker.job.runs();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  absl::Status kept = absl::OkStatus();
  for (Worker& worker : workers_) {
    if (absl::Status status = KeepCrash(worker); !status.ok()) kept = status;
  }
  past_ = Stats();
  // Those that do not end are killed.
  workers_.clear();
  seconds_before_ = past_.seconds;
  started_ = Clock::now();
  if (absl::Status status = CollectQueues(); !status.ok()) kept = status;
  if (absl::Status status = WriteStats(); !status.ok()) return status;
  return kept;
}

absl::Status Campaign::CollectQueues() const {
  if (options_.engine != Engine::kAfl) return absl::OkStatus();
  std::error_code error;
  for (const auto& of_job : fs::directory_iterator(Path("afl"), error)) {
    for (const fs::path& file : FilesIn(of_job.path() / "queue")) {
      const std::string bytes = Contents(file);
      // By content, so that it is there once.
      const std::string name = Concat({"corpus/", Sha1Hex(Bytes(bytes))});
      if (fs::exists(Path(name), error)) continue;
      if (absl::Status status = WriteFile(Path(name), bytes, /*force=*/true);
          !status.ok()) {
        return status;
      }
    }
  }
  return absl::OkStatus();
}

CampaignStats Campaign::Stats() const {
  CampaignStats stats = past_;
  stats.seconds = seconds_before_ + session_seconds();
  for (const Worker& worker : workers_) {
    if (worker.job.runs()) Add(StatsOf(worker), stats);
  }
  // Engines that count nothing have left folders all the same.
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(Path("findings"), error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(".")) stats.findings.try_emplace(name, 0);
  }
  return stats;
}

double Campaign::session_seconds() const {
  return std::chrono::duration<double>(Clock::now() - started_).count();
}

absl::Status Campaign::WriteStats() const {
  const CampaignStats stats = Stats();
  for (const auto& [signature, count] : stats.findings) {
    std::error_code error;
    const std::string folder = Path(Concat({"findings/", signature}));
    if (count == 0 || !fs::is_directory(folder, error)) continue;
    if (absl::Status status =
            WriteFile(Concat({folder, "/count"}),
                      Concat({std::to_string(count), "\n"}), /*force=*/true);
        !status.ok()) {
      return status;
    }
  }
  return WriteFile(Path("stats.json"), ToJson(stats), /*force=*/true);
}

std::pair<std::vector<std::string>, std::vector<std::string>>
Campaign::Findings(const CampaignStats& stats) const {
  std::pair<std::vector<std::string>, std::vector<std::string>> findings;
  const std::string today = Today();
  for (const auto& finding : stats.findings) {
    const std::string& signature = finding.first;
    const bool known = std::any_of(options_.known.begin(), options_.known.end(),
                                   [&](const KnownIssue& issue) {
                                     return Matches(issue, signature) &&
                                            !IsExpired(issue, today);
                                   });
    (known ? findings.second : findings.first).push_back(signature);
  }
  return findings;
}

std::vector<std::string> Campaign::RemarksOnKnownIssues(
    const CampaignStats& stats) const {
  std::vector<std::string> remarks;
  const std::string today = Today();
  for (const KnownIssue& issue : options_.known) {
    const bool used = std::any_of(
        stats.findings.begin(), stats.findings.end(),
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
