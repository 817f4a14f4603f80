// SPDX-License-Identifier: MIT

// What a person reads of kernel code. The answers here are made up from the
// model's walks: no kernel code is needed.

#include "kernel/kernel_report.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernel/known_findings.h"
#include "pxdfuzz/arch/s390.h"
#include "pxdfuzz/base/rng.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/report/replay.h"
#include "pxdfuzz/walk/event_trace.h"
#include "tests/known_cases.h"

namespace pxdfuzz {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using End = KernelAnswer::End;

const KernelCode& Text() {
  static const auto& text = *new KernelCode{.name = "kernel-6.9-s390-by-value",
                                            .version = "6.9.1",
                                            .slice = "c0ffee",
                                            .arch = "s390",
                                            .variant = "by-value"};
  return text;
}

std::string Finding(std::string_view rest) {
  return Concat({Text().name, ".s390-3.", rest});
}

// The example of the thread on linux-mm, 2020.
Case Example(StackContent around = StackContent::kCopy) {
  return MakeCase(
      3, {.start = 0x1007ffff000, .pages = 2},
      {MapPages(0x1007ffff000, 1, 0x1000), MapPages(0x10080000000, 1, 0x2000),
       MapPages(0x10000000000, 1, 0x3000)},
      around);
}

// What a text would answer that does what a walk of the model does. Each level
// has a line of its own.
KernelAnswer AnswerOf(const Case& c, Policy policy) {
  const Replay<S390> replay(c, 0, policy);
  KernelAnswer answer{.pages = replay.pages(), .held = replay.pages().size()};
  for (const auto& seen : replay.turns()) {
    const Turn& turn = seen.turn;
    KernelRead& read = answer.reads.emplace_back();
    read = {.level = turn.level,
            .file = "mm/gup.c",
            .line = 1000 + 100 * Ordinal(turn.level)};
    switch (turn.loaded.source) {
      case Source::kTable:
        read.physical = turn.ref.address();
        break;
      case Source::kOwnCopy:
        read.place = KernelRead::Place::kCopy;
        break;
      case Source::kStackEscape:
        read.place = KernelRead::Place::kStack;
        read.above_copy =
            static_cast<int64_t>(turn.ref.address() - c.stack.address());
        break;
      case Source::kNowhere:
        read.place = KernelRead::Place::kNowhere;
        read.nowhere = turn.ref.address();
        answer.end = End::kFault;
        answer.pages.clear();
        continue;
    }
    read.value = turn.loaded.value;
    read.kind = S390::Entries::Classify(
        EntryLevel(replay.geometry(), turn.level), turn.loaded.value);
  }
  return answer;
}

std::string Report(const Case& c, const KernelAnswer& answer,
                   const ReportOptions& options = {}) {
  return KernelReport(Text(), c, 0, answer, options);
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

// The text without breaks of lines, their margins and marks: to look for what
// is wrapped.
std::string Flat(const std::string& text) {
  std::string flat;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\n' || c == '>';
    if (blank && (flat.empty() || flat.back() == ' ')) continue;
    flat += blank ? ' ' : c;
  }
  return flat;
}

// Whether a turn of a loop stands out in colour.
bool HasMark(const std::string& report) {
  return report.find("\x1b[31m>>     pud ") != report.npos;
}

size_t Count(std::string_view text, std::string_view part) {
  size_t count = 0;
  for (size_t at = 0; (at = text.find(part, at)) != text.npos; ++at) ++count;
  return count;
}

// -----------------------------------------------------------------------------
// While tables change.

// A page of 2 GiB that is unmapped just before its reference is taken.
Case UnmappedMeanwhile() {
  Case c = MakeCase(3, {.start = 0x80000000, .pages = 1},
                    {MapLarge(Level::kPud, 0x80000000, 0x80000000)});
  c.concurrent.push_back({{.kind = TableOp::Kind::kClear,
                           .level = Level::kPud,
                           .address = 0x80000000},
                          4});
  return c;
}

// A page that is unmapped, and its tables freed, between two reads of the pud
// entry by a walk that passes pointers.
Case FreedMeanwhile() {
  Case c = MakeCase(3, {.start = 0x80000000, .pages = 1},
                    {MapPages(0x80000000, 1, 0x1000)});
  for (const Level level : {Level::kPte, Level::kPmd, Level::kPud}) {
    c.concurrent.push_back(
        {{.kind = TableOp::Kind::kClear, .level = level, .address = 0x80000000},
         6});
  }
  return c;
}

// A page table that collapse takes away while a walk is at its second page.
Case CollapsedMeanwhile() {
  Case c = MakeCase(3, {.start = 0x80000000, .pages = 3},
                    {MapPages(0x80000000, 3, 0x1000)});
  c.concurrent.push_back({{.kind = TableOp::Kind::kDetach,
                           .level = Level::kPmd,
                           .address = 0x80000000},
                          9});
  c.concurrent.push_back({{.kind = TableOp::Kind::kClear,
                           .level = Level::kPte,
                           .address = 0x80000000,
                           .count = 256},
                          10});
  return c;
}

// The same as AnswerOf() of a case with changes, with all that is read again.
// What is read again has a line of its own, 7 lines on.
KernelAnswer RaceAnswerOf(const Case& c, Policy policy) {
  const Replay<S390> replay(c, 0, policy);
  KernelAnswer answer{.pages = replay.pages(), .held = replay.pages().size()};
  const auto add = [&](KernelRead::Role role, Level level, EntryRef ref,
                       const Loaded& loaded) {
    KernelRead& read = answer.reads.emplace_back();
    read = {.role = role,
            .level = level,
            .file = "mm/gup.c",
            .line = 1000 + 100 * Ordinal(level) +
                    (role == KernelRead::Role::kTurn ? 0 : 7)};
    if (loaded.source == Source::kNowhere) {
      read.place = KernelRead::Place::kNowhere;
      read.nowhere = ref.address();
      answer.end = End::kFault;
      answer.pages.clear();
      return;
    }
    if (loaded.source == Source::kOwnCopy) {
      read.place = KernelRead::Place::kCopy;
    } else {
      read.physical = ref.address();
    }
    read.value = loaded.value;
    read.kind = S390::Entries::Classify(EntryLevel(replay.geometry(), level),
                                        loaded.value);
  };
  for (const WalkEvent& event : replay.events()) {
    const Turn& turn = replay.turns()[event.turn].turn;
    const Reread& reread = event.reread;
    const size_t reads = answer.reads.size();
    switch (event.kind) {
      case WalkEvent::Kind::kChange: {
        // A reference is taken after what is done before the next read.
        auto place = answer.events.end();
        if (!answer.events.empty() && answer.events.back().reads == reads &&
            answer.events.back().kind == KernelEvent::Kind::kGrab) {
          --place;
        }
        answer.events.insert(place, {.reads = reads});
        break;
      }
      case WalkEvent::Kind::kReread:
        add(KernelRead::Role::kAgain, reread.level, reread.ref, reread.loaded);
        break;
      case WalkEvent::Kind::kTurn:
        add(KernelRead::Role::kTurn, turn.level, turn.ref, turn.loaded);
        break;
      case WalkEvent::Kind::kGrab:
        answer.events.push_back({.kind = KernelEvent::Kind::kGrab,
                                 .reads = reads,
                                 .count = event.count});
        break;
      case WalkEvent::Kind::kCheck:
        add(KernelRead::Role::kCheck, reread.level, reread.ref, reread.loaded);
        if (event.has_changed()) {
          answer.events.push_back({.kind = KernelEvent::Kind::kPut,
                                   .reads = reads + 1,
                                   .count = 1});
        }
        break;
    }
  }
  return answer;
}

std::string RaceReport(std::string_view variant, const Case& c,
                       KernelAnswer answer, std::string_view finding = "") {
  KernelCode text = Text();
  text.variant = variant;
  if (!finding.empty()) answer.finding = Finding(finding);
  return KernelReport(text, c, 0, answer, {});
}

TEST(KernelReportTest, TellsAPageThatWasGone) {
  const Case c = UnmappedMeanwhile();
  KernelAnswer answer = RaceAnswerOf(c, kFoldedAwareByValue);
  ASSERT_EQ(answer.pages, (std::vector<uint64_t>{0x80000000}));
  answer.race = {.outcome = Outcome::kStale, .known = Cause::kVacuousRecheck};
  const std::string report =
      RaceReport("folded-aware", c, answer, "changing.stale.pud-empty");
  const std::string flat = Flat(report);
  EXPECT_THAT(
      flat,
      HasSubstr("returns a stale page: page 0 of 1, at 0x80000000, is "
                "0x80000000, which change 1 (clear pud of 0x80000000, before "
                "read 4) had taken away before the walk took its reference, "
                "after read 3: by then the tables say empty pud there. Its "
                "recheck passes all the same: it compares a local copy of "
                "the pud entry with itself (read 4, mm/gup.c:1207). Walks of "
                "this kind are known to go wrong here, for that reason "
                "(vacuous-recheck). "));
  EXPECT_THAT(flat, Not(HasSubstr("should be")));
  EXPECT_THAT(flat, HasSubstr("- version: what the tables hold between"));
  EXPECT_THAT(report, HasSubstr("version 0   version 1  the walk    grabbed  "
                                "is of\n>> 0     0x80000000  0x80000000  "
                                "empty pud  0x80000000  1        0, gone\n"));
  EXPECT_THAT(report,
              HasSubstr(">>     pud 0x80000000  read 3, mm/gup.c:1200\n"));
  // The change, then the reference, then the check.
  EXPECT_EQ(Count(report, "== change 1"), 1u);
  EXPECT_THAT(flat, HasSubstr("== change 1, before read 4: clear pud of "
                              "0x80000000 ============================ "));
  EXPECT_THAT(
      flat,
      HasSubstr("== empty grabs page 0: frame 0x80000000, in version 1 read "
                "4, mm/gup.c:1207: recheck: *pudp is the same: it is the "
                "local copy of p4d, compared with itself; in the table it is "
                "empty now RULE BROKEN: "));
  EXPECT_THAT(flat, HasSubstr("pud_offset(&p4d, addr) handed back the address "
                              "of p4d, a local variable."));
  EXPECT_EQ(Count(report, "RULE BROKEN"), 1u);
  EXPECT_EQ(Count(report, "FIRST DIFFERENCE"), 1u);
  EXPECT_THAT(report, HasSubstr("--- reference, page 0 at 0x80000000, version "
                                "0 -"));
  EXPECT_THAT(report, HasSubstr("--- reference, page 0 at 0x80000000, version "
                                "1 -"));
  EXPECT_THAT(flat, HasSubstr("In version 1 the walk grabbed 0x80000000"));
  EXPECT_THAT(report, HasSubstr("\nDEDUP_TOKEN: "));
}

TEST(KernelReportTest, TellsAnOffsetThatWentByAnEntryWhichHadChanged) {
  const Case c = FreedMeanwhile();
  KernelAnswer answer = RaceAnswerOf(c, kStaticByPointer);
  ASSERT_EQ(answer.end, End::kFault);
  answer.race = {.outcome = Outcome::kFault, .known = Cause::kDoubleFetch};
  const std::string report =
      RaceReport("by-pointer", c, answer, "changing.fault.pud-empty");
  const std::string flat = Flat(report);
  EXPECT_THAT(flat, HasSubstr(" faults: at page 0 of 1, at 0x80000000, it "
                              "reads memory that is no table. That address "
                              "has 0x1000 in version 0, no page in versions 1 "
                              "to 3 (empty pte, then empty pmd, then empty "
                              "pud). pmd_offset(pudp, addr) reads *pudp again "
                              "(read 6, mm/gup.c:1207): *pudp was segment "
                              "table 0 when it was tested (read 5), and change "
                              "3 has made it empty."));
  EXPECT_THAT(flat, HasSubstr("read 4, mm/gup.c:1307: pud_offset(p4dp, addr) "
                              "reads *p4dp again: the same"));
  EXPECT_THAT(flat, HasSubstr("segment table 0 - empty read 6, "
                              "mm/gup.c:1207: pmd_offset(pudp, addr) reads "
                              "*pudp again = 0x24: empty; it was segment table "
                              "0 when it was tested RULE BROKEN: "));
  EXPECT_THAT(flat, HasSubstr("pmd 0x80000000 read 7, mm/gup.c:1100 physical "
                              "0x0, where no table is: the read faults FIRST "
                              "DIFFERENCE: a fault at page 0; "));
  EXPECT_THAT(report, HasSubstr("\n       pud 0x80000000  read 5, "));
  EXPECT_THAT(report, HasSubstr("\n>>       pmd 0x80000000  read 7, "));
  EXPECT_EQ(Count(report, "== change "), 3u);
}

TEST(KernelReportTest, TellsHowTheRecheckSawAChange) {
  const Case c = CollapsedMeanwhile();
  const KernelAnswer answer = RaceAnswerOf(c, kStaticLockless);
  ASSERT_EQ(answer.pages, (std::vector<uint64_t>{0x1000}));
  const std::string report = RaceReport("as-is", c, answer);
  const std::string flat = Flat(report);
  EXPECT_THAT(flat, HasSubstr(" holds while the tables change: it returns 1 of "
                              "3 pages, as its address had it when it was "
                              "grabbed or later, and stops at page 1, at "
                              "0x80001000: its recheck (read 9, "
                              "mm/gup.c:1107) found *pmdp changed by change 1, "
                              "and it gave the page back."));
  EXPECT_THAT(flat, HasSubstr("read 6, mm/gup.c:1107: recheck: *pmdp is the "
                              "same read 7, mm/gup.c:1007: recheck: *ptep "
                              "is the same returns page 0 pte 0x80001000 read "
                              "8,"));
  EXPECT_THAT(flat, HasSubstr("- empty grabs page 1: frame 0x2000, in version "
                              "1 read 9, mm/gup.c:1107: recheck: *pmdp = "
                              "0x20: empty; it was page table 0 gives page 1 "
                              "back; stops here change 2, before read 10: "
                              "clear 256 pte of 0x80000000. It is not done: "
                              "the walk has ended before."));
  EXPECT_THAT(report, Not(HasSubstr(">>")));
  EXPECT_THAT(report, Not(HasSubstr("== change 2")));
}

// A walk without the check that would have seen it breaks no other rule.
TEST(KernelReportTest, TellsWhatTheRecheckLooksAt) {
  Case c = CollapsedMeanwhile();
  c.requests[0].pages = 1;
  c.concurrent[0].read = 5;
  c.concurrent[1].read = 100;
  KernelAnswer answer = RaceAnswerOf(c, kStaticLockless);
  ASSERT_EQ(answer.reads.back().role, KernelRead::Role::kCheck);
  answer.reads.pop_back();
  answer.events.pop_back();
  answer.pages = {0x1000};
  answer.race = {.outcome = Outcome::kStale};
  const auto told = [&] {
    return Flat(RaceReport("as-is", c, answer, "changing.stale.pmd-empty"));
  };
  EXPECT_THAT(told(), AllOf(HasSubstr(" there. It has no recheck. - "),
                            HasSubstr("which change 1 had taken away before"),
                            Not(HasSubstr("RULE BROKEN"))));
  answer.reads.push_back(answer.reads.back());
  answer.reads.back().role = KernelRead::Role::kCheck;
  EXPECT_THAT(told(), HasSubstr(" Its recheck looks at *ptep alone, and "
                                "passes. - "));
  // The variant hands it the address of a local.
  KernelRead& check = answer.reads.back();
  check = answer.reads[3];
  ASSERT_EQ(check.level, Level::kPmd);
  check.role = KernelRead::Role::kCheck;
  check.place = KernelRead::Place::kCopy;
  check.physical.reset();
  EXPECT_THAT(told(), AllOf(HasSubstr(" Its recheck never looks at the pmd "
                                      "entry in the table: it compares a local "
                                      "copy with itself (read 6, "),
                            HasSubstr("handed the address of pmd, a local "
                                      "variable.")));
}

TEST(KernelReportTest, ExplainsOtherRulesWhileTablesChange) {
  const Case c = CollapsedMeanwhile();
  KernelAnswer answer = RaceAnswerOf(c, kStaticLockless);
  answer.race.emplace();
  const auto told = [&](std::string_view rule) {
    return Flat(RaceReport("as-is", c, answer,
                           Concat({"changing.", rule, ".pte-leaf"})));
  };
  EXPECT_THAT(told("fork"),
              AllOf(HasSubstr(" returns pages with FOLL_PIN although fork() "
                              "came in between."),
                    HasSubstr("- The rule: where fork() takes write access")));
  EXPECT_THAT(told("references"),
              AllOf(HasSubstr("takes the wrong references."),
                    HasSubstr("returned 1 page and holds 1 reference")));
  // How the pages differ from the model's is not how they are wrong.
  answer.race->outcome = Outcome::kShort;
  EXPECT_THAT(told("model"),
              AllOf(HasSubstr("which are not those of the model's walk"),
                    HasSubstr("Both read the same entries in the same order"),
                    Not(HasSubstr("stops too early"))));
  answer.end = End::kFault;
  answer.race.reset();
  EXPECT_THAT(told("died"), HasSubstr("ended without an answer, at page 1 of "
                                      "3"));
}

TEST(KernelReportTest, FoldsLongRunsWhileTablesChange) {
  Case c = MakeCase(3, {.start = 0x10000000, .pages = 16},
                    {MapPages(0x10000000, 16, 0x100000)});
  c.concurrent.push_back({{.kind = TableOp::Kind::kClear,
                           .level = Level::kPte,
                           .address = 0x10008000},
                          29});
  const std::string flat =
      Flat(RaceReport("as-is", c, RaceAnswerOf(c, kStaticLockless)));
  EXPECT_THAT(flat, HasSubstr("returns page 0 ... 5 more, which return pages 1 "
                              "to 5, reads 8 to 22 pte 0x10006000 read 23, "));
  EXPECT_THAT(flat, HasSubstr("== change 1, before read 29: clear pte of "
                              "0x10008000 ="));
  EXPECT_THAT(flat, HasSubstr("pte 0x10008000 read 29, mm/gup.c:1000 page "
                              "table 0, entry 8 = 0x400: empty; stops here: "
                              "empty pte"));
}

// Whatever is said to have happened, and of whatever case.
TEST(KernelReportTest, StandsAnyEvents) {
  Rng rng(1);
  for (int i = 0; i < 300; ++i) {
    const Case c = rng.Chance(1, 2) ? CollapsedMeanwhile() : FreedMeanwhile();
    KernelAnswer answer = RaceAnswerOf(
        c, rng.Chance(1, 2) ? kStaticByPointer : kFoldedAwareByValue);
    answer.end = static_cast<End>(rng.Below(5));
    if (answer.end == End::kBug) answer.bug = "x:1";
    answer.pages.resize(rng.Below(5), rng.Next());
    for (uint64_t j = rng.Below(6); j > 0; --j) {
      answer.events.push_back(
          {.kind = static_cast<KernelEvent::Kind>(rng.Below(3)),
           .reads = rng.Chance(1, 8) ? rng.Next() : rng.Below(12),
           .count = rng.Chance(1, 8) ? rng.Next() : rng.Below(4)});
    }
    for (KernelRead& read : answer.reads) {
      if (!rng.Chance(1, 6)) continue;
      read.role = static_cast<KernelRead::Role>(rng.Below(3));
      read.level = kAllLevels[rng.Below(5)];
      read.place = static_cast<KernelRead::Place>(rng.Below(4));
      if (rng.Chance(1, 2)) read.physical = rng.Next();
      if (rng.Chance(1, 4)) read.value.reset();
    }
    if (rng.Chance(3, 4)) {
      answer.race = {.outcome = static_cast<Outcome>(rng.Below(kOutcomeCount)),
                     .page = rng.Chance(1, 8) ? rng.Next() : rng.Below(5),
                     .known = static_cast<Cause>(rng.Below(kCauseCount))};
    }
    const std::string report =
        RaceReport("by-pointer", c, answer,
                   rng.Chance(1, 2) ? "changing.stale.pmd-empty" : "sanitizer");
    for (const std::string& line : Lines(report)) {
      if (line.starts_with("DEDUP_TOKEN")) continue;
      EXPECT_LE(line.size(), 80u) << line;
      EXPECT_FALSE(line.ends_with(' ')) << line;
    }
  }
}

// -----------------------------------------------------------------------------

TEST(KernelReportTest, TellsWhereAPointerLeftALocalVariable) {
  KernelAnswer answer = AnswerOf(Example(), kStaticByValue);
  answer.finding = Finding("wrong-page.pte-leaf");
  const std::string report = Report(Example(), answer);
  const std::string flat = Flat(report);
  EXPECT_THAT(
      flat, StartsWith("On s390 with 3 levels, kernel-6.9-s390-by-value "
                       "(Linux 6.9.1, slice c0ffee) returns a wrong page: page "
                       "1 of 2, at 0x10080000000, is 0x3000 and should be "
                       "0x2000. It left the copy of p4d at pud: pudp moved "
                       "off a local variable, to 8 bytes above it on the "
                       "stack (mm/gup.c:1200). "));
  EXPECT_THAT(flat, HasSubstr("as it was before d3f7b1bb2040"));
  EXPECT_THAT(report, HasSubstr("called with FOLL_GET.\n"));
  EXPECT_THAT(report, HasSubstr("\n>> 1     0x10080000000  0x2000     0x3000"));
  EXPECT_THAT(flat, HasSubstr("mapped at 0x10000000000, 2 GiB below"));
  EXPECT_THAT(report,
              HasSubstr("\n   pgd 0x1007ffff000  mm/gup.c:1400  folded\n"));
  EXPECT_THAT(report, HasSubstr("       the local copy of pgd = 0x10200007: "
                                "segment table 0\n"));
  EXPECT_THAT(report, HasSubstr("\n>>     pud 0x10080000000  mm/gup.c:1200\n"));
  EXPECT_THAT(flat, HasSubstr("the stack, 8 bytes above the local copy of p4d "
                              "= 0x10200007, whatever stood there"));
  EXPECT_THAT(flat, HasSubstr("p4d_addr_end() let the pud loop run to "
                              "0x10080001000, but that entry spans 2 GiB and "
                              "ends at 0x10080000000."));
  EXPECT_THAT(flat, HasSubstr("d3f7b1bb2040 (\"mm/gup: fix gup_fast"));
  EXPECT_EQ(Count(report, "RULE BROKEN"), 1u);
  EXPECT_THAT(flat, HasSubstr("FIRST DIFFERENCE: page 1 becomes 0x3000; the "
                              "reference has 0x2000."));
  EXPECT_THAT(report, HasSubstr("--- reference, page 1 at 0x10080000000 "));
  EXPECT_THAT(report, HasSubstr("\nDEDUP_TOKEN: kernel-6.9-s390-by-value."
                                "s390-3.wrong-page.pte-leaf\n"));
}

TEST(KernelReportTest, TellsAgreement) {
  const std::string report =
      Report(Example(), AnswerOf(Example(), kStaticLockless));
  EXPECT_THAT(Flat(report), HasSubstr("agrees with the reference: both return "
                                      "2 of 2 pages."));
  EXPECT_THAT(report, Not(HasSubstr(">>")));
  EXPECT_THAT(report, Not(HasSubstr("DEDUP_TOKEN")));
  EXPECT_THAT(report, Not(HasSubstr("the stack,")));
  EXPECT_THAT(report, Not(HasSubstr("as the model writes them")));
}

TEST(KernelReportTest, TellsTheReadThatFaulted) {
  KernelAnswer answer = AnswerOf(Example(), kStaticByValue);
  answer.reads.resize(6);
  answer.reads[5].value = 0x7ffc0000;
  answer.reads[5].kind = EntryKind::Malformed();
  answer.reads.push_back({.level = Level::kPmd,
                          .file = "mm/gup.c",
                          .line = 2839,
                          .place = KernelRead::Place::kNowhere,
                          .nowhere = 0x7ffc0000});
  answer.pages.clear();
  answer.end = End::kFault;
  const std::string report = Report(Example(), answer);
  const std::string flat = Flat(report);
  EXPECT_THAT(flat, HasSubstr(" faults: at page 1 of 2, at 0x10080000000, "));
  EXPECT_THAT(report, HasSubstr("\n   0     0x1007ffff000  0x1000     0x1000"));
  EXPECT_THAT(report, HasSubstr("  0x2000     stop: a fault\n"));
  EXPECT_THAT(flat, HasSubstr("those that it had when it ended"));
  EXPECT_THAT(flat, HasSubstr("0x7ffc0000, whatever stood there: malformed"));
  EXPECT_THAT(flat, HasSubstr("physical 0x7ffc0000, where no table is: the "
                              "read faults"));
  EXPECT_THAT(report, HasSubstr("\n>> It faults; its last read is that of pmd "
                                "by mm/gup.c:2839.\n"));
}

TEST(KernelReportTest, TellsABug) {
  KernelAnswer answer = AnswerOf(Example(), kStaticLockless);
  answer.end = End::kBug;
  answer.bug = "mm/gup.c:77";
  answer.pages.clear();
  answer.reads.resize(1);
  const std::string report = Report(Example(), answer);
  EXPECT_THAT(Flat(report),
              HasSubstr("stops the kernel: at page 0 of 2, at 0x1007ffff000, "
                        "it hits the BUG() of mm/gup.c:77, where the page "
                        "should be 0x1000."));
  EXPECT_THAT(report, HasSubstr("stop: BUG()"));
  EXPECT_THAT(report, HasSubstr(">> It stops; its last read is that of pgd by "
                                "mm/gup.c:1400.\n"));
  EXPECT_THAT(report, Not(HasSubstr("a fault")));
}

// What is known has its page, and no token: it is not to be grouped.
TEST(KernelReportTest, NamesAKnownFinding) {
  for (const auto known : {KnownKernelFinding::kProtNoneWithoutNuma,
                           KnownKernelFinding::kReadOnly2GWrite}) {
    KernelAnswer answer = AnswerOf(Example(), kStaticLockless);
    answer.known = Name(known);
    const std::string file = KnownFindingFile(Name(known));
    EXPECT_TRUE(std::filesystem::exists(file)) << file;
    const std::string report = Report(Example(), answer);
    EXPECT_THAT(Flat(report), HasSubstr("This is known: " + file));
    EXPECT_THAT(report, Not(HasSubstr("DEDUP_TOKEN")));
  }
}

TEST(KernelReportTest, ExplainsOtherRules) {
  const KernelAnswer right = AnswerOf(Example(), kStaticLockless);
  const auto report_of = [&right](std::string_view rule) {
    KernelAnswer answer = right;
    answer.finding = Finding(Concat({rule, ".pte-leaf"}));
    answer.held = 3;
    return Flat(Report(Example(), answer));
  };
  EXPECT_THAT(report_of("references"),
              AllOf(HasSubstr("takes the wrong references."),
                    HasSubstr("- The rule: for each page that is returned one "
                              "reference is taken"),
                    HasSubstr("returned 2 pages and holds 3 references.")));
  EXPECT_THAT(report_of("refusal"),
              AllOf(HasSubstr("does not end where a page's reference cannot"),
                    HasSubstr("- The rule: where the reference of a page "
                              "cannot be taken")));
  EXPECT_THAT(report_of("model"),
              AllOf(HasSubstr("which are not those of the model's walk"),
                    HasSubstr("- The rule: text and the model's walk")));
  EXPECT_THAT(report_of("page-size"),
              HasSubstr("- The rule: perf_get_pgtable_size() gives"));
  EXPECT_THAT(report_of("sanitizer"), HasSubstr("was ended by a sanitizer."));
  EXPECT_THAT(report_of("died"), HasSubstr("ended without an answer."));
  KernelAnswer ended = AnswerOf(Example(), kStaticByValue);
  ended.end = End::kFault;
  ended.reads.resize(6);
  ended.reads.back().value.reset();
  ended.finding = Finding("sanitizer");
  EXPECT_THAT(Flat(Report(Example(), ended)),
              AllOf(HasSubstr("was ended by a sanitizer, at page 1 of 2, at "
                              "0x10080000000. It left the copy of p4d"),
                    HasSubstr("8 bytes above the local copy of p4d: the read "
                              "faults")));
  EXPECT_THAT(report_of("short"),
              AllOf(HasSubstr("The finding is of another run"),
                    Not(HasSubstr("The rule"))));

  KernelAnswer refused = right;
  refused.pin = true;
  refused.refused = 1;
  refused.pages.resize(1);
  refused.finding = Finding("refusal.pte-leaf");
  EXPECT_THAT(Flat(Report(Example(), refused)),
              HasSubstr("called with FOLL_PIN; the reference of page 1 could "
                        "not be taken."));
}

TEST(KernelReportTest, TellsWhatIsPermitted) {
  // Beyond the limit of 3 levels.
  const Case beyond = MakeCase(3, {.start = 4 * kTiB, .pages = 1}, {});
  KernelAnswer answer;
  answer.end = End::kRefused;
  const std::string agreed = Report(beyond, answer);
  EXPECT_THAT(agreed, StartsWith("The case is inconclusive"));
  EXPECT_THAT(agreed, HasSubstr("\nspace: s390/3"));
  answer.finding = Finding("permitted.pte-empty");
  answer.end = End::kReturned;
  EXPECT_THAT(Flat(Report(beyond, answer)),
              AllOf(HasSubstr("takes a request that it has to refuse"),
                    HasSubstr("- The rule: gup_fast_permitted()")));
  answer.end = End::kRefused;
  const std::string refuses = Report(Example(), answer);
  EXPECT_THAT(Flat(refuses),
              HasSubstr("refuses a request that the limits of the address "
                        "space allow."));
  EXPECT_THAT(refuses, Not(HasSubstr("--- Pages")));
  EXPECT_THAT(Report(Case(), KernelAnswer()),
              StartsWith("The case is inconclusive"));
}

// The right pages although a pointer left a local variable.
TEST(KernelReportTest, TellsLuck) {
  const Case c = MakeCase(
      3, {.start = 0x1007ffff000, .pages = 2},
      {MapPages(0x1007ffff000, 1, 0x1000), MapPages(0x10080000000, 1, 0x2000)},
      StackContent::kNext);
  KernelAnswer answer = AnswerOf(c, kStaticByValue);
  ASSERT_EQ(answer.pages, AnswerOf(c, kStaticLockless).pages);
  answer.finding = Finding("stray-read.pud");
  const std::string report = Report(c, answer);
  EXPECT_THAT(Flat(report), HasSubstr("returns the right pages by luck: at "
                                      "page 1 of 2"));
  EXPECT_EQ(Count(report, "RULE BROKEN"), 1u);
}

TEST(KernelReportTest, FoldsLongRuns) {
  const Case c = MakeCase(3, {.start = 0x10000000, .pages = 16},
                          {MapPages(0x10000000, 16, 0x100000)});
  KernelAnswer answer = AnswerOf(c, kStaticLockless);
  const std::string report = Report(c, answer);
  EXPECT_THAT(
      Flat(report),
      HasSubstr("; returns page 0 ... 14 more, which return pages 1 to 14 pte "
                "0x1000f000"));
  EXPECT_THAT(Flat(report), HasSubstr("returns page 15"));

  // A text that looks at each entry once more says nothing else.
  KernelAnswer twice = answer;
  twice.reads.clear();
  for (const KernelRead& read : answer.reads) {
    twice.reads.push_back(read);
    if (read.level > Level::kPmd) continue;
    twice.reads.push_back(read);
    twice.reads.back().line += 7;
    if (read.level == Level::kPmd) {
      twice.reads.back().place = KernelRead::Place::kCopy;
      twice.reads.back().physical.reset();
    }
  }
  EXPECT_EQ(Report(c, twice), report);
}

// Each page with what gup's recheck reads, and those with what pXd_offset()
// reads by pointer.
KernelAnswer WithChecks(const KernelAnswer& answer) {
  KernelAnswer checked = answer;
  checked.reads.clear();
  KernelRead pmd;
  const auto add = [&checked](KernelRead read, KernelRead::Role role) {
    read.role = role;
    read.line += 7;
    checked.reads.push_back(read);
  };
  for (const KernelRead& read : answer.reads) {
    checked.reads.push_back(read);
    if (read.level == Level::kPmd) pmd = read;
    if (read.level == Level::kPte) {
      add(pmd, KernelRead::Role::kCheck);
      add(read, KernelRead::Role::kCheck);
    } else {
      add(read, KernelRead::Role::kAgain);
    }
  }
  return checked;
}

// What was read again and is the same is not worth a line.
TEST(KernelReportTest, SaysNothingOfChecksThatSeeNoChange) {
  const Case c = MakeCase(3, {.start = kMiB - 8 * 4096, .pages = 16},
                          {MapPages(kMiB - 8 * 4096, 16, 0x100000)});
  const KernelAnswer answer = AnswerOf(c, kStaticLockless);
  EXPECT_EQ(Report(c, WithChecks(answer)), Report(c, answer));
}

TEST(KernelReportTest, TellsWhatTheRecheckSaw) {
  const Case c = MakeCase(3, {.start = 0x10000000, .pages = 3},
                          {MapPages(0x10000000, 3, 0x100000)});
  KernelAnswer answer = WithChecks(AnswerOf(c, kStaticLockless));
  // The last page is dropped: its pmd was cleared.
  answer.pages.pop_back();
  KernelRead& pmd = answer.reads[answer.reads.size() - 2];
  pmd.value = S390::Entries::Empty(Level::kPmd);
  pmd.kind = EntryKind::Empty();
  answer.reads.pop_back();
  const std::string report = Report(c, answer);
  const std::string flat = Flat(report);
  EXPECT_THAT(flat, HasSubstr("recheck: pmd read again = 0x20: empty, no "
                              "longer what was read"));
  EXPECT_THAT(flat, HasSubstr("stops here: the recheck sees a change"));
  EXPECT_THAT(flat, HasSubstr("stop: the recheck"));
  EXPECT_EQ(Count(report, "recheck: "), 1u);
}

// Where a level is folded, by value: it compares a copy with itself.
TEST(KernelReportTest, TellsARecheckOfACopy) {
  const Case c =
      MakeCase(2, {.start = 0x1000, .pages = 2}, {MapPages(0x1000, 2, 0x2000)});
  const std::string report =
      Report(c, WithChecks(AnswerOf(c, kFoldedAwareByValue)));
  EXPECT_EQ(Count(Flat(report),
                  "recheck: pmd read again, from the local "
                  "copy of pud, which nobody else changes"),
            2u);
}

TEST(KernelReportTest, TellsWhatAnOffsetFunctionDoubleFetch) {
  const Case c = MakeCase(3, {.start = 0x10000000, .pages = 1},
                          {MapPages(0x10000000, 1, 0x100000)});
  KernelAnswer answer = WithChecks(AnswerOf(c, kStaticByPointer));
  for (KernelRead& read : answer.reads) {
    if (read.role != KernelRead::Role::kAgain || read.level != Level::kPud) {
      continue;
    }
    read.value = S390::Entries::Empty(Level::kPud);
    read.kind = EntryKind::Empty();
  }
  EXPECT_THAT(Flat(Report(c, answer)),
              HasSubstr("pmd_offset() reads pud again = 0x24: empty, no longer "
                        "what was read"));
}

// Large leaves return what is left of them.
TEST(KernelReportTest, CountsThePagesOfLargeLeaves) {
  const Case c = MakeCase(3, {.start = 0x100fe000, .pages = 4},
                          {MapLarge(Level::kPmd, 0x10000000, 0x40000000),
                           MapPages(0x10100000, 2, 0x1000)});
  const KernelAnswer answer = AnswerOf(c, kStaticLockless);
  ASSERT_EQ(answer.pages,
            (std::vector<uint64_t>{0x400fe000, 0x400ff000, 0x1000, 0x2000}));
  const std::string flat = Flat(Report(c, answer));
  EXPECT_THAT(flat, HasSubstr("returns pages 0 to 1 pmd 0x10100000"));
  EXPECT_THAT(flat, HasSubstr("returns page 3"));

  // Where it faults later, they are the pages that it had.
  KernelAnswer fault = answer;
  fault.end = End::kFault;
  fault.pages.clear();
  fault.reads.pop_back();
  const std::string report = Report(c, fault);
  EXPECT_THAT(Flat(report), HasSubstr("faults: at page 2 of 4"));
  EXPECT_THAT(report, HasSubstr("\n   1     0x100ff000  0x400ff000  "
                                "0x400ff000\n"));
}

TEST(KernelReportTest, SaysWhereWordsAreNotTheModels) {
  KernelAnswer answer = AnswerOf(Example(), kStaticLockless);
  for (KernelRead& read : answer.reads) {
    if (read.level == Level::kPte) *read.value |= 0x100;
  }
  EXPECT_THAT(Flat(Report(Example(), answer)),
              HasSubstr("The tree writes 0x113d for 0x103d"));
}

TEST(KernelReportTest, MarksTheRequestThatIsTold) {
  Case c = Example();
  c.requests.push_back({.start = 0x1007ffff000, .pages = 1});
  const std::string report =
      KernelReport(Text(), c, 1, KernelAnswer{.pages = {0x1000}}, {});
  EXPECT_THAT(Flat(report), HasSubstr("it is request 2 of the 2 in the case"));
  EXPECT_THAT(report, HasSubstr("# the one that is told:\n"
                                "- {start: 0x1007ffff000, pages: 1,"));
  EXPECT_THAT(report, HasSubstr("Nothing is known of its reads."));
}

TEST(KernelReportTest, EndsWithCommands) {
  const std::string report =
      Report(Example(), AnswerOf(Example(), kStaticLockless),
             {.commands = {{"tell it again", "pxdfuzz explain x"}}});
  EXPECT_THAT(report, testing::EndsWith("\ntell it again:\n"
                                        "  pxdfuzz explain x\n"));
}

TEST(KernelReportTest, IsAsWideAsATerminal) {
  for (const Policy& policy : {kStaticByValue, kStaticLockless}) {
    KernelAnswer answer = AnswerOf(Example(), policy);
    answer.finding = Finding("short.pte-leaf");
    const std::string plain = Report(Example(), answer);
    for (const std::string& line : Lines(plain)) {
      if (line.starts_with("DEDUP_TOKEN")) continue;
      EXPECT_LE(line.size(), 80u) << line;
      EXPECT_FALSE(line.ends_with(' ')) << line;
    }
    EXPECT_THAT(plain, Not(HasSubstr("\x1b")));
    std::string colored = Report(Example(), answer, {.color = true});
    EXPECT_THAT(colored, StartsWith("\x1b[1mOn s390 with 3 levels"));
    EXPECT_EQ(HasMark(colored), policy == kStaticByValue);
    for (const std::string_view code : {"\x1b[1m", "\x1b[31m", "\x1b[0m"}) {
      for (size_t at; (at = colored.find(code)) != colored.npos;) {
        colored.erase(at, code.size());
      }
    }
    EXPECT_EQ(colored, plain);
  }
}

// Whoever answers, and whatever: there is a report.
TEST(KernelReportTest, StandsAnyAnswer) {
  Rng rng(1);
  const KernelAnswer first = AnswerOf(Example(), kStaticByValue);
  for (int i = 0; i < 2'000; ++i) {
    KernelAnswer answer = first;
    answer.end = static_cast<End>(rng.Below(5));
    if (answer.end == End::kBug) answer.bug = "x:1";
    if (rng.Chance(1, 4)) answer.refused = rng.Next();
    answer.pages.resize(rng.Below(5), rng.Next());
    for (uint64_t j = rng.Below(4); j > 0; --j) {
      KernelRead read{.role = static_cast<KernelRead::Role>(rng.Below(3)),
                      .level = kAllLevels[rng.Below(5)],
                      .file = "f",
                      .place = static_cast<KernelRead::Place>(rng.Below(4)),
                      .kind = {static_cast<EntryKind::Tag>(rng.Below(5)),
                               rng.Next(), LeafState()}};
      if (rng.Chance(1, 2)) read.physical = rng.Next();
      if (rng.Chance(1, 2)) {
        read.above_copy = static_cast<int64_t>(rng.Next() >> rng.Below(64));
      }
      if (rng.Chance(1, 2)) read.value = rng.Next();
      // Which no program can say.
      if (read.level == Level::kPte &&
          read.kind.tag == EntryKind::Tag::kTable) {
        continue;
      }
      const size_t at = rng.Below(answer.reads.size() + 1);
      answer.reads.insert(answer.reads.begin() + static_cast<ptrdiff_t>(at),
                          read);
    }
    answer.reads.resize(rng.Below(answer.reads.size() + 1));
    EXPECT_THAT(Report(Example(), answer), HasSubstr("--- Case ---"));
  }
}

TEST(VariantTest, EachIsDescribed) {
  std::vector<std::string> seen;
  for (const std::string_view variant :
       {"as-is", "no-numa", "by-value", "by-pointer", "folded-aware",
        "folded-aware-checked", "no-pmd-check", "without-36639013b346"}) {
    seen.push_back(DescribeVariant(variant));
    EXPECT_THAT(seen.back(), Not(HasSubstr("called")));
  }
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(std::unique(seen.begin(), seen.end()), seen.end());
  EXPECT_THAT(DescribeVariant("odd"), HasSubstr("odd"));
}

}  // namespace
}  // namespace pxdfuzz
