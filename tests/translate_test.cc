// SPDX-License-Identifier: MIT

#include "pxdfuzz/translate.h"

#include <cstdint>
#include <map>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pxdfuzz/address_space.h"
#include "pxdfuzz/arch/s390.h"
#include "pxdfuzz/arena.h"
#include "pxdfuzz/arena_memory.h"

namespace pxdfuzz {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Words by physical address; nothing is in storage elsewhere. Remembers what
// was read.
class WordMemory {
 public:
  void Set(uint64_t address, uint64_t word) { words_[address] = word; }
  void Remove(uint64_t address) { words_.erase(address); }
  std::vector<uint64_t>& reads() const { return reads_; }

  Loaded Load(Level, EntryRef ref) const {
    const auto found = words_.find(ref.address());
    if (found == words_.end()) return {0, Source::kNowhere};
    reads_.push_back(ref.address());
    return {found->second, Source::kTable};
  }
  uint64_t LoadRootType(EntryRef) const { return 0; }
  EntryRef Push(Level, uint64_t, EntryRef ref) { return ref; }
  bool Holds(EntryRef, uint64_t) const { return true; }

 private:
  std::map<uint64_t, uint64_t> words_;
  mutable std::vector<uint64_t> reads_;
};

static_assert(Memory<WordMemory>);

using Facilities = S390::Manual::Facilities;
constexpr Facilities kNoEdat = {.edat1 = false, .edat2 = false};
constexpr Facilities kEdat1 = {.edat1 = true, .edat2 = false};
constexpr Facilities kEdat2 = {.edat1 = true, .edat2 = true};

// Known answers, for each rule of the Principles of Operation in its order. All
// numbers are typed in. The address has index 1 in the region-first table, 2 in
// the region-second, 3 in the region-third, 4 in the segment, 5 in the page
// table, and byte 678:
//
//   table           stands at   entry at   holds
//   region-first    10000       10008      2000f
//   region-second   20000       20010      3000b
//   region-third    30000       30018      40007
//   segment         40000       40020      50800
//   page            50800       50828      abcde000
class S390TranslateTest : public testing::Test {
 protected:
  static constexpr uint64_t kAddress = 0x0020'0801'8040'5678;
  // The same in spaces of 4, 3 and 2 levels.
  static constexpr uint64_t kAddress4 = 0x0801'8040'5678;
  static constexpr uint64_t kAddress3 = 0x0001'8040'5678;
  static constexpr uint64_t kAddress2 = 0x0040'5678;
  // Private spaces of that many levels, and such as are not private.
  static constexpr uint64_t kAsce = 0x1010f;
  static constexpr uint64_t kAsce4 = 0x2010b;
  static constexpr uint64_t kAsce3 = 0x30107;
  static constexpr uint64_t kAsce2 = 0x40103;
  static constexpr uint64_t kShared = 0x1000f;

  S390TranslateTest() {
    memory_.Set(0x10008, 0x2000f);
    memory_.Set(0x20010, 0x3000b);
    memory_.Set(0x30018, 0x40007);
    memory_.Set(0x40020, 0x50800);
    memory_.Set(0x50828, 0xabcde000);
  }

  void Set(uint64_t address, uint64_t word) { memory_.Set(address, word); }

  Translation Ask(uint64_t asce, uint64_t address,
                  Facilities facilities = kEdat2,
                  Access access = Access::kFetch) const {
    memory_.reads().clear();
    return Translate(S390::Manual(asce, facilities), memory_, address, access);
  }
  int Code(uint64_t asce, uint64_t address,
           Facilities facilities = kEdat2) const {
    return Ask(asce, address, facilities).code;
  }
  // The result; 0 where there is an exception.
  uint64_t Result(uint64_t asce, uint64_t address,
                  Facilities facilities = kEdat2) const {
    const Translation t = Ask(asce, address, facilities);
    EXPECT_EQ(t.code, 0);
    return t.physical;
  }
  bool Protected(Facilities facilities = kEdat2) const {
    const Translation t = Ask(kAsce, kAddress, facilities);
    EXPECT_EQ(t.code, 0);
    return t.is_protected;
  }
  const std::vector<uint64_t>& reads() const { return memory_.reads(); }

  WordMemory memory_;
};

TEST_F(S390TranslateTest, FiveLevels) {
  EXPECT_EQ(Result(kAsce, kAddress), 0xabcde678u);
  EXPECT_THAT(reads(),
              ElementsAre(0x10008, 0x20010, 0x30018, 0x40020, 0x50828));
}

TEST_F(S390TranslateTest, FourLevels) {
  EXPECT_EQ(Result(kAsce4, kAddress4), 0xabcde678u);
  EXPECT_THAT(reads(), ElementsAre(0x20010, 0x30018, 0x40020, 0x50828));
}

TEST_F(S390TranslateTest, ThreeLevels) {
  EXPECT_EQ(Result(kAsce3, kAddress3), 0xabcde678u);
  EXPECT_THAT(reads(), ElementsAre(0x30018, 0x40020, 0x50828));
}

TEST_F(S390TranslateTest, TwoLevels) {
  EXPECT_EQ(Result(kAsce2, kAddress2), 0xabcde678u);
  EXPECT_THAT(reads(), ElementsAre(0x40020, 0x50828));
}

TEST_F(S390TranslateTest, SaysWhichEntryWasReadLast) {
  Translation t = Ask(kAsce3, kAddress3);
  EXPECT_TRUE(t.fetched);
  EXPECT_EQ(t.level, Level::kPte);
  EXPECT_EQ(t.ref, EntryRef::InTable(0x50828));
  EXPECT_EQ(t.entry, 0xabcde000u);
  // Also one that the hardware may not use.
  Set(0x40020, 0x50820);
  t = Ask(kAsce3, kAddress3);
  EXPECT_EQ(t.level, Level::kPmd);
  EXPECT_EQ(t.entry, 0x50820u);
  EXPECT_EQ(t.physical, 0u);
}

// The last entry of each table: indexes 7ff four times, and ff.
TEST_F(S390TranslateTest, TopOfTheAddressSpace) {
  Set(0x13ff8, 0x2000f);
  Set(0x23ff8, 0x3000b);
  Set(0x33ff8, 0x40007);
  Set(0x43ff8, 0x50800);
  Set(0x50ff8, 0xfffffffffffff000);
  EXPECT_EQ(Result(kAsce, 0xffff'ffff'ffff'f123), 0xffff'ffff'ffff'f123u);
  EXPECT_THAT(reads(),
              ElementsAre(0x13ff8, 0x23ff8, 0x33ff8, 0x43ff8, 0x50ff8));
  EXPECT_EQ(Result(kAsce4, 0x1f'ffff'ffff'f123), 0xffff'ffff'ffff'f123u);
  EXPECT_EQ(Result(kAsce3, 0x3ff'ffff'f123), 0xffff'ffff'ffff'f123u);
  EXPECT_EQ(Result(kAsce2, 0x7fff'f123), 0xffff'ffff'ffff'f123u);
}

TEST_F(S390TranslateTest, FirstEntryOfEachTable) {
  Set(0x10000, 0x2000f);
  Set(0x20000, 0x3000b);
  Set(0x30000, 0x40007);
  Set(0x40000, 0x50800);
  Set(0x50800, 0x7000);
  EXPECT_EQ(Result(kAsce, 0x123), 0x7123u);
}

// 1. Real space.
TEST_F(S390TranslateTest, RealSpace) {
  const Translation t = Ask(0x20, 0xfedc'ba98'7654'3210);
  EXPECT_EQ(t.code, 0);
  EXPECT_EQ(t.physical, 0xfedc'ba98'7654'3210u);
  EXPECT_FALSE(t.is_protected);
  EXPECT_FALSE(t.fetched);
  EXPECT_THAT(reads(), IsEmpty());
  // Whatever else stands there, and for stores too.
  EXPECT_EQ(Ask(kAsce2 | 0x20, 0x8000'0000, kEdat2, Access::kStore).physical,
            0x8000'0000u);
  EXPECT_EQ(Code(kAsce2, 0x8000'0000), 0x38);
}

// 2. ASCE-type.
TEST_F(S390TranslateTest, AddressBeyondTheRoot) {
  EXPECT_EQ(Code(kAsce2, 0x8000'0000), 0x38);
  EXPECT_EQ(Code(kAsce3, 0x400'0000'0000), 0x38);
  EXPECT_EQ(Code(kAsce4, 0x20'0000'0000'0000), 0x38);
  // Any bit up there counts.
  EXPECT_EQ(Code(kAsce2, 0x8000'0000'0040'5678), 0x38);
  EXPECT_EQ(Code(kAsce3, 0x8000'0001'8040'5678), 0x38);
  EXPECT_EQ(Code(kAsce4, 0x8000'0801'8040'5678), 0x38);
  EXPECT_THAT(reads(), IsEmpty());
}

TEST_F(S390TranslateTest, LastAddressBelowTheRootsEnd) {
  // Not in storage, rather than out of range.
  EXPECT_EQ(Code(kAsce2, 0x7fff'ffff), 0x05);
  EXPECT_EQ(Code(kAsce3, 0x3ff'ffff'ffff), 0x05);
  EXPECT_EQ(Code(kAsce4, 0x1f'ffff'ffff'ffff), 0x05);
  EXPECT_EQ(Code(kAsce, 0xffff'ffff'ffff'ffff), 0x05);
}

TEST_F(S390TranslateTest, AsceTypeComesBeforeTableLength) {
  // Top quarter of a table of which one quarter exists: within the root's
  // range, and beyond it.
  EXPECT_EQ(Code(0x40100, 0x7ff0'0000), 0x10);
  EXPECT_EQ(Code(0x40100, 0xfff0'0000), 0x38);
  EXPECT_EQ(Code(0x30104, 0x3ff'8000'0000), 0x3b);
  EXPECT_EQ(Code(0x30104, 0x7ff'8000'0000), 0x38);
  EXPECT_EQ(Code(0x20108, 0x1f'fc00'0000'0000), 0x3a);
  EXPECT_EQ(Code(0x20108, 0x3f'fc00'0000'0000), 0x38);
}

// 3. The root's table length, in quarters of 512 entries.
TEST_F(S390TranslateTest, RootTableLength) {
  struct {
    uint64_t asce;  // with length 0
    uint64_t quarter;
    int code;
  } const kRoots[] = {{0x10c, uint64_t{0x200} << 53, 0x39},
                      {0x108, uint64_t{0x200} << 42, 0x3a},
                      {0x104, uint64_t{0x200} << 31, 0x3b},
                      {0x100, uint64_t{0x200} << 20, 0x10}};
  for (const auto& root : kRoots) {
    for (uint64_t length = 0; length < 4; ++length) {
      for (uint64_t quarter = 0; quarter < 4; ++quarter) {
        // Nothing is in storage there: an addressing exception tells that the
        // length was passed.
        const uint64_t asce = 0x70000 | root.asce | length;
        const uint64_t address = quarter * root.quarter;
        const int expected = quarter > length ? root.code : 0x05;
        EXPECT_EQ(Code(asce, address), expected) << length << quarter;
        EXPECT_EQ(Code(asce, address + (root.quarter - 1)), expected)
            << length << quarter;
        EXPECT_THAT(reads(), IsEmpty());
      }
    }
  }
}

// 4. Not in storage.
TEST_F(S390TranslateTest, NoTable) {
  const std::map<uint64_t, uint64_t> kEntries = {{0x10008, 0x2000f},
                                                 {0x20010, 0x3000b},
                                                 {0x30018, 0x40007},
                                                 {0x40020, 0x50800},
                                                 {0x50828, 0xabcde000}};
  for (const auto& [place, entry] : kEntries) {
    memory_.Remove(place);
    const Translation t = Ask(kAsce, kAddress);
    EXPECT_EQ(t.code, 0x05) << place;
    EXPECT_EQ(t.physical, 0u) << place;
    EXPECT_EQ(t.fetched, place != 0x10008);
    Set(place, entry);
  }
}

// 4.1 Invalid entries.
TEST_F(S390TranslateTest, InvalidEntry) {
  Set(0x50828, 0x400);
  EXPECT_EQ(Code(kAsce, kAddress), 0x11);
  Set(0x40020, 0x50820);
  EXPECT_EQ(Code(kAsce, kAddress), 0x10);
  Set(0x30018, 0x40027);
  EXPECT_EQ(Code(kAsce, kAddress), 0x3b);
  Set(0x20010, 0x3002b);
  EXPECT_EQ(Code(kAsce, kAddress), 0x3a);
  Set(0x10008, 0x2002f);
  EXPECT_EQ(Code(kAsce, kAddress), 0x39);
}

TEST_F(S390TranslateTest, InvalidComesBeforeTypeAndCommon) {
  Set(0x40020, 0x50820 | 0x0c);
  EXPECT_EQ(Code(kAsce, kAddress), 0x10);
  Set(0x40020, 0x50820 | 0x10);
  EXPECT_EQ(Code(kAsce, kAddress), 0x10);
  Set(0x30018, 0x40033);
  EXPECT_EQ(Code(kAsce, kAddress), 0x3b);
  Set(0x20010, 0x30023);
  EXPECT_EQ(Code(kAsce, kAddress), 0x3a);
  Set(0x10008, 0x20023);
  EXPECT_EQ(Code(kAsce, kAddress), 0x39);
}

TEST_F(S390TranslateTest, InvalidLeaf) {
  Set(0x40020, 0x1230'0420);
  EXPECT_EQ(Code(kAsce, kAddress), 0x10);
  Set(0x30018, 0x8000'0424);
  EXPECT_EQ(Code(kAsce, kAddress), 0x3b);
}

// 4.2 Type.
TEST_F(S390TranslateTest, WrongType) {
  struct {
    uint64_t place;
    uint64_t entry;  // without type
    uint64_t type;
  } const kEntries[] = {{0x10008, 0x20003, 0xc},
                        {0x20010, 0x30003, 0x8},
                        {0x30018, 0x40003, 0x4},
                        {0x40020, 0x50800, 0x0}};
  for (const auto& entry : kEntries) {
    for (const uint64_t type : {0x0, 0x4, 0x8, 0xc}) {
      Set(entry.place, entry.entry | type);
      EXPECT_EQ(Code(kAsce, kAddress), type == entry.type ? 0x00 : 0x12)
          << entry.place << " " << type;
    }
    Set(entry.place, entry.entry | entry.type);
  }
}

// 4.3 The common bit.
TEST_F(S390TranslateTest, CommonSegmentOfAPrivateSpace) {
  Set(0x40020, 0x50810);
  for (const Facilities facilities : {kNoEdat, kEdat1, kEdat2}) {
    EXPECT_EQ(Code(kAsce, kAddress, facilities), 0x12);
    EXPECT_EQ(Result(kShared, kAddress, facilities), 0xabcde678u);
  }
  // A leaf too.
  Set(0x40020, 0x1230'0410);
  EXPECT_EQ(Code(kAsce, kAddress), 0x12);
  EXPECT_EQ(Result(kShared, kAddress), 0x1230'5678u);
}

TEST_F(S390TranslateTest, CommonRegionThirdOfAPrivateSpace) {
  Set(0x30018, 0x40017);
  EXPECT_EQ(Code(kAsce, kAddress, kEdat2), 0x12);
  EXPECT_EQ(Code(kAsce, kAddress, kEdat1), 0x00);
  EXPECT_EQ(Code(kAsce, kAddress, kNoEdat), 0x00);
  EXPECT_EQ(Result(kShared, kAddress, kEdat2), 0xabcde678u);
}

TEST_F(S390TranslateTest, CommonMeansNothingHigherUp) {
  Set(0x10008, 0x2001f);
  Set(0x20010, 0x3001b);
  EXPECT_EQ(Result(kAsce, kAddress), 0xabcde678u);
  EXPECT_EQ(Result(kShared, kAddress), 0xabcde678u);
}

// 4.4 Protection.
TEST_F(S390TranslateTest, NothingProtects) {
  EXPECT_FALSE(Protected());
  EXPECT_FALSE(Protected(kNoEdat));
}

TEST_F(S390TranslateTest, EachLevelProtects) {
  struct {
    uint64_t place;
    uint64_t entry;
    bool without_edat;
  } const kEntries[] = {{0x10008, 0x2000f, false},
                        {0x20010, 0x3000b, false},
                        {0x30018, 0x40007, false},
                        {0x40020, 0x50800, true},
                        {0x50828, 0xabcde000, true}};
  for (const auto& entry : kEntries) {
    Set(entry.place, entry.entry | 0x200);
    EXPECT_TRUE(Protected(kEdat2)) << entry.place;
    EXPECT_TRUE(Protected(kEdat1)) << entry.place;
    EXPECT_EQ(Protected(kNoEdat), entry.without_edat) << entry.place;
    Set(entry.place, entry.entry);
  }
}

TEST_F(S390TranslateTest, ProtectionIsTheOrOfAllLevels) {
  Set(0x10008, 0x2020f);
  Set(0x50828, 0xabcde200);
  EXPECT_TRUE(Protected(kEdat1));
  EXPECT_TRUE(Protected(kNoEdat));
}

TEST_F(S390TranslateTest, LargeLeavesProtect) {
  Set(0x40020, 0x1230'0600);
  EXPECT_TRUE(Protected());
  Set(0x40020, 0x1230'0400);
  EXPECT_FALSE(Protected());
  Set(0x30018, 0x8000'0604);
  EXPECT_TRUE(Protected());
  Set(0x30018, 0x8000'0404);
  EXPECT_FALSE(Protected());
}

// 4.5 Format control.
TEST_F(S390TranslateTest, SegmentLeaf) {
  Set(0x40020, 0x1230'0400);
  EXPECT_EQ(Result(kAsce, kAddress, kEdat1), 0x1230'5678u);
  EXPECT_THAT(reads(), ElementsAre(0x10008, 0x20010, 0x30018, 0x40020));
  EXPECT_EQ(Result(kAsce2, 0x4f'ffff), 0x123f'ffffu);
  EXPECT_EQ(Result(kAsce2, 0x40'0000), 0x1230'0000u);
}

TEST_F(S390TranslateTest, LowBitsOfASegmentLeafAreNoAddress) {
  Set(0x40020, 0x123f'fdc3);
  EXPECT_EQ(Result(kAsce, kAddress), 0x1230'5678u);
}

TEST_F(S390TranslateTest, SegmentLeafWithoutTheFacility) {
  Set(0x40020, 0x50c00);
  EXPECT_EQ(Result(kAsce, kAddress, kNoEdat), 0xabcde678u);
  EXPECT_EQ(Result(kAsce, kAddress, kEdat1), 0x5678u);
}

TEST_F(S390TranslateTest, RegionThirdLeaf) {
  Set(0x30018, 0x12'8000'0404);
  EXPECT_EQ(Result(kAsce, kAddress, kEdat2), 0x12'8040'5678u);
  EXPECT_THAT(reads(), ElementsAre(0x10008, 0x20010, 0x30018));
  EXPECT_EQ(Result(kAsce3, 0x1'ffff'ffff), 0x12'ffff'ffffu);
}

TEST_F(S390TranslateTest, LowBitsOfARegionThirdLeafAreNoAddress) {
  Set(0x30018, 0x12'ffff'fdc7);
  EXPECT_EQ(Result(kAsce, kAddress), 0x12'8040'5678u);
}

TEST_F(S390TranslateTest, RegionThirdLeafWithoutTheFacility) {
  Set(0x30018, 0x40407);
  EXPECT_EQ(Result(kAsce, kAddress, kEdat1), 0xabcde678u);
  EXPECT_EQ(Result(kAsce, kAddress, kNoEdat), 0xabcde678u);
  EXPECT_EQ(Result(kAsce, kAddress, kEdat2), 0x0040'5678u);
}

TEST_F(S390TranslateTest, FormatControlMeansNothingHigherUp) {
  Set(0x10008, 0x2040f);
  Set(0x20010, 0x3040b);
  EXPECT_EQ(Result(kAsce, kAddress), 0xabcde678u);
}

// 4.6 Table offset and length.
TEST_F(S390TranslateTest, TableLengthAndOffsetOfEachLevel) {
  struct {
    uint64_t place;  // of an entry that leads to a table
    uint64_t entry;  // without offset and length; nothing stands there
    uint64_t above;  // the part of the address above the table
    uint64_t quarter;
    int code;
  } const kTables[] = {
      {0x10008, 0x70000c, uint64_t{1} << 53, uint64_t{0x200} << 42, 0x3a},
      {0x20010, 0x700008, 0x20'0800'0000'0000, uint64_t{0x200} << 31, 0x3b},
      {0x30018, 0x700004, 0x20'0801'8000'0000, uint64_t{0x200} << 20, 0x10}};
  for (const auto& table : kTables) {
    for (uint64_t offset = 0; offset < 4; ++offset) {
      for (uint64_t length = 0; length < 4; ++length) {
        Set(table.place, table.entry | offset << 6 | length);
        for (uint64_t quarter = 0; quarter < 4; ++quarter) {
          const uint64_t address = table.above + quarter * table.quarter;
          const bool exists = quarter >= offset && quarter <= length;
          const int expected = exists ? 0x05 : table.code;
          EXPECT_EQ(Code(kAsce, address), expected);
          EXPECT_EQ(Code(kAsce, address + (table.quarter - 1)), expected);
        }
      }
    }
    // As it was, for the next.
    Set(0x10008, 0x2000f);
    Set(0x20010, 0x3000b);
  }
}

TEST_F(S390TranslateTest, TheOffsetDoesNotReduceTheIndex) {
  // Segment 3ff, which is in the second quarter, of a table that begins with
  // it: entry 3ff stands at 41ff8.
  Set(0x30018, 0x40047);
  Set(0x41ff8, 0x50800);
  EXPECT_EQ(Result(kAsce3, 0x1'bff0'5678), 0xabcde678u);
  Set(0x20010, 0x3008b);
  Set(0x22010, 0x3008b);
  // Region-third 5ff: 32ff8.
  Set(0x32ff8, 0x40007);
  EXPECT_EQ(Result(kAsce, 0x20'0aff'8040'5678), 0xabcde678u);
}

// 4.7 Page tables.
TEST_F(S390TranslateTest, PageTablesHaveNoLength) {
  Set(0x50ff8, 0x7000);
  Set(0x50800, 0x8000);
  for (const uint64_t bits : {0x00, 0x03, 0xc0, 0xc3}) {
    Set(0x40020, 0x50800 | bits);
    EXPECT_EQ(Result(kAsce2, 0x4f'f123), 0x7123u) << bits;
    EXPECT_EQ(Result(kAsce2, 0x40'0123), 0x8123u) << bits;
  }
}

TEST_F(S390TranslateTest, APageTableIsHalfAPage) {
  Set(0x50028, 0x9000);
  Set(0x40020, 0x50000);
  EXPECT_EQ(Result(kAsce2, kAddress2), 0x9678u);
}

TEST_F(S390TranslateTest, OtherTablesArePageAligned) {
  Set(0x10008, 0x2080f);
  Set(0x20010, 0x3080b);
  Set(0x30018, 0x40807);
  EXPECT_EQ(Result(0x10e0f | 0x100, kAddress), 0xabcde678u);
}

// 5. Page entries.
TEST_F(S390TranslateTest, InvalidPageComesBeforeBit800) {
  Set(0x50828, 0xabcdec00);
  EXPECT_EQ(Code(kAsce, kAddress), 0x11);
  Set(0x50828, 0xabcde800);
  EXPECT_EQ(Code(kAsce, kAddress), 0x12);
  Set(0x50828, 0xabcde000);
  EXPECT_EQ(Code(kAsce, kAddress), 0x00);
}

TEST_F(S390TranslateTest, TheLowBitsOfAPageEntryAreSoftwares) {
  for (int bit = 0; bit < 8; ++bit) {
    Set(0x50828, 0xabcde000 | 1 << bit);
    const Translation t = Ask(kAsce, kAddress);
    EXPECT_EQ(t.code, 0);
    EXPECT_EQ(t.physical, 0xabcde678u);
    EXPECT_FALSE(t.is_protected);
  }
  Set(0x50828, 0xabcde1ff);
  EXPECT_EQ(Result(kAsce, kAddress), 0xabcde678u);
}

// Page entries as Linux writes them (facts of arch/s390): what the hardware
// makes of them.
TEST_F(S390TranslateTest, PagesOfLinux) {
  Set(0x50828, 0xabcde439);  // writable, dirty, old
  EXPECT_EQ(Code(kAsce, kAddress), 0x11);
  Set(0x50828, 0xabcde235);  // writable, clean, young
  EXPECT_EQ(Ask(kAsce, kAddress, kEdat2, Access::kFetch).code, 0);
  EXPECT_EQ(Ask(kAsce, kAddress, kEdat2, Access::kStore).code, 0x04);
  Set(0x50828, 0xabcde03d);  // writable, dirty, young
  EXPECT_EQ(Ask(kAsce, kAddress, kEdat2, Access::kStore).code, 0);
  Set(0x50828, 0xabcde611);  // read-only, old
  EXPECT_EQ(Code(kAsce, kAddress), 0x11);
  Set(0x50828, 0xabcde601);  // PROT_NONE
  EXPECT_EQ(Code(kAsce, kAddress), 0x11);
}

// 6. Stores.
TEST_F(S390TranslateTest, StoreToAProtectedPage) {
  Set(0x50828, 0xabcde200);
  const Translation t = Ask(kAsce, kAddress, kEdat2, Access::kStore);
  EXPECT_EQ(t.code, 0x04);
  EXPECT_EQ(t.physical, 0u);
  EXPECT_TRUE(t.is_protected);
  EXPECT_EQ(Result(kAsce, kAddress), 0xabcde678u);
}

TEST_F(S390TranslateTest, StoreToAPageThatIsNotProtected) {
  const Translation t = Ask(kAsce, kAddress, kEdat2, Access::kStore);
  EXPECT_EQ(t.code, 0);
  EXPECT_EQ(t.physical, 0xabcde678u);
}

TEST_F(S390TranslateTest, OtherExceptionsComeBeforeProtection) {
  Set(0x10008, 0x2020f);
  Set(0x50828, 0x600);
  EXPECT_EQ(Ask(kAsce, kAddress, kEdat2, Access::kStore).code, 0x11);
  Set(0x50828, 0xa00);
  EXPECT_EQ(Ask(kAsce, kAddress, kEdat2, Access::kStore).code, 0x12);
}

TEST_F(S390TranslateTest, FacilitiesAreThoseOfACurrentMachine) {
  Set(0x30018, 0x8000'0404);
  EXPECT_EQ(
      Translate(S390::Manual(S390::GeometryOf(5), kAsce), memory_, kAddress)
          .physical,
      0x8040'5678u);
}

TEST_F(S390TranslateTest, OnFetchSeesEachEntry) {
  std::vector<uint64_t> entries;
  std::vector<Level> levels;
  Translate(S390::Manual(kAsce3, kEdat2), memory_, kAddress3, Access::kFetch,
            [&](Level level, EntryRef, uint64_t entry) {
              levels.push_back(level);
              entries.push_back(entry);
            });
  EXPECT_THAT(entries, ElementsAre(0x40007, 0x50800, 0xabcde000));
  EXPECT_THAT(levels, ElementsAre(Level::kPud, Level::kPmd, Level::kPte));
}

TEST(S390ManualTest, NamesItsCodes) {
  EXPECT_EQ(S390::Manual::CodeName(0x04), "protection exception");
  EXPECT_EQ(S390::Manual::CodeName(0x05), "addressing exception");
  EXPECT_EQ(S390::Manual::CodeName(0x10), "segment-translation exception");
  EXPECT_EQ(S390::Manual::CodeName(0x11), "page-translation exception");
  EXPECT_EQ(S390::Manual::CodeName(0x12),
            "translation-specification exception");
  EXPECT_EQ(S390::Manual::CodeName(0x38), "ASCE-type exception");
  EXPECT_EQ(S390::Manual::CodeName(0x39), "region-first-translation exception");
  EXPECT_EQ(S390::Manual::CodeName(0x3a),
            "region-second-translation exception");
  EXPECT_EQ(S390::Manual::CodeName(0x3b), "region-third-translation exception");
  EXPECT_EQ(S390::Manual::CodeName(0), "no exception");
}

TEST(S390ManualTest, NamesItsTables) {
  EXPECT_EQ(S390::Manual::TableName(Level::kPte), "page table");
  EXPECT_EQ(S390::Manual::TableName(Level::kPmd), "segment table");
  EXPECT_EQ(S390::Manual::TableName(Level::kPud), "region-third table");
  EXPECT_EQ(S390::Manual::TableName(Level::kP4d), "region-second table");
  EXPECT_EQ(S390::Manual::TableName(Level::kPgd), "region-first table");
}

// The same through an arena, as the oracle does it: the tables of a case.
TEST(S390TranslateArenaTest, APokedWordIsRead) {
  Arena arena = MakeArena<S390>();
  AddressSpace<S390> mm(arena, 3);
  mm.Poke(Level::kPte, 0x1'8040'5000, 0xabcde03d);
  const Stack stack;
  const ArenaMemory memory(arena, mm.geometry(), stack);
  const auto ask = [&] {
    return Translate(S390::Manual(mm.geometry(), mm.control()), memory,
                     0x1'8040'5678);
  };
  EXPECT_EQ(ask().physical, 0xabcde678u);
  mm.Poke(Level::kPmd, 0x1'8040'0000, 0x1230'0400);
  EXPECT_EQ(ask().physical, 0x1230'5678u);
  mm.Poke(Level::kPud, 0x1'8000'0000, 0x24);
  EXPECT_EQ(ask().code, 0x3b);
  // Only frames that were handed out are in storage.
  mm.set_control(0x1050'0107);
  EXPECT_EQ(ask().code, 0x05);
  mm.set_control(0x1040'0127);
  EXPECT_EQ(ask().physical, 0x1'8040'5678u);
}

}  // namespace
}  // namespace pxdfuzz
