// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_FUZZ_HARNESS_HARNESS_H_
#define PXDFUZZ_FUZZ_HARNESS_HARNESS_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/harness/finding_folder.h"
#include "fuzz/harness/paging_mode_filter.h"
#include "fuzz/harness/stats.h"
#include "pxdfuzz/base/environment.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/report/report.h"

namespace pxdfuzz {

// What fuzz targets share. One object a process. It reads the environment once.
class Harness {
 public:
  static Harness& Get();

  // The command line, for the commands in a report. The words are copied.
  void SetCommandLine(int argc, char** argv);
  // The file that the next input is read from, where that is known.
  void SetInputFile(std::string file) { input_file_ = std::move(file); }

  const PagingModeFilter& filter() const { return filter_; }
  Stats& stats() { return stats_; }

  // Decodes an input, counts it, and says in `c` what it is. False where it is
  // of no paging mode that was asked for: the target returns at once.
  bool Begin(std::span<const uint8_t> input, Case& c);

  // Counts a cell that an input reached, and tells the engine.
  void ReachCell(size_t cell);

  // Whether a finding of that signature is to be reported.
  bool Wants(const std::string& signature) const;

  bool color() const { return color_; }
  // The file that holds `input`, or will.
  std::string FileOf(std::span<const uint8_t> input,
                     std::string_view signature) const;
  // Commands that reproduce and minimise the input.
  std::vector<ReportCommand> Commands(std::span<const uint8_t> input,
                                      std::string_view signature) const;

  // The same, and those of the tool for what a walk gets wrong: the model's, or
  // that of the kernel code that `program` holds. Where that lies beside this
  // program, the tool is told so.
  std::vector<ReportCommand> WalkCommands(std::span<const uint8_t> input,
                                          std::string_view signature,
                                          std::string_view program = "") const;

  // Counts a finding. Where findings are kept in a folder, keeps it, and false:
  // the target goes on. Otherwise prints `report()` and writes the statistics;
  // the caller aborts, by a function of its own, so that stacks tell findings
  // apart.
  bool AbortsFor(std::span<const uint8_t> input, const Case& c,
                 const std::string& signature,
                 const std::function<std::string()>& report);

  // Where PXDFUZZ_STATS asks for it.
  void WriteStats() const;

 private:
  Harness();
  explicit Harness(const Environment& environment);

  // Writes them where the last time is a second ago.
  void KeepStatsFresh();
  void PrintFinding(std::string_view signature, std::string_view report);

  PagingModeFilter filter_;
  std::string signature_;
  std::string stats_file_;
  FindingFolder findings_;
  bool color_ = false;
  std::vector<std::string> command_line_;
  std::string input_file_;
  Stats stats_;
  std::chrono::steady_clock::time_point next_stats_;
};

// A target that walks: judges one input and aborts where there is a finding.
void RunWalkTarget(std::span<const uint8_t> input, WalkSet walks,
                   Waivers waivers);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_FUZZ_HARNESS_HARNESS_H_
