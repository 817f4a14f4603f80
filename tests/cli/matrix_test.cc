// SPDX-License-Identifier: MIT

// pxdfuzz matrix, and what it rests on: surveys, and the cases that show where
// a walk is wrong. Runs in the project's folder.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <string>
#include <vector>

#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/paging/space.h"
#include "src/cli/input.h"
#include "src/cli/survey/changing_survey.h"
#include "src/cli/survey/survey.h"
#include "tests/engine/program.h"

namespace pxdfuzz {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kCases = 2'000;

std::vector<Space> BuiltSpaces() {
  std::vector<Space> spaces;
  for (const Space& space : kAllSpaces) {
    if (IsBuilt(space)) spaces.push_back(space);
  }
  return spaces;
}

Ran RunTool(const std::string& arguments) {
  return RunCommand(Program("pxdfuzz") + ' ' + arguments);
}

TEST(SurveyTest, FindsEachKnownDefectAndNothingElse) {
  for (const Space& space : BuiltSpaces()) {
    const SpaceSurvey survey = Survey(space, kCases);
    EXPECT_EQ(survey.cases, kCases);
    EXPECT_GT(survey.requests, kCases) << Name(space);
    EXPECT_GT(survey.pages, survey.requests) << Name(space);
    for (size_t i = 0; i < kWalkCount; ++i) {
      const WalkSurvey& walk = survey.walks[i];
      const std::string which = Name(space) + " ";
      EXPECT_EQ(walk.findings, 0u) << which << Name(kAllWalks[i]);
      EXPECT_FALSE(walk.finding.has_value());
      EXPECT_EQ(
          walk.excused > 0,
          ExpectedFailures(kAllWalks[i], space).InStillTables() != Cause::kNone)
          << which << Name(kAllWalks[i]);
      EXPECT_EQ(walk.agreed + walk.excused, survey.requests);
      // The invariant is broken where a range crosses a boundary of a folded
      // level and the boundary is static.
      const bool may_break = space.arch == ArchId::kS390 && space.levels < 5 &&
                             kAllWalks[i].boundary == BoundaryRule::kStatic &&
                             kAllWalks[i].step == Step::kIncrement;
      EXPECT_EQ(walk.broke_invariant > 0, may_break)
          << which << Name(kAllWalks[i]);
    }
  }
}

TEST(SurveyTest, IsTheSameEachTime) {
  constexpr Space kSpace = {ArchId::kS390, 3};
  EXPECT_EQ(SurveyCase(kSpace, 7), SurveyCase(kSpace, 7));
  EXPECT_NE(SurveyCase(kSpace, 7), SurveyCase(kSpace, 8));
  EXPECT_EQ(Survey(kSpace, 100).pages, Survey(kSpace, 100).pages);
}

TEST(ChangingSurveyTest, FindsEachKnownRaceAndNothingElse) {
  for (const Space& space : BuiltSpaces()) {
    const ChangingSurvey survey = SurveyChanging(space, 4 * kCases);
    EXPECT_FALSE(survey.found()) << Name(space);
    EXPECT_GT(survey.requests, 2 * kCases) << Name(space);
    for (size_t i = 0; i < kWalkCount; ++i) {
      const ChangingWalkSurvey& walk = survey.walks[i];
      const std::string which =
          Name(space) + ' ' + std::string(Name(kAllWalks[i]));
      EXPECT_EQ(walk.held + walk.AllExcused(), survey.requests) << which;
      EXPECT_GT(walk.met_changes, survey.requests / 6) << which;
      EXPECT_GT(walk.cut_short, 0u) << which;
      for (const Cause cause : kAllCauses) {
        EXPECT_EQ(walk.Excused(cause) > 0,
                  ExpectedFailures(kAllWalks[i], space).Contains(cause))
            << which << ' ' << Name(cause);
      }
    }
  }
}

TEST(ChangingSurveyTest, IsTheSameEachTime) {
  constexpr Space kSpace = {ArchId::kS390, 3};
  EXPECT_EQ(ChangingSurveyCase(kSpace, 7), ChangingSurveyCase(kSpace, 7));
  EXPECT_FALSE(ChangingSurveyCase(kSpace, 7).changes.empty());
}

class WitnessTest : public ::testing::TestWithParam<Space> {
 protected:
  static Case Read(Space space) {
    const auto c = ReadCase("corpus/regressions/" +
                            std::string(WitnessOf(space)) + ".yaml");
    if (c.ok()) return *c;
    ADD_FAILURE() << c.status();
    return {};
  }
  // How `walk` does on the one request of `c`.
  WalkVerdict Judge(const Case& c, size_t walk) {
    const Verdict& verdict =
        oracle_.Judge(c, WalkSet::All(), Excuses::kKnownDefects);
    return verdict.requests.empty() ? WalkVerdict()
                                    : verdict.requests[0].walks[walk];
  }

  Oracle oracle_;
};

// The named case shows each defect, by its cause and by nothing else.
TEST_P(WitnessTest, ShowsEachDefectOfItsSpace) {
  const Case c = Read(GetParam());
  EXPECT_EQ(c.space, GetParam());
  for (size_t i = 0; i < kWalkCount; ++i) {
    const WalkVerdict walk = Judge(c, i);
    const Cause cause =
        ExpectedFailures(kAllWalks[i], GetParam()).InStillTables();
    EXPECT_EQ(walk.excuse, cause) << Name(kAllWalks[i]);
    EXPECT_EQ(walk.outcome,
              cause == Cause::kNone ? Outcome::kAgrees : Outcome::kWrongPage)
        << Name(kAllWalks[i]);
  }
}

// Nothing can be left out of it.
TEST_P(WitnessTest, IsMinimal) {
  const Case c = Read(GetParam());
  ASSERT_EQ(c.requests.size(), 1u);
  ASSERT_LE(c.requests[0].pages, 2);
  std::vector<Case> smaller;
  for (size_t i = 0; i < c.records.size(); ++i) {
    EXPECT_EQ(c.records[i].count, 1);
    smaller.push_back(c);
    smaller.back().records.erase(i);
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
                         ::testing::Values(Space{ArchId::kS390, 2},
                                           Space{ArchId::kS390, 3},
                                           Space{ArchId::kS390, 4},
                                           Space{ArchId::kArm64Page16K, 3}));

TEST(MatrixTest, NoSpaceWithADefectLacksItsWitness) {
  for (const Space& space : BuiltSpaces()) {
    bool wrong = false;
    for (const Policy& policy : kAllWalks) {
      wrong |= ExpectedFailures(policy, space).InStillTables() != Cause::kNone;
    }
    EXPECT_EQ(wrong, !WitnessOf(space).empty()) << Name(space);
  }
}

TEST(MatrixTest, PrintsARowForEachWalk) {
  const auto [code, out] = RunTool("matrix --no-kernel --cases=500");
  EXPECT_EQ(code, 0);
  EXPECT_THAT(out, HasSubstr("\nstatic-by-value                    left-copy  "
                             "left-copy  left-copy  holds      holds      "
                             "holds      left-copy  holds\n"));
  EXPECT_THAT(out, HasSubstr("\nstatic-lockless                    holds *    "
                             "holds *    holds *    holds      holds      "
                             "holds      holds      holds\n"));
  EXPECT_THAT(out, HasSubstr("\nfolded-aware-by-value              "
                             "copy-check  copy-check  holds       holds "));
  EXPECT_THAT(out, HasSubstr("\nstatic-by-pointer                  "
                             "read-again  read-again  read-again  read-again"));
  EXPECT_THAT(out, HasSubstr("corpus/regressions/race-copy-check-pmd.yaml"));
  EXPECT_THAT(out, HasSubstr("corpus/regressions/thread-wrong-page.yaml"));
  for (const Policy& policy : kAllWalks) {
    EXPECT_THAT(out, HasSubstr(std::string(Name(policy))));
  }
}

TEST(MatrixTest, JsonHasAllCounts) {
  const auto [code, out] = RunTool("matrix --no-kernel --cases=500 --json");
  const YAML::Node json = YAML::Load(out);
  EXPECT_EQ(code, 0);
  ASSERT_EQ(json["spaces"].size(), BuiltSpaces().size());
  ASSERT_EQ(json["changing"].size(), BuiltSpaces().size());
  for (const YAML::Node& space : json["changing"]) {
    ASSERT_EQ(space["walks"].size(), kWalkCount);
    for (const YAML::Node& walk : space["walks"]) {
      uint64_t sum = walk["held"].as<uint64_t>();
      for (const auto& cause : walk["excused"]) {
        sum += cause.second.as<uint64_t>();
      }
      EXPECT_EQ(sum, space["requests"].as<uint64_t>());
    }
  }
  for (const YAML::Node& space : json["spaces"]) {
    EXPECT_EQ(space["cases"].as<uint64_t>(), 500u);
    ASSERT_EQ(space["walks"].size(), kWalkCount);
    for (const YAML::Node& walk : space["walks"]) {
      EXPECT_EQ(walk["result"].as<std::string>() == "known-defect",
                walk["witness"].IsDefined());
      EXPECT_EQ(walk["agreed"].as<uint64_t>() + walk["excused"].as<uint64_t>(),
                space["requests"].as<uint64_t>());
    }
  }
}

TEST(MatrixTest, AnUnreadableNumberIsWrongUsage) {
  EXPECT_EQ(RunTool("matrix --cases=none").exit_code, 2);
  EXPECT_EQ(RunTool("matrix --cases=0").output,
            "pxdfuzz: matrix: --cases=0: a whole number of cases is wanted, 1 "
            "or more\n");
}

}  // namespace
}  // namespace pxdfuzz
