// SPDX-License-Identifier: MIT

// Explanations of kernel code. The answers here are made from the model's
// walks: no kernel code is needed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/known_findings.h"
#include "pxdfuzz/arch/s390.h"
#include "pxdfuzz/base/rng.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/engine/kernel_code.h"
#include "pxdfuzz/engine/protocol.h"
#include "pxdfuzz/engine/record_model.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/report/explain.h"
#include "pxdfuzz/report/render_text.h"
#include "pxdfuzz/view/case_tables.h"
#include "tests/known_cases.h"

namespace pxdfuzz {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using Kind = Event::Kind;

const KernelCode& Code() {
  static const auto& code = *new KernelCode{.name = "kernel-6.9-s390-by-value",
                                            .version = "6.9.1",
                                            .slice = "c0ffee",
                                            .arch = "s390",
                                            .variant = "by-value"};
  return code;
}

std::string Finding(std::string_view rest) {
  // The end of a process has no entry.
  for (const std::string_view end : {"sanitizer", "died"}) {
    if (const size_t at = rest.find(end); at != rest.npos) {
      rest = rest.substr(0, at + end.size());
    }
  }
  return Concat({Code().name, ".s390-3.", rest});
}

// The example of the thread on linux-mm, 2020.
Case Example(StackContent around = StackContent::kCopy) {
  return MakeCase(
      3, {.start = 0x1007ffff000, .pages = 2},
      {MapPages(0x1007ffff000, 1, 0x1000), MapPages(0x10080000000, 1, 0x2000),
       MapPages(0x10000000000, 1, 0x3000)},
      around);
}

// The answer of kernel code that does the same as a walk of the model. Each
// level has a separate source line, and second reads are 7 lines further.
Answer AnswerOf(const Case& c, Policy policy) {
  Answer answer{.run = RecordModel(CaseTables(c), c.requests[0], policy)};
  for (Event& event : answer.run.events) {
    if (!event.is_read()) continue;
    event.part.reset();
    event.file = "mm/gup.c";
    event.line = 1000 + 100 * Ordinal(event.level) +
                 (event.kind == Kind::kIteration ? 0 : 7);
    if (event.value.has_value()) continue;
    answer.run.end = RunEnd::kFault;
    answer.run.events.erase(
        answer.run.events.begin() + (&event - answer.run.events.data()) + 1,
        answer.run.events.end());
    break;
  }
  return answer;
}

Explanation Explained(const Case& c, const Answer& answer) {
  return Explain(KernelWalker(Code()), c, 0, answer);
}
std::string Report(const Case& c, const Answer& answer) {
  return RenderText(Explained(c, answer), {.full = true});
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

// The text without line breaks, margins and marks, and only the left column of
// iterations: for finding text that may be wrapped.
std::string Flat(const std::string& text) {
  std::string flat;
  for (std::string line : Lines(text)) {
    const size_t bar = line.find(" | ");
    if (bar != line.npos && bar > 40) line.resize(bar);
    if (line.ends_with(" |")) line.resize(line.size() - 2);
    for (const char c : line + ' ') {
      const bool blank = c == ' ' || c == '>';
      if (blank && (flat.empty() || flat.back() == ' ')) continue;
      flat += blank ? ' ' : c;
    }
  }
  return flat;
}

size_t Count(std::string_view text, std::string_view part) {
  size_t count = 0;
  for (size_t at = 0; (at = text.find(part, at)) != text.npos; ++at) ++count;
  return count;
}

// -----------------------------------------------------------------------------
// While tables change.

ConcurrentOp ClearBefore(uint16_t read, Level level, uint64_t address) {
  return {{.kind = TableOp::Kind::kClear, .level = level, .address = address},
          read};
}

// A page of 2 GiB that is unmapped just before its reference is taken.
Case UnmappedBetween() {
  Case c = MakeCase(3, {.start = 0x80000000, .pages = 1},
                    {MapLarge(Level::kPud, 0x80000000, 0x80000000)});
  c.concurrent.push_back(ClearBefore(4, Level::kPud, 0x80000000));
  return c;
}

// A page that is unmapped, and its tables freed, between two reads of the pud
// entry by a walk that passes pointers.
Case FreedBetween() {
  Case c = MakeCase(3, {.start = 0x80000000, .pages = 1},
                    {MapPages(0x80000000, 1, 0x1000)});
  for (const Level level : {Level::kPte, Level::kPmd, Level::kPud}) {
    c.concurrent.push_back(ClearBefore(6, level, 0x80000000));
  }
  return c;
}

// A page table that collapse detaches while a walk is at its second page.
Case CollapsedBetween() {
  Case c = MakeCase(3, {.start = 0x80000000, .pages = 3},
                    {MapPages(0x80000000, 3, 0x1000)});
  c.concurrent.push_back({{.kind = TableOp::Kind::kDetach,
                           .level = Level::kPmd,
                           .address = 0x80000000},
                          9});
  ConcurrentOp clear = ClearBefore(10, Level::kPte, 0x80000000);
  clear.count = 256;
  c.concurrent.push_back(clear);
  return c;
}

Explanation RaceOf(std::string_view variant, const Case& c, Answer answer,
                   std::string_view finding = "") {
  KernelCode code = Code();
  code.variant = variant;
  if (!finding.empty()) answer.finding = Finding(finding);
  return Explain(KernelWalker(code), c, 0, answer);
}
std::string Full(const Explanation& e) { return RenderText(e, {.full = true}); }

TEST(ExplainKernelTest, ExplainsAStalePage) {
  const Case c = UnmappedBetween();
  Answer answer = AnswerOf(c, kFoldedAwareByValue);
  answer.cause = Cause::kVacuousRecheck;
  const Explanation e =
      RaceOf("folded-aware", c, answer, "changing.stale.pud-empty");
  EXPECT_EQ(e.outcome, Outcome::kStale);
  EXPECT_EQ(e.waiver, Cause::kVacuousRecheck);
  EXPECT_EQ(e.page, 0u);
  EXPECT_EQ(e.returned, 0x80000000u);
  EXPECT_EQ(e.expected, std::nullopt);
  EXPECT_EQ(e.page_header, (std::vector<std::string>{
                               "page", "address", "snapshot 0", "snapshot 1",
                               Code().name, "grabbed", "is of"}));
  EXPECT_EQ(e.pages[0].cells, (std::vector<std::string>{
                                  "0", "0x80000000", "0x80000000", "empty pud",
                                  "0x80000000", "1", "0, gone"}));
  const std::string report = Full(e);
  const std::string flat = Flat(report);
  EXPECT_THAT(
      flat,
      HasSubstr(
          "returns a stale page: page 0 of 1, at 0x80000000, is "
          "0x80000000, which change 1 (clear pud of 0x80000000, before "
          "read 4) removed before the walk took its reference, after "
          "read 3: at that time the tables have empty pud there. Its recheck "
          "passes nevertheless: it compares a local copy of the "
          "pud entry with itself (read 4, mm/gup.c:1207). This is an "
          "expected failure of walks of this kind (vacuous-recheck)."));
  EXPECT_THAT(flat, Not(HasSubstr("should be")));
  EXPECT_THAT(flat, HasSubstr("- snapshot: the content of the tables between"));
  EXPECT_THAT(report, HasSubstr("\n>>     grabs page 0: frame 0x80000000 "));
  // The change, then the reference, then the recheck.
  ASSERT_TRUE(e.timeline.has_value());
  EXPECT_EQ(e.timeline->changes[0].wrote,
            (std::vector<std::string>{"region-third table 0, entry 1: large "
                                      "page 0x80000000, rw young dirty -> "
                                      "empty"}));
  const auto marked =
      std::find_if(e.iterations.begin(), e.iterations.end(),
                   [](const auto& iteration) { return iteration.marked; });
  ASSERT_NE(marked, e.iterations.end());
  EXPECT_EQ(marked[-1].change->number, 1u);
  EXPECT_EQ(
      marked->after,
      (std::vector<std::string>{
          "grabs page 0: frame 0x80000000",
          "read 4, mm/gup.c:1207: recheck: *pudp is the same: it is the "
          "local copy of p4d, compared with itself; the entry in the table is "
          "empty now",
          "returns page 0"}));
  EXPECT_THAT(marked->rule, HasSubstr("pud_offset(&p4d, addr) returned the "
                                      "address of p4d, a local variable."));
  EXPECT_THAT(marked->effect, StartsWith("FIRST DIFFERENCE: page 0 becomes "));
  EXPECT_EQ(Count(report, "RULE BROKEN"), 1u);
  EXPECT_EQ(Count(report, "FIRST DIFFERENCE"), 1u);
  ASSERT_EQ(e.references.size(), 2u);
  EXPECT_EQ(e.references[0].title,
            "reference, page 0 at 0x80000000, snapshot 0");
  EXPECT_EQ(e.references[1].title,
            "reference, page 0 at 0x80000000, snapshot 1");
  EXPECT_THAT(e.references[1].result,
              HasSubstr("In snapshot 1 the walk grabbed 0x80000000"));
  // An expected failure is not to be grouped.
  EXPECT_EQ(e.token, "");
  answer.cause = Cause::kNone;
  EXPECT_THAT(
      Full(RaceOf("folded-aware", c, answer, "changing.stale.pud-empty")),
      HasSubstr("\nDEDUP_TOKEN: "));
}

TEST(ExplainKernelTest, ExplainsADoubleFetch) {
  const Case c = FreedBetween();
  Answer answer = AnswerOf(c, kStaticByPointer);
  ASSERT_EQ(answer.run.end, RunEnd::kFault);
  answer.cause = Cause::kDoubleFetch;
  const Explanation e =
      RaceOf("by-pointer", c, answer, "changing.fault.pud-empty");
  EXPECT_EQ(e.outcome, Outcome::kFault);
  const std::string report = Full(e);
  const std::string flat = Flat(report);
  EXPECT_THAT(flat,
              HasSubstr(" faults: at page 0 of 1, at 0x80000000, it "
                        "reads memory that is not a page table. That address "
                        "has 0x1000 in snapshot 0, no page in snapshots "
                        "1 to 3 (empty pte, then empty pmd, then empty "
                        "pud). pmd_offset(pudp, addr) reads *pudp again "
                        "(read 6, mm/gup.c:1207): *pudp was segment "
                        "table 0 when it was tested (read 5, "
                        "mm/gup.c:1200), and change 3 has made it "
                        "empty."));
  EXPECT_THAT(flat, HasSubstr("read 4, mm/gup.c:1307: *p4dp again: the same"));
  EXPECT_THAT(flat, HasSubstr("read 6, mm/gup.c:1207: *pudp again = 0x24: "
                              "empty; it was segment table 0 when it was "
                              "tested"));
  EXPECT_THAT(flat, HasSubstr("physical 0x0, outside all tables read 7: *pmdp: "
                              "the read faults "));
  EXPECT_THAT(flat, HasSubstr("FIRST DIFFERENCE: a fault at page 0; "));
  EXPECT_THAT(report, HasSubstr("\n     pud 0x80000000 "));
  EXPECT_EQ(Count(report, "\n== change "), 6u);  // among reads, among
                                                 // iterations
}

TEST(ExplainKernelTest, ExplainsHowTheRecheckSawAChange) {
  const Case c = CollapsedBetween();
  const Answer answer = AnswerOf(c, kStaticLockless);
  ASSERT_EQ(answer.run.pages.size(), 1u);
  const Explanation e = RaceOf("as-is", c, answer);
  EXPECT_EQ(e.outcome, Outcome::kAgrees);
  EXPECT_FALSE(e.is_wrong);
  const std::string report = Full(e);
  const std::string flat = Flat(report);
  EXPECT_THAT(flat, HasSubstr(" holds while the tables change: it returns 1 of "
                              "3 pages, which its address had when it was "
                              "grabbed or later, and stops at page 1, at "
                              "0x80001000: its recheck (read 9, "
                              "mm/gup.c:1107) found *pmdp changed by change 1, "
                              "and it put the page."));
  EXPECT_THAT(flat, HasSubstr("read 6, mm/gup.c:1107: recheck: *pmdp is the "
                              "same read 7, mm/gup.c:1007: recheck: *ptep is "
                              "the same returns page 0"));
  EXPECT_THAT(flat, HasSubstr("grabs page 1: frame 0x2000 read 9, "
                              "mm/gup.c:1107: recheck: *pmdp = 0x20: empty; it "
                              "was page table 0 puts page 1; stops here"));
  ASSERT_EQ(e.timeline->changes.size(), 2u);
  EXPECT_TRUE(e.timeline->changes[0].made);
  EXPECT_FALSE(e.timeline->changes[1].made);
  EXPECT_THAT(
      flat, HasSubstr("change 2, before read 10: clear 256 pte of "
                      "0x80000000. It is not made: the walk ended before it."));
  EXPECT_THAT(report, Not(HasSubstr(">>")));
  EXPECT_THAT(report, Not(HasSubstr("== change 2")));
}

// A walk without the recheck that would have seen it breaks no other rule.
TEST(ExplainKernelTest, ExplainsWhatTheRecheckReads) {
  Case c = CollapsedBetween();
  c.requests[0].pages = 1;
  c.concurrent[0].number = 5;
  c.concurrent[1].number = 100;
  Answer answer = AnswerOf(c, kStaticLockless);
  ASSERT_EQ(answer.run.events.back().kind, Kind::kPut);
  answer.run.events.pop_back();
  ASSERT_EQ(answer.run.events.back().kind, Kind::kCheck);
  answer.run.events.pop_back();
  answer.run.pages = {{.physical = 0x1000, .snapshot = 1, .read = 5}};
  const auto flat = [&] {
    return Flat(Full(RaceOf("as-is", c, answer, "changing.stale.pmd-empty")));
  };
  EXPECT_THAT(flat(), AllOf(HasSubstr(". It has no recheck. - "),
                            HasSubstr("which change 1 removed before"),
                            Not(HasSubstr("RULE BROKEN"))));
  answer.run.events.push_back(answer.run.events[5]);
  Event& check = answer.run.events.back();
  ASSERT_EQ(check.level, Level::kPte);
  check.kind = Kind::kCheck;
  check.snapshot = 1;
  EXPECT_THAT(flat(),
              HasSubstr(" Its recheck reads only *ptep and passes. - "));
  // The variant passes the address of a local variable.
  check = answer.run.events[3];
  ASSERT_EQ(check.level, Level::kPmd);
  check.kind = Kind::kCheck;
  check.read = 6;
  check.snapshot = 1;
  check.place = {.kind = Place::Kind::kOwnCopy, .copy_of = Level::kPmd};
  EXPECT_THAT(flat(),
              AllOf(HasSubstr(" Its recheck never reads the pmd entry in the "
                              "table: it compares a local "
                              "copy with itself (read 6, "),
                    HasSubstr("gets the address of pmd, a local variable.")));
}

TEST(ExplainKernelTest, ExplainsOtherRulesWhileTablesChange) {
  const Case c = CollapsedBetween();
  Answer answer = AnswerOf(c, kStaticLockless);
  const auto flat = [&](std::string_view rule) {
    return Flat(Full(
        RaceOf("as-is", c, answer, Concat({"changing.", rule, ".pte-leaf"}))));
  };
  EXPECT_THAT(flat("fork"),
              AllOf(HasSubstr(" returns pages with FOLL_PIN although fork() "
                              "ran at the same time."),
                    HasSubstr("- the rule: if fork() write-protects entries")));
  EXPECT_THAT(flat("references"),
              AllOf(HasSubstr("takes the wrong references."),
                    HasSubstr("returned 1 page and holds 1 reference")));
  EXPECT_THAT(flat("model"),
              AllOf(HasSubstr("which are not those of the model's walk"),
                    HasSubstr("both read the same entries in the same order"),
                    Not(HasSubstr("stops too early"))));
  answer.run.end = RunEnd::kDied;
  EXPECT_THAT(flat("died"), HasSubstr("ended without an answer, at page 1 of "
                                      "3"));
}

TEST(ExplainKernelTest, FoldsLongRunsWhileTablesChange) {
  Case c = MakeCase(3, {.start = 0x10000000, .pages = 16},
                    {MapPages(0x10000000, 16, 0x100000)});
  c.concurrent.push_back(ClearBefore(29, Level::kPte, 0x10008000));
  const Explanation e = RaceOf("as-is", c, AnswerOf(c, kStaticLockless));
  const auto run =
      std::find_if(e.iterations.begin(), e.iterations.end(),
                   [](const Explanation::Iteration& iteration) {
                     return iteration.pointer.ends_with("in each iteration");
                   });
  ASSERT_NE(run, e.iterations.end());
  EXPECT_EQ(run->next, "returns pages 0 to 7");
  EXPECT_THAT(run->read, StartsWith("reads 5 to 28: each entry, "));
  EXPECT_EQ(run->reference, std::vector<std::string>{"the same pages"});
  const std::string flat = Flat(Full(e));
  EXPECT_THAT(flat, HasSubstr("== change 1, before read 29: clear pte of "
                              "0x10008000 ="));
  EXPECT_THAT(flat, HasSubstr("pte 0x10008000 mm/gup.c:1000 - page table 0, "
                              "entry 8 read 29: *ptep = 0x400: empty stops "
                              "here: empty pte"));
}

// Any recording, and any case.
TEST(ExplainKernelTest, SurvivesAnyRecording) {
  Rng rng(1);
  for (int i = 0; i < 600; ++i) {
    const Case c = rng.Chance(1, 3)   ? Example()
                   : rng.Chance(1, 2) ? CollapsedBetween()
                                      : FreedBetween();
    Answer answer =
        AnswerOf(c, rng.Chance(1, 2) ? kStaticByPointer : kStaticByValue);
    Recording& run = answer.run;
    run.end = static_cast<RunEnd>(rng.Below(kRunEndCount));
    if (run.end == RunEnd::kBug) run.bug = "x:1";
    if (rng.Chance(1, 4)) run.refused = rng.Next();
    run.pages.resize(rng.Below(5), {.physical = rng.Next()});
    for (uint64_t j = rng.Below(8); j > 0; --j) {
      Event event{.kind = static_cast<Kind>(rng.Below(6)),
                  .level = kAllLevels[rng.Below(5)],
                  .meaning = {static_cast<EntryKind::Tag>(rng.Below(5)),
                              rng.Next(), LeafState()},
                  .read = rng.Below(9),
                  .snapshot = rng.Chance(1, 8) ? rng.Next() : rng.Below(4),
                  .count = rng.Chance(1, 8) ? rng.Next() : rng.Below(4),
                  .file = "f"};
      // There is no change 0.
      if (event.kind == Kind::kChange) {
        if (c.concurrent.empty()) continue;
        event.snapshot = 1 + rng.Below(c.concurrent.size());
      }
      const size_t at = rng.Below(run.events.size() + 1);
      run.events.insert(run.events.begin() + static_cast<ptrdiff_t>(at), event);
    }
    for (Event& event : run.events) {
      if (!event.is_read() || !rng.Chance(1, 6)) continue;
      event.kind = static_cast<Kind>(rng.Below(3));
      event.level = kAllLevels[rng.Below(5)];
      event.place.kind = static_cast<Place::Kind>(rng.Below(4));
      event.place.copy_of = kAllLevels[rng.Below(5)];
      if (rng.Chance(1, 2)) event.place.physical = rng.Next();
      if (rng.Chance(1, 2)) {
        event.place.distance =
            static_cast<int64_t>(rng.Next() >> rng.Below(64));
      }
      if (rng.Chance(1, 4)) event.value.reset();
    }
    run.events.resize(rng.Below(run.events.size() + 1));
    answer.cause = static_cast<Cause>(rng.Below(kCauseCount));
    const Explanation e =
        RaceOf("by-pointer", c, answer,
               rng.Chance(1, 2) ? "changing.stale.pmd-empty" : "sanitizer");
    for (const bool full : {false, true}) {
      const std::string report = RenderText(e, {.full = full});
      EXPECT_THAT(report, HasSubstr("--- Case ---"));
      for (const std::string& line : Lines(report)) {
        if (line.starts_with("DEDUP_TOKEN")) continue;
        EXPECT_LE(line.size(), 80u) << line;
        EXPECT_FALSE(line.ends_with(' ')) << line;
      }
    }
  }
}

// -----------------------------------------------------------------------------

TEST(ExplainKernelTest, ExplainsWhereAPointerLeftALocalVariable) {
  Answer answer = AnswerOf(Example(), kStaticByValue);
  answer.finding = Finding("wrong-page.pte-leaf");
  const Explanation e = Explained(Example(), answer);
  EXPECT_EQ(e.outcome, Outcome::kWrongPage);
  EXPECT_EQ(e.page, 1u);
  EXPECT_EQ(e.returned, 0x3000u);
  EXPECT_EQ(e.expected, 0x2000u);
  EXPECT_EQ(e.token, answer.finding.name());
  const std::string report = Full(e);
  const std::string flat = Flat(report);
  EXPECT_THAT(
      flat, StartsWith("On s390 with 3 levels, kernel-6.9-s390-by-value "
                       "(Linux 6.9.1, code c0ffee) returns a wrong page: "
                       "page 1 of 2, at 0x10080000000, is 0x3000 and should "
                       "be 0x2000. The walk left the copy of p4d at pud: pudp "
                       "moved off a local variable, to 1 word above it on "
                       "the stack (mm/gup.c:1200). "));
  EXPECT_THAT(flat, HasSubstr("as it was before d3f7b1bb2040"));
  EXPECT_THAT(report, HasSubstr("called with: FOLL_GET.\n"));
  EXPECT_THAT(report, HasSubstr("\n>> 1     0x10080000000  0x2000     0x3000"));
  EXPECT_THAT(flat, HasSubstr("mapped at 0x10000000000, 2 GiB below"));
  EXPECT_THAT(flat, HasSubstr("pgd 0x1007ffff000, folded mm/gup.c:1400 "));
  EXPECT_THAT(flat, HasSubstr("the local copy of pgd *p4dp = 0x10200007: "
                              "segment table 0"));
  EXPECT_THAT(report, HasSubstr("\n>>   pud 0x10080000000 "));
  EXPECT_THAT(flat,
              HasSubstr("the stack, 1 word above the local copy of p4d "
                        "*pudp = 0x10200007, which is an unrelated word"));
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
  // The reference column is that of the model's walks.
  const auto marked =
      std::find_if(e.iterations.begin(), e.iterations.end(),
                   [](const auto& iteration) { return iteration.marked; });
  EXPECT_EQ(marked->reference,
            (std::vector<std::string>{"region-third table 0, entry 513",
                                      "0x10204007: segment table 1"}));
  // So does the drawing: both paths, and the stack.
  ASSERT_TRUE(e.picture.has_value());
  EXPECT_EQ(e.picture->walk_path.size(), 4u);
  EXPECT_EQ(e.picture->walk_path[0].at, WalkPicture::Step::At::kStack);
  EXPECT_EQ(e.picture->stack->distance, 8);
  EXPECT_TRUE(e.picture->stack->copied.has_value());
}

TEST(ExplainKernelTest, ExplainsAgreement) {
  const std::string report =
      Report(Example(), AnswerOf(Example(), kStaticLockless));
  EXPECT_THAT(Flat(report), HasSubstr("agrees with the reference: both return "
                                      "2 of 2 pages."));
  EXPECT_THAT(report, Not(HasSubstr(">>")));
  EXPECT_THAT(report, Not(HasSubstr("DEDUP_TOKEN")));
  EXPECT_THAT(report, Not(HasSubstr("the stack,")));
  EXPECT_THAT(report, Not(HasSubstr("as the model writes them")));
}

TEST(ExplainKernelTest, ExplainsTheReadThatFaulted) {
  Answer answer = AnswerOf(Example(), kStaticByValue);
  Recording& run = answer.run;
  run.events.resize(6);
  run.events[5].value = 0x7ffc0000;
  run.events[5].meaning = EntryKind::Malformed();
  run.events.push_back(
      {.kind = Kind::kIteration,
       .level = Level::kPmd,
       .place = {.kind = Place::Kind::kNowhere, .physical = 0x7ffc0000},
       .file = "mm/gup.c",
       .line = 2839});
  run.end = RunEnd::kFault;
  // Its pages are known from its reads.
  run.pages.clear();
  const std::string report = Report(Example(), answer);
  const std::string flat = Flat(report);
  EXPECT_THAT(flat, HasSubstr(" faults: at page 1 of 2, at 0x10080000000, "));
  EXPECT_THAT(report, HasSubstr("\n   0     0x1007ffff000  0x1000     0x1000"));
  EXPECT_THAT(report, HasSubstr("  0x2000     stop: a fault\n"));
  EXPECT_THAT(flat, HasSubstr("those that the walk held when it ended"));
  EXPECT_THAT(flat, HasSubstr("0x7ffc0000, which is an unrelated word: "
                              "malformed"));
  EXPECT_THAT(flat, HasSubstr("physical 0x7ffc0000, outside all tables *pmdp: "
                              "the read faults"));
  EXPECT_THAT(
      report,
      HasSubstr(
          "\n- The walk faults; its last read is of pmd by mm/gup.c:2839.\n"));
}

TEST(ExplainKernelTest, ExplainsABug) {
  Answer answer = AnswerOf(Example(), kStaticLockless);
  answer.run.end = RunEnd::kBug;
  answer.run.bug = "mm/gup.c:77";
  answer.run.pages.clear();
  answer.run.events.resize(1);
  const std::string report = Report(Example(), answer);
  EXPECT_THAT(Flat(report),
              HasSubstr("stops the kernel: at page 0 of 2, at 0x1007ffff000, "
                        "it hits the BUG() of mm/gup.c:77, where the page "
                        "should be 0x1000."));
  EXPECT_THAT(report, HasSubstr("stop: BUG()"));
  EXPECT_THAT(
      report,
      HasSubstr(
          "- The walk stops; its last read is of pgd by mm/gup.c:1400.\n"));
  EXPECT_THAT(Flat(report), HasSubstr("THE WALK ENDS HERE: "));
  EXPECT_THAT(report, Not(HasSubstr("a fault")));
}

TEST(ExplainKernelTest, ExplainsAWalkThatNeverEnds) {
  Answer answer = AnswerOf(Example(), kStaticLockless);
  answer.finding = Finding("endless.pte-leaf");
  answer.run.pages.clear();
  answer.run.end = RunEnd::kEndless;
  EXPECT_THAT(Flat(Report(Example(), answer)),
              HasSubstr("(Linux 6.9.1, code c0ffee) never ends: at page "));
  answer.run.end = RunEnd::kOverflow;
  EXPECT_THAT(Flat(Report(Example(), answer)),
              HasSubstr("(Linux 6.9.1, code c0ffee) uses up its stack: at "));
}

// A known finding has its page, and no token, since it must not be grouped.
TEST(ExplainKernelTest, NamesAKnownFinding) {
  for (const auto known : {KnownKernelFinding::kProtNoneWithoutNuma,
                           KnownKernelFinding::kReadOnly2GWrite,
                           KnownKernelFinding::kInaccessiblePage}) {
    Answer answer = AnswerOf(Example(), kStaticLockless);
    answer.known = Name(known);
    const std::string file = KnownFindingFile(Name(known));
    EXPECT_TRUE(std::filesystem::exists(file)) << file;
    const std::string report = Report(Example(), answer);
    EXPECT_THAT(Flat(report), HasSubstr("This is known: see " + file));
    EXPECT_THAT(report, Not(HasSubstr("DEDUP_TOKEN")));
  }
}

TEST(ExplainKernelTest, ExplainsOtherRules) {
  const Answer right = AnswerOf(Example(), kStaticLockless);
  const auto report_of = [&right](std::string_view rule) {
    Answer answer = right;
    answer.finding = Finding(Concat({rule, ".pte-leaf"}));
    answer.run.held = 3;
    return Flat(Report(Example(), answer));
  };
  EXPECT_THAT(
      report_of("references"),
      AllOf(HasSubstr("takes the wrong references."),
            HasSubstr("- the rule: the walk takes one reference for each page"),
            HasSubstr("returned 2 pages and holds 3 references.")));
  EXPECT_THAT(
      report_of("refusal"),
      AllOf(
          HasSubstr("does not stop where the reference to a page"),
          HasSubstr("- the rule: if the reference to a page cannot be taken")));
  EXPECT_THAT(report_of("inaccessible"),
              HasSubstr("does not stop before a page that cannot be made "));
  EXPECT_THAT(report_of("model"),
              AllOf(HasSubstr("which are not those of the model's walk"),
                    HasSubstr("- the rule: kernel code and the model's walk")));
  EXPECT_THAT(report_of("page-size"),
              HasSubstr("- the rule: perf_get_pgtable_size() gives"));
  EXPECT_THAT(report_of("sanitizer"), HasSubstr("was ended by a sanitizer"));
  EXPECT_THAT(report_of("died"), HasSubstr("ended without an answer"));
  Answer ended = AnswerOf(Example(), kStaticByValue);
  ended.run.end = RunEnd::kSanitizer;
  ended.run.pages.clear();
  ended.run.events.resize(6);
  ended.run.events.back().value.reset();
  ended.finding = Finding("sanitizer");
  EXPECT_THAT(Flat(Report(Example(), ended)),
              AllOf(HasSubstr("was ended by a sanitizer, at page 1 of 2, at "
                              "0x10080000000. The walk left the copy of p4d"),
                    HasSubstr("1 word above the local copy of p4d *pudp: the "
                              "read faults")));
  EXPECT_THAT(
      report_of("short"),
      AllOf(HasSubstr("Another run of the same request had the finding"),
            Not(HasSubstr("the rule:"))));

  Answer inaccessible = right;
  inaccessible.run.pin = true;
  inaccessible.run.inaccessible = 0x2000;
  inaccessible.finding = Finding("inaccessible.pte-leaf");
  EXPECT_THAT(Flat(Report(Example(), inaccessible)),
              AllOf(HasSubstr("It was called with FOLL_PIN, and the page at "
                              "0x2000 could not be made accessible."),
                    HasSubstr("called with: FOLL_PIN; the page at 0x2000 could "
                              "not be made accessible.")));

  Answer refused = right;
  refused.run.pin = true;
  refused.run.refused = 1;
  refused.run.pages.resize(1);
  refused.finding = Finding("refusal.pte-leaf");
  EXPECT_THAT(Flat(Report(Example(), refused)),
              HasSubstr("called with: FOLL_PIN; the reference of page 1 could "
                        "not be taken."));
}

TEST(ExplainKernelTest, ExplainsTheLimits) {
  // Beyond the limit of 3 levels.
  const Case beyond = MakeCase(3, {.start = 4 * kTiB, .pages = 1}, {});
  Answer answer;
  answer.run.end = RunEnd::kRefused;
  const std::string agreed = Report(beyond, answer);
  EXPECT_THAT(agreed, StartsWith("The case is inconclusive"));
  EXPECT_THAT(agreed, HasSubstr("\nspace: s390/3"));
  answer.finding = Finding("permitted.pte-empty");
  answer.run.end = RunEnd::kReturned;
  const Explanation taken = Explained(beyond, answer);
  EXPECT_TRUE(taken.is_wrong);
  EXPECT_FALSE(taken.conclusive);
  EXPECT_THAT(Flat(Full(taken)),
              AllOf(HasSubstr("accepts a request that it must refuse"),
                    HasSubstr("- the rule: gup_fast_permitted()")));
  answer.run.end = RunEnd::kRefused;
  const std::string refuses = Report(Example(), answer);
  EXPECT_THAT(Flat(refuses),
              HasSubstr("refuses a request that the limits of the address "
                        "space allow."));
  EXPECT_THAT(refuses, Not(HasSubstr("--- Pages")));
  EXPECT_THAT(Report(Case(), Answer()), StartsWith("The case is inconclusive"));
}

// The right pages, although a pointer left a local variable.
TEST(ExplainKernelTest, ExplainsLuck) {
  const Case c = MakeCase(
      3, {.start = 0x1007ffff000, .pages = 2},
      {MapPages(0x1007ffff000, 1, 0x1000), MapPages(0x10080000000, 1, 0x2000)},
      StackContent::kNext);
  Answer answer = AnswerOf(c, kStaticByValue);
  ASSERT_EQ(answer.run.pages, AnswerOf(c, kStaticLockless).run.pages);
  answer.finding = Finding("stray-read.pud");
  const Explanation e = Explained(c, answer);
  EXPECT_EQ(e.outcome, Outcome::kStrayRead);
  const std::string report = Full(e);
  EXPECT_THAT(Flat(report), HasSubstr("returns the right pages by luck: at "
                                      "page 1 of 2"));
  EXPECT_EQ(Count(report, "RULE BROKEN"), 1u);
}

// Each page with the reads of gup's recheck, and each other entry with the
// second read of pXd_offset() by pointer.
Answer WithRereads(const Answer& answer) {
  Answer checked = answer;
  checked.run.events.clear();
  Event pmd;
  const auto add = [&checked](Event read, Kind kind) {
    read.kind = kind;
    read.line += 7;
    checked.run.events.push_back(read);
  };
  for (const Event& read : answer.run.events) {
    checked.run.events.push_back(read);
    if (read.level == Level::kPmd) pmd = read;
    if (read.level == Level::kPte) {
      add(pmd, Kind::kCheck);
      add(read, Kind::kCheck);
    } else {
      add(read, Kind::kReread);
    }
  }
  return checked;
}

TEST(ExplainKernelTest, FoldsLongRuns) {
  const Case c = MakeCase(3, {.start = 0x10000000, .pages = 16},
                          {MapPages(0x10000000, 16, 0x100000)});
  const Answer answer = AnswerOf(c, kStaticLockless);
  const std::string report = Report(c, answer);
  EXPECT_THAT(
      Flat(report),
      HasSubstr("mm/gup.c:1000, in each iteration - page table 0, entry 0 and "
                "following, 16 leaves returns pages 0 to 15"));

  // Code that reads each entry again needs no further line.
  Answer twice = answer;
  twice.run.events.clear();
  for (const Event& read : answer.run.events) {
    twice.run.events.push_back(read);
    if (read.level > Level::kPmd) continue;
    twice.run.events.push_back(read);
    twice.run.events.back().line += 7;
    if (read.level == Level::kPmd) {
      twice.run.events.back().place = {.kind = Place::Kind::kOwnCopy,
                                       .copy_of = Level::kPmd};
    }
  }
  EXPECT_EQ(Report(c, twice), report);
}

// A second read with the same value is not printed.
TEST(ExplainKernelTest, OmitsRechecksThatSeeNoChange) {
  const Case c = MakeCase(3, {.start = kMiB - 8 * 4096, .pages = 16},
                          {MapPages(kMiB - 8 * 4096, 16, 0x100000)});
  const Answer answer = AnswerOf(c, kStaticLockless);
  EXPECT_EQ(Report(c, WithRereads(answer)), Report(c, answer));
}

TEST(ExplainKernelTest, ExplainsWhatTheRecheckSaw) {
  const Case c = MakeCase(3, {.start = 0x10000000, .pages = 3},
                          {MapPages(0x10000000, 3, 0x100000)});
  Answer answer = WithRereads(AnswerOf(c, kStaticLockless));
  // The last page is dropped: its pmd was cleared.
  answer.run.pages.pop_back();
  answer.run.events.pop_back();
  Event& pmd = answer.run.events.back();
  ASSERT_EQ(pmd.level, Level::kPmd);
  pmd.value = S390::Entries::Empty(Level::kPmd);
  pmd.meaning = EntryKind::Empty();
  const std::string report = Report(c, answer);
  const std::string flat = Flat(report);
  EXPECT_THAT(flat, HasSubstr("recheck: *pmdp = 0x20: empty; it was page table "
                              "0"));
  EXPECT_THAT(flat, HasSubstr("stops here: the recheck sees a change"));
  EXPECT_THAT(flat, HasSubstr("stop: the recheck"));
  EXPECT_EQ(Count(report, "recheck: "), 1u);
}

// By value at a folded level: it compares a copy with itself.
TEST(ExplainKernelTest, ExplainsARecheckOfACopy) {
  const Case c =
      MakeCase(2, {.start = 0x1000, .pages = 1}, {MapPages(0x1000, 1, 0x2000)});
  const Explanation e =
      Explained(c, WithRereads(AnswerOf(c, kFoldedAwareByValue)));
  EXPECT_THAT(Flat(Full(e)), HasSubstr("mm/gup.c:1107: recheck: *pmdp is the "
                                       "same: it is the local copy of pud, "
                                       "compared with itself"));
}

TEST(ExplainKernelTest, ExplainsASecondReadOfAnOffsetFunction) {
  const Case c = MakeCase(3, {.start = 0x10000000, .pages = 1},
                          {MapPages(0x10000000, 1, 0x100000)});
  Answer answer = WithRereads(AnswerOf(c, kStaticLockless));
  for (Event& read : answer.run.events) {
    if (read.kind != Kind::kReread || read.level != Level::kPud) continue;
    read.value = S390::Entries::Empty(Level::kPud);
    read.meaning = EntryKind::Empty();
  }
  EXPECT_THAT(Flat(Report(c, answer)),
              HasSubstr("mm/gup.c:1207: *pudp again = 0x24: empty; it was "
                        "segment table 0 when it was tested"));
}

// Large leaves return their remaining pages.
TEST(ExplainKernelTest, CountsThePagesOfLargeLeaves) {
  const Case c = MakeCase(3, {.start = 0x100fe000, .pages = 4},
                          {MapLarge(Level::kPmd, 0x10000000, 0x40000000),
                           MapPages(0x10100000, 2, 0x1000)});
  const Answer answer = AnswerOf(c, kStaticLockless);
  ASSERT_EQ(answer.run.pages.size(), 4u);
  EXPECT_EQ(answer.run.pages[1].physical, 0x400ff000u);
  const std::string flat = Flat(Report(c, answer));
  EXPECT_THAT(flat, HasSubstr("returns pages 0 to 1 pmd 0x10100000"));
  EXPECT_THAT(flat, HasSubstr("returns pages 2 to 3"));

  // If it faults later, these are the pages that it had.
  Answer fault = answer;
  fault.run.end = RunEnd::kFault;
  fault.run.pages.clear();
  fault.run.events.pop_back();
  const std::string report = Report(c, fault);
  EXPECT_THAT(Flat(report), HasSubstr("faults: at page 2 of 4"));
  EXPECT_THAT(report, HasSubstr("\n   1     0x100ff000  0x400ff000  "
                                "0x400ff000\n"));
}

TEST(ExplainKernelTest, ReportsWordsThatDifferFromTheModels) {
  Answer answer = AnswerOf(Example(), kStaticLockless);
  for (Event& read : answer.run.events) {
    if (read.level == Level::kPte) *read.value |= 0x100;
  }
  EXPECT_THAT(Flat(Report(Example(), answer)),
              HasSubstr("The tree writes 0x113d for 0x103d"));
}

TEST(ExplainKernelTest, MarksTheRequestThatIsExplained) {
  Case c = Example();
  c.requests.push_back({.start = 0x1007ffff000, .pages = 1});
  Answer answer;
  answer.run.pages = {{.physical = 0x1000}};
  const std::string report = Full(Explain(KernelWalker(Code()), c, 1, answer));
  EXPECT_THAT(Flat(report), HasSubstr("it is request 2 of the 2 in the case"));
  EXPECT_THAT(report, HasSubstr("# the request that is explained:\n"
                                "- {start: 0x1007ffff000, pages: 1,"));
  EXPECT_THAT(report, HasSubstr("The reads of the walk are unknown."));
}

TEST(ExplainKernelTest, EndsWithCommands) {
  const Explanation e =
      Explained(Example(), AnswerOf(Example(), kStaticLockless));
  for (const bool full : {false, true}) {
    EXPECT_THAT(
        RenderText(e, {.full = full,
                       .commands = {{"see it again", "pxdfuzz explain x"}}}),
        testing::EndsWith("\nsee it again:\n  pxdfuzz explain x\n"));
  }
}

TEST(ExplainKernelTest, FitsATerminal) {
  for (const Policy& policy : {kStaticByValue, kStaticLockless}) {
    Answer answer = AnswerOf(Example(), policy);
    answer.finding = Finding("short.pte-leaf");
    const Explanation e = Explained(Example(), answer);
    const std::string plain = Full(e);
    for (const std::string& line : Lines(plain)) {
      if (line.starts_with("DEDUP_TOKEN")) continue;
      EXPECT_LE(line.size(), 80u) << line;
      EXPECT_FALSE(line.ends_with(' ')) << line;
    }
    EXPECT_THAT(plain, Not(HasSubstr("\x1b")));
    std::string colored = RenderText(e, {.color = true, .full = true});
    EXPECT_THAT(colored, StartsWith("\x1b[1mOn s390 with 3 levels"));
    EXPECT_EQ(colored.find("\x1b[31m>>   pud ") != colored.npos,
              policy == kStaticByValue);
    for (const std::string_view code : {"\x1b[1m", "\x1b[31m", "\x1b[0m"}) {
      for (size_t at; (at = colored.find(code)) != colored.npos;) {
        colored.erase(at, code.size());
      }
    }
    EXPECT_EQ(colored, plain);
  }
}

TEST(VariantTest, EachIsDescribed) {
  std::vector<std::string> seen;
  for (const std::string_view variant :
       {"as-is", "no-numa", "debug-vm", "by-value", "by-pointer",
        "folded-aware", "folded-aware-checked", "no-pmd-check",
        "without-36639013b346"}) {
    seen.push_back(DescribeVariant(variant));
    EXPECT_THAT(seen.back(), Not(HasSubstr("called")));
  }
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(std::unique(seen.begin(), seen.end()), seen.end());
  EXPECT_THAT(DescribeVariant("odd"), HasSubstr("odd"));
}

}  // namespace
}  // namespace pxdfuzz
