// SPDX-License-Identifier: MIT

#include "pxdfuzz/report/text_race_report.h"

namespace pxdfuzz {

std::string RaceReferenceTerm() {
  return "reference: the hardware's translation of one address after the "
         "other, in each version of the tables. gup_fast may return of an "
         "address the page that it has in the version in which gup_fast "
         "grabs it, or in a later one.";
}

std::vector<StoryWord> RaceWords(Outcome outcome) {
  std::vector<StoryWord> words;
  words.push_back({"change",
                   "what another processor does to the tables while the "
                   "walk runs, all of it between two reads of the walk. "
                   "Reads of entries are counted from 1, those of local "
                   "copies too."});
  words.push_back({"version",
                   "what the tables hold between two changes: 0 is what "
                   "they hold at the start, 1 what change 1 made of that. "
                   "Beside the pages, \"grabbed\" says in which version a page "
                   "was grabbed, and \"is of\" to which one it belongs."});
  words.push_back({"grab",
                   "to take a reference to a page's frame "
                   "(try_grab_folio), so that it is not freed. Until then "
                   "it may be."});
  words.push_back({"recheck",
                   "when it has grabbed a page, gup_fast reads entries "
                   "again, the leaf and for a small page the pmd above it, "
                   "by the pointers that it has. Where one is another than "
                   "before, it gives the page back and stops."});
  if (outcome == Outcome::kStale) {
    words.push_back({"stale",
                     "of a page: gone from its address before it was "
                     "grabbed. By then it may be free, or anybody's."});
  }
  return words;
}

}  // namespace pxdfuzz
