// SPDX-License-Identifier: MIT

#include "pxdfuzz/memory/arena.h"

#include <array>
#include <cstdint>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pxdfuzz/arch/s390.h"
#include "pxdfuzz/tables/address_space.h"

namespace pxdfuzz {
namespace {

// Pools of 2 MiB from 1000'0000, pte first. A page table has 2 KiB, the others
// 16.
class ArenaTest : public testing::Test {
 protected:
  ArenaTest() : arena_(MakeArena<S390>()) { arena_.Begin(S390::GeometryOf(5)); }

  Arena arena_;
};

TEST_F(ArenaTest, NumbersFramesInOrderOfCreation) {
  EXPECT_EQ(arena_.NewTable(Level::kPte), 0x1000'0000u);
  EXPECT_EQ(arena_.NewTable(Level::kPmd), 0x1020'0000u);
  EXPECT_EQ(arena_.NewTable(Level::kPte), 0x1000'0800u);
  EXPECT_EQ(arena_.NewTable(Level::kPmd), 0x1020'4000u);
  EXPECT_EQ(arena_.NewTable(Level::kPud), 0x1040'0000u);
  EXPECT_EQ(arena_.NewTable(Level::kP4d), 0x1060'0000u);
  EXPECT_EQ(arena_.NewTable(Level::kPgd), 0x1080'0000u);
  EXPECT_EQ(arena_.frames(Level::kPte), 2u);
  EXPECT_EQ(arena_.frames(Level::kPgd), 1u);
  EXPECT_EQ(arena_.FrameNumber(0x1000'0800), 1u);
  EXPECT_EQ(arena_.FrameNumber(0x1000'0ff8), 1u);
  EXPECT_EQ(arena_.FrameNumber(0x1000'07f8), 0u);
  EXPECT_EQ(arena_.FrameAddress(Level::kPmd, 1), 0x1020'4000u);
  EXPECT_EQ(arena_.FrameAddress(Level::kPte, 9), 0x1000'4800u);
}

TEST_F(ArenaTest, NewTablesAreEmpty) {
  for (const auto& [level, empty] :
       {std::pair{Level::kPte, 0x400u}, std::pair{Level::kPmd, 0x20u},
        std::pair{Level::kPud, 0x24u}, std::pair{Level::kP4d, 0x28u},
        std::pair{Level::kPgd, 0x2cu}}) {
    EXPECT_EQ(arena_.empty(level), empty);
    const uint64_t table = *arena_.NewTable(level);
    const uint64_t bytes = level == Level::kPte ? 0x800 : 0x4000;
    for (uint64_t at = 0; at < bytes; at += 8) {
      ASSERT_EQ(*arena_.Find(table + at), empty);
    }
    EXPECT_EQ(arena_.Find(table + bytes), nullptr);
  }
}

TEST_F(ArenaTest, OnlyAllocatedFramesExist) {
  EXPECT_EQ(arena_.Find(0x1000'0000), nullptr);
  arena_.NewTable(Level::kPte);
  EXPECT_NE(arena_.Find(0x1000'0000), nullptr);
  EXPECT_NE(arena_.Find(0x1000'07ff), nullptr);
  EXPECT_EQ(arena_.Find(0x1000'0800), nullptr);
  EXPECT_EQ(arena_.Find(0x0fff'fff8), nullptr);
  EXPECT_EQ(arena_.Find(0), nullptr);
  EXPECT_EQ(arena_.Find(0x10a0'0000), nullptr);
  EXPECT_EQ(arena_.Find(0xffff'ffff'ffff'fff8), nullptr);
}

TEST_F(ArenaTest, FindsThePlaceOfAWord) {
  arena_.NewTable(Level::kPmd);
  arena_.NewTable(Level::kPmd);
  arena_.NewTable(Level::kPte);
  EXPECT_EQ(arena_.TableLevel(0x1020'7ff8), Level::kPmd);
  EXPECT_EQ(arena_.IndexInTable(0x1020'7ff8), 0x7ffu);
  EXPECT_EQ(arena_.TableLevel(0x1000'0028), Level::kPte);
  EXPECT_EQ(arena_.IndexInTable(0x1000'0028), 5u);
  EXPECT_TRUE(arena_.IsTable(Level::kPmd, 0x1020'4000));
  EXPECT_FALSE(arena_.IsTable(Level::kPmd, 0x1020'4008));
  EXPECT_FALSE(arena_.IsTable(Level::kPud, 0x1020'4000));
  EXPECT_FALSE(arena_.IsTable(Level::kPmd, 0x1020'8000));
}

TEST_F(ArenaTest, ResetRestoresEveryWord) {
  const uint64_t pte = *arena_.NewTable(Level::kPte);
  const uint64_t pgd = *arena_.NewTable(Level::kPgd);
  uint64_t* ptes = arena_.Touch(pte, 256);
  for (int i = 0; i < 256; ++i) ptes[i] = ~uint64_t{0};
  *arena_.Touch(pgd + 0x3ff8, 1) = 1;
  *arena_.Touch(pgd + 0x3ff8, 1) = 2;
  EXPECT_EQ(*arena_.Find(pte + 0x7f8), ~uint64_t{0});
  arena_.Reset();
  EXPECT_EQ(arena_.Find(pte), nullptr);
  EXPECT_EQ(arena_.frames(Level::kPte), 0u);

  arena_.Begin(S390::GeometryOf(5));
  EXPECT_EQ(arena_.NewTable(Level::kPte), pte);
  EXPECT_EQ(arena_.NewTable(Level::kPgd), pgd);
  for (uint64_t at = 0; at < 0x800; at += 8) {
    ASSERT_EQ(*arena_.Find(pte + at), 0x400u);
  }
  for (uint64_t at = 0; at < 0x4000; at += 8) {
    ASSERT_EQ(*arena_.Find(pgd + at), 0x2cu);
  }
}

TEST_F(ArenaTest, PoolsAreUsedUpOneByOne) {
  for (int i = 0; i < 1024; ++i) {
    ASSERT_TRUE(arena_.NewTable(Level::kPte).has_value()) << i;
  }
  EXPECT_FALSE(arena_.NewTable(Level::kPte).has_value());
  for (int i = 0; i < 128; ++i) {
    ASSERT_TRUE(arena_.NewTable(Level::kPmd).has_value()) << i;
  }
  EXPECT_FALSE(arena_.NewTable(Level::kPmd).has_value());
  EXPECT_EQ(arena_.NewTable(Level::kPud), 0x1040'0000u);
  arena_.Reset();
  arena_.Begin(S390::GeometryOf(5));
  EXPECT_EQ(arena_.NewTable(Level::kPte), 0x1000'0000u);
}

TEST_F(ArenaTest, AFullLogTouchesNothing) {
  const uint64_t table = *arena_.NewTable(Level::kPte);
  for (int i = 0; i < 1024; ++i) {
    ASSERT_NE(arena_.Touch(table, 1), nullptr) << i;
  }
  EXPECT_EQ(arena_.Touch(table, 1), nullptr);
}

// A table that is smaller than its alignment.
TEST(ArenaAlignmentTest, IsKept) {
  std::array<uint64_t, kLevelCount> empty{};
  std::array<uint64_t, kLevelCount> alignment{};
  alignment.fill(0x1000);
  Arena arena(empty, alignment);
  arena.Begin(S390::GeometryOf(5));
  EXPECT_EQ(arena.NewTable(Level::kPte), 0x1000'0000u);
  EXPECT_EQ(arena.NewTable(Level::kPte), 0x1000'1000u);
  EXPECT_EQ(arena.NewTable(Level::kPud), 0x1040'0000u);
  EXPECT_EQ(arena.NewTable(Level::kPud), 0x1040'4000u);
}

}  // namespace
}  // namespace pxdfuzz
