// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_BENCH_HEAP_PXDFUZZ_MEMORY_ARENA_H_
#define PXDFUZZ_BENCH_HEAP_PXDFUZZ_MEMORY_ARENA_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/memory/write_log.h"
#include "pxdfuzz/paging/geometry.h"
#include "pxdfuzz/paging/level.h"

namespace pxdfuzz {

// Replaces include/pxdfuzz/memory/arena.h, with the same interface, for
// comparison with the usual first version of a harness. Each table is a
// separate allocation, made and filled when the case needs it and freed when
// the case ends.
class Arena {
 public:
  static constexpr uint64_t kBase = 0x1000'0000;
  static constexpr int kPoolShift = 21;
  static constexpr uint64_t kPoolSize = uint64_t{1} << kPoolShift;
  static constexpr uint64_t kSize = kPoolSize * kLevelCount;

  static constexpr uint64_t FirstFrame(Level level) {
    return kBase + (static_cast<uint64_t>(level) << kPoolShift);
  }

  Arena(const std::array<uint64_t, kLevelCount>& empty,
        const std::array<uint64_t, kLevelCount>& alignment)
      : empty_(empty), alignment_(alignment) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  void Begin(const Geometry& geometry) {
    for (int i = 0; i < kLevelCount; ++i) {
      stride_[i] =
          std::max(alignment_[i], geometry.table_size(static_cast<Level>(i)));
    }
  }
  void Reset() {
    for (auto& tables : tables_) tables.clear();
  }

  std::optional<uint64_t> NewTable(Level level) {
    const int i = Ordinal(level);
    if ((tables_[i].size() + 1) * stride_[i] > kPoolSize) return std::nullopt;
    auto frame = std::make_unique_for_overwrite<uint64_t[]>(kFrameWords);
    std::fill_n(frame.get(), kFrameWords, empty_[i]);
    tables_[i].push_back(std::move(frame));
    return FrameAddress(level, tables_[i].size() - 1);
  }

  const uint64_t* Find(uint64_t physical) const { return Word(physical); }
  uint64_t* Touch(uint64_t physical, size_t count) {
    uint64_t* const words = Word(physical);
    if (write_log_ == nullptr || words == nullptr) return words;
    if (count > write_log_->capacity() - write_log_->size()) return nullptr;
    const uint64_t first = WrappingSub(physical, kBase) / sizeof(uint64_t);
    for (size_t i = 0; i < count; ++i) {
      write_log_->push_back(
          {.word = static_cast<uint32_t>(first + i), .before = words[i]});
    }
    return words;
  }

  void set_write_log(WriteLog* log) { write_log_ = log; }
  uint64_t WordAt(uint32_t word) const { return *Word(AddressOf(word)); }
  void SetWordAt(uint32_t word, uint64_t value) {
    *Word(AddressOf(word)) = value;
  }
  static uint64_t AddressOf(uint32_t word) {
    return kBase + word * sizeof(uint64_t);
  }

  Level TableLevel(uint64_t physical) const {
    return static_cast<Level>(WrappingSub(physical, kBase) >> kPoolShift);
  }
  uint64_t IndexInTable(uint64_t physical) const {
    const int level = Ordinal(TableLevel(physical));
    return (WrappingSub(physical, kBase) & (stride_[level] - 1)) /
           sizeof(uint64_t);
  }
  uint64_t FrameNumber(uint64_t physical) const {
    const int level = Ordinal(TableLevel(physical));
    return (WrappingSub(physical, kBase) & (kPoolSize - 1)) / stride_[level];
  }
  bool IsTable(Level level, uint64_t physical) const {
    return Find(physical) != nullptr && TableLevel(physical) == level &&
           (WrappingSub(physical, kBase) & (stride_[Ordinal(level)] - 1)) == 0;
  }
  uint64_t FrameAddress(Level level, uint64_t number) const {
    return FirstFrame(level) + number * stride_[Ordinal(level)];
  }
  uint64_t frames(Level level) const { return tables_[Ordinal(level)].size(); }

  uint64_t empty(Level level) const { return empty_[Ordinal(level)]; }

 private:
  // A table of 2048 entries fits. Page tables of s390 are smaller, but a simple
  // harness has one size of frame.
  static constexpr size_t kFrameWords = 2048;

  uint64_t* Word(uint64_t physical) const {
    const uint64_t offset = WrappingSub(physical, kBase);
    if (offset >= kSize) return nullptr;
    const auto& tables = tables_[offset >> kPoolShift];
    const uint64_t table = FrameNumber(physical);
    return table < tables.size() ? &tables[table][IndexInTable(physical)]
                                 : nullptr;
  }

  std::array<uint64_t, kLevelCount> empty_;
  std::array<uint64_t, kLevelCount> alignment_;
  std::array<uint64_t, kLevelCount> stride_{};
  std::array<std::vector<std::unique_ptr<uint64_t[]>>, kLevelCount> tables_;
  WriteLog* write_log_ = nullptr;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_BENCH_HEAP_PXDFUZZ_MEMORY_ARENA_H_
