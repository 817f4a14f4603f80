// SPDX-License-Identifier: MIT

#include "src/shrink/reductions.h"

#include <algorithm>
#include <set>

#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/paging/paging_mode_info.h"

namespace pxdfuzz::shrink {

const Geometry& GeometryOf(const Case& c) { return InfoOf(c.mode).geometry; }

uint64_t EndOf(const Request& request, const Geometry& geometry) {
  return WrappingAdd(request.start, request.pages * geometry.page_size());
}

uint64_t EndOf(const TableOp& op, const Geometry& geometry) {
  return WrappingAdd(op.address, op.count * geometry.span(op.level));
}

bool Holds(const TableOp& op, uint64_t address, const Geometry& geometry) {
  return WrappingSub(address, op.address) < op.count * geometry.span(op.level);
}

bool Touches(const TableOp& one, const TableOp& other,
             const Geometry& geometry) {
  return HasAddress(one.kind) && HasAddress(other.kind) &&
         (Holds(one, other.address, geometry) ||
          Holds(other, one.address, geometry));
}

std::vector<OpPlace> OpsOf(const Case& c) {
  std::vector<OpPlace> places;
  for (size_t i = 0; i < c.setup.size(); ++i) places.push_back({false, i});
  for (size_t i = 0; i < c.concurrent.size(); ++i) places.push_back({true, i});
  return places;
}

uint64_t SetupCost(TableOp::Kind kind) {
  switch (kind) {
    case TableOp::Kind::kMap:
      return 0;
    case TableOp::Kind::kClear:
    case TableOp::Kind::kSwap:
      return 1;
    case TableOp::Kind::kMigration:
      return 2;
    case TableOp::Kind::kHwPoison:
    case TableOp::Kind::kDevicePrivate:
      return 3;
    case TableOp::Kind::kPoke:
      return 4;
    default:
      return 5;
  }
}

uint64_t ConcurrentCost(TableOp::Kind kind) {
  return static_cast<uint64_t>(
      std::find(kPlainFirst.begin(), kPlainFirst.end(), kind) -
      kPlainFirst.begin());
}

uint64_t LinesOf(const TableOp& op) {
  constexpr uint16_t kFew = 4;
  return op.count > kFew ? 2 : 1;
}

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

void AddWithReads(const Case& c, int most, Cases& out) {
  out.push_back(c);
  if (c.concurrent.empty()) return;
  for (int by = -most; by <= most; ++by) {
    if (by == 0) continue;
    out.push_back(c);
    for (ConcurrentOp& op : out.back().concurrent) {
      op.number = static_cast<uint16_t>(std::max(1, op.number + by));
    }
  }
}

// By insertion: clang calls what the library's stable sort is made of
// deprecated.
// By insertion: clang calls what the library's stable sort is made of
// deprecated.
void SortByAddress(Case& c) {
  for (size_t i = 1; i < c.setup.size(); ++i) {
    for (size_t at = i; at > 0 && c.setup[at].address < c.setup[at - 1].address;
         --at) {
      std::swap(c.setup[at], c.setup[at - 1]);
    }
  }
}

}  // namespace pxdfuzz::shrink
