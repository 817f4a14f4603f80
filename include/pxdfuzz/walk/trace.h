// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_WALK_TRACE_H_
#define PXDFUZZ_WALK_TRACE_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "pxdfuzz/memory/memory.h"
#include "pxdfuzz/paging/entry_ref.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/walk/walk.h"

namespace pxdfuzz {

// What is remembered of each walk: how many pages had been returned when it
// first did something that a sound walk does not do.
struct Marks {
  static constexpr size_t kNever = std::numeric_limits<size_t>::max();

  // A read of the stack outside the copy (Cause::kLeftCopy).
  size_t left_copy = kNever;
  // A turn that reads an entry whose span does not hold its address
  // (Cause::kStuck). Asking that of every turn costs a quarter of a walk, so it
  // is asked where a trace was told to.
  size_t stuck = kNever;
  // A read of what is neither table nor stack.
  size_t nowhere = kNever;
  // An offset that read another entry than was tested (Cause::kReadAgain).
  size_t read_again = kNever;
  // A last check of a local copy while the entry itself has changed
  // (Cause::kCopyCheck).
  size_t copy_check = kNever;
  // Whether the loop invariant of the thread held at each turn.
  bool invariant = true;

  // When the predicate of `cause` was first true.
  constexpr size_t First(Cause cause) const {
    switch (cause) {
      case Cause::kNone:
        return kNever;
      case Cause::kLeftCopy:
        return left_copy;
      case Cause::kStuck:
        return stuck;
      case Cause::kReadAgain:
        return read_again;
      case Cause::kCopyCheck:
        return copy_check;
    }
    return kNever;
  }
  // Which of the causes `expected` excuses what goes wrong at that page, if one
  // does: a cause excuses what comes after the first read that it marks.
  constexpr Cause Excuse(Causes expected, size_t page) const {
    for (const Cause cause : kAllCauses) {
      if (expected.Contains(cause) && First(cause) <= page) return cause;
    }
    return Cause::kNone;
  }

  friend constexpr bool operator==(const Marks&, const Marks&) = default;
};

// Whether a turn reads the entry whose span holds its address. Of one that is
// handed on unread it does not matter which it is: with 3 levels arm64's pgd
// and p4d are the first entry of the root table for every address.
template <Memory M>
bool Holds(const M& memory, const Turn& turn) {
  return turn.handed_on || memory.Holds(turn.ref, turn.address);
}

// The trace that every walk has: marks what a sound walk does not do, and notes
// at which snapshot references are taken.
template <Memory M>
class MarkTrace {
 public:
  // `memory` and `grabbed` outlive the object.
  explicit MarkTrace(M& memory, bool looks_for_stuck = true,
                     std::span<uint8_t> grabbed = {})
      : memory_(memory), grabbed_(grabbed), looks_for_stuck_(looks_for_stuck) {}

  void OnTurn(const Turn& turn) {
    OnRead(turn.loaded, turn.pages);
    if (looks_for_stuck_ && marks_.stuck == Marks::kNever &&
        (turn.loaded.source == Source::kTable ||
         turn.loaded.source == Source::kOwnCopy) &&
        !Holds(memory_, turn)) {
      marks_.stuck = turn.pages;
    }
    marks_.invariant &= turn.invariant;
  }
  void OnReread(const Again& again) {
    OnRead(again.loaded, again.pages);
    if (again.loaded.value != again.first && marks_.read_again > again.pages) {
      marks_.read_again = again.pages;
    }
  }
  // Only where the text has the recheck.
  void OnGrab(size_t pages, uint64_t count) {
    memory_.Grab();
    for (size_t i = pages; i < grabbed_.size() && i - pages < count; ++i) {
      grabbed_[i] = static_cast<uint8_t>(memory_.version());
    }
  }
  void OnCheck(const Again& again) {
    OnRead(again.loaded, again.pages);
    if (again.loaded.source == Source::kOwnCopy &&
        marks_.copy_check > again.pages &&
        !memory_.IsCurrent(again.level, again.ref, again.first)) {
      marks_.copy_check = again.pages;
    }
  }

  const Marks& marks() const { return marks_; }

 protected:
  void OnRead(const Loaded& loaded, size_t pages) {
    if (loaded.source == Source::kLeftCopy && marks_.left_copy > pages) {
      marks_.left_copy = pages;
    }
    if (loaded.source == Source::kNowhere && marks_.nowhere > pages) {
      marks_.nowhere = pages;
    }
  }

  M& memory_;
  Marks marks_;

 private:
  const std::span<uint8_t> grabbed_;
  const bool looks_for_stuck_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_WALK_TRACE_H_
