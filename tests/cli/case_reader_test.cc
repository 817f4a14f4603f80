// SPDX-License-Identifier: MIT

#include "src/cli/text/case_reader.h"

#include <array>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <map>
#include <ostream>
#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pxdfuzz/base/read_file.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/case/case_text.h"
#include "tests/known_cases.h"
#include "tests/random_bytes.h"
#include "tests/random_case.h"

namespace pxdfuzz {
namespace {

using ::testing::Each;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

Case Read(std::string_view text) {
  const absl::StatusOr<Case> c = ReadCaseText(text, "f");
  if (c.ok()) return *c;
  ADD_FAILURE() << c.status() << "\n" << text;
  return {};
}

std::string Error(std::string_view text) {
  const absl::StatusOr<Case> c = ReadCaseText(text, "f");
  return c.ok() ? "accepted" : std::string(c.status().message());
}

// Every feature of the format.
Case Everything() {
  Case c;
  c.mode = {ArchId::kS390, 4};
  c.stack.position = 1023;
  c.stack.around = StackContent::kNext;
  c.stack.words.push_back({-3, StackContent::kWord, 0xdead});
  c.stack.words.push_back({2, StackContent::kCopy, 0});
  c.stack.words.push_back({32767, StackContent::kZero, 0});
  c.stack.words.push_back({-32768, StackContent::kNext, 0});
  c.requests.push_back({.start = 0x3fffff000, .pages = 1, .write = true});
  c.requests.push_back({.start = 0xfffffffffffff000, .pages = 512});
  c.setup.push_back(
      MapLarge(Level::kPud, 0x380000000, 0x80000000,
               {.permission = Permission::kNone, .young = false}));
  c.setup.push_back(MapPages(
      0xffffffffff3ff000, 512, 0xffffffff000,
      {.permission = Permission::kRead, .dirty = false, .special = true}));
  c.setup.push_back({.kind = TableOp::Kind::kClear,
                     .level = Level::kP4d,
                     .address = 0x40000000000,
                     .count = 3});
  c.setup.push_back(
      {.kind = TableOp::Kind::kSwap, .address = 0x1000, .frame = 0x5000});
  c.setup.push_back({.kind = TableOp::Kind::kPoke,
                     .level = Level::kPmd,
                     .address = 0x100000,
                     .word = 0xffffffffffffffff});
  c.setup.push_back({.kind = TableOp::Kind::kPokeControl, .word = 0x17});
  c.concurrent.push_back({{.kind = TableOp::Kind::kDetach,
                           .level = Level::kPmd,
                           .address = 0xffffffffff300000}});
  c.concurrent.push_back({{.kind = TableOp::Kind::kRefill,
                           .address = 0xffffffffff3fe000,
                           .count = 2,
                           .frame = 0xffffffff000,
                           .state = {.permission = Permission::kNone,
                                     .young = false,
                                     .dirty = false,
                                     .special = true}},
                          2048});
  c.concurrent.push_back({{.kind = TableOp::Kind::kUpgrade}, 2048});
  return c;
}

// A correct text, with one part replaced.
std::string With(std::string_view part, std::string_view by) {
  std::string text =
      "version: 2\n"
      "space: s390/3\n"
      "requests:\n"
      "- {start: 0x1000, pages: 2, access: read}\n"
      "stack:\n"
      "  position: 0\n"
      "  around: copy\n"
      "  words:\n"
      "  - {distance: 1, holds: 0x5}\n"
      "tables:\n"
      "- map: {pte: 0x1000, count: 1, frame: 0x2000, state: rw young dirty}\n"
      "- clear: {pmd: 0x100000, count: 2}\n"
      "- swap: {pte: 0x3000, count: 1, place: 0x4000}\n"
      "- poke: {pud: 0x80000000, word: 0x20}\n"
      "- poke-control: {word: 0x7}\n"
      "changes:\n"
      "- before read 2: clear 3 pte of 0x1000\n"
      "- before read 5: map pte of 0x3000 to 0x8000, ro old clean\n";
  const size_t at = text.find(part);
  EXPECT_NE(at, text.npos) << part;
  return text.replace(at, part.size(), by);
}

TEST(ReadCaseTextTest, ReadsTheOutputOfToText) {
  EXPECT_EQ(Read(ToText(Everything())), Everything());
  EXPECT_EQ(Read(ToText(Case())), Case());
  for (const KnownCase& known : KnownCases()) {
    EXPECT_EQ(Read(ToText(known.c)), known.c) << known.name;
  }
}

TEST(ReadCaseTextTest, ReadsBackRandomCases) {
  RandomBytes random(1);
  int full = 0;
  for (int i = 0; i < 3000; ++i) {
    const Case c = Decode(random.Next());
    ASSERT_EQ(Read(ToText(c)), c) << ToText(c);
    full += c.setup.full() ? 1 : 0;
  }
  EXPECT_GT(full, 0);
}

TEST(ReadCaseTextTest, ReadsBackRandomChanges) {
  RandomCase random(2);
  std::map<TableOp::Kind, int> kinds;
  for (int i = 0; i < 10'000; ++i) {
    const Case c = random.Next();
    ASSERT_EQ(Read(ToText(c)), c) << ToText(c);
    // Also in the form for mail, which has more line breaks.
    ASSERT_EQ(Read(ToText(c, 60)), c) << ToText(c, 60);
    for (const ConcurrentOp& change : c.concurrent) {
      ++kinds[change.kind];
    }
  }
  EXPECT_EQ(kinds.size(), kConcurrentKinds.size());
  EXPECT_THAT(kinds, Each(testing::Pair(testing::_, Gt(1000))));
}

// docs/format.md, relative to the project's folder.
TEST(ReadCaseTextTest, TheDocumentationsExampleIsCanonical) {
  const std::string manual = ReadFile("docs/format.md").value_or("");
  constexpr std::string_view kBegin = "```yaml\n";
  const size_t begin = manual.find(kBegin);
  ASSERT_NE(begin, manual.npos);
  const size_t at = begin + kBegin.size();
  const std::string text = manual.substr(at, manual.find("```", at) - at);
  EXPECT_EQ(ToText(Read(text)), text);
}

TEST(ReadCaseTextTest, AcceptsAnySpelling) {
  EXPECT_EQ(Read(With("{start: 0x1000, pages: 2, access: read}",
                      "access: 'read'\n  start: +4096  # a page\n"
                      "  pages: 0X2")),
            Read(With("", "")));
  EXPECT_EQ(Read("{tables: [{map: {frame: 8192, state: \"dirty young  rw\", "
                 "count: 0x1,\n  pte: 4096}}], stack: {around: zero, position: "
                 "0x7FF}, \"requests\":\n  [{pages: 512, access: write, start: "
                 "4096}], version: 0x1, space: s390/3}"),
            Read("version: 1\nspace: s390/3\nrequests:\n"
                 "- {start: 0x1000, pages: 512, access: write}\n"
                 "stack:\n  position: 2047\n  around: zero\ntables:\n"
                 "- map: {pte: 0x1000, count: 1, frame: 0x2000, "
                 "state: rw young dirty}\n"));
  EXPECT_EQ(Read("---\nversion: 1\nrequests: []\n...\n"), Case());
}

TEST(ReadCaseTextTest, AcceptsAnySpellingOfChanges) {
  const Case plain = Read(With("", ""));
  ASSERT_EQ(plain.concurrent.size(), 2u);
  EXPECT_EQ(
      plain.concurrent[0],
      (ConcurrentOp{
          {.kind = TableOp::Kind::kClear, .address = 0x1000, .count = 3}, 2}));
  EXPECT_EQ(plain.concurrent[1],
            (ConcurrentOp{{.kind = TableOp::Kind::kMap,
                           .address = 0x3000,
                           .frame = 0x8000,
                           .state = {.permission = Permission::kRead,
                                     .young = false,
                                     .dirty = false}},
                          5}));
  for (const std::string_view first :
       {"before  read   0x2 :   clear  0X3   pte  of   4096  # a comment",
        "\"before read 2\": 'clear +3 pte of 0x01000'",
        "before read 2:\n    clear 3\n    pte of 0x1000",
        "? before read 2\n  : clear 3 pte of 0x1000"}) {
    EXPECT_EQ(Read(With("before read 2: clear 3 pte of 0x1000", first)), plain)
        << first;
  }
  for (const std::string_view second :
       {"map 1 pte of 0x3000 to 0x8000, ro old clean",
        "map +1 pte of 12288 to 32768 ,clean  old\n    ro",
        "\"map pte of 0x3000 to 0x8000,ro\\told\\nclean\""}) {
    EXPECT_EQ(Read(With("map pte of 0x3000 to 0x8000, ro old clean", second)),
              plain)
        << second;
  }
  EXPECT_EQ(Read(With("changes:\n"
                      "- before read 2: clear 3 pte of 0x1000\n"
                      "- before read 5: map pte of 0x3000 to 0x8000, ro old "
                      "clean\n",
                      "changes: [{before read 2: clear 3 pte of 0x1000}, "
                      "{before read 5: 'map pte of 0x3000 to 0x8000, ro old "
                      "clean'}]\n")),
            plain);
  // A kind without a count has one entry.
  for (const std::string_view kind : {"detach", "split"}) {
    const std::string line(kind);
    EXPECT_EQ(Read(With("clear 3 pte of 0x1000", line + " 1 pmd of 0x100000")),
              Read(With("clear 3 pte of 0x1000", line + " pmd of 0x100000")));
  }
  // Two changes before one read keep their order.
  const Case together = Read(With("before read 5", "before read 2"));
  EXPECT_EQ(together.concurrent[1].number, 2);
  EXPECT_EQ(together.concurrent[1].kind, TableOp::Kind::kMap);
  // No changes: with and without the key.
  const std::string all = With("", "");
  const Case none = Read(all.substr(0, all.find("changes:")));
  EXPECT_TRUE(none.concurrent.empty());
  EXPECT_EQ(Read(all.substr(0, all.find("changes:")) + "changes: []\n"), none);
}

struct Refused {
  std::string_view part;
  std::string_view by;
  std::string_view message;
};

void PrintTo(const Refused& refused, std::ostream* out) { *out << refused.by; }

class ReadCaseTextErrorTest : public ::testing::TestWithParam<Refused> {};

TEST_P(ReadCaseTextErrorTest, ReportsPositionAndValue) {
  const Refused& refused = GetParam();
  EXPECT_EQ(Error(With(refused.part, refused.by)), refused.message);
}

constexpr Refused kStructure[] = {
    {"version: 2", "version: 3",
     "f:1:10: version: found '3'; should be 2, or 1 for an older case"},
    {"version: 2", "version: '2'",
     "f:1:10: version: found the text '2'; should be 2, or 1 for an older "
     "case"},
    {"version: 2\n", "",
     "f:1:1: found no key 'version'; a case has the keys version, space, "
     "requests, stack and tables"},
    {"version: 2\n", "version: 2\nversions: 2\n",
     "f:2:1: found the key 'versions'; the keys of a case are version, space, "
     "requests, stack, tables, changes, pages and "
     "pkru"},
    {"version: 2\n", "version: 2\nversion: 2\n",
     "f:2:1: found the key 'version' a second time; it should be there once"},
    {"s390/3", "s390/6",
     "f:2:8: space: found 's390/6'; should be s390/2, s390/3, s390/4, s390/5, "
     "x86-64/4, x86-64/5, arm64-16k/3 or arm64-16k/4"},
    {"s390/3", "arm64-16k/5",
     "f:2:8: space: found 'arm64-16k/5'; should be s390/2, s390/3, s390/4, "
     "s390/5, x86-64/4, x86-64/5, arm64-16k/3 or arm64-16k/4"},
    {"\n- {start: 0x1000, pages: 2, access: read}", " 5",
     "f:3:11: requests: found '5'; should be a list"},
    {"\n- {start: 0x1000, pages: 2, access: read}", " []",
     "f:2:1: found the key 'space'; the keys of a case without requests are "
     "version and requests"},
    {"start: 0x1000, ", "",
     "f:4:3: found no key 'start'; a request has the keys start, pages and "
     "access"},
    {"  around: copy\n", "",
     "f:6:3: found no key 'around'; a stack has the keys position and around"},
    {"\n- map", "\n- mop",
     "f:11:3: tables: found the key 'mop'; should be map, clear, swap, poke, "
     "poke-control, migration, hwpoison or device-private"},
    {"- poke-control: {word: 0x7}", "- 7",
     "f:15:3: tables: found '7'; each item has one key: map, clear, swap, "
     "poke, poke-control, migration, hwpoison or device-private"},
    {"- poke-control: {word: 0x7}", "- {}",
     "f:15:3: tables: found a mapping with 0 keys; each item has one key: map, "
     "clear, swap, poke, poke-control, migration, hwpoison or "
     "device-private"},
    {"{word: 0x7}", "[]",
     "f:15:17: found a list; a poke-control is a mapping with the keys word"},
    {"clear: {pmd: 0x100000, count", "clear: {count",
     "f:12:10: found no level; a clear has the key pte, pmd, pud, p4d or pgd, "
     "with an address, and count"},
    {"clear: {pmd: 0x100000", "clear: {pmd: 0, pte: 0",
     "f:12:19: found the level 'pte' behind 'pmd'; a clear has one"},
    {"place: 0x4000", "frame: 0x4000",
     "f:13:33: found the key 'frame'; the keys of a swap are pte, count and "
     "place"},
    {"version: 2", "version: [1",
     "f:2:6: not YAML: end of sequence flow not found"},
    {"version: 2", "version: &a 1", "f:1:10: found an anchor; leave it out"},
    {"version: 2", "version: !!int 1", "f:1:10: found a tag; leave it out"},
    {"- poke-control: {word: 0x7}", "---\nversion: 1",
     "f:16:1: found a second document; a file holds one case"},
    {"version: 2", "version: [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]",
     "f:1:25: found more than 16 levels of lists and mappings; a case has 4"},
};
INSTANTIATE_TEST_SUITE_P(Structure, ReadCaseTextErrorTest,
                         ::testing::ValuesIn(kStructure));

constexpr Refused kValues[] = {
    {"start: 0x1000", "start: 0x1fff",
     "f:4:11: start: found 0x1fff, which a case cannot say; the nearest is "
     "0x1000"},
    {"start: 0x1000", "start: -4096",
     "f:4:11: start: found '-4096'; should be a number from 0 to "
     "0xffffffffffffffff"},
    {"start: 0x1000", "start: 0x10000000000000000",
     "f:4:11: start: found '0x10000000000000000'; should be a number from 0 to "
     "0xffffffffffffffff"},
    {"start: 0x1000", "start: 010000",
     "f:4:11: start: found '010000'; should be a number from 0 to "
     "0xffffffffffffffff"},
    {"start: 0x1000", "start: ",
     "f:4:11: start: found nothing; should be a number from 0 to "
     "0xffffffffffffffff"},
    {"pages: 2", "pages: 0",
     "f:4:26: pages: found 0, which a case cannot say; the nearest is 1"},
    {"pages: 2", "pages: 600",
     "f:4:26: pages: found 600, which a case cannot say; the nearest is 512"},
    {"pages: 2", "pages: -18446744073709551615",
     "f:4:26: pages: found -18446744073709551615, which a case cannot say; the "
     "nearest is 1"},
    {"pages: 2", "pages: two",
     "f:4:26: pages: found 'two'; should be a number from 1 to 512"},
    {"pages: 2", "pages: 2.0",
     "f:4:26: pages: found '2.0'; should be a number from 1 to 512"},
    {"access: read", "access: exec",
     "f:4:37: access: found 'exec'; should be read or write"},
    {"position: 0", "position: 2048",
     "f:6:13: position: found 2048, which a case cannot say; the nearest is "
     "2047"},
    {"around: copy", "around: word",
     "f:7:11: around: found 'word'; should be zero, copy or next"},
    {"distance: 1", "distance: 0",
     "f:9:16: distance: found 0 (the local copy itself), which a case cannot "
     "say; the nearest is 1"},
    {"distance: 1", "distance: -32769",
     "f:9:16: distance: found -32769, which a case cannot say; the nearest is "
     "-32768"},
    {"holds: 0x5", "holds: word",
     "f:9:26: holds: found 'word'; should be zero, copy, next or a number of "
     "at most 64 bits"},
    {"pte: 0x1000", "pte: 0x1001",
     "f:11:14: pte: found 0x1001, which a case cannot say; the nearest is "
     "0x1000"},
    {"count: 1, frame", "count: 513, frame",
     "f:11:29: count: found 513, which a case cannot say; the nearest is 512"},
    {"frame: 0x2000", "frame: 0x2fff",
     "f:11:39: frame: found 0x2fff, which a case cannot say; the nearest is "
     "0x2000"},
    {"frame: 0x2000", "frame: 0x100000000000",
     "f:11:39: frame: found 0x100000000000, which a case cannot say; the "
     "nearest is 0xffffffff000"},
    {"{pte: 0x1000, count: 1, frame: 0x2000",
     "{pmd: 0, count: 1, frame: 0x1000",
     "f:11:34: frame: found 0x1000, which a case cannot say; the nearest is "
     "0x0"},
    {"{pte: 0x1000, count: 1, frame: 0x2000", "{p4d: 0, count: 1, frame: 0",
     "f:11:9: map: found p4d in s390/3, which a case cannot say; the nearest "
     "is pud"},
    {"{pte: 0x1000, count: 1, frame: 0x2000, state: rw young dirty}",
     "{pud: 0, count: 1, frame: 0, state: rw young dirty special}",
     "f:11:44: state: found 'rw young dirty special' for pud in s390/3, which "
     "a case cannot say; the nearest is 'rw young dirty'"},
    {"rw young dirty", "rw young",
     "f:11:54: state: found 'rw young'; should be rw, ro or none, young or "
     "old, dirty or clean, and special if it is"},
    {"rw young dirty", "rw young dirty ro",
     "f:11:54: state: found 'rw young dirty ro'; should be rw, ro or none, "
     "young or old, dirty or clean, and special if it is"},
    {"swap: {pte: 0x3000", "swap: {pmd: 0",
     "f:13:10: swap: found pmd in s390/3, which a case cannot say; the nearest "
     "is pte"},
    {"place: 0x4000", "place: 0x4001",
     "f:13:40: place: found 0x4001, which a case cannot say; the nearest is "
     "0x4000"},
    {"pud: 0x80000000", "pud: 0x80000008",
     "f:14:15: pud: found 0x80000008, which a case cannot say; the nearest is "
     "0x80000000"},
    {"word: 0x7", "word: seven",
     "f:15:24: word: found 'seven'; should be a number from 0 to "
     "0xffffffffffffffff"},
};
INSTANTIATE_TEST_SUITE_P(Values, ReadCaseTextErrorTest,
                         ::testing::ValuesIn(kValues));

constexpr Refused kChanges[] = {
    // The section and its items.
    {"\n- before read 2: clear 3 pte of 0x1000\n- before read 5: map pte of "
     "0x3000 to 0x8000, ro old clean",
     " 5", "f:16:10: changes: found '5'; should be a list"},
    {"- before read 2: clear 3 pte of 0x1000", "- clear 3 pte of 0x1000",
     "f:17:3: changes: found 'clear 3 pte of 0x1000'; each item is as in "
     "'before read 7: clear pte of 0x1000'"},
    {"- before read 2: clear 3 pte of 0x1000", "- []",
     "f:17:3: changes: found a list; each item is as in 'before read 7: clear "
     "pte of 0x1000'"},
    {"\n- before read 5", "\n  before read 5",
     "f:17:3: changes: found a mapping with 2 keys; each item is as in 'before "
     "read 7: clear pte of 0x1000'"},
    {"\n- before read 5: map pte of 0x3000 to 0x8000, ro old clean",
     "\n- before read 2: upgrade\n- before read 3: upgrade\n- before read 4: "
     "upgrade",
     "f:20:3: changes: found 4; a case has at most 3"},
    // When.
    {"before read 2", "after read 2",
     "f:17:3: changes: found the key 'after read 2'; should be 'before read "
     "N', with N from 1 to 2048, 'before grab of page N' or 'after read N of "
     "LEVEL'"},
    {"before read 2", "before read",
     "f:17:3: changes: found the key 'before read'; should be 'before read N', "
     "with N from 1 to 2048, 'before grab of page N' or 'after read N of "
     "LEVEL'"},
    {"before read 2", "before read 2 3",
     "f:17:3: changes: found the key 'before read 2 3'; should be 'before read "
     "N', with N from 1 to 2048, 'before grab of page N' or 'after read N of "
     "LEVEL'"},
    {"before read 2", "[before, read, 2]",
     "f:17:3: changes: found the key a list; should be 'before read N', with N "
     "from 1 to 2048, 'before grab of page N' or 'after read N of LEVEL'"},
    {"before read 2", "after read 2 of pme",
     "f:17:3: changes: found the key 'after read 2 of pme'; should be 'before "
     "read N', with N from 1 to 2048, 'before grab of page N' or 'after read N "
     "of LEVEL'"},
    {"before read 2", "before grab of page 512",
     "f:17:3: before grab of page: found 512, which a case cannot say; the "
     "nearest is 511"},
    {"before read 2", "before grab of page -1",
     "f:17:3: before grab of page: found -1, which a case cannot say; the "
     "nearest is 0"},
    {"before read 2", "after read 0 of pmd",
     "f:17:3: after read: found 0, which a case cannot say; the nearest is 1"},
    {"before read 2", "before read two",
     "f:17:3: before read: found 'two'; should be a number from 1 to 2048"},
    {"before read 2", "before read 02",
     "f:17:3: before read: found '02'; should be a number from 1 to 2048"},
    {"before read 2", "before read 0",
     "f:17:3: before read: found 0, which a case cannot say; the nearest is 1"},
    {"before read 2", "before read -3",
     "f:17:3: before read: found -3, which a case cannot say; the nearest is "
     "1"},
    {"before read 5", "before read 2049",
     "f:18:3: before read: found 2049, which a case cannot say; the nearest is "
     "2048"},
    {"before read 5", "before read 1",
     "f:18:3: before read: found 1 behind 2, but what is done first stands "
     "first; should be a number from 2 to 2048"},
    // The operation.
    {"clear 3 pte of 0x1000", "",
     "f:17:3: changes: found nothing; what is done should be clear, detach, "
     "map, split, write-protect, refill, upgrade, invalidate, migrate or "
     "unshare"},
    {"clear 3 pte of 0x1000", "''",
     "f:17:18: changes: found ''; what is done should be clear, "
     "detach, map, split, write-protect, refill, upgrade, invalidate, migrate "
     "or unshare"},
    {"clear 3 pte of 0x1000", "{clear: 3}",
     "f:17:18: changes: found a mapping; what is done should be clear, detach, "
     "map, split, write-protect, refill, upgrade, invalidate, migrate or "
     "unshare"},
    {"clear 3 pte", "swap 3 pte",
     "f:17:18: changes: found 'swap'; what is done should be clear, detach, "
     "map, split, write-protect, refill, upgrade, invalidate, migrate or "
     "unshare"},
    {"clear 3 pte", "Clear 3 pte",
     "f:17:18: changes: found 'Clear'; what is done should be clear, detach, "
     "map, split, write-protect, refill, upgrade, invalidate, migrate or "
     "unshare"},
    // Its words.
    {"clear 3 pte of 0x1000", "clear",
     "f:17:18: clear: found nothing behind 'clear'; should be 'clear [COUNT] "
     "LEVEL of ADDRESS', where levels are pte, pmd, pud, p4d and pgd"},
    {"clear 3 pte", "clear all pte",
     "f:17:18: clear: found 'all' behind 'clear'; should be 'clear [COUNT] "
     "LEVEL of ADDRESS', where levels are pte, pmd, pud, p4d and pgd"},
    {"clear 3 pte", "clear 3 p5d",
     "f:17:18: clear: found 'p5d' behind '3'; should be 'clear [COUNT] LEVEL "
     "of ADDRESS', where levels are pte, pmd, pud, p4d and pgd"},
    {"pte of 0x1000", "pte at 0x1000",
     "f:17:18: clear: found 'at' behind 'pte'; should be 'clear [COUNT] LEVEL "
     "of ADDRESS'"},
    {"pte of 0x1000", "pte of",
     "f:17:18: clear: found nothing behind 'of'; should be 'clear [COUNT] "
     "LEVEL of ADDRESS'"},
    {"pte of 0x1000", "pte of here",
     "f:17:18: address: found 'here'; should be a number from 0 to "
     "0xffffffffffffffff"},
    {"pte of 0x1000", "pte of -4096",
     "f:17:18: address: found '-4096'; should be a number from 0 to "
     "0xffffffffffffffff"},
    {"pte of 0x1000", "pte of 0x10000000000000000",
     "f:17:18: address: found '0x10000000000000000'; should be a number from 0 "
     "to 0xffffffffffffffff"},
    // Words that do not belong there.
    {"clear 3 pte of 0x1000", "clear 3 pte of 0x1000, rw young dirty",
     "f:17:18: clear: found ',' behind '0x1000'; should be 'clear [COUNT] "
     "LEVEL of ADDRESS'"},
    {"clear 3 pte of 0x1000", "write-protect 3 pte of 0x1000 to 0x2000",
     "f:17:18: write-protect: found 'to' behind '0x1000'; should be "
     "'write-protect [COUNT] LEVEL of ADDRESS'"},
    {"clear 3 pte of 0x1000", "detach pmd of 0x100000 rw",
     "f:17:18: detach: found 'rw' behind '0x100000'; should be 'detach pmd of "
     "ADDRESS'"},
    {"clear 3 pte of 0x1000", "split pmd of 0x100000 to 0x0, rw young dirty",
     "f:17:18: split: found 'to' behind '0x100000'; should be 'split pmd of "
     "ADDRESS'"},
    {"clear 3 pte of 0x1000", "upgrade pgd of 0x0",
     "f:17:18: upgrade: found 'pgd' behind 'upgrade'; should be 'upgrade'"},
    // Missing words.
    {" to 0x8000, ro old clean", "",
     "f:18:18: map: found nothing behind '0x3000'; should be 'map [COUNT] "
     "LEVEL of ADDRESS to FRAME, STATE'"},
    {"map pte of 0x3000 to 0x8000, ro old clean", "refill pte of 0x3000",
     "f:18:18: refill: found nothing behind '0x3000'; should be 'refill "
     "[COUNT] pte of ADDRESS to FRAME, STATE'"},
    {" to 0x8000, ro old clean", ", ro old clean",
     "f:18:18: map: found ',' behind '0x3000'; should be 'map [COUNT] LEVEL of "
     "ADDRESS to FRAME, STATE'"},
    {"to 0x8000, ro old clean", "to",
     "f:18:18: map: found nothing behind 'to'; should be 'map [COUNT] LEVEL of "
     "ADDRESS to FRAME, STATE'"},
    {"to 0x8000, ro old clean", "to 0x8000",
     "f:18:18: map: found nothing behind '0x8000'; should be 'map [COUNT] "
     "LEVEL of ADDRESS to FRAME, STATE'"},
    {"to 0x8000, ro old clean", "to 0x8000 ro old clean",
     "f:18:18: map: found 'ro' behind '0x8000'; should be 'map [COUNT] LEVEL "
     "of ADDRESS to FRAME, STATE'"},
    {"to 0x8000, ro old clean", "to 0x8000,",
     "f:18:18: map: found nothing behind ','; should be 'map [COUNT] LEVEL of "
     "ADDRESS to FRAME, STATE'"},
    {"ro old clean", "ro old",
     "f:18:18: state: found 'ro old'; should be rw, ro or none, young or old, "
     "dirty or clean, and special if it is"},
    {"ro old clean", "ro, old, clean",
     "f:18:18: state: found 'ro, old, clean'; should be rw, ro or none, young "
     "or old, dirty or clean, and special if it is"},
    {"to 0x8000, ro", "to there, ro",
     "f:18:18: frame: found 'there'; should be a number from 0 to "
     "0xffffffffffffffff"},
    // Values that a case cannot have.
    {"clear 3 pte", "clear 0 pte",
     "f:17:18: count: found 0, which a case cannot say; the nearest is 1"},
    {"clear 3 pte", "clear 513 pte",
     "f:17:18: count: found 513, which a case cannot say; the nearest is 512"},
    {"clear 3 pte of 0x1000", "detach 2 pmd of 0x100000",
     "f:17:18: count: found 2, which a case cannot say; the nearest is 1"},
    {"clear 3 pte of 0x1000", "clear p4d of 0x0",
     "f:17:18: clear: found p4d in s390/3, which a case cannot say; the "
     "nearest is pud"},
    {"clear 3 pte of 0x1000", "detach pte of 0x1000",
     "f:17:18: detach: found pte in s390/3, which a case cannot say; the "
     "nearest is pmd"},
    {"clear 3 pte of 0x1000", "split pud of 0x0",
     "f:17:18: split: found pud in s390/3, which a case cannot say; the "
     "nearest is pmd"},
    {"clear 3 pte of 0x1000", "write-protect pgd of 0x0",
     "f:17:18: write-protect: found pgd in s390/3, which a case cannot say; "
     "the nearest is pud"},
    {"map pte of 0x3000 to", "map p4d of 0x0 to",
     "f:18:18: map: found p4d in s390/3, which a case cannot say; the nearest "
     "is pud"},
    {"map pte of 0x3000 to", "refill pmd of 0x0 to",
     "f:18:18: refill: found pmd in s390/3, which a case cannot say; the "
     "nearest is pte"},
    {"pte of 0x1000", "pte of 0x1008",
     "f:17:18: pte: found 0x1008, which a case cannot say; the nearest is "
     "0x1000"},
    {"clear 3 pte of 0x1000", "split pmd of 0x101000",
     "f:17:18: pmd: found 0x101000, which a case cannot say; the nearest is "
     "0x100000"},
    {"map pte of 0x3000 to", "refill 3 pte of 0xfe000 to",
     "f:18:18: count: found 3 from 0xfe000 on, beyond the end of the page "
     "table, which a case cannot say; the nearest is 2"},
    {"to 0x8000", "to 0x8fff",
     "f:18:18: frame: found 0x8fff, which a case cannot say; the nearest is "
     "0x8000"},
    {"to 0x8000", "to 0x100000000000",
     "f:18:18: frame: found 0x100000000000, which a case cannot say; the "
     "nearest is 0xffffffff000"},
    {"map pte of 0x3000 to 0x8000, ro old clean",
     "map pmd of 0x0 to 0x0, ro old clean special",
     "f:18:18: state: found 'ro old clean special' for pmd in s390/3, which a "
     "case cannot say; the nearest is 'ro old clean'"},
};
INSTANTIATE_TEST_SUITE_P(Changes, ReadCaseTextErrorTest,
                         ::testing::ValuesIn(kChanges));

constexpr Refused kFailures[] = {
    {"access: read}", "access: read, refused: 2}",
     "f:4:52: refused: found 2, which a case cannot say; the nearest is 1"},
    {"access: read}", "access: read, inaccessible: -1}",
     "f:4:57: inaccessible: found -1, which a case cannot say; the nearest is "
     "0"},
    {"access: read}", "access: read, references: both}",
     "f:4:55: references: found 'both'; should be get, pin or each"},
};
INSTANTIATE_TEST_SUITE_P(Failures, ReadCaseTextErrorTest,
                         ::testing::ValuesIn(kFailures));

TEST(ReadCaseTextTest, ReadsFailures) {
  const std::string_view access = "access: read}";
  EXPECT_EQ(Read(With(access, "access: read, references: each}")),
            Read(With("", "")));
  const Case c = Read(With(access,
                           "access: read, references: get, refused: 1, "
                           "inaccessible: 0}"));
  EXPECT_EQ(c.requests[0].references, References::kGet);
  EXPECT_EQ(c.requests[0].refused, 1);
  EXPECT_EQ(c.requests[0].inaccessible, 0);
}

TEST(ReadCaseTextTest, ReadsAttributes) {
  Case c = MakeCase(4, {.start = 0x1000}, {MapPages(0x1000, 1, 0x5000)});
  c.mode.arch = ArchId::kX86;
  c.setup[0].state = {.kernel = true, .noexec = true, .key = 12};
  c.pkru = 0x404;
  EXPECT_EQ(Read(ToText(c)), c);
  // s390/3 has no such leaves and keys.
  EXPECT_THAT(Error(With("rw young dirty}", "rw young dirty kernel}")),
              HasSubstr("the nearest is 'rw young dirty'"));
  EXPECT_THAT(Error(With("tables:", "pkru: 0x4\ntables:")),
              HasSubstr("pkru: found 0x4"));
  EXPECT_THAT(Error(With("rw young dirty}", "rw young dirty noexec noexec}")),
              HasSubstr("state: found"));
}

TEST(ReadCaseTextTest, ReadsMoments) {
  const auto first = [](std::string_view key) {
    const Case c = Read(With("before read 2", key));
    return std::pair(c.concurrent[0].moment, c.concurrent[0].number);
  };
  EXPECT_EQ(first("before grab of page 511"),
            (std::pair(Moment::kGrab, uint16_t{511})));
  EXPECT_EQ(first("after read 2048 of pgd"),
            (std::pair(Moment::kPgd, uint16_t{2048})));
  EXPECT_EQ(first("after  read 1 of pte"),
            (std::pair(Moment::kPte, uint16_t{1})));
}

// Version 1 means what it meant, and has nothing that is new.
TEST(ReadCaseTextTest, ReadsSwapEntriesOfOtherTypes) {
  const std::string text =
      "version: 2\nspace: s390/3\nrequests:\n"
      "- {start: 0x80000000, pages: 1, access: read}\n"
      "stack:\n  position: 0\n  around: zero\ntables:\n"
      "- migration: {pud: 0x80000000, count: 2, frame: 0x100000000}\n"
      "- hwpoison: {pmd: 0x100000, count: 1, frame: 0x500000}\n";
  const Case c = Read(text);
  ASSERT_EQ(c.setup.size(), 2u);
  EXPECT_EQ(c.setup[0], (TableOp{.kind = TableOp::Kind::kMigration,
                                 .level = Level::kPud,
                                 .address = 0x80000000,
                                 .count = 2,
                                 .frame = 0x100000000}));
  EXPECT_EQ(c.setup[1], (TableOp{.kind = TableOp::Kind::kHwPoison,
                                 .level = Level::kPmd,
                                 .address = 0x100000,
                                 .frame = 0x500000}));
  const Case moved = Read(text +
                          "changes:\n"
                          "- before read 3: invalidate pmd of 0x80000000\n"
                          "- before read 4: migrate 2 pud of 0x80000000\n");
  ASSERT_EQ(moved.concurrent.size(), 2u);
  EXPECT_EQ(moved.concurrent[0].kind, TableOp::Kind::kInvalidate);
  EXPECT_EQ(moved.concurrent[1], (ConcurrentOp{{.kind = TableOp::Kind::kMigrate,
                                                .level = Level::kPud,
                                                .address = 0x80000000,
                                                .count = 2},
                                               4}));
  std::string v1 = text;
  v1.replace(v1.find("version: 2"), 10, "version: 1");
  EXPECT_THAT(Error(v1), testing::HasSubstr("found the key 'migration'"));
  std::string device =
      text + "- device-private: {pte: 0x100000, count: 1, frame: 0x500000}\n";
  EXPECT_EQ(Error(device),
            "f:11:3: tables: found device-private in s390/3, which a case "
            "cannot say; the nearest is swap");
  device.replace(device.find("s390/3"), 6, "x86-64/4");
  device.replace(device.find("pmd"), 3, "pte");
  EXPECT_EQ(Read(device).setup[2],
            (TableOp{.kind = TableOp::Kind::kDevicePrivate,
                     .address = 0x100000,
                     .frame = 0x500000}));
}

TEST(ReadCaseTextTest, ReadsVersion1) {
  const auto v1 = [](std::string_view part, std::string_view by) {
    std::string text = With(part, by);
    return text.replace(text.find("version: 2"), 10, "version: 1");
  };
  EXPECT_EQ(Read(v1("", "")), Read(With("", "")));
  EXPECT_EQ(Error(v1("before read 2", "before grab of page 0")),
            "f:17:3: changes: found the key 'before grab of page 0'; should be "
            "'before read N', with N from 1 to 2048");
  EXPECT_EQ(Error(v1("access: read}", "access: read, refused: 1}")),
            "f:4:43: found the key 'refused'; the keys of a request are start, "
            "pages and access");
}

TEST(ReadCaseTextTest, RefusesALargeLeafThatTheSpaceLacks) {
  EXPECT_EQ(Error("version: 1\nspace: s390/2\nrequests:\n"
                  "- {start: 0, pages: 1, access: read}\n"
                  "stack: {position: 0, around: zero}\ntables:\n"
                  "- map: {pud: 0, count: 1, frame: 0, state: rw old clean}\n"),
            "f:7:9: map: found pud in s390/2, which a case cannot say; the "
            "nearest is pmd");
}

TEST(ReadCaseTextTest, RefusesMoreThanACaseCanHave) {
  const std::string request = "\n- {start: 0x1000, pages: 2, access: read}";
  std::string requests;
  for (int i = 0; i < 5; ++i) requests += request;
  EXPECT_EQ(Error(With(request, requests)),
            "f:8:3: requests: found 5; a case has at most 4");
  const std::string word = "\n  - {distance: 1, holds: 0x5}";
  std::string words;
  for (int i = 0; i < 5; ++i) words += word;
  EXPECT_EQ(Error(With(word, words)),
            "f:13:5: words: found 5; a case has at most 4");
  const std::string record = "\n- poke-control: {word: 0x7}";
  std::string records;
  for (int i = 0; i < 20; ++i) records += record;
  EXPECT_EQ(Read(With(record, records)).setup.size(), 24u);
  records += record;
  EXPECT_EQ(Error(With(record, records)),
            "f:35:3: tables: found 25; a case has at most 24");
}

TEST(ReadCaseTextTest, ErrorsAreOneShortLine) {
  const std::string error =
      Error(With("pages: 2", "pages: \"" + std::string(5000, 'a') + "\\n\""));
  EXPECT_LT(error.size(), 200u);
  for (const std::string& text :
       {std::string("\xff\x00\n: [", 5), std::string("\"\\\n\n"),
        std::string("? \"a\\nb\"\n: 1"), std::string("\0", 1)}) {
    const std::string message = Error(text);
    EXPECT_THAT(message, MatchesRegex("f:[0-9]+:[0-9]+: [ -~]+"));
  }
}

TEST(ReadCaseTextTest, RefusesTextThatIsTooLong) {
  const std::string fits =
      ToText(Everything()) + '#' + std::string(kMaxTextSize / 2, '#');
  EXPECT_EQ(Read(fits), Everything());
  EXPECT_EQ(Error(std::string(kMaxTextSize + 1, '#')),
            "f:1:1: found 65537 bytes; a text has at most 65536");
}

TEST(IsCaseTextTest, DistinguishesTextFromBytes) {
  EXPECT_TRUE(IsCaseText(ToText(Everything())));
  EXPECT_TRUE(IsCaseText("{requests: [], version: 1}"));
  EXPECT_TRUE(IsCaseText("what somebody thought was a case"));
  EXPECT_TRUE(IsCaseText(std::string("version: 1\0\n", 12)));
  EXPECT_FALSE(IsCaseText(""));
  EXPECT_FALSE(IsCaseText("\x01version: 1"));
  EXPECT_FALSE(IsCaseText(std::string("\x02\0\0", 3)));
}

}  // namespace
}  // namespace pxdfuzz
