// SPDX-License-Identifier: MIT

// Kinds of pages in the code of all kernels, and the contract in their judge.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fuzz/generator/generator.h"
#include "kernel/guard.h"
#include "kernel/judge.h"
#include "kernel/observe.h"
#include "kernel/tree_contract.h"
#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/base/rng.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/engine/protocol.h"
#include "pxdfuzz/paging/paging_mode_info.h"
#include "pxdfuzz/report/explain.h"
#include "tests/kernel/all_kernels.h"
#include "tests/known_cases.h"
#include "tests/sanitized.h"

namespace pxdfuzz {
namespace {

// The unchanged trees, in all configurations.
std::vector<const pxd_kernel*> Trees() {
  std::vector<const pxd_kernel*> trees;
  for (const std::string_view variant : {"as-is", "no-numa", "debug-vm"}) {
    for (const pxd_kernel* kernel : FindKernels(variant)) {
      trees.push_back(kernel);
    }
  }
  return trees;
}

Case DrawCase(Rng& rng, PagingMode mode, bool changing) {
  Generator generator(rng, InfoOf(mode));
  Case c = generator.DrawCase();
  for (int i = 0; i < 2; ++i) generator.AddPageKind(c);
  if (changing) generator.AddConcurrentOps(c.requests[0], c);
  Canonicalize(c);
  return c;
}

// Calls `visit` with cases of each paging mode of a kernel.
template <class Visit>
void ForCases(const KernelJudge& judge, int count, bool changing, Visit visit) {
  Rng rng(20);
  for (const PagingMode mode : kAllPagingModes) {
    if (!judge.Takes(mode)) continue;
    for (int i = 0; i < count; ++i) visit(DrawCase(rng, mode, changing));
  }
}

class PageKindsTest : public ::testing::TestWithParam<bool> {};

// Of all requests that are judged, few are those for which no rule says.
TEST_P(PageKindsTest, UnchangedTreesDoWhatTheContractSays) {
  size_t judged = 0;
  size_t undecided = 0;
  std::set<std::string> known;
  for (const pxd_kernel* kernel : Trees()) {
    SCOPED_TRACE(kernel->name);
    KernelJudge judge(*kernel);
    size_t findings = 0;
    ForCases(judge, Budget(2'000), GetParam(), [&](const Case& c) {
      if (findings > 3) return;
      const KernelVerdict& verdict =
          judge.Judge(c, KernelTrial::kGupFast, Waivers::kExpectedFailures);
      EXPECT_EQ(judge.trap(), nullptr) << judge.trap();
      if (verdict.finding.has_value()) {
        ++findings;
        ADD_FAILURE() << Name(*verdict.finding) << " page "
                      << verdict.finding->page << " pin "
                      << verdict.finding->pin << "\n"
                      << ToText(c, 80);
      }
      if (verdict.inconclusive != Inconclusive::kNo) return;
      for (const KernelRequestVerdict& request : verdict.requests) {
        known.emplace(Name(request.known));
        judged += request.inconclusive == Inconclusive::kNo;
        undecided += request.inconclusive == Inconclusive::kNoRule;
      }
    });
  }
  EXPECT_GT(judged, size_t{1'000});
  EXPECT_GT(undecided, size_t{0});
  EXPECT_LT(undecided * 20, judged);
  if (!GetParam()) {
    EXPECT_TRUE(known.contains("null-mapping-slow-path"));
  }
}

INSTANTIATE_TEST_SUITE_P(, PageKindsTest, ::testing::Bool());

// The requests that a kernel answers otherwise if its calls have more flags.
size_t ChangedBy(const pxd_kernel& kernel, void (*walk)(pxd_walk*)) {
  pxd_kernel other = kernel;
  other.walk = walk;
  KernelJudge judge(kernel);
  KernelJudge with_flags(other);
  size_t changed = 0;
  size_t pages = 0;
  ForCases(judge, Budget(300), false, [&](const Case& c) {
    const KernelVerdict& verdict = judge.Judge(c, KernelTrial::kGupFast);
    const KernelVerdict& same = with_flags.Judge(c, KernelTrial::kGupFast);
    for (size_t i = 0; i < same.requests.size(); ++i) {
      changed += i >= verdict.requests.size() ||
                 same.requests[i].walk.pages != verdict.requests[i].walk.pages;
      pages += same.requests[i].walk.pages;
    }
  });
  EXPECT_GT(pages, size_t{1'000});
  return changed;
}

// The slow path asks for FOLL_FORCE and FOLL_NOFAULT. Before d74943a2f3cd,
// FOLL_FORCE lets PROT_NONE entries pass gup_can_follow_protnone(); on s390
// nothing behind that asks for the read bit.
TEST(CallFlagsTest, ForceAndNofaultChangeNothing) {
  static const pxd_kernel* real;
  for (const pxd_kernel* kernel : Trees()) {
    SCOPED_TRACE(kernel->name);
    real = kernel;
    KernelJudge judge(*kernel);
    const bool follows =
        std::string_view(kernel->version).starts_with("6.1.") &&
        kernel->arch == std::string_view("s390") &&
        judge.traits().tells_protnone;
    const size_t forced = ChangedBy(*kernel, [](pxd_walk* walk) {
      walk->force = true;
      real->walk(walk);
    });
    EXPECT_EQ(forced != 0, follows);
    EXPECT_EQ(ChangedBy(*kernel,
                        [](pxd_walk* walk) {
                          walk->nofault = true;
                          real->walk(walk);
                        }),
              0u);
  }
}

// Which pages a kernel's fast walk returns of four, the second of which is of
// that kind.
struct KindCase {
  PageKind kind;
  Permission permission;
  bool write, pin, longterm;
};

Case CaseOf(const KindCase& of) {
  const uint64_t page = InfoOf({ArchId::kS390, 3}).geometry.page_size();
  Case c = MakeCase(3, {.start = 16 * page, .pages = 4, .write = of.write},
                    {MapPages(16 * page, 4, 0x100000)});
  c.setup[0].state.permission = of.permission;
  c.requests[0].references = of.pin ? References::kPin : References::kGet;
  c.requests[0].longterm = of.longterm;
  c.pages.push_back({.kind = of.kind, .frame = 0x100000 + page});
  return c;
}

size_t Returned(const pxd_kernel& kernel, const KindCase& of) {
  KernelJudge judge(kernel);
  const KernelVerdict& verdict = judge.Judge(CaseOf(of), KernelTrial::kGupFast);
  EXPECT_FALSE(verdict.finding.has_value());
  return verdict.requests[0].walk.pages;
}

// A planted bug: the walk does not ask for the kinds of its pages, so that all
// count as anonymous and exclusive.
const pxd_kernel* asking = nullptr;
void WalkWithoutKinds(pxd_walk* walk) {
  const size_t count = std::exchange(walk->kind_count, 0);
  asking->walk(walk);
  walk->kind_count = count;
}

// The report of the planted bug's finding.
Explanation Unasked(const KindCase& of) {
  const Case c = CaseOf(of);
  pxd_kernel planted = *asking;
  planted.walk = &WalkWithoutKinds;
  KernelJudge judge(planted);
  const Answer answer = Observe(judge, c, 0);
  EXPECT_EQ(answer.page, 1u);
  EXPECT_EQ(ReadAnswer(ToLines(answer)), answer);
  return Explain(KernelWalker(CodeOf(planted)), c, 0, answer);
}

TEST(PageKindTest, ReportsSayWhichRuleOfTheContractIsBroken) {
  for (const pxd_kernel* tree : FindKernels("as-is", "s390")) {
    if (std::string_view(tree->version).starts_with("6.12")) asking = tree;
  }
  if (asking == nullptr) GTEST_SKIP() << "no 6.12";
  struct Broken {
    KindCase of;
    std::string flags;
    std::string source;
  };
  constexpr Permission kRead = Permission::kRead;
  constexpr Permission kWrite = Permission::kReadWrite;
  using enum PageKind;
  for (const Broken& broken : {Broken{{kSecretmem, kWrite, false, false, false},
                                      "FOLL_GET",
                                      "page_is_secretmem()"},
                               {{kMovable, kWrite, true, true, true},
                                "FOLL_PIN, FOLL_LONGTERM and FOLL_WRITE",
                                "folio_is_longterm_pinnable()"},
                               {{kFile, kWrite, true, true, true},
                                "FOLL_PIN, FOLL_LONGTERM and FOLL_WRITE",
                                "gup_fast_folio_allowed()"},
                               {{kSharedAnonymous, kRead, false, true, false},
                                "FOLL_PIN",
                                "gup_must_unshare()"},
                               {{kZero, kRead, false, true, true},
                                "FOLL_PIN and FOLL_LONGTERM",
                                "gup_must_unshare() without a VMA"}}) {
    SCOPED_TRACE(Name(broken.of.kind));
    const Explanation e = Unasked(broken.of);
    const std::string kind = "a page of kind " +
                             std::string(Name(broken.of.kind)) + ", by " +
                             broken.flags;
    EXPECT_TRUE(e.is_wrong);
    EXPECT_EQ(e.outcome, Outcome::kLong);
    EXPECT_EQ(e.page, 1u);
    EXPECT_THAT(e.headline,
                testing::HasSubstr("should not be returned: " + kind + "."));
    EXPECT_THAT(e.terms, testing::Contains(testing::AllOf(
                             testing::HasSubstr("must refuse " + kind),
                             testing::HasSubstr(broken.source))));
    EXPECT_EQ(e.file, "mm/gup.c");
    EXPECT_GT(e.line, 0);
  }
}

// The known finding is about pages that are missing.
TEST(PageKindTest, ReportsSayWhatIsMissing) {
  for (const pxd_kernel* tree : FindKernels("as-is", "s390")) {
    if (!tree->refuses_null_mapping) continue;
    const Case c = CaseOf(
        {PageKind::kNoMapping, Permission::kReadWrite, false, false, false});
    KernelJudge judge(*tree);
    const Answer answer = Observe(judge, c, 0);
    EXPECT_EQ(answer.known, "null-mapping-slow-path");
    const Explanation e = Explain(KernelWalker(CodeOf(*tree)), c, 0, answer);
    EXPECT_EQ(e.outcome, Outcome::kShort);
    EXPECT_EQ(e.page, 1u);
    EXPECT_THAT(e.terms, testing::Contains(testing::HasSubstr(
                             "must return a page of kind no-mapping, by "
                             "FOLL_GET")));
  }
}

TEST(PageKindTest, KnownAnswersOf612) {
  const pxd_kernel* kernel = nullptr;
  for (const pxd_kernel* tree : FindKernels("as-is", "s390")) {
    if (std::string_view(tree->version).starts_with("6.12")) kernel = tree;
  }
  if (kernel == nullptr) GTEST_SKIP() << "no 6.12";
  constexpr Permission kRead = Permission::kRead;
  constexpr Permission kWrite = Permission::kReadWrite;
  using enum PageKind;
  EXPECT_EQ(Returned(*kernel, {kAnonymous, kRead, false, true, true}), 4u);
  EXPECT_EQ(Returned(*kernel, {kSharedAnonymous, kRead, false, false, false}),
            4u);
  EXPECT_EQ(Returned(*kernel, {kSharedAnonymous, kRead, false, true, false}),
            1u);
  EXPECT_EQ(Returned(*kernel, {kFile, kRead, false, true, false}), 4u);
  EXPECT_EQ(Returned(*kernel, {kFile, kRead, false, true, true}), 1u);
  EXPECT_EQ(Returned(*kernel, {kFile, kWrite, true, true, false}), 4u);
  EXPECT_EQ(Returned(*kernel, {kFile, kWrite, true, true, true}), 1u);
  EXPECT_EQ(Returned(*kernel, {kShmem, kWrite, true, true, true}), 4u);
  EXPECT_EQ(Returned(*kernel, {kShmem, kRead, false, true, true}), 1u);
  EXPECT_EQ(Returned(*kernel, {kSecretmem, kWrite, false, false, false}), 1u);
  EXPECT_EQ(Returned(*kernel, {kMovable, kWrite, true, true, false}), 4u);
  EXPECT_EQ(Returned(*kernel, {kMovable, kWrite, true, true, true}), 1u);
  // A known finding: the walk should return these.
  EXPECT_EQ(Returned(*kernel, {kNoMapping, kWrite, false, false, false}), 1u);
  EXPECT_EQ(Returned(*kernel, {kZero, kRead, false, false, false}), 1u);
}

// The huge zero page is mapped read-only at pmd, and belongs to no process.
TEST(PageKindTest, HugeZeroPage) {
  size_t kernels = 0;
  for (const pxd_kernel* kernel : FindKernels("as-is", "x86-64")) {
    SCOPED_TRACE(kernel->name);
    ++kernels;
    KernelJudge judge(*kernel);
    const auto returned = [&](bool write, bool pin, bool longterm) {
      constexpr uint64_t kLarge = uint64_t{1} << 21;
      Case c = MakeCase(4, {.start = 6 * kLarge, .pages = 2, .write = write},
                        {MapLarge(Level::kPmd, 6 * kLarge, 3 * kLarge,
                                  {.permission = Permission::kRead})});
      c.mode = {ArchId::kX86, 4};
      c.requests[0].references = pin ? References::kPin : References::kGet;
      c.requests[0].longterm = longterm;
      c.pages.push_back(
          {.kind = PageKind::kZero, .level = Level::kPmd, .frame = 3 * kLarge});
      const KernelVerdict& verdict = judge.Judge(c, KernelTrial::kGupFast);
      EXPECT_FALSE(verdict.finding.has_value());
      EXPECT_EQ(verdict.requests[0].inconclusive, Inconclusive::kNo);
      return verdict.requests[0].walk.pages;
    };
    EXPECT_EQ(returned(false, false, false), 2u);
    EXPECT_EQ(returned(false, true, false), 2u);
    EXPECT_EQ(returned(true, false, false), 0u);
    // gup_must_unshare() without a VMA, from 6.2 on.
    const bool unshares = (kernel->rules() & PXD_RULE_LONGTERM_UNSHARING) != 0;
    EXPECT_EQ(returned(false, true, true), unshares ? 0u : 2u);
  }
  if (kernels == 0) GTEST_SKIP() << "no tree";
}

// In the words of every tree, the table says of each leaf alone what the
// architecture's contract says of its bits.
TEST(TreeContractTest, AgreesWithTheBits) {
  size_t compared = 0;
  for (const pxd_kernel* kernel : Trees()) {
    SCOPED_TRACE(kernel->name);
    const KernelJudge judge(*kernel);
    for (const PagingMode mode : kAllPagingModes) {
      if (!judge.Takes(mode)) continue;
      VisitArch(mode.arch, [&]<class A>() {
        kernel->enter(mode.levels);
        const TreeWords& words = judge.words(mode.levels);
        const TreeEntries<A> entries(*kernel, words);
        for (const Level level : kAllLevels) {
          for (const LeafState& state : kAllLeafStates) {
            if (!entries.HasLeaf(level, state)) continue;
            if (!IsWritten<A>(level, state)) continue;
            const uint64_t word = entries.Leaf(
                level, A::GeometryOf(mode.levels).span(level), state);
            for (const bool write : {false, true}) {
              CallFlags flags;
              if (write) flags.Add(CallFlag::kWrite);
              const TreeContract<A> contract(entries, *kernel, judge.traits(),
                                             A::GeometryOf(mode.levels), {},
                                             /*pkru=*/0, flags,
                                             /*lenient=*/false);
              EXPECT_EQ(contract.Ask(level, word) == Duty::kReturn,
                        A::Contract::Allows(level, entries.AsModel(level, word),
                                            write));
              ++compared;
            }
          }
        }
      });
    }
  }
  EXPECT_GT(compared, size_t{400});
}

}  // namespace
}  // namespace pxdfuzz
