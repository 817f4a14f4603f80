// SPDX-License-Identifier: MIT

#include "pxdfuzz/shrink.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "pxdfuzz/geometry.h"
#include "pxdfuzz/level.h"
#include "pxdfuzz/space_info.h"
#include "pxdfuzz/stack.h"
#include "pxdfuzz/wrapping.h"

namespace pxdfuzz {
namespace {

using Cases = std::vector<Case>;

const Geometry& GeometryOf(const Case& c) { return InfoOf(c.space).geometry; }

uint64_t EndOf(const Request& request, const Geometry& geometry) {
  return WrappingAdd(request.start, request.pages * geometry.page_size());
}

bool IsMap(const Record& record) { return record.kind == Record::Kind::kMap; }

bool HasCount(const Record& record) {
  return record.kind != Record::Kind::kPoke &&
         record.kind != Record::Kind::kPokeControl;
}

// Behind the last byte of the last entry.
uint64_t EndOf(const Record& record, const Geometry& geometry) {
  return WrappingAdd(record.address,
                     record.count * geometry.span(record.level));
}

bool Holds(const Record& record, uint64_t address, const Geometry& geometry) {
  return WrappingSub(address, record.address) <
         record.count * geometry.span(record.level);
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
uint64_t LinesOf(const Record& record) {
  constexpr uint16_t kFew = 4;
  return record.count > kFew ? 2 : 1;
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

// The frames of a case whose numbers say nothing: from the second page on, each
// record's behind those before it. By the position of the record; 0 for one
// that has none.
std::vector<uint64_t> PlainFrames(const Case& c) {
  const Geometry& geometry = GeometryOf(c);
  std::vector<uint64_t> frames;
  uint64_t next = geometry.page_size();
  for (const Record& record : c.records) {
    if (!IsMap(record) && record.kind != Record::Kind::kSwap) {
      frames.push_back(0);
      continue;
    }
    const uint64_t span = geometry.span(record.level);
    next = (next + span - 1) & ~(span - 1);
    frames.push_back(next);
    next += record.count * span;
  }
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
  add(c.space.levels);
  add(c.requests.size());
  sum(c.records, [](const Record& r) { return LinesOf(r); });
  parts_.back() += c.stack.words.size();
  add(c.stack.words.size());
  sum(c.records, [](const Record& r) { return CostOf(r.kind); });
  sum(c.records, [](const Record& r) {
    return HasCount(r) ? static_cast<uint64_t>(Ordinal(r.level)) : 0;
  });
  sum(c.requests, [](const Request& r) { return r.pages; });
  sum(c.records, [](const Record& r) { return r.count; });
  sum(c.requests, [](const Request& r) { return r.write ? 1 : 0; });
  sum(c.records, [](const Record& r) { return CostOf(r.state); });
  sum(c.stack.words, [](const StackWord& w) { return CostOf(w.content); });
  add(CostOf(c.stack.around));
  add(c.stack.position);
  add(Disorder(c));
  each(c.requests, [](const Request& r) { return r.start; });
  each(c.records, [](const Record& r) { return r.address; });
  const std::vector<uint64_t> plain = PlainFrames(c);
  uint64_t unusual = 0;
  for (size_t i = 0; i < c.records.size(); ++i) {
    if (c.records[i].frame != plain[i]) ++unusual;
  }
  add(unusual);
  each(c.records, [](const Record& r) { return r.frame; });
  // Nearer to the copy first, and above it before below.
  each(c.stack.words, [](const StackWord& w) {
    return static_cast<uint64_t>(2 * std::abs(int{w.distance}) -
                                 (w.distance > 0 ? 1 : 0));
  });
  // What tells apart what is left.
  each(c.requests, [](const Request& r) { return r.pages; });
  each(c.requests, [](const Request& r) { return r.write ? 1 : 0; });
  each(c.records, [](const Record& r) { return CostOf(r.kind); });
  each(c.records,
       [](const Record& r) { return r.kind == Record::Kind::kSwap ? 1 : 0; });
  each(c.records, [](const Record& r) { return Ordinal(r.level); });
  each(c.records, [](const Record& r) { return r.count; });
  each(c.records, [](const Record& r) { return CostOf(r.state); });
  each(c.records, [](const Record& r) { return r.word; });
  each(c.stack.words, [](const StackWord& w) { return CostOf(w.content); });
  each(c.stack.words, [](const StackWord& w) { return w.word; });
}

// -----------------------------------------------------------------------------
// Reductions

namespace {

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
// page, those around each boundary in it, and what lies an entry of any level
// away from there. Sorted.
std::vector<uint64_t> Places(const Case& c) {
  const Geometry& geometry = GeometryOf(c);
  const uint64_t page = geometry.page_size();
  std::set<uint64_t> places;
  for (const Request& request : c.requests) {
    const uint64_t end = EndOf(request, geometry);
    std::set<uint64_t> near = {request.start, WrappingAdd(request.start, page),
                               WrappingSub(end, page)};
    if (const auto crossed = Crossed(request, geometry)) {
      near.insert(crossed->second - page);
      near.insert(crossed->second);
    }
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
  }
  return {places.begin(), places.end()};
}

void FewerLevels(const Case& c, Cases& out) {
  for (const Space& space : kAllSpaces) {
    if (space.arch != c.space.arch || space.levels >= c.space.levels) continue;
    out.push_back(c);
    out.back().space = space;
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

// A large leaf becomes one or a few small ones that map the same pages there,
// at a place where that may matter.
void SmallerLeaves(const Case& c, Cases& out) {
  const Geometry& geometry = GeometryOf(c);
  const std::vector<uint64_t> places = Places(c);
  for (size_t i = 0; i < c.records.size(); ++i) {
    const Record& record = c.records[i];
    if (!HasCount(record)) continue;
    for (Level level = Level::kPte; level < record.level;
         level = Above(level)) {
      const uint64_t mask = geometry.span(level) - 1;
      for (const uint64_t place : places) {
        if (!Holds(record, place, geometry)) continue;
        Case smaller = c;
        Record& small = smaller.records[i];
        small.level = level;
        small.address = place & ~mask;
        const uint64_t rest =
            WrappingSub(EndOf(record, geometry), small.address) >>
            geometry.shift(level);
        if (IsMap(record)) small.frame += small.address - record.address;
        for (const uint64_t count :
             {uint64_t{1}, uint64_t{2}, uint64_t{c.requests[0].pages}, rest}) {
          small.count = static_cast<uint16_t>(
              std::min({count, rest, uint64_t{Case::kMaxPages}}));
          out.push_back(smaller);
        }
      }
    }
  }
}

void FewerPages(const Case& c, Cases& out) {
  const Geometry& geometry = GeometryOf(c);
  const uint64_t page = geometry.page_size();
  for (size_t i = 0; i < c.requests.size(); ++i) {
    const Request& request = c.requests[i];
    const auto add = [&](uint64_t start, unsigned pages) {
      if (pages == 0 || pages >= request.pages) return;
      out.push_back(c);
      out.back().requests[i].start = start;
      out.back().requests[i].pages = static_cast<uint16_t>(pages);
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

void FewerEntries(const Case& c, Cases& out) {
  const Geometry& geometry = GeometryOf(c);
  for (size_t i = 0; i < c.records.size(); ++i) {
    const Record& record = c.records[i];
    const auto add = [&](unsigned skipped, unsigned count) {
      out.push_back(c);
      Record& fewer = out.back().records[i];
      const uint64_t bytes = skipped * geometry.span(record.level);
      fewer.count = static_cast<uint16_t>(count);
      fewer.address = WrappingAdd(fewer.address, bytes);
      if (fewer.frame != 0) fewer.frame = WrappingAdd(fewer.frame, bytes);
    };
    const unsigned count = record.count;
    for (const unsigned fewer : {1u, 2u, count / 2, count - 1}) {
      if (fewer == 0 || fewer >= count) continue;
      add(0, fewer);
      add(count - fewer, fewer);
    }
    // From where something may happen, or up to there.
    if (count < 2) continue;
    for (const uint64_t place : Places(c)) {
      if (!Holds(record, place, geometry)) continue;
      const auto at = static_cast<unsigned>(
          WrappingSub(place, record.address) >> geometry.shift(record.level));
      if (at > 0) add(at, 1);
      if (at > 0 && count - at > 1) add(at, count - at);
      if (at > 1) add(0, at);
    }
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
  for (size_t i = 0; i < c.records.size(); ++i) {
    if (c.records[i].state == LeafState{}) continue;
    Case plain = c;
    LeafState& state = plain.records[i].state;
    const auto add = [&](const LeafState& wanted) {
      state = wanted;
      out.push_back(plain);
    };
    const LeafState old = c.records[i].state;
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
    if (record.kind != Record::Kind::kPokeControl) move(record.address);
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

void MoveRecord(const Case& c, Cases& out) {
  const Geometry& geometry = GeometryOf(c);
  for (size_t i = 0; i < c.records.size(); ++i) {
    if (c.records[i].kind == Record::Kind::kPokeControl) continue;
    const uint64_t mask = geometry.span(c.records[i].level) - 1;
    for (const uint64_t place : Places(c)) {
      if ((place & ~mask) == c.records[i].address) continue;
      out.push_back(c);
      out.back().records[i].address = place & ~mask;
    }
  }
}

void PlainFramesOnly(const Case& c, Cases& out) {
  const std::vector<uint64_t> plain = PlainFrames(c);
  const auto has_frame = [&c](size_t i) {
    return IsMap(c.records[i]) || c.records[i].kind == Record::Kind::kSwap;
  };
  Case all = c;
  for (size_t i = 0; i < c.records.size(); ++i) {
    if (has_frame(i)) all.records[i].frame = plain[i];
  }
  out.push_back(all);
  for (size_t i = 0; i < c.records.size(); ++i) {
    if (!has_frame(i)) continue;
    for (const uint64_t frame :
         {plain[i], GeometryOf(c).span(c.records[i].level), uint64_t{0}}) {
      out.push_back(c);
      out.back().records[i].frame = frame;
    }
  }
}

// What cases are made of that cross a boundary and are simple: `boundary` is
// the first one of `level`.
std::vector<Record> Ingredients(const SpaceInfo& info, Level level,
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

// The simplest cases that cross a boundary of the same level, made of up to
// three records. What is left of two cases may differ although one thing is
// wrong in both, if no single step leads from one to the other: here they meet.
void StartOver(const Case& c, Cases& out) {
  const SpaceInfo& info = InfoOf(c.space);
  const Geometry& geometry = info.geometry;
  const auto crossed = Crossed(c.requests[0], geometry);
  if (!crossed.has_value()) return;
  const uint64_t boundary = geometry.span(crossed->first);
  const std::vector<Record> all = Ingredients(info, crossed->first, boundary);
  uint64_t most = c.stack.words.size();
  for (const Record& record : c.records) most += LinesOf(record);
  std::vector<Case> cases;
  const auto add = [&](std::initializer_list<size_t> chosen) {
    if (chosen.size() > most) return;
    Case simple;
    simple.space = c.space;
    simple.requests.push_back(
        {.start = boundary - geometry.page_size(), .pages = 2});
    for (const size_t i : chosen) simple.records.push_back(all[i]);
    SortByAddress(simple);
    const std::vector<uint64_t> frames = PlainFrames(simple);
    for (size_t i = 0; i < frames.size(); ++i) {
      simple.records[i].frame = frames[i];
    }
    for (const bool write : {false, true}) {
      simple.requests[0].write = write;
      for (const StackContent around :
           {StackContent::kZero, StackContent::kCopy, StackContent::kNext}) {
        simple.stack.around = around;
        cases.push_back(simple);
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
  // The simplest first, and of equal ones one.
  std::map<Complexity, const Case*> sorted;
  for (Case& simple : cases) {
    Canonicalize(simple);
    sorted.emplace(Complexity(simple), &simple);
  }
  for (const auto& [complexity, simple] : sorted) out.push_back(*simple);
}

constexpr std::array kReductions = {
    Reduction{"one-request", "one of several requests, or one less",
              OneRequest},
    Reduction{"drop-records", "fewer records: half of them, down to one less",
              DropRecords},
    Reduction{"drop-words", "fewer words on the stack", DropWords},
    Reduction{"fewer-levels", "the same with fewer levels of tables",
              FewerLevels},
    Reduction{"fewer-pages", "shorter requests, around a boundary for one",
              FewerPages},
    Reduction{"merge-records", "one record for two that touch", MergeRecords},
    Reduction{"plain-kind", "a mapping for what is none", PlainKind},
    Reduction{"smaller-leaf", "small pages for a large one", SmallerLeaves},
    Reduction{"fewer-entries", "records of fewer entries", FewerEntries},
    Reduction{"read", "reading for writing", ReadInsteadOfWrite},
    Reduction{"plain-state", "states nearer to rw young dirty", PlainState},
    Reduction{"plain-stack", "a stack nearer to zeroes, at its page's start",
              PlainStack},
    Reduction{"sort-records", "records in the order of their addresses",
              SortRecords},
    Reduction{"lower-addresses", "all of it further down, at a first boundary",
              LowerAddresses},
    Reduction{"move-record", "one record further down", MoveRecord},
    Reduction{"plain-frames", "frames one after the other, in order",
              PlainFramesOnly},
    Reduction{"start-over", "the simplest cases of one to three records",
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
