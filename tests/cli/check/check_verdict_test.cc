// SPDX-License-Identifier: MIT

// What `pxdfuzz check` says of a verdict: exit codes, text, JSON by its schema,
// JUnit. Runs in the project's folder.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "pxdfuzz/engine/run.h"
#include "src/cli/check/against.h"
#include "src/cli/check/cells.h"
#include "src/cli/check/check.h"
#include "src/cli/check/constants.h"
#include "src/cli/check/findings/sightings.h"
#include "src/cli/check/my_lines.h"
#include "src/cli/check/small_worlds.h"
#include "src/cli/check/verdict/verdict.h"
#include "src/cli/commands.h"
#include "tests/shell.h"

namespace pxdfuzz {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::AnyOf;
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

CheckVerdict::Finding::Member MemberOf(const std::string& kind,
                                       const std::string& mode = "s390/3") {
  return {.signature = "kernel-6.9-s390.s390-3." + kind + ".pte-leaf",
          .mode = mode,
          .configuration = "as-is",
          .walker = "gup_fast",
          .times = 3};
}

CheckVerdict::Finding FindingOf(const std::string& what) {
  return {.what = what,
          .function = "gup_pte_range",
          .file = "mm/gup.c",
          .line = 12,
          .headline = "On s390 & others, \"p < q\".",
          .members = {MemberOf(what), MemberOf("long"),
                      MemberOf("long", "x86-64/4")},
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

TEST(CheckVerdictTest, TheSameCodeInTwoConfigurationsRunsOnce) {
  CheckVerdict verdict = VerdictOf({CellState::kHolds, CellState::kHolds});
  verdict.cells[1].configuration = "no-thp";
  verdict.cells[1].same_code_as = "as-is";
  EXPECT_THAT(TextOf(verdict), HasSubstr("s390/3 no-thp  same code as s390/3"));
  EXPECT_EQ(verdict.executions(), verdict.cells[0].executions);
  EXPECT_EQ(json::parse(JsonOf(verdict))["cells"][1]["same_code_as"], "as-is");
  EXPECT_THAT(WrongInJson(JsonOf(verdict)), IsEmpty());
}

TEST(CheckVerdictTest, AKnownFindingThatIsNotFoundIsSaidAndIsNoFailure) {
  CheckVerdict verdict = VerdictOf({CellState::kKnown, CellState::kHolds});
  verdict.cells[0].known = {{"met", 7}};
  verdict.cells[1].mode = "s390/4";
  verdict.cells[1].known = {{"not-met", 0}};
  const std::string text = TextOf(verdict);
  EXPECT_THAT(text, HasSubstr("docs/findings/met.md: 7 times in s390/3\n"));
  EXPECT_THAT(text, HasSubstr("were not found:\n"
                              "  docs/findings/not-met.md: in s390/4\n"));
  EXPECT_EQ(verdict.exit_code(), 0);
}

TEST(CheckVerdictTest, SmallWorldsHaveBoundariesOfAllLevelsAndTwoPlaces) {
  for (const PagingMode& mode : kAllPagingModes) {
    for (const bool changing : {false, true}) {
      const std::vector<Case> worlds = SmallWorlds(mode, changing);
      std::set<uint64_t> boundaries;
      std::set<std::vector<uint8_t>> different;
      for (const Case& c : worlds) {
        ASSERT_EQ(c.mode, mode);
        ASSERT_EQ(c.concurrent.size(), changing ? 1u : 0u);
        ASSERT_FALSE(c.requests.empty());
        const Request& longest = c.requests[c.requests.size() - 1];
        EXPECT_EQ(longest.pages, 4);
        if (!c.setup.empty()) boundaries.insert(longest.start);
        std::vector<uint8_t> bytes(kMaxEncodedSize);
        bytes.resize(Encode(c, bytes));
        different.insert(bytes);
      }
      EXPECT_GT(worlds.size(), changing ? 1'000u : 400u) << Name(mode);
      EXPECT_LT(worlds.size(), 20'000u) << Name(mode);
      EXPECT_GT(different.size(), worlds.size() / 2) << Name(mode);
      EXPECT_GE(boundaries.size(), changing ? 1u : 2u) << Name(mode);
    }
  }
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
  EXPECT_THAT(text, HasSubstr("FINDING wrong-page in gup_pte_range(), on s390 "
                              "and x86-64\n"));
  EXPECT_THAT(text, HasSubstr("  first goes wrong at mm/gup.c:12\n"));
  EXPECT_THAT(text, HasSubstr("  wrong-page 3 times and long 6 times, 3 "
                              "signatures, in s390/3 and x86-64/4\n"));
  EXPECT_TRUE(
      text.ends_with("\nLinux 6.9.7: 1 finding: wrong-page in "
                     "gup_pte_range() on s390 and x86-64\n"));
}

TEST(CheckVerdictTest, ModesWithTheSameConfigurationsAreListedTogether) {
  CheckVerdict verdict = VerdictOf({CellState::kFinding});
  verdict.findings = {FindingOf("wrong-page")};
  const auto member = verdict.findings[0].members[0];
  verdict.findings[0].members.clear();
  for (const char* mode : {"s390/3", "x86-64/4", "s390/4", "arm64-16k/3"}) {
    for (const char* configuration : {"as-is", "no-thp", "debug-vm"}) {
      if (mode[0] == 'x' && configuration[0] != 'a') continue;
      if (mode[0] == 'a' && configuration[0] != 'd') continue;
      auto& added = verdict.findings[0].members.emplace_back(member);
      added.mode = mode;
      added.configuration = configuration;
    }
  }
  std::string text = TextOf(verdict);
  std::replace(text.begin(), text.end(), '\n', ' ');
  text.erase(std::unique(text.begin(), text.end(),
                         [](char a, char b) { return a == ' ' && b == ' '; }),
             text.end());
  EXPECT_THAT(text, HasSubstr("8 signatures, in s390/3 and s390/4, each as-is, "
                              "no-thp and debug-vm; x86-64/4; arm64-16k/3 "
                              "debug-vm "));
}

TEST(CheckVerdictTest, FindingsOfThePatchAndOfThisRunStandApart) {
  using enum CellState;
  CheckVerdict verdict = VerdictOf({kFinding, kHolds});
  verdict.tree.patch = "my.diff";
  verdict.is_resumed = true;
  CheckVerdict::Finding old = FindingOf("stale");
  for (auto& member : old.members) member.is_from_before = true;
  CheckVerdict::Finding unpatched = FindingOf("long");
  unpatched.is_without_patch = true;
  verdict.findings = {FindingOf("wrong-page"), old, unpatched};
  verdict.repairs = {{.what = "short in gup_pmd_range()",
                      .headline = "It was short.",
                      .cases = 7,
                      .modes = {"s390/3"},
                      .case_file = "case.yaml",
                      .commands = {{"without the patch", "pxdfuzz replay"}}}};
  EXPECT_FALSE(verdict.findings[0].is_from_before());
  EXPECT_TRUE(verdict.findings[1].is_from_before());
  EXPECT_EQ(verdict.added(), 2u);
  const std::string text = TextOf(verdict);
  const char* const kInOrder[] = {"added by the patch, new now:\n",
                                  "FINDING wrong-page",
                                  "added by the patch, from before:\n",
                                  "FINDING stale",
                                  "also in the unpatched tree, new now:\n",
                                  "FINDING long",
                                  "repaired by the patch:\n",
                                  "REPAIRED short in gup_pmd_range()\n",
                                  "7 cases, in s390/3\n",
                                  "2 findings added by the patch"};
  size_t at = 0;
  for (const char* part : kInOrder) {
    at = text.find(part, at);
    ASSERT_NE(at, text.npos) << part << "\n" << text;
  }
  const json value = json::parse(JsonOf(verdict));
  EXPECT_EQ(value["resumed"], true);
  EXPECT_EQ(value["findings"][0]["from_before"], false);
  EXPECT_EQ(value["findings"][1]["from_before"], true);
  EXPECT_EQ(value["findings"][1]["members"][2]["mode"], "x86-64/4");
  EXPECT_EQ(value["repairs"][0]["cases"], 7);
  EXPECT_THAT(WrongInJson(JsonOf(verdict)), IsEmpty());
  // Only what the unpatched tree has: no failure of the patch.
  verdict.findings = {unpatched};
  EXPECT_EQ(verdict.exit_code(), 0);
  EXPECT_EQ(verdict.LastLine(),
            "Linux 6.9.7: holds in 1 cell, and 1 finding also in the unpatched "
            "tree, 1 finding repaired, 41,000 executions");
  EXPECT_THAT(JUnitOf(verdict), HasSubstr("failures=\"0\""));
  EXPECT_THAT(JUnitOf(verdict), HasSubstr("<system-out>also in the unpatched "
                                          "tree: long in gup_pte_range()"));
}

TEST(CheckVerdictTest, AKnownFindingOfAPatchSaysThatItIsKnown) {
  CheckVerdict verdict = VerdictOf({CellState::kKnown});
  verdict.tree.patch = "my.diff";
  CheckVerdict::Finding known = FindingOf("some-page");
  known.known = "some-page";
  known.is_without_patch = true;
  for (auto& member : known.members) member.signature = "some-page";
  verdict.findings = {known};
  EXPECT_THAT(TextOf(verdict),
              AllOf(HasSubstr("also in the unpatched tree:\n"),
                    HasSubstr("FINDING some-page in gup_pte_range()"),
                    HasSubstr("  also known: docs/findings/some-page.md\n")));
  EXPECT_EQ(json::parse(JsonOf(verdict))["findings"][0]["known"], "some-page");
  EXPECT_THAT(WrongInJson(JsonOf(verdict)), IsEmpty());
  EXPECT_EQ(verdict.exit_code(), 0);
  // One that the patch brings back is its own.
  verdict.findings[0].is_without_patch = false;
  EXPECT_EQ(verdict.exit_code(), 1);
}

TEST(CheckVerdictTest, AFindingIsOfTheCellsThatRunTheSameCode) {
  const CheckVerdict::Finding::Member member = MemberOf("long");
  CheckVerdict::Cell cell = CellOf(CellState::kFinding);
  EXPECT_TRUE(member.IsOf(cell));
  cell.configuration = "no-hugetlb";
  EXPECT_FALSE(member.IsOf(cell));
  cell.same_code_as = "as-is";
  EXPECT_TRUE(member.IsOf(cell));
  cell.changing = true;
  EXPECT_FALSE(member.IsOf(cell));
}

TEST(CheckVerdictTest, FindingsThatBreakOneRuleHaveOneCause) {
  const auto rule = [](const std::string& kind) {
    return RuleOfSignature("kernel-6.9-s390.s390-3." + kind + ".pte-leaf");
  };
  EXPECT_EQ(rule("stale"), rule("wrong-page"));
  EXPECT_EQ(rule("changing.long"), rule("endless"));
  EXPECT_EQ(rule("model"), rule("short"));
  EXPECT_EQ(rule("refusal"), rule("references"));
  EXPECT_NE(rule("references"), rule("long"));
  EXPECT_NE(rule("fork"), rule("references"));
  EXPECT_NE(rule("page-size"), rule("long"));
  EXPECT_EQ(RuleOfSignature("crash.AddressSanitizer.SEGV"), "crash");
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

// An element of XML, with its attributes.
struct Element {
  std::string name;
  std::map<std::string, std::string> attributes;
  std::vector<Element> inside;

  size_t Count(const std::string& wanted) const {
    size_t count = name == wanted;
    for (const Element& element : inside) count += element.Count(wanted);
    return count;
  }
};

// The root of a document that is well-formed, as far as JUnitOf() uses XML.
Element ElementIn(const std::string& xml) {
  const std::regex tag(R"(<(/?)([?a-z-]+)((?: [a-z]+="[^"<>]*")*)\??(/?)>)");
  std::vector<Element> open = {{}};
  std::string rest;
  std::sregex_iterator it(xml.begin(), xml.end(), tag);
  for (const std::sregex_iterator end; it != end; ++it) {
    rest += it->prefix();
    const std::string name = it->str(2);
    if (name.starts_with('?')) continue;
    if (it->length(1) == 0) {
      Element& element = open.emplace_back();
      element.name = name;
      const std::string words = it->str(3);
      const std::regex attribute("([a-z]+)=\"([^\"]*)\"");
      for (std::sregex_iterator at(words.begin(), words.end(), attribute);
           at != end; ++at) {
        EXPECT_TRUE(element.attributes.emplace(at->str(1), at->str(2)).second);
      }
      if (it->length(4) == 0) continue;
    }
    EXPECT_GT(open.size(), 1u);
    EXPECT_EQ(open.back().name, name);
    if (open.size() < 2) return {};
    open[open.size() - 2].inside.push_back(open.back());
    open.pop_back();
  }
  // What is between tags is no tag.
  EXPECT_THAT(rest, Not(HasSubstr("<")));
  EXPECT_EQ(open.size(), 1u);
  EXPECT_EQ(open[0].inside.size(), 1u);
  return open[0].inside.empty() ? Element() : open[0].inside[0];
}

// What the schema that Jenkins publishes for JUnit asks of these elements, and
// that the sums are right.
void ExpectJUnit(const std::string& xml) {
  const Element root = ElementIn(xml);
  EXPECT_EQ(root.name, "testsuites");
  const auto expect_sums = [](const Element& element) {
    const auto& has = element.attributes;
    for (const auto& [attribute, name] :
         {std::pair("tests", "testcase"), std::pair("failures", "failure"),
          std::pair("errors", "error"), std::pair("skipped", "skipped")}) {
      ASSERT_TRUE(has.contains(attribute)) << element.name << ' ' << attribute;
      EXPECT_EQ(has.at(attribute), std::to_string(element.Count(name)));
    }
    EXPECT_NE(has.at("name"), "");
  };
  expect_sums(root);
  EXPECT_TRUE(root.attributes.contains("time"));
  std::set<std::string> names;
  EXPECT_GE(root.inside.size(), 1u);
  for (const Element& suite : root.inside) {
    EXPECT_EQ(suite.name, "testsuite");
    expect_sums(suite);
    EXPECT_TRUE(names.insert(suite.attributes.at("name")).second);
    EXPECT_GE(suite.inside.size(), 1u);
    for (const Element& test : suite.inside) {
      EXPECT_EQ(test.name, "testcase");
      EXPECT_EQ(test.attributes.size(), 2u);
      EXPECT_NE(test.attributes.at("classname"), "");
      EXPECT_NE(test.attributes.at("name"), "");
      EXPECT_LE(test.inside.size(), 1u);
      for (const Element& result : test.inside) {
        EXPECT_THAT(result.name,
                    AnyOf("failure", "error", "skipped", "system-out"));
        EXPECT_EQ(result.attributes.contains("message"),
                  result.name != "system-out");
      }
    }
  }
}

TEST(CheckVerdictTest, JUnitHasTheStructureThatReadersExpect) {
  using enum CellState;
  CheckVerdict verdict =
      VerdictOf({kHolds, kKnown, kFinding, kTooShort, kUnchecked, kLeftOut});
  verdict.cells[1].walker = "page_size";
  verdict.cells[3].changing = true;
  verdict.cells[4].reason = "a < b & \"c\"";
  verdict.findings = {FindingOf("wrong-page")};
  ExpectJUnit(JUnitOf(verdict));
  verdict.findings[0].is_without_patch = true;
  ExpectJUnit(JUnitOf(verdict));
  verdict.error = "no space";
  ExpectJUnit(JUnitOf(verdict));
  ExpectJUnit(JUnitOf(CheckVerdict()));
}

TEST(CheckVerdictTest, LinesThatNeverRanStandInTheLastLine) {
  CheckVerdict verdict = VerdictOf({CellState::kHolds});
  verdict.changes = {{.file = "mm/gup.c",
                      .function = "gup_fast",
                      .slices = {"s390", "x86-64"},
                      .lines = 3,
                      .not_executed = {12, 14},
                      .one_way = {13},
                      .constants = {{"gup_must_unshare", "a stub"}}},
                     {.file = "include/linux/mm.h"}};
  const std::string text = TextOf(verdict);
  EXPECT_THAT(text, HasSubstr("mm/gup.c, gup_fast: in s390 and x86-64; 1 of 3 "
                              "changed lines that can run ran;\n"
                              "    NEVER RAN: 12 and 14; decided always "
                              "alike: 13; NEVER VARIES:\n"
                              "    gup_must_unshare (a stub)\n"));
  EXPECT_THAT(text, HasSubstr("include/linux/mm.h: in no slice"));
  EXPECT_THAT(verdict.LastLine(),
              testing::EndsWith("2 changed lines never ran; 1 "
                                "name in changed lines "
                                "never varies"));
}

TEST(CheckVerdictTest, ADifferenceBetweenTreesIsNoPass) {
  CheckVerdict verdict = VerdictOf({CellState::kHolds});
  verdict.against = {.description = "Linux 6.8", .cases = 7};
  EXPECT_EQ(verdict.exit_code(), 0);
  EXPECT_THAT(verdict.LastLine(), testing::EndsWith("same as Linux 6.8"));
  verdict.against->different["pages"] = 2;
  EXPECT_EQ(verdict.exit_code(), 1);
  EXPECT_EQ(verdict.LastLine(), "Linux 6.9.7: differs from Linux 6.8");
  EXPECT_THAT(WrongInJson(JsonOf(verdict)), IsEmpty());
}

TEST(DifferenceTest, PagesComeBeforeReferencesAndThoseBeforeReads) {
  const Event read = {.kind = Event::Kind::kIteration,
                      .level = Level::kPmd,
                      .place = {.physical = 0x1000},
                      .value = 7,
                      .file = "mm/gup.c",
                      .line = 10};
  const Event grab = {.kind = Event::Kind::kGrab, .count = 1};
  const Recording run = {.pages = {{.physical = 0x2000}},
                         .count = 1,
                         .held = 1,
                         .events = {read, grab}};
  Recording other = run;
  // The other tree has other lines.
  other.events[0].line = 12;
  EXPECT_EQ(DifferenceOf(run, other), "");
  other.events[0].value = 8;
  EXPECT_EQ(DifferenceOf(run, other), "entries read");
  other.events.push_back({.kind = Event::Kind::kPut, .count = 1});
  EXPECT_EQ(DifferenceOf(run, other), "references");
  other.pages[0].physical = 0x3000;
  EXPECT_EQ(DifferenceOf(run, other), "pages");
  other.end = RunEnd::kBug;
  EXPECT_EQ(DifferenceOf(run, other), "end");
}

TEST(MyLinesTest, FunctionsBeginInTheFirstColumn) {
  const std::vector<std::string> text = {"#define A(x) x",          // 1
                                         "static int one(int a,",   // 2
                                         "\t\tint b)",              // 3
                                         "{",                       // 4
                                         "label:",                  // 5
                                         "\treturn call(a);",       // 6
                                         "}",                       // 7
                                         "",                        // 8
                                         "int declared(void);",     // 9
                                         "struct page *two(void)",  // 10
                                         "{",                       // 11
                                         "}"};                      // 12
  EXPECT_EQ(FunctionAt(text, 3), "one");
  EXPECT_EQ(FunctionAt(text, 6), "one");
  EXPECT_EQ(FunctionAt(text, 7), "one");
  EXPECT_EQ(FunctionAt(text, 8), "");
  EXPECT_EQ(FunctionAt(text, 9), "");
  EXPECT_EQ(FunctionAt(text, 11), "two");
  EXPECT_EQ(FunctionAt(text, 1), "");
}

TEST(MyLinesTest, StubsFlagsAndEntriesThatNoCaseHasNeverVary) {
  const auto constants = ConstantsOf("kernel/shim");
  const auto used = ConstantsIn(
      "if (!pte_write(pte) && folio_test_slab(folio) &&\n"
      "    !(flags & FOLL_FORCE) && !(flags & FOLL_PIN)) {\n"
      "\tSetPageReferenced(page); try_grab_folio(folio, 1); is_hugepd(pte);\n"
      "\tgup_must_unshare(NULL, flags | FOLL_LONGTERM, page);\n",
      constants);
  std::vector<std::string> names;
  for (const auto& [name, reason] : used) names.push_back(name);
  // Not what other shims do, and what decides nothing.
  EXPECT_THAT(names, ElementsAre("FOLL_FORCE", "folio_test_slab", "is_hugepd"));
  EXPECT_EQ(used.at("folio_test_slab"), "a stub in kernel/shim/gup.h");
}

TEST(MyLinesTest, LinesOfASliceAreThoseOfTheTree) {
  const ScratchFolder folder;
  const std::string slice = (folder.path() / "kernel-6.9-s390.c").string();
  std::ofstream(slice) << "int own;\n#line 100 \"mm/gup.c\"\n"
                          "first;\nsecond;\n"
                          "#line 7 \"mm/other.c\"\nthird;\n";
  const TreeLines lines = ReadLcov(
      "SF:kernel/slices/kernel-6.9-s390.c\nDA:1,9\nDA:3,5\nDA:4,0\nDA:6,2\n"
      "BRDA:3,0,0,5\nBRDA:3,0,1,0\nBRDA:6,0,0,1\nBRDA:6,0,1,1\n"
      "end_of_record\nSF:kernel/glue.h\nDA:3,5\n",
      slice);
  ASSERT_EQ(lines.size(), 2u);
  const auto& gup = lines.at("mm/gup.c");
  EXPECT_EQ(gup.size(), 2u);
  EXPECT_EQ(gup.at(100).times, 5u);
  EXPECT_TRUE(gup.at(100).is_one_way);
  EXPECT_EQ(gup.at(101).times, 0u);
  EXPECT_EQ(lines.at("mm/other.c").at(7).times, 2u);
  EXPECT_FALSE(lines.at("mm/other.c").at(7).is_one_way);
}

TEST(BisectTest, AFindingIsWishedForByItsKindOrByAPattern) {
  const std::string found = "kernel-6.9-s390.s390-3.changing.stale.pte-leaf";
  EXPECT_TRUE(IsWished("stale", found));
  EXPECT_FALSE(IsWished("long", found));
  // A name of another version, for another entry.
  EXPECT_TRUE(IsWished("kernel-5.10-s390.s390-2.stale.pmd-leaf", found));
  EXPECT_TRUE(IsWished("*.changing.*", found));
  EXPECT_FALSE(IsWished("*.x86-64-4.*", found));
}

TEST(CheckDocumentsTest, EveryFlagThatTheyNameIsThere) {
  const auto& commands = Commands();
  const auto check = std::find_if(
      commands.begin(), commands.end(),
      [](const Command& command) { return command.name == "check"; });
  ASSERT_NE(check, commands.end());
  std::set<std::string> flags;
  for (const Flag& flag : check->flags) flags.emplace(flag.name);
  const std::regex flag("run check[^`\n]*|\\| `(--[a-z-]+)");
  size_t seen = 0;
  for (const char* file : {"docs/check.md", "docs/ci.md", "README.md"}) {
    const std::string text = Contents(file);
    for (std::sregex_iterator it(text.begin(), text.end(), flag), end;
         it != end; ++it) {
      const std::string line = it->str();
      const std::regex name("--[a-z-]+");
      for (std::sregex_iterator at(line.begin(), line.end(), name); at != end;
           ++at) {
        ++seen;
        EXPECT_TRUE(flags.contains(at->str())) << file << ": " << line;
      }
    }
  }
  EXPECT_GT(seen, 15u);
}

TEST(CheckVerdictTest, KindsOfFindingAreSortedTheWorstFirst) {
  EXPECT_EQ(KindOf("kernel-6.9-s390.s390-3.changing.stale.pte-leaf"), "stale");
  EXPECT_EQ(KindOf("crash.AddressSanitizer.SEGV"), "crash");
  EXPECT_LT(SeverityOf("wrong-page"), SeverityOf("long"));
  EXPECT_LT(SeverityOf("long"), SeverityOf("short"));
  EXPECT_LT(SeverityOf("short"), SeverityOf("unheard-of"));
}

// One row for each architecture, with sums over its cells.
TEST(CheckVerdictTest, ItsTableAddsCellsOfAnArchitecture) {
  CheckVerdict verdict =
      VerdictOf({CellState::kHolds, CellState::kKnown, CellState::kFinding});
  verdict.cells[0].changing = true;
  verdict.cells[1].known = {{"some-page", 1'234}};
  verdict.cells[2].mode = "x86-64/4";
  verdict.cells[2].findings = 7;
  const absl::StatusOr<std::string> rows = TableRowsOf(JsonOf(verdict));
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(*rows,
            "| Linux 6.9.7 | s390 | 1 holds, 1 known | 20,500 | 20,500 | 0 | "
            "some-page: 1,234 |\n"
            "| Linux 6.9.7 | x86-64 | 1 finding | 20,500 | 0 | 7 | none |\n");
}

TEST(CheckVerdictTest, ItsTableCountsTheSameCodeOnce) {
  CheckVerdict verdict = VerdictOf({CellState::kKnown, CellState::kKnown});
  for (CheckVerdict::Cell& cell : verdict.cells) {
    cell.known = {{"some-page", 7}};
    cell.findings = 1;
  }
  verdict.cells[1].configuration = "no-thp";
  verdict.cells[1].same_code_as = "as-is";
  const absl::StatusOr<std::string> rows = TableRowsOf(JsonOf(verdict));
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(*rows,
            "| Linux 6.9.7 | s390 | 2 known | 20,500 | 0 | 1 | some-page: 7 "
            "|\n");
}

TEST(CheckVerdictTest, ItsTableRefusesWhatCheckedNothing) {
  EXPECT_FALSE(TableRowsOf("[]").ok());
  EXPECT_FALSE(TableRowsOf("{").ok());
  EXPECT_FALSE(TableRowsOf(JsonOf(VerdictOf({CellState::kLeftOut}))).ok());
  CheckVerdict failed = VerdictOf({CellState::kHolds});
  failed.error = "it does not compile";
  EXPECT_FALSE(TableRowsOf(JsonOf(failed)).ok());
}

}  // namespace
}  // namespace pxdfuzz
