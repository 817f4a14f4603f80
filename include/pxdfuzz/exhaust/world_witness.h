// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_EXHAUST_WORLD_WITNESS_H_
#define PXDFUZZ_EXHAUST_WORLD_WITNESS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/engine/outcome.h"
#include "pxdfuzz/exhaust/lazy_memory.h"
#include "pxdfuzz/memory/stack.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/geometry.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/paging/policy.h"

namespace pxdfuzz {

// A world in which a walk goes wrong, limited to what the walk and the
// reference have read.
struct WorldWitness {
  struct Entry {
    size_t table = 0;  // its number, in the order of first reads; 0 is the root
    Level level = Level::kPgd;
    uint64_t index = 0;
    EntryKind kind;
    // The number of the table to which it leads.
    std::optional<size_t> leads_to;
  };
  struct Word {
    int distance = 0;
    StackContent content = StackContent::kZero;
    // If the word is an entry: its level and content.
    Level level = Level::kPmd;
    EntryKind kind;
    std::optional<size_t> leads_to;
  };
  struct Change {
    Entry entry;  // its new value
    // After this many reads of entries, and before the next read or before
    // references are taken.
    size_t reads = 0;
    bool before_grab = false;
  };

  PagingMode mode;
  Policy walk;
  // Pages are counted from the beginning of the address space; frames are
  // counted in pages.
  uint64_t start = 0;
  uint64_t pages = 0;
  bool write = false;
  int page_shift = 0;
  // Everything that was read, in the state before the change.
  std::vector<Entry> entries;
  std::vector<Word> stack;
  std::optional<Change> change;

  // False if the walk did not end; then there is no outcome.
  bool ends = true;
  Outcome outcome = Outcome::kAgrees;
  size_t first_difference = 0;
  // The cause of an expected failure, if it is one.
  Cause waiver = Cause::kNone;
  // Frames that the walk returned, and those of the reference before the
  // change, where they were asked for.
  std::vector<uint64_t> returned;
  std::vector<uint64_t> expected;
  // The frame of the page that differs, before the change and after it.
  std::optional<uint64_t> before;
  std::optional<uint64_t> after;
};

// The case in a few lines: what differs, all entries and words that were read,
// what changed, and the frames of both sides.
std::string Describe(const WorldWitness& witness);

// The number of the table that an entry leads to.
template <class A>
std::optional<size_t> TableOf(const EntryKind& kind) {
  if (kind.tag != EntryKind::Tag::kTable) return std::nullopt;
  return LazyWorld<A>::TableAt(kind.address);
}

// Everything but how it ends.
template <class A>
WorldWitness SeenWorldOf(const LazyWorld<A>& world, int levels, Policy walk,
                         const Request& request) {
  const Geometry& geometry = world.geometry();
  WorldWitness seen;
  seen.mode = {A::kId, static_cast<uint8_t>(levels)};
  seen.walk = walk;
  seen.start = request.start >> geometry.page_shift();
  seen.pages = request.pages;
  seen.write = request.write;
  seen.page_shift = geometry.page_shift();
  const auto entry = [](size_t table, Level level, uint64_t index,
                        uint64_t word) {
    const EntryKind kind = A::Entries::Classify(level, word);
    return WorldWitness::Entry{table, level, index, kind, TableOf<A>(kind)};
  };
  for (const auto& chosen : world.ChosenEntries()) {
    seen.entries.push_back(
        entry(chosen.table, chosen.level, chosen.index, chosen.word));
  }
  for (const StackWord& word : world.stack()) {
    Level level = geometry.root();
    EntryKind kind = A::Entries::Classify(level, word.word);
    while (kind.tag == EntryKind::Tag::kMalformed && level > Level::kPmd) {
      level = Below(level);
      kind = A::Entries::Classify(level, word.word);
    }
    seen.stack.push_back(
        {word.distance, word.content, level, kind, TableOf<A>(kind)});
  }
  if (const auto& change = world.change(); change.has_value()) {
    seen.change = {
        entry(change->table, change->level, change->index, change->after),
        change->reads, change->before_grab};
  }
  return seen;
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_EXHAUST_WORLD_WITNESS_H_
