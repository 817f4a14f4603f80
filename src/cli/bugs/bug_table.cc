// SPDX-License-Identifier: MIT

#include "src/cli/bugs/bug_table.h"

#include "absl/strings/str_format.h"
#include "pxdfuzz/base/text_lines.h"

namespace pxdfuzz {
namespace {

std::string Median(const BugRow& row) {
  return row.hunt.executions.empty() ? "-" : Grouped(row.hunt.median());
}

std::string Worst(const BugRow& row) {
  return row.hunt.executions.empty() ? "-" : Grouped(row.hunt.worst());
}

// The signature without the name of the code, which has columns of its own.
std::string What(const BugRow& row) {
  if (!row.error.empty()) return row.error;
  const std::string& signature = row.hunt.signature;
  if (signature.empty()) {
    return row.place.signature.empty()
               ? Concat({"nothing in ", Grouped(row.hunt.executed)})
               : Concat({"NOT FOUND in ", Grouped(row.hunt.executed)});
  }
  const std::string code =
      Concat({"kernel-", row.version, "-", Name(row.place.arch.id)});
  const std::string what =
      signature.starts_with(code)
          ? signature.substr(signature.find('.', code.size()) + 1)
          : signature;
  if (row.place.signature.empty()) return "FOUND " + what;
  if (row.hunt.always_found()) return what;
  return Concat({what, ", with ", std::to_string(row.hunt.executions.size()),
                 " of ", Plural(row.hunt.seeds, "seed")});
}

}  // namespace

std::string BugTableText(const std::vector<BugRow>& rows, bool color) {
  constexpr auto kForm = "%-28s %4s %-10s %-5s %8s %8s  %s";
  TextLines text(color);
  text.Line(absl::StrFormat(kForm, "bug", "year", "code", "tree", "median",
                            "worst", "signature"),
            LineStyle::kTitle);
  for (const BugRow& row : rows) {
    text.Line(absl::StrFormat(kForm, row.bug->name,
                              std::to_string(row.bug->year), row.place.name,
                              row.version, Median(row), Worst(row), What(row)),
              row.is_good() ? LineStyle::kPlain : LineStyle::kMarked);
  }
  return text.text();
}

std::string BugTableMarkdown(const std::vector<BugRow>& rows) {
  std::string text =
      "| bug | year | code | tree | median | worst | signature |\n"
      "|---|---|---|---|---|---|---|\n";
  for (const BugRow& row : rows) {
    const std::string what = What(row);
    text += absl::StrFormat(
        "| %s | %d | %s | %s | %s | %s | %s |\n", row.bug->name, row.bug->year,
        row.place.name, row.version, Median(row), Worst(row),
        row.hunt.signature.empty() ? what : "`" + what + "`");
  }
  text += "\n| bug | record | history |\n|---|---|---|\n";
  const Bug* last = nullptr;
  for (const BugRow& row : rows) {
    if (row.bug == last) continue;
    last = row.bug;
    text += absl::StrFormat("| %s | %s | %s |\n", last->name, last->record,
                            last->history);
  }
  return text;
}

}  // namespace pxdfuzz
