// SPDX-License-Identifier: MIT

#include "pxdfuzz/memory/arena.h"

#include <sys/mman.h>

#include <algorithm>
#include <cassert>

#include "pxdfuzz/base/wrapping.h"

namespace pxdfuzz {

namespace {

// Null where something else is there.
uint64_t* MapAt(uint64_t address, size_t size) {
  void* const wanted = reinterpret_cast<void*>(address);
  void* const got =
      mmap(wanted, size, PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (got == MAP_FAILED) return nullptr;
  if (got == wanted) return static_cast<uint64_t*>(got);
  munmap(got, size);
  return nullptr;
}

}  // namespace

Arena::Arena(const std::array<uint64_t, kLevelCount>& empty,
             const std::array<uint64_t, kLevelCount>& alignment, Place place)
    : empty_(empty), alignment_(alignment) {
  if (place == Place::kOwnAddresses) words_.reset(MapAt(kBase, kSize));
  if (words_ != nullptr) return;
  // Left without a value: a pool is filled as it is first used.
  words_.reset(new (std::align_val_t{kAlignment})
                   uint64_t[kSize / sizeof(uint64_t)]);
}

void Arena::Free::operator()(uint64_t* words) const {
  if (reinterpret_cast<uint64_t>(words) == kBase) {
    munmap(words, kSize);
  } else {
    ::operator delete[](words, std::align_val_t{kAlignment});
  }
}

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
