// SPDX-License-Identifier: MIT

#include "pxdfuzz/tables/inconclusive.h"

namespace pxdfuzz {

std::string_view Describe(Inconclusive reason) {
  switch (reason) {
    case Inconclusive::kNo:
      return "comparable";
    case Inconclusive::kEmptyCase:
      return "empty case: the input means nothing";
    case Inconclusive::kOverflow:
      return "refused: start and length of the request overflow";
    case Inconclusive::kBeyondLimit:
      return "refused: the request ends beyond the limit of the address space";
    case Inconclusive::kMalformedWord:
      return "malformed: a poke writes a word that is no entry of its level";
    case Inconclusive::kMalformedTable:
      return "malformed: a poke points to what is no table of the level below";
    case Inconclusive::kMalformedControl:
      return "malformed: a poke gives the hardware another root";
    case Inconclusive::kFreesPages:
      return "impossible: a change frees a table that still holds something";
    case Inconclusive::kInsideLeaf:
      return "impossible: a change goes inside a large leaf that is not split";
    case Inconclusive::kMapsOver:
      return "impossible: a change maps where something is mapped";
    case Inconclusive::kMapsIntoCollapse:
      return "impossible: a change maps where a collapse or unsharing is not "
             "done";
    case Inconclusive::kDetachesNothing:
      return "impossible: a change detaches what is no page table";
    case Inconclusive::kSplitsNothing:
      return "impossible: a change splits what is no large leaf";
    case Inconclusive::kRefillsNothing:
      return "impossible: a change refills a page table that was not detached";
    case Inconclusive::kUpgradesNothing:
      return "impossible: a change upgrades an mm that can have no more levels";
    case Inconclusive::kMovesNothing:
      return "impossible: a change invalidates or migrates what is no page";
    case Inconclusive::kUnsharesNothing:
      return "impossible: a change unshares a table that hugetlb does not "
             "share";
    case Inconclusive::kReachedTrap:
      return "could not check: the kernel code reached a function that no shim "
             "replaces";
    case Inconclusive::kNotConfigured:
      return "not compared: the tree or its configuration has no such entries";
    case Inconclusive::kNoRule:
      return "no rule says whether a page is returned";
    case Inconclusive::kRefilled:
      return "no rule says what a walk finds in a table that changed after it "
             "was detached";
  }
  return "";
}

}  // namespace pxdfuzz
