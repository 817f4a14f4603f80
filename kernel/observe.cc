// SPDX-License-Identifier: MIT

#include "kernel/observe.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <span>
#include <string>

#include "kernel/guard.h"
#include "kernel/tree_entries.h"
#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/report/text_entries.h"

namespace pxdfuzz {
namespace {

// How far the frames of a walk are from the function that looks at them, and
// local copies from places that were computed from their addresses.
constexpr int64_t kStackReach = 1 << 20;
constexpr int64_t kCopyReach = 1 << 16;

int64_t Distance(const volatile void* from, const volatile void* to) {
  return static_cast<int64_t>(WrappingSub(reinterpret_cast<uint64_t>(to),
                                          reinterpret_cast<uint64_t>(from)));
}

bool IsWithin(const volatile void* place, const volatile void* of,
              int64_t reach) {
  const int64_t distance = Distance(of, place);
  return -reach < distance && distance < reach;
}

// Where reads of one walk went, one read after the other.
class Places {
 public:
  explicit Places(const KernelJudge& judge) : judge_(judge) {}

  // Says in `told`, which has its role, level and value, where `place` is.
  void Add(const volatile void* place, KernelRead& told) {
    if (told.role == KernelRead::Role::kTurn) {
      AddTurn(place, told);
      Loop& loop = loops_[Ordinal(told.level)];
      loop.place = place;
      loop.told = told;
    } else {
      AddAnother(place, told);
    }
  }

 private:
  struct Loop {
    // The local copy at which it began, if it did.
    const volatile void* copy = nullptr;
    // Its last turn.
    const volatile void* place = nullptr;
    KernelRead told;
  };

  void AddTurn(const volatile void* place, KernelRead& told) {
    // A loop of a level begins where the read before it was of the level
    // above; otherwise this is the loop's next turn, by pXdp++.
    const bool begins = !before_.has_value() || before_->level > told.level;
    Loop& loop = loops_[Ordinal(told.level)];
    if (begins) loop = {};
    const bool is_copy = begins
                             ? told.value.has_value() && before_.has_value() &&
                                   before_->value == told.value
                             : loop.copy == place && place != nullptr;
    // A helper that is handed the address of the copy just made: it reads what
    // was read, as __pte_offset_map() does with its pmd since 6.5. A loop's
    // next turn stands in the line of the turn before.
    const bool is_again =
        !begins && !before_->is_stray() && before_->level == told.level &&
        told.value.has_value() && before_->value == told.value &&
        (before_->line != told.line || before_->file != told.file);
    if (const auto physical = judge_.PhysicalOf(place); physical.has_value()) {
      told.place = KernelRead::Place::kTable;
      told.physical = physical;
    } else if (is_copy) {
      told.place = KernelRead::Place::kCopy;
      loop.copy = place;
      some_copy_ = place;
    } else if (is_again && IsOnStack(place)) {
      told.place = KernelRead::Place::kCopy;
    } else if (IsOnStack(place)) {
      told.place = KernelRead::Place::kStack;
      if (loop.copy != nullptr) told.above_copy = Distance(loop.copy, place);
    } else {
      told.place = KernelRead::Place::kNowhere;
      told.nowhere = NowhereOf(place);
    }
    before_ = told;
  }

  // Another read of an entry that a turn has read: where that was, or in the
  // local that it was copied to.
  void AddAnother(const volatile void* place, KernelRead& told) const {
    const Loop& loop = loops_[Ordinal(told.level)];
    if (loop.place == place && place != nullptr) {
      told.place = loop.told.place;
      told.physical = loop.told.physical;
      told.nowhere = loop.told.nowhere;
      told.above_copy = loop.told.above_copy;
    } else if (const auto physical = judge_.PhysicalOf(place);
               physical.has_value()) {
      told.place = KernelRead::Place::kTable;
      told.physical = physical;
    } else if (IsOnStack(place)) {
      told.place = KernelRead::Place::kCopy;
    } else {
      told.place = KernelRead::Place::kNowhere;
      told.nowhere = NowhereOf(place);
    }
  }

  uint64_t NowhereOf(const volatile void* place) const {
    return WrappingSub(reinterpret_cast<uint64_t>(place),
                       judge_.last_walk().va_offset);
  }

  // Sanitizers keep locals elsewhere, near each other.
  bool IsOnStack(const volatile void* place) const {
    const char here = 0;
    return IsWithin(place, &here, kStackReach) ||
           (some_copy_ != nullptr && IsWithin(place, some_copy_, kCopyReach));
  }

  const KernelJudge& judge_;
  std::array<Loop, kLevelCount> loops_{};
  const volatile void* some_copy_ = nullptr;
  std::optional<KernelRead> before_;
};

ArchId ArchOf(const pxd_kernel& kernel) {
  for (const Space& space : kAllSpaces) {
    if (Name(space.arch) == kernel.arch) return space.arch;
  }
  std::abort();  // no judge was made of such a text
}

// Says what was read, as the tree writes entries.
void Classify(const KernelJudge& judge, std::vector<KernelRead>& reads) {
  const int levels = judge.last_walk().levels;
  VisitArch(ArchOf(judge.kernel()), [&]<class A>() {
    const Geometry geometry = A::GeometryOf(levels);
    // The walk that ran has made the kernel enter that many levels.
    const TreeEntries<A> entries(judge.kernel(), judge.bits(levels));
    for (KernelRead& read : reads) {
      if (!read.value.has_value()) continue;
      read.kind =
          entries.Classify(EntryLevel(geometry, read.level), *read.value);
    }
  });
}

void AddRun(const KernelJudge& judge, bool changing, RunEnd end,
            KernelAnswer& answer) {
  const pxd_walk& walk = judge.last_walk();
  answer.pin = walk.pin;
  if (walk.refused < walk.pages) answer.refused = walk.refused;
  answer.held = walk.held;
  answer.reads = ReadsOf(judge, end == RunEnd::kFault);
  if (changing) answer.events = EventsOf(judge);
  switch (end) {
    case RunEnd::kReturned:
      answer.pages.assign(walk.page,
                          walk.page + std::min(walk.count, walk.pages));
      break;
    case RunEnd::kEndless:
      answer.end = KernelAnswer::End::kEndless;
      break;
    case RunEnd::kOverflow:
      answer.end = KernelAnswer::End::kOverflow;
      break;
    case RunEnd::kBug:
      answer.end = KernelAnswer::End::kBug;
      answer.bug =
          std::string(walk.bug_file) + ':' + std::to_string(walk.bug_line);
      break;
    default:
      answer.end = KernelAnswer::End::kFault;
      break;
  }
}

// The run that broke a rule is the last that the judge made.
void AddFinding(const KernelJudge& judge, Space space,
                const KernelVerdict& verdict, KernelAnswer& answer) {
  const KernelFinding& finding = *verdict.finding;
  answer.finding = Name(judge.kernel(), space, finding);
  if (finding.rule == KernelRule::kPermitted) {
    // Nothing was run. What the limits allow was refused, or the reverse.
    if (verdict.requests.back().incomparable == Incomparable::kNo) {
      answer.end = KernelAnswer::End::kRefused;
    }
    return;
  }
  if (finding.changing) {
    answer.race = {.outcome = finding.outcome,
                   .page = finding.page,
                   .known = finding.cause};
  }
  AddRun(judge, finding.changing, finding.end, answer);
}

}  // namespace

KernelText TextOf(const pxd_kernel& kernel) {
  return {.name = kernel.name,
          .version = kernel.version,
          .cut = kernel.cut,
          .arch = kernel.arch,
          .variant = kernel.variant};
}

std::vector<KernelRead> ReadsOf(const KernelJudge& judge, bool faulted) {
  const pxd_walk& walk = judge.last_walk();
  const size_t count = std::min(walk.read_count, std::size(walk.reads));
  std::vector<KernelRead> reads(count);
  Places places(judge);
  for (size_t i = 0; i < count; ++i) {
    const pxd_read& read = walk.reads[i];
    KernelRead& told = reads[i];
    told.role = static_cast<KernelRead::Role>(read.role);
    told.level = static_cast<Level>(read.level);
    told.file = read.file;
    told.line = read.line;
    // A read is noted before it is done. Tables can be read.
    const bool is_done = !faulted || i + 1 < walk.read_count ||
                         read.value != 0 ||
                         judge.PhysicalOf(read.place).has_value();
    if (is_done) told.value = read.value;
    places.Add(read.place, told);
  }
  Classify(judge, reads);
  return reads;
}

std::vector<KernelEvent> EventsOf(const KernelJudge& judge) {
  const pxd_walk& walk = judge.last_walk();
  const std::span<const Meanwhile::Made> made = judge.meanwhile().made();
  const size_t grabs = std::min(walk.grab_count, std::size(walk.grabs));
  const size_t reads = std::min(walk.read_count, std::size(walk.reads));
  std::vector<KernelEvent> events;
  size_t next = 0;
  for (size_t i = 0; i <= grabs; ++i) {
    for (; next < made.size() && made[next].grabs <= i; ++next) {
      events.push_back({.reads = std::min(made[next].reads, reads)});
    }
    if (i == grabs) break;
    const pxd_grab& grab = walk.grabs[i];
    const bool is_taken = grab.refs > 0;
    events.push_back(
        {.kind =
             is_taken ? KernelEvent::Kind::kGrab : KernelEvent::Kind::kGiveBack,
         .reads = std::min(grab.reads, reads),
         .count = static_cast<uint64_t>(is_taken ? grab.refs : -grab.refs)});
  }
  return events;
}

namespace {

KernelAnswer ObserveNoted(KernelJudge& judge, const Case& c, size_t request) {
  KernelAnswer answer;
  Case alone = c;
  alone.requests.clear();
  alone.requests.push_back(c.requests[request]);
  const KernelVerdict& verdict = judge.Judge(alone, KernelTrial::kGupFast);
  if (verdict.finding.has_value()) {
    AddFinding(judge, c.space, verdict, answer);
    return answer;
  }
  if (!verdict.requests.empty() &&
      verdict.requests[0].known != KnownKernelFinding::kNone) {
    answer.known = Name(verdict.requests[0].known);
  }
  Incomparable incomparable = Incomparable::kNo;
  const std::optional<RunEnd> ended =
      judge.WalkOnce(alone, 0, /*pin=*/false, incomparable);
  if (!ended.has_value()) {
    const bool refused = incomparable == Incomparable::kOverflow ||
                         incomparable == Incomparable::kBeyondLimit;
    answer.end =
        refused ? KernelAnswer::End::kRefused : KernelAnswer::End::kMalformed;
    return answer;
  }
  const bool changing = !c.changes.empty();
  AddRun(judge, changing, *ended, answer);
  // One more rule binds every walk, even where the pages agree.
  for (const KernelRead& read : answer.reads) {
    if (!read.is_stray()) continue;
    answer.finding = std::string(judge.kernel().name) + '.' +
                     std::string(Name(c.space.arch)) + '-' +
                     std::to_string(c.space.levels) +
                     (changing ? ".changing" : "") + ".stray-read." +
                     std::string(Name(read.level));
    break;
  }
  return answer;
}

}  // namespace

KernelAnswer Observe(KernelJudge& judge, const Case& c, size_t request) {
  judge.NoteChecks(true);
  KernelAnswer answer = ObserveNoted(judge, c, request);
  judge.NoteChecks(false);
  return answer;
}

std::string SanitizerFinding(const pxd_kernel& kernel, Space space) {
  return std::string(kernel.name) + '.' + std::string(Name(space.arch)) + '-' +
         std::to_string(space.levels) + ".sanitizer";
}

}  // namespace pxdfuzz
