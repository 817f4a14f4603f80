// SPDX-License-Identifier: MIT

#include "pxdfuzz/case/case.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <initializer_list>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "fuzz/harness/sha1.h"
#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/case/case_text.h"
#include "tests/known_cases.h"
#include "tests/random_bytes.h"
#include "tests/random_case.h"
#include "tests/sanitized.h"

namespace pxdfuzz {
namespace {

std::vector<uint8_t> Bytes(const Case& c) {
  std::vector<uint8_t> bytes(kMaxEncodedSize);
  bytes.resize(Encode(c, bytes));
  return bytes;
}

// In version 1. Empty if that cannot represent `c`.
std::vector<uint8_t> V1Bytes(const Case& c) {
  std::vector<uint8_t> bytes(kMaxEncodedSize);
  bytes.resize(EncodeV1(c, bytes).value_or(0));
  return bytes;
}

TEST(CaseTest, OtherVersionsDecodeToTheEmptyCase) {
  EXPECT_TRUE(Decode({}).empty());
  for (int version = 0; version < 256; ++version) {
    std::vector<uint8_t> bytes(kV1RecordBytes, 0);
    bytes[0] = static_cast<uint8_t>(version);
    EXPECT_EQ(Decode(bytes).empty(), version != 1 && version != 2) << version;
  }
}

TEST(CaseTest, TheEmptyCaseHasNoBytes) {
  EXPECT_TRUE(Bytes(Case()).empty());
  EXPECT_EQ(Decode(Bytes(Case())), Case());
}

TEST(CaseTest, BytesPastTheEndAreZero) {
  std::vector<uint8_t> padded(2 * kV1RecordBytes, 0);
  padded[0] = 1;
  padded[kV1RecordBytes] = 130;  // a map of segment leaves
  const std::vector<uint8_t> cut(padded.begin(),
                                 padded.begin() + kV1RecordBytes + 1);
  EXPECT_EQ(Decode(cut), Decode(padded));
  EXPECT_EQ(Decode(cut).setup.size(), 1u);
  const std::vector<uint8_t> version_alone = {1};
  padded.resize(kV1RecordBytes);
  EXPECT_EQ(Decode(version_alone), Decode(padded));
}

// A header: s390/3, two pages from 2 GiB less a page on.
std::vector<uint8_t> V2Header() {
  std::vector<uint8_t> bytes(kHeaderBytes, 0);
  bytes[0] = 2;
  bytes[1] = 3;
  bytes[2] = 1;
  return bytes;
}

TEST(CaseTest, PayloadsMayBeShort) {
  std::vector<uint8_t> full = V2Header();
  full.insert(full.end(), {9, 14, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0});
  const Case c = Decode(full);
  ASSERT_EQ(c.setup.size(), 1u);
  EXPECT_EQ(c.setup[0].level, Level::kPte);
  EXPECT_EQ(c.setup[0].count, 4);
  // Without the zeroes at the end of the payload, and in an input that ends
  // before the payload does.
  std::vector<uint8_t> shorter = V2Header();
  shorter.insert(shorter.end(), {0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 64});
  EXPECT_EQ(Decode(shorter), c);
  EXPECT_EQ(Bytes(c), shorter);
  shorter[kHeaderBytes + 1] = 63;
  EXPECT_EQ(Decode(shorter), c);
  // A type alone is a record, and a version alone a header.
  EXPECT_EQ(Decode(std::vector<uint8_t>(full.begin(), full.begin() + 25))
                .setup.size(),
            1u);
  EXPECT_EQ(Decode(std::vector<uint8_t>{2}), Decode(V2Header()));
}

// Types of records from here on had no meaning when version 2 was new.
constexpr int kFirstLaterType = 0xf4;

TEST(CaseTest, UnknownRecordsAreSkipped) {
  std::vector<uint8_t> plain = V2Header();
  plain.insert(plain.end(), {0, 9, 5, 7, 0, 0, 0, 0, 0, 0, 64});
  const Case c = Decode(plain);
  ASSERT_EQ(c.setup.size(), 1u);
  for (int type = 0xf1; type < kFirstLaterType; ++type) {
    for (const uint8_t length : std::initializer_list<uint8_t>{0, 1, 20, 63}) {
      std::vector<uint8_t> bytes = V2Header();
      bytes.push_back(static_cast<uint8_t>(type));
      // The upper bits of the length have no meaning.
      bytes.push_back(static_cast<uint8_t>(length | 0xc0));
      bytes.insert(bytes.end(), length, 0xa5);
      bytes.insert(bytes.end(), plain.begin() + kHeaderBytes, plain.end());
      EXPECT_EQ(Decode(bytes), c) << type << ' ' << int{length};
    }
  }
  // So is what a payload has beyond what is known.
  plain[kHeaderBytes + 1] = 40;
  plain.resize(kHeaderBytes + 2 + 21, 0);
  plain.resize(kHeaderBytes + 2 + 40, 0xa5);
  plain.insert(plain.end(), {232, 0});
  EXPECT_EQ(Decode(plain).setup[0], c.setup[0]);
  EXPECT_EQ(Decode(plain).concurrent.size(), 0u);
  plain[plain.size() - 2] = 233;
  EXPECT_EQ(Decode(plain).concurrent.size(), 1u);
}

TEST(CaseTest, KnownBytesOfFailuresAndMoments) {
  std::vector<uint8_t> bytes = V2Header();
  bytes[1] = 0x04;  // x86-64/4
  bytes[2] = 0x02;
  bytes[13] = 5;  // write, FOLL_PIN
  bytes[15] = 2;  // of 2 pages, the second cannot be taken
  bytes[17] = 1;
  const auto add = [&bytes](std::initializer_list<uint8_t> part) {
    bytes.insert(bytes.end(), part);
  };
  // A request, with FOLL_GET.
  add({204, 13, 0, 3, 0, 0, 0, 0, 0, 0, 88, 0, 2, 0, 1});
  // Clear a pte before page 2 is grabbed, and after the third read of a pmd.
  add({233, 19, 0, 0, 0, 0, 0, 0, 0, 0, 88, 0, 0, 0, 0, 0, 0, 0, 8, 0, 128});
  add({233, 19, 0, 0, 0, 0, 0, 0, 0, 0, 88, 0, 0, 0, 0, 0, 0, 0, 8, 0, 204});
  const Case c = Decode(bytes);
  EXPECT_EQ(c.mode, (PagingMode{ArchId::kX86, 4}));
  ASSERT_EQ(c.requests.size(), 2u);
  EXPECT_EQ(c.requests[0], (Request{.start = 0x3ffff000,
                                    .pages = 2,
                                    .write = true,
                                    .references = References::kPin,
                                    .refused = 1,
                                    .inaccessible = 0}));
  EXPECT_EQ(c.requests[1], (Request{.start = 0x40002000,
                                    .pages = 1,
                                    .references = References::kGet,
                                    .refused = 0}));
  const TableOp clear = {.kind = TableOp::Kind::kClear, .address = 0x3ffff000};
  ASSERT_EQ(c.concurrent.size(), 2u);
  EXPECT_EQ(c.concurrent[0], (ConcurrentOp{clear, 2, Moment::kGrab}));
  EXPECT_EQ(c.concurrent[1], (ConcurrentOp{clear, 3, Moment::kPmd}));
  EXPECT_EQ(Bytes(c), bytes);
  EXPECT_TRUE(V1Bytes(c).empty());
}

TEST(CaseTest, KnownBytesOfPages) {
  std::vector<uint8_t> bytes = V2Header();
  bytes[1] = 0x04;  // x86-64/4
  bytes[2] = 0x02;
  bytes[13] = 12;  // FOLL_PIN, FOLL_LONGTERM
  const auto add = [&bytes](std::initializer_list<uint8_t> part) {
    bytes.insert(bytes.end(), part);
  };
  // Three pages of 4 KiB of a file, from the second page of the request on.
  add({240, 11, 0, 1, 0, 0, 0, 0, 0, 0, 40, 0, 72});
  // The page of 2 MiB that holds the request's second page, which can move.
  add({240, 12, 0, 1, 0, 0, 0, 0, 0, 0, 88, 0, 112, 128});
  const Case c = Decode(bytes);
  EXPECT_EQ(c.requests[0], (Request{.start = 0x3ffff000,
                                    .pages = 2,
                                    .references = References::kPin,
                                    .longterm = true}));
  ASSERT_EQ(c.pages.size(), 2u);
  EXPECT_EQ(
      c.pages[0],
      (PageRange{.kind = PageKind::kFile, .frame = 0x40000000, .count = 3}));
  EXPECT_EQ(c.pages[1], (PageRange{.kind = PageKind::kMovable,
                                   .level = Level::kPmd,
                                   .frame = 0x40000000}));
  EXPECT_EQ(Bytes(c), bytes);
  EXPECT_TRUE(V1Bytes(c).empty());
  // FOLL_LONGTERM means nothing with FOLL_GET.
  bytes[13] = 10;
  EXPECT_FALSE(Decode(bytes).requests[0].longterm);
}

// A failure at a page that the request does not have is one at another page.
TEST(CaseTest, FailuresAreInsideTheRequest) {
  std::vector<uint8_t> bytes = V2Header();
  for (int number = 0; number < 256; ++number) {
    bytes[15] = static_cast<uint8_t>(number);
    const std::optional<uint16_t> refused = Decode(bytes).requests[0].refused;
    if (number % 3 == 0) {
      EXPECT_EQ(refused, std::nullopt) << number;
    } else {
      EXPECT_EQ(refused, number % 3 - 1) << number;
    }
  }
  Case c = Decode(bytes);
  c.requests[0].refused = 2;
  c.requests[0].inaccessible = 1;
  Canonicalize(c);
  EXPECT_EQ(c.requests[0].refused, 1);
  EXPECT_EQ(c.requests[0].inaccessible, 1);
}

// What version 1 cannot represent.
TEST(CaseTest, EncodeV1RefusesWhatIsNew) {
  Case c = Decode(std::vector<uint8_t>{1});
  c.concurrent.push_back({{.kind = TableOp::Kind::kUpgrade}, 7});
  std::array<uint8_t, kMaxEncodedSize> out;
  EXPECT_EQ(EncodeV1(c, out), 2 * kV1RecordBytes);
  EXPECT_EQ(EncodeV1(Case(), out), 0u);
  const auto changed = [&](auto change) {
    Case other = c;
    change(other);
    return EncodeV1(other, out);
  };
  EXPECT_EQ(changed([](Case& to) { to.requests[0].refused = 0; }),
            std::nullopt);
  EXPECT_EQ(changed([](Case& to) { to.requests[0].inaccessible = 0; }),
            std::nullopt);
  EXPECT_EQ(
      changed([](Case& to) { to.requests[0].references = References::kGet; }),
      std::nullopt);
  EXPECT_EQ(changed([](Case& to) { to.concurrent[0].moment = Moment::kGrab; }),
            std::nullopt);
  EXPECT_EQ(changed([](Case& to) { to.requests[0].longterm = true; }),
            std::nullopt);
  EXPECT_EQ(changed([](Case& to) { to.pages.push_back({}); }), std::nullopt);
}

// Every number of two bytes is a paging mode.
TEST(CaseTest, EveryNumberIsAPagingMode) {
  std::map<std::string, int> modes;
  std::vector<uint8_t> bytes = V2Header();
  for (int number = 0; number < 1 << 16; ++number) {
    bytes[1] = static_cast<uint8_t>(number);
    bytes[2] = static_cast<uint8_t>(number >> 8);
    const Case c = Decode(bytes);
    ASSERT_FALSE(c.empty());
    ++modes[Name(c.mode)];
    // Its own number is among those.
    if (number < 256) ASSERT_EQ(Decode(Bytes(c)).mode, c.mode);
  }
  EXPECT_EQ(modes.size(), kAllPagingModes.size());
  // The shares of version 1, but for eight numbers.
  EXPECT_NEAR(modes["s390/3"], 64 * 256, 8);
  EXPECT_NEAR(modes["x86-64/5"], 12 * 256, 8);
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
  EXPECT_EQ(c.mode, (PagingMode{ArchId::kS390, 3}));
  ASSERT_EQ(c.requests.size(), 1u);
  EXPECT_EQ(c.requests[0].start, 0x10ffffff000u);
  EXPECT_EQ(c.requests[0].pages, 2);
  EXPECT_FALSE(c.requests[0].write);
  EXPECT_EQ(c.stack, (Stack{.around = StackContent::kCopy}));
  ASSERT_EQ(c.setup.size(), 1u);
  EXPECT_EQ(c.setup[0].kind, TableOp::Kind::kMap);
  EXPECT_EQ(c.setup[0].level, Level::kPte);
  EXPECT_EQ(c.setup[0].address, 0x10ffffff000u);
  EXPECT_EQ(c.setup[0].state, LeafState());
  EXPECT_EQ(c.setup[0].count, 4);
  EXPECT_EQ(c.setup[0].frame, 0xf80001000u);
}

// Changes, byte by byte, after a header of zeroes: s390/3, 2 GiB.
TEST(CaseTest, KnownBytesOfChanges) {
  std::vector<uint8_t> bytes(kV1RecordBytes, 0);
  bytes[0] = 1;
  const auto add = [&bytes](std::initializer_list<uint8_t> part) {
    bytes.insert(bytes.end(), part);
  };
  add({255});                     // a change
  add({0, 1, 0, 0, 0, 0, 0, 0});  // one page behind the start
  add({64, 0});                   // 4 entries
  add({148});                     // ro young dirty
  add({0x21, 0, 0x08, 0});        // its frame's number and that of the address
  add({128});                     // map pte
  add({0xbc, 0, 0});              // before read 48

  add({255});
  add({100, 0x01, 0xff, 0, 0, 0, 0, 0});  // 255 pages before the start
  add({0, 0, 0, 0, 0, 0, 0});             // no count, state and frame
  add({96});                              // detach
  add({0xc1, 5, 0});                      // before read 1 + 256 + 5

  add({255});
  add({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  add({248});            // upgrade
  add({0xc7, 0xff, 0});  // before read 2048
  const Case c = Decode(bytes);
  ASSERT_EQ(c.requests.size(), 1u);
  EXPECT_EQ(c.requests[0].start, 0x80000000u - 0x1000);
  EXPECT_TRUE(c.setup.empty());
  ASSERT_EQ(c.concurrent.size(), 3u);
  EXPECT_EQ(c.concurrent[0],
            (ConcurrentOp{{.kind = TableOp::Kind::kMap,
                           .level = Level::kPte,
                           .address = 0x80000000,
                           .count = 4,
                           .frame = 0x21000,
                           .state = {.permission = Permission::kRead}},
                          48}));
  EXPECT_EQ(c.concurrent[1], (ConcurrentOp{{.kind = TableOp::Kind::kDetach,
                                            .level = Level::kPmd,
                                            .address = 0x7ff00000},
                                           262}));
  EXPECT_EQ(c.concurrent[2],
            (ConcurrentOp{{.kind = TableOp::Kind::kUpgrade}, 2048}));
  EXPECT_EQ(V1Bytes(c), bytes);
}

// Bytes that a kind of change does not use are ignored.
TEST(CaseTest, ChangesIgnoreUnusedBytes) {
  std::vector<uint8_t> bytes(2 * kV1RecordBytes, 0xa5);
  bytes[0] = 1;
  bytes[1] = 0;
  bytes[kV1RecordBytes] = 255;
  const auto changed = [&bytes](uint8_t type) {
    bytes[kV1RecordBytes + 16] = type;
    return Decode(bytes).concurrent[0];
  };
  const ConcurrentOp upgrade = changed(248);
  EXPECT_EQ(upgrade,
            (ConcurrentOp{{.kind = TableOp::Kind::kUpgrade}, upgrade.number}));
  for (const uint8_t type : std::initializer_list<uint8_t>{96, 180}) {
    const ConcurrentOp change = changed(type);
    EXPECT_EQ(change.level, Level::kPmd);
    EXPECT_EQ(change.count, 1);
    EXPECT_EQ(change.frame, 0u);
    EXPECT_EQ(change.state, LeafState());
  }
  for (const uint8_t type : std::initializer_list<uint8_t>{0, 196}) {
    const ConcurrentOp change = changed(type);
    EXPECT_GT(change.count, 1);
    EXPECT_EQ(change.frame, 0u);
    EXPECT_EQ(change.state, LeafState());
  }
}

// The position of a kind in a list that never changes.
template <size_t kCount>
size_t NumberOf(TableOp::Kind kind,
                const std::array<TableOp::Kind, kCount>& kinds) {
  return static_cast<size_t>(std::find(kinds.begin(), kinds.end(), kind) -
                             kinds.begin());
}

// Every field of a case as numbers.
std::string Numbers(const Case& c) {
  std::ostringstream out;
  out << Name(c.mode) << ' ' << c.stack.position << ' '
      << static_cast<int>(c.stack.around);
  for (const StackWord& word : c.stack.words) {
    out << " s" << word.distance << ' ' << static_cast<int>(word.content) << ' '
        << word.word;
  }
  for (const Request& request : c.requests) {
    out << " q" << request.start << ' ' << request.pages << ' '
        << request.write;
    if (request.references != References::kEach) {
      out << ' ' << Name(request.references);
    }
    for (const auto page : {request.refused, request.inaccessible}) {
      if (page.has_value()) out << " f" << *page;
    }
  }
  for (const TableOp& record : c.setup) {
    out << " r" << NumberOf(record.kind, kSetupKinds) << ' '
        << Ordinal(record.level) << ' ' << record.address << ' ' << record.count
        << ' ' << record.frame << ' '
        << static_cast<int>(record.state.permission) << ' '
        << record.state.young << record.state.dirty << record.state.special
        << ' ' << record.word;
  }
  for (const ConcurrentOp& change : c.concurrent) {
    out << " c" << NumberOf(change.kind, kConcurrentKinds) << ' '
        << Ordinal(change.level) << ' ' << change.number << ' '
        << change.address << ' ' << change.count << ' ' << change.frame << ' '
        << static_cast<int>(change.state.permission) << ' '
        << change.state.young << change.state.dirty << change.state.special;
    if (change.moment != Moment::kRead) out << ' ' << Name(change.moment);
  }
  out << '\n';
  return out.str();
}

// A record of each type, and for changes of each kind, with both forms of the
// read's number.
std::vector<std::vector<uint8_t>> RecordsOfEachType() {
  std::vector<std::vector<uint8_t>> records;
  const auto add = [&records](uint8_t type) -> std::vector<uint8_t>& {
    records.emplace_back(kV1RecordBytes, 3);
    records.back()[0] = type;
    return records.back();
  };
  for (const uint8_t type : std::initializer_list<uint8_t>{
           0, 120, 160, 192, 204, 214, 230, 245, 254, 255}) {
    add(type);
  }
  for (const uint8_t kind : std::initializer_list<uint8_t>{
           40, 72, 96, 128, 152, 172, 180, 196, 212, 224, 248}) {
    std::vector<uint8_t>& change = add(255);
    change[16] = kind;
    change[17] = static_cast<uint8_t>(kind == 96 ? 194 : kind / 2);
  }
  return records;
}

// The meaning of each value of each byte is fixed for version 1: each byte of a
// header and of a record of each type takes all values in turn. A change of
// this digest changes the meaning of old files.
TEST(CaseTest, TheFormatIsFrozen) {
  const std::vector<std::vector<uint8_t>> records = RecordsOfEachType();
  std::string all;
  for (const uint8_t mode : std::initializer_list<uint8_t>{0, 64, 128, 176}) {
    for (const std::vector<uint8_t>& record : records) {
      for (size_t at = 2; at < 2 * kV1RecordBytes; ++at) {
        for (int value = 0; value < 256; ++value) {
          std::vector<uint8_t> bytes(kV1RecordBytes, 3);
          bytes[0] = kFormatVersion1;
          bytes[1] = mode;
          bytes.insert(bytes.end(), record.begin(), record.end());
          bytes[at] = static_cast<uint8_t>(value);
          all += Numbers(Decode(bytes));
        }
      }
    }
  }
  EXPECT_EQ(Sha1Hex({reinterpret_cast<const uint8_t*>(all.data()), all.size()}),
            "bafbbbccb070ca951bf8477dda18b1669c666125");
}

// The same for version 2, whose records have a length.
TEST(CaseTest, TheSecondFormatIsFrozen) {
  std::string all;
  for (const uint8_t mode : std::initializer_list<uint8_t>{2, 3, 4, 5}) {
    for (const uint8_t type : std::initializer_list<uint8_t>{
             0, 104, 140, 170, 182, 192, 204, 220, 231, 233}) {
      std::vector<uint8_t> plain = V2Header();
      plain[1] = mode;
      plain[2] = 1;
      std::fill(plain.begin() + 3, plain.end(), 3);
      plain.push_back(type);
      plain.push_back(23);
      plain.insert(plain.end(), 23, 3);
      for (size_t at = 3; at < plain.size(); ++at) {
        for (int value = 0; value < 256; ++value) {
          std::vector<uint8_t> bytes = plain;
          const bool is_later = at == kHeaderBytes && value >= kFirstLaterType;
          bytes[at] = is_later ? 0xf1 : static_cast<uint8_t>(value);
          all += Numbers(Decode(bytes));
        }
      }
    }
  }
  EXPECT_EQ(Sha1Hex({reinterpret_cast<const uint8_t*>(all.data()), all.size()}),
            "dbc6e523a831dea8ae71756e60f415f55186a62e");
}

TEST(CaseTest, UnbuiltArchitecturesDecodeToTheEmptyCase) {
  size_t empty = 0;
  for (int selector = 0; selector < 256; ++selector) {
    const std::vector<uint8_t> bytes = {1, static_cast<uint8_t>(selector)};
    empty += Decode(bytes).empty();
  }
  size_t built = 0;
  for (const PagingMode& mode : kAllPagingModes) built += IsBuilt(mode);
  EXPECT_EQ(empty == 0, built == kAllPagingModes.size());
}

// docs/format.md, relative to the project's folder: the meaning of byte 16 of a
// change.
TEST(CaseTest, ChangesMatchTheDocumentation) {
  std::ifstream manual("docs/format.md");
  std::string line;
  while (std::getline(manual, line) && line != "#### Change") continue;
  std::vector<std::string> names;
  while (std::getline(manual, line) && !line.starts_with("- *Clear*")) {
    std::istringstream in(line);
    std::string bar;
    std::string name;
    size_t share = 0;
    if (!(in >> bar >> share)) continue;
    in >> bar;
    for (std::string word; in >> word && word != "|";) {
      name += (name.empty() ? "" : " ") + word;
    }
    names.insert(names.end(), share, name);
  }
  ASSERT_EQ(names.size(), 256u);
  std::vector<uint8_t> bytes(2 * kV1RecordBytes, 0);
  bytes[0] = 1;
  bytes[1] = 176;  // s390/5, which has all levels
  bytes[kV1RecordBytes] = 255;
  for (size_t i = 0; i < names.size(); ++i) {
    bytes[kV1RecordBytes + 16] = static_cast<uint8_t>(i);
    const ConcurrentOp change = Decode(bytes).concurrent[0];
    std::string name(Name(change.kind));
    if (change.kind != TableOp::Kind::kUpgrade) {
      name += ' ' + std::string(Name(change.level));
    }
    EXPECT_EQ(name, names[i]) << i;
  }
}

// A change comes no earlier than the one before it.
TEST(CaseTest, ReadsOfChangesNeverDecrease) {
  std::vector<uint8_t> bytes(4 * kV1RecordBytes, 0);
  bytes[0] = 1;
  const std::array<uint8_t, 3> reads = {6 * 4, 2 * 4, 8 * 4};
  Case c = Decode(std::vector<uint8_t>{1});
  for (size_t i = 0; i < reads.size(); ++i) {
    bytes[(1 + i) * kV1RecordBytes] = 255;
    bytes[(1 + i) * kV1RecordBytes + 17] = reads[i];
    c.concurrent.push_back(
        {{.kind = TableOp::Kind::kClear, .address = 0x7ffff000, .count = 2},
         static_cast<uint16_t>(1 + reads[i] / 4)});
  }
  const Case decoded = Decode(bytes);
  ASSERT_EQ(decoded.concurrent.size(), 3u);
  EXPECT_EQ(decoded.concurrent[0].number, 7);
  EXPECT_EQ(decoded.concurrent[1].number, 7);
  EXPECT_EQ(decoded.concurrent[2].number, 9);
  EXPECT_NE(c, decoded);
  Canonicalize(c);
  EXPECT_EQ(c, decoded);
}

TEST(CaseTest, LeavesOutWhatDoesNotFit) {
  for (const uint8_t type : std::initializer_list<uint8_t>{0, 230, 245, 255}) {
    std::vector<uint8_t> bytes(100 * kV1RecordBytes, 3);
    bytes[0] = 1;
    bytes[1] = 0;
    for (size_t at = kV1RecordBytes; at < bytes.size(); at += kV1RecordBytes) {
      bytes[at] = type;
      bytes[at + 17] = static_cast<uint8_t>(at / kV1RecordBytes * 4);
    }
    const Case c = Decode(bytes);
    EXPECT_FALSE(c.empty());
    EXPECT_EQ(c.setup.size(), type == 0 ? 24u : 0u);
    EXPECT_EQ(c.requests.size(), type == 230 ? 4u : 1u);
    EXPECT_EQ(c.stack.words.size(), type == 245 ? 4u : 0u);
    ASSERT_EQ(c.concurrent.size(), type == 255 ? 3u : 0u);
    // The first ones stay.
    for (size_t i = 0; i < c.concurrent.size(); ++i) {
      EXPECT_EQ(c.concurrent[i].number, i + 2);
    }
  }
}

// The largest case fits into kMaxEncodedSize.
TEST(CaseTest, TheLargestCaseFits) {
  Case c = Decode(std::vector<uint8_t>{1});
  while (c.requests.push_back({.start = 0x1000})) continue;
  while (c.stack.words.push_back(
      {.distance = 1, .content = StackContent::kWord, .word = ~uint64_t{0}})) {
    continue;
  }
  while (c.setup.push_back({.kind = TableOp::Kind::kPoke,
                            .address = 0x1000,
                            .word = ~uint64_t{0}})) {
    continue;
  }
  while (c.concurrent.push_back(
      {{.kind = TableOp::Kind::kClear, .address = 0x1000}})) {
    continue;
  }
  EXPECT_EQ(V1Bytes(c).size(), 35 * kV1RecordBytes);
  EXPECT_EQ(Decode(V1Bytes(c)), c);
  for (Request& request : c.requests) request.inaccessible = 0;
  for (ConcurrentOp& op : c.concurrent) op.moment = Moment::kPgd;
  EXPECT_LE(Bytes(c).size(), kMaxEncodedSize);
  EXPECT_EQ(Bytes(c).size(), kHeaderBytes + 3 * (2 + 15) + 4 * (2 + 11) +
                                 24 * (2 + 17) + 3 * (2 + 19));
  EXPECT_EQ(Decode(Bytes(c)), c);
  // With attributes of every leaf.
  c.mode = {ArchId::kX86, 4};
  while (c.pages.push_back({.frame = 0x1000})) continue;
  for (TableOp& op : c.setup) {
    op = {.kind = TableOp::Kind::kMap,
          .address = uint64_t{1} << 46,
          .count = 77,
          .state = {.kernel = true, .key = 15}};
  }
  for (ConcurrentOp& op : c.concurrent) {
    op.kind = TableOp::Kind::kMap;
    op.state.key = 15;
  }
  c.pkru = 0xffff;
  Canonicalize(c);
  EXPECT_LE(Bytes(c).size(), kMaxEncodedSize);
  EXPECT_GT(Bytes(c).size(), kMaxEncodedSize - 60);
  EXPECT_EQ(Decode(Bytes(c)), c);
}

// Version 1 has neither attributes nor special large leaves of x86-64.
TEST(CaseTest, LeavesThatVersion1DoesNotHave) {
  std::vector<uint8_t> record(kV1RecordBytes);
  record[0] = 120;                 // map pmd
  record[11] = 0xd0;               // rw young dirty special
  record[18] = record[19] = 0xff;  // nothing
  std::vector<uint8_t> bytes(kV1RecordBytes);
  bytes[0] = 1;
  bytes[1] = 204;  // x86-64/4
  bytes.insert(bytes.end(), record.begin(), record.end());
  const Case c = Decode(bytes);
  ASSERT_EQ(c.mode, (PagingMode{ArchId::kX86, 4}));
  ASSERT_EQ(c.setup.size(), 1u);
  EXPECT_EQ(c.setup[0].level, Level::kPmd);
  EXPECT_EQ(c.setup[0].state, LeafState{});
  EXPECT_TRUE(EncodeV1(c, bytes).has_value());

  std::array<uint8_t, kMaxEncodedSize> room;
  for (const LeafState& state :
       {LeafState{.special = true}, LeafState{.kernel = true},
        LeafState{.noexec = true}, LeafState{.pat = true},
        LeafState{.pwt = true, .pcd = true, .key = 11}}) {
    Case later = c;
    later.setup[0].state = state;
    Canonicalize(later);
    EXPECT_EQ(later.setup[0].state, state);
    EXPECT_EQ(Decode(Bytes(later)), later);
    EXPECT_EQ(EncodeV1(later, room), std::nullopt);
    // s390 has no such leaves, but for those that nobody may execute.
    later.mode = {ArchId::kS390, 3};
    Canonicalize(later);
    EXPECT_EQ(later.setup[0].state, LeafState{.noexec = state.noexec});
  }
  Case forbidden = c;
  forbidden.pkru = 0x8004;
  EXPECT_EQ(Decode(Bytes(forbidden)), forbidden);
  EXPECT_EQ(EncodeV1(forbidden, room), std::nullopt);
  forbidden.mode = {ArchId::kArm64Page16K, 4};
  Canonicalize(forbidden);
  EXPECT_EQ(forbidden.pkru, 0);
}

TEST(CaseTest, RandomBytesRoundTrip) {
  RandomBytes random(1);
  for (int i = 0; i < Budget(300'000); ++i) {
    const Case c = Decode(random.Next());
    const std::vector<uint8_t> bytes = Bytes(c);
    ASSERT_EQ(Decode(bytes), c) << ToText(c);
    ASSERT_EQ(Bytes(Decode(bytes)), bytes) << ToText(c);
    Case canonical = c;
    Canonicalize(canonical);
    ASSERT_EQ(canonical, c) << ToText(c);
    // Nothing that comes from version 1 is lost there.
    const std::vector<uint8_t> v1 = V1Bytes(c);
    if (i % 2 == 0) ASSERT_FALSE(v1.empty()) << ToText(c);
    if (!v1.empty()) ASSERT_EQ(Decode(v1), c) << ToText(c);
  }
}

// A case that was not decoded from bytes loses nothing either: bytes can
// represent every page of every paging mode.
TEST(CaseTest, CanonicalCasesRoundTrip) {
  RandomCase random(2);
  std::map<TableOp::Kind, int> kinds;
  for (int i = 0; i < Budget(200'000); ++i) {
    const Case c = random.Next();
    ASSERT_EQ(Decode(Bytes(c)), c) << ToText(c);
    for (const ConcurrentOp& change : c.concurrent) {
      ++kinds[change.kind];
    }
  }
  EXPECT_EQ(kinds.size(), kConcurrentKinds.size());
  EXPECT_THAT(kinds, ::testing::Each(::testing::Pair(
                         ::testing::_, ::testing::Gt(Budget(10'000)))));
}

TEST(CaseTest, KnownCasesAreCanonical) {
  for (const KnownCase& known : KnownCases()) {
    Case c = known.c;
    Canonicalize(c);
    EXPECT_EQ(c, known.c) << known.name;
    EXPECT_EQ(Decode(Bytes(c)), c) << known.name;
  }
}

TEST(CaseTest, CanonicalizeMakesCasesEncodable) {
  Case c = MakeCase(2, {.start = 0x1234, .pages = 0},
                    {MapLarge(Level::kPud, 3 * kGiB + 4096, 5 * kGiB + 1,
                              {.special = true})});
  c.requests.push_back({.start = 0, .pages = 600});
  Canonicalize(c);
  EXPECT_EQ(c.requests[0].start, 0x1000u);
  EXPECT_EQ(c.requests[0].pages, 1);
  EXPECT_EQ(c.requests[1].pages, 512);
  // A 2-level paging mode has no 2 GiB leaves, and large leaves are never
  // special.
  EXPECT_EQ(c.setup[0].level, Level::kPmd);
  EXPECT_EQ(c.setup[0].address, 3 * kGiB);
  EXPECT_EQ(c.setup[0].frame, 5 * kGiB);
  EXPECT_FALSE(c.setup[0].state.special);
}

TEST(CaseTest, SwapEntriesOfOtherTypesHaveLevels) {
  for (const TableOp::Kind kind :
       {TableOp::Kind::kMigration, TableOp::Kind::kHwPoison}) {
    for (const Level level : {Level::kPte, Level::kPmd, Level::kPud}) {
      Case c = MakeCase(4, {.start = 6 * kGiB},
                        {{.kind = kind,
                          .level = level,
                          .address = 6 * kGiB,
                          .count = 3,
                          .frame = 8 * kGiB}});
      const Case made = c;
      Canonicalize(c);
      EXPECT_EQ(c, made) << ToText(c);
      EXPECT_EQ(Decode(Bytes(c)), c) << ToText(c);
      EXPECT_TRUE(V1Bytes(c).empty());
    }
    // Leaves of p4d exist nowhere, those of pud with 3 levels or more.
    for (const int levels : {2, 4}) {
      Case c = MakeCase(
          levels, {},
          {{.kind = kind, .level = Level::kP4d, .state = {.young = false}}});
      Canonicalize(c);
      EXPECT_EQ(c.setup[0].level, levels == 2 ? Level::kPmd : Level::kPud);
      EXPECT_EQ(c.setup[0].state, LeafState());
    }
  }
}

TEST(CaseTest, ContiguousPagesComeInBlocks) {
  constexpr uint64_t kBlock = 128 * 16384;
  Case c = MakeCase(3, {.start = 8 * kBlock},
                    {{.address = 8 * kBlock + 16384,
                      .count = 129,
                      .frame = 3 * kBlock + 32768,
                      .state = {.contiguous = true}}});
  c.mode.arch = ArchId::kArm64Page16K;
  Canonicalize(c);
  EXPECT_EQ(c.setup[0], (TableOp{.address = 8 * kBlock,
                                 .count = 256,
                                 .frame = 3 * kBlock,
                                 .state = {.contiguous = true}}));
  EXPECT_EQ(Decode(Bytes(c)), c) << ToText(c);
  EXPECT_TRUE(V1Bytes(c).empty());
  c.setup[0].count = 512;
  Canonicalize(c);
  EXPECT_EQ(c.setup[0].count, 512);
  c.mode = {ArchId::kX86, 4};
  Canonicalize(c);
  EXPECT_EQ(c.setup[0].state, LeafState());
}

TEST(CaseTest, DevicePrivateEntriesAreSmall) {
  Case c = MakeCase(4, {.start = 6 * kGiB},
                    {{.kind = TableOp::Kind::kDevicePrivate,
                      .level = Level::kPmd,
                      .address = 6 * kGiB,
                      .count = 3,
                      .frame = 8 * kGiB}});
  c.mode.arch = ArchId::kX86;
  Canonicalize(c);
  EXPECT_EQ(c.setup[0].kind, TableOp::Kind::kDevicePrivate);
  EXPECT_EQ(c.setup[0].level, Level::kPte);
  EXPECT_EQ(Decode(Bytes(c)), c) << ToText(c);
  EXPECT_TRUE(V1Bytes(c).empty());
  // The record is that of swap entries, of another type.
  std::vector<uint8_t> bytes = Bytes(c);
  constexpr size_t kTypeInRecord = kHeaderBytes + 2 + 10;
  ASSERT_EQ(bytes[kHeaderBytes], 0xc0);
  ASSERT_EQ(bytes[kTypeInRecord], 0xc0);
  bytes[kTypeInRecord] = 0xbf;
  EXPECT_EQ(Decode(bytes).setup[0].kind, TableOp::Kind::kSwap);
  // s390 has none.
  c.mode.arch = ArchId::kS390;
  Canonicalize(c);
  EXPECT_EQ(c.setup[0].kind, TableOp::Kind::kSwap);
}

// Records that were skipped, and now have a meaning.
TEST(CaseTest, TypesOfRecordsOfSwapEntries) {
  const auto decode = [](uint8_t type) {
    std::vector<uint8_t> bytes(kHeaderBytes, 0);
    bytes[0] = kFormatVersion;
    bytes[1] = 0x04;
    bytes[2] = 0x01;
    bytes.insert(bytes.end(), {type, 0});
    return Decode(bytes);
  };
  const auto expect = [&](uint8_t type, TableOp::Kind kind, Level level) {
    const Case c = decode(type);
    ASSERT_EQ(c.setup.size(), 1u);
    EXPECT_EQ(c.setup[0].kind, kind);
    EXPECT_EQ(c.setup[0].level, level);
  };
  EXPECT_EQ(decode(0xf4).concurrent[0].kind, TableOp::Kind::kInvalidate);
  EXPECT_EQ(decode(0xf5).concurrent[0].kind, TableOp::Kind::kInvalidate);
  expect(0xf6, TableOp::Kind::kMigration, Level::kPmd);
  expect(0xf8, TableOp::Kind::kMigration, Level::kPmd);
  expect(0xf9, TableOp::Kind::kMigration, Level::kPud);
  expect(0xfb, TableOp::Kind::kMigration, Level::kPte);
  expect(0xfc, TableOp::Kind::kHwPoison, Level::kPmd);
  expect(0xfe, TableOp::Kind::kHwPoison, Level::kPud);
  expect(0xff, TableOp::Kind::kHwPoison, Level::kPte);
}

// The only change of a case with `levels` levels, canonicalized.
ConcurrentOp Sayable(int levels, const ConcurrentOp& change) {
  Case c = MakeCase(levels, {}, {});
  c.concurrent.push_back(change);
  Canonicalize(c);
  EXPECT_EQ(Decode(Bytes(c)), c) << ToText(c);
  return c.concurrent[0];
}

TEST(CaseTest, CanonicalizeMakesChangesEncodable) {
  using enum TableOp::Kind;
  // The number of the read.
  EXPECT_EQ(Sayable(3, {{.kind = TableOp::Kind::kClear}, 0}).number, 1);
  EXPECT_EQ(Sayable(3, {{.kind = TableOp::Kind::kClear}, 2049}).number, 2048);
  // Levels: those that the kind supports, that are real, that have leaves.
  const auto level = [](int levels, TableOp::Kind kind, Level of) {
    return Sayable(levels, {{.kind = kind, .level = of}}).level;
  };
  for (const Level of : kAllLevels) {
    for (const int levels : {2, 3, 4, 5}) {
      EXPECT_EQ(level(levels, kDetach, of), Level::kPmd);
      EXPECT_EQ(level(levels, kSplit, of), Level::kPmd);
      EXPECT_EQ(level(levels, kInvalidate, of), Level::kPmd);
      EXPECT_EQ(level(levels, kRefill, of), Level::kPte);
      EXPECT_EQ(level(levels, kUpgrade, of), Level::kPte);
    }
  }
  EXPECT_EQ(level(2, kClear, Level::kPgd), Level::kPmd);
  EXPECT_EQ(level(4, kClear, Level::kPgd), Level::kP4d);
  EXPECT_EQ(level(5, kClear, Level::kPgd), Level::kPgd);
  EXPECT_EQ(level(2, kMap, Level::kPgd), Level::kPmd);
  EXPECT_EQ(level(5, kMap, Level::kPgd), Level::kPud);
  EXPECT_EQ(level(5, kWriteProtect, Level::kP4d), Level::kPud);
  EXPECT_EQ(level(2, kMigrate, Level::kP4d), Level::kPmd);
  EXPECT_EQ(level(5, kMigrate, Level::kP4d), Level::kPud);
  EXPECT_EQ(level(3, kWriteProtect, Level::kPte), Level::kPte);
  // Addresses and frames are aligned; members that the kind does not have are
  // dropped.
  const ConcurrentOp odd = {{.level = Level::kPud,
                             .address = 3 * kGiB + 4097,
                             .count = 0,
                             .frame = 5 * kGiB + 4097,
                             .state = {.young = false, .special = true}}};
  const auto of = [&odd](TableOp::Kind kind) {
    ConcurrentOp change = odd;
    change.kind = kind;
    return Sayable(3, change);
  };
  EXPECT_EQ(of(kClear),
            (ConcurrentOp{
                {.kind = kClear, .level = Level::kPud, .address = 2 * kGiB}}));
  EXPECT_EQ(of(kDetach),
            (ConcurrentOp{
                {.kind = kDetach, .level = Level::kPmd, .address = 3 * kGiB}}));
  EXPECT_EQ(of(kMap), (ConcurrentOp{{.kind = kMap,
                                     .level = Level::kPud,
                                     .address = 2 * kGiB,
                                     .frame = 4 * kGiB,
                                     .state = {.young = false}}}));
  EXPECT_EQ(of(kWriteProtect), (ConcurrentOp{{.kind = kWriteProtect,
                                              .level = Level::kPud,
                                              .address = 2 * kGiB}}));
  EXPECT_EQ(of(kRefill),
            (ConcurrentOp{{.kind = kRefill,
                           .address = 3 * kGiB + 4096,
                           .frame = 5 * kGiB + 4096,
                           .state = {.young = false, .special = true}}}));
  EXPECT_EQ(of(kUpgrade), (ConcurrentOp{{.kind = kUpgrade}}));
  // Counts.
  const auto count = [](TableOp::Kind kind, uint64_t address,
                        uint16_t entries) {
    return Sayable(3, {{.kind = kind, .address = address, .count = entries}})
        .count;
  };
  for (const TableOp::Kind kind : {kClear, kMap, kWriteProtect, kMigrate}) {
    EXPECT_EQ(count(kind, 0xff000, 600), 512);
    EXPECT_EQ(count(kind, 0xff000, 0), 1);
  }
  for (const TableOp::Kind kind : {kDetach, kSplit, kUpgrade, kInvalidate}) {
    EXPECT_EQ(count(kind, 0xff000, 5), 1);
  }
  // A page table of s390 has 256 entries.
  EXPECT_EQ(count(kRefill, 0, 600), 256);
  EXPECT_EQ(count(kRefill, 0xfe000, 5), 2);
  EXPECT_EQ(count(kRefill, 0xff000, 5), 1);
  EXPECT_EQ(count(kRefill, 0xff000, 0), 1);
}

}  // namespace
}  // namespace pxdfuzz
