// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REPORT_PICTURE_H_
#define PXDFUZZ_REPORT_PICTURE_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/memory/arena.h"
#include "pxdfuzz/memory/memory.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/geometry.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/reference/translate.h"
#include "pxdfuzz/report/replay.h"
#include "pxdfuzz/report/text_entries.h"
#include "pxdfuzz/report/text_walk.h"
#include "pxdfuzz/walk/walk.h"

namespace pxdfuzz {

// What there is to draw of a walk: the tables that matter to the page that is
// told (the first that differs), and two paths to it, the reference's and the
// walk's. Plain values, of no architecture and no layout.
struct WalkPicture {
  static constexpr size_t kNone = std::numeric_limits<size_t>::max();

  struct LevelInfo {
    Level level = Level::kPte;
    bool real = true;
    // The manual's name of its table, or where it is folded of the table whose
    // entry is handed through: "region-third table".
    std::string table;
    // What an entry of the level spans as the walk's pXd_addr_end() has it, and
    // the first and the number of multiples of that inside the range.
    uint64_t span = 0;
    std::optional<uint64_t> boundary;
    uint64_t boundaries = 0;
    // Where the entry that a folded level hands on ends inside the range, and
    // its pXd_addr_end() does not say so: that span, and the first such place.
    uint64_t entry_span = 0;
    std::optional<uint64_t> unseen;
    // The walk went wrong by that.
    bool marked = false;
  };
  // What an entry is: at the start, or what a change makes of it.
  struct Content {
    uint64_t word = 0;
    EntryKind::Tag tag = EntryKind::Tag::kEmpty;
    std::string meaning;  // "segment table 0", "empty"
    // What it leads to: positions in `tables` and `pages`, or kNone.
    size_t table = kNone;
    size_t page = kNone;
    // Whose path leads over it.
    bool by_reference = false;
    bool by_walk = false;
  };
  struct Later : Content {
    size_t change = 0;  // its number
  };
  struct Entry : Content {
    uint64_t index = 0;
    std::vector<Later> later;
  };
  struct Table {
    Level level = Level::kPte;
    std::string name;  // "segment table 0"
    uint64_t physical = 0;
    // The first address that it maps, where that is known.
    std::optional<uint64_t> base;
    uint64_t size = 0;           // entries
    uint64_t span = 0;           // bytes that each maps
    std::vector<Entry> entries;  // those that matter, by index
    // How many more are not empty.
    uint64_t others = 0;
    // The change that made it the root table, if any.
    size_t root_since = 0;
  };
  struct Page {
    uint64_t frame = 0;
    Level leaf = Level::kPte;  // the level of the entry that maps it
    bool large = false;
    // "page 1 of the reference".
    std::vector<std::string> roles;
    bool by_reference = false;
    bool by_walk = false;
  };
  // A place on a path.
  struct Step {
    enum class At : uint8_t { kEntry, kStack, kNowhere, kPage };
    At at = At::kEntry;
    Level level = Level::kPte;
    // Of kEntry, positions of table and entry; of kPage, `table` is that of the
    // page.
    size_t table = kNone;
    size_t entry = kNone;
    // Of kEntry, the position in Entry::later of what was read there; kNone
    // where that is what it holds at the start.
    size_t later = kNone;

    friend bool operator==(const Step&, const Step&) = default;
  };

  // The stack around a local copy that the walk left.
  struct Stack {
    Level level = Level::kPte;  // of the loop whose pointer left
    Level copy = Level::kPmd;   // of the copied entry
    uint64_t copy_word = 0;
    std::string copied_from;     // "region-third table 0, entry 512"
    std::optional<Step> copied;  // the same, where it is in the picture
    std::string pointer;         // what left it: "pudp++"
    int64_t distance = 0;        // in words; above, where it is positive
    uint64_t word = 0;
    std::string content;  // "an older copy of the same p4d"
    std::string meaning;  // "segment table 0"
    size_t table = kNone;
  };
  std::string walk;  // its name
  uint64_t start = 0;
  uint64_t end = 0;
  // The page that is told, and whether it is the first difference.
  size_t page = 0;
  uint64_t address = 0;
  bool differs = false;
  // The version of the tables that the reference's path is of. Tables are as
  // they are at the start, with what changes.
  size_t version = 0;
  std::vector<LevelInfo> levels;  // pgd first
  std::vector<Table> tables;      // the root first
  std::vector<Page> pages;
  std::optional<Stack> stack;
  std::vector<Step> reference_path;
  std::vector<Step> walk_path;
  // Where a path ends without a page: "empty pte".
  std::string reference_stop;
  std::string walk_stop;
  // What the walk's pointer of kNowhere is: "physical 0x0, where no table is".
  std::string nowhere;

  // What an entry was when a path led over it.
  Content& At(const Step& step) {
    Entry& entry = tables[step.table].entries[step.entry];
    return step.later == kNone ? static_cast<Content&>(entry)
                               : entry.later[step.later];
  }

  const LevelInfo& info(Level level) const {
    return levels[static_cast<size_t>(Ordinal(Level::kPgd) - Ordinal(level))];
  }
  // The first address that an entry of a table maps, where that is known.
  static std::optional<uint64_t> AddressOf(const Table& table,
                                           const Entry& entry) {
    if (!table.base.has_value()) return std::nullopt;
    return WrappingAdd(*table.base, WrappingMul(entry.index, table.span));
  }
};

// Looks up what there is to draw.
template <class A>
class PictureMaker {
 public:
  // Both outlive the object; `difference` is the first page that differs, or
  // behind those that are returned.
  PictureMaker(const Replay<A>& replay, const WalkText<A>& walk,
               Outcome outcome, size_t difference)
      : replay_(replay),
        walk_(walk),
        geometry_(replay.geometry()),
        outcome_(outcome),
        page_(std::min<size_t>(difference, replay.request().pages - size_t{1})),
        address_(replay.AddressOf(page_)) {}

  WalkPicture Make() {
    picture_.walk = Name(replay_.policy());
    picture_.start = replay_.request().start;
    picture_.end = replay_.AddressOf(replay_.request().pages);
    picture_.page = page_;
    picture_.address = address_;
    picture_.differs = outcome_ != Outcome::kAgrees;
    if (replay_.changing()) {
      // The root first, and tables where they stand at the start.
      TableOf(replay_.top(0).root);
      for (size_t v = 0; v <= replay_.last_version(); ++v) {
        Translated(address_, v, [](const Step&) {});
      }
      picture_.version = outcome_ == Outcome::kStale && IsReturned()
                             ? replay_.grabbed(page_)
                             : replay_.last_version();
    }
    AddLevels();
    AddReference();
    if (page_ > 0) AddPageBefore();
    AddWalk();
    AddReturnedPage();
    if (replay_.changing()) AddChanges();
    Finish();
    return std::move(picture_);
  }

 private:
  using Picture = WalkPicture;
  using Step = WalkPicture::Step;

  bool IsReturned() const { return page_ < replay_.pages().size(); }

  void AddLevels() {
    for (int i = kLevelCount; i > 0; --i) {
      const Level level = kAllLevels[static_cast<size_t>(i - 1)];
      const Level entry = EntryLevel(geometry_, level);
      Picture::LevelInfo info{.level = level,
                              .real = geometry_.real(level),
                              .table = std::string(A::Manual::TableName(entry)),
                              .span = uint64_t{1} << walk_.BoundaryShift(level),
                              .entry_span = geometry_.span(entry)};
      info.boundary = FirstInside(info.span);
      if (info.boundary.has_value()) {
        info.boundaries =
            WrappingSub(picture_.end - 1, *info.boundary) / info.span + 1;
      }
      if (!info.real && info.entry_span < info.span) {
        info.unseen = FirstInside(info.entry_span);
        const Turn* left = walk_.rule_turn();
        info.marked = info.unseen.has_value() && left != nullptr &&
                      left->loaded.source == Source::kStackEscape &&
                      left->level != Level::kPgd && Above(left->level) == level;
      }
      picture_.levels.push_back(std::move(info));
    }
  }

  // The first multiple of `span` inside the range.
  std::optional<uint64_t> FirstInside(uint64_t span) const {
    const uint64_t first = WrappingAdd(picture_.start, span) & ~(span - 1);
    // No boundary is behind the last one of all.
    if (first <= picture_.start || first >= picture_.end) return std::nullopt;
    return first;
  }

  // The table that a word stands in, of which there is one.
  size_t TableOf(uint64_t physical) {
    const Arena& arena = replay_.arena();
    const uint64_t origin =
        physical - arena.IndexInTable(physical) * kEntrySize;
    for (size_t i = 0; i < picture_.tables.size(); ++i) {
      if (picture_.tables[i].physical == origin) return i;
    }
    const Level level = arena.TableLevel(physical);
    picture_.tables.push_back(
        {.level = level,
         .name = Concat({A::Manual::TableName(level), " ",
                         std::to_string(arena.FrameNumber(physical))}),
         .physical = origin,
         .base = std::nullopt,
         .size = geometry_.entries(level),
         .span = geometry_.span(level),
         .entries = {}});
    return picture_.tables.size() - 1;
  }

  // The entry that a word of a table is, of which `read` was read.
  Step EntryOf(uint64_t physical, uint64_t read) {
    const Arena& arena = replay_.arena();
    const size_t at = TableOf(physical);
    Picture::Table& table = picture_.tables[at];
    const uint64_t index = arena.IndexInTable(physical);
    const auto place = std::find_if(
        table.entries.begin(), table.entries.end(),
        [index](const Picture::Entry& e) { return e.index >= index; });
    const auto entry = static_cast<size_t>(place - table.entries.begin());
    if (place == table.entries.end() || place->index != index) {
      Picture::Entry made;
      made.index = index;
      static_cast<Picture::Content&>(made) =
          ContentOf(table.level, replay_.WordAtStart(physical));
      for (size_t change = 1; change <= replay_.last_version(); ++change) {
        for (const ChangedWord& word : replay_.changed_words(change)) {
          if (word.physical != physical) continue;
          Picture::Later later;
          static_cast<Picture::Content&>(later) =
              ContentOf(table.level, word.after);
          later.change = change;
          made.later.push_back(std::move(later));
        }
      }
      table.entries.insert(place, std::move(made));
      Shift(at, entry);
    }
    Step step{.at = Step::At::kEntry,
              .level = table.level,
              .table = at,
              .entry = entry};
    const Picture::Entry& found = table.entries[entry];
    for (size_t i = 0; i < found.later.size(); ++i) {
      if (picture_.At(step).word != read) step.later = i;
    }
    return step;
  }

  Picture::Content ContentOf(Level level, uint64_t word) const {
    const EntryKind kind = A::Entries::Classify(level, word);
    return {
        .word = word,
        .tag = kind.tag,
        .meaning = DescribeKind<A>(replay_.arena(), geometry_, level, kind)};
  }

  // An entry was put in front of others, to which paths may lead.
  void Shift(size_t table, size_t entry) {
    for (auto* path : {&picture_.reference_path, &picture_.walk_path}) {
      for (Step& step : *path) {
        if (step.at == Step::At::kEntry && step.table == table &&
            step.entry >= entry) {
          ++step.entry;
        }
      }
    }
    if (!picture_.stack.has_value()) return;
    auto& copied = picture_.stack->copied;
    if (copied.has_value() && copied->table == table &&
        copied->entry >= entry) {
      ++copied->entry;
    }
  }

  // Adds the entries by which the reference translates in a version; their
  // tables then have a known place.
  template <class Visit>
  Translation Translated(uint64_t address, size_t version, Visit visit) {
    return replay_.TranslateWith(
        address, version, [&](Level level, EntryRef ref, uint64_t word) {
          if (replay_.arena().Find(ref.address()) == nullptr) return;
          const Step step = EntryOf(ref.address(), word);
          const int bits = geometry_.shift(level) + geometry_.index_bits(level);
          auto& base = picture_.tables[step.table].base;
          // A table that is filled anew for another place keeps its first.
          if (!base.has_value() || !replay_.changing()) {
            base = bits < 64 ? address & ~((uint64_t{1} << bits) - 1) : 0;
          }
          visit(step);
        });
  }

  size_t PageOf(uint64_t frame, Level leaf) {
    for (size_t i = 0; i < picture_.pages.size(); ++i) {
      if (picture_.pages[i].frame == frame && picture_.pages[i].leaf == leaf) {
        return i;
      }
    }
    picture_.pages.push_back({.frame = frame,
                              .leaf = leaf,
                              .large = leaf != Level::kPte,
                              .roles = {}});
    return picture_.pages.size() - 1;
  }

  // Lets the last entry of a path lead to a page.
  size_t AddPage(const Step& step, uint64_t frame) {
    const size_t page = PageOf(frame, step.level);
    if (step.at == Step::At::kEntry) {
      Picture::Content& content = picture_.At(step);
      if (content.page == Picture::kNone) content.page = page;
    }
    return page;
  }

  void AddReference() {
    const size_t version = picture_.version;
    const Translation t = Translated(
        address_, version,
        [this](const Step& step) { picture_.reference_path.push_back(step); });
    const bool is_beyond =
        !replay_.changing() && page_ > replay_.reference().size();
    if (!replay_.Allows(t) || picture_.reference_path.empty()) {
      picture_.reference_stop = replay_.WhyNot(t);
      return;
    }
    const size_t page =
        AddPage(picture_.reference_path.back(),
                A::Manual::FrameAddress(t.level, t.entry, address_));
    picture_.pages[page].by_reference = true;
    picture_.pages[page].roles.push_back(
        is_beyond ? Concat({"mapped at ", Hex(address_)})
                  : Concat({"page ", std::to_string(page_), " by the ",
                            "reference", InVersion()}));
    picture_.reference_path.push_back({.at = Step::At::kPage,
                                       .level = t.level,
                                       .table = page,
                                       .entry = Picture::kNone});
  }

  void AddPageBefore() {
    std::optional<Step> last;
    const uint64_t address = replay_.AddressOf(page_ - 1);
    const size_t version = picture_.version;
    const Translation t = Translated(
        address, version, [&last](const Step& step) { last = step; });
    if (!last.has_value() || !replay_.Allows(t)) return;
    const uint64_t frame = A::Manual::FrameAddress(t.level, t.entry, address);
    const size_t page = AddPage(*last, frame);
    const bool same = page_ - 1 < replay_.pages().size() &&
                      replay_.pages()[page_ - 1] == frame;
    picture_.pages[page].roles.push_back(
        Concat({"page ", std::to_string(page_ - 1),
                same ? " by both" : " by the reference", InVersion()}));
  }

  // " in version 1", where there are several.
  std::string InVersion() const {
    if (!replay_.changing()) return "";
    return Concat({" in version ", std::to_string(picture_.version)});
  }

  void AddReturnedPage() {
    if (!IsReturned()) return;
    const auto where = replay_.WhereMapped(replay_.pages()[page_]);
    if (!where.has_value() || where->address == address_) return;
    std::optional<Step> last;
    const Translation t =
        Translated(where->address, where->version,
                   [&last](const Step& step) { last = step; });
    if (!last.has_value()) return;
    const size_t page = AddPage(
        *last, A::Manual::FrameAddress(t.level, t.entry, where->address));
    picture_.pages[page].roles.push_back(
        Concat({"mapped at ", Hex(where->address)}));
  }

  // Of what each change wrote as much as there is room for.
  void AddChanges() {
    constexpr size_t kMost = 2;
    for (size_t change = 1; change <= replay_.last_version(); ++change) {
      const auto& words = replay_.changed_words(change);
      for (size_t i = 0; i < words.size() && i < kMost; ++i) {
        EntryOf(words[i].physical, words[i].after);
      }
      if (replay_.top(change).root == replay_.top(change - 1).root) continue;
      picture_.tables[TableOf(replay_.top(change).root)].root_since = change;
    }
  }

  // The turn that came to the page, or to where there is none.
  std::optional<size_t> LastTurn() const {
    const auto& turns = replay_.turns();
    if (turns.empty()) return std::nullopt;
    if (walk_.effect().has_value()) return walk_.effect();
    std::optional<size_t> last;
    for (size_t i = 0; i < turns.size(); ++i) {
      const Turn& turn = turns[i].turn;
      if (WrappingSub(address_, turn.address) <
          WrappingSub(turn.next, turn.address)) {
        last = i;
      }
    }
    return last.has_value() ? last : turns.size() - 1;
  }

  void AddWalk() {
    const std::optional<size_t> end = LastTurn();
    if (!end.has_value()) return;
    const auto& turns = replay_.turns();
    const SeenTurn& seen = turns[*end];
    const Turn& last = seen.turn;
    for (std::optional<size_t> i = end; i.has_value(); i = walk_.ParentOf(*i)) {
      chain_[Ordinal(turns[*i].turn.level)] = *i;
    }
    for (int i = kLevelCount; i > Ordinal(last.level); --i) {
      const Level level = kAllLevels[static_cast<size_t>(i - 1)];
      if (geometry_.real(level) || level == last.level) AddWalkStep(level);
    }
    const size_t pages = walk_.PagesOf(seen);
    if (seen.dropped) {
      picture_.walk_stop = "the recheck, which gives the page back";
      return;
    }
    if (pages == 0) {
      if (last.step == WalkStep::kStop || last.step == WalkStep::kLeaf) {
        picture_.walk_stop =
            last.loaded.source == Source::kNowhere
                ? std::string("no table")
                : replay_.WhyNot(EntryLevel(geometry_, last.level),
                                 last.loaded.value);
      }
      return;
    }
    if (picture_.walk_path.empty()) return;
    const bool holds = WrappingSub(address_, last.address) <
                       WrappingSub(last.next, last.address);
    const uint64_t frame = replay_.kernel().LeafPage(
        last.level, last.loaded.value, holds ? address_ : last.address);
    Step from = picture_.walk_path.back();
    from.level = last.level;
    const size_t page = AddPage(from, frame);
    const bool right = picture_.pages[page].by_reference;
    picture_.pages[page].by_walk = true;
    picture_.pages[page].roles.push_back(
        Concat({"page ", std::to_string(page_), " by ", picture_.walk,
                right || !picture_.differs    ? ""
                : outcome_ == Outcome::kStale ? ": stale"
                                              : ": wrong"}));
    picture_.walk_path.push_back({.at = Step::At::kPage,
                                  .level = last.level,
                                  .table = page,
                                  .entry = Picture::kNone});
  }

  const Turn* ChainTurn(Level level) const {
    const auto& at = chain_[Ordinal(level)];
    return at.has_value() ? &replay_.turns()[*at].turn : nullptr;
  }

  // The turn whose entry a turn really looked at: copies are traced back.
  const Turn* Origin(const Turn* turn) const {
    while (turn != nullptr && !turn->ref.in_table() &&
           turn->loaded.source == Source::kOwnCopy) {
      turn = ChainTurn(turn->ref.copy_of());
    }
    return turn;
  }

  void AddWalkStep(Level level) {
    const Turn* turn = Origin(ChainTurn(level));
    if (turn == nullptr) return;
    if (turn->loaded.source == Source::kStackEscape) {
      AddStack(level, *turn);
    } else if (turn->loaded.source == Source::kNowhere ||
               replay_.arena().Find(turn->ref.address()) == nullptr) {
      picture_.nowhere = DescribePlace<A>(replay_.arena(), turn->ref.address());
      picture_.walk_path.push_back({.at = Step::At::kNowhere, .level = level});
    } else {
      const Step step = EntryOf(turn->ref.address(), Followed(level, *turn));
      // A folded level that ends the walk looks at what a real one had.
      if (picture_.walk_path.empty() || picture_.walk_path.back() != step) {
        picture_.walk_path.push_back(step);
      }
    }
  }

  // What a walk went by of the entry that a turn read: an offset function may
  // have read it again.
  uint64_t Followed(Level level, const Turn& turn) const {
    if (level != Level::kPte && turn.level == level) {
      for (const WalkEvent& event : replay_.events()) {
        if (event.kind == WalkEvent::Kind::kReread &&
            event.reread.level == level &&
            chain_[Ordinal(Below(level))] == event.turn) {
          return event.reread.loaded.value;
        }
      }
    }
    return turn.loaded.value;
  }

  void AddStack(Level level, const Turn& turn) {
    const bool folded = !geometry_.real(level) && level != Level::kPte;
    const Level column = folded ? geometry_.real_below(level) : level;
    picture_.walk_path.push_back({.at = Step::At::kStack, .level = column});
    if (picture_.stack.has_value()) return;
    const Turn* copied = ChainTurn(turn.ref.copy_of());
    const Turn* origin = Origin(copied);
    Picture::Stack stack{
        .level = turn.level,
        .copy = turn.ref.copy_of(),
        .pointer = walk_.PointerText(*chain_[Ordinal(turn.level)]),
        .distance = walk_.DistanceFromCopy(turn.ref),
        .word = turn.loaded.value,
        .content = walk_.StackContentText(turn),
        .meaning = DescribeEntry<A>(replay_.arena(), geometry_,
                                    EntryLevel(geometry_, turn.level),
                                    turn.loaded.value)};
    if (copied != nullptr) stack.copy_word = copied->loaded.value;
    if (origin != nullptr && origin->ref.in_table()) {
      stack.copied_from =
          DescribePlace<A>(replay_.arena(), origin->ref.address());
      if (replay_.arena().Find(origin->ref.address()) != nullptr) {
        stack.copied = EntryOf(origin->ref.address(), origin->loaded.value);
      }
    }
    picture_.stack = std::move(stack);
  }

  // Where entries lead, among the tables that are in the picture.
  size_t TableBelow(Level level, uint64_t word) const {
    const EntryKind kind = A::Entries::Classify(level, word);
    if (kind.tag != EntryKind::Tag::kTable) return Picture::kNone;
    for (size_t i = 0; i < picture_.tables.size(); ++i) {
      if (picture_.tables[i].physical == kind.address) return i;
    }
    return Picture::kNone;
  }

  void Finish() {
    for (Picture::Table& table : picture_.tables) {
      for (Picture::Entry& entry : table.entries) {
        entry.table = TableBelow(table.level, entry.word);
        for (Picture::Later& later : entry.later) {
          later.table = TableBelow(table.level, later.word);
        }
      }
      uint64_t filled = 0;
      for (uint64_t i = 0; i < table.size; ++i) {
        const uint64_t word =
            *replay_.arena().Find(table.physical + i * kEntrySize);
        filled += A::Entries::Classify(table.level, word).tag !=
                  EntryKind::Tag::kEmpty;
      }
      for (const Picture::Entry& entry : table.entries) {
        filled -= entry.tag != EntryKind::Tag::kEmpty;
      }
      table.others = filled;
    }
    if (picture_.stack.has_value()) {
      picture_.stack->table = TableBelow(
          EntryLevel(geometry_, picture_.stack->level), picture_.stack->word);
    }
    Mark(picture_.reference_path, &Picture::Content::by_reference);
    Mark(picture_.walk_path, &Picture::Content::by_walk);
  }

  void Mark(const std::vector<Step>& path, bool Picture::Content::* mark) {
    for (const Step& step : path) {
      if (step.at == Step::At::kEntry) picture_.At(step).*mark = true;
    }
  }

  const Replay<A>& replay_;
  const WalkText<A>& walk_;
  const Geometry& geometry_;
  const Outcome outcome_;
  const size_t page_;
  const uint64_t address_;
  // The turns that led to the last one, by level.
  std::array<std::optional<size_t>, kLevelCount> chain_;
  WalkPicture picture_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_REPORT_PICTURE_H_
