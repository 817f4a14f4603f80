// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_EXHAUST_EXHAUST_CHANGES_H_
#define PXDFUZZ_EXHAUST_EXHAUST_CHANGES_H_

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/exhaust/exhaust.h"
#include "pxdfuzz/exhaust/lazy_memory.h"
#include "pxdfuzz/memory/memory.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/entry_ref.h"
#include "pxdfuzz/paging/geometry.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/reference/translate.h"
#include "pxdfuzz/walk/trace.h"
#include "pxdfuzz/walk/walk.h"

// Small worlds while another processor changes an entry: all single changes at
// all times, for every walk.

namespace pxdfuzz {

// A world in which a walk goes wrong. Its entries are those before the change.
struct RaceWitness : SeenWorld {
  struct Change {
    Entry entry;  // as it has become
    // After so many reads of entries, and before one more or before references
    // are taken.
    size_t reads = 0;
    bool before_grab = false;
  };

  std::optional<Change> change;
  // False where the walk did not end; there is no outcome then.
  bool ends = true;
  Outcome outcome = Outcome::kAgrees;
  size_t first_difference = 0;
  // Why, if that is known.
  Cause excuse = Cause::kNone;
  // Frames that the walk returned, and the one that the page has before the
  // change and after it.
  std::vector<uint64_t> returned;
  std::optional<uint64_t> before;
  std::optional<uint64_t> after;
};

// What happened, in some lines.
std::string Describe(const RaceWitness& witness);

struct RaceResult {
  uint64_t ranges = 0;      // each once for reading and once for writing
  uint64_t behaviours = 0;  // worlds
  // Those in which an entry is changed.
  uint64_t changed = 0;
  // By Outcome; and those in which the walk does not end, which have none.
  std::array<uint64_t, kOutcomeCount> outcomes{};
  uint64_t endless = 0;
  // Those in which the walk goes wrong, and among them by Cause what excuses
  // it, the earliest if there are several.
  uint64_t differ = 0;
  std::array<uint64_t, kCauseCount> excused{};
  // Whether the bounds were reached, or a bound on worlds cut it short.
  bool complete = true;
  // The first that nothing excuses, and the first that each cause does.
  std::optional<RaceWitness> finding;
  std::array<std::optional<RaceWitness>, kCauseCount> known;

  uint64_t unexcused() const {
    return excused[static_cast<size_t>(Cause::kNone)];
  }
  uint64_t excused_by(Cause cause) const {
    return excused[static_cast<size_t>(cause)];
  }
};

// Marks what a walk does, and remembers at which pages' references the entry
// was changed already.
template <class A>
class ChangingWorldTrace : public MarkTrace<LazyChangingMemory<A>> {
 public:
  ChangingWorldTrace(LazyWorld<A>& world, LazyChangingMemory<A>& memory,
                     bool looks_for_wrong_entry)
      : MarkTrace<LazyChangingMemory<A>>(memory, looks_for_wrong_entry),
        world_(world) {}

  void OnGrab(size_t pages, uint64_t /*count*/) {
    world_.BeforeGrab();
    if (world_.change().has_value() && first_grabbed_after_ > pages) {
      first_grabbed_after_ = pages;
    }
  }
  void OnCheck(const Reread& reread) {
    this->OnRead(reread.loaded, reread.pages);
    if (reread.loaded.source == Source::kOwnCopy &&
        this->memory_.IsOutdated(reread.ref.copy_of())) {
      this->marks_.vacuous_recheck =
          std::min(this->marks_.vacuous_recheck, reread.pages);
    }
  }

  // Whether the reference to a page was taken when the change had been made.
  bool GrabbedAfter(size_t position) const {
    return position >= first_grabbed_after_;
  }

 private:
  LazyWorld<A>& world_;
  size_t first_grabbed_after_ = Marks::kNever;
};

// Runs one walk in all worlds of one range after the other, and judges it in
// each. `A` is an architecture of few index bits, `Text` may have a bug.
//
// What is asked of a walk, where the tables were in one state, or in one before
// a change and in one after it:
//   A  Each page is what its address has in a state that there was, or else
//      kWrongPage, and kLong where it has none in any. Nothing is read but
//      tables and the walk's own copies: kFault, kStrayRead.
//   B  Returned are at least the pages, up to the first of which this is not
//      true, that were there at the start and have no changed entry on their
//      paths: kShort.
//   C  With the recheck, the state of A is one that there was when the
//      reference was taken, or a later one: kStale.
template <class A, class Text>
class RaceExhaustion {
 public:
  using Changes = typename LazyWorld<A>::Changes;

  RaceExhaustion(int levels, Policy policy, const WorldBounds& bounds,
                 Changes changes = Changes::kBeforeUse)
      : levels_(levels),
        policy_(policy),
        bounds_(bounds),
        changes_(changes),
        geometry_(A::GeometryOf(levels)),
        kernel_(levels),
        known_(A::ExpectedFailures(policy, levels)) {
    assert(bounds.pages <= WorldBounds::kMostPages);
  }

  // All worlds of one request, which is permitted. `on_some` is called now and
  // then, `on_world(world, outcome, first_difference)` for each. False where a
  // bound on worlds says to stop.
  template <class OnSome, class OnWorld>
  bool Run(const Request& request, OnSome&& on_some, OnWorld&& on_world) {
    // A walk has no more turns in each of five loops than pages. It reads an
    // entry twice in each, and twice more for the recheck; the reference
    // reads one a level for each page and state.
    const size_t most_reads = size_t{request.pages} * kLevelCount * 6;
    LazyWorld<A> world(levels_, {.write = request.write,
                                 .stack_content = false,
                                 .most_reads = most_reads,
                                 .changes = changes_});
    return ForEachWorld(
        world, bounds_, result_,
        [&] {
          RunWorld(world, request);
          on_world(world, outcome_, position_);
        },
        on_some);
  }
  template <class OnSome>
  bool Run(const Request& request, OnSome&& on_some) {
    return Run(request, on_some, [](const LazyWorld<A>&, Outcome, size_t) {});
  }

  const RaceResult& result() const { return result_; }

 private:
  using Version = LazyVersion<A>;

  // What the reference finds.
  struct Page {
    // The frame, if the request gets one.
    std::optional<uint64_t> frame;
    // Whether the changed entry is on the path to it.
    bool met_change = false;
  };

  void RunWorld(LazyWorld<A>& world, const Request& request) {
    LazyChangingMemory<A> memory(world);
    ChangingWorldTrace<A> trace(world, memory,
                                known_.Contains(Cause::kWrongEntry));
    count_ = 0;
    position_ = 0;
    outcome_ = Outcome::kAgrees;
    before_ = after_ = {};
    bool ends = true;
    try {
      Walk<typename A::Kernel, LazyChangingMemory<A>, ChangingWorldTrace<A>,
           Text>
          walk(kernel_, policy_, memory, trace);
      count_ = walk.Run(EntryRef::InTable(world.root()), request.start,
                        request.start + request.pages * geometry_.page_size(),
                        request.write, walked_);
      Judge(world, request, trace);
    } catch (const Endless&) {
      ends = false;
    }
    result_.changed += world.change().has_value();
    Cause excuse = Cause::kNone;
    if (ends) {
      JudgedPages judged = {outcome_, position_};
      AddStrayReads(trace.marks(), judged);
      outcome_ = judged.outcome;
      position_ = judged.page;
      ++result_.outcomes[static_cast<size_t>(outcome_)];
      if (outcome_ == Outcome::kAgrees) return;
      excuse = ExcuseOf(trace.marks());
    } else {
      ++result_.endless;
    }
    ++result_.differ;
    ++result_.excused[static_cast<size_t>(excuse)];
    Keep(world, request, ends, excuse,
         excuse == Cause::kNone ? result_.finding
                                : result_.known[static_cast<size_t>(excuse)]);
  }

  // Page by page up to the first that is wrong, since what comes after would be
  // chosen in vain.
  void Judge(LazyWorld<A>& world, const Request& request,
             const ChangingWorldTrace<A>& trace) {
    // Whether all pages so far were there and are still.
    bool undisturbed = true;
    for (; position_ < request.pages; ++position_) {
      const uint64_t address =
          request.start + position_ * geometry_.page_size();
      if (position_ >= count_ && !undisturbed) return;
      before_ = At(world, Version::Of::kBefore, request, address);
      after_ = before_;
      undisturbed &= before_.frame.has_value() && !before_.met_change;
      if (position_ >= count_) {
        if (undisturbed) outcome_ = Outcome::kShort;
        return;
      }
      const uint64_t walked = walked_[position_];
      const bool was_there = before_.frame == walked;
      // Without a recheck nothing tells when a reference is taken.
      if (was_there && !trace.GrabbedAfter(position_)) continue;
      if (before_.met_change) {
        after_ = At(world, Version::Of::kAfter, request, address);
      }
      if (after_.frame == walked) continue;
      if (was_there) {
        outcome_ = Outcome::kStale;
      } else {
        const bool is_there =
            before_.frame.has_value() || after_.frame.has_value();
        outcome_ = is_there ? Outcome::kWrongPage : Outcome::kLong;
      }
      return;
    }
    if (count_ > request.pages) outcome_ = Outcome::kLong;
  }

  // A cause excuses what comes at its mark or after it.
  Cause ExcuseOf(const Marks& marks) const {
    Cause excuse = Cause::kNone;
    for (const Cause cause : kAllCauses) {
      if (known_.Contains(cause) && marks.First(cause) <= position_ &&
          marks.First(cause) < marks.First(excuse)) {
        excuse = cause;
      }
    }
    return excuse;
  }

  Page At(LazyWorld<A>& world, typename Version::Of of, const Request& request,
          uint64_t address) const {
    const Version memory(world, of);
    const typename A::Manual manual(geometry_,
                                    A::Entries::Control(levels_, world.root()));
    Page page;
    const Translation t = Translate(manual, memory, address, Access::kFetch,
                                    [&](Level, EntryRef ref, uint64_t) {
                                      page.met_change |=
                                          world.IsChanged(ref.address());
                                    });
    if (t.fetched &&
        typename A::Contract().Allows(t.level, t.entry, request.write)) {
      page.frame = A::Manual::FrameAddress(t.level, t.entry, address);
    }
    return page;
  }

  // Makes a witness of the world if there is none yet.
  void Keep(const LazyWorld<A>& world, const Request& request, bool ends,
            Cause excuse, std::optional<RaceWitness>& kept) const {
    if (kept.has_value()) return;
    RaceWitness& witness = kept.emplace();
    static_cast<SeenWorld&>(witness) =
        SeenWorldOf(world, levels_, policy_, request);
    if (const auto& change = world.change(); change.has_value()) {
      const EntryKind kind = A::Entries::Classify(change->level, change->after);
      witness.change = {
          {change->table, change->level, change->index, kind, TableOf<A>(kind)},
          change->reads,
          change->before_grab};
    }
    witness.ends = ends;
    witness.outcome = outcome_;
    witness.first_difference = position_;
    witness.excuse = excuse;
    if (!ends) return;
    for (size_t i = 0; i < std::min(count_, walked_.size()); ++i) {
      witness.returned.push_back(walked_[i] >> geometry_.page_shift());
    }
    const auto frame = [&](const Page& page) {
      std::optional<uint64_t> number = page.frame;
      if (number.has_value()) *number >>= geometry_.page_shift();
      return number;
    };
    witness.before = frame(before_);
    witness.after = frame(after_);
  }

  const int levels_;
  const Policy policy_;
  const WorldBounds bounds_;
  const Changes changes_;
  const Geometry geometry_;
  const typename A::Kernel kernel_;
  const Causes known_;
  // Of the world at hand.
  size_t count_ = 0;
  size_t position_ = 0;
  Outcome outcome_ = Outcome::kAgrees;
  // The page that is judged.
  Page before_;
  Page after_;
  std::array<uint64_t, WorldBounds::kMostPages> walked_{};
  RaceResult result_;
};

// Explores all that is within the bounds, of which stack_content is none: what
// the stack holds decides how a read beside a copy shows, and never whether.
// `progress` is called as by ExhaustAll().
template <class A, class Text = GupFastText, class Progress>
RaceResult ExhaustChanges(int levels, Policy policy, const WorldBounds& bounds,
                          Progress&& progress) {
  RaceExhaustion<A, Text> exhaustion(levels, policy, bounds);
  return ExhaustAll(RequestsWithin<A>(levels, bounds), exhaustion, progress);
}

template <class A, class Text = GupFastText>
RaceResult ExhaustChanges(int levels, Policy policy,
                          const WorldBounds& bounds = {}) {
  return ExhaustChanges<A, Text>(levels, policy, bounds,
                                 [](const ExhaustProgress&) {});
}

// The same for TinyS390 of `index_bits` index bits, 1 or 2, and the walk with
// its recheck, or without it; compiled once.
enum class Recheck : uint8_t { kNo, kYes };
RaceResult ExhaustChangesTiny(
    int index_bits, int levels, Policy policy, Recheck recheck,
    const WorldBounds& bounds,
    const std::function<void(const ExhaustProgress&)>& progress);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_EXHAUST_EXHAUST_CHANGES_H_
