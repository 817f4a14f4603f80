// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_CASE_CASE_H_
#define PXDFUZZ_CASE_CASE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "pxdfuzz/base/inline_vector.h"
#include "pxdfuzz/case/table_op.h"
#include "pxdfuzz/memory/stack.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/page_kind.h"
#include "pxdfuzz/paging/paging_mode.h"

namespace pxdfuzz {

// The references that a call takes: FOLL_GET, FOLL_PIN, or each of them in one
// of two calls.
enum class References : uint8_t { kEach, kGet, kPin };

constexpr std::string_view Name(References references) {
  constexpr std::array<std::string_view, 3> kNames = {"each", "get", "pin"};
  return kNames[static_cast<size_t>(references)];
}

// One call of gup_fast.
struct Request {
  uint64_t start = 0;  // a multiple of the page size; may be out of range
  uint16_t pages = 1;  // 1 to Case::kMaxPages
  bool write = false;
  References references = References::kEach;
  // FOLL_LONGTERM, which Linux combines with FOLL_PIN only: of two calls, the
  // one with FOLL_PIN has it. False for FOLL_GET.
  bool longterm = false;
  // What fails if the walk gets that far, as an index of a page of the request,
  // below `pages`: the reference that cannot be taken, and the page that
  // arch_make_page_accessible() fails for. Kernel code alone has such failures,
  // in tables that nobody changes. Of what a request does not name, its judge
  // tries one.
  std::optional<uint16_t> refused;
  std::optional<uint16_t> inaccessible;

  // Whether a call with FOLL_PIN, or else FOLL_GET, is part of the request.
  constexpr bool Takes(bool pin) const {
    return references != (pin ? References::kGet : References::kPin);
  }

  friend constexpr bool operator==(const Request&, const Request&) = default;
};

// The kind of the pages behind consecutive frames: `count` times as many as an
// entry of `level` maps. Kernel code alone asks for it.
struct PageRange {
  PageKind kind = PageKind::kAnonymous;
  Level level = Level::kPte;  // one that has leaves
  // The physical address of the first page, a multiple of the level's span and
  // below 2^32 pages.
  uint64_t frame = 0;
  uint16_t count = 1;  // 1 to Case::kMaxPages

  friend constexpr bool operator==(const PageRange&,
                                   const PageRange&) = default;
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
  // x86-64: what the thread may do with pages of protection keys 0 to 7, the
  // lower half of PKRU: see KeyForbids(). Kernel code alone asks for it.
  uint16_t pkru = 0;
  // Later ranges win over earlier ones; pages in none are kAnonymous.
  InlineVector<PageRange, 4> pages;
  // What makes the tables, in this order.
  InlineVector<TableOp, 24> setup;
  // In the order in which they are done: among those that wait for one event,
  // `number` never decreases. Each walk of each request meets all of them, on
  // the tables of the set-up.
  InlineVector<ConcurrentOp, 3> concurrent;

  constexpr bool empty() const { return requests.empty(); }

  // The same with one of its requests, that at position `request`.
  constexpr Case WithOnly(size_t request) const {
    Case one = *this;
    one.requests.clear();
    one.requests.push_back(requests[request]);
    return one;
  }

  friend constexpr bool operator==(const Case&, const Case&) = default;
};

// The byte format, version 2: a header, then records of a type, a length and a
// payload, each a further request, a word on the stack, a range of pages, an
// operation of the set-up or a concurrent one. Bytes past the end of a record
// or of the input count as zero, and records of unknown types are skipped. Most
// bytes are selectors, tables of 256 values, so nearly every input is
// meaningful; addresses are relative to the first request, which is drawn near
// a boundary. docs/format.md has the tables.
inline constexpr uint8_t kFormatVersion = 2;
inline constexpr size_t kHeaderBytes = 24;
// In bytes, for version 1 too.
inline constexpr size_t kMaxEncodedSize = 800;

// Version 1 has a header and records of this size.
inline constexpr uint8_t kFormatVersion1 = 1;
inline constexpr size_t kV1RecordBytes = 20;

// Decodes either version. Never fails: another version, an architecture that is
// not built or a kind of record that is not built give the empty case; what
// exceeds the capacity of a Case is left out.
Case Decode(std::span<const uint8_t> bytes);

// Writes the canonical bytes of `c` and returns how many they are: none for the
// empty case. `out` has room for kMaxEncodedSize.
size_t Encode(const Case& c, std::span<uint8_t> out);

// The same in version 1. Nothing if that cannot represent `c`.
std::optional<size_t> EncodeV1(const Case& c, std::span<uint8_t> out);

// Makes `c` a case that bytes can represent. Limits counts and frames to their
// range and aligns addresses and frames down. Replaces levels that the paging
// mode does not have by the next lower level, states that a level does not have
// by one that it has, and kinds that bytes cannot represent by kClear. No
// concurrent operation waits for an earlier occurrence of an event than one
// before it.
void Canonicalize(Case& c);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_CASE_CASE_H_
