// SPDX-License-Identifier: MIT

#include "kernel/observe.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <span>

#include "kernel/guard.h"
#include "kernel/tree_entries.h"
#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/base/wrapping.h"

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

// The level whose entry a local variable holds that pointers of `level` may
// point to.
Level CopyFor(Level level) {
  return level == Level::kPgd ? level : Above(level);
}

// The places of the reads of one walk, in order.
class Places {
 public:
  explicit Places(const KernelJudge& judge) : judge_(judge) {}

  // Sets the place of `event`, which has its level, value, file and line, to
  // `place`, and the kind of an iteration that repeats the read before it to
  // kReread.
  void Add(const volatile void* place, Event& event) {
    if (event.kind == Event::Kind::kIteration) {
      AddIteration(place, event);
    } else {
      event.place = PlaceOfReread(place, event.level);
    }
  }

 private:
  struct Loop {
    // The local copy at which it began, if it did.
    const volatile void* copy = nullptr;
    // Its last iteration.
    const volatile void* place = nullptr;
    Place reported;
  };

  void AddIteration(const volatile void* place, Event& event) {
    // A loop of a level begins where the read before it was of the level
    // above; otherwise this is the loop's next iteration, by pXdp++.
    const bool begins = !before_.has_value() || before_->level > event.level;
    Loop& loop = loops_[Ordinal(event.level)];
    if (begins) loop = {};
    const bool is_same_value = before_.has_value() && event.value.has_value() &&
                               before_->value == event.value;
    const bool is_copy =
        begins ? is_same_value : loop.copy == place && place != nullptr;
    // A helper gets the address of the copy just made and reads it again, as
    // __pte_offset_map() does with its pmd since 6.5. A loop's next iteration
    // has the line of the iteration before.
    const bool is_passed =
        !begins && is_same_value && !before_->place.is_stray() &&
        before_->level == event.level &&
        (before_->line != event.line || before_->file != event.file);
    if (const auto physical = judge_.PhysicalOf(place); physical.has_value()) {
      event.place = {.physical = *physical};
      if (before_.has_value() && before_->level == event.level &&
          before_->place == event.place) {
        event.kind = Event::Kind::kReread;
      }
    } else if (is_copy) {
      event.place = {.kind = Place::Kind::kOwnCopy,
                     .copy_of = CopyFor(event.level)};
      loop.copy = place;
      some_copy_ = place;
      if (!begins && is_same_value) event.kind = Event::Kind::kReread;
    } else if (is_passed && IsOnStack(place)) {
      event.place = {.kind = Place::Kind::kOwnCopy, .copy_of = event.level};
      event.kind = Event::Kind::kReread;
    } else if (IsOnStack(place)) {
      event.place = {.kind = Place::Kind::kStack,
                     .copy_of = CopyFor(event.level)};
      if (loop.copy != nullptr)
        event.place.distance = Distance(loop.copy, place);
    } else {
      event.place = Nowhere(place);
    }
    if (event.kind == Event::Kind::kReread) return;
    loop.place = place;
    loop.reported = event.place;
    before_ = event;
  }

  // Another read of an entry that an iteration has read: where that was, or in
  // the local that it was copied to.
  Place PlaceOfReread(const volatile void* place, Level level) const {
    const Loop& loop = loops_[Ordinal(level)];
    if (loop.place == place && place != nullptr) return loop.reported;
    if (const auto physical = judge_.PhysicalOf(place); physical.has_value()) {
      return {.physical = *physical};
    }
    if (!IsOnStack(place)) return Nowhere(place);
    return {.kind = Place::Kind::kOwnCopy, .copy_of = level};
  }

  Place Nowhere(const volatile void* place) const {
    return {.kind = Place::Kind::kNowhere,
            .physical = WrappingSub(reinterpret_cast<uint64_t>(place),
                                    judge_.last_walk().va_offset)};
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
  std::optional<Event> before_;
};

ArchId ArchOf(const pxd_kernel& kernel) {
  for (const PagingMode& mode : kAllPagingModes) {
    if (Name(mode.arch) == kernel.arch) return mode.arch;
  }
  std::abort();  // no judge is made for such a kernel
}

// Sets the meaning of the words that were read, as the tree writes them.
void Classify(const KernelJudge& judge, std::vector<Event>& events) {
  const int levels = judge.last_walk().levels;
  VisitArch(ArchOf(judge.kernel()), [&]<class A>() {
    const Geometry geometry = A::GeometryOf(levels);
    // The walk that ran has made the kernel enter that many levels.
    const TreeEntries<A> entries(judge.kernel(), judge.words(levels));
    for (Event& event : events) {
      if (!event.value.has_value()) continue;
      event.meaning =
          entries.Classify(EntryLevel(geometry, event.level), *event.value);
    }
  });
}

// Merges a walk's reads, references and changes into one sequence.
class Recorder {
 public:
  Recorder(const KernelJudge& judge, bool changing, Recording& run)
      : walk_(judge.last_walk()), judge_(judge), places_(judge), run_(run) {
    if (changing) made_ = judge.concurrent().made();
    grabs_ = std::span(walk_.grabs)
                 .first(std::min(walk_.grab_count, std::size(walk_.grabs)));
  }

  void Record() {
    const size_t reads = std::min(walk_.read_count, std::size(walk_.reads));
    for (size_t i = 0; i < reads; ++i) {
      AddEventsBefore(i);
      AddRead(i);
    }
    // The rest, including those whose reads were not kept.
    AddEventsBefore(walk_.read_count);
    Classify(judge_, run_.events);
  }

  // The references that are held at the end.
  const std::vector<ReturnedPage>& held() const { return held_; }

 private:
  Event& Add(Event::Kind kind) {
    return run_.events.emplace_back(Event{.kind = kind,
                                          .read = run_.reads,
                                          .snapshot = run_.snapshot,
                                          .held = held_.size()});
  }

  // Changes and references before the read at that position.
  void AddEventsBefore(size_t read) {
    while (true) {
      const bool grab = grab_ < grabs_.size() && grabs_[grab_].reads <= read;
      const bool change = change_ < made_.size() &&
                          made_[change_].reads <= read &&
                          made_[change_].grabs <= grab_;
      if (change) {
        ++change_;
        ++run_.snapshot;
        Add(Event::Kind::kChange);
      } else if (grab) {
        AddGrab(grabs_[grab_++].refs);
      } else {
        return;
      }
    }
  }

  void AddGrab(int64_t refs) {
    const bool is_grab = refs > 0;
    const auto count = static_cast<uint64_t>(is_grab ? refs : -refs);
    Add(is_grab ? Event::Kind::kGrab : Event::Kind::kPut).count = count;
    // Code that takes more references than there are pages is not recorded
    // beyond that.
    const uint64_t bounded = std::min<uint64_t>(count, Case::kMaxPages);
    const uint64_t size =
        is_grab ? held_.size() + bounded
                : held_.size() - std::min<uint64_t>(bounded, held_.size());
    held_.resize(size, {.snapshot = run_.snapshot, .read = run_.reads});
  }

  void AddRead(size_t i) {
    constexpr std::array<Event::Kind, 3> kKinds = {
        Event::Kind::kIteration, Event::Kind::kReread, Event::Kind::kCheck};
    const pxd_read& read = walk_.reads[i];
    Event event{.kind = kKinds[read.role],
                .level = static_cast<Level>(read.level),
                .snapshot = run_.snapshot,
                .held = held_.size(),
                .file = read.file,
                .line = read.line};
    // A read is noted before it is done. Tables can be read.
    const bool faulted =
        run_.end == RunEnd::kFault || run_.end == RunEnd::kSanitizer;
    if (!faulted || i + 1 < walk_.read_count || read.value != 0 ||
        judge_.PhysicalOf(read.place).has_value()) {
      event.value = read.value;
    }
    // Reads of a local by a helper that gets its address are not counted.
    const bool is_counted =
        read.role != PXD_REREAD || judge_.PhysicalOf(read.place).has_value();
    if (is_counted) event.read = ++run_.reads;
    places_.Add(read.place, event);
    Note(event, run_.violations);
    run_.events.push_back(std::move(event));
  }

  static void Note(const Event& event, FirstViolations& violations) {
    if (event.place.kind == Place::Kind::kStack) {
      violations.stack_escape = std::min(violations.stack_escape, event.held);
    } else if (event.place.kind == Place::Kind::kNowhere) {
      violations.nowhere = std::min(violations.nowhere, event.held);
    }
  }

  const pxd_walk& walk_;
  const KernelJudge& judge_;
  Places places_;
  Recording& run_;
  std::span<const pxd_grab> grabs_;
  std::span<const ConcurrentOperations::Made> made_;
  size_t grab_ = 0;
  size_t change_ = 0;
  std::vector<ReturnedPage> held_;
};

// Why walks of that kind are expected to fail like `answer` in tables that do
// not change.
Cause ExpectedCause(const KernelJudge& judge, PagingMode mode,
                    const Answer& answer) {
  Causes expected;
  VisitArch(mode.arch, [&]<class A>() {
    expected = A::ExpectedFailures(judge.model(), mode.levels);
  });
  return answer.run.violations.Waiver(expected, answer.page);
}

// The run that broke a rule is the last that the judge made.
void AddFinding(const KernelJudge& judge, const KernelVerdict& verdict,
                Answer& answer) {
  const Finding& finding = *verdict.finding;
  if (finding.rule == WalkRule::kPermitted) {
    // Nothing was run. What the limits allow was refused, or the reverse.
    answer.inconclusive = verdict.requests.back().inconclusive;
    if (answer.inconclusive == Inconclusive::kNo) {
      answer.run.end = RunEnd::kRefused;
    }
  } else {
    answer.run = RecordingOf(judge, finding.changing, finding.end);
  }
  answer.finding = Name(finding);
  answer.page = finding.page;
  answer.cause = finding.cause;
  answer.contract = finding.contract;
  if (!finding.changing && finding.rule == WalkRule::kPages) {
    answer.cause = ExpectedCause(judge, finding.mode, answer);
  }
}

Answer ObserveNoted(KernelJudge& judge, const Case& c, size_t request) {
  Answer answer;
  const Case alone = c.WithOnly(request);
  const KernelVerdict& verdict = judge.Judge(alone, KernelTrial::kGupFast);
  if (verdict.finding.has_value()) {
    AddFinding(judge, verdict, answer);
    return answer;
  }
  if (judge.trap() != nullptr) {
    answer.inconclusive = Inconclusive::kReachedTrap;
    answer.run = RecordingOf(judge, !c.concurrent.empty(), RunEnd::kTrap);
    answer.run.bug = judge.trap();
    return answer;
  }
  const KnownKernelFinding known = verdict.requests.empty()
                                       ? KnownKernelFinding::kNone
                                       : verdict.requests[0].known;
  // It shows only in the judge's last run, in which that page is inaccessible.
  // If the judge chose the page, the case does not say so.
  const bool needs_failure = known == KnownKernelFinding::kInaccessiblePage;
  const bool is_named = c.requests[request].inaccessible.has_value();
  const uint64_t inaccessible =
      needs_failure && is_named ? judge.last_walk().inaccessible : 0;
  if (known != KnownKernelFinding::kNone && (!needs_failure || is_named)) {
    answer.known = Name(known);
    answer.contract = verdict.requests[0].contract;
  }
  if (judge.kernel().page_size != nullptr) {
    const KernelVerdict& sizes = judge.Judge(alone, KernelTrial::kPageSize);
    if (sizes.finding.has_value()) {
      answer.finding = Name(*sizes.finding);
      answer.page = sizes.finding->page;
    }
  }
  const bool pin =
      inaccessible != 0 || c.requests[request].references == References::kPin;
  const std::optional<RunEnd> ended =
      judge.WalkOnce(alone, 0, pin, answer.inconclusive, inaccessible);
  if (!ended.has_value()) {
    if (answer.inconclusive == Inconclusive::kOverflow ||
        answer.inconclusive == Inconclusive::kBeyondLimit) {
      answer.run.end = RunEnd::kRefused;
    }
    return answer;
  }
  const bool changing = !c.concurrent.empty();
  answer.run = RecordingOf(judge, changing, *ended);
  if (!answer.finding.empty()) return answer;
  // One more rule applies to every walk, even if the pages agree.
  for (const Event& event : answer.run.events) {
    if (!event.is_read() || !event.place.is_stray()) continue;
    answer.finding = Name(Finding{.mode = c.mode,
                                  .walk = judge.kernel().name,
                                  .changing = changing,
                                  .outcome = Outcome::kStrayRead,
                                  .level = event.level,
                                  .entry = std::nullopt});
    answer.page = event.held;
    answer.cause = ExpectedCause(judge, c.mode, answer);
    break;
  }
  return answer;
}

}  // namespace

KernelCode CodeOf(const pxd_kernel& kernel) {
  return {.name = kernel.name,
          .version = kernel.version,
          .slice = kernel.slice,
          .arch = kernel.arch,
          .variant = kernel.variant};
}

Recording RecordingOf(const KernelJudge& judge, bool changing, RunEnd end) {
  const pxd_walk& walk = judge.last_walk();
  Recording run{.end = end, .pin = walk.pin, .held = walk.held};
  if (walk.refused < walk.pages) run.refused = walk.refused;
  if (walk.inaccessible != 0) run.inaccessible = walk.inaccessible - 1;
  if (changing) run.violations = judge.concurrent().violations();
  if (end == RunEnd::kBug) {
    run.bug = std::string(walk.bug_file) + ':' + std::to_string(walk.bug_line);
  }
  Recorder recorder(judge, changing, run);
  recorder.Record();
  // Before it returns, the array of pages holds no physical addresses.
  if (end != RunEnd::kReturned) return run;
  run.count = walk.count;
  run.pages = recorder.held();
  run.pages.resize(std::min(walk.count, walk.pages),
                   {.snapshot = run.snapshot, .read = run.reads});
  for (size_t i = 0; i < run.pages.size(); ++i) {
    run.pages[i].physical = walk.page[i];
  }
  return run;
}

Answer Observe(KernelJudge& judge, const Case& c, size_t request) {
  judge.NoteChecks(true);
  Answer answer = ObserveNoted(judge, c, request);
  judge.NoteChecks(false);
  return answer;
}

Finding SanitizerFinding(const pxd_kernel& kernel, PagingMode mode) {
  return {.mode = mode, .walk = kernel.name, .end = RunEnd::kSanitizer};
}

}  // namespace pxdfuzz
