// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REPORT_TEXT_RACE_REPORT_H_
#define PXDFUZZ_REPORT_TEXT_RACE_REPORT_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/report/replay.h"
#include "pxdfuzz/report/story.h"
#include "pxdfuzz/report/text_race.h"
#include "pxdfuzz/report/text_report.h"

// What reports of one request have in common where tables change meanwhile, be
// it a walk of the model or the text of a kernel.

namespace pxdfuzz {

// "reference: ...": what it is of tables that change.
std::string RaceReferenceTerm();

// What a reader may not know of the terms that come.
std::vector<StoryWord> RaceWords(Outcome outcome);

// Pages beside what each version has.
struct RacePages {
  std::vector<std::string> header;
  size_t found_column = 0;  // the one of what is told
  std::vector<PageRow> rows;
};

template <class A>
class RaceFacts {
 public:
  // Both outlive the object.
  RaceFacts(const Replay<A>& replay, const Told& told)
      : replay_(replay), told_(told), race_(replay), facts_(replay, told) {}

  const RaceText<A>& race() const { return race_; }

  // What differs, in a sentence or two, of what is called `name` there.
  // `why_it_ends` says of one that holds why it ends where it does.
  std::string WhatDiffers(
      std::string_view name,
      const std::function<std::string()>& why_it_ends) const {
    const size_t difference = told_.first_difference;
    const std::string page = facts_.DifferentPage();
    const std::string has =
        facts_.DifferenceIsAskedFor()
            ? Concat({"That address has ", race_.ByVersion(difference), "."})
            : std::string("The range ends before it.");
    switch (told_.outcome) {
      case Outcome::kAgrees:
        return Concat(
            {name, " holds while the tables change: ", Returned(why_it_ends),
             ".",
             replay_.last_version() == 0 ? " It ends before anything changes."
                                         : ""});
      case Outcome::kStale:
        if (!race_.IsStale(difference)) break;
        return Concat(
            {name, " returns a stale page: ", page, ", is ", facts_.Got(),
             ", which ", race_.Named(race_.TakenAwayBy(difference)),
             " had taken away before the walk took its reference, after read ",
             std::to_string(replay_.grabbed_after(difference)),
             ": by then the tables say ",
             race_.Says(difference, replay_.grabbed(difference)), " there."});
      case Outcome::kWrongPage:
        return Concat({name, " returns a wrong page: ", page, ", is ",
                       facts_.Got(), ", which that address never had. ", has});
      case Outcome::kLong:
        return Concat({name, " goes on too far: ", page,
                       facts_.DifferenceIsAskedFor() ? ", is " : ": ",
                       facts_.Got(), " and should not be returned. ", has});
      case Outcome::kShort:
        if (!facts_.DifferenceIsAskedFor()) break;
        return Concat(
            {name, " stops too early: ", page, ", is missing and should be ",
             race_.Says(difference, 0),
             ": it was there at the start, and nothing on the way to it "
             "changed (it returns ",
             std::to_string(replay_.count()), " of ",
             Plural(replay_.request().pages, "page"), ")."});
      case Outcome::kStrayRead:
        break;
      case Outcome::kFault:
        return Concat({name, " faults: at ", page,
                       ", it reads memory that is no table. ", has});
    }
    return facts_.WhatDiffers(name);
  }

  // `why_stops` says of what is told why it returns no more pages.
  RacePages Pages(const std::function<std::string()>& why_stops) const {
    size_t total = replay_.pages().size();
    for (size_t v = 0; v <= replay_.last_version(); ++v) {
      while (total < replay_.request().pages &&
             replay_.by_version().At(v, total).has_value()) {
        ++total;
      }
    }
    total = std::min<size_t>(replay_.request().pages, total + 1);
    // Versions in a row that have the same pages share a column.
    RacePages pages{.header = {"page", "address"}, .rows = {}};
    std::vector<size_t> columns;
    for (size_t v = 0; v <= replay_.last_version();) {
      const size_t first = v++;
      const auto is_same = [&] {
        for (size_t page = 0; page < total; ++page) {
          if (race_.Says(page, v) != race_.Says(page, first)) return false;
        }
        return true;
      };
      while (v <= replay_.last_version() && is_same()) ++v;
      columns.push_back(first);
      pages.header.push_back(VersionNumbers(first, v - 1));
    }
    pages.found_column = pages.header.size();
    pages.header.push_back(told_.name);
    const bool has_pages = !replay_.pages().empty();
    if (has_pages) {
      pages.header.emplace_back("grabbed");
      pages.header.emplace_back("is of");
    }
    pages.rows = PageRows(
        {.total = total,
         .difference = told_.first_difference,
         .marks_difference = told_.outcome != Outcome::kAgrees,
         .cells = [&](size_t page) {
           std::vector<std::string> cells = {Hex(replay_.AddressOf(page))};
           for (const size_t v : columns) cells.push_back(race_.Says(page, v));
           cells.push_back(facts_.Returned(page, why_stops));
           if (!has_pages) return cells;
           const bool has = page < replay_.pages().size();
           cells.push_back(has ? std::to_string(replay_.grabbed(page)) : "-");
           cells.push_back(has ? race_.BelongsTo(page) : "-");
           return cells;
         }});
    return pages;
  }

  // The reference in each version, those together in which it goes the same
  // way.
  std::vector<ToldReference> References() const {
    std::vector<ToldReference> references;
    for (size_t v = 0; v <= replay_.last_version();) {
      ToldReference told{.title = facts_.ReferenceTitle(),
                         .steps = facts_.ReferenceSteps(v),
                         .result = facts_.ReferenceResult(v)};
      const size_t first = v++;
      while (v <= replay_.last_version() &&
             facts_.ReferenceSteps(v) == told.steps &&
             facts_.ReferenceResult(v) == told.result) {
        ++v;
      }
      if (replay_.changing()) {
        told.title += Concat({", ", VersionNumbers(first, v - 1)});
        told.result += WhatHappenedIn(first, v - 1);
      }
      references.push_back(std::move(told));
    }
    return references;
  }

 private:
  // "it returns 1 of 2 pages, ..., and stops at page 1, at 0x2000: ...".
  std::string Returned(const std::function<std::string()>& why_it_ends) const {
    std::string text =
        Concat({"it returns ", std::to_string(replay_.count()), " of ",
                Plural(replay_.request().pages, "page")});
    if (replay_.count() > 0) {
      text += replay_.count() == 1 ? ", as its address had it"
                                   : ", each as its address had it";
      text += " when it was grabbed or later";
    }
    const std::string why =
        facts_.DifferenceIsAskedFor() ? why_it_ends() : std::string();
    if (why.empty()) return text;
    const size_t difference = told_.first_difference;
    return Concat({text, ", and stops at page ", std::to_string(difference),
                   ", at ", Hex(replay_.AddressOf(difference)), ": ", why});
  }

  // " In version 1 the walk grabbed 0x1000000.", of versions `first` to `last`.
  std::string WhatHappenedIn(size_t first, size_t last) const {
    std::string text;
    if (told_.first_difference < replay_.pages().size()) {
      const size_t grabbed = replay_.grabbed(told_.first_difference);
      if (first <= grabbed && grabbed <= last) {
        text = Concat({" In version ", std::to_string(grabbed),
                       " the walk grabbed ", facts_.Got()});
      }
    }
    if (last == replay_.last_version()) {
      text += text.empty() ? " The walk ended in version "
                           : ", and it ended in version ";
      text += std::to_string(last);
    }
    return text.empty() ? text : text + ".";
  }

  const Replay<A>& replay_;
  const Told& told_;
  const RaceText<A> race_;
  const ReportFacts<A> facts_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_REPORT_TEXT_RACE_REPORT_H_
