// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_FUZZ_GENERATOR_GENERATOR_H_
#define PXDFUZZ_FUZZ_GENERATOR_GENERATOR_H_

#include <cstdint>
#include <optional>

#include "pxdfuzz/base/rng.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/memory/stack.h"
#include "pxdfuzz/paging/paging_mode_info.h"

namespace pxdfuzz {

// Generates whole cases that Linux could meet, and their parts. Three cases in
// four aim at a boundary. One in four aims at no particular place, since bugs
// near a boundary but not at it are otherwise found late. The results may need
// `Canonicalize`.
class Generator {
 public:
  // Both outlive the object. `info` is of a paging mode that is built.
  Generator(Rng& rng, const PagingModeInfo& info) : rng_(rng), info_(info) {}

  // A canonical case: one to four requests, tables that map most of their
  // pages, and some tables that only a walk that goes wrong would reach.
  Case DrawCase();

  // A request near a boundary, or anywhere.
  Request DrawRequest();
  // A number of pages: usually a few, in one case of ten more than 100.
  uint16_t DrawPages();
  LeafState DrawState();
  // Gives the leaves of an operation of `c` an attribute, which not every
  // architecture has, and the thread rights for its key.
  void AddAttribute(TableOp& op, Case& c);
  // What may happen to a leaf of that level, other than what happens to all.
  TableOp::Kind DrawKindFor(Level level);
  // Of operations that make swap entries.
  TableOp::Kind DrawSwapKind();
  Stack DrawStack();
  StackWord DrawStackWord();
  // A level that has leaves.
  Level DrawLeafLevel();

  // The boundary inside a request's range that is of the highest level.
  std::optional<uint64_t> BoundaryIn(const Request& request) const;
  // Adds operations that map what `request` asks for: one for each side of the
  // boundary in it, occasionally with a hole, a swap entry or another state.
  void Cover(const Request& request, Case& c);
  // Adds an operation that maps what an incorrect walk would find for
  // `request`: as far behind the boundary, or ahead, as an entry of the root or
  // another level spans.
  void AddDecoy(const Request& request, Case& c);
  // Gives the pages of an operation that maps some another kind, usually one
  // for which Linux makes such an entry. Calls for a longer time, in one case
  // of two.
  void AddPageKind(Case& c);
  // Adds a poke of any word on the way to `request`'s pages, mostly one that
  // leads on to a table.
  void AddPoke(const Request& request, Case& c);

  // An operation on the tables of `c` that map `request`, or on a hole next to
  // it, near the time at which a walk gets there.
  ConcurrentOp DrawConcurrentOp(const Request& request, const Case& c);
  // Adds operations that Linux does one after the other: usually one, otherwise
  // several that belong together.
  void AddConcurrentOps(const Request& request, Case& c);

 private:
  // Maps [start, end) by one operation.
  void MapRange(uint64_t start, uint64_t end, Level level,
                const LeafState& state, Case& c);
  uint64_t DrawFrame(uint64_t address);
  // The number of a read that a walk may do around the time at which it reaches
  // that page of the request.
  uint16_t DrawRead(uint64_t page);
  // Lets `op` wait for the reference to that page, or for a read of an entry
  // above it.
  void PinToEvent(uint64_t page, ConcurrentOp& op);
  uint64_t PagesToBytes(int64_t pages) const;

  Rng& rng_;
  const PagingModeInfo& info_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_FUZZ_GENERATOR_GENERATOR_H_
