// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REPORT_TEXT_REPORT_H_
#define PXDFUZZ_REPORT_TEXT_REPORT_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/reference/translate.h"
#include "pxdfuzz/report/replay.h"
#include "pxdfuzz/report/report.h"
#include "pxdfuzz/report/text_entries.h"

// What reports of one request have in common, be it a walk of the model or the
// text of a kernel that is held against the reference.

namespace pxdfuzz {

void AddTitle(std::string_view title, TextLines& out);

// Says that there is nothing to compare, and why.
std::string DescribeInconclusive(const Case& c, Inconclusive reason,
                                 size_t request);
// The same, and the case.
void AddInconclusive(const Case& c, Inconclusive reason, size_t request,
                     TextLines& out);

// A line of a case as text.
struct CaseLine {
  std::string text;
  bool marked = false;
};
// The case as text. Where it has several requests, the one of the report is
// marked: it went wrong, or is just told.
std::vector<CaseLine> CaseLines(const Case& c, size_t request, bool went_wrong,
                                size_t columns);
void AddCase(const Case& c, size_t request, bool went_wrong, TextLines& out);

// The commands at a report's end.
void AddCommands(const ReportOptions& options, TextLines& out);

// Pages in columns, around the first that differs.
struct PagesTable {
  size_t total = 0;
  size_t difference = 0;
  bool marks_difference = false;
  // What stands in a row behind the number of its page.
  std::function<std::vector<std::string>(size_t)> cells;
};
// A row of it: cells as in the header, or one that stands for rows left out.
struct PageRow {
  bool skips = false;
  bool marked = false;
  std::vector<std::string> cells;
};
std::vector<PageRow> PageRows(const PagesTable& table);
// `header` is as long as each row; where its column `name` is too long, "the
// walk" takes its place. Where rows are too long even so, each cell has a line
// of its own.
void AddPageRows(const std::vector<std::string>& header, size_t name,
                 const std::vector<PageRow>& rows, TextLines& out);

// What is held against the reference.
struct Told {
  std::string name;
  Outcome outcome = Outcome::kAgrees;
  size_t first_difference = 0;
  // The pages that it returned, but for those beyond what was asked for, and
  // how many it says there are.
  std::span<const uint64_t> pages;
  size_t count = 0;
};

// What there is to say where one thing is held against the reference.
template <class A>
class ReportFacts {
 public:
  // Both outlive the object.
  ReportFacts(const Replay<A>& replay, const Told& told)
      : replay_(replay), told_(told), difference_(told.first_difference) {}

  bool DifferenceIsAskedFor() const {
    return difference_ < replay_.request().pages;
  }

  // What differs, in one sentence and no terms of this project, of what is
  // called `name` there.
  std::string WhatDiffers(std::string_view name) const {
    const size_t wanted = replay_.reference().size();
    switch (told_.outcome) {
      case Outcome::kAgrees:
        return Concat({name, " agrees with the reference: ", Agreed(), "."});
      case Outcome::kShort:
        return Concat({name, " stops too early: ", DifferentPage(), ", is ",
                       "missing and should be ", Expected(), " (it returns ",
                       std::to_string(told_.count), " of ",
                       Plural(wanted, "page"), ")."});
      case Outcome::kLong:
        return Concat({name, " goes on too far: ", DifferentPage(),
                       DifferenceIsAskedFor() ? ", is " : ": ", Got(),
                       " and should not be returned: ", WhyReferenceStops(),
                       "."});
      case Outcome::kWrongPage:
        return Concat({name, " returns a wrong page: ", DifferentPage(),
                       ", is ", Got(), " and should be ", Expected(), "."});
      case Outcome::kStrayRead:
        return Concat({name, " returns the right pages by luck: at ",
                       DifferentPage(),
                       ", it reads what is not a page table."});
      case Outcome::kStale:
        return Concat({name, " returns a stale page: ", DifferentPage(),
                       ", is ", Got(),
                       " and was gone when its reference was taken."});
      case Outcome::kFault:
        return Concat({name, " faults: at ", DifferentPage(),
                       ", it reads memory that is no table, where ",
                       difference_ < replay_.reference().size()
                           ? Concat({"the page should be ", Expected()})
                           : "it should stop without a page",
                       "."});
    }
    return "";
  }

  // "page 1 of 2, at 0x10080000000".
  std::string DifferentPage() const {
    if (!DifferenceIsAskedFor()) {
      return Concat({"a page beyond the ",
                     Plural(replay_.request().pages, "page"), " asked for"});
    }
    return Concat({"page ", std::to_string(difference_), " of ",
                   std::to_string(replay_.request().pages), ", at ",
                   Hex(replay_.AddressOf(difference_))});
  }
  std::string Got() const {
    return difference_ < told_.pages.size() ? Hex(told_.pages[difference_])
                                            : "not returned";
  }
  std::string Expected() const {
    return difference_ < replay_.reference().size()
               ? Hex(replay_.reference()[difference_])
               : "none";
  }

  std::string WhyReferenceStops() const {
    if (!DifferenceIsAskedFor()) return "the range ends before it";
    return replay_.WhyNot(
        replay_.TranslateOnly(replay_.AddressOf(difference_)));
  }

  // What the reference is, and the request.
  std::vector<std::string> Terms(size_t request) const {
    const Request& asked = replay_.request();
    const size_t requests = replay_.source().requests.size();
    std::string text = Concat({"request: ", Plural(asked.pages, "page"),
                               ", counted from 0, from ", Hex(asked.start),
                               " to ", Hex(replay_.AddressOf(asked.pages)),
                               ", for ", asked.write ? "writing" : "reading"});
    if (requests > 1) {
      text += Concat({"; it is request ", std::to_string(request + 1),
                      " of the ", std::to_string(requests), " in the case"});
    }
    return {
        "reference: the hardware's translation of one address after the "
        "other, up to the first page that gup_fast may not return.",
        text + "."};
  }

  // The columns of pages, of which the last is what is told.
  std::vector<std::string> PageHeader() const {
    return {"page", "address", "reference", told_.name};
  }
  // The pages side by side. `why_stops` says of the thing that is told why it
  // returns no more pages.
  std::vector<PageRow> Pages(
      const std::function<std::string()>& why_stops) const {
    const Request& asked = replay_.request();
    const auto& expected = replay_.reference();
    const auto reference = [&](size_t page) {
      if (page < expected.size()) return Hex(expected[page]);
      if (page > expected.size() || page >= asked.pages)
        return std::string("-");
      return Concat({"stop: ", replay_.WhyNot(replay_.TranslateOnly(
                                   replay_.AddressOf(page)))});
    };
    return PageRows(
        {.total = std::min<size_t>(
             asked.pages, std::max(expected.size(), told_.pages.size()) + 1),
         .difference = difference_,
         .marks_difference = told_.outcome != Outcome::kAgrees,
         .cells = [&](size_t page) -> std::vector<std::string> {
           return {Hex(replay_.AddressOf(page)), reference(page),
                   Returned(page, why_stops)};
         }});
  }
  // What was returned in the place of a page.
  std::string Returned(size_t page,
                       const std::function<std::string()>& why_stops) const {
    if (page < told_.pages.size()) return Hex(told_.pages[page]);
    if (page > told_.pages.size() || page >= replay_.request().pages) {
      return "-";
    }
    const std::string why = why_stops();
    return why.empty() ? std::string("-") : why;
  }

  // A wrong page is often another page of the same process; then a sentence.
  std::string WhereWrongPageIs() const {
    if (difference_ >= told_.pages.size()) return "";
    const uint64_t page = told_.pages[difference_];
    const uint64_t address = replay_.AddressOf(difference_);
    const auto where = replay_.WhereMapped(page);
    if (!where.has_value() || where->address == address) return "";
    const bool below = where->address < address;
    return Concat(
        {Hex(page), " is the page that is mapped at ", Hex(where->address),
         where->version == 0 ? std::string()
                             : Concat({" from version ",
                                       std::to_string(where->version), " on"}),
         ", ",
         ByteSize(below ? address - where->address : where->address - address),
         below ? " below " : " above ", Hex(address), "."});
  }

  // The reference's own steps to the first page that differs, in a version of
  // the tables: a title, its steps, and what it comes to.
  std::string ReferenceTitle() const {
    return Concat({"reference, page ", std::to_string(ToldPage()), " at ",
                   Hex(replay_.AddressOf(ToldPage()))});
  }
  std::vector<std::string> ReferenceSteps(size_t version = 0) const {
    std::vector<std::string> steps;
    const Arena& arena = replay_.arena();
    replay_.TranslateWith(
        replay_.AddressOf(ToldPage()), version,
        [&](Level level, EntryRef ref, uint64_t entry) {
          steps.push_back(Concat(
              {Name(level), ": ", DescribePlace<A>(arena, ref.address()), " = ",
               Hex(entry), ": ",
               DescribeEntry<A>(arena, replay_.geometry(), level, entry)}));
        });
    return steps;
  }
  std::string ReferenceResult(size_t version = 0) const {
    const uint64_t address = replay_.AddressOf(ToldPage());
    const Translation t = replay_.TranslateOnly(address, version);
    std::string result;
    if (t.code != 0) {
      result =
          Concat({"The hardware ends with a ", A::Manual::CodeName(t.code)});
    } else {
      result = Concat({"The hardware gets ", Hex(t.physical)});
      if (t.is_protected) result += ", not for stores";
    }
    if (replay_.Allows(t)) {
      result += Concat(
          {t.code != 0 ? "; gup_fast may return the page all the same: "
                       : "; gup_fast may return the page: ",
           Hex(A::Manual::FrameAddress(t.level, t.entry, address)), "."});
    } else {
      result += Concat(
          {"; gup_fast may not return a page here: ", replay_.WhyNot(t), "."});
    }
    return result;
  }

 private:
  // "both return 1 of 2 pages and stop at page 1, at 0x2000: empty pte".
  std::string Agreed() const {
    std::string text =
        Concat({"both return ", std::to_string(told_.count), " of ",
                Plural(replay_.request().pages, "page")});
    if (DifferenceIsAskedFor()) {
      text += Concat({" and stop at page ", std::to_string(difference_),
                      ", at ", Hex(replay_.AddressOf(difference_)), ": ",
                      WhyReferenceStops()});
    }
    return text;
  }

  size_t ToldPage() const {
    return std::min<size_t>(difference_, replay_.request().pages - size_t{1});
  }

  const Replay<A>& replay_;
  const Told& told_;
  const size_t difference_;
};

// The same as parts of a report that is text.
template <class A>
class ReportParts : public ReportFacts<A> {
 public:
  // All outlive the object.
  ReportParts(const Replay<A>& replay, const Told& told, TextLines& out)
      : ReportFacts<A>(replay, told), out_(out) {}

  void AddTerms(size_t request) {
    for (const std::string& term : this->Terms(request)) {
      out_.Wrap("- ", "  ", term);
    }
  }

  void AddPages(const std::function<std::string()>& why_stops) {
    AddTitle("Pages", out_);
    const std::vector<std::string> header = this->PageHeader();
    AddPageRows(header, header.size() - 1, this->Pages(why_stops), out_);
  }

  void AddReference() {
    AddTitle(this->ReferenceTitle(), out_);
    for (const std::string& step : this->ReferenceSteps()) {
      out_.Wrap("   ", "       ", step);
    }
    out_.Wrap("   ", "   ", this->ReferenceResult());
  }

 private:
  TextLines& out_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_REPORT_TEXT_REPORT_H_
