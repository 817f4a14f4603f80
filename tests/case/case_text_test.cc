// SPDX-License-Identifier: MIT

#include "pxdfuzz/case/case_text.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pxdfuzz/base/rng.h"
#include "pxdfuzz/case/case.h"
#include "tests/known_cases.h"
#include "tests/random_bytes.h"
#include "tests/random_case.h"

namespace pxdfuzz {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The example of the thread on linux-mm, 2020.
Case Example() {
  return MakeCase(3, {.start = 0x1007ffff000, .pages = 2},
                  {MapPages(0x1007ffff000, 1, 0x1000000),
                   MapPages(0x10080000000, 1, 0x2000000),
                   MapPages(0x10000000000, 1, 0x3000000)});
}

// Every feature of the format.
Case Everything() {
  Case c;
  c.mode = {ArchId::kS390, 4};
  c.stack.position = 1023;
  c.stack.around = StackContent::kNext;
  c.stack.words.push_back({-3, StackContent::kWord, 0xdead});
  c.stack.words.push_back({2, StackContent::kCopy, 0});
  c.requests.push_back({.start = 0x3fffff000, .pages = 1, .write = true});
  c.requests.push_back(
      {.start = 0xfffffffffffff000, .pages = 512, .write = false});
  c.requests.push_back({.start = 0x1ffffffffff000, .pages = 2, .write = false});
  c.setup.push_back(
      {.kind = TableOp::Kind::kMap,
       .level = Level::kPud,
       .address = 0x380000000,
       .count = 12,
       .frame = 0x80000000,
       .state = {.permission = Permission::kNone, .young = false}});
  c.setup.push_back(
      {.kind = TableOp::Kind::kMap,
       .level = Level::kPte,
       .address = 0xffffffffff3ff000,
       .count = 512,
       .frame = 0xfffffff000,
       .state = {
           .permission = Permission::kRead, .dirty = false, .special = true}});
  c.setup.push_back({.kind = TableOp::Kind::kClear,
                     .level = Level::kP4d,
                     .address = 0x40000000000,
                     .count = 3});
  c.setup.push_back(
      {.kind = TableOp::Kind::kSwap, .address = 0x1000, .frame = 0x5000});
  c.setup.push_back({.kind = TableOp::Kind::kPoke,
                     .level = Level::kPmd,
                     .address = 0x100000,
                     .word = 0x20});
  c.setup.push_back({.kind = TableOp::Kind::kPokeControl, .word = 0x17});
  return c;
}

TEST(CaseTextTest, SwapEntriesOfOtherTypesHaveAFrame) {
  Case c = MakeCase(
      3, {.start = 0x80000000},
      {{.kind = TableOp::Kind::kMigration,
        .level = Level::kPud,
        .address = 0x80000000,
        .count = 2,
        .frame = 0x100000000},
       {.kind = TableOp::Kind::kHwPoison, .address = 0x1000, .frame = 0x5000},
       {.kind = TableOp::Kind::kDevicePrivate, .frame = 0x6000}});
  EXPECT_THAT(
      ToText(c),
      HasSubstr("- migration: {pud: 0x80000000, count: 2, frame: 0x100000000}\n"
                "- hwpoison: {pte: 0x1000, count: 1, frame: 0x5000}\n"
                "- device-private: {pte: 0x0, count: 1, frame: 0x6000}\n"));
}

TEST(CaseTextTest, AttributesFollowTheState) {
  Case c = MakeCase(4, {}, {MapPages(0x1000, 1, 0x5000)});
  c.mode.arch = ArchId::kX86;
  c.setup[0].state = {.special = true, .kernel = true};
  EXPECT_THAT(ToText(c), HasSubstr("state: rw young dirty special kernel}\n"));
  c.setup[0].state = {.pat = true, .key = 12};
  c.pkru = 0x8004;
  EXPECT_THAT(ToText(c), HasSubstr("state: rw young dirty pat key-12}\n"));
  EXPECT_THAT(ToText(c), HasSubstr("\npkru: 0x8004  #"));
}

TEST(CaseTextTest, ChangesThatMovePages) {
  Case c = MakeCase(3, {.start = 0x80000000}, {});
  c.concurrent.push_back({{.kind = TableOp::Kind::kInvalidate,
                           .level = Level::kPmd,
                           .address = 0x80000000},
                          3});
  c.concurrent.push_back({{.kind = TableOp::Kind::kMigrate,
                           .level = Level::kPmd,
                           .address = 0x80000000,
                           .count = 2},
                          3});
  const std::string text = ToText(c);
  EXPECT_THAT(text, HasSubstr("- before read 3: invalidate pmd of 0x80000000"));
  EXPECT_THAT(text, HasSubstr("- before read 3: migrate 2 pmd of 0x80000000"));
}

// A change of each kind, in order; more than a case can have.
std::vector<ConcurrentOp> ChangesOfEachKind() {
  using enum TableOp::Kind;
  return {
      {{.kind = kClear,
        .level = Level::kPte,
        .address = 0x1007fffe000,
        .count = 4},
       7},
      {{.kind = kDetach, .level = Level::kPmd, .address = 0x10080000000}, 9},
      {{.kind = kMap,
        .level = Level::kPmd,
        .address = 0x10080000000,
        .frame = 0x40000000},
       12},
      {{.kind = kSplit, .level = Level::kPmd, .address = 0x10080000000}, 30},
      {{.kind = kWriteProtect,
        .level = Level::kPud,
        .address = 0x80000000,
        .count = 2},
       30},
      {{.kind = kRefill,
        .level = Level::kPte,
        .address = 0xffffffffff3ff000,
        .count = 3,
        .frame = 0xfffffff000,
        .state = {.permission = Permission::kNone,
                  .young = false,
                  .dirty = false,
                  .special = true}},
       2048},
      {{.kind = kUpgrade}, 2048},
  };
}

// The part of the text of `c` about its changes.
std::string TextOfChanges(const Case& c, size_t columns = kTextColumns) {
  const std::string text = ToText(c, columns);
  const size_t at = text.find("\nchanges:");
  return at == text.npos ? "" : text.substr(at + 1);
}

TEST(ToTextTest, Example) {
  EXPECT_EQ(
      ToText(Example()),
      "# pxdfuzz case\n"
      "version: 2\n"
      "space: s390/3  # tables: region-third, segment, page; "
      "folded: pgd, p4d\n"
      "requests:\n"
      "- {start: 0x1007ffff000, pages: 2, access: read}\n"
      "  # to 0x10080001000, across the pud boundary 0x10080000000\n"
      "stack:\n"
      "  position: 0  # the word of its page where a local copy is\n"
      "  around: copy  # words near a local copy of an entry: older copies of "
      "it\n"
      "tables:  # each line changes what those above it made\n"
      "- map: {pte: 0x1007ffff000, count: 1, frame: 0x1000000, "
      "state: rw young dirty}\n"
      "- map: {pte: 0x10080000000, count: 1, frame: 0x2000000, "
      "state: rw young dirty}\n"
      "- map: {pte: 0x10000000000, count: 1, frame: 0x3000000, "
      "state: rw young dirty}\n");
}

TEST(ToTextTest, Everything) {
  EXPECT_EQ(
      ToText(Everything()),
      "# pxdfuzz case\n"
      "version: 2\n"
      "space: s390/4  # tables: region-second, region-third, segment, page; "
      "folded: pgd\n"
      "requests:\n"
      "- {start: 0x3fffff000, pages: 1, access: write}  # to 0x400000000\n"
      "- {start: 0xfffffffffffff000, pages: 512, access: read}\n"
      "  # refused: start and length overflow\n"
      "- {start: 0x1ffffffffff000, pages: 2, access: read}\n"
      "  # refused: to 0x20000000001000, beyond the limit 0x20000000000000\n"
      "stack:\n"
      "  position: 1023  # the word of its page where a local copy is\n"
      "  around: next  # words near a local copy: the entry behind it in its "
      "table\n"
      "  words:  # distance from a local copy: above it, or below if < 0\n"
      "  - {distance: -3, holds: 0xdead}\n"
      "  - {distance: 2, holds: copy}\n"
      "tables:  # each line changes what those above it made\n"
      "- map: {pud: 0x380000000, count: 12, frame: 0x80000000, "
      "state: none old dirty}\n"
      "- map: {pte: 0xffffffffff3ff000, count: 512, frame: 0xfffffff000,\n"
      "        state: ro young clean special}\n"
      "- clear: {p4d: 0x40000000000, count: 3}\n"
      "- swap: {pte: 0x1000, count: 1, place: 0x5000}\n"
      "- poke: {pmd: 0x100000, word: 0x20}  # empty\n"
      "- poke-control: {word: 0x17}\n");
}

TEST(ToTextTest, EmptyCase) {
  EXPECT_EQ(ToText(Case()),
            "# pxdfuzz case\n"
            "version: 2\n"
            "requests: []  # the empty case: its bytes mean nothing\n");
}

TEST(ToTextTest, NothingMapped) {
  Case c = Example();
  c.setup.clear();
  EXPECT_THAT(ToText(c), HasSubstr("\ntables: []\n"));
}

TEST(ToTextTest, Changes) {
  const std::vector<ConcurrentOp> changes = ChangesOfEachKind();
  Case c = Example();
  EXPECT_EQ(TextOfChanges(c), "");
  for (size_t i = 0; i < 3; ++i) c.concurrent.push_back(changes[i]);
  EXPECT_EQ(
      TextOfChanges(c),
      "changes:  # operations of another processor, in this order\n"
      "- before read 7: clear 4 pte of 0x1007fffe000\n"
      "- before read 9: detach pmd of 0x10080000000\n"
      "  # the page table keeps what it holds\n"
      "- before read 12: map pmd of 0x10080000000 to 0x40000000, rw young "
      "dirty\n");
  // The rest does not change.
  EXPECT_EQ(ToText(c), ToText(Example()) + TextOfChanges(c));
  c.concurrent.clear();
  for (size_t i = 3; i < 6; ++i) c.concurrent.push_back(changes[i]);
  EXPECT_EQ(
      TextOfChanges(c),
      "changes:  # operations of another processor, in this order\n"
      "- before read 30: split pmd of 0x10080000000\n"
      "  # a table of its pages takes its place\n"
      "- before read 30: write-protect 2 pud of 0x80000000  # as fork does\n"
      "- before read 2048: refill 3 pte of 0xffffffffff3ff000 to "
      "0xfffffff000,\n"
      "    none old clean special  # the page table that was detached last\n");
  c.concurrent.clear();
  c.concurrent.push_back(changes[5]);
  c.concurrent.push_back(changes[6]);
  EXPECT_EQ(TextOfChanges(c, 60),
            "changes:  # operations of another processor, in this "
            "order\n"
            "- before read 2048: refill 3 pte of 0xffffffffff3ff000\n"
            "    to 0xfffffff000, none old clean special\n"
            "  # the page table that was detached last\n"
            "- before read 2048: upgrade  # one more root table, on top\n");
  // With or without a set-up.
  c.setup.clear();
  EXPECT_THAT(ToText(c), HasSubstr("\ntables: []\nchanges:  #"));
}

TEST(ToTextTest, FailuresAndMoments) {
  Case c = Example();
  c.requests[0].references = References::kPin;
  c.requests[0].refused = 1;
  c.requests[0].inaccessible = 0;
  const TableOp clear = {.kind = TableOp::Kind::kClear};
  c.concurrent.push_back({clear, 0, Moment::kGrab});
  c.concurrent.push_back({clear, 2, Moment::kPmd});
  const std::string text = ToText(c);
  EXPECT_THAT(text,
              HasSubstr("- {start: 0x1007ffff000, pages: 2, access: read, "
                        "references: pin, refused: 1,\n"
                        "   inaccessible: 0}  # to 0x10080001000, across the "
                        "pud boundary 0x10080000000\n"));
  EXPECT_THAT(text, HasSubstr("\n- before grab of page 0: clear pte of 0x0\n"
                              "- after read 2 of pmd: clear pte of 0x0\n"));
}

TEST(DescribeTest, Changes) {
  std::vector<std::string> texts;
  for (const ConcurrentOp& change : ChangesOfEachKind()) {
    texts.push_back(Describe(change));
  }
  EXPECT_THAT(
      texts,
      ElementsAre("clear 4 pte of 0x1007fffe000", "detach pmd of 0x10080000000",
                  "map pmd of 0x10080000000 to 0x40000000, rw young "
                  "dirty",
                  "split pmd of 0x10080000000",
                  "write-protect 2 pud of 0x80000000",
                  "refill 3 pte of 0xffffffffff3ff000 to 0xfffffff000, "
                  "none old clean special",
                  "upgrade"));
}

// Every change of a field changes the text.
TEST(ToTextTest, ShowsEveryField) {
  Case all = Everything();
  for (const size_t kind : {0, 5, 6}) {
    all.concurrent.push_back(ChangesOfEachKind()[kind]);
  }
  std::vector<Case> cases = {all};
  const auto add = [&](auto change) {
    Case c = all;
    change(c);
    cases.push_back(c);
  };
  add([](Case& c) { c.mode.levels = 5; });
  add([](Case& c) { c.stack.position = 7; });
  add([](Case& c) { c.stack.around = StackContent::kZero; });
  add([](Case& c) { c.stack.words[0].distance = 3; });
  add([](Case& c) { c.stack.words[0].word = 0; });
  add([](Case& c) { c.stack.words[1].content = StackContent::kNext; });
  add([](Case& c) { c.stack.words[1].content = StackContent::kZero; });
  add([](Case& c) { c.stack.words[1].content = StackContent::kWord; });
  add([](Case& c) { c.stack.words.erase(0); });
  add([](Case& c) { c.requests[0].start = 0; });
  add([](Case& c) { c.requests[0].pages = 2; });
  add([](Case& c) { c.requests[0].write = false; });
  add([](Case& c) { c.requests[0].references = References::kGet; });
  add([](Case& c) { c.requests[0].references = References::kPin; });
  add([](Case& c) { c.requests[0].refused = 0; });
  add([](Case& c) { c.requests[1].refused = 1; });
  add([](Case& c) { c.requests[0].inaccessible = 0; });
  add([](Case& c) { c.requests.erase(0); });
  add([](Case& c) { c.setup[0].level = Level::kPmd; });
  add([](Case& c) { c.setup[0].address = 0; });
  add([](Case& c) { c.setup[0].count = 11; });
  add([](Case& c) { c.setup[0].frame = 0; });
  add([](Case& c) { c.setup[0].state.permission = Permission::kRead; });
  add([](Case& c) { c.setup[0].state.permission = Permission::kReadWrite; });
  add([](Case& c) { c.setup[0].state.young = true; });
  add([](Case& c) { c.setup[0].state.dirty = false; });
  add([](Case& c) { c.setup[1].state.special = false; });
  add([](Case& c) { c.setup[2].level = Level::kPud; });
  add([](Case& c) { c.setup[2].address = 0; });
  add([](Case& c) { c.setup[2].count = 4; });
  add([](Case& c) { c.setup[3].address = 0; });
  add([](Case& c) { c.setup[3].count = 2; });
  add([](Case& c) { c.setup[3].frame = 0; });
  add([](Case& c) { c.setup[4].level = Level::kPte; });
  add([](Case& c) { c.setup[4].address = 0; });
  add([](Case& c) { c.setup[4].word = 0; });
  add([](Case& c) { c.setup[5].word = 0; });
  add([](Case& c) { c.setup.erase(5); });
  add([](Case& c) { std::swap(c.setup[0], c.setup[1]); });
  add([](Case& c) { c.concurrent[0].kind = TableOp::Kind::kWriteProtect; });
  add([](Case& c) { c.concurrent[0].level = Level::kPmd; });
  add([](Case& c) { c.concurrent[0].number = 8; });
  for (const Moment moment : {Moment::kGrab, Moment::kPte, Moment::kPmd,
                              Moment::kPud, Moment::kP4d, Moment::kPgd}) {
    add([=](Case& c) { c.concurrent[0].moment = moment; });
  }
  add([](Case& c) { c.concurrent[0].address = 0; });
  add([](Case& c) { c.concurrent[0].count = 1; });
  add([](Case& c) { c.concurrent[1].kind = TableOp::Kind::kMap; });
  add([](Case& c) { c.concurrent[1].number = 30; });
  add([](Case& c) { c.concurrent[1].frame = 0; });
  add([](Case& c) { c.concurrent[1].state.permission = Permission::kRead; });
  add([](Case& c) { c.concurrent[1].state.young = true; });
  add([](Case& c) { c.concurrent[1].state.dirty = true; });
  add([](Case& c) { c.concurrent[1].state.special = false; });
  add([](Case& c) { c.concurrent.erase(0); });
  add([](Case& c) { c.concurrent.erase(2); });
  add([](Case& c) { std::swap(c.concurrent[1], c.concurrent[2]); });
  add([](Case& c) { c.concurrent.clear(); });
  std::set<std::string> texts;
  for (const Case& c : cases) {
    EXPECT_TRUE(texts.insert(ToText(c)).second) << ToText(c);
  }
}

// Random bytes, and bytes that differ from others in one place.
TEST(ToTextTest, DifferentCasesHaveDifferentText) {
  Rng rng(1);
  RandomBytes random(1);
  std::map<std::string, Case> seen;
  for (int i = 0; i < 3000; ++i) {
    std::vector<uint8_t> bytes = random.Next();
    for (int change = 0; change < 8; ++change) {
      const Case c = Decode(bytes);
      const std::string text = ToText(c);
      const auto [at, is_new] = seen.emplace(text, c);
      ASSERT_EQ(at->second, c) << text;
      if (bytes.size() == 1) break;
      bytes[1 + rng.Below(bytes.size() - 1)] = static_cast<uint8_t>(rng.Next());
    }
  }
  EXPECT_GT(seen.size(), 6000u);
}

TEST(ToTextTest, LinesAreAsciiAndFit) {
  RandomBytes bytes(2);
  RandomCase cases(3);
  for (int i = 0; i < 10'000; ++i) {
    const Case c = i % 2 == 0 ? Decode(bytes.Next()) : cases.Next();
    // With the widths of standard output, a comment and mail.
    for (const size_t columns : {size_t{80}, size_t{75}, size_t{72}}) {
      const std::string text = ToText(c, columns);
      size_t column = 0;
      for (const char letter : text) {
        ASSERT_TRUE(letter == '\n' || (letter >= ' ' && letter <= '~')) << text;
        column = letter == '\n' ? 0 : column + 1;
        ASSERT_LE(column, columns) << text;
      }
      ASSERT_TRUE(text.ends_with('\n'));
    }
  }
}

}  // namespace
}  // namespace pxdfuzz
