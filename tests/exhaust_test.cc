// SPDX-License-Identifier: MIT

#include "pxdfuzz/exhaust.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pxdfuzz/lazy_memory.h"
#include "pxdfuzz/memory.h"
#include "pxdfuzz/policy.h"
#include "pxdfuzz/translate.h"
#include "pxdfuzz/walk.h"
#include "pxdfuzz/wrapping.h"

namespace pxdfuzz {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

template <int kIndexBits>
using LowS390 = BasicS390<TinyGeometry(kIndexBits, 32)>;

static_assert(Memory<LazyMemory<TinyS390<1>>>);

constexpr bool Holds(Policy walk, int levels) {
  return S390::KnownDefect(walk, levels) == Cause::kNone;
}

// -----------------------------------------------------------------------------
// How many behaviours there are, as a formula. Pages are counted from 0, levels
// from pte at 0.

// How many lead through to the end of a range, and how many stop in it.
struct Behaviours {
  uint64_t complete = 1;
  uint64_t stopping = 0;

  uint64_t all() const { return complete + stopping; }
};

// Of one table of `level` whose part of the range is pages `begin` to before
// `end`, counted from the table's first.
Behaviours Count(int level, uint64_t begin, uint64_t end, int index_bits,
                 bool write) {
  const uint64_t span = uint64_t{1} << level * index_bits;
  Behaviours table;
  for (uint64_t i = begin / span; i * span < end; ++i) {
    // A hole stops; so does what may not be written.
    Behaviours entry{.complete = 0, .stopping = 1};
    if (level > 0) {
      const Behaviours below =
          Count(level - 1, std::max(begin, i * span) - i * span,
                std::min(end, (i + 1) * span) - i * span, index_bits, write);
      entry.complete += below.complete;
      entry.stopping += below.stopping;
    }
    const bool has_leaf = level <= 2;
    entry.complete += has_leaf;
    entry.stopping += has_leaf && write;
    table.stopping += table.complete * entry.stopping;
    table.complete *= entry.complete;
  }
  return table;
}

uint64_t CountAll(int levels, uint64_t begin, uint64_t end, int index_bits,
                  bool write) {
  return Count(levels - 1, begin, end, index_bits, write).all();
}

// A whole table of n entries, each with c behaviours that go on and s that
// stop, has c^n and s * (1 + c + ... + c^(n-1)).
TEST(FormulaTest, KnownNumbers) {
  EXPECT_EQ(CountAll(2, 0, 4, 1, false), 13u);
  EXPECT_EQ(CountAll(3, 0, 8, 1, false), 85u);
  EXPECT_EQ(CountAll(4, 0, 16, 1, false), 2'211u);
  EXPECT_EQ(CountAll(5, 0, 32, 1, false), 1'384'087u);
  EXPECT_EQ(CountAll(2, 0, 16, 2, false), 91u);
  EXPECT_EQ(CountAll(3, 0, 64, 2, false), 480'241u);
  // One page: a hole or a leaf at each of the levels that have leaves.
  EXPECT_EQ(CountAll(5, 3, 4, 1, false), 8u);
  EXPECT_EQ(CountAll(5, 3, 4, 1, true), 11u);
}

// Behaviours of `walk` on one range.
template <class A>
ExhaustResult OneRange(int levels, Policy walk, uint64_t first, uint64_t pages,
                       bool write) {
  const int shift = A::GeometryOf(levels).page_shift();
  Exhaustion<A> exhaustion(levels, walk, {.pages = pages});
  EXPECT_TRUE(
      exhaustion.Run({first << shift, static_cast<uint16_t>(pages), write}));
  return exhaustion.result();
}

TEST(ExhaustCountTest, WholeSpaces) {
  for (const Policy& walk : kAllWalks) {
    for (int levels = 2; levels <= 4; ++levels) {
      if (!Holds(walk, levels)) continue;
      const uint64_t pages = uint64_t{1} << levels;
      EXPECT_EQ(OneRange<LowS390<1>>(levels, walk, 0, pages, false).behaviours,
                CountAll(levels, 0, pages, 1, false))
          << Name(walk) << levels;
      EXPECT_EQ(OneRange<TinyS390<1>>(levels, walk, 0, pages, true).behaviours,
                CountAll(levels, 0, pages, 1, true))
          << Name(walk) << levels;
    }
    if (!Holds(walk, 2)) continue;
    EXPECT_EQ(OneRange<TinyS390<2>>(2, walk, 0, 16, false).behaviours, 91u);
  }
}

TEST(ExhaustCountTest, TheWholeSpaceOfFiveLevels) {
  EXPECT_EQ(OneRange<LowS390<1>>(5, kStaticLockless, 0, 32, false).behaviours,
            1'384'087u);
}

TEST(ExhaustCountTest, TheWholeSpaceOfThreeLevelsOfTwoIndexBits) {
  EXPECT_EQ(OneRange<TinyS390<2>>(3, kStaticLockless, 0, 64, false).behaviours,
            480'241u);
}

// Each range there is, for each walk that holds.
template <class A>
void ExpectFormula(int index_bits) {
  for (const Policy& walk : kAllWalks) {
    for (int levels = 2; levels <= 5; ++levels) {
      if (!Holds(walk, levels)) continue;
      const int shift = A::GeometryOf(levels).page_shift();
      const WorldBounds bounds{.pages = index_bits == 1 ? 9u : 3u};
      for (const Request& request : RequestsWithin<A>(levels, bounds)) {
        Exhaustion<A> exhaustion(levels, walk, bounds);
        ASSERT_TRUE(exhaustion.Run(request));
        const uint64_t first = request.start >> shift;
        ASSERT_EQ(exhaustion.result().behaviours,
                  CountAll(levels, first, first + request.pages, index_bits,
                           request.write))
            << Name(walk) << " " << levels << ", " << request.pages << " from "
            << first;
      }
    }
  }
}

TEST(ExhaustCountTest, EachRangeOfOneIndexBit) {
  ExpectFormula<TinyS390<1>>(1);
}

TEST(ExhaustCountTest, EachRangeOfTwoIndexBits) {
  ExpectFormula<TinyS390<2>>(2);
}

// -----------------------------------------------------------------------------

TEST(RequestsWithinTest, AllRangesUpToTheTop) {
  // 4 pages: 4 + 3 + 2 + 1 ranges, for reading and for writing.
  EXPECT_EQ(RequestsWithin<TinyS390<1>>(2, {.pages = 12}).size(), 20u);
  EXPECT_EQ(RequestsWithin<TinyS390<2>>(4, {.pages = 1}).size(), 512u);
  const auto ends_at_top = [](int levels, uint64_t top) {
    const int shift = TinyS390<2>::GeometryOf(levels).page_shift();
    const std::vector<Request> all =
        RequestsWithin<TinyS390<2>>(levels, {.pages = 4});
    return std::count_if(all.begin(), all.end(), [&](const Request& request) {
      return (request.start >> shift) + request.pages == top;
    });
  };
  EXPECT_EQ(ends_at_top(2, 16), 8);
  EXPECT_EQ(ends_at_top(4, 256), 8);
  // The last page of a 5-level space is refused.
  EXPECT_EQ(ends_at_top(5, 1023), 8);
  EXPECT_EQ(ends_at_top(5, 1024), 0);
}

class WalksTest : public testing::TestWithParam<int> {};

// What KnownDefect() says, in all worlds of up to 4 pages.
TEST_P(WalksTest, AreAsKnown) {
  const int index_bits = GetParam();
  for (const Policy& walk : kAllWalks) {
    for (int levels = 2; levels <= 5; ++levels) {
      const ExhaustResult result = ExhaustTiny(index_bits, levels, walk, {},
                                               [](const ExhaustProgress&) {});
      const std::string which =
          std::string(Name(walk)) + " " + std::to_string(levels);
      EXPECT_TRUE(result.complete) << which;
      EXPECT_EQ(result.unexcused(), 0u) << which;
      EXPECT_FALSE(result.finding.has_value()) << which;
      EXPECT_EQ(result.endless, 0u) << which;
      EXPECT_EQ(result.differ == 0, Holds(walk, levels)) << which;
      EXPECT_EQ(result.known.has_value(), !Holds(walk, levels)) << which;
      EXPECT_EQ(result.outcomes[0], result.behaviours - result.differ) << which;
      // Static walks leave the invariant where a level is folded, unless they
      // compute each pointer again.
      EXPECT_EQ(result.invariant,
                levels == 5 || walk.boundary == BoundaryRule::kFoldedAware ||
                    walk.step == Step::kRecompute)
          << which;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(IndexBits, WalksTest, testing::Values(1, 2),
                         testing::PrintToStringParamName());

uint64_t Of(const ExhaustResult& result, Outcome outcome) {
  return result.outcomes[static_cast<size_t>(outcome)];
}

// What lies on the stack decides how the bug shows, and never whether.
TEST(StackContentTest, ShowsTheBugInAllItsForms) {
  const ExhaustResult all = Exhaust<TinyS390<1>>(3, kStaticByValue);
  for (const Outcome outcome :
       {Outcome::kAgrees, Outcome::kShort, Outcome::kLong, Outcome::kWrongPage,
        Outcome::kStrayRead, Outcome::kFault}) {
    EXPECT_GT(Of(all, outcome), 0u) << Name(outcome);
  }
  // A zero leads nowhere.
  const ExhaustResult zero =
      Exhaust<TinyS390<1>>(3, kStaticByValue, {.stack_content = false});
  EXPECT_GT(zero.differ, 0u);
  EXPECT_EQ(zero.differ, Of(zero, Outcome::kFault));
  EXPECT_LT(zero.behaviours, all.behaviours);
}

TEST(StackContentTest, DoesNotMatterToWalksThatHold) {
  for (const Policy& walk : kAllWalks) {
    if (!Holds(walk, 3)) continue;
    EXPECT_EQ(
        Exhaust<TinyS390<1>>(3, walk, {.stack_content = false}).behaviours,
        Exhaust<TinyS390<1>>(3, walk).behaviours);
  }
}

// -----------------------------------------------------------------------------
// LazyWorld and LazyMemory by themselves.

// All that a world has chosen.
template <class A>
std::string Fingerprint(const LazyWorld<A>& world) {
  std::string text;
  for (const auto& entry : world.ChosenEntries()) {
    text += std::to_string(entry.table) + "/" + std::to_string(entry.index) +
            "=" + std::to_string(entry.word) + " ";
  }
  for (const StackWord& word : world.stack()) {
    text += std::to_string(word.distance) + ":" +
            std::string(Name(word.content)) + std::to_string(word.word) + " ";
  }
  return text;
}

TEST(LazyWorldTest, NoTwoWorldsAreAlike) {
  using A = TinyS390<1>;
  const Geometry geometry = A::GeometryOf(3);
  for (const Policy& walk : {kStaticByValue, kFoldedAwareByPointer}) {
    LazyWorld<A> world(3, {.write = true});
    std::set<std::string> worlds;
    size_t count = 0;
    std::string first;
    do {
      LazyMemory<A> memory(world);
      MarkTrace trace(memory);
      Walk w(A::Kernel(3), walk, memory, trace);
      w.Run(EntryRef::InTable(world.root()), 2 * geometry.page_size(),
            6 * geometry.page_size(), true, {});
      worlds.insert(Fingerprint(world));
      if (++count == 1) first = Fingerprint(world);
    } while (world.Advance());
    EXPECT_EQ(worlds.size(), count);
    // It can begin anew.
    LazyMemory<A> memory(world);
    MarkTrace trace(memory);
    Walk w(A::Kernel(3), walk, memory, trace);
    w.Run(EntryRef::InTable(world.root()), 2 * geometry.page_size(),
          6 * geometry.page_size(), true, {});
    EXPECT_EQ(Fingerprint(world), first);
  }
}

// Otherwise a wrong page might pass for the right one.
TEST(LazyWorldTest, EachPageHasAFrameOfItsOwn) {
  using A = TinyS390<2>;
  const uint64_t page_size = A::GeometryOf(3).page_size();
  LazyWorld<A> world(3, {});
  do {
    LazyMemory<A> memory(world);
    MarkTrace trace(memory);
    Walk walk(A::Kernel(3), kStaticLockless, memory, trace);
    std::array<uint64_t, 9> pages{};
    const size_t count = walk.Run(EntryRef::InTable(world.root()),
                                  10 * page_size, 19 * page_size, false, pages);
    const std::set<uint64_t> frames(pages.begin(), pages.begin() + count);
    EXPECT_EQ(frames.size(), count);
    for (size_t i = 0; i < count; ++i)
      EXPECT_NE(pages[i], (10 + i) * page_size);
  } while (world.Advance());
}

TEST(LazyWorldTest, AnEntryIsEachThingOnce) {
  using A = TinyS390<2>;
  const auto kinds = [](int levels, bool write) {
    LazyWorld<A> world(levels, {.write = write});
    std::vector<std::string> all;
    do {
      const EntryKind kind = A::Entries::Classify(
          static_cast<Level>(levels - 1), *world.Read(world.root()));
      // Chosen once.
      EXPECT_EQ(world.Read(world.root()), world.Read(world.root()));
      std::string text(Name(kind.tag));
      if (kind.state.permission == Permission::kRead) text += ", read-only";
      all.push_back(text);
    } while (world.Advance());
    return all;
  };
  EXPECT_THAT(kinds(3, false), UnorderedElementsAre("empty", "table", "leaf"));
  EXPECT_THAT(kinds(2, true), UnorderedElementsAre("empty", "table", "leaf",
                                                   "leaf, read-only"));
  EXPECT_THAT(kinds(4, true), UnorderedElementsAre("empty", "table"));
}

// What stands in entry `index` of pte tables, over all places.
std::set<std::string> PageForms(uint64_t index, bool write) {
  using A = TinyS390<2>;
  const Geometry geometry = A::GeometryOf(3);
  std::set<std::string> forms;
  for (uint64_t page = index; page < 64; page += 4) {
    LazyWorld<A> world(3, {.write = write});
    do {
      const Translation t =
          Translate(A::Manual(geometry, A::Entries::Control(3, world.root())),
                    LazyMemory<A>(world), page << geometry.page_shift());
      if (t.level != Level::kPte) continue;
      const EntryKind kind = A::Entries::Classify(t.level, t.entry);
      std::string text(Name(kind.tag));
      if (kind.state.permission == Permission::kRead) text += " read-only";
      if (kind.state.permission == Permission::kNone) text += " none";
      if (!kind.state.young) text += " old";
      if (!kind.state.dirty) text += " clean";
      if (kind.state.special) text += " special";
      forms.insert(text);
    } while (world.Advance());
  }
  return forms;
}

TEST(LazyWorldTest, EachFormStandsAtEachIndex) {
  for (uint64_t index = 0; index < 4; ++index) {
    for (const bool write : {false, true}) {
      EXPECT_THAT(PageForms(index, write),
                  UnorderedElementsAre(
                      "empty", "swap", "leaf", "leaf read-only", "leaf none",
                      "leaf old", "leaf clean", "leaf special"));
    }
  }
}

TEST(LazyWorldTest, BesideTablesThereIsNothing) {
  using A = TinyS390<1>;
  LazyWorld<A> world(3, {});
  LazyMemory<A> memory(world);
  for (const uint64_t address :
       {uint64_t{0}, world.root() - 8, world.root() + 4, world.root() + 16,
        world.root() + 4096, ~uint64_t{7}}) {
    const Loaded loaded = memory.Load(Level::kPmd, EntryRef::InTable(address));
    EXPECT_EQ(loaded.source, Source::kNowhere) << address;
    EXPECT_EQ(loaded.value, A::Entries::Empty(Level::kPmd));
  }
  EXPECT_EQ(memory.LoadRootType(EntryRef::InTable(world.root())),
            A::Entries::Empty(Level::kPud));
  EXPECT_TRUE(world.ChosenEntries().empty());
  EXPECT_FALSE(world.Advance());
}

TEST(LazyWorldTest, ReadsAreBounded) {
  using A = TinyS390<1>;
  LazyWorld<A> world(3, {.most_reads = 3});
  const LazyMemory<A> memory(world);
  const EntryRef root = EntryRef::InTable(world.root());
  for (int i = 0; i < 3; ++i) memory.Load(Level::kPud, root);
  EXPECT_THROW(memory.Load(Level::kPud, root), Endless);
  EXPECT_TRUE(world.Advance());
  EXPECT_NO_THROW(memory.Load(Level::kPud, root));
}

// The words that the stack holds behind a copy of the root's entry `index`,
// read as one of `level`.
std::vector<std::string> StackWords(int levels, uint64_t index, Level level) {
  using A = TinyS390<2>;
  LazyWorld<A> world(levels, {});
  std::vector<std::string> all;
  do {
    LazyMemory<A> memory(world);
    const EntryRef entry = EntryRef::InTable(world.root()).Plus(index);
    const Level root = static_cast<Level>(levels - 1);
    const EntryRef copy =
        memory.Push(root, A::Entries::Empty(root), entry).Next();
    const Loaded loaded = memory.Load(level, copy);
    EXPECT_EQ(loaded.source, Source::kLeftCopy);
    // It stays what it is, and is the same behind each copy.
    EXPECT_EQ(memory.Load(level, copy).value, loaded.value);
    EXPECT_EQ(world.stack().size(), 1u);
    const StackWord word = world.stack()[0];
    EXPECT_EQ(word.distance, 1);
    if (word.content == StackContent::kNext) {
      // The entry behind is chosen as any other is; once is enough here.
      if (loaded.value != A::Entries::Empty(root)) continue;
      EXPECT_EQ(loaded.value, *world.Read(entry.Next().address()));
    }
    if (word.content != StackContent::kWord) {
      all.emplace_back(Name(word.content));
      continue;
    }
    for (Level of = level; of >= Level::kPmd; of = Below(of)) {
      const EntryKind kind = A::Entries::Classify(of, word.word);
      if (kind.tag == EntryKind::Tag::kMalformed) continue;
      const bool nowhere =
          kind.tag == EntryKind::Tag::kTable && !world.IsEntry(kind.address);
      all.push_back(std::string(Name(of)) + " " +
                    (nowhere ? "nowhere" : std::string(Name(kind.tag))));
    }
  } while (world.Advance());
  return all;
}

TEST(LazyWorldTest, WordsOfTheStack) {
  // A zero is a pmd entry that leads nowhere.
  EXPECT_THAT(StackWords(3, 0, Level::kPmd),
              UnorderedElementsAre("zero", "copy", "next", "pmd empty",
                                   "pmd leaf", "pmd table"));
  EXPECT_THAT(StackWords(3, 3, Level::kPud),
              UnorderedElementsAre("zero", "copy", "pmd empty", "pmd leaf",
                                   "pmd table", "pud empty", "pud leaf",
                                   "pud table", "pud nowhere"));
  // p4d entries are not there in three levels.
  EXPECT_EQ(StackWords(3, 3, Level::kP4d), StackWords(3, 3, Level::kPud));
  EXPECT_EQ(StackWords(4, 3, Level::kP4d).size(), 12u);
}

// -----------------------------------------------------------------------------
// Planted bugs.

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
// Each turn of the pte loop is for one byte.
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

// Bugs in what is said for all architectures.
template <class T>
struct PlantedInText : TinyS390<1> {
  using Text = T;
};
struct TakesTheTopForZero : GupText {
  static constexpr uint64_t AddressEnd(uint64_t address, uint64_t end,
                                       uint64_t size) {
    const uint64_t boundary = WrappingAdd(address, size) & ~(size - 1);
    return boundary < end ? boundary : end;
  }
};
struct NeverMeetsTheEnd : GupText {
  static constexpr uint64_t AddressEnd(uint64_t address, uint64_t /*end*/,
                                       uint64_t size) {
    return address & ~(size - 1);
  }
};
struct CountsForEver : GupText {
  static constexpr uint64_t PageCount(Level /*level*/, uint64_t /*address*/,
                                      uint64_t /*next*/, int /*page_shift*/) {
    return ~uint64_t{0};
  }
};

constexpr WorldBounds kFirstFinding = {.stop_at_finding = true};

TEST(PlantedTest, NothingPlantedIsNothingFound) {
  EXPECT_EQ((Exhaust<Planted<1, None>>(3, kStaticLockless).differ), 0u);
}

TEST(PlantedTest, AHoleThatIsALeaf) {
  const ExhaustResult result =
      Exhaust<Planted<1, HoleIsLeaf>>(4, kFoldedAwareByPointer, kFirstFinding);
  ASSERT_TRUE(result.finding.has_value());
  EXPECT_FALSE(result.complete);
  EXPECT_EQ(result.unexcused(), 1u);
}

// In all walks that ask for that boundary, also those that a known defect
// excuses elsewhere.
TEST(PlantedTest, ABoundaryOffByALevel) {
  for (const Policy& walk : kAllWalks) {
    if (walk.boundary != BoundaryRule::kStatic) continue;
    for (int levels = 3; levels <= 5; ++levels) {
      const ExhaustResult result = Exhaust<Planted<1, PmdEndsWhereAPudDoes>>(
          levels, walk, kFirstFinding);
      EXPECT_TRUE(result.finding.has_value()) << Name(walk) << levels;
    }
  }
}

TEST(PlantedTest, AWriteToAReadOnlyPage) {
  const ExhaustResult result =
      Exhaust<Planted<1, WritesReadOnlyPages>>(2, kStaticLockless);
  ASSERT_TRUE(result.finding.has_value());
  EXPECT_TRUE(result.finding->write);
  EXPECT_EQ(result.finding->outcome, Outcome::kLong);
}

TEST(PlantedTest, AWriteBitThatReadersNeed) {
  const ExhaustResult result =
      Exhaust<Planted<1, AsksReadersForWrite>>(3, kStaticLockless);
  ASSERT_TRUE(result.finding.has_value());
  EXPECT_FALSE(result.finding->write);
  EXPECT_EQ(result.finding->outcome, Outcome::kShort);
}

TEST(PlantedTest, AnIndexMaskNeedsTwoBits) {
  EXPECT_EQ((Exhaust<Planted<1, LosesAnIndexBit>>(3, kStaticLockless).differ),
            0u);
  const ExhaustResult result =
      Exhaust<Planted<2, LosesAnIndexBit>>(3, kStaticLockless, kFirstFinding);
  EXPECT_TRUE(result.finding.has_value());
}

// The boundary above the last entry of all is 0.
TEST(PlantedTest, ABoundaryThatWraps) {
  using Bug = PlantedInText<TakesTheTopForZero>;
  EXPECT_EQ(Exhaust<Bug>(4, kStaticLockless).differ, 0u);
  const ExhaustResult result = Exhaust<Bug>(5, kStaticLockless);
  ASSERT_TRUE(result.finding.has_value());
  EXPECT_GE(result.finding->start, 16u);
}

template <class A>
void ExpectEndless(std::string_view walk) {
  const ExhaustResult result =
      Exhaust<A>(5, *PolicyFromName(walk), kFirstFinding);
  EXPECT_EQ(result.endless, 1u);
  EXPECT_EQ(result.unexcused(), 1u);
  ASSERT_TRUE(result.finding.has_value());
  EXPECT_FALSE(result.finding->ends);
  EXPECT_THAT(Describe(*result.finding), testing::HasSubstr("does not end"));
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

// -----------------------------------------------------------------------------

TEST(WitnessTest, TellsTheWorld) {
  const ExhaustResult result = Exhaust<TinyS390<1>>(3, kStaticByValue);
  ASSERT_TRUE(result.known.has_value());
  // Frames are complements: page 3 of 32 has frame 28.
  EXPECT_EQ(Describe(*result.known),
            "s390/3 static-by-value, 2 pages from page 3 on, for reading:\n"
            "  fault at position 1\n"
            "  pud table 0[0]    table 1\n"
            "  pud table 0[1]    empty\n"
            "  pmd table 1[1]    table 2\n"
            "  pte table 2[1]    clean leaf, frame 28\n"
            "  stack +1          zero\n"
            "  frames: walk      28\n"
            "  reference         28\n");
}

TEST(WitnessTest, HasThePagesOfBothSides) {
  const ExhaustResult result =
      Exhaust<TinyS390<1>>(2, *PolicyFromName("static-lockless-recompute"));
  ASSERT_TRUE(result.known.has_value());
  const WorldWitness& witness = *result.known;
  EXPECT_EQ(witness.outcome, Outcome::kShort);
  EXPECT_EQ(witness.start, 1u);
  EXPECT_THAT(witness.returned, ElementsAre(30));
  EXPECT_THAT(witness.expected, ElementsAre(30, 29));
}

TEST(ExhaustTest, TellsItsProgress) {
  ExhaustProgress last;
  uint64_t calls = 0;
  const ExhaustResult result = Exhaust<TinyS390<1>>(
      2, kStaticLockless, {.pages = 4}, [&](const ExhaustProgress& progress) {
        EXPECT_GE(progress.behaviours, last.behaviours);
        last = progress;
        ++calls;
      });
  EXPECT_EQ(calls, 20u);
  EXPECT_EQ(last.ranges_done, 20u);
  EXPECT_EQ(last.ranges, 20u);
  EXPECT_EQ(last.behaviours, result.behaviours);
  EXPECT_EQ(result.ranges, 20u);
}

}  // namespace
}  // namespace pxdfuzz
