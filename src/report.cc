// SPDX-License-Identifier: MIT

#include "pxdfuzz/report.h"

#include <cassert>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pxdfuzz/arches.h"
#include "pxdfuzz/policy.h"
#include "pxdfuzz/replay.h"
#include "pxdfuzz/text_entries.h"
#include "pxdfuzz/text_lines.h"
#include "pxdfuzz/text_policy.h"
#include "pxdfuzz/text_report.h"
#include "pxdfuzz/text_walk.h"

namespace pxdfuzz {
namespace {

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
        replay_(c, request, policy_),
        walk_(replay_, told_.outcome, told_.first_difference),
        compared_({.name = std::string(Name(policy_)),
                   .outcome = told_.outcome,
                   .first_difference = told_.first_difference,
                   .pages = replay_.pages(),
                   .count = replay_.count()}),
        parts_(replay_, compared_, out),
        out_(out) {}

  void Add() {
    AddHeadline();
    AddCase(case_, request_, told_.outcome != Outcome::kAgrees, out_);
    AddPages();
    AddWalk();
    parts_.AddReference();
  }

 private:
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
    out_.Wrap("", "",
              Concat({"On ", Name(case_.space.arch), " with ",
                      std::to_string(case_.space.levels), " levels, ",
                      parts_.WhatDiffers(compared_.name), WhereItLeft(),
                      KnownDefectNote()}),
              LineStyle::kTitle);
    out_.Blank();
    out_.Wrap("- ", "  ", DescribeWalk(policy_));
    parts_.AddTerms(request_);
  }

  // Why the walk returns no more pages.
  std::string WhyItStops() const {
    if (replay_.turns().empty()) return "";
    const Turn& last = replay_.turns().back().turn;
    if (last.loaded.source == Source::kNowhere) return "stop: no table";
    return Concat(
        {"stop: ", replay_.WhyNot(EntryLevel(replay_.geometry(), last.level),
                                  last.loaded.value)});
  }

  void AddPages() {
    parts_.AddPages([this] { return WhyItStops(); });
    std::vector<std::string> notes;
    if (std::string where = parts_.WhereWrongPageIs(); !where.empty()) {
      notes.push_back(std::move(where));
    }
    NoteOtherWalks(notes);
    if (!notes.empty()) out_.Blank();
    for (const std::string& note : notes) out_.Wrap("- ", "  ", note);
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
    AddTitle(Concat({Name(policy_), ", turn by turn"}), out_);
    out_.Wrap(
        "", "",
        "Three lines for each turn of a loop: which part of the range it "
        "is for, up to where pXd_addr_end() says; how its pointer is made "
        "and where that leads; the entry that is read there. Tables are "
        "numbered in the order in which they were made.");
    out_.Blank();
    walk_.AddTo(out_);
  }

  const Case& case_;
  const size_t request_;
  const RequestVerdict& judged_;
  const WalkVerdict& told_;  // how the walk of the report did
  const Policy policy_;
  const Replay<A> replay_;
  const WalkText<A> walk_;
  const Told compared_;
  ReportParts<A> parts_;
  TextLines& out_;
};

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

}  // namespace

std::string WalkReport(const Case& c, const Verdict& verdict, size_t request,
                       size_t walk, const ReportOptions& options) {
  TextLines out(options.color, options.columns);
  AddReport(c, verdict, request, walk, out);
  AddCommands(options, out);
  return out.text();
}

std::string FindingReport(const Case& c, const Verdict& verdict,
                          const ReportOptions& options) {
  TextLines out(options.color, options.columns);
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
