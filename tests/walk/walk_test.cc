// SPDX-License-Identifier: MIT

#include "pxdfuzz/walk/walk.h"

#include <array>
#include <cstdint>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pxdfuzz/arch/s390.h"
#include "pxdfuzz/memory/arena_memory.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/tables/address_space.h"
#include "pxdfuzz/walk/trace.h"

namespace pxdfuzz {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr size_t kNever = FirstViolations::kNever;

struct Walked {
  std::vector<uint64_t> pages;
  FirstViolations violations;
};

class WalkTest : public testing::Test {
 protected:
  WalkTest() : arena_(MakeArena<S390>()) {}

  AddressSpace<S390>& Make(int levels) {
    mm_.reset();
    mm_ = std::make_unique<AddressSpace<S390>>(arena_, levels);
    return *mm_;
  }
  void MapPage(uint64_t address, uint64_t frame, const LeafState& state = {}) {
    mm_->Map(Level::kPte, address, 1, frame, state);
  }

  Walked Run(std::string_view walk, uint64_t start, uint64_t end,
             bool write = false) const {
    ArenaMemory memory(arena_, mm_->geometry(), stack_);
    ViolationTrace trace(memory);
    Walk w(S390::Kernel(mm_->levels()), *PolicyFromName(walk), memory, trace);
    std::array<uint64_t, 512> pages{};
    const size_t count = w.Run(mm_->root(), start, end, write, pages);
    return {{pages.begin(), pages.begin() + count}, trace.violations()};
  }

  Arena arena_;
  Stack stack_;
  std::unique_ptr<AddressSpace<S390>> mm_;
};

// The result of a walk if a range crosses a boundary of the root's entries.
enum class Kind { kHolds, kLeavesItsCopy, kWrongEntry };

struct KnownWalk {
  std::string_view name;
  Kind kind;
  // Whether the loop invariant of the thread holds; by construction it does if
  // each pointer is computed again.
  bool invariant;
};

constexpr KnownWalk kWalks[] = {
    {"static-by-value", Kind::kLeavesItsCopy, false},
    {"folded-aware-by-value", Kind::kHolds, true},
    {"static-lockless", Kind::kHolds, false},
    {"static-by-pointer", Kind::kHolds, false},
    {"folded-aware-by-pointer", Kind::kHolds, true},
    {"folded-aware-lockless", Kind::kHolds, true},
    {"static-by-value-recompute", Kind::kWrongEntry, true},
    {"folded-aware-by-value-recompute", Kind::kHolds, true},
    {"static-lockless-recompute", Kind::kWrongEntry, true},
    {"folded-aware-lockless-recompute", Kind::kHolds, true},
    {"static-by-pointer-recompute", Kind::kWrongEntry, true},
    {"folded-aware-by-pointer-recompute", Kind::kHolds, true},
};

// A range of two pages, one on each side of a boundary of the root's entries;
// `behind` is mapped one entry before the second page.
struct Crossing {
  int levels;
  uint64_t start;
  uint64_t end;
  uint64_t behind;
};

constexpr Crossing kCrossings[] = {
    // The thread's example: 3 levels, 2 GiB.
    {3, 0x1007'fff'f000, 0x100'8000'1000, 0x100'0000'0000},
    // 4 levels, 4 TiB.
    {4, 0x3ff'ffff'f000, 0x400'0000'1000, 0},
    {4, 0x1f'fbff'ffff'f000, 0x1f'fc00'0000'1000, 0x1f'f800'0000'0000},
    // 2 levels, 1 MiB.
    {2, 0xf'f000, 0x10'1000, 0},
    {2, 0x7fef'f000, 0x7ff0'1000, 0x7fe0'0000},
};

class CrossingTest : public WalkTest,
                     public testing::WithParamInterface<Crossing> {
 protected:
  static constexpr uint64_t kFirst = 0xaaaa000;
  static constexpr uint64_t kSecond = 0xbbbb000;
  static constexpr uint64_t kBehind = 0xcccc000;

  void SetUp() override {
    Make(GetParam().levels);
    MapPage(GetParam().start, kFirst);
    MapPage(GetParam().end - 0x1000, kSecond);
  }
  Walked Run(std::string_view walk) const {
    return WalkTest::Run(walk, GetParam().start, GetParam().end);
  }
};

TEST_P(CrossingTest, SoundWalksReturnBothPages) {
  MapPage(GetParam().behind, kBehind);
  for (const KnownWalk& walk : kWalks) {
    if (walk.kind != Kind::kHolds) continue;
    const Walked walked = Run(walk.name);
    EXPECT_THAT(walked.pages, ElementsAre(0xaaaa000, 0xbbbb000)) << walk.name;
    EXPECT_EQ(walked.violations.stack_escape, kNever) << walk.name;
    EXPECT_EQ(walked.violations.wrong_entry, kNever) << walk.name;
    EXPECT_EQ(walked.violations.nowhere, kNever) << walk.name;
  }
}

TEST_P(CrossingTest, TheLoopInvariant) {
  for (const KnownWalk& walk : kWalks) {
    EXPECT_EQ(Run(walk.name).violations.invariant, walk.invariant) << walk.name;
  }
}

TEST_P(CrossingTest, TheBugReturnsThePageAnEntryBefore) {
  MapPage(GetParam().behind, kBehind);
  stack_.around = StackContent::kCopy;
  const Walked walked = Run("static-by-value");
  EXPECT_THAT(walked.pages, ElementsAre(0xaaaa000, 0xcccc000));
  EXPECT_EQ(walked.violations.stack_escape, 1u);
  EXPECT_EQ(walked.violations.wrong_entry, kNever);
}

TEST_P(CrossingTest, TheBugIsShortWithoutSuchAPage) {
  stack_.around = StackContent::kCopy;
  const Walked walked = Run("static-by-value");
  EXPECT_THAT(walked.pages, ElementsAre(0xaaaa000));
  EXPECT_EQ(walked.violations.stack_escape, 1u);
  EXPECT_EQ(walked.violations.nowhere, kNever);
}

TEST_P(CrossingTest, TheBugIsRightByLuckIfTheNextEntryIsThere) {
  stack_.around = StackContent::kNext;
  const Walked walked = Run("static-by-value");
  EXPECT_THAT(walked.pages, ElementsAre(0xaaaa000, 0xbbbb000));
  EXPECT_EQ(walked.violations.stack_escape, 1u);
}

TEST_P(CrossingTest, TheBugFaultsOnAZero) {
  stack_.around = StackContent::kZero;
  const Walked walked = Run("static-by-value");
  EXPECT_THAT(walked.pages, ElementsAre(0xaaaa000));
  EXPECT_EQ(walked.violations.stack_escape, 1u);
  // A zero is a segment entry that leads to a page table at 0; with two levels
  // it is read as one at once.
  EXPECT_EQ(walked.violations.nowhere, 1u);
}

TEST_P(CrossingTest, TheBugStopsAtAnEmptyEntry) {
  // Type and invalid bit of the root's entries.
  const uint64_t empty[] = {0x20, 0x24, 0x28};
  stack_.words.push_back({.distance = 1,
                          .content = StackContent::kWord,
                          .word = empty[GetParam().levels - 2]});
  const Walked walked = Run("static-by-value");
  EXPECT_THAT(walked.pages, ElementsAre(0xaaaa000));
  EXPECT_EQ(walked.violations.stack_escape, 1u);
  EXPECT_EQ(walked.violations.nowhere, kNever);
}

TEST_P(CrossingTest, OnlyTheWordBehindTheCopyIsRead) {
  stack_.around = StackContent::kNext;
  stack_.words.push_back({.distance = 2, .content = StackContent::kZero});
  stack_.words.push_back({.distance = -1, .content = StackContent::kZero});
  for (const uint16_t position :
       {uint16_t{0}, uint16_t{1000}, uint16_t{2047}}) {
    stack_.position = position;
    EXPECT_THAT(Run("static-by-value").pages,
                ElementsAre(0xaaaa000, 0xbbbb000));
  }
}

// A folded offset function returns a pointer to the entry at which the loop
// began.
TEST_P(CrossingTest, StaticWalksThatRecomputeReadWrongEntries) {
  for (const KnownWalk& walk : kWalks) {
    if (walk.kind != Kind::kWrongEntry) continue;
    const Walked walked = Run(walk.name);
    EXPECT_THAT(walked.pages, ElementsAre(0xaaaa000)) << walk.name;
    EXPECT_EQ(walked.violations.wrong_entry, 1u) << walk.name;
    EXPECT_EQ(walked.violations.stack_escape, kNever) << walk.name;
  }
  MapPage(GetParam().behind, kBehind);
  for (const KnownWalk& walk : kWalks) {
    if (walk.kind != Kind::kWrongEntry) continue;
    EXPECT_THAT(Run(walk.name).pages, ElementsAre(0xaaaa000, 0xcccc000))
        << walk.name;
  }
}

TEST_P(CrossingTest, OnOneSideAllWalksAreRight) {
  for (const KnownWalk& walk : kWalks) {
    const Walked first =
        WalkTest::Run(walk.name, GetParam().start, GetParam().start + 0x1000);
    EXPECT_THAT(first.pages, ElementsAre(0xaaaa000)) << walk.name;
    EXPECT_TRUE(first.violations.invariant) << walk.name;
    const Walked second =
        WalkTest::Run(walk.name, GetParam().end - 0x1000, GetParam().end);
    EXPECT_THAT(second.pages, ElementsAre(0xbbbb000)) << walk.name;
    EXPECT_EQ(second.violations.stack_escape, kNever) << walk.name;
  }
}

INSTANTIATE_TEST_SUITE_P(FoldedLevels, CrossingTest,
                         testing::ValuesIn(kCrossings), [](const auto& of) {
                           std::ostringstream name;
                           name << of.param.levels << "LevelsAt" << std::hex
                                << of.param.end;
                           return name.str();
                         });

// -----------------------------------------------------------------------------

// No level is folded: the sizes are right.
TEST_F(WalkTest, FiveLevelsAreRightForAllWalks) {
  for (const uint64_t boundary : {uint64_t{1} << 53, uint64_t{1} << 42,
                                  uint64_t{1} << 31, uint64_t{1} << 20}) {
    Make(5);
    MapPage(boundary - 0x1000, 0xaaaa000);
    MapPage(boundary, 0xbbbb000);
    for (const KnownWalk& walk : kWalks) {
      const Walked walked =
          Run(walk.name, boundary - 0x1000, boundary + 0x1000);
      EXPECT_THAT(walked.pages, ElementsAre(0xaaaa000, 0xbbbb000)) << walk.name;
      EXPECT_TRUE(walked.violations.invariant) << walk.name;
      EXPECT_EQ(walked.violations.stack_escape, kNever) << walk.name;
      EXPECT_EQ(walked.violations.wrong_entry, kNever) << walk.name;
    }
  }
}

// A boundary of a real level below the folded ones.
TEST_F(WalkTest, InnerBoundariesAreRightForAllWalks) {
  Make(3);
  MapPage(0xf'f000, 0xaaaa000);
  MapPage(0x10'0000, 0xbbbb000);
  for (const KnownWalk& walk : kWalks) {
    const Walked walked = Run(walk.name, 0xf'f000, 0x10'1000);
    EXPECT_THAT(walked.pages, ElementsAre(0xaaaa000, 0xbbbb000)) << walk.name;
    EXPECT_TRUE(walked.violations.invariant) << walk.name;
  }
}

// In the last region-first entry the boundary wraps to 0, and `boundary - 1` is
// the last byte.
TEST_F(WalkTest, TheLastEntryOfAll) {
  Make(5);
  MapPage(0xffdf'ffff'ffff'f000, 0xaaaa000);
  MapPage(0xffe0'0000'0000'0000, 0xbbbb000);
  MapPage(0xffff'ffff'ffff'd000, 0xcccc000);
  MapPage(0xffff'ffff'ffff'e000, 0xdddd000);
  for (const KnownWalk& walk : kWalks) {
    EXPECT_THAT(
        Run(walk.name, 0xffff'ffff'ffff'd000, 0xffff'ffff'ffff'f000).pages,
        ElementsAre(0xcccc000, 0xdddd000))
        << walk.name;
    EXPECT_THAT(
        Run(walk.name, 0xffdf'ffff'ffff'f000, 0xffe0'0000'0000'1000).pages,
        ElementsAre(0xaaaa000, 0xbbbb000))
        << walk.name;
  }
}

// The end of the last entry of a smaller space.
TEST_F(WalkTest, TheLastPageOfASpace) {
  const uint64_t limits[] = {0x8000'0000, 0x400'0000'0000, 0x20'0000'0000'0000};
  for (int levels = 2; levels <= 4; ++levels) {
    const uint64_t limit = limits[levels - 2];
    Make(levels);
    MapPage(limit - 0x2000, 0xaaaa000);
    MapPage(limit - 0x1000, 0xbbbb000);
    for (const KnownWalk& walk : kWalks) {
      EXPECT_THAT(Run(walk.name, limit - 0x2000, limit).pages,
                  ElementsAre(0xaaaa000, 0xbbbb000))
          << walk.name;
    }
  }
}

TEST_F(WalkTest, LargeLeavesGiveTheirPages) {
  Make(3);
  mm_->Map(Level::kPud, 0, 1, 0x8000'0000, {});
  mm_->Map(Level::kPmd, 0x8000'0000, 2, 0x1230'0000, {});
  for (const KnownWalk& walk : kWalks) {
    EXPECT_THAT(Run(walk.name, 0x7ffe'f000, 0x7fff'1000).pages,
                ElementsAre(0xfffe'f000, 0xffff'0000))
        << walk.name;
    // Not affected: below the folded levels.
    EXPECT_THAT(Run(walk.name, 0x800f'f000, 0x8010'1000).pages,
                ElementsAre(0x123f'f000, 0x1240'0000))
        << walk.name;
  }
}

// A 2 GiB leaf followed by a page: the bug reads a copy of the leaf again.
TEST_F(WalkTest, ALargeLeafBeforeTheBoundary) {
  Make(3);
  mm_->Map(Level::kPud, 0, 1, 0x12'8000'0000, {});
  MapPage(0x8000'0000, 0xbbbb000);
  stack_.around = StackContent::kCopy;
  for (const KnownWalk& walk : kWalks) {
    const Walked walked = Run(walk.name, 0x7fff'f000, 0x8000'1000);
    EXPECT_THAT(
        walked.pages,
        ElementsAre(0x12'ffff'f000,
                    walk.kind == Kind::kHolds ? 0xbbbb000 : 0x12'8000'0000))
        << walk.name;
  }
}

TEST_F(WalkTest, StopsAtAPageThatMayNotBeReturned) {
  const LeafState states[] = {{.permission = Permission::kNone},
                              {.special = true}};
  for (const LeafState& state : states) {
    Make(3);
    MapPage(0x1000, 0xaaaa000);
    MapPage(0x2000, 0xbbbb000, state);
    MapPage(0x3000, 0xcccc000);
    for (const KnownWalk& walk : kWalks) {
      EXPECT_THAT(Run(walk.name, 0x1000, 0x4000).pages, ElementsAre(0xaaaa000));
      EXPECT_THAT(Run(walk.name, 0x2000, 0x4000).pages, IsEmpty());
      EXPECT_THAT(Run(walk.name, 0x3000, 0x4000).pages, ElementsAre(0xcccc000));
    }
  }
}

TEST_F(WalkTest, WritesNeedOnlyTheWriteBit) {
  Make(3);
  MapPage(0x1000, 0xaaaa000, {.young = false, .dirty = false});
  MapPage(0x2000, 0xbbbb000, {.permission = Permission::kRead});
  EXPECT_THAT(Run("static-lockless", 0x1000, 0x3000, true).pages,
              ElementsAre(0xaaaa000));
  EXPECT_THAT(Run("static-lockless", 0x1000, 0x3000, false).pages,
              ElementsAre(0xaaaa000, 0xbbbb000));
}

TEST_F(WalkTest, AnEmptyAddressSpaceGivesNothing) {
  for (int levels = 2; levels <= 5; ++levels) {
    Make(levels);
    for (const KnownWalk& walk : kWalks) {
      EXPECT_THAT(Run(walk.name, 0x1000, 0x3000).pages, IsEmpty());
    }
  }
}

TEST_F(WalkTest, CountsPagesThatDoNotFit) {
  Make(3);
  mm_->Map(Level::kPte, 0, 4, 0xaaaa000, {});
  ArenaMemory memory(arena_, mm_->geometry(), stack_);
  ViolationTrace trace(memory);
  Walk walk(S390::Kernel(3), kStaticLockless, memory, trace);
  std::array<uint64_t, 2> pages{};
  EXPECT_EQ(walk.Run(mm_->root(), 0, 0x4000, false, pages), 4u);
  EXPECT_THAT(pages, ElementsAre(0xaaaa000, 0xaaab000));
}

// A walk that reads an address that is neither in a table nor on the stack.
TEST_F(WalkTest, AnEntryThatLeadsNowhere) {
  Make(3);
  MapPage(0, 0xaaaa000);
  mm_->Poke(Level::kPmd, 0x10'0000, 0x1234'5800);
  for (const KnownWalk& walk : kWalks) {
    const Walked walked = Run(walk.name, 0x10'0000, 0x10'2000);
    EXPECT_THAT(walked.pages, IsEmpty());
    EXPECT_EQ(walked.violations.nowhere, 0u) << walk.name;
  }
}

// -----------------------------------------------------------------------------

// Iterations of each loop, and second reads of a parent's entry.
class CountingTrace {
 public:
  void OnIteration(const Iteration& iteration) {
    ++iterations_[Ordinal(iteration.level)];
  }
  void OnReread(const Reread&) { ++rereads_; }

  // pte first.
  const std::array<int, kLevelCount>& iterations() const { return iterations_; }
  int rereads() const { return rereads_; }

 private:
  std::array<int, kLevelCount> iterations_{};
  int rereads_ = 0;
};

class WalkIterationsTest : public WalkTest {
 protected:
  CountingTrace Count(Policy policy, uint64_t start, uint64_t end) {
    ArenaMemory memory(arena_, mm_->geometry(), stack_);
    CountingTrace trace;
    Walk walk(S390::Kernel(mm_->levels()), policy, memory, trace);
    walk.Run(mm_->root(), start, end, false, {});
    return trace;
  }
};

// The thread: the same entries, only iterated at another level. One region and
// three segments: two before the boundary, one behind it.
TEST_F(WalkIterationsTest, TheFoldedAwareBoundaryMovesTheLoop) {
  Make(3);
  mm_->Map(Level::kPte, 0x7fef'f000, 258, 0xaaaa000, {});
  EXPECT_THAT(Count(kStaticByPointer, 0x7fef'f000, 0x8000'1000).iterations(),
              ElementsAre(258, 3, 2, 1, 1));
  EXPECT_THAT(
      Count(kFoldedAwareByPointer, 0x7fef'f000, 0x8000'1000).iterations(),
      ElementsAre(258, 3, 2, 2, 2));
}

TEST_F(WalkIterationsTest, OnlyByPointerReadsAgain) {
  Make(3);
  MapPage(0, 0xaaaa000);
  // Below pgd, p4d, pud and pmd.
  EXPECT_EQ(Count(kStaticByPointer, 0, 0x1000).rereads(), 4);
  EXPECT_EQ(Count(kStaticByValue, 0, 0x1000).rereads(), 0);
  EXPECT_EQ(Count(kStaticLockless, 0, 0x1000).rereads(), 0);
}

}  // namespace
}  // namespace pxdfuzz
