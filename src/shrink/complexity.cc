// SPDX-License-Identifier: MIT

#include <cstdlib>
#include <vector>

#include "pxdfuzz/memory/stack.h"
#include "pxdfuzz/shrink/shrink.h"
#include "src/shrink/reductions.h"

namespace pxdfuzz {
namespace {

using shrink::OpPlace;
using shrink::OpsOf;

uint64_t CostOf(const LeafState& state) {
  uint64_t cost = state.permission == Permission::kReadWrite ? 0
                  : state.permission == Permission::kRead    ? 1
                                                             : 2;
  if (!state.young) cost += 3;
  if (!state.dirty) cost += 6;
  if (state.special) cost += 12;
  cost += 24 * uint64_t{AttributesOf(state)};
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

// Operations of the set-up before one with a lower address.
uint64_t Disorder(const Case& c) {
  uint64_t disorder = 0;
  for (size_t i = 0; i < c.setup.size(); ++i) {
    for (size_t j = i + 1; j < c.setup.size(); ++j) {
      if (c.setup[j].address < c.setup[i].address) ++disorder;
    }
  }
  return disorder;
}

// A reference says something of a walk that reads in another order.
uint64_t CostOf(Moment moment) {
  if (moment == Moment::kGrab) return 0;
  return moment == Moment::kRead ? 2 : 1;
}

uint64_t FailuresOf(const Request& request) {
  return (request.references != References::kEach ? 1 : 0) +
         (request.longterm ? 1 : 0) + (request.refused.has_value() ? 1 : 0) +
         (request.inaccessible.has_value() ? 1 : 0);
}

// The number of times at which something changes.
uint64_t MomentsOf(const Case& c) {
  uint64_t moments = 0;
  for (size_t i = 0; i < c.concurrent.size(); ++i) {
    if (i == 0 || c.concurrent[i].number != c.concurrent[i - 1].number ||
        c.concurrent[i].moment != c.concurrent[i - 1].moment) {
      ++moments;
    }
  }
  return moments;
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
  // First for the set-up, then for concurrent operations.
  const auto sum_ops = [&](auto&& cost) {
    sum(c.setup, cost);
    sum(c.concurrent, cost);
  };
  const auto setup_kind = [](const TableOp& op) {
    return shrink::SetupCost(op.kind);
  };
  const auto concurrent_kind = [](const TableOp& op) {
    return shrink::ConcurrentCost(op.kind);
  };
  const auto level = [](const TableOp& op) {
    return static_cast<uint64_t>(Ordinal(op.level));
  };
  const auto count = [](const TableOp& op) { return op.count; };
  const auto state = [](const TableOp& op) { return CostOf(op.state); };
  const auto frame = [](const TableOp& op) { return op.frame; };
  // A concurrent operation does no more than one of the set-up, and is no
  // simpler.
  uint64_t lines = c.stack.words.size();
  for (const OpPlace& place : OpsOf(c)) lines += shrink::LinesOf(place.In(c));
  add(lines);
  add(c.concurrent.size());
  add(c.stack.words.size());
  add(c.pages.size());
  sum(c.setup, setup_kind);
  sum(c.concurrent, concurrent_kind);
  sum_ops([&](const TableOp& op) { return HasCount(op.kind) ? level(op) : 0; });
  sum(c.requests, [](const Request& r) { return r.pages; });
  sum_ops(count);
  sum(c.pages, [](const PageRange& p) { return Ordinal(p.level); });
  sum(c.pages, [](const PageRange& p) { return p.count; });
  sum(c.requests, [](const Request& r) { return r.write ? 1 : 0; });
  sum(c.requests, [](const Request& r) { return FailuresOf(r); });
  sum_ops(state);
  add(MomentsOf(c));
  sum(c.concurrent, [](const ConcurrentOp& op) { return CostOf(op.moment); });
  sum(c.stack.words, [](const StackWord& w) { return CostOf(w.content); });
  add(c.pkru);
  add(CostOf(c.stack.around));
  add(c.stack.position);
  add(Disorder(c));
  each(c.requests, [](const Request& r) { return r.start; });
  each(c.setup, [](const TableOp& op) { return op.address; });
  each(c.concurrent, [](const ConcurrentOp& op) { return op.number; });
  each(c.concurrent, [](const ConcurrentOp& op) { return op.address; });
  each(c.requests, [](const Request& r) { return r.refused.value_or(0); });
  each(c.requests, [](const Request& r) { return r.inaccessible.value_or(0); });
  const std::vector<uint64_t> plain = shrink::PlainFrames(c);
  uint64_t unusual = 0;
  const std::vector<OpPlace> places = OpsOf(c);
  for (size_t i = 0; i < places.size(); ++i) {
    if (places[i].In(c).frame != plain[i]) ++unusual;
  }
  add(unusual);
  each(c.setup, frame);
  each(c.concurrent, frame);
  each(c.pages, [](const PageRange& p) { return p.frame; });
  // Nearer to the copy first, and above it before below.
  each(c.stack.words, [](const StackWord& w) {
    return static_cast<uint64_t>(2 * std::abs(int{w.distance}) -
                                 (w.distance > 0 ? 1 : 0));
  });
  // Distinguishes the remaining cases.
  each(c.requests, [](const Request& r) { return r.pages; });
  each(c.requests, [](const Request& r) { return r.write ? 1 : 0; });
  each(c.requests,
       [](const Request& r) { return static_cast<uint64_t>(r.references); });
  each(c.requests, [](const Request& r) { return r.longterm; });
  each(c.requests, [](const Request& r) { return r.refused.has_value(); });
  each(c.requests, [](const Request& r) { return r.inaccessible.has_value(); });
  each(c.concurrent,
       [](const ConcurrentOp& op) { return static_cast<uint64_t>(op.moment); });
  each(c.pages,
       [](const PageRange& p) { return static_cast<uint64_t>(p.kind); });
  each(c.pages, [](const PageRange& p) { return Ordinal(p.level); });
  each(c.pages, [](const PageRange& p) { return p.count; });
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

}  // namespace pxdfuzz
