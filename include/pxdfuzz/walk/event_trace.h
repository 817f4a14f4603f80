// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_WALK_EVENT_TRACE_H_
#define PXDFUZZ_WALK_EVENT_TRACE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "pxdfuzz/memory/memory.h"
#include "pxdfuzz/paging/entry_ref.h"
#include "pxdfuzz/tables/changing_memory.h"
#include "pxdfuzz/walk/trace.h"
#include "pxdfuzz/walk/walk.h"

namespace pxdfuzz {

// A turn, and what became of it.
struct SeenTurn {
  Turn turn;
  // Whether the entry that was read is the one whose span holds the turn's
  // address. Asked at once: local copies are replaced as the walk goes on.
  bool holds = true;
  // Its pages were given back: an entry had changed.
  bool dropped = false;
};

// What happens while a walk runs.
struct WalkEvent {
  enum class Kind : uint8_t {
    kChange,  // another processor changed the tables, before read `read`
    kReread,  // an offset function read an entry again, for the turn to come
    kTurn,    // an entry was read
    kGrab,    // references were taken, after read `read`
    kCheck,   // the recheck read an entry again
  };

  Kind kind = Kind::kTurn;
  // Position of the turn that it belongs to.
  size_t turn = 0;
  // Reads are counted from 1.
  size_t read = 0;
  // Of the tables, at that moment; the one that a change made.
  size_t version = 0;
  // Of kReread and kCheck. Where that is a local copy, `origin` is where the
  // entry stands that it is one of, and `now` what that holds at the moment.
  Reread reread;
  EntryRef origin;
  uint64_t now = 0;
  // Of kGrab.
  uint64_t count = 0;

  // Whether an entry was read again and is another than before.
  bool has_changed() const {
    return (kind == Kind::kReread || kind == Kind::kCheck) &&
           reread.loaded.value != reread.first;
  }
  // Whether a local copy was compared with itself while the entry has changed.
  bool is_void_check() const {
    return kind == Kind::kCheck && reread.loaded.source == Source::kOwnCopy &&
           now != reread.first;
  }
};

// The trace that a report is made from: everything, in order.
class EventTrace {
 public:
  // `memory` outlives the object.
  explicit EventTrace(ChangingMemory& memory) : memory_(memory) {
    NoteChanges(0, 1);
  }

  void OnTurn(const Turn& turn) {
    NoteChanges(turns_.size(), memory_.reads());
    Add(WalkEvent::Kind::kTurn, turns_.size());
    turns_.push_back({.turn = turn, .holds = Holds(memory_, turn)});
  }
  void OnReread(const Reread& reread) {
    NoteChanges(turns_.size(), memory_.reads());
    AddReread(WalkEvent::Kind::kReread, turns_.size(), reread);
  }
  void OnGrab(size_t /*pages*/, uint64_t count) {
    memory_.Grab();
    NoteChanges(turns_.size() - 1, memory_.reads() + 1);
    Add(WalkEvent::Kind::kGrab, turns_.size() - 1).count = count;
  }
  void OnCheck(const Reread& reread) {
    NoteChanges(turns_.size() - 1, memory_.reads());
    AddReread(WalkEvent::Kind::kCheck, turns_.size() - 1, reread);
    turns_.back().dropped |= reread.loaded.value != reread.first;
  }

  const std::vector<SeenTurn>& turns() const { return turns_; }
  const std::vector<WalkEvent>& events() const { return events_; }

 private:
  WalkEvent& Add(WalkEvent::Kind kind, size_t turn) {
    return events_.emplace_back(WalkEvent{.kind = kind,
                                          .turn = turn,
                                          .read = memory_.reads(),
                                          .version = memory_.snapshot()});
  }
  void AddReread(WalkEvent::Kind kind, size_t turn, const Reread& reread) {
    WalkEvent& event = Add(kind, turn);
    event.reread = reread;
    event.origin = reread.ref;
    event.now = reread.loaded.value;
    if (reread.loaded.source == Source::kOwnCopy) {
      event.origin = memory_.Origin(reread.ref);
      if (event.origin.in_table()) {
        event.now = memory_.Now(reread.level, event.origin);
      }
    }
  }
  // What was done before that read.
  void NoteChanges(size_t turn, size_t read) {
    while (version_ < memory_.snapshot()) {
      ++version_;
      WalkEvent& event = Add(WalkEvent::Kind::kChange, turn);
      event.version = version_;
      event.read = read;
    }
  }

  ChangingMemory& memory_;
  std::vector<SeenTurn> turns_;
  std::vector<WalkEvent> events_;
  size_t version_ = 0;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_WALK_EVENT_TRACE_H_
