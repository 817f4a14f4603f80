// SPDX-License-Identifier: MIT

#include "src/cli/check/verdict/verdict.h"

#include <algorithm>

#include "pxdfuzz/base/text_lines.h"
#include "src/cli/commands.h"

namespace pxdfuzz {

std::string_view Name(CellState state) {
  constexpr std::string_view kNames[] = {"holds",     "finding",   "known",
                                         "too short", "unchecked", "left out"};
  return kNames[static_cast<size_t>(state)];
}

std::string CheckVerdict::Finding::Architectures() const {
  std::vector<std::string> names;
  for (const std::string& mode : modes) {
    const std::string name = mode.substr(0, mode.find('/'));
    if (names.empty() || names.back() != name) names.push_back(name);
  }
  return Enumerate(names);
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
  const bool adds = std::any_of(
      findings.begin(), findings.end(),
      [](const Finding& finding) { return !finding.is_without_patch; });
  if (adds || (against.has_value() && !against->different.empty())) {
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
    if (findings.empty()) {
      return Concat({name, ": differs from ", against->description});
    }
    const auto added = static_cast<size_t>(std::count_if(
        findings.begin(), findings.end(),
        [](const Finding& finding) { return !finding.is_without_patch; }));
    return Concat({name, ": ", Plural(added, "kind"),
                   " of finding; the worst: ", findings[0].what, " on ",
                   findings[0].Architectures()});
  }
  const size_t checked = Count(CellState::kHolds) + Count(CellState::kKnown);
  if (exit_code() == kNothingFound) {
    size_t never_ran = 0;
    for (const Change& change : changes) {
      never_ran += change.not_executed.size();
    }
    const size_t known = Count(CellState::kKnown);
    return Concat(
        {name, ": holds in ", Plural(checked, "cell"),
         known == 0 ? ""
                    : Concat({", ", std::to_string(known),
                              " of them with "
                              "known findings"}),
         ", ", Grouped(executions()), " executions",
         never_ran == 0
             ? ""
             : Concat({"; ", Plural(never_ran, "changed line"), " never ran"}),
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
