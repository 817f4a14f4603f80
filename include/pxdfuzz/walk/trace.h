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

// The first violations of a walk: how many pages it had returned when it first
// did something that a sound walk does not do.
struct FirstViolations {
  static constexpr size_t kNever = std::numeric_limits<size_t>::max();

  // A read of the stack outside the copy (Cause::kStackEscape).
  size_t stack_escape = kNever;
  // An iteration that reads an entry whose span does not contain its address
  // (Cause::kWrongEntry). The test costs a quarter of a walk, so only a trace
  // with `looks_for_wrong_entry` does it.
  size_t wrong_entry = kNever;
  // A read of an address that is neither in a table nor on the stack.
  size_t nowhere = kNever;
  // An offset function that read another entry than was tested
  // (Cause::kDoubleFetch).
  size_t double_fetch = kNever;
  // A recheck of a local copy while the entry itself had changed
  // (Cause::kVacuousRecheck).
  size_t vacuous_recheck = kNever;
  // Whether the loop invariant of the thread held in each iteration.
  bool invariant = true;

  // The page at which the predicate of `cause` was first true.
  constexpr size_t First(Cause cause) const {
    switch (cause) {
      case Cause::kNone:
        return kNever;
      case Cause::kStackEscape:
        return stack_escape;
      case Cause::kWrongEntry:
        return wrong_entry;
      case Cause::kDoubleFetch:
        return double_fetch;
      case Cause::kVacuousRecheck:
        return vacuous_recheck;
    }
    return kNever;
  }
  // The cause among `expected` that explains a failure at that page, if any: a
  // cause explains failures after the first read that shows it.
  constexpr Cause Waiver(Causes expected, size_t page) const {
    for (const Cause cause : kAllCauses) {
      if (expected.Contains(cause) && First(cause) <= page) return cause;
    }
    return Cause::kNone;
  }

  friend constexpr bool operator==(const FirstViolations&,
                                   const FirstViolations&) = default;
};

// Whether an iteration reads the entry whose span contains its address. For an
// entry that is passed on without a read, any entry will do: with 3 levels
// arm64's pgd and p4d are the first entry of the root table for every address.
template <Memory M>
bool Holds(const M& memory, const Iteration& iteration) {
  return iteration.passed_on || memory.Holds(iteration.ref, iteration.address);
}

// The trace of every walk: notes the first violations, and at which snapshot
// references are taken.
template <Memory M>
class ViolationTrace {
 public:
  // `memory` and `grabbed` outlive the object.
  explicit ViolationTrace(M& memory, bool looks_for_wrong_entry = true,
                          std::span<uint8_t> grabbed = {})
      : memory_(memory),
        grabbed_(grabbed),
        looks_for_wrong_entry_(looks_for_wrong_entry) {}

  void OnIteration(const Iteration& iteration) {
    OnRead(iteration.loaded, iteration.pages);
    if (looks_for_wrong_entry_ &&
        violations_.wrong_entry == FirstViolations::kNever &&
        (iteration.loaded.source == Source::kTable ||
         iteration.loaded.source == Source::kOwnCopy) &&
        !Holds(memory_, iteration)) {
      violations_.wrong_entry = iteration.pages;
    }
    violations_.invariant &= iteration.invariant;
  }
  void OnReread(const Reread& reread) {
    OnRead(reread.loaded, reread.pages);
    if (reread.loaded.value != reread.first &&
        violations_.double_fetch > reread.pages) {
      violations_.double_fetch = reread.pages;
    }
  }
  // Only if the code has the recheck.
  void OnGrab(size_t pages, uint64_t count) {
    memory_.Grab(pages + count);
    for (size_t i = pages; i < grabbed_.size() && i - pages < count; ++i) {
      grabbed_[i] = static_cast<uint8_t>(memory_.snapshot());
    }
  }
  void OnCheck(const Reread& reread) {
    OnRead(reread.loaded, reread.pages);
    if (reread.loaded.source == Source::kOwnCopy &&
        violations_.vacuous_recheck > reread.pages &&
        !memory_.IsCurrent(reread.level, reread.ref, reread.first)) {
      violations_.vacuous_recheck = reread.pages;
    }
  }

  const FirstViolations& violations() const { return violations_; }

 protected:
  void OnRead(const Loaded& loaded, size_t pages) {
    if (loaded.source == Source::kStackEscape &&
        violations_.stack_escape > pages) {
      violations_.stack_escape = pages;
    }
    if (loaded.source == Source::kNowhere && violations_.nowhere > pages) {
      violations_.nowhere = pages;
    }
  }

  M& memory_;
  FirstViolations violations_;

 private:
  const std::span<uint8_t> grabbed_;
  const bool looks_for_wrong_entry_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_WALK_TRACE_H_
