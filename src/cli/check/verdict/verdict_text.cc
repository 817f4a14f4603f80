// SPDX-License-Identifier: MIT

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/engine/kernel_code.h"
#include "src/cli/check/verdict/verdict.h"

namespace pxdfuzz {
namespace {

using Cell = CheckVerdict::Cell;

std::string ColumnOf(const Cell& cell) {
  return Concat({cell.walker, cell.changing ? ", changing" : ""});
}

std::string RowOf(const std::string& mode, const std::string& configuration) {
  return configuration == "as-is" ? mode : Concat({mode, " ", configuration});
}
std::string RowOf(const Cell& cell) {
  return RowOf(cell.mode, cell.configuration);
}

std::string TextOf(const Cell& cell) {
  if (!cell.same_code_as.empty()) {
    return Concat({"same code as ", RowOf(cell.mode, cell.same_code_as)});
  }
  switch (cell.state) {
    case CellState::kHolds:
      return Concat({"holds ", Grouped(cell.executions)});
    case CellState::kFinding:
      return Concat({"FINDING ", Grouped(cell.findings)});
    case CellState::kKnown:
      return Concat({"known ", Grouped(cell.executions)});
    case CellState::kTooShort:
      return Concat({"too short ", Grouped(cell.executions)});
    case CellState::kUnchecked:
      return "could not check";
    case CellState::kLeftOut:
      return "left out";
  }
  return "";
}

void AddUnique(const std::string& item, std::vector<std::string>& items) {
  if (std::find(items.begin(), items.end(), item) == items.end()) {
    items.push_back(item);
  }
}

// Rows of the table, as text that is short where there are many:
// "s390/2 and s390/3, each as-is and debug-vm; x86-64/4".
class Rows {
 public:
  void Add(const std::string& mode, const std::string& configuration) {
    if (!configurations_.contains(mode)) modes_.push_back(mode);
    AddUnique(configuration, configurations_[mode]);
  }
  void Add(const Cell& cell) { Add(cell.mode, cell.configuration); }

  std::string Text() const {
    std::vector<std::string> groups;
    std::vector<std::vector<std::string>> done;
    for (const std::string& mode : modes_) {
      const std::vector<std::string>& wanted = configurations_.at(mode);
      if (std::find(done.begin(), done.end(), wanted) != done.end()) continue;
      done.push_back(wanted);
      std::vector<std::string> alike;
      for (const std::string& other : modes_) {
        if (configurations_.at(other) == wanted) alike.push_back(other);
      }
      groups.push_back(TextOfGroup(alike, wanted));
    }
    return absl::StrJoin(groups, "; ");
  }

 private:
  static std::string TextOfGroup(
      const std::vector<std::string>& modes,
      const std::vector<std::string>& configurations) {
    if (configurations == std::vector<std::string>{"as-is"}) {
      return Enumerate(modes);
    }
    return Concat({Enumerate(modes), modes.size() > 1 ? ", each " : " ",
                   Enumerate(configurations)});
  }

  std::vector<std::string> modes_;  // in the order of the table
  std::map<std::string, std::vector<std::string>> configurations_;
};

// A row for each paging mode and configuration, a column for each walker.
void AddTable(const std::vector<Cell>& cells, TextLines& text) {
  std::vector<std::string> rows;
  std::vector<std::string> columns;
  std::map<std::pair<std::string, std::string>, std::string> texts;
  size_t row_width = 0;
  for (const Cell& cell : cells) {
    AddUnique(RowOf(cell), rows);
    AddUnique(ColumnOf(cell), columns);
    row_width = std::max(row_width, RowOf(cell).size());
    texts[{RowOf(cell), ColumnOf(cell)}] = TextOf(cell);
  }
  const auto line = [&](const std::string& row, const auto& text_of) {
    std::string words = absl::StrFormat("  %-*s", row_width, row);
    for (const std::string& column : columns) {
      size_t width = column.size();
      for (const std::string& other : rows) {
        width = std::max(width, texts[{other, column}].size());
      }
      words += absl::StrFormat("  %-*s", width, text_of(column));
    }
    words.erase(words.find_last_not_of(' ') + 1);
    text.Line(words);
  };
  line("", [](const std::string& column) { return column; });
  for (const std::string& row : rows) {
    line(row, [&](const std::string& column) { return texts[{row, column}]; });
  }
}

void AddList(std::string_view name, const std::vector<std::string>& items,
             TextLines& text) {
  if (items.empty()) return;
  text.Blank();
  text.Line(Concat({name, ":"}));
  for (const std::string& item : items) text.Wrap("  ", "    ", item);
}

// What was left out or could not be run, one line for all cells with the same
// reason.
std::vector<std::string> Reasons(const std::vector<Cell>& cells,
                                 CellState state) {
  std::vector<std::string> reasons;
  std::map<std::string, Rows> rows;
  for (const Cell& cell : cells) {
    if (cell.state != state) continue;
    AddUnique(cell.reason, reasons);
    rows[cell.reason].Add(cell);
  }
  for (std::string& reason : reasons) {
    reason = Concat({rows[reason].Text(), ": ", reason});
  }
  return reasons;
}

// The known findings that were met; or those that were expected and were not.
std::vector<std::string> KnownFindings(const std::vector<Cell>& cells,
                                       bool met) {
  std::map<std::string, uint64_t> times;
  std::map<std::string, Rows> rows;
  for (const Cell& cell : cells) {
    if (!cell.same_code_as.empty()) continue;
    for (const auto& [name, count] : cell.known) {
      if ((count > 0) != met) continue;
      times[name] += count;
      rows[name].Add(cell);
    }
  }
  std::vector<std::string> lines;
  for (const auto& [name, count] : times) {
    const std::string often = met ? Concat({Grouped(count), " times "}) : "";
    lines.push_back(Concat(
        {KnownFindingFile(name), ": ", often, "in ", rows[name].Text()}));
  }
  return lines;
}

void AddCommands(const std::vector<CheckVerdict::Finding::Command>& commands,
                 TextLines& text) {
  for (const CheckVerdict::Finding::Command& command : commands) {
    text.Line(Concat({"  ", command.purpose, ":"}));
    text.Line(Concat({"    ", command.command}));
  }
}

// "stale 12 times, long 3 times".
std::string KindsOf(const CheckVerdict::Finding& finding) {
  std::vector<std::string> kinds;
  for (const auto& [kind, times] : finding.Kinds()) {
    kinds.push_back(Concat({kind, " ", Grouped(times), " times"}));
  }
  return Enumerate(kinds);
}

std::string RowsOf(const CheckVerdict::Finding& finding) {
  Rows rows;
  for (const CheckVerdict::Finding::Member& member : finding.members) {
    rows.Add(member.mode, member.configuration);
  }
  return rows.Text();
}

void AddFinding(const CheckVerdict::Finding& finding, TextLines& text) {
  text.Blank();
  text.Line(
      Concat({"FINDING ", finding.Name(), ", on ", finding.Architectures()}),
      LineStyle::kTitle);
  text.Wrap("  ", "  ", finding.headline);
  if (!finding.known.empty()) {
    text.Wrap("  ", "    ",
              Concat({"also known: ", KnownFindingFile(finding.known)}));
  }
  if (finding.line > 0) {
    text.Wrap("  ", "    ",
              Concat({"first goes wrong at ", finding.file, ":",
                      std::to_string(finding.line)}));
  }
  text.Wrap("  ", "    ",
            Concat({KindsOf(finding), ", ",
                    Plural(finding.members.size(), "signature"), ", in ",
                    RowsOf(finding)}));
  AddCommands(finding.commands, text);
}

void AddRepair(const CheckVerdict::Repair& repair, TextLines& text) {
  text.Blank();
  text.Line(Concat({"REPAIRED ", repair.what}), LineStyle::kTitle);
  text.Wrap("  ", "  ", repair.headline);
  text.Wrap(
      "  ", "    ",
      Concat({Plural(repair.cases, "case"), ", in ", Enumerate(repair.modes)}));
  AddCommands(repair.commands, text);
}

// Where a finding belongs, or nothing if there is one such place.
std::string HeadingOf(const CheckVerdict::Finding& finding,
                      const CheckVerdict& verdict) {
  std::string heading;
  if (!verdict.tree.patch.empty()) {
    heading = finding.is_without_patch ? "also in the unpatched tree"
                                       : "added by the patch";
  }
  if (verdict.is_resumed) {
    heading += Concat({heading.empty() ? "" : ", ",
                       finding.is_from_before() ? "from before" : "new now"});
  }
  return heading;
}

void AddFindings(const CheckVerdict& verdict, TextLines& text) {
  std::string last;
  for (const CheckVerdict::Finding& finding : verdict.findings) {
    const std::string heading = HeadingOf(finding, verdict);
    if (heading != last) {
      text.Blank();
      text.Line(Concat({heading, ":"}));
      last = heading;
    }
    AddFinding(finding, text);
  }
  if (verdict.repairs.empty()) return;
  text.Blank();
  text.Line("repaired by the patch:");
  for (const CheckVerdict::Repair& repair : verdict.repairs) {
    AddRepair(repair, text);
  }
}

std::string LineOf(const CheckVerdict::Change& change) {
  const std::string name = Concat(
      {change.file, change.function.empty() ? "" : ", ", change.function});
  if (change.slices.empty()) {
    return Concat({name, ": in no slice; nothing of it is checked here"});
  }
  const auto list = [](std::string_view what, const std::vector<int>& lines) {
    std::vector<std::string> numbers;
    for (const int line : lines) numbers.push_back(std::to_string(line));
    return lines.empty() ? "" : Concat({"; ", what, ": ", Enumerate(numbers)});
  };
  std::string constants;
  for (const auto& [constant, reason] : change.constants) {
    constants += Concat({constants.empty() ? "; NEVER VARIES: " : ", ",
                         constant, " (", reason, ")"});
  }
  return Concat({name, ": in ", Enumerate(change.slices), "; ",
                 std::to_string(change.lines - change.not_executed.size()),
                 " of ", Plural(change.lines, "changed line"),
                 " that can run ran", list("NEVER RAN", change.not_executed),
                 list("decided always alike", change.one_way), constants});
}

void AddAgainst(const CheckVerdict::Against& against, TextLines& text) {
  std::vector<std::string> lines = {Concat(
      {Grouped(against.cases), " cases ran on both",
       against.different.empty() ? "; pages, references and reads are the same"
                                 : ""})};
  for (const auto& [what, count] : against.different) {
    lines.push_back(Concat({what, ": ", Grouped(count), " cases differ"}));
  }
  if (!against.different.empty()) {
    lines.push_back(Concat(
        {"the first: ", against.first, ", ", Enumerate(against.programs)}));
    lines.push_back(against.case_file);
  }
  AddList(Concat({"against ", against.description}), lines, text);
}

}  // namespace

std::string TextOf(const CheckVerdict& verdict) {
  TextLines text(/*color=*/false);
  text.Blank();
  if (!verdict.cells.empty()) AddTable(verdict.cells, text);
  AddList("known findings", KnownFindings(verdict.cells, /*met=*/true), text);
  AddList("known findings that are expected and were not found",
          KnownFindings(verdict.cells, /*met=*/false), text);
  AddList("could not check", Reasons(verdict.cells, CellState::kUnchecked),
          text);
  AddList("left out", Reasons(verdict.cells, CellState::kLeftOut), text);
  std::vector<std::string> changes;
  for (const CheckVerdict::Change& change : verdict.changes) {
    changes.push_back(LineOf(change));
  }
  AddList("the patch changes", changes, text);
  AddFindings(verdict, text);
  if (verdict.against.has_value()) AddAgainst(*verdict.against, text);
  AddList("not checked", verdict.not_checked, text);
  text.Blank();
  text.Line(verdict.LastLine(), LineStyle::kTitle);
  return text.text();
}

}  // namespace pxdfuzz
