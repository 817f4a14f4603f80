// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REPORT_WORDS_H_
#define PXDFUZZ_REPORT_WORDS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/policy.h"

namespace pxdfuzz {

// A choice on an axis: its name, and the kernel's code for it.
struct ChoiceText {
  std::string_view name;    // "by-value"
  std::string_view kernel;  // "pXd_offset(&pXd, addr)"
};

ChoiceText Describe(BoundaryRule boundary);
ChoiceText Describe(Descent descent);
ChoiceText Describe(Step step);

// "mm/gup.c before d3f7b1bb2040": what contains that walk, or empty.
std::string_view KnownAs(Policy policy);

// What a walk is, for a reader who knows the kernel but not this project.
std::string DescribeWalk(Policy policy);

// "a read of the stack outside the copy that the pointer was made from".
std::string_view Describe(Cause cause);

// "pudp".
std::string PointerName(Level level);
// "pud_offset(&p4d, addr)": the call with which a walk enters the loop of
// `level`.
std::string OffsetCall(Policy policy, Level level);
// "pud_addr_end()", "pgd_addr_end_folded()".
std::string BoundaryCall(Policy policy, Level level);

// "page 3", "pages 3 to 5".
std::string PageNumbers(size_t first, uint64_t count);
// "snapshot 1", "snapshots 1 and 2", "snapshots 0 to 2".
std::string SnapshotNumbers(size_t first, size_t last);
// "1 word above", "3 bytes below", "elsewhere": where the stack was read, from
// a local copy.
std::string DistanceFromCopy(std::optional<int64_t> bytes);

// A rule that kernel code may break, other than the rule about pages.
struct RuleText {
  std::string_view name;      // "references"
  std::string_view headline;  // what the code did; follows its name
  std::string_view rule;      // the text of the rule
};
// Null for another name.
const RuleText* RuleOfName(std::string_view name);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_REPORT_WORDS_H_
