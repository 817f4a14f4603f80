// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_FUZZ_HARNESS_STATS_H_
#define PXDFUZZ_FUZZ_HARNESS_STATS_H_

#include <array>
#include <bitset>
#include <cstdint>
#include <ctime>
#include <map>
#include <string>
#include <string_view>

#include "pxdfuzz/oracle/cells.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/paging/policy.h"

namespace pxdfuzz {

// What a process did so far. It has no influence on any verdict.
class Stats {
 public:
  void CountExecution() {
    if (executions_++ == 0) began_ = std::clock();
  }
  // An input that means the empty case.
  void CountEmpty() { ++empty_; }
  // An input of a paging mode that was not asked for.
  void CountSkipped() { ++skipped_; }
  void CountVerdict(const Case& c, const Verdict& verdict);
  // A case that a target judges without Oracle.
  void CountJudged() { ++judged_; }
  // Returns how often that signature was met, this time included.
  uint64_t CountFinding(const std::string& signature) {
    return ++findings_[signature];
  }
  // An expected failure that has a name, which is not copied. With 0 times, the
  // statistics have it before it is met.
  void CountKnown(std::string_view name, uint64_t times = 1) {
    known_[name] += times;
  }
  // Something that kernel code reached and that nothing replaces: a case
  // that could not be checked. How often that was, this time included.
  uint64_t CountTrap(const std::string& name) { return ++traps_[name]; }
  void ReachCell(size_t cell) { reached_.set(cell); }

  uint64_t executions() const { return executions_; }
  // Cases that were compared.
  uint64_t judged() const;
  // All findings, or those of one signature.
  uint64_t findings() const;

  // A JSON object in one line; docs/statistics.md has its keys.
  std::string ToJson() const;

 private:
  struct OfMode {
    uint64_t cases = 0;         // with at least one request that was compared
    uint64_t returned = 0;      // some request returns a page
    uint64_t returned_two = 0;  // ... two or more
    uint64_t crossed = 0;       // ... crosses a folded level's boundary
    uint64_t both_sides = 0;    // ... with pages on both sides
    // ... in which a walk shows a cause, by walk and whatever the outcome.
    std::array<uint64_t, kWalkCount> stack_escape{};
  };
  using Reasons = std::array<uint64_t, kInconclusiveCount>;
  // Cases with concurrent operations.
  struct Changing {
    uint64_t cases = 0;     // with at least one request to compare
    uint64_t requests = 0;  // that were compared with a walk of the model's
    uint64_t met = 0;       // ... during which something changed
    // ... and the walk returned less than there was at the start.
    std::array<uint64_t, kWalkCount> dropped{};
    // Cases with a concurrent operation that Linux never does.
    Reasons impossible{};
  };

  void CountChanging(const RequestVerdict& request);

  uint64_t executions_ = 0;
  std::clock_t began_ = 0;  // processor time before the first
  uint64_t empty_ = 0;
  uint64_t skipped_ = 0;
  uint64_t inconclusive_ = 0;
  uint64_t requests_ = 0;
  uint64_t pages_ = 0;
  uint64_t judged_ = 0;  // those that spaces_ does not count
  std::array<std::array<uint64_t, kCauseCount>, kWalkCount> waived_{};
  std::array<OfMode, kAllPagingModes.size()> modes_{};
  Changing changing_;
  Reasons undecided_{};  // requests
  std::map<std::string, uint64_t> findings_;
  std::map<std::string_view, uint64_t> known_;
  std::map<std::string, uint64_t> traps_;
  std::bitset<kMaxCells> reached_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_FUZZ_HARNESS_STATS_H_
