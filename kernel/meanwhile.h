// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_KERNEL_MEANWHILE_H_
#define PXDFUZZ_KERNEL_MEANWHILE_H_

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

// Which entries a walk read, and in which order: one number, equal where they
// are equal, and different where they are not but by a rare chance.
class ReadOrder {
 public:
  // `address` is where an entry of a table stands; a local copy's is kCopy.
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

// What another processor does while kernel code walks: the changes of a case,
// each before the read that it names. Counted are the reads that the model
// counts: those of turns, those of the recheck, and an offset's own read of
// an entry in a table.
//
// A read of what is neither a table nor on the stack ends the walk as a fault,
// before it is done: what lies there is the process's own.
class Meanwhile {
 public:
  // `timeline` has the snapshots of the tables in `arena`; all outlive the
  // object or the next call.
  void Begin(const Case& c, const Arena& arena, Timeline& timeline,
             pxd_walk& walk);
  // Nothing happens in walks from here on. The arena stays at the version that
  // the walk came to, and `walk` has the root and the levels that it found.
  void End();

  // A change that was made, and what came before it.
  struct Made {
    size_t reads = 0;  // of those that the walk notes
    size_t grabs = 0;  // takings of references, and givings back
  };

  size_t snapshot() const { return timeline_->at(); }
  // Whether fork() has write-protected something while the walk ran.
  bool forked() const { return walk_->write_protect_seq != 0; }
  // At which version the reference of each page was taken, by its position
  // among those held at the end.
  std::span<const uint8_t> grabbed() const { return grabbed_; }
  // The changes that were made, in order.
  std::span<const Made> made() const {
    return std::span(made_).first(made_count_);
  }
  // By causes that belong to changing tables.
  const Marks& marks() const { return marks_; }
  // Of the reads that are counted.
  const ReadOrder& order() const { return order_; }

 private:
  // The last turn of a level: where it read, and which read it was.
  struct Turned {
    const volatile void* place = nullptr;
    size_t read = 0;
  };

  static Meanwhile& Of(pxd_walk* walk) {
    return *static_cast<Meanwhile*>(walk->context);
  }
  void BeforeWalk();
  void BeforeRead(Level level, const volatile void* place);
  void AfterGrab();

  // Makes the changes that come before the read of that number.
  void GoOn(size_t read, Made now);
  // Where a word lies as the walk has it, if that is in a table or not.
  uint64_t AddressOf(const volatile void* place) const;
  bool InTable(const volatile void* place) const;
  // What the last turn of `level` read.
  uint64_t Read(Level level) const {
    return walk_->reads[turned_[Ordinal(level)].read].value;
  }
  void MarkDoubleFetch(Level level, const volatile void* place);
  void MarkVacuousRecheck(Level level);

  const Case* case_ = nullptr;
  const Arena* arena_ = nullptr;
  Timeline* timeline_ = nullptr;
  pxd_walk* walk_ = nullptr;
  size_t reads_ = 0;
  std::array<Turned, kLevelCount> turned_{};
  std::array<uint8_t, Case::kMaxPages> grabbed_{};
  std::array<Made, decltype(Case::concurrent)::capacity()> made_{};
  size_t made_count_ = 0;
  Marks marks_;
  ReadOrder order_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_KERNEL_MEANWHILE_H_
