// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_MEMORY_SNAPSHOTS_H_
#define PXDFUZZ_MEMORY_SNAPSHOTS_H_

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "pxdfuzz/memory/arena.h"
#include "pxdfuzz/memory/write_log.h"

namespace pxdfuzz {

// The words of an arena in each of a few snapshots, and which snapshot the
// arena is at. Snapshot 0 is its content at `Begin`; what is touched between
// `BeginNext` and `EndNext` makes the next one. `GoTo` writes words back and
// forth, so everything that reads the arena, kernel code too, sees the current
// snapshot. A table that one snapshot makes exists in all; in earlier ones
// nothing leads to it.
class Snapshots {
 public:
  static constexpr size_t kMost = 4;

  Snapshots() : log_(std::make_unique<WriteLog>()) {}

  // Starts with the arena's content as snapshot 0 and forgets all others.
  // `arena` must outlive its use here.
  void Begin(Arena& arena) {
    arena_ = &arena;
    log_->clear();
    count_ = 1;
    at_ = 0;
    ends_.fill(0);
  }

  // The arena must be at the last snapshot, and there must be room for one
  // more.
  void BeginNext() {
    assert(at_ + 1 == count_ && count_ < kMost);
    arena_->set_write_log(log_.get());
  }
  void EndNext() {
    arena_->set_write_log(nullptr);
    for (size_t i = ends_[at_]; i < log_->size(); ++i) {
      Write& write = (*log_)[i];
      write.after = arena_->WordAt(write.word);
    }
    ++count_;
    ++at_;
    ends_[at_] = log_->size();
  }

  // What was touched to make a snapshot, not 0, in that order. A word may occur
  // more than once: its first write has the value before.
  std::span<const Write> WritesOf(size_t snapshot) const {
    assert(snapshot > 0 && snapshot < count_);
    return std::span<const Write>(log_->begin(), log_->end())
        .subspan(ends_[snapshot - 1], ends_[snapshot] - ends_[snapshot - 1]);
  }

  size_t count() const { return count_; }
  size_t at() const { return at_; }

  void GoTo(size_t snapshot) {
    assert(snapshot < count_);
    for (; at_ < snapshot; ++at_) {
      for (size_t i = ends_[at_]; i < ends_[at_ + 1]; ++i) {
        arena_->SetWordAt((*log_)[i].word, (*log_)[i].after);
      }
    }
    for (; at_ > snapshot; --at_) {
      for (size_t i = ends_[at_]; i > ends_[at_ - 1]; --i) {
        const Write& write = (*log_)[i - 1];
        arena_->SetWordAt(write.word, write.before);
      }
    }
  }

 private:
  Arena* arena_ = nullptr;
  std::unique_ptr<WriteLog> log_;
  // The end of the writes that make each snapshot.
  std::array<size_t, kMost> ends_{};
  size_t count_ = 1;
  size_t at_ = 0;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_MEMORY_SNAPSHOTS_H_
