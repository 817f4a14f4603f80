// SPDX-License-Identifier: MIT

// Verifies each kernel code: a wrong configuration compiles a walk that returns
// nothing and never differs.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/generator/generator.h"
#include "kernel/guard.h"
#include "kernel/judge.h"
#include "kernel/observe.h"
#include "kernel/tree_entries.h"
#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/base/rng.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/memory/arena_memory.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/paging_mode_info.h"
#include "pxdfuzz/reference/translate.h"
#include "pxdfuzz/tables/address_space.h"
#include "pxdfuzz/tables/populate.h"
#include "pxdfuzz/walk/trace.h"
#include "pxdfuzz/walk/walk.h"
#include "tests/kernel/all_kernels.h"
#include "tests/known_cases.h"
#include "tests/sanitized.h"

namespace pxdfuzz {
namespace {

class KernelCodeTest : public ::testing::TestWithParam<const pxd_kernel*> {
 protected:
  const pxd_kernel& kernel() const { return *GetParam(); }
  std::string_view variant() const { return kernel().variant; }

  // The paging modes of its architecture.
  std::vector<PagingMode> PagingModes() const {
    std::vector<PagingMode> modes;
    for (const PagingMode& mode : kAllPagingModes) {
      if (IsBuilt(mode) && Name(mode.arch) == kernel().arch) {
        modes.push_back(mode);
      }
    }
    return modes;
  }
  // Whether the model's walk of its kind holds there.
  bool Holds(PagingMode mode) const {
    if (variant() == "folded-aware-checked") return mode.levels > 2;
    if (variant() == "by-value" || variant() == "without-36639013b346") {
      bool holds = false;
      VisitArch(mode.arch, [&]<class A>() {
        holds =
            A::ExpectedFailures(kStaticByValue, mode.levels).InStillTables() ==
            Cause::kNone;
      });
      return holds;
    }
    return true;
  }

  KernelJudge judge_{kernel()};
};

// Four pages below the limit of the paging mode, in one page table.
Case MappedRange(PagingMode mode, bool write) {
  const PagingModeInfo& info = InfoOf(mode);
  const uint64_t page = info.geometry.page_size();
  const uint64_t start = info.limit / 2 - 8 * page;
  Case c;
  c.mode = mode;
  c.requests.push_back({.start = start, .pages = 4, .write = write});
  c.setup.push_back(MapPages(start, 4, 16 * page));
  Canonicalize(c);
  return c;
}

TEST_P(KernelCodeTest, ReturnsAllPagesOfAMappedRange) {
  ASSERT_FALSE(PagingModes().empty());
  for (const PagingMode& mode : PagingModes()) {
    // Two levels and the type check: a BUG() at the first entry.
    if (variant() == "folded-aware-checked" && mode.levels == 2) continue;
    // The pointer is aligned away from the copy at once.
    if (mode.arch == ArchId::kArm64Page16K && !Holds(mode)) continue;
    for (const bool write : {false, true}) {
      const Case c = MappedRange(mode, write);
      const Answer answer = Observe(judge_, c, 0);
      EXPECT_EQ(answer.finding.name(), "") << Name(mode);
      EXPECT_EQ(answer.run.pages.size(), 4u) << Name(mode);
      // It reads one entry of each real level, and four pages.
      const std::vector<Event> reads = ReadsIn(answer.run);
      EXPECT_GE(reads.size(), mode.levels + 3u) << Name(mode);
      for (const Event& read : reads) {
        // gup.c itself reads what is in tables.
        if (read.place.kind == Place::Kind::kTable) {
          EXPECT_EQ(read.file, "mm/gup.c");
        }
        EXPECT_GT(read.line, 0);
      }
    }
  }
}

// The reference understands what the tree writes.
TEST_P(KernelCodeTest, EntriesHaveTheModelsMeaning) {
  for (const PagingMode& mode : PagingModes()) {
    VisitArch(mode.arch, [&]<class A>() {
      const TreeWords words = TreeEntries<A>::Compare(kernel(), mode.levels);
      const TreeEntries<A> entries(kernel(), words);
      const Geometry geometry = A::GeometryOf(mode.levels);
      for (const Level level : kAllLevels) {
        if (!geometry.real(level)) continue;
        EXPECT_EQ(entries.Classify(level, entries.Empty(level)),
                  EntryKind::Empty());
        if (level != Level::kPte) {
          EXPECT_EQ(entries.Classify(level, entries.Table(level, 0x10400000)),
                    EntryKind::Table(0x10400000))
              << Name(level);
        }
        const uint64_t frame = 3 * geometry.span(level);
        for (const LeafState& state : kAllLeafStates) {
          if (!IsWritten<A>(level, state)) continue;
          if (!entries.HasLeaf(level, state)) continue;
          EXPECT_EQ(entries.Classify(level, entries.Leaf(level, frame, state)),
                    EntryKind::Leaf(frame, state))
              << Name(level) << ' ' << Hex(entries.Leaf(level, frame, state));
        }
      }
    });
  }
}

// A tree's words may differ from the model's in bits that neither the
// hardware's translation nor gup_fast uses.
TEST_P(KernelCodeTest, EntriesDifferOnlyInBitsThatNoWalkUses) {
  for (const PagingMode& mode : PagingModes()) {
    VisitArch(mode.arch, [&]<class A>() {
      const TreeWords words = TreeEntries<A>::Compare(kernel(), mode.levels);
      const TreeEntries<A> entries(kernel(), words);
      const Geometry geometry = A::GeometryOf(mode.levels);
      for (const Level level : kAllLevels) {
        if (!geometry.real(level)) continue;
        const uint64_t frame = 5 * geometry.span(level);
        for (const LeafState& state : kAllLeafStates) {
          if (!IsWritten<A>(level, state)) continue;
          if (!entries.HasLeaf(level, state)) continue;
          const uint64_t theirs = entries.Leaf(level, frame, state);
          const uint64_t ours = A::Entries::Leaf(level, frame, state);
          const auto& leaf = words.level[Ordinal(level)].leaf;
          EXPECT_NE(std::find(leaf.begin(), leaf.end(), theirs ^ ours),
                    leaf.end());
          for (const bool write : {false, true}) {
            EXPECT_EQ(A::Contract::Allows(level, entries.AsModel(level, theirs),
                                          write),
                      A::Contract::Allows(level, ours, write))
                << Name(level) << ' ' << Hex(theirs) << ' ' << Hex(ours);
          }
          if (words.moved) {
            EXPECT_EQ(entries.AsModel(level, theirs), ours);
            EXPECT_EQ(entries.FromModel(level, ours), theirs);
          }
          EXPECT_EQ(A::Manual::FrameAddress(level, theirs, 0),
                    A::Manual::FrameAddress(level, ours, 0));
        }
      }
    });
  }
}

TEST_P(KernelCodeTest, PermitsWhatTheModelPermits) {
  if (kernel().permitted == nullptr) GTEST_SKIP() << "does not define it";
  Rng rng(1);
  int permitted = 0;
  for (const PagingMode& mode : PagingModes()) {
    const PagingModeInfo& info = InfoOf(mode);
    const uint64_t page = info.geometry.page_size();
    for (int i = 0; i < 20'000; ++i) {
      // Near the limit, near the end of all addresses, or anywhere.
      const uint64_t anchor = rng.Pick({info.limit, uint64_t{0}, rng.Next()});
      const uint64_t distance = rng.Below(600) * page;
      const uint64_t start = WrappingSub(anchor, distance) & ~(page - 1);
      const uint64_t pages = 1 + rng.Below(512);
      bool expected = false;
      VisitArch(mode.arch, [&]<class A>() {
        expected = Permitted<A>(mode.levels, start, pages) == Inconclusive::kNo;
      });
      bool permits = false;
      PermittedGuarded(kernel(), mode.levels, start, pages, permits);
      EXPECT_EQ(permits, expected)
          << Name(mode) << ' ' << Hex(start) << ' ' << pages;
      permitted += expected;
    }
  }
  EXPECT_GT(permitted, 5'000);
}

// The thread's invariant, computed with the tree's own helpers: broken in the
// same cases as by the model's walk under the lock.
TEST_P(KernelCodeTest, LoopInvariantMatchesTheModel) {
  if (variant() != "as-is") GTEST_SKIP() << "the helpers are the same";
  Rng rng(2);
  pxd_walk& walk = *new pxd_walk();
  int broken = 0;
  int compared = 0;
  for (const PagingMode& mode : PagingModes()) {
    VisitArch(mode.arch, [&]<class A>() {
      Arena arena = MakeArena<A>();
      Generator generator(rng, InfoOf(mode));
      for (int i = 0; i < 2'000; ++i) {
        const Case c = generator.DrawCase();
        AddressSpace<A> mm(arena, mode.levels);
        if (Populate<A>(c, mm) != Inconclusive::kNo) continue;
        const Request& request = c.requests[0];
        if (Permitted<A>(mode.levels, request.start, request.pages) !=
            Inconclusive::kNo) {
          continue;
        }
        ArenaMemory memory(arena, mm.geometry(), c.stack);
        ViolationTrace trace(memory, false);
        Walk model(typename A::Kernel(mode.levels), kStaticByPointer, memory,
                   trace);
        std::array<uint64_t, Case::kMaxPages> pages;
        const uint64_t page = mm.geometry().page_size();
        const size_t count =
            model.Run(mm.root(), request.start,
                      request.start + request.pages * page, false, pages);
        // Theirs continues where gup_fast may not return a page.
        if (count != request.pages) continue;
        auto* root = const_cast<uint64_t*>(arena.Find(mm.root().address()));
        walk.root = root;
        walk.levels = mode.levels;
        walk.va_offset =
            WrappingSub(reinterpret_cast<uint64_t>(root), mm.root().address());
        walk.start = request.start;
        walk.pages = request.pages;
        const bool holds = kernel().broken_iterations(&walk) == 0;
        EXPECT_EQ(holds, trace.violations().invariant) << ToText(c);
        ++compared;
        broken += !holds;
      }
    });
  }
  EXPECT_GT(compared, 1'000);
  if (PagingModes()[0].arch == ArchId::kS390) EXPECT_GT(broken, 100);
  delete &walk;
}

// The thread's own example, and similar ranges at every boundary of a folded
// level.
TEST_P(KernelCodeTest, FailsWhereItsKindIsExpectedTo) {
  if (PagingModes()[0].arch != ArchId::kS390) GTEST_SKIP() << "s390's example";
  struct Border {
    int levels;
    uint64_t border;
  };
  for (const auto& [levels, border] :
       {Border{2, kMiB}, Border{3, 0x10080000000}, Border{4, 8 * kTiB}}) {
    const PagingMode mode = {ArchId::kS390, static_cast<uint8_t>(levels)};
    const Case c = Crossing(levels, border, 0);
    if (kAddressSanitizer && variant() == "by-value") {
      EXPECT_DEATH(judge_.Judge(c, KernelTrial::kGupFast),
                   "stack-buffer-overflow.*gup_(fast_)?p[4um]d_range");
      continue;
    }
    // The word next to a local copy may be the right entry, by luck: the read
    // is still detected.
    EXPECT_EQ(Observe(judge_, c, 0).finding.empty(), Holds(mode)) << Name(mode);
  }
}

std::string TestName(const ::testing::TestParamInfo<const pxd_kernel*>& info) {
  std::string name = info.param->name;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '-' || c == '.'; },
      '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, KernelCodeTest,
                         ::testing::ValuesIn(AllKernels().begin(),
                                             AllKernels().end()),
                         TestName);

// A configuration that compiles to the same code tests nothing of its own.
TEST(VariantsTest, AssertionsAreCode) {
  int compared = 0;
  for (const pxd_kernel* debug : FindKernels("debug-vm")) {
    for (const pxd_kernel* plain : FindKernels("as-is", debug->arch)) {
      if (std::string_view(plain->version) != debug->version) continue;
      EXPECT_NE(std::string_view(plain->slice), debug->slice) << debug->name;
      ++compared;
    }
  }
  EXPECT_GT(compared, 0);
}

// Variants of one tree are different programs.
TEST(VariantsTest, DifferWhereTheyMust) {
  const Case protnone = MakeCase(
      3, {.start = 0x10000000, .pages = 1},
      {MapPages(0x10000000, 1, 0x2000, {.permission = Permission::kNone})});
  const Case two_levels =
      MakeCase(2, {.start = 0x1000, .pages = 1}, {MapPages(0x1000, 1, 0x2000)});
  const Case across = Crossing(3, 0x10080000000, 0);
  for (const pxd_kernel* kernel : AllKernels()) {
    if (kernel->arch != std::string_view("s390")) continue;
    const std::string_view variant = kernel->variant;
    KernelJudge judge(*kernel);
    EXPECT_EQ(Observe(judge, protnone, 0).run.pages.size(),
              variant == "no-numa" ? 1u : 0u)
        << kernel->name;
    EXPECT_EQ(Observe(judge, two_levels, 0).run.end == RunEnd::kBug,
              variant == "folded-aware-checked")
        << kernel->name;
    // How many p4d entries the walk reads from where: a table, or the stack.
    int on_stack = 0;
    int p4d_iterations = 0;
    if (variant == "by-value") continue;  // its reads depend on the compiler
    for (const Event& read : Observe(judge, across, 0).run.events) {
      if (read.kind != Event::Kind::kIteration) continue;
      on_stack +=
          read.place.kind != Place::Kind::kTable && read.level > Level::kPmd;
      p4d_iterations += read.level == Level::kP4d;
    }
    const bool folded_aware = variant.starts_with("folded-aware");
    EXPECT_EQ(p4d_iterations, folded_aware ? 2 : 1) << kernel->name;
    EXPECT_EQ(on_stack > 0, folded_aware) << kernel->name;
  }
}

}  // namespace
}  // namespace pxdfuzz
