// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_FUZZ_HARNESS_H_
#define PXDFUZZ_FUZZ_HARNESS_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/space_filter.h"
#include "fuzz/stats.h"
#include "pxdfuzz/case.h"
#include "pxdfuzz/compare.h"
#include "pxdfuzz/report.h"

namespace pxdfuzz {

// What fuzz targets share. One object a process. It reads the environment once:
//
//   PXDFUZZ_ONLY=s390/3,...   cases of other spaces are skipped
//   PXDFUZZ_SIGNATURE=...     other findings are passed over; a signature, or a
//                             pattern with * as shells have it
//   PXDFUZZ_STATS=FILE        statistics go to FILE while the target runs
//   PXDFUZZ_COLOR=always      colour though stderr is no terminal; or never
//   NO_COLOR                  no colour
class Harness {
 public:
  static Harness& Get();

  // The command line, for the commands in a report. The words are copied.
  void SetCommandLine(int argc, char** argv);
  // The file that the next input is read from, where that is known.
  void SetInputFile(std::string file) { input_file_ = std::move(file); }

  const SpaceFilter& filter() const { return filter_; }
  Stats& stats() { return stats_; }

  // Decodes an input, counts it, and says in `c` what it is. False where it is
  // of no space that was asked for: the target returns at once.
  bool Begin(std::span<const uint8_t> input, Case& c);

  // Whether a finding of that signature is to be reported.
  bool Wants(const std::string& signature) const;

  bool color() const { return color_; }
  // Commands that reproduce and minimise the input.
  std::vector<ReportCommand> Commands(std::span<const uint8_t> input,
                                      std::string_view signature) const;
  // The tool's command that tells a walk's finding.
  ReportCommand ExplainCommand(std::span<const uint8_t> input) const;
  // Prints a finding's report and writes the statistics. The caller aborts, by
  // a function of its own, so that stacks tell findings apart.
  void PrintFinding(std::string_view signature, std::string_view report);

  // Where PXDFUZZ_STATS asks for it.
  void WriteStats() const;

 private:
  Harness();

  std::string FileOf(std::span<const uint8_t> input) const;

  SpaceFilter filter_;
  std::string signature_;
  std::string stats_file_;
  bool color_ = false;
  std::vector<std::string> command_line_;
  std::string input_file_;
  Stats stats_;
};

// A target that walks: judges one input and aborts where there is a finding.
void RunWalkTarget(std::span<const uint8_t> input, WalkSet walks,
                   Excuses excuses);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_FUZZ_HARNESS_H_
