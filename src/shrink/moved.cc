// SPDX-License-Identifier: MIT

#include <set>
#include <utility>

#include "pxdfuzz/base/wrapping.h"
#include "src/shrink/reductions.h"

namespace pxdfuzz::shrink {
namespace {

// Moves everything at `from` or above it down to `to`.
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

}  // namespace

void SortSetup(const Case& c, Cases& out) {
  Case sorted = c;
  SortByAddress(sorted);
  out.push_back(sorted);
  for (size_t i = 0; i + 1 < c.setup.size(); ++i) {
    out.push_back(c);
    std::swap(out.back().setup[i], out.back().setup[i + 1]);
  }
}

// Moves a request to lower addresses: the boundary that it crosses, or
// otherwise its start, becomes each of some simple multiples of entry spans.
// Operations at or above a bound near the request move by the same distance.
void LowerAddresses(const Case& c, Cases& out) {
  const Geometry& geometry = GeometryOf(c);
  for (const Request& request : c.requests) {
    const auto crossed = Crossed(request, geometry);
    const uint64_t from = crossed.has_value() ? crossed->second : request.start;
    // Without its lowest bit: at most as many steps as there are bits.
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
      // Everything; what is above the distance; what is close by.
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

// Moves one operation to each simple place. An operation of the set-up moves
// alone, and then together with the concurrent operations that touch it.
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

namespace {

// Gives an operation other frames, and pages of other kinds among its frames
// with them.
void SetFrame(const OpPlace& place, uint64_t frame, Case& c) {
  const Geometry& geometry = GeometryOf(c);
  TableOp& op = place.In(c);
  const uint64_t bytes = op.count * geometry.span(op.level);
  for (PageRange& pages : c.pages) {
    const uint64_t offset = WrappingSub(pages.frame, op.frame);
    if (offset < bytes) pages.frame = WrappingAdd(frame, offset);
  }
  op.frame = frame;
}

}  // namespace

void PlainFramesOnly(const Case& c, Cases& out) {
  const Geometry& geometry = GeometryOf(c);
  const std::vector<uint64_t> plain = PlainFrames(c);
  const std::vector<OpPlace> places = OpsOf(c);
  Case all = c;
  for (size_t i = 0; i < places.size(); ++i) {
    if (HasFrame(places[i].In(c).kind)) SetFrame(places[i], plain[i], all);
  }
  out.push_back(all);
  for (size_t i = 0; i < places.size(); ++i) {
    const TableOp& op = places[i].In(c);
    if (!HasFrame(op.kind)) continue;
    for (const uint64_t frame :
         {plain[i], geometry.span(op.level), uint64_t{0}}) {
      out.push_back(c);
      SetFrame(places[i], frame, out.back());
    }
  }
}

}  // namespace pxdfuzz::shrink
