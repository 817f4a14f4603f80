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

// Compares what a walk returned with what it may return. Each page is judged
// separately:
//
//   A  It is what its address translates to in some snapshot that existed
//      during the walk. kLong if no snapshot has a page; otherwise kWrongPage.
//   B  The pages at the start of the range that were there at the start of the
//      walk, and whose paths had no changed entry, are all returned. kShort.
//   C  For a walk with the recheck: it is what its address translates to in
//      some snapshot at or after the taking of its reference. kStale.
//
// In tables with one snapshot this means: the same pages, and the same number.
// A and B are sound for all tables. C is sound if Linux unmaps what is below a
// table before it frees the table: the recheck looks at a leaf, and at the pmd
// entry above a page, and at nothing above. More than three operations are
// necessary to restore an entry before the recheck reads it and leave its path
// disconnected.
//
// `count` pages were returned, of which `found` are known, by a walk that ended
// at snapshot `last`; `grabbed` has the snapshots at which references were
// taken, or is empty if C does not apply.
//
//   AnyReference  Reference, or a type that computes the same page by page;
//                 pages are asked for in order
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

// Takes reads outside tables and copies into account: a stray read if the pages
// are right, and a fault whatever the pages are, since a kernel that reads from
// nowhere returns nothing.
inline void AddStrayReads(const FirstViolations& violations,
                          JudgedPages& judged) {
  const size_t stray = std::min(violations.nowhere, violations.stack_escape);
  if (judged.outcome == Outcome::kAgrees && stray != FirstViolations::kNever) {
    judged = {Outcome::kStrayRead, stray};
  }
  if (violations.nowhere != FirstViolations::kNever) {
    judged = {Outcome::kFault, std::min(judged.page, violations.nowhere)};
  }
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_ORACLE_JUDGE_PAGES_H_
