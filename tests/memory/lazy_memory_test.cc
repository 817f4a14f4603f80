// SPDX-License-Identifier: MIT

#include "pxdfuzz/exhaust/lazy_memory.h"

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pxdfuzz/exhaust/exhaust.h"
#include "pxdfuzz/memory/memory.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/reference/translate.h"
#include "pxdfuzz/walk/walk.h"

namespace pxdfuzz {
namespace {

using testing::UnorderedElementsAre;

static_assert(Memory<LazyMemory<TinyS390<1>>>);
static_assert(Memory<LazySnapshot<TinyS390<1>>>);

// All choices of a world.
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

TEST(LazyWorldTest, AllWorldsAreDifferent) {
  using A = TinyS390<1>;
  const Geometry geometry = A::GeometryOf(3);
  for (const Policy& walk : {kStaticByValue, kFoldedAwareByPointer}) {
    LazyWorld<A> world(3, {.write = true});
    std::set<std::string> worlds;
    size_t count = 0;
    std::string first;
    do {
      LazyMemory<A> memory(world);
      ViolationTrace trace(memory);
      Walk w(A::Kernel(3), walk, memory, trace);
      w.Run(EntryRef::InTable(world.root()), 2 * geometry.page_size(),
            6 * geometry.page_size(), true, {});
      worlds.insert(Fingerprint(world));
      if (++count == 1) first = Fingerprint(world);
    } while (world.Advance());
    EXPECT_EQ(worlds.size(), count);
    // It can start again.
    LazyMemory<A> memory(world);
    ViolationTrace trace(memory);
    Walk w(A::Kernel(3), walk, memory, trace);
    w.Run(EntryRef::InTable(world.root()), 2 * geometry.page_size(),
          6 * geometry.page_size(), true, {});
    EXPECT_EQ(Fingerprint(world), first);
  }
}

// Otherwise a wrong page might look like the right one.
TEST(LazyWorldTest, EachPageHasADifferentFrame) {
  using A = TinyS390<2>;
  const uint64_t page_size = A::GeometryOf(3).page_size();
  LazyWorld<A> world(3, {});
  do {
    LazyMemory<A> memory(world);
    ViolationTrace trace(memory);
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

TEST(LazyWorldTest, AnEntryHasEachValueOnce) {
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

// The forms at entry `index` of pte tables, over all places.
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

TEST(LazyWorldTest, EachFormOccursAtEachIndex) {
  for (uint64_t index = 0; index < 4; ++index) {
    for (const bool write : {false, true}) {
      EXPECT_THAT(PageForms(index, write),
                  UnorderedElementsAre(
                      "empty", "swap", "leaf", "leaf read-only", "leaf none",
                      "leaf old", "leaf clean", "leaf special"));
    }
  }
}

TEST(LazyWorldTest, ThereIsNothingOutsideTables) {
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

// The words of the stack behind a copy of the root's entry `index`, read as an
// entry of `level`.
std::vector<std::string> StackWords(int levels, uint64_t index, Level level) {
  using A = TinyS390<2>;
  LazyWorld<A> world(levels, {});
  std::vector<std::string> all;
  bool has_next = false;
  do {
    LazyMemory<A> memory(world);
    const EntryRef entry = EntryRef::InTable(world.root()).Plus(index);
    const Level root = static_cast<Level>(levels - 1);
    const EntryRef copy =
        memory.Push(root, A::Entries::Empty(root), entry).Next();
    const Loaded loaded = memory.Load(level, copy);
    EXPECT_EQ(loaded.source, Source::kStackEscape);
    // It does not change, and is the same behind each copy.
    EXPECT_EQ(memory.Load(level, copy).value, loaded.value);
    EXPECT_EQ(world.stack().size(), 1u);
    const StackWord word = world.stack()[0];
    EXPECT_EQ(word.distance, 1);
    if (word.content == StackContent::kNext) {
      // The next entry is chosen as any other; once is enough here.
      if (has_next) continue;
      has_next = true;
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
  // With three levels there are no p4d entries.
  EXPECT_EQ(StackWords(3, 3, Level::kP4d), StackWords(3, 3, Level::kPud));
  EXPECT_EQ(StackWords(4, 3, Level::kP4d).size(), 12u);
}

// -----------------------------------------------------------------------------

// The values of the root's first entry after a change between two reads.
std::vector<std::string> ReplacementsOf(int levels, bool write) {
  using A = TinyS390<1>;
  LazyWorld<A> world(levels,
                     {.write = write, .changes = EntryChanges::kBeforeUse});
  const Level root = static_cast<Level>(levels - 1);
  const auto describe = [&](uint64_t word) {
    const EntryKind kind = A::Entries::Classify(root, word);
    if (kind.tag != EntryKind::Tag::kLeaf) return std::string(Name(kind.tag));
    const bool gets = A::Contract::Allows(root, word, write);
    return std::string(gets ? "leaf" : "refused");
  };
  std::vector<std::string> all;
  do {
    const LazyMemory<A> memory(world);
    const EntryRef entry = EntryRef::InTable(world.root());
    const uint64_t first = memory.Load(root, entry).value;
    EXPECT_FALSE(world.change().has_value());
    const uint64_t second = memory.Load(root, entry).value;
    EXPECT_EQ(first != second, world.change().has_value());
    EXPECT_EQ(first != second, world.IsChanged(entry.address()));
    const LazySnapshot<A> before(world, 0);
    const LazySnapshot<A> after(world, 1);
    EXPECT_EQ(before.Load(root, entry).value, first);
    EXPECT_EQ(after.Load(root, entry).value, second);
    if (first == second) continue;
    all.push_back(describe(first) + " > " + describe(second));
    // Once is enough.
    EXPECT_EQ(memory.Load(root, entry).value, second);
  } while (world.Advance());
  return all;
}

TEST(ChangeTest, AnEntryBecomesWhatLinuxMakesOfIt) {
  EXPECT_THAT(
      ReplacementsOf(2, false),
      UnorderedElementsAre("empty > leaf", "empty > table", "table > empty",
                           "leaf > empty", "leaf > leaf", "leaf > table"));
  EXPECT_THAT(
      ReplacementsOf(2, true),
      UnorderedElementsAre("empty > leaf", "empty > table", "table > empty",
                           "leaf > empty", "leaf > leaf", "leaf > table",
                           "leaf > refused", "refused > empty",
                           "refused > leaf", "refused > table"));
  EXPECT_THAT(
      ReplacementsOf(3, true),
      UnorderedElementsAre("empty > leaf", "empty > table", "table > empty",
                           "leaf > empty", "leaf > leaf", "leaf > refused",
                           "refused > empty", "refused > leaf"));
  EXPECT_THAT(ReplacementsOf(4, false),
              UnorderedElementsAre("empty > table", "table > empty"));
}

// In worlds in which the root's second entry leads to a table that is then
// detached: the content of its two entries, of which the second is read
// afterwards.
std::vector<std::string> AllThatIsTakenOut(int levels) {
  using A = TinyS390<1>;
  LazyWorld<A> world(levels, {.changes = EntryChanges::kBeforeUse});
  const Level root = static_cast<Level>(levels - 1);
  std::vector<std::string> all;
  do {
    const LazyMemory<A> memory(world);
    const EntryRef entry = EntryRef::InTable(world.root()).Next();
    const EntryKind kind =
        A::Entries::Classify(root, memory.Load(root, entry).value);
    if (kind.tag != EntryKind::Tag::kTable) continue;
    const EntryRef below = EntryRef::InTable(kind.address);
    const auto read = [&](const EntryRef& ref) {
      const uint64_t word = memory.Load(Below(root), ref).value;
      const bool gets = A::Contract::Allows(Below(root), word, false);
      return std::string(gets ? "leaf" : "hole");
    };
    std::string text = read(below);
    const uint64_t word = memory.Load(root, entry).value;
    if (!world.change().has_value()) continue;
    EXPECT_EQ(word, A::Entries::Empty(root));
    all.push_back(text + ", " + read(below.Next()));
  } while (world.Advance());
  return all;
}

TEST(ChangeTest, ATableIsDetachedWithItsPagesOrEmpty) {
  EXPECT_THAT(AllThatIsTakenOut(3), UnorderedElementsAre("hole, hole"));
  EXPECT_THAT(AllThatIsTakenOut(2),
              UnorderedElementsAre("hole, hole", "hole, leaf", "leaf, hole",
                                   "leaf, leaf"));
}

TEST(ChangeTest, ASplitLeafKeepsItsPages) {
  using A = TinyS390<2>;
  const Geometry geometry = A::GeometryOf(2);
  LazyWorld<A> world(2, {.changes = EntryChanges::kBeforeUse});
  const A::Manual manual(geometry, A::Entries::Control(2, world.root()));
  int splits = 0;
  do {
    const LazyMemory<A> memory(world);
    const EntryRef entry = EntryRef::InTable(world.root());
    memory.Load(Level::kPmd, entry);
    memory.Load(Level::kPmd, entry);
    if (!world.change().has_value()) continue;
    const auto kind = [&](uint64_t word) {
      return A::Entries::Classify(Level::kPmd, word).tag;
    };
    if (kind(world.change()->before) != EntryKind::Tag::kLeaf ||
        kind(world.change()->after) != EntryKind::Tag::kTable) {
      continue;
    }
    ++splits;
    for (uint64_t page = 0; page < 4; ++page) {
      const uint64_t address = page * geometry.page_size();
      const Translation before =
          Translate(manual, LazySnapshot<A>(world, 0), address);
      const Translation after =
          Translate(manual, LazySnapshot<A>(world, 1), address);
      EXPECT_EQ(before.level, Level::kPmd);
      EXPECT_EQ(after.level, Level::kPte);
      EXPECT_EQ(before.physical, after.physical);
      EXPECT_TRUE(A::Contract::Allows(Level::kPte, after.entry, false));
    }
  } while (world.Advance());
  EXPECT_EQ(splits, 1);
}

// Any other entry than the one that is read again, before references are taken;
// but only entries that were read.
TEST(ChangeTest, BeforeReferencesAnyReadEntryMayChange) {
  using A = TinyS390<2>;
  LazyWorld<A> world(2, {.changes = EntryChanges::kBeforeUse});
  std::set<uint64_t> changed;
  do {
    const LazyMemory<A> memory(world);
    const EntryRef entry = EntryRef::InTable(world.root());
    memory.Load(Level::kPmd, entry.Plus(2));
    memory.Load(Level::kPmd, entry);
    EXPECT_FALSE(world.change().has_value());
    world.BeforeGrab();
    if (!world.change().has_value()) continue;
    EXPECT_TRUE(world.change()->before_grab);
    EXPECT_EQ(world.change()->reads, 2u);
    changed.insert(world.change()->index);
  } while (world.Advance());
  EXPECT_EQ(changed, (std::set<uint64_t>{0, 2}));
}

TEST(ChangeTest, NothingChangesByDefault) {
  using A = TinyS390<1>;
  LazyWorld<A> world(3, {});
  do {
    const LazyMemory<A> memory(world);
    const EntryRef entry = EntryRef::InTable(world.root());
    memory.Load(Level::kPud, entry);
    memory.Load(Level::kPud, entry);
    world.BeforeGrab();
    EXPECT_FALSE(world.change().has_value());
  } while (world.Advance());
}

}  // namespace
}  // namespace pxdfuzz
