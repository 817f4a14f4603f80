// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_CASE_CASE_H_
#define PXDFUZZ_CASE_CASE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "pxdfuzz/base/inline_vector.h"
#include "pxdfuzz/memory/stack.h"
#include "pxdfuzz/paging/leaf.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/paging_mode.h"

namespace pxdfuzz {

// One call of gup_fast.
struct Request {
  uint64_t start = 0;  // a multiple of the page size; any, also out of range
  uint16_t pages = 1;  // 1 to Case::kMaxPages
  bool write = false;

  friend constexpr bool operator==(const Request&, const Request&) = default;
};

// One thing done to the tables, in the order in which they are listed.
struct Record {
  enum class Kind : uint8_t {
    kMap,          // maps leaves of `level`
    kClear,        // empties entries of `level`
    kSwap,         // makes swap entries
    kPoke,         // writes `word` into one entry of `level`
    kPokeControl,  // gives the hardware `word` in place of the root's address
  };

  Kind kind = Kind::kMap;
  Level level = Level::kPte;
  // Virtual address of the first entry; a multiple of what it spans. 0 for
  // kPokeControl.
  uint64_t address = 0;
  // Entries, 1 to Case::kMaxPages; 1 for pokes.
  uint16_t count = 1;
  // For kMap: physical address of the first page, a multiple of what an entry
  // spans and below 2^32 pages. For kSwap the place, likewise. Else 0.
  uint64_t frame = 0;
  LeafState state = {};  // for kMap, else the default
  uint64_t word = 0;     // for pokes, else 0

  friend constexpr bool operator==(const Record&, const Record&) = default;
};

// What another processor does to the tables while a walk reads them, all of it
// between two reads. Each is something that Linux does in one step of its own,
// or in steps of which a walk would see no more.
struct Change {
  enum class Kind : uint8_t {
    // Empties entries of `level`: pages are unmapped, or a table that holds
    // nothing any more is freed. In a page table that was detached too.
    kClear,
    // Empties the pmd entry of a page table that may hold pages still, as
    // collapse does first of all.
    kDetach,
    // Maps leaves of `level` where nothing is: a page fault; a collapse's end.
    kMap,
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
  static constexpr uint16_t kMaxRead = 2048;

  Kind kind = Kind::kClear;
  // pmd for kDetach and kSplit, pte for kRefill and kUpgrade.
  Level level = Level::kPte;
  // It is done before the walk's read of an entry of that number, 1 to
  // kMaxRead, and never where the walk reads less. Reads of local copies count
  // too, so that walks which differ in nothing else are at the same place; what
  // pgd_offset() reads does not, and comes after all that is done before the
  // first read. A reference is taken after what is done before the read that
  // follows.
  uint16_t read = 1;
  // As a Record has them: virtual address of the first entry, 0 for kUpgrade;
  // how many entries, 1 but for kClear, kMap, kWriteProtect and kRefill, and
  // within one table for kRefill; for kMap and kRefill the first frame, ...
  uint64_t address = 0;
  uint16_t count = 1;
  uint64_t frame = 0;
  // ... and the state.
  LeafState state = {};

  friend constexpr bool operator==(const Change&, const Change&) = default;
};

inline constexpr size_t kChangeKindCount = 7;

constexpr std::string_view Name(Change::Kind kind) {
  constexpr std::array<std::string_view, kChangeKindCount> kNames = {
      "clear", "detach", "map", "split", "write-protect", "refill", "upgrade"};
  return kNames[static_cast<size_t>(kind)];
}

// What the change has, of what not all have.
constexpr bool HasFrame(Change::Kind kind) {
  return kind == Change::Kind::kMap || kind == Change::Kind::kRefill;
}
constexpr bool HasCount(Change::Kind kind) {
  return HasFrame(kind) || kind == Change::Kind::kClear ||
         kind == Change::Kind::kWriteProtect;
}

// The value that one input decodes to: an address space, what lies on the stack
// of whoever walks it, the requests, and what changes while they are walked.
//
// A Case made by `Decode` says exactly what bytes can say, and
// `Decode(Encode(c)) == c` for it.
struct Case {
  static constexpr uint16_t kMaxPages = 512;

  PagingMode mode;
  Stack stack;
  // None in the empty case, which bytes that mean nothing decode to.
  InlineVector<Request, 4> requests;
  InlineVector<Record, 24> records;
  // In the order in which they are done: `read` never falls. Each walk of each
  // request meets all of them, on tables as the records have made them.
  InlineVector<Change, 3> changes;

  constexpr bool empty() const { return requests.empty(); }

  friend constexpr bool operator==(const Case&, const Case&) = default;
};

// The byte format, version 1. All of it is fixed: 20 bytes for the paging mode,
// the first request and the stack, then records of 20 bytes, each a further
// request, a word on the stack, something done to the tables or a change while
// they are walked. Bytes past the end count as zero. Selectors are tables of
// 256 values, so nearly every input means something; addresses are relative to
// the first request, which is drawn near a boundary. docs/format.md has the
// tables.
inline constexpr uint8_t kFormatVersion = 1;
inline constexpr size_t kRecordBytes = 20;
inline constexpr size_t kMaxEncodedSize =
    kRecordBytes * (1 + (4 - 1) + 4 + 24 + 3);

// Never fails: another version, an architecture that is not built or a kind of
// record that is not built give the empty case; what exceeds the capacity of a
// Case is left out.
Case Decode(std::span<const uint8_t> bytes);

// Writes the canonical bytes of `c` and returns how many they are: none for the
// empty case. `out` has room for kMaxEncodedSize.
size_t Encode(const Case& c, std::span<uint8_t> out);

// Makes `c` a case that bytes can say: counts and frames are cut to their
// range, addresses and frames aligned down, levels that the paging mode has not
// replaced by the next lower one, states that a level has not by what it has;
// a change comes no earlier than the one before it.
void Canonicalize(Case& c);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_CASE_CASE_H_
