// SPDX-License-Identifier: MIT

// What a person reads of kernel text. The answers here are made up from the
// model's walks: no kernel text is needed.

#include "kernel/kernel_report.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernel/answer.h"
#include "kernel/known_findings.h"
#include "pxdfuzz/arch/s390.h"
#include "pxdfuzz/case.h"
#include "pxdfuzz/policy.h"
#include "pxdfuzz/replay.h"
#include "pxdfuzz/rng.h"
#include "pxdfuzz/text_lines.h"
#include "tests/known_cases.h"

namespace pxdfuzz {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using End = KernelAnswer::End;

const KernelText& Text() {
  static const auto& text = *new KernelText{.name = "kernel-6.9-s390-by-value",
                                            .version = "6.9.1",
                                            .cut = "c0ffee",
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
      case Source::kLeftCopy:
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

TEST(KernelReportTest, TellsWhereAPointerLeftALocalVariable) {
  KernelAnswer answer = AnswerOf(Example(), kStaticByValue);
  answer.finding = Finding("wrong-page.pte-leaf");
  const std::string report = Report(Example(), answer);
  const std::string flat = Flat(report);
  EXPECT_THAT(flat,
              StartsWith("On s390 with 3 levels, kernel-6.9-s390-by-value "
                         "(Linux 6.9.1, cut c0ffee) returns a wrong page: page "
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
  EXPECT_THAT(agreed, StartsWith("The case is not comparable"));
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
              StartsWith("The case is not comparable"));
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

// Each page with what gup's last check reads, and those with what pXd_offset()
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

TEST(KernelReportTest, TellsWhatTheLastCheckSaw) {
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
  EXPECT_THAT(flat, HasSubstr("last check: pmd read again = 0x20: empty, no "
                              "longer what was read"));
  EXPECT_THAT(flat, HasSubstr("stops here: the last check sees a change"));
  EXPECT_THAT(flat, HasSubstr("stop: the last check"));
  EXPECT_EQ(Count(report, "last check: "), 1u);
}

// Where a level is folded, by value: it compares a copy with itself.
TEST(KernelReportTest, TellsALastCheckOfACopy) {
  const Case c =
      MakeCase(2, {.start = 0x1000, .pages = 2}, {MapPages(0x1000, 2, 0x2000)});
  const std::string report =
      Report(c, WithChecks(AnswerOf(c, kFoldedAwareByValue)));
  EXPECT_EQ(Count(Flat(report),
                  "last check: pmd read again, from the local "
                  "copy of pud, which nobody else changes"),
            2u);
}

TEST(KernelReportTest, TellsWhatAnOffsetFunctionReadAgain) {
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
