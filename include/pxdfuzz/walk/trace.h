// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_WALK_TRACE_H_
#define PXDFUZZ_WALK_TRACE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "pxdfuzz/memory/memory.h"
#include "pxdfuzz/oracle/outcome.h"
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
  // Which of the causes `known` excuses what goes wrong at that page, if one
  // does: a cause excuses what comes after the first read that it marks.
  constexpr Cause Excuse(Causes known, size_t page) const {
    for (const Cause cause : kAllCauses) {
      if (known.Contains(cause) && First(cause) <= page) return cause;
    }
    return Cause::kNone;
  }
};

// What reads beside tables and copies make of a walk whose pages came out as
// `outcome`, first at page `first_difference`: a stray read where the pages are
// right, and a fault whatever they are, since a kernel that reads from nowhere
// returns nothing at all.
constexpr void AddStrayReads(const Marks& marks, Outcome& outcome,
                             size_t& first_difference) {
  const size_t stray = std::min(marks.nowhere, marks.left_copy);
  if (outcome == Outcome::kAgrees && stray != Marks::kNever) {
    outcome = Outcome::kStrayRead;
    first_difference = stray;
  }
  if (marks.nowhere != Marks::kNever) {
    outcome = Outcome::kFault;
    first_difference = std::min(first_difference, marks.nowhere);
  }
}

// Whether a turn reads the entry whose span holds its address. Of one that is
// handed on unread it does not matter which it is: with 3 levels arm64's pgd
// and p4d are the first entry of the root table for every address.
template <Memory M>
bool Holds(const M& memory, const Turn& turn) {
  return turn.handed_on || memory.Holds(turn.ref, turn.address);
}

// The trace that every walk has.
template <Memory M>
class MarkTrace {
 public:
  explicit MarkTrace(const M& memory, bool looks_for_stuck = true)
      : memory_(memory), looks_for_stuck_(looks_for_stuck) {}

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
  void OnReread(const Again& again) { OnRead(again.loaded, again.pages); }

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

  const M& memory_;
  Marks marks_;

 private:
  const bool looks_for_stuck_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_WALK_TRACE_H_
