// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_KERNEL_ANSWER_H_
#define PXDFUZZ_KERNEL_ANSWER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pxdfuzz/level.h"

namespace pxdfuzz {

// One read of an entry by kernel text.
struct KernelRead {
  Level level = Level::kPte;
  std::string file;  // as the tree names it
  int line = 0;
  // Physical address, of a word in a table; or nothing, for a read of the
  // stack.
  std::optional<uint64_t> physical;
  // On the stack: how many bytes it stands above the first place that this line
  // read there.
  int64_t above_copy = 0;
  uint64_t value = 0;

  friend bool operator==(const KernelRead&, const KernelRead&) = default;
};

// What kernel text did with one request.
struct KernelAnswer {
  enum class End : uint8_t { kReturned, kRefused, kMalformed, kFault, kBug };

  End end = End::kReturned;
  // Of a BUG(): where.
  std::string bug;
  // Pages that it returned, in order; physical addresses.
  std::vector<uint64_t> pages;
  // A finding's name, or "known NAME", or empty.
  std::string finding;
  std::vector<KernelRead> reads;

  friend bool operator==(const KernelAnswer&, const KernelAnswer&) = default;
};

// Which kernel text it is.
struct KernelText {
  std::string name;     // "kernel-6.1-s390-by-value"
  std::string version;  // "6.1.192"
  std::string cut;      // a hash of the text
  std::string arch;     // "s390"
  std::string variant;  // "by-value"

  friend bool operator==(const KernelText&, const KernelText&) = default;
};

// How a program that holds kernel text and whoever asks it talk: words and
// lines, read and written by both sides here. `FromLines` gives nothing where
// the lines are not what `ToLines` writes.
//
//   name kernel-6.1-s390        version, cut, arch, variant likewise
//
//   request returned            or refused, malformed, fault, bug FILE:LINE
//   finding NAME                where there is one
//   pages 0x1000 0x2000
//   read pgd table 0x10800000 0x1080400b mm/gup.c 2931
//   read p4d stack 8 0x0 mm/gup.c 2906
//   end
std::string ToLines(const KernelText& text);
std::optional<KernelText> TextFromLines(std::string_view lines);
std::string ToLines(const KernelAnswer& answer);
std::optional<KernelAnswer> AnswerFromLines(std::string_view lines);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_KERNEL_ANSWER_H_
