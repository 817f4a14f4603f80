// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_DETERMINISM_ENUM_NUMBERS_H_
#define PXDFUZZ_TESTS_DETERMINISM_ENUM_NUMBERS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "pxdfuzz/engine/outcome.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/tables/populate.h"
#include "pxdfuzz/walk/trace.h"

namespace pxdfuzz {

// Numbers for enumerators in digests. They never change: if an enumerator is
// renamed or moved, its case here follows.

// For enumerators that are not listed.
inline constexpr uint64_t kNoNumber = 9999;

constexpr uint64_t NumberOf(ArchId arch) {
  switch (arch) {
    case ArchId::kS390:
      return 1;
    case ArchId::kX86:
      return 2;
    case ArchId::kArm64Page16K:
      return 3;
  }
  return kNoNumber;
}

constexpr uint64_t NumberOf(PagingMode mode) {
  return 10 * NumberOf(mode.arch) + mode.levels;
}

constexpr uint64_t NumberOf(Level level) {
  switch (level) {
    case Level::kPte:
      return 0;
    case Level::kPmd:
      return 1;
    case Level::kPud:
      return 2;
    case Level::kP4d:
      return 3;
    case Level::kPgd:
      return 4;
  }
  return kNoNumber;
}

constexpr uint64_t NumberOf(EntryKind::Tag tag) {
  switch (tag) {
    case EntryKind::Tag::kEmpty:
      return 0;
    case EntryKind::Tag::kTable:
      return 1;
    case EntryKind::Tag::kLeaf:
      return 2;
    case EntryKind::Tag::kSwap:
      return 3;
    case EntryKind::Tag::kMalformed:
      return 4;
    case EntryKind::Tag::kMigration:
      return 5;
    case EntryKind::Tag::kHwPoison:
      return 6;
    case EntryKind::Tag::kDevicePrivate:
      return 7;
  }
  return kNoNumber;
}

constexpr uint64_t NumberOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kAgrees:
      return 0;
    case Outcome::kShort:
      return 1;
    case Outcome::kLong:
      return 2;
    case Outcome::kWrongPage:
      return 3;
    case Outcome::kStrayRead:
      return 4;
    case Outcome::kFault:
      return 5;
    case Outcome::kStale:
      return 6;
  }
  return kNoNumber;
}

constexpr uint64_t NumberOf(Cause cause) {
  switch (cause) {
    case Cause::kNone:
      return 0;
    case Cause::kStackEscape:
      return 1;
    case Cause::kWrongEntry:
      return 2;
    case Cause::kDoubleFetch:
      return 3;
    case Cause::kVacuousRecheck:
      return 4;
  }
  return kNoNumber;
}

// For results of Populate().
constexpr uint64_t NumberOfMalformed(Inconclusive reason) {
  switch (reason) {
    case Inconclusive::kNo:
      return 0;
    case Inconclusive::kMalformedWord:
      return 1;
    case Inconclusive::kMalformedTable:
      return 2;
    case Inconclusive::kMalformedControl:
      return 3;
    default:
      break;
  }
  return kNoNumber;
}

constexpr uint64_t NumberOf(Inconclusive reason) {
  switch (reason) {
    case Inconclusive::kNo:
      return 0;
    case Inconclusive::kEmptyCase:
      return 1;
    case Inconclusive::kOverflow:
      return 2;
    case Inconclusive::kBeyondLimit:
      return 3;
    case Inconclusive::kMalformedWord:
      return 4;
    case Inconclusive::kMalformedTable:
      return 5;
    case Inconclusive::kMalformedControl:
      return 6;
    case Inconclusive::kFreesPages:
      return 7;
    case Inconclusive::kInsideLeaf:
      return 8;
    case Inconclusive::kMapsOver:
      return 9;
    case Inconclusive::kMapsIntoCollapse:
      return 10;
    case Inconclusive::kDetachesNothing:
      return 11;
    case Inconclusive::kSplitsNothing:
      return 12;
    case Inconclusive::kRefillsNothing:
      return 13;
    case Inconclusive::kUpgradesNothing:
      return 14;
    case Inconclusive::kReachedTrap:
      return 15;
    case Inconclusive::kMovesNothing:
      return 16;
    case Inconclusive::kNotConfigured:
      return 17;
    case Inconclusive::kNoRule:
      return 18;
    case Inconclusive::kRefilled:
      return 19;
    case Inconclusive::kUnsharesNothing:
      return 20;
  }
  return kNoNumber;
}

constexpr uint64_t NumberOf(Verdict::Kind kind) {
  switch (kind) {
    case Verdict::Kind::kInconclusive:
      return 0;
    case Verdict::Kind::kAgrees:
      return 1;
    case Verdict::Kind::kExpectedFailure:
      return 2;
    case Verdict::Kind::kFinding:
      return 3;
  }
  return kNoNumber;
}

// The walk of each number: two boundary rules, times three descents, times two
// steps.
inline constexpr std::array<Policy, 12> kWalkOfNumber = {{
    {BoundaryRule::kStatic, Descent::kByPointer, Step::kIncrement},
    {BoundaryRule::kStatic, Descent::kByPointer, Step::kRecompute},
    {BoundaryRule::kStatic, Descent::kByValue, Step::kIncrement},
    {BoundaryRule::kStatic, Descent::kByValue, Step::kRecompute},
    {BoundaryRule::kStatic, Descent::kLockless, Step::kIncrement},
    {BoundaryRule::kStatic, Descent::kLockless, Step::kRecompute},
    {BoundaryRule::kFoldedAware, Descent::kByPointer, Step::kIncrement},
    {BoundaryRule::kFoldedAware, Descent::kByPointer, Step::kRecompute},
    {BoundaryRule::kFoldedAware, Descent::kByValue, Step::kIncrement},
    {BoundaryRule::kFoldedAware, Descent::kByValue, Step::kRecompute},
    {BoundaryRule::kFoldedAware, Descent::kLockless, Step::kIncrement},
    {BoundaryRule::kFoldedAware, Descent::kLockless, Step::kRecompute},
}};

constexpr uint64_t NumberOf(Policy policy) {
  for (size_t i = 0; i < kWalkOfNumber.size(); ++i) {
    if (kWalkOfNumber[i] == policy) return i;
  }
  return kNoNumber;
}

// A number of pages at which a walk did something, or never.
constexpr uint64_t NumberOfViolation(size_t page) {
  return page == FirstViolations::kNever ? ~uint64_t{0} : page;
}

// For an optional index.
constexpr uint64_t NumberOfIndex(const std::optional<size_t>& index) {
  return index.has_value() ? *index : ~uint64_t{0};
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TESTS_DETERMINISM_ENUM_NUMBERS_H_
