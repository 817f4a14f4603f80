// SPDX-License-Identifier: MIT

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "pxdfuzz/base/text_lines.h"
#include "src/cli/check/verdict.h"

namespace pxdfuzz {
namespace {

using Cell = CheckVerdict::Cell;

// Text for XML. Control characters have no place there.
std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += static_cast<unsigned char>(c) < ' ' && c != '\n' ? '?' : c;
    }
  }
  return escaped;
}

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

void AddCase(const Cell& cell, const CheckVerdict& verdict, Suite& suite) {
  ++suite.tests;
  std::string inside;
  switch (cell.state) {
    case CellState::kHolds:
    case CellState::kKnown:
      break;
    case CellState::kFinding: {
      ++suite.failures;
      std::string headlines;
      for (const CheckVerdict::Finding& finding : verdict.findings) {
        headlines += Concat({finding.what, ": ", finding.headline, "\n"});
      }
      inside =
          Concat({"      <failure message=\"", Plural(cell.findings, "kind"),
                  " of finding\">", Escaped(headlines), "</failure>\n"});
      break;
    }
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
