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
#include <string>
#include <vector>

#include "pxdfuzz/arch/s390.h"
#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/exhaust/lazy_memory.h"
#include "pxdfuzz/memory/stack.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/oracle/judge_pages.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/entry_ref.h"
#include "pxdfuzz/paging/geometry.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/reference/reference.h"
#include "pxdfuzz/walk/trace.h"
#include "pxdfuzz/walk/walk.h"

namespace pxdfuzz {

// Five levels with that many index bits each. The topmost table's last entry
// ends at 2^address_bits; at 2^64 the boundary above it is 0, as it is in real
// paging modes of five levels. `index_bits` is 1 or 2; large enough an
// `address_bits` leaves an entry's low bits to software.
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

// What is explored. Each bound is one of size: nothing within is left out.
struct WorldBounds {
  static constexpr uint64_t kMostPages = 64;

  // Ranges have 1 to so many pages, and begin at each page of the address
  // space.
  uint64_t pages = 4;  // at most kMostPages
  // Whether words of the stack around a copy are chosen, or all zero.
  bool stack_content = true;
  // Stops at the first world that differs and that nothing excuses, ...
  bool stop_at_finding = false;
  // ... or when so many worlds were seen.
  uint64_t behaviours = std::numeric_limits<uint64_t>::max();
};

// A world, as far as a walk and the reference have read it, and who read it.
struct SeenWorld {
  struct Entry {
    size_t table = 0;  // its number, in the order of first reads; 0 is the root
    Level level = Level::kPgd;
    uint64_t index = 0;
    EntryKind kind;
    // The number of the table that it leads to.
    std::optional<size_t> leads_to;
  };
  struct Word {
    int distance = 0;
    StackContent content = StackContent::kZero;
    // Of a word that is an entry: of which level, and what.
    Level level = Level::kPmd;
    EntryKind kind;
    std::optional<size_t> leads_to;
  };

  PagingMode mode;
  Policy walk;
  // Pages are counted from the beginning of the space, frames in pages.
  uint64_t start = 0;
  uint64_t pages = 0;
  bool write = false;
  int page_shift = 0;
  // Whatever was read.
  std::vector<Entry> entries;
  std::vector<Word> stack;
};

// A world in which a walk and the reference differ.
struct WorldWitness : SeenWorld {
  // False where the walk did not end; there is no outcome then.
  bool ends = true;
  Outcome outcome = Outcome::kAgrees;
  size_t first_difference = 0;
  // Frames that the walk returned, and those of the reference up to the first
  // difference.
  std::vector<uint64_t> returned;
  std::vector<uint64_t> expected;
};

// The case in some lines: what differs, all entries and words that were read,
// the frames of both sides.
std::string Describe(const WorldWitness& witness);

// The number of the table that an entry leads to.
template <class A>
std::optional<size_t> TableOf(const EntryKind& kind) {
  if (kind.tag != EntryKind::Tag::kTable) return std::nullopt;
  return LazyWorld<A>::TableAt(kind.address);
}

template <class A>
SeenWorld SeenWorldOf(const LazyWorld<A>& world, int levels, Policy walk,
                      const Request& request) {
  const Geometry& geometry = world.geometry();
  SeenWorld seen;
  seen.mode = {A::kId, static_cast<uint8_t>(levels)};
  seen.walk = walk;
  seen.start = request.start >> geometry.page_shift();
  seen.pages = request.pages;
  seen.write = request.write;
  seen.page_shift = geometry.page_shift();
  for (const auto& chosen : world.ChosenEntries()) {
    const EntryKind kind = A::Entries::Classify(chosen.level, chosen.word);
    seen.entries.push_back(
        {chosen.table, chosen.level, chosen.index, kind, TableOf<A>(kind)});
  }
  for (const StackWord& word : world.stack()) {
    Level level = geometry.root();
    EntryKind kind = A::Entries::Classify(level, word.word);
    while (kind.tag == EntryKind::Tag::kMalformed && level > Level::kPmd) {
      level = Below(level);
      kind = A::Entries::Classify(level, word.word);
    }
    seen.stack.push_back(
        {word.distance, word.content, level, kind, TableOf<A>(kind)});
  }
  return seen;
}

struct ExhaustResult {
  uint64_t ranges = 0;  // each once for reading and once for writing
  // Worlds that the walk or the reference can tell apart, over all ranges.
  uint64_t behaviours = 0;
  // Those in which they differ, and among them those that the cause of the
  // walk's expected failure excuses.
  uint64_t differ = 0;
  uint64_t excused = 0;
  // By Outcome; and those in which the walk does not end, which have none.
  std::array<uint64_t, kOutcomeCount> outcomes{};
  uint64_t endless = 0;
  // Whether the loop invariant of the thread held at each turn.
  bool invariant = true;
  // Whether the bounds were reached, or a bound on worlds cut it short.
  bool complete = true;
  // The first that nothing excuses, and the first that is excused.
  std::optional<WorldWitness> finding;
  std::optional<WorldWitness> known;

  uint64_t unexcused() const { return differ - excused; }
};

struct ExhaustProgress {
  uint64_t ranges_done = 0;
  uint64_t ranges = 0;
  uint64_t behaviours = 0;
};

// What stands in for GupText where a bug is planted in it: A::Text.
template <class A>
struct TextOf {
  using Type = GupText;
};
template <class A>
  requires requires { typename A::Text; }
struct TextOf<A> {
  using Type = typename A::Text;
};

// Marks what a walk does, and ends one that would count the pages of a leaf for
// ever: between two turns nothing is read.
template <class A>
class WorldTrace {
 public:
  WorldTrace(LazyMemory<A>& memory, const typename A::Kernel& kernel,
             bool looks_for_wrong_entry)
      : page_shift_(kernel.StaticShift(Level::kPte)),
        marks_(memory, looks_for_wrong_entry) {}

  void OnTurn(const Turn& turn) {
    if (turn.step == WalkStep::kLeaf &&
        TextOf<A>::Type::PageCount(turn.level, turn.address, turn.next,
                                   page_shift_) > kMostPages) {
      throw Endless();
    }
    marks_.OnTurn(turn);
  }
  void OnReread(const Reread& reread) { marks_.OnReread(reread); }

  const Marks& marks() const { return marks_.marks(); }

 private:
  // More than any paging mode has that is explored.
  static constexpr uint64_t kMostPages = 1 << 16;

  const int page_shift_;
  MarkTrace<LazyMemory<A>> marks_;
};

// Goes through all worlds of a request, calls `run` in each and counts them in
// `result`; `on_some` is called now and then. False where a bound on worlds
// says to stop.
template <class A, class Result, class RunOne, class OnSome>
bool ForEachWorld(LazyWorld<A>& world, const WorldBounds& bounds,
                  Result& result, RunOne&& run, OnSome&& on_some) {
  ++result.ranges;
  do {
    if (result.behaviours == bounds.behaviours) {
      result.complete = false;
      return false;
    }
    run();
    if (++result.behaviours % 65'536 == 0) on_some();
    if (bounds.stop_at_finding && result.finding.has_value()) {
      result.complete = false;
      return false;
    }
  } while (world.Advance());
  return true;
}

// Runs one request after the other. `progress` is called with an
// ExhaustProgress after each and now and then within a long one.
template <class AnyExhaustion, class Progress>
auto ExhaustAll(const std::vector<Request>& requests, AnyExhaustion& exhaustion,
                Progress&& progress) {
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

// Runs one walk in all worlds of one range after the other, and compares it
// with the reference in each, by the rules of Oracle. `A` is an architecture of
// few index bits; its parts, and A::Text if there is one, may be planted bugs.
template <class A>
class Exhaustion {
 public:
  Exhaustion(int levels, Policy policy, const WorldBounds& bounds)
      : levels_(levels),
        policy_(policy),
        bounds_(bounds),
        geometry_(A::GeometryOf(levels)),
        kernel_(levels),
        expected_failures_(A::ExpectedFailures(policy, levels)) {
    assert(bounds.pages <= WorldBounds::kMostPages);
  }

  // All worlds of one request, which is permitted. `on_some` is called now and
  // then. False where a bound on worlds says to stop.
  template <class OnSome>
  bool Run(const Request& request, OnSome&& on_some) {
    // A walk that makes progress takes a page at least in each turn, so each of
    // five loops has no more turns than pages, and reads an entry twice at
    // most; the reference reads one a level for each page.
    const size_t most_reads = size_t{request.pages} * kLevelCount * 3;
    LazyWorld<A> world(levels_, {.write = request.write,
                                 .stack_content = bounds_.stack_content,
                                 .most_reads = most_reads});
    return ForEachWorld(
        world, bounds_, result_, [&] { RunWorld(world, request); }, on_some);
  }
  bool Run(const Request& request) {
    return Run(request, [] {});
  }

  const ExhaustResult& result() const { return result_; }

 private:
  void RunWorld(LazyWorld<A>& world, const Request& request) {
    LazyMemory<A> memory(world);
    WorldTrace<A> trace(memory, kernel_,
                        expected_failures_.Contains(Cause::kWrongEntry));
    count_ = 0;
    expected_ = 0;
    bool ends = true;
    Outcome outcome = Outcome::kAgrees;
    try {
      Walk<typename A::Kernel, LazyMemory<A>, WorldTrace<A>,
           typename TextOf<A>::Type>
          walk(kernel_, policy_, memory, trace);
      count_ = walk.Run(EntryRef::InTable(world.root()), request.start,
                        request.start + request.pages * geometry_.page_size(),
                        request.write, walked_);
      outcome = Compare(world, request);
    } catch (const Endless&) {
      ends = false;
    }
    const Marks& marks = trace.marks();
    result_.invariant &= marks.invariant;
    if (!ends) {
      ++result_.differ;
      ++result_.endless;
      Keep(world, request, ends, outcome, expected_, result_.finding);
      return;
    }
    JudgedPages judged = {outcome, expected_};
    AddStrayReads(marks, judged);
    ++result_.outcomes[static_cast<size_t>(judged.outcome)];
    if (judged.outcome == Outcome::kAgrees) return;
    ++result_.differ;
    const bool excused =
        marks.Excuse(expected_failures_, judged.page) != Cause::kNone;
    if (excused) ++result_.excused;
    Keep(world, request, ends, judged.outcome, judged.page,
         excused ? result_.known : result_.finding);
  }

  // The reference's pages, one by one, up to the first that is another than the
  // walk's: what comes after cannot matter, and would be chosen in vain.
  Outcome Compare(LazyWorld<A>& world, const Request& request) {
    const LazyMemory<A> memory(world);
    const typename A::Manual manual(geometry_,
                                    A::Entries::Control(levels_, world.root()));
    for (; expected_ < request.pages; ++expected_) {
      const size_t i = expected_;
      const size_t found =
          ReferencePages<A>(manual, memory, geometry_.page_size(),
                            request.start + i * geometry_.page_size(),
                            request.write, std::span(&reference_[i], 1));
      if (found == 0) return i < count_ ? Outcome::kLong : Outcome::kAgrees;
      if (i >= count_) return Outcome::kShort;
      if (reference_[i] != walked_[i]) return Outcome::kWrongPage;
    }
    return count_ > request.pages ? Outcome::kLong : Outcome::kAgrees;
  }

  // Makes a witness of the world if there is none yet.
  void Keep(const LazyWorld<A>& world, const Request& request, bool ends,
            Outcome outcome, size_t first_difference,
            std::optional<WorldWitness>& kept) const {
    if (kept.has_value()) return;
    const int page_shift = geometry_.page_shift();
    WorldWitness& witness = kept.emplace();
    static_cast<SeenWorld&>(witness) =
        SeenWorldOf(world, levels_, policy_, request);
    witness.ends = ends;
    witness.outcome = outcome;
    witness.first_difference = first_difference;
    if (!ends) return;
    for (size_t i = 0; i < std::min(count_, walked_.size()); ++i) {
      witness.returned.push_back(walked_[i] >> page_shift);
    }
    // At a wrong or a missing page, the reference has one.
    const size_t has = expected_ + (outcome == Outcome::kWrongPage ||
                                    outcome == Outcome::kShort);
    for (size_t i = 0; i < has; ++i) {
      witness.expected.push_back(reference_[i] >> page_shift);
    }
  }

  const int levels_;
  const Policy policy_;
  const WorldBounds bounds_;
  const Geometry geometry_;
  const typename A::Kernel kernel_;
  const Causes expected_failures_;
  // Of the world at hand: pages that the walk returned, and those in which the
  // reference agrees.
  size_t count_ = 0;
  size_t expected_ = 0;
  std::array<uint64_t, WorldBounds::kMostPages> walked_{};
  std::array<uint64_t, WorldBounds::kMostPages> reference_{};
  ExhaustResult result_;
};

// All requests within the bounds that gup_fast takes: ranges in the order of
// their lengths, since the smallest world that differs is the best to read.
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

// Explores all that is within the bounds. `progress` is called as by
// ExhaustAll().
template <class A, class Progress>
ExhaustResult Exhaust(int levels, Policy policy, const WorldBounds& bounds,
                      Progress&& progress) {
  Exhaustion<A> exhaustion(levels, policy, bounds);
  return ExhaustAll(RequestsWithin<A>(levels, bounds), exhaustion, progress);
}

template <class A>
ExhaustResult Exhaust(int levels, Policy policy,
                      const WorldBounds& bounds = {}) {
  return Exhaust<A>(levels, policy, bounds, [](const ExhaustProgress&) {});
}

// The same for TinyS390 of `index_bits` index bits, 1 or 2, compiled once.
std::vector<Request> RequestsWithinTiny(int index_bits, int levels,
                                        const WorldBounds& bounds);
ExhaustResult ExhaustTiny(
    int index_bits, int levels, Policy policy, const WorldBounds& bounds,
    const std::function<void(const ExhaustProgress&)>& progress);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_EXHAUST_EXHAUST_H_
