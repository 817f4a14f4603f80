// SPDX-License-Identifier: MIT

// What `pxdfuzz check` says of a verdict: exit codes, text, JSON by its schema,
// JUnit. Runs in the project's folder.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "src/cli/check/cells.h"
#include "src/cli/check/findings.h"
#include "src/cli/check/verdict.h"
#include "tests/shell.h"

namespace pxdfuzz {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

CheckVerdict::Cell CellOf(CellState state) {
  return {.mode = "s390/3",
          .configuration = "as-is",
          .walker = "gup_fast",
          .state = state,
          .executions = state == CellState::kLeftOut ? 0u : 20'500u,
          .floor = 20'000};
}

CheckVerdict VerdictOf(const std::vector<CellState>& states) {
  CheckVerdict verdict;
  verdict.tree = {.name = "linux",
                  .version = "6.9.7",
                  .slices = {{"s390", "c0ffee"}},
                  .description = "Linux 6.9.7"};
  for (const CellState state : states) verdict.cells.push_back(CellOf(state));
  return verdict;
}

CheckVerdict::Finding FindingOf(const std::string& what) {
  return {.what = what,
          .headline = "On s390 & others, \"p < q\".",
          .times = 3,
          .signatures = {"kernel-6.9-s390.s390-3." + what + ".pte-leaf"},
          .modes = {"s390/3", "s390/4", "x86-64/4"},
          .case_file = "case.yaml",
          .report = "report.txt",
          .commands = {{"reproduce", "pxdfuzz replay case.yaml"}}};
}

// What is wrong with `value` by that part of a schema: the keywords that
// docs/check.schema.json uses, and no others.
void Validate(const json& schema, const json& value, const std::string& at,
              std::vector<std::string>& wrong) {
  const std::string type = schema.value("type", "");
  const bool fits = type == "object"    ? value.is_object()
                    : type == "array"   ? value.is_array()
                    : type == "string"  ? value.is_string()
                    : type == "boolean" ? value.is_boolean()
                    : type == "integer" ? value.is_number_integer()
                    : type == "number"  ? value.is_number()
                                        : false;
  if (!fits) {
    wrong.push_back(at + ": no " + type);
    return;
  }
  if (schema.contains("enum") &&
      std::find(schema["enum"].begin(), schema["enum"].end(), value) ==
          schema["enum"].end()) {
    wrong.push_back(at + ": not in the list");
  }
  for (const auto& key : schema.value("required", json::array())) {
    if (!value.contains(key)) {
      wrong.push_back(at + ": lacks " + key.get<std::string>());
    }
  }
  const json properties = schema.value("properties", json::object());
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) {
      if (properties.contains(key)) {
        Validate(properties[key], member, at + "/" + key, wrong);
      } else if (const json& more = schema["additionalProperties"];
                 more.is_object()) {
        Validate(more, member, at + "/" + key, wrong);
      } else {
        wrong.push_back(at + ": unknown " + key);
      }
    }
  }
  if (value.is_array()) {
    for (const json& item : value) {
      Validate(schema["items"], item, at + "/-", wrong);
    }
  }
}

std::vector<std::string> WrongInJson(const std::string& text) {
  const json schema =
      json::parse(Contents("docs/check.schema.json"), nullptr, false);
  const json value = json::parse(text, nullptr, false);
  std::vector<std::string> wrong;
  Validate(schema, value, "", wrong);
  return wrong;
}

TEST(CheckVerdictTest, ExitCodesSayWhatCameOfIt) {
  using enum CellState;
  EXPECT_EQ(VerdictOf({kHolds, kKnown, kLeftOut}).exit_code(), 0);
  EXPECT_EQ(VerdictOf({kHolds, kTooShort}).exit_code(), 3);
  EXPECT_EQ(VerdictOf({kHolds, kUnchecked}).exit_code(), 3);
  // Nothing passes by doing nothing.
  EXPECT_EQ(VerdictOf({}).exit_code(), 3);
  EXPECT_EQ(VerdictOf({kLeftOut}).exit_code(), 3);
  CheckVerdict verdict = VerdictOf({kHolds, kFinding, kTooShort});
  verdict.findings = {FindingOf("wrong-page")};
  EXPECT_EQ(verdict.exit_code(), 1);
  // The patch is not to blame for it, and there was too little time.
  verdict.findings[0].is_without_patch = true;
  EXPECT_EQ(verdict.exit_code(), 3);
  verdict.cells.pop_back();
  EXPECT_EQ(verdict.exit_code(), 0);
  verdict.error = "the disk is full";
  EXPECT_EQ(verdict.exit_code(), 3);
}

TEST(CheckVerdictTest, TheTextHasARowForEachModeAndAColumnForEachWalker) {
  CheckVerdict verdict = VerdictOf({CellState::kHolds, CellState::kFinding});
  verdict.cells[1].changing = true;
  verdict.cells[1].findings = 2;
  verdict.cells[0].known = {{"s390-readonly-2g-write", 7}};
  verdict.findings = {FindingOf("wrong-page")};
  const std::string text = TextOf(verdict);
  EXPECT_THAT(text, HasSubstr("          gup_fast      gup_fast, changing\n"
                              "  s390/3  holds 20,500  FINDING 2\n"));
  EXPECT_THAT(text, HasSubstr("docs/findings/s390-readonly-2g-write.md: 7 "));
  EXPECT_THAT(text, HasSubstr("FINDING wrong-page: 3 times, 1 kind, on s390 "
                              "and x86-64\n"));
  EXPECT_TRUE(
      text.ends_with("\nLinux 6.9.7: 1 kind of finding; the worst: wrong-page "
                     "on s390 and x86-64\n"));
}

TEST(CheckVerdictTest, JsonIsWhatItsSchemaSays) {
  CheckVerdict verdict = VerdictOf({CellState::kHolds, CellState::kFinding});
  verdict.cells[0].known = {{"s390-readonly-2g-write", 7}};
  verdict.findings = {FindingOf("wrong-page")};
  verdict.changes = {{.file = "mm/gup.c",
                      .function = "gup_fast",
                      .slices = {"s390"},
                      .lines = 3,
                      .not_executed = {12}}};
  verdict.not_checked = {"the rest"};
  EXPECT_THAT(WrongInJson(JsonOf(verdict)), IsEmpty());
  EXPECT_THAT(WrongInJson(JsonOf(CheckVerdict())), IsEmpty());
  // The validator sees what is wrong.
  json broken = json::parse(JsonOf(verdict));
  broken["cells"][0]["state"] = "fine";
  broken["cells"][1].erase("floor");
  broken["seconds"] = "long";
  broken["more"] = 1;
  EXPECT_THAT(
      WrongInJson(broken.dump()),
      ElementsAre("/cells/-/state: not in the list", "/cells/-: lacks floor",
                  ": unknown more", "/seconds: no number"));
}

TEST(CheckVerdictTest, JUnitCountsEachCellOnceAndEscapesText) {
  using enum CellState;
  CheckVerdict verdict =
      VerdictOf({kHolds, kKnown, kFinding, kTooShort, kUnchecked, kLeftOut});
  verdict.cells[4].reason = "a < b & \"c\"";
  verdict.findings = {FindingOf("wrong-page")};
  const std::string xml = JUnitOf(verdict);
  EXPECT_THAT(xml, HasSubstr("<testsuite name=\"gup_fast\" tests=\"6\" "
                             "failures=\"1\" errors=\"2\" skipped=\"1\">"));
  EXPECT_THAT(xml, HasSubstr("message=\"a &lt; b &amp; &quot;c&quot;\""));
  EXPECT_THAT(xml, Not(HasSubstr("p < q")));
  // A check that came to nothing is an error there too.
  CheckVerdict nothing;
  nothing.error = "no tree";
  EXPECT_THAT(JUnitOf(nothing), HasSubstr("tests=\"1\" failures=\"0\" "
                                          "errors=\"1\""));
  const ShellRun parsed = RunShell(
      "command -v python3 > /dev/null || exit 77; python3 -c 'import sys, "
      "xml.etree.ElementTree as e; e.fromstring(sys.argv[1])' '" +
      xml + "'");
  if (parsed.code == 77) GTEST_SKIP() << "there is no python3 to parse it";
  EXPECT_EQ(parsed.code, 0) << parsed.error;
}

TEST(CheckVerdictTest, KindsOfFindingAreSortedTheWorstFirst) {
  EXPECT_EQ(KindOf("kernel-6.9-s390.s390-3.changing.stale.pte-leaf"), "stale");
  EXPECT_EQ(KindOf("crash.AddressSanitizer.SEGV"), "crash");
  EXPECT_LT(SeverityOf("wrong-page"), SeverityOf("long"));
  EXPECT_LT(SeverityOf("long"), SeverityOf("short"));
  EXPECT_LT(SeverityOf("short"), SeverityOf("unheard-of"));
}

}  // namespace
}  // namespace pxdfuzz
