// SPDX-License-Identifier: MIT

// Leaves with attributes, and special large ones, in the code of all kernels.

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/generator/mutator.h"
#include "kernel/judge.h"
#include "kernel/tree_entries.h"
#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/paging/paging_mode_info.h"
#include "tests/kernel/all_kernels.h"
#include "tests/known_cases.h"
#include "tests/sanitized.h"

namespace pxdfuzz {
namespace {

// How many of two pages a call returns that one leaf maps, or two small ones;
// nothing if the tree has no such leaf.
std::optional<size_t> Returned(KernelJudge& judge, PagingMode mode, Level level,
                               const LeafState& state, bool write,
                               uint16_t pkru = 0, bool longterm = false) {
  const Geometry& geometry = InfoOf(mode).geometry;
  const uint64_t span = geometry.span(level);
  Case c;
  c.mode = mode;
  c.pkru = pkru;
  c.requests.push_back(
      {.start = 6 * span,
       .pages = 2,
       .write = write,
       .references = longterm ? References::kPin : References::kEach,
       .longterm = longterm});
  c.setup.push_back({.level = level,
                     .address = 6 * span,
                     .count = 2,
                     .frame = 10 * span,
                     .state = state});
  Canonicalize(c);
  EXPECT_EQ(c.setup[0].state, state);
  const KernelVerdict& verdict = judge.Judge(c, KernelTrial::kGupFast);
  EXPECT_FALSE(verdict.finding.has_value()) << Name(*verdict.finding) << '\n'
                                            << ToText(c, 80);
  EXPECT_EQ(judge.trap(), nullptr) << judge.trap();
  if (verdict.inconclusive == Inconclusive::kNotConfigured) {
    return std::nullopt;
  }
  EXPECT_EQ(verdict.inconclusive, Inconclusive::kNo);
  return verdict.requests[0].walk.pages;
}

template <class Visit>
void ForLeaves(std::string_view arch, Visit visit) {
  for (const pxd_kernel* kernel : FindKernels("as-is", arch)) {
    SCOPED_TRACE(kernel->name);
    KernelJudge judge(*kernel);
    for (const PagingMode mode : kAllPagingModes) {
      if (!judge.Takes(mode)) continue;
      for (const Level level : kAllLevels) {
        if (InfoOf(mode).HasLeaf(level)) visit(judge, mode, level);
      }
    }
  }
}

TEST(AttributesTest, OfX86) {
  size_t special_leaves = 0;
  ForLeaves("x86-64", [&](KernelJudge& judge, PagingMode mode, Level level) {
    SCOPED_TRACE(Name(level));
    EXPECT_EQ(Returned(judge, mode, level, {}, true), 2u);
    for (const bool write : {false, true}) {
      EXPECT_EQ(Returned(judge, mode, level, {.kernel = true}, write), 0u);
      EXPECT_EQ(
          Returned(judge, mode, level,
                   {.noexec = true, .pwt = true, .pcd = true, .pat = true},
                   write),
          2u);
      const auto of_key = [&](uint8_t key, uint16_t pkru) {
        return Returned(judge, mode, level, {.key = key}, write, pkru);
      };
      EXPECT_EQ(of_key(5, 0), 2u);
      EXPECT_EQ(of_key(5, 0x400), 0u);
      EXPECT_EQ(of_key(5, 0x800), write ? 0u : 2u);
      EXPECT_EQ(of_key(5, 0xf3ff), 2u);
      EXPECT_EQ(of_key(0, 0x1), 0u);
      EXPECT_EQ(of_key(13, 0xffff), 2u);
      const auto special =
          Returned(judge, mode, level, {.special = true}, write);
      EXPECT_EQ(special.value_or(0), 0u);
      special_leaves += level != Level::kPte && special.has_value();
      // Large ones since 6.12.
      EXPECT_EQ(
          special.has_value(),
          level == Level::kPte ||
              !std::string_view(judge.kernel().version).starts_with("6.1."));
    }
  });
  if (!FindKernels("as-is", "x86-64").empty()) EXPECT_GT(special_leaves, 0u);
}

TEST(AttributesTest, OfS390) {
  ForLeaves("s390", [](KernelJudge& judge, PagingMode mode, Level level) {
    for (const bool write : {false, true}) {
      EXPECT_EQ(Returned(judge, mode, level, {.noexec = true}, write), 2u);
    }
  });
}

TEST(AttributesTest, OfArm64) {
  ForLeaves("arm64-16k", [](KernelJudge& judge, PagingMode mode, Level level) {
    SCOPED_TRACE(Name(level));
    for (const bool write : {false, true}) {
      EXPECT_EQ(Returned(judge, mode, level, {.exec = true}, write), 2u);
      EXPECT_EQ(Returned(judge, mode, level, {.kernel = true}, write), 0u);
      EXPECT_EQ(
          Returned(judge, mode, level,
                   {.permission = Permission::kNone, .exec = true}, write),
          0u);
    }
  });
}

// The block of a page table is unfolded after the table was detached.
TEST(AttributesTest, TheSizeOfAPageOfADetachedBlockIsInconclusive) {
  for (const pxd_kernel* kernel : FindKernels("as-is", "arm64-16k")) {
    if (kernel->page_size == nullptr) continue;
    SCOPED_TRACE(kernel->name);
    Case c;
    c.mode = {ArchId::kArm64Page16K, 4};
    c.requests.push_back({.pages = 1});
    c.setup.push_back({.count = 128, .state = {.contiguous = true}});
    c.concurrent.push_back(
        {{.kind = TableOp::Kind::kDetach, .level = Level::kPmd},
         1,
         Moment::kPmd});
    c.concurrent.push_back(
        {{.kind = TableOp::Kind::kClear, .address = 0x4000}, 1, Moment::kPmd});
    Canonicalize(c);
    KernelJudge judge(*kernel);
    const KernelVerdict& verdict = judge.Judge(c, KernelTrial::kPageSize);
    EXPECT_FALSE(verdict.finding.has_value());
    ASSERT_EQ(verdict.requests.size(), 1u);
    EXPECT_EQ(verdict.requests[0].walk.changes, 2u);
    EXPECT_EQ(verdict.requests[0].inconclusive, Inconclusive::kRefilled);
  }
}

// As the trees' own make_readable_device_private_entry() writes them.
TEST(AttributesTest, DevicePrivateEntriesEndTheWalk) {
  for (const char* arch : {"x86-64", "arm64-16k"}) {
    ForLeaves(arch, [](KernelJudge& judge, PagingMode mode, Level level) {
      if (level != Level::kPte) return;
      const uint64_t page = InfoOf(mode).geometry.page_size();
      EXPECT_NE(judge.kernel().swap(0, PXD_DEVICE_PRIVATE, page), 0u);
      Case c;
      c.mode = mode;
      c.requests.push_back({.start = 4 * page, .pages = 3});
      c.setup.push_back({.address = 4 * page, .count = 3});
      c.setup.push_back({.kind = TableOp::Kind::kDevicePrivate,
                         .address = 5 * page,
                         .frame = 9 * page});
      const KernelVerdict& verdict = judge.Judge(c, KernelTrial::kGupFast);
      EXPECT_FALSE(verdict.finding.has_value()) << Name(*verdict.finding);
      EXPECT_EQ(verdict.inconclusive, Inconclusive::kNo);
      EXPECT_EQ(verdict.requests[0].walk.pages, 1u);
    });
  }
}

TEST(AttributesTest, OfContiguousBlocks) {
  ForLeaves("arm64-16k", [](KernelJudge& judge, PagingMode mode, Level level) {
    if (level != Level::kPte) return;
    for (const bool write : {false, true}) {
      EXPECT_EQ(Returned(judge, mode, level, {.contiguous = true}, write), 2u);
      EXPECT_EQ(Returned(judge, mode, level,
                         {.permission = Permission::kRead,
                          .young = false,
                          .dirty = false,
                          .exec = true,
                          .contiguous = true},
                         write),
                write ? 0u : 2u);
    }
  });
}

// A block is unfolded while contpte_ptep_get_lockless() reads its entries: the
// walk ends, and returns no page that was unmapped before its reference was
// taken. From 6.9 on each entry of the block is read, before and after that.
TEST(AttributesTest, BlocksAreUnfoldedDuringTheWalk) {
  constexpr uint64_t kPage = 16384;
  size_t in_blocks = 0;
  for (const pxd_kernel* kernel : FindKernels("as-is", "arm64-16k")) {
    SCOPED_TRACE(kernel->name);
    KernelJudge judge(*kernel);
    const bool reads_blocks =
        !std::string_view(kernel->version).starts_with("6.1.");
    for (const uint64_t page : {0, 3, 127}) {
      for (uint16_t read = 1; read <= 600; read += 7) {
        Case c;
        c.mode = {ArchId::kArm64Page16K, 3};
        c.requests.push_back({.start = 3 * kPage, .pages = 2});
        c.setup.push_back({.count = 128, .state = {.contiguous = true}});
        c.concurrent.push_back(
            {{.kind = TableOp::Kind::kClear, .address = page * kPage}, read});
        Canonicalize(c);
        const KernelVerdict& verdict = judge.Judge(c, KernelTrial::kGupFast);
        ASSERT_FALSE(verdict.finding.has_value())
            << Name(*verdict.finding) << '\n'
            << ToText(c, 80);
        EXPECT_EQ(verdict.inconclusive, Inconclusive::kNo);
        const bool meets = verdict.requests[0].walk.changes != 0;
        if (read > 480 && read < 515) EXPECT_EQ(meets, reads_blocks) << read;
        if (read > 540) EXPECT_FALSE(meets) << read;
        in_blocks += meets && read > 30;
      }
    }
  }
  if (!FindKernels("as-is", "arm64-16k").empty()) EXPECT_GT(in_blocks, 100u);
}

TEST(AttributesTest, OfDeviceMemory) {
  size_t leaves = 0;
  for (const char* arch : {"x86-64", "arm64-16k"}) {
    ForLeaves(arch, [&](KernelJudge& judge, PagingMode mode, Level level) {
      SCOPED_TRACE(Name(level));
      const LeafState state = {.devmap = true};
      const bool is_written =
          (judge.kernel().devmap_levels >> Ordinal(level) & 1) != 0;
      EXPECT_EQ(Returned(judge, mode, level, state, true),
                is_written ? std::optional<size_t>(2) : std::nullopt);
      EXPECT_EQ(Returned(judge, mode, level, state, false, 0, true),
                is_written ? std::optional<size_t>(0) : std::nullopt);
      leaves += is_written;
    });
  }
  if (!FindKernels("as-is", "x86-64").empty()) EXPECT_GT(leaves, 0u);
}

// Of mutated cases, few have leaves that a tree does not have. s390 before 7.0
// writes no migration entries above pte.
TEST(AttributesTest, FewCasesAreNotConfigured) {
  for (const pxd_kernel* kernel : FindKernels("as-is")) {
    SCOPED_TRACE(kernel->name);
    KernelJudge judge(*kernel);
    const PagingModeFilter filter = *PagingModeFilter::Parse(kernel->arch);
    std::array<uint8_t, kMaxEncodedSize> buffer{};
    size_t size = 0;
    constexpr size_t kCases = Budget(10'000);
    size_t missing = 0;
    for (size_t i = 0; i < kCases; ++i) {
      if (i % 16 == 0) size = 0;
      size = Mutate(buffer, size, i, filter, Tables::kWellFormed, nullptr);
      const Case c = Decode(std::span(buffer).first(size));
      missing += judge.Judge(c, KernelTrial::kGupFast).inconclusive ==
                 Inconclusive::kNotConfigured;
    }
    EXPECT_LT(missing, kCases / 8);
  }
}

}  // namespace
}  // namespace pxdfuzz
