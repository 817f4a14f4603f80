// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TABLES_TIMELINE_H_
#define PXDFUZZ_TABLES_TIMELINE_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/memory/snapshots.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/tables/address_space.h"
#include "pxdfuzz/tables/apply.h"
#include "pxdfuzz/tables/inconclusive.h"

namespace pxdfuzz {

// How far a walk has got.
struct WalkProgress {
  // Reads, counting the one that is about to be done, if any.
  size_t reads = 0;
  // Pages of the request before and among those whose references are held or
  // about to be taken.
  size_t pages = 0;
  // By level: reads that were done.
  std::array<size_t, kLevelCount> of_level{};

  constexpr bool Reached(Moment moment, size_t number) const {
    if (moment == Moment::kRead) return reads >= number;
    if (moment == Moment::kGrab) return pages > number;
    return of_level[Ordinal(LevelOf(moment))] >= number;
  }
};

// All snapshots of the tables of one case, in order: 0 is what the set-up
// makes, and each concurrent operation makes one more.
class Timeline {
 public:
  // Starts with one snapshot: the tables of `mm` as they are.
  template <class A, class Entries>
  void Begin(AddressSpace<A, Entries>& mm) {
    snapshots_.Begin(mm.arena());
    tops_[0] = mm.top();
  }

  // Applies the concurrent operations of `c`, if any, to `mm`, and goes back to
  // snapshot 0. Returns what one of them does that Linux never would: then the
  // case cannot be used.
  template <class A, class Entries>
  Inconclusive Make(const Case& c, AddressSpace<A, Entries>& mm,
                    OtherSide other_side = OtherSide::kWaits) {
    static_assert(Snapshots::kMost > decltype(c.concurrent)::capacity());
    Begin(mm);
    TableWriter<A, Entries> writer(mm, other_side);
    Inconclusive reason = Inconclusive::kNo;
    for (size_t i = 0; i < c.concurrent.size(); ++i) {
      const ConcurrentOp& op = c.concurrent[i];
      due_[i] = {op.moment, op.number};
      snapshots_.BeginNext();
      reason = writer.Apply(op, /*in_use=*/true);
      snapshots_.EndNext();
      tops_[i + 1] = mm.top();
      if (reason != Inconclusive::kNo) break;
      unshared_[i] = op.kind == TableOp::Kind::kUnshare
                         ? writer.unshared().back()
                         : AddressRange();
    }
    if (snapshots_.count() > 1) {
      snapshots_.GoTo(0);
      mm.set_top(tops_[0]);
    }
    return reason;
  }

  size_t count() const { return snapshots_.count(); }
  // The current snapshot.
  size_t at() const { return snapshots_.at(); }
  void GoTo(size_t snapshot) { snapshots_.GoTo(snapshot); }
  const Top& top(size_t snapshot) const { return tops_[snapshot]; }
  std::span<const Write> WritesOf(size_t snapshot) const {
    return snapshots_.WritesOf(snapshot);
  }

  // Whether the address was mapped by a table that is unshared since a snapshot
  // up to that one. Walks that are in the table then may return its pages.
  bool IsUnshared(size_t snapshot, uint64_t address) const {
    return std::any_of(unshared_.begin(), unshared_.begin() + snapshot,
                       [address](const AddressRange& range) {
                         return range.Contains(address);
                       });
  }

  // Goes on to the content of the tables that a walk finds there.
  void GoOn(const WalkProgress& progress) {
    size_t snapshot = snapshots_.at();
    while (snapshot + 1 < snapshots_.count() &&
           progress.Reached(due_[snapshot].moment, due_[snapshot].number)) {
      ++snapshot;
    }
    if (snapshot != snapshots_.at()) snapshots_.GoTo(snapshot);
  }

 private:
  Snapshots snapshots_;
  std::array<Top, Snapshots::kMost> tops_;
  // When each concurrent operation is done.
  struct Due {
    Moment moment = Moment::kRead;
    uint16_t number = 0;
  };
  std::array<Due, Snapshots::kMost> due_{};
  // By concurrent operation: the addresses whose table it unshares.
  std::array<AddressRange, Snapshots::kMost> unshared_{};
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TABLES_TIMELINE_H_
