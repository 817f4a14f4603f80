// SPDX-License-Identifier: MIT

#include "fuzz/generator/mutator.h"

#include <algorithm>
#include <array>
#include <optional>

#include "fuzz/generator/change_check.h"
#include "fuzz/generator/generator.h"
#include "pxdfuzz/base/rng.h"
#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/paging/geometry.h"
#include "pxdfuzz/paging/paging_mode_info.h"

namespace pxdfuzz {
namespace {

// The state of one mutation. The case has at least one request.
struct Context {
  Case& c;
  Rng& rng;
  const PagingModeFilter& filter;
  const PagingModeInfo& info;

  Generator generator() const { return Generator(rng, info); }
  Request& AnyRequest() const {
    return c.requests[rng.Below(c.requests.size())];
  }
  // Null if there is none.
  TableOp* AnySetupOp() const {
    if (c.setup.empty()) return nullptr;
    return &c.setup[rng.Below(c.setup.size())];
  }
  uint64_t Pages(int64_t pages) const {
    return WrappingMul(static_cast<uint64_t>(pages), info.geometry.page_size());
  }
  Level AnyLevel() const {
    return static_cast<Level>(
        rng.Between(Ordinal(Level::kPmd), Ordinal(Level::kPgd)));
  }
  // A few pages, or a few entries of any level, forward or back.
  uint64_t SmallMove() const {
    const uint64_t steps = rng.Pick(
        {uint64_t{1}, uint64_t{1}, uint64_t{2}, uint64_t{1} + rng.Below(16)});
    const uint64_t size = rng.Chance(2, 3) ? info.geometry.page_size()
                                           : info.geometry.span(AnyLevel());
    const uint64_t move = WrappingMul(steps, size);
    return rng.Chance(1, 2) ? move : WrappingSub(0, move);
  }
};

PagingMode DrawPagingMode(Rng& rng, const PagingModeFilter& filter) {
  while (true) {
    // Such a number of a paging mode selects one by the format's shares.
    const std::array<uint8_t, 2> header = {kFormatVersion,
                                           static_cast<uint8_t>(rng.Next())};
    const Case c = Decode(header);
    if (!c.empty() && filter.Allows(c.mode)) return c.mode;
  }
}

// Requests.

void MoveRequest(Context& m) {
  Request& request = m.AnyRequest();
  request.start = WrappingAdd(request.start, m.SmallMove());
}

void AimRequest(Context& m) {
  const Request aimed = m.generator().DrawRequest();
  Request& request = m.AnyRequest();
  request.start = aimed.start;
  if (m.rng.Chance(1, 2)) request.pages = aimed.pages;
}

void ResizeRequest(Context& m) {
  Request& request = m.AnyRequest();
  request.pages =
      m.rng.Chance(1, 2)
          ? m.generator().DrawPages()
          : static_cast<uint16_t>(std::clamp<int64_t>(
                request.pages + m.rng.Between(-2, 2), 1, Case::kMaxPages));
}

void FlipAccess(Context& m) {
  Request& request = m.AnyRequest();
  request.write = !request.write;
}

std::optional<uint16_t> AnyPageOf(const Request& request, Rng& rng) {
  if (rng.Chance(1, 3)) return std::nullopt;
  return static_cast<uint16_t>(rng.Below(request.pages));
}

// Only kernel code has failures, and distinguishes references.
void ChangeFailures(Context& m) {
  Request& request = m.AnyRequest();
  switch (m.rng.Below(3)) {
    case 0:
      request.references =
          m.rng.Pick({References::kEach, References::kGet, References::kPin});
      break;
    case 1:
      request.refused = AnyPageOf(request, m.rng);
      break;
    default:
      request.inaccessible = AnyPageOf(request, m.rng);
  }
}

void ChangePageKind(Context& m) {
  if (!m.c.pages.empty() && m.rng.Chance(1, 3)) {
    m.c.pages.erase(m.rng.Below(m.c.pages.size()));
  } else {
    m.generator().AddPageKind(m.c);
  }
}

void AddRequest(Context& m) {
  Request request = m.AnyRequest();
  request.start = WrappingAdd(request.start, m.SmallMove());
  request.pages = m.generator().DrawPages();
  m.c.requests.push_back(request);
}

void DropRequest(Context& m) {
  if (m.c.requests.size() < 2) return;
  m.c.requests.erase(m.rng.Below(m.c.requests.size()));
}

// Tables.

void CoverRequest(Context& m) { m.generator().Cover(m.AnyRequest(), m.c); }

void AddDecoy(Context& m) { m.generator().AddDecoy(m.AnyRequest(), m.c); }

void DropSetupOp(Context& m) {
  if (m.c.setup.empty()) return;
  m.c.setup.erase(m.rng.Below(m.c.setup.size()));
}

void ChangeState(Context& m) {
  if (TableOp* op = m.AnySetupOp()) {
    op->state = m.generator().DrawState();
    if (m.rng.Chance(1, 4)) m.generator().AddAttribute(*op, m.c);
  }
}

void ChangeLevel(Context& m) {
  TableOp* op = m.AnySetupOp();
  if (op == nullptr) return;
  op->level = m.generator().DrawLeafLevel();
  op->count = 1;
}

void ResizeSetupOp(Context& m) {
  TableOp* op = m.AnySetupOp();
  if (op == nullptr) return;
  op->count = m.rng.Chance(1, 2)
                  ? m.generator().DrawPages()
                  : static_cast<uint16_t>(op->count + m.rng.Between(-2, 2));
}

void MoveSetupOp(Context& m) {
  if (TableOp* op = m.AnySetupOp()) {
    op->address = WrappingAdd(op->address, m.SmallMove());
  }
}

void CopySetupOp(Context& m) {
  TableOp* op = m.AnySetupOp();
  if (op == nullptr) return;
  TableOp copy = *op;
  copy.address = WrappingAdd(copy.address, m.SmallMove());
  copy.frame = copy.address;
  m.c.setup.push_back(copy);
}

void SwapSetupOps(Context& m) {
  TableOp* a = m.AnySetupOp();
  if (a != nullptr) std::swap(*a, *m.AnySetupOp());
}

void ChangeFrame(Context& m) {
  TableOp* op = m.AnySetupOp();
  if (op == nullptr) return;
  const TableOp* other = m.AnySetupOp();
  op->frame = m.rng.Chance(1, 2)
                  ? other->frame
                  : m.Pages(static_cast<int64_t>(m.rng.Next() & 0xffff'ffff));
}

void ChangeKind(Context& m) {
  TableOp* op = m.AnySetupOp();
  if (op == nullptr) return;
  op->kind =
      m.rng.Pick({TableOp::Kind::kMap, TableOp::Kind::kClear,
                  TableOp::Kind::kSwap, TableOp::Kind::kMigration,
                  TableOp::Kind::kHwPoison, TableOp::Kind::kDevicePrivate});
}

void Poke(Context& m) { m.generator().AddPoke(m.AnyRequest(), m.c); }

// Concurrent operations.

void AddConcurrentOp(Context& m) {
  if (m.c.concurrent.full())
    m.c.concurrent.erase(m.rng.Below(m.c.concurrent.size()));
  m.c.concurrent.push_back(m.generator().DrawConcurrentOp(m.AnyRequest(), m.c));
}

void RedrawConcurrentOps(Context& m) {
  m.c.concurrent.clear();
  m.generator().AddConcurrentOps(m.AnyRequest(), m.c);
}

// Draws other operations, up to a few times, if Linux would not do these.
void MakePossible(Context& m) {
  constexpr int kMostTimes = 4;
  // Made once; its answers depend on the case alone.
  static ChangeCheck& check = *new ChangeCheck();
  Canonicalize(m.c);
  for (int i = 0; i < kMostTimes && check.Ask(m.c) != Inconclusive::kNo; ++i) {
    RedrawConcurrentOps(m);
    Canonicalize(m.c);
  }
}

void DropConcurrentOp(Context& m) {
  if (m.c.concurrent.empty()) return;
  m.c.concurrent.erase(m.rng.Below(m.c.concurrent.size()));
}

void MoveConcurrentOp(Context& m) {
  if (m.c.concurrent.empty()) return;
  ConcurrentOp& op = m.c.concurrent[m.rng.Below(m.c.concurrent.size())];
  if (m.rng.Chance(1, 4)) {
    op.address = WrappingAdd(op.address, m.SmallMove());
  } else {
    op.number = static_cast<uint16_t>(
        std::max<int64_t>(0, int64_t{op.number} + m.rng.Between(-3, 3)));
  }
}

// Whole cases.

// The same tables and requests in another place.
void MoveAll(Context& m) {
  const uint64_t move =
      WrappingSub(m.generator().DrawRequest().start, m.c.requests[0].start);
  for (Request& request : m.c.requests) {
    request.start = WrappingAdd(request.start, move);
  }
  for (TableOp& op : m.c.setup) {
    op.address = WrappingAdd(op.address, move);
  }
  for (ConcurrentOp& op : m.c.concurrent) {
    op.address = WrappingAdd(op.address, move);
  }
}

void ChangePagingMode(Context& m) {
  m.c.mode = DrawPagingMode(m.rng, m.filter);
}

void ChangeStack(Context& m) {
  Stack& stack = m.c.stack;
  switch (m.rng.Below(3)) {
    case 0:
      stack = m.generator().DrawStack();
      break;
    case 1:
      stack.words.push_back(m.generator().DrawStackWord());
      break;
    default:
      if (!stack.words.empty()) {
        stack.words.erase(m.rng.Below(stack.words.size()));
      }
  }
}

struct Mutation {
  int weight;
  void (*apply)(Context&);
};

constexpr std::array<Mutation, 22> kMutations = {{
    {2, ChangeFailures}, {10, MoveRequest},     {6, AimRequest},
    {6, ResizeRequest},  {4, FlipAccess},       {3, AddRequest},
    {4, DropRequest},    {8, CoverRequest},     {8, AddDecoy},
    {8, DropSetupOp},    {10, ChangeState},     {5, ChangeLevel},
    {5, ResizeSetupOp},  {8, MoveSetupOp},      {5, CopySetupOp},
    {2, SwapSetupOps},   {3, ChangeFrame},      {3, ChangeKind},
    {4, MoveAll},        {3, ChangePagingMode}, {5, ChangeStack},
    {4, ChangePageKind},
}};

// Mutations that only cases with concurrent operations have.
constexpr std::array<Mutation, 4> kChangeMutations = {{{3, AddConcurrentOp},
                                                       {4, RedrawConcurrentOps},
                                                       {2, DropConcurrentOp},
                                                       {6, MoveConcurrentOp}}};

// Mutations, and the sum of their weights.
struct MutationList {
  constexpr explicit MutationList(std::span<const Mutation> of)
      : mutations(of) {
    for (const Mutation& mutation : of) weight += mutation.weight;
  }
  std::span<const Mutation> mutations;
  int weight = 0;
};
constexpr MutationList kOfAll{kMutations};
constexpr MutationList kOfChanging{kChangeMutations};

void MutateOnce(Context& m, const MutationList& list) {
  auto at = static_cast<int>(m.rng.Below(static_cast<uint64_t>(list.weight)));
  for (const Mutation& mutation : list.mutations) {
    at -= mutation.weight;
    if (at < 0) {
      mutation.apply(m);
      return;
    }
  }
}

// Leaves out what does not fit, starting with the last.
size_t WriteFitting(Case& c, std::span<uint8_t> buffer) {
  std::array<uint8_t, kMaxEncodedSize> bytes;
  size_t size = Encode(c, bytes);
  while (size > buffer.size() && size > kHeaderBytes) {
    if (!c.concurrent.empty()) {
      c.concurrent.erase(c.concurrent.size() - 1);
    } else if (!c.pages.empty()) {
      c.pages.erase(c.pages.size() - 1);
    } else if (!c.setup.empty()) {
      c.setup.erase(c.setup.size() - 1);
    } else if (!c.stack.words.empty()) {
      c.stack.words.erase(c.stack.words.size() - 1);
    } else {
      c.requests.erase(c.requests.size() - 1);
    }
    size = Encode(c, bytes);
  }
  size = std::min(size, buffer.size());
  std::copy_n(bytes.begin(), size, buffer.begin());
  return size;
}

}  // namespace

size_t Mutate(std::span<uint8_t> buffer, size_t size, uint64_t seed,
              const PagingModeFilter& filter, Tables tables,
              MutateBytes mutate_bytes) {
  Rng rng(seed);
  const bool may_change = tables == Tables::kChanging;
  const auto usable = [&](const Case& c) {
    return !c.empty() && filter.Allows(c.mode) &&
           (may_change || c.concurrent.empty());
  };
  if (mutate_bytes != nullptr && rng.Chance(1, 32)) {
    const size_t mutated = mutate_bytes(buffer.data(), size, buffer.size());
    if (usable(Decode(buffer.first(mutated)))) return mutated;
    size = mutated;
  }
  Case c = Decode(buffer.first(size));
  // Seeds and the bytes of mutate_bytes have such records.
  if (!may_change) c.concurrent.clear();
  const bool made_new = !usable(c) || rng.Chance(1, 12);
  if (made_new) {
    Generator generator(rng, InfoOf(DrawPagingMode(rng, filter)));
    c = generator.DrawCase();
    if (rng.Chance(1, 8)) generator.AddPageKind(c);
    if (rng.Chance(1, 8) && !c.setup.empty()) {
      generator.AddAttribute(c.setup[rng.Below(c.setup.size())], c);
    }
  }
  Context context{c, rng, filter, InfoOf(c.mode)};
  if (!made_new) {
    do {
      const bool concurrent = may_change && rng.Chance(1, 3);
      MutateOnce(context, concurrent ? kOfChanging : kOfAll);
    } while (rng.Chance(1, 2));
  }
  if (tables == Tables::kRaw) {
    do {
      Poke(context);
    } while (rng.Chance(1, 2));
  } else if (may_change) {
    // One case in sixteen is not mutated.
    if (c.concurrent.empty() && !rng.Chance(1, 16))
      RedrawConcurrentOps(context);
    // One case in eight has concurrent operations that Linux may never do.
    if (!rng.Chance(1, 8)) MakePossible(context);
  } else if (rng.Chance(1, 256)) {
    Poke(context);
  }
  Canonicalize(c);
  return WriteFitting(c, buffer);
}

}  // namespace pxdfuzz
