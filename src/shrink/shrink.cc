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

// Behind the last byte of the last entry.
uint64_t EndOf(const TableOp& op, const Geometry& geometry) {
  return WrappingAdd(op.address, op.count * geometry.span(op.level));
}

bool Holds(const TableOp& op, uint64_t address, const Geometry& geometry) {
  return WrappingSub(address, op.address) < op.count * geometry.span(op.level);
}

// Whether what one is about lies in the entries of the other.
bool Touches(const TableOp& one, const TableOp& other,
             const Geometry& geometry) {
  return HasAddress(one.kind) && HasAddress(other.kind) &&
         (Holds(one, other.address, geometry) ||
          Holds(other, one.address, geometry));
}

// Where an operation stands in a case.
struct OpPlace {
  bool concurrent = false;
  size_t index = 0;

  TableOp& In(Case& c) const {
    return concurrent ? c.concurrent[index] : c.setup[index];
  }
  const TableOp& In(const Case& c) const {
    return concurrent ? c.concurrent[index] : c.setup[index];
  }
};

// Those of the set-up first.
std::vector<OpPlace> OpsOf(const Case& c) {
  std::vector<OpPlace> places;
  for (size_t i = 0; i < c.setup.size(); ++i) places.push_back({false, i});
  for (size_t i = 0; i < c.concurrent.size(); ++i) places.push_back({true, i});
  return places;
}

// -----------------------------------------------------------------------------
// Complexity

uint64_t SetupCost(TableOp::Kind kind) {
  switch (kind) {
    case TableOp::Kind::kMap:
      return 0;
    case TableOp::Kind::kClear:
    case TableOp::Kind::kSwap:
      return 1;
    case TableOp::Kind::kPoke:
      return 2;
    default:
      return 3;
  }
}

// Kinds of concurrent operations, that with the least to it first.
constexpr std::array kPlainFirst = {
    TableOp::Kind::kClear,  TableOp::Kind::kWriteProtect,
    TableOp::Kind::kDetach, TableOp::Kind::kMap,
    TableOp::Kind::kSplit,  TableOp::Kind::kRefill,
    TableOp::Kind::kUpgrade};

uint64_t ConcurrentCost(TableOp::Kind kind) {
  return static_cast<uint64_t>(
      std::find(kPlainFirst.begin(), kPlainFirst.end(), kind) -
      kPlainFirst.begin());
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

// An operation on many entries is no simpler than two on a few each.
uint64_t LinesOf(const TableOp& op) {
  constexpr uint16_t kFew = 4;
  return op.count > kFew ? 2 : 1;
}

// Operations of the set-up that stand before one of a lower address.
uint64_t Disorder(const Case& c) {
  uint64_t disorder = 0;
  for (size_t i = 0; i < c.setup.size(); ++i) {
    for (size_t j = i + 1; j < c.setup.size(); ++j) {
      if (c.setup[j].address < c.setup[i].address) ++disorder;
    }
  }
  return disorder;
}

// Moments at which something changes.
uint64_t MomentsOf(const Case& c) {
  uint64_t moments = 0;
  for (size_t i = 0; i < c.concurrent.size(); ++i) {
    if (i == 0 || c.concurrent[i].read != c.concurrent[i - 1].read) ++moments;
  }
  return moments;
}

// The frames of a case whose numbers say nothing: from the second page on, each
// operation's behind those before it. By OpsOf(); 0 for what has none.
std::vector<uint64_t> PlainFrames(const Case& c) {
  const Geometry& geometry = GeometryOf(c);
  uint64_t next = geometry.page_size();
  std::vector<uint64_t> frames;
  for (const OpPlace& place : OpsOf(c)) {
    const TableOp& op = place.In(c);
    if (!HasFrame(op.kind)) {
      frames.push_back(0);
      continue;
    }
    const uint64_t span = geometry.span(op.level);
    next = (next + span - 1) & ~(span - 1);
    frames.push_back(next);
    next += op.count * span;
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
  add(c.mode.levels);
  add(c.requests.size());
  // Of the set-up and then of what is concurrent.
  const auto sum_ops = [&](auto&& cost) {
    sum(c.setup, cost);
    sum(c.concurrent, cost);
  };
  const auto setup_kind = [](const TableOp& op) { return SetupCost(op.kind); };
  const auto concurrent_kind = [](const TableOp& op) {
    return ConcurrentCost(op.kind);
  };
  const auto level = [](const TableOp& op) {
    return static_cast<uint64_t>(Ordinal(op.level));
  };
  const auto count = [](const TableOp& op) { return op.count; };
  const auto state = [](const TableOp& op) { return CostOf(op.state); };
  const auto frame = [](const TableOp& op) { return op.frame; };
  // What is concurrent does no more than a set-up, and is no simpler.
  uint64_t lines = c.stack.words.size();
  for (const OpPlace& place : OpsOf(c)) lines += LinesOf(place.In(c));
  add(lines);
  add(c.concurrent.size());
  add(c.stack.words.size());
  sum(c.setup, setup_kind);
  sum(c.concurrent, concurrent_kind);
  sum_ops([&](const TableOp& op) { return HasCount(op.kind) ? level(op) : 0; });
  sum(c.requests, [](const Request& r) { return r.pages; });
  sum_ops(count);
  sum(c.requests, [](const Request& r) { return r.write ? 1 : 0; });
  sum_ops(state);
  add(MomentsOf(c));
  sum(c.stack.words, [](const StackWord& w) { return CostOf(w.content); });
  add(CostOf(c.stack.around));
  add(c.stack.position);
  add(Disorder(c));
  each(c.requests, [](const Request& r) { return r.start; });
  each(c.setup, [](const TableOp& op) { return op.address; });
  each(c.concurrent, [](const ConcurrentOp& op) { return op.read; });
  each(c.concurrent, [](const ConcurrentOp& op) { return op.address; });
  const std::vector<uint64_t> plain = PlainFrames(c);
  uint64_t unusual = 0;
  const std::vector<OpPlace> places = OpsOf(c);
  for (size_t i = 0; i < places.size(); ++i) {
    if (places[i].In(c).frame != plain[i]) ++unusual;
  }
  add(unusual);
  each(c.setup, frame);
  each(c.concurrent, frame);
  // Nearer to the copy first, and above it before below.
  each(c.stack.words, [](const StackWord& w) {
    return static_cast<uint64_t>(2 * std::abs(int{w.distance}) -
                                 (w.distance > 0 ? 1 : 0));
  });
  // What tells apart what is left.
  each(c.requests, [](const Request& r) { return r.pages; });
  each(c.requests, [](const Request& r) { return r.write ? 1 : 0; });
  each(c.setup, setup_kind);
  each(c.setup, [](const TableOp& op) {
    return op.kind == TableOp::Kind::kSwap ? 1 : 0;
  });
  each(c.setup, level);
  each(c.setup, count);
  each(c.setup, state);
  each(c.setup, [](const TableOp& op) { return op.word; });
  each(c.concurrent, concurrent_kind);
  each(c.concurrent, level);
  each(c.concurrent, count);
  each(c.concurrent, state);
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
  for (const ConcurrentOp& op : c.concurrent) {
    if (HasAddress(op.kind)) near.insert(op.address);
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
  if (c.concurrent.empty()) return;
  for (int by = -most; by <= most; ++by) {
    if (by == 0) continue;
    out.push_back(c);
    for (ConcurrentOp& op : out.back().concurrent) {
      op.read = static_cast<uint16_t>(std::max(1, op.read + by));
    }
  }
}
// And from each of the first reads on.
void AddWithAllReads(const Case& c, Cases& out) {
  AddWithReads(c, kFewReads, out);
  if (c.concurrent.empty()) return;
  for (int read = 1; read <= kFirstReads; ++read) {
    const int by = c.concurrent[0].read - read;
    if (by <= kFewReads) continue;
    out.push_back(c);
    for (ConcurrentOp& op : out.back().concurrent) {
      op.read = static_cast<uint16_t>(op.read - by);
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
void DropSetup(const Case& c, Cases& out) {
  const size_t size = c.setup.size();
  for (size_t part = size; part > 0; part /= 2) {
    for (size_t at = 0; at < size; at += part) {
      Case fewer = c;
      for (size_t i = std::min(at + part, size); i > at; --i) {
        fewer.setup.erase(i - 1);
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
void DropConcurrent(const Case& c, Cases& out) {
  const size_t all = (size_t{1} << c.concurrent.size()) - 1;
  for (size_t kept = 0; kept < all; ++kept) {
    Case fewer = c;
    for (size_t i = c.concurrent.size(); i > 0; --i) {
      if ((kept >> (i - 1) & 1) == 0) fewer.concurrent.erase(i - 1);
    }
    out.push_back(fewer);
  }
}

// What is concurrent is done before the walk begins.
void SetupForConcurrent(const Case& c, Cases& out) {
  if (c.setup.full()) return;
  for (size_t i = 0; i < c.concurrent.size(); ++i) {
    TableOp op = c.concurrent[i];
    if (!HasAddress(op.kind) || op.kind == TableOp::Kind::kWriteProtect) {
      continue;
    }
    op.kind = HasFrame(op.kind) ? TableOp::Kind::kMap : TableOp::Kind::kClear;
    Case done = c;
    done.concurrent.erase(i);
    done.setup.push_back(op);
    out.push_back(done);
  }
}

// An operation that goes on where another of `list` ends takes over that one's
// entries. What they map is consecutive then, whatever it was.
template <class Op, size_t kMost>
void Merge(const Case& c, InlineVector<Op, kMost> Case::* list, bool one_level,
           Cases& out) {
  const Geometry& geometry = GeometryOf(c);
  const InlineVector<Op, kMost>& ops = c.*list;
  for (size_t i = 0; i < ops.size(); ++i) {
    for (size_t j = 0; j < ops.size(); ++j) {
      const TableOp& first = ops[i];
      const TableOp& second = ops[j];
      if (i == j || !HasCount(first.kind) || first.kind != second.kind ||
          (one_level && first.level != second.level) ||
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
        TableOp& kept = (merged.*list)[keep];
        kept = first;
        kept.count =
            static_cast<uint16_t>(std::max<uint64_t>(first.count, count));
        (merged.*list).erase(keep == i ? j : i);
        out.push_back(merged);
      }
    }
  }
}

void MergeSetup(const Case& c, Cases& out) {
  Merge(c, &Case::setup, /*one_level=*/false, out);
}
// At the time of either.
void MergeConcurrent(const Case& c, Cases& out) {
  Merge(c, &Case::concurrent, /*one_level=*/true, out);
}

// Of any level: what empties the entry of a page table may as well empty those
// of its pages.
void PlainConcurrent(const Case& c, Cases& out) {
  for (size_t i = 0; i < c.concurrent.size(); ++i) {
    const TableOp& op = c.concurrent[i];
    for (const TableOp::Kind kind : kPlainFirst) {
      if (kind == op.kind) break;
      for (const Level level : kAllLevels) {
        Case plain = c;
        plain.concurrent[i].kind = kind;
        plain.concurrent[i].level = level;
        if (!HasAddress(op.kind)) {
          plain.concurrent[i].address = c.requests[0].start;
        }
        out.push_back(plain);
        if (plain.concurrent[i].count == 1) continue;
        plain.concurrent[i].count = 1;
        out.push_back(plain);
      }
    }
  }
}

void PlainSetup(const Case& c, Cases& out) {
  for (size_t i = 0; i < c.setup.size(); ++i) {
    const TableOp& op = c.setup[i];
    for (const TableOp::Kind kind :
         {TableOp::Kind::kMap, TableOp::Kind::kClear, TableOp::Kind::kSwap}) {
      if (SetupCost(kind) >= SetupCost(op.kind)) continue;
      out.push_back(c);
      out.back().setup[i] = {.kind = kind,
                             .level = op.level,
                             .address = op.address,
                             .count = op.count,
                             .frame = op.frame};
    }
  }
}

// Calls `add` with what is one or a few smaller entries in place of those of
// `op`, at a place where that may matter. A page stays where it is.
template <class Add>
void ForSmaller(const TableOp& op, const Case& c,
                const std::vector<uint64_t>& places, Add add) {
  const Geometry& geometry = GeometryOf(c);
  for (Level level = Level::kPte; level < op.level; level = Above(level)) {
    const uint64_t mask = geometry.span(level) - 1;
    for (const uint64_t place : places) {
      if (!Holds(op, place, geometry)) continue;
      TableOp small = op;
      small.level = level;
      small.address = place & ~mask;
      const uint64_t rest = WrappingSub(EndOf(op, geometry), small.address) >>
                            geometry.shift(level);
      if (op.kind == TableOp::Kind::kMap) {
        small.frame =
            WrappingAdd(small.frame, WrappingSub(small.address, op.address));
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
// and what is done to it meanwhile is done to those.
void SmallerLeaves(const Case& c, Cases& out) {
  const Geometry& geometry = GeometryOf(c);
  const std::vector<uint64_t> places = Places(c);
  for (const OpPlace& at : OpsOf(c)) {
    const TableOp& op = at.In(c);
    if (!HasCount(op.kind)) continue;
    ForSmaller(op, c, places, [&](const TableOp& small) {
      Case smaller = c;
      at.In(smaller) = small;
      if (at.concurrent) {
        out.push_back(smaller);
        return;
      }
      AddWithReads(smaller, kFewReads, out);
      bool taken = false;
      for (ConcurrentOp& other : smaller.concurrent) {
        if (other.level != op.level || !Touches(op, other, geometry)) continue;
        other.level = small.level;
        other.address = small.address;
        other.count = small.count;
        taken = true;
      }
      if (taken) AddWithReads(smaller, kFewReads, out);
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

// Calls `add_op` with what has fewer entries than `op`.
template <class Add>
void ForFewerEntries(const TableOp& op, const Case& c, Add add_op) {
  const Geometry& geometry = GeometryOf(c);
  const auto add = [&](unsigned skipped, unsigned count) {
    TableOp fewer = op;
    const uint64_t bytes = skipped * geometry.span(op.level);
    fewer.count = static_cast<uint16_t>(count);
    fewer.address = WrappingAdd(fewer.address, bytes);
    if (fewer.frame != 0) fewer.frame = WrappingAdd(fewer.frame, bytes);
    add_op(fewer);
  };
  const unsigned count = op.count;
  for (const unsigned fewer : {1u, 2u, count / 2, count - 1}) {
    if (fewer == 0 || fewer >= count) continue;
    add(0, fewer);
    add(count - fewer, fewer);
  }
  // From where something may happen, or up to there.
  if (count < 2) return;
  for (const uint64_t place : Places(c)) {
    if (!Holds(op, place, geometry)) continue;
    const auto at = static_cast<unsigned>(WrappingSub(place, op.address) >>
                                          geometry.shift(op.level));
    if (at > 0) add(at, 1);
    if (at > 0 && count - at > 1) add(at, count - at);
    if (at > 1) add(0, at);
  }
}

void FewerEntries(const Case& c, Cases& out) {
  for (const OpPlace& place : OpsOf(c)) {
    ForFewerEntries(place.In(c), c, [&](const TableOp& fewer) {
      out.push_back(c);
      place.In(out.back()) = fewer;
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
  for (const OpPlace& place : OpsOf(c)) {
    Case plain = c;
    simplify(plain, place.In(plain).state);
  }
}

// All that is concurrent at the time of one of them, or at one of the first
// reads; all earlier; one alone earlier, or with the next.
void EarlierReads(const Case& c, Cases& out) {
  if (c.concurrent.empty()) return;
  const auto all_at = [&](int read) {
    out.push_back(c);
    for (ConcurrentOp& op : out.back().concurrent) {
      op.read = static_cast<uint16_t>(read);
    }
  };
  for (int read = 1; read <= kFirstReads; ++read) all_at(read);
  for (const ConcurrentOp& op : c.concurrent) all_at(op.read);
  const int first = c.concurrent[0].read;
  const auto from = [&](int read) {
    out.push_back(c);
    for (ConcurrentOp& op : out.back().concurrent) {
      op.read = static_cast<uint16_t>(op.read - first + read);
    }
  };
  for (int read = 1; read <= kFirstReads && read < first; ++read) from(read);
  if (first > 1) from(first / 2);
  if (first > 1) from(first - 1);
  for (size_t i = 0; i < c.concurrent.size(); ++i) {
    const int least = i == 0 ? 1 : c.concurrent[i - 1].read;
    const int read = c.concurrent[i].read;
    const auto at = [&](int earlier) {
      out.push_back(c);
      out.back().concurrent[i].read = static_cast<uint16_t>(earlier);
    };
    for (int k = least; k < least + kFirstReads && k < read; ++k) at(k);
    if (least < read) at(least + (read - least) / 2);
    if (least < read) at(read - 1);
    if (i + 1 < c.concurrent.size()) at(c.concurrent[i + 1].read);
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

// Of operations with one address the first stays first. By insertion: clang
// calls what the library's stable sort is made of deprecated.
void SortByAddress(Case& c) {
  for (size_t i = 1; i < c.setup.size(); ++i) {
    for (size_t at = i; at > 0 && c.setup[at].address < c.setup[at - 1].address;
         --at) {
      std::swap(c.setup[at], c.setup[at - 1]);
    }
  }
}

void SortSetup(const Case& c, Cases& out) {
  Case sorted = c;
  SortByAddress(sorted);
  out.push_back(sorted);
  for (size_t i = 0; i + 1 < c.setup.size(); ++i) {
    out.push_back(c);
    std::swap(out.back().setup[i], out.back().setup[i + 1]);
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
  for (const OpPlace& place : OpsOf(moved)) {
    TableOp& op = place.In(moved);
    if (HasAddress(op.kind)) move(op.address);
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

// Alone, and one of the set-up with what is done meanwhile about it.
void MoveOp(const Case& c, Cases& out) {
  const Geometry& geometry = GeometryOf(c);
  for (const OpPlace& at : OpsOf(c)) {
    const TableOp& op = at.In(c);
    if (!HasAddress(op.kind)) continue;
    const uint64_t mask = geometry.span(op.level) - 1;
    for (const uint64_t place : Places(c)) {
      const uint64_t to = place & ~mask;
      if (to == op.address) continue;
      Case moved = c;
      at.In(moved).address = to;
      out.push_back(moved);
      if (at.concurrent) continue;
      bool taken = false;
      for (ConcurrentOp& other : moved.concurrent) {
        if (!Touches(op, other, geometry)) continue;
        other.address = WrappingAdd(other.address, WrappingSub(to, op.address));
        taken = true;
      }
      if (taken) out.push_back(moved);
    }
  }
}

void PlainFramesOnly(const Case& c, Cases& out) {
  const Geometry& geometry = GeometryOf(c);
  const std::vector<uint64_t> plain = PlainFrames(c);
  const std::vector<OpPlace> places = OpsOf(c);
  Case all = c;
  for (size_t i = 0; i < places.size(); ++i) {
    if (HasFrame(places[i].In(c).kind)) places[i].In(all).frame = plain[i];
  }
  out.push_back(all);
  for (size_t i = 0; i < places.size(); ++i) {
    const TableOp& op = places[i].In(c);
    if (!HasFrame(op.kind)) continue;
    for (const uint64_t frame :
         {plain[i], geometry.span(op.level), uint64_t{0}}) {
      out.push_back(c);
      places[i].In(out.back()).frame = frame;
    }
  }
}

// What cases are made of that cross a boundary and are simple: `boundary` is
// the first one of `level`.
std::vector<TableOp> Ingredients(const PagingModeInfo& info, Level level,
                                 uint64_t boundary) {
  const Geometry& geometry = info.geometry;
  std::vector<TableOp> ops;
  for (Level leaf = Level::kPte; leaf <= level; leaf = Above(leaf)) {
    if (!info.HasLeaf(leaf)) continue;
    const uint64_t span = geometry.span(leaf);
    // Before the boundary, on both sides of it, behind it, and where a walk
    // comes to that reads the entry before it once more.
    ops.push_back({.level = leaf, .address = boundary - span});
    ops.push_back({.level = leaf, .address = boundary - span, .count = 2});
    ops.push_back({.level = leaf, .address = boundary});
    if (leaf < level) {
      ops.push_back(
          {.level = leaf, .address = boundary - geometry.span(level)});
      // Makes tables for what is behind the boundary, and leaves that empty.
      ops.push_back({.address = boundary + span});
    }
    for (const LeafState& state :
         {LeafState{.permission = Permission::kRead},
          LeafState{.permission = Permission::kNone}, LeafState{.young = false},
          LeafState{.special = true}}) {
      ops.push_back({.level = leaf, .address = boundary, .state = state});
    }
  }
  ops.push_back({.kind = TableOp::Kind::kSwap, .address = boundary});
  return ops;
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
  const std::vector<uint64_t> frames = PlainFrames(c);
  const std::vector<OpPlace> places = OpsOf(c);
  for (size_t i = 0; i < places.size(); ++i) {
    places[i].In(c).frame = frames[i];
  }
}

// What may be at a place before it changes: nothing, a leaf, a table that is
// empty, a page beside it, or one in the next page table.
std::vector<std::optional<TableOp>> ThingsAt(const PagingModeInfo& info,
                                             uint64_t place) {
  const Geometry& geometry = info.geometry;
  std::vector<std::optional<TableOp>> ops = {std::nullopt};
  for (const Level level : kAllLevels) {
    if (info.HasLeaf(level)) {
      for (const LeafState& state :
           {LeafState{}, LeafState{.permission = Permission::kRead},
            LeafState{.permission = Permission::kNone},
            LeafState{.young = false}, LeafState{.special = true}}) {
        ops.push_back(
            TableOp{.level = level, .address = place, .state = state});
      }
    }
    if (geometry.real(level)) {
      ops.push_back(TableOp{
          .kind = TableOp::Kind::kClear, .level = level, .address = place});
    }
  }
  ops.push_back(TableOp{.kind = TableOp::Kind::kSwap, .address = place});
  for (const Level level : {Level::kPte, Level::kPmd}) {
    ops.push_back(TableOp{.address = WrappingAdd(place, geometry.span(level))});
  }
  return ops;
}

// What may happen there, all of it at once.
std::vector<std::vector<TableOp>> DeedsAt(const PagingModeInfo& info,
                                          uint64_t place) {
  using Kind = TableOp::Kind;
  const Geometry& geometry = info.geometry;
  std::vector<std::vector<TableOp>> all;
  for (const Level level : kAllLevels) {
    for (const Kind kind : {Kind::kClear, Kind::kWriteProtect, Kind::kMap}) {
      if (kind == Kind::kClear ? geometry.real(level) : info.HasLeaf(level)) {
        all.push_back({{.kind = kind, .level = level, .address = place}});
      }
    }
  }
  all.push_back({{.kind = Kind::kMap,
                  .address = WrappingAdd(place, geometry.page_size())}});
  const TableOp detach{.kind = Kind::kDetach, .address = place};
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
    for (const std::optional<TableOp>& before : ThingsAt(info, place)) {
      simple.setup.clear();
      if (start != place) simple.setup.push_back({.address = start});
      if (before.has_value()) simple.setup.push_back(*before);
      for (const std::vector<TableOp>& deeds : DeedsAt(info, place)) {
        simple.concurrent.clear();
        for (const TableOp& op : deeds) simple.concurrent.push_back({op});
        NumberFrames(simple);
        for (int read = first; read <= last; ++read) {
          for (ConcurrentOp& op : simple.concurrent) {
            op.read = static_cast<uint16_t>(read);
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
// three operations. What is left of two cases may differ although one thing is
// wrong in both, if no single step leads from one to the other: here they meet.
void StartOver(const Case& c, Cases& out) {
  if (!c.concurrent.empty()) {
    StartOverChanging(c, out);
    return;
  }
  const PagingModeInfo& info = InfoOf(c.mode);
  const Geometry& geometry = info.geometry;
  const auto crossed = Crossed(c.requests[0], geometry);
  if (!crossed.has_value()) return;
  const uint64_t boundary = geometry.span(crossed->first);
  const std::vector<TableOp> all = Ingredients(info, crossed->first, boundary);
  uint64_t most = c.stack.words.size();
  for (const TableOp& op : c.setup) most += LinesOf(op);
  Simplest cases(c);
  const auto add = [&](std::initializer_list<size_t> chosen) {
    if (chosen.size() > most) return;
    Case simple;
    simple.mode = c.mode;
    simple.requests.push_back(
        {.start = boundary - geometry.page_size(), .pages = 2});
    for (const size_t i : chosen) simple.setup.push_back(all[i]);
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
    Reduction{"drop-setup",
              "a shorter set-up: half of it, down to one operation less",
              DropSetup},
    Reduction{"drop-concurrent", "fewer concurrent operations", DropConcurrent},
    Reduction{"drop-words", "fewer words on the stack", DropWords},
    Reduction{"fewer-levels", "the same with fewer levels of tables",
              FewerLevels},
    Reduction{"fewer-pages", "shorter requests, around a boundary for one",
              FewerPages},
    Reduction{"merge-setup", "one operation for two that touch", MergeSetup},
    Reduction{"setup-for-concurrent", "before the walk what is concurrent",
              SetupForConcurrent},
    Reduction{"merge-concurrent", "one concurrent operation for two that touch",
              MergeConcurrent},
    Reduction{"plain-concurrent", "a concurrent operation of a simpler kind",
              PlainConcurrent},
    Reduction{"plain-setup", "a mapping for what is none", PlainSetup},
    Reduction{"smaller-leaf", "small pages for a large one", SmallerLeaves},
    Reduction{"fewer-entries", "operations on fewer entries", FewerEntries},
    Reduction{"read", "reading for writing", ReadInsteadOfWrite},
    Reduction{"plain-state", "states nearer to rw young dirty", PlainState},
    Reduction{"earlier-reads", "concurrent operations earlier, or at one time",
              EarlierReads},
    Reduction{"plain-stack", "a stack nearer to zeroes, at its page's start",
              PlainStack},
    Reduction{"sort-setup", "the set-up in the order of its addresses",
              SortSetup},
    Reduction{"lower-addresses", "all of it further down, at a first boundary",
              LowerAddresses},
    Reduction{"move-op", "one operation on tables further down", MoveOp},
    Reduction{"plain-frames", "frames one after the other, in order",
              PlainFramesOnly},
    Reduction{"start-over", "the simplest cases of a few operations",
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
