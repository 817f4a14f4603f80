// SPDX-License-Identifier: MIT

// corpus/regressions: texts that begin with an explanation, each with its bytes
// in a second file. Runs in the project's folder.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/oracle/compare.h"
#include "src/cli/input.h"
#include "src/cli/text/case_reader.h"
#include "tests/known_cases.h"
#include "tests/shell.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = "corpus/regressions";

std::string Bytes(const Case& c) {
  std::vector<uint8_t> bytes(kMaxEncodedSize);
  bytes.resize(Encode(c, bytes));
  return {bytes.begin(), bytes.end()};
}

// Names without extension, of files with `extension`.
std::vector<std::string> Names(const std::string& extension) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kFolder)) {
    if (entry.path().extension() == extension) {
      names.push_back(entry.path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

Case ReadText(const std::string& name) {
  const auto c = ReadCase((kFolder / (name + ".yaml")).string());
  if (c.ok()) return *c;
  ADD_FAILURE() << c.status();
  return {};
}

TEST(RegressionsTest, EachTextHasItsBytes) {
  const std::vector<std::string> names = Names(".yaml");
  EXPECT_GE(names.size(), KnownCases().size());
  EXPECT_EQ(names, Names(".bin"));
  for (const std::string& name : names) {
    const std::string bytes = Contents(kFolder / (name + ".bin"));
    const Case c = ReadText(name);
    EXPECT_FALSE(c.empty()) << name;
    EXPECT_EQ(Bytes(c), bytes) << name;
    const auto again = ReadCaseText(ToText(c), name);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(*again, c) << name;
  }
}

// Below the explanation, the text is canonical.
TEST(RegressionsTest, EachTextBeginsWithAnExplanation) {
  constexpr std::string_view kFirst = "# pxdfuzz case\n";
  for (const std::string& name : Names(".yaml")) {
    const std::string text = Contents(kFolder / (name + ".yaml"));
    const std::string canonical = ToText(ReadText(name)).substr(kFirst.size());
    ASSERT_GT(text.size(), canonical.size()) << name;
    const std::string story = text.substr(0, text.size() - canonical.size());
    EXPECT_EQ(story + canonical, text) << name;
    EXPECT_TRUE(story.starts_with(kFirst)) << name;
    EXPECT_NE(story.find("\n# Source: "), story.npos) << name;
  }
}

TEST(RegressionsTest, ContainTheKnownCases) {
  for (const KnownCase& known : KnownCases()) {
    EXPECT_EQ(ReadText(known.name), known.c) << known.name;
  }
}

TEST(RegressionsTest, HaveTheKnownOutcomes) {
  const std::map<std::string, Outcome> static_by_value = {
      {"arm64-128-tib", Outcome::kAgrees},
      {"arm64-by-luck", Outcome::kWrongPage},
      {"arm64-realigned", Outcome::kWrongPage},
      {"border-1-mib", Outcome::kWrongPage},
      {"border-4-tib", Outcome::kWrongPage},
      {"large-then-page", Outcome::kWrongPage},
      {"last-region-first", Outcome::kAgrees},
      {"old-page-written", Outcome::kAgrees},
      {"read-only-in-the-middle", Outcome::kAgrees},
      {"thread-next-stack", Outcome::kStrayRead},
      {"thread-short", Outcome::kShort},
      {"thread-wrong-page", Outcome::kWrongPage},
      {"thread-zero-stack", Outcome::kFault},
  };
  Oracle oracle;
  for (const auto& [name, outcome] : static_by_value) {
    const Verdict& verdict = oracle.Judge(ReadText(name), WalkSet::All(),
                                          Waivers::kExpectedFailures);
    ASSERT_EQ(verdict.requests.size(), 1u) << name;
    const auto& walks = verdict.requests[0].walks;
    EXPECT_EQ(walks[IndexOf(kStaticByValue)].outcome, outcome) << name;
    EXPECT_EQ(walks[IndexOf(kStaticLockless)].outcome, Outcome::kAgrees)
        << name;
    EXPECT_FALSE(verdict.finding.has_value()) << name;
  }
}

// The outcome of each named walk, in the order of kAllWalks, with the recheck;
// failures have their expected cause.
TEST(RegressionsTest, RacesHaveTheKnownOutcomes) {
  using enum Outcome;
  const std::map<std::string, std::array<Outcome, kNamedWalkCount>> races = {
      {"race-by-pointer-collapsed-pmd",
       {kAgrees, kAgrees, kAgrees, kFault, kFault}},
      {"race-by-pointer-freed-pud",
       {kAgrees, kAgrees, kAgrees, kFault, kFault}},
      {"race-collapse-detached", {kAgrees, kAgrees, kAgrees, kAgrees, kAgrees}},
      {"race-collapsed-meanwhile",
       {kAgrees, kAgrees, kAgrees, kAgrees, kAgrees}},
      {"race-vacuous-recheck-2-gib",
       {kStale, kStale, kAgrees, kAgrees, kAgrees}},
      {"race-vacuous-recheck-pmd", {kStale, kStale, kAgrees, kAgrees, kAgrees}},
      {"race-vacuous-recheck-refilled",
       {kWrongPage, kWrongPage, kAgrees, kAgrees, kAgrees}},
      {"race-upgraded", {kAgrees, kAgrees, kAgrees, kAgrees, kAgrees}},
  };
  Oracle oracle;
  for (const auto& [name, outcomes] : races) {
    const Verdict& verdict = oracle.Judge(ReadText(name), WalkSet::All(),
                                          Waivers::kExpectedFailures);
    ASSERT_EQ(verdict.requests.size(), 1u) << name;
    for (size_t i = 0; i < kNamedWalkCount; ++i) {
      EXPECT_EQ(verdict.requests[0].walks[i].outcome, outcomes[i])
          << name << ' ' << Name(kAllWalks[i]);
      // By pointer a page is read one read later than otherwise.
      EXPECT_TRUE(verdict.requests[0].walks[i].changes > 0 ||
                  name == "race-by-pointer-collapsed-pmd")
          << name;
    }
    EXPECT_FALSE(verdict.finding.has_value()) << name;
  }
}

}  // namespace
}  // namespace pxdfuzz
