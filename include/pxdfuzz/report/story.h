// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REPORT_STORY_H_
#define PXDFUZZ_REPORT_STORY_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/report/picture.h"
#include "pxdfuzz/report/text_race.h"
#include "pxdfuzz/report/text_report.h"
#include "pxdfuzz/report/text_walk.h"

namespace pxdfuzz {

// A word that a story uses, and what it means.
struct StoryWord {
  std::string word;
  std::string meaning;
};

// The reference's steps to the page that is told, in a version of the tables or
// in some of them.
struct ToldReference {
  std::string title;
  std::vector<std::string> steps;
  std::string result;
};

// What is said of one request and the walk that made it, part by part: a story
// that a report or a page sets down.
struct WalkStory {
  std::string walk;
  std::string headline;
  // Where there is nothing to compare, all but the case is empty.
  bool comparable = false;
  bool went_wrong = false;
  // Where the walk went wrong and what it got by that, in a sentence or two;
  // nothing where it did not.
  std::string wrong_turn;
  std::vector<std::string> terms;
  std::vector<StoryWord> words;
  std::vector<CaseLine> source;
  // Where tables change while the walk runs.
  std::optional<ReadTimeline> timeline;
  std::optional<WalkPicture> picture;
  std::vector<std::string> page_header;
  // The column of what the walk returned.
  size_t found_column = 0;
  std::vector<PageRow> pages;
  std::vector<std::string> notes;
  // What stands above the reference's column beside the turns.
  std::string beside_title;
  std::vector<ToldTurn> turns;
  std::vector<ToldReference> references;
};

// How turns are to be read, above them.
std::string HowToReadTurns(const WalkStory& story);

// As for WalkReport().
WalkStory TellWalk(const Case& c, const Verdict& verdict, size_t request,
                   size_t walk, size_t columns = kTextColumns);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_REPORT_STORY_H_
