// SPDX-License-Identifier: MIT

#include "fuzz/mutator.h"

#include <gtest/gtest.h>

#include <array>
#include <initializer_list>
#include <vector>

#include "fuzz/generator.h"
#include "fuzz/stats.h"
#include "pxdfuzz/case.h"
#include "pxdfuzz/case_text.h"
#include "pxdfuzz/compare.h"

namespace pxdfuzz {
namespace {

using Buffer = std::array<uint8_t, 1024>;

// Runs `steps` mutations, each on what the last one made, and hands each result
// to `see`.
template <class See>
void Chain(uint64_t seed, int steps, size_t max_size, const SpaceFilter& filter,
           Tables tables, See see) {
  Buffer buffer{};
  size_t size = 0;
  for (int i = 0; i < steps; ++i) {
    size = Mutate({buffer.data(), max_size}, size,
                  WrappingAdd(seed, static_cast<uint64_t>(i)), filter, tables,
                  nullptr);
    ASSERT_LE(size, max_size);
    see(std::span<const uint8_t>(buffer.data(), size));
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(MutatorTest, WritesCanonicalCases) {
  for (const Tables tables : {Tables::kWellFormed, Tables::kRaw}) {
    Chain(1, 50'000, 1024, SpaceFilter(), tables,
          [](std::span<const uint8_t> bytes) {
            const Case c = Decode(bytes);
            ASSERT_FALSE(c.empty());
            Buffer again;
            ASSERT_EQ(Encode(c, again), bytes.size());
            ASSERT_TRUE(std::equal(bytes.begin(), bytes.end(), again.begin()));
          });
  }
}

TEST(MutatorTest, KeepsToTheSpacesAskedFor) {
  for (const char* only : {"s390/2", "s390/3", "s390/4", "s390/5"}) {
    const SpaceFilter filter = *SpaceFilter::Parse(only);
    Chain(2, 5'000, 1024, filter, Tables::kWellFormed,
          [only](std::span<const uint8_t> bytes) {
            ASSERT_EQ(Name(Decode(bytes).space), only);
          });
  }
}

TEST(MutatorTest, FitsTheBuffer) {
  for (size_t max_size = 0; max_size < 700; ++max_size) {
    Chain(max_size, 40, max_size, SpaceFilter(), Tables::kWellFormed,
          [max_size](std::span<const uint8_t> bytes) {
            ASSERT_TRUE(max_size == 0 || !Decode(bytes).empty()) << max_size;
          });
  }
}

TEST(MutatorTest, DependsOnTheSeedAlone) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    std::vector<std::vector<uint8_t>> runs[2];
    for (auto& run : runs) {
      Chain(seed, 200, 640, SpaceFilter(), Tables::kWellFormed,
            [&run](std::span<const uint8_t> bytes) {
              run.emplace_back(bytes.begin(), bytes.end());
            });
    }
    EXPECT_EQ(runs[0], runs[1]);
  }
}

TEST(MutatorTest, WordsThatLinuxWouldNotWriteAreRare) {
  int poked = 0;
  int raw_poked = 0;
  const auto count = [](int& counter) {
    return [&counter](std::span<const uint8_t> bytes) {
      const Case c = Decode(bytes);
      for (const Record& record : c.records) {
        if (record.kind == Record::Kind::kPoke ||
            record.kind == Record::Kind::kPokeControl) {
          ++counter;
          return;
        }
      }
    };
  };
  // Each from nothing, so that pokes do not add up.
  for (uint64_t seed = 0; seed < 20'000; ++seed) {
    Chain(seed, 1, 640, SpaceFilter(), Tables::kWellFormed, count(poked));
    Chain(seed, 1, 640, SpaceFilter(), Tables::kRaw, count(raw_poked));
  }
  EXPECT_LT(poked, 200);
  EXPECT_GT(poked, 20);
  EXPECT_EQ(raw_poked, 20'000);
}

// Floors under what random cases reach, in each space where a level is folded.
TEST(GeneratorTest, Floors) {
  for (const uint8_t levels : std::initializer_list<uint8_t>{2, 3, 4}) {
    const Space space{ArchId::kS390, levels};
    Rng rng(levels);
    Generator generator(rng, InfoOf(space));
    Oracle oracle;
    constexpr int kCases = 50'000;
    int returned = 0;
    int returned_two = 0;
    int crossed = 0;
    int both_sides = 0;
    for (int i = 0; i < kCases; ++i) {
      const Case c = generator.DrawCase();
      const Verdict& verdict =
          oracle.Judge(c, WalkSet::Named(), Excuses::kKnownDefects);
      ASSERT_FALSE(verdict.finding.has_value()) << ToText(c);
      bool did[4] = {};
      for (const RequestVerdict& request : verdict.requests) {
        did[0] |= request.pages >= 1;
        did[1] |= request.pages >= 2;
        did[2] |= request.crosses_folded;
        did[3] |= request.both_sides;
      }
      returned += did[0];
      returned_two += did[1];
      crossed += did[2];
      both_sides += did[3];
    }
    EXPECT_GE(returned, kCases * 60 / 100) << Name(space);
    EXPECT_GE(returned_two, kCases * 40 / 100) << Name(space);
    EXPECT_GE(crossed, kCases * 20 / 100) << Name(space);
    EXPECT_GE(both_sides, kCases * 5 / 100) << Name(space);
  }
}

TEST(GeneratorTest, ReachesEveryCell) {
  std::vector<bool> reached(Cells().size());
  Oracle oracle;
  for (const Space& space : kAllSpaces) {
    if (!InfoOf(space).built) continue;
    Rng rng(7);
    Generator generator(rng, InfoOf(space));
    for (int i = 0; i < 150'000; ++i) {
      const Verdict& verdict =
          oracle.Judge(generator.DrawCase(), WalkSet(), Excuses::kNone);
      for (const RequestVerdict& request : verdict.requests) {
        if (request.cell.has_value()) reached[*request.cell] = true;
      }
    }
  }
  for (size_t i = 0; i < reached.size(); ++i) {
    EXPECT_TRUE(reached[i]) << Describe(Cells()[i]);
  }
}

TEST(SpaceFilterTest, Parse) {
  const Space two{ArchId::kS390, 2};
  const Space three{ArchId::kS390, 3};
  EXPECT_TRUE(SpaceFilter().Allows(two));
  EXPECT_TRUE(SpaceFilter::Parse("s390/3")->Allows(three));
  EXPECT_FALSE(SpaceFilter::Parse("s390/3")->Allows(two));
  EXPECT_TRUE(SpaceFilter::Parse("s390/3,s390/2")->Allows(two));
  EXPECT_TRUE(SpaceFilter::Parse("s390")->Allows(two));
  EXPECT_FALSE(SpaceFilter::Parse("s390/6").has_value());
  EXPECT_FALSE(SpaceFilter::Parse("s390/3,").has_value() &&
               !SpaceFilter::Parse("s390/3,")->Allows(three));
  EXPECT_FALSE(SpaceFilter::Parse("vax").has_value());
}

}  // namespace
}  // namespace pxdfuzz
