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

// How many reads a walk does more or less where one leaf is of another level,
// and within how many it comes to the first pages.
inline constexpr int kFewReads = 3;
inline constexpr int kFirstReads = 24;

const Geometry& GeometryOf(const Case& c);

uint64_t EndOf(const Request& request, const Geometry& geometry);
// Behind the last byte of the last entry.
uint64_t EndOf(const TableOp& op, const Geometry& geometry);
bool Holds(const TableOp& op, uint64_t address, const Geometry& geometry);
// Whether what one is about lies in the entries of the other.
bool Touches(const TableOp& one, const TableOp& other,
             const Geometry& geometry);

// Where an operation stands in a case.
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

// Those of the set-up first.
std::vector<OpPlace> OpsOf(const Case& c);

// What kinds cost in a set-up, and as concurrent operations.
uint64_t SetupCost(TableOp::Kind kind);
uint64_t ConcurrentCost(TableOp::Kind kind);
// Kinds of concurrent operations, that with the least to it first.
inline constexpr std::array kPlainFirst = {
    TableOp::Kind::kClear,  TableOp::Kind::kWriteProtect,
    TableOp::Kind::kDetach, TableOp::Kind::kMap,
    TableOp::Kind::kSplit,  TableOp::Kind::kRefill,
    TableOp::Kind::kUpgrade};

// An operation on many entries is no simpler than two on a few each.
uint64_t LinesOf(const TableOp& op);

// The frames of a case whose numbers say nothing: from the second page on, each
// operation's behind those before it. By OpsOf(); 0 for what has none.
std::vector<uint64_t> PlainFrames(const Case& c);

// The first boundary inside a request, of the highest level that has one.
std::optional<std::pair<Level, uint64_t>> Crossed(const Request& request,
                                                  const Geometry& geometry);

// Addresses at which something may well happen to a request: its first and last
// page, those around each boundary in it, where something changes, and what
// lies an entry of any level away from there. Sorted.
std::vector<uint64_t> Places(const Case& c);

// Adds `c`, and where something changes the same with other reads: what makes a
// walk shorter lets it come to a place earlier or later. `most` is how much
// later or earlier.
void AddWithReads(const Case& c, int most, Cases& out);

// Of operations with one address the first stays first.
void SortByAddress(Case& c);

// Each adds what it makes of `c`, as Reduction::propose does.

// Less of something: fewer.cc.
void OneRequest(const Case& c, Cases& out);
void DropSetup(const Case& c, Cases& out);
void DropConcurrent(const Case& c, Cases& out);
void DropWords(const Case& c, Cases& out);
void FewerLevels(const Case& c, Cases& out);
void FewerPages(const Case& c, Cases& out);
void MergeSetup(const Case& c, Cases& out);
void SetupForConcurrent(const Case& c, Cases& out);
void MergeConcurrent(const Case& c, Cases& out);
void FewerEntries(const Case& c, Cases& out);

// Something plainer in its place: plainer.cc.
void PlainConcurrent(const Case& c, Cases& out);
void PlainSetup(const Case& c, Cases& out);
void SmallerLeaves(const Case& c, Cases& out);
void ReadInsteadOfWrite(const Case& c, Cases& out);
void PlainState(const Case& c, Cases& out);
void EarlierReads(const Case& c, Cases& out);
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
