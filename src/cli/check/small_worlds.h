// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_CHECK_SMALL_WORLDS_H_
#define PXDFUZZ_SRC_CLI_CHECK_SMALL_WORLDS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/paging/paging_mode.h"

namespace pxdfuzz {

// All cases of a bounded world. At the first and at the last boundary of
// entries of each level but pte lie two places, one before it and one behind,
// each filled in one of these ways: nothing, four pages in each state, two
// pages and two holes, swap entries, a large leaf of each size and state that
// fits. Each of the requests that begin one or two pages before the boundary
// and have 1, 2 or 4 pages reads and writes.
//
// If they are `changing`, only the first boundaries count, the requests begin
// two pages before the boundary and have 4, the places hold nothing, pages or a
// leaf at pmd, and one operation is done before one of the first reads.
std::vector<Case> SmallWorlds(PagingMode mode, bool changing);

struct SmallWorldsRun {
  // Bytes of a case that shows a finding, and whether that is about the size of
  // a page.
  struct Found {
    std::string bytes;
    bool is_page_size = false;
  };

  // Requests that were compared.
  uint64_t cases = 0;
  // One for each finding that is neither known nor expected.
  std::vector<Found> findings;
};

// Runs all of them in a program of kernel code, until `is_over` says so.
absl::StatusOr<SmallWorldsRun> RunSmallWorlds(
    const std::string& program, PagingMode mode, bool changing,
    const std::function<bool()>& is_over);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CHECK_SMALL_WORLDS_H_
