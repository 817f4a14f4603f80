// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_ENGINE_RUN_H_
#define PXDFUZZ_ENGINE_RUN_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pxdfuzz/engine/outcome.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/walk/trace.h"
#include "pxdfuzz/walk/walk.h"

namespace pxdfuzz {

// Where an entry was read.
struct Place {
  enum class Kind : uint8_t {
    kTable,    // an entry of a table, at `physical`
    kOwnCopy,  // the local copy of the entry of `copy_of`
    kStack,    // another word of the stack, reached from that copy
    kNowhere,  // no memory; `physical` is what the pointer stands for
  };

  Kind kind = Kind::kTable;
  uint64_t physical = 0;
  Level copy_of = Level::kPgd;
  // For kStack: bytes from the copy to the place, negative below the copy.
  // Nothing if the copy is not known.
  std::optional<int64_t> distance;

  // Whether a walk must not read there.
  bool is_stray() const {
    return kind == Kind::kStack || kind == Kind::kNowhere;
  }

  friend bool operator==(const Place&, const Place&) = default;
};

// What the model knows of an iteration and kernel code does not report.
struct IterationPart {
  // The part of the range that the iteration is for: [address, next).
  uint64_t address = 0;
  uint64_t next = 0;
  WalkStep step = WalkStep::kStop;
  // The level below is folded: the entry is passed on without a read.
  bool passed_on = false;
  // The entry is the one whose span contains `address`.
  bool holds = true;
  // The loop invariant of the thread: the pointer is the offset function's
  // result for `address`.
  bool invariant = true;

  friend bool operator==(const IterationPart&, const IterationPart&) = default;
};

// One event during a walk.
struct Event {
  enum class Kind : uint8_t {
    kIteration,  // an iteration of a loop reads its entry
    kReread,     // an offset function reads an entry again
    kCheck,      // the recheck reads an entry again
    kGrab,       // references are taken
    kPut,        // references are put
    kChange,     // a concurrent operation makes `snapshot`
  };

  Kind kind = Kind::kIteration;
  // For the three kinds of reads: the entry's level, where it is, its word
  // (nothing if the read faulted), and what that word means as an entry of the
  // level; for a folded level, of the real level whose entry it is.
  Level level = Level::kPte;
  Place place;
  std::optional<uint64_t> value;
  EntryKind meaning;
  // The number of the read, from 1, as a case's concurrent operations count
  // reads; 0 for a read that they do not count. For other kinds: the number of
  // reads before.
  size_t read = 0;
  // Of the tables at that moment.
  size_t snapshot = 0;
  // Pages held before the event.
  size_t held = 0;
  // For kGrab and kPut: the number of references.
  uint64_t count = 0;
  // For iterations of the model.
  std::optional<IterationPart> part;
  // For reads of kernel code: the line of its source, as the tree names it.
  std::string file;
  int line = 0;

  bool is_read() const {
    return kind == Kind::kIteration || kind == Kind::kReread ||
           kind == Kind::kCheck;
  }

  friend bool operator==(const Event&, const Event&) = default;
};

// A page that a run returned, and when its reference was taken.
struct ReturnedPage {
  uint64_t physical = 0;
  size_t snapshot = 0;
  size_t read = 0;  // the last read before

  friend bool operator==(const ReturnedPage&, const ReturnedPage&) = default;
};

// How a walk of the model with these violations ends.
inline RunEnd EndOf(const FirstViolations& violations) {
  return violations.nowhere == FirstViolations::kNever ? RunEnd::kReturned
                                                       : RunEnd::kFault;
}

// One request, as one engine ran it, with everything that is known about the
// run. It allocates and is not used in fuzzing.
struct Recording {
  RunEnd end = RunEnd::kReturned;
  // For kBug: FILE:LINE. For kTrap: the name that the code reached.
  std::string bug;
  // How the code was called: with FOLL_PIN or FOLL_GET, and the page whose
  // reference could not be taken, if any.
  bool pin = false;
  std::optional<uint64_t> refused;
  // The physical address of the page that could not be made accessible, if any.
  std::optional<uint64_t> inaccessible;
  // The pages that were returned, at most as many as were asked for. If a walk
  // of the model did not return, the pages that it had.
  std::vector<ReturnedPage> pages;
  // How many pages the code claims to have returned.
  size_t count = 0;
  // References that were taken and not put.
  uint64_t held = 0;
  // The number of reads that concurrent operations count, and the snapshot at
  // the end.
  size_t reads = 0;
  size_t snapshot = 0;
  FirstViolations violations;
  std::vector<Event> events;

  friend bool operator==(const Recording&, const Recording&) = default;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_ENGINE_RUN_H_
