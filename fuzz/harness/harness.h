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

// What the names of known findings begin with where they are signatures.
inline constexpr std::string_view kKnownPrefix = "known.";

// What fuzz targets share. One object per process. It reads the environment
// once.
class Harness {
 public:
  static Harness& Get();

  // The command line, for the commands in a report. The words are copied.
  void SetCommandLine(int argc, char** argv);
  // The file from which the next input is read, if known.
  void SetInputFile(std::string file) { input_file_ = std::move(file); }

  const PagingModeFilter& filter() const { return filter_; }
  Stats& stats() { return stats_; }

  // Decodes an input into `c` and counts it. False if its paging mode was not
  // asked for: the target returns at once.
  bool Begin(std::span<const uint8_t> input, Case& c);

  // Counts a cell that an input reached, and reports it to the engine.
  void ReachCell(size_t cell);

  // Whether a finding of that signature is to be reported.
  bool Wants(const std::string& signature) const;
  // Whether the pattern that was asked for is one of known findings.
  bool wants_known() const { return signature_.starts_with(kKnownPrefix); }

  bool color() const { return color_; }
  // The file that holds `input`, or will hold it.
  std::string FileOf(std::span<const uint8_t> input,
                     std::string_view signature) const;
  // Commands that reproduce and minimise the input.
  std::vector<ReportCommand> Commands(std::span<const uint8_t> input,
                                      std::string_view signature) const;

  // The same, and the tool's commands for a finding of a walk: the model's, or
  // that of the kernel code in `program`. If this program's folder has it, the
  // commands set PXDFUZZ_KERNEL_PROGRAMS to that folder.
  std::vector<ReportCommand> WalkCommands(std::span<const uint8_t> input,
                                          std::string_view signature,
                                          std::string_view program = "") const;

  // Counts a finding. If findings are stored in a folder, stores it and returns
  // false: the target continues. Otherwise prints `report()`, writes the
  // statistics and returns true: the caller aborts, in a separate function for
  // each kind of finding, so that stacks distinguish findings.
  bool AbortsFor(std::span<const uint8_t> input, const Case& c,
                 const std::string& signature,
                 const std::function<std::string()>& report);

  // Writes the statistics if PXDFUZZ_STATS is set.
  void WriteStats() const;

 private:
  Harness();
  explicit Harness(const Environment& environment);

  // Writes them if the last time is at least a second ago.
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

// A target that walks: judges one input and aborts on a finding.
void RunWalkTarget(std::span<const uint8_t> input, WalkSet walks,
                   Waivers waivers);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_FUZZ_HARNESS_HARNESS_H_
