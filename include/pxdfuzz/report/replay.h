// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REPORT_REPLAY_H_
#define PXDFUZZ_REPORT_REPLAY_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/memory/arena.h"
#include "pxdfuzz/memory/arena_memory.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/geometry.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/reference/reference.h"
#include "pxdfuzz/reference/translate.h"
#include "pxdfuzz/report/text_entries.h"
#include "pxdfuzz/tables/address_space.h"
#include "pxdfuzz/tables/changing_memory.h"
#include "pxdfuzz/tables/populate.h"
#include "pxdfuzz/tables/timeline.h"
#include "pxdfuzz/walk/event_trace.h"
#include "pxdfuzz/walk/walk.h"

namespace pxdfuzz {

// A word of a table that a change wrote.
struct ChangedWord {
  uint64_t physical = 0;
  uint64_t before = 0;
  uint64_t after = 0;
};

// One request of a case, run again with one walk and everything remembered:
// what a report is made from. Where tables change while it runs, the walk has
// the recheck, and what is asked of tables is asked of one version. It
// allocates, and is no part of fuzzing.
template <class A>
class Replay {
 public:
  using Turns = std::vector<SeenTurn>;

  // `c` outlives the object and has a request `request`, which is permitted;
  // its changes are possible.
  Replay(const Case& c, size_t request, Policy policy)
      : case_(c),
        request_(c.requests[request]),
        policy_(policy),
        arena_(MakeArena<A>()),
        mm_(arena_, c.mode.levels),
        memory_(arena_, mm_.geometry(), c.stack) {
    Populate(c, mm_);
    timeline_.Make(c, mm_);
    reference_.resize(request_.pages);
    reference_.resize(
        ReferencePages<A>(manual(0), memory_, mm_.geometry().page_size(),
                          request_.start, request_.write, reference_));
    if (changing()) {
      by_version_ = std::make_unique<Reference>();
      by_version_->template Make<A>(timeline_, memory_, request_);
      FindChangedWords();
      Run<GupFastText>();
    } else {
      Run<GupText>();
    }
  }

  // When a page's reference was taken.
  struct Grabbed {
    size_t version = 0;
    size_t read = 0;  // after it
  };
  // What came of a walk, but for how it went.
  struct Ran {
    std::vector<uint64_t> pages;
    size_t count = 0;
    size_t reads = 0;
    size_t last_version = 0;
    // By page.
    std::vector<Grabbed> grabs;
  };
  // Puts another run of the same request in the place of the model's: what
  // pages(), count(), reads(), last_version() and grabbed() say is of that.
  void Replace(Ran ran) {
    pages_ = std::move(ran.pages);
    count_ = ran.count;
    reads_ = ran.reads;
    last_version_ = std::min(ran.last_version, timeline_.count() - 1);
    grabs_ = std::move(ran.grabs);
    grabs_.resize(pages_.size());
  }

  const Case& source() const { return case_; }
  const Request& request() const { return request_; }
  Policy policy() const { return policy_; }
  const Arena& arena() const { return arena_; }
  // Of the tables as the walk found them when it began.
  const Geometry& geometry() const { return geometry_; }
  typename A::Kernel kernel() const { return typename A::Kernel(mm_.levels()); }

  // The pages that the reference returns, in version 0.
  const std::vector<uint64_t>& reference() const { return reference_; }
  // The pages that the walk returns, but for those beyond what was asked for.
  const std::vector<uint64_t>& pages() const { return pages_; }
  // How many it returns.
  size_t count() const { return count_; }
  const Turns& turns() const { return turns_; }
  const std::vector<WalkEvent>& events() const { return events_; }

  // Whether tables change while the walk runs.
  bool changing() const { return !case_.concurrent.empty(); }
  // The version with which the walk ended. There are as many changes that were
  // made: change N, counted from 1, makes version N.
  size_t last_version() const { return last_version_; }
  // How many entries the walk read.
  size_t reads() const { return reads_; }
  // Where tables change, what there is to know of a page in each version; and
  // at which version a page that was returned was grabbed, after which read.
  const Reference& by_version() const { return *by_version_; }
  size_t grabbed(size_t page) const { return grabs_[page].version; }
  size_t grabbed_after(size_t page) const { return grabs_[page].read; }
  // The words that a change wrote, tables of higher levels first.
  const std::vector<ChangedWord>& changed_words(size_t change) const {
    return changed_words_[change];
  }
  // The last change behind version `first` up to `last` that wrote the word, or
  // 0.
  size_t ChangeOf(uint64_t physical, size_t first, size_t last) const {
    for (size_t change = last; change > first; --change) {
      for (const ChangedWord& word : changed_words_[change]) {
        if (word.physical == physical) return change;
      }
    }
    return 0;
  }
  // What a word of a table holds in a version.
  uint64_t WordIn(size_t version, uint64_t physical) const {
    uint64_t word = WordAtStart(physical);
    for (size_t change = 1; change <= version; ++change) {
      for (const ChangedWord& changed : changed_words_[change]) {
        if (changed.physical == physical) word = changed.after;
      }
    }
    return word;
  }
  // The same of version 0.
  uint64_t WordAtStart(uint64_t physical) const {
    for (size_t change = 1; change < changed_words_.size(); ++change) {
      for (const ChangedWord& word : changed_words_[change]) {
        if (word.physical == physical) return word.before;
      }
    }
    return *arena_.Find(physical);
  }
  const Top& top(size_t version) const { return timeline_.top(version); }

  // The address of a page of the request.
  uint64_t AddressOf(size_t page) const {
    return WrappingAdd(request_.start, page * geometry().page_size());
  }

  template <class OnFetch>
  Translation TranslateWith(uint64_t address, size_t version,
                            OnFetch&& on_fetch) const {
    const size_t at = timeline_.at();
    timeline_.GoTo(version);
    const Translation t =
        Translate(manual(version), memory_, address, Access::kFetch, on_fetch);
    timeline_.GoTo(at);
    return t;
  }
  Translation TranslateOnly(uint64_t address, size_t version = 0) const {
    return TranslateWith(address, version, [](Level, EntryRef, uint64_t) {});
  }
  // Whether gup_fast may return the page that a translation ends at.
  bool Allows(const Translation& t) const {
    return t.fetched && A::Contract::Allows(t.level, t.entry, request_.write);
  }

  // "PROT_NONE", "empty pmd": why gup_fast may not return a page by an entry of
  // `level`, which is real.
  std::string WhyNot(Level level, uint64_t entry) const {
    return WhyNot(level, A::Entries::Classify(level, entry));
  }
  std::string WhyNot(Level level, const EntryKind& kind) const {
    switch (kind.tag) {
      case EntryKind::Tag::kEmpty:
        return Concat({"empty ", Name(level)});
      case EntryKind::Tag::kSwap:
        return "swap entry";
      case EntryKind::Tag::kMalformed:
        return Concat({"malformed ", Name(level)});
      case EntryKind::Tag::kTable:
        return Concat({"no ", Name(Below(level)), " table"});
      case EntryKind::Tag::kLeaf:
        break;
    }
    if (kind.state.permission == Permission::kNone) return "PROT_NONE";
    if (kind.state.special) return "special page";
    if (kind.state.permission == Permission::kRead && request_.write) {
      return "read-only";
    }
    return Concat({"refused ", Name(level)});
  }
  std::string WhyNot(const Translation& t) const {
    return t.fetched ? WhyNot(t.level, t.entry) : "no translation";
  }

  // An address at which the case maps the physical page, and in which version,
  // if any.
  struct Place {
    uint64_t address = 0;
    size_t version = 0;
  };
  std::optional<Place> WhereMapped(uint64_t page) const {
    for (const TableOp& record : case_.setup) {
      if (record.kind != TableOp::Kind::kMap) continue;
      const auto address = AddressIn(record, page);
      // A later record may have mapped something else there.
      if (address.has_value() && Maps(*address, page, 0)) {
        return Place{*address, 0};
      }
    }
    for (size_t version = 1; version <= last_version_; ++version) {
      const ConcurrentOp& change = case_.concurrent[version - 1];
      if (!HasFrame(change.kind)) continue;
      const auto address = AddressIn(change, page);
      if (address.has_value() && Maps(*address, page, version)) {
        return Place{*address, version};
      }
    }
    return std::nullopt;
  }

 private:
  typename A::Manual manual(size_t version) const {
    return typename A::Manual(A::GeometryOf(timeline_.top(version).levels),
                              timeline_.top(version).control);
  }

  template <class Text>
  void Run() {
    ChangingMemory memory(arena_, mm_.geometry(), case_.stack, timeline_);
    geometry_ = A::GeometryOf(timeline_.top(timeline_.at()).levels);
    EventTrace trace(memory);
    Walk<typename A::Kernel, ChangingMemory, EventTrace, Text> walk(
        kernel(), policy_, memory, trace);
    pages_.resize(request_.pages);
    count_ = walk.Run(memory.root(), request_.start, AddressOf(request_.pages),
                      request_.write, pages_);
    pages_.resize(std::min(count_, pages_.size()));
    turns_ = trace.turns();
    events_ = trace.events();
    reads_ = memory.reads();
    last_version_ = memory.snapshot();
    timeline_.GoTo(0);
    for (const WalkEvent& event : events_) {
      if (event.kind != WalkEvent::Kind::kGrab) continue;
      const size_t first = turns_[event.turn].turn.pages;
      grabs_.resize(std::min<size_t>(pages_.size(), first + event.count),
                    {event.version, event.read});
    }
  }

  void FindChangedWords() {
    changed_words_.resize(timeline_.count());
    for (size_t version = 1; version < timeline_.count(); ++version) {
      // By level, from the top, and by place.
      std::map<std::pair<int, uint64_t>, ChangedWord> words;
      for (const Write& write : timeline_.WritesOf(version)) {
        const uint64_t physical = Arena::AddressOf(write.word);
        words.try_emplace({-Ordinal(arena_.TableLevel(physical)), physical},
                          ChangedWord{physical, write.before, write.after});
      }
      for (const auto& [place, word] : words) {
        if (word.before != word.after) changed_words_[version].push_back(word);
      }
    }
  }

  // Where a record or a change maps the physical page.
  template <class Mapping>
  std::optional<uint64_t> AddressIn(const Mapping& mapping,
                                    uint64_t page) const {
    const uint64_t inside = WrappingSub(page, mapping.frame);
    if (inside >= mapping.count * geometry().span(mapping.level)) {
      return std::nullopt;
    }
    return WrappingAdd(mapping.address, inside);
  }
  bool Maps(uint64_t address, uint64_t page, size_t version) const {
    const Translation t = TranslateOnly(address, version);
    return t.fetched &&
           A::Entries::Classify(t.level, t.entry).tag ==
               EntryKind::Tag::kLeaf &&
           A::Manual::FrameAddress(t.level, t.entry, address) == page;
  }

  const Case& case_;
  const Request& request_;
  const Policy policy_;
  Arena arena_;
  AddressSpace<A> mm_;
  ArenaMemory memory_;
  // At version 0, but while something is asked of another.
  mutable Timeline timeline_;
  std::unique_ptr<Reference> by_version_;
  // By change; the first is none.
  std::vector<std::vector<ChangedWord>> changed_words_;
  Geometry geometry_;
  std::vector<uint64_t> reference_;
  std::vector<uint64_t> pages_;
  size_t count_ = 0;
  Turns turns_;
  std::vector<WalkEvent> events_;
  size_t reads_ = 0;
  size_t last_version_ = 0;
  // By page that was returned.
  std::vector<Grabbed> grabs_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_REPORT_REPLAY_H_
