// SPDX-License-Identifier: MIT

// ./run afl: the fuzz targets under AFL++. How many executions it takes to find
// the bug of 2020 from one seed, what a target costs in comparison with an
// empty one, and whether inputs always have the same coverage.

#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "bench/measure.h"
#include "pxdfuzz/base/read_file.h"
#include "pxdfuzz/case/case.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

const std::string kFolder = "build/afl-runs";
const std::string kBin = "build/afl/bin/";
constexpr uint64_t kBugBudget = 300'000;  // then a search is given up
constexpr char kRatioExecutions[] = "300000";
constexpr char kRaceExecutions[] = "100000";

// The limits: the median of the executions to the bug, the rate of gup_fuzzer
// as a fraction of empty_fuzzer's, and the stability.
constexpr uint64_t kBugBar = 30'000;
constexpr double kRatioBar = 0.90;
constexpr char kStabilityBar[] = "100.00%";

enum Way : size_t { kAlone, kDictionary, kMutator, kWays };

// "12,345, 1,000 to 20,000": the median and the range.
template <class Number, class Text>
std::string Spread(const std::vector<Number>& numbers, Text text) {
  const auto [least, largest] =
      std::minmax_element(numbers.begin(), numbers.end());
  std::string median = text(Median(numbers));
  if (median.size() < 8) median.insert(0, 8 - median.size(), ' ');
  return Concat({median, ", ", text(*least), " to ", text(*largest)});
}

int LastProcessor() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return 0;
  int last = 0;
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &set)) last = i;
  }
  return last;
}

// Processor time of all processes that ended and were waited for. This includes
// the processes that AFL++ leaves behind, which become children of this one.
double ChildrensSeconds() {
  for (int iteration = 0; iteration < 200; ++iteration) {
    const pid_t ended = waitpid(-1, nullptr, WNOHANG);
    if (ended < 0) break;  // there is none
    if (ended == 0) usleep(10'000);
  }
  rusage usage = {};
  getrusage(RUSAGE_CHILDREN, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) +
           static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

class Bench {
 public:
  int Run(int rounds) {
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    fs::remove_all(kFolder);
    fs::create_directories(kFolder + "/seeds");
    std::ofstream(kFolder + "/seeds/version-and-fifteen-letters")
        << "\1AAAAAAAAAAAAAAA";
    for (const int levels : {3, 4}) {
      std::printf("looking for the bug at %d levels ...\n", levels);
      for (int round = 1; round <= rounds; ++round) {
        for (const Way way : {kAlone, kDictionary, kMutator}) {
          Hunt(way, levels, round);
        }
      }
    }
    std::printf("making a crash smaller with afl-tmin ... ");
    MakeSmaller();
    std::printf("fuzzing tables that change ...\n");
    RunRace();
    std::printf("measuring the speed ...\n");
    std::vector<double> gup;
    std::vector<double> empty;
    std::vector<double> ratios;
    for (int round = 1; round <= rounds; ++round) {
      gup.push_back(Pace("gup_fuzzer", round));
      empty.push_back(Pace("empty_fuzzer", round));
      ratios.push_back(gup.back() / empty.back());
    }

    results_.Title("Executions to the bug of 2020 (median, range)");
    PrintHunts(3);
    PrintHunts(4);
    results_.Title("Speed (executions in a second of processor time)");
    const auto whole = [](double rate) {
      return Grouped(static_cast<uint64_t>(rate));
    };
    results_.Row("empty_fuzzer", Spread(empty, whole));
    results_.Row("gup_fuzzer", Spread(gup, whole));
    results_.Row("  of empty_fuzzer, in turn",
                 Spread(ratios, [](double ratio) { return Fixed(ratio, 3); }),
                 Median(ratios) >= kRatioBar,
                 "at least " + Fixed(kRatioBar, 2));
    results_.Title("Stability");
    results_.Row("in all runs", unstable_.empty() ? kStabilityBar : unstable_,
                 unstable_.empty(), kStabilityBar);
    results_.Row("on processor", std::to_string(processor_));
    return results_.Print();
  }

 private:
  // A value in the file that afl-fuzz leaves, or nothing.
  static std::string Statistic(const std::string& run, std::string_view key) {
    std::istringstream in(
        ReadFile(Concat({kFolder, "/", run, "/default/fuzzer_stats"}))
            .value_or(""));
    for (std::string line; std::getline(in, line);) {
      std::istringstream words(line);
      std::string name;
      std::string colon;
      std::string value;
      if (words >> name >> colon >> value && name == key) return value;
    }
    return "";
  }

  // Runs afl-fuzz, and returns its executions.
  uint64_t Fuzz(const std::string& run, const std::string& target,
                const std::vector<std::string>& flags,
                Process::Options options) {
    fs::remove_all(kFolder + '/' + run);
    options.words = {"taskset",
                     "-c",
                     std::to_string(processor_),
                     "afl-fuzz",
                     "-G",
                     std::to_string(kMaxEncodedSize),
                     "-i",
                     kFolder + "/seeds",
                     "-o",
                     kFolder + '/' + run};
    options.words.insert(options.words.end(), flags.begin(), flags.end());
    options.words.insert(options.words.end(), {"--", kBin + target});
    for (const char* name :
         {"PXDFUZZ_SIGNATURE", "PXDFUZZ_FINDINGS", "PXDFUZZ_STATS"}) {
      options.environment.emplace_back(name, std::nullopt);
    }
    for (const char* name : {"AFL_NO_UI", "AFL_SKIP_CPUFREQ", "AFL_NO_AFFINITY",
                             "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES"}) {
      options.environment.emplace_back(name, "1");
    }
    const std::string log = Concat({kFolder, "/", run, ".log"});
    RunWithLog(options, log);
    const std::string executions = Statistic(run, "execs_done");
    if (executions.empty() || executions == "0") {
      Fail("afl-fuzz executed nothing; see " + log);
    }
    const std::string stability = Statistic(run, "stability");
    if (stability != kStabilityBar && unstable_.empty()) {
      unstable_ = Concat({stability, " in ", kFolder, "/", run});
    }
    return std::stoull(executions);
  }

  static std::string Mutator() {
    return fs::absolute(kBin + "case_mutator.so").string();
  }

  // Looks for the bug once.
  void Hunt(Way way, int levels, int seed) {
    Process::Options options;
    options.environment = {
        {"PXDFUZZ_ONLY", "s390/" + std::to_string(levels)},
        {"AFL_BENCH_UNTIL_CRASH", "1"},
        {"AFL_CUSTOM_MUTATOR_LIBRARY",
         way == kMutator ? std::optional(Mutator()) : std::nullopt}};
    std::vector<std::string> flags = {"-s", std::to_string(seed), "-E",
                                      std::to_string(kBugBudget)};
    if (way == kDictionary) {
      flags.insert(flags.end(), {"-x", "fuzz/case.dict"});
    }
    const std::string run =
        Concat({std::to_string(way), ".", std::to_string(levels), ".",
                std::to_string(seed)});
    const uint64_t executions = Fuzz(run, "gup_strict_fuzzer", flags, options);
    found_[levels][way].push_back(
        Statistic(run, "saved_crashes") == "0" ? kBugBudget : executions);
  }

  void PrintHunts(int levels) {
    const auto& found = found_[levels];
    const auto spread = [&](Way way) { return Spread(found[way], Grouped); };
    results_.Row(
        Concat({"at ", std::to_string(levels), " levels, from one seed"}),
        spread(kAlone), Median(found[kAlone]) <= kBugBar,
        "at most " + Grouped(kBugBar));
    results_.Row("  with the dictionary", spread(kDictionary));
    // A mutator that does not help should be deleted.
    results_.Row("  with the mutator", spread(kMutator),
                 Median(found[kMutator]) < Median(found[kAlone]),
                 "less than without it");
  }

  // The signature of the finding that a file shows.
  static std::string SignatureOf(const std::string& file) {
    const std::string stats = kFolder + "/signature.stats";
    fs::remove(stats);
    RunWithLog({.words = {kBin + "gup_strict_fuzzer", file},
                .environment = {{"PXDFUZZ_STATS", stats}}},
               kFolder + "/signature.log");
    const auto json =
        nlohmann::json::parse(ReadFile(stats).value_or(""), nullptr, false);
    if (!json.is_object() || json["findings"].empty()) {
      Fail(file + ": shows no finding; see " + kFolder + "/signature.log");
    }
    return json["findings"].begin().key();
  }

  // afl-tmin does not know signatures: the target gets the one that counts.
  void MakeSmaller() {
    std::vector<fs::path> crashes;
    for (const auto& entry : fs::recursive_directory_iterator(kFolder)) {
      if (entry.path().filename().string().starts_with("id:") &&
          entry.path().parent_path().filename() == "crashes") {
        crashes.push_back(entry.path());
      }
    }
    std::sort(crashes.begin(), crashes.end());
    if (crashes.empty()) Fail("no run has left a crash");
    const std::string crash = crashes[0].string();
    const std::string signature = SignatureOf(crash);
    const std::string small = kFolder + "/smaller";
    const Process::End end =
        RunWithLog({.words = {"afl-tmin", "-i", crash, "-o", small, "--",
                              kBin + "gup_strict_fuzzer"},
                    .environment = {{"PXDFUZZ_SIGNATURE", signature}}},
                   small + ".log");
    if (end.shell_code() != 0) Fail("afl-tmin failed; see " + small + ".log");
    if (SignatureOf(small) != signature) {
      Fail(small + ": no longer shows " + signature);
    }
    std::printf("%ju to %ju bytes, still %s\n", fs::file_size(crash),
                fs::file_size(small), signature.c_str());
  }

  // Whether inputs always have the same coverage where tables change, too.
  void RunRace() {
    Process::Options options;
    options.environment = {{"AFL_CUSTOM_MUTATOR_LIBRARY", Mutator()}};
    Fuzz("race", "gup_race_fuzzer", {"-s", "1", "-E", kRaceExecutions},
         options);
    if (Statistic("race", "saved_crashes") != "0") {
      Fail("gup_race_fuzzer found something; see " + kFolder +
           "/race/default/crashes");
    }
  }

  // Executions in a second of processor time: what a processor that did nothing
  // else would execute in a second.
  double Pace(const std::string& target, int seed) {
    Process::Options options;
    options.environment = {{"AFL_CUSTOM_MUTATOR_LIBRARY", std::nullopt}};
    const double before = ChildrensSeconds();
    const uint64_t executions =
        Fuzz(target, target,
             {"-s", std::to_string(seed), "-E", kRatioExecutions}, options);
    return static_cast<double>(executions) / (ChildrensSeconds() - before);
  }

  const int processor_ = LastProcessor();
  std::map<int, std::array<std::vector<uint64_t>, kWays>> found_;
  std::string unstable_;  // the first run whose inputs did not repeat
  Results results_{34};
};

}  // namespace
}  // namespace pxdfuzz

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IONBF, 0);
  const int rounds = pxdfuzz::RoundsOf(argc, argv, 5);
  pxdfuzz::Bench bench;
  return bench.Run(rounds);
}
