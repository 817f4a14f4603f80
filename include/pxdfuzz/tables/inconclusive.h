// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TABLES_INCONCLUSIVE_H_
#define PXDFUZZ_TABLES_INCONCLUSIVE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pxdfuzz {

// Why there is nothing to compare.
enum class Inconclusive : uint8_t {
  kNo,
  kEmptyCase,    // the input means nothing
  kOverflow,     // refused: start and length overflow
  kBeyondLimit,  // refused: the range ends beyond the mm's limit
  // Content that Linux never writes:
  kMalformedWord,     // a word that is no entry of its level
  kMalformedTable,    // an entry for a table where none of that level begins
  kMalformedControl,  // another root, or another way to read it
  // Operations that Linux never does to tables in use:
  kFreesPages,        // frees a table that holds something
  kInsideLeaf,        // changes pages inside a large leaf that was not split
  kMapsOver,          // maps where something is mapped
  kMapsIntoCollapse,  // maps where a page table is detached that holds pages,
                      // or unshared
  kDetachesNothing,   // detaches what is no page table
  kSplitsNothing,     // splits what is no large leaf
  kRefillsNothing,    // fills a page table that was not detached
  kUpgradesNothing,   // adds a level where there can be no more
  kMovesNothing,      // makes invalid or migrates what is no leaf, or special
  kUnsharesNothing,   // unshares a table that hugetlb does not share
  // Of kernel code:
  kReachedTrap,    // it reached what nothing replaces
  kNotConfigured,  // its tree or configuration lacks an entry of the case
  kNoRule,         // the contract does not say whether a page is returned
  kRefilled,       // it was in a table that changed after it was detached
};
inline constexpr size_t kInconclusiveCount = 21;

// Whether a case has an operation that Linux never does.
constexpr bool IsImpossible(Inconclusive reason) {
  return reason >= Inconclusive::kFreesPages &&
         reason <= Inconclusive::kUnsharesNothing;
}

// "beyond-limit".
constexpr std::string_view Name(Inconclusive reason) {
  constexpr std::array<std::string_view, kInconclusiveCount> kNames = {
      "none",
      "empty-case",
      "overflow",
      "beyond-limit",
      "malformed-word",
      "malformed-table",
      "malformed-control",
      "frees-pages",
      "inside-leaf",
      "maps-over",
      "maps-into-collapse",
      "detaches-nothing",
      "splits-nothing",
      "refills-nothing",
      "upgrades-nothing",
      "moves-nothing",
      "unshares-nothing",
      "reached-trap",
      "not-configured",
      "no-rule",
      "refilled"};
  return kNames[static_cast<size_t>(reason)];
}

// One line, without a full stop.
std::string_view Describe(Inconclusive reason);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TABLES_INCONCLUSIVE_H_
