// SPDX-License-Identifier: MIT

#include "pxdfuzz/arch/s390.h"

#include <cstdint>
#include <type_traits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pxdfuzz/arch/arches.h"

namespace pxdfuzz {
namespace {

constexpr S390::Kernel kKernel(3);

// Entries of tables of 5, 4, 3 and 2 levels, by their type: each leads to a
// table at 12344000.
constexpr uint64_t kRegionFirst = 0x1234400f;
constexpr uint64_t kRegionSecond = 0x1234400b;
constexpr uint64_t kRegionThird = 0x12344007;
constexpr uint64_t kSegment = 0x12344000;

TEST(S390GeometryTest, MatchesTheMachine) {
  const Geometry geometry = S390::GeometryOf(5);
  EXPECT_EQ(geometry.span(Level::kPte), 0x1000u);
  EXPECT_EQ(geometry.span(Level::kPmd), 0x10'0000u);
  EXPECT_EQ(geometry.span(Level::kPud), 0x8000'0000u);
  EXPECT_EQ(geometry.span(Level::kP4d), 0x400'0000'0000u);
  EXPECT_EQ(geometry.span(Level::kPgd), 0x20'0000'0000'0000u);
  EXPECT_EQ(geometry.table_size(Level::kPte), 0x800u);
  for (const Level level :
       {Level::kPmd, Level::kPud, Level::kP4d, Level::kPgd}) {
    EXPECT_EQ(geometry.table_size(level), 0x4000u);
  }
}

TEST(S390GeometryTest, FoldedLevelsAreNotReal) {
  struct {
    int levels;
    Level root;
    uint64_t last_address;
  } const kPagingModes[] = {{2, Level::kPmd, 0x7fff'ffff},
                            {3, Level::kPud, 0x3ff'ffff'ffff},
                            {4, Level::kP4d, 0x1f'ffff'ffff'ffff},
                            {5, Level::kPgd, 0xffff'ffff'ffff'ffff}};
  for (const auto& mode : kPagingModes) {
    const Geometry geometry = S390::GeometryOf(mode.levels);
    EXPECT_EQ(geometry.root(), mode.root);
    EXPECT_EQ(geometry.last_address(), mode.last_address);
    for (const Level level : kAllLevels) {
      EXPECT_EQ(geometry.real(level), level <= mode.root);
    }
  }
}

TEST(S390KernelTest, RootIndexDependsOnTheTypeOfTheFirstEntry) {
  EXPECT_TRUE(kKernel.ReadsRootType());
  // Indexes 1, 2, 3 and 4 of the four levels.
  constexpr uint64_t kAddress = 0x0020'0801'8040'5678;
  EXPECT_EQ(kKernel.RootIndex(kRegionFirst, kAddress), 1u);
  EXPECT_EQ(kKernel.RootIndex(kRegionSecond, kAddress), 2u);
  EXPECT_EQ(kKernel.RootIndex(kRegionThird, kAddress), 3u);
  EXPECT_EQ(kKernel.RootIndex(kSegment, kAddress), 4u);
  // Empty entries contain their type too.
  EXPECT_EQ(kKernel.RootIndex(0x2c, kAddress), 1u);
  EXPECT_EQ(kKernel.RootIndex(0x28, kAddress), 2u);
  EXPECT_EQ(kKernel.RootIndex(0x24, kAddress), 3u);
  EXPECT_EQ(kKernel.RootIndex(0x20, kAddress), 4u);
  EXPECT_EQ(kKernel.RootIndex(0x2c, 0xffff'ffff'ffff'ffff), 0x7ffu);
}

TEST(S390KernelTest, OffsetsFollowAnEntryOfTheirParentsTypeOrAbove) {
  EXPECT_TRUE(kKernel.Descends(Level::kPgd, kRegionFirst));
  EXPECT_FALSE(kKernel.Descends(Level::kPgd, kRegionSecond));
  EXPECT_FALSE(kKernel.Descends(Level::kPgd, kRegionThird));
  EXPECT_FALSE(kKernel.Descends(Level::kPgd, kSegment));

  EXPECT_TRUE(kKernel.Descends(Level::kP4d, kRegionFirst));
  EXPECT_TRUE(kKernel.Descends(Level::kP4d, kRegionSecond));
  EXPECT_FALSE(kKernel.Descends(Level::kP4d, kRegionThird));
  EXPECT_FALSE(kKernel.Descends(Level::kP4d, kSegment));

  EXPECT_TRUE(kKernel.Descends(Level::kPud, kRegionFirst));
  EXPECT_TRUE(kKernel.Descends(Level::kPud, kRegionSecond));
  EXPECT_TRUE(kKernel.Descends(Level::kPud, kRegionThird));
  EXPECT_FALSE(kKernel.Descends(Level::kPud, kSegment));

  // Below a pmd there is always a page table.
  EXPECT_TRUE(kKernel.Descends(Level::kPmd, kRegionFirst));
  EXPECT_TRUE(kKernel.Descends(Level::kPmd, kSegment));
}

TEST(S390KernelTest, OriginsOfTables) {
  EXPECT_EQ(kKernel.TableOrigin(Level::kPgd, 0x1234'4fff), 0x1234'4000u);
  EXPECT_EQ(kKernel.TableOrigin(Level::kP4d, 0x1234'4fff), 0x1234'4000u);
  EXPECT_EQ(kKernel.TableOrigin(Level::kPud, 0x1234'4fff), 0x1234'4000u);
  EXPECT_EQ(kKernel.TableOrigin(Level::kPmd, 0x1234'4fff), 0x1234'4800u);
}

TEST(S390KernelTest, Indexes) {
  constexpr uint64_t kAddress = 0x0020'0801'8040'5678;
  EXPECT_EQ(kKernel.Index(Level::kPgd, kAddress), 1u);
  EXPECT_EQ(kKernel.Index(Level::kP4d, kAddress), 2u);
  EXPECT_EQ(kKernel.Index(Level::kPud, kAddress), 3u);
  EXPECT_EQ(kKernel.Index(Level::kPmd, kAddress), 4u);
  EXPECT_EQ(kKernel.Index(Level::kPte, kAddress), 5u);
  EXPECT_EQ(kKernel.Index(Level::kPud, ~uint64_t{0}), 0x7ffu);
  EXPECT_EQ(kKernel.Index(Level::kPte, ~uint64_t{0}), 0xffu);
}

TEST(S390KernelTest, AFoldedOffsetReturnsItsPointer) {
  const EntryRef table = EntryRef::InTable(0x1234'4008);
  EXPECT_EQ(kKernel.FoldedOffset(Level::kP4d, table, ~uint64_t{0}), table);
  const EntryRef copy = EntryRef::OfCopy(Level::kPgd, 0x7f'0000'0000'0000);
  EXPECT_EQ(kKernel.FoldedOffset(Level::kP4d, copy, ~uint64_t{0}), copy);
}

TEST(S390KernelTest, StaticBoundaries) {
  EXPECT_EQ(kKernel.StaticShift(Level::kPgd), 53);
  EXPECT_EQ(kKernel.StaticShift(Level::kP4d), 42);
  EXPECT_EQ(kKernel.StaticShift(Level::kPud), 31);
  EXPECT_EQ(kKernel.StaticShift(Level::kPmd), 20);
  EXPECT_EQ(kKernel.StaticShift(Level::kPte), 12);
}

// By type for pgd and p4d; the RFC did not change pud and pmd.
TEST(S390KernelTest, FoldedAwareBoundaries) {
  for (const Level level : {Level::kPgd, Level::kP4d}) {
    EXPECT_EQ(kKernel.FoldedAwareShift(level, kRegionFirst), 53);
    EXPECT_EQ(kKernel.FoldedAwareShift(level, kRegionSecond), 42);
    EXPECT_EQ(kKernel.FoldedAwareShift(level, kRegionThird), 31);
    EXPECT_EQ(kKernel.FoldedAwareShift(level, kSegment), 20);
  }
  for (const uint64_t entry : {kRegionFirst, kRegionThird, kSegment}) {
    EXPECT_EQ(kKernel.FoldedAwareShift(Level::kPud, entry), 31);
    EXPECT_EQ(kKernel.FoldedAwareShift(Level::kPmd, entry), 20);
    EXPECT_EQ(kKernel.FoldedAwareShift(Level::kPte, entry), 12);
  }
}

// pmdp_invalidate() sets the invalid bit, which old leaves have. gup_fast does
// not look at it.
TEST(S390EntriesTest, InvalidLeaves) {
  using Entries = S390::Entries;
  const LeafState invalid = {.invalid = true};
  const uint64_t word = Entries::Leaf(Level::kPmd, 0x500000, invalid);
  EXPECT_EQ(word, 0x503423u);
  EXPECT_EQ(Entries::Classify(Level::kPmd, word),
            EntryKind::Leaf(0x500000, invalid));
  EXPECT_TRUE(S390::Contract::Allows(Level::kPmd, word, true));
  EXPECT_EQ(
      Entries::Leaf(Level::kPmd, 0x500000, {.young = false, .invalid = true}),
      Entries::Leaf(Level::kPmd, 0x500000, {.young = false}));
}

// mk_swap_pte() and mk_swap_rste().
TEST(S390EntriesTest, MigrationAndHwPoison) {
  using Entries = S390::Entries;
  constexpr auto kMigration = EntryKind::Tag::kMigration;
  constexpr auto kHwPoison = EntryKind::Tag::kHwPoison;
  EXPECT_EQ(Entries::SwapEntry(kMigration, Level::kPte, 0x5000), 0x5670u);
  EXPECT_EQ(Entries::SwapEntry(kHwPoison, Level::kPte, 0x5000), 0x566cu);
  EXPECT_EQ(Entries::SwapEntry(kMigration, Level::kPmd, 0x500000), 0x500730u);
  EXPECT_EQ(Entries::SwapEntry(kMigration, Level::kPud, 0x80000000),
            0x80000734u);
  EXPECT_EQ(Entries::SwapEntry(kHwPoison, Level::kPud, 0x80000000),
            0x800006f4u);
  EXPECT_EQ(Entries::Classify(Level::kPte, 0x5670),
            EntryKind::Migration(0x5000));
  EXPECT_EQ(Entries::Classify(Level::kPte, 0x566c),
            EntryKind::HwPoison(0x5000));
  EXPECT_EQ(Entries::Classify(Level::kPmd, 0x500730),
            EntryKind::Migration(0x500000));
  EXPECT_EQ(Entries::Classify(Level::kPud, 0x80000734),
            EntryKind::Migration(0x80000000));
  EXPECT_EQ(Entries::Classify(Level::kPud, 0x800006f4),
            EntryKind::HwPoison(0x80000000));
  // The type of the table is that of another level; no region-second entry.
  EXPECT_EQ(Entries::Classify(Level::kPmd, 0x80000734), EntryKind::Malformed());
  EXPECT_EQ(Entries::Classify(Level::kP4d, 0x80000738), EntryKind::Malformed());
  // What pmd_present() and pud_present() refuse is no leaf either, although it
  // has the bit of one.
  EXPECT_EQ(kKernel.Classify(Level::kPmd, 0x500730), WalkStep::kStop);
  EXPECT_EQ(kKernel.Classify(Level::kPud, 0x80000734), WalkStep::kStop);
  EXPECT_FALSE(S390::Contract::Allows(Level::kPmd, 0x500731, false));
  EXPECT_FALSE(S390::Contract::Allows(Level::kPud, 0x80000734, false));
}

TEST(S390KernelTest, EntriesOfFoldedLevelsArePresent) {
  for (const uint64_t entry : {0x28, 0x24, 0x20}) {
    EXPECT_EQ(kKernel.Classify(Level::kPgd, entry), WalkStep::kDescend);
  }
  for (const uint64_t entry : {0x24, 0x20}) {
    EXPECT_EQ(kKernel.Classify(Level::kP4d, entry), WalkStep::kDescend);
  }
  EXPECT_EQ(kKernel.Classify(Level::kPud, 0x20), WalkStep::kDescend);
}

TEST(S390KernelTest, PgdTestsTheInvalidBit) {
  EXPECT_EQ(kKernel.Classify(Level::kPgd, 0x1234400f), WalkStep::kDescend);
  EXPECT_EQ(kKernel.Classify(Level::kPgd, 0x1234402f), WalkStep::kStop);
  EXPECT_EQ(kKernel.Classify(Level::kPgd, 0x0f), WalkStep::kDescend);
}

TEST(S390KernelTest, P4dComparesWithTheEmptyEntry) {
  EXPECT_EQ(kKernel.Classify(Level::kP4d, 0x28), WalkStep::kStop);
  EXPECT_EQ(kKernel.Classify(Level::kP4d, 0x1234402b), WalkStep::kDescend);
  EXPECT_EQ(kKernel.Classify(Level::kP4d, 0x08), WalkStep::kDescend);
}

TEST(S390KernelTest, PudTestsTheOrigin) {
  EXPECT_EQ(kKernel.Classify(Level::kPud, 0x24), WalkStep::kStop);
  EXPECT_EQ(kKernel.Classify(Level::kPud, 0x07), WalkStep::kStop);
  EXPECT_EQ(kKernel.Classify(Level::kPud, 0x12344027), WalkStep::kDescend);
  EXPECT_EQ(kKernel.Classify(Level::kPud, 0x8000'0404), WalkStep::kLeaf);
  EXPECT_EQ(kKernel.Classify(Level::kPud, 0x8000'0424), WalkStep::kLeaf);
  // A leaf has the table's own type.
  EXPECT_EQ(kKernel.Classify(Level::kPud, 0x8000'0408), WalkStep::kDescend);
}

TEST(S390KernelTest, PmdComparesWithTheEmptyEntry) {
  EXPECT_EQ(kKernel.Classify(Level::kPmd, 0x20), WalkStep::kStop);
  EXPECT_EQ(kKernel.Classify(Level::kPmd, 0x12345800), WalkStep::kDescend);
  EXPECT_EQ(kKernel.Classify(Level::kPmd, 0x12345820), WalkStep::kDescend);
  EXPECT_EQ(kKernel.Classify(Level::kPmd, 0x1230'0400), WalkStep::kLeaf);
  EXPECT_EQ(kKernel.Classify(Level::kPmd, 0x0620), WalkStep::kLeaf);
}

TEST(S390KernelTest, PteTestsThePresentBit) {
  EXPECT_EQ(kKernel.Classify(Level::kPte, 0x400), WalkStep::kStop);
  EXPECT_EQ(kKernel.Classify(Level::kPte, 0x600), WalkStep::kStop);
  EXPECT_EQ(kKernel.Classify(Level::kPte, 0x601), WalkStep::kLeaf);
  EXPECT_EQ(kKernel.Classify(Level::kPte, 0x03c), WalkStep::kStop);
}

TEST(S390KernelTest, MayReturn) {
  struct {
    Level level;
    uint64_t entry;
    bool read;
    bool write;
  } const kEntries[] = {
      {Level::kPte, 0x001, false, false}, {Level::kPte, 0x011, true, false},
      {Level::kPte, 0x031, true, true},   {Level::kPte, 0x021, false, false},
      {Level::kPte, 0x071, false, false}, {Level::kPte, 0x631, true, true},
      {Level::kPmd, 0x400, false, false}, {Level::kPmd, 0x401, true, false},
      {Level::kPmd, 0x403, true, true},   {Level::kPmd, 0x402, false, false},
      {Level::kPud, 0x404, true, false},  {Level::kPud, 0x405, true, false},
      {Level::kPud, 0x406, true, true},   {Level::kPud, 0x407, true, true},
  };
  for (const auto& [level, entry, read, write] : kEntries) {
    EXPECT_EQ(kKernel.MayReturn(level, entry, false), read) << entry;
    EXPECT_EQ(kKernel.MayReturn(level, entry, true), write) << entry;
  }
}

TEST(S390KernelTest, PagesOfLeaves) {
  constexpr uint64_t kAddress = 0x0020'0801'8040'5678;
  EXPECT_EQ(kKernel.LeafPage(Level::kPte, 0xabcdef03d, kAddress), 0xabcdef000u);
  EXPECT_EQ(kKernel.LeafPage(Level::kPmd, 0x12303403, kAddress), 0x12305000u);
  EXPECT_EQ(kKernel.LeafPage(Level::kPud, 0x1280003407, kAddress),
            0x1280405000u);
}

// -----------------------------------------------------------------------------

TEST(S390ExpectedFailureTest, FiveLevelsHaveNone) {
  for (const Policy& policy : kAllWalks) {
    EXPECT_EQ(S390::ExpectedFailures(policy, 5).InStillTables(), Cause::kNone)
        << Name(policy);
  }
}

TEST(S390ExpectedFailureTest, WithFoldedLevels) {
  struct {
    const char* walk;
    Cause cause;
  } const kDefects[] = {
      {"static-by-value", Cause::kStackEscape},
      {"folded-aware-by-value", Cause::kNone},
      {"static-lockless", Cause::kNone},
      {"static-by-pointer", Cause::kNone},
      {"folded-aware-by-pointer", Cause::kNone},
      {"folded-aware-lockless", Cause::kNone},
      {"static-by-value-recompute", Cause::kWrongEntry},
      {"folded-aware-by-value-recompute", Cause::kNone},
      {"static-lockless-recompute", Cause::kWrongEntry},
      {"folded-aware-lockless-recompute", Cause::kNone},
      {"static-by-pointer-recompute", Cause::kWrongEntry},
      {"folded-aware-by-pointer-recompute", Cause::kNone},
  };
  for (int levels = 2; levels <= 4; ++levels) {
    for (const auto& [walk, cause] : kDefects) {
      EXPECT_EQ(
          S390::ExpectedFailures(*PolicyFromName(walk), levels).InStillTables(),
          cause)
          << walk;
    }
  }
}

// -----------------------------------------------------------------------------

TEST(ArchesTest, S390IsBuilt) {
  EXPECT_TRUE(IsBuilt({ArchId::kS390, 3}));
  bool visited = false;
  EXPECT_TRUE(VisitArch(ArchId::kS390,
                        [&]<class A>() { visited = std::is_same_v<A, S390>; }));
  EXPECT_TRUE(visited);
}

}  // namespace
}  // namespace pxdfuzz
