// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_BENCH_CORPUS_RULES_H_
#define PXDFUZZ_BENCH_CORPUS_RULES_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "pxdfuzz/case/case.h"

namespace pxdfuzz {

// The rules by which the corpora of bench/ are made and tested.
struct CorpusRules {
  static constexpr size_t kCases = 200;
  // Cases of at most this many pages are in the folder `small`.
  static constexpr uint16_t kSmall = 32;

  static constexpr std::string_view FolderOf(const Case& c) {
    return c.requests[0].pages <= kSmall ? "small" : "large";
  }
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_BENCH_CORPUS_RULES_H_
