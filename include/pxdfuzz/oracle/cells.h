// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_ORACLE_CELLS_H_
#define PXDFUZZ_ORACLE_CELLS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/paging_mode.h"

namespace pxdfuzz {

// What the reference finds at a page, as far as cells distinguish it.
enum class PageState : uint8_t {
  kPlain,     // readable and writable, young and dirty
  kOld,       // readable and writable, old
  kClean,     // readable and writable, young and clean
  kReadOnly,  // young or old
  kNone,      // PROT_NONE, execute-only, or not for user mode
  kSpecial,
  kSwap,  // a swap entry of any type and level
  kEmpty,
};
inline constexpr size_t kPageStateCount = 8;

std::string_view Name(PageState state);

// A kind of request: cells are to the case space what lines are to source code.
// Fuzzing counts which cells it reached, and every cell can be reached.
struct Cell {
  enum class Outcome : uint8_t {
    kReturned,  // gup_fast returns the page that the cell is about
    kStopped,   // it does not
    kRefused,   // the request is beyond the limit; other members are not set
  };

  PagingMode mode;
  bool write = false;
  // The highest level whose boundary the range crosses, if any.
  std::optional<Level> crossed;
  // The leaf by which the last page before that boundary is returned. Nothing
  // if there is no boundary, or if the walk stops before.
  std::optional<Level> before;
  // What maps the first page after the boundary, or the first page of all if
  // none is crossed. Nothing for kSwap, kEmpty, and if the walk stops before.
  std::optional<Level> after;
  PageState state = PageState::kEmpty;
  Outcome outcome = Outcome::kStopped;

  friend constexpr bool operator==(const Cell&, const Cell&) = default;
};

// "s390/3 read, crosses pud, pte before, pmd old after: returned".
std::string Describe(const Cell& cell);

// Maximum number of cells; the size of the array of counters.
inline constexpr size_t kMaxCells = 4096;

// All possible cells, in a fixed order; those of one paging mode are adjacent.
std::span<const Cell> Cells();

// The position of `cell` in Cells(). Nothing for an impossible cell; a test
// checks that none ever occurs.
std::optional<size_t> IndexOf(const Cell& cell);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_ORACLE_CELLS_H_
