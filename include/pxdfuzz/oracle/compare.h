// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_ORACLE_COMPARE_H_
#define PXDFUZZ_ORACLE_COMPARE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/engine/finding.h"
#include "pxdfuzz/engine/outcome.h"
#include "pxdfuzz/memory/arena.h"
#include "pxdfuzz/memory/arena_memory.h"
#include "pxdfuzz/oracle/cells.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/reference/reference.h"
#include "pxdfuzz/tables/arch_arenas.h"
#include "pxdfuzz/tables/inconclusive.h"
#include "pxdfuzz/tables/populate.h"
#include "pxdfuzz/tables/timeline.h"
#include "pxdfuzz/walk/run_walk.h"
#include "pxdfuzz/walk/trace.h"

namespace pxdfuzz {

// A set of walks out of kAllWalks.
class WalkSet {
 public:
  constexpr WalkSet() = default;
  template <class... Policies>
  static constexpr WalkSet Of(Policies... policies) {
    WalkSet set;
    (set.Add(policies), ...);
    return set;
  }
  static constexpr WalkSet Named() { return FirstOf(kNamedWalkCount); }
  static constexpr WalkSet All() { return FirstOf(kWalkCount); }

  constexpr void Add(Policy policy) { bits_ |= 1u << IndexOf(policy); }
  // By position in kAllWalks.
  constexpr bool Contains(size_t walk) const {
    return (bits_ >> walk & 1) != 0;
  }

 private:
  static constexpr WalkSet FirstOf(size_t count) {
    WalkSet set;
    set.bits_ = (1u << count) - 1;
    return set;
  }
  unsigned bits_ = 0;
};

// Whether an expected failure is a finding.
enum class Waivers : uint8_t { kNone, kExpectedFailures };

// The result of one walk for one request.
struct WalkVerdict {
  bool ran = false;
  Outcome outcome = Outcome::kAgrees;
  // Why the outcome is no finding, where it is an expected failure.
  Cause waiver = Cause::kNone;
  // Pages returned.
  size_t pages = 0;
  // Position of the first page that differs, or of the stray read.
  size_t first_difference = 0;
  // The entry by which the reference finds that page, where it differs.
  Level level = Level::kPte;
  EntryKind::Tag entry = EntryKind::Tag::kEmpty;
  // How many of the case's concurrent operations were done during the walk.
  size_t changes = 0;
  FirstViolations violations;

  bool is_finding() const {
    return outcome != Outcome::kAgrees && waiver == Cause::kNone;
  }
};

// What is said of a request, for all walks.
struct RequestSummary {
  Inconclusive inconclusive = Inconclusive::kNo;
  // Pages that the reference returns.
  size_t pages = 0;
  // Whether the range crosses a boundary of the root table's entries and Linux
  // has folded levels above the root: bugs of folding show there.
  bool crosses_folded = false;
  // Whether the reference returns pages on both sides of it.
  bool both_sides = false;
  // The cell of the case space, a position in Cells().
  std::optional<size_t> cell;
};

// What the model's walks did with it.
struct RequestVerdict : RequestSummary {
  // By position in kAllWalks.
  std::array<WalkVerdict, kWalkCount> walks{};
};

// What is said of a case, for all walks.
template <class OfRequest>
struct BasicVerdict {
  // For the case as a whole; each request also has its own.
  Inconclusive inconclusive = Inconclusive::kNo;
  InlineVector<OfRequest, 4> requests;
  // The first finding, in the order of requests and walks.
  std::optional<Finding> finding;

  // Begins the verdict of another case.
  void Reset() {
    inconclusive = Inconclusive::kEmptyCase;
    requests.clear();
    finding.reset();
  }
};

struct Verdict : BasicVerdict<RequestVerdict> {
  enum class Kind : uint8_t {
    kInconclusive,
    kAgrees,
    kExpectedFailure,  // only what the walks are expected to get wrong
    kFinding,
  };

  Kind kind = Kind::kInconclusive;
};

// The finding that a walk of the model has in a request: one that disagrees.
Finding FindingOf(const Case& c, const Verdict& verdict, size_t request,
                  size_t walk);

// Whether gup_fast takes a request of `pages` pages at all, whatever the walk:
// kNo, kOverflow or kBeyondLimit.
template <class A>
constexpr Inconclusive Permitted(int levels, uint64_t start, uint64_t pages) {
  const uint64_t bytes = pages << A::GeometryOf(levels).page_shift();
  const uint64_t end = WrappingAdd(start, bytes);
  if (end <= start) return Inconclusive::kOverflow;
  return A::Contract::Permits(levels, end) ? Inconclusive::kNo
                                           : Inconclusive::kBeyondLimit;
}

// Runs cases. One object serves any number of them, one after the other. It
// allocates only when it is made, and keeps nothing from one case to the next.
//
//   Arches   the architectures that it supports, a tuple of their types
//   Runner   how a walk of one of them is run, as RunWalk() does it:
//            `operator()<A>(const WalkSite&, Policy, const Request&, WalkRun&)`
//
// oracle.h defines it; a test that plants bugs has its own types.
template <class Arches, class Runner>
class BasicOracle {
 public:
  // Walks each request of `c` with each of `walks` and compares the pages with
  // the reference. The verdict is valid until the next call.
  const Verdict& Judge(const Case& c, WalkSet walks, Waivers waivers);

 private:
  template <class A>
  void JudgeCase(const Case& c, WalkSet walks, Waivers waivers);
  template <class A>
  void JudgeRequest(const Case& c, const AddressSpace<A>& mm, size_t request,
                    WalkSet walks, Waivers waivers);
  // The result of a walk that ended at the current snapshot.
  template <class A>
  WalkVerdict JudgeWalk(const ArenaMemory& memory, const Request& request,
                        const WalkRun& run) const;

  const ArchArenas arenas_ = ArchArenas::For<Arches>();
  Verdict verdict_;
  // A walk that does not stop in time may return more pages than it has room
  // for.
  std::array<uint64_t, Case::kMaxPages> pages_{};
  std::array<uint8_t, Case::kMaxPages> grabbed_{};
  // The pages in all tables, and which of them a walk may return.
  Timeline timeline_;
  std::unique_ptr<Reference> reference_ = std::make_unique<Reference>();
};

// The oracle for all architectures that are built, and the walks as they are
// compiled for fuzzing.
struct CompiledWalks {
  template <class A>
  void operator()(const WalkSite& site, Policy policy, const Request& request,
                  WalkRun& run) const {
    RunWalk(site, policy, request, run);
  }
};
using Oracle = BasicOracle<Architectures, CompiledWalks>;
extern template class BasicOracle<Architectures, CompiledWalks>;

}  // namespace pxdfuzz

#endif  // PXDFUZZ_ORACLE_COMPARE_H_
