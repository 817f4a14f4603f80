// SPDX-License-Identifier: MIT

// pxdfuzz matrix and its parts: surveys, and the cases that show where a walk
// is wrong. Runs in the project's folder.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <regex>
#include <string>
#include <vector>

#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/oracle/model_engine.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/paging/policy.h"
#include "src/cli/input.h"
#include "src/cli/survey/survey.h"
#include "tests/engine/program.h"

namespace pxdfuzz {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kCases = 2'000;

std::vector<PagingMode> BuiltPagingModes() {
  std::vector<PagingMode> modes;
  for (const PagingMode& mode : kAllPagingModes) {
    if (IsBuilt(mode)) modes.push_back(mode);
  }
  return modes;
}

Ran RunTool(const std::string& arguments) {
  return RunCommand(Program("pxdfuzz") + ' ' + arguments);
}

ModeSurvey SurveyModel(PagingMode mode, uint64_t cases, Stillness tables) {
  const auto survey = Survey(ModelEngine::All(), mode, cases, tables);
  EXPECT_TRUE(survey.ok());
  return *survey;
}

TEST(SurveyTest, FindsExactlyTheExpectedFailures) {
  for (const PagingMode& mode : BuiltPagingModes()) {
    const ModeSurvey survey = SurveyModel(mode, kCases, Stillness::kStill);
    EXPECT_EQ(survey.cases, kCases);
    EXPECT_GT(survey.requests, kCases) << Name(mode);
    EXPECT_GT(survey.pages, survey.requests) << Name(mode);
    for (size_t i = 0; i < kWalkCount; ++i) {
      const WalkSurvey& walk = survey.walks[i];
      const std::string which = Name(mode) + " ";
      EXPECT_EQ(walk.findings, 0u) << which << Name(kAllWalks[i]);
      EXPECT_EQ(walk.finding, "");
      EXPECT_EQ(
          walk.all_waived() > 0,
          ExpectedFailures(kAllWalks[i], mode).InStillTables() != Cause::kNone)
          << which << Name(kAllWalks[i]);
      EXPECT_EQ(walk.agreed + walk.all_waived(), survey.requests);
      // A walk breaks the invariant if a range crosses a boundary of a folded
      // level and the boundary is static.
      const bool may_break = mode.arch == ArchId::kS390 && mode.levels < 5 &&
                             kAllWalks[i].boundary == BoundaryRule::kStatic &&
                             kAllWalks[i].step == Step::kIncrement;
      EXPECT_EQ(walk.broke_invariant > 0, may_break)
          << which << Name(kAllWalks[i]);
    }
  }
}

TEST(SurveyTest, IsDeterministic) {
  constexpr PagingMode kMode = {ArchId::kS390, 3};
  constexpr Stillness kTables = Stillness::kStill;
  EXPECT_EQ(SurveyCase(kMode, 7, kTables), SurveyCase(kMode, 7, kTables));
  EXPECT_NE(SurveyCase(kMode, 7, kTables), SurveyCase(kMode, 8, kTables));
  EXPECT_EQ(SurveyModel(kMode, 100, kTables).pages,
            SurveyModel(kMode, 100, kTables).pages);
}

TEST(SurveyWhileTablesChangeTest, FindsExactlyTheKnownRaces) {
  for (const PagingMode& mode : BuiltPagingModes()) {
    const ModeSurvey survey =
        SurveyModel(mode, 4 * kCases, Stillness::kChanging);
    EXPECT_GT(survey.requests, 2 * kCases) << Name(mode);
    for (size_t i = 0; i < kWalkCount; ++i) {
      const WalkSurvey& walk = survey.walks[i];
      const std::string which =
          Name(mode) + ' ' + std::string(Name(kAllWalks[i]));
      EXPECT_EQ(walk.findings, 0u) << which;
      EXPECT_EQ(walk.agreed + walk.all_waived(), survey.requests) << which;
      EXPECT_GT(walk.met_changes, survey.requests / 8) << which;
      EXPECT_GT(walk.cut_short, 0u) << which;
      for (const Cause cause : kAllCauses) {
        EXPECT_EQ(walk.Waived(Name(cause)) > 0,
                  ExpectedFailures(kAllWalks[i], mode).Contains(cause))
            << which << ' ' << Name(cause);
      }
    }
  }
}

TEST(SurveyWhileTablesChangeTest, IsDeterministic) {
  constexpr PagingMode kMode = {ArchId::kS390, 3};
  const Case c = SurveyCase(kMode, 7, Stillness::kChanging);
  EXPECT_EQ(SurveyCase(kMode, 7, Stillness::kChanging), c);
  EXPECT_FALSE(c.concurrent.empty());
}

class WitnessTest : public ::testing::TestWithParam<PagingMode> {
 protected:
  static Case Read(PagingMode mode) {
    const auto c = ReadCase("corpus/regressions/" +
                            std::string(WitnessOf(mode)) + ".yaml");
    if (c.ok()) return *c;
    ADD_FAILURE() << c.status();
    return {};
  }
  // The result of `walk` for the one request of `c`.
  WalkVerdict Judge(const Case& c, size_t walk) {
    const Verdict& verdict =
        oracle_.Judge(c, WalkSet::All(), Waivers::kExpectedFailures);
    return verdict.requests.empty() ? WalkVerdict()
                                    : verdict.requests[0].walks[walk];
  }

  Oracle oracle_;
};

// The named case shows each expected failure, by its cause only.
TEST_P(WitnessTest, ShowsEachExpectedFailureOfItsMode) {
  const Case c = Read(GetParam());
  EXPECT_EQ(c.mode, GetParam());
  for (size_t i = 0; i < kWalkCount; ++i) {
    const WalkVerdict walk = Judge(c, i);
    const Cause cause =
        ExpectedFailures(kAllWalks[i], GetParam()).InStillTables();
    EXPECT_EQ(walk.waiver, cause) << Name(kAllWalks[i]);
    EXPECT_EQ(walk.outcome,
              cause == Cause::kNone ? Outcome::kAgrees : Outcome::kWrongPage)
        << Name(kAllWalks[i]);
  }
}

// Nothing can be removed from it.
TEST_P(WitnessTest, IsMinimal) {
  const Case c = Read(GetParam());
  ASSERT_EQ(c.requests.size(), 1u);
  ASSERT_LE(c.requests[0].pages, 2);
  std::vector<Case> smaller;
  for (size_t i = 0; i < c.setup.size(); ++i) {
    EXPECT_EQ(c.setup[i].count, 1);
    smaller.push_back(c);
    smaller.back().setup.erase(i);
  }
  if (c.requests[0].pages == 2) {
    smaller.push_back(c);
    smaller.back().requests[0].pages = 1;
  }
  for (const Case& less : smaller) {
    for (size_t i = 0; i < kWalkCount; ++i) {
      EXPECT_NE(Judge(less, i).outcome, Outcome::kWrongPage)
          << Name(kAllWalks[i]);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Spaces, WitnessTest,
                         ::testing::Values(PagingMode{ArchId::kS390, 2},
                                           PagingMode{ArchId::kS390, 3},
                                           PagingMode{ArchId::kS390, 4},
                                           PagingMode{ArchId::kArm64Page16K,
                                                      3}));

TEST(MatrixTest, EachExpectedFailureHasAWitness) {
  for (const PagingMode& mode : BuiltPagingModes()) {
    bool wrong = false;
    for (const Policy& policy : kAllWalks) {
      wrong |= ExpectedFailures(policy, mode).InStillTables() != Cause::kNone;
    }
    EXPECT_EQ(wrong, !WitnessOf(mode).empty()) << Name(mode);
  }
}

TEST(MatrixTest, PrintsARowForEachWalk) {
  const auto [code, out] = RunTool("matrix --no-kernel --cases=500");
  EXPECT_EQ(code, 0);
  // Rows with single blanks between columns.
  const std::string rows =
      std::regex_replace(out, std::regex(" +"), std::string(" "));
  EXPECT_THAT(rows, HasSubstr("\nstatic-by-value stack-escape stack-escape "
                              "stack-escape holds holds holds stack-escape "
                              "holds\n"));
  EXPECT_THAT(rows, HasSubstr("\nstatic-lockless holds * holds * holds * "
                              "holds holds holds holds holds\n"));
  EXPECT_THAT(rows, HasSubstr("\nfolded-aware-by-value vacuous-recheck "
                              "vacuous-recheck holds holds "));
  EXPECT_THAT(rows, HasSubstr("\nstatic-by-pointer double-fetch double-fetch "
                              "double-fetch double-fetch"));
  EXPECT_THAT(out,
              HasSubstr("corpus/regressions/race-vacuous-recheck-pmd.yaml"));
  EXPECT_THAT(out, HasSubstr("corpus/regressions/thread-wrong-page.yaml"));
  for (const Policy& policy : kAllWalks) {
    EXPECT_THAT(out, HasSubstr(std::string(Name(policy))));
  }
}

TEST(MatrixTest, JsonHasAllCounts) {
  const auto [code, out] = RunTool("matrix --no-kernel --cases=500 --json");
  const YAML::Node json = YAML::Load(out);
  EXPECT_EQ(code, 0);
  ASSERT_EQ(json["spaces"].size(), BuiltPagingModes().size());
  ASSERT_EQ(json["changing"].size(), BuiltPagingModes().size());
  for (const std::string tables : {"spaces", "changing"}) {
    for (const YAML::Node& mode : json[tables]) {
      EXPECT_EQ(mode["cases"].as<uint64_t>(), 500u);
      ASSERT_EQ(mode["walks"].size(), kWalkCount);
      for (const YAML::Node& walk : mode["walks"]) {
        EXPECT_EQ(tables == "spaces" &&
                      walk["result"].as<std::string>() == "expected-failure",
                  walk["witness"].IsDefined());
        uint64_t sum = walk["agreed"].as<uint64_t>();
        for (const auto& cause : walk["expected_failures"]) {
          sum += cause.second.as<uint64_t>();
        }
        EXPECT_EQ(sum, mode["requests"].as<uint64_t>());
      }
    }
  }
}

// The only case of some paging modes is one that Linux would not make.
TEST(MatrixTest, ComparingNothingFails) {
  const auto [code, out] = RunTool("matrix --no-kernel --cases=1");
  EXPECT_EQ(code, 3);
  EXPECT_THAT(out, HasSubstr("pxdfuzz: matrix: no request was compared in "
                             "x86-64/4 while tables change"));
}

TEST(MatrixTest, AnUnreadableNumberIsWrongUsage) {
  EXPECT_EQ(RunTool("matrix --cases=none").exit_code, 2);
  EXPECT_EQ(RunTool("matrix --cases=0").output,
            "pxdfuzz: matrix: --cases=0: a whole number of cases is wanted, 1 "
            "or more\n");
}

}  // namespace
}  // namespace pxdfuzz
