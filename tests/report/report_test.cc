// SPDX-License-Identifier: MIT

#include "pxdfuzz/report/report.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pxdfuzz/base/rng.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/engine/record_model.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/report/explain.h"
#include "pxdfuzz/report/facts.h"
#include "pxdfuzz/view/case_tables.h"
#include "tests/changing_cases.h"
#include "tests/known_cases.h"
#include "tests/random_bytes.h"
#include "tests/sanitized.h"

namespace pxdfuzz {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// The example of the thread on linux-mm, 2020.
Case Example() {
  return MakeCase(3, {.start = 0x1007ffff000, .pages = 2},
                  {MapPages(0x1007ffff000, 1, 0x1000000),
                   MapPages(0x10080000000, 1, 0x2000000),
                   MapPages(0x10000000000, 1, 0x3000000)});
}

std::string ReportOf(Oracle& oracle, const Case& c, WalkSet walks,
                     const TextOptions& options = {.full = true}) {
  const Verdict& verdict = oracle.Judge(c, walks, Waivers::kNone);
  EXPECT_TRUE(verdict.finding.has_value());
  return FindingReport(c, verdict, options);
}

std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text = end == text.npos ? "" : text.substr(end + 1);
  }
  return lines;
}

std::string WithoutEscapes(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b') {
      i = text.find('m', i);
    } else {
      plain += text[i];
    }
  }
  return plain;
}

// The iterations in a report, without the reference's column.
std::string LeftOfIterations(std::string_view report) {
  std::string left;
  for (const std::string_view line : Lines(report)) {
    const size_t bar = line.find(" |");
    left += line.substr(0, bar);
    left += '\n';
  }
  return left;
}

// `text` with each run of blanks and line breaks as one blank, and without the
// marks in the margin.
std::string Unwrapped(std::string_view text) {
  std::string flat;
  for (std::string_view line : Lines(text)) {
    if (line.starts_with(">>")) line.remove_prefix(2);
    for (const char c : line) {
      if (c != ' ' || (!flat.empty() && flat.back() != ' ')) flat += c;
    }
    if (!flat.empty() && flat.back() != ' ') flat += ' ';
  }
  return flat;
}

// Calls `visit(case, verdict)` for findings in random cases.
template <class Visit>
void ForFindings(uint64_t seed, int cases, WalkSet walks, Visit visit) {
  Oracle oracle;
  RandomBytes random(seed);
  for (int i = 0; i < cases; ++i) {
    const Case c = Decode(random.Next());
    const Verdict& verdict = oracle.Judge(c, walks, Waivers::kNone);
    if (verdict.finding.has_value()) visit(c, verdict);
  }
}

TEST(FindingReportTest, Example) {
  Oracle oracle;
  const TextOptions options = {
      .color = false,
      .full = true,
      .commands = {{"To reproduce", "./run replay crash-1"}}};
  EXPECT_EQ(
      ReportOf(oracle, Example(), WalkSet::Named(), options),
      R"(On s390 with 3 levels, static-by-value returns a wrong page: page 1 of 2, at
0x10080000000, is 0x3000000 and should be 0x2000000. The walk left the copy of
p4d at pud: pudp moved off a local variable, to another word of the kernel
stack.

- static-by-value: gup_fast's five nested loops with pXd_addr_end(addr, end),
  pXd_offset(&pXd, addr) and pXdp++ (mm/gup.c before d3f7b1bb2040).
- reference: the hardware's translation of one address after the other, up to
  the first page that gup_fast may not return.
- request: 2 pages, counted from 0, from 0x1007ffff000 to 0x10080001000, for
  reading.

Terms:
- gup_fast: collects the pages of a range by walking page tables without a lock:
  one loop for each level, each inside the one above.
- folded: a level without tables in this address space. The walk still has a
  loop for it, which passes on the entry of the level above.
- boundary: an address at which the span of an entry ends. pXd_addr_end(addr,
  end) returns the next boundary after addr, or end if that comes first.
- local copy: a variable on the walk's stack that holds one entry, as in p4d_t
  p4d = READ_ONCE(*p4dp). The words next to it are no page table.

--- Case -----------------------------------------------------------------------

# pxdfuzz case
version: 2
space: s390/3  # tables: region-third, segment, page; folded: pgd, p4d
requests:
- {start: 0x1007ffff000, pages: 2, access: read}
  # to 0x10080001000, across the pud boundary 0x10080000000
stack:
  position: 0  # the word of its page where a local copy is
  around: copy  # words near a local copy of an entry: older copies of it
tables:  # each line changes what those above it made
- map: {pte: 0x1007ffff000, count: 1, frame: 0x1000000, state: rw young dirty}
- map: {pte: 0x10080000000, count: 1, frame: 0x2000000, state: rw young dirty}
- map: {pte: 0x10000000000, count: 1, frame: 0x3000000, state: rw young dirty}

--- Address space --------------------------------------------------------------

- pgd and p4d: folded, without a table. A pgd or p4d entry of Linux is an entry
  of the region-third table.

The range, 0x1007ffff000 to 0x10080001000, and the boundaries inside it that the
walk's pXd_addr_end() returns:

   pgd, folded  8 PiB    |---------x---------|  none; passes over 0x10080000000
>> p4d, folded  4 TiB    |---------x---------|  none; passes over 0x10080000000
   pud          2 GiB    |---------+---------|  0x10080000000
   pmd          1 MiB    |---------+---------|  0x10080000000
   pte          4 KiB    |---------+---------|  0x10080000000
>>   x: the entry that p4d passes on spans 2 GiB and ends at 0x10080000000, but
>>   p4d_addr_end() assumes 4 TiB and does not stop there.

   root: region-third table 0 (pud), 2048 entries of 2 GiB
   +- [512] 0x10000000000 -> segment table 0 (pmd), 2048 entries of 1 MiB
   |  +- [0] 0x10000000000 -> page table 2 (pte), 256 entries of 4 KiB
   |  |  `- [0] 0x10000000000 page 0x3000000, rw young dirty
>> |  |         page 1 by static-by-value: wrong
>> |  |         mapped at 0x10000000000
   |  `- [2047] 0x1007ff00000 -> page table 0 (pte), 256 entries of 4 KiB
   |     `- [255] 0x1007ffff000 page 0x1000000, rw young dirty
   |            page 0 by both
   `- [513] 0x10080000000 -> segment table 1 (pmd), 2048 entries of 1 MiB
      `- [0] 0x10080000000 -> page table 1 (pte), 256 entries of 4 KiB
         `- [0] 0x10080000000 page 0x2000000, rw young dirty
>>              page 1 by the reference

   the walk's stack, higher addresses above:
   +---------------------------------------------------------------------------+
>> | 1 word above: pudp++ points here; 0x10200007, an older copy of the same   |
   |   p4d: segment table 0                                                    |
   | local copy of p4d = 0x10200007, copied from region-third table 0, entry   |
   |   512                                                                     |
   +---------------------------------------------------------------------------+

--- Pages ----------------------------------------------------------------------

   page  address        reference  static-by-value
   0     0x1007ffff000  0x1000000  0x1000000
>> 1     0x10080000000  0x2000000  0x3000000

- 0x3000000 is the page that is mapped at 0x10000000000, 2 GiB below
  0x10080000000.
- walks that agree with the reference: folded-aware-by-value, static-lockless,
  static-by-pointer and folded-aware-by-pointer.
- walks with iterations in which pXdp != pXd_offset(parent, addr), which by
  itself is no error: static-by-value, static-lockless and static-by-pointer.

--- Iterations of static-by-value ----------------------------------------------

The left column has the iterations of the walk's loops: the part of the range
that an iteration covers; how its pointer is computed, and where it points; the
entry read there; where the part ends, and what comes next. The right column has
what the reference reads for the part's first address. Tables are numbered in
the order in which they were made.

   static-by-value                                | reference, same address
   ---------------------------------------------- | ----------------------------
   pgd 0x1007ffff000 to 0x10080001000, folded     | no table: pgd is folded
     pgdp = pgd_offset(mm, addr)                  |
       -> region-third table 0, entry 512         |
     *pgdp = 0x10200007: segment table 0          |
     pgd_addr_end(): end of the part; then p4d    |
    p4d 0x1007ffff000 to 0x10080001000, folded    | no table: p4d is folded
      p4dp = p4d_offset(&pgd, addr)               |
        -> the local copy of pgd                  |
      *p4dp = 0x10200007: segment table 0         |
      p4d_addr_end(): end of the part; then pud   |
     pud 0x1007ffff000 to 0x10080000000           | region-third table 0, entry
       pudp = pud_offset(&p4d, addr)              |   512: the copied entry
         -> the local copy of p4d                 |
       *pudp = 0x10200007: segment table 0        |
       pud_addr_end(): 2 GiB boundary; then pmd   |
      pmd 0x1007ffff000 to 0x10080000000          | the same entry
        pmdp = pmd_offset(&pud, addr)             |
          -> segment table 0, entry 2047          |
        *pmdp = 0x10000000: page table 0          |
        pmd_addr_end(): 1 MiB boundary; then pte  |
       pte 0x1007ffff000 to 0x10080000000         | the same entry
         ptep = pte_offset_map(&pmd, addr)        |
           -> page table 0, entry 255             |
         *ptep = 0x100003d: page 0x1000000, rw    |
           young dirty                            |
         returns page 0                           |
>>   pud 0x10080000000 to 0x10080001000           | region-third table 0, entry
       pudp++                                     |   513
         -> the stack, 1 word above the local     | 0x10204007: segment table 1
            copy of p4d                           |
       *pudp = 0x10200007, which is an older copy |
         of the same p4d: segment table 0         |
       pud_addr_end(): end of the part; then pmd  |
>>   RULE BROKEN: a walk reads only page tables and its own copies. p4d is
>>   folded: pud_offset(&p4d, addr) returned the address of p4d, a local
>>   variable that holds one entry. p4d_addr_end() let the pud loop run to
>>   0x10080001000, but that entry spans 2 GiB and ends at 0x10080000000. The
>>   loop continued, and pudp++ moved off the variable. This is the bug that
>>   d3f7b1bb2040 ("mm/gup: fix gup_fast with dynamic page table folding")
>>   fixed.
      pmd 0x10080000000 to 0x10080001000          | segment table 1, entry 0
        pmdp = pmd_offset(&pud, addr)             | 0x10000800: page table 1
          -> segment table 0, entry 0             |
        *pmdp = 0x10001000: page table 2          |
        pmd_addr_end(): end of the part; then pte |
>>     pte 0x10080000000 to 0x10080001000         | page table 1, entry 0
         ptep = pte_offset_map(&pmd, addr)        | 0x200003d: page 0x2000000,
           -> page table 2, entry 0               |   rw young dirty
         *ptep = 0x300003d: page 0x3000000, rw    |
           young dirty                            |
         returns page 1                           |
>>   FIRST DIFFERENCE: page 1 becomes 0x3000000; the reference has 0x2000000.

--- reference, page 1 at 0x10080000000 -----------------------------------------

   pud: region-third table 0, entry 513 = 0x10204007: segment table 1
   pmd: segment table 1, entry 0 = 0x10000800: page table 1
   pte: page table 1, entry 0 = 0x200003d: page 0x2000000, rw young dirty
   The hardware gets 0x2000000; gup_fast may return the page: 0x2000000.

DEDUP_TOKEN: s390-3.static-by-value.wrong-page.pte-leaf

To reproduce:
  ./run replay crash-1
)");
}

TEST(FindingReportTest, LinesFitAndHaveNoEscapeCodes) {
  std::map<int, int> reports;
  ForFindings(1, 80000, WalkSet::All(), [&](const Case& c, const Verdict& v) {
    const std::string report = FindingReport(c, v, {.full = true});
    ++reports[c.mode.levels];
    for (const std::string_view line : Lines(report)) {
      ASSERT_LE(line.size(), 80u) << report;
    }
    for (const char byte : report) {
      ASSERT_TRUE(byte == '\n' || (byte >= ' ' && byte <= '~')) << report;
    }
  });
  EXPECT_GT(reports[2], 300);
  EXPECT_GT(reports[3], 300);
  EXPECT_GT(reports[4], 300);
}

TEST(FindingReportTest, ColorOnlyAddsEscapeCodes) {
  int reports = 0;
  ForFindings(2, 3000, WalkSet::Named(), [&](const Case& c, const Verdict& v) {
    const std::string plain = FindingReport(c, v, {.full = true});
    const std::string color =
        FindingReport(c, v, {.color = true, .full = true});
    EXPECT_THAT(color, HasSubstr("\x1b["));
    EXPECT_EQ(WithoutEscapes(color), plain);
    ++reports;
  });
  EXPECT_GT(reports, 50);
}

// Box characters take one column each, and occur only in the drawing.
TEST(FindingReportTest, BoxCharactersFitAsWell) {
  const auto is_ascii = [](std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char byte) {
      return static_cast<unsigned char>(byte) < 0x80;
    });
  };
  const auto mode = [](const std::string& report) {
    const size_t from = report.find("\n--- Address space ---");
    return std::pair(from, report.find("\n--- Pages ---", from));
  };
  int reports = 0;
  ForFindings(8, 8000, WalkSet::All(), [&](const Case& c, const Verdict& v) {
    const std::string plain = FindingReport(c, v, {.full = true});
    const std::string box = FindingReport(c, v, {.box = true, .full = true});
    EXPECT_TRUE(is_ascii(plain));
    for (const std::string_view line : Lines(box)) {
      const auto columns = std::count_if(line.begin(), line.end(), [](char b) {
        return (static_cast<unsigned char>(b) & 0xc0) != 0x80;
      });
      ASSERT_LE(columns, 80) << line;
    }
    const auto [from, to] = mode(plain);
    const auto [box_from, box_to] = mode(box);
    ASSERT_NE(to, plain.npos);
    EXPECT_EQ(box.substr(0, box_from), plain.substr(0, from));
    EXPECT_EQ(box.substr(box_to), plain.substr(to));
    EXPECT_THAT(box, HasSubstr("─ ["));
    ++reports;
  });
  EXPECT_GT(reports, 100);
}

TEST(WalkReportTest, ExplainsEveryWalkOfEveryRequest) {
  Oracle oracle;
  RandomBytes random(7);
  std::map<Outcome, int> outcomes;
  int inconclusive = 0;
  for (int i = 0; i < 600; ++i) {
    const Case c = Decode(random.Next());
    const Verdict& verdict =
        oracle.Judge(c, WalkSet::All(), Waivers::kExpectedFailures);
    for (size_t request = 0; request < c.requests.size(); ++request) {
      for (size_t walk = 0; walk < kWalkCount; walk += 1 + i % 3) {
        const std::string report =
            WalkReport(c, verdict, request, walk, {.full = true});
        for (const std::string_view line : Lines(report)) {
          ASSERT_LE(line.size(), 80u) << report;
        }
        ASSERT_THAT(report, HasSubstr("\n# pxdfuzz case\n"));
        if (verdict.requests.size() <= request ||
            verdict.requests[request].inconclusive != Inconclusive::kNo) {
          ASSERT_THAT(report, HasSubstr("inconclusive")) << report;
          ++inconclusive;
          continue;
        }
        const WalkVerdict& judged = verdict.requests[request].walks[walk];
        ++outcomes[judged.outcome];
        const std::string flat = Unwrapped(report);
        const std::string name(Name(kAllWalks[walk]));
        ASSERT_THAT(report, HasSubstr("--- Iterations of " + name + " -"));
        if (judged.outcome == Outcome::kAgrees) {
          ASSERT_THAT(flat, HasSubstr(name + (c.concurrent.empty()
                                                  ? " agrees with the reference"
                                                  : " holds while the tables "
                                                    "change: ")));
          ASSERT_THAT(flat, Not(HasSubstr("FIRST DIFFERENCE")));
        } else {
          ASSERT_EQ(flat.find("This is an expected failure of") != flat.npos,
                    judged.waiver != Cause::kNone);
        }
      }
    }
  }
  EXPECT_GT(inconclusive, 100);
  EXPECT_GT(outcomes[Outcome::kAgrees], 1000);
  EXPECT_GT(outcomes.size(), 3u);
}

TEST(WalkReportTest, ReportsWhereBothStop) {
  Oracle oracle;
  Case c = Example();
  c.requests[0].pages = 3;
  const Verdict& verdict =
      oracle.Judge(c, WalkSet::Named(), Waivers::kExpectedFailures);
  EXPECT_THAT(
      Unwrapped(
          WalkReport(c, verdict, 0, IndexOf(kStaticLockless), {.full = true})),
      StartsWith("On s390 with 3 levels, static-lockless agrees with the "
                 "reference: both return 2 of 3 pages and stop at page 2, at "
                 "0x10080001000: empty pte. - static-lockless: "));
}

TEST(FindingReportTest, CommandsStayOnOneLine) {
  Oracle oracle;
  const std::string command = "pxdfuzz replay " + std::string(200, 'x');
  const std::string report =
      ReportOf(oracle, Example(), WalkSet::Named(),
               {.full = true,
                .commands = {{"To shrink it", command}, {"To go on", "b c"}}});
  EXPECT_THAT(report, HasSubstr("\nTo shrink it:\n  " + command + "\n"));
  EXPECT_TRUE(report.ends_with("\nTo go on:\n  b c\n"));
}

TEST(FindingReportTest, NamesTheCopyAndTheLevel) {
  constexpr std::array<std::string_view, 5> kLeft = {
      "", "", "The walk left the copy of pud at pmd",
      "The walk left the copy of p4d at pud",
      "The walk left the copy of pgd at p4d"};
  constexpr std::array<std::string_view, kOutcomeCount> kSays = {
      "",
      "static-by-value stops too early",
      "static-by-value stops too late",
      "static-by-value returns a wrong page",
      "static-by-value returns the right pages by luck",
      "static-by-value faults"};
  std::map<Outcome, int> outcomes;
  ForFindings(
      3, 30000, WalkSet::Of(kStaticByValue),
      [&](const Case& c, const Verdict& v) {
        if (v.finding->changing) return;
        ++outcomes[v.finding->outcome];
        const std::string report = FindingReport(c, v, {.full = true});
        const std::string flat = Unwrapped(report);
        ASSERT_THAT(flat, HasSubstr(kLeft[c.mode.levels]));
        ASSERT_THAT(flat,
                    HasSubstr(kSays[static_cast<size_t>(v.finding->outcome)]));
        ASSERT_THAT(flat, HasSubstr("RULE BROKEN: a walk reads only"));
        ASSERT_THAT(flat, HasSubstr(c.mode.arch == ArchId::kS390
                                        ? "d3f7b1bb2040 (\"mm/gup"
                                        : "36639013b346 (\"arm64"));
        ASSERT_THAT(report,
                    HasSubstr("\nDEDUP_TOKEN: " + Name(*v.finding) + "\n"));
      });
  for (const Outcome outcome :
       {Outcome::kShort, Outcome::kLong, Outcome::kWrongPage,
        Outcome::kStrayRead, Outcome::kFault}) {
    EXPECT_GT(outcomes[outcome], 0) << Name(outcome);
  }
}

TEST(FindingReportTest, NamesTheFoldedOffsetThatRepeatsItsEntry) {
  constexpr Policy kWalk = {BoundaryRule::kStatic, Descent::kLockless,
                            Step::kRecompute};
  Oracle oracle;
  const std::string flat =
      Unwrapped(ReportOf(oracle, Example(), WalkSet::Of(kWalk)));
  EXPECT_THAT(flat,
              HasSubstr("static-lockless-recompute returns a wrong page"));
  EXPECT_THAT(flat, HasSubstr("This is entry 512 of its table; that of "
                              "0x10080000000 is entry 513."));
  EXPECT_THAT(flat, HasSubstr("p4d is folded: pud_offset_lockless(p4dp, p4d, "
                              "addr) returns the pointer"));
  EXPECT_THAT(flat, Not(HasSubstr("d3f7b1bb2040")));
}

// The table of pages marks the difference once.
TEST(FindingReportTest, MarksTheFirstDifference) {
  ForFindings(4, 3000, WalkSet::Named(), [](const Case& c, const Verdict& v) {
    const Finding& finding = *v.finding;
    const size_t page = v.requests[finding.request]
                            .walks[finding.walk_index()]
                            .first_difference;
    const std::string report = FindingReport(c, v, {.full = true});
    const size_t from = report.find("\n--- Pages");
    const std::string section =
        report.substr(from, report.find("\n---", from + 1) - from);
    std::vector<std::string> marked;
    int rows = 0;
    for (const std::string_view line : Lines(section)) {
      if (line.starts_with(">> ") || line.starts_with("   ")) ++rows;
      if (line.starts_with(">>")) marked.emplace_back(line);
    }
    EXPECT_LE(rows, 18) << section;
    ASSERT_EQ(marked.size(), 1u) << report;
    EXPECT_THAT(marked[0], StartsWith(">> " + std::to_string(page) + " "));
  });
}

TEST(FindingReportTest, MarksTheRequestAndKeepsTheCaseAsText) {
  Case c = Example();
  c.requests.clear();
  c.requests.push_back({.start = 0x1000, .pages = 1, .write = false});
  c.requests.push_back(Example().requests[0]);
  c.requests.push_back({.start = 0x2000, .pages = 1, .write = true});
  Oracle oracle;
  const std::string report = ReportOf(oracle, c, WalkSet::Named());
  const std::string mark = "# the request that fails:\n";
  const size_t at = report.find(mark + "- {start: 0x1007ffff000");
  ASSERT_NE(at, report.npos) << report;
  std::string unmarked = report;
  unmarked.erase(at, mark.size());
  EXPECT_THAT(unmarked, HasSubstr(ToText(c)));
  EXPECT_THAT(Unwrapped(report), HasSubstr("it is request 2 of the 3"));
}

TEST(FindingReportTest, ExplainsWhyTheReferenceStops) {
  struct {
    TableOp record;
    bool write;
    std::string_view why;
  } const kCases[] = {
      {{.kind = TableOp::Kind::kSwap, .address = 0x10080000000},
       false,
       "stop: swap entry"},
      {{.kind = TableOp::Kind::kMigration,
        .level = Level::kPmd,
        .address = 0x10080000000},
       false,
       "stop: migration pmd"},
      {{.kind = TableOp::Kind::kHwPoison, .address = 0x10080000000},
       false,
       "stop: hwpoison pte"},
      {{.address = 0x10080000000,
        .frame = 0x2000000,
        .state = {.permission = Permission::kNone}},
       false,
       "stop: PROT_NONE"},
      {{.address = 0x10080000000,
        .frame = 0x2000000,
        .state = {.permission = Permission::kRead}},
       true,
       "stop: read-only"},
      {{.address = 0x10080000000,
        .frame = 0x2000000,
        .state = {.special = true}},
       false,
       "stop: special page"},
      {{.kind = TableOp::Kind::kClear, .address = 0x10080000000},
       false,
       "stop: empty pte"},
      {{.kind = TableOp::Kind::kClear,
        .level = Level::kPud,
        .address = 0x10080000000},
       false,
       "stop: empty pud"},
  };
  Oracle oracle;
  for (const auto& [record, write, why] : kCases) {
    Case c = Example();
    c.requests[0].write = write;
    c.setup[1] = record;
    const std::string report = ReportOf(oracle, c, WalkSet::Named());
    EXPECT_THAT(report, HasSubstr("stops too late"));
    EXPECT_THAT(report, HasSubstr(why));
  }
}

TEST(FindingReportTest, CombinesRunsOfPageEntries) {
  Case c = Example();
  c.requests[0] = {.start = 0x1007ff80000, .pages = 129, .write = false};
  c.setup[0] = {.address = 0x1007ff80000, .count = 128, .frame = 0x1000000};
  Oracle oracle;
  const std::string report = ReportOf(oracle, c, WalkSet::Named());
  EXPECT_THAT(
      Unwrapped(LeftOfIterations(report)),
      HasSubstr("entry 128 and following, 128 leaves returns pages 0 to 127"));
  EXPECT_THAT(report, HasSubstr(" | the same pages\n"));
  EXPECT_LT(Lines(report).size(), 180u);
}

// Any recording of a permitted request gives a report.
TEST(FindingReportTest, SurvivesAnyRecording) {
  Oracle oracle;
  RandomBytes random(5);
  Rng rng(5);
  std::map<Outcome, int> outcomes;
  for (int i = 0; i < 3000; ++i) {
    const Case c = Decode(random.Next());
    const Verdict& verdict = oracle.Judge(c, WalkSet::All(), Waivers::kNone);
    for (size_t request = 0; request < verdict.requests.size(); ++request) {
      if (verdict.requests[request].inconclusive != Inconclusive::kNo) continue;
      const Policy policy = kAllWalks[rng.Below(kWalkCount)];
      Answer answer = {
          .finding = std::string("s390-3.static-by-value.short.pte-leaf")};
      Recording& run = answer.run;
      run = RecordModel(CaseTables(c), c.requests[request], policy);
      run.count = rng.Chance(1, 4) ? rng.Next() : rng.Below(600);
      run.snapshot = rng.Below(4);
      for (ReturnedPage& page : run.pages) {
        if (rng.Chance(1, 4)) page.physical = rng.Next();
        if (rng.Chance(1, 4)) page.snapshot = rng.Next();
      }
      for (Event& event : run.events) {
        if (rng.Chance(1, 16)) event.level = kAllLevels[rng.Below(5)];
        if (rng.Chance(1, 16)) event.place.physical = rng.Next();
        if (rng.Chance(1, 16)) event.held = rng.Next();
        if (rng.Chance(1, 16)) event.snapshot = rng.Next();
        if (rng.Chance(1, 16)) {
          event.place.kind = static_cast<Place::Kind>(rng.Below(4));
          event.place.copy_of = kAllLevels[rng.Below(5)];
        }
        if (rng.Chance(1, 16)) event.part.reset();
      }
      const Explanation e = Explain({.name = "any", .policy = policy}, c,
                                    request, answer, verdict);
      ++outcomes[e.outcome];
      ASSERT_THAT(RenderText(e, {.full = true}),
                  HasSubstr("DEDUP_TOKEN: s390-3"));
      ASSERT_THAT(RenderText(e, {}), HasSubstr("DEDUP_TOKEN: s390-3"));
    }
  }
  EXPECT_GE(outcomes.size(), 5u);
}

// The explanation of a recording, as if a walk of the model had made it.
Explanation ExplanationOf(const Case& c, Policy policy,
                          const Recording& recording) {
  Oracle oracle;
  return Explain(ModelWalker(policy), c, 0, {.run = recording},
                 oracle.Judge(c, WalkSet::All(), Waivers::kNone));
}

// A walk that takes the page after the right one.
TEST(ExplainTest, WrongDecisionWithoutAWrongRead) {
  const Case c = Example();
  Recording run = RecordModel(CaseTables(c), c.requests[0], kStaticLockless);
  for (ReturnedPage& page : run.pages) page.physical += 0x1000;
  EXPECT_EQ(Facts(c, 0, kStaticLockless, run).rule(), std::nullopt);
  const Explanation e = ExplanationOf(c, kStaticLockless, run);
  EXPECT_EQ(e.outcome, Outcome::kWrongPage);
  EXPECT_EQ(e.page, 0u);
  EXPECT_EQ(e.returned, 0x1001000u);
  EXPECT_EQ(e.expected, 0x1000000u);
  const std::string flat = Unwrapped(RenderText(e, {.full = true}));
  EXPECT_THAT(flat,
              HasSubstr("FIRST DIFFERENCE: page 0 becomes 0x1001000; the "
                        "reference has 0x1000000. All reads were correct"));
  EXPECT_THAT(flat, Not(HasSubstr("RULE BROKEN")));
}

// A walk that reads another page entry first, and goes wrong much later.
TEST(ExplainTest, LongWalksAreExplainedInPart) {
  constexpr Policy kWalk = {BoundaryRule::kStatic, Descent::kLockless,
                            Step::kRecompute};
  Case c = Example();
  c.requests[0] = {.start = 0x10000, .pages = 200, .write = false};
  c.setup[0] = {.address = 0x10000, .count = 200, .frame = 0x1000000};
  Recording run = RecordModel(CaseTables(c), c.requests[0], kWalk);
  run.pages[100].physical += 0x1000;
  for (Event& event : run.events) {
    if (event.level != Level::kPte) continue;
    event.place.physical ^= 8;
    event.part->holds = false;
  }
  const Explanation e = ExplanationOf(c, kWalk, run);
  const std::string text = RenderText(e, {.full = true});
  EXPECT_THAT(Unwrapped(text),
              HasSubstr("This is entry 17 of its table; that of 0x10000 is "
                        "entry 16."));
  EXPECT_THAT(text, HasSubstr("FIRST DIFFERENCE: page 100 becomes"));
  EXPECT_THAT(text, HasSubstr("\n   ...   "));
  EXPECT_LT(e.iterations.size(), 40u);
}

// -----------------------------------------------------------------------------
// Tables that change while the walk runs.

Case WithChanges(Case c, std::initializer_list<ConcurrentOp> changes) {
  for (const ConcurrentOp& change : changes) c.concurrent.push_back(change);
  return c;
}

// One page, and nothing behind it.
Case OnePage() {
  return MakeCase(2, {.start = kMiB, .pages = 2},
                  {MapPages(kMiB, 1, 0x1000000)});
}

// The explanation of one walk of a case, as text and in parts.
struct Explained {
  Outcome outcome = Outcome::kAgrees;
  std::string report;
  std::string flat;
  Explanation explanation;
};
Explained ExplainWalk(const Case& c, Policy policy) {
  Oracle oracle;
  const Verdict& verdict = oracle.Judge(c, WalkSet::All(), Waivers::kNone);
  EXPECT_FALSE(verdict.requests.empty());
  const size_t walk = IndexOf(policy);
  const std::string report = WalkReport(c, verdict, 0, walk, {.full = true});
  return {.outcome = verdict.requests[0].walks[walk].outcome,
          .report = report,
          .flat = Unwrapped(report),
          .explanation = ExplainModel(c, verdict, 0, walk)};
}

// Collapse detaches the page table before the walk reads its entry: at 2 levels
// the recheck of pmd reads a local copy.
Case StaleByVoidCheck() {
  return WithChanges(
      OnePage(),
      {{{.kind = TableOp::Kind::kDetach, .level = Level::kPmd, .address = kMiB},
        5}});
}

TEST(ChangingReportTest, StalePage) {
  const Explained explained =
      ExplainWalk(StaleByVoidCheck(), kFoldedAwareByValue);
  EXPECT_EQ(
      explained.report,
      R"(On s390 with 2 levels, folded-aware-by-value returns a stale page: page 0 of 2,
at 0x100000, is 0x1000000, which change 1 (detach pmd of 0x100000, before read
5) removed before the walk took its reference, after read 5: at that time the
tables have empty pmd there. Its recheck passes nevertheless: it compares a
local copy of the pmd entry with itself (read 6).

- folded-aware-by-value: gup_fast's five nested loops with
  pXd_addr_end_folded(pXd, addr, end), pXd_offset(&pXd, addr) and pXdp++ (the
  RFC of 2020).
- reference: the hardware's translation of one address after the other, in each
  snapshot of the tables. For an address, gup_fast may return the page that the
  address has in the snapshot in which gup_fast grabs the page, or in a later
  one.
- request: 2 pages, counted from 0, from 0x100000 to 0x102000, for reading.

Terms:
- gup_fast: collects the pages of a range by walking page tables without a lock:
  one loop for each level, each inside the one above.
- folded: a level without tables in this address space. The walk still has a
  loop for it, which passes on the entry of the level above.
- boundary: an address at which the span of an entry ends. pXd_addr_end(addr,
  end) returns the next boundary after addr, or end if that comes first.
- local copy: a variable on the walk's stack that holds one entry, as in p4d_t
  p4d = READ_ONCE(*p4dp). The words next to it are no page table.
- change: an operation of another processor on the tables while the walk runs,
  interleaved between two reads of the walk. Reads of entries are counted from
  1, those of local copies too.
- snapshot: the content of the tables between two changes: snapshot 0 is that at
  the start, snapshot 1 that after change 1. In the list of pages, "grabbed" is
  the snapshot in which a page was grabbed, and "is of" the one to which it
  belongs.
- grab: to take a reference to a page's frame (try_grab_folio), so that the
  frame is not freed. Before that it can be freed at any time.
- recheck: after gup_fast has grabbed a page, it reads the leaf again, and for a
  small page the pmd above it, through the pointers that it has. If one of them
  differs from the first read, gup_fast puts the page and stops.
- stale: of a page: removed from its address before it was grabbed. Someone else
  may own its frame by then.

--- Case -----------------------------------------------------------------------

# pxdfuzz case
version: 2
space: s390/2  # tables: segment, page; folded: pgd, p4d, pud
requests:
- {start: 0x100000, pages: 2, access: read}  # to 0x102000
stack:
  position: 0  # the word of its page where a local copy is
  around: copy  # words near a local copy of an entry: older copies of it
tables:  # each line changes what those above it made
- map: {pte: 0x100000, count: 1, frame: 0x1000000, state: rw young dirty}
changes:  # operations of another processor, in this order
- before read 5: detach pmd of 0x100000  # the page table keeps what it holds

--- Changes --------------------------------------------------------------------

The walk reads 8 entries. A change by another processor between two reads makes
the next snapshot of the tables. The reads in each snapshot:

   snapshot 0: 1 pgd, 2 p4d, 3 pud, 4 pmd
== change 1, before read 5: detach pmd of 0x100000 =============================
==   segment table 0, entry 1: page table 0 -> empty
   snapshot 1: 5 pte, grabs page 0, 6 recheck of pmd, 7 recheck of pte, 8 pte

--- Address space --------------------------------------------------------------

- pgd, p4d and pud: folded, without a table. A pgd or p4d or pud entry of Linux
  is an entry of the segment table.

The range, 0x100000 to 0x102000, and the boundaries inside it that the walk's
pXd_addr_end() returns:

   pgd, folded  1 MiB    |-------------------|  none
   p4d, folded  1 MiB    |-------------------|  none
   pud, folded  2 GiB    |-------------------|  none
   pmd          1 MiB    |-------------------|  none
   pte          4 KiB    |---------+---------|  0x101000

   root: segment table 0 (pmd), 2048 entries of 1 MiB
   `- [1] 0x100000 -> page table 0 (pte), 256 entries of 4 KiB
==    |    change 1: empty
      `- [0] 0x100000 page 0x1000000, rw young dirty
>>           page 0 by folded-aware-by-value: stale

--- Pages ----------------------------------------------------------------------

   page  address   snapshot 0  snapshot 1  the walk         grabbed  is of
>> 0     0x100000  0x1000000   empty pmd   0x1000000        1        0, gone
   1     0x101000  empty pte   empty pmd   stop: empty pte  -        -

- walks that hold: static-lockless, static-by-pointer, folded-aware-by-pointer,
  folded-aware-lockless, static-lockless-recompute,
  folded-aware-lockless-recompute, static-by-pointer-recompute and
  folded-aware-by-pointer-recompute.
- walks that differ as well: static-by-value (stale, page 0),
  static-by-value-recompute (stale, page 0) and folded-aware-by-value-recompute
  (stale, page 0).

--- Iterations of folded-aware-by-value ----------------------------------------

The left column has the iterations of the walk's loops: the part of the range
that an iteration covers; how its pointer is computed, and where it points; the
entry read there; where the part ends, and what comes next. The right column has
what the reference reads for the part's first address, in the snapshot at that
time. Tables are numbered in the order in which they were made. Lines with ==
are the changes that another processor makes, and what they write.

   folded-aware-by-value                          | reference, at that moment
   ---------------------------------------------- | ----------------------------
   pgd 0x100000 to 0x102000, folded               | no table: pgd is folded
     pgdp = pgd_offset(mm, addr)                  |
       -> segment table 0, entry 1                |
     read 1: *pgdp = 0x10000000: page table 0     |
     pgd_addr_end_folded(): end of the part; then |
       p4d                                        |
    p4d 0x100000 to 0x102000, folded              | no table: p4d is folded
      p4dp = p4d_offset(&pgd, addr)               |
        -> the local copy of pgd                  |
      read 2: *p4dp = 0x10000000: page table 0    |
      p4d_addr_end_folded(): end of the part;     |
        then pud                                  |
     pud 0x100000 to 0x102000, folded             | no table: pud is folded
       pudp = pud_offset(&p4d, addr)              |
         -> the local copy of p4d                 |
       read 3: *pudp = 0x10000000: page table 0   |
       pud_addr_end(): end of the part; then pmd  |
      pmd 0x100000 to 0x102000                    | segment table 0, entry 1:
        pmdp = pmd_offset(&pud, addr)             |   the copied entry
          -> the local copy of pud                |
        read 4: *pmdp = 0x10000000: page table 0  |
        pmd_addr_end(): end of the part; then pte |
== change 1, before read 5: detach pmd of 0x100000 =============================
==   segment table 0, entry 1: page table 0 -> empty
>>     pte 0x100000 to 0x101000                   | ended at pmd: empty
         ptep = pte_offset_map(&pmd, addr)        |
           -> page table 0, entry 0               |
         read 5: *ptep = 0x100003d: page          |
           0x1000000, rw young dirty              |
         grabs page 0: frame 0x1000000            |
         read 6: recheck: *pmdp is the same: it   |
           is the local copy of pud, compared     |
           with itself; the entry in the table is |
           empty now                              |
         read 7: recheck: *ptep is the same       |
         returns page 0                           |
>>   RULE BROKEN: the recheck must compare the entry in the table with the value
>>   that led to the page. pmdp does not point into a table: pmd_offset(&pud,
>>   addr) returned the address of pud, a local variable. The check compares
>>   this variable with itself, and always passes. The entry in the table,
>>   segment table 0, entry 1, was page table 0; change 1 made it empty.
>>   FIRST DIFFERENCE: page 0 becomes 0x1000000, which change 1 removed before
>>   the walk grabbed it, after read 5; that address has 0x1000000 in snapshot
>>   0, no page in snapshot 1 (empty pmd).
       pte 0x101000 to 0x102000                   | ended at pmd: empty
         ptep++                                   |
           -> page table 0, entry 1               |
         read 8: *ptep = 0x400: empty             |
         stops here: empty pte                    |

--- reference, page 0 at 0x100000, snapshot 0 ----------------------------------

   pmd: segment table 0, entry 1 = 0x10000000: page table 0
   pte: page table 0, entry 0 = 0x100003d: page 0x1000000, rw young dirty
   The hardware gets 0x1000000; gup_fast may return the page: 0x1000000.

--- reference, page 0 at 0x100000, snapshot 1 ----------------------------------

   pmd: segment table 0, entry 1 = 0x20: empty
   The hardware ends with a segment-translation exception; gup_fast may not
   return a page here: empty pmd. In snapshot 1 the walk grabbed 0x1000000, and
   it ended in snapshot 1.

DEDUP_TOKEN: s390-2.folded-aware-by-value.changing.stale.pmd-empty
)");
}

// A leaf of 2 GiB at 3 levels: pudp is the address of a local variable.
TEST(ChangingReportTest, StaleLargePage) {
  const Explained explained = ExplainWalk(
      WithChanges(MakeCase(3, {.start = 2 * kGiB, .pages = 2},
                           {MapLarge(Level::kPud, 2 * kGiB, 8 * kGiB)}),
                  {{{.kind = TableOp::Kind::kClear,
                     .level = Level::kPud,
                     .address = 2 * kGiB},
                    4}}),
      kFoldedAwareByValue);
  EXPECT_EQ(explained.outcome, Outcome::kStale);
  EXPECT_THAT(
      explained.flat,
      HasSubstr("returns a stale page: page 0 of 2, at 0x80000000, is "
                "0x200000000, which change 1 (clear pud of 0x80000000, before "
                "read 4) removed before the walk took its reference, after "
                "read 3: at that time the tables have empty pud there. Its "
                "recheck passes nevertheless: it compares a local copy of the "
                "pud entry with itself (read 4)."));
  EXPECT_THAT(explained.flat, HasSubstr("pud_offset(&p4d, addr) returned the "
                                        "address of p4d, a local variable."));
  EXPECT_THAT(explained.report,
              HasSubstr("\n>> 0     0x80000000  0x200000000  empty pud   "
                        "0x200000000  1        0, gone\n"));
}

TEST(ChangingReportTest, WrongPageOfARefilledTable) {
  const Explained explained = ExplainWalk(
      WithChanges(StaleByVoidCheck(), {{{.kind = TableOp::Kind::kRefill,
                                         .address = 3 * kMiB,
                                         .frame = 0x5000000},
                                        5}}),
      kFoldedAwareByValue);
  EXPECT_EQ(explained.outcome, Outcome::kWrongPage);
  EXPECT_THAT(
      explained.flat,
      HasSubstr("returns a wrong page: page 0 of 2, at 0x100000, is "
                "0x5000000, which that address never had. That address "
                "has 0x1000000 in snapshot 0, no page in snapshots 1 and "
                "2 (empty pmd)."));
  EXPECT_THAT(explained.flat,
              HasSubstr("0x5000000 is the page that is mapped at 0x300000 from "
                        "snapshot 2 on, 2 MiB above 0x100000."));
  // The place at the start, and the later ones.
  EXPECT_THAT(explained.report, HasSubstr(R"(
   +- [1] 0x100000 -> page table 0 (pte), 256 entries of 4 KiB
== |  |    change 1: empty
   |  `- [0] 0x100000 page 0x1000000, rw young dirty
== |          change 2: page 0x5000000, rw young dirty
>> |         page 0 by folded-aware-by-value: wrong
>> |         mapped at 0x300000
   `- [3] 0x300000 empty
==         change 2: -> page table 0 (pte), 256 entries of 4 KiB
)"));
}

TEST(ChangingReportTest, FaultOfAnOffsetThatReadsAgain) {
  const ConcurrentOp clear_page = {
      {.kind = TableOp::Kind::kClear, .address = 0x1007ffff000}, 8};
  const ConcurrentOp clear_pmd = {{.kind = TableOp::Kind::kClear,
                                   .level = Level::kPmd,
                                   .address = 0x1007ff00000},
                                  8};
  const Explained pmd = ExplainWalk(
      WithChanges(Example(), {clear_page, clear_pmd}), kStaticByPointer);
  EXPECT_EQ(pmd.outcome, Outcome::kFault);
  EXPECT_THAT(
      pmd.flat,
      HasSubstr("static-by-pointer faults: at page 0 of 2, at 0x1007ffff000, "
                "it reads memory that is not a page table. That address has "
                "0x1000000 "
                "in snapshot 0, no page in snapshots 1 and 2 (empty pte, then "
                "empty pmd). pte_offset_map(pmdp, addr) reads *pmdp again "
                "(read 8): *pmdp was page table 0 when it was tested (read 7), "
                "and change 2 has made it empty."));
  EXPECT_THAT(Unwrapped(LeftOfIterations(pmd.report)),
              HasSubstr("read 8: *pmdp again = 0x20: empty; it was page table "
                        "0 when it was tested -> physical 0x7f8, outside all "
                        "tables read 9: *ptep = nothing to read"));
  EXPECT_THAT(pmd.flat,
              HasSubstr("The function uses the new value as if it were that of "
                        "a table. FIRST DIFFERENCE: a fault at page "
                        "0; that address has"));

  // Both paths lead over the pmd entry of change 2, and part there.
  const WalkPicture& picture = *pmd.explanation.picture;
  EXPECT_EQ(picture.snapshot, 2u);
  ASSERT_EQ(picture.reference_path.size(), 2u);
  ASSERT_EQ(picture.walk_path.size(), 3u);
  EXPECT_EQ(picture.walk_path[1], picture.reference_path[1]);
  EXPECT_EQ(picture.walk_path[1].later, 0u);
  EXPECT_EQ(picture.walk_path[2].at, WalkPicture::Step::At::kNowhere);

  ConcurrentOp page = clear_page;
  ConcurrentOp table = clear_pmd;
  page.number = table.number = 6;
  const Explained pud =
      ExplainWalk(WithChanges(MakeCase(3, {.start = 0x1007ffff000, .pages = 1},
                                       {MapPages(0x1007ffff000, 1, 0x1000000)}),
                              {page,
                               table,
                               {{.kind = TableOp::Kind::kClear,
                                 .level = Level::kPud,
                                 .address = 0x10000000000},
                                6}}),
                  kStaticByPointer);
  EXPECT_EQ(pud.outcome, Outcome::kFault);
  EXPECT_THAT(pud.flat, HasSubstr("pmd_offset(pudp, addr) reads *pudp again "
                                  "(read 6): *pudp was segment table 0 when it "
                                  "was tested (read 5), and change 3 has made "
                                  "it empty."));
}

TEST(ChangingReportTest, ASoundWalkPutsThePage) {
  const Explained explained =
      ExplainWalk(WithChanges(Example(), {{{.kind = TableOp::Kind::kDetach,
                                            .level = Level::kPmd,
                                            .address = 0x1007ff00000},
                                           6}}),
                  kStaticLockless);
  EXPECT_EQ(explained.outcome, Outcome::kAgrees);
  EXPECT_THAT(
      explained.flat,
      HasSubstr(
          "static-lockless holds while the tables change: it returns 0 "
          "of 2 pages, and stops at page 0, at 0x1007ffff000: its recheck "
          "(read 6) found *pmdp changed by change 1, and it put the "
          "page."));
  // The change is shown where it happens: before the reference is taken, which
  // is why there is a recheck.
  EXPECT_THAT(explained.report, HasSubstr(R"(
== change 1, before read 6: detach pmd of 0x1007ff00000 ========================
==   segment table 0, entry 2047: page table 0 -> empty
         grabs page 0: frame 0x1000000            |
         read 6: recheck: *pmdp = 0x20: empty; it |
           was page table 0                       |
         puts page 0; stops here                  |
)"));
  EXPECT_THAT(explained.flat, Not(HasSubstr("FIRST DIFFERENCE")));
  EXPECT_THAT(explained.flat, Not(HasSubstr("RULE BROKEN")));
  EXPECT_THAT(explained.report, HasSubstr("  stop: the recheck"));
}

TEST(ChangingReportTest, ShowsAnUpgradeAndAChangeAfterTheWalk) {
  const ConcurrentOp upgrade = {{.kind = TableOp::Kind::kUpgrade}, 4};
  const Explained during = ExplainWalk(
      WithChanges(
          Example(),
          {upgrade,
           {{.kind = TableOp::Kind::kClear, .address = 0x1007ffff000}, 400}}),
      kStaticLockless);
  EXPECT_EQ(during.outcome, Outcome::kAgrees);
  EXPECT_THAT(during.report, HasSubstr(R"(
   snapshot 0: 1 pgd, 2 p4d, 3 pud
== change 1, before read 4: upgrade ============================================
==   mm->pgd: region-third table 0 -> region-second table 0
==   region-second table 0, entry 0: empty -> region-third table 0
   snapshot 1: 4 pmd, 5 pte, grabs page 0, 6 recheck of pmd, 7 recheck of pte,
     8 pud, 9 pmd, 10 pte, grabs page 1, 11 recheck of pmd, 12 recheck of pte
   change 2, before read 400: clear pte of 0x1007ffff000. It is not made: the
   walk ended before it.
)"));
  EXPECT_THAT(during.report,
              HasSubstr("\n   change 1, root: region-second table 0 (p4d)"));
  // The walk continues in the old tables.
  EXPECT_THAT(during.report, HasSubstr("\n    p4d 0x1007ffff000 to "
                                       "0x10080001000, folded    |"));

  ConcurrentOp before = upgrade;
  before.number = 1;
  const Explained later =
      ExplainWalk(WithChanges(Example(), {before}), kStaticLockless);
  EXPECT_THAT(later.report, HasSubstr("\n   snapshot 0: none\n=="));
  EXPECT_THAT(later.report, HasSubstr("-> region-second table 0, entry 0"));
  EXPECT_THAT(later.report, HasSubstr("\n    p4d 0x1007ffff000 to "
                                      "0x10080001000            | the same"));
}

TEST(ChangingReportTest, ReportsAnImpossibleChange) {
  const Case c = WithChanges(
      Example(), {{{.kind = TableOp::Kind::kSplit, .level = Level::kPmd}}});
  Oracle oracle;
  const std::string report =
      WalkReport(c, oracle.Judge(c, WalkSet::All(), Waivers::kNone), 0, 0, {});
  EXPECT_THAT(
      Unwrapped(report),
      StartsWith("The case is inconclusive, which does not count as agreement: "
                 "impossible: a change splits what is no large leaf."));
  EXPECT_THAT(report, HasSubstr("\n# pxdfuzz case\n"));
}

// Every walk can be explained, whatever changes: each change that happened is
// shown once among the iterations, in order and in its snapshot; each other
// change is marked; and the report shows where pages began to differ.
TEST(ChangingReportTest, ExplainsEveryWalkOfManyCases) {
  constexpr int kCases = kAddressSanitizer ? 500 : 2000;
  Oracle oracle;
  std::map<Outcome, int> outcomes;
  std::map<size_t, int> made;
  ForChangingCases(kCases, [&](const Case& c, uint64_t seed) {
    const Verdict& verdict =
        oracle.Judge(c, WalkSet::All(), Waivers::kExpectedFailures);
    if (verdict.inconclusive != Inconclusive::kNo) return;
    const size_t request = seed % c.requests.size();
    const RequestVerdict& judged = verdict.requests[request];
    if (judged.inconclusive != Inconclusive::kNo) return;
    for (size_t walk = 0; walk < kWalkCount; ++walk) {
      const std::string report =
          WalkReport(c, verdict, request, walk, {.full = true});
      for (const std::string_view line : Lines(report)) {
        ASSERT_LE(line.size(), 80u) << report;
      }
      const WalkVerdict& walked = judged.walks[walk];
      ++outcomes[walked.outcome];
      ++made[walked.changes];
      size_t changes = 0;
      size_t at = report.find("\n--- Iterations of ");
      ASSERT_NE(at, report.npos);
      while ((at = report.find("\n== change ", at)) != report.npos) {
        const std::string next = "\n== change " + std::to_string(++changes);
        ASSERT_EQ(report.substr(at, next.size()), next) << report;
        ++at;
      }
      ASSERT_EQ(changes, walked.changes) << report;
      const std::string flat = Unwrapped(report);
      size_t not_done = 0;
      for (at = 0; (at = flat.find("It is not made:", at)) != flat.npos; ++at) {
        ++not_done;
      }
      ASSERT_EQ(changes + not_done, c.concurrent.size()) << report;
      ASSERT_EQ(flat.find("FIRST DIFFERENCE: ") != flat.npos,
                walked.outcome != Outcome::kAgrees &&
                    walked.outcome != Outcome::kStrayRead)
          << report;
    }
  });
  for (const Outcome outcome :
       {Outcome::kAgrees, Outcome::kShort, Outcome::kLong, Outcome::kWrongPage,
        Outcome::kStrayRead, Outcome::kFault, Outcome::kStale}) {
    EXPECT_GT(outcomes[outcome], kCases / 400) << Name(outcome);
  }
  for (size_t i = 0; i <= 3; ++i) EXPECT_GT(made[i], kCases / 20) << i;
}

TEST(TextLinesTest, WrapsBetweenWords) {
  TextLines out(/*color=*/false);
  const std::string long_word(90, 'x');
  out.Wrap("- ", "  ", std::string(70, 'a') + " bbbbbbb ccc " + long_word);
  EXPECT_EQ(out.text(), "- " + std::string(70, 'a') + " bbbbbbb\n  ccc\n  " +
                            long_word + "\n");
}

TEST(TextLinesTest, Numbers) {
  EXPECT_EQ(Hex(0), "0x0");
  EXPECT_EQ(Hex(~uint64_t{0}), "0xffffffffffffffff");
  EXPECT_EQ(ByteSize(0x8000'0000), "2 GiB");
  EXPECT_EQ(ByteSize(3 << 20), "3 MiB");
  EXPECT_EQ(ByteSize(0), "0 bytes");
  EXPECT_EQ(ByteSize(uint64_t{1} << 63), "8 EiB");
  EXPECT_EQ(Plural(1, "page"), "1 page");
  EXPECT_EQ(Plural(0, "page"), "0 pages");
  EXPECT_EQ(Enumerate({}), "");
  EXPECT_EQ(Enumerate({"a", "b", "c"}), "a, b and c");
}

}  // namespace
}  // namespace pxdfuzz
