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

// Sees each entry that the reference reads: its level, its physical address and
// its word.
using OnFetch = std::function<void(Level, uint64_t, uint64_t)>;

// An architecture at run time, for code that is no template: what its type
// says, behind one table of functions. Plain values are in PagingModeInfo.
struct ArchView {
  // An arena for its tables.
  std::unique_ptr<Arena> (*make_arena)();
  // Makes the tables of a case in a clean arena, and all their snapshots. They
  // are there until what is returned is destroyed.
  std::shared_ptr<void> (*populate)(const Case&, Arena&, Timeline&);
  // What a walk may return for a request, in each snapshot.
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
  // 2 to the power of that is what pXd_addr_end() and pXd_addr_end_folded()
  // take an entry of a level to span.
  int (*static_shift)(int levels, Level);
  int (*folded_aware_shift)(int levels, Level, uint64_t word);
};

// Of an architecture that is built.
const ArchView& ViewOf(ArchId arch);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_VIEW_ARCH_VIEW_H_
