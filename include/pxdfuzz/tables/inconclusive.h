// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TABLES_INCONCLUSIVE_H_
#define PXDFUZZ_TABLES_INCONCLUSIVE_H_

#include <cstdint>

namespace pxdfuzz {

// Why there is nothing to compare.
enum class Inconclusive : uint8_t {
  kNo,
  kEmptyCase,    // the input means nothing
  kOverflow,     // refused: start and length overflow
  kBeyondLimit,  // refused: the range ends beyond the mm's limit
  // What Linux never writes:
  kMalformedWord,     // a word that is no entry of its level
  kMalformedTable,    // an entry for a table where none of that level begins
  kMalformedControl,  // another root, or another way to read it
  // What Linux never does to tables that are in use:
  kFreesPages,        // frees a table that holds something
  kInsideLeaf,        // changes pages inside a large leaf that was not split
  kMapsOver,          // maps where something is mapped
  kMapsIntoCollapse,  // maps where a page table is detached that holds pages
  kDetachesNothing,   // detaches what is no page table
  kSplitsNothing,     // splits what is no large leaf
  kRefillsNothing,    // fills a page table that was not detached
  kUpgradesNothing,   // adds a level where there can be no more
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TABLES_INCONCLUSIVE_H_
