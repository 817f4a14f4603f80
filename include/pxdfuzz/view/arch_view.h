// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_VIEW_ARCH_VIEW_H_
#define PXDFUZZ_VIEW_ARCH_VIEW_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/memory/arena.h"
#include "pxdfuzz/memory/arena_memory.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/reference/reference.h"
#include "pxdfuzz/reference/translate.h"
#include "pxdfuzz/tables/address_space.h"
#include "pxdfuzz/tables/timeline.h"

namespace pxdfuzz {

// Called for each entry that the reference reads: its level, physical address
// and word.
using OnFetch = std::function<void(Level, uint64_t, uint64_t)>;

// An architecture at run time, for code that is not a template: the functions
// of its type in one table. Plain values are in PagingModeInfo.
struct ArchView {
  // An arena for its tables.
  std::unique_ptr<Arena> (*make_arena)();
  // Makes the tables of a case in a clean arena, and all their snapshots. They
  // exist until the result is destroyed.
  std::shared_ptr<void> (*populate)(const Case&, Arena&, Timeline&);
  // The pages that a walk may return for a request, in each snapshot.
  void (*make_reference)(Timeline&, const ArenaMemory&, const Request&,
                         Reference&);
  // The hardware's translation of one address from a root table.
  Translation (*translate)(const Top&, const ArenaMemory&, uint64_t address,
                           const OnFetch&);
  // What the manual calls the exception `code`.
  std::string_view (*code_name)(uint16_t code);
  // The page of an address that a leaf maps.
  uint64_t (*frame)(Level, uint64_t word, uint64_t address);
  // What a word means as an entry of a level, which is real.
  EntryKind (*classify)(Level, uint64_t word);
  // Whether gup_fast may return a page by that entry.
  bool (*allows)(Level, uint64_t word, bool write);
  // log2 of the span that pXd_addr_end() and pXd_addr_end_folded() assume for
  // an entry of a level.
  int (*static_shift)(int levels, Level);
  int (*folded_aware_shift)(int levels, Level, uint64_t word);
};

// The view of an architecture that is built.
const ArchView& ViewOf(ArchId arch);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_VIEW_ARCH_VIEW_H_
