// SPDX-License-Identifier: MIT

#include "tests/mutants/census.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <thread>

#include "pxdfuzz/base/environment.h"
#include "pxdfuzz/base/process.h"
#include "pxdfuzz/base/read_file.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case.h"
#include "tests/mutants/catalog.h"
#include "tests/mutants/corpus.h"

namespace pxdfuzz::mutants {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int kUsage = 2;
constexpr int kFailed = 3;
// An exit code of libFuzzer.
constexpr int kCrashed = 77;
// The limit of executions; a bug that takes more counts as not found.
constexpr char kBudget[] = "30000";
constexpr uint64_t kMedianBar = 4000;
// The median of a few runs is imprecise: if it is above the limit, this many
// times as many seeds are used to confirm it.
constexpr int kMoreSeeds = 5;

// One bug, and the results of the search for it.
struct Row {
  const Mutant* mutant = nullptr;
  int seeds = 0;
  // For the runs that found it: executions, sorted; and how often each
  // signature occurred.
  std::vector<uint64_t> executions;
  std::map<std::string, int> signatures;
  int in_corpus = 0;

  bool is_fuzzed() const { return mutant->where != Mutant::Where::kAnswers; }
  bool is_found() const {
    return !is_fuzzed() || executions.size() == static_cast<size_t>(seeds);
  }
  uint64_t median() const { return executions[(executions.size() - 1) / 2]; }
  bool is_slow() const { return !executions.empty() && median() > kMedianBar; }
};

struct Run {
  Row* row = nullptr;
  int seed = 0;
  std::string base;  // prefix of the names of its files
  Process process;
};

std::string Start(Run& run) {
  const Mutant& mutant = *run.row->mutant;
  run.base += Concat({"/", mutant.name, ".", std::to_string(run.seed)});
  const std::string log = run.base + ".log";
  const int descriptor =
      open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) return log + ": cannot be written";
  Process::Options options;
  options.words = {"/proc/self/exe",
                   Concat({"-seed=", std::to_string(run.seed)}),
                   Concat({"-runs=", kBudget}), "-timeout=30",
                   Concat({"-exact_artifact_path=", run.base, ".input"})};
  options.environment = {
      {"PXDFUZZ_SIGNATURE", std::nullopt},
      {"PXDFUZZ_FINDINGS", std::nullopt},
      {"PXDFUZZ_ONLY",
       std::string(mutant.arch.has_value() ? Name(*mutant.arch)
                                           : std::string_view())},
      // The stack of a planted bug is useless, and symbolizing it takes
      // longest.
      {"UBSAN_OPTIONS", "symbolize=0"},
      {"PXDFUZZ_MUTANT", mutant.name},
      {"PXDFUZZ_STATS", run.base + ".stats"}};
  options.out = descriptor;
  options.error = descriptor;
  std::string error = run.process.Start(options);
  close(descriptor);
  return error;
}

// Counts the results of a run. An error if it ended by neither a finding nor
// the budget, or did nothing.
std::string Count(const Run& run, const Process::End& end) {
  const auto stats =
      nlohmann::json::parse(ReadFile(run.base + ".stats").value_or(""), nullptr,
                            /*allow_exceptions=*/false);
  const bool is_whole = stats.is_object() && stats.contains("executions") &&
                        stats.contains("findings");
  if ((end.shell_code() != 0 && end.shell_code() != kCrashed) || !is_whole ||
      stats["executions"] == 0) {
    return Concat({"ended with exit code ", std::to_string(end.shell_code()),
                   "; see ", run.base, ".log"});
  }
  for (const auto& [signature, times] : stats["findings"].items()) {
    run.row->executions.push_back(stats["executions"]);
    ++run.row->signatures[signature];
    break;
  }
  return "";
}

class Census {
 public:
  explicit Census(std::string out)
      : out_(std::move(out)),
        color_(Environment::Read().HasColor(STDOUT_FILENO)) {}

  // All bugs, or those with these names. Returns an error, or nothing.
  std::string Choose(const std::vector<std::string>& names) {
    for (const Mutant& mutant : Catalog()) {
      if (names.empty()) Choose(mutant);
    }
    for (const std::string& name : names) {
      static const Mutant& none = *new Mutant(Unmutated());
      const Mutant* mutant = name == none.name ? &none : Find(name);
      if (mutant == nullptr) {
        return Concat({"there is no bug '", name, "'; --list lists them"});
      }
      Choose(*mutant);
    }
    return "";
  }
  // Whether there is none that fuzzing can find.
  bool is_empty() const {
    return std::none_of(rows_.begin(), rows_.end(),
                        [](const Row& row) { return row.is_fuzzed(); });
  }

  // Searches for all with the seeds from 1. Returns an error, or nothing.
  std::string Hunt(int seeds) {
    std::printf("looking for %s, each from an empty corpus with %s\n",
                Plural(rows_.size(), "planted bug").c_str(),
                Plural(static_cast<uint64_t>(seeds), "seed").c_str());
    std::error_code error;
    fs::remove_all(out_, error);
    fs::create_directories(out_, error);
    const std::vector<Case> cases = ReadCorpus({"corpus"});
    if (cases.empty()) return "corpus/ has no cases";
    for (Row& row : rows_) {
      if (!row.is_fuzzed()) continue;
      row.in_corpus = KillsIn(cases, *row.mutant->make_trial());
    }
    corpus_seconds_ = SecondsSince(started_);
    std::string failure =
        RunAll([](const Row& /*row*/) { return true; }, 1, seeds);
    if (!failure.empty()) return failure;
    return RunAll([](const Row& row) { return row.is_slow(); }, seeds + 1,
                  seeds * kMoreSeeds);
  }

  void PrintTable() const {
    constexpr char kForm[] = "%-39s %7s %7s %8s %7s  %-15s %s";
    TextLines text(color_);
    text.Blank();
    text.Line(Format(kForm, {"bug", "found", "median", "largest", "corpus",
                             "means", "signature"}),
              LineStyle::kTitle);
    for (const Row& row : rows_) {
      const bool found = !row.executions.empty();
      const auto number = [&](uint64_t value) {
        return found ? std::to_string(value) : "-";
      };
      text.Line(
          Format(kForm, {row.mutant->name,
                         row.is_fuzzed()
                             ? Concat({std::to_string(row.executions.size()),
                                       " of ", std::to_string(row.seeds)})
                             : "-",
                         number(found ? row.median() : 0),
                         number(found ? row.executions.back() : 0),
                         row.is_fuzzed() ? std::to_string(row.in_corpus) : "-",
                         MeansOf(row), SignatureOf(row)}),
          row.is_found() && (!row.is_fuzzed() || row.in_corpus > 0)
              ? LineStyle::kPlain
              : LineStyle::kMarked);
    }
    if (!equal_.empty()) {
      text.Blank();
      text.Line("not bugs, so not searched for:");
      for (const Mutant* mutant : equal_) {
        text.Line(Concat(
            {"  ", mutant->name, ": ", mutant->says, " ", mutant->equal}));
      }
    }
    std::fputs(text.text().c_str(), stdout);
  }

  // Whether every bug was found and every limit kept.
  bool PrintSummary() const {
    std::map<Mutant::Where, uint64_t> where;
    std::vector<uint64_t> medians;
    uint64_t largest = 0;
    std::string missing;
    std::string slow;
    std::string not_in_corpus;
    for (const Row& row : rows_) {
      ++where[row.mutant->where];
      if (!row.is_fuzzed()) continue;
      if (row.in_corpus == 0) not_in_corpus += ' ' + row.mutant->name;
      if (!row.is_found()) {
        missing += ' ' + row.mutant->name;
        continue;
      }
      medians.push_back(row.median());
      largest = std::max(largest, row.executions.back());
      if (row.is_slow()) slow += ' ' + row.mutant->name;
    }
    std::sort(medians.begin(), medians.end());
    TextLines text(color_);
    const auto add = [&text](std::string_view label, const std::string& what,
                             bool is_good = true) {
      std::string begin = Concat({"  ", label});
      begin.resize(20, ' ');
      text.Line(begin + what, is_good ? LineStyle::kPlain : LineStyle::kMarked);
    };
    text.Blank();
    using Where = Mutant::Where;
    add("planted bugs",
        Concat({std::to_string(rows_.size()), ": in walks ",
                std::to_string(where[Where::kWalk]), ", in the contract ",
                std::to_string(where[Where::kContract]), ", in the manual ",
                std::to_string(where[Where::kManual]),
                ", known to answers alone ",
                std::to_string(where[Where::kAnswers])}));
    add("found",
        missing.empty() ? "all"
                        : Concat({"not with every seed, by ", kBudget,
                                  " executions:", missing}),
        missing.empty());
    if (!medians.empty()) {
      add("executions",
          Concat({"median of medians ",
                  std::to_string(medians[(medians.size() - 1) / 2]),
                  ", largest ", std::to_string(largest)}));
    }
    if (!slow.empty()) {
      add("", Concat({"median above ", std::to_string(kMedianBar), ":", slow}),
          false);
    }
    add("corpus",
        not_in_corpus.empty()
            ? Format("alone finds all, in %s s", {corpus_seconds_})
            : Concat({"does not find:", not_in_corpus}),
        not_in_corpus.empty());
    add("time", SecondsSince(started_) + " s");
    std::fputs(text.text().c_str(), stdout);
    return missing.empty() && slow.empty() && not_in_corpus.empty();
  }

 private:
  static std::string SecondsSince(Clock::time_point start) {
    const double seconds =
        std::chrono::duration<double>(Clock::now() - start).count();
    char text[32];
    std::snprintf(text, sizeof(text), "%.1f", seconds);
    return text;
  }

  // printf with only %s and %-Ns.
  static std::string Format(const char* form, std::vector<std::string> words) {
    words.resize(8);
    char line[512];
    std::snprintf(line, sizeof(line), form, words[0].c_str(), words[1].c_str(),
                  words[2].c_str(), words[3].c_str(), words[4].c_str(),
                  words[5].c_str(), words[6].c_str());
    return line;
  }

  void Choose(const Mutant& mutant) {
    if (mutant.is_bug()) {
      rows_.push_back({.mutant = &mutant});
    } else {
      equal_.push_back(&mutant);
    }
  }

  static std::string SignatureOf(const Row& row) {
    const auto most = std::max_element(
        row.signatures.begin(), row.signatures.end(),
        [](const auto& a, const auto& b) { return a.second < b.second; });
    if (most != row.signatures.end()) return most->first;
    return row.is_fuzzed() ? "-" : row.mutant->wrong_answer();
  }

  // What can find it.
  static std::string MeansOf(const Row& row) {
    const bool answers = !row.mutant->wrong_answer().empty();
    if (row.executions.empty()) return answers ? "answers" : "-";
    return Concat(
        {row.mutant->where == Mutant::Where::kManual ? "rules" : "walks",
         answers ? ", answers" : ""});
  }

  // Runs every bug for which `is_wanted` is true and that fuzzing can find with
  // these seeds, in as many parallel processes as there are processors.
  template <class Wanted>
  std::string RunAll(Wanted is_wanted, int first_seed, int last_seed) {
    std::vector<Run> waiting;
    for (Row& row : rows_) {
      if (!row.is_fuzzed() || !is_wanted(row)) continue;
      row.seeds = last_seed;
      for (int seed = first_seed; seed <= last_seed; ++seed) {
        waiting.push_back(
            {.row = &row, .seed = seed, .base = out_, .process = {}});
      }
    }
    const size_t most = std::max(1u, std::thread::hardware_concurrency());
    std::string failure;
    size_t begun = 0;
    size_t ended = 0;
    std::vector<Run*> running;
    while (ended < waiting.size() && failure.empty()) {
      while (running.size() < most && begun < waiting.size()) {
        Run& run = waiting[begun++];
        if (failure = Start(run); !failure.empty()) return failure;
        running.push_back(&run);
      }
      std::erase_if(running, [&](Run* run) {
        const auto end = run->process.Poll();
        if (!end.has_value()) return false;
        ++ended;
        if (const std::string error = Count(*run, *end); !error.empty()) {
          failure = Concat({run->row->mutant->name, " with seed ",
                            std::to_string(run->seed), " ", error});
        }
        return true;
      });
      if (isatty(STDERR_FILENO) != 0) {
        std::fprintf(stderr, "\r  %s of %s runs\033[K", Grouped(ended).c_str(),
                     Grouped(waiting.size()).c_str());
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    if (isatty(STDERR_FILENO) != 0) std::fputs("\r\033[K", stderr);
    for (Row& row : rows_) {
      std::sort(row.executions.begin(), row.executions.end());
    }
    return failure;
  }

  const std::string out_;
  const bool color_;
  const Clock::time_point started_ = Clock::now();
  std::string corpus_seconds_;
  std::vector<Row> rows_;
  std::vector<const Mutant*> equal_;
};

}  // namespace

int TakeCensus(const std::vector<std::string>& arguments) {
  const auto fail = [](int code, std::string_view what) {
    std::fprintf(stderr, "mutants: %s\n", std::string(what).c_str());
    return code;
  };
  if (arguments.empty()) return fail(kUsage, "name the folder to write to");
  constexpr std::string_view kSeeds = "--seeds=";
  int seeds = 5;
  std::vector<std::string> names;
  for (size_t i = 1; i < arguments.size(); ++i) {
    const std::string_view word = arguments[i];
    if (!word.starts_with(kSeeds)) {
      names.push_back(arguments[i]);
      continue;
    }
    const char* end = word.data() + word.size();
    const auto [stop, error] =
        std::from_chars(word.data() + kSeeds.size(), end, seeds);
    if (error != std::errc() || stop != end || seeds < 1 || seeds > 9999) {
      return fail(kUsage, "--seeds must be a whole number from 1 to 9999");
    }
  }
  Census census(arguments[0]);
  if (const std::string error = census.Choose(names); !error.empty()) {
    return fail(kUsage, error);
  }
  if (census.is_empty()) {
    return fail(kFailed,
                "none of these can be fuzzed for; nothing was looked "
                "for");
  }
  if (const std::string error = census.Hunt(seeds); !error.empty()) {
    return fail(kFailed, error);
  }
  census.PrintTable();
  return census.PrintSummary() ? 0 : 1;
}

}  // namespace pxdfuzz::mutants
