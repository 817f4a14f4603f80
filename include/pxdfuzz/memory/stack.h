// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_MEMORY_STACK_H_
#define PXDFUZZ_MEMORY_STACK_H_

#include <cstdint>
#include <string_view>

#include "pxdfuzz/base/inline_vector.h"

namespace pxdfuzz {

// The content of a word of the stack near a local copy of an entry.
enum class StackContent : uint8_t {
  kZero,
  kCopy,  // an older copy of the same entry
  kNext,  // an older copy of the next entry in the same table
  kWord,  // any word
};

constexpr std::string_view Name(StackContent content) {
  constexpr std::string_view kNames[] = {"zero", "copy", "next", "word"};
  return kNames[static_cast<size_t>(content)];
}

// One word, `distance` words above the copy (below if negative; never 0).
struct StackWord {
  int16_t distance = 1;
  StackContent content = StackContent::kZero;
  uint64_t word = 0;  // for kWord, otherwise 0

  friend constexpr bool operator==(const StackWord&,
                                   const StackWord&) = default;
};

// The kernel stack around every local copy that a walk makes.
struct Stack {
  static constexpr uint64_t kBase = 0x7f'0000'0000'0000;
  static constexpr uint16_t kMaxPosition = 2047;

  // The word of its page in which a copy is, 0 to kMaxPosition.
  uint16_t position = 0;
  // The content of every word that is not listed below; not kWord.
  StackContent around = StackContent::kZero;
  InlineVector<StackWord, 4> words;

  // The address of every copy.
  constexpr uint64_t address() const {
    return kBase + uint64_t{position} * sizeof(uint64_t);
  }

  // The content `distance` words from a copy. If several words have one
  // distance, the first counts.
  constexpr StackWord At(int64_t distance) const {
    for (const StackWord& word : words) {
      if (word.distance == distance) return word;
    }
    return {.content = around};
  }

  friend constexpr bool operator==(const Stack&, const Stack&) = default;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_MEMORY_STACK_H_
