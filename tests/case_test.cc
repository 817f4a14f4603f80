// SPDX-License-Identifier: MIT

#include "pxdfuzz/case.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <initializer_list>
#include <sstream>
#include <string>
#include <vector>

#include "fuzz/sha1.h"
#include "pxdfuzz/arches.h"
#include "pxdfuzz/case_text.h"
#include "pxdfuzz/rng.h"
#include "tests/known_cases.h"
#include "tests/random_bytes.h"

namespace pxdfuzz {
namespace {

std::vector<uint8_t> Bytes(const Case& c) {
  std::vector<uint8_t> bytes(kMaxEncodedSize);
  bytes.resize(Encode(c, bytes));
  return bytes;
}

TEST(CaseTest, OtherVersionsAreTheEmptyCase) {
  EXPECT_TRUE(Decode({}).empty());
  for (int version = 0; version < 256; ++version) {
    std::vector<uint8_t> bytes(kRecordBytes, 0);
    bytes[0] = static_cast<uint8_t>(version);
    EXPECT_EQ(Decode(bytes).empty(), version != 1) << version;
  }
}

TEST(CaseTest, TheEmptyCaseHasNoBytes) {
  EXPECT_TRUE(Bytes(Case()).empty());
  EXPECT_EQ(Decode(Bytes(Case())), Case());
}

TEST(CaseTest, BytesPastTheEndAreZero) {
  std::vector<uint8_t> padded(2 * kRecordBytes, 0);
  padded[0] = 1;
  padded[kRecordBytes] = 130;  // a map of segment leaves
  const std::vector<uint8_t> cut(padded.begin(),
                                 padded.begin() + kRecordBytes + 1);
  EXPECT_EQ(Decode(cut), Decode(padded));
  EXPECT_EQ(Decode(cut).records.size(), 1u);
  const std::vector<uint8_t> version_alone = {1};
  padded.resize(kRecordBytes);
  EXPECT_EQ(Decode(version_alone), Decode(padded));
}

// The example of the thread, byte by byte.
TEST(CaseTest, KnownBytes) {
  const std::vector<uint8_t> bytes = {
      1,  // version
      0,  // s390/3
      0,
      0,
      0x1f,
      2,
      0,
      0,
      0,
      0,  // 0x220 * 2 GiB, -1 page
      0,
      0,  // 2 pages
      0,  // read
      0,
      0,
      0,  // stack: position 0, copies around
      0,
      0,
      0,
      0,
      // A page at the start, frame 0x1000.
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      64,
      0,
      0,
      0xfe,
      0xff,
      0x07,
      0x10,
      0,
      0,
      0,
      0,
  };
  const Case c = Decode(bytes);
  EXPECT_EQ(c.space, (Space{ArchId::kS390, 3}));
  ASSERT_EQ(c.requests.size(), 1u);
  EXPECT_EQ(c.requests[0].start, 0x10ffffff000u);
  EXPECT_EQ(c.requests[0].pages, 2);
  EXPECT_FALSE(c.requests[0].write);
  EXPECT_EQ(c.stack, (Stack{.around = StackContent::kCopy}));
  ASSERT_EQ(c.records.size(), 1u);
  EXPECT_EQ(c.records[0].kind, Record::Kind::kMap);
  EXPECT_EQ(c.records[0].level, Level::kPte);
  EXPECT_EQ(c.records[0].address, 0x10ffffff000u);
  EXPECT_EQ(c.records[0].state, LeafState());
  EXPECT_EQ(c.records[0].count, 4);
  EXPECT_EQ(c.records[0].frame, 0xf80001000u);
}

// Every field of a case as numbers.
std::string Numbers(const Case& c) {
  std::ostringstream out;
  out << Name(c.space) << ' ' << c.stack.position << ' '
      << static_cast<int>(c.stack.around);
  for (const StackWord& word : c.stack.words) {
    out << " s" << word.distance << ' ' << static_cast<int>(word.content) << ' '
        << word.word;
  }
  for (const Request& request : c.requests) {
    out << " q" << request.start << ' ' << request.pages << ' '
        << request.write;
  }
  for (const Record& record : c.records) {
    out << " r" << static_cast<int>(record.kind) << ' ' << Ordinal(record.level)
        << ' ' << record.address << ' ' << record.count << ' ' << record.frame
        << ' ' << static_cast<int>(record.state.permission) << ' '
        << record.state.young << record.state.dirty << record.state.special
        << ' ' << record.word;
  }
  out << '\n';
  return out.str();
}

// What each value of each byte means is fixed for version 1: each byte of a
// header and of a record of each type in turn takes all values. A change of
// this digest gives old files a new meaning.
TEST(CaseTest, TheFormatIsFrozen) {
  std::string all;
  for (const uint8_t space : std::initializer_list<uint8_t>{0, 64, 128, 176}) {
    for (const uint8_t type : std::initializer_list<uint8_t>{
             0, 120, 160, 192, 204, 214, 230, 245, 254}) {
      for (size_t at = 2; at < 2 * kRecordBytes; ++at) {
        for (int value = 0; value < 256; ++value) {
          std::vector<uint8_t> bytes(2 * kRecordBytes, 3);
          bytes[0] = kFormatVersion;
          bytes[1] = space;
          bytes[kRecordBytes] = type;
          bytes[at] = static_cast<uint8_t>(value);
          all += Numbers(Decode(bytes));
        }
      }
    }
  }
  EXPECT_EQ(Sha1Hex({reinterpret_cast<const uint8_t*>(all.data()), all.size()}),
            "a21b459cf845b4a57dccb4b7c6299e8adc58912c");
}

TEST(CaseTest, UnbuiltArchitecturesAreTheEmptyCase) {
  size_t empty = 0;
  for (int selector = 0; selector < 256; ++selector) {
    const std::vector<uint8_t> bytes = {1, static_cast<uint8_t>(selector)};
    empty += Decode(bytes).empty();
  }
  size_t built = 0;
  for (const Space& space : kAllSpaces) built += IsBuilt(space);
  EXPECT_EQ(empty == 0, built == kAllSpaces.size());
}

TEST(CaseTest, ChangesBeforeAReadAreNotBuilt) {
  std::vector<uint8_t> bytes(2 * kRecordBytes, 0);
  bytes[0] = 1;
  bytes[kRecordBytes] = 255;
  EXPECT_TRUE(Decode(bytes).empty());
}

TEST(CaseTest, WhatDoesNotFitIsLeftOut) {
  for (const uint8_t type : std::initializer_list<uint8_t>{0, 230, 245}) {
    std::vector<uint8_t> bytes(100 * kRecordBytes, 3);
    bytes[0] = 1;
    bytes[1] = 0;
    for (size_t at = kRecordBytes; at < bytes.size(); at += kRecordBytes) {
      bytes[at] = type;
    }
    const Case c = Decode(bytes);
    EXPECT_FALSE(c.empty());
    EXPECT_EQ(c.records.size(), type == 0 ? 24u : 0u);
    EXPECT_EQ(c.requests.size(), type == 230 ? 4u : 1u);
    EXPECT_EQ(c.stack.words.size(), type == 245 ? 4u : 0u);
  }
}

TEST(CaseTest, RandomBytesRoundTrip) {
  RandomBytes random(1);
  for (int i = 0; i < 300'000; ++i) {
    const Case c = Decode(random.Next());
    const std::vector<uint8_t> bytes = Bytes(c);
    ASSERT_EQ(Decode(bytes), c) << ToText(c);
    ASSERT_EQ(Bytes(Decode(bytes)), bytes) << ToText(c);
    Case canonical = c;
    Canonicalize(canonical);
    ASSERT_EQ(canonical, c) << ToText(c);
  }
}

// A case that somebody wrote, and not bytes, loses nothing either: bytes can
// say every page of every space.
TEST(CaseTest, CanonicalCasesRoundTrip) {
  Rng rng(2);
  const auto address = [&rng] {
    const uint64_t base = rng.Pick({rng.Next(), rng.Next() >> rng.Below(64),
                                    uint64_t{1} << rng.Below(64)});
    return WrappingAdd(base, static_cast<uint64_t>(rng.Between(-5, 5)) << 12);
  };
  for (int i = 0; i < 200'000; ++i) {
    Case c;
    do {
      c.space = kAllSpaces[rng.Below(kAllSpaces.size())];
    } while (!IsBuilt(c.space));
    c.stack.position = static_cast<uint16_t>(rng.Next());
    c.stack.around = static_cast<StackContent>(rng.Below(4));
    for (uint64_t n = rng.Below(6); n > 0; --n) {
      c.stack.words.push_back(
          {.distance = static_cast<int16_t>(rng.Next() >> rng.Below(64)),
           .content = static_cast<StackContent>(rng.Below(4)),
           .word = rng.Next()});
    }
    for (uint64_t n = 1 + rng.Below(4); n > 0; --n) {
      c.requests.push_back({.start = address(),
                            .pages = static_cast<uint16_t>(rng.Next()),
                            .write = rng.Chance(1, 2)});
    }
    for (uint64_t n = rng.Below(6); n > 0; --n) {
      c.records.push_back(
          {.kind = static_cast<Record::Kind>(rng.Below(5)),
           .level = static_cast<Level>(rng.Below(kLevelCount)),
           .address = address(),
           .count = static_cast<uint16_t>(rng.Next()),
           .frame = rng.Next(),
           .state = {.permission = static_cast<Permission>(rng.Below(3)),
                     .young = rng.Chance(1, 2),
                     .dirty = rng.Chance(1, 2),
                     .special = rng.Chance(1, 2)},
           .word = rng.Next()});
    }
    Canonicalize(c);
    ASSERT_EQ(Decode(Bytes(c)), c) << ToText(c);
  }
}

TEST(CaseTest, KnownCasesAreCanonical) {
  for (const KnownCase& known : KnownCases()) {
    Case c = known.c;
    Canonicalize(c);
    EXPECT_EQ(c, known.c) << known.name;
    EXPECT_EQ(Decode(Bytes(c)), c) << known.name;
  }
}

TEST(CaseTest, CanonicalizeMakesSayable) {
  Case c = MakeCase(2, {.start = 0x1234, .pages = 0},
                    {MapLarge(Level::kPud, 3 * kGiB + 4096, 5 * kGiB + 1,
                              {.special = true})});
  c.requests.push_back({.start = 0, .pages = 600});
  Canonicalize(c);
  EXPECT_EQ(c.requests[0].start, 0x1000u);
  EXPECT_EQ(c.requests[0].pages, 1);
  EXPECT_EQ(c.requests[1].pages, 512);
  // A 2-level space has no 2 GiB leaves, and large leaves are never special.
  EXPECT_EQ(c.records[0].level, Level::kPmd);
  EXPECT_EQ(c.records[0].address, 3 * kGiB);
  EXPECT_EQ(c.records[0].frame, 5 * kGiB);
  EXPECT_FALSE(c.records[0].state.special);
}

}  // namespace
}  // namespace pxdfuzz
