// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_EXHAUST_EXHAUST_H_
#define PXDFUZZ_EXHAUST_EXHAUST_H_

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "pxdfuzz/arch/s390.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/exhaust/lazy_memory.h"
#include "pxdfuzz/exhaust/lazy_reference.h"
#include "pxdfuzz/exhaust/world_witness.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/oracle/judge_pages.h"
#include "pxdfuzz/paging/entry_ref.h"
#include "pxdfuzz/paging/geometry.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/walk/trace.h"
#include "pxdfuzz/walk/walk.h"

namespace pxdfuzz {

// Five levels with that many index bits each. The topmost table's last entry
// ends at 2^address_bits; at 2^64 the boundary above it is 0, as it is in real
// paging modes of five levels. `index_bits` is 1 or 2; `address_bits` must be
// large enough to leave an entry's low bits to software.
constexpr Geometry TinyGeometry(int index_bits, int address_bits = 64) {
  Geometry geometry;
  for (const Level level : kAllLevels) {
    geometry.levels[Ordinal(level)] = {
        .shift = static_cast<uint8_t>(
            address_bits - index_bits * (kLevelCount - Ordinal(level))),
        .index_bits = static_cast<uint8_t>(index_bits),
        .real = true};
  }
  return geometry;
}

template <int kIndexBits>
using TinyS390 = BasicS390<TinyGeometry(kIndexBits)>;

// What is explored. Each bound is a size: nothing within it is left out.
struct WorldBounds {
  static constexpr uint64_t kMostPages =
      LazyReference<BasicS390<TinyGeometry(1)>>::kMostPages;

  // Ranges have 1 to this many pages, and begin at each page of the address
  // space.
  uint64_t pages = 4;  // at most kMostPages
  // Whether and when another processor changes an entry.
  EntryChanges changes = EntryChanges::kNever;
  // Whether words of the stack around a copy are chosen, or all zero. They are
  // zero if entries change: the stack's content affects how a read next to a
  // copy shows, but not whether it does.
  bool stack_content = true;
  // Stops at the first world that differs and is not an expected failure.
  bool stop_at_finding = false;
  // Stops after this many worlds.
  uint64_t behaviours = std::numeric_limits<uint64_t>::max();
};

struct ExhaustResult {
  uint64_t ranges = 0;  // each counts once for reading and once for writing
  // Worlds that the walk or the reference can distinguish, over all ranges, and
  // those of them in which an entry changes.
  uint64_t behaviours = 0;
  uint64_t changed = 0;
  // Worlds in which the walk goes wrong, and by Cause those of them that are
  // expected failures.
  uint64_t differ = 0;
  std::array<uint64_t, kCauseCount> by_cause{};
  // By Outcome; and worlds in which the walk does not end, which have no
  // outcome.
  std::array<uint64_t, kOutcomeCount> outcomes{};
  uint64_t endless = 0;
  // Whether the loop invariant of the thread held in each iteration.
  bool invariant = true;
  // Whether exploration reached the bounds, or a limit on worlds stopped it.
  bool complete = true;
  // The first expected failure of each cause; for kNone, the first other
  // failure.
  std::array<std::optional<WorldWitness>, kCauseCount> first;

  uint64_t differ_by(Cause cause) const {
    return by_cause[static_cast<size_t>(cause)];
  }
  uint64_t unexpected() const { return differ_by(Cause::kNone); }
  uint64_t expected() const { return differ - unexpected(); }
  const std::optional<WorldWitness>& first_by(Cause cause) const {
    return first[static_cast<size_t>(cause)];
  }
  const std::optional<WorldWitness>& finding() const {
    return first_by(Cause::kNone);
  }
};

struct ExhaustProgress {
  uint64_t ranges_done = 0;
  uint64_t ranges = 0;
  uint64_t behaviours = 0;
};

// Replaces GupCode if a bug is planted in it: A::Code.
template <class A>
struct CodeOf {
  using Type = GupCode;
};
template <class A>
  requires requires { typename A::Code; }
struct CodeOf<A> {
  using Type = typename A::Code;
};

// Ends a walk that would count the pages of a leaf for ever: it reads nothing
// between two iterations.
template <class A, class Code>
class WorldTrace : public ViolationTrace<LazyMemory<A>> {
 public:
  WorldTrace(LazyMemory<A>& memory, const typename A::Kernel& kernel,
             bool looks_for_wrong_entry, std::span<uint8_t> grabbed)
      : ViolationTrace<LazyMemory<A>>(memory, looks_for_wrong_entry, grabbed),
        page_shift_(kernel.StaticShift(Level::kPte)) {}

  void OnIteration(const Iteration& iteration) {
    if (iteration.step == WalkStep::kLeaf &&
        Code::PageCount(iteration.level, iteration.address, iteration.next,
                        page_shift_) > kMostPages) {
      throw Endless();
    }
    ViolationTrace<LazyMemory<A>>::OnIteration(iteration);
  }

 private:
  // More than any explored paging mode has.
  static constexpr uint64_t kMostPages = 1 << 16;

  const int page_shift_;
};

// Runs one walk in all worlds of one range after the other, and judges it in
// each by the rules of Oracle: see JudgePages(). `A` is an architecture with
// few index bits; its parts and `Code` may be planted bugs.
template <class A, class Code = typename CodeOf<A>::Type>
class Exhaustion {
 public:
  Exhaustion(int levels, Policy policy, const WorldBounds& bounds)
      : levels_(levels),
        policy_(policy),
        bounds_(bounds),
        geometry_(A::GeometryOf(levels)),
        kernel_(levels),
        expected_failures_(A::ExpectedFailures(policy, levels)),
        reference_(levels) {
    assert(bounds.pages <= WorldBounds::kMostPages);
  }

  // All worlds of one request, which is permitted. Calls `on_some` occasionally
  // and `on_world(world, judged)` for each world. False if a limit on worlds
  // was reached.
  template <class OnSome, class OnWorld>
  bool Run(const Request& request, OnSome&& on_some, OnWorld&& on_world) {
    // A walk that makes progress takes at least one page in each iteration, so
    // each of five loops has no more iterations than pages. An iteration reads
    // an entry twice, and twice more for the recheck; the reference reads one
    // entry per level for each page and snapshot.
    const size_t most_reads = size_t{request.pages} * kLevelCount * 6;
    const bool is_still = bounds_.changes == EntryChanges::kNever;
    LazyWorld<A> world(levels_,
                       {.write = request.write,
                        .stack_content = bounds_.stack_content && is_still,
                        .most_reads = most_reads,
                        .changes = bounds_.changes});
    ++result_.ranges;
    do {
      if (result_.behaviours == bounds_.behaviours) {
        result_.complete = false;
        return false;
      }
      RunWorld(world, request);
      on_world(world, judged_);
      if (++result_.behaviours % 65'536 == 0) on_some();
      if (bounds_.stop_at_finding && result_.finding().has_value()) {
        result_.complete = false;
        return false;
      }
    } while (world.Advance());
    return true;
  }
  template <class OnSome>
  bool Run(const Request& request, OnSome&& on_some) {
    return Run(request, on_some,
               [](const LazyWorld<A>&, const JudgedPages&) {});
  }
  bool Run(const Request& request) {
    return Run(request, [] {});
  }

  const ExhaustResult& result() const { return result_; }

 private:
  void RunWorld(LazyWorld<A>& world, const Request& request) {
    LazyMemory<A> memory(world);
    WorldTrace<A, Code> trace(
        memory, kernel_, expected_failures_.Contains(Cause::kWrongEntry),
        std::span(grabbed_).first(Code::kHasRecheck ? request.pages : 0));
    reference_.Begin(world, request);
    count_ = 0;
    judged_ = {};
    bool ends = true;
    try {
      Walk<typename A::Kernel, LazyMemory<A>, WorldTrace<A, Code>, Code> walk(
          kernel_, policy_, memory, trace);
      count_ = walk.Run(EntryRef::InTable(world.root()), request.start,
                        request.start + request.pages * geometry_.page_size(),
                        request.write, walked_);
      const size_t known = std::min<size_t>(count_, request.pages);
      judged_ = JudgePages(
          reference_, count_, std::span<const uint64_t>(walked_).first(known),
          std::span<const uint8_t>(grabbed_).first(Code::kHasRecheck ? known
                                                                     : 0),
          world.snapshot());
      AddStrayReads(trace.violations(), judged_);
    } catch (const Endless&) {
      ends = false;
    }
    result_.changed += world.snapshot();
    result_.invariant &= trace.violations().invariant;
    Cause cause = Cause::kNone;
    if (ends) {
      ++result_.outcomes[static_cast<size_t>(judged_.outcome)];
      if (judged_.outcome == Outcome::kAgrees) return;
      cause = trace.violations().Waiver(expected_failures_, judged_.page);
    } else {
      ++result_.endless;
    }
    ++result_.differ;
    ++result_.by_cause[static_cast<size_t>(cause)];
    std::optional<WorldWitness>& first =
        result_.first[static_cast<size_t>(cause)];
    if (!first.has_value()) first = WitnessOf(world, request, ends, cause);
  }

  WorldWitness WitnessOf(const LazyWorld<A>& world, const Request& request,
                         bool ends, Cause cause) const {
    WorldWitness witness = SeenWorldOf(world, levels_, policy_, request);
    witness.ends = ends;
    witness.waiver = cause;
    if (!ends) return witness;
    witness.outcome = judged_.outcome;
    witness.first_difference = judged_.page;
    const int page_shift = geometry_.page_shift();
    for (size_t i = 0; i < std::min(count_, walked_.size()); ++i) {
      witness.returned.push_back(walked_[i] >> page_shift);
    }
    for (size_t i = 0; i < reference_.asked(); ++i) {
      const std::optional<uint64_t> frame = reference_.Before(i);
      if (!frame.has_value()) break;
      witness.expected.push_back(*frame >> page_shift);
    }
    if (judged_.page < reference_.asked()) {
      witness.before = reference_.Before(judged_.page);
      witness.after = reference_.After(judged_.page);
      for (auto* frame : {&witness.before, &witness.after}) {
        if (frame->has_value()) **frame >>= page_shift;
      }
    }
    return witness;
  }

  const int levels_;
  const Policy policy_;
  const WorldBounds bounds_;
  const Geometry geometry_;
  const typename A::Kernel kernel_;
  const Causes expected_failures_;
  // For the current world: pages that the walk returned, the snapshots at which
  // it took references to them, and how they compare.
  size_t count_ = 0;
  std::array<uint64_t, WorldBounds::kMostPages> walked_{};
  std::array<uint8_t, WorldBounds::kMostPages> grabbed_{};
  LazyReference<A> reference_;
  JudgedPages judged_;
  ExhaustResult result_;
};

// All requests within the bounds that gup_fast takes: ranges in the order of
// their lengths, since the smallest world that differs is the easiest to read.
template <class A>
std::vector<Request> RequestsWithin(int levels, const WorldBounds& bounds) {
  const Geometry geometry = A::GeometryOf(levels);
  const uint64_t in_space =
      uint64_t{1} << (geometry.address_bits() - geometry.page_shift());
  std::vector<Request> requests;
  for (uint64_t pages = 1; pages <= std::min(bounds.pages, in_space); ++pages) {
    for (uint64_t first = 0; first + pages <= in_space; ++first) {
      const uint64_t start = first << geometry.page_shift();
      if (Permitted<A>(levels, start, pages) != Inconclusive::kNo) continue;
      for (const bool write : {false, true}) {
        requests.push_back({start, static_cast<uint16_t>(pages), write});
      }
    }
  }
  return requests;
}

// Explores everything within the bounds. Calls `progress` with an
// ExhaustProgress after each request and occasionally within a long one.
template <class A, class Code = typename CodeOf<A>::Type, class Progress>
ExhaustResult Exhaust(int levels, Policy policy, const WorldBounds& bounds,
                      Progress&& progress) {
  Exhaustion<A, Code> exhaustion(levels, policy, bounds);
  const std::vector<Request> requests = RequestsWithin<A>(levels, bounds);
  ExhaustProgress state{.ranges = requests.size()};
  const auto report = [&] {
    state.behaviours = exhaustion.result().behaviours;
    progress(state);
  };
  for (const Request& request : requests) {
    if (!exhaustion.Run(request, report)) break;
    ++state.ranges_done;
    report();
  }
  return exhaustion.result();
}

template <class A, class Code = typename CodeOf<A>::Type>
ExhaustResult Exhaust(int levels, Policy policy,
                      const WorldBounds& bounds = {}) {
  return Exhaust<A, Code>(levels, policy, bounds,
                          [](const ExhaustProgress&) {});
}

// The same for TinyS390 with `index_bits` index bits, 1 or 2, and the walk with
// or without its recheck; compiled once.
enum class Recheck : uint8_t { kNo, kYes };
std::vector<Request> RequestsWithinTiny(int index_bits, int levels,
                                        const WorldBounds& bounds);
ExhaustResult ExhaustTiny(
    int index_bits, int levels, Policy policy, Recheck recheck,
    const WorldBounds& bounds,
    const std::function<void(const ExhaustProgress&)>& progress =
        [](const ExhaustProgress&) {});

}  // namespace pxdfuzz

#endif  // PXDFUZZ_EXHAUST_EXHAUST_H_
