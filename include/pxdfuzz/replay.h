// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REPLAY_H_
#define PXDFUZZ_REPLAY_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pxdfuzz/address_space.h"
#include "pxdfuzz/arena.h"
#include "pxdfuzz/arena_memory.h"
#include "pxdfuzz/case.h"
#include "pxdfuzz/entry_kind.h"
#include "pxdfuzz/geometry.h"
#include "pxdfuzz/policy.h"
#include "pxdfuzz/populate.h"
#include "pxdfuzz/reference.h"
#include "pxdfuzz/text_entries.h"
#include "pxdfuzz/text_lines.h"
#include "pxdfuzz/trace.h"
#include "pxdfuzz/translate.h"
#include "pxdfuzz/walk.h"
#include "pxdfuzz/wrapping.h"

namespace pxdfuzz {

// One request of a case, run again with one walk and everything remembered:
// what a report is made from. It allocates, and is no part of fuzzing.
template <class A>
class Replay {
 public:
  using Turns = std::vector<TurnTrace<ArenaMemory>::Seen>;

  // `c` outlives the object and has a request `request`, which is permitted.
  Replay(const Case& c, size_t request, Policy policy)
      : case_(c),
        request_(c.requests[request]),
        policy_(policy),
        arena_(MakeArena<A>()),
        mm_(arena_, c.space.levels),
        memory_(arena_, mm_.geometry(), c.stack) {
    Populate(c, mm_);
    reference_.resize(request_.pages);
    reference_.resize(ReferencePages<A>(manual(), memory_,
                                        geometry().page_size(), request_.start,
                                        request_.write, reference_));
    ArenaMemory memory(arena_, geometry(), c.stack);
    TurnTrace trace(memory);
    Walk walk(kernel(), policy, memory, trace);
    pages_.resize(request_.pages);
    count_ = walk.Run(mm_.root(), request_.start, AddressOf(request_.pages),
                      request_.write, pages_);
    pages_.resize(std::min(count_, pages_.size()));
    turns_ = trace.turns();
  }

  const Case& source() const { return case_; }
  const Request& request() const { return request_; }
  Policy policy() const { return policy_; }
  const Arena& arena() const { return arena_; }
  const Geometry& geometry() const { return mm_.geometry(); }
  uint64_t control() const { return mm_.control(); }
  typename A::Kernel kernel() const { return typename A::Kernel(mm_.levels()); }

  // The pages that the reference returns.
  const std::vector<uint64_t>& reference() const { return reference_; }
  // The pages that the walk returns, but for those beyond what was asked for.
  const std::vector<uint64_t>& pages() const { return pages_; }
  // How many it returns.
  size_t count() const { return count_; }
  const Turns& turns() const { return turns_; }

  // The address of a page of the request.
  uint64_t AddressOf(size_t page) const {
    return WrappingAdd(request_.start, page * geometry().page_size());
  }

  template <class OnFetch>
  Translation TranslateWith(uint64_t address, OnFetch&& on_fetch) const {
    return Translate(manual(), memory_, address, Access::kFetch, on_fetch);
  }
  Translation TranslateOnly(uint64_t address) const {
    return TranslateWith(address, [](Level, EntryRef, uint64_t) {});
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

  // The address that a record of the case maps to the physical page, if any.
  std::optional<uint64_t> WhereMapped(uint64_t page) const {
    for (const Record& record : case_.records) {
      if (record.kind != Record::Kind::kMap) continue;
      const uint64_t inside = WrappingSub(page, record.frame);
      if (inside >= record.count * geometry().span(record.level)) continue;
      const uint64_t address = WrappingAdd(record.address, inside);
      const Translation t = TranslateOnly(address);
      // A later record may have mapped something else there.
      if (!t.fetched ||
          A::Entries::Classify(t.level, t.entry).tag != EntryKind::Tag::kLeaf ||
          A::Manual::FrameAddress(t.level, t.entry, address) != page) {
        continue;
      }
      return address;
    }
    return std::nullopt;
  }

 private:
  typename A::Manual manual() const {
    return typename A::Manual(geometry(), mm_.control());
  }

  const Case& case_;
  const Request& request_;
  const Policy policy_;
  Arena arena_;
  AddressSpace<A> mm_;
  ArenaMemory memory_;
  std::vector<uint64_t> reference_;
  std::vector<uint64_t> pages_;
  size_t count_ = 0;
  Turns turns_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_REPLAY_H_
