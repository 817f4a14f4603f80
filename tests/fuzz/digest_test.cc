// SPDX-License-Identifier: MIT

// The lines by which builds are compared (determinism/): their content, and
// that they do not depend on earlier inputs.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "pxdfuzz/case/case.h"
#include "tests/determinism/hash.h"
#include "tests/determinism/input_judge.h"
#include "tests/known_cases.h"

namespace pxdfuzz {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::vector<uint8_t> BytesOf(const std::string& name) {
  std::vector<uint8_t> bytes(kMaxEncodedSize);
  for (const KnownCase& known : KnownCases()) {
    if (known.name == name) bytes.resize(Encode(known.c, bytes));
  }
  return bytes;
}

// From the authors' reference code.
TEST(HashTest, KnownAnswers) {
  EXPECT_EQ(HashOf(""), "cbf29ce484222325");
  EXPECT_EQ(HashOf("a"), "af63dc4c8601ec8c");
  EXPECT_EQ(HashOf("foobar"), "85944171f73967e8");
  // A byte of 128 or more, whether `char` has a sign or not.
  EXPECT_EQ(HashOf("\xff"), "af64724c8602eb6e");
}

TEST(InputJudgeTest, ContainsBothVerdicts) {
  const std::string fields = InputJudge().Fields(BytesOf("thread-wrong-page"));
  for (const char* field :
       {"\tstrict=finding s390-3.static-by-value.wrong-page.pte-leaf, request "
        "0, static-by-value\t",
        "\tstrict.0=comparable, 2 pages, crosses, both sides, cell ",
        "\tstrict.0.static-by-value=wrong-page, excuse none, 2 pages, differs "
        "at 1, stack-escape at 1, invariant broken\t",
        "\tknown=expected-failure\t",
        "\tknown.0.static-by-value=wrong-page, excuse stack-escape, 2 pages, ",
        "\tknown.0.folded-aware-by-pointer-recompute=agrees, excuse none, 2 ",
        "\trule=none\t"}) {
    EXPECT_THAT(fields, HasSubstr(field));
  }
  EXPECT_THAT(fields, Not(HasSubstr("18446744073709551615")));
}

std::vector<uint8_t> Regression(const std::string& name) {
  std::ifstream in("corpus/regressions/" + name + ".bin", std::ios::binary);
  EXPECT_TRUE(in.is_open()) << name;
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

TEST(InputJudgeTest, ContainsTheChanges) {
  InputJudge judge;
  const std::string reread =
      judge.Fields(Regression("race-by-pointer-collapsed-pmd"));
  EXPECT_THAT(reread, HasSubstr("\tstrict=finding s390-3.static-by-pointer."
                                "changing."));
  EXPECT_THAT(reread, HasSubstr(", double-fetch at 0, 1 change, "));
  EXPECT_THAT(reread, Not(HasSubstr("vacuous-recheck")));
  const std::string copy = judge.Fields(Regression("race-vacuous-recheck-pmd"));
  EXPECT_THAT(copy, HasSubstr(", vacuous-recheck at 0, 1 change\t"));
  EXPECT_THAT(judge.Fields(BytesOf("thread-wrong-page")),
              Not(HasSubstr("change")));
}

// The pmd entry is gone, and so is the page.
TEST(InputJudgeTest, TranslatesAfterEachChange) {
  const std::string reports =
      InputJudge().Reports(Regression("race-by-pointer-collapsed-pmd"));
  const size_t change = reports.find("behind change 1:\n");
  ASSERT_NE(change, reports.npos);
  constexpr char kPage[] = "0x80000000 code 0x0 physical 0x1000";
  EXPECT_LT(reports.find(kPage), change);
  EXPECT_EQ(reports.find(kPage, change), reports.npos);
}

TEST(InputJudgeTest, RefusedAndMeaningless) {
  InputJudge judge;
  EXPECT_THAT(judge.Fields(BytesOf("beyond-limit")),
              HasSubstr("\tstrict.0=refused: "));
  EXPECT_THAT(judge.Fields({}),
              HasSubstr("\tstrict=inconclusive, empty case: "));
}

TEST(InputJudgeTest, OneLineEachInAnyOrder) {
  const std::vector<KnownCase> cases = KnownCases();
  InputJudge judge;
  std::vector<std::string> first;
  std::set<std::string> different;
  for (const KnownCase& known : cases) {
    first.push_back(judge.Fields(BytesOf(known.name)));
    EXPECT_THAT(first.back(), Not(HasSubstr("\n"))) << known.name;
    different.insert(first.back());
  }
  EXPECT_EQ(different.size(), cases.size());
  for (size_t i = cases.size(); i > 0; --i) {
    EXPECT_EQ(judge.Fields(BytesOf(cases[i - 1].name)), first[i - 1]);
    EXPECT_EQ(InputJudge().Fields(BytesOf(cases[i - 1].name)), first[i - 1]);
  }
}

TEST(InputJudgeTest, ReportsMatchTheHashes) {
  const std::string reports =
      InputJudge().Reports(BytesOf("thread-wrong-page"));
  EXPECT_THAT(reports, HasSubstr("space: s390/3"));
  EXPECT_THAT(reports, HasSubstr("physical 0x2000"));
  EXPECT_THAT(reports, HasSubstr("DEDUP_TOKEN: "));
}

}  // namespace
}  // namespace pxdfuzz
