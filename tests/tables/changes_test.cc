// SPDX-License-Identifier: MIT

#include "pxdfuzz/tables/changes.h"

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
#include "pxdfuzz/memory/arena_memory.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/reference/translate.h"
#include "pxdfuzz/tables/address_space.h"
#include "pxdfuzz/tables/populate.h"
#include "tests/known_cases.h"

namespace pxdfuzz {
namespace {

constexpr uint64_t kPlace = 0x1'8040'0000;  // 1 MiB of it, in one page table

Change Clear(Level level, uint64_t address, uint16_t count = 1) {
  return {.kind = Change::Kind::kClear,
          .level = level,
          .address = address,
          .count = count};
}
Change Detach(uint64_t address) {
  return {
      .kind = Change::Kind::kDetach, .level = Level::kPmd, .address = address};
}
Change Map(Level level, uint64_t address, uint64_t frame, uint16_t count = 1) {
  return {.kind = Change::Kind::kMap,
          .level = level,
          .address = address,
          .count = count,
          .frame = frame};
}
Change Split(uint64_t address) {
  return {
      .kind = Change::Kind::kSplit, .level = Level::kPmd, .address = address};
}
Change WriteProtect(Level level, uint64_t address, uint16_t count = 1) {
  return {.kind = Change::Kind::kWriteProtect,
          .level = level,
          .address = address,
          .count = count};
}
Change Refill(uint64_t address, uint64_t frame, uint16_t count = 1) {
  return {.kind = Change::Kind::kRefill,
          .address = address,
          .count = count,
          .frame = frame};
}
constexpr Change kUpgrade = {.kind = Change::Kind::kUpgrade};

// Tables of s390 and what changes make of them.
class ChangesTest : public testing::Test {
 protected:
  ChangesTest() : arena_(MakeArena<S390>()) {}

  Impossible Make(int levels, std::initializer_list<Record> records,
                  std::initializer_list<Change> changes) {
    Case c = MakeCase(levels, {}, records);
    for (const Change& change : changes) c.changes.push_back(change);
    mm_.reset();
    mm_ = std::make_unique<AddressSpace<S390>>(arena_, levels);
    EXPECT_EQ(Populate(c, *mm_), Malformed::kNo);
    return history_.Make(c, *mm_);
  }

  // What an address translates to in a version; 0 where nothing does.
  uint64_t At(size_t version, uint64_t address,
              Access access = Access::kFetch) {
    history_.GoTo(version);
    const Top& top = history_.top(version);
    const ArenaMemory memory(arena_, S390::GeometryOf(top.levels), stack_);
    const S390::Manual manual(S390::GeometryOf(top.levels), top.control);
    return Translate(manual, memory, address, access).physical;
  }

  Arena arena_;
  const Stack stack_;
  std::unique_ptr<AddressSpace<S390>> mm_;
  History history_;
};

TEST_F(ChangesTest, PagesAreUnmappedAndMapped) {
  ASSERT_EQ(Make(3, {MapPages(kPlace, 3, 0xa000)},
                 {Clear(Level::kPte, kPlace, 2),
                  Map(Level::kPte, kPlace + 0x1000, 0x7000)}),
            Impossible::kNo);
  EXPECT_EQ(history_.count(), 3u);
  EXPECT_EQ(At(0, kPlace), 0xa000u);
  EXPECT_EQ(At(0, kPlace + 0x1000), 0xb000u);
  EXPECT_EQ(At(1, kPlace), 0u);
  EXPECT_EQ(At(1, kPlace + 0x1000), 0u);
  EXPECT_EQ(At(1, kPlace + 0x2000), 0xc000u);
  EXPECT_EQ(At(2, kPlace), 0u);
  EXPECT_EQ(At(2, kPlace + 0x1000), 0x7000u);
  EXPECT_EQ(At(0, kPlace + 0x1000), 0xb000u);
}

TEST_F(ChangesTest, TablesAreFreedWhenNothingIsInThem) {
  EXPECT_EQ(
      Make(3, {MapPages(kPlace, 1, 0xa000)}, {Clear(Level::kPmd, kPlace)}),
      Impossible::kFreesPages);
  EXPECT_EQ(Make(3, {MapPages(kPlace, 1, 0xa000)},
                 {Clear(Level::kPte, kPlace), Clear(Level::kPud, 6 * kGiB)}),
            Impossible::kFreesPages);
  EXPECT_EQ(Make(3, {MapPages(kPlace, 1, 0xa000)},
                 {Clear(Level::kPte, kPlace), Clear(Level::kPmd, kPlace),
                  Clear(Level::kPud, 6 * kGiB)}),
            Impossible::kNo);
  // A swap entry is something too.
  EXPECT_EQ(
      Make(3,
           {{.kind = Record::Kind::kSwap, .address = kPlace, .frame = 0x1000}},
           {Clear(Level::kPmd, kPlace)}),
      Impossible::kFreesPages);
}

TEST_F(ChangesTest, CollapseDetachesClearsAndMaps) {
  ASSERT_EQ(Make(3, {MapPages(kPlace, 2, 0xa000)},
                 {Detach(kPlace), Clear(Level::kPte, kPlace, 256),
                  Map(Level::kPmd, kPlace, 0x300000)}),
            Impossible::kNo);
  const uint64_t entry = *arena_.Find(0x1020'0020);
  EXPECT_EQ(entry, 0x1000'0000u);
  EXPECT_EQ(At(1, kPlace), 0u);
  // A walk that has read the pmd entry still finds the page in the table.
  EXPECT_EQ(*arena_.Find(0x1000'0000), 0xa03du);
  EXPECT_EQ(At(2, kPlace), 0u);
  EXPECT_EQ(*arena_.Find(0x1000'0000), 0x400u);
  EXPECT_EQ(At(3, kPlace + 0x1000), 0x301000u);
}

TEST_F(ChangesTest, NothingIsMappedIntoACollapse) {
  EXPECT_EQ(Make(3, {MapPages(kPlace, 2, 0xa000)},
                 {Detach(kPlace), Map(Level::kPmd, kPlace, 0x300000)}),
            Impossible::kMapsIntoCollapse);
  EXPECT_EQ(
      Make(3, {MapPages(kPlace, 2, 0xa000)},
           {Detach(kPlace), Map(Level::kPte, kPlace + 0x80000, 0x300000)}),
      Impossible::kMapsIntoCollapse);
  EXPECT_EQ(Make(3, {MapPages(kPlace, 2, 0xa000)},
                 {Detach(kPlace), Map(Level::kPte, kPlace + kMiB, 0x300000)}),
            Impossible::kNo);
}

TEST_F(ChangesTest, OnlyPageTablesAreDetached) {
  EXPECT_EQ(Make(3, {}, {Detach(kPlace)}), Impossible::kDetachesNothing);
  EXPECT_EQ(
      Make(3, {MapLarge(Level::kPmd, kPlace, 0x300000)}, {Detach(kPlace)}),
      Impossible::kDetachesNothing);
  EXPECT_EQ(
      Make(3, {MapLarge(Level::kPud, 6 * kGiB, 2 * kGiB)}, {Detach(kPlace)}),
      Impossible::kDetachesNothing);
}

TEST_F(ChangesTest, ADetachedTableIsFilledForAnotherPlace) {
  const uint64_t other = kPlace + 5 * kMiB;
  ASSERT_EQ(Make(3, {MapPages(kPlace, 2, 0xa000)},
                 {Detach(kPlace), Refill(other + 0x1000, 0x7000, 2)}),
            Impossible::kNo);
  EXPECT_EQ(At(2, kPlace), 0u);
  EXPECT_EQ(At(2, other), 0u);
  EXPECT_EQ(At(2, other + 0x1000), 0x7000u);
  EXPECT_EQ(At(2, other + 0x2000), 0x8000u);
  // It is the same table: what had read the pmd entry reads the new page.
  EXPECT_EQ(*arena_.Find(0x1000'0008), 0x703du);

  EXPECT_EQ(Make(3, {MapPages(kPlace, 2, 0xa000)}, {Refill(other, 0x7000)}),
            Impossible::kRefillsNothing);
  // It is used up then.
  EXPECT_EQ(Make(3, {MapPages(kPlace, 2, 0xa000)},
                 {Detach(kPlace), Refill(other, 0x7000),
                  Refill(other + kMiB, 0x7000)}),
            Impossible::kRefillsNothing);
  EXPECT_EQ(Make(3, {MapPages(kPlace, 2, 0xa000), MapPages(other, 1, 0x1000)},
                 {Detach(kPlace), Refill(other, 0x7000)}),
            Impossible::kMapsOver);
}

TEST_F(ChangesTest, LargeLeavesAreSplit) {
  ASSERT_EQ(Make(3,
                 {MapLarge(Level::kPmd, kPlace, 0x300000,
                           {.permission = Permission::kRead})},
                 {Split(kPlace), Clear(Level::kPte, kPlace + 0x5000)}),
            Impossible::kNo);
  EXPECT_EQ(At(0, kPlace + 0xff000), 0x3ff000u);
  EXPECT_EQ(At(1, kPlace + 0xff000), 0x3ff000u);
  EXPECT_EQ(At(1, kPlace + 0xff000, Access::kStore), 0u);
  EXPECT_EQ(At(2, kPlace + 0x5000), 0u);
  EXPECT_EQ(Make(3, {MapPages(kPlace, 1, 0xa000)}, {Split(kPlace)}),
            Impossible::kSplitsNothing);
  EXPECT_EQ(Make(3, {MapLarge(Level::kPmd, kPlace, 0x300000)},
                 {Clear(Level::kPte, kPlace)}),
            Impossible::kInsideLeaf);
  EXPECT_EQ(Make(3, {MapLarge(Level::kPmd, kPlace, 0x300000)},
                 {Map(Level::kPte, kPlace, 0x1000)}),
            Impossible::kInsideLeaf);
}

TEST_F(ChangesTest, NothingIsMappedOverWhatIsMapped) {
  EXPECT_EQ(Make(3, {MapPages(kPlace + 0x1000, 1, 0xa000)},
                 {Map(Level::kPte, kPlace, 0x1000, 2)}),
            Impossible::kMapsOver);
  EXPECT_EQ(Make(3, {MapPages(kPlace + 0x1000, 1, 0xa000)},
                 {Map(Level::kPmd, kPlace, 0x300000)}),
            Impossible::kMapsOver);
  // A page that was swapped out comes back.
  EXPECT_EQ(
      Make(3,
           {{.kind = Record::Kind::kSwap, .address = kPlace, .frame = 0x1000}},
           {Map(Level::kPte, kPlace, 0x1000)}),
      Impossible::kNo);
}

TEST_F(ChangesTest, ForkTakesWriteAccess) {
  ASSERT_EQ(Make(3, {MapPages(kPlace, 2, 0xa000)},
                 {WriteProtect(Level::kPte, kPlace)}),
            Impossible::kNo);
  EXPECT_EQ(At(0, kPlace, Access::kStore), 0xa000u);
  EXPECT_EQ(At(1, kPlace, Access::kStore), 0u);
  EXPECT_EQ(At(1, kPlace), 0xa000u);
  EXPECT_EQ(At(1, kPlace + 0x1000, Access::kStore), 0xb000u);
}

TEST_F(ChangesTest, AnMmIsGivenOneMoreLevel) {
  ASSERT_EQ(Make(3, {MapPages(kPlace, 1, 0xa000)},
                 {kUpgrade, kUpgrade, Clear(Level::kPte, kPlace)}),
            Impossible::kNo);
  EXPECT_EQ(history_.top(0).levels, 3);
  EXPECT_EQ(history_.top(1).levels, 4);
  EXPECT_EQ(history_.top(2).levels, 5);
  EXPECT_EQ(mm_->levels(), 3);
  for (const size_t version : {0, 1, 2}) {
    EXPECT_EQ(At(version, kPlace), 0xa000u) << version;
  }
  EXPECT_EQ(At(3, kPlace), 0u);
  EXPECT_EQ(Make(5, {}, {kUpgrade}), Impossible::kUpgradesNothing);
  EXPECT_EQ(Make(2, {}, {kUpgrade}), Impossible::kUpgradesNothing);
}

// Whatever way versions are gone through, each is what it was.
TEST_F(ChangesTest, VersionsComeBack) {
  const PagingModeFilter filter = *PagingModeFilter::Parse("s390");
  std::array<uint8_t, kMaxEncodedSize> buffer;
  std::set<size_t> counts;
  for (uint64_t seed = 1; seed <= 800; ++seed) {
    const size_t size =
        Mutate(buffer, 0, seed, filter, Tables::kChanging, nullptr);
    const Case c = Decode(std::span(buffer).first(size));
    mm_.reset();
    mm_ = std::make_unique<AddressSpace<S390>>(arena_, c.mode.levels);
    if (Populate(c, *mm_) != Malformed::kNo) continue;
    history_.Make(c, *mm_);
    counts.insert(history_.count());
    const auto words = [&](size_t version) {
      history_.GoTo(version);
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
    for (size_t v = 0; v < history_.count(); ++v) forth.push_back(words(v));
    for (size_t v = history_.count(); v > 0; --v) {
      ASSERT_EQ(words(v - 1), forth[v - 1]) << seed;
    }
    ASSERT_EQ(words(history_.count() - 1), forth.back()) << seed;
    ASSERT_EQ(words(0), forth.front()) << seed;
  }
  EXPECT_THAT(counts, testing::ElementsAre(1, 2, 3, 4));
}

// A case that Linux would not make is inconclusive, by name.
TEST(ChangesVerdictTest, ImpossibleChangesHaveNames) {
  auto oracle = std::make_unique<Oracle>();
  Case c = MakeCase(3, {.start = kPlace}, {MapPages(kPlace, 1, 0xa000)});
  c.changes.push_back(Clear(Level::kPmd, kPlace));
  const Verdict& verdict =
      oracle->Judge(c, WalkSet::All(), Excuses::kExpectedFailures);
  EXPECT_EQ(verdict.kind, Verdict::Kind::kInconclusive);
  EXPECT_EQ(verdict.inconclusive, Inconclusive::kFreesPages);
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(Inconclusive::kUpgradesNothing); ++i) {
    names.insert(Describe(static_cast<Inconclusive>(i)));
  }
  EXPECT_EQ(names.size(),
            static_cast<size_t>(Inconclusive::kUpgradesNothing) + 1);
}

// The oracle's arena is clean when a case with changes has been judged.
TEST(ChangesVerdictTest, NothingOfACaseStays) {
  auto oracle = std::make_unique<Oracle>();
  Case c =
      MakeCase(3, {.start = kPlace, .pages = 2}, {MapPages(kPlace, 2, 0xa000)});
  const Case quiet = c;
  c.changes.push_back(Detach(kPlace));
  c.changes.push_back(Refill(kPlace + kMiB, 0x7000));
  c.changes.push_back(kUpgrade);
  for (Change& change : c.changes) change.read = 6;
  for (int i = 0; i < 3; ++i) {
    const Verdict& changing =
        oracle->Judge(c, WalkSet::Named(), Excuses::kExpectedFailures);
    EXPECT_EQ(changing.kind, Verdict::Kind::kAgrees);
    EXPECT_EQ(changing.requests[0].walks[IndexOf(kStaticLockless)].pages, 0u);
    EXPECT_EQ(changing.requests[0].walks[IndexOf(kStaticLockless)].changes, 3u);
    const Verdict& still =
        oracle->Judge(quiet, WalkSet::Named(), Excuses::kExpectedFailures);
    EXPECT_EQ(still.requests[0].walks[IndexOf(kStaticLockless)].pages, 2u);
  }
}

}  // namespace
}  // namespace pxdfuzz
