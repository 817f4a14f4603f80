// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_SHRINK_REDUCTIONS_H_
#define PXDFUZZ_SRC_SHRINK_REDUCTIONS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/case/table_op.h"
#include "pxdfuzz/paging/geometry.h"
#include "pxdfuzz/paging/level.h"

// Reductions of cases, and what they share.

namespace pxdfuzz::shrink {

using Cases = std::vector<Case>;

// How many reads a walk does more or less if one leaf has another level, and
// within how many reads it reaches the first pages.
inline constexpr int kFewReads = 3;
inline constexpr int kFirstReads = 24;

const Geometry& GeometryOf(const Case& c);

uint64_t EndOf(const Request& request, const Geometry& geometry);
// The address behind the last entry's last byte.
uint64_t EndOf(const TableOp& op, const Geometry& geometry);
bool Holds(const TableOp& op, uint64_t address, const Geometry& geometry);
// Whether the entries of one operation are within those of the other.
bool Touches(const TableOp& one, const TableOp& other,
             const Geometry& geometry);

// The position of an operation in a case.
struct OpPlace {
  bool concurrent = false;
  size_t index = 0;

  TableOp& In(Case& c) const {
    return concurrent ? c.concurrent[index] : c.setup[index];
  }
  const TableOp& In(const Case& c) const {
    return concurrent ? c.concurrent[index] : c.setup[index];
  }
};

// First those of the set-up.
std::vector<OpPlace> OpsOf(const Case& c);

// The cost of kinds in a set-up, and as concurrent operations.
uint64_t SetupCost(TableOp::Kind kind);
uint64_t ConcurrentCost(TableOp::Kind kind);
// Kinds of concurrent operations, the simplest first.
inline constexpr std::array kPlainFirst = {
    TableOp::Kind::kClear,   TableOp::Kind::kWriteProtect,
    TableOp::Kind::kDetach,  TableOp::Kind::kMap,
    TableOp::Kind::kSplit,   TableOp::Kind::kInvalidate,
    TableOp::Kind::kMigrate, TableOp::Kind::kRefill,
    TableOp::Kind::kUpgrade, TableOp::Kind::kUnshare};

// An operation on many entries is no simpler than two on a few each.
uint64_t LinesOf(const TableOp& op);

// The frames of a case with meaningless numbers: from the second page on, each
// operation's frames follow those of the previous one. By OpsOf(); 0 for
// operations without frames.
std::vector<uint64_t> PlainFrames(const Case& c);

// The first boundary inside a request, of the highest level that has one.
std::optional<std::pair<Level, uint64_t>> Crossed(const Request& request,
                                                  const Geometry& geometry);

// Addresses at which an operation may well affect a request: its first and last
// page, the pages around each boundary in it, where something changes, and
// addresses one entry of any level away from these. Sorted.
std::vector<uint64_t> Places(const Case& c);

// Adds `c`, and if something changes, the same with other reads: a shorter walk
// reaches a place earlier or later. `most` is the maximum difference.
void AddWithReads(const Case& c, int most, Cases& out);

// Among operations with one address, the first stays first.
void SortByAddress(Case& c);

// Each adds its candidates for `c`, as Reduction::propose does.

// Less of something: fewer.cc.
void OneRequest(const Case& c, Cases& out);
void DropSetup(const Case& c, Cases& out);
void DropConcurrent(const Case& c, Cases& out);
void DropWords(const Case& c, Cases& out);
void FewerKinds(const Case& c, Cases& out);
void FewerLevels(const Case& c, Cases& out);
void FewerPages(const Case& c, Cases& out);
void MergeSetup(const Case& c, Cases& out);
void SetupForConcurrent(const Case& c, Cases& out);
void MergeConcurrent(const Case& c, Cases& out);
void FewerEntries(const Case& c, Cases& out);

// Something simpler instead: plainer.cc.
void PlainConcurrent(const Case& c, Cases& out);
void PlainSetup(const Case& c, Cases& out);
void SmallerLeaves(const Case& c, Cases& out);
void ReadInsteadOfWrite(const Case& c, Cases& out);
void FewerFailures(const Case& c, Cases& out);
void PlainState(const Case& c, Cases& out);
void EarlierReads(const Case& c, Cases& out);
void PinToEvents(const Case& c, Cases& out);
void PlainStack(const Case& c, Cases& out);

// The same at other addresses and with other frames: moved.cc.
void SortSetup(const Case& c, Cases& out);
void LowerAddresses(const Case& c, Cases& out);
void MoveOp(const Case& c, Cases& out);
void PlainFramesOnly(const Case& c, Cases& out);

// The simplest cases of a few operations: start_over.cc.
void StartOver(const Case& c, Cases& out);

}  // namespace pxdfuzz::shrink

#endif  // PXDFUZZ_SRC_SHRINK_REDUCTIONS_H_
