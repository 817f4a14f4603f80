// SPDX-License-Identifier: MIT

#include "pxdfuzz/tables/address_space.h"

#include <cstdint>
#include <memory>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pxdfuzz/arch/arm64.h"
#include "pxdfuzz/arch/s390.h"
#include "pxdfuzz/arch/x86.h"
#include "pxdfuzz/tables/populate.h"

namespace pxdfuzz {
namespace {

// Words are expected at their places: first tables of each level begin at
// 1000'0000 (pte), 1020'0000, 1040'0000, 1060'0000 and 1080'0000.
class AddressSpaceTest : public testing::Test {
 protected:
  AddressSpaceTest() : arena_(MakeArena<S390>()) {}

  AddressSpace<S390>& Make(int levels) {
    mm_.reset();
    mm_ = std::make_unique<AddressSpace<S390>>(arena_, levels);
    return *mm_;
  }
  uint64_t At(uint64_t physical) const {
    const uint64_t* word = arena_.Find(physical);
    return word == nullptr ? 0xdead : *word;
  }

  Arena arena_;
  std::unique_ptr<AddressSpace<S390>> mm_;
};

TEST_F(AddressSpaceTest, RootsAndControlElements) {
  EXPECT_EQ(Make(2).control(), 0x1020'0103u);
  EXPECT_EQ(Make(3).control(), 0x1040'0107u);
  EXPECT_EQ(Make(4).control(), 0x1060'010bu);
  EXPECT_EQ(Make(5).control(), 0x1080'010fu);
  EXPECT_EQ(mm_->root(), EntryRef::InTable(0x1080'0000));
  EXPECT_EQ(mm_->levels(), 5);
  mm_->set_control(0x123);
  EXPECT_EQ(mm_->control(), 0x123u);
}

TEST_F(AddressSpaceTest, MapsAPage) {
  Make(3).Map(Level::kPte, 0x1'8040'5000, 1, 0xabc000, {});
  EXPECT_EQ(At(0x1040'0018), 0x1020'0007u);
  EXPECT_EQ(At(0x1020'0020), 0x1000'0000u);
  EXPECT_EQ(At(0x1000'0028), 0xabc03du);
  // Its neighbours are empty.
  EXPECT_EQ(At(0x1040'0010), 0x24u);
  EXPECT_EQ(At(0x1020'0028), 0x20u);
  EXPECT_EQ(At(0x1000'0030), 0x400u);
}

TEST_F(AddressSpaceTest, MapsLargeLeaves) {
  Make(3).Map(Level::kPmd, 0x1'8040'0000, 2, 0x1230'0000, {});
  EXPECT_EQ(At(0x1020'0020), 0x1230'3403u);
  EXPECT_EQ(At(0x1020'0028), 0x1240'3403u);
  Make(3).Map(Level::kPud, 0x1'8000'0000, 2, 0x8000'0000, {});
  EXPECT_EQ(At(0x1040'0018), 0x8000'3407u);
  EXPECT_EQ(At(0x1040'0020), 0x1'0000'3407u);
}

TEST_F(AddressSpaceTest, TablesOfTwoLevels) {
  Make(2).Map(Level::kPte, 0x40'5000, 1, 0xabc000, {});
  EXPECT_EQ(At(0x1020'0020), 0x1000'0000u);
  EXPECT_EQ(At(0x1000'0028), 0xabc03du);
  EXPECT_EQ(At(0x1040'0000), 0xdeadu);
}

TEST_F(AddressSpaceTest, TablesOfFiveLevels) {
  Make(5).Map(Level::kPte, 0x0020'0801'8040'5000, 1, 0xabc000, {});
  EXPECT_EQ(At(0x1080'0008), 0x1060'000fu);
  EXPECT_EQ(At(0x1060'0010), 0x1040'000bu);
  EXPECT_EQ(At(0x1040'0018), 0x1020'0007u);
  EXPECT_EQ(At(0x1020'0020), 0x1000'0000u);
  EXPECT_EQ(At(0x1000'0028), 0xabc03du);
}

TEST_F(AddressSpaceTest, MapsAcrossTheBordersOfTables) {
  // Across a segment and, at the same place, a region's boundary.
  Make(3).Map(Level::kPte, 0x1007'fff'f000, 2, 0xabc000, {});
  EXPECT_EQ(At(0x1040'1000), 0x1020'0007u);
  EXPECT_EQ(At(0x1020'3ff8), 0x1000'0000u);
  EXPECT_EQ(At(0x1000'07f8), 0xabc03du);
  EXPECT_EQ(At(0x1040'1008), 0x1020'4007u);
  EXPECT_EQ(At(0x1020'4000), 0x1000'0800u);
  EXPECT_EQ(At(0x1000'0800), 0xabd03du);
}

TEST_F(AddressSpaceTest, MapsAWholeTableAndMore) {
  Make(2).Map(Level::kPte, 0xf'f000, 258, 0x100000, {});
  EXPECT_EQ(At(0x1000'07f8), 0x10003du);
  EXPECT_EQ(At(0x1000'0800), 0x10103du);
  EXPECT_EQ(At(0x1000'0ff8), 0x20003du);
  EXPECT_EQ(At(0x1000'1000), 0x20103du);
  EXPECT_EQ(At(0x1000'1008), 0x400u);
  EXPECT_EQ(arena_.frames(Level::kPte), 3u);
}

// x86-64 writes the frame of a PROT_NONE page inverted: it counts down.
TEST(AddressSpaceX86Test, MapsConsecutivePagesWithInvertedFrames) {
  Arena arena = MakeArena<X86>();
  AddressSpace<X86> mm(arena, 4);
  const LeafState none = {.permission = Permission::kNone};
  mm.Map(Level::kPte, 0x5000, 3, 0xfff000, none);
  mm.Map(Level::kPmd, 0x4000'0000, 2, 0, none);
  for (uint64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(
        mm.entries().Classify(Level::kPte, *arena.Find(0x1000'0028 + 8 * i)),
        EntryKind::Leaf(0xfff000 + 0x1000 * i, none));
  }
  for (uint64_t i = 0; i < 2; ++i) {
    EXPECT_EQ(
        mm.entries().Classify(Level::kPmd, *arena.Find(0x1020'1000 + 8 * i)),
        EntryKind::Leaf(0x20'0000 * i, none));
  }
}

// contpte_try_unfold(): whoever writes a part of a block makes the rest plain.
TEST(AddressSpaceArm64Test, ContiguousBlocksAreWholeOrUnfolded) {
  constexpr uint64_t kPage = 16384;
  constexpr uint64_t kBlock = 128 * kPage;
  const LeafState contiguous = {.contiguous = true};
  Arena arena = MakeArena<Arm64Page16K>();
  AddressSpace<Arm64Page16K> mm(arena, 3);
  const auto at = [&mm](uint64_t address) {
    return mm.entries().Classify(Level::kPte,
                                 mm.Find(Level::kPte, address)->word);
  };
  mm.Map(Level::kPte, kBlock, 3 * 128, 5 * kBlock, contiguous);
  for (const uint64_t address : {kBlock, 2 * kBlock, 4 * kBlock - kPage}) {
    EXPECT_EQ(at(address), EntryKind::Leaf(address + 4 * kBlock, contiguous));
  }
  // The end of one block and the start of the next, but not the third.
  mm.Clear(Level::kPte, 2 * kBlock - kPage, 2);
  EXPECT_EQ(at(2 * kBlock - kPage), EntryKind::Empty());
  EXPECT_EQ(at(kBlock), EntryKind::Leaf(5 * kBlock, {}));
  EXPECT_EQ(at(3 * kBlock - kPage), EntryKind::Leaf(7 * kBlock - kPage, {}));
  EXPECT_EQ(at(3 * kBlock), EntryKind::Leaf(7 * kBlock, contiguous));
  mm.Set(mm.Find(Level::kPte, 3 * kBlock + kPage)->physical, 0);
  EXPECT_EQ(at(3 * kBlock + kPage), EntryKind::Empty());
  EXPECT_EQ(at(4 * kBlock - kPage), EntryKind::Leaf(8 * kBlock - kPage, {}));
  // A write-protected page, for example, is not contiguous any more.
  mm.Map(Level::kPte, 3 * kBlock, 128, 7 * kBlock, contiguous);
  const auto slot = *mm.Find(Level::kPte, 3 * kBlock);
  mm.Set(slot.physical, slot.word);
  EXPECT_EQ(at(3 * kBlock), EntryKind::Leaf(7 * kBlock, {}));
  // A whole block replaces what is there.
  mm.Map(Level::kPte, kBlock, 128, 9 * kBlock, contiguous);
  EXPECT_EQ(at(kBlock + kPage),
            EntryKind::Leaf(9 * kBlock + kPage, contiguous));
}

TEST(AddressSpaceArm64Test, OneContiguousEntryIsNoBlock) {
  Case c;
  c.mode = {ArchId::kArm64Page16K, 3};
  c.requests.push_back({});
  c.setup.push_back({.kind = TableOp::Kind::kPoke,
                     .word = Arm64Page16K::Entries::Leaf(
                         Level::kPte, 0, {.contiguous = true})});
  Arena arena = MakeArena<Arm64Page16K>();
  {
    AddressSpace<Arm64Page16K> mm(arena, 3);
    EXPECT_EQ(Populate(c, mm), Inconclusive::kMalformedWord);
  }
  c.setup[0].word = Arm64Page16K::Entries::Leaf(Level::kPte, 0, {});
  AddressSpace<Arm64Page16K> mm(arena, 3);
  EXPECT_EQ(Populate(c, mm), Inconclusive::kNo);
}

TEST_F(AddressSpaceTest, ALaterPageReplacesALargeLeaf) {
  AddressSpace<S390>& mm = Make(3);
  mm.Map(Level::kPud, 0x1'8000'0000, 1, 0x8000'0000, {});
  mm.Map(Level::kPte, 0x1'8040'5000, 1, 0xabc000, {});
  EXPECT_EQ(At(0x1040'0018), 0x1020'0007u);
  EXPECT_EQ(At(0x1020'0020), 0x1000'0000u);
  EXPECT_EQ(At(0x1020'0028), 0x20u);
  EXPECT_EQ(At(0x1000'0028), 0xabc03du);
}

TEST_F(AddressSpaceTest, ALaterLargeLeafReplacesATable) {
  AddressSpace<S390>& mm = Make(3);
  mm.Map(Level::kPte, 0x1'8040'5000, 1, 0xabc000, {});
  mm.Map(Level::kPmd, 0x1'8040'0000, 1, 0x1230'0000, {});
  EXPECT_EQ(At(0x1020'0020), 0x1230'3403u);
  // And a page in it makes a table again: a new one.
  mm.Map(Level::kPte, 0x1'8040'6000, 1, 0xdef000, {});
  EXPECT_EQ(At(0x1020'0020), 0x1000'0800u);
  EXPECT_EQ(At(0x1000'0828), 0x400u);
  EXPECT_EQ(At(0x1000'0830), 0xdef03du);
}

TEST_F(AddressSpaceTest, ALaterPageReplacesAPage) {
  AddressSpace<S390>& mm = Make(3);
  mm.Map(Level::kPte, 0x5000, 1, 0xabc000, {});
  mm.Map(Level::kPte, 0x5000, 1, 0xdef000, {.young = false});
  EXPECT_EQ(At(0x1000'0028), 0xdef439u);
}

TEST_F(AddressSpaceTest, Clears) {
  AddressSpace<S390>& mm = Make(3);
  mm.Map(Level::kPte, 0x5000, 3, 0xabc000, {});
  mm.Clear(Level::kPte, 0x6000, 1);
  EXPECT_EQ(At(0x1000'0028), 0xabc03du);
  EXPECT_EQ(At(0x1000'0030), 0x400u);
  EXPECT_EQ(At(0x1000'0038), 0xabe03du);
  mm.Clear(Level::kPmd, 0, 1);
  EXPECT_EQ(At(0x1020'0000), 0x20u);
  mm.Clear(Level::kPud, 0, 1);
  EXPECT_EQ(At(0x1040'0000), 0x24u);
}

TEST_F(AddressSpaceTest, Swaps) {
  Make(3).Swap(EntryKind::Tag::kSwap, Level::kPte, 0x5000, 2, 0x12345000);
  EXPECT_EQ(At(0x1000'0028), 0x12345600u);
  EXPECT_EQ(At(0x1000'0030), 0x12346600u);
  EXPECT_EQ(At(0x1000'0038), 0x400u);
}

TEST_F(AddressSpaceTest, LeavesOutPagesBeyondTheLastAddress) {
  AddressSpace<S390>& mm = Make(2);
  mm.Map(Level::kPte, 0x7fff'f000, 3, 0xabc000, {});
  EXPECT_EQ(At(0x1020'3ff8), 0x1000'0000u);
  EXPECT_EQ(At(0x1000'07f8), 0xabc03du);
  EXPECT_EQ(arena_.frames(Level::kPte), 1u);
  mm.Map(Level::kPte, 0x8000'0000, 1, 0xabc000, {});
  mm.Map(Level::kPmd, 0x8000'0000, 1, 0, {});
  mm.Poke(Level::kPmd, 0x8000'0000, 1);
  EXPECT_EQ(arena_.frames(Level::kPte), 1u);
  EXPECT_EQ(At(0x1020'0000), 0x20u);
}

TEST_F(AddressSpaceTest, TheTopOfTheWholeSpace) {
  Make(5).Map(Level::kPte, 0xffff'ffff'ffff'f000, 2, 0xabc000, {});
  EXPECT_EQ(At(0x1080'3ff8), 0x1060'000fu);
  EXPECT_EQ(At(0x1060'3ff8), 0x1040'000bu);
  EXPECT_EQ(At(0x1040'3ff8), 0x1020'0007u);
  EXPECT_EQ(At(0x1020'3ff8), 0x1000'0000u);
  EXPECT_EQ(At(0x1000'07f8), 0xabc03du);
  // The second page does not wrap to address 0.
  EXPECT_EQ(At(0x1080'0000), 0x2cu);
  EXPECT_EQ(arena_.frames(Level::kPte), 1u);
}

TEST_F(AddressSpaceTest, PokesAnyWord) {
  AddressSpace<S390>& mm = Make(3);
  mm.Poke(Level::kPte, 0x5000, 0xfedc'ba98'7654'3210);
  EXPECT_EQ(At(0x1000'0028), 0xfedc'ba98'7654'3210u);
  mm.Poke(Level::kPud, 0x8000'0000, 0x1234);
  EXPECT_EQ(At(0x1040'0008), 0x1234u);
  // Makes a table if the present entry leads to none.
  mm.Poke(Level::kPmd, 0x8000'0000, 0x5678);
  EXPECT_EQ(At(0x1040'0008), 0x1020'4007u);
  EXPECT_EQ(At(0x1020'4000), 0x5678u);
}

TEST_F(AddressSpaceTest, FollowsAPokeThatLeadsToATable) {
  AddressSpace<S390>& mm = Make(3);
  mm.Map(Level::kPte, 0x5000, 1, 0xabc000, {});
  // A second segment with the first one's page table.
  mm.Poke(Level::kPmd, 0x10'0000, 0x1000'0000);
  mm.Map(Level::kPte, 0x10'6000, 1, 0xdef000, {});
  EXPECT_EQ(At(0x1000'0030), 0xdef03du);
  EXPECT_EQ(arena_.frames(Level::kPte), 1u);
  // An entry that leads outside all tables is replaced.
  mm.Poke(Level::kPmd, 0x20'0000, 0x1000'0800);
  mm.Map(Level::kPte, 0x20'6000, 1, 0xdef000, {});
  EXPECT_EQ(At(0x1020'0010), 0x1000'0800u);
  EXPECT_EQ(arena_.frames(Level::kPte), 2u);
}

TEST_F(AddressSpaceTest, TheNextCaseFindsNothing) {
  Make(5).Map(Level::kPte, 0x5000, 300, 0xabc000, {});
  Make(3).Map(Level::kPud, 0x8000'0000, 1, 0x8000'0000, {});
  EXPECT_EQ(At(0x1040'0000), 0x24u);
  EXPECT_EQ(At(0x1000'0000), 0xdeadu);
  mm_->Map(Level::kPte, 0x7000, 1, 0xabc000, {});
  EXPECT_EQ(At(0x1000'0028), 0x400u);
  EXPECT_EQ(At(0x1000'0038), 0xabc03du);
}

TEST_F(AddressSpaceTest, MapsUntilTheTablesAreUsedUp) {
  AddressSpace<S390>& mm = Make(5);
  // A table of each level but pgd for each page: there is room for 128.
  for (uint64_t i = 0; i < 129; ++i) {
    mm.Map(Level::kPte, i << 53, 1, 0xabc000, {});
  }
  EXPECT_EQ(arena_.frames(Level::kP4d), 128u);
  EXPECT_EQ(At(0x1080'0000 + 127 * 8), 0x1060'000fu + 127 * 0x4000);
  EXPECT_EQ(At(0x1080'0000 + 128 * 8), 0x2cu);
}

// -----------------------------------------------------------------------------

TEST_F(AddressSpaceTest, PopulateReportsTheRuleThatACaseBreaks) {
  const auto populate = [this](const TableOp& record) {
    Case c;
    c.setup.push_back(record);
    return Populate(c, Make(3));
  };
  EXPECT_EQ(populate({.kind = TableOp::Kind::kMap, .frame = 0x1000}),
            Inconclusive::kNo);
  EXPECT_EQ(populate({.kind = TableOp::Kind::kPoke, .word = 0x439}),
            Inconclusive::kNo);
  EXPECT_EQ(populate({.kind = TableOp::Kind::kPoke, .word = 0x83d}),
            Inconclusive::kMalformedWord);
  EXPECT_EQ(populate({.kind = TableOp::Kind::kPoke,
                      .level = Level::kPmd,
                      .word = 0x1000'0000}),
            Inconclusive::kMalformedTable);
  EXPECT_EQ(
      populate({.kind = TableOp::Kind::kPokeControl, .word = 0x1040'0107}),
      Inconclusive::kNo);
  EXPECT_EQ(
      populate({.kind = TableOp::Kind::kPokeControl, .word = 0x1040'0007}),
      Inconclusive::kMalformedControl);
  EXPECT_EQ(mm_->control(), 0x1040'0007u);
}

}  // namespace
}  // namespace pxdfuzz
