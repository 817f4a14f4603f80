// SPDX-License-Identifier: MIT

// pxdfuzz verdicts.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_join.h"
#include "pxdfuzz/base/text_lines.h"
#include "src/cli/check/verdict/verdict.h"
#include "src/cli/commands.h"
#include "src/cli/input.h"
#include "src/cli/text/json.h"

namespace pxdfuzz {
namespace {

// What the cells of one architecture of one tree add up to.
struct Row {
  uint64_t still = 0;                     // executions
  uint64_t changing = 0;                  // executions while tables change
  uint64_t findings = 0;                  // of each cell, if not known
  std::map<std::string, uint64_t> known;  // executions by page
  std::map<std::string, int> cells;       // by state
};

void Add(const Json& cell, Row& row) {
  ++row.cells[cell.at("state")];
  // The run of another cell.
  if (cell.at("same_code_as") != "") return;
  const uint64_t executions = cell.at("executions");
  (cell.at("changing") ? row.changing : row.still) += executions;
  row.findings += cell.at("findings").get<uint64_t>();
  for (const auto& [page, times] : cell.at("known").items()) {
    row.known[page] += times.get<uint64_t>();
  }
}

std::string Text(const std::string& tree, const std::string& arch,
                 const Row& row) {
  std::vector<std::string> cells;
  for (const auto& [state, count] : row.cells) {
    cells.push_back(Concat({std::to_string(count), " ", state}));
  }
  std::vector<std::string> known;
  for (const auto& [page, times] : row.known) {
    known.push_back(Concat({page, ": ", Grouped(times)}));
  }
  return Concat({"| ", tree, " | ", arch, " | ", absl::StrJoin(cells, ", "),
                 " | ", Grouped(row.still), " | ", Grouped(row.changing), " | ",
                 std::to_string(row.findings), " | ",
                 known.empty() ? "none" : absl::StrJoin(known, "; "), " |\n"});
}

}  // namespace

absl::StatusOr<std::string> TableRowsOf(std::string_view json) {
  try {
    const Json verdict = Json::parse(json);
    const std::string error = verdict.at("error");
    if (!error.empty()) {
      return absl::UnavailableError(Concat({"the check failed: ", error}));
    }
    if (verdict.at("executions") == 0) {
      return absl::UnavailableError("the check executed nothing");
    }
    std::map<std::string, Row> rows;
    for (const Json& cell : verdict.at("cells")) {
      const std::string mode = cell.at("mode");
      Add(cell, rows[mode.substr(0, mode.find('/'))]);
    }
    const std::string tree = verdict.at("tree").at("description");
    std::string text;
    for (const auto& [arch, row] : rows) text += Text(tree, arch, row);
    return text;
  } catch (const Json::exception& error) {
    return absl::InvalidArgumentError(
        Concat({"no verdict of check --json: ", error.what()}));
  }
}

int RunVerdicts(const Arguments& arguments, Output& out) {
  std::string table =
      "| tree | architecture | cells | executions | while tables change | "
      "findings | known findings |\n|---|---|---|---|---|---|---|\n";
  for (const std::string& file : arguments.operands) {
    const absl::StatusOr<std::string> json = ReadInput(file);
    if (!json.ok()) {
      PrintError(json.status());
      return kUnreadable;
    }
    const absl::StatusOr<std::string> rows = TableRowsOf(*json);
    if (!rows.ok()) {
      PrintError(Concat({file, ": ", std::string(rows.status().message())}));
      return kUnreadable;
    }
    table += *rows;
  }
  out.Write(table);
  return kNothingFound;
}

}  // namespace pxdfuzz
