// SPDX-License-Identifier: MIT

#include "pxdfuzz/engine/record_model.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/memory/memory.h"
#include "pxdfuzz/tables/changing_memory.h"
#include "pxdfuzz/walk/trace.h"
#include "pxdfuzz/walk/walk.h"

namespace pxdfuzz {
namespace {

// The trace that records everything, in order, besides the first violations.
class RecordingTrace {
 public:
  // All must outlive the object; `recording` must be empty.
  RecordingTrace(const CaseTables& tables, ChangingMemory& memory,
                 bool looks_for_wrong_entry, std::span<uint8_t> grabbed,
                 Recording& recording)
      : tables_(tables),
        memory_(memory),
        violations_(memory, looks_for_wrong_entry, grabbed),
        recording_(recording) {
    NoteChanges(0, 1);
  }

  void OnIteration(const Iteration& iteration) {
    violations_.OnIteration(iteration);
    NoteChanges(iteration.pages, memory_.reads());
    Event& event = AddRead(Event::Kind::kIteration, iteration.level,
                           iteration.ref, iteration.loaded, iteration.pages);
    // Looked up now: local copies are replaced while the walk continues.
    event.part = IterationPart{.address = iteration.address,
                               .next = iteration.next,
                               .step = iteration.step,
                               .passed_on = iteration.passed_on,
                               .holds = Holds(memory_, iteration),
                               .invariant = iteration.invariant};
  }
  void OnReread(const Reread& reread) {
    violations_.OnReread(reread);
    NoteChanges(reread.pages, memory_.reads());
    AddRead(Event::Kind::kReread, reread.level, reread.ref, reread.loaded,
            reread.pages);
  }
  void OnGrab(size_t pages, uint64_t count) {
    violations_.OnGrab(pages, count);
    NoteChanges(pages, memory_.reads() + 1);
    Add(Event::Kind::kGrab, pages).count = count;
    grabbed_ = count;
    const size_t end = std::min<size_t>(pages + count, Case::kMaxPages);
    for (size_t i = pages; i < end; ++i) reads_[i] = memory_.reads();
  }
  void OnCheck(const Reread& reread) {
    violations_.OnCheck(reread);
    const size_t held = reread.pages + grabbed_;
    NoteChanges(held, memory_.reads());
    AddRead(Event::Kind::kCheck, reread.level, reread.ref, reread.loaded, held);
    if (reread.loaded.value == reread.first) return;
    Add(Event::Kind::kPut, held).count = grabbed_;
  }

  const FirstViolations& violations() const { return violations_.violations(); }
  // The read after which the reference of a page was taken.
  size_t read_of(size_t page) const { return reads_[page]; }

 private:
  Event& Add(Event::Kind kind, size_t held) {
    Event& event = recording_.events.emplace_back();
    event.kind = kind;
    event.read = memory_.reads();
    event.snapshot = memory_.snapshot();
    event.held = held;
    return event;
  }

  Event& AddRead(Event::Kind kind, Level level, EntryRef ref,
                 const Loaded& loaded, size_t held) {
    Event& event = Add(kind, held);
    event.level = level;
    event.place = PlaceOf(ref, loaded.source);
    if (loaded.source != Source::kNowhere) event.value = loaded.value;
    event.meaning = tables_.arch().classify(
        EntryLevel(tables_.geometry(), level), loaded.value);
    return event;
  }

  Place PlaceOf(EntryRef ref, Source source) const {
    switch (source) {
      case Source::kTable:
        return {.kind = Place::Kind::kTable, .physical = ref.address()};
      case Source::kOwnCopy:
        return {.kind = Place::Kind::kOwnCopy, .copy_of = ref.copy_of()};
      case Source::kStackEscape:
        return {.kind = Place::Kind::kStack,
                .copy_of = ref.copy_of(),
                .distance = static_cast<int64_t>(WrappingSub(
                    ref.address(), tables_.source().stack.address()))};
      case Source::kNowhere:
        break;
    }
    return {.kind = Place::Kind::kNowhere, .physical = ref.address()};
  }

  // The operations before that read.
  void NoteChanges(size_t held, size_t read) {
    while (snapshot_ < memory_.snapshot()) {
      ++snapshot_;
      Event& event = Add(Event::Kind::kChange, held);
      event.snapshot = snapshot_;
      event.read = read;
    }
  }

  const CaseTables& tables_;
  ChangingMemory& memory_;
  ViolationTrace<ChangingMemory> violations_;
  Recording& recording_;
  size_t snapshot_ = 0;
  uint64_t grabbed_ = 0;  // by the current iteration
  std::array<size_t, Case::kMaxPages> reads_{};
};

template <class A, class Code>
Recording RecordWalk(const CaseTables& tables, const Request& request,
                     Policy policy) {
  const Case& c = tables.source();
  const int levels = c.mode.levels;
  Recording recording;
  std::array<uint8_t, Case::kMaxPages> grabbed{};
  ChangingMemory memory(tables.arena(), tables.geometry(), c.stack,
                        tables.timeline());
  RecordingTrace trace(
      tables, memory,
      A::ExpectedFailures(policy, levels).Contains(Cause::kWrongEntry), grabbed,
      recording);
  Walk<typename A::Kernel, ChangingMemory, RecordingTrace, Code> walk(
      typename A::Kernel(levels), policy, memory, trace);
  std::vector<uint64_t> pages(request.pages);
  recording.count =
      walk.Run(memory.root(), request.start,
               request.start + request.pages * tables.geometry().page_size(),
               request.write, pages);
  pages.resize(std::min(recording.count, pages.size()));
  for (size_t i = 0; i < pages.size(); ++i) {
    recording.pages.push_back({pages[i], grabbed[i], trace.read_of(i)});
  }
  recording.held = recording.count;
  recording.reads = memory.reads();
  recording.snapshot = memory.snapshot();
  recording.violations = trace.violations();
  recording.end = EndOf(recording.violations);
  tables.timeline().GoTo(0);
  return recording;
}

}  // namespace

Recording RecordModel(const CaseTables& tables, const Request& request,
                      Policy policy) {
  Recording recording;
  VisitArch(tables.source().mode.arch, [&]<class A>() {
    // In tables of one snapshot the recheck cannot see a change.
    recording = tables.snapshots() == 1
                    ? RecordWalk<A, GupCode>(tables, request, policy)
                    : RecordWalk<A, GupFastCode>(tables, request, policy);
  });
  return recording;
}

}  // namespace pxdfuzz
