// SPDX-License-Identifier: MIT

#include "pxdfuzz/report/make_picture.h"

#include <algorithm>
#include <array>
#include <utility>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/report/words.h"

namespace pxdfuzz {
namespace {

// Collects what to draw.
class PictureMaker {
 public:
  PictureMaker(const Facts& facts, const IterationText& iterations,
               std::string_view walk)
      : facts_(facts),
        iterations_(iterations),
        geometry_(facts.geometry()),
        page_(facts.explained_page()),
        address_(facts.AddressOf(page_)) {
    picture_.walk = walk;
  }

  WalkPicture Make() {
    picture_.start = facts_.request().start;
    picture_.end = facts_.AddressOf(facts_.request().pages);
    picture_.page = page_;
    picture_.address = address_;
    picture_.differs = facts_.outcome() != Outcome::kAgrees;
    if (facts_.changing()) {
      // The root first, and tables that exist at the start.
      TableOf(facts_.tables().top(0).root);
      for (size_t i = 0; i <= facts_.run().snapshot; ++i) {
        Translated(address_, i, [](const Step&) {});
      }
      picture_.snapshot = facts_.outcome() == Outcome::kStale && IsReturned()
                              ? pages()[page_].snapshot
                              : facts_.run().snapshot;
    }
    AddLevels();
    AddReference();
    if (page_ > 0) AddPageBefore();
    AddWalk();
    AddReturnedPage();
    if (facts_.changing()) AddChanges();
    Finish();
    return std::move(picture_);
  }

 private:
  using Picture = WalkPicture;
  using Step = WalkPicture::Step;

  const std::vector<ReturnedPage>& pages() const { return facts_.run().pages; }
  bool IsReturned() const { return page_ < pages().size(); }
  const Event& ReadOf(size_t iteration) const {
    return facts_.ReadOf(iteration);
  }

  void AddLevels() {
    for (int i = kLevelCount; i > 0; --i) {
      const Level level = kAllLevels[static_cast<size_t>(i - 1)];
      const Level entry = EntryLevel(geometry_, level);
      Picture::LevelInfo info{
          .level = level,
          .real = geometry_.real(level),
          .table = std::string(facts_.tables().TableName(entry)),
          .span = uint64_t{1} << facts_.BoundaryShift(level),
          .entry_span = geometry_.span(entry)};
      info.boundary = FirstInside(info.span);
      if (info.boundary.has_value()) {
        info.boundaries =
            WrappingSub(picture_.end - 1, *info.boundary) / info.span + 1;
      }
      if (!info.real && info.entry_span < info.span) {
        info.unseen = FirstInside(info.entry_span);
        const Event* left = facts_.rule_iteration();
        info.marked = info.unseen.has_value() && left != nullptr &&
                      left->place.kind == Place::Kind::kStack &&
                      left->level != Level::kPgd && Above(left->level) == level;
      }
      picture_.levels.push_back(std::move(info));
    }
  }

  // The first multiple of `span` inside the range.
  std::optional<uint64_t> FirstInside(uint64_t span) const {
    const uint64_t first = WrappingAdd(picture_.start, span) & ~(span - 1);
    // There is no boundary after the very last one.
    if (first <= picture_.start || first >= picture_.end) return std::nullopt;
    return first;
  }

  // The table that contains a word, which must exist.
  size_t TableOf(uint64_t physical) {
    const Arena& arena = facts_.tables().arena();
    const uint64_t origin =
        physical - arena.IndexInTable(physical) * kEntrySize;
    for (size_t i = 0; i < picture_.tables.size(); ++i) {
      if (picture_.tables[i].physical == origin) return i;
    }
    const Level level = arena.TableLevel(physical);
    picture_.tables.push_back({.level = level,
                               .name = facts_.TableAt(physical),
                               .physical = origin,
                               .base = std::nullopt,
                               .size = geometry_.entries(level),
                               .span = geometry_.span(level),
                               .entries = {}});
    return picture_.tables.size() - 1;
  }

  // The entry for a word of a table, whose value `read` was read.
  Step EntryOf(uint64_t physical, uint64_t read) {
    const Arena& arena = facts_.tables().arena();
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
          ContentOf(table.level, facts_.tables().WordIn(0, physical));
      for (size_t change = 1; change <= facts_.run().snapshot; ++change) {
        for (const ChangedWord& word : facts_.tables().changed_words(change)) {
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

  EntryKind Classify(Level level, uint64_t word) const {
    return facts_.tables().arch().classify(level, word);
  }
  Picture::Content ContentOf(Level level, uint64_t word) const {
    const EntryKind kind = Classify(level, word);
    return {
        .word = word, .tag = kind.tag, .meaning = facts_.Meaning(level, kind)};
  }

  // Adds an entry before others, to which paths may lead.
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

  // Adds the entries on the reference's path in a snapshot; this gives their
  // tables a known place.
  template <class Visit>
  Translation Translated(uint64_t address, size_t snapshot, Visit visit) {
    return facts_.tables().Translate(
        address, snapshot, [&](Level level, uint64_t physical, uint64_t word) {
          if (facts_.tables().arena().Find(physical) == nullptr) return;
          const Step step = EntryOf(physical, word);
          const int bits = geometry_.shift(level) + geometry_.index_bits(level);
          auto& base = picture_.tables[step.table].base;
          // A table that is refilled for another place keeps its first place.
          if (!base.has_value() || !facts_.changing()) {
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
    const Translation t = Translated(
        address_, picture_.snapshot,
        [this](const Step& step) { picture_.reference_path.push_back(step); });
    const bool is_beyond =
        !facts_.changing() && page_ > facts_.expected().size();
    if (!facts_.Allows(t) || picture_.reference_path.empty()) {
      picture_.reference_stop = facts_.WhyNot(t);
      return;
    }
    const size_t page =
        AddPage(picture_.reference_path.back(), facts_.PageOf(t, address_));
    picture_.pages[page].by_reference = true;
    picture_.pages[page].roles.push_back(
        is_beyond ? Concat({"mapped at ", Hex(address_)})
                  : Concat({"page ", std::to_string(page_), " by the ",
                            "reference", InSnapshot()}));
    picture_.reference_path.push_back({.at = Step::At::kPage,
                                       .level = t.level,
                                       .table = page,
                                       .entry = Picture::kNone});
  }

  void AddPageBefore() {
    std::optional<Step> last;
    const uint64_t address = facts_.AddressOf(page_ - 1);
    const Translation t = Translated(
        address, picture_.snapshot, [&last](const Step& step) { last = step; });
    if (!last.has_value() || !facts_.Allows(t)) return;
    const uint64_t frame = facts_.PageOf(t, address);
    const size_t page = AddPage(*last, frame);
    const bool same =
        page_ - 1 < pages().size() && pages()[page_ - 1].physical == frame;
    picture_.pages[page].roles.push_back(
        Concat({"page ", std::to_string(page_ - 1),
                same ? " by both" : " by the reference", InSnapshot()}));
  }

  // " in snapshot 1", if there are several.
  std::string InSnapshot() const {
    if (!facts_.changing()) return "";
    return Concat({" in snapshot ", std::to_string(picture_.snapshot)});
  }

  void AddReturnedPage() {
    if (!IsReturned()) return;
    const auto where = facts_.WhereMapped(pages()[page_].physical);
    if (!where.has_value() || where->address == address_) return;
    std::optional<Step> last;
    const Translation t =
        Translated(where->address, where->snapshot,
                   [&last](const Step& step) { last = step; });
    if (!last.has_value()) return;
    const size_t page = AddPage(*last, facts_.PageOf(t, where->address));
    picture_.pages[page].roles.push_back(
        Concat({"mapped at ", Hex(where->address)}));
  }

  // As many of each change's writes as there is room for.
  void AddChanges() {
    constexpr size_t kMost = 2;
    const CaseTables& tables = facts_.tables();
    for (size_t change = 1; change <= facts_.run().snapshot; ++change) {
      const auto& words = tables.changed_words(change);
      for (size_t i = 0; i < words.size() && i < kMost; ++i) {
        EntryOf(words[i].physical, words[i].after);
      }
      if (tables.top(change).root == tables.top(change - 1).root) continue;
      picture_.tables[TableOf(tables.top(change).root)].root_since = change;
    }
  }

  // Whether the part of the range of an iteration contains the page; for kernel
  // code only its start is known.
  bool HoldsPage(const Facts::Iteration& iteration) const {
    const Event& read = facts_.events()[iteration.read];
    if (!read.part.has_value()) return iteration.held <= page_;
    return WrappingSub(address_, read.part->address) <
           WrappingSub(read.part->next, read.part->address);
  }

  // The iteration that reached the page, or the place where there is none.
  std::optional<size_t> LastIteration() const {
    const auto& iterations = facts_.iterations();
    if (iterations.empty()) return std::nullopt;
    if (facts_.effect().has_value()) return facts_.effect();
    for (size_t i = iterations.size(); i > 0; --i) {
      if (HoldsPage(iterations[i - 1])) return i - 1;
    }
    return iterations.size() - 1;
  }

  void AddWalk() {
    const std::optional<size_t> end = LastIteration();
    if (!end.has_value()) return;
    const Facts::Iteration& iteration = facts_.iterations()[*end];
    const Event& last = ReadOf(*end);
    for (std::optional<size_t> i = end; i.has_value();
         i = facts_.ParentOf(*i)) {
      chain_[Ordinal(ReadOf(*i).level)] = *i;
    }
    for (int i = kLevelCount; i > Ordinal(last.level); --i) {
      const Level level = kAllLevels[static_cast<size_t>(i - 1)];
      if (geometry_.real(level) || level == last.level) AddWalkStep(level);
    }
    if (iteration.pages == 0) {
      if (facts_.HasEvent(*end, Event::Kind::kPut)) {
        picture_.walk_stop = "the recheck, after which the page is put";
      } else if (facts_.run().end == RunEnd::kBug) {
        picture_.walk_stop = Concat({"BUG() of ", facts_.run().bug});
      } else if (!last.part.has_value() ||
                 last.part->step != WalkStep::kDescend) {
        picture_.walk_stop = !last.value.has_value() ? std::string("no table")
                                                     : facts_.WhyNot(last);
      }
      return;
    }
    if (picture_.walk_path.empty()) return;
    const size_t returned =
        std::clamp(page_, iteration.held, iteration.held + iteration.pages - 1);
    const uint64_t frame =
        returned < pages().size()
            ? pages()[returned].physical
            : WrappingAdd(facts_.FirstFrame(*end),
                          (returned - iteration.held) * geometry_.page_size());
    Step from = picture_.walk_path.back();
    from.level = last.level;
    const size_t page = AddPage(from, frame);
    const bool right = picture_.pages[page].by_reference;
    picture_.pages[page].by_walk = true;
    picture_.pages[page].roles.push_back(
        Concat({"page ", std::to_string(page_), " by ", picture_.walk,
                right || !picture_.differs            ? ""
                : facts_.outcome() == Outcome::kStale ? ": stale"
                                                      : ": wrong"}));
    picture_.walk_path.push_back({.at = Step::At::kPage,
                                  .level = last.level,
                                  .table = page,
                                  .entry = Picture::kNone});
  }

  const Event* ChainIteration(Level level) const {
    const auto& at = chain_[Ordinal(level)];
    return at.has_value() ? &ReadOf(*at) : nullptr;
  }

  // The iteration whose entry an iteration actually looked at: copies are
  // traced back.
  const Event* Origin(const Event* read) const {
    while (read != nullptr && read->place.kind == Place::Kind::kOwnCopy &&
           read->place.copy_of > read->level) {
      read = ChainIteration(read->place.copy_of);
    }
    return read;
  }

  void AddWalkStep(Level level) {
    const Event* read = Origin(ChainIteration(level));
    if (read == nullptr || read->place.kind == Place::Kind::kOwnCopy) return;
    if (read->place.kind == Place::Kind::kStack) {
      AddStack(level, *read);
    } else if (facts_.IsStray(*read)) {
      picture_.nowhere = facts_.Place(read->place.physical);
      picture_.walk_path.push_back({.at = Step::At::kNowhere, .level = level});
    } else {
      const Step step = EntryOf(read->place.physical, Followed(level, *read));
      // A folded level that ends the walk looks at the entry of a real level.
      if (picture_.walk_path.empty() || picture_.walk_path.back() != step) {
        picture_.walk_path.push_back(step);
      }
    }
  }

  // The word, as the model writes it, that a walk used for the entry that an
  // iteration read: an offset function may have read it again.
  uint64_t Followed(Level level, const Event& read) const {
    size_t snapshot = read.snapshot;
    if (level != Level::kPte && read.level == level) {
      if (const auto& below = chain_[Ordinal(Below(level))]) {
        const Facts::Iteration& iteration = facts_.iterations()[*below];
        for (size_t i = iteration.first; i < iteration.read; ++i) {
          const Event& event = facts_.events()[i];
          if (event.kind == Event::Kind::kReread && event.level == level) {
            snapshot = event.snapshot;
          }
        }
      }
    }
    return facts_.tables().WordIn(snapshot, read.place.physical);
  }

  void AddStack(Level level, const Event& read) {
    const bool folded = !geometry_.real(level) && level != Level::kPte;
    const Level column = folded ? geometry_.real_below(level) : level;
    picture_.walk_path.push_back({.at = Step::At::kStack, .level = column});
    if (picture_.stack.has_value()) return;
    const Event* copied = ChainIteration(read.place.copy_of);
    const Event* origin = Origin(copied);
    Picture::Stack stack{
        .level = read.level,
        .copy = read.place.copy_of,
        .pointer = iterations_.Pointer(*chain_[Ordinal(read.level)]),
        .distance = read.place.distance,
        .word = read.value.value_or(0),
        .content = iterations_.StackContent(read),
        .meaning = facts_.Meaning(read)};
    if (copied != nullptr) stack.copy_word = copied->value.value_or(0);
    if (origin != nullptr && origin->place.kind == Place::Kind::kTable) {
      stack.copied_from = facts_.Place(origin->place.physical);
      if (!facts_.IsStray(*origin)) {
        stack.copied = EntryOf(
            origin->place.physical,
            facts_.tables().WordIn(origin->snapshot, origin->place.physical));
      }
    }
    picture_.stack = std::move(stack);
    stack_kind_ = read.meaning;
  }

  // The targets of entries, among the tables of the picture.
  size_t TableBelow(const EntryKind& kind) const {
    if (kind.tag != EntryKind::Tag::kTable) return Picture::kNone;
    for (size_t i = 0; i < picture_.tables.size(); ++i) {
      if (picture_.tables[i].physical == kind.address) return i;
    }
    return Picture::kNone;
  }

  void Finish() {
    for (Picture::Table& table : picture_.tables) {
      for (Picture::Entry& entry : table.entries) {
        entry.table = TableBelow(Classify(table.level, entry.word));
        for (Picture::Later& later : entry.later) {
          later.table = TableBelow(Classify(table.level, later.word));
        }
      }
      uint64_t filled = 0;
      for (uint64_t i = 0; i < table.size; ++i) {
        const uint64_t word =
            *facts_.tables().arena().Find(table.physical + i * kEntrySize);
        filled += Classify(table.level, word).tag != EntryKind::Tag::kEmpty;
      }
      for (const Picture::Entry& entry : table.entries) {
        filled -= entry.tag != EntryKind::Tag::kEmpty;
      }
      table.others = filled;
    }
    if (picture_.stack.has_value()) {
      picture_.stack->table = TableBelow(stack_kind_);
    }
    Mark(picture_.reference_path, &Picture::Content::by_reference);
    Mark(picture_.walk_path, &Picture::Content::by_walk);
  }

  void Mark(const std::vector<Step>& path, bool Picture::Content::* mark) {
    for (const Step& step : path) {
      if (step.at == Step::At::kEntry) picture_.At(step).*mark = true;
    }
  }

  const Facts& facts_;
  const IterationText& iterations_;
  const Geometry& geometry_;
  const size_t page_;
  const uint64_t address_;
  // The iterations that led to the last one, by level.
  std::array<std::optional<size_t>, kLevelCount> chain_;
  EntryKind stack_kind_;
  WalkPicture picture_;
};

}  // namespace

WalkPicture MakePicture(const Facts& facts, const IterationText& iterations,
                        std::string_view walk) {
  return PictureMaker(facts, iterations, walk).Make();
}

}  // namespace pxdfuzz
