// SPDX-License-Identifier: MIT

// The judge of kernel code, on correct code with one change that is made here.

#include "kernel/judge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kernel/observe.h"
#include "pxdfuzz/arch/s390.h"
#include "pxdfuzz/case/case.h"
#include "tests/kernel/all_kernels.h"
#include "tests/known_cases.h"

namespace pxdfuzz {
namespace {

const pxd_kernel& Real() {
  const pxd_kernel* kernel = FindKernel("s390", "as-is");
  return kernel == nullptr ? *AllKernels().front() : *kernel;
}

// The verdict on `c` of the real code with other functions in it.
std::string FindingOf(const pxd_kernel& kernel, const Case& c,
                      KernelTrial trial = KernelTrial::kGupFast) {
  KernelJudge judge(kernel);
  const KernelVerdict& verdict = judge.Judge(c, trial);
  if (!verdict.finding.has_value()) return "";
  const std::string name = Name(*verdict.finding);
  return name.substr(std::string(kernel.name).size() + 1);
}

// Four pages and then a large one; the request asks for four of them.
Case Mixed(bool write = false) {
  return MakeCase(3, {.start = kMiB - 0x4000, .pages = 8, .write = write},
                  {MapPages(kMiB - 0x4000, 4, 0x10000),
                   MapLarge(Level::kPmd, kMiB, 4 * kMiB)});
}

class JudgeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (Real().arch != std::string_view("s390")) GTEST_SKIP();
  }
  Inconclusive WhyNotCompared(const Case& c) const {
    return KernelJudge(kernel_).Judge(c, KernelTrial::kGupFast).inconclusive;
  }

  pxd_kernel kernel_ = Real();
};

TEST_F(JudgeTest, AcceptsUnmodifiedCode) {
  EXPECT_EQ(FindingOf(kernel_, Mixed()), "");
  EXPECT_EQ(FindingOf(kernel_, Mixed(true)), "");
  EXPECT_EQ(FindingOf(kernel_, Mixed(), KernelTrial::kPageSize), "");
}

TEST_F(JudgeTest, FindsAMissingPage) {
  kernel_.walk = [](pxd_walk* walk) {
    Real().walk(walk);
    if (walk->count > 0) --walk->count;
  };
  EXPECT_EQ(FindingOf(kernel_, Mixed()), "s390-3.short.pmd-leaf");
}

TEST_F(JudgeTest, FindsAnExtraPage) {
  kernel_.walk = [](pxd_walk* walk) {
    Real().walk(walk);
    walk->page[walk->count++] = 0x1000;
  };
  const Case c = MakeCase(3, {.start = kMiB - 0x4000, .pages = 5},
                          {MapPages(kMiB - 0x4000, 4, 0x10000)});
  EXPECT_EQ(FindingOf(kernel_, c), "s390-3.long.pmd-empty");
}

TEST_F(JudgeTest, FindsAWrongPage) {
  kernel_.walk = [](pxd_walk* walk) {
    Real().walk(walk);
    if (walk->count > 2) walk->page[2] += 0x1000;
  };
  EXPECT_EQ(FindingOf(kernel_, Mixed()), "s390-3.wrong-page.pte-leaf");
}

TEST_F(JudgeTest, FindsAPageThatIsWrongOnlyForPins) {
  kernel_.walk = [](pxd_walk* walk) {
    Real().walk(walk);
    if (walk->pin && walk->count > 0) --walk->count;
  };
  EXPECT_EQ(FindingOf(kernel_, Mixed()), "s390-3.short.pmd-leaf");
}

TEST_F(JudgeTest, FindsAReferenceThatIsNotPut) {
  kernel_.walk = [](pxd_walk* walk) {
    Real().walk(walk);
    walk->grabs[walk->grab_count++] = {
        .pfn = 0x77, .refs = 1, .pin = walk->pin};
  };
  EXPECT_EQ(FindingOf(kernel_, Mixed()), "s390-3.references.pmd-leaf");
}

TEST_F(JudgeTest, FindsAReferenceToAnotherPage) {
  kernel_.walk = [](pxd_walk* walk) {
    Real().walk(walk);
    if (walk->grab_count > 0) walk->grabs[1].pfn ^= 0x100;
  };
  EXPECT_EQ(FindingOf(kernel_, Mixed()), "s390-3.references.pte-leaf");
}

TEST_F(JudgeTest, FindsAPinInsteadOfAReference) {
  kernel_.walk = [](pxd_walk* walk) {
    Real().walk(walk);
    for (size_t i = 0; i < walk->grab_count; ++i) walk->grabs[i].pin = true;
  };
  EXPECT_EQ(FindingOf(kernel_, Mixed()), "s390-3.references.pte-leaf");
}

// Of two references, one is put and the page is still returned.
TEST_F(JudgeTest, FindsAPutReferenceWhosePageIsReturned) {
  kernel_.walk = [](pxd_walk* walk) {
    Real().walk(walk);
    const pxd_grab last = walk->grabs[walk->grab_count - 1];
    walk->grabs[walk->grab_count++] = {
        .pfn = last.pfn, .refs = -last.refs, .pin = last.pin};
  };
  EXPECT_EQ(FindingOf(kernel_, Mixed()), "s390-3.references.pmd-leaf");
}

TEST_F(JudgeTest, FindsAnIgnoredRefusal) {
  kernel_.walk = [](pxd_walk* walk) {
    walk->refused = UINT64_MAX;
    Real().walk(walk);
  };
  EXPECT_EQ(FindingOf(kernel_, Mixed()), "s390-3.refusal.pmd-leaf");
}

TEST_F(JudgeTest, FindsAnotherLimit) {
  // It refuses all requests.
  pxd_kernel refusing = kernel_;
  refusing.walk = [](pxd_walk* walk) {
    const uint64_t start = walk->start;
    walk->start = uint64_t{1} << 42;
    Real().walk(walk);
    walk->start = start;
  };
  EXPECT_EQ(FindingOf(refusing, Mixed()), "s390-3.permitted.pte-empty");
  // It permits one that is beyond the limit of three levels.
  const Case beyond = MakeCase(3, {.start = uint64_t{1} << 42, .pages = 1}, {});
  EXPECT_EQ(FindingOf(kernel_, beyond), "");
  kernel_.permitted = [](int, uint64_t, uint64_t) { return true; };
  EXPECT_EQ(FindingOf(kernel_, beyond), "s390-3.permitted.pte-empty");
  EXPECT_EQ(FindingOf(kernel_, beyond, KernelTrial::kPageSize), "");
}

TEST_F(JudgeTest, FindsAnotherPageSize) {
  if (kernel_.page_size == nullptr) GTEST_SKIP() << "the tree has none";
  kernel_.page_size = [](pxd_walk*, uint64_t) { return uint64_t{0x1000}; };
  EXPECT_EQ(FindingOf(kernel_, Mixed(), KernelTrial::kPageSize),
            "s390-3.page-size.pmd-leaf");
}

// While tables change: what the walk answers after its reads.
uint64_t size_answered = 0;
uint64_t AnswerSize(pxd_walk* walk, uint64_t address) {
  Real().page_size(walk, address);
  return size_answered;
}

TEST_F(JudgeTest, APageSizeIsThatOfSomeSnapshot) {
  if (kernel_.page_size == nullptr) GTEST_SKIP() << "the tree has none";
  Case c = MakeCase(3, {.start = kMiB, .pages = 1},
                    {MapLarge(Level::kPmd, kMiB, 4 * kMiB)});
  c.concurrent.push_back(
      {{.kind = TableOp::Kind::kSplit, .level = Level::kPmd, .address = kMiB},
       3});
  EXPECT_EQ(FindingOf(kernel_, c, KernelTrial::kPageSize), "");
  kernel_.page_size = &AnswerSize;
  const auto finding_of = [&](uint64_t size) {
    size_answered = size;
    return FindingOf(kernel_, c, KernelTrial::kPageSize);
  };
  EXPECT_EQ(finding_of(kMiB), "");
  EXPECT_EQ(finding_of(0x1000), "");
  EXPECT_EQ(finding_of(0), "s390-3.changing.page-size.pmd-leaf");
  // Never split.
  c.concurrent[0].number = 100;
  EXPECT_EQ(finding_of(kMiB), "");
  EXPECT_EQ(finding_of(0x1000), "s390-3.changing.page-size.pmd-leaf");
  // It reads what is no table.
  kernel_.page_size = [](pxd_walk* walk, uint64_t address) {
    const uint64_t size = Real().page_size(walk, address);
    walk->before_read(walk, 0, reinterpret_cast<const void*>(uint64_t{64}));
    return size;
  };
  EXPECT_EQ(finding_of(0), "s390-3.changing.page-size.pmd-leaf");
}

// The walk is at a page table that is taken away and used in another place.
TEST_F(JudgeTest, AnEntryOfARefilledTableIsInconclusive) {
  if (kernel_.page_size == nullptr) GTEST_SKIP() << "the tree has none";
  Case c = MakeCase(3, {.start = kMiB, .pages = 1},
                    {MapPages(kMiB + 0x1000, 1, 0x1000)});
  for (const TableOp::Kind kind :
       {TableOp::Kind::kDetach, TableOp::Kind::kRefill}) {
    const bool detaches = kind == TableOp::Kind::kDetach;
    c.concurrent.push_back({{.kind = kind,
                             .level = detaches ? Level::kPmd : Level::kPte,
                             .address = detaches ? kMiB : 2 * kMiB,
                             .frame = detaches ? 0u : 0x2000u},
                            1,
                            Moment::kPmd});
  }
  const auto judged = [&](const pxd_kernel& kernel) {
    KernelJudge judge(kernel);
    const KernelVerdict& verdict = judge.Judge(c, KernelTrial::kPageSize);
    EXPECT_EQ(verdict.requests.size(), 1u);
    EXPECT_EQ(verdict.requests[0].walk.changes, 2u);
    return std::pair(verdict.finding.has_value(),
                     verdict.requests[0].inconclusive);
  };
  EXPECT_EQ(judged(kernel_), std::pair(false, Inconclusive::kRefilled));
  kernel_.page_size = &AnswerSize;
  size_answered = 0;
  EXPECT_EQ(judged(kernel_), std::pair(false, Inconclusive::kNo));
  size_answered = 0x1000;
  EXPECT_EQ(judged(kernel_), std::pair(false, Inconclusive::kRefilled));
  size_answered = kMiB;
  EXPECT_EQ(judged(kernel_), std::pair(true, Inconclusive::kNo));
}

TEST_F(JudgeTest, AFaultEndsOnlyTheWalk) {
  kernel_.walk = [](pxd_walk* walk) {
    Real().walk(walk);
    *reinterpret_cast<volatile uint64_t*>(walk->read_count) = 0;
  };
  EXPECT_EQ(FindingOf(kernel_, Mixed()), "s390-3.fault.pmd-leaf");
  // And again: the handler is still installed.
  EXPECT_EQ(FindingOf(kernel_, Mixed()), "s390-3.fault.pmd-leaf");
  KernelJudge judge(kernel_);
  EXPECT_EQ(Observe(judge, Mixed(), 0).run.end, RunEnd::kFault);
}

TEST_F(JudgeTest, ABugEndsOnlyTheWalk) {
  kernel_.walk = [](pxd_walk* walk) {
    Real().walk(walk);
    pxd_bug("mm/gup.c", 77);
  };
  KernelJudge judge(kernel_);
  const Answer answer = Observe(judge, Mixed(), 0);
  EXPECT_EQ(answer.run.end, RunEnd::kBug);
  EXPECT_EQ(answer.run.bug, "mm/gup.c:77");
}

TEST_F(JudgeTest, ATrapIsNotChecked) {
  kernel_.walk = [](pxd_walk* walk) {
    Real().walk(walk);
    pxd_trap("a function");
  };
  KernelJudge judge(kernel_);
  const KernelVerdict& verdict = judge.Judge(Mixed(), KernelTrial::kGupFast);
  EXPECT_FALSE(verdict.finding.has_value());
  ASSERT_EQ(verdict.requests.size(), 1u);
  EXPECT_EQ(verdict.requests[0].inconclusive, Inconclusive::kReachedTrap);
  EXPECT_STREQ(judge.trap(), "a function");
  const Answer answer = Observe(judge, Mixed(), 0);
  EXPECT_EQ(answer.inconclusive, Inconclusive::kReachedTrap);
  EXPECT_EQ(answer.run.end, RunEnd::kTrap);
  EXPECT_EQ(answer.run.bug, "a function");
  EXPECT_EQ(answer.finding.name(), "");
}

// Where the model's walk of the same kind returns something else, although the
// reference agrees.
TEST_F(JudgeTest, SeesThatTheModelIsAnother) {
  // The traits claim that the tree takes PROT_NONE for readable.
  kernel_.should_tell_protnone = false;
  kernel_.traits = [] {
    pxd_traits traits = Real().traits();
    traits.tells_protnone = false;
    return traits;
  };
  const Case c = MakeCase(
      3, {.start = 0x10000000, .pages = 2},
      {MapPages(0x10000000, 2, 0x1000, {.permission = Permission::kNone})});
  EXPECT_EQ(FindingOf(kernel_, c), "s390-3.model.pte-leaf");
}

TEST_F(JudgeTest, AnotherLayoutIsNotChecked) {
  for (size_t pxd_kernel::* size :
       {&pxd_kernel::size, &pxd_kernel::walk_size}) {
    pxd_kernel other = Real();
    other.*size += 8;
    EXPECT_EXIT(KernelJudge{other}, testing::ExitedWithCode(3),
                "could not check kernel-.*kernel_walk.h");
  }
}

TEST_F(JudgeTest, AnotherConfigurationThanTheTreesIsNotChecked) {
  for (const pxd_kernel* kernel : AllKernels()) {
    pxd_kernel other = *kernel;
    other.should_tell_protnone = !other.should_tell_protnone;
    EXPECT_EXIT(KernelJudge{other}, testing::ExitedWithCode(3),
                "could not check kernel-.*pte_protnone")
        << kernel->name;
  }
}

// A configuration without a size of leaves has none of them in its tables.
TEST_F(JudgeTest, LeavesThatAConfigurationLacksAreNotCompared) {
  const Case pmd = Mixed();
  const Case pud = MakeCase(3, {.start = uint64_t{1} << 31, .pages = 1},
                            {MapLarge(Level::kPud, uint64_t{1} << 31, 0)});
  EXPECT_EQ(WhyNotCompared(pmd), Inconclusive::kNo);
  EXPECT_EQ(WhyNotCompared(pud), Inconclusive::kNo);
  kernel_.leaf_levels = 0b011;
  EXPECT_EQ(WhyNotCompared(pmd), Inconclusive::kNo);
  EXPECT_EQ(WhyNotCompared(pud), Inconclusive::kNotConfigured);
  kernel_.leaf_levels = 0b001;
  EXPECT_EQ(WhyNotCompared(pmd), Inconclusive::kNotConfigured);
}

// The same holds for words that are written as they are. s390 before 7.0 has no
// swap entries above pte.
TEST_F(JudgeTest, WordsThatATreeDoesNotWriteAreNotCompared) {
  const auto poked = [](Level level, uint64_t word) {
    return MakeCase(
        3, {.pages = 1},
        {{.kind = TableOp::Kind::kPoke, .level = level, .word = word}});
  };
  const auto swap = [&poked](EntryKind::Tag tag, Level level) {
    return poked(level,
                 S390::Entries::SwapEntry(tag, level, uint64_t{1} << 31));
  };
  using Tag = EntryKind::Tag;
  for (const Tag tag : {Tag::kMigration, Tag::kHwPoison}) {
    EXPECT_EQ(WhyNotCompared(swap(tag, Level::kPte)), Inconclusive::kNo);
    EXPECT_EQ(WhyNotCompared(swap(tag, Level::kPmd)),
              Inconclusive::kNotConfigured);
    EXPECT_EQ(WhyNotCompared(swap(tag, Level::kPud)),
              Inconclusive::kNotConfigured);
  }
  EXPECT_EQ(WhyNotCompared(swap(Tag::kSwap, Level::kPte)), Inconclusive::kNo);
  const Case pmd = poked(Level::kPmd, S390::Entries::Leaf(Level::kPmd, 0, {}));
  EXPECT_EQ(WhyNotCompared(pmd), Inconclusive::kNo);
  kernel_.leaf_levels = 0b001;
  EXPECT_EQ(WhyNotCompared(pmd), Inconclusive::kNotConfigured);
}

TEST_F(JudgeTest, SpecialLeavesThatAConfigurationLacksAreNotCompared) {
  const auto mapped = [](bool special, bool concurrent) {
    Case c = MakeCase(3, {.start = 0x10000000, .pages = 1}, {});
    const TableOp map = MapPages(0x10000000, 1, 0x1000, {.special = special});
    if (concurrent) {
      c.concurrent.push_back({map});
    } else {
      c.setup.push_back(map);
    }
    return c;
  };
  for (const bool concurrent : {false, true}) {
    kernel_.special_levels = 0b001;
    EXPECT_EQ(WhyNotCompared(mapped(true, concurrent)), Inconclusive::kNo);
    kernel_.special_levels = 0;
    EXPECT_EQ(WhyNotCompared(mapped(true, concurrent)),
              Inconclusive::kNotConfigured);
    EXPECT_EQ(WhyNotCompared(mapped(false, concurrent)), Inconclusive::kNo);
  }
}

TEST_F(JudgeTest, KnownFindingsAreExpectedByProperties) {
  pxd_traits traits = {.tells_protnone = false, .writes_readonly_pud = true};
  const auto expected = [&](KnownKernelFinding finding, int levels = 3) {
    return IsExpected(finding, kernel_, traits, levels);
  };
  kernel_.keeps_access_error = true;
  kernel_.refuses_null_mapping = true;
  EXPECT_TRUE(expected(KnownKernelFinding::kProtNoneWithoutNuma));
  EXPECT_TRUE(expected(KnownKernelFinding::kReadOnly2GWrite));
  EXPECT_TRUE(expected(KnownKernelFinding::kInaccessiblePage));
  EXPECT_TRUE(expected(KnownKernelFinding::kNullMapping));
  // Two levels have no region-third table.
  EXPECT_FALSE(expected(KnownKernelFinding::kReadOnly2GWrite, 2));
  kernel_.leaf_levels = 0b011;
  EXPECT_FALSE(expected(KnownKernelFinding::kReadOnly2GWrite));
  traits = {.tells_protnone = true};
  kernel_.keeps_access_error = false;
  kernel_.refuses_null_mapping = false;
  for (const KnownKernelFinding finding : kKnownKernelFindings) {
    EXPECT_FALSE(expected(finding)) << Name(finding);
  }
}

// A known finding is excused only if there is nothing else.
TEST_F(JudgeTest, KnownFindingsExcuseNothingElse) {
  const pxd_kernel* without = FindKernel("s390", "no-numa");
  ASSERT_NE(without, nullptr);
  const LeafState none = {.permission = Permission::kNone};
  const Case c = MakeCase(
      3, {.start = 0x10000000, .pages = 3},
      {MapPages(0x10000000, 3, 0x1000), MapPages(0x10001000, 1, 0x2000, none)});
  KernelJudge judge(*without);
  const KernelVerdict& verdict = judge.Judge(c, KernelTrial::kGupFast);
  EXPECT_FALSE(verdict.finding.has_value());
  ASSERT_EQ(verdict.requests.size(), 1u);
  EXPECT_EQ(verdict.requests[0].known,
            KnownKernelFinding::kProtNoneWithoutNuma);
  EXPECT_EQ(verdict.requests[0].pages, 1u);
  EXPECT_EQ(verdict.requests[0].walk.pages, 3u);

  // One more page is wrong, behind the known one.
  static const pxd_kernel* real = without;
  pxd_kernel other = *without;
  other.walk = [](pxd_walk* walk) {
    real->walk(walk);
    if (walk->count == 3) walk->page[2] ^= 0x1000;
  };
  EXPECT_EQ(FindingOf(other, c), "s390-3.long.pte-leaf");
  // Code with the check does not do it at all.
  EXPECT_EQ(FindingOf(Real(), c), "");
}

// Two pages of a page table and two of the next one. The second page cannot be
// made accessible, and the walk continues with the third.
TEST_F(JudgeTest, GoesOnBehindAnInaccessiblePage) {
  const Case c = MakeCase(3, {.start = kMiB - 0x2000, .pages = 4},
                          {MapPages(kMiB - 0x2000, 4, 0x1000)});
  KernelJudge judge(kernel_);
  const KernelVerdict& verdict = judge.Judge(c, KernelTrial::kGupFast);
  EXPECT_FALSE(verdict.finding.has_value());
  ASSERT_EQ(verdict.requests.size(), 1u);
  EXPECT_EQ(verdict.requests[0].known, KnownKernelFinding::kInaccessiblePage);
  EXPECT_EQ(judge.last_walk().inaccessible, 0x2000u + 1);
  ASSERT_EQ(judge.last_walk().count, 3u);
  EXPECT_EQ(judge.last_walk().page[1], 0x3000u);
  EXPECT_EQ(judge.last_walk().page[2], 0x4000u);

  // Code that has the repair must not do it.
  ASSERT_TRUE(kernel_.keeps_access_error);
  kernel_.keeps_access_error = false;
  EXPECT_EQ(FindingOf(kernel_, c), "s390-3.inaccessible.pte-leaf");
  // What it does besides is always a finding.
  kernel_.keeps_access_error = true;
  kernel_.walk = [](pxd_walk* walk) {
    Real().walk(walk);
    if (walk->inaccessible != 0) walk->page[2] ^= 0x1000;
  };
  EXPECT_EQ(FindingOf(kernel_, c), "s390-3.inaccessible.pte-leaf");
  // A walk that ends there is right.
  kernel_.walk = [](pxd_walk* walk) {
    if (walk->inaccessible != 0) walk->refused = 1;
    Real().walk(walk);
  };
  EXPECT_EQ(FindingOf(kernel_, c), "");
}

// The page that a request names fails, and not the one that the judge would
// choose.
TEST_F(JudgeTest, LetsTheNamedPageBeInaccessible) {
  Case c = MakeCase(3, {.start = kMiB - 0x2000, .pages = 4},
                    {MapPages(kMiB - 0x2000, 4, 0x1000)});
  c.requests[0].inaccessible = 0;
  KernelJudge judge(kernel_);
  EXPECT_EQ(judge.Judge(c, KernelTrial::kGupFast).requests[0].known,
            KnownKernelFinding::kInaccessiblePage);
  EXPECT_EQ(judge.last_walk().inaccessible, 0x1000u + 1);
  const Answer answer = Observe(judge, c, 0);
  EXPECT_TRUE(answer.run.pin);
  EXPECT_EQ(answer.run.inaccessible, 0x1000u);
  EXPECT_EQ(answer.known, Name(KnownKernelFinding::kInaccessiblePage));
  // Behind it is nothing that could take the missing page's place.
  c.requests[0].inaccessible = 3;
  EXPECT_EQ(judge.Judge(c, KernelTrial::kGupFast).requests[0].known,
            KnownKernelFinding::kNone);
  EXPECT_EQ(judge.last_walk().inaccessible, 0x4000u + 1);
  // FOLL_GET does not ask.
  c.requests[0].inaccessible = 0;
  c.requests[0].references = References::kGet;
  EXPECT_EQ(judge.Judge(c, KernelTrial::kGupFast).requests[0].known,
            KnownKernelFinding::kNone);
  EXPECT_EQ(judge.last_walk().inaccessible, 0u);
  // What the judge chooses is not shown.
  c.requests[0] = {.start = kMiB - 0x2000, .pages = 4};
  EXPECT_EQ(Observe(judge, c, 0).run.inaccessible, std::nullopt);
}

// Behind the page that cannot be made accessible, which ends the right walk,
// are pages of which no rule says whether they are returned.
TEST_F(JudgeTest, WhereAWalkGoesOnWrongToMayHaveNoRule) {
  for (const pxd_kernel* kernel : FindKernels("as-is", "s390")) {
    if (!kernel->keeps_access_error) continue;
    SCOPED_TRACE(kernel->name);
    TableOp shared = MapLarge(Level::kPmd, 2 * kMiB, 5 * kMiB);
    shared.state.permission = Permission::kRead;
    Case c = MakeCase(3, {.start = kMiB - 0x2000, .pages = 259},
                      {MapPages(kMiB - 0x2000, 1, 0x1000),
                       MapLarge(Level::kPmd, kMiB, 4 * kMiB), shared});
    c.requests[0].references = References::kPin;
    c.requests[0].inaccessible = 0;
    c.pages.push_back({.kind = PageKind::kSharedAnonymous, .frame = 5 * kMiB});
    KernelJudge judge(*kernel);
    const KernelVerdict& verdict = judge.Judge(c, KernelTrial::kGupFast);
    EXPECT_FALSE(verdict.finding.has_value()) << Name(*verdict.finding);
    EXPECT_EQ(verdict.requests[0].known, KnownKernelFinding::kNone);
    EXPECT_EQ(verdict.requests[0].inconclusive, Inconclusive::kNoRule);
  }
}

TEST_F(JudgeTest, RefusesTheNamedReference) {
  Case c = Mixed();
  KernelJudge judge(kernel_);
  const auto refused = [&](std::optional<uint16_t> page) {
    c.requests[0].refused = page;
    EXPECT_FALSE(judge.Judge(c, KernelTrial::kGupFast).finding.has_value());
    return judge.last_walk().refused;
  };
  c.requests[0].references = References::kGet;
  EXPECT_EQ(refused(std::nullopt), 4u);
  EXPECT_EQ(refused(1), 1u);
  EXPECT_EQ(refused(7), 7u);
  // A walk that takes it nevertheless is wrong.
  kernel_.walk = [](pxd_walk* walk) {
    walk->refused = ~uint64_t{0};
    Real().walk(walk);
  };
  c.requests[0].refused = 1;
  EXPECT_EQ(FindingOf(kernel_, c), "s390-3.refusal.pte-leaf");
  // Nothing fails behind what is returned.
  c.requests[0].pages = 9;
  c.setup[1].kind = TableOp::Kind::kClear;
  c.requests[0].refused = 5;
  EXPECT_EQ(FindingOf(kernel_, c), "");
}

TEST_F(JudgeTest, TakesTheReferencesThatARequestAsksFor) {
  static std::vector<bool> pins;
  kernel_.walk = [](pxd_walk* walk) {
    pins.push_back(walk->pin);
    Real().walk(walk);
  };
  const auto runs = [&](References references, bool changing) {
    pins.clear();
    Case c = Mixed();
    c.requests[0].references = references;
    if (changing) c.concurrent.push_back({{.kind = TableOp::Kind::kUpgrade}});
    EXPECT_EQ(FindingOf(kernel_, c), "");
    return std::pair(std::count(pins.begin(), pins.end(), false),
                     std::count(pins.begin(), pins.end(), true));
  };
  EXPECT_EQ(runs(References::kEach, true), (std::pair(1L, 1L)));
  EXPECT_EQ(runs(References::kGet, true), (std::pair(1L, 0L)));
  EXPECT_EQ(runs(References::kPin, true), (std::pair(0L, 1L)));
  EXPECT_EQ(runs(References::kGet, false), (std::pair(2L, 0L)));
  EXPECT_EQ(runs(References::kPin, false).first, 0);
  EXPECT_GE(runs(References::kPin, false).second, 2);
}

}  // namespace
}  // namespace pxdfuzz
