// SPDX-License-Identifier: MIT

#include "pxdfuzz/shrink/shrink.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/memory/stack.h"
#include "pxdfuzz/paging/geometry.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/view/paging_mode_info.h"

namespace pxdfuzz {
namespace {

using Cases = std::vector<Case>;

const Geometry& GeometryOf(const Case& c) { return InfoOf(c.mode).geometry; }

uint64_t EndOf(const Request& request, const Geometry& geometry) {
  return WrappingAdd(request.start, request.pages * geometry.page_size());
}

bool IsMap(const Record& record) { return record.kind == Record::Kind::kMap; }

bool HasCount(const Record& record) {
  return record.kind != Record::Kind::kPoke &&
         record.kind != Record::Kind::kPokeControl;
}

// What is said here of records holds of changes too.
bool HasCount(const Change& change) { return HasCount(change.kind); }
bool HasFrame(const Record& record) {
  return IsMap(record) || record.kind == Record::Kind::kSwap;
}
bool HasFrame(const Change& change) { return HasFrame(change.kind); }
bool HasAddress(const Record& record) {
  return record.kind != Record::Kind::kPokeControl;
}
bool HasAddress(const Change& change) {
  return change.kind != Change::Kind::kUpgrade;
}

// Behind the last byte of the last entry.
template <class Item>
uint64_t EndOf(const Item& item, const Geometry& geometry) {
  return WrappingAdd(item.address, item.count * geometry.span(item.level));
}

template <class Item>
bool Holds(const Item& item, uint64_t address, const Geometry& geometry) {
  return WrappingSub(address, item.address) <
         item.count * geometry.span(item.level);
}

// Whether what a change is about lies in a record's entries, or holds them.
bool Touches(const Record& record, const Change& change,
             const Geometry& geometry) {
  return HasAddress(record) && HasAddress(change) &&
         (Holds(record, change.address, geometry) ||
          Holds(change, record.address, geometry));
}

// -----------------------------------------------------------------------------
// Complexity

uint64_t CostOf(Record::Kind kind) {
  switch (kind) {
    case Record::Kind::kMap:
      return 0;
    case Record::Kind::kClear:
    case Record::Kind::kSwap:
      return 1;
    case Record::Kind::kPoke:
      return 2;
    case Record::Kind::kPokeControl:
      return 3;
  }
  return 3;
}

// That with the least to it first.
uint64_t CostOf(Change::Kind kind) {
  switch (kind) {
    case Change::Kind::kClear:
      return 0;
    case Change::Kind::kWriteProtect:
      return 1;
    case Change::Kind::kDetach:
      return 2;
    case Change::Kind::kMap:
      return 3;
    case Change::Kind::kSplit:
      return 4;
    case Change::Kind::kRefill:
      return 5;
    case Change::Kind::kUpgrade:
      return 6;
  }
  return 6;
}

uint64_t CostOf(const LeafState& state) {
  uint64_t cost = state.permission == Permission::kReadWrite ? 0
                  : state.permission == Permission::kRead    ? 1
                                                             : 2;
  if (!state.young) cost += 3;
  if (!state.dirty) cost += 6;
  if (state.special) cost += 12;
  return cost;
}

uint64_t CostOf(StackContent content) {
  switch (content) {
    case StackContent::kZero:
      return 0;
    case StackContent::kCopy:
      return 1;
    case StackContent::kNext:
      return 2;
    case StackContent::kWord:
      return 3;
  }
  return 3;
}

// A record of many entries is no simpler than two of a few each.
template <class Item>
uint64_t LinesOf(const Item& item) {
  constexpr uint16_t kFew = 4;
  return item.count > kFew ? 2 : 1;
}

// Records that stand before one of a lower address.
uint64_t Disorder(const Case& c) {
  uint64_t disorder = 0;
  for (size_t i = 0; i < c.records.size(); ++i) {
    for (size_t j = i + 1; j < c.records.size(); ++j) {
      if (c.records[j].address < c.records[i].address) ++disorder;
    }
  }
  return disorder;
}

// Moments at which something changes.
uint64_t MomentsOf(const Case& c) {
  uint64_t moments = 0;
  for (size_t i = 0; i < c.changes.size(); ++i) {
    if (i == 0 || c.changes[i].read != c.changes[i - 1].read) ++moments;
  }
  return moments;
}

// The frames of a case whose numbers say nothing: from the second page on, each
// record's behind those before it, and then each change's. By position; 0 for
// what has none.
struct Frames {
  std::vector<uint64_t> records;
  std::vector<uint64_t> changes;
};
Frames PlainFrames(const Case& c) {
  const Geometry& geometry = GeometryOf(c);
  uint64_t next = geometry.page_size();
  const auto number = [&](const auto& items, std::vector<uint64_t>& frames) {
    for (const auto& item : items) {
      if (!HasFrame(item)) {
        frames.push_back(0);
        continue;
      }
      const uint64_t span = geometry.span(item.level);
      next = (next + span - 1) & ~(span - 1);
      frames.push_back(next);
      next += item.count * span;
    }
  };
  Frames frames;
  number(c.records, frames.records);
  number(c.changes, frames.changes);
  return frames;
}

}  // namespace

Complexity::Complexity(const Case& c) {
  const auto add = [this](uint64_t part) { parts_.push_back(part); };
  const auto sum = [&add](const auto& items, auto&& cost) {
    uint64_t total = 0;
    for (const auto& item : items) total += cost(item);
    add(total);
  };
  const auto each = [&add](const auto& items, auto&& part) {
    for (const auto& item : items) add(part(item));
  };
  add(c.mode.levels);
  add(c.requests.size());
  const auto lines = [](const auto& item) { return LinesOf(item); };
  const auto kind = [](const auto& item) { return CostOf(item.kind); };
  const auto level = [](const auto& item) {
    return static_cast<uint64_t>(Ordinal(item.level));
  };
  const auto counted_level = [&level](const auto& item) {
    return HasCount(item) ? level(item) : 0;
  };
  const auto count = [](const auto& item) { return item.count; };
  const auto state = [](const auto& item) { return CostOf(item.state); };
  // A change does no more than a record, and is no simpler than one.
  sum(c.records, lines);
  const uint64_t words = c.stack.words.size();
  parts_.back() += words;
  for (const Change& change : c.changes) parts_.back() += LinesOf(change);
  add(c.changes.size());
  add(words);
  sum(c.records, kind);
  sum(c.changes, kind);
  sum(c.records, counted_level);
  sum(c.changes, counted_level);
  sum(c.requests, [](const Request& r) { return r.pages; });
  sum(c.records, count);
  sum(c.changes, count);
  sum(c.requests, [](const Request& r) { return r.write ? 1 : 0; });
  sum(c.records, state);
  sum(c.changes, state);
  add(MomentsOf(c));
  sum(c.stack.words, [](const StackWord& w) { return CostOf(w.content); });
  add(CostOf(c.stack.around));
  add(c.stack.position);
  add(Disorder(c));
  each(c.requests, [](const Request& r) { return r.start; });
  each(c.records, [](const Record& r) { return r.address; });
  each(c.changes, [](const Change& change) { return change.read; });
  each(c.changes, [](const Change& change) { return change.address; });
  const Frames plain = PlainFrames(c);
  uint64_t unusual = 0;
  for (size_t i = 0; i < c.records.size(); ++i) {
    if (c.records[i].frame != plain.records[i]) ++unusual;
  }
  for (size_t i = 0; i < c.changes.size(); ++i) {
    if (c.changes[i].frame != plain.changes[i]) ++unusual;
  }
  add(unusual);
  each(c.records, [](const Record& r) { return r.frame; });
  each(c.changes, [](const Change& change) { return change.frame; });
  // Nearer to the copy first, and above it before below.
  each(c.stack.words, [](const StackWord& w) {
    return static_cast<uint64_t>(2 * std::abs(int{w.distance}) -
                                 (w.distance > 0 ? 1 : 0));
  });
  // What tells apart what is left.
  each(c.requests, [](const Request& r) { return r.pages; });
  each(c.requests, [](const Request& r) { return r.write ? 1 : 0; });
  each(c.records, kind);
  each(c.records,
       [](const Record& r) { return r.kind == Record::Kind::kSwap ? 1 : 0; });
  each(c.records, level);
  each(c.records, count);
  each(c.records, state);
  each(c.records, [](const Record& r) { return r.word; });
  each(c.changes, kind);
  each(c.changes, level);
  each(c.changes, count);
  each(c.changes, state);
  each(c.stack.words, [](const StackWord& w) { return CostOf(w.content); });
  each(c.stack.words, [](const StackWord& w) { return w.word; });
}

// -----------------------------------------------------------------------------
// Reductions

namespace {

// How many reads a walk does more or less where one leaf is of another level,
// and within how many it comes to the first pages.
constexpr int kFewReads = 3;
constexpr int kFirstReads = 24;

// The first boundary inside a request, of the highest level that has one.
std::optional<std::pair<Level, uint64_t>> Crossed(const Request& request,
                                                  const Geometry& geometry) {
  const uint64_t end = EndOf(request, geometry);
  if (end <= request.start) return std::nullopt;
  for (Level level = Level::kPgd; level > Level::kPte; level = Below(level)) {
    if (geometry.shift(level) == geometry.shift(Below(level))) continue;
    const uint64_t boundary =
        WrappingAdd(request.start | (geometry.span(level) - 1), 1);
    if (boundary != 0 && boundary < end) return std::pair{level, boundary};
  }
  return std::nullopt;
}

// Addresses at which something may well happen to a request: its first and last
// page, those around each boundary in it, where something changes, and what
// lies an entry of any level away from there. Sorted.
std::vector<uint64_t> Places(const Case& c) {
  const Geometry& geometry = GeometryOf(c);
  const uint64_t page = geometry.page_size();
  std::set<uint64_t> near;
  for (const Request& request : c.requests) {
    const uint64_t end = EndOf(request, geometry);
    near.insert({request.start, WrappingAdd(request.start, page),
                 WrappingSub(end, page)});
    if (const auto crossed = Crossed(request, geometry)) {
      near.insert(crossed->second - page);
      near.insert(crossed->second);
    }
  }
  for (const Change& change : c.changes) {
    if (HasAddress(change)) near.insert(change.address);
  }
  std::set<uint64_t> places;
  for (const uint64_t address : near) {
    places.insert(address);
    for (const Level level : kAllLevels) {
      const uint64_t span = geometry.span(level);
      if (address >= span) places.insert(address - span);
      places.insert(WrappingAdd(address, span));
      // The same place in the first of such entries.
      places.insert(address & (span - 1));
    }
  }
  return {places.begin(), places.end()};
}

// Adds `c`, and where something changes the same with other reads: what makes a
// walk shorter lets it come to a place earlier or later. `most` is how much
// later or earlier.
void AddWithReads(const Case& c, int most, Cases& out) {
  out.push_back(c);
  if (c.changes.empty()) return;
  for (int by = -most; by <= most; ++by) {
    if (by == 0) continue;
    out.push_back(c);
    for (Change& change : out.back().changes) {
      change.read = static_cast<uint16_t>(std::max(1, change.read + by));
    }
  }
}
// And from each of the first reads on.
void AddWithAllReads(const Case& c, Cases& out) {
  AddWithReads(c, kFewReads, out);
  if (c.changes.empty()) return;
  for (int read = 1; read <= kFirstReads; ++read) {
    const int by = c.changes[0].read - read;
    if (by <= kFewReads) continue;
    out.push_back(c);
    for (Change& change : out.back().changes) {
      change.read = static_cast<uint16_t>(change.read - by);
    }
  }
}

void FewerLevels(const Case& c, Cases& out) {
  for (const PagingMode& mode : kAllPagingModes) {
    if (mode.arch != c.mode.arch || mode.levels >= c.mode.levels) continue;
    Case fewer = c;
    fewer.mode = mode;
    AddWithReads(fewer, kFewReads, out);
  }
}

void OneRequest(const Case& c, Cases& out) {
  if (c.requests.size() < 2) return;
  for (size_t i = 0; i < c.requests.size(); ++i) {
    Case one = c;
    one.requests.clear();
    one.requests.push_back(c.requests[i]);
    out.push_back(one);
  }
  for (size_t i = 0; i < c.requests.size(); ++i) {
    out.push_back(c);
    out.back().requests.erase(i);
  }
}

// Half of them, a quarter, and so on.
void DropRecords(const Case& c, Cases& out) {
  const size_t size = c.records.size();
  for (size_t part = size; part > 0; part /= 2) {
    for (size_t at = 0; at < size; at += part) {
      Case fewer = c;
      for (size_t i = std::min(at + part, size); i > at; --i) {
        fewer.records.erase(i - 1);
      }
      out.push_back(fewer);
    }
  }
}

void DropWords(const Case& c, Cases& out) {
  if (!c.stack.words.empty()) {
    out.push_back(c);
    out.back().stack.words.clear();
  }
  for (size_t i = 0; i < c.stack.words.size(); ++i) {
    Case fewer = c;
    fewer.stack.words.erase(i);
    out.push_back(fewer);
    // What a word held may as well be everywhere.
    for (const StackContent content :
         {StackContent::kZero, StackContent::kCopy, StackContent::kNext}) {
      fewer.stack.around = content;
      out.push_back(fewer);
    }
  }
}

// All of them, and each choice out of them.
void DropChanges(const Case& c, Cases& out) {
  const size_t all = (size_t{1} << c.changes.size()) - 1;
  for (size_t kept = 0; kept < all; ++kept) {
    Case fewer = c;
    for (size_t i = c.changes.size(); i > 0; --i) {
      if ((kept >> (i - 1) & 1) == 0) fewer.changes.erase(i - 1);
    }
    out.push_back(fewer);
  }
}

// What a change does is done before the walk begins.
void RecordForChange(const Case& c, Cases& out) {
  if (c.records.full()) return;
  for (size_t i = 0; i < c.changes.size(); ++i) {
    const Change& change = c.changes[i];
    if (!HasAddress(change) || change.kind == Change::Kind::kWriteProtect) {
      continue;
    }
    Case done = c;
    done.changes.erase(i);
    done.records.push_back(
        {.kind = HasFrame(change) ? Record::Kind::kMap : Record::Kind::kClear,
         .level = change.level,
         .address = change.address,
         .count = change.count,
         .frame = change.frame,
         .state = change.state});
    out.push_back(done);
  }
}

// A record that goes on where another ends takes over that one's entries. What
// they map is consecutive then, whatever it was.
void MergeRecords(const Case& c, Cases& out) {
  const Geometry& geometry = GeometryOf(c);
  for (size_t i = 0; i < c.records.size(); ++i) {
    for (size_t j = 0; j < c.records.size(); ++j) {
      const Record& first = c.records[i];
      const Record& second = c.records[j];
      if (i == j || !HasCount(first) || first.kind != second.kind ||
          EndOf(first, geometry) < second.address ||
          first.address > second.address) {
        continue;
      }
      const uint64_t span = geometry.span(first.level);
      const uint64_t bytes =
          WrappingSub(EndOf(second, geometry), first.address);
      const uint64_t count = (bytes + span - 1) / span;
      if (count > Case::kMaxPages) continue;
      for (const size_t keep : {std::min(i, j), std::max(i, j)}) {
        Case merged = c;
        merged.records[keep] = first;
        merged.records[keep].count =
            static_cast<uint16_t>(std::max<uint64_t>(first.count, count));
        merged.records.erase(keep == i ? j : i);
        out.push_back(merged);
      }
    }
  }
}

// A change that goes on where another ends, at the time of either.
void MergeChanges(const Case& c, Cases& out) {
  const Geometry& geometry = GeometryOf(c);
  for (size_t i = 0; i < c.changes.size(); ++i) {
    for (size_t j = 0; j < c.changes.size(); ++j) {
      const Change& first = c.changes[i];
      const Change& second = c.changes[j];
      if (i == j || !HasCount(first) || first.kind != second.kind ||
          first.level != second.level ||
          EndOf(first, geometry) < second.address ||
          first.address > second.address) {
        continue;
      }
      const uint64_t bytes =
          WrappingSub(EndOf(second, geometry), first.address);
      const uint64_t count = bytes >> geometry.shift(first.level);
      if (count > Case::kMaxPages) continue;
      for (const size_t keep : {i, j}) {
        Case merged = c;
        merged.changes[keep] = first;
        merged.changes[keep].read = c.changes[keep].read;
        merged.changes[keep].count =
            static_cast<uint16_t>(std::max<uint64_t>(first.count, count));
        merged.changes.erase(keep == i ? j : i);
        out.push_back(merged);
      }
    }
  }
}

// Of any level: what empties the entry of a page table may as well empty those
// of its pages.
void PlainChange(const Case& c, Cases& out) {
  constexpr std::array kKinds = {
      Change::Kind::kClear, Change::Kind::kWriteProtect, Change::Kind::kDetach,
      Change::Kind::kMap,   Change::Kind::kSplit,        Change::Kind::kRefill};
  for (size_t i = 0; i < c.changes.size(); ++i) {
    const Change& change = c.changes[i];
    for (const Change::Kind kind : kKinds) {
      if (CostOf(kind) >= CostOf(change.kind)) continue;
      for (const Level level : kAllLevels) {
        Case plain = c;
        plain.changes[i].kind = kind;
        plain.changes[i].level = level;
        if (!HasAddress(change)) {
          plain.changes[i].address = c.requests[0].start;
        }
        out.push_back(plain);
        if (plain.changes[i].count == 1) continue;
        plain.changes[i].count = 1;
        out.push_back(plain);
      }
    }
  }
}

void PlainKind(const Case& c, Cases& out) {
  for (size_t i = 0; i < c.records.size(); ++i) {
    const Record& record = c.records[i];
    for (const Record::Kind kind :
         {Record::Kind::kMap, Record::Kind::kClear, Record::Kind::kSwap}) {
      if (CostOf(kind) >= CostOf(record.kind)) continue;
      out.push_back(c);
      out.back().records[i] = {.kind = kind,
                               .level = record.level,
                               .address = record.address,
                               .count = record.count,
                               .frame = record.frame};
    }
  }
}

// Calls `add` with what is one or a few smaller entries in place of those of
// `item`, at a place where that may matter. A page stays where it is.
template <class Item, class Add>
void ForSmaller(const Item& item, const Case& c,
                const std::vector<uint64_t>& places, Add add) {
  const Geometry& geometry = GeometryOf(c);
  for (Level level = Level::kPte; level < item.level; level = Above(level)) {
    const uint64_t mask = geometry.span(level) - 1;
    for (const uint64_t place : places) {
      if (!Holds(item, place, geometry)) continue;
      Item small = item;
      small.level = level;
      small.address = place & ~mask;
      const uint64_t rest = WrappingSub(EndOf(item, geometry), small.address) >>
                            geometry.shift(level);
      if (item.kind == Item::Kind::kMap) {
        small.frame =
            WrappingAdd(small.frame, WrappingSub(small.address, item.address));
      }
      for (const uint64_t count :
           {uint64_t{1}, uint64_t{2}, uint64_t{c.requests[0].pages}, rest}) {
        small.count = static_cast<uint16_t>(
            std::min({count, rest, uint64_t{Case::kMaxPages}}));
        add(small);
      }
    }
  }
}

// A large leaf becomes one or a few small ones that map the same pages there,
// and what changes it changes those.
void SmallerLeaves(const Case& c, Cases& out) {
  const Geometry& geometry = GeometryOf(c);
  const std::vector<uint64_t> places = Places(c);
  for (size_t i = 0; i < c.records.size(); ++i) {
    const Record& record = c.records[i];
    if (!HasCount(record)) continue;
    ForSmaller(record, c, places, [&](const Record& small) {
      Case smaller = c;
      smaller.records[i] = small;
      AddWithReads(smaller, kFewReads, out);
      bool taken = false;
      for (Change& change : smaller.changes) {
        if (change.level != record.level || !Touches(record, change, geometry))
          continue;
        change.level = small.level;
        change.address = small.address;
        change.count = small.count;
        taken = true;
      }
      if (taken) AddWithReads(smaller, kFewReads, out);
    });
  }
  for (size_t i = 0; i < c.changes.size(); ++i) {
    if (!HasCount(c.changes[i])) continue;
    ForSmaller(c.changes[i], c, places, [&](const Change& small) {
      out.push_back(c);
      out.back().changes[i] = small;
    });
  }
}

void FewerPages(const Case& c, Cases& out) {
  const Geometry& geometry = GeometryOf(c);
  const uint64_t page = geometry.page_size();
  for (size_t i = 0; i < c.requests.size(); ++i) {
    const Request& request = c.requests[i];
    const auto add = [&](uint64_t start, unsigned pages) {
      if (pages == 0 || pages >= request.pages) return;
      Case fewer = c;
      fewer.requests[i].start = start;
      fewer.requests[i].pages = static_cast<uint16_t>(pages);
      AddWithAllReads(fewer, out);
    };
    const unsigned pages = request.pages;
    if (const auto crossed = Crossed(request, geometry)) {
      const uint64_t boundary = crossed->second;
      add(boundary - page, 1);
      add(boundary, 1);
      add(boundary - page, 2);
      add(boundary - page, 3);
    }
    for (const unsigned fewer : {1u, 2u, 3u, pages / 2, pages - 1}) {
      if (fewer >= pages) continue;
      add(request.start, fewer);
      add(WrappingAdd(request.start, (pages - fewer) * page), fewer);
    }
  }
}

// Calls `add` with what has fewer entries than `item`.
template <class Item, class Add>
void ForFewerEntries(const Item& item, const Case& c, Add add_item) {
  const Geometry& geometry = GeometryOf(c);
  const auto add = [&](unsigned skipped, unsigned count) {
    Item fewer = item;
    const uint64_t bytes = skipped * geometry.span(item.level);
    fewer.count = static_cast<uint16_t>(count);
    fewer.address = WrappingAdd(fewer.address, bytes);
    if (fewer.frame != 0) fewer.frame = WrappingAdd(fewer.frame, bytes);
    add_item(fewer);
  };
  const unsigned count = item.count;
  for (const unsigned fewer : {1u, 2u, count / 2, count - 1}) {
    if (fewer == 0 || fewer >= count) continue;
    add(0, fewer);
    add(count - fewer, fewer);
  }
  // From where something may happen, or up to there.
  if (count < 2) return;
  for (const uint64_t place : Places(c)) {
    if (!Holds(item, place, geometry)) continue;
    const auto at = static_cast<unsigned>(WrappingSub(place, item.address) >>
                                          geometry.shift(item.level));
    if (at > 0) add(at, 1);
    if (at > 0 && count - at > 1) add(at, count - at);
    if (at > 1) add(0, at);
  }
}

void FewerEntries(const Case& c, Cases& out) {
  for (size_t i = 0; i < c.records.size(); ++i) {
    ForFewerEntries(c.records[i], c, [&](const Record& fewer) {
      out.push_back(c);
      out.back().records[i] = fewer;
    });
  }
  for (size_t i = 0; i < c.changes.size(); ++i) {
    ForFewerEntries(c.changes[i], c, [&](const Change& fewer) {
      out.push_back(c);
      out.back().changes[i] = fewer;
    });
  }
}

void ReadInsteadOfWrite(const Case& c, Cases& out) {
  for (size_t i = 0; i < c.requests.size(); ++i) {
    if (!c.requests[i].write) continue;
    out.push_back(c);
    out.back().requests[i].write = false;
  }
}

void PlainState(const Case& c, Cases& out) {
  // `state` stands in `plain`.
  const auto simplify = [&out](const Case& plain, LeafState& state) {
    if (state == LeafState{}) return;
    const auto add = [&](const LeafState& wanted) {
      state = wanted;
      out.push_back(plain);
    };
    const LeafState old = state;
    add({});
    LeafState next = old;
    next.special = false;
    add(next);
    next = old;
    next.dirty = true;
    add(next);
    next = old;
    next.young = true;
    add(next);
    next = old;
    next.permission = Permission::kReadWrite;
    add(next);
    next.permission = Permission::kRead;
    add(next);
  };
  for (size_t i = 0; i < c.records.size(); ++i) {
    Case plain = c;
    simplify(plain, plain.records[i].state);
  }
  for (size_t i = 0; i < c.changes.size(); ++i) {
    Case plain = c;
    simplify(plain, plain.changes[i].state);
  }
}

// All changes at the time of one of them, or at one of the first reads; all
// earlier; one alone earlier, or with the next.
void EarlierReads(const Case& c, Cases& out) {
  if (c.changes.empty()) return;
  const auto all_at = [&](int read) {
    out.push_back(c);
    for (Change& change : out.back().changes) {
      change.read = static_cast<uint16_t>(read);
    }
  };
  for (int read = 1; read <= kFirstReads; ++read) all_at(read);
  for (const Change& change : c.changes) all_at(change.read);
  const int first = c.changes[0].read;
  const auto from = [&](int read) {
    out.push_back(c);
    for (Change& change : out.back().changes) {
      change.read = static_cast<uint16_t>(change.read - first + read);
    }
  };
  for (int read = 1; read <= kFirstReads && read < first; ++read) from(read);
  if (first > 1) from(first / 2);
  if (first > 1) from(first - 1);
  for (size_t i = 0; i < c.changes.size(); ++i) {
    const int least = i == 0 ? 1 : c.changes[i - 1].read;
    const int read = c.changes[i].read;
    const auto at = [&](int earlier) {
      out.push_back(c);
      out.back().changes[i].read = static_cast<uint16_t>(earlier);
    };
    for (int k = least; k < least + kFirstReads && k < read; ++k) at(k);
    if (least < read) at(least + (read - least) / 2);
    if (least < read) at(read - 1);
    if (i + 1 < c.changes.size()) at(c.changes[i + 1].read);
  }
}

void PlainStack(const Case& c, Cases& out) {
  for (size_t i = 0; i < c.stack.words.size(); ++i) {
    const StackWord& word = c.stack.words[i];
    for (const StackContent content :
         {StackContent::kZero, StackContent::kCopy, StackContent::kNext}) {
      out.push_back(c);
      out.back().stack.words[i] = {.distance = word.distance,
                                   .content = content};
    }
    for (const int distance : {1, -1, word.distance / 2}) {
      if (distance == 0) continue;
      out.push_back(c);
      out.back().stack.words[i].distance = static_cast<int16_t>(distance);
    }
  }
  for (const StackContent around : {StackContent::kZero, StackContent::kCopy}) {
    out.push_back(c);
    out.back().stack.around = around;
  }
  const Geometry& geometry = GeometryOf(c);
  const unsigned position = c.stack.position;
  if (position == 0) return;
  const auto index = static_cast<unsigned>(
      geometry.index(geometry.root(), c.requests[0].start));
  for (const unsigned lower :
       {0u, 1u, index, index + 1, position / 2, position & (position - 1)}) {
    if (lower >= position) continue;
    out.push_back(c);
    out.back().stack.position = static_cast<uint16_t>(lower);
  }
}

// Of records with one address the first stays first. By insertion: clang calls
// what the library's stable sort is made of deprecated.
void SortByAddress(Case& c) {
  for (size_t i = 1; i < c.records.size(); ++i) {
    for (size_t at = i;
         at > 0 && c.records[at].address < c.records[at - 1].address; --at) {
      std::swap(c.records[at], c.records[at - 1]);
    }
  }
}

void SortRecords(const Case& c, Cases& out) {
  Case sorted = c;
  SortByAddress(sorted);
  out.push_back(sorted);
  for (size_t i = 0; i + 1 < c.records.size(); ++i) {
    out.push_back(c);
    std::swap(out.back().records[i], out.back().records[i + 1]);
  }
}

// All that lies at `from` or above it is moved down to `to`.
Case MovedDown(const Case& c, uint64_t from, uint64_t to, uint64_t first) {
  Case moved = c;
  const uint64_t by = from - to;
  const auto move = [&](uint64_t& address) {
    if (address >= first && address >= by) address -= by;
  };
  for (Request& request : moved.requests) move(request.start);
  for (Record& record : moved.records) {
    if (HasAddress(record)) move(record.address);
  }
  for (Change& change : moved.changes) {
    if (HasAddress(change)) move(change.address);
  }
  return moved;
}

// The boundary that a request crosses becomes the first of its kind, or one of
// the next; a request that crosses none is moved down likewise. What lies
// around it goes with it.
void LowerAddresses(const Case& c, Cases& out) {
  const Geometry& geometry = GeometryOf(c);
  for (const Request& request : c.requests) {
    const auto crossed = Crossed(request, geometry);
    const uint64_t from = crossed.has_value() ? crossed->second : request.start;
    // Without its lowest bit: as many steps as there are bits, at most.
    std::set<uint64_t> targets = {from & WrappingSub(from, 1)};
    if (!crossed.has_value()) targets.insert({0, geometry.page_size()});
    for (const Level level : kAllLevels) {
      const uint64_t span = geometry.span(level);
      for (uint64_t multiple = 1; multiple <= 4; ++multiple) {
        targets.insert(WrappingMul(multiple, span));
      }
      if (!crossed.has_value()) targets.insert(from & (span - 1));
      targets.insert((from / 2) & ~(span - 1));
    }
    for (const uint64_t to : targets) {
      if (to >= from) continue;
      if (crossed.has_value() && to == 0) continue;
      // Everything; what lies above the distance; what lies close by.
      out.push_back(MovedDown(c, from, to, 0));
      out.push_back(MovedDown(c, from, to, request.start));
      for (const Level level : {Level::kPmd, geometry.root()}) {
        const uint64_t span = geometry.span(level);
        if (request.start < span) continue;
        out.push_back(
            MovedDown(c, from, to, (request.start & ~(span - 1)) - span));
      }
    }
  }
}

// Alone, and with the changes that are about it.
void MoveRecord(const Case& c, Cases& out) {
  const Geometry& geometry = GeometryOf(c);
  for (size_t i = 0; i < c.records.size(); ++i) {
    const Record& record = c.records[i];
    if (!HasAddress(record)) continue;
    const uint64_t mask = geometry.span(record.level) - 1;
    for (const uint64_t place : Places(c)) {
      const uint64_t to = place & ~mask;
      if (to == record.address) continue;
      Case moved = c;
      moved.records[i].address = to;
      out.push_back(moved);
      bool taken = false;
      for (Change& change : moved.changes) {
        if (!Touches(record, change, geometry)) continue;
        change.address =
            WrappingAdd(change.address, WrappingSub(to, record.address));
        taken = true;
      }
      if (taken) out.push_back(moved);
    }
  }
}

void MoveChange(const Case& c, Cases& out) {
  const Geometry& geometry = GeometryOf(c);
  for (size_t i = 0; i < c.changes.size(); ++i) {
    if (!HasAddress(c.changes[i])) continue;
    const uint64_t mask = geometry.span(c.changes[i].level) - 1;
    for (const uint64_t place : Places(c)) {
      if ((place & ~mask) == c.changes[i].address) continue;
      out.push_back(c);
      out.back().changes[i].address = place & ~mask;
    }
  }
}

void PlainFramesOnly(const Case& c, Cases& out) {
  const Geometry& geometry = GeometryOf(c);
  const Frames plain = PlainFrames(c);
  Case all = c;
  for (size_t i = 0; i < c.records.size(); ++i) {
    if (HasFrame(c.records[i])) all.records[i].frame = plain.records[i];
  }
  for (size_t i = 0; i < c.changes.size(); ++i) {
    if (HasFrame(c.changes[i])) all.changes[i].frame = plain.changes[i];
  }
  out.push_back(all);
  for (size_t i = 0; i < c.records.size(); ++i) {
    if (!HasFrame(c.records[i])) continue;
    for (const uint64_t frame :
         {plain.records[i], geometry.span(c.records[i].level), uint64_t{0}}) {
      out.push_back(c);
      out.back().records[i].frame = frame;
    }
  }
  for (size_t i = 0; i < c.changes.size(); ++i) {
    if (!HasFrame(c.changes[i])) continue;
    for (const uint64_t frame :
         {plain.changes[i], geometry.span(c.changes[i].level), uint64_t{0}}) {
      out.push_back(c);
      out.back().changes[i].frame = frame;
    }
  }
}

// What cases are made of that cross a boundary and are simple: `boundary` is
// the first one of `level`.
std::vector<Record> Ingredients(const PagingModeInfo& info, Level level,
                                uint64_t boundary) {
  const Geometry& geometry = info.geometry;
  std::vector<Record> records;
  for (Level leaf = Level::kPte; leaf <= level; leaf = Above(leaf)) {
    if (!info.HasLeaf(leaf)) continue;
    const uint64_t span = geometry.span(leaf);
    // Before the boundary, on both sides of it, behind it, and where a walk
    // comes to that reads the entry before it once more.
    records.push_back({.level = leaf, .address = boundary - span});
    records.push_back({.level = leaf, .address = boundary - span, .count = 2});
    records.push_back({.level = leaf, .address = boundary});
    if (leaf < level) {
      records.push_back(
          {.level = leaf, .address = boundary - geometry.span(level)});
      // Makes tables for what is behind the boundary, and leaves that empty.
      records.push_back({.address = boundary + span});
    }
    for (const LeafState& state :
         {LeafState{.permission = Permission::kRead},
          LeafState{.permission = Permission::kNone}, LeafState{.young = false},
          LeafState{.special = true}}) {
      records.push_back({.level = leaf, .address = boundary, .state = state});
    }
  }
  records.push_back({.kind = Record::Kind::kSwap, .address = boundary});
  return records;
}

// Cases that are simpler than another: the simplest first, and of equal ones
// one.
class Simplest {
 public:
  explicit Simplest(const Case& c) : most_(c) {}

  void Add(Case c) {
    Canonicalize(c);
    Complexity complexity(c);
    if (complexity < most_) sorted_.emplace(std::move(complexity), c);
  }
  void AppendTo(Cases& out) const {
    for (const auto& [complexity, c] : sorted_) out.push_back(c);
  }

 private:
  const Complexity most_;
  std::map<Complexity, Case> sorted_;
};

void NumberFrames(Case& c) {
  const Frames frames = PlainFrames(c);
  for (size_t i = 0; i < c.records.size(); ++i) {
    c.records[i].frame = frames.records[i];
  }
  for (size_t i = 0; i < c.changes.size(); ++i) {
    c.changes[i].frame = frames.changes[i];
  }
}

// What may be at a place before it changes: nothing, a leaf, a table that is
// empty, a page beside it, or one in the next page table.
std::vector<std::optional<Record>> ThingsAt(const PagingModeInfo& info,
                                            uint64_t place) {
  const Geometry& geometry = info.geometry;
  std::vector<std::optional<Record>> records = {std::nullopt};
  for (const Level level : kAllLevels) {
    if (info.HasLeaf(level)) {
      for (const LeafState& state :
           {LeafState{}, LeafState{.permission = Permission::kRead},
            LeafState{.permission = Permission::kNone},
            LeafState{.young = false}, LeafState{.special = true}}) {
        records.push_back(
            Record{.level = level, .address = place, .state = state});
      }
    }
    if (geometry.real(level)) {
      records.push_back(Record{
          .kind = Record::Kind::kClear, .level = level, .address = place});
    }
  }
  records.push_back(Record{.kind = Record::Kind::kSwap, .address = place});
  for (const Level level : {Level::kPte, Level::kPmd}) {
    records.push_back(
        Record{.address = WrappingAdd(place, geometry.span(level))});
  }
  return records;
}

// What may happen there, all of it at once.
std::vector<std::vector<Change>> ChangesAt(const PagingModeInfo& info,
                                           uint64_t place) {
  using Kind = Change::Kind;
  const Geometry& geometry = info.geometry;
  std::vector<std::vector<Change>> all;
  for (const Level level : kAllLevels) {
    for (const Kind kind : {Kind::kClear, Kind::kWriteProtect, Kind::kMap}) {
      if (kind == Kind::kClear ? geometry.real(level) : info.HasLeaf(level)) {
        all.push_back({{.kind = kind, .level = level, .address = place}});
      }
    }
  }
  all.push_back({{.kind = Kind::kMap,
                  .address = WrappingAdd(place, geometry.page_size())}});
  const Change detach{.kind = Kind::kDetach, .address = place};
  all.push_back({detach});
  all.push_back({{.kind = Kind::kSplit, .address = place}});
  all.push_back({{.kind = Kind::kUpgrade}});
  const uint64_t next = WrappingAdd(place, geometry.span(Level::kPmd));
  all.push_back({detach, {.kind = Kind::kRefill, .address = next}});
  return all;
}

// The simplest cases in which something changes near the first reads: at the
// one thing in the way of a request, or behind a boundary that it crosses.
void StartOverChanging(const Case& c, Cases& out) {
  constexpr int kReads = 8;
  const PagingModeInfo& info = InfoOf(c.mode);
  const Geometry& geometry = info.geometry;
  Simplest cases(c);
  // A page is mapped in front of `place` where that is not the first.
  const auto add = [&](uint64_t start, uint64_t place, int first, int last) {
    Case simple;
    simple.mode = c.mode;
    simple.requests.push_back(
        {.start = start,
         .pages = static_cast<uint16_t>(start == place ? 1 : 2)});
    for (const std::optional<Record>& record : ThingsAt(info, place)) {
      simple.records.clear();
      if (start != place) simple.records.push_back({.address = start});
      if (record.has_value()) simple.records.push_back(*record);
      for (const std::vector<Change>& changes : ChangesAt(info, place)) {
        simple.changes.clear();
        for (const Change& change : changes) simple.changes.push_back(change);
        NumberFrames(simple);
        for (int read = first; read <= last; ++read) {
          for (Change& change : simple.changes) {
            change.read = static_cast<uint16_t>(read);
          }
          for (const bool write : {false, true}) {
            simple.requests[0].write = write;
            cases.Add(simple);
          }
        }
      }
    }
  };
  add(0, 0, 1, kReads);
  const uint64_t second = geometry.span(geometry.root());
  add(second, second, 1, kReads);
  if (const auto crossed = Crossed(c.requests[0], geometry)) {
    const uint64_t boundary = geometry.span(crossed->first);
    add(boundary - geometry.page_size(), boundary, kReads, kFirstReads);
  }
  cases.AppendTo(out);
}

// The simplest cases that cross a boundary of the same level, made of up to
// three records. What is left of two cases may differ although one thing is
// wrong in both, if no single step leads from one to the other: here they meet.
void StartOver(const Case& c, Cases& out) {
  if (!c.changes.empty()) {
    StartOverChanging(c, out);
    return;
  }
  const PagingModeInfo& info = InfoOf(c.mode);
  const Geometry& geometry = info.geometry;
  const auto crossed = Crossed(c.requests[0], geometry);
  if (!crossed.has_value()) return;
  const uint64_t boundary = geometry.span(crossed->first);
  const std::vector<Record> all = Ingredients(info, crossed->first, boundary);
  uint64_t most = c.stack.words.size();
  for (const Record& record : c.records) most += LinesOf(record);
  Simplest cases(c);
  const auto add = [&](std::initializer_list<size_t> chosen) {
    if (chosen.size() > most) return;
    Case simple;
    simple.mode = c.mode;
    simple.requests.push_back(
        {.start = boundary - geometry.page_size(), .pages = 2});
    for (const size_t i : chosen) simple.records.push_back(all[i]);
    SortByAddress(simple);
    NumberFrames(simple);
    for (const bool write : {false, true}) {
      simple.requests[0].write = write;
      for (const StackContent around :
           {StackContent::kZero, StackContent::kCopy, StackContent::kNext}) {
        simple.stack.around = around;
        cases.Add(simple);
      }
    }
  };
  for (size_t i = 0; i < all.size(); ++i) {
    add({i});
    for (size_t j = 0; j < i; ++j) {
      add({i, j});
      for (size_t k = 0; k < j; ++k) add({i, j, k});
    }
  }
  cases.AppendTo(out);
}

constexpr std::array kReductions = {
    Reduction{"one-request", "one of several requests, or one less",
              OneRequest},
    Reduction{"drop-records", "fewer records: half of them, down to one less",
              DropRecords},
    Reduction{"drop-changes", "fewer changes", DropChanges},
    Reduction{"drop-words", "fewer words on the stack", DropWords},
    Reduction{"fewer-levels", "the same with fewer levels of tables",
              FewerLevels},
    Reduction{"fewer-pages", "shorter requests, around a boundary for one",
              FewerPages},
    Reduction{"merge-records", "one record for two that touch", MergeRecords},
    Reduction{"record-for-change", "before the walk what is done meanwhile",
              RecordForChange},
    Reduction{"merge-changes", "one change for two that touch", MergeChanges},
    Reduction{"plain-change", "a change of a simpler kind", PlainChange},
    Reduction{"plain-kind", "a mapping for what is none", PlainKind},
    Reduction{"smaller-leaf", "small pages for a large one", SmallerLeaves},
    Reduction{"fewer-entries", "records or changes of fewer entries",
              FewerEntries},
    Reduction{"read", "reading for writing", ReadInsteadOfWrite},
    Reduction{"plain-state", "states nearer to rw young dirty", PlainState},
    Reduction{"earlier-reads", "changes earlier, or at one time", EarlierReads},
    Reduction{"plain-stack", "a stack nearer to zeroes, at its page's start",
              PlainStack},
    Reduction{"sort-records", "records in the order of their addresses",
              SortRecords},
    Reduction{"lower-addresses", "all of it further down, at a first boundary",
              LowerAddresses},
    Reduction{"move-record", "one record further down", MoveRecord},
    Reduction{"move-change", "one change further down", MoveChange},
    Reduction{"plain-frames", "frames one after the other, in order",
              PlainFramesOnly},
    Reduction{"start-over", "the simplest cases of a few records or changes",
              StartOver},
};

}  // namespace

std::span<const Reduction> Reductions() { return kReductions; }

std::vector<Case> Simpler(const Reduction& reduction, const Case& c) {
  std::vector<Case> proposals;
  reduction.propose(c, proposals);
  const Complexity most(c);
  std::vector<Case> simpler;
  for (Case& proposal : proposals) {
    Canonicalize(proposal);
    if (Complexity(proposal) < most) simpler.push_back(proposal);
  }
  return simpler;
}

bool Shrinker::Apply(const Reduction& reduction, Case& c) {
  for (const Case& simpler : Simpler(reduction, c)) {
    if (go_on_ && !go_on_(c)) {
      stopped_ = true;
      return false;
    }
    ++trials_;
    if (!keeps_(simpler)) continue;
    c = simpler;
    return true;
  }
  return false;
}

Case Shrinker::Shrink(const Case& c) {
  Case best = c;
  stopped_ = false;
  // From the first reduction on whenever one has helped: what comes first is
  // what makes a case smaller, and everything else cheaper.
  for (size_t i = 0; i < kReductions.size() && !stopped_;) {
    i = Apply(kReductions[i], best) ? 0 : i + 1;
  }
  return best;
}

}  // namespace pxdfuzz
