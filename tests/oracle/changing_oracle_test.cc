// SPDX-License-Identifier: MIT

// The oracle's rules while tables change: no finding in sound walks, a finding
// for a bug of each kind.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

template <class Text>
struct PlantedRunner {
  template <class A>
  void operator()(const WalkSite& site, Policy policy, const Request& request,
                  WalkRun& run) const {
    RunWalkOf<A, Text>(site, policy, request, run);
  }
};

// The signature of the first finding for the merged walk with the planted text,
// or nothing.
template <class Text>
std::string FirstFinding(PagingMode mode, int tries = 20'000) {
  auto oracle =
      std::make_unique<BasicOracle<Architectures, PlantedRunner<Text>>>();
  ChangingCases cases(mode, 1);
  for (int i = 0; i < tries; ++i) {
    const Verdict& verdict = oracle->Judge(
        cases.Next(), WalkSet::Of(kStaticLockless), Waivers::kExpectedFailures);
    if (verdict.finding.has_value()) return Name(*verdict.finding);
  }
  return "";
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
