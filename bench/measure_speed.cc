// SPDX-License-Identifier: MIT

// ./run bench: how fast the fuzz targets are. Times are user time, and targets
// run in turn, so other load on the machine has little effect. Only the ratios
// can be compared between machines. docs/performance.md says what is measured.

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "bench/measure.h"
#include "pxdfuzz/base/read_file.h"
#include "pxdfuzz/case/case.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

const std::string kFolder = "build/bench-runs";
// Approximately how much faster an empty target is: all targets should run for
// the same time.
constexpr uint64_t kEmptyFactor = 5;

// A build of the targets, how long they run, and the limits: the rate of
// gup_fuzzer as a fraction of empty_fuzzer's, on cases of at most 32 pages; and
// the gain of the arena.
struct Build {
  std::string preset;
  std::string name;
  std::string body_preset;  // without an engine's hooks
  uint64_t runs;
  double ratio_bar;
  double ratio_goal;
  double arena_bar;
};
const std::array<Build, 2> kBuilds = {
    {{"fuzz", "plain", "bench", 200'000, 0.11, 0.15, 2},
     {"fuzz-asan", "sanitized", "bench-asan", 60'000, 0.14, 0.20, 5}}};
// Pages returned per request, per cent of cases that cross a folded boundary,
// and the ratio of requests per second with four a case to those with one.
constexpr double kPagesBar = 4;
constexpr double kCrossedBar = 20;
constexpr double kFourBar = 2;

// Each target with the mutator, which here does not change the number of
// requests, and with a mutator that changes nothing.
const std::array<std::string, 4> kPrograms = {
    "gup_held_requests", "empty_held_requests", "gup_unmutated",
    "empty_unmutated"};
const std::map<std::string, std::string> kSets = {
    {"small", "bench/corpus/small"},
    {"whole", "bench/corpus"},
    {"four", "bench/corpus-four/small"}};

std::vector<std::string> FilesBelow(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  if (files.empty()) Fail(folder + ": a folder without files");
  return files;
}

// A program on a set, in one build: the user time of each round, and what the
// target counted.
struct Measured {
  uint64_t runs = 0;
  std::vector<double> seconds;
  nlohmann::json stats;

  double rate() const { return static_cast<double>(runs) / Median(seconds); }
  double number(const char* key) const { return stats.value(key, 0.0); }
  double requests_a_second() const {
    return number("requests") / Median(seconds);
  }
  double crossed() const {
    double sum = 0;
    for (const auto& mode : stats.value("spaces", nlohmann::json::object())) {
      sum += mode.value("crossed", 0.0);
    }
    return sum;
  }
};

class Bench {
 public:
  void Measure(int rounds) {
    fs::remove_all(kFolder);
    fs::create_directories(kFolder);
    for (const auto& [set, folder] : kSets) {
      // Files as arguments. libFuzzer does not treat them as a corpus, so it
      // writes no new files next to them.
      std::ofstream list(ListOf(set));
      const char* comma = "";
      for (const std::string& file : FilesBelow(folder)) {
        list << comma << file;
        comma = ",";
      }
    }
    for (int round = 1; round <= rounds; ++round) {
      for (const Build& build : kBuilds) {
        std::printf("measuring (%s, round %d of %d) ... ", build.name.c_str(),
                    round, rounds);
        std::fflush(stdout);
        const Clock::time_point started = Clock::now();
        for (const char* set : {"small", "whole"}) {
          for (const std::string& program : kPrograms) Run(build, program, set);
        }
        Run(build, "gup_held_requests", "four");
        Run(build, "gup_unmutated", "four");
        std::printf(
            "%.0f s\n",
            std::chrono::duration<double>(Clock::now() - started).count());
      }
    }
    for (const Build& build : kBuilds) {
      std::printf("measuring the body (%s) ...\n", build.name.c_str());
      MeasureBody(build, rounds);
    }
  }

  int Print() {
    results_.Line(
        "\nPer second of user time; medians. Both targets link the same "
        "mutator, which is\nmost of the work of empty_fuzzer. Here it does not "
        "change the number of requests,\nbut makes cases longer: the figures "
        "of gup_fuzzer are for the cases that were\nrun. \"Nothing mutated\" "
        "means both targets on the unmodified corpus.");
    for (const Build& build : kBuilds) {
      PrintSet(build, "small", "cases of at most 32 pages");
      PrintSet(build, "whole", "the whole corpus");
      results_.Title(build.name + ", requests a case (at most 32 pages)");
      PrintFour(build, "gup_held_requests");
      results_.Line("  nothing mutated:");
      PrintFour(build, "gup_unmutated");
      results_.Title(build.name +
                     ", the body without an engine (at most 32 pages, nothing "
                     "mutated)");
      PrintBody(build);
    }
    results_.Title("plain, the parts of the body (ns; one request)");
    PrintParts();
    return results_.Print();
  }

 private:
  static std::string ListOf(const std::string& set) {
    return kFolder + '/' + set + ".list";
  }
  Measured& Of(const Build& build, const std::string& program,
               const std::string& set) {
    return measured_[Concat({build.preset, ".", program, ".", set})];
  }

  void Run(const Build& build, const std::string& program,
           const std::string& set) {
    const std::string base =
        Concat({kFolder, "/", build.preset, ".", program, ".", set});
    Measured& measured = Of(build, program, set);
    measured.runs =
        build.runs * (program.starts_with("gup") ? 1 : kEmptyFactor);
    // The paging modes are those of the corpus, so that figures stay comparable
    // when architectures are added.
    const Process::End end = RunWithLog(
        {.words = {Concat({"build/", build.preset, "/bin/", program}),
                   "-seed=1", Concat({"-runs=", std::to_string(measured.runs)}),
                   Concat({"-max_len=", std::to_string(kMaxEncodedSize)}),
                   "-keep_seed=1", Concat({"-artifact_prefix=", kFolder, "/"}),
                   Concat({"-seed_inputs=@", ListOf(set)})},
         .environment = {{"PXDFUZZ_ONLY", "s390"},
                         {"PXDFUZZ_SIGNATURE", std::nullopt},
                         {"PXDFUZZ_STATS", base + ".stats"}}},
        base + ".log");
    if (end.shell_code() != 0) {
      Fail(Concat({program, " (", build.preset, ") ended before its time; see ",
                   base, ".log"}));
    }
    if (ReadFile(base + ".log")
            .value_or("")
            .find(Concat({"Done ", std::to_string(measured.runs), " runs"})) ==
        std::string::npos) {
      Fail(
          Concat({program, " (", build.preset, ") did not do ",
                  std::to_string(measured.runs), " runs; see ", base, ".log"}));
    }
    measured.seconds.push_back(end.user_seconds);
    if (!program.starts_with("gup")) return;
    measured.stats =
        nlohmann::json::parse(ReadFile(base + ".stats").value_or(""), nullptr,
                              /*allow_exceptions=*/false);
    if (!measured.stats.is_object() || measured.number("requests") == 0) {
      Fail(Concat({program, " (", build.preset, ") compared nothing; see ",
                   base, ".log"}));
    }
  }

  // The output of Google Benchmark. The first run includes the parts.
  nlohmann::json RunBody(const Build& build, const std::string& program,
                         const std::vector<std::string>& flags) const {
    const std::string file =
        Concat({kFolder, "/", program, "-", build.preset, ".json"});
    Process::Options options;
    options.words = {Concat({"build/", build.body_preset, "/bin/", program}),
                     "--benchmark_repetitions=3",
                     Concat({"--benchmark_out=", file}),
                     "--benchmark_out_format=json"};
    options.words.insert(options.words.end(), flags.begin(), flags.end());
    const Process::End end = RunWithLog(options, file + ".log");
    const auto json =
        nlohmann::json::parse(ReadFile(file).value_or(""), nullptr, false);
    if (end.shell_code() != 0 || !json.is_object() ||
        json["benchmarks"].empty()) {
      Fail(Concat({program, " measured nothing; see ", file, ".log"}));
    }
    return json["benchmarks"];
  }

  void MeasureBody(const Build& build, int rounds) {
    parts_[build.preset] = RunBody(
        build, "body_bench",
        {"--benchmark_min_time=0.03", "--benchmark_report_aggregates_only=true",
         "--benchmark_enable_random_interleaving=true"});
    // The whole body with both kinds of tables in turn.
    for (int round = 0; round < rounds; ++round) {
      for (const std::string program : {"body_bench", "body_bench_heap"}) {
        for (const auto& run :
             RunBody(build, program, {"--benchmark_filter=^Body"})) {
          if (run["run_type"] != "iteration") continue;
          double& fastest = fastest_[build.preset + program];
          const double time = run["cpu_time"];
          fastest = fastest == 0 ? time : std::min(fastest, time);
        }
      }
    }
  }

  static std::string Column(double number) {
    std::string text = Grouped(static_cast<uint64_t>(number + 0.5));
    return std::string(9 - std::min<size_t>(9, text.size()), ' ') + text;
  }
  static std::string Column(double number, int digits) {
    const std::string text = Fixed(number, digits);
    return std::string(9 - std::min<size_t>(9, text.size()), ' ') + text;
  }
  static std::string AtLeast(double bar) {
    return Concat({"at least ", nlohmann::json(bar).dump()});
  }

  void PrintSet(const Build& build, const std::string& set,
                const std::string& what) {
    results_.Title(Concat({build.name, ", ", what}));
    const Measured& gup = Of(build, "gup_held_requests", set);
    const Measured& empty = Of(build, "empty_held_requests", set);
    results_.Row("empty_fuzzer", Column(empty.rate()) + " executions");
    results_.Row("gup_fuzzer", Column(gup.rate()) + " executions");
    const double ratio = gup.rate() / empty.rate();
    if (set == "small") {
      results_.Row("  of empty_fuzzer", Column(ratio, 3),
                   ratio >= build.ratio_bar,
                   Concat({AtLeast(build.ratio_bar), ", better ",
                           nlohmann::json(build.ratio_goal).dump(),
                           ratio >= build.ratio_goal ? ", which it is" : ""}));
    } else {
      results_.Row("  of empty_fuzzer", Column(ratio, 3));
    }
    const double seconds = Median(gup.seconds);
    const double judged = gup.number("judged");
    results_.Row("  requests", Column(gup.requests_a_second()));
    results_.Row("  pages returned", Column(gup.number("pages") / seconds));
    results_.Row("  requests a case",
                 Concat({Column(gup.number("requests") / judged, 2),
                         ", of those that are conclusive (",
                         Fixed(100 * judged / gup.number("executions"), 0),
                         " % of executions)"}));
    const double pages = gup.number("pages") / gup.number("requests");
    results_.Row("  pages a request", Column(pages, 1), pages >= kPagesBar,
                 AtLeast(kPagesBar));
    const double crossed = 100 * gup.crossed() / judged;
    results_.Row("  cases that cross", Column(crossed) + " % a folded boundary",
                 crossed >= kCrossedBar, AtLeast(kCrossedBar));
    const double still = Of(build, "gup_unmutated", set).rate();
    const double still_empty = Of(build, "empty_unmutated", set).rate();
    results_.Row("nothing mutated",
                 Concat({Column(still), " of ",
                         Grouped(static_cast<uint64_t>(still_empty + 0.5)),
                         ": ", Fixed(still / still_empty, 3), " of empty"}));
  }

  // One request a case and four.
  void PrintFour(const Build& build, const std::string& program) {
    const double one = Of(build, program, "small").requests_a_second();
    const double four = Of(build, program, "four").requests_a_second();
    const double ratio = four / one;
    results_.Row("one request a case", Column(one) + " requests");
    results_.Row("four", Column(four) + " requests");
    if (program == "gup_unmutated") {
      results_.Row("  times as many", Column(ratio, 2));
    } else {
      results_.Row("  times as many", Column(ratio, 2), ratio >= kFourBar,
                   AtLeast(kFourBar));
    }
  }

  // Nanoseconds per case in the fastest run. Other load on the machine only
  // makes a run slower, and does not slow both equally.
  void PrintBody(const Build& build) {
    const auto cases =
        static_cast<double>(FilesBelow(kSets.at("small")).size());
    const double arena = fastest_[build.preset + "body_bench"] / cases;
    const double heap = fastest_[build.preset + "body_bench_heap"] / cases;
    results_.Row("tables in the arena", Column(arena) + " ns a case");
    results_.Row("tables on the heap", Column(heap) + " ns");
    results_.Row("  gain of the arena", Column(heap / arena, 1),
                 heap / arena >= build.arena_bar, AtLeast(build.arena_bar));
  }

  // A row for each part; columns are pages/records.
  void PrintParts() {
    const std::array<std::string, 6> shapes = {"1/1",   "8/1",  "64/1",
                                               "512/1", "64/4", "64/16"};
    std::set<std::string> names;
    std::map<std::string, double> times;
    for (const auto& run : parts_["fuzz"]) {
      if (run.value("aggregate_name", "") != "median") continue;
      // "NAME/pages:64/records:4".
      const std::string label = run["run_name"];
      const size_t pages = label.find("/pages:");
      const size_t records = label.find("/records:");
      if (pages == label.npos || records == label.npos) continue;
      const std::string name = label.substr(0, pages);
      names.insert(name);
      times[Concat({name, " ", label.substr(pages + 7, records - pages - 7),
                    "/", label.substr(records + 9)})] = run["cpu_time"];
    }
    const auto line = [](std::string name, const auto& columns) {
      name.resize(40, ' ');
      for (const std::string& column : columns) {
        name +=
            std::string(8 - std::min<size_t>(8, column.size()), ' ') + column;
      }
      return "  " + name;
    };
    results_.Line(line("pages/records", shapes));
    for (const std::string& name : names) {
      std::vector<std::string> columns;
      for (const std::string& shape : shapes) {
        columns.push_back(Fixed(times[name + ' ' + shape], 0));
      }
      results_.Line(line(name, columns));
    }
  }

  std::map<std::string, Measured> measured_;
  std::map<std::string, nlohmann::json> parts_;
  std::map<std::string, double> fastest_;
  Results results_{24};
};

}  // namespace
}  // namespace pxdfuzz

int main(int argc, char** argv) {
  const int rounds = pxdfuzz::RoundsOf(argc, argv, 3);
  pxdfuzz::Bench bench;
  bench.Measure(rounds);
  return bench.Print();
}
