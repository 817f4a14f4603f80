// SPDX-License-Identifier: MIT

// Asks QEMU how it translates addresses in random tables, and compares that
// with Translate. Exit codes: 0 if all agree and every planted bug was found; 1
// otherwise; 2 for wrong usage; 3 if QEMU cannot be asked.

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pxdfuzz/base/rng.h"
#include "pxdfuzz/base/text_lines.h"
#include "tests/hardware/judge.h"
#include "tests/hardware/machine.h"
#include "tests/hardware/plants.h"
#include "tests/hardware/s390_draw.h"
#include "tests/hardware/s390_machine.h"
#include "tests/hardware/s390_match.h"
#include "tests/hardware/tally.h"
#include "tests/hardware/x86_draw.h"
#include "tests/hardware/x86_machine.h"
#include "tests/hardware/x86_match.h"

namespace pxdfuzz::hardware {
namespace {

using Clock = std::chrono::steady_clock;

constexpr uint64_t kDefaultCases = 200'000;
// A question to the monitor is text, and takes much longer.
constexpr uint64_t kX86Part = 20;
// Fewer would miss some planted bugs.
constexpr uint64_t kLeastCases = Tally<S390Match>::kPlantCases;
constexpr uint64_t kX86LeastCases = Tally<X86Match>::kPlantCases;

struct Options {
  bool s390 = false;
  bool x86 = false;
  uint64_t cases = kDefaultCases;
  uint64_t seed = 1;
  std::optional<std::string_view> plant;
};

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// The progress of a long run: on a terminal in one line that is overwritten,
// otherwise in a line from time to time.
class Progress {
 public:
  explicit Progress(uint64_t total) : total_(total) {}
  ~Progress() { Clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Show(uint64_t done) {
    const double ran = SecondsSince(start_);
    if (ran < next_ || done >= total_) return;
    next_ = ran + (live_ ? 0.5 : 10);
    std::printf("%s  %s of %s cases, %.0f s%s", live_ ? "\r" : "",
                Grouped(done).c_str(), Grouped(total_).c_str(), ran,
                live_ ? "\x1b[K" : "\n");
    std::fflush(stdout);
    shown_ = live_;
  }
  void Clear() {
    if (shown_) std::printf("\r\x1b[K");
    shown_ = false;
  }
  double seconds() const { return SecondsSince(start_); }

 private:
  const bool live_ = isatty(STDOUT_FILENO) != 0;
  const uint64_t total_;
  const Clock::time_point start_ = Clock::now();
  double next_ = 2;
  bool shown_ = false;
};

void Row(std::string_view label, std::string_view text) {
  std::string first = "  " + std::string(label);
  first.resize(16, ' ');
  TextLines lines(false);
  lines.Wrap(first, std::string(first.size(), ' '), text);
  std::fputs(lines.text().c_str(), stdout);
}

// Prints the summary. Returns whether everything is right.
template <class Match>
bool Conclude(const Tally<Match>& tally, double seconds, const Options& options,
              std::string_view facilities, std::string_view never_reported) {
  for (const std::string& example : tally.examples()) {
    std::printf("  DISAGREEMENT\n");
    std::string_view rest = example;
    while (!rest.empty()) {
      const size_t end = rest.find('\n');
      std::printf("    %.*s\n", static_cast<int>(end), rest.data());
      rest.remove_prefix(end + 1);
    }
  }
  char took[32];
  std::snprintf(took, sizeof took, "%.1f s", seconds);
  std::string cases = Grouped(tally.cases()) + " in " + took + ", " +
                      Grouped(tally.disagreements()) + " disagreement";
  if (tally.disagreements() != 1) cases += 's';
  if (tally.left_out() != 0) {
    cases += ", " + Grouped(tally.left_out()) + " left out (";
    cases += Match::kLeftOut;
    cases += ')';
  }
  Row("cases", cases);
  if (options.plant.has_value()) {
    Row("planted bug",
        std::string(*options.plant) +
            (tally.disagreements() == 0 ? ", NOT SEEN" : ", seen"));
    return false;
  }
  Row("translated", Grouped(tally.translated()) +
                        (tally.protection_compared() == 0
                             ? ""
                             : ", protection compared in " +
                                   Grouped(tally.protection_compared())));
  Row("exceptions", tally.Exceptions());
  if (!facilities.empty()) Row("facilities", facilities);
  std::string not_tried = tally.RulesNotMet();
  Row("rules met",
      Grouped(tally.rules_met()) + " of " + Grouped(Match::kRules.size()));
  if (!never_reported.empty()) {
    if (!not_tried.empty()) not_tried += ", ";
    not_tried += never_reported;
  }
  if (!not_tried.empty()) Row("not tried", not_tried);
  if (tally.disagreements() != 0) return false;
  const uint64_t plants = PlantsOf<Match>::kAll.size();
  const bool all_seen = tally.plants_seen() == plants;
  Row("planted bugs", Grouped(tally.plants_seen()) + " of " + Grouped(plants) +
                          " seen in the first " +
                          Grouped(Tally<Match>::kPlantCases) + " cases" +
                          (all_seen ? "" : ", NOT: " + tally.PlantsNotSeen()));
  return all_seen;
}

// The requested planted bug, or nothing if this architecture has none with that
// name.
template <class Match>
std::optional<Tally<Match>> MakeTally(const Options& options) {
  if (!options.plant.has_value()) return Tally<Match>();
  for (const Plant<Match>& plant : PlantsOf<Match>::kAll) {
    if (plant.name == *options.plant) return Tally<Match>(plant.judge);
  }
  return std::nullopt;
}

bool RunS390(const Options& options, const std::string& guest) {
  std::optional<Tally<S390Match>> tally = MakeTally<S390Match>(options);
  if (!tally.has_value()) return true;
  const uint64_t cases = std::max(options.cases, kLeastCases);
  Progress progress(cases);
  S390Machine machine(guest);
  std::printf("s390, against LRAG and TPROT of QEMU %s\n",
              machine.version().c_str());
  const S390Match match = {machine.facilities()};
  std::vector<Question> questions;
  for (uint64_t round = 0;
       tally->cases() < cases && tally->disagreements() == 0; ++round) {
    S390Draw draw(Rng::Mix(options.seed ^ Rng::Mix(round)), machine.ram());
    draw.FillTables();
    questions.resize(
        std::min<uint64_t>(S390Machine::kMost, cases - tally->cases()));
    for (Question& question : questions) question = draw.DrawQuestion();
    tally->Add(match, machine.ram(), questions, machine.Ask(questions));
    progress.Show(tally->cases());
  }
  progress.Clear();
  const auto installed = [](bool yes) { return yes ? "yes" : "no"; };
  return Conclude(*tally, progress.seconds(), options,
                  std::string("EDAT-1 ") + installed(match.facilities.edat1) +
                      ", EDAT-2 " + installed(match.facilities.edat2),
                  "");
}

bool RunX86(const Options& options) {
  // Questions per CR3, and per content of the memory.
  constexpr uint64_t kGroup = 16;
  constexpr uint64_t kRound = 1'024;
  std::optional<Tally<X86Match>> tally = MakeTally<X86Match>(options);
  if (!tally.has_value()) return true;
  const uint64_t cases = std::max(options.cases / kX86Part, kX86LeastCases);
  Progress progress(cases);
  X86Machine machine;
  std::printf("x86-64, against gva2gpa of QEMU %s\n",
              machine.version().c_str());
  std::vector<Question> questions;
  for (uint64_t round = 0;
       tally->cases() < cases && tally->disagreements() == 0; ++round) {
    const int levels = round % 2 == 0 ? 4 : 5;
    const X86Match match = {levels};
    machine.SetLevels(levels);
    X86Draw draw(Rng::Mix(options.seed ^ Rng::Mix(round)), machine.ram());
    draw.FillTables();
    const uint64_t end = std::min(tally->cases() + kRound, cases);
    while (tally->cases() < end) {
      questions.resize(std::min(kGroup, end - tally->cases()));
      const uint64_t control = draw.DrawControl(levels);
      for (Question& question : questions) {
        question = {control, draw.DrawAddress(levels)};
      }
      tally->Add(match, machine.ram(), questions, machine.Ask(questions));
      progress.Show(tally->cases());
    }
  }
  progress.Clear();
  return Conclude(*tally, progress.seconds(), options, "",
                  X86Match::kNeverReported);
}

// -----------------------------------------------------------------------------
// The command line

std::string PlantNames() {
  std::string names;
  const auto add = [&names](std::string_view arch, const auto& plants) {
    names += std::string(arch) + ':';
    for (const auto& plant : plants) names += ' ' + std::string(plant.name);
    names += '\n';
  };
  add("s390", PlantsOf<S390Match>::kAll);
  add("x86-64", PlantsOf<X86Match>::kAll);
  return names;
}

int Usage(const std::string& what) {
  std::fprintf(stderr,
               "hardware: %s\n"
               "usage: hardware check s390|x86-64... [--cases=N] [--seed=N] "
               "[--plant[=NAME]]\n",
               what.c_str());
  return 2;
}

std::optional<uint64_t> Number(std::string_view text) {
  uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return number;
}

int Main(std::span<char* const> arguments) {
  Options options;
  for (const std::string_view argument : arguments.subspan(1)) {
    const size_t equals = argument.find('=');
    const std::string_view flag = argument.substr(0, equals);
    const std::string_view value =
        equals == std::string_view::npos ? "" : argument.substr(equals + 1);
    if (argument == "s390") {
      options.s390 = true;
    } else if (argument == "x86-64") {
      options.x86 = true;
    } else if (flag == "--plant") {
      // Default: one that every architecture has.
      options.plant = value.empty() ? "index-mask" : value;
      if (!MakeTally<S390Match>(options).has_value() &&
          !MakeTally<X86Match>(options).has_value()) {
        return Usage("--plant must be the name of a planted bug, one of\n" +
                     PlantNames());
      }
    } else if (flag == "--cases" || flag == "--seed") {
      const std::optional<uint64_t> number = Number(value);
      if (!number.has_value() || (flag == "--cases" && *number == 0)) {
        return Usage(std::string(flag) + " must be a number");
      }
      (flag == "--cases" ? options.cases : options.seed) = *number;
    } else {
      return Usage("unknown argument '" + std::string(argument) + "'");
    }
  }
  if (!options.s390 && !options.x86) return Usage("which architecture?");

  bool well = !options.plant.has_value();
  if (options.s390) {
    const auto program = std::filesystem::read_symlink("/proc/self/exe");
    well &=
        RunS390(options, program.parent_path() / "hardware_check_s390_guest");
  }
  if (options.x86) well &= RunX86(options);
  return well ? 0 : 1;
}

}  // namespace
}  // namespace pxdfuzz::hardware

int main(int argc, char** argv) {
  return pxdfuzz::hardware::Main({argv, static_cast<size_t>(argc)});
}
