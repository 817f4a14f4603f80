// SPDX-License-Identifier: MIT

#include "pxdfuzz/memory/arena.h"

#include <algorithm>
#include <cassert>

#include "pxdfuzz/base/wrapping.h"

namespace pxdfuzz {

Arena::Arena(const std::array<uint64_t, kLevelCount>& empty,
             const std::array<uint64_t, kLevelCount>& alignment)
    : empty_(empty),
      alignment_(alignment),
      // Not initialized: a pool is filled at its first use.
      words_(new(std::align_val_t{kAlignment})
                 uint64_t[kSize / sizeof(uint64_t)]) {}

void Arena::Begin(const Geometry& geometry) {
  assert(log_.empty());
  for (int i = 0; i < kLevelCount; ++i) {
    stride_[i] =
        std::max(alignment_[i], geometry.table_size(static_cast<Level>(i)));
  }
}

void Arena::Reset() {
  for (const Run& run : log_) {
    const uint64_t level = (run.word * sizeof(uint64_t)) >> kPoolShift;
    std::fill_n(&words_[run.word], run.count, empty_[level]);
  }
  log_.clear();
  used_.fill(0);
}

std::optional<uint64_t> Arena::NewTable(Level level) {
  const int i = Ordinal(level);
  const uint64_t end = used_[i] + stride_[i];
  if (end > kPoolSize) return std::nullopt;
  const uint64_t pool = static_cast<uint64_t>(i) << kPoolShift;
  if (end > filled_[i]) {
    std::fill(&words_[(pool + filled_[i]) / sizeof(uint64_t)],
              &words_[(pool + end) / sizeof(uint64_t)], empty_[i]);
    filled_[i] = end;
  }
  const uint64_t physical = kBase + pool + used_[i];
  used_[i] = end;
  return physical;
}

uint64_t* Arena::Touch(uint64_t physical, size_t count) {
  assert(Find(physical) != nullptr);
  const auto word =
      static_cast<uint32_t>((physical - kBase) / sizeof(uint64_t));
  if (write_log_ != nullptr &&
      count > WriteLog::capacity() - write_log_->size()) {
    return nullptr;
  }
  if (!log_.push_back({word, static_cast<uint32_t>(count)})) return nullptr;
  if (write_log_ != nullptr) {
    for (uint32_t i = 0; i < count; ++i) {
      write_log_->push_back({.word = word + i, .before = words_[word + i]});
    }
  }
  return &words_[word];
}

}  // namespace pxdfuzz
