// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_ORACLE_JUDGE_PAGES_H_
#define PXDFUZZ_ORACLE_JUDGE_PAGES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "pxdfuzz/engine/outcome.h"
#include "pxdfuzz/walk/trace.h"

namespace pxdfuzz {

// How a walk's pages compare with the reference, and the first page that
// differs.
struct JudgedPages {
  Outcome outcome = Outcome::kAgrees;
  size_t page = 0;
};

// Compares what a walk returned with what it may return. Each page is asked on
// its own:
//
//   A  It is what its address translates to in some snapshot that there was
//      while the walk ran. kLong, where no snapshot has a page; kWrongPage.
//   B  The pages in front that were there at the start, and whose paths met no
//      changed entry, are all returned. kShort.
//   C  Of a walk with the recheck: it is what its address translates to in some
//      snapshot at or after the taking of its reference. kStale.
//
// In tables of one snapshot that is: the same pages, and as many. A and B are
// sound for all tables. C is sound where Linux frees tables after what hangs
// below them was unmapped: the recheck looks at a leaf, and at the pmd entry
// above a page, and at nothing above. It takes more than three operations to
// bring back an entry behind the recheck's back and leave its path cut.
//
// `count` pages were returned, of which `found` are known, by a walk that ended
// at snapshot `last`; `grabbed` has the snapshots at which references were
// taken, or is empty where C is not asked.
//
//   AnyReference  Reference, or what answers the same page by page, when asked;
//                 pages are asked for in their order
template <class AnyReference>
JudgedPages JudgePages(AnyReference& reference, size_t count,
                       std::span<const uint64_t> found,
                       std::span<const uint8_t> grabbed, size_t last) {
  for (size_t i = 0; i < found.size(); ++i) {
    if (!reference.SnapshotOf(i, found[i], 0, last).has_value()) {
      return {
          reference.IsEverThere(i, last) ? Outcome::kWrongPage : Outcome::kLong,
          i};
    }
    if (!grabbed.empty() &&
        !reference.SnapshotOf(i, found[i], grabbed[i], last).has_value()) {
      return {Outcome::kStale, i};
    }
  }
  if (count > reference.pages_asked()) {
    return {Outcome::kLong, reference.pages_asked()};
  }
  if (reference.MustReturn(count, last)) return {Outcome::kShort, count};
  return {Outcome::kAgrees, count};
}

// What reads beside tables and copies make of pages that came out as `judged`:
// a stray read where the pages are right, and a fault whatever they are, since
// a kernel that reads from nowhere returns nothing at all.
inline void AddStrayReads(const Marks& marks, JudgedPages& judged) {
  const size_t stray = std::min(marks.nowhere, marks.stack_escape);
  if (judged.outcome == Outcome::kAgrees && stray != Marks::kNever) {
    judged = {Outcome::kStrayRead, stray};
  }
  if (marks.nowhere != Marks::kNever) {
    judged = {Outcome::kFault, std::min(judged.page, marks.nowhere)};
  }
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_ORACLE_JUDGE_PAGES_H_
