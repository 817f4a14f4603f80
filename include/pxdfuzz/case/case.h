// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_CASE_CASE_H_
#define PXDFUZZ_CASE_CASE_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "pxdfuzz/base/inline_vector.h"
#include "pxdfuzz/case/table_op.h"
#include "pxdfuzz/memory/stack.h"
#include "pxdfuzz/paging/paging_mode.h"

namespace pxdfuzz {

// One call of gup_fast.
struct Request {
  uint64_t start = 0;  // a multiple of the page size; may be out of range
  uint16_t pages = 1;  // 1 to Case::kMaxPages
  bool write = false;

  friend constexpr bool operator==(const Request&, const Request&) = default;
};

// The value that one input decodes to: an address space, the content of the
// walk's stack, the requests, and the concurrent operations.
//
// A Case from `Decode` holds only what bytes can represent: `Decode(Encode(c))
// == c`.
struct Case {
  static constexpr uint16_t kMaxPages = 512;

  PagingMode mode;
  Stack stack;
  // None in the empty case, the result of decoding meaningless bytes.
  InlineVector<Request, 4> requests;
  // What makes the tables, in this order.
  InlineVector<TableOp, 24> setup;
  // In the order in which they are done: `read` never decreases. Each walk of
  // each request meets all of them, on the tables of the set-up.
  InlineVector<ConcurrentOp, 3> concurrent;

  constexpr bool empty() const { return requests.empty(); }

  friend constexpr bool operator==(const Case&, const Case&) = default;
};

// The byte format, version 1. All of it is fixed: 20 bytes for the paging mode,
// the first request and the stack, then records of 20 bytes, each a further
// request, a word on the stack, an operation of the set-up or a concurrent one.
// Bytes past the end count as zero. Selectors are tables of 256 values, so
// nearly every input is meaningful; addresses are relative to the first
// request, which is drawn near a boundary. docs/format.md has the tables.
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

// Makes `c` a case that bytes can represent. Limits counts and frames to their
// range and aligns addresses and frames down. Replaces levels that the paging
// mode does not have by the next lower level, states that a level does not have
// by one that it has, and kinds that bytes cannot represent by kClear. No
// concurrent operation comes earlier than the one before it.
void Canonicalize(Case& c);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_CASE_CASE_H_
