// SPDX-License-Identifier: MIT

// Entries of a tree whose software bits are not the model's. The tree is made
// up.

#include "kernel/tree_entries.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "kernel/kernel_walk.h"
#include "pxdfuzz/arch/arm64.h"
#include "pxdfuzz/arch/s390.h"
#include "pxdfuzz/arch/x86.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/leaf.h"
#include "pxdfuzz/paging/level.h"

namespace pxdfuzz {
namespace {

using Entries = S390::Entries;

Level LevelOf(int number) { return static_cast<Level>(number); }

LeafState StateOf(pxd_leaf state) {
  return {.permission = state.write  ? Permission::kReadWrite
                        : state.read ? Permission::kRead
                                     : Permission::kNone,
          .young = state.young,
          .dirty = state.dirty,
          .special = state.special,
          .invalid = state.invalid,
          .kernel = state.kernel,
          .exec = state.exec,
          .noexec = state.noexec,
          .pwt = state.pwt,
          .pcd = state.pcd,
          .pat = state.pat,
          .devmap = state.devmap,
          .contiguous = state.contiguous,
          .key = state.key};
}

// The model's words.
const pxd_kernel kSame = {
    .leaf_levels = 0b111,
    .special_levels = 0b111,
    .enter = [](int) {},
    .leaf =
        [](int level, uint64_t frame, pxd_leaf state) {
          return Entries::Leaf(LevelOf(level), frame, StateOf(state));
        },
    .table =
        [](int level, uint64_t origin) {
          return Entries::Table(LevelOf(level), origin);
        },
    .empty = [](int level) { return Entries::Empty(LevelOf(level)); },
    .swap =
        [](int level, pxd_swap type, uint64_t frame) {
          // No s390 has device-private entries.
          return type == PXD_DEVICE_PRIVATE
                     ? Entries::Empty(LevelOf(level))
                     : Entries::SwapEntry(kSwapTags[type], LevelOf(level),
                                          frame);
        },
};

// Large leaves with the read bit (1) at 0x4000 and the write bit (2) at 0x8000,
// as s390 has them from 7.0 on, and segment tables with a bit of their own.
uint64_t Moved(int level, uint64_t word) {
  if (level == 0) return word;
  return (word & ~uint64_t{3}) | (word & 1) << 14 | (word & 2) << 14;
}
const pxd_kernel kMoved = {
    .leaf_levels = 0b111,
    .special_levels = 0b111,
    .enter = [](int) {},
    .leaf =
        [](int level, uint64_t frame, pxd_leaf state) {
          return Moved(level, kSame.leaf(level, frame, state));
        },
    .table =
        [](int level, uint64_t origin) {
          return kSame.table(level, origin) | (level == 1 ? 1 : 0);
        },
    .empty = kSame.empty,
    // None above pte, as in s390 of 6.12; of another type number.
    .swap =
        [](int level, pxd_swap type, uint64_t frame) {
          return level == 0 && type != PXD_DEVICE_PRIVATE
                     ? kSame.swap(level, type, frame) ^ (1 << 2)
                     : Entries::Empty(LevelOf(level));
        },
};

constexpr int kLevels = 3;
constexpr uint64_t kFrame = uint64_t{5} << 31;

// Calls `test` with each leaf that the model has.
template <class Test>
void ForEachLeaf(Test test) {
  for (const Level level : {Level::kPte, Level::kPmd, Level::kPud}) {
    for (const LeafState& state : kAllLeafStates) {
      if (!IsWritten<S390>(level, state)) continue;
      test(level, state);
    }
  }
}

TEST(TreeEntriesTest, WordsOfTheModelHaveNotMoved) {
  const TreeWords words = TreeEntries<S390>::Compare(kSame, kLevels);
  EXPECT_FALSE(words.moved);
  const TreeEntries<S390> entries(kSame, words);
  ForEachLeaf([&](Level level, const LeafState& state) {
    const uint64_t word = entries.Leaf(level, kFrame, state);
    EXPECT_EQ(entries.AsModel(level, word), word);
    EXPECT_EQ(entries.FromModel(level, word), word);
    EXPECT_EQ(entries.Classify(level, word), EntryKind::Leaf(kFrame, state));
  });
}

TEST(TreeEntriesTest, MovedWordsAreReadByWhatWasWritten) {
  const TreeWords words = TreeEntries<S390>::Compare(kMoved, kLevels);
  EXPECT_TRUE(words.moved);
  const TreeEntries<S390> entries(kMoved, words);
  int differ = 0;
  ForEachLeaf([&](Level level, const LeafState& state) {
    const uint64_t ours = Entries::Leaf(level, kFrame, state);
    const uint64_t theirs = entries.Leaf(level, kFrame, state);
    differ += ours != theirs;
    EXPECT_EQ(entries.AsModel(level, theirs), ours);
    EXPECT_EQ(entries.FromModel(level, ours), theirs);
    EXPECT_EQ(entries.Classify(level, theirs), EntryKind::Leaf(kFrame, state));
  });
  EXPECT_GT(differ, 0);
  for (const Level level : {Level::kPmd, Level::kPud, Level::kPgd}) {
    const uint64_t ours = Entries::Table(level, 0x10400000);
    const uint64_t theirs = entries.Table(level, 0x10400000);
    EXPECT_EQ(entries.AsModel(level, theirs), ours);
    EXPECT_EQ(entries.FromModel(level, ours), theirs);
    EXPECT_EQ(entries.Classify(level, theirs), EntryKind::Table(0x10400000));
    EXPECT_EQ(entries.AsModel(level, entries.Empty(level)),
              Entries::Empty(level));
  }
}

TEST(TreeEntriesTest, SwapEntriesAreReadByWhatWasWritten) {
  const TreeWords words = TreeEntries<S390>::Compare(kMoved, kLevels);
  // Migration, hwpoison and device-private.
  const auto has = [&words](Level level) {
    return words.level[Ordinal(level)].has_swap;
  };
  EXPECT_EQ(has(Level::kPte), (std::array{true, true, false}));
  EXPECT_EQ(has(Level::kPmd), (std::array{false, false, false}));
  EXPECT_EQ(has(Level::kPud), (std::array{false, false, false}));
  const TreeEntries<S390> entries(kMoved, words);
  for (const EntryKind::Tag tag :
       {EntryKind::Tag::kMigration, EntryKind::Tag::kHwPoison}) {
    const uint64_t ours = Entries::SwapEntry(tag, Level::kPte, 0x5000);
    const uint64_t theirs = entries.SwapEntry(tag, Level::kPte, 0x5000);
    EXPECT_NE(theirs, ours);
    EXPECT_EQ(entries.AsModel(Level::kPte, theirs), ours);
    EXPECT_EQ(entries.FromModel(Level::kPte, ours), theirs);
    EXPECT_EQ(entries.Classify(Level::kPte, theirs).tag, tag);
    EXPECT_EQ(entries.Classify(Level::kPte, theirs).address, 0x5000u);
  }
}

// A configuration without CONFIG_DEVICE_PRIVATE has other numbers of types,
// among them the model's for device-private entries.
TEST(TreeEntriesTest, TypesOfConfigurationsWithoutDeviceMemory) {
  using X86Entries = X86::Entries;
  static constexpr auto kWord = [](uint64_t type, uint64_t frame) {
    return ~(frame >> 12) << 14 >> 5 | type << 59;
  };
  pxd_kernel kernel = kSame;
  kernel.leaf_levels = 0;
  kernel.table = [](int level, uint64_t origin) {
    return X86Entries::Table(LevelOf(level), origin);
  };
  kernel.empty = [](int /*level*/) { return uint64_t{0}; };
  kernel.swap = [](int /*level*/, pxd_swap type, uint64_t frame) {
    if (type == PXD_DEVICE_PRIVATE) return uint64_t{0};
    return kWord(type == PXD_MIGRATION ? kMigrationType : kHwPoisonType, frame);
  };
  const TreeWords words = TreeEntries<X86>::Compare(kernel, 4);
  EXPECT_TRUE(words.moved);
  EXPECT_EQ(words.level[Ordinal(Level::kPte)].has_swap,
            (std::array{true, true, false}));
  const TreeEntries<X86> entries(kernel, words);
  EXPECT_EQ(entries.Classify(Level::kPte, kWord(28, 0x5000)),
            EntryKind::Migration(0x5000));
  EXPECT_EQ(entries.Classify(Level::kPmd, kWord(27, 0x200000)),
            EntryKind::HwPoison(0x200000));
  EXPECT_EQ(X86Entries::Classify(Level::kPte, kWord(28, 0x5000)),
            EntryKind::DevicePrivate(0x5000));
}

// What no macro of the tree writes is the model's.
TEST(TreeEntriesTest, OtherWordsStayAsTheyAre) {
  const TreeWords words = TreeEntries<S390>::Compare(kMoved, kLevels);
  const TreeEntries<S390> entries(kMoved, words);
  const uint64_t swap = Entries::Swap(7);
  EXPECT_EQ(entries.AsModel(Level::kPte, swap), swap);
  EXPECT_EQ(entries.FromModel(Level::kPte, swap), swap);
  EXPECT_EQ(entries.Classify(Level::kPte, swap),
            Entries::Classify(Level::kPte, swap));
}

// Without transparent huge pages arm64 has no special leaves of a pmd.
TEST(TreeEntriesTest, LeavesThatAConfigurationLacksAreMalformed) {
  using Arm64 = Arm64Page16K;
  constexpr uint64_t kLarge = uint64_t{5} << 25;
  pxd_kernel kernel = kSame;
  kernel.leaf = [](int level, uint64_t frame, pxd_leaf state) {
    return Arm64::Entries::Leaf(LevelOf(level), frame, StateOf(state));
  };
  kernel.table = [](int level, uint64_t origin) {
    return Arm64::Entries::Table(LevelOf(level), origin);
  };
  kernel.empty = [](int level) {
    return Arm64::Entries::Empty(LevelOf(level));
  };
  const auto classify = [&kernel](Level level, const LeafState& state) {
    const TreeWords words = TreeEntries<Arm64>::Compare(kernel, kLevels);
    const TreeEntries<Arm64> entries(kernel, words);
    return entries.Classify(level, entries.Leaf(level, kLarge, state));
  };
  const LeafState special = {.special = true};
  const LeafState plain;
  EXPECT_EQ(classify(Level::kPmd, special), EntryKind::Leaf(kLarge, special));
  kernel.special_levels = 0b001;
  EXPECT_EQ(classify(Level::kPmd, special), EntryKind::Malformed());
  EXPECT_EQ(classify(Level::kPmd, plain), EntryKind::Leaf(kLarge, plain));
  EXPECT_EQ(classify(Level::kPte, special), EntryKind::Leaf(kLarge, special));
  kernel.leaf_levels = 0b001;
  EXPECT_EQ(classify(Level::kPmd, plain), EntryKind::Malformed());
}

}  // namespace
}  // namespace pxdfuzz
