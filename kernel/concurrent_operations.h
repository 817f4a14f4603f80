// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_KERNEL_CONCURRENT_OPERATIONS_H_
#define PXDFUZZ_KERNEL_CONCURRENT_OPERATIONS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/kernel_walk.h"
#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/memory/arena.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/tables/timeline.h"
#include "pxdfuzz/walk/trace.h"

namespace pxdfuzz {

// Which entries a walk read, and in which order, as one number. Equal sequences
// have equal numbers; different ones have different numbers except for rare
// collisions.
class ReadOrder {
 public:
  // `address` is that of a table entry, or kCopy for a local copy.
  static constexpr uint64_t kCopy = 1;

  void Add(Level level, uint64_t address) {
    // The multiplier is 2^64 divided by the golden ratio.
    value_ = WrappingMul(value_ ^ address ^ (Ordinal(level) << 1),
                         0x9E3779B97F4A7C15);
    value_ ^= value_ >> 29;
  }

  friend bool operator==(const ReadOrder&, const ReadOrder&) = default;

 private:
  uint64_t value_ = 0;
};

// Makes the concurrent operations of a case while kernel code walks, each
// before the read that the operation names. It counts the reads that the model
// counts: those of iterations and of the recheck, and rereads of entries in
// tables by offset functions; and besides those of contiguous blocks.
//
// A read of memory that is neither a table nor the stack ends the walk as a
// fault before the read: that memory belongs to the process.
class ConcurrentOperations {
 public:
  // `timeline` has the snapshots of the tables in `arena`; all must outlive the
  // object or the next call.
  void Begin(const Case& c, const Arena& arena, Timeline& timeline,
             pxd_walk& walk);
  // Stops concurrent operations. The arena stays at the snapshot that the walk
  // reached, and `walk` has the root and the levels that it found.
  void End();

  // A change that was made, and how many events came before it.
  struct Made {
    size_t reads = 0;  // noted by the walk
    size_t grabs = 0;  // references taken and put
  };

  size_t snapshot() const { return timeline_->at(); }
  // Whether fork() has write-protected something during the walk.
  bool forked() const { return walk_->write_protect_seq != 0; }
  // The snapshot at which each page's reference was taken, by the page's
  // position among those held at the end.
  std::span<const uint8_t> grabbed() const { return grabbed_; }
  // The changes that were made, in order.
  std::span<const Made> made() const {
    return std::span(made_).first(made_count_);
  }
  // By causes that require changing tables.
  const FirstViolations& violations() const { return violations_; }
  // Of the counted reads.
  const ReadOrder& order() const { return order_; }

 private:
  // The last iteration of a level: where it read, and the number of the read.
  struct LastIteration {
    const volatile void* place = nullptr;
    size_t read = 0;
  };

  static ConcurrentOperations& Of(pxd_walk* walk) {
    return *static_cast<ConcurrentOperations*>(walk->context);
  }
  void BeforeWalk();
  void BeforeRead(Level level, const volatile void* place);
  void BeforeBlockRead();
  void AfterGrab();

  // Makes the changes that are due.
  void MakeChanges(const WalkProgress& progress, Made now);
  // The address of a word as the walk sees it, whether or not it is in a table.
  uint64_t AddressOf(const volatile void* place) const;
  bool InTable(const volatile void* place) const;
  // What the last iteration of `level` read.
  uint64_t Read(Level level) const {
    return walk_->reads[last_iterations_[Ordinal(level)].read].value;
  }
  void NoteDoubleFetch(Level level, const volatile void* place);
  void NoteVacuousRecheck(Level level);

  const Case* case_ = nullptr;
  const Arena* arena_ = nullptr;
  Timeline* timeline_ = nullptr;
  pxd_walk* walk_ = nullptr;
  WalkProgress progress_;
  std::array<LastIteration, kLevelCount> last_iterations_{};
  std::array<uint8_t, Case::kMaxPages> grabbed_{};
  std::array<Made, decltype(Case::concurrent)::capacity()> made_{};
  size_t made_count_ = 0;
  FirstViolations violations_;
  ReadOrder order_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_KERNEL_CONCURRENT_OPERATIONS_H_
