// SPDX-License-Identifier: MIT

#include "src/case/canonicalize.h"

#include <algorithm>
#include <array>
#include <optional>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/paging/geometry.h"
#include "pxdfuzz/paging/paging_mode_info.h"

namespace pxdfuzz {
namespace {

// The highest level at or below `level` that `has` allows. It allows pte for
// everything.
template <class Has>
Level LowerUntil(Level level, Has has) {
  while (level != Level::kPte && !has(level)) level = Below(level);
  return level;
}

uint16_t ClampCount(uint16_t count) {
  return std::clamp<uint16_t>(count, 1, Case::kMaxPages);
}

// Contiguous page entries come in whole blocks.
void AlignToBlocks(TableOp& op, const PagingModeInfo& info) {
  const uint64_t inside = info.cont_ptes * info.geometry.page_size() - 1;
  op.address &= ~inside;
  op.frame &= ~inside;
  const uint64_t blocks = (op.count + info.cont_ptes - 1) / info.cont_ptes;
  op.count = static_cast<uint16_t>(blocks * info.cont_ptes);
}

// Kinds that bytes cannot represent become kClear.
template <size_t kCount>
void CanonicalizeOneOf(TableOp& op,
                       const std::array<TableOp::Kind, kCount>& kinds,
                       const PagingModeInfo& info) {
  if (std::find(kinds.begin(), kinds.end(), op.kind) == kinds.end()) {
    op.kind = TableOp::Kind::kClear;
  }
  CanonicalizeOp(op, info);
}

}  // namespace

void CanonicalizeOp(TableOp& op, const PagingModeInfo& info) {
  using Kind = TableOp::Kind;
  const Geometry& geometry = info.geometry;
  if (MakesSwapEntries(op.kind) && !info.HasSwap(Level::kPte)) {
    op.kind = Kind::kClear;
  }
  if (op.kind == Kind::kDevicePrivate && !info.has_device_private) {
    op.kind = Kind::kSwap;
  }
  const bool is_of_leaves =
      op.kind == Kind::kMap || op.kind == Kind::kWriteProtect ||
      op.kind == Kind::kMigrate || MakesSwapEntries(op.kind);
  op.level =
      LowerUntil(OnlyLevel(op.kind).value_or(op.level), [&](Level level) {
        return is_of_leaves ? info.HasLeaf(level) : geometry.real(level);
      });
  const uint64_t aligned = ~(geometry.span(op.level) - 1);
  op.address = HasAddress(op.kind) ? op.address & aligned : 0;
  op.count = HasCount(op.kind) ? ClampCount(op.count) : uint16_t{1};
  if (op.kind == Kind::kRefill || op.kind == Kind::kUnshare) {
    const uint64_t left =
        geometry.entries(op.level) - geometry.index(op.level, op.address);
    op.count = static_cast<uint16_t>(std::min<uint64_t>(op.count, left));
  }
  op.frame = HasFrame(op.kind)
                 ? op.frame & kFrameMask << geometry.page_shift() & aligned
                 : 0;
  if (!HasState(op.kind)) op.state = {};
  op.state.invalid = false;
  if (op.state != LeafState{}) op.state = info.written(op.level, op.state);
  if (op.state.contiguous) AlignToBlocks(op, info);
  if (!IsPoke(op.kind)) op.word = 0;
}

void CanonicalizePages(PageRange& pages, const PagingModeInfo& info) {
  const Geometry& geometry = info.geometry;
  pages.level = LowerUntil(std::min(pages.level, Level::kPud),
                           [&](Level level) { return info.HasLeaf(level); });
  pages.frame &=
      kFrameMask << geometry.page_shift() & ~(geometry.span(pages.level) - 1);
  pages.count = ClampCount(pages.count);
}

uint16_t LeastNumber(const Case& c, Moment moment) {
  for (size_t i = c.concurrent.size(); i > 0; --i) {
    const ConcurrentOp& op = c.concurrent[i - 1];
    if (op.moment == moment) return op.number;
  }
  return moment == Moment::kGrab ? 0 : 1;
}

void Canonicalize(Case& c) {
  const PagingModeInfo& info = InfoOf(c.mode);
  if (c.requests.empty() || !info.built) {
    c = {};
    return;
  }
  for (Request& request : c.requests) {
    request.start &= ~(info.geometry.page_size() - 1);
    request.pages = ClampCount(request.pages);
    if (request.references == References::kGet) request.longterm = false;
    for (std::optional<uint16_t>* page :
         {&request.refused, &request.inaccessible}) {
      if (page->has_value()) {
        *page = std::min<uint16_t>(**page, request.pages - 1);
      }
    }
  }
  if (c.mode.arch != ArchId::kX86) c.pkru = 0;
  for (PageRange& pages : c.pages) CanonicalizePages(pages, info);
  for (TableOp& op : c.setup) CanonicalizeOneOf(op, kSetupKinds, info);
  std::array<uint16_t, kMomentCount> least;
  least.fill(1);
  least[static_cast<size_t>(Moment::kGrab)] = 0;
  for (ConcurrentOp& op : c.concurrent) {
    uint16_t& from = least[static_cast<size_t>(op.moment)];
    const uint16_t most = op.moment == Moment::kGrab ? Case::kMaxPages - 1
                                                     : ConcurrentOp::kMaxRead;
    op.number = std::clamp(op.number, from, most);
    CanonicalizeOneOf(op, kConcurrentKinds, info);
    from = op.number;
  }
  c.stack.position &= Stack::kMaxPosition;
  if (c.stack.around == StackContent::kWord) {
    c.stack.around = StackContent::kZero;
  }
  for (size_t i = 0; i < c.stack.words.size();) {
    StackWord& word = c.stack.words[i];
    if (word.content != StackContent::kWord) word.word = 0;
    if (word.distance == 0) {
      c.stack.words.erase(i);
    } else {
      ++i;
    }
  }
}

}  // namespace pxdfuzz
