// SPDX-License-Identifier: MIT

#include <algorithm>
#include <optional>

#include "pxdfuzz/base/wrapping.h"
#include "src/shrink/reductions.h"

namespace pxdfuzz::shrink {
namespace {

// Calls `add` with operations on one or a few smaller entries instead of those
// of `op`, at a place where that may matter. A page keeps its place.
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

}  // namespace

// Of any level: an operation that empties the entry of a page table may as well
// empty those of its pages.
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
         {TableOp::Kind::kMap, TableOp::Kind::kClear, TableOp::Kind::kSwap,
          TableOp::Kind::kMigration}) {
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

// Replaces a large leaf by one or a few small ones that map the same pages.
// Concurrent operations on the large leaf become operations on the small ones.
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

void ReadInsteadOfWrite(const Case& c, Cases& out) {
  for (size_t i = 0; i < c.requests.size(); ++i) {
    if (!c.requests[i].write) continue;
    out.push_back(c);
    out.back().requests[i].write = false;
  }
}

void FewerFailures(const Case& c, Cases& out) {
  for (size_t i = 0; i < c.requests.size(); ++i) {
    const auto add = [&](auto change) {
      out.push_back(c);
      change(out.back().requests[i]);
    };
    add([](Request& r) { r.references = References::kEach; });
    add([](Request& r) { r.longterm = false; });
    for (const auto page : {&Request::refused, &Request::inaccessible}) {
      const std::optional<uint16_t> now = c.requests[i].*page;
      if (!now.has_value()) continue;
      add([&](Request& r) { (r.*page).reset(); });
      for (const int lower : {0, *now / 2, *now - 1}) {
        if (lower < 0) continue;
        add([&](Request& r) { r.*page = static_cast<uint16_t>(lower); });
      }
    }
  }
}

void PlainState(const Case& c, Cases& out) {
  // `state` must be in `plain`.
  const auto simplify = [&out](const Case& plain, LeafState& state) {
    if (state == LeafState{}) return;
    const auto add = [&](const LeafState& wanted) {
      state = wanted;
      out.push_back(plain);
    };
    const LeafState old = state;
    add({});
    LeafState next = old;
    if (AttributesOf(old) != 0) {
      SetAttributes(0, next);
      add(next);
      for (const LeafAttribute& attribute : kLeafAttributes) {
        next = old;
        next.*attribute.member = false;
        add(next);
      }
      next = old;
      next.key = 0;
      add(next);
      next = old;
    }
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
  if (c.pkru == 0) return;
  Case plain = c;
  plain.pkru = 0;
  out.push_back(plain);
}

// All concurrent operations at the time of one of them, or at one of the first
// reads; all earlier; one earlier, alone or with the next.
void EarlierReads(const Case& c, Cases& out) {
  if (c.concurrent.empty()) return;
  const auto all_at = [&](int read) {
    out.push_back(c);
    for (ConcurrentOp& op : out.back().concurrent) {
      op.number = static_cast<uint16_t>(read);
    }
  };
  for (int read = 1; read <= kFirstReads; ++read) all_at(read);
  for (const ConcurrentOp& op : c.concurrent) all_at(op.number);
  const int first = c.concurrent[0].number;
  const auto from = [&](int read) {
    out.push_back(c);
    for (ConcurrentOp& op : out.back().concurrent) {
      op.number = static_cast<uint16_t>(op.number - first + read);
    }
  };
  for (int read = 1; read <= kFirstReads && read < first; ++read) from(read);
  if (first > 1) from(first / 2);
  if (first > 1) from(first - 1);
  for (size_t i = 0; i < c.concurrent.size(); ++i) {
    const int least = i == 0 ? 1 : c.concurrent[i - 1].number;
    const int read = c.concurrent[i].number;
    const auto at = [&](int earlier) {
      out.push_back(c);
      out.back().concurrent[i].number = static_cast<uint16_t>(earlier);
    };
    for (int k = least; k < least + kFirstReads && k < read; ++k) at(k);
    if (least < read) at(least + (read - least) / 2);
    if (least < read) at(read - 1);
    if (i + 1 < c.concurrent.size()) at(c.concurrent[i + 1].number);
  }
}

// A number of a read depends on the walk's text; a reference and a level do
// less.
void PinToEvents(const Case& c, Cases& out) {
  constexpr uint16_t kFirst = 4;
  const auto add = [&](Moment moment, uint16_t number) {
    for (size_t i = 0; i < c.concurrent.size(); ++i) {
      out.push_back(c);
      out.back().concurrent[i].moment = moment;
      out.back().concurrent[i].number = number;
    }
    if (c.concurrent.size() < 2) return;
    out.push_back(c);
    for (ConcurrentOp& op : out.back().concurrent) {
      op.moment = moment;
      op.number = number;
    }
  };
  for (uint16_t page = 0; page < kFirst; ++page) add(Moment::kGrab, page);
  for (const Level level : kAllLevels) {
    for (uint16_t read = 1; read <= kFirst; ++read) {
      add(MomentAfter(level), read);
    }
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

}  // namespace pxdfuzz::shrink
