// SPDX-License-Identifier: MIT

// The arena for comparison in ./run bench replaces the project's: everything
// that is included here is compiled with it.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>

#include "pxdfuzz/arch/s390.h"
#include "pxdfuzz/memory/arena.h"
#include "pxdfuzz/memory/snapshots.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/oracle/oracle.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/reference/reference.h"
#include "pxdfuzz/tables/arch_arenas.h"
#include "pxdfuzz/tables/populate.h"

namespace pxdfuzz {
namespace {

TEST(HeapArenaTest, HoldsSnapshots) {
  Arena arena(/*empty=*/{1, 2, 3, 4, 5}, /*alignment=*/{8, 8, 8, 8, 8});
  arena.Begin(S390::GeometryOf(3));
  const uint64_t table = *arena.NewTable(Level::kPmd);
  const auto put = [&](uint64_t index, uint64_t value) {
    *arena.Touch(table + index * sizeof(uint64_t), 1) = value;
  };
  const auto at = [&](uint64_t index) {
    return *arena.Find(table + index * sizeof(uint64_t));
  };
  put(7, 70);

  Snapshots snapshots;
  snapshots.Begin(arena);
  snapshots.BeginNext();
  put(7, 71);
  put(8, 80);
  put(7, 72);
  snapshots.EndNext();
  snapshots.BeginNext();
  put(8, 81);
  snapshots.EndNext();
  EXPECT_EQ(snapshots.WritesOf(1).size(), 3u);
  EXPECT_EQ(snapshots.WritesOf(2).front().before, 80u);

  for (const size_t snapshot : {0, 2, 1, 0}) {
    snapshots.GoTo(snapshot);
    EXPECT_EQ(at(7), snapshot == 0 ? 70u : 72u) << snapshot;
    EXPECT_EQ(at(8), snapshot == 0 ? arena.empty(Level::kPmd) : 79u + snapshot)
        << snapshot;
  }
}

}  // namespace
}  // namespace pxdfuzz
