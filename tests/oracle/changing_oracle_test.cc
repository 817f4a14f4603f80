// SPDX-License-Identifier: MIT

// The oracle's rules while tables change: no finding in sound walks, a finding
// for a bug of each kind.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "fuzz/generator/mutator.h"
#include "fuzz/harness/paging_mode_filter.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/oracle/oracle.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/walk/run_walk.h"
#include "pxdfuzz/walk/walk.h"
#include "tests/sanitized.h"

namespace pxdfuzz {
namespace {

// Cases of one paging mode with changing tables.
class ChangingCases {
 public:
  ChangingCases(PagingMode mode, uint64_t seed)
      : filter_(*PagingModeFilter::Parse(Name(mode))), seed_(seed) {}

  Case Next() {
    // Each case is made from the one before, for some steps.
    if (made_++ % 8 == 0) size_ = 0;
    size_ = Mutate(buffer_, size_, seed_++, filter_, Tables::kChanging,
                   /*mutate_bytes=*/nullptr);
    return Decode(std::span(buffer_).first(size_));
  }

 private:
  const PagingModeFilter filter_;
  uint64_t seed_;
  size_t made_ = 0;
  size_t size_ = 0;
  std::array<uint8_t, kMaxEncodedSize> buffer_{};
};

class ChangingOracleTest : public testing::TestWithParam<PagingMode> {};

// All twelve walks: the sound ones keep all three rules, the others fail only
// with their expected causes. 125,000 cases of each of eight paging modes.
TEST_P(ChangingOracleTest, FindsNothingInSoundWalks) {
  constexpr int kCases = Budget(125'000);
  auto oracle = std::make_unique<Oracle>();
  ChangingCases cases(GetParam(), 1);
  int changed = 0;
  int dropped = 0;
  for (int i = 0; i < kCases; ++i) {
    const Case c = cases.Next();
    const Verdict& verdict =
        oracle->Judge(c, WalkSet::All(), Waivers::kExpectedFailures);
    ASSERT_FALSE(verdict.finding.has_value()) << Name(*verdict.finding) << '\n'
                                              << ToText(c);
    for (const RequestVerdict& request : verdict.requests) {
      const WalkVerdict& merged = request.walks[IndexOf(kStaticLockless)];
      changed += merged.changes > 0;
      dropped += merged.ran && merged.pages < request.pages;
    }
  }
  // A test of tables that do not change would find nothing either.
  EXPECT_GT(changed, kCases / 4);
  EXPECT_GT(dropped, kCases / 20);
}

// -----------------------------------------------------------------------------

struct NoRecheck : GupFastCode {
  static constexpr bool Checks(Level, Level) { return false; }
};
struct ChecksTheLevelAbove : GupFastCode {
  static constexpr bool Checks(Level leaf, Level level) {
    return leaf != Level::kPgd && level == Above(leaf);
  }
};
// As before 70cbc3cc78a9.
struct ChecksNoPmd : GupFastCode {
  static constexpr bool Checks(Level leaf, Level level) {
    return leaf == level;
  }
};
struct ChecksBeforeTheGrab : GupFastCode {
  static constexpr bool kGrabsFirst = false;
};
struct ReadsTheLeafTwice : GupFastCode {
  static constexpr bool ReadsTwice(WalkStep step) {
    return step == WalkStep::kLeaf;
  }
};
struct ReadsTheTableTwice : GupFastCode {
  static constexpr bool ReadsTwice(WalkStep step) {
    return step == WalkStep::kDescend;
  }
};

// pmdp_invalidate(), the first step of a split, is no change to the recheck.
template <class A>
struct OverlooksInvalidation : GupFastCode {
  static constexpr bool IsSame(Level level, uint64_t first, uint64_t now) {
    EntryKind kind = A::Entries::Classify(level, now);
    kind.state.invalid = false;
    return first == now || (kind.tag == EntryKind::Tag::kLeaf &&
                            kind == A::Entries::Classify(level, first));
  }
};
// Nor is a migration entry in the place of a page.
template <class A>
struct OverlooksMigration : GupFastCode {
  static constexpr bool IsSame(Level level, uint64_t first, uint64_t now) {
    return first == now ||
           A::Entries::Classify(level, now).tag == EntryKind::Tag::kMigration;
  }
};
template <class Text>
struct ForAll {
  template <class A>
  using Of = Text;
};

template <template <class A> class Text>
struct PlantedRunner {
  template <class A>
  void operator()(const WalkSite& site, Policy policy, const Request& request,
                  WalkRun& run) const {
    RunWalkOf<A, Text<A>>(site, policy, request, run);
  }
};

// The signature of the first finding for the merged walk with the planted text,
// or nothing; `found` gets the case.
template <template <class A> class Text>
std::string FirstFindingOf(PagingMode mode, int tries, Case* found) {
  auto oracle =
      std::make_unique<BasicOracle<Architectures, PlantedRunner<Text>>>();
  ChangingCases cases(mode, 1);
  for (int i = 0; i < tries; ++i) {
    const Case c = cases.Next();
    const Verdict& verdict = oracle->Judge(c, WalkSet::Of(kStaticLockless),
                                           Waivers::kExpectedFailures);
    if (!verdict.finding.has_value()) continue;
    if (found != nullptr) *found = c;
    return Name(*verdict.finding);
  }
  return "";
}

template <class Text>
std::string FirstFinding(PagingMode mode, int tries = 20'000) {
  return FirstFindingOf<ForAll<Text>::template Of>(mode, tries, nullptr);
}

TEST_P(ChangingOracleTest, FindsPlantedBugs) {
  EXPECT_EQ(FirstFinding<GupFastCode>(GetParam(), Budget(20'000)), "");
  EXPECT_THAT(FirstFinding<NoRecheck>(GetParam()),
              testing::HasSubstr(".changing."));
  EXPECT_THAT(FirstFinding<ChecksTheLevelAbove>(GetParam()),
              testing::HasSubstr(".changing."));
  EXPECT_THAT(FirstFinding<ChecksNoPmd>(GetParam()),
              testing::HasSubstr(".changing."));
  EXPECT_THAT(FirstFinding<ChecksBeforeTheGrab>(GetParam()),
              testing::HasSubstr(".changing."));
  EXPECT_THAT(FirstFinding<ReadsTheLeafTwice>(GetParam()),
              testing::HasSubstr(".changing."));
  EXPECT_THAT(FirstFinding<ReadsTheTableTwice>(GetParam()),
              testing::HasSubstr(".changing."));
}

// These need operations of one kind each.
TEST_P(ChangingOracleTest, FindsOverlookedStepsOfASplitAndOfMigration) {
  const auto has = [](const Case& c, TableOp::Kind kind) {
    return std::any_of(
        c.concurrent.begin(), c.concurrent.end(),
        [kind](const ConcurrentOp& op) { return op.kind == kind; });
  };
  Case c;
  EXPECT_THAT(FirstFindingOf<OverlooksMigration>(GetParam(), 20'000, &c),
              testing::HasSubstr(".changing.stale."));
  EXPECT_TRUE(has(c, TableOp::Kind::kMigrate)) << ToText(c);
  const std::string invalid =
      FirstFindingOf<OverlooksInvalidation>(GetParam(), 20'000, &c);
  // The walk of s390 returns invalid pages.
  if (GetParam().arch == ArchId::kS390) {
    EXPECT_EQ(invalid, "");
  } else {
    // What was invalidated may be a migration entry by then.
    EXPECT_THAT(
        invalid,
        testing::AnyOf(testing::HasSubstr(".changing.stale.pmd-leaf"),
                       testing::HasSubstr(".changing.stale.pmd-migration")));
    EXPECT_TRUE(has(c, TableOp::Kind::kInvalidate)) << ToText(c);
  }
}

INSTANTIATE_TEST_SUITE_P(Spaces, ChangingOracleTest,
                         testing::ValuesIn(kAllPagingModes),
                         [](const auto& param) {
                           std::string name = Name(param.param);
                           for (char& c : name) {
                             if (c == '-' || c == '/') c = '_';
                           }
                           return name;
                         });

}  // namespace
}  // namespace pxdfuzz
