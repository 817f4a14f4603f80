// SPDX-License-Identifier: MIT

#include <algorithm>

#include "pxdfuzz/base/inline_vector.h"
#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "src/shrink/reductions.h"

namespace pxdfuzz::shrink {
namespace {

// And from each of the first reads on.
void AddWithAllReads(const Case& c, Cases& out) {
  AddWithReads(c, kFewReads, out);
  if (c.concurrent.empty()) return;
  for (int read = 1; read <= kFirstReads; ++read) {
    const int by = c.concurrent[0].number - read;
    if (by <= kFewReads) continue;
    out.push_back(c);
    for (ConcurrentOp& op : out.back().concurrent) {
      op.number = static_cast<uint16_t>(op.number - by);
    }
  }
}

// If one operation continues where another of `list` ends, it takes over the
// entries of the other. Then they map consecutive pages, whatever they mapped
// before.
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

// Calls `add_op` with operations on fewer entries than `op`.
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
  // From a place where something may happen, or up to it.
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

}  // namespace

void FewerKinds(const Case& c, Cases& out) {
  for (size_t i = 0; i < c.pages.size(); ++i) {
    out.push_back(c);
    out.back().pages.erase(i);
    const PageRange& pages = c.pages[i];
    const auto add = [&](Level level, unsigned skipped, unsigned count) {
      const uint64_t span = GeometryOf(c).span(pages.level);
      out.push_back(c);
      PageRange& fewer = out.back().pages[i];
      fewer.level = level;
      fewer.frame = WrappingAdd(fewer.frame, skipped * span);
      fewer.count = static_cast<uint16_t>(count);
    };
    for (Level level = Level::kPte; level < pages.level; level = Above(level)) {
      add(level, 0, 1);
      add(level, 0, pages.count);
    }
    const unsigned count = pages.count;
    for (const unsigned fewer : {1u, count / 2, count - 1}) {
      if (fewer == 0 || fewer >= count) continue;
      add(pages.level, 0, fewer);
      add(pages.level, count - fewer, fewer);
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
    out.push_back(c.WithOnly(i));
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
    // The value of one word may as well be everywhere.
    for (const StackContent content :
         {StackContent::kZero, StackContent::kCopy, StackContent::kNext}) {
      fewer.stack.around = content;
      out.push_back(fewer);
    }
  }
}

// All of them, and each subset.
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

// Concurrent operations are done before the walk begins.
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

void MergeSetup(const Case& c, Cases& out) {
  Merge(c, &Case::setup, /*one_level=*/false, out);
}
// At the time of either operation.
void MergeConcurrent(const Case& c, Cases& out) {
  Merge(c, &Case::concurrent, /*one_level=*/true, out);
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

void FewerEntries(const Case& c, Cases& out) {
  for (const OpPlace& place : OpsOf(c)) {
    ForFewerEntries(place.In(c), c, [&](const TableOp& fewer) {
      out.push_back(c);
      place.In(out.back()) = fewer;
    });
  }
}

}  // namespace pxdfuzz::shrink
