// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_WALK_RACE_TRACE_H_
#define PXDFUZZ_WALK_RACE_TRACE_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "pxdfuzz/memory/memory.h"
#include "pxdfuzz/tables/changing_memory.h"
#include "pxdfuzz/walk/trace.h"
#include "pxdfuzz/walk/walk.h"

namespace pxdfuzz {

// The trace of a walk with the last check while tables change: marks what an
// offset or a check makes of an entry that has changed, and at which version
// references were taken.
class RaceTrace : public MarkTrace<ChangingMemory> {
 public:
  // Both outlive the object.
  RaceTrace(ChangingMemory& memory, bool looks_for_stuck,
            std::span<uint8_t> grabbed)
      : MarkTrace(memory, looks_for_stuck),
        changing_(memory),
        grabbed_(grabbed) {}

  void OnReread(const Again& again) {
    OnRead(again.loaded, again.pages);
    if (again.loaded.value != again.first && marks_.read_again > again.pages) {
      marks_.read_again = again.pages;
    }
  }
  void OnGrab(size_t pages, uint64_t count) {
    changing_.Grab();
    for (size_t i = pages; i < grabbed_.size() && i - pages < count; ++i) {
      grabbed_[i] = static_cast<uint8_t>(changing_.version());
    }
  }
  void OnCheck(const Again& again) {
    OnRead(again.loaded, again.pages);
    if (again.loaded.source == Source::kOwnCopy &&
        marks_.copy_check > again.pages &&
        !changing_.IsCurrent(again.level, again.ref, again.first)) {
      marks_.copy_check = again.pages;
    }
  }

 private:
  ChangingMemory& changing_;
  const std::span<uint8_t> grabbed_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_WALK_RACE_TRACE_H_
