// SPDX-License-Identifier: MIT

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "pxdfuzz/base/text_lines.h"
#include "src/cli/check/verdict/verdict.h"
#include "src/cli/text/walk_drawing.h"

namespace pxdfuzz {
namespace {

using Cell = CheckVerdict::Cell;

struct Suite {
  size_t failures = 0;
  size_t errors = 0;
  size_t skipped = 0;
  size_t tests = 0;
  std::string cases;
};

// The element of JUnit for what is not passed, with a message.
std::string Element(std::string_view element, std::string_view message) {
  return Concat(
      {"      <", element, " message=\"", Escaped(message), "\"/>\n"});
}

constexpr std::string_view kFailure = "      <failure";

// The element for a cell with findings: a failure, unless the tree shows all of
// them without the patch.
std::string FindingsOf(const Cell& cell, const CheckVerdict& verdict) {
  std::string added;
  std::string others;
  for (const CheckVerdict::Finding& finding : verdict.findings) {
    if (!finding.HasPartIn(cell)) continue;
    (finding.is_without_patch ? others : added) +=
        Concat({finding.Name(), ": ", finding.headline, "\n"});
  }
  if (added.empty() && !others.empty()) {
    return Concat({"      <system-out>also in the unpatched tree: ",
                   Escaped(others), "</system-out>\n"});
  }
  return Concat({kFailure, " message=\"", Plural(cell.findings, "finding"),
                 "\">", Escaped(added), "</failure>\n"});
}

void AddCase(const Cell& cell, const CheckVerdict& verdict, Suite& suite) {
  ++suite.tests;
  std::string inside;
  switch (cell.state) {
    case CellState::kHolds:
    case CellState::kKnown:
      break;
    case CellState::kFinding:
      inside = FindingsOf(cell, verdict);
      if (inside.starts_with(kFailure)) ++suite.failures;
      break;
    case CellState::kTooShort:
      ++suite.errors;
      inside = Element("error",
                       Concat({"too short: ", Grouped(cell.executions), " of ",
                               Grouped(cell.floor), " executions"}));
      break;
    case CellState::kUnchecked:
      ++suite.errors;
      inside = Element("error", cell.reason);
      break;
    case CellState::kLeftOut:
      ++suite.skipped;
      inside = Element("skipped", cell.reason);
      break;
  }
  suite.cases += Concat(
      {"    <testcase classname=\"", Escaped(cell.mode), "\" name=\"",
       Escaped(cell.configuration), "\"",
       inside.empty() ? "/>\n" : Concat({">\n", inside, "    </testcase>\n"})});
}

std::string Begin(std::string_view element, std::string_view name,
                  const Suite& sum) {
  return absl::StrFormat(
      "<%s name=\"%s\" tests=\"%d\" failures=\"%d\" errors=\"%d\" "
      "skipped=\"%d\"",
      std::string(element), Escaped(name), sum.tests, sum.failures, sum.errors,
      sum.skipped);
}

}  // namespace

std::string JUnitOf(const CheckVerdict& verdict) {
  std::map<std::string, Suite> suites;
  for (const Cell& cell : verdict.cells) {
    AddCase(cell, verdict,
            suites[Concat({cell.walker, cell.changing ? ".changing" : ""})]);
  }
  // A check that came to nothing must not look like one without failures.
  if (verdict.cells.empty() || !verdict.error.empty()) {
    Suite& suite = suites["check"];
    ++suite.tests;
    ++suite.errors;
    suite.cases +=
        Concat({"    <testcase classname=\"check\" name=\"run\">\n",
                Element("error", verdict.LastLine()), "    </testcase>\n"});
  }
  Suite sum;
  std::string all;
  for (const auto& [name, suite] : suites) {
    sum.tests += suite.tests;
    sum.failures += suite.failures;
    sum.errors += suite.errors;
    sum.skipped += suite.skipped;
    all += Concat({"  ", Begin("testsuite", name, suite), ">\n", suite.cases,
                   "  </testsuite>\n"});
  }
  return Concat(
      {"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
       Begin("testsuites",
             Concat({"pxdfuzz check of ", verdict.tree.description}), sum),
       absl::StrFormat(" time=\"%.1f\"", verdict.seconds), ">\n", all,
       "</testsuites>\n"});
}

}  // namespace pxdfuzz
