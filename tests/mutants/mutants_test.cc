// SPDX-License-Identifier: MIT

// Planted bugs without an engine: every bug is found within a budget of
// generated cases, and code without a bug is not. `./run mutants` is the
// census.

#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pxdfuzz/case/case.h"
#include "tests/mutants/catalog.h"
#include "tests/mutants/census.h"
#include "tests/mutants/corpus.h"
#include "tests/mutants/drawn_cases.h"
#include "tests/mutants/planted.h"
#include "tests/sanitized.h"

namespace pxdfuzz::mutants {

// For GoogleTest's messages.
void PrintTo(const Mutant& mutant, std::ostream* out) { *out << mutant.name; }

namespace {

// How many cases it takes to find the bug.
std::optional<int> CasesToKill(const Mutant& mutant, int limit) {
  const std::unique_ptr<Trial> trial = mutant.make_trial();
  DrawnCases cases(1, mutant);
  for (int i = 1; i <= limit; ++i) {
    if (trial->Try(cases.Draw()).has_value()) return i;
  }
  return std::nullopt;
}

std::vector<Mutant> Those(bool bugs) {
  std::vector<Mutant> those;
  for (const Mutant& mutant : Catalog()) {
    if (mutant.is_bug() == bugs) those.push_back(mutant);
  }
  return those;
}

std::string NameOf(const testing::TestParamInfo<Mutant>& of) {
  return TestName({.name = of.param.name});
}

// -----------------------------------------------------------------------------

class BugTest : public testing::TestWithParam<Mutant> {};

// The limit is in cases; the slowest takes some 3,600.
TEST_P(BugTest, IsFound) {
  const Mutant& mutant = GetParam();
  const bool needs_answer = mutant.where == Mutant::Where::kManual ||
                            mutant.where == Mutant::Where::kAnswers;
  if (needs_answer) {
    EXPECT_NE(mutant.wrong_answer(), "") << mutant.says;
  }
  if (mutant.where == Mutant::Where::kAnswers) return;
  const std::optional<int> cases = CasesToKill(mutant, 20'000);
  ASSERT_TRUE(cases.has_value()) << mutant.says;
  RecordProperty("cases", *cases);
}

INSTANTIATE_TEST_SUITE_P(Planted, BugTest, testing::ValuesIn(Those(true)),
                         NameOf);

class NoBugTest : public testing::TestWithParam<Mutant> {};

TEST_P(NoBugTest, IsNotFound) {
  EXPECT_FALSE(CasesToKill(GetParam(), Budget(20'000)).has_value());
}

INSTANTIATE_TEST_SUITE_P(Planted, NoBugTest, testing::ValuesIn(Those(false)),
                         NameOf);

// -----------------------------------------------------------------------------

TEST(MutantsTest, CodeWithoutABugIsNotFound) {
  EXPECT_FALSE(CasesToKill(Unmutated(), Budget(50'000)).has_value());
}

TEST(MutantsTest, NamesAreUnique) {
  std::set<std::string> names;
  for (const Mutant& mutant : Catalog()) {
    EXPECT_TRUE(names.insert(mutant.name).second) << mutant.name;
    EXPECT_EQ(Find(mutant.name), &mutant);
    EXPECT_FALSE(mutant.says.empty()) << mutant.name;
  }
  EXPECT_EQ(Find("no-such-bug"), nullptr);
}

// The minimum number: in walks, contracts and limits; in manuals.
TEST(MutantsTest, ThereAreEnough) {
  int manual = 0;
  int others = 0;
  for (const Mutant& mutant : Those(true)) {
    ++(mutant.name.find("manual-") == std::string::npos ? others : manual);
  }
  EXPECT_GE(others, 40);
  EXPECT_GE(manual, 40);
}

TEST(MutantsTest, TheCommittedCorpusAloneShowsEachBug) {
  const std::vector<Case> cases = ReadCorpus({"corpus"});
  for (const Mutant& mutant : Those(true)) {
    if (mutant.where == Mutant::Where::kAnswers) continue;
    EXPECT_GT(KillsIn(cases, *mutant.make_trial()), 0) << mutant.name;
  }
}

TEST(MutantsTest, ACensusOfBugsThatFuzzingCannotFindFails) {
  for (const Mutant& mutant : Catalog()) {
    if (mutant.is_bug() && mutant.where != Mutant::Where::kAnswers) continue;
    EXPECT_EQ(TakeCensus({"build/mutants", mutant.name}), 3) << mutant.name;
  }
}

}  // namespace
}  // namespace pxdfuzz::mutants
