// SPDX-License-Identifier: MIT

// The output of programs that run walks, as lines. No kernel code is needed
// here.

#include "pxdfuzz/engine/protocol.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pxdfuzz/base/rng.h"

namespace pxdfuzz {
namespace {

constexpr uint64_t kTableAt = 0x10800000;

Event Read(Event::Kind kind, Level level, const Place& place, EntryKind meaning,
           size_t read) {
  return {.kind = kind,
          .level = level,
          .place = place,
          .value = 0x1234,
          .meaning = meaning,
          .read = read,
          .file = "mm/gup.c",
          .line = 2931};
}
Event Iteration(Level level, const Place& place, EntryKind meaning,
                size_t read) {
  return Read(Event::Kind::kIteration, level, place, meaning, read);
}

// An answer that contains every word of the protocol.
Answer Full() {
  Answer answer{.inconclusive = Inconclusive::kBeyondLimit,
                .finding = std::string("kernel-6.1-s390.s390-3.short.pte-leaf"),
                .page = 2,
                .cause = Cause::kVacuousRecheck,
                .known = "s390-readonly-2g-write",
                .contract = {{.row = 10, .kind = PageKind::kZero, .page = 2}}};
  Recording& run = answer.run;
  run.pin = true;
  run.refused = 7;
  run.inaccessible = 0x5000;
  run.pages = {{0x1000, 0, 4}, {0xffffffffffff000, 1, 9}, {}};
  run.count = 4;
  run.held = 3;
  run.reads = 12;
  run.snapshot = 2;
  run.violations = {.stack_escape = 1,
                    .wrong_entry = 2,
                    .nowhere = 3,
                    .double_fetch = 4,
                    .vacuous_recheck = 5,
                    .invariant = false};
  const Place table = {.physical = kTableAt};
  const Place copy = {.kind = Place::Kind::kOwnCopy, .copy_of = Level::kPgd};
  const Place stack = {.kind = Place::Kind::kStack, .copy_of = Level::kP4d};
  Place next_word = stack;
  next_word.distance = -16;
  using Kind = Event::Kind;
  run.events = {
      {.kind = Kind::kChange, .snapshot = 1},
      Iteration(Level::kPgd, table, EntryKind::Table(0x10600000), 1),
      Iteration(Level::kP4d, copy, EntryKind::Table(0x10600000), 2),
      {.kind = Kind::kChange, .read = 2, .snapshot = 2, .held = 1},
      {.kind = Kind::kGrab, .read = 2, .snapshot = 2, .held = 1, .count = 256},
      Iteration(Level::kPud, next_word, EntryKind::Malformed(), 3),
      Iteration(Level::kPud, stack, EntryKind::Empty(), 4),
      Iteration(Level::kPmd, table, EntryKind::Swap(0x9000), 5)};
  run.events.back().part = {.address = 0x2000,
                            .next = 0x4000,
                            .step = WalkStep::kDescend,
                            .passed_on = true,
                            .holds = false};
  for (const LeafState& state :
       {LeafState{},
        {.permission = Permission::kRead, .young = false, .kernel = true},
        {.permission = Permission::kNone, .dirty = false, .special = true}}) {
    run.events.push_back(
        Iteration(Level::kPte, table, EntryKind::Leaf(0x3000, state), 6));
  }
  run.events.push_back(
      Read(Kind::kReread, Level::kPmd, table, EntryKind::Table(0x10600000), 0));
  run.events.push_back(
      Read(Kind::kCheck, Level::kPmd, copy, EntryKind::Empty(), 11));
  // The model has no source lines.
  run.events.back().file.clear();
  run.events.back().line = 0;
  run.events.push_back(
      Iteration(Level::kPte,
                {.kind = Place::Kind::kNowhere, .physical = 0xfff0000000000000},
                EntryKind::Empty(), 12));
  run.events.back().value.reset();
  // The last on its line, and so any name.
  run.events.back().file = "some where/pgtable.h";
  run.events.push_back(
      {.kind = Kind::kPut, .read = 12, .snapshot = 2, .held = 4, .count = 1});
  return answer;
}

TEST(ProtocolTest, AnswersRoundTrip) {
  EXPECT_EQ(ReadAnswer(ToLines(Answer())), Answer());
  EXPECT_EQ(ReadAnswer(ToLines(Full())), Full());
  for (size_t i = 0; i < kRunEndCount; ++i) {
    Answer answer;
    answer.run.end = static_cast<RunEnd>(i);
    if (answer.run.end == RunEnd::kBug) answer.run.bug = "mm/gup.c:77";
    if (answer.run.end == RunEnd::kTrap) answer.run.bug = "the slow walk";
    EXPECT_EQ(ReadAnswer(ToLines(answer)), answer) << Name(answer.run.end);
  }
}

TEST(ProtocolTest, AVerdictOmitsTheRun) {
  Answer bare = Full();
  bare.run.pages.clear();
  bare.run.events.clear();
  bare.run.violations = {};
  bare.run.reads = 0;
  bare.run.snapshot = 0;
  EXPECT_EQ(ReadAnswer(ToLines(Full(), /*recorded=*/false)), bare);
}

TEST(ProtocolTest, AnswersMatchTheDocumentation) {
  EXPECT_EQ(
      ToLines(Full()),
      "request returned\n"
      "inconclusive beyond-limit\n"
      "call pin 7\n"
      "inaccessible 0x5000\n"
      "count 4\n"
      "held 3\n"
      "finding 2 kernel-6.1-s390.s390-3.short.pte-leaf\n"
      "cause vacuous-recheck\n"
      "known s390-readonly-2g-write\n"
      "contract 2 10 zero\n"
      "reads 12 2\n"
      "violation stack-escape 1\n"
      "violation wrong-entry 2\n"
      "violation double-fetch 4\n"
      "violation vacuous-recheck 5\n"
      "violation nowhere 3\n"
      "violation invariant\n"
      "page 0x1000 0 4\n"
      "page 0xffffffffffff000 1 9\n"
      "page 0x0 0 0\n"
      "change 0 1 0\n"
      "iteration 1 0 0 pgd table 0x10800000 0x1234 table 0x10600000 2931 "
      "mm/gup.c\n"
      "iteration 2 0 0 p4d copy pgd 0x1234 table 0x10600000 2931 mm/gup.c\n"
      "change 2 2 1\n"
      "grab 2 2 1 256\n"
      "iteration 3 0 0 pud stack p4d -16 0x1234 malformed 2931 mm/gup.c\n"
      "iteration 4 0 0 pud stack p4d ? 0x1234 empty 2931 mm/gup.c\n"
      "iteration 5 0 0 pmd table 0x10800000 0x1234 swap 0x9000 2931 "
      "mm/gup.c\n"
      "part 0x2000 0x4000 descend passed-on outside kept\n"
      "iteration 6 0 0 pte table 0x10800000 0x1234 leaf 0x3000 rw young dirty "
      "normal valid 0x0 2931 mm/gup.c\n"
      "iteration 6 0 0 pte table 0x10800000 0x1234 leaf 0x3000 ro old dirty "
      "normal valid 0x1 2931 mm/gup.c\n"
      "iteration 6 0 0 pte table 0x10800000 0x1234 leaf 0x3000 none young "
      "clean special valid 0x0 2931 mm/gup.c\n"
      "reread 0 0 0 pmd table 0x10800000 0x1234 table 0x10600000 2931 "
      "mm/gup.c\n"
      "check 11 0 0 pmd copy pgd 0x1234 empty\n"
      "iteration 12 0 0 pte nowhere 0xfff0000000000000 fault empty 2931 some "
      "where/pgtable.h\n"
      "put 12 2 4 1\n"
      "end\n");
}

TEST(ProtocolTest, RefusesATruncatedAnswer) {
  const std::string lines = ToLines(Full());
  for (size_t size = 0; size < lines.size(); ++size) {
    EXPECT_EQ(ReadAnswer(lines.substr(0, size)), std::nullopt) << size;
  }
  EXPECT_EQ(ReadAnswer(lines + "end\n"), std::nullopt);
  EXPECT_EQ(ReadAnswer(lines + '\n'), std::nullopt);
}

TEST(ProtocolTest, RefusesGarbage) {
  for (const std::string_view line : {
           "request\n",
           "request lost\n",
           "request bug\n",
           "request returned mm/gup.c:1\n",
           "hello\n",
           "",
       }) {
    EXPECT_EQ(ReadAnswer(std::string(line) + "end\n"), std::nullopt) << line;
  }
  for (const std::string_view line : {
           "contract 0 99 zero",
           "contract 0 1 one",
           "inconclusive",
           "inconclusive luck",
           "inconclusive overflow 1",
           "call",
           "call twice",
           "call get x",
           "call get 1 2",
           "count",
           "count 1 2",
           "held",
           "held -1",
           "held 1 2",
           "finding",
           "finding x",
           "finding 1",
           "cause",
           "cause luck",
           "cause none 2",
           "known",
           "reads 1",
           "reads 1 2 3",
           "violation",
           "violation none 1",
           "violation luck 1",
           "violation nowhere",
           "violation nowhere 1 2",
           "violation invariant 1",
           "page",
           "page 0x 0 0",
           "page 0x1 0",
           "page 0x1 0 0 0",
           "page 0x10000000000000000 0 0",
           "iteration",
           "iteration 1 0 0 pxd table 0x0 0x0 empty 1 mm/gup.c",
           "iteration 1 0 0 pud moon 0x0 0x0 empty 1 mm/gup.c",
           "iteration 1 0 0 pud table 0x0 0x0 odd 1 mm/gup.c",
           "iteration 1 0 0 pud table 0x0 0x0 empty one mm/gup.c",
           "iteration 1 0 0 pud table 0x0 0x0 empty 1",
           "iteration 1 0 0 pud stack p4d x 0x0 empty 1 mm/gup.c",
           "iteration 1 0 0 pud stack 8 0x0 empty 1 mm/gup.c",
           "iteration 1 0 0 pud copy pgd faulty empty 1 mm/gup.c",
           "iteration 1 0 0 pte copy pmd 0x0 leaf 0x0 rw young dirty 1 a",
           "iteration 1 0 0 pte copy pmd 0x0 table 0x0 1 mm/gup.c",
           "iteration 0 0 pud table 0x0 0x0 empty 1 mm/gup.c",
           "part 0x0 0x0 stop tested holds kept",
           "check",
           "reread 1 0 0 pxd table 0x0 0x0 empty 1 mm/gup.c",
           "change",
           "change 1 1 0 1",
           "grab 0 0 0",
           "grab 0 0 0 0",
           "grab 0 0 0 -1",
           "put 0 0 0 x",
           "grab 0 0 0 1 2",
           "foo",
           "",
       }) {
    EXPECT_EQ(ReadAnswer("request returned\n" + std::string(line) + "\nend\n"),
              std::nullopt)
        << line;
  }
  const std::string iteration =
      "iteration 1 0 0 pud table 0x0 0x0 empty 1 mm/gup.c\n";
  const std::string part = "part 0x0 0x0 stop tested holds kept\n";
  const auto read = [](const std::string& lines) {
    return ReadAnswer("request returned\n" + lines + "end\n");
  };
  EXPECT_EQ(read(iteration + part + part), std::nullopt);
  EXPECT_EQ(read("grab 0 0 0 1\n" + part), std::nullopt);
  // The lines around them are in order.
  EXPECT_NE(read(""), std::nullopt);
  EXPECT_NE(read(iteration + part), std::nullopt);
}

// An accepted answer has the same text when it is written again.
TEST(ProtocolTest, SurvivesAnyChangedByte) {
  const std::string lines = ToLines(Full());
  Rng rng(1);
  int accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string changed = lines;
    for (uint64_t j = rng.Below(3) + 1; j > 0; --j) {
      changed[rng.Below(changed.size())] = static_cast<char>(rng.Below(256));
    }
    const auto answer = ReadAnswer(changed);
    if (!answer.has_value()) continue;
    ++accepted;
    EXPECT_EQ(ReadAnswer(ToLines(*answer)), answer);
  }
  EXPECT_GT(accepted, 100);
  EXPECT_LT(accepted, 15'000);
}

TEST(ProtocolTest, GreetingsRoundTrip) {
  const KernelCode text{.name = "kernel-6.1-s390-by-value",
                        .version = "6.1.192",
                        .slice = "34c97dde83082321",
                        .arch = "s390",
                        .variant = "by-value"};
  const std::string lines = Greeting(text);
  EXPECT_EQ(lines,
            "pxdfuzz-protocol 3\n"
            "name kernel-6.1-s390-by-value\n"
            "version 6.1.192\n"
            "slice 34c97dde83082321\n"
            "arch s390\n"
            "variant by-value\n"
            "ready\n");
  EXPECT_EQ(ReadGreeting(lines), text);
  for (size_t size = 0; size < lines.size(); ++size) {
    EXPECT_EQ(ReadGreeting(lines.substr(0, size)), std::nullopt) << size;
  }
  EXPECT_EQ(ReadGreeting(lines + "more\n"), std::nullopt);
  const std::string first(kProtocolLine);
  const std::string last(kGreetingEnd);
  EXPECT_NE(
      ReadGreeting(first + "name a\nversion b\nslice c\narch d\nvariant e\n" +
                   last),
      std::nullopt);
  for (const std::string_view wrong :
       {"name a\nversion b\nslice c\narch d\nvariant\n",
        "version b\nname a\nslice c\narch d\nvariant e\n",
        "name a\nversion b\nslice c\narch d\n"}) {
    EXPECT_EQ(ReadGreeting(first + std::string(wrong) + last), std::nullopt);
  }
  std::string other = lines;
  other.replace(0, first.size(), "pxdfuzz-protocol 4\n");
  EXPECT_EQ(ReadGreeting(other), std::nullopt);
}

}  // namespace
}  // namespace pxdfuzz
