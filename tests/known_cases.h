// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_KNOWN_CASES_H_
#define PXDFUZZ_TESTS_KNOWN_CASES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "pxdfuzz/case/case.h"

namespace pxdfuzz {

// A case that is known for its results. Committed as a seed under its name.
struct KnownCase {
  std::string name;
  Case c;
  // Whether static-by-value, the walk of 2020, goes wrong.
  bool shows_the_bug = false;
};

inline constexpr uint64_t kMiB = uint64_t{1} << 20;
inline constexpr uint64_t kGiB = uint64_t{1} << 30;
inline constexpr uint64_t kTiB = uint64_t{1} << 40;

inline TableOp MapPages(uint64_t address, uint16_t count, uint64_t frame,
                        LeafState state = {}) {
  return {.kind = TableOp::Kind::kMap,
          .level = Level::kPte,
          .address = address,
          .count = count,
          .frame = frame,
          .state = state};
}

inline TableOp MapLarge(Level level, uint64_t address, uint64_t frame,
                        LeafState state = {}) {
  return {.kind = TableOp::Kind::kMap,
          .level = level,
          .address = address,
          .frame = frame,
          .state = state};
}

inline Case MakeCase(int levels, const Request& request,
                     std::initializer_list<TableOp> records,
                     StackContent around = StackContent::kCopy) {
  Case c;
  c.mode = {ArchId::kS390, static_cast<uint8_t>(levels)};
  c.stack.around = around;
  c.requests.push_back(request);
  for (const TableOp& record : records) c.setup.push_back(record);
  return c;
}

// Two pages around `border`, one before it and one behind, and if `behind_by`
// is not 0 a third one that far below the second: the page that a walk returns
// if it reads the same entry again.
inline Case Crossing(int levels, uint64_t border, uint64_t behind_by) {
  Case c = MakeCase(
      levels, {.start = border - 4096, .pages = 2},
      {MapPages(border - 4096, 1, 0x1000), MapPages(border, 1, 0x2000)});
  if (behind_by != 0)
    c.setup.push_back(MapPages(border - behind_by, 1, 0x3000));
  return c;
}

// Linux 5.9-rc, "mm/gup: fix gup_fast with dynamic page table folding"
// (d3f7b1bb2040): 0x1007ffff000 to 0x10080001000 in a 3-level paging mode.
inline constexpr uint64_t kThreadBorder = 0x10080000000;

inline std::vector<KnownCase> KnownCases() {
  const Case last_region_first =
      MakeCase(5, {.start = 0xffffffffffffd000, .pages = 2},
               {MapPages(0xffffffffffffd000, 2, 0x1000)});
  const Case beyond_limit = MakeCase(3, {.start = 4 * kTiB - 4096, .pages = 2},
                                     {MapPages(4 * kTiB - 4096, 1, 0x1000)});
  const Case read_only_in_the_middle = MakeCase(
      3, {.start = 0x10000000, .pages = 3, .write = true},
      {MapPages(0x10000000, 3, 0x1000),
       MapPages(0x10001000, 1, 0x2000, {.permission = Permission::kRead})});
  const Case old_page_written =
      MakeCase(3, {.start = 0x10000000, .pages = 1, .write = true},
               {MapPages(0x10000000, 1, 0x1000, {.young = false})});
  const Case large_then_page =
      MakeCase(3, {.start = 4 * kGiB - 4096, .pages = 2},
               {MapLarge(Level::kPud, 2 * kGiB, 8 * kGiB),
                MapPages(4 * kGiB, 1, 0x1000)});
  // arm64 with 3 levels: a page, and the page that is mapped 5 * 64 GiB below.
  Case realigned;
  realigned.mode = {ArchId::kArm64Page16K, 3};
  realigned.stack = {
      .position = 200, .around = StackContent::kCopy, .words = {}};
  realigned.requests.push_back({.start = 320 * kGiB + 0x14000});
  realigned.setup.push_back(MapPages(320 * kGiB + 0x14000, 1, 0x40000000));
  realigned.setup.push_back(MapPages(0x14000, 1, 0x80000000));
  // The word of the stack that is read is the copy itself.
  Case by_luck = realigned;
  by_luck.stack.position = 5;
  // With 4 levels: two pages on each side of 128 TiB.
  Case border_128_tib;
  border_128_tib.mode = {ArchId::kArm64Page16K, 4};
  border_128_tib.stack.around = StackContent::kCopy;
  border_128_tib.requests.push_back(
      {.start = 128 * kTiB - 0x8000, .pages = 4, .write = true});
  border_128_tib.setup.push_back(MapPages(128 * kTiB - 0x8000, 2, 0x40000000));
  border_128_tib.setup.push_back(
      MapPages(128 * kTiB, 2, 0x80000000, {.dirty = false}));
  return {
      {"thread-wrong-page", Crossing(3, kThreadBorder, 2 * kGiB), true},
      {"thread-short", Crossing(3, kThreadBorder, 0), true},
      {"border-4-tib", Crossing(4, 8 * kTiB, 4 * kTiB), true},
      {"border-1-mib", Crossing(2, 16 * kMiB, kMiB), true},
      {"large-then-page", large_then_page, true},
      {"last-region-first", last_region_first},
      {"beyond-limit", beyond_limit},
      {"read-only-in-the-middle", read_only_in_the_middle},
      {"old-page-written", old_page_written},
      {"arm64-realigned", realigned, true},
      {"arm64-by-luck", by_luck, true},
      {"arm64-128-tib", border_128_tib},
  };
}

// The fuzz targets that have the case as a seed: those that it does not crash.
inline std::vector<std::string> TargetsOf(const KnownCase& known) {
  std::vector<std::string> targets = {"gup_fuzzer", "translate_fuzzer",
                                      "walks_fuzzer"};
  if (!known.shows_the_bug) targets.push_back("gup_strict_fuzzer");
  return targets;
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TESTS_KNOWN_CASES_H_
