// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_CASE_TABLE_OP_H_
#define PXDFUZZ_CASE_TABLE_OP_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "pxdfuzz/paging/leaf.h"
#include "pxdfuzz/paging/level.h"

namespace pxdfuzz {

// One operation on page tables. A case's set-up is a list of them; see
// ConcurrentOp for those that are done while a walk reads the tables.
struct TableOp {
  enum class Kind : uint8_t {
    // Maps leaves of `level`; concurrent, where nothing is: a page fault, or
    // the end of a collapse.
    kMap,
    // Empties entries of `level`; concurrent: pages are unmapped, or a table
    // that holds nothing any more is freed. In a detached page table too.
    kClear,

    // In a set-up alone.
    kSwap,         // makes swap entries
    kPoke,         // writes `word` into one entry of `level`
    kPokeControl,  // gives the hardware `word` in place of the root's address

    // Concurrent alone. Each is something that Linux does in one step of its
    // own, or in steps of which a walk would see no more.
    //
    // Empties the pmd entry of a page table that may hold pages still, as
    // collapse does first of all.
    kDetach,
    // Puts a table of its pages in the place of a large leaf of pmd.
    kSplit,
    // Takes write access from leaves of `level`: fork.
    kWriteProtect,
    // Empties the page table that was detached last, fills it with pages for
    // another place and puts it there.
    kRefill,
    // Gives the mm a root table on top of the one that it has.
    kUpgrade,
  };

  Kind kind = Kind::kMap;
  // pte for kSwap, kPokeControl, kRefill and kUpgrade, pmd for kDetach and
  // kSplit.
  Level level = Level::kPte;
  // Virtual address of the first entry, a multiple of what it spans; 0 where
  // there is none, see HasAddress().
  uint64_t address = 0;
  // Entries, 1 to Case::kMaxPages and within one table for kRefill; 1 where
  // there is no count, see HasCount().
  uint16_t count = 1;
  // For kMap and kRefill the physical address of the first page, a multiple of
  // what an entry spans and below 2^32 pages; for kSwap the place, in the same
  // form. Else 0.
  uint64_t frame = 0;
  LeafState state = {};  // for kMap and kRefill, else the default
  uint64_t word = 0;     // for kPoke and kPokeControl, else 0

  friend constexpr bool operator==(const TableOp&, const TableOp&) = default;
};

// The kinds of a set-up, and those of concurrent operations.
inline constexpr std::array kSetupKinds = {
    TableOp::Kind::kMap, TableOp::Kind::kClear, TableOp::Kind::kSwap,
    TableOp::Kind::kPoke, TableOp::Kind::kPokeControl};
inline constexpr std::array kConcurrentKinds = {
    TableOp::Kind::kClear,        TableOp::Kind::kDetach,
    TableOp::Kind::kMap,          TableOp::Kind::kSplit,
    TableOp::Kind::kWriteProtect, TableOp::Kind::kRefill,
    TableOp::Kind::kUpgrade};

constexpr std::string_view Name(TableOp::Kind kind) {
  constexpr std::array<std::string_view, 10> kNames = {
      "map",    "clear", "swap",          "poke",   "poke-control",
      "detach", "split", "write-protect", "refill", "upgrade"};
  return kNames[static_cast<size_t>(kind)];
}

// Which members an operation of that kind has.
constexpr bool IsPoke(TableOp::Kind kind) {
  return kind == TableOp::Kind::kPoke || kind == TableOp::Kind::kPokeControl;
}
constexpr bool HasAddress(TableOp::Kind kind) {
  return kind != TableOp::Kind::kPokeControl && kind != TableOp::Kind::kUpgrade;
}
constexpr bool HasState(TableOp::Kind kind) {
  return kind == TableOp::Kind::kMap || kind == TableOp::Kind::kRefill;
}
constexpr bool HasFrame(TableOp::Kind kind) {
  return HasState(kind) || kind == TableOp::Kind::kSwap;
}
constexpr bool HasCount(TableOp::Kind kind) {
  return HasFrame(kind) || kind == TableOp::Kind::kClear ||
         kind == TableOp::Kind::kWriteProtect;
}

// What another processor does to the tables while a walk reads them, all of it
// between two reads.
struct ConcurrentOp : TableOp {
  static constexpr uint16_t kMaxRead = 2048;

  // It is done before the walk's read of an entry of that number, 1 to
  // kMaxRead, and never where the walk reads less. Reads of local copies count
  // too, so that walks which differ in nothing else are at the same place; what
  // pgd_offset() reads does not, and comes after all that is done before the
  // first read. A reference is taken after what is done before the read that
  // follows.
  uint16_t read = 1;

  friend constexpr bool operator==(const ConcurrentOp&,
                                   const ConcurrentOp&) = default;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_CASE_TABLE_OP_H_
