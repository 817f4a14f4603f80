// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_MEMORY_ARENA_H_
#define PXDFUZZ_MEMORY_ARENA_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>

#include "pxdfuzz/base/inline_vector.h"
#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/memory/write_log.h"
#include "pxdfuzz/paging/geometry.h"
#include "pxdfuzz/paging/level.h"

namespace pxdfuzz {

// Physical memory for tables. Each level has a pool of frames, numbered in
// order of creation, so a table's physical address depends on nothing but the
// case. Only allocated frames exist; all other addresses are "not in storage".
//
// Between two cases, every word of a pool is that level's empty entry. What a
// case writes is logged and put back by `Reset`, so a case costs what it
// touches. Words have the host's byte order.
class Arena {
 public:
  static constexpr uint64_t kBase = 0x1000'0000;
  static constexpr int kPoolShift = 21;
  static constexpr uint64_t kPoolSize = uint64_t{1} << kPoolShift;
  static constexpr uint64_t kSize = kPoolSize * kLevelCount;

  // Alignment in bytes of the words in host memory, the same as that of kBase:
  // pointers to them are as aligned as the addresses they stand for, so kernel
  // code may compute the page of a pointer.
  static constexpr uint64_t kAlignment = 65536;

  // Where the first table of `level` is in every arena.
  static constexpr uint64_t FirstFrame(Level level) {
    return kBase + (static_cast<uint64_t>(level) << kPoolShift);
  }

  // Where the words really lie. At the addresses that they stand for only where
  // the process has nothing there: offset() says.
  enum class Place : uint8_t { kAnywhere, kOwnAddresses };

  // Allocates the storage, once. `empty[i]` fills the tables of the level with
  // ordinal i; `alignment[i]` is the minimum distance of two of them in bytes.
  Arena(const std::array<uint64_t, kLevelCount>& empty,
        const std::array<uint64_t, kLevelCount>& alignment,
        Place place = Place::kAnywhere);
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Starts a case of that geometry. The arena is clean.
  void Begin(const Geometry& geometry);
  // Ends the case: restores every touched word and frees all frames.
  void Reset();

  // A new, empty table of `level`, which is real: its physical address, or
  // nothing if the pool is used up.
  std::optional<uint64_t> NewTable(Level level);

  // The word at `physical`, rounded down to a word, or null if there is no
  // table.
  const uint64_t* Find(uint64_t physical) const {
    const uint64_t offset = WrappingSub(physical, kBase);
    if (offset >= kSize) return nullptr;
    if ((offset & (kPoolSize - 1)) >= used_[offset >> kPoolShift]) {
      return nullptr;
    }
    return &words_[offset / sizeof(uint64_t)];
  }

  // Writable words from `physical` on, `count` of them, all in one table that
  // exists. `Reset` restores them. Null if a log is full.
  uint64_t* Touch(uint64_t physical, size_t count);

  // From now on, words that are touched are also added to `log`, with their
  // value before; null for no log.
  void set_write_log(WriteLog* log) { write_log_ = log; }
  // A word by its number, one of those that were touched in this case.
  uint64_t WordAt(uint32_t word) const { return words_[word]; }
  void SetWordAt(uint32_t word, uint64_t value) { words_[word] = value; }
  static uint64_t AddressOf(uint32_t word) {
    return kBase + word * sizeof(uint64_t);
  }

  // The table of the word at `physical`, which must exist.
  Level TableLevel(uint64_t physical) const {
    return static_cast<Level>(WrappingSub(physical, kBase) >> kPoolShift);
  }
  // How many words before it are in the same table.
  uint64_t IndexInTable(uint64_t physical) const {
    const int level = Ordinal(TableLevel(physical));
    return (WrappingSub(physical, kBase) & (stride_[level] - 1)) /
           sizeof(uint64_t);
  }
  // Position of its table in the order of creation, within its level.
  uint64_t FrameNumber(uint64_t physical) const {
    const int level = Ordinal(TableLevel(physical));
    return (WrappingSub(physical, kBase) & (kPoolSize - 1)) / stride_[level];
  }
  // Whether a table of `level` begins at `physical`.
  bool IsTable(Level level, uint64_t physical) const {
    return Find(physical) != nullptr && TableLevel(physical) == level &&
           (WrappingSub(physical, kBase) & (stride_[Ordinal(level)] - 1)) == 0;
  }
  // The address of the frame with that number, whether allocated or not.
  uint64_t FrameAddress(Level level, uint64_t number) const {
    return FirstFrame(level) + number * stride_[Ordinal(level)];
  }
  uint64_t frames(Level level) const {
    return used_[Ordinal(level)] / stride_[Ordinal(level)];
  }

  // What is added to an address to have where its word really is.
  uint64_t offset() const {
    return WrappingSub(reinterpret_cast<uint64_t>(words_.get()), kBase);
  }

  // The entry that fills new tables of `level`.
  uint64_t empty(Level level) const { return empty_[Ordinal(level)]; }

 private:
  struct Run {
    uint32_t word;
    uint32_t count;
  };
  struct Free {
    void operator()(uint64_t* words) const;
  };

  std::array<uint64_t, kLevelCount> empty_;
  std::array<uint64_t, kLevelCount> alignment_;
  std::array<uint64_t, kLevelCount> stride_{};
  // Bytes allocated, and bytes that hold empty entries, from each pool's start.
  std::array<uint64_t, kLevelCount> used_{};
  std::array<uint64_t, kLevelCount> filled_{};
  InlineVector<Run, 1024> log_;
  WriteLog* write_log_ = nullptr;
  std::unique_ptr<uint64_t[], Free> words_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_MEMORY_ARENA_H_
