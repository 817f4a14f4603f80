// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_FUZZ_STATS_H_
#define PXDFUZZ_FUZZ_STATS_H_

#include <array>
#include <bitset>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "pxdfuzz/cells.h"
#include "pxdfuzz/compare.h"
#include "pxdfuzz/policy.h"
#include "pxdfuzz/space.h"

namespace pxdfuzz {

// What a process did so far. Counted beside the cases and read by nobody who
// judges one.
class Stats {
 public:
  void CountExecution() { ++executions_; }
  // An input of a kind that was not asked for.
  void CountSkipped() { ++skipped_; }
  void CountVerdict(const Case& c, const Verdict& verdict);
  void CountFinding() { ++findings_; }
  // Something that is known to be wrong and has a name. The name is not copied.
  void CountKnown(std::string_view name) { ++known_[name]; }
  void ReachCell(size_t cell) { reached_.set(cell); }

  uint64_t executions() const { return executions_; }
  uint64_t findings() const { return findings_; }

  // One "key value ..." a line. Keys may repeat, and others may join.
  std::string ToText() const;

 private:
  struct OfSpace {
    uint64_t cases = 0;         // with at least one request to compare
    uint64_t returned = 0;      // some request returns a page
    uint64_t returned_two = 0;  // ... two or more
    uint64_t crossed = 0;       // ... crosses a folded level's boundary
    uint64_t both_sides = 0;    // ... with pages on both sides
    // ... in which a walk shows a cause, by walk; whatever the outcome.
    std::array<uint64_t, kWalkCount> left_copy{};
  };

  uint64_t executions_ = 0;
  uint64_t skipped_ = 0;
  uint64_t not_comparable_ = 0;
  uint64_t requests_ = 0;
  uint64_t pages_ = 0;
  uint64_t findings_ = 0;
  std::array<uint64_t, kWalkCount> excused_{};
  std::array<Cause, kWalkCount> excuse_{};
  std::array<OfSpace, kAllSpaces.size()> spaces_{};
  std::map<std::string_view, uint64_t> known_;
  std::bitset<kMaxCells> reached_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_FUZZ_STATS_H_
