// SPDX-License-Identifier: MIT

// What Linux writes on s390 and what gup_fast may return: all words and answers
// are literal numbers.

#include <cstdint>
#include <sstream>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pxdfuzz/arch/s390.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/leaf.h"

namespace pxdfuzz {
namespace {

using Entries = S390::Entries;
using Contract = S390::Contract;

constexpr Permission kReadWrite = Permission::kReadWrite;
constexpr Permission kRead = Permission::kRead;
constexpr Permission kNone = Permission::kNone;

struct KnownLeaf {
  Level level;
  LeafState state;  // permission, young, dirty, special
  uint64_t low_bits;
  bool read;   // whether gup_fast returns it for reading
  bool write;  // and for writing
};

constexpr KnownLeaf kLeaves[] = {
    // Page entries: present 1, young 4, dirty 8, read 10, write 20,
    // special 40; protected 200, invalid 400.
    {Level::kPte, {kReadWrite, true, true, false}, 0x03d, true, true},
    {Level::kPte, {kReadWrite, false, true, false}, 0x439, true, true},
    {Level::kPte, {kReadWrite, true, false, false}, 0x235, true, true},
    {Level::kPte, {kReadWrite, false, false, false}, 0x631, true, true},
    {Level::kPte, {kRead, true, true, false}, 0x21d, true, false},
    {Level::kPte, {kRead, false, true, false}, 0x619, true, false},
    {Level::kPte, {kRead, true, false, false}, 0x215, true, false},
    {Level::kPte, {kRead, false, false, false}, 0x611, true, false},
    {Level::kPte, {kNone, true, true, false}, 0x60d, false, false},
    {Level::kPte, {kNone, false, true, false}, 0x609, false, false},
    {Level::kPte, {kNone, true, false, false}, 0x605, false, false},
    {Level::kPte, {kNone, false, false, false}, 0x601, false, false},
    {Level::kPte, {kReadWrite, true, true, true}, 0x07d, false, false},
    {Level::kPte, {kReadWrite, false, true, true}, 0x479, false, false},
    {Level::kPte, {kReadWrite, true, false, true}, 0x275, false, false},
    {Level::kPte, {kRead, true, false, true}, 0x255, false, false},
    {Level::kPte, {kNone, false, false, true}, 0x641, false, false},
    {Level::kPte, {.noexec = true}, 0x13d, true, true},
    // Segment leaves: read 1, write 2, large 400, young 1000, dirty 2000;
    // invalid 20, protected 200.
    {Level::kPmd, {kReadWrite, true, true, false}, 0x3403, true, true},
    {Level::kPmd, {kReadWrite, false, true, false}, 0x2423, true, true},
    {Level::kPmd, {kReadWrite, true, false, false}, 0x1603, true, true},
    {Level::kPmd, {kReadWrite, false, false, false}, 0x0623, true, true},
    {Level::kPmd, {kRead, true, true, false}, 0x3601, true, false},
    {Level::kPmd, {kRead, false, true, false}, 0x2621, true, false},
    {Level::kPmd, {kRead, true, false, false}, 0x1601, true, false},
    {Level::kPmd, {kRead, false, false, false}, 0x0621, true, false},
    {Level::kPmd, {kNone, true, true, false}, 0x3620, false, false},
    {Level::kPmd, {kNone, false, true, false}, 0x2620, false, false},
    {Level::kPmd, {kNone, true, false, false}, 0x1620, false, false},
    {Level::kPmd, {kNone, false, false, false}, 0x0620, false, false},
    {Level::kPmd, {.noexec = true}, 0x3503, true, true},
    // Region-third leaves: the same with type 4; gup_fast does not test whether
    // they are PROT_NONE.
    {Level::kPud, {kReadWrite, true, true, false}, 0x3407, true, true},
    {Level::kPud, {.noexec = true}, 0x3507, true, true},
    {Level::kPud, {kReadWrite, false, true, false}, 0x2427, true, true},
    {Level::kPud, {kReadWrite, true, false, false}, 0x1607, true, true},
    {Level::kPud, {kReadWrite, false, false, false}, 0x0627, true, true},
    {Level::kPud, {kRead, true, true, false}, 0x3605, true, false},
    {Level::kPud, {kRead, false, true, false}, 0x2625, true, false},
    {Level::kPud, {kRead, true, false, false}, 0x1605, true, false},
    {Level::kPud, {kRead, false, false, false}, 0x0625, true, false},
    {Level::kPud, {kNone, true, true, false}, 0x3624, true, false},
    {Level::kPud, {kNone, false, true, false}, 0x2624, true, false},
    {Level::kPud, {kNone, true, false, false}, 0x1624, true, false},
    {Level::kPud, {kNone, false, false, false}, 0x0624, true, false},
};

// A frame that is a multiple of an entry's span at `level`.
constexpr uint64_t FrameFor(Level level) {
  switch (level) {
    case Level::kPte:
      return 0xab'cdef'1000;
    case Level::kPmd:
      return 0xab'cde0'0000;
    default:
      return 0xab'8000'0000;
  }
}

class S390LeafTest : public testing::TestWithParam<KnownLeaf> {
 protected:
  Level level() const { return GetParam().level; }
  uint64_t word() const { return FrameFor(level()) | GetParam().low_bits; }
};

TEST_P(S390LeafTest, IsEncoded) {
  EXPECT_EQ(Entries::Leaf(level(), FrameFor(level()), GetParam().state),
            word());
}

TEST_P(S390LeafTest, IsRecognized) {
  EXPECT_EQ(Entries::Classify(level(), word()),
            EntryKind::Leaf(FrameFor(level()), GetParam().state));
}

TEST_P(S390LeafTest, IsReturnedByTheContract) {
  EXPECT_EQ(Contract::Allows(level(), word(), false), GetParam().read);
  EXPECT_EQ(Contract::Allows(level(), word(), true), GetParam().write);
}

TEST_P(S390LeafTest, IsReturnedByTheKernel) {
  const S390::Kernel kernel(5);
  EXPECT_EQ(kernel.Classify(level(), word()), WalkStep::kLeaf);
  EXPECT_EQ(kernel.MayReturn(level(), word(), false), GetParam().read);
  EXPECT_EQ(kernel.MayReturn(level(), word(), true), GetParam().write);
}

// 6.1's header has the write bit of region-third leaves where hugetlbpage.c
// writes the read bit: there a write request gets a read-only page.
TEST_P(S390LeafTest, IsReturnedByTheKernelWithTheBitsOf61) {
  const S390::Kernel kernel(5, {.region_third_write = 1});
  const bool readable = GetParam().state.permission != kNone;
  EXPECT_EQ(kernel.MayReturn(level(), word(), false), GetParam().read);
  EXPECT_EQ(kernel.MayReturn(level(), word(), true),
            level() == Level::kPud ? readable : GetParam().write);
}

INSTANTIATE_TEST_SUITE_P(AllStates, S390LeafTest, testing::ValuesIn(kLeaves),
                         [](const auto& of) {
                           std::ostringstream name;
                           name << Name(of.param.level) << std::hex
                                << of.param.low_bits;
                           return name.str();
                         });

TEST(S390EntriesTest, EmptyEntries) {
  EXPECT_EQ(Entries::Empty(Level::kPte), 0x400u);
  EXPECT_EQ(Entries::Empty(Level::kPmd), 0x20u);
  EXPECT_EQ(Entries::Empty(Level::kPud), 0x24u);
  EXPECT_EQ(Entries::Empty(Level::kP4d), 0x28u);
  EXPECT_EQ(Entries::Empty(Level::kPgd), 0x2cu);
  for (const Level level : kAllLevels) {
    EXPECT_EQ(Entries::Classify(level, Entries::Empty(level)),
              EntryKind::Empty());
    EXPECT_FALSE(Contract::Allows(level, Entries::Empty(level), false));
    EXPECT_EQ(S390::Kernel(5).Classify(level, Entries::Empty(level)),
              WalkStep::kStop);
  }
}

TEST(S390EntriesTest, TableEntries) {
  EXPECT_EQ(Entries::Table(Level::kPmd, 0x12345800), 0x12345800u);
  EXPECT_EQ(Entries::Table(Level::kPud, 0x12344000), 0x12344007u);
  EXPECT_EQ(Entries::Table(Level::kP4d, 0x12344000), 0x1234400bu);
  EXPECT_EQ(Entries::Table(Level::kPgd, 0x12344000), 0x1234400fu);
  EXPECT_EQ(Entries::Classify(Level::kPmd, 0x12345800),
            EntryKind::Table(0x12345800));
  EXPECT_EQ(Entries::Classify(Level::kPud, 0x12344007),
            EntryKind::Table(0x12344000));
  EXPECT_EQ(Entries::Classify(Level::kP4d, 0x1234400b),
            EntryKind::Table(0x12344000));
  EXPECT_EQ(Entries::Classify(Level::kPgd, 0x1234400f),
            EntryKind::Table(0x12344000));
  // They contain no page.
  EXPECT_FALSE(Contract::Allows(Level::kPmd, 0x12345800, false));
  EXPECT_FALSE(Contract::Allows(Level::kPud, 0x12344007, false));
  EXPECT_FALSE(Contract::Allows(Level::kP4d, 0x1234440b, false));
  EXPECT_FALSE(Contract::Allows(Level::kPgd, 0x1234440f, false));
}

TEST(S390EntriesTest, SwapEntries) {
  EXPECT_EQ(Entries::Swap(0x12345000), 0x12345600u);
  EXPECT_EQ(Entries::Classify(Level::kPte, 0x12345600),
            EntryKind::Swap(0x12345000));
  EXPECT_EQ(Entries::Classify(Level::kPte, 0x600), EntryKind::Swap(0));
  EXPECT_FALSE(Contract::Allows(Level::kPte, 0x12345600, false));
  EXPECT_EQ(S390::Kernel(5).Classify(Level::kPte, 0x12345600), WalkStep::kStop);
}

TEST(S390EntriesTest, MalformedWords) {
  const EntryKind malformed = EntryKind::Malformed();
  struct {
    Level level;
    uint64_t word;
    const char* why;
  } const kWords[] = {
      {Level::kPte, 0x000, "neither present nor empty"},
      {Level::kPte, 0x200, "protected, not invalid"},
      {Level::kPte, 0xabc400, "empty with a frame"},
      {Level::kPte, 0x83d, "bit 800"},
      {Level::kPte, 0x701, "no-execute of PROT_NONE"},
      {Level::kPte, 0x43d, "young, and invalid"},
      {Level::kPte, 0x23d, "dirty and writable, and protected"},
      {Level::kPte, 0x029, "write without read"},
      {Level::kPte, 0x035, "clean, and not protected"},
      {Level::kPmd, 0x12345820, "invalid with an origin"},
      {Level::kPmd, 0x12345803, "a page table with a length"},
      {Level::kPmd, 0x12345a00, "a protected table"},
      {Level::kPmd, 0x12345804, "the type of another table"},
      {Level::kPmd, 0x12345810, "common"},
      {Level::kPmd, 0x123ff403, "a frame that is no segment's"},
      {Level::kPud, 0x12344005, "a short table"},
      {Level::kPud, 0x12344047, "a table with an offset"},
      {Level::kPud, 0x12344027, "invalid with an origin"},
      {Level::kPud, 0x1234400b, "the type of another table"},
      {Level::kPud, 0x1234'3407, "a frame that is no region's"},
      {Level::kP4d, 0x1234440b, "a leaf where there are none"},
      {Level::kP4d, 0x12344007, "the type of another table"},
      {Level::kPgd, 0x12344c0f, "a leaf where there are none"},
      {Level::kPgd, 0x2d, "an empty entry with a length"},
  };
  for (const auto& [level, word, why] : kWords) {
    EXPECT_EQ(Entries::Classify(level, word), malformed) << why;
  }
}

TEST(S390EntriesTest, FeaturesOfLevels) {
  EXPECT_TRUE(Entries::HasLeaf(Level::kPte));
  EXPECT_TRUE(Entries::HasLeaf(Level::kPmd));
  EXPECT_TRUE(Entries::HasLeaf(Level::kPud));
  EXPECT_FALSE(Entries::HasLeaf(Level::kP4d));
  EXPECT_FALSE(Entries::HasLeaf(Level::kPgd));
  EXPECT_TRUE(Entries::HasSpecial(Level::kPte));
  EXPECT_FALSE(Entries::HasSpecial(Level::kPmd));
  EXPECT_FALSE(Entries::HasSpecial(Level::kPud));
  EXPECT_TRUE(Entries::HasSwap(Level::kPte));
  EXPECT_FALSE(Entries::HasSwap(Level::kPmd));
}

TEST(S390EntriesTest, TablesAreAligned) {
  EXPECT_EQ(Entries::TableAlignment(Level::kPte), 0x800u);
  EXPECT_EQ(Entries::TableAlignment(Level::kPmd), 0x1000u);
  EXPECT_EQ(Entries::TableAlignment(Level::kPgd), 0x1000u);
}

TEST(S390EntriesTest, ControlElements) {
  EXPECT_EQ(Entries::Control(2, 0x12344000), 0x12344103u);
  EXPECT_EQ(Entries::Control(3, 0x12344000), 0x12344107u);
  EXPECT_EQ(Entries::Control(4, 0x12344000), 0x1234410bu);
  EXPECT_EQ(Entries::Control(5, 0x12344000), 0x1234410fu);
}

// A region-third entry is present if its origin is not zero, whatever its leaf
// bits are.
TEST(S390ContractTest, RegionThirdLeafWithoutAnOrigin) {
  EXPECT_FALSE(Contract::Allows(Level::kPud, 0x0627, false));
  EXPECT_FALSE(Contract::Allows(Level::kPud, 0x0627, true));
  EXPECT_EQ(S390::Kernel(3).Classify(Level::kPud, 0x0627), WalkStep::kStop);
  // Young and dirty are within the bits of an origin.
  EXPECT_TRUE(Contract::Allows(Level::kPud, 0x3407, true));
  EXPECT_EQ(S390::Kernel(3).Classify(Level::kPud, 0x3407), WalkStep::kLeaf);
}

TEST(S390ContractTest, SegmentLeafOfFrameZero) {
  EXPECT_TRUE(Contract::Allows(Level::kPmd, 0x0623, true));
  EXPECT_EQ(S390::Kernel(3).Classify(Level::kPmd, 0x0623), WalkStep::kLeaf);
}

// -----------------------------------------------------------------------------

constexpr Inconclusive kYes = Inconclusive::kNo;

TEST(S390PermittedTest, TwoLevels) {
  EXPECT_EQ(Permitted<S390>(2, 0x7fff'f000, 1), kYes);
  EXPECT_EQ(Permitted<S390>(2, 0x7fff'f000, 2), Inconclusive::kBeyondLimit);
  EXPECT_EQ(Permitted<S390>(2, 0x8000'0000, 1), Inconclusive::kBeyondLimit);
  EXPECT_EQ(Permitted<S390>(2, 0, 512), kYes);
}

TEST(S390PermittedTest, ThreeLevels) {
  EXPECT_EQ(Permitted<S390>(3, 0x3ff'ffff'f000, 1), kYes);
  EXPECT_EQ(Permitted<S390>(3, 0x3ff'ffff'f000, 2), Inconclusive::kBeyondLimit);
  EXPECT_EQ(Permitted<S390>(3, 0x7fff'f000, 2), kYes);
}

TEST(S390PermittedTest, FourLevels) {
  EXPECT_EQ(Permitted<S390>(4, 0x1f'ffff'ffff'f000, 1), kYes);
  EXPECT_EQ(Permitted<S390>(4, 0x1f'ffff'ffff'f000, 2),
            Inconclusive::kBeyondLimit);
}

// The last page of all never belongs to user space.
TEST(S390PermittedTest, FiveLevels) {
  EXPECT_EQ(Permitted<S390>(5, 0xffff'ffff'ffff'e000, 1), kYes);
  EXPECT_EQ(Permitted<S390>(5, 0xffff'ffff'ffff'd000, 2), kYes);
  EXPECT_EQ(Permitted<S390>(5, 0xffff'ffff'ffff'e000, 2),
            Inconclusive::kOverflow);
  EXPECT_EQ(Permitted<S390>(5, 0xffff'ffff'ffff'f000, 1),
            Inconclusive::kOverflow);
}

TEST(S390PermittedTest, Overflow) {
  for (int levels = 2; levels <= 5; ++levels) {
    EXPECT_EQ(Permitted<S390>(levels, 0xffff'ffff'ffff'0000, 512),
              Inconclusive::kOverflow);
  }
}

TEST(S390PermittedTest, Nothing) {
  EXPECT_NE(Permitted<S390>(3, 0x1000, 0), kYes);
}

TEST(S390ContractTest, Limits) {
  EXPECT_EQ(Contract::Limit(2), 0x8000'0000u);
  EXPECT_EQ(Contract::Limit(3), 0x400'0000'0000u);
  EXPECT_EQ(Contract::Limit(4), 0x20'0000'0000'0000u);
  EXPECT_EQ(Contract::Limit(5), 0xffff'ffff'ffff'f000u);
}

}  // namespace
}  // namespace pxdfuzz
