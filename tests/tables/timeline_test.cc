// SPDX-License-Identifier: MIT

#include "pxdfuzz/tables/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <set>
#include <vector>

#include "fuzz/generator/mutator.h"
#include "fuzz/harness/paging_mode_filter.h"
#include "pxdfuzz/arch/s390.h"
#include "pxdfuzz/arch/x86.h"
#include "pxdfuzz/memory/arena_memory.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/reference/translate.h"
#include "pxdfuzz/tables/address_space.h"
#include "pxdfuzz/tables/populate.h"
#include "tests/known_cases.h"

namespace pxdfuzz {
namespace {

constexpr uint64_t kPlace = 0x1'8040'0000;  // 1 MiB of it, in one page table

TableOp Clear(Level level, uint64_t address, uint16_t count = 1) {
  return {.kind = TableOp::Kind::kClear,
          .level = level,
          .address = address,
          .count = count};
}
TableOp Detach(uint64_t address) {
  return {
      .kind = TableOp::Kind::kDetach, .level = Level::kPmd, .address = address};
}
TableOp Map(Level level, uint64_t address, uint64_t frame, uint16_t count = 1) {
  return {.kind = TableOp::Kind::kMap,
          .level = level,
          .address = address,
          .count = count,
          .frame = frame};
}
TableOp Split(uint64_t address) {
  return {
      .kind = TableOp::Kind::kSplit, .level = Level::kPmd, .address = address};
}
TableOp WriteProtect(Level level, uint64_t address, uint16_t count = 1) {
  return {.kind = TableOp::Kind::kWriteProtect,
          .level = level,
          .address = address,
          .count = count};
}
TableOp Refill(uint64_t address, uint64_t frame, uint16_t count = 1) {
  return {.kind = TableOp::Kind::kRefill,
          .address = address,
          .count = count,
          .frame = frame};
}
constexpr TableOp kUpgrade = {.kind = TableOp::Kind::kUpgrade};

// Tables of s390 and the effects of concurrent operations on them.
class TimelineTest : public testing::Test {
 protected:
  TimelineTest() : arena_(MakeArena<S390>()) {}

  Inconclusive Make(int levels, std::initializer_list<TableOp> setup,
                    std::initializer_list<TableOp> concurrent) {
    Case c = MakeCase(levels, {}, setup);
    for (const TableOp& op : concurrent) c.concurrent.push_back({op});
    mm_.reset();
    mm_ = std::make_unique<AddressSpace<S390>>(arena_, levels);
    EXPECT_EQ(Populate(c, *mm_), Inconclusive::kNo);
    return timeline_.Make(c, *mm_);
  }

  // The translation of an address in a snapshot; 0 if there is none.
  uint64_t At(size_t snapshot, uint64_t address,
              Access access = Access::kFetch) {
    timeline_.GoTo(snapshot);
    const Top& top = timeline_.top(snapshot);
    const ArenaMemory memory(arena_, S390::GeometryOf(top.levels), stack_);
    const S390::Manual manual(S390::GeometryOf(top.levels), top.control);
    return Translate(manual, memory, address, access).physical;
  }

  Arena arena_;
  const Stack stack_;
  std::unique_ptr<AddressSpace<S390>> mm_;
  Timeline timeline_;
};

TEST_F(TimelineTest, PagesAreUnmappedAndMapped) {
  ASSERT_EQ(Make(3, {MapPages(kPlace, 3, 0xa000)},
                 {Clear(Level::kPte, kPlace, 2),
                  Map(Level::kPte, kPlace + 0x1000, 0x7000)}),
            Inconclusive::kNo);
  EXPECT_EQ(timeline_.count(), 3u);
  EXPECT_EQ(At(0, kPlace), 0xa000u);
  EXPECT_EQ(At(0, kPlace + 0x1000), 0xb000u);
  EXPECT_EQ(At(1, kPlace), 0u);
  EXPECT_EQ(At(1, kPlace + 0x1000), 0u);
  EXPECT_EQ(At(1, kPlace + 0x2000), 0xc000u);
  EXPECT_EQ(At(2, kPlace), 0u);
  EXPECT_EQ(At(2, kPlace + 0x1000), 0x7000u);
  EXPECT_EQ(At(0, kPlace + 0x1000), 0xb000u);
}

TEST_F(TimelineTest, TablesAreFreedWhenTheyAreEmpty) {
  EXPECT_EQ(
      Make(3, {MapPages(kPlace, 1, 0xa000)}, {Clear(Level::kPmd, kPlace)}),
      Inconclusive::kFreesPages);
  EXPECT_EQ(Make(3, {MapPages(kPlace, 1, 0xa000)},
                 {Clear(Level::kPte, kPlace), Clear(Level::kPud, 6 * kGiB)}),
            Inconclusive::kFreesPages);
  EXPECT_EQ(Make(3, {MapPages(kPlace, 1, 0xa000)},
                 {Clear(Level::kPte, kPlace), Clear(Level::kPmd, kPlace),
                  Clear(Level::kPud, 6 * kGiB)}),
            Inconclusive::kNo);
  // A swap entry counts as content.
  EXPECT_EQ(
      Make(3,
           {{.kind = TableOp::Kind::kSwap, .address = kPlace, .frame = 0x1000}},
           {Clear(Level::kPmd, kPlace)}),
      Inconclusive::kFreesPages);
}

TEST_F(TimelineTest, CollapseDetachesClearsAndMaps) {
  ASSERT_EQ(Make(3, {MapPages(kPlace, 2, 0xa000)},
                 {Detach(kPlace), Clear(Level::kPte, kPlace, 256),
                  Map(Level::kPmd, kPlace, 0x300000)}),
            Inconclusive::kNo);
  const uint64_t entry = *arena_.Find(0x1020'0020);
  EXPECT_EQ(entry, 0x1000'0000u);
  EXPECT_EQ(At(1, kPlace), 0u);
  // A walk that has read the pmd entry still finds the page in the table.
  EXPECT_EQ(*arena_.Find(0x1000'0000), 0xa03du);
  EXPECT_EQ(At(2, kPlace), 0u);
  EXPECT_EQ(*arena_.Find(0x1000'0000), 0x400u);
  EXPECT_EQ(At(3, kPlace + 0x1000), 0x301000u);
}

TEST_F(TimelineTest, NothingIsMappedIntoACollapse) {
  EXPECT_EQ(Make(3, {MapPages(kPlace, 2, 0xa000)},
                 {Detach(kPlace), Map(Level::kPmd, kPlace, 0x300000)}),
            Inconclusive::kMapsIntoCollapse);
  EXPECT_EQ(
      Make(3, {MapPages(kPlace, 2, 0xa000)},
           {Detach(kPlace), Map(Level::kPte, kPlace + 0x80000, 0x300000)}),
      Inconclusive::kMapsIntoCollapse);
  EXPECT_EQ(Make(3, {MapPages(kPlace, 2, 0xa000)},
                 {Detach(kPlace), Map(Level::kPte, kPlace + kMiB, 0x300000)}),
            Inconclusive::kNo);
}

TEST_F(TimelineTest, MigrationEndsWithALeaf) {
  const auto entry = [](TableOp::Kind kind) {
    return TableOp{.kind = kind,
                   .level = Level::kPmd,
                   .address = kPlace,
                   .frame = 0x300000};
  };
  ASSERT_EQ(Make(3, {entry(TableOp::Kind::kMigration)},
                 {Map(Level::kPmd, kPlace, 0x500000)}),
            Inconclusive::kNo);
  EXPECT_EQ(At(0, kPlace), 0u);
  EXPECT_EQ(At(1, kPlace + 0x1000), 0x501000u);
  ASSERT_EQ(
      Make(3, {entry(TableOp::Kind::kMigration)}, {Clear(Level::kPmd, kPlace)}),
      Inconclusive::kNo);
  // Broken memory stays broken, and a page table is never put in the place of a
  // moving page.
  EXPECT_EQ(Make(3, {entry(TableOp::Kind::kHwPoison)},
                 {Map(Level::kPmd, kPlace, 0x500000)}),
            Inconclusive::kMapsOver);
  EXPECT_EQ(Make(3, {entry(TableOp::Kind::kMigration)},
                 {Map(Level::kPte, kPlace, 0x5000)}),
            Inconclusive::kInsideLeaf);
}

// A fault brings a page back from a device.
TEST(DevicePrivateTest, EndsWithALeaf) {
  Arena arena = MakeArena<X86>();
  AddressSpace<X86> mm(arena, 4);
  Case c = MakeCase(4, {},
                    {{.kind = TableOp::Kind::kDevicePrivate,
                      .address = kPlace,
                      .frame = 0x3000}});
  ASSERT_EQ(Populate(c, mm), Inconclusive::kNo);
  const auto kind = [&mm] {
    return X86::Entries::Classify(Level::kPte,
                                  mm.Find(Level::kPte, kPlace)->word);
  };
  EXPECT_EQ(kind(), EntryKind::DevicePrivate(0x3000));
  c.concurrent.push_back({Map(Level::kPte, kPlace, 0x5000)});
  Timeline timeline;
  ASSERT_EQ(timeline.Make(c, mm), Inconclusive::kNo);
  timeline.GoTo(1);
  EXPECT_EQ(kind(), EntryKind::Leaf(0x5000, {}));
}

TableOp Move(TableOp::Kind kind, Level level = Level::kPmd) {
  return {.kind = kind, .level = level, .address = kPlace};
}

TEST_F(TimelineTest, AnInvalidLeafIsSplit) {
  ASSERT_EQ(Make(3, {Map(Level::kPmd, kPlace, 0x300000)},
                 {Move(TableOp::Kind::kInvalidate), Split(kPlace)}),
            Inconclusive::kNo);
  const uint64_t* entry = arena_.Find(0x1020'0020);
  timeline_.GoTo(1);
  EXPECT_EQ(S390::Entries::Classify(Level::kPmd, *entry),
            EntryKind::Leaf(0x300000, {.invalid = true}));
  timeline_.GoTo(2);
  EXPECT_EQ(S390::Entries::Classify(Level::kPmd, *entry).tag,
            EntryKind::Tag::kTable);
  EXPECT_EQ(At(2, kPlace + 0x1000), 0x301000u);
}

TEST_F(TimelineTest, APageMovesToAnotherPlace) {
  ASSERT_EQ(
      Make(3, {Map(Level::kPmd, kPlace, 0x300000)},
           {Move(TableOp::Kind::kInvalidate), Move(TableOp::Kind::kMigrate),
            Map(Level::kPmd, kPlace, 0x500000)}),
      Inconclusive::kNo);
  EXPECT_EQ(At(0, kPlace), 0x300000u);
  EXPECT_EQ(At(2, kPlace), 0u);
  EXPECT_EQ(At(3, kPlace), 0x500000u);
  ASSERT_EQ(Make(3, {Map(Level::kPmd, kPlace, 0x300000)},
                 {Move(TableOp::Kind::kMigrate), Split(kPlace),
                  Map(Level::kPte, kPlace, 0x7000)}),
            Inconclusive::kNo);
  EXPECT_EQ(At(2, kPlace), 0u);
  EXPECT_EQ(At(3, kPlace), 0x7000u);
}

TEST_F(TimelineTest, OnlyPagesMove) {
  for (const TableOp::Kind kind :
       {TableOp::Kind::kInvalidate, TableOp::Kind::kMigrate}) {
    EXPECT_EQ(Make(3, {}, {Move(kind)}), Inconclusive::kMovesNothing);
    EXPECT_EQ(Make(3, {MapPages(kPlace, 2, 0xa000)}, {Move(kind)}),
              Inconclusive::kMovesNothing);
  }
  EXPECT_EQ(Make(3, {MapPages(kPlace, 1, 0xa000, {.special = true})},
                 {Move(TableOp::Kind::kMigrate, Level::kPte)}),
            Inconclusive::kMovesNothing);
}

TEST_F(TimelineTest, OnlyPageTablesAreDetached) {
  EXPECT_EQ(Make(3, {}, {Detach(kPlace)}), Inconclusive::kDetachesNothing);
  EXPECT_EQ(
      Make(3, {MapLarge(Level::kPmd, kPlace, 0x300000)}, {Detach(kPlace)}),
      Inconclusive::kDetachesNothing);
  EXPECT_EQ(
      Make(3, {MapLarge(Level::kPud, 6 * kGiB, 2 * kGiB)}, {Detach(kPlace)}),
      Inconclusive::kDetachesNothing);
}

TEST_F(TimelineTest, ADetachedTableIsRefilledForAnotherPlace) {
  const uint64_t other = kPlace + 5 * kMiB;
  ASSERT_EQ(Make(3, {MapPages(kPlace, 2, 0xa000)},
                 {Detach(kPlace), Refill(other + 0x1000, 0x7000, 2)}),
            Inconclusive::kNo);
  EXPECT_EQ(At(2, kPlace), 0u);
  EXPECT_EQ(At(2, other), 0u);
  EXPECT_EQ(At(2, other + 0x1000), 0x7000u);
  EXPECT_EQ(At(2, other + 0x2000), 0x8000u);
  // It is the same table: a walk that had read the pmd entry reads the new
  // page.
  EXPECT_EQ(*arena_.Find(0x1000'0008), 0x703du);

  EXPECT_EQ(Make(3, {MapPages(kPlace, 2, 0xa000)}, {Refill(other, 0x7000)}),
            Inconclusive::kRefillsNothing);
  // Then it has been used.
  EXPECT_EQ(Make(3, {MapPages(kPlace, 2, 0xa000)},
                 {Detach(kPlace), Refill(other, 0x7000),
                  Refill(other + kMiB, 0x7000)}),
            Inconclusive::kRefillsNothing);
  EXPECT_EQ(Make(3, {MapPages(kPlace, 2, 0xa000), MapPages(other, 1, 0x1000)},
                 {Detach(kPlace), Refill(other, 0x7000)}),
            Inconclusive::kMapsOver);
}

TEST_F(TimelineTest, LargeLeavesAreSplit) {
  ASSERT_EQ(Make(3,
                 {MapLarge(Level::kPmd, kPlace, 0x300000,
                           {.permission = Permission::kRead})},
                 {Split(kPlace), Clear(Level::kPte, kPlace + 0x5000)}),
            Inconclusive::kNo);
  EXPECT_EQ(At(0, kPlace + 0xff000), 0x3ff000u);
  EXPECT_EQ(At(1, kPlace + 0xff000), 0x3ff000u);
  EXPECT_EQ(At(1, kPlace + 0xff000, Access::kStore), 0u);
  EXPECT_EQ(At(2, kPlace + 0x5000), 0u);
  EXPECT_EQ(Make(3, {MapPages(kPlace, 1, 0xa000)}, {Split(kPlace)}),
            Inconclusive::kSplitsNothing);
  EXPECT_EQ(Make(3, {MapLarge(Level::kPmd, kPlace, 0x300000)},
                 {Clear(Level::kPte, kPlace)}),
            Inconclusive::kInsideLeaf);
  EXPECT_EQ(Make(3, {MapLarge(Level::kPmd, kPlace, 0x300000)},
                 {Map(Level::kPte, kPlace, 0x1000)}),
            Inconclusive::kInsideLeaf);
}

TEST_F(TimelineTest, NothingIsMappedOverAPage) {
  EXPECT_EQ(Make(3, {MapPages(kPlace + 0x1000, 1, 0xa000)},
                 {Map(Level::kPte, kPlace, 0x1000, 2)}),
            Inconclusive::kMapsOver);
  EXPECT_EQ(Make(3, {MapPages(kPlace + 0x1000, 1, 0xa000)},
                 {Map(Level::kPmd, kPlace, 0x300000)}),
            Inconclusive::kMapsOver);
  // A page that was swapped out comes back.
  EXPECT_EQ(
      Make(3,
           {{.kind = TableOp::Kind::kSwap, .address = kPlace, .frame = 0x1000}},
           {Map(Level::kPte, kPlace, 0x1000)}),
      Inconclusive::kNo);
}

TEST_F(TimelineTest, ForkRemovesWriteAccess) {
  ASSERT_EQ(Make(3, {MapPages(kPlace, 2, 0xa000)},
                 {WriteProtect(Level::kPte, kPlace)}),
            Inconclusive::kNo);
  EXPECT_EQ(At(0, kPlace, Access::kStore), 0xa000u);
  EXPECT_EQ(At(1, kPlace, Access::kStore), 0u);
  EXPECT_EQ(At(1, kPlace), 0xa000u);
  EXPECT_EQ(At(1, kPlace + 0x1000, Access::kStore), 0xb000u);
}

TEST_F(TimelineTest, AnMmGetsOneMoreLevel) {
  ASSERT_EQ(Make(3, {MapPages(kPlace, 1, 0xa000)},
                 {kUpgrade, kUpgrade, Clear(Level::kPte, kPlace)}),
            Inconclusive::kNo);
  EXPECT_EQ(timeline_.top(0).levels, 3);
  EXPECT_EQ(timeline_.top(1).levels, 4);
  EXPECT_EQ(timeline_.top(2).levels, 5);
  EXPECT_EQ(mm_->levels(), 3);
  for (const size_t snapshot : {0, 1, 2}) {
    EXPECT_EQ(At(snapshot, kPlace), 0xa000u) << snapshot;
  }
  EXPECT_EQ(At(3, kPlace), 0u);
  EXPECT_EQ(Make(5, {}, {kUpgrade}), Inconclusive::kUpgradesNothing);
  EXPECT_EQ(Make(2, {}, {kUpgrade}), Inconclusive::kUpgradesNothing);
}

// In any order of visits, each snapshot keeps its content.
TEST_F(TimelineTest, SnapshotsKeepTheirContent) {
  const PagingModeFilter filter = *PagingModeFilter::Parse("s390");
  std::array<uint8_t, kMaxEncodedSize> buffer;
  std::set<size_t> counts;
  for (uint64_t seed = 1; seed <= 800; ++seed) {
    const size_t size =
        Mutate(buffer, 0, seed, filter, Tables::kChanging, nullptr);
    const Case c = Decode(std::span(buffer).first(size));
    mm_.reset();
    mm_ = std::make_unique<AddressSpace<S390>>(arena_, c.mode.levels);
    if (Populate(c, *mm_) != Inconclusive::kNo) continue;
    timeline_.Make(c, *mm_);
    counts.insert(timeline_.count());
    const auto words = [&](size_t snapshot) {
      timeline_.GoTo(snapshot);
      std::vector<uint64_t> all;
      for (const Level level : kAllLevels) {
        const uint64_t bytes =
            arena_.frames(level) *
            (arena_.FrameAddress(level, 1) - arena_.FrameAddress(level, 0));
        for (uint64_t at = 0; at < bytes; at += kEntrySize) {
          all.push_back(*arena_.Find(Arena::FirstFrame(level) + at));
        }
      }
      return all;
    };
    std::vector<std::vector<uint64_t>> forth;
    for (size_t v = 0; v < timeline_.count(); ++v) forth.push_back(words(v));
    for (size_t v = timeline_.count(); v > 0; --v) {
      ASSERT_EQ(words(v - 1), forth[v - 1]) << seed;
    }
    ASSERT_EQ(words(timeline_.count() - 1), forth.back()) << seed;
    ASSERT_EQ(words(0), forth.front()) << seed;
  }
  EXPECT_THAT(counts, testing::ElementsAre(1, 2, 3, 4));
}

// A case that Linux would not make is inconclusive, by name.
TEST(TimelineVerdictTest, ImpossibleChangesHaveNames) {
  auto oracle = std::make_unique<Oracle>();
  Case c = MakeCase(3, {.start = kPlace}, {MapPages(kPlace, 1, 0xa000)});
  c.concurrent.push_back({Clear(Level::kPmd, kPlace)});
  const Verdict& verdict =
      oracle->Judge(c, WalkSet::All(), Waivers::kExpectedFailures);
  EXPECT_EQ(verdict.kind, Verdict::Kind::kInconclusive);
  EXPECT_EQ(verdict.inconclusive, Inconclusive::kFreesPages);
  std::set<std::string_view> names;
  for (size_t i = 0; i < kInconclusiveCount; ++i) {
    names.insert(Describe(static_cast<Inconclusive>(i)));
  }
  EXPECT_EQ(names.size(), kInconclusiveCount);
}

// When a walk of three pages, all in one page table of 3 levels, meets an
// operation that waits for that: the pages that it returns.
size_t PagesIf(Moment moment, uint16_t number) {
  Case c =
      MakeCase(3, {.start = kPlace, .pages = 3}, {MapPages(kPlace, 3, 0xa000)});
  c.concurrent.push_back({Clear(Level::kPte, kPlace, 3), number, moment});
  Oracle oracle;
  const Verdict& verdict =
      oracle.Judge(c, WalkSet::Named(), Waivers::kExpectedFailures);
  EXPECT_EQ(verdict.kind, Verdict::Kind::kAgrees);
  const WalkVerdict& walk = verdict.requests[0].walks[IndexOf(kStaticLockless)];
  EXPECT_EQ(walk.changes, walk.pages < 3 ? 1u : 0u);
  return walk.pages;
}

TEST(MomentTest, WalksMeetOperationsThere) {
  // A walk reads pgd to pte, then pmd and pte of the recheck, then for each
  // further page pte, pmd and pte.
  EXPECT_EQ(PagesIf(Moment::kRead, 7), 0u);
  EXPECT_EQ(PagesIf(Moment::kRead, 8), 1u);
  EXPECT_EQ(PagesIf(Moment::kGrab, 0), 0u);
  EXPECT_EQ(PagesIf(Moment::kGrab, 1), 1u);
  EXPECT_EQ(PagesIf(Moment::kGrab, 2), 2u);
  EXPECT_EQ(PagesIf(Moment::kGrab, 3), 3u);
  EXPECT_EQ(PagesIf(Moment::kPgd, 1), 0u);
  EXPECT_EQ(PagesIf(Moment::kPgd, 2), 3u);
  EXPECT_EQ(PagesIf(Moment::kP4d, 1), 0u);
  EXPECT_EQ(PagesIf(Moment::kPud, 1), 0u);
  // Once below the pud entry and once for each page.
  EXPECT_EQ(PagesIf(Moment::kPmd, 1), 0u);
  EXPECT_EQ(PagesIf(Moment::kPmd, 2), 0u);
  EXPECT_EQ(PagesIf(Moment::kPmd, 3), 1u);
  EXPECT_EQ(PagesIf(Moment::kPmd, 4), 2u);
  EXPECT_EQ(PagesIf(Moment::kPmd, 5), 3u);
  // Behind the recheck of the first page, it is the second that is missing.
  EXPECT_EQ(PagesIf(Moment::kPte, 1), 0u);
  EXPECT_EQ(PagesIf(Moment::kPte, 2), 1u);
  EXPECT_EQ(PagesIf(Moment::kPte, 5), 2u);
  EXPECT_EQ(PagesIf(Moment::kPte, 6), 3u);
}

// An operation comes no earlier than the one before it, whatever it waits for.
TEST(MomentTest, OperationsKeepTheirOrder) {
  Case c =
      MakeCase(3, {.start = kPlace, .pages = 3}, {MapPages(kPlace, 3, 0xa000)});
  c.concurrent.push_back({Clear(Level::kPte, kPlace + kMiB), 2, Moment::kGrab});
  c.concurrent.push_back({Clear(Level::kPte, kPlace, 3), 1, Moment::kPgd});
  Oracle oracle;
  const WalkVerdict walk =
      oracle.Judge(c, WalkSet::Named(), Waivers::kExpectedFailures)
          .requests[0]
          .walks[IndexOf(kStaticLockless)];
  EXPECT_EQ(walk.pages, 2u);
  EXPECT_EQ(walk.changes, 2u);
}

// The oracle's arena is clean after it judged a case with changes.
TEST(TimelineVerdictTest, NothingOfACaseRemains) {
  auto oracle = std::make_unique<Oracle>();
  Case c =
      MakeCase(3, {.start = kPlace, .pages = 2}, {MapPages(kPlace, 2, 0xa000)});
  const Case quiet = c;
  c.concurrent.push_back({Detach(kPlace)});
  c.concurrent.push_back({Refill(kPlace + kMiB, 0x7000)});
  c.concurrent.push_back({kUpgrade});
  for (ConcurrentOp& op : c.concurrent) op.number = 6;
  for (int i = 0; i < 3; ++i) {
    const Verdict& changing =
        oracle->Judge(c, WalkSet::Named(), Waivers::kExpectedFailures);
    EXPECT_EQ(changing.kind, Verdict::Kind::kAgrees);
    EXPECT_EQ(changing.requests[0].walks[IndexOf(kStaticLockless)].pages, 0u);
    EXPECT_EQ(changing.requests[0].walks[IndexOf(kStaticLockless)].changes, 3u);
    const Verdict& still =
        oracle->Judge(quiet, WalkSet::Named(), Waivers::kExpectedFailures);
    EXPECT_EQ(still.requests[0].walks[IndexOf(kStaticLockless)].pages, 2u);
  }
}

// x86-64: two large pages in a pmd table that another process shares.
class UnshareTest : public testing::Test {
 protected:
  static constexpr uint64_t kTwoMiB = 2 * kMiB;

  Inconclusive Make(std::initializer_list<TableOp> concurrent,
                    OtherSide other_side = OtherSide::kWaits) {
    Case c;
    c.mode = {ArchId::kX86, 4};
    c.requests.push_back({});
    c.setup.push_back(MapLarge(Level::kPmd, kGiB, 4 * kMiB));
    c.setup.push_back(MapLarge(Level::kPmd, kGiB + kTwoMiB, 8 * kMiB));
    c.setup.push_back(MapPages(4 * kGiB, 1, 0x1000));
    for (const TableOp& op : concurrent) c.concurrent.push_back({op});
    mm_.reset();
    mm_ = std::make_unique<AddressSpace<X86>>(arena_, 4);
    EXPECT_EQ(Populate(c, *mm_), Inconclusive::kNo);
    shared_ = mm_->Find(Level::kPmd, kGiB + kTwoMiB)->physical;
    return timeline_.Make(c, *mm_, other_side);
  }
  static TableOp Unshare(uint64_t address) {
    return {.kind = TableOp::Kind::kUnshare,
            .level = Level::kPmd,
            .address = address,
            .frame = 64 * kMiB};
  }
  EntryKind SharedAt(size_t snapshot) {
    timeline_.GoTo(snapshot);
    return X86::Entries::Classify(Level::kPmd, *arena_.Find(shared_));
  }

  Arena arena_{MakeArena<X86>()};
  std::unique_ptr<AddressSpace<X86>> mm_;
  Timeline timeline_;
  uint64_t shared_ = 0;
};

TEST_F(UnshareTest, TheOtherProcessWaits) {
  ASSERT_EQ(Make({Unshare(kGiB + kTwoMiB)}), Inconclusive::kNo);
  EXPECT_EQ(SharedAt(1), EntryKind::Leaf(8 * kMiB, {}));
  EXPECT_EQ(mm_->Find(Level::kPmd, kGiB)->level, Level::kPud);
  EXPECT_FALSE(timeline_.IsUnshared(0, kGiB));
  EXPECT_TRUE(timeline_.IsUnshared(1, kGiB));
  EXPECT_TRUE(timeline_.IsUnshared(1, 2 * kGiB - 1));
  EXPECT_FALSE(timeline_.IsUnshared(1, 2 * kGiB));
  // So does a fault of the process that left the table.
  EXPECT_EQ(Make({Unshare(kGiB), Map(Level::kPmd, kGiB, 2 * kTwoMiB)}),
            Inconclusive::kMapsIntoCollapse);
}

TEST_F(UnshareTest, TheOtherProcessGoesOn) {
  ASSERT_EQ(Make({Unshare(kGiB + kTwoMiB)}, OtherSide::kGoesOn),
            Inconclusive::kNo);
  EXPECT_EQ(SharedAt(0), EntryKind::Leaf(8 * kMiB, {}));
  EXPECT_EQ(SharedAt(1), EntryKind::Leaf(64 * kMiB, {}));
}

TEST_F(UnshareTest, OnlyTablesOfLargeLeavesAreShared) {
  EXPECT_EQ(Make({Unshare(4 * kGiB)}), Inconclusive::kUnsharesNothing);
  EXPECT_EQ(Make({Unshare(8 * kGiB)}), Inconclusive::kUnsharesNothing);
  EXPECT_EQ(Make({Unshare(kGiB), Unshare(kGiB)}),
            Inconclusive::kUnsharesNothing);
}

TEST_F(TimelineTest, S390SharesNoTables) {
  EXPECT_EQ(Make(3, {MapLarge(Level::kPmd, kPlace, 0x300000)},
                 {{.kind = TableOp::Kind::kUnshare,
                   .level = Level::kPmd,
                   .address = kPlace}}),
            Inconclusive::kUnsharesNothing);
}

}  // namespace
}  // namespace pxdfuzz
