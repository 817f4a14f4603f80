// SPDX-License-Identifier: MIT

// Kernel code while tables change: the known results of each variant, on the
// cases of corpus/regressions, and on many others. Runs in the project's
// folder.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/generator/mutator.h"
#include "fuzz/harness/paging_mode_filter.h"
#include "kernel/judge.h"
#include "kernel/observe.h"
#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/base/read_file.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/report/explain.h"
#include "tests/kernel/all_kernels.h"

namespace pxdfuzz {
namespace {

Case Regression(const std::string& name) {
  const Case c = Decode(
      Bytes(ReadFile("corpus/regressions/" + name + ".bin").value_or("")));
  EXPECT_FALSE(c.concurrent.empty()) << name;
  return c;
}

// A judge's finding, without the name of the code:
// "s390-3.changing.fault.pud-empty".
std::string FindingOf(const pxd_kernel& kernel, const Case& c,
                      Waivers waivers = Waivers::kNone,
                      KernelTrial trial = KernelTrial::kGupFast) {
  KernelJudge judge(kernel);
  const KernelVerdict& verdict = judge.Judge(c, trial, waivers);
  EXPECT_EQ(verdict.inconclusive, Inconclusive::kNo);
  if (!verdict.finding.has_value()) return "";
  const std::string name = Name(*verdict.finding);
  return name.substr(std::string(kernel.name).size() + 1);
}

constexpr std::array<std::string_view, 8> kRaces = {
    "race-by-pointer-collapsed-pmd", "race-by-pointer-freed-pud",
    "race-collapse-detached",        "race-collapsed-meanwhile",
    "race-vacuous-recheck-2-gib",    "race-vacuous-recheck-pmd",
    "race-vacuous-recheck-refilled", "race-upgraded"};

TEST(RaceTest, TheMergedWalkHolds) {
  for (const pxd_kernel* kernel : FindKernels("as-is", "s390")) {
    for (const std::string_view name : kRaces) {
      EXPECT_EQ(FindingOf(*kernel, Regression(std::string(name))), "")
          << kernel->name << ' ' << name;
    }
  }
}

TEST(RaceTest, PassingOnlyPointersFaults) {
  for (const pxd_kernel* kernel : FindKernels("by-pointer", "s390")) {
    const Case c = Regression("race-by-pointer-freed-pud");
    EXPECT_EQ(FindingOf(*kernel, c), "s390-3.changing.fault.pud-empty");
    EXPECT_EQ(FindingOf(*kernel, c, Waivers::kExpectedFailures), "");
  }
}

// So does perf's walk, if its offset functions read entries again.
TEST(RaceTest, PagesAreMeasuredByValue) {
  const Case c = Regression("race-by-pointer-freed-pud");
  for (const std::string_view variant : {"by-pointer", "as-is"}) {
    for (const pxd_kernel* kernel : FindKernels(variant, "s390")) {
      if (kernel->page_size == nullptr) continue;
      EXPECT_EQ(FindingOf(*kernel, c, Waivers::kNone, KernelTrial::kPageSize),
                variant == "as-is" ? "" : "s390-3.changing.page-size.pte-leaf");
    }
  }
}

// A pmd table of hugetlb that another process keeps, 1013af4f585f: gup_fast is
// in it, and checks only its leaf again.
TEST(RaceTest, OthersWaitBeforeTheyUseASharedTable) {
  Case c;
  c.mode = {ArchId::kX86, 4};
  const uint64_t start = uint64_t{1} << 30;
  c.requests.push_back({.start = start, .pages = 2});
  c.setup.push_back({.level = Level::kPmd, .address = start, .frame = 4 << 20});
  c.concurrent.push_back({{.kind = TableOp::Kind::kUnshare,
                           .level = Level::kPmd,
                           .address = start,
                           .frame = 64 << 20},
                          1,
                          Moment::kPud});
  for (const pxd_kernel* kernel : FindKernels("as-is", "x86-64")) {
    for (const OtherSide side : {OtherSide::kWaits, OtherSide::kGoesOn}) {
      KernelJudge judge(*kernel, side);
      const KernelVerdict& verdict = judge.Judge(c, KernelTrial::kGupFast);
      ASSERT_EQ(verdict.requests.size(), 1u);
      EXPECT_EQ(verdict.requests[0].walk.changes, 1u);
      if (side == OtherSide::kWaits) {
        EXPECT_FALSE(verdict.finding.has_value());
        EXPECT_EQ(verdict.requests[0].walk.pages, 2u);
      } else {
        ASSERT_TRUE(verdict.finding.has_value());
        EXPECT_EQ(verdict.finding->outcome, Outcome::kWrongPage);
      }
    }
  }
}

TEST(RaceTest, WithoutTheRecheckOfThePmdAPageIsStale) {
  for (const pxd_kernel* kernel : FindKernels("no-pmd-check", "s390")) {
    EXPECT_EQ(FindingOf(*kernel, Regression("race-collapse-detached")),
              "s390-3.changing.stale.pmd-empty");
  }
}

// The RFC of 2020: at a folded level, the recheck is void.
TEST(RaceTest, TheFoldedAwareWalkChecksItsOwnCopy) {
  for (const pxd_kernel* kernel : FindKernels("folded-aware", "s390")) {
    const auto finding = [&](const std::string& name) {
      return FindingOf(*kernel, Regression(name));
    };
    EXPECT_EQ(finding("race-vacuous-recheck-pmd"),
              "s390-2.changing.stale.pmd-empty");
    EXPECT_EQ(finding("race-vacuous-recheck-2-gib"),
              "s390-3.changing.stale.pud-empty");
    EXPECT_THAT(finding("race-vacuous-recheck-refilled"),
                testing::StartsWith("s390-2.changing."));
    EXPECT_EQ(finding("race-collapse-detached"), "");
    EXPECT_EQ(FindingOf(*kernel, Regression("race-vacuous-recheck-pmd"),
                        Waivers::kExpectedFailures),
              "");
  }
}

// As mm/gup.c was up to 5.8: it passes values down, and within one entry of the
// root it leaves no copy. The recheck of large leaves is void as well.
TEST(RaceTest, CodeByValueChecksItsOwnCopy) {
  for (const pxd_kernel* kernel : FindKernels("by-value", "s390")) {
    EXPECT_EQ(FindingOf(*kernel, Regression("race-vacuous-recheck-2-gib")),
              "s390-3.changing.stale.pud-empty");
    EXPECT_EQ(FindingOf(*kernel, Regression("race-vacuous-recheck-pmd")),
              "s390-2.changing.stale.pmd-empty");
  }
}

// So it does where the change waits for the reference and not for a read.
TEST(RaceTest, ChangesWaitForReferences) {
  Case c = Regression("race-vacuous-recheck-2-gib");
  c.concurrent[0].moment = Moment::kGrab;
  c.concurrent[0].number = 0;
  for (const pxd_kernel* kernel : FindKernels("by-value", "s390")) {
    EXPECT_EQ(FindingOf(*kernel, c), "s390-3.changing.stale.pud-empty");
  }
  c.concurrent[0].moment = Moment::kPud;
  c.concurrent[0].number = 1;
  for (const pxd_kernel* kernel : FindKernels("by-value", "s390")) {
    EXPECT_EQ(FindingOf(*kernel, c), "s390-3.changing.stale.pud-empty");
  }
  // There is no second page.
  c.concurrent[0].moment = Moment::kGrab;
  for (const pxd_kernel* kernel : FindKernels("by-value", "s390")) {
    EXPECT_EQ(FindingOf(*kernel, c), "");
  }
}

// The change comes before the recheck that cannot see it, which has the same
// source line as the recheck that can.
TEST(RaceTest, AReportShowsTheChangeWhereItWasMade) {
  const Case c = Regression("race-vacuous-recheck-2-gib");
  const auto observe = [&c](const pxd_kernel& kernel) {
    KernelJudge judge(kernel);
    return Observe(judge, c, 0);
  };
  for (const pxd_kernel* kernel : FindKernels("folded-aware", "s390")) {
    const Answer answer = observe(*kernel);
    const Explanation e = Explain(KernelWalker(CodeOf(*kernel)), c, 0, answer);
    const std::vector<Event> reads = ReadsIn(answer.run);
    ASSERT_EQ(reads.size(), 4u);
    const auto change = std::find_if(
        e.iterations.begin(), e.iterations.end(),
        [](const auto& iteration) { return iteration.change.has_value(); });
    ASSERT_NE(change, e.iterations.end());
    EXPECT_EQ(Heading(*change->change),
              "change 1, before read 4: clear pud of 0x80000000");
    EXPECT_EQ(std::count_if(e.iterations.begin(), e.iterations.end(),
                            [](const auto& iteration) {
                              return iteration.change.has_value();
                            }),
              1);
    ASSERT_NE(change, e.iterations.begin());
    EXPECT_THAT(change[-1].read, testing::StartsWith("read 3: *pudp = "));
    ASSERT_NE(change + 1, e.iterations.end());
    EXPECT_THAT(change[1].after,
                testing::Contains(testing::StartsWith(
                    "read 4, mm/gup.c:" + std::to_string(reads[3].line) +
                    ": recheck: *pudp")));
    for (const pxd_kernel* merged : FindKernels("as-is", "s390")) {
      if (std::string_view(merged->version) != kernel->version) continue;
      const Answer held = observe(*merged);
      const Event last = ReadsIn(held.run).back();
      EXPECT_EQ(last.kind, Event::Kind::kCheck);
      EXPECT_EQ(last.line, reads[3].line);
      const Explanation put =
          Explain(KernelWalker(CodeOf(*merged)), c, 0, held);
      EXPECT_EQ(put.iterations.back().after.back(), "puts page 0; stops here");
    }
  }
}

// If a change adds a level before the walk, entries are described for that
// number of levels.
TEST(RaceTest, EntriesAreDescribedAsTheWalkFoundThem) {
  for (const pxd_kernel* kernel : FindKernels("as-is", "s390")) {
    KernelJudge judge(*kernel);
    const Answer answer = Observe(judge, Regression("race-upgraded"), 0);
    ASSERT_FALSE(answer.run.events.empty());
    EXPECT_EQ(answer.run.events.front(),
              (Event{.kind = Event::Kind::kChange, .snapshot = 1}));
    for (const Event& read : ReadsIn(answer.run)) {
      EXPECT_NE(read.meaning.tag, EntryKind::Tag::kMalformed);
    }
  }
}

// -----------------------------------------------------------------------------

// Whether the code reads what the model does not: it asks about pages of
// FOLL_GET and about protection keys, and reads whole contiguous blocks.
bool ReadsMoreThanTheModel(const Case& c) {
  return c.pkru != 0 ||
         std::any_of(c.pages.begin(), c.pages.end(),
                     [](const PageRange& p) {
                       return p.kind == PageKind::kZero ||
                              p.kind == PageKind::kSecretmem ||
                              p.kind == PageKind::kNoMapping;
                     }) ||
         std::any_of(c.setup.begin(), c.setup.end(),
                     [](const TableOp& op) { return op.state.contiguous; });
}

// The results of many cases of one paging mode.
struct Came {
  int compared = 0;
  int changed = 0;
  int excused = 0;
  // Requests about which only one thing is known: the code's reads differ from
  // those of the model's walk.
  int unlike = 0;
  std::string finding;
};

Came Try(const pxd_kernel& kernel, PagingMode mode, int cases, Waivers waivers,
         KernelTrial trial = KernelTrial::kGupFast) {
  KernelJudge judge(kernel);
  const PagingModeFilter filter = *PagingModeFilter::Parse(Name(mode));
  std::array<uint8_t, kMaxEncodedSize> buffer;
  size_t size = 0;
  Came came;
  for (int i = 0; i < cases; ++i) {
    if (i % 8 == 0) size = 0;
    size = Mutate(buffer, size, static_cast<uint64_t>(i), filter,
                  Tables::kChanging, nullptr);
    const Case c = Decode(std::span(buffer).first(size));
    const KernelVerdict& verdict = judge.Judge(c, trial, waivers);
    came.compared += verdict.inconclusive == Inconclusive::kNo;
    for (size_t k = 0; k < verdict.requests.size(); ++k) {
      const KernelRequestVerdict& request = verdict.requests[k];
      came.changed += request.walk.changes > 0;
      came.excused += request.walk.waiver != Cause::kNone;
      came.unlike +=
          request.inconclusive == Inconclusive::kNo && !c.concurrent.empty() &&
          request.walk.waiver == Cause::kNone && !request.reads_as_model &&
          c.requests[k].Takes(/*pin=*/false) && !ReadsMoreThanTheModel(c);
    }
    if (verdict.finding.has_value()) {
      came.finding = Name(*verdict.finding) + '\n' + ToText(c);
      return came;
    }
  }
  return came;
}

std::vector<PagingMode> PagingModesOf(const pxd_kernel& kernel) {
  std::vector<PagingMode> modes;
  for (const PagingMode& mode : kAllPagingModes) {
    if (IsBuilt(mode) && Name(mode.arch) == kernel.arch) {
      modes.push_back(mode);
    }
  }
  return modes;
}

// All unmodified code keeps the rules and matches its model.
TEST(RaceTest, FindsNothingInUnmodifiedCode) {
  constexpr int kCases = 3'000;
  for (const pxd_kernel* kernel : FindKernels("as-is")) {
    for (const PagingMode& mode : PagingModesOf(*kernel)) {
      const Came came = Try(*kernel, mode, kCases, Waivers::kNone);
      EXPECT_EQ(came.finding, "");
      EXPECT_GT(came.changed, kCases / 5) << kernel->name << Name(mode);
      EXPECT_EQ(came.excused, 0);
      EXPECT_EQ(came.unlike, 0) << kernel->name << Name(mode);
      if (kernel->page_size == nullptr) continue;
      const Came sizes =
          Try(*kernel, mode, kCases, Waivers::kNone, KernelTrial::kPageSize);
      EXPECT_EQ(sizes.finding, "");
      EXPECT_GT(sizes.changed, kCases / 5) << kernel->name << Name(mode);
    }
  }
}

// Each expected failure occurs, and covers all failures.
TEST(RaceTest, VariantsFailAsExpected) {
  constexpr int kCases = 20'000;
  for (const std::string_view variant : {"by-pointer", "folded-aware"}) {
    for (const pxd_kernel* kernel : FindKernels(variant, "s390")) {
      for (const PagingMode& mode : PagingModesOf(*kernel)) {
        const Came came =
            Try(*kernel, mode, kCases, Waivers::kExpectedFailures);
        EXPECT_EQ(came.finding, "");
        // With 2 levels only the offset function of a page table uses an entry
        // that it reads, and pte_offset_map() gets a copy.
        const bool holds =
            variant == "by-pointer" ? mode.levels == 2 : mode.levels > 3;
        EXPECT_EQ(came.excused == 0, holds) << kernel->name << Name(mode);
        EXPECT_EQ(came.unlike == 0, variant == "folded-aware")
            << kernel->name << Name(mode);
      }
    }
  }
}

}  // namespace
}  // namespace pxdfuzz
