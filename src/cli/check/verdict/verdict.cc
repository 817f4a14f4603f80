// SPDX-License-Identifier: MIT

#include "src/cli/check/verdict/verdict.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/engine/finding.h"
#include "src/cli/commands.h"

namespace pxdfuzz {
namespace {

// What hands out the wrong page or breaks the kernel, then what leaks, then
// what merely gives too little.
constexpr std::string_view kWorstFirst[] = {
    "wrong-page", "stale", "fault",     "overflow",     "died",
    "sanitizer",  "crash", "endless",   "timeout",      "long",
    "references", "fork",  "refusal",   "inaccessible", "permitted",
    "stray-read", "short", "page-size", "model"};

}  // namespace

std::string_view Name(CellState state) {
  constexpr std::string_view kNames[] = {"holds",     "finding",   "known",
                                         "too short", "unchecked", "left out"};
  return kNames[static_cast<size_t>(state)];
}

std::string KindOf(std::string_view signature) {
  const std::optional<Finding> finding = FindingFromName(signature);
  if (finding.has_value()) return std::string(What(*finding));
  return std::string(signature.substr(0, signature.find('.')));
}

size_t SeverityOf(std::string_view kind) {
  return static_cast<size_t>(
      std::find(std::begin(kWorstFirst), std::end(kWorstFirst), kind) -
      std::begin(kWorstFirst));
}

bool IsKind(std::string_view kind) {
  return SeverityOf(kind) < std::size(kWorstFirst);
}

bool CheckVerdict::Finding::Member::IsOf(const Cell& cell) const {
  const std::string& code =
      cell.same_code_as.empty() ? cell.configuration : cell.same_code_as;
  return mode == cell.mode && configuration == code && walker == cell.walker &&
         changing == cell.changing;
}

bool CheckVerdict::Finding::is_from_before() const {
  return std::all_of(members.begin(), members.end(), [](const Member& member) {
    return member.is_from_before;
  });
}

bool CheckVerdict::Finding::HasPartIn(const Cell& cell) const {
  return std::any_of(
      members.begin(), members.end(),
      [&cell](const Member& member) { return member.IsOf(cell); });
}

uint64_t CheckVerdict::Finding::times() const {
  uint64_t sum = 0;
  for (const Member& member : members) sum += member.times;
  return sum;
}

std::vector<std::pair<std::string, uint64_t>> CheckVerdict::Finding::Kinds()
    const {
  std::map<std::string, uint64_t> times;
  for (const Member& member : members) {
    times[KindOf(member.signature)] += member.times;
  }
  std::vector<std::pair<std::string, uint64_t>> kinds(times.begin(),
                                                      times.end());
  std::sort(kinds.begin(), kinds.end(), [](const auto& a, const auto& b) {
    return std::pair(SeverityOf(a.first), a.first) <
           std::pair(SeverityOf(b.first), b.first);
  });
  return kinds;
}

std::string CheckVerdict::Finding::Architectures() const {
  std::vector<std::string> names;
  for (const Member& member : members) {
    const std::string name = member.mode.substr(0, member.mode.find('/'));
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      names.push_back(name);
    }
  }
  return Enumerate(names);
}

std::string CheckVerdict::Finding::Name() const {
  return function.empty() ? what : Concat({what, " in ", function, "()"});
}

size_t CheckVerdict::added() const {
  return static_cast<size_t>(std::count_if(
      findings.begin(), findings.end(),
      [](const Finding& finding) { return !finding.is_without_patch; }));
}

uint64_t CheckVerdict::executions() const {
  uint64_t sum = 0;
  for (const Cell& cell : cells) {
    if (cell.same_code_as.empty()) sum += cell.executions;
  }
  return sum;
}

size_t CheckVerdict::Count(CellState state) const {
  return static_cast<size_t>(
      std::count_if(cells.begin(), cells.end(),
                    [state](const Cell& cell) { return cell.state == state; }));
}

int CheckVerdict::exit_code() const {
  if (added() > 0 || (against.has_value() && !against->different.empty())) {
    return kFinding;
  }
  const bool is_checked = Count(CellState::kHolds) + Count(CellState::kKnown) +
                              Count(CellState::kFinding) >
                          0;
  return is_checked && error.empty() && Count(CellState::kTooShort) == 0 &&
                 Count(CellState::kUnchecked) == 0
             ? kNothingFound
             : kFailed;
}

std::string CheckVerdict::LastLine() const {
  const std::string name = tree.description;
  if (exit_code() == kFinding) {
    if (added() == 0) {
      return Concat({name, ": differs from ", against->description});
    }
    return Concat({name, ": ", Plural(added(), "finding"),
                   tree.patch.empty() ? "" : " added by the patch",
                   added() == 1 ? ": " : "; the worst: ", findings[0].Name(),
                   " on ", findings[0].Architectures()});
  }
  const size_t checked = Count(CellState::kHolds) + Count(CellState::kKnown);
  if (exit_code() == kNothingFound) {
    size_t never_ran = 0;
    size_t constants = 0;
    for (const Change& change : changes) {
      never_ran += change.not_executed.size();
      constants += change.constants.size();
    }
    const size_t known = Count(CellState::kKnown);
    return Concat(
        {name, ": holds in ", Plural(checked, "cell"),
         known == 0 ? ""
                    : Concat({", ", std::to_string(known),
                              " of them with "
                              "known findings"}),
         findings.empty()
             ? ""
             : Concat({", and ", Plural(findings.size(), "finding"),
                       " also in the unpatched tree"}),
         repairs.empty()
             ? ""
             : Concat({", ", Plural(repairs.size(), "finding"), " repaired"}),
         ", ", Grouped(executions()), " executions",
         never_ran == 0
             ? ""
             : Concat({"; ", Plural(never_ran, "changed line"), " never ran"}),
         constants == 0 ? ""
                        : Concat({"; ", Plural(constants, "name"),
                                  " in changed lines never ",
                                  constants == 1 ? "varies" : "vary"}),
         against.has_value() ? Concat({"; same as ", against->description})
                             : ""});
  }
  if (!error.empty()) return Concat({name, ": could not check: ", error});
  return Concat(
      {name,
       ": could not check all: ", std::to_string(Count(CellState::kUnchecked)),
       " cells not at all, ", std::to_string(Count(CellState::kTooShort)),
       " too short; ", std::to_string(checked), " hold"});
}

}  // namespace pxdfuzz
