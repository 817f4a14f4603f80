// SPDX-License-Identifier: MIT

#include "fuzz/harness/harness.h"

#include <fnmatch.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

#include "fuzz/harness/sha1.h"
#include "pxdfuzz/base/read_file.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case_text.h"
#ifdef PXDFUZZ_AFL
#include "fuzz/engines/afl_target.h"
#endif

// libFuzzer treats these as coverage: one counter for each cell of the case
// space. Volatile and used, or the compiler removes the stores.
extern "C" {
__attribute__((
    section("__libfuzzer_extra_counters"),
    used)) volatile uint8_t pxdfuzz_cell_counters[pxdfuzz::kMaxCells];
}

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

// The clock is read once in so many executions.
constexpr uint64_t kExecutionsPerLook = 16;
constexpr auto kBetweenStats = std::chrono::seconds(1);

[[noreturn]] void Usage(const std::string& message) {
  std::fprintf(stderr, "pxdfuzz: %s\n", message.c_str());
  std::exit(2);
}

bool Holds(const std::string& file, std::span<const uint8_t> bytes) {
  const std::optional<std::string> held = ReadFile(file);
  return held.has_value() && std::ranges::equal(Bytes(*held), bytes);
}

// -----------------------------------------------------------------------------
// One function for each walk and outcome: services that group crashes by their
// stacks see as many bugs as there are.

template <size_t kWalk, size_t kOutcome>
[[noreturn, gnu::noinline]] void Abort() {
  // Different stores keep the compiler from merging the functions.
  [[maybe_unused]] static volatile size_t which;
  which = kWalk * kOutcomeCount + kOutcome;
  std::abort();
}

template <size_t... kIs>
[[noreturn]] void AbortBy(size_t which, std::index_sequence<kIs...>) {
  using Function = void (*)();
  static constexpr std::array<Function, sizeof...(kIs)> kFunctions = {
      &Abort<kIs / kOutcomeCount, kIs % kOutcomeCount>...};
  kFunctions[which]();
  std::abort();
}

}  // namespace

Harness& Harness::Get() {
  static Harness& harness = *[] {
    // Never destroyed: the statistics are written while the process exits.
    auto* made = new Harness();
    std::atexit([] { Get().WriteStats(); });
    return made;
  }();
  return harness;
}

Harness::Harness() : Harness(Environment::Read()) {}

Harness::Harness(const Environment& environment)
    : signature_(environment.signature),
      stats_file_(environment.stats),
      findings_(environment.findings),
      color_(environment.HasColor(STDERR_FILENO)) {
  if (!environment.error.empty()) Usage(environment.error);
  if (environment.only.empty()) return;
  const std::optional<PagingModeFilter> filter =
      PagingModeFilter::Parse(environment.only);
  if (!filter.has_value()) {
    std::string names;
    for (const PagingMode& mode : kAllPagingModes) {
      if (IsBuilt(mode)) names += ' ' + Name(mode);
    }
    Usage("PXDFUZZ_ONLY=" + environment.only +
          ": no such paging mode; there are" + names);
  }
  filter_ = *filter;
}

void Harness::SetCommandLine(int argc, char** argv) {
  command_line_.assign(argv, argv + argc);
}

bool Harness::Wants(const std::string& signature) const {
  return signature_.empty() ||
         fnmatch(signature_.c_str(), signature.c_str(), 0) == 0;
}

bool Harness::Begin(std::span<const uint8_t> input, Case& c) {
  stats_.CountExecution();
  if (stats_.executions() % kExecutionsPerLook == 1) KeepStatsFresh();
  c = Decode(input);
  if (c.empty()) {
    stats_.CountEmpty();
    return false;
  }
  if (filter_.Allows(c.mode)) return true;
  stats_.CountSkipped();
  return false;
}

void Harness::ReachCell(size_t cell) {
  stats_.ReachCell(cell);
  pxdfuzz_cell_counters[cell] = 1;
#ifdef PXDFUZZ_AFL
  CoverCell(cell);
#endif
}

// The file where the input is stored, the file that is being replayed, or the
// file that libFuzzer will write.
std::string Harness::FileOf(std::span<const uint8_t> input,
                            std::string_view signature) const {
  if (findings_.is_open()) return findings_.FileOf(signature);
  if (!input_file_.empty()) return input_file_;
  std::string prefix;
  for (size_t i = 1; i < command_line_.size(); ++i) {
    const std::string& word = command_line_[i];
    const auto value = [&word](std::string_view flag) {
      return word.starts_with(flag) ? word.substr(flag.size()) : std::string();
    };
    if (const std::string path = value("-exact_artifact_path=");
        !path.empty()) {
      return path;
    }
    if (const std::string path = value("-artifact_prefix="); !path.empty()) {
      prefix = path;
    }
    if (!word.starts_with('-') && Holds(word, input)) return word;
  }
  return prefix + "crash-" + Sha1Hex(input);
}

std::vector<ReportCommand> Harness::Commands(std::span<const uint8_t> input,
                                             std::string_view signature) const {
  if (command_line_.empty()) return {};
  const std::string program = ShellWord(command_line_[0]);
  const std::string file = FileOf(input, signature);
  std::vector<ReportCommand> commands = {
      {"reproduce", program + ' ' + ShellWord(file)}};
#ifdef PXDFUZZ_LIBFUZZER
  commands.push_back(
      {"minimise, keeping this finding",
       "PXDFUZZ_SIGNATURE=" + ShellWord(signature) + ' ' + program +
           " -minimize_crash=1 -runs=100000 -exact_artifact_path=" +
           ShellWord(file + ".min") + ' ' + ShellWord(file)});
#elif defined(PXDFUZZ_AFL)
  commands.push_back({"minimise, keeping this finding",
                      "PXDFUZZ_SIGNATURE=" + ShellWord(signature) +
                          " afl-tmin -i " + ShellWord(file) + " -o " +
                          ShellWord(file + ".min") + " -- " + program});
#else
  static_cast<void>(signature);
#endif
  return commands;
}

std::vector<ReportCommand> Harness::WalkCommands(
    std::span<const uint8_t> input, std::string_view signature,
    std::string_view program) const {
  std::vector<ReportCommand> commands = Commands(input, signature);
  std::string begin;
  std::string walk;
  if (!program.empty()) {
    walk = "--walk=" + std::string(program) + ' ';
    if (!command_line_.empty()) {
      const fs::path folder = fs::path(command_line_[0]).parent_path();
      std::error_code error;
      if (fs::is_regular_file(folder / program, error)) {
        begin = "PXDFUZZ_KERNEL_PROGRAMS=" + ShellWord(folder.string()) + ' ';
      }
    }
  }
  const std::string file = FileOf(input, signature);
  commands.push_back({"explain it; --full adds the tables and all iterations",
                      begin + "pxdfuzz explain " + walk + ShellWord(file)});
  commands.push_back({"shrink it, as text",
                      begin + "pxdfuzz shrink " + walk +
                          "--signature=" + ShellWord(signature) + " -o " +
                          ShellWord(file + ".yaml") + ' ' + ShellWord(file)});
  return commands;
}

bool Harness::AbortsFor(std::span<const uint8_t> input, const Case& c,
                        const std::string& signature,
                        const std::function<std::string()>& report) {
  const bool is_first = stats_.CountFinding(signature) == 1;
  if (!findings_.is_open()) {
    PrintFinding(signature, report());
    return true;
  }
  if (!is_first || findings_.Has(signature)) return false;
  const std::string text = ToText(c);
  const std::string error = findings_.Keep(signature, {input, text, report()});
  if (!error.empty()) {
    std::fprintf(stderr, "pxdfuzz: %s\n", error.c_str());
    // Findings from here on would be lost.
    std::_Exit(kCannotKeep);
  }
  WriteStats();
  return false;
}

void Harness::PrintFinding(std::string_view signature,
                           std::string_view report) {
  std::string text = "pxdfuzz: FINDING ";
  text += signature;
  text += "\n\n";
  text += report;
  text += "pxdfuzz: end of report\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
  WriteStats();
}

void Harness::KeepStatsFresh() {
  if (stats_file_.empty()) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_stats_) return;
  next_stats_ = now + kBetweenStats;
  WriteStats();
}

void Harness::WriteStats() const {
  if (stats_file_.empty()) return;
  // A reader sees the old file or the new one, never a part of one.
  const std::string draft = stats_file_ + ".new";
  {
    std::ofstream out(draft, std::ios::trunc);
    out << stats_.ToJson();
    if (!out.flush()) {
      std::fprintf(stderr, "pxdfuzz: PXDFUZZ_STATS: cannot write %s\n",
                   draft.c_str());
      return;
    }
  }
  std::error_code error;
  fs::rename(draft, stats_file_, error);
}

void RunWalkTarget(std::span<const uint8_t> input, WalkSet walks,
                   Waivers waivers) {
  static Oracle& oracle = *new Oracle();
  Harness& harness = Harness::Get();
  Case c;
  if (!harness.Begin(input, c)) return;
  const Verdict& verdict = oracle.Judge(c, walks, waivers);
  harness.stats().CountVerdict(c, verdict);
  for (const RequestVerdict& request : verdict.requests) {
    if (request.cell.has_value()) harness.ReachCell(*request.cell);
  }
  if (!verdict.finding.has_value()) return;
  const Finding finding = *verdict.finding;
  const std::string signature = Name(finding);
  if (!harness.Wants(signature)) return;
  const auto report = [&] {
    return FindingReport(c, verdict,
                         {.color = harness.color(),
                          .commands = harness.WalkCommands(input, signature)});
  };
  if (!harness.AbortsFor(input, c, signature, report)) return;
  AbortBy(finding.walk_index() * kOutcomeCount +
              static_cast<size_t>(finding.outcome),
          std::make_index_sequence<kWalkCount * kOutcomeCount>());
}

}  // namespace pxdfuzz
