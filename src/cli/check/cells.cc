// SPDX-License-Identifier: MIT

#include "src/cli/check/cells.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <system_error>
#include <thread>
#include <tuple>

#include "absl/strings/str_format.h"
#include "fuzz/harness/sha1.h"
#include "pxdfuzz/base/read_file.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/engine/finding.h"
#include "src/cli/campaign/campaign.h"
#include "src/cli/check/small_worlds.h"
#include "src/cli/check/verdict/verdict.h"
#include "src/cli/interrupt.h"
#include "src/cli/output.h"

namespace pxdfuzz {
namespace {

// The path of what a target counts of its processor time.
constexpr char kMilliseconds[] = "/milliseconds";
constexpr auto kBetweenLooks = std::chrono::milliseconds(10);
// So many executions of each cell, seeds included, say how fast it is.
constexpr uint64_t kTrialRuns = 2000;
// A part of the inputs is of other paging modes or cannot be compared.
constexpr double kMore = 1.1;
// A cell that is so often below its floor does not reach it.
constexpr int kMostRounds = 8;

// A cell that is run, several times one after the other.
class CellRun {
 public:
  CellRun(CheckCell& cell, const RunWish& wish)
      : cell_(cell), campaign_(OptionsFor(cell, wish)) {}

  bool ok() const { return cell_.error.empty(); }

  // Makes what small worlds show of this walker inputs of the campaign.
  void TakeWorlds(const absl::StatusOr<SmallWorldsRun>& worlds) {
    Note(worlds.status());
    if (!ok()) return;
    for (const SmallWorldsRun::Found& found : worlds->findings) {
      if (found.is_page_size != (cell_.walker.name == "page_size")) continue;
      Note(WriteFile(Concat({campaign_.options().out, "/corpus/",
                             Sha1Hex(Bytes(found.bytes))}),
                     found.bytes, /*force=*/true));
    }
  }
  const CheckCell& cell() const { return cell_; }
  bool is_short() const { return cell_.executions < cell_.walker.floor; }
  // How many inputs it takes from here to the floor.
  uint64_t RunsToFloor() const {
    if (!is_short()) return 0;
    const uint64_t cases = cell_.walker.floor - cell_.executions;
    return static_cast<uint64_t>(static_cast<double>(cases) * kMore) + 100;
  }
  // Cases that were compared in a second of processor time, without the time
  // to start; at least 1, or 0 before a run has ended.
  double rate() const {
    if (ends_ == 0) return 0;
    return std::max(1.0, static_cast<double>(cell_.executions - before_) /
                             std::max(fuzzing_seconds(), 1e-3));
  }
  // Processor time that all of it took, and that each start takes.
  double processor_seconds() const { return campaign_.processor_seconds(); }
  double start_seconds() const {
    return std::max(0.0, processor_seconds() - fuzzing_seconds()) /
           std::max(1, ends_);
  }

  void Open() {
    Note(campaign_.Open());
    if (!ok()) return;
    const CampaignStats stats = campaign_.Stats();
    for (const auto& [signature, count] : stats.findings()) {
      cell_.before.insert(signature);
    }
    for (const auto& [name, times] : KnownIn(stats)) {
      if (times > 0) cell_.before.insert(name);
    }
    cell_.executions = before_ = CasesOf(stats);
    milliseconds_before_ = milliseconds_ = stats.Number(kMilliseconds);
  }

  void Start(uint64_t runs) {
    campaign_.SetRuns(runs);
    Note(campaign_.Start());
  }

  // Whether it still runs.
  bool Poll() {
    const absl::StatusOr<bool> runs = campaign_.Poll();
    Note(runs.status());
    if (runs.ok() && *runs) return true;
    End();
    return false;
  }

  void End() {
    Note(campaign_.Stop());
    if (ok()) Note(campaign_.CheckThatItWorked());
    const CampaignStats stats = campaign_.Stats();
    cell_.executions = CasesOf(stats);
    cell_.findings = stats.findings();
    // The regressions include cases with changes, which another cell runs.
    if (!cell_.walker.changing) {
      std::erase_if(cell_.findings, [](const auto& finding) {
        const auto read = FindingFromName(finding.first);
        return read.has_value() && read->changing;
      });
    }
    cell_.known = KnownIn(stats);
    // Of code that reaches a function which nothing stands in for, those cases
    // were not checked.
    const auto traps = stats.counted.find("traps");
    if (traps != stats.counted.end() && !traps->empty() && ok()) {
      cell_.error = Concat({"reached trap ", traps->begin().key()});
    }
    milliseconds_ = stats.Number(kMilliseconds);
    ++ends_;
  }

 private:
  static CampaignOptions OptionsFor(const CheckCell& cell,
                                    const RunWish& wish) {
    const std::string folder = Concat({wish.out, "/", cell.Name()});
    std::error_code error;
    std::vector<std::string> seeds;
    if (!wish.empty_corpus) {
      seeds = {wish.source + "/corpus/regressions",
               Concat({wish.source, "/corpus/", cell.walker.seeds})};
    }
    return {.target = Concat({wish.bin, "/", cell.walker.target}),
            .jobs = 1,
            .environment = {{"PXDFUZZ_KERNEL", cell.program},
                            {"PXDFUZZ_ONLY", pxdfuzz::Name(cell.mode)},
                            {"LLVM_PROFILE_FILE",
                             wish.profiled ? folder + "/log/%p.profraw"
                                           : "/dev/null"}},
            .out = folder,
            .resume = wish.resume &&
                      std::filesystem::exists(folder + "/stats.json", error),
            .seeds = std::move(seeds)};
  }

  static std::map<std::string, uint64_t> KnownIn(const CampaignStats& stats) {
    const auto known = stats.counted.find("known_findings");
    return known == stats.counted.end()
               ? std::map<std::string, uint64_t>()
               : known->get<std::map<std::string, uint64_t>>();
  }

  double fuzzing_seconds() const {
    return static_cast<double>(milliseconds_ - milliseconds_before_) / 1000;
  }

  // Cases of the cell's kind that were compared.
  uint64_t CasesOf(const CampaignStats& stats) const {
    return stats.Number(cell_.walker.changing ? "/changing/cases" : "/judged");
  }

  void Note(const absl::Status& status) {
    if (!status.ok() && ok()) cell_.error = std::string(status.message());
  }

  CheckCell& cell_;
  Campaign campaign_;
  int ends_ = 0;
  uint64_t before_ = 0;
  uint64_t milliseconds_before_ = 0;
  uint64_t milliseconds_ = 0;
};

// All cells of a check.
class Runner {
 public:
  Runner(const RunWish& wish, std::vector<CheckCell>& cells, Steps& steps)
      : wish_(wish), steps_(steps), began_(steps.seconds()) {
    for (CheckCell& cell : cells) {
      runs_.push_back(std::make_unique<CellRun>(cell, wish));
    }
  }

  absl::Status Run() {
    for (const auto& run : runs_) run->Open();
    absl::Status status;
    if (!wish_.empty_corpus) status = RunWorlds();
    if (status.ok() && wish_.seconds.has_value()) status = TryAll();
    if (!status.ok()) return status;
    Begin("fuzzing");
    for (int i = 0; i < kMostRounds && !is_over_; ++i) {
      if (i > 0 && CountShort() == 0) break;
      // Each cell runs, and one that is resumed at its floor does too.
      status = Round([](const CellRun& run) {
        const uint64_t least = run.rate() > 0 ? 0 : kTrialRuns;
        return std::max(run.RunsToFloor(), least);
      });
      if (!status.ok()) return status;
    }
    while (wish_.seconds.has_value() && !is_over_ && Left() > 1) {
      // Every cell has an equal part of the time that is left.
      const double part =
          Left() * wish_.jobs / static_cast<double>(runs_.size());
      status = Round([part](const CellRun& run) {
        return static_cast<uint64_t>(run.rate() * part) + 1;
      });
      if (!status.ok()) return status;
    }
    steps_.End(Concat({Grouped(Executions()), " executions"}));
    return absl::OkStatus();
  }

 private:
  double Spent() const { return steps_.seconds() - began_; }
  double Left() const { return *wish_.seconds - Spent(); }

  void Begin(std::string_view what) {
    steps_.Begin(what);
    processor_before_ = ProcessorSeconds();
    slowness_ = 1;
  }

  double ProcessorSeconds() const {
    double seconds = 0;
    for (const auto& run : runs_) seconds += run->processor_seconds();
    return seconds;
  }

  size_t CountShort() const {
    return static_cast<size_t>(std::count_if(
        runs_.begin(), runs_.end(),
        [](const auto& run) { return run->ok() && run->is_short(); }));
  }

  // The seconds that cells below their floor take to reach it. A cell that has
  // not run takes as long as the mean of the others.
  double Needed() const {
    double measured = 0;
    size_t count = 0;
    double seconds = 0;
    for (const auto& run : runs_) {
      if (run->rate() == 0) continue;
      const double start = run->start_seconds();
      ++count;
      measured +=
          start + static_cast<double>(run->cell().walker.floor) / run->rate();
      if (!run->ok() || !run->is_short()) continue;
      seconds += start + static_cast<double>(run->RunsToFloor()) / run->rate();
    }
    for (const auto& run : runs_) {
      if (run->rate() == 0 && run->ok() && count > 0) {
        seconds += measured / static_cast<double>(count);
      }
    }
    return seconds * slowness_ / wish_.jobs;
  }

  // Runs each cell for a while, and says whether the time is too short.
  absl::Status TryAll() {
    Begin("trying each cell");
    absl::Status status = Round([](const CellRun&) { return kTrialRuns; });
    if (!status.ok()) return status;
    steps_.End(Plural(runs_.size(), "cell"));
    // How busy the machine is now says nothing of later.
    slowness_ = 1;
    const double seconds = std::ceil(Spent() + Needed());
    if (*wish_.seconds >= seconds) return absl::OkStatus();
    return absl::InvalidArgumentError(
        Concat({"--seconds=", std::to_string(*wish_.seconds),
                " is too short: the floors of ", Plural(runs_.size(), "cell"),
                absl::StrFormat(" take about %.0f s", seconds),
                "; --seconds=auto is as long as they need"}));
  }

  uint64_t Executions() const {
    uint64_t executions = 0;
    for (const auto& run : runs_) executions += run->cell().executions;
    return executions;
  }

  // Runs the small worlds of all cells in as many threads as there are jobs. A
  // program answers for all walkers whose tables stand still.
  absl::Status RunWorlds() {
    steps_.Begin("running small worlds");
    std::map<std::tuple<std::string, std::string, bool>, std::vector<CellRun*>>
        by_program;
    for (const auto& run : runs_) {
      const CheckCell& cell = run->cell();
      by_program[{cell.program, Name(cell.mode), cell.walker.changing}]
          .push_back(run.get());
    }
    std::vector<std::vector<CellRun*>> worlds;
    for (const auto& [key, runs] : by_program) worlds.push_back(runs);
    std::atomic<size_t> next = 0;
    std::atomic<size_t> done = 0;
    std::atomic<uint64_t> cases = 0;
    const auto work = [&] {
      while (true) {
        const size_t i = next++;
        if (i >= worlds.size()) return;
        const CheckCell& cell = worlds[i][0]->cell();
        const auto run =
            RunSmallWorlds(Concat({wish_.bin, "/", cell.program}), cell.mode,
                           cell.walker.changing, &IsInterrupted);
        for (CellRun* of : worlds[i]) of->TakeWorlds(run);
        if (run.ok()) cases += run->cases;
        ++done;
      }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < wish_.jobs; ++i) threads.emplace_back(work);
    while (done < worlds.size()) {
      steps_.Tick(Concat({Grouped(cases), " cases"}));
      std::this_thread::sleep_for(kBetweenLooks);
    }
    for (std::thread& thread : threads) thread.join();
    if (IsInterrupted()) return absl::CancelledError("interrupted");
    steps_.End(Concat({Grouped(cases), " cases"}));
    return absl::OkStatus();
  }

  // Runs each cell once, as many at a time as there are jobs, for as many
  // executions as `runs_of` says; 0 leaves it out.
  absl::Status Round(const std::function<uint64_t(const CellRun&)>& runs_of) {
    std::vector<CellRun*> running;
    auto next = runs_.begin();
    while (next != runs_.end() || !running.empty()) {
      if (is_over_) {
        for (CellRun* run : running) run->End();
        return absl::OkStatus();
      }
      while (next != runs_.end() &&
             running.size() < static_cast<size_t>(wish_.jobs)) {
        CellRun& run = **next++;
        const uint64_t runs = run.ok() ? runs_of(run) : 0;
        if (runs == 0) continue;
        run.Start(runs);
        running.push_back(&run);
      }
      if (IsInterrupted()) {
        for (CellRun* run : running) run->End();
        return absl::CancelledError("interrupted");
      }
      std::erase_if(running, [this](CellRun* run) {
        if (run->Poll()) return false;
        SayNew(run->cell());
        // Processors may be busy with something else.
        slowness_ = std::max(
            1.0, steps_.step_seconds() * wish_.jobs /
                     std::max(ProcessorSeconds() - processor_before_, 1e-3));
        return true;
      });
      Tick();
      std::this_thread::sleep_for(kBetweenLooks);
    }
    return absl::OkStatus();
  }

  // Findings are worth a line at once, one for each kind.
  void SayNew(const CheckCell& cell) {
    for (const auto& [signature, count] : cell.findings) {
      const std::string kind = KindOf(signature);
      is_over_ |= wish_.is_enough && wish_.is_enough(signature);
      if (!kinds_.insert(kind).second) continue;
      steps_.Say(absl::StrFormat("FINDING %s after %.0f s: %s", kind, Spent(),
                                 signature));
    }
  }

  void Tick() {
    size_t done = 0;
    for (const auto& run : runs_) done += !run->is_short();
    const double left = wish_.seconds.has_value() ? Left() : Needed();
    steps_.Tick(
        Concat({std::to_string(done), " of ", Plural(runs_.size(), "cell"),
                " at their floor, ", Grouped(Executions()), " executions, ",
                Plural(kinds_.size(), "kind"), " of finding",
                absl::StrFormat(", about %.0f s left", std::max(0.0, left))}));
  }

  const RunWish& wish_;
  Steps& steps_;
  const double began_;
  std::vector<std::unique_ptr<CellRun>> runs_;
  std::set<std::string> kinds_;
  bool is_over_ = false;
  double processor_before_ = 0;  // before the step
  // How many seconds pass in a second of a job's processor time.
  double slowness_ = 1;
};

// Whether the walker's target has that code.
bool Runs(const KernelBuild& build, const CheckedWalker& walker,
          const std::string& code) {
  return std::any_of(build.targets.begin(), build.targets.end(),
                     [&](const KernelBuild::Target& target) {
                       return target.name == walker.target &&
                              std::find(target.codes.begin(),
                                        target.codes.end(),
                                        code) != target.codes.end();
                     });
}

}  // namespace

std::string CheckCell::Name() const {
  return Concat({pxdfuzz::Name(mode.arch), "-", std::to_string(mode.levels),
                 ".", configuration, ".", walker.name,
                 walker.changing ? ".changing" : ""});
}

uint64_t CheckCell::TimesKnown(const std::string& name) const {
  const auto times = known.find(name);
  return times == known.end() ? 0 : times->second;
}

std::vector<CheckCell> CellsOf(const KernelBuild& build,
                               const std::vector<CheckedWalker>& walkers) {
  std::vector<CheckCell> cells;
  for (const PagingMode& mode : kAllPagingModes) {
    // By walker and hash.
    std::map<std::pair<std::string_view, std::string>, size_t> seen;
    for (const std::string_view configuration : kConfigurations) {
      const KernelBuild::Sliced* slice =
          build.FindSlice(mode.arch, configuration);
      if (slice == nullptr) continue;
      for (const CheckedWalker& walker : walkers) {
        if (!Runs(build, walker, slice->same_as)) continue;
        const std::string hash =
            WalkerHash(build.slices, slice->name, walker.name);
        const auto [same, is_new] =
            seen.try_emplace({walker.target, hash}, cells.size());
        if (!is_new && !hash.empty()) {
          cells[same->second].also.emplace_back(configuration);
          continue;
        }
        cells.push_back({.mode = mode,
                         .configuration = std::string(configuration),
                         .walker = walker,
                         .program = slice->same_as});
      }
    }
  }
  return cells;
}

absl::Status RunCells(const RunWish& wish, std::vector<CheckCell>& cells,
                      Steps& steps) {
  return Runner(wish, cells, steps).Run();
}

}  // namespace pxdfuzz
