// SPDX-License-Identifier: MIT

#include "fuzz/generator/generator.h"

#include <algorithm>

#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/memory/arena.h"
#include "pxdfuzz/paging/geometry.h"

namespace pxdfuzz {
namespace {

// FOLL_LONGTERM in all calls.
void CallForLonger(Case& c) {
  for (Request& request : c.requests) request.longterm = true;
}

}  // namespace

uint64_t Generator::PagesToBytes(int64_t pages) const {
  return WrappingMul(static_cast<uint64_t>(pages), info_.geometry.page_size());
}

uint16_t Generator::DrawPages() {
  const uint64_t kind = rng_.Below(20);
  if (kind < 2) return 1;
  if (kind < 7) return 2;
  if (kind < 14) return static_cast<uint16_t>(rng_.Between(3, 8));
  if (kind < 18) return static_cast<uint16_t>(rng_.Between(9, 100));
  return static_cast<uint16_t>(rng_.Between(101, Case::kMaxPages));
}

LeafState Generator::DrawState() {
  if (rng_.Chance(1, 2)) return {};
  return {.permission = rng_.Pick({Permission::kReadWrite,
                                   Permission::kReadWrite, Permission::kRead,
                                   Permission::kRead, Permission::kNone}),
          .young = rng_.Chance(1, 2),
          .dirty = rng_.Chance(1, 2),
          .special = rng_.Chance(1, 6)};
}

void Generator::AddAttribute(TableOp& op, Case& c) {
  if (!HasState(op.kind)) return;
  const LeafState before = op.state;
  // Not every architecture has each.
  for (int tries = 0; tries < 4; ++tries) {
    using State = LeafState;
    constexpr bool State::* kKey = nullptr;
    const auto attribute =
        rng_.Pick({&State::kernel, &State::kernel, &State::exec, &State::noexec,
                   &State::pwt, &State::pcd, &State::pat, &State::devmap,
                   &State::devmap, &State::contiguous, kKey, kKey});
    op.state = before;
    if (attribute == kKey) {
      op.state.key = static_cast<uint8_t>(rng_.Between(1, 15));
      if (rng_.Chance(3, 4)) op.state.key &= 7;
    } else {
      op.state.*attribute = true;
    }
    // Those of the kernel have a permission, and execute-only has none.
    if (op.state.kernel && op.state.permission == Permission::kNone) {
      op.state.permission = Permission::kRead;
    }
    if (op.state.exec && rng_.Chance(1, 2)) {
      op.state.permission = Permission::kNone;
    }
    if (info_.written(op.level, op.state) != op.state) continue;
    // Device memory differs in calls for a longer time.
    if (op.state.devmap && rng_.Chance(1, 2)) CallForLonger(c);
    if (attribute == kKey) {
      c.pkru = static_cast<uint16_t>(rng_.Next());
      // What has no key has key 0.
      if (!rng_.Chance(1, 8)) c.pkru &= ~3;
    }
    return;
  }
  op.state = before;
}

Level Generator::DrawLeafLevel() {
  const Level level =
      rng_.Pick({Level::kPte, Level::kPte, Level::kPmd, Level::kPud});
  return info_.HasLeaf(level) ? level : Level::kPte;
}

TableOp::Kind Generator::DrawSwapKind() {
  return rng_.Pick({TableOp::Kind::kSwap, TableOp::Kind::kMigration,
                    TableOp::Kind::kMigration, TableOp::Kind::kHwPoison,
                    TableOp::Kind::kDevicePrivate});
}

Request Generator::DrawRequest() {
  const Geometry& geometry = info_.geometry;
  Request request{.pages = DrawPages(), .write = rng_.Chance(1, 2)};
  // Where in the range the interesting address lies.
  const int64_t before = rng_.Chance(5, 6)
                             ? rng_.Between(1, request.pages)
                             : rng_.Between(-8, request.pages + 8);
  if (rng_.Chance(1, 4)) {
    request.start =
        rng_.Next() & info_.last_user_address() & ~(geometry.page_size() - 1);
    return request;
  }
  if (rng_.Chance(1, 20)) {
    request.start = WrappingSub(info_.limit, PagesToBytes(before));
    return request;
  }
  // Half of the boundaries are those of the root's entries, where folding
  // matters; the others are of any lower level.
  Level level = geometry.root();
  if (rng_.Chance(1, 2)) {
    level = static_cast<Level>(
        rng_.Between(Ordinal(Level::kPmd), Ordinal(geometry.root())));
  }
  const uint64_t count = info_.Boundaries(level);
  uint64_t multiple = 1 + rng_.Below(count);
  if (rng_.Chance(1, 3))
    multiple = 1 + rng_.Below(std::min(count, uint64_t{4}));
  if (rng_.Chance(1, 8)) multiple = count;
  request.start =
      WrappingSub(multiple << geometry.shift(level), PagesToBytes(before));
  return request;
}

std::optional<uint64_t> Generator::BoundaryIn(const Request& request) const {
  const Geometry& geometry = info_.geometry;
  const uint64_t last =
      WrappingAdd(request.start, PagesToBytes(request.pages) - 1);
  if (last < request.start) return std::nullopt;
  for (Level level = Level::kPgd; level > Level::kPte; level = Below(level)) {
    const uint64_t boundary = last & ~(geometry.span(level) - 1);
    if (boundary > request.start) return boundary;
  }
  return std::nullopt;
}

uint64_t Generator::DrawFrame(uint64_t address) {
  const uint64_t random = rng_.Next();
  switch (rng_.Below(8)) {
    case 0:
      return PagesToBytes(static_cast<int64_t>(random & 0xffff'ffff));
    case 1:
      return PagesToBytes(static_cast<int64_t>(random & 0xff));
    default:
      // Identity: no two addresses share a frame by accident.
      return address;
  }
}

void Generator::MapRange(uint64_t start, uint64_t end, Level level,
                         const LeafState& state, Case& c) {
  const uint64_t span = info_.geometry.span(level);
  const uint64_t first = start & ~(span - 1);
  const uint64_t count =
      (WrappingSub(end, first) + span - 1) >> info_.geometry.shift(level);
  c.setup.push_back({.kind = TableOp::Kind::kMap,
                     .level = level,
                     .address = first,
                     .count = static_cast<uint16_t>(
                         std::min<uint64_t>(count, Case::kMaxPages)),
                     .frame = DrawFrame(first),
                     .state = state});
}

void Generator::Cover(const Request& request, Case& c) {
  const Geometry& geometry = info_.geometry;
  const uint64_t end = WrappingAdd(request.start, PagesToBytes(request.pages));
  const std::optional<uint64_t> boundary = BoundaryIn(request);
  const uint64_t middle = boundary.value_or(end);

  const Level level = DrawLeafLevel();
  MapRange(request.start, middle, level,
           rng_.Chance(3, 4) ? LeafState{} : DrawState(), c);
  if (boundary.has_value()) {
    const bool same_leaf = (middle & (geometry.span(level) - 1)) != 0;
    if (!same_leaf || rng_.Chance(1, 4)) {
      switch (rng_.Below(12)) {
        case 0:
          break;  // nothing there
        case 1:
          c.setup.push_back({.kind = DrawSwapKind(),
                             .level = DrawLeafLevel(),
                             .address = middle,
                             .frame = DrawFrame(middle)});
          break;
        default: {
          // One after the other: compilers choose the order of arguments.
          const Level behind = DrawLeafLevel();
          MapRange(middle, end, behind, DrawState(), c);
        }
      }
    }
  }
  if (rng_.Chance(1, 6)) {
    // Another word in between.
    const uint64_t address = WrappingAdd(
        request.start,
        PagesToBytes(static_cast<int64_t>(rng_.Below(request.pages))));
    const TableOp::Kind kind =
        rng_.Pick({TableOp::Kind::kMap, TableOp::Kind::kMap,
                   TableOp::Kind::kClear, DrawSwapKind()});
    c.setup.push_back({.kind = kind,
                       .address = address,
                       .frame = DrawFrame(address),
                       .state = DrawState()});
  }
}

void Generator::AddDecoy(const Request& request, Case& c) {
  const Geometry& geometry = info_.geometry;
  const uint64_t from = BoundaryIn(request).value_or(request.start);
  const Level level = rng_.Chance(2, 3)
                          ? geometry.root()
                          : static_cast<Level>(rng_.Between(
                                Ordinal(Level::kPmd), Ordinal(Level::kPgd)));
  const uint64_t away = WrappingMul(
      geometry.span(level),
      rng_.Pick({uint64_t{1}, uint64_t{1}, uint64_t{2}, uint64_t{3}}));
  const uint64_t address =
      rng_.Chance(4, 5) ? WrappingSub(from, away) : WrappingAdd(from, away);
  c.setup.push_back({.kind = TableOp::Kind::kMap,
                     .level = rng_.Chance(3, 4) ? Level::kPte : DrawLeafLevel(),
                     .address = address,
                     .count = DrawPages(),
                     .frame = DrawFrame(address),
                     .state = DrawState()});
}

void Generator::AddPageKind(Case& c) {
  if (rng_.Chance(1, 2)) {
    for (Request& request : c.requests) request.longterm = rng_.Chance(3, 4);
  }
  if (c.setup.empty()) return;
  TableOp& op = c.setup[rng_.Below(c.setup.size())];
  if (op.kind != TableOp::Kind::kMap) return;
  PageRange pages{
      .kind = rng_.Pick({PageKind::kSharedAnonymous, PageKind::kSharedAnonymous,
                         PageKind::kFile, PageKind::kMovable, PageKind::kShmem,
                         PageKind::kZero, PageKind::kSecretmem,
                         PageKind::kNoMapping}),
      .level = op.level,
      .frame = op.frame,
      .count = op.count};
  if ((pages.kind == PageKind::kSecretmem && op.level != Level::kPte) ||
      (pages.kind == PageKind::kZero && op.level > Level::kPmd)) {
    pages.kind = PageKind::kFile;
  }
  // Nothing else distinguishes movable pages.
  if (pages.kind == PageKind::kMovable) CallForLonger(c);
  // These are mapped read-only.
  if (pages.kind == PageKind::kSharedAnonymous ||
      pages.kind == PageKind::kZero) {
    op.state = {.permission = Permission::kRead, .dirty = rng_.Chance(1, 2)};
    for (Request& request : c.requests) {
      if (rng_.Chance(3, 4)) request.write = false;
    }
  } else if (rng_.Chance(1, 3)) {
    op.state = DrawState();
  }
  // From any page on.
  if (rng_.Chance(1, 3)) {
    const uint64_t skipped = rng_.Below(std::max<uint64_t>(1, pages.count));
    pages.frame = WrappingAdd(
        pages.frame, WrappingMul(skipped, info_.geometry.span(op.level)));
    pages.count = static_cast<uint16_t>(pages.count - skipped);
  }
  if (c.pages.full()) c.pages.erase(0);
  c.pages.push_back(pages);
}

void Generator::AddPoke(const Request& request, Case& c) {
  const Geometry& geometry = info_.geometry;
  TableOp poke{.kind = TableOp::Kind::kPoke};
  if (rng_.Chance(1, 8)) poke.kind = TableOp::Kind::kPokeControl;
  poke.level = static_cast<Level>(
      rng_.Between(Ordinal(Level::kPte), Ordinal(geometry.root())));
  poke.address = WrappingAdd(
      request.start,
      PagesToBytes(static_cast<int64_t>(rng_.Below(request.pages))));
  // The first frames of each level, which most cases have.
  const bool control = poke.kind == TableOp::Kind::kPokeControl;
  const Level below = control ? geometry.root()
                      : poke.level == Level::kPte
                          ? Level::kPte
                          : geometry.real_below(poke.level);
  const uint64_t table =
      Arena::FirstFrame(below) + rng_.Below(2) * geometry.table_size(below);
  const uint64_t random = rng_.Next();
  switch (rng_.Below(8)) {
    case 0:
      poke.word = random;
      break;
    case 1:
      poke.word = random & rng_.Next() & rng_.Next();
      break;
    default:
      // A table there, with random flags.
      poke.word = table | (random & 0xfff & (random >> 12));
  }
  c.setup.push_back(poke);
}

uint16_t Generator::DrawRead(uint64_t page) {
  // One read for each level on the way to the first page, and for each page its
  // own and two of the recheck.
  const int64_t arrival = kLevelCount + 3 * static_cast<int64_t>(page);
  int64_t read = arrival + rng_.Between(-4, 4);
  if (rng_.Chance(1, 3)) read = rng_.Between(1, 12);
  return static_cast<uint16_t>(
      std::clamp<int64_t>(read, 1, ConcurrentOp::kMaxRead));
}

void Generator::PinToEvent(uint64_t page, ConcurrentOp& op) {
  if (rng_.Chance(2, 3)) {
    op.moment = Moment::kGrab;
    op.number = static_cast<uint16_t>(page);
    return;
  }
  const auto level = static_cast<Level>(
      rng_.Between(Ordinal(Level::kPte), Ordinal(info_.geometry.root())));
  op.moment = MomentAfter(level);
  // Rechecks read entries of pte and pmd once more for each page.
  const uint64_t before = level <= Level::kPmd ? page : 0;
  op.number = static_cast<uint16_t>(1 + before + rng_.Below(3));
}

TableOp::Kind Generator::DrawKindFor(Level level) {
  using Kind = TableOp::Kind;
  switch (level) {
    case Level::kPte:
      return rng_.Pick({Kind::kDetach, Kind::kDetach, Kind::kMigrate});
    case Level::kPmd:
      if (info_.shares_tables && rng_.Chance(1, 6)) return Kind::kUnshare;
      return rng_.Pick({Kind::kSplit, Kind::kInvalidate, Kind::kMigrate});
    default:
      return Kind::kMigrate;
  }
}

ConcurrentOp Generator::DrawConcurrentOp(const Request& request,
                                         const Case& c) {
  const Geometry& geometry = info_.geometry;
  // Concurrent operations end walks early, so early pages are reached most
  // often.
  uint64_t page = rng_.Below(request.pages);
  if (rng_.Chance(1, 2)) page = std::min(page, rng_.Below(4));
  ConcurrentOp op;
  op.address =
      WrappingAdd(request.start, PagesToBytes(static_cast<int64_t>(page)));
  op.number = DrawRead(page);
  if (rng_.Chance(1, 3)) PinToEvent(page, op);
  op.state = DrawState();
  if (rng_.Chance(1, 2)) op.count = DrawPages();
  // What is mapped there, according to the last operation that maps it.
  const TableOp* mapped = nullptr;
  for (const TableOp& other : c.setup) {
    if (other.kind == TableOp::Kind::kMap &&
        (WrappingSub(op.address, other.address) >>
         geometry.shift(other.level)) < other.count) {
      mapped = &other;
    }
  }
  if (info_.can_upgrade && rng_.Chance(1, 16)) {
    op.kind = TableOp::Kind::kUpgrade;
  } else if (mapped == nullptr) {
    op.kind = TableOp::Kind::kMap;
    op.level = DrawLeafLevel();
  } else if (rng_.Chance(1, 8)) {
    // A page or a table on the way to it, whether or not Linux allows that.
    op.kind = rng_.Pick({TableOp::Kind::kClear, TableOp::Kind::kMap});
    op.level = static_cast<Level>(
        rng_.Between(Ordinal(Level::kPte), Ordinal(geometry.root())));
  } else {
    op.level = mapped->level;
    // More happens to large pages.
    const TableOp::Kind often =
        op.level == Level::kPmd ? DrawKindFor(op.level) : TableOp::Kind::kClear;
    op.kind = rng_.Pick({TableOp::Kind::kClear, often,
                         TableOp::Kind::kWriteProtect, DrawKindFor(op.level)});
  }
  uint64_t identity = op.address;
  if (op.kind == TableOp::Kind::kUnshare) {
    // The other process maps other pages, while the walk is in the table.
    identity = WrappingAdd(op.address, geometry.span(Level::kPmd));
    if (rng_.Chance(1, 2)) {
      op.moment = Moment::kPud;
      op.number = 1;
    }
  }
  op.frame = DrawFrame(identity);
  return op;
}

void Generator::AddConcurrentOps(const Request& request, Case& c) {
  const Geometry& geometry = info_.geometry;
  ConcurrentOp op = DrawConcurrentOp(request, c);
  const uint64_t table = op.address & ~(geometry.span(Level::kPmd) - 1);
  const auto pages_of_table = static_cast<uint16_t>(
      std::min<uint64_t>(geometry.entries(Level::kPte), Case::kMaxPages));
  // One operation covers at most a part of a large table.
  const uint64_t part = op.address & ~(PagesToBytes(pages_of_table) - 1);
  const auto add = [&](TableOp::Kind kind, Level level, uint64_t address,
                       uint16_t count) {
    op.kind = kind;
    op.level = level;
    op.address = address;
    op.count = count;
    c.concurrent.push_back(op);
    if (rng_.Chance(1, 2)) {
      op.number = static_cast<uint16_t>(op.number + rng_.Between(1, 6));
    }
  };
  if (op.kind == TableOp::Kind::kInvalidate ||
      op.kind == TableOp::Kind::kMigrate) {
    // What follows, in most cases.
    const Level level = op.level;
    const uint64_t address = op.address & ~(geometry.span(level) - 1);
    const bool split = op.kind == TableOp::Kind::kInvalidate;
    const uint16_t count = split ? uint16_t{1} : op.count;
    add(op.kind, level, address, count);
    if (rng_.Chance(1, 4)) return;
    if (split && rng_.Chance(1, 2)) {
      add(TableOp::Kind::kSplit, level, address, 1);
      return;
    }
    if (split) add(TableOp::Kind::kMigrate, level, address, 1);
    op.frame = DrawFrame(WrappingAdd(address, geometry.span(level)));
    add(TableOp::Kind::kMap, level, address, count);
    return;
  }
  switch (op.level == Level::kPte ? rng_.Below(8) : 7) {
    case 0:  // Collapse, as many of its steps as fit.
      add(TableOp::Kind::kDetach, Level::kPmd, table, 1);
      add(TableOp::Kind::kClear, Level::kPte, part, pages_of_table);
      op.frame = DrawFrame(table);
      add(TableOp::Kind::kMap, Level::kPmd, table, 1);
      break;
    case 1: {  // The page table that it detached is used in another place.
      add(TableOp::Kind::kDetach, Level::kPmd, table, 1);
      const uint64_t place = WrappingAdd(
          op.address, WrappingMul(geometry.span(Level::kPmd),
                                  static_cast<uint64_t>(rng_.Between(-3, 3))));
      const uint64_t index =
          rng_.Chance(1, 2) ? geometry.index(Level::kPte, request.start) : 0;
      const uint64_t first =
          WrappingAdd(place, PagesToBytes(static_cast<int64_t>(index)));
      op.frame = DrawFrame(first);
      add(TableOp::Kind::kRefill, Level::kPte, first, DrawPages());
      break;
    }
    case 2:  // Pages are unmapped, and then their tables are freed.
      add(TableOp::Kind::kClear, Level::kPte, part, pages_of_table);
      add(TableOp::Kind::kClear, Level::kPmd, table, 1);
      if (geometry.root() != Level::kPmd) {
        add(TableOp::Kind::kClear, Level::kPud, table, 1);
      }
      break;
    case 3:  // Two that need not be related.
      c.concurrent.push_back(op);
      c.concurrent.push_back(DrawConcurrentOp(request, c));
      break;
    default:
      c.concurrent.push_back(op);
  }
}

StackWord Generator::DrawStackWord() {
  StackWord word{
      .distance = static_cast<int16_t>(rng_.Between(1, 4)),
      .content = rng_.Pick({StackContent::kCopy, StackContent::kNext,
                            StackContent::kZero, StackContent::kWord})};
  if (rng_.Chance(1, 4)) {
    word.distance = static_cast<int16_t>(
        rng_.Between(-int64_t{Stack::kMaxPosition}, Stack::kMaxPosition));
  }
  if (word.content == StackContent::kWord) {
    const Level level = static_cast<Level>(rng_.Below(kLevelCount));
    const uint64_t random = rng_.Next();
    word.word = rng_.Chance(1, 4)
                    ? random
                    : Arena::FirstFrame(level) + (random & 0x0c0f);
  }
  return word;
}

Stack Generator::DrawStack() {
  Stack stack{.around = rng_.Pick({StackContent::kCopy, StackContent::kCopy,
                                   StackContent::kZero, StackContent::kNext})};
  if (rng_.Chance(1, 4)) {
    stack.position =
        static_cast<uint16_t>(rng_.Below(uint64_t{Stack::kMaxPosition} + 1));
  }
  if (rng_.Chance(1, 6)) stack.words.push_back(DrawStackWord());
  return stack;
}

Case Generator::DrawCase() {
  Case c;
  c.mode = info_.mode;
  c.stack = DrawStack();
  const Request first = DrawRequest();
  c.requests.push_back(first);
  Cover(first, c);
  if (rng_.Chance(2, 5)) AddDecoy(first, c);
  if (rng_.Chance(1, 3)) {
    const uint64_t more = 1 + rng_.Below(3);
    for (uint64_t i = 0; i < more; ++i) {
      Request next = first;
      next.pages = DrawPages();
      next.write = rng_.Chance(1, 2);
      next.start = WrappingAdd(next.start, PagesToBytes(rng_.Between(-8, 8)));
      if (rng_.Chance(1, 8)) {
        next = DrawRequest();
        Cover(next, c);
      }
      c.requests.push_back(next);
    }
  }
  Canonicalize(c);
  return c;
}

}  // namespace pxdfuzz
