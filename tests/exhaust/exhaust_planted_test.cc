// SPDX-License-Identifier: MIT

// Small worlds show planted bugs. Each bug needs separately compiled walks, of
// which few are run.

#include <cstdint>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/exhaust/exhaust.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/walk/walk.h"

namespace pxdfuzz {
namespace {

template <int kIndexBits, class KernelOf>
struct Planted : TinyS390<kIndexBits> {
  class Kernel : public TinyS390<kIndexBits>::Kernel {
   public:
    using Base = typename TinyS390<kIndexBits>::Kernel;
    using Base::Base;

    constexpr WalkStep Classify(Level level, uint64_t entry) const {
      return KernelOf::Classify(Base::Classify(level, entry));
    }
    constexpr int StaticShift(Level level) const {
      return Base::StaticShift(KernelOf::BoundaryOf(level)) -
             KernelOf::Smaller(level);
    }
    constexpr bool MayReturn(Level level, uint64_t entry, bool write) const {
      return Base::MayReturn(level, entry, KernelOf::AsksForWrite(write));
    }
    constexpr uint64_t Index(Level level, uint64_t address) const {
      return Base::Index(level, address) & KernelOf::kIndexMask;
    }
  };
};

// Changes nothing.
struct None {
  static constexpr bool AsksForWrite(bool write) { return write; }
  static constexpr uint64_t kIndexMask = ~uint64_t{0};
  static constexpr WalkStep Classify(WalkStep step) { return step; }
  static constexpr Level BoundaryOf(Level level) { return level; }
  static constexpr int Smaller(Level /*level*/) { return 0; }
};
struct HoleIsLeaf : None {
  static constexpr WalkStep Classify(WalkStep step) {
    return step == WalkStep::kStop ? WalkStep::kLeaf : step;
  }
};
struct PmdEndsWhereAPudDoes : None {
  static constexpr Level BoundaryOf(Level level) {
    return level == Level::kPmd ? Level::kPud : level;
  }
};
struct WritesReadOnlyPages : None {
  static constexpr bool AsksForWrite(bool /*write*/) { return false; }
};
struct AsksReadersForWrite : None {
  static constexpr bool AsksForWrite(bool /*write*/) { return true; }
};
struct LosesAnIndexBit : None {
  static constexpr uint64_t kIndexMask = 1;
};
// Each iteration of the pte loop is for one byte.
struct GoesByBytes : None {
  static constexpr int Smaller(Level level) {
    return level == Level::kPte ? TinyGeometry(1).page_shift() : 0;
  }
};
// The pmd loop takes a part of a page at a time.
struct GoesByPartsOfAPage : None {
  static constexpr int Smaller(Level level) {
    return level == Level::kPmd ? 40 : 0;
  }
};
// One byte is a page, and a leaf has that many.
struct HasTinyPages : None {
  static constexpr int Smaller(Level level) {
    return level == Level::kPte ? TinyGeometry(1).page_shift() : 0;
  }
  static constexpr WalkStep Classify(WalkStep step) {
    return step == WalkStep::kStop ? WalkStep::kLeaf : step;
  }
};

// Bugs in the code for all architectures.
template <class T>
struct PlantedInText : TinyS390<1> {
  using Code = T;
};
struct TakesTheTopForZero : GupCode {
  static constexpr uint64_t AddressEnd(uint64_t address, uint64_t end,
                                       uint64_t size) {
    const uint64_t boundary = WrappingAdd(address, size) & ~(size - 1);
    return boundary < end ? boundary : end;
  }
};
struct NeverMeetsTheEnd : GupCode {
  static constexpr uint64_t AddressEnd(uint64_t address, uint64_t /*end*/,
                                       uint64_t size) {
    return address & ~(size - 1);
  }
};
struct CountsForEver : GupCode {
  static constexpr uint64_t PageCount(Level /*level*/, uint64_t /*address*/,
                                      uint64_t /*next*/, int /*page_shift*/) {
    return ~uint64_t{0};
  }
};

constexpr WorldBounds kFirstFinding = {.stop_at_finding = true};

TEST(PlantedTest, WithoutABugNothingIsFound) {
  EXPECT_EQ((Exhaust<Planted<1, None>>(3, kStaticLockless).differ), 0u);
}

TEST(PlantedTest, AHoleThatIsALeaf) {
  const ExhaustResult result =
      Exhaust<Planted<1, HoleIsLeaf>>(4, kFoldedAwareByPointer, kFirstFinding);
  ASSERT_TRUE(result.finding().has_value());
  EXPECT_FALSE(result.complete);
  EXPECT_EQ(result.unexpected(), 1u);
}

// In all walks that use that boundary, including those with an expected failure
// in other modes.
TEST(PlantedTest, ABoundaryOffByALevel) {
  for (const Policy& walk : kAllWalks) {
    if (walk.boundary != BoundaryRule::kStatic) continue;
    for (int levels = 3; levels <= 5; ++levels) {
      const ExhaustResult result = Exhaust<Planted<1, PmdEndsWhereAPudDoes>>(
          levels, walk, kFirstFinding);
      EXPECT_TRUE(result.finding().has_value()) << Name(walk) << levels;
    }
  }
}

TEST(PlantedTest, AWriteToAReadOnlyPage) {
  const ExhaustResult result =
      Exhaust<Planted<1, WritesReadOnlyPages>>(2, kStaticLockless);
  ASSERT_TRUE(result.finding().has_value());
  EXPECT_TRUE(result.finding()->write);
  EXPECT_EQ(result.finding()->outcome, Outcome::kLong);
}

TEST(PlantedTest, AWriteBitThatReadersNeed) {
  const ExhaustResult result =
      Exhaust<Planted<1, AsksReadersForWrite>>(3, kStaticLockless);
  ASSERT_TRUE(result.finding().has_value());
  EXPECT_FALSE(result.finding()->write);
  EXPECT_EQ(result.finding()->outcome, Outcome::kShort);
}

TEST(PlantedTest, AnIndexMaskNeedsTwoBits) {
  EXPECT_EQ((Exhaust<Planted<1, LosesAnIndexBit>>(3, kStaticLockless).differ),
            0u);
  const ExhaustResult result =
      Exhaust<Planted<2, LosesAnIndexBit>>(3, kStaticLockless, kFirstFinding);
  EXPECT_TRUE(result.finding().has_value());
}

// The boundary above the very last entry is 0.
TEST(PlantedTest, ABoundaryThatWraps) {
  using Bug = PlantedInText<TakesTheTopForZero>;
  EXPECT_EQ(Exhaust<Bug>(4, kStaticLockless).differ, 0u);
  const ExhaustResult result = Exhaust<Bug>(5, kStaticLockless);
  ASSERT_TRUE(result.finding().has_value());
  EXPECT_GE(result.finding()->start, 16u);
}

template <class A>
void ExpectEndless(std::string_view walk) {
  const ExhaustResult result =
      Exhaust<A>(5, *PolicyFromName(walk), kFirstFinding);
  EXPECT_EQ(result.endless, 1u);
  EXPECT_EQ(result.unexpected(), 1u);
  ASSERT_TRUE(result.finding().has_value());
  EXPECT_FALSE(result.finding()->ends);
  EXPECT_THAT(Describe(*result.finding()), testing::HasSubstr("does not end"));
}

TEST(PlantedTest, WalksThatDoNotEnd) {
  ExpectEndless<Planted<1, GoesByBytes>>("static-lockless-recompute");
  ExpectEndless<Planted<1, GoesByPartsOfAPage>>("static-by-value-recompute");
  ExpectEndless<Planted<1, HasTinyPages>>("folded-aware-lockless");
  ExpectEndless<PlantedInText<NeverMeetsTheEnd>>("static-by-pointer-recompute");
  ExpectEndless<PlantedInText<CountsForEver>>("static-by-pointer");
}

TEST(PlantedTest, WorldsAreBounded) {
  const ExhaustResult result = Exhaust<Planted<1, HoleIsLeaf>>(
      5, kStaticLockless, {.pages = 12, .behaviours = 1000});
  EXPECT_EQ(result.behaviours, 1000u);
  EXPECT_FALSE(result.complete);
}

}  // namespace
}  // namespace pxdfuzz
