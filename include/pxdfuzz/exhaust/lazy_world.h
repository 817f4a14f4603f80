// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_EXHAUST_LAZY_WORLD_H_
#define PXDFUZZ_EXHAUST_LAZY_WORLD_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "pxdfuzz/base/inline_vector.h"
#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/exhaust/choices.h"
#include "pxdfuzz/exhaust/entry_forms.h"
#include "pxdfuzz/exhaust/lazy_tables.h"
#include "pxdfuzz/memory/stack.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/geometry.h"
#include "pxdfuzz/paging/level.h"

namespace pxdfuzz {

// Thrown by a read beyond the number that any walk that ends can need.
struct Endless {};

// When another processor may change an entry.
enum class EntryChanges : uint8_t {
  kNever,
  // Before the walk reads it again, and before it takes a reference. A change
  // at any other time has the same effect as a change at the next of these
  // times: in between, the walk does not read the entry and no page's state
  // matters.
  kBeforeUse,
  // Before any read of any entry, and before it takes a reference: many times
  // as many worlds, which show nothing more.
  kBeforeAnyRead,
};

// All worlds that readers can distinguish, one after the other. A world is the
// content of each table entry and each word of the stack that is read, chosen
// at the first read. Worlds come in depth-first order:
//
//   LazyWorld<A> world(levels, options);
//   do {
//     LazyMemory memory(world);  // and what reads it, always alike
//   } while (world.Advance());
//
// The choices of a world are made again at the start of the next world, so
// nothing is copied, and nothing is allocated once all containers have grown.
//
// Entries of tables. A table is read as one of its real level, whatever level
// the reader assumes, and reads beyond its last entry hit nothing. An entry is
// a hole; or a table to which no other entry leads; or, if its level has
// leaves, a leaf that the request gets; or, for requests to write, a leaf that
// the request does not get. Up to symmetry there are no other entries:
//   - Readers do nothing with a table's address but add indexes to it and read
//     there, and nothing with a leaf's frame but hand it out. What counts is
//     which are the same. Tables are numbered as they are chosen. A leaf's
//     frame is the complement of the addresses that it maps, so that no two
//     pages of the address space have one frame, no page has its own address
//     for a frame, and any wrong page is seen.
//   - For entries that lead to no table, one form stands for all forms that a
//     reader treats alike: see EntryForms.
//
// Words of the stack, `distance` words from a copy, the same from each copy, as
// in ArenaMemory. The type bits of a word decide what a walk does: it goes
// down, or reads the same word as an entry of the level below. At the level at
// which it stays, the word is empty, a leaf, or leads to a table. `level` is
// the level as which the word is read first. The choices are:
//   - zero (which on s390 is a pmd entry that leads nowhere),
//   - an older copy of the same entry: its table's pages are those of other
//     addresses,
//   - the next entry of the same table, if there is one, so that a walk that is
//     right by luck differs from a sound walk,
//   - of each real level from pmd up to `level`: the empty entry, a leaf where
//     the level has them, an entry that leads to a table of its own, and one
//     that leads nowhere.
// The type of a level above `level` says no more than that of `level`. pte
// entries stand in real tables and are never read from the stack. Words that
// lead to one more table of the same walk are left out: its pages are those of
// other addresses, as an older copy's are. Distances are bounded by kReach on
// either side, and all words beyond are zero: a loop below one entry has as
// many iterations as a table has entries.
//
// Changes, if Options ask for them. Another processor changes at most one entry
// during a walk, in one step. Time, entry and new value are choices too. An
// entry becomes what Linux makes of such an entry:
//   - a leaf: a hole; the same leaf in another state, which the request may or
//     may not get; at pmd, a table of its pages;
//   - a leaf that the request does not get: a hole; one that it gets; at pmd, a
//     table of its pages;
//   - a hole: a leaf that the request gets, or a new table;
//   - an entry that leads to a table: a hole. A page table may be detached with
//     all that it holds; a table above holds nothing by then, so its entries
//     are holes, including those that were not read yet.
// Changes that readers cannot distinguish are left out: a hole or refused entry
// that becomes another refused entry. A table to which nothing leads any more
// keeps its content: its memory is not used again during a walk.
//
// Only an entry that the walk has read can change. The walk sees only the new
// value of any other entry, so it does the same in the world in which the entry
// has that value from the start, and there the judge allows one state less.
template <class A>
class LazyWorld {
 public:
  struct Options {
    // The request writes.
    bool write = false;
    // Otherwise, all words of the stack are zero.
    bool stack_content = true;
    // The limit of reads of entries in one world; the next one throws Endless.
    size_t most_reads = 1000;
    EntryChanges changes = EntryChanges::kNever;
  };
  // A chosen entry, for people.
  struct Chosen {
    size_t table = 0;  // its number; 0 is the root
    Level level = Level::kPgd;
    uint64_t index = 0;
    uint64_t word = 0;
  };
  // The entry that was changed.
  struct Change {
    size_t table = 0;
    Level level = Level::kPgd;
    uint64_t index = 0;
    uint64_t before = 0;
    uint64_t after = 0;
    // How many entries of tables the walk had read, and whether it was about to
    // take a reference instead of reading another entry.
    size_t reads = 0;
    bool before_grab = false;
  };
  using StackWords = InlineVector<StackWord, 6>;

  static constexpr int64_t kReach = StackWords::capacity() / 2;

  LazyWorld(int levels, const Options& options)
      : geometry_(A::GeometryOf(levels)),
        options_(options),
        forms_(geometry_, options.write),
        tables_(geometry_) {
    Restart();
  }

  // Continues with the next world. After the last, returns to the first and
  // gives false.
  bool Advance() {
    const bool is_new = choices_.Advance();
    Restart();
    return is_new;
  }

  const Geometry& geometry() const { return geometry_; }
  uint64_t root() const { return tables_.AddressOf(0); }
  bool stack_content() const { return options_.stack_content; }

  // Call this before each read of an entry.
  void CountRead() {
    if (reads_left_ == 0) throw Endless();
    --reads_left_;
  }

  // The entry at a physical address, which is chosen if necessary; null if
  // there is none.
  const uint64_t* Read(uint64_t address) {
    const std::optional<Place> place = tables_.Find(address);
    if (!place.has_value()) return nullptr;
    if (!tables_[place->table].IsChosen(place->index)) {
      const uint64_t word = ChooseEntry(*place);
      tables_[place->table].chosen |= uint64_t{1} << place->index;
      tables_.WordAt(*place) = word;
    }
    return &tables_.WordAt(*place);
  }

  // Call this before the walk reads the entry at a physical address.
  void BeforeRead(uint64_t address) {
    if (options_.changes == EntryChanges::kNever) return;
    const std::optional<Place> place = tables_.Find(address);
    if (!place.has_value()) return;
    const bool was_read =
        std::find(read_.begin(), read_.end(), *place) != read_.end();
    if (options_.changes == EntryChanges::kBeforeAnyRead) {
      MayChangeAny(/*before_grab=*/false);
    } else if (was_read) {
      MayChange(*place, /*before_grab=*/false);
    }
    ++reads_;
    if (!was_read) read_.push_back(*place);
  }
  // Call this before the walk takes references to pages.
  [[gnu::noinline]] void BeforeGrab() { MayChangeAny(/*before_grab=*/true); }

  const std::optional<Change>& change() const { return change_; }
  // 0 before the change, and 1 after it.
  size_t snapshot() const { return change_.has_value() ? 1 : 0; }
  // Whether the changed entry is the one at that address.
  bool IsChanged(uint64_t address) const {
    if (!change_.has_value()) return false;
    const std::optional<Place> place = tables_.Find(address);
    return place.has_value() && *place == Place{change_->table, change_->index};
  }
  // Like Read(), for the tables before the change.
  const uint64_t* ReadBefore(uint64_t address) {
    return IsChanged(address) ? &change_->before : Read(address);
  }

  // Whether there is an entry at that address, with the index that `virt`
  // selects.
  bool HasIndexOf(uint64_t address, uint64_t virt) const {
    const std::optional<Place> place = tables_.Find(address);
    return place.has_value() &&
           place->index == geometry_.index(tables_.LevelOf(*place), virt);
  }
  bool IsEntry(uint64_t address) const {
    return tables_.Find(address).has_value();
  }

  // The word of the stack at that distance from a copy, chosen if necessary;
  // the entry that was copied has a next entry or not.
  StackWord ReadStack(int64_t distance, Level level, bool has_next) {
    if (!options_.stack_content || distance > kReach || distance < -kReach) {
      return {};
    }
    for (const StackWord& word : stack_) {
      if (word.distance == distance) return word;
    }
    stack_.push_back(
        ChooseWord(static_cast<int16_t>(distance), level, has_next));
    return stack_.back();
  }

  // The choices of this world, tables in the order of their numbers; the state
  // before the change.
  std::vector<Chosen> ChosenEntries() const {
    std::vector<Chosen> all;
    for (size_t i = 0; i < tables_.size(); ++i) {
      const Table& table = tables_[i];
      for (uint64_t index = 0; index < table.words.size(); ++index) {
        if (!table.IsChosen(index)) continue;
        const bool changed = change_.has_value() && change_->table == i &&
                             change_->index == index;
        all.push_back({i, table.level, index,
                       changed ? change_->before : table.words[index]});
      }
    }
    return all;
  }
  const StackWords& stack() const { return stack_; }

  // The number that the table at a physical address has, if there is one.
  static std::optional<size_t> TableAt(uint64_t address) {
    return LazyTables<A>::NumberAt(address);
  }

 private:
  using Table = typename LazyTables<A>::Table;
  using Place = typename LazyTables<A>::Place;

  // What an entry may be.
  enum class Kind : uint8_t { kHole, kTable, kLeaf, kRefusedLeaf, kNowhere };

  // What an entry may change to, besides its possible initial values.
  enum class Replacement : uint8_t {
    kHole,
    kLeaf,
    kRefusedLeaf,
    kOtherLeaf,  // one that the request still gets
    kNewTable,
    kSplit,  // a table of the pages that the leaf mapped
  };
  using Replacements = InlineVector<Replacement, 4>;

  void Restart() {
    change_.reset();
    reads_ = 0;
    read_.clear();
    reads_left_ = options_.most_reads;
    stack_.clear();
    tables_.Clear();
    tables_.Add(geometry_.root(), 0);
  }

  uint64_t ChooseEntry(const Place& place) {
    const Level level = tables_.LevelOf(place);
    InlineVector<Kind, 4> kinds;
    kinds.push_back(Kind::kHole);
    if (level != Level::kPte) kinds.push_back(Kind::kTable);
    const auto& forms = forms_.of(level);
    if (!forms.leaves.empty()) kinds.push_back(Kind::kLeaf);
    if (!forms.refused.empty()) kinds.push_back(Kind::kRefusedLeaf);
    return MakeEntry(
        level, tables_.FirstOf(place),
        kinds[choices_.Choose(static_cast<uint8_t>(kinds.size()))]);
  }

  // ---------------------------------------------------------------------------
  // Changes.

  // One entry after the other, so that no choice has too many options.
  void MayChangeAny(bool before_grab) {
    for (const Place& place : read_) MayChange(place, before_grab);
  }

  void MayChange(const Place& place, bool before_grab) {
    if (options_.changes == EntryChanges::kNever || change_.has_value()) return;
    const Replacements all = ReplacementsOf(place);
    if (all.empty()) return;
    const uint8_t taken = choices_.Choose(static_cast<uint8_t>(1 + all.size()));
    if (taken == 0) return;
    const Level level = tables_.LevelOf(place);
    const uint64_t before = tables_.WordAt(place);
    if (all[taken - 1] == Replacement::kHole) EmptyTable(level, before);
    const uint64_t after = Make(place, before, all[taken - 1]);
    tables_.WordAt(place) = after;
    change_ = {.table = place.table,
               .level = level,
               .index = place.index,
               .before = before,
               .after = after,
               .reads = reads_,
               .before_grab = before_grab};
  }

  Replacements ReplacementsOf(const Place& place) {
    const Level level = tables_.LevelOf(place);
    const uint64_t word = tables_.WordAt(place);
    const auto& forms = forms_.of(level);
    Replacements all;
    switch (KindOf(level, word)) {
      case Kind::kLeaf:
        all.push_back(Replacement::kHole);
        all.push_back(Replacement::kOtherLeaf);
        if (!forms.refused.empty()) all.push_back(Replacement::kRefusedLeaf);
        if (level == Level::kPmd) all.push_back(Replacement::kSplit);
        break;
      case Kind::kRefusedLeaf:
        all.push_back(Replacement::kHole);
        if (!forms.leaves.empty()) all.push_back(Replacement::kLeaf);
        if (level == Level::kPmd) all.push_back(Replacement::kSplit);
        break;
      case Kind::kTable:
        if (level == Level::kPmd || HoldsNothing(level, word)) {
          all.push_back(Replacement::kHole);
        }
        break;
      default:
        if (!forms.leaves.empty()) all.push_back(Replacement::kLeaf);
        if (level != Level::kPte) all.push_back(Replacement::kNewTable);
    }
    return all;
  }

  uint64_t Make(const Place& place, uint64_t before, Replacement replacement) {
    const Level level = tables_.LevelOf(place);
    const uint64_t first = tables_.FirstOf(place);
    switch (replacement) {
      case Replacement::kHole:
        // The entry of a table becomes empty. The entry of a page may also
        // become a refused leaf or a swap entry.
        return KindOf(level, before) == Kind::kTable
                   ? A::Entries::Empty(level)
                   : MakeEntry(level, first, Kind::kHole);
      case Replacement::kLeaf:
        return MakeEntry(level, first, Kind::kLeaf);
      case Replacement::kRefusedLeaf:
        return MakeEntry(level, first, Kind::kRefusedLeaf);
      case Replacement::kOtherLeaf:
        // A request gets old pages and young pages, so there is another leaf.
        for (const EntryForm& form : forms_.of(level).leaves) {
          const uint64_t other = forms_.Make(level, first, form);
          if (other != before) return other;
        }
        return before;
      case Replacement::kNewTable:
        return MakeEntry(level, first, Kind::kTable);
      case Replacement::kSplit: {
        const EntryKind leaf = A::Entries::Classify(level, before);
        const Level below = geometry_.real_below(level);
        const uint64_t address = tables_.Add(below, first);
        tables_.Fill(tables_[tables_.size() - 1], [&](uint64_t i) {
          return A::Entries::Leaf(
              below, leaf.address + i * geometry_.span(below), leaf.state);
        });
        return A::Entries::Table(level, address);
      }
    }
    return before;
  }

  // What an entry of a table is, by what this request gets from it.
  Kind KindOf(Level level, uint64_t word) const {
    const EntryKind::Tag tag = A::Entries::Classify(level, word).tag;
    if (tag == EntryKind::Tag::kTable) return Kind::kTable;
    if (A::Contract::Allows(level, word, options_.write)) return Kind::kLeaf;
    return tag == EntryKind::Tag::kLeaf && options_.write ? Kind::kRefusedLeaf
                                                          : Kind::kHole;
  }

  // The number of the table that an entry of `level` leads to.
  static size_t TableBelow(Level level, uint64_t entry) {
    return *TableAt(A::Entries::Classify(level, entry).address);
  }

  // Whether all chosen entries of the table to which an entry leads are holes.
  bool HoldsNothing(Level level, uint64_t entry) const {
    const Table& table = tables_[TableBelow(level, entry)];
    for (uint64_t i = 0; i < geometry_.entries(table.level); ++i) {
      if (table.IsChosen(i) &&
          KindOf(table.level, table.words[i]) != Kind::kHole) {
        return false;
      }
    }
    return true;
  }

  // An entry of `level` becomes a hole. If it leads to a table above page
  // tables, all entries of that table that were not read are empty.
  void EmptyTable(Level level, uint64_t entry) {
    if (level == Level::kPmd || KindOf(level, entry) != Kind::kTable) return;
    Table& below = tables_[TableBelow(level, entry)];
    tables_.Fill(below,
                 [&](uint64_t) { return A::Entries::Empty(below.level); });
  }

  // ---------------------------------------------------------------------------

  // An entry of `level` whose span begins at virtual address `first`.
  uint64_t MakeEntry(Level level, uint64_t first, Kind kind) {
    const auto number = static_cast<uint32_t>(first >> geometry_.shift(level));
    const auto make_next = [&](const auto& list) {
      return forms_.Make(level, first,
                         list[number % static_cast<uint32_t>(list.size())]);
    };
    const auto& forms = forms_.of(level);
    switch (kind) {
      case Kind::kHole:
        return make_next(forms.holes);
      case Kind::kTable:
        return A::Entries::Table(
            level, tables_.Add(geometry_.real_below(level), first));
      case Kind::kLeaf:
        return make_next(forms.leaves);
      case Kind::kRefusedLeaf:
        return make_next(forms.refused);
      case Kind::kNowhere:
        return A::Entries::Table(level, LazyTables<A>::kNowhere);
    }
    return A::Entries::Empty(level);
  }

  StackWord ChooseWord(int16_t distance, Level level, bool has_next) {
    struct Option {
      StackContent content = StackContent::kZero;
      Level of = Level::kPmd;  // if the word is an entry
      Kind kind = Kind::kHole;
    };
    InlineVector<Option, 3 + 4 * kLevelCount> all;
    all.push_back({StackContent::kZero});
    all.push_back({StackContent::kCopy});
    if (has_next) all.push_back({StackContent::kNext});
    const int highest = std::min(Ordinal(level), Ordinal(geometry_.root()));
    for (int i = Ordinal(Level::kPmd); i <= highest; ++i) {
      const Level of = kAllLevels[i];
      // kZero may already be an entry of this kind.
      const EntryKind::Tag zero = A::Entries::Classify(of, 0).tag;
      const auto add = [&](Kind kind) {
        all.push_back({StackContent::kWord, of, kind});
      };
      if (zero != EntryKind::Tag::kEmpty) add(Kind::kHole);
      if (A::Entries::HasLeaf(of)) add(Kind::kLeaf);
      add(Kind::kTable);
      if (zero != EntryKind::Tag::kTable) add(Kind::kNowhere);
    }
    const Option& taken =
        all[choices_.Choose(static_cast<uint8_t>(all.size()))];
    StackWord word{.distance = distance, .content = taken.content};
    if (taken.content == StackContent::kWord) {
      // Its pages are those of addresses from the top down, where an address
      // space with folded levels has none.
      const uint64_t span = geometry_.span(taken.of);
      const uint64_t above =
          WrappingMul(static_cast<uint64_t>(distance) & kReach, span);
      const uint64_t first = ~above & ~(span - 1);
      switch (taken.kind) {
        case Kind::kHole:
          word.word = A::Entries::Empty(taken.of);
          break;
        case Kind::kLeaf:
          word.word = forms_.Make(taken.of, first, {EntryKind::Tag::kLeaf, {}});
          break;
        default:
          word.word = MakeEntry(taken.of, first, taken.kind);
      }
    }
    return word;
  }

  const Geometry geometry_;
  const Options options_;
  const EntryForms<A> forms_;
  Choices choices_;
  size_t reads_left_ = 0;
  LazyTables<A> tables_;
  StackWords stack_;
  // How many entries the walk has read, and which.
  size_t reads_ = 0;
  std::vector<Place> read_;
  std::optional<Change> change_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_EXHAUST_LAZY_WORLD_H_
