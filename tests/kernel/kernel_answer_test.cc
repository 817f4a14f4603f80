// SPDX-License-Identifier: MIT

// What programs with kernel text say, as lines. No kernel text is needed here.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernel/answer.h"
#include "pxdfuzz/base/rng.h"

namespace pxdfuzz {
namespace {

using Place = KernelRead::Place;

KernelRead Read(Level level, Place place, EntryKind kind) {
  KernelRead read{.level = level,
                  .file = "mm/gup.c",
                  .line = 2931,
                  .place = place,
                  .value = 0x1234,
                  .kind = kind};
  if (place == Place::kTable) read.physical = 0x10800000;
  if (place == Place::kNowhere) read.nowhere = 0xfff0000000000000;
  return read;
}

// An answer in which every word there is occurs.
KernelAnswer Full() {
  KernelAnswer answer{.end = KernelAnswer::End::kReturned,
                      .pin = true,
                      .refused = 7,
                      .pages = {0x1000, 0xffffffffffff000, 0},
                      .held = 3,
                      .finding = "kernel-6.1-s390.s390-3.short.pte-leaf",
                      .known = "s390-readonly-2g-write"};
  answer.reads.push_back(
      Read(Level::kPgd, Place::kTable, EntryKind::Table(0x10600000)));
  answer.reads.push_back(
      Read(Level::kP4d, Place::kCopy, EntryKind::Table(0x10600000)));
  answer.reads.push_back(
      Read(Level::kPud, Place::kStack, EntryKind::Malformed()));
  answer.reads.back().above_copy = -16;
  answer.reads.push_back(Read(Level::kPud, Place::kStack, EntryKind::Empty()));
  answer.reads.push_back(
      Read(Level::kPmd, Place::kTable, EntryKind::Swap(0x9000)));
  for (const LeafState& state :
       {LeafState{},
        {.permission = Permission::kRead, .young = false},
        {.permission = Permission::kNone, .dirty = false, .special = true}}) {
    answer.reads.push_back(
        Read(Level::kPte, Place::kTable, EntryKind::Leaf(0x3000, state)));
  }
  answer.reads.push_back(
      Read(Level::kPmd, Place::kTable, EntryKind::Table(0x10600000)));
  answer.reads.back().role = KernelRead::Role::kAgain;
  answer.reads.push_back(Read(Level::kPmd, Place::kCopy, EntryKind::Empty()));
  answer.reads.back().role = KernelRead::Role::kCheck;
  answer.reads.push_back(
      Read(Level::kPte, Place::kNowhere, EntryKind::Empty()));
  answer.reads.back().value.reset();
  // The last on its line, and so any name.
  answer.reads.back().file = "some where/pgtable.h";
  answer.events = {{},
                   {.reads = 2},
                   {.kind = KernelEvent::Kind::kGrab, .reads = 2, .count = 256},
                   {.reads = 2},
                   {.kind = KernelEvent::Kind::kGiveBack,
                    .reads = answer.reads.size(),
                    .count = 1}};
  answer.race = {
      .outcome = Outcome::kStale, .page = 2, .known = Cause::kCopyCheck};
  return answer;
}

TEST(KernelAnswerTest, ComesBackAsItWas) {
  EXPECT_EQ(AnswerFromLines(ToLines(KernelAnswer())), KernelAnswer());
  EXPECT_EQ(AnswerFromLines(ToLines(Full())), Full());
  for (const auto end :
       {KernelAnswer::End::kReturned, KernelAnswer::End::kRefused,
        KernelAnswer::End::kMalformed, KernelAnswer::End::kFault,
        KernelAnswer::End::kBug}) {
    KernelAnswer answer;
    answer.end = end;
    if (end == KernelAnswer::End::kBug) answer.bug = "mm/gup.c:77";
    EXPECT_EQ(AnswerFromLines(ToLines(answer)), answer) << Name(end);
  }
}

TEST(KernelAnswerTest, LooksAsItIsDocumented) {
  KernelAnswer answer = Full();
  answer.reads.erase(answer.reads.begin() + 3, answer.reads.begin() + 6);
  answer.events.back().reads = answer.reads.size();
  EXPECT_EQ(ToLines(answer),
            "request returned\n"
            "run pin 7\n"
            "held 3\n"
            "finding kernel-6.1-s390.s390-3.short.pte-leaf\n"
            "known s390-readonly-2g-write\n"
            "race stale 2 copy-check\n"
            "pages 0x1000 0xffffffffffff000 0x0\n"
            "change\n"
            "read pgd table 0x10800000 0x1234 table 0x10600000 2931 mm/gup.c\n"
            "read p4d copy 0x1234 table 0x10600000 2931 mm/gup.c\n"
            "change\n"
            "grab 256\n"
            "change\n"
            "read pud stack -16 0x1234 malformed 2931 mm/gup.c\n"
            "read pte table 0x10800000 0x1234 leaf 0x3000 ro old dirty normal "
            "2931 mm/gup.c\n"
            "read pte table 0x10800000 0x1234 leaf 0x3000 none young clean "
            "special 2931 mm/gup.c\n"
            "again pmd table 0x10800000 0x1234 table 0x10600000 2931 "
            "mm/gup.c\n"
            "check pmd copy 0x1234 empty 2931 mm/gup.c\n"
            "read pte nowhere 0xfff0000000000000 fault empty 2931 some "
            "where/pgtable.h\n"
            "give-back 1\n"
            "end\n");
}

TEST(KernelAnswerTest, AnAnswerThatIsCutOffIsNone) {
  const std::string lines = ToLines(Full());
  for (size_t size = 0; size < lines.size(); ++size) {
    EXPECT_EQ(AnswerFromLines(lines.substr(0, size)), std::nullopt) << size;
  }
  EXPECT_EQ(AnswerFromLines(lines + "end\n"), std::nullopt);
  EXPECT_EQ(AnswerFromLines(lines + '\n'), std::nullopt);
}

TEST(KernelAnswerTest, GarbageIsRefused) {
  for (const std::string_view line : {
           "request\n",
           "request lost\n",
           "request bug\n",
           "request returned mm/gup.c:1\n",
           "request returned\nrun\n",
           "request returned\nrun twice\n",
           "request returned\nrun get x\n",
           "request returned\nrun get 1 2\n",
           "request returned\nheld\n",
           "request returned\nheld -1\n",
           "request returned\nheld 1 2\n",
           "request returned\nfinding\n",
           "request returned\nknown\n",
           "request returned\npages\n",
           "request returned\npages 0x\n",
           "request returned\npages 0x1 0xg\n",
           "request returned\npages 0x10000000000000000\n",
           "request returned\nread\n",
           "request returned\nread pxd table 0x0 0x0 empty 1 mm/gup.c\n",
           "request returned\nread pud moon 0x0 0x0 empty 1 mm/gup.c\n",
           "request returned\nread pud table 0x0 0x0 odd 1 mm/gup.c\n",
           "request returned\nread pud table 0x0 0x0 empty one mm/gup.c\n",
           "request returned\nread pud table 0x0 0x0 empty 1\n",
           "request returned\nread pud stack x 0x0 empty 1 mm/gup.c\n",
           "request returned\nread pud copy faulty empty 1 mm/gup.c\n",
           "request returned\nread pte copy 0x0 leaf 0x0 rw young dirty 1 a\n",
           "request returned\nread pte copy 0x0 table 0x0 1 mm/gup.c\n",
           "request returned\ncheck\n",
           "request returned\nagain pxd table 0x0 0x0 empty 1 mm/gup.c\n",
           "request returned\nchange 1\n",
           "request returned\ngrab\n",
           "request returned\ngrab 0\n",
           "request returned\ngrab -1\n",
           "request returned\ngive-back x\n",
           "request returned\ngrab 1 2\n",
           "request returned\nrace stale\n",
           "request returned\nrace stolen 1 none\n",
           "request returned\nrace stale one none\n",
           "request returned\nrace stale 1 luck\n",
           "request returned\nrace stale 1 none 2\n",
           "request returned\nfoo\n",
           "request returned\n\n",
           "hello\n",
       }) {
    EXPECT_EQ(AnswerFromLines(std::string(line) + "end\n"), std::nullopt)
        << line;
  }
  // The lines around them are in order.
  EXPECT_NE(AnswerFromLines("request returned\nend\n"), std::nullopt);
}

// What is accepted after all says the same when it is written again.
TEST(KernelAnswerTest, AnyByteMayBeAnother) {
  const std::string lines = ToLines(Full());
  Rng rng(1);
  int accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string changed = lines;
    for (uint64_t j = rng.Below(3) + 1; j > 0; --j) {
      changed[rng.Below(changed.size())] = static_cast<char>(rng.Below(256));
    }
    const auto answer = AnswerFromLines(changed);
    if (!answer.has_value()) continue;
    ++accepted;
    EXPECT_EQ(AnswerFromLines(ToLines(*answer)), answer);
  }
  EXPECT_GT(accepted, 100);
  EXPECT_LT(accepted, 15'000);
}

TEST(KernelTextTest, ComesBackAsItWas) {
  const KernelText text{.name = "kernel-6.1-s390-by-value",
                        .version = "6.1.192",
                        .cut = "34c97dde83082321",
                        .arch = "s390",
                        .variant = "by-value"};
  const std::string lines = ToLines(text);
  EXPECT_EQ(TextFromLines(lines), text);
  EXPECT_EQ(TextFromLines(lines + "more\n"), std::nullopt);
  EXPECT_EQ(TextFromLines(""), std::nullopt);
  EXPECT_EQ(TextFromLines("name a\nversion b\ncut c\narch d\nvariant\n"),
            std::nullopt);
  EXPECT_EQ(TextFromLines("version b\nname a\ncut c\narch d\nvariant e\n"),
            std::nullopt);
}

}  // namespace
}  // namespace pxdfuzz
