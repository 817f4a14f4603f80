// SPDX-License-Identifier: MIT

#include "pxdfuzz/oracle/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "pxdfuzz/arch/s390.h"
#include "pxdfuzz/case/case_text.h"
#include "tests/known_cases.h"
#include "tests/random_bytes.h"
#include "tests/sanitized.h"

namespace pxdfuzz {
namespace {

const Case& Known(const std::string& name) {
  static const std::vector<KnownCase> cases = KnownCases();
  for (const KnownCase& known : cases) {
    if (known.name == name) return known.c;
  }
  ADD_FAILURE() << "no case " << name;
  return cases[0].c;
}

const WalkVerdict& VerdictOf(const Verdict& verdict, Policy walk) {
  return verdict.requests[0].walks[IndexOf(walk)];
}

// -----------------------------------------------------------------------------
// The cases with which this project began.

TEST(CompareTest, TheThreadsExampleReturnsAWrongPage) {
  Oracle oracle;
  const Verdict& verdict =
      oracle.Judge(Known("thread-wrong-page"), WalkSet::All(), Waivers::kNone);
  EXPECT_EQ(verdict.requests[0].pages, 2u);
  const WalkVerdict& walk = VerdictOf(verdict, kStaticByValue);
  EXPECT_EQ(walk.outcome, Outcome::kWrongPage);
  EXPECT_EQ(walk.first_difference, 1u);
  EXPECT_EQ(walk.violations.stack_escape, 1u);
  ASSERT_TRUE(verdict.finding.has_value());
  EXPECT_EQ(Name(*verdict.finding),
            "s390-3.static-by-value.wrong-page.pte-leaf");
}

TEST(CompareTest, WithoutThePageBehindItIsShort) {
  Oracle oracle;
  const Verdict& verdict =
      oracle.Judge(Known("thread-short"), WalkSet::All(), Waivers::kNone);
  EXPECT_EQ(VerdictOf(verdict, kStaticByValue).outcome, Outcome::kShort);
  EXPECT_EQ(VerdictOf(verdict, kStaticByValue).pages, 1u);
}

TEST(CompareTest, NothingOnTheStackIsAFault) {
  Oracle oracle;
  Case c = Known("thread-wrong-page");
  c.stack.around = StackContent::kZero;
  const Verdict& verdict = oracle.Judge(c, WalkSet::All(), Waivers::kNone);
  EXPECT_EQ(VerdictOf(verdict, kStaticByValue).outcome, Outcome::kFault);
}

TEST(CompareTest, TheRightEntryOnTheStackIsAStrayRead) {
  Oracle oracle;
  Case c = Known("thread-wrong-page");
  c.stack.around = StackContent::kNext;
  const Verdict& verdict = oracle.Judge(c, WalkSet::All(), Waivers::kNone);
  const WalkVerdict& walk = VerdictOf(verdict, kStaticByValue);
  EXPECT_EQ(walk.outcome, Outcome::kStrayRead);
  EXPECT_EQ(walk.pages, 2u);
  EXPECT_EQ(walk.first_difference, 1u);
}

TEST(CompareTest, KnownCasesShowTheBugOrDoNot) {
  Oracle oracle;
  for (const KnownCase& known : KnownCases()) {
    const Verdict& verdict =
        oracle.Judge(known.c, WalkSet::All(), Waivers::kNone);
    const WalkVerdict& bad = VerdictOf(verdict, kStaticByValue);
    EXPECT_EQ(bad.is_finding(), known.shows_the_bug) << known.name;
    for (const Policy& walk : kAllWalks) {
      VisitArch(known.c.mode.arch, [&]<class A>() {
        if (A::ExpectedFailures(walk, known.c.mode.levels).InStillTables() ==
            Cause::kNone) {
          EXPECT_FALSE(VerdictOf(verdict, walk).is_finding())
              << known.name << ' ' << Name(walk);
        }
      });
    }
  }
}

TEST(CompareTest, PagesOfKnownCases) {
  Oracle oracle;
  const auto pages = [&oracle](const std::string& name) {
    return oracle.Judge(Known(name), WalkSet::All(), Waivers::kExpectedFailures)
        .requests[0]
        .pages;
  };
  EXPECT_EQ(pages("border-4-tib"), 2u);
  EXPECT_EQ(pages("border-1-mib"), 2u);
  EXPECT_EQ(pages("large-then-page"), 2u);
  EXPECT_EQ(pages("last-region-first"), 2u);
  EXPECT_EQ(pages("beyond-limit"), 0u);
  EXPECT_EQ(pages("read-only-in-the-middle"), 1u);
  EXPECT_EQ(pages("old-page-written"), 1u);
}

// -----------------------------------------------------------------------------
// Judging.

TEST(CompareTest, ACauseExplainsAFailure) {
  Oracle oracle;
  const Verdict& verdict = oracle.Judge(
      Known("thread-wrong-page"), WalkSet::All(), Waivers::kExpectedFailures);
  EXPECT_EQ(verdict.kind, Verdict::Kind::kExpectedFailure);
  EXPECT_FALSE(verdict.finding.has_value());
  EXPECT_EQ(VerdictOf(verdict, kStaticByValue).waiver, Cause::kStackEscape);
  EXPECT_EQ(VerdictOf(verdict, kStaticByValue).outcome, Outcome::kWrongPage);
}

TEST(CompareTest, RequestsBeyondTheLimitAreRefused) {
  Oracle oracle;
  const Verdict& verdict =
      oracle.Judge(Known("beyond-limit"), WalkSet::All(), Waivers::kNone);
  EXPECT_EQ(verdict.kind, Verdict::Kind::kInconclusive);
  EXPECT_EQ(verdict.requests[0].inconclusive, Inconclusive::kBeyondLimit);
  for (const WalkVerdict& walk : verdict.requests[0].walks) {
    EXPECT_FALSE(walk.ran);
  }
}

TEST(CompareTest, Permitted) {
  EXPECT_EQ(Permitted<S390>(3, 0, 0), Inconclusive::kOverflow);
  EXPECT_EQ(Permitted<S390>(3, 0x3fffffff000, 1), Inconclusive::kNo);
  EXPECT_EQ(Permitted<S390>(3, 0x3fffffff000, 2), Inconclusive::kBeyondLimit);
  EXPECT_EQ(Permitted<S390>(5, 0xffffffffffffe000, 1), Inconclusive::kNo);
  EXPECT_EQ(Permitted<S390>(5, 0xffffffffffffe000, 2), Inconclusive::kOverflow);
}

TEST(CompareTest, MalformedTablesAreInconclusive) {
  const auto judge = [](TableOp poke) {
    Oracle oracle;
    Case c = Known("thread-wrong-page");
    c.setup.push_back(poke);
    const Verdict& verdict = oracle.Judge(c, WalkSet::All(), Waivers::kNone);
    EXPECT_EQ(verdict.kind == Verdict::Kind::kInconclusive,
              verdict.inconclusive != Inconclusive::kNo);
    return verdict.inconclusive;
  };
  const auto poke = [](Level level, uint64_t word) {
    return TableOp{.kind = TableOp::Kind::kPoke,
                   .level = level,
                   .address = 0x10000000000,
                   .word = word};
  };
  // Bit 1000 of a page entry is part of its frame; 800 is never set.
  EXPECT_EQ(judge(poke(Level::kPte, 0x101f)), Inconclusive::kMalformedWord);
  EXPECT_EQ(judge(poke(Level::kPte, 0x103d)), Inconclusive::kNo);
  EXPECT_EQ(judge(poke(Level::kPte, 0x183d)), Inconclusive::kMalformedWord);
  // A segment entry that points outside all tables, and one to a page table.
  EXPECT_EQ(judge(poke(Level::kPmd, 0x7000)), Inconclusive::kMalformedTable);
  EXPECT_EQ(judge(poke(Level::kPmd, Arena::kBase)), Inconclusive::kNo);
  EXPECT_EQ(judge(poke(Level::kPmd, Arena::kBase | 0x10)),
            Inconclusive::kMalformedWord);
  EXPECT_EQ(judge({.kind = TableOp::Kind::kPokeControl, .word = 7}),
            Inconclusive::kMalformedControl);
}

TEST(CompareTest, TheEmptyCaseIsInconclusive) {
  Oracle oracle;
  const Verdict& verdict = oracle.Judge(Case(), WalkSet::All(), Waivers::kNone);
  EXPECT_EQ(verdict.kind, Verdict::Kind::kInconclusive);
  EXPECT_EQ(verdict.inconclusive, Inconclusive::kEmptyCase);
}

TEST(CompareTest, EveryRequestIsJudged) {
  Oracle oracle;
  Case c = Known("old-page-written");
  c.requests.push_back({.start = 0x10001000, .pages = 1});
  c.requests.push_back({.start = 5 * kTiB, .pages = 1});
  const Verdict& verdict = oracle.Judge(c, WalkSet::All(), Waivers::kNone);
  ASSERT_EQ(verdict.requests.size(), 3u);
  EXPECT_EQ(verdict.requests[0].pages, 1u);
  EXPECT_EQ(verdict.requests[1].pages, 0u);
  EXPECT_EQ(verdict.requests[2].inconclusive, Inconclusive::kBeyondLimit);
  EXPECT_EQ(verdict.kind, Verdict::Kind::kAgrees);
}

TEST(CompareTest, TheFindingIsTheFirstRequestsFirstWalk) {
  Oracle oracle;
  Case c = Known("old-page-written");
  const Case bad = Known("thread-wrong-page");
  for (const TableOp& record : bad.setup) c.setup.push_back(record);
  c.requests.push_back(bad.requests[0]);
  c.requests.push_back(bad.requests[0]);
  const Verdict& verdict = oracle.Judge(c, WalkSet::All(), Waivers::kNone);
  ASSERT_TRUE(verdict.finding.has_value());
  EXPECT_EQ(verdict.finding->request, 1u);
  EXPECT_EQ(verdict.finding->walk_index(), IndexOf(kStaticByValue));
}

// The loop invariant of the thread: walks with static boundaries, even the
// merged one, break it at a boundary of a folded level, and the folded-aware
// ones never do.
TEST(CompareTest, LoopInvariant) {
  Oracle oracle;
  const Verdict& verdict =
      oracle.Judge(Known("thread-wrong-page"), WalkSet::All(), Waivers::kNone);
  EXPECT_FALSE(VerdictOf(verdict, kStaticLockless).violations.invariant);
  EXPECT_FALSE(VerdictOf(verdict, kStaticByPointer).violations.invariant);
  EXPECT_FALSE(VerdictOf(verdict, kStaticByValue).violations.invariant);
  EXPECT_TRUE(VerdictOf(verdict, kFoldedAwareByValue).violations.invariant);
  EXPECT_TRUE(VerdictOf(verdict, kFoldedAwareByPointer).violations.invariant);
}

// -----------------------------------------------------------------------------
// Any input.

void ExpectNoFinding(Oracle& oracle, std::span<const uint8_t> bytes) {
  const Case c = Decode(bytes);
  const Verdict& verdict =
      oracle.Judge(c, WalkSet::All(), Waivers::kExpectedFailures);
  ASSERT_FALSE(verdict.finding.has_value()) << Name(*verdict.finding) << '\n'
                                            << ToText(c);
  for (const RequestVerdict& request : verdict.requests) {
    ASSERT_TRUE(request.cell.has_value() ||
                request.inconclusive == Inconclusive::kOverflow)
        << "a request of no cell\n"
        << ToText(c);
  }
}

TEST(CompareTest, AllInputsOfUpToTwoBytes) {
  Oracle oracle;
  ExpectNoFinding(oracle, {});
  for (int first = 0; first < 256; ++first) {
    const std::array<uint8_t, 1> one = {static_cast<uint8_t>(first)};
    ExpectNoFinding(oracle, one);
    for (int second = 0; second < 256; ++second) {
      const std::array<uint8_t, 2> two = {static_cast<uint8_t>(first),
                                          static_cast<uint8_t>(second)};
      ExpectNoFinding(oracle, two);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(CompareTest, AMillionRandomInputs) {
  Oracle oracle;
  RandomBytes random(3);
  for (int i = 0; i < Budget(1'000'000); ++i) {
    ExpectNoFinding(oracle, random.Next());
    if (HasFatalFailure()) return;
  }
}

// Cases leave no state behind: a verdict does not depend on earlier cases.
TEST(CompareTest, VerdictsDoNotDependOnEarlierCases) {
  const auto digest = [](const Verdict& verdict) {
    std::string text = std::to_string(static_cast<int>(verdict.kind));
    for (const RequestVerdict& request : verdict.requests) {
      text += ' ' + std::to_string(request.pages);
      for (const WalkVerdict& walk : request.walks) {
        text += ' ' + std::string(Name(walk.outcome)) +
                std::to_string(walk.pages) + '/' +
                std::to_string(walk.first_difference);
      }
    }
    return text;
  };
  RandomBytes random(4);
  std::vector<Case> cases;
  for (int i = 0; i < 2000; ++i) cases.push_back(Decode(random.Next()));
  Oracle forwards;
  std::vector<std::string> first;
  for (const Case& c : cases) {
    first.push_back(
        digest(forwards.Judge(c, WalkSet::All(), Waivers::kExpectedFailures)));
  }
  Oracle backwards;
  for (size_t left = cases.size(); left > 0; --left) {
    const size_t i = left - 1;
    ASSERT_EQ(digest(backwards.Judge(cases[i], WalkSet::All(),
                                     Waivers::kExpectedFailures)),
              first[i]);
  }
}

}  // namespace
}  // namespace pxdfuzz
