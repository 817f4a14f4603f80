// SPDX-License-Identifier: MIT

#include "pxdfuzz/report.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pxdfuzz/arches.h"
#include "pxdfuzz/case_text.h"
#include "pxdfuzz/policy.h"
#include "pxdfuzz/replay.h"
#include "pxdfuzz/text_entries.h"
#include "pxdfuzz/text_lines.h"
#include "pxdfuzz/text_policy.h"
#include "pxdfuzz/text_walk.h"

namespace pxdfuzz {
namespace {

// "2 GiB below", "0x1000 bytes above".
std::string DescribeDistance(uint64_t from, uint64_t to) {
  const bool below = to < from;
  const uint64_t bytes = below ? from - to : to - from;
  return Concat({ByteSize(bytes), below ? " below" : " above"});
}

// `text` and blanks up to a width.
std::string Padded(std::string_view text, size_t width) {
  std::string padded(text);
  if (padded.size() < width) padded.append(width - padded.size(), ' ');
  return padded;
}

void AddTitle(std::string_view title, TextLines& out) {
  out.Blank();
  std::string line = Concat({"--- ", title, " "});
  if (line.size() < kTextColumns) line.resize(kTextColumns, '-');
  out.Line(line, LineStyle::kTitle);
  out.Blank();
}

// The sections of one report.
template <class A>
class ReportText {
 public:
  // All outlive the object.
  ReportText(const Case& c, const RequestVerdict& judged, size_t request,
             size_t walk, TextLines& out)
      : case_(c),
        request_(request),
        judged_(judged),
        told_(judged.walks[walk]),
        policy_(kAllWalks[walk]),
        difference_(told_.first_difference),
        replay_(c, request, policy_),
        walk_(replay_, told_.outcome, difference_),
        out_(out) {}

  void Add() {
    AddHeadline();
    AddCase();
    AddPages();
    AddWalk();
    AddReference();
  }

 private:
  void AddTitle(std::string_view title) { pxdfuzz::AddTitle(title, out_); }

  bool DifferenceIsAskedFor() const {
    return difference_ < replay_.request().pages;
  }
  // "page 1 of 2, at 0x10080000000,".
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
    return difference_ < replay_.pages().size()
               ? Hex(replay_.pages()[difference_])
               : "not returned";
  }
  std::string Expected() const {
    return difference_ < replay_.reference().size()
               ? Hex(replay_.reference()[difference_])
               : "none";
  }

  // What differs, in one sentence and no terms of this project.
  std::string WhatDiffers() const {
    const std::string name(Name(policy_));
    const size_t wanted = replay_.reference().size();
    const size_t got = replay_.count();
    switch (told_.outcome) {
      case Outcome::kAgrees:
        return Concat({name, " agrees with the reference: ", Agreed(), "."});
      case Outcome::kShort:
        return Concat({name, " stops too early: ", DifferentPage(), ", is ",
                       "missing and should be ", Expected(), " (it returns ",
                       std::to_string(got), " of ", Plural(wanted, "page"),
                       ")."});
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

  // "both return 1 of 2 pages; page 1, at 0x2000, is none: empty pte".
  std::string Agreed() const {
    std::string text =
        Concat({"both return ", std::to_string(replay_.count()), " of ",
                Plural(replay_.request().pages, "page")});
    if (DifferenceIsAskedFor()) {
      text += Concat({" and stop at page ", std::to_string(difference_),
                      ", at ", Hex(replay_.AddressOf(difference_)), ": ",
                      WhyReferenceStops()});
    }
    return text;
  }

  std::string WhyReferenceStops() const {
    if (!DifferenceIsAskedFor()) return "the range ends before it";
    return replay_.WhyNot(
        replay_.TranslateOnly(replay_.AddressOf(difference_)));
  }

  // "It left the copy of p4d at pud and read the stack."
  std::string WhereItLeft() const {
    const Turn* turn = walk_.rule_turn();
    if (turn == nullptr) return "";
    switch (turn->loaded.source) {
      case Source::kLeftCopy:
        return Concat({" It left the copy of ", Name(turn->ref.copy_of()),
                       " at ", Name(turn->level), ": ", Name(turn->level),
                       "p moved off a local variable, to ",
                       turn->ref.address() == case_.stack.address()
                           ? "where it had stood by luck alone."
                           : "another word of the kernel stack."});
      case Source::kNowhere:
        return Concat(
            {" Its ", Name(turn->level), " pointer led to no table."});
      case Source::kTable:
      case Source::kOwnCopy:
        return Concat({" At ", Name(turn->level),
                       " it read an entry that maps other addresses."});
    }
    return "";
  }

  std::string KnownDefectNote() const {
    if (told_.excuse == Cause::kNone) return "";
    return Concat({" This walk is known to go wrong here, for that reason (",
                   Name(told_.excuse), ")."});
  }

  void AddHeadline() {
    const Request& request = replay_.request();
    out_.Wrap("", "",
              Concat({"On ", Name(case_.space.arch), " with ",
                      std::to_string(case_.space.levels), " levels, ",
                      WhatDiffers(), WhereItLeft(), KnownDefectNote()}),
              LineStyle::kTitle);
    out_.Blank();
    out_.Wrap("- ", "  ", DescribeWalk(policy_));
    out_.Wrap("- ", "  ",
              "reference: the hardware's translation of one address after the "
              "other, up to the first page that gup_fast may not return.");
    std::string asked = Concat(
        {"request: ", Plural(request.pages, "page"), ", counted from 0, from ",
         Hex(request.start), " to ", Hex(replay_.AddressOf(request.pages)),
         ", for ", request.write ? "writing" : "reading"});
    if (case_.requests.size() > 1) {
      asked +=
          Concat({"; it is request ", std::to_string(request_ + 1), " of the ",
                  std::to_string(case_.requests.size()), " in the case"});
    }
    out_.Wrap("- ", "  ", asked + ".");
  }

  void AddCase() {
    AddTitle("Case");
    const std::string text = ToText(case_);
    const bool several = case_.requests.size() > 1;
    bool in_requests = false;
    size_t request = 0;
    for (size_t at = 0; at < text.size();) {
      const size_t end = text.find('\n', at);
      const std::string_view line = std::string_view(text).substr(at, end - at);
      at = end + 1;
      if (in_requests && line.starts_with("- ")) {
        const bool marked = several && request++ == request_;
        if (marked) {
          out_.Line(told_.outcome == Outcome::kAgrees
                        ? "# the one that is told:"
                        : "# the one that went wrong:",
                    LineStyle::kMarked);
        }
        out_.Line(line, marked ? LineStyle::kMarked : LineStyle::kPlain);
        continue;
      }
      if (!line.starts_with(" ")) in_requests = line == "requests:";
      out_.Line(line);
    }
  }

  // A cell of the table: a page, or at the first that is none, why.
  std::string ReferenceCell(size_t page) const {
    const auto& pages = replay_.reference();
    if (page < pages.size()) return Hex(pages[page]);
    if (page > pages.size() || page >= replay_.request().pages) return "-";
    return Concat({"stop: ", replay_.WhyNot(replay_.TranslateOnly(
                                 replay_.AddressOf(page)))});
  }
  std::string WalkCell(size_t page) const {
    const auto& pages = replay_.pages();
    if (page < pages.size()) return Hex(pages[page]);
    if (page > pages.size() || page >= replay_.request().pages ||
        replay_.turns().empty()) {
      return "-";
    }
    const Turn& last = replay_.turns().back().turn;
    if (last.loaded.source == Source::kNowhere) return "stop: no table";
    return Concat(
        {"stop: ", replay_.WhyNot(EntryLevel(replay_.geometry(), last.level),
                                  last.loaded.value)});
  }

  void AddPages() {
    AddTitle("Pages");
    struct Row {
      bool skips = false;
      bool marked = false;
      std::array<std::string, 4> cells;
    };
    std::vector<Row> rows;
    const size_t total = std::min<size_t>(
        replay_.request().pages,
        std::max(replay_.reference().size(), replay_.pages().size()) + 1);
    constexpr size_t kRows = 15;
    constexpr size_t kBefore = 6;
    const size_t shown = std::min(total, kRows);
    const size_t wanted = difference_ - std::min(difference_, kBefore);
    const size_t from = std::min(wanted, total - shown);
    const size_t to = from + shown;
    if (from > 0) rows.push_back({.skips = true, .cells = {}});
    for (size_t page = from; page < to; ++page) {
      rows.push_back(
          {.marked = told_.outcome != Outcome::kAgrees && page == difference_,
           .cells = {std::to_string(page), Hex(replay_.AddressOf(page)),
                     ReferenceCell(page), WalkCell(page)}});
    }
    if (to < total) rows.push_back({.skips = true, .cells = {}});

    std::array<std::string, 4> header = {"page", "address", "reference",
                                         std::string(Name(policy_))};
    std::array<size_t, 4> widths{};
    const auto widen = [&widths](const std::array<std::string, 4>& cells) {
      for (size_t i = 0; i < cells.size(); ++i) {
        widths[i] = std::max(widths[i], cells[i].size());
      }
    };
    widen(header);
    for (const Row& row : rows) widen(row.cells);
    if (3 + widths[0] + widths[1] + widths[2] + widths[3] + 6 > kTextColumns) {
      header[3] = "the walk";
    }
    const auto add = [&](std::string_view margin,
                         const std::array<std::string, 4>& cells,
                         LineStyle style) {
      out_.Line(Concat({margin, Padded(cells[0], widths[0]), "  ",
                        Padded(cells[1], widths[1]), "  ",
                        Padded(cells[2], widths[2]), "  ", cells[3]}),
                style);
    };
    add("   ", header, LineStyle::kPlain);
    for (const Row& row : rows) {
      if (row.skips) {
        out_.Line("   ...");
      } else if (row.marked) {
        add(">> ", row.cells, LineStyle::kMarked);
      } else {
        add("   ", row.cells, LineStyle::kPlain);
      }
    }
    std::vector<std::string> notes;
    NoteWhereWrongPageIs(notes);
    NoteOtherWalks(notes);
    if (!notes.empty()) out_.Blank();
    for (const std::string& note : notes) out_.Wrap("- ", "  ", note);
  }

  // A wrong page is often another page of the same process.
  void NoteWhereWrongPageIs(std::vector<std::string>& notes) const {
    if (difference_ >= replay_.pages().size()) return;
    const uint64_t page = replay_.pages()[difference_];
    const uint64_t address = replay_.AddressOf(difference_);
    const auto where = replay_.WhereMapped(page);
    if (!where.has_value() || *where == address) return;
    notes.push_back(
        Concat({Hex(page), " is the page that is mapped at ", Hex(*where), ", ",
                DescribeDistance(address, *where), " ", Hex(address), "."}));
  }

  void NoteOtherWalks(std::vector<std::string>& notes) const {
    std::vector<std::string> agree;
    std::vector<std::string> differ;
    std::vector<std::string> breaks;
    for (size_t i = 0; i < kWalkCount; ++i) {
      const WalkVerdict& walk = judged_.walks[i];
      if (!walk.ran) continue;
      const std::string name(Name(kAllWalks[i]));
      if (!walk.marks.invariant) breaks.push_back(name);
      if (kAllWalks[i] == policy_) continue;
      if (walk.outcome == Outcome::kAgrees) {
        agree.push_back(name);
        continue;
      }
      std::string how = Concat({name, " (", Name(walk.outcome), ", page ",
                                std::to_string(walk.first_difference)});
      if (walk.excuse != Cause::kNone) {
        how += Concat({", known defect: ", Name(walk.excuse)});
      }
      differ.push_back(how + ")");
    }
    const auto note = [&notes](std::string_view what,
                               const std::vector<std::string>& walks) {
      if (walks.empty()) return;
      notes.push_back(Concat({what, ": ", Enumerate(walks), "."}));
    };
    note("agree with the reference", agree);
    note(told_.outcome == Outcome::kAgrees ? "differ" : "differ as well",
         differ);
    note(
        "have turns in which pXdp != pXd_offset(parent, addr), which by "
        "itself is no error",
        breaks);
  }

  void AddWalk() {
    AddTitle(Concat({Name(policy_), ", turn by turn"}));
    out_.Wrap(
        "", "",
        "Three lines for each turn of a loop: which part of the range it "
        "is for, up to where pXd_addr_end() says; how its pointer is made "
        "and where that leads; the entry that is read there. Tables are "
        "numbered in the order in which they were made.");
    out_.Blank();
    walk_.AddTo(out_);
  }

  void AddReference() {
    const size_t page =
        std::min<size_t>(difference_, replay_.request().pages - size_t{1});
    const uint64_t address = replay_.AddressOf(page);
    AddTitle(Concat(
        {"reference, page ", std::to_string(page), " at ", Hex(address)}));
    const Arena& arena = replay_.arena();
    const Geometry& geometry = replay_.geometry();
    const Translation t = replay_.TranslateWith(
        address, [&](Level level, EntryRef ref, uint64_t entry) {
          out_.Wrap(
              "   ", "       ",
              Concat({Name(level), ": ", DescribePlace<A>(arena, ref.address()),
                      " = ", Hex(entry), ": ",
                      DescribeEntry<A>(arena, geometry, level, entry)}));
        });
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
    out_.Wrap("   ", "   ", result);
  }

  const Case& case_;
  const size_t request_;
  const RequestVerdict& judged_;
  const WalkVerdict& told_;  // how the walk of the report did
  const Policy policy_;
  const size_t difference_;
  const Replay<A> replay_;
  const WalkText<A> walk_;
  TextLines& out_;
};

void AddIncomparable(const Case& c, Incomparable reason, size_t request,
                     TextLines& out) {
  std::string what = "The case";
  if (c.requests.size() > 1 && (reason == Incomparable::kOverflow ||
                                reason == Incomparable::kBeyondLimit)) {
    what = Concat({"Request ", std::to_string(request + 1), " of ",
                   std::to_string(c.requests.size())});
  }
  out.Wrap("", "",
           Concat({what, " is not comparable, which is no agreement: ",
                   Describe(reason), ". No walk is run."}),
           LineStyle::kTitle);
  AddTitle("Case", out);
  const std::string text = ToText(c);
  out.Line(std::string_view(text).substr(0, text.size() - 1));
}

void AddReport(const Case& c, const Verdict& verdict, size_t request,
               size_t walk, TextLines& out) {
  if (verdict.incomparable != Incomparable::kNo || verdict.requests.empty()) {
    AddIncomparable(c, verdict.incomparable, request, out);
    return;
  }
  assert(request < verdict.requests.size());
  const RequestVerdict& judged = verdict.requests[request];
  if (judged.incomparable != Incomparable::kNo) {
    AddIncomparable(c, judged.incomparable, request, out);
    return;
  }
  assert(judged.walks[walk].ran);
  VisitArch(c.space.arch, [&]<class A>() {
    ReportText<A>(c, judged, request, walk, out).Add();
  });
}

void AddCommands(const ReportOptions& options, TextLines& out) {
  for (const ReportCommand& command : options.commands) {
    out.Blank();
    out.Wrap("", "", command.purpose + ":");
    out.Line("  " + command.command);
  }
}

}  // namespace

std::string WalkReport(const Case& c, const Verdict& verdict, size_t request,
                       size_t walk, const ReportOptions& options) {
  TextLines out(options.color);
  AddReport(c, verdict, request, walk, out);
  AddCommands(options, out);
  return out.text();
}

std::string FindingReport(const Case& c, const Verdict& verdict,
                          const ReportOptions& options) {
  TextLines out(options.color);
  if (!verdict.finding.has_value()) {
    out.Line("No finding.");
    return out.text();
  }
  const Finding& finding = *verdict.finding;
  AddReport(c, verdict, finding.request, finding.walk, out);
  out.Blank();
  out.Line(Concat({"DEDUP_TOKEN: ", Name(finding.signature)}));
  AddCommands(options, out);
  return out.text();
}

}  // namespace pxdfuzz
