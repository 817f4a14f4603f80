// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_BUGS_HUNT_H_
#define PXDFUZZ_SRC_CLI_BUGS_HUNT_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace pxdfuzz {

// A search for a finding, from an empty corpus, once with each seed.
struct HuntWish {
  std::string target;                // the program of a fuzz target
  std::string kernel;                // the kernel code that it runs
  std::string modes;                 // PXDFUZZ_ONLY
  std::string pattern;               // of the signatures that end it
  std::string other_side = "waits";  // PXDFUZZ_OTHER_SIDE
  int seeds = 1;                     // from 1
  // After so many executions a search ends without success.
  uint64_t budget = 50'000;
  int jobs = 1;
  std::string out;  // a folder for logs, statistics and inputs
  std::function<void()> tick;
};

struct Hunt {
  int seeds = 0;
  // Of the searches that found it, sorted.
  std::vector<uint64_t> executions;
  std::string signature;  // the most frequent one
  // Of all searches.
  uint64_t executed = 0;

  bool always_found() const {
    return executions.size() == static_cast<size_t>(seeds);
  }
  // Where it was found.
  uint64_t median() const { return executions[(executions.size() - 1) / 2]; }
  uint64_t worst() const { return executions.back(); }
};

// An error where a process fails, or compares nothing.
absl::StatusOr<Hunt> RunHunt(const HuntWish& wish);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_BUGS_HUNT_H_
