// SPDX-License-Identifier: MIT

#include "kernel/concurrent_operations.h"

#include <algorithm>
#include <iterator>

#include "kernel/guard.h"
#include "pxdfuzz/base/wrapping.h"

namespace pxdfuzz {
namespace {

// Distance in bytes of a walk's frames from the function that looks at them.
constexpr uint64_t kStackReach = 1 << 20;

uint64_t AsNumber(const volatile void* place) {
  return reinterpret_cast<uint64_t>(place);
}

bool OnStack(const volatile void* place) {
  const char here = 0;
  return WrappingAdd(WrappingSub(AsNumber(place), AsNumber(&here)),
                     kStackReach) < 2 * kStackReach;
}

uint64_t WordAt(const volatile void* place) {
  return *static_cast<const volatile uint64_t*>(place);
}

}  // namespace

void ConcurrentOperations::Begin(const Case& c, const Arena& arena,
                                 Timeline& timeline, pxd_walk& walk) {
  case_ = &c;
  arena_ = &arena;
  timeline_ = &timeline;
  walk_ = &walk;
  progress_ = {};
  last_iterations_ = {};
  made_count_ = 0;
  violations_ = {};
  order_ = {};
  timeline.GoTo(0);
  walk.root = const_cast<uint64_t*>(arena.Find(timeline.top(0).root));
  walk.levels = timeline.top(0).levels;
  walk.context = this;
  walk.write_protect_seq = 0;
  walk.before_walk = [](pxd_walk* now) { Of(now).BeforeWalk(); };
  walk.before_read = [](pxd_walk* now, int level, const volatile void* place) {
    Of(now).BeforeRead(static_cast<Level>(level), place);
  };
  walk.before_block_read = [](pxd_walk* now) { Of(now).BeforeBlockRead(); };
  walk.after_grab = [](pxd_walk* now) { Of(now).AfterGrab(); };
}

void ConcurrentOperations::End() {
  walk_->context = nullptr;
  walk_->before_walk = nullptr;
  walk_->before_read = nullptr;
  walk_->before_block_read = nullptr;
  walk_->after_grab = nullptr;
}

void ConcurrentOperations::MakeChanges(const WalkProgress& progress, Made now) {
  const size_t before = timeline_->at();
  timeline_->GoOn(progress);
  for (size_t i = before; i < timeline_->at(); ++i) {
    if (case_->concurrent[i].kind == TableOp::Kind::kWriteProtect) {
      walk_->write_protect_seq += 2;
    }
    made_[made_count_++] = now;
  }
}

void ConcurrentOperations::BeforeWalk() {
  MakeChanges({.reads = 1}, {});
  const Top& top = timeline_->top(timeline_->at());
  walk_->root = const_cast<uint64_t*>(arena_->Find(top.root));
  walk_->levels = top.levels;
}

void ConcurrentOperations::BeforeRead(Level level, const volatile void* place) {
  if (walk_->read_count > std::size(walk_->reads)) return;
  const size_t read = walk_->read_count - 1;
  const bool in_table = InTable(place);
  if (!in_table && !OnStack(place)) {
    violations_.nowhere = std::min<size_t>(violations_.nowhere, walk_->held);
    EndInFault();
  }
  const pxd_role role = walk_->reads[read].role;
  // A helper that gets the address of a local variable.
  if (role == PXD_REREAD && !in_table) return;
  ++progress_.reads;
  MakeChanges(progress_, {.reads = read, .grabs = walk_->grab_count});
  ++progress_.of_level[Ordinal(level)];
  order_.Add(level, in_table ? AddressOf(place) : ReadOrder::kCopy);
  switch (role) {
    case PXD_ITERATION:
      last_iterations_[Ordinal(level)] = {place, read};
      break;
    case PXD_REREAD:
      NoteDoubleFetch(level, place);
      break;
    case PXD_CHECK:
      if (!in_table) NoteVacuousRecheck(level);
      break;
  }
}

void ConcurrentOperations::BeforeBlockRead() {
  if (walk_->read_count > std::size(walk_->reads)) return;
  ++progress_.reads;
  MakeChanges(progress_,
              {.reads = walk_->read_count, .grabs = walk_->grab_count});
  // The model reads no blocks.
  order_.Add(Level::kPte, ReadOrder::kCopy);
}

// An offset function uses another entry than the loop has tested.
void ConcurrentOperations::NoteDoubleFetch(Level level,
                                           const volatile void* place) {
  if (last_iterations_[Ordinal(level)].place == place &&
      WordAt(place) == Read(level)) {
    return;
  }
  violations_.double_fetch =
      std::min<size_t>(violations_.double_fetch, walk_->held);
}

// The check compares a local copy. The first level above that is in a table
// read the original: has it changed?
void ConcurrentOperations::NoteVacuousRecheck(Level level) {
  while (level != Level::kPgd &&
         !InTable(last_iterations_[Ordinal(level)].place)) {
    level = Above(level);
  }
  const volatile void* origin = last_iterations_[Ordinal(level)].place;
  if (!InTable(origin) || WordAt(origin) == Read(level)) return;
  // References to the pages that are checked are already held.
  const size_t noted = std::min(walk_->grab_count, std::size(walk_->grabs));
  const auto refs = static_cast<uint64_t>(walk_->grabs[noted - 1].refs);
  violations_.vacuous_recheck =
      std::min<size_t>(violations_.vacuous_recheck, walk_->held - refs);
}

void ConcurrentOperations::AfterGrab() {
  progress_.pages = walk_->held;
  WalkProgress next = progress_;
  ++next.reads;
  MakeChanges(next,
              {.reads = walk_->read_count, .grabs = walk_->grab_count - 1});
  if (walk_->grab_count > std::size(walk_->grabs)) return;
  const auto refs =
      static_cast<uint64_t>(walk_->grabs[walk_->grab_count - 1].refs);
  for (uint64_t i = walk_->held - refs;
       i < std::min<uint64_t>(walk_->held, grabbed_.size()); ++i) {
    grabbed_[i] = static_cast<uint8_t>(timeline_->at());
  }
}

uint64_t ConcurrentOperations::AddressOf(const volatile void* place) const {
  return WrappingSub(AsNumber(place), walk_->va_offset);
}

bool ConcurrentOperations::InTable(const volatile void* place) const {
  return place != nullptr && arena_->Find(AddressOf(place)) != nullptr;
}

}  // namespace pxdfuzz
