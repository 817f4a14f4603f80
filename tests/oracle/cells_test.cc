// SPDX-License-Identifier: MIT

#include "pxdfuzz/oracle/cells.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace pxdfuzz {
namespace {

size_t CellsOf(PagingMode mode) {
  return static_cast<size_t>(
      std::count_if(Cells().begin(), Cells().end(),
                    [mode](const Cell& cell) { return cell.mode == mode; }));
}

TEST(CellsTest, IndexIsTheInverse) {
  for (size_t i = 0; i < Cells().size(); ++i) {
    EXPECT_EQ(IndexOf(Cells()[i]), i) << Describe(Cells()[i]);
  }
  EXPECT_LE(Cells().size(), kMaxCells);
}

TEST(CellsTest, DescriptionsAreUnique) {
  std::set<std::string> seen;
  for (const Cell& cell : Cells()) {
    EXPECT_TRUE(seen.insert(Describe(cell)).second) << Describe(cell);
  }
}

// Counted by hand for s390, for each kind of access: refused 1; no boundary
// crossed: 6 states of a page, 5 of each large leaf, swap, empty; a boundary:
// one "stopped before", and for each leaf before it everything that can begin
// there, or where the leaf spans the boundary itself in each state that is
// returned.
TEST(CellsTest, Count) {
  // 13 without a boundary; 1 MiB: 1 + 2 * 13.
  EXPECT_EQ(CellsOf({ArchId::kS390, 2}), 2u * (1 + 13 + 27));
  // 18; 1 MiB: 1 + 2 * 13, and a 2 GiB leaf across it: 5 states read, 3
  // written; 2 GiB: 1 + 3 * 18.
  EXPECT_EQ(CellsOf({ArchId::kS390, 3}), 2u * (1 + 18 + 27 + 55) + 5 + 3);
  EXPECT_EQ(CellsOf({ArchId::kS390, 4}), 2u * (1 + 18 + 27 + 2 * 55) + 5 + 3);
  EXPECT_EQ(CellsOf({ArchId::kS390, 5}), 2u * (1 + 18 + 27 + 3 * 55) + 5 + 3);
}

// x86-64 has the same leaves and states, and special leaves of every size: 20
// without a boundary. But PROT_NONE is refused at every size, so of a 1 GiB
// leaf across a boundary of 2 MiB one state less is returned to readers.
// Boundaries: 2 MiB, 1 GiB, 512 GiB, and 256 TiB with 5 levels.
TEST(CellsTest, CountOfX86) {
  EXPECT_EQ(CellsOf({ArchId::kX86, 4}), 2u * (1 + 20 + 29 + 2 * 61) + 4 + 3);
  EXPECT_EQ(CellsOf({ArchId::kX86, 5}), 2u * (1 + 20 + 29 + 3 * 61) + 4 + 3);
}

// arm64 has no leaves of 64 GiB, and special ones of both sizes: 14 without a
// boundary, and for each boundary 1 + 2 * 14. Boundaries: 32 MiB, 64 GiB, and
// 128 TiB with 4 levels.
TEST(CellsTest, CountOfArm64) {
  EXPECT_EQ(CellsOf({ArchId::kArm64Page16K, 3}), 2u * (1 + 14 + 2 * 29));
  EXPECT_EQ(CellsOf({ArchId::kArm64Page16K, 4}), 2u * (1 + 14 + 3 * 29));
}

TEST(CellsTest, ImpossibleCellsHaveNoIndex) {
  // A 2 GiB leaf does not begin at a boundary of 1 MiB.
  EXPECT_EQ(IndexOf(Cell{.mode = {ArchId::kS390, 3},
                         .crossed = Level::kPmd,
                         .before = Level::kPte,
                         .after = Level::kPud,
                         .state = PageState::kPlain,
                         .outcome = Cell::Outcome::kReturned}),
            std::nullopt);
  // A 3-level paging mode has no boundary of 4 TiB.
  EXPECT_EQ(IndexOf(Cell{.mode = {ArchId::kS390, 3}, .crossed = Level::kP4d}),
            std::nullopt);
}

}  // namespace
}  // namespace pxdfuzz
