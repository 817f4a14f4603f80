// SPDX-License-Identifier: MIT

#include "pxdfuzz/report/facts.h"

#include <algorithm>
#include <span>
#include <utility>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/oracle/judge_pages.h"

namespace pxdfuzz {

Facts::Facts(const Case& c, size_t request, Policy policy, Recording recording,
             std::optional<ContractBreak> contract)
    : request_(c.requests[request]),
      policy_(policy),
      run_(std::move(recording)),
      tables_(c),
      reference_(tables_.MakeReference(request_)),
      contract_(contract) {
  for (size_t i = 0; i < reference_->pages(); ++i) {
    expected_.push_back(*reference_->At(0, i));
  }
  Repair();
  FindIterations();
  FindPages();
  if (run_.end != RunEnd::kRefused) Judge();
  if (contract_.has_value()) Believe(*contract_);
  FindRule();
  FindEffect();
}

// Keeps only valid events.
void Facts::Repair() {
  // No walk holds more.
  constexpr size_t kMostHeld = 4 * Case::kMaxPages;
  const size_t last = tables_.snapshots() - 1;
  run_.snapshot = std::min(run_.snapshot, last);
  for (Event& event : run_.events) {
    event.snapshot = std::min(event.snapshot, last);
    event.count = std::min<uint64_t>(event.count, Case::kMaxPages);
    event.held = std::min<size_t>(event.held, kMostHeld);
  }
  if (run_.pages.size() > request_.pages) run_.pages.resize(request_.pages);
  for (ReturnedPage& page : run_.pages) {
    page.snapshot = std::min(page.snapshot, run_.snapshot);
  }
  if (run_.count < run_.pages.size() || run_.pages.size() < request_.pages) {
    run_.count = run_.pages.size();
  }
}

// Whether an iteration's read, of which nothing more is known, is the second
// read of one entry: a helper may get the address of the copy that was just
// made.
bool Facts::IsSecondRead(size_t event, size_t last_iteration) const {
  const Event& read = events()[event];
  const Event& before = events()[last_iteration];
  if (read.level != before.level) return false;
  if (read.place.kind == Place::Kind::kOwnCopy) {
    return read.value == before.value;
  }
  return read.place.kind == Place::Kind::kTable && read.place == before.place;
}

void Facts::FindIterations() {
  std::vector<Event>& events = run_.events;
  for (size_t i = 0; i < events.size(); ++i) {
    if (events[i].kind != Event::Kind::kIteration) continue;
    if (!events[i].part.has_value() && !iterations_.empty() &&
        IsSecondRead(i, iterations_.back().read)) {
      events[i].kind = Event::Kind::kReread;
      continue;
    }
    iterations_.push_back(
        {.read = i,
         .begins = iterations_.empty() ||
                   events[iterations_.back().read].level > events[i].level});
  }
  if (iterations_.empty()) return;
  // Events right before an iteration belong to it.
  for (size_t i = 1; i < iterations_.size(); ++i) {
    size_t at = iterations_[i].read;
    while (at > iterations_[i - 1].read + 1 &&
           (events[at - 1].kind == Event::Kind::kChange ||
            events[at - 1].kind == Event::Kind::kReread)) {
      --at;
    }
    iterations_[i - 1].end = iterations_[i].first = at;
  }
  iterations_.back().end = events.size();

  const auto has = [&events](auto predicate) {
    return std::any_of(events.begin(), events.end(), predicate);
  };
  if (has([](const Event& e) { return e.kind == Event::Kind::kGrab; })) {
    size_t held = 0;
    for (Iteration& iteration : iterations_) {
      iteration.held = held;
      for (size_t i = iteration.first; i < iteration.end; ++i) {
        events[i].held = held;
        if (events[i].kind == Event::Kind::kGrab) held += events[i].count;
        if (events[i].kind == Event::Kind::kPut) {
          held -= std::min<size_t>(held, events[i].count);
        }
      }
      iteration.pages = held - std::min(held, iteration.held);
    }
    return;
  }
  if (has([](const Event& e) { return e.part.has_value(); })) {
    for (size_t i = 0; i < iterations_.size(); ++i) {
      iterations_[i].held = events[iterations_[i].read].held;
      const size_t end = i + 1 < iterations_.size()
                             ? events[iterations_[i + 1].read].held
                             : run_.count;
      iterations_[i].pages = end - std::min(end, iterations_[i].held);
    }
    return;
  }
  // A walk ends where it gets no page, so a read is always for the page after
  // those that it has. A later fault shows that a leaf was taken.
  const size_t limit = broke_off() ? request_.pages : run_.pages.size();
  size_t held = 0;
  for (Iteration& iteration : iterations_) {
    const Event& read = events[iteration.read];
    iteration.held = held;
    if (read.meaning.tag != EntryKind::Tag::kLeaf ||
        !geometry().real(read.level) ||
        (broke_off() && &iteration == &iterations_.back())) {
      continue;
    }
    const uint64_t inside = AddressOf(held) & (geometry().span(read.level) - 1);
    const uint64_t left =
        (geometry().span(read.level) - inside) >> geometry().page_shift();
    iteration.pages = std::min<uint64_t>(left, limit - std::min(limit, held));
    held += iteration.pages;
  }
}

// If it broke off, the pages that it had.
void Facts::FindPages() {
  if (!broke_off() || !run_.pages.empty()) return;
  for (size_t i = 0; i < iterations_.size(); ++i) {
    const Iteration& iteration = iterations_[i];
    if (iteration.held != run_.pages.size()) continue;
    ReturnedPage page;
    for (size_t at = iteration.first; at < iteration.end; ++at) {
      if (events()[at].kind != Event::Kind::kGrab) continue;
      page.snapshot = events()[at].snapshot;
      page.read = events()[at].read;
    }
    for (size_t j = 0; j < iteration.pages; ++j) {
      page.physical = WrappingAdd(FirstFrame(i), j * geometry().page_size());
      run_.pages.push_back(page);
    }
  }
  if (run_.pages.size() > request_.pages) run_.pages.resize(request_.pages);
  run_.count = run_.pages.size();
}

void Facts::Judge() {
  std::vector<uint64_t> found;
  std::vector<uint8_t> grabbed;
  for (const ReturnedPage& page : run_.pages) {
    found.push_back(page.physical);
    if (changing()) grabbed.push_back(static_cast<uint8_t>(page.snapshot));
  }
  JudgedPages judged =
      JudgePages(*reference_, run_.count, found, grabbed, run_.snapshot);
  FirstViolations violations;
  for (size_t i = 0; i < events().size(); ++i) {
    const Event& event = events()[i];
    if (!event.is_read() || !IsStray(event) || iterations_.empty()) continue;
    size_t& first = event.place.kind == Place::Kind::kStack
                        ? violations.stack_escape
                        : violations.nowhere;
    first = std::min(first, iterations_[IterationOf(i)].held);
  }
  AddStrayReads(violations, judged);
  if (broke_off()) {
    const bool differs = judged.outcome != Outcome::kAgrees &&
                         judged.outcome != Outcome::kShort &&
                         judged.outcome != Outcome::kStrayRead;
    judged = {Outcome::kFault,
              differs ? std::min(judged.page, run_.count) : run_.count};
  }
  outcome_ = judged.outcome;
  difference_ = judged.page;
}

void Facts::Believe(const ContractBreak& contract) {
  const bool returned = contract.page < run_.pages.size();
  if (returned != (kContract[contract.row].duty == Duty::kRefuse)) return;
  outcome_ = returned ? Outcome::kLong : Outcome::kShort;
  difference_ = contract.page;
  if (returned) expected_.resize(std::min(expected_.size(), difference_));
}

std::string Facts::KindAndFlags() const {
  if (!contract_.has_value()) return "";
  std::vector<std::string> flags = {run_.pin ? "FOLL_PIN" : "FOLL_GET"};
  if (run_.pin && request_.longterm) flags.emplace_back("FOLL_LONGTERM");
  if (request_.write) flags.emplace_back("FOLL_WRITE");
  return Concat(
      {"a page of kind ", Name(contract_->kind), ", by ", Enumerate(flags)});
}

void Facts::FindRule() {
  for (size_t i = 0; i < events().size(); ++i) {
    const Event& event = events()[i];
    bool breaks = false;
    switch (event.kind) {
      case Event::Kind::kIteration:
        breaks =
            IsStray(event) || (event.part.has_value() && !event.part->holds);
        break;
      case Event::Kind::kReread:
        breaks = outcome_ != Outcome::kAgrees && event.level != Level::kPte &&
                 (IsStray(event) || (changing() && IsChanged(i)));
        break;
      case Event::Kind::kCheck:
        breaks = outcome_ != Outcome::kAgrees && IsVacuous(i);
        break;
      default:
        break;
    }
    if (!breaks) continue;
    rule_ = i;
    return;
  }
}

void Facts::FindEffect() {
  if (iterations_.empty()) return;
  switch (outcome_) {
    case Outcome::kFault:
      for (size_t i = 0; i < iterations_.size(); ++i) {
        const Event& read = ReadOf(i);
        if (IsStray(read) && read.place.kind != Place::Kind::kStack) {
          effect_ = i;
          return;
        }
      }
      [[fallthrough]];
    case Outcome::kShort:
      effect_ = iterations_.size() - 1;
      return;
    case Outcome::kWrongPage:
    case Outcome::kLong:
    case Outcome::kStale:
      for (size_t i = 0; i < iterations_.size(); ++i) {
        const Iteration& iteration = iterations_[i];
        if (iteration.held <= difference_ &&
            difference_ < iteration.held + iteration.pages) {
          effect_ = i;
        }
      }
      return;
    case Outcome::kAgrees:
    case Outcome::kStrayRead:
      return;
  }
}

size_t Facts::IterationOf(size_t event) const {
  const auto iteration = std::find_if(
      iterations_.begin(), iterations_.end(),
      [event](const Iteration& candidate) { return event < candidate.end; });
  return static_cast<size_t>(iteration - iterations_.begin());
}

const Event* Facts::rule_iteration() const {
  if (!rule_.has_value()) return nullptr;
  const Event& event = events()[*rule_];
  return event.kind == Event::Kind::kIteration ? &event : nullptr;
}

bool Facts::Allows(const Translation& t) const {
  return t.fetched && tables_.arch().allows(t.level, t.entry, request_.write);
}

uint64_t Facts::PageOf(const Translation& t, uint64_t address) const {
  return tables_.arch().frame(t.level, t.entry, address);
}

std::string Facts::WhyNot(Level level, const EntryKind& kind) const {
  switch (kind.tag) {
    case EntryKind::Tag::kEmpty:
      return Concat({"empty ", Name(level)});
    case EntryKind::Tag::kSwap:
      return "swap entry";
    case EntryKind::Tag::kMigration:
      return Concat({"migration ", Name(level)});
    case EntryKind::Tag::kHwPoison:
      return Concat({"hwpoison ", Name(level)});
    case EntryKind::Tag::kDevicePrivate:
      return Concat({"device-private ", Name(level)});
    case EntryKind::Tag::kMalformed:
      return Concat({"malformed ", Name(level)});
    case EntryKind::Tag::kTable:
      return level == Level::kPte
                 ? std::string("malformed pte")
                 : Concat({"no ", Name(Below(level)), " table"});
    case EntryKind::Tag::kLeaf:
      break;
  }
  if (kind.state.permission == Permission::kNone) {
    return kind.state.exec ? "execute-only" : "PROT_NONE";
  }
  if (kind.state.special) return "special page";
  if (kind.state.kernel) return "kernel page";
  if (kind.state.invalid) return Concat({"invalid leaf, ", Name(level)});
  if (kind.state.permission == Permission::kRead && request_.write) {
    return "read-only";
  }
  return Concat({"refused ", Name(level)});
}

std::string Facts::WhyNot(const Translation& t) const {
  if (!t.fetched) return "no translation";
  return WhyNot(t.level, tables_.arch().classify(t.level, t.entry));
}

std::string Facts::WhyNot(const Event& event) const {
  return WhyNot(EntryLevelOf(event), event.meaning);
}

std::string Facts::WhyNot(size_t page, size_t snapshot) const {
  if (contract_.has_value() && outcome_ == Outcome::kLong &&
      page == contract_->page) {
    return KindAndFlags();
  }
  return WhyNot(tables_.Translate(AddressOf(page), snapshot));
}

std::string Facts::Place(uint64_t physical) const {
  const Arena& arena = tables_.arena();
  if (arena.Find(physical) == nullptr) {
    return Concat({"physical ", Hex(physical), ", outside all tables"});
  }
  return Concat({TableAt(physical), ", entry ",
                 std::to_string(arena.IndexInTable(physical))});
}

std::string Facts::TableAt(uint64_t origin) const {
  const Arena& arena = tables_.arena();
  return Concat({tables_.TableName(arena.TableLevel(origin)), " ",
                 std::to_string(arena.FrameNumber(origin))});
}

namespace {

std::string MeaningIn(const Facts& facts, const Geometry& geometry, Level level,
                      const EntryKind& kind) {
  switch (kind.tag) {
    case EntryKind::Tag::kEmpty:
      return "empty";
    case EntryKind::Tag::kSwap:
      return "a swap entry";
    case EntryKind::Tag::kMigration:
      return Concat({"a migration entry, of ", Hex(kind.address)});
    case EntryKind::Tag::kHwPoison:
      return Concat({"a hwpoison entry, of ", Hex(kind.address)});
    case EntryKind::Tag::kDevicePrivate:
      return Concat({"a device-private entry, of ", Hex(kind.address)});
    case EntryKind::Tag::kLeaf:
      return Concat({level == Level::kPte ? "page " : "large page ",
                     Hex(kind.address), ", ", Describe(kind.state)});
    case EntryKind::Tag::kTable:
      if (level == Level::kPte) break;
      if (!facts.tables().arena().IsTable(geometry.real_below(level),
                                          kind.address)) {
        return Concat(
            {"a table at ", Hex(kind.address), ", where no table begins"});
      }
      return facts.TableAt(kind.address);
    case EntryKind::Tag::kMalformed:
      break;
  }
  return Concat(
      {"malformed: Linux writes no such ", Name(level), " that Linux writes"});
}

}  // namespace

std::string Facts::Meaning(Level level, const EntryKind& kind) const {
  return MeaningIn(*this, geometry(), level, kind);
}

std::string Facts::Meaning(Level level, uint64_t word) const {
  return Meaning(level, tables_.arch().classify(level, word));
}

std::string Facts::Meaning(const Event& event) const {
  return Meaning(EntryLevelOf(event), event.meaning);
}

std::string Facts::Meaning(size_t snapshot, uint64_t physical,
                           uint64_t word) const {
  const Level level = tables_.arena().TableLevel(physical);
  return MeaningIn(*this, tables_.GeometryIn(snapshot), level,
                   tables_.arch().classify(level, word));
}

std::optional<Facts::Mapped> Facts::WhereMapped(uint64_t page) const {
  // A later operation may have mapped something else there.
  const auto mapped_by = [&](const TableOp& op,
                             size_t snapshot) -> std::optional<Mapped> {
    const uint64_t inside = WrappingSub(page, op.frame);
    const uint64_t address = WrappingAdd(op.address, inside);
    if (!HasState(op.kind) || inside >= op.count * geometry().span(op.level) ||
        !Maps(address, page, snapshot)) {
      return std::nullopt;
    }
    return Mapped{address, snapshot};
  };
  for (const TableOp& op : source().setup) {
    if (const auto mapped = mapped_by(op, 0)) return mapped;
  }
  for (size_t snapshot = 1; snapshot <= run_.snapshot; ++snapshot) {
    const ConcurrentOp& op = source().concurrent[snapshot - 1];
    if (const auto mapped = mapped_by(op, snapshot)) return mapped;
  }
  return std::nullopt;
}

bool Facts::Maps(uint64_t address, uint64_t page, size_t snapshot) const {
  const Translation t = tables_.Translate(address, snapshot);
  return t.fetched &&
         tables_.arch().classify(t.level, t.entry).tag ==
             EntryKind::Tag::kLeaf &&
         PageOf(t, address) == page;
}

bool Facts::IsStray(const Event& event) const {
  return event.place.is_stray() ||
         (event.place.kind == Place::Kind::kTable &&
          tables_.arena().Find(event.place.physical) == nullptr);
}

const Event* Facts::LastRead(Level level, size_t event) const {
  for (size_t i = event; i > 0; --i) {
    const Event& read = events()[i - 1];
    if (read.kind == Event::Kind::kIteration && read.level == level)
      return &read;
  }
  return nullptr;
}

bool Facts::IsChanged(size_t event) const {
  const Event& again = events()[event];
  const Event* read = LastRead(again.level, event);
  return read != nullptr && read->value != again.value;
}

const Event* Facts::OriginOf(Level level, size_t event) const {
  const Event* read = LastRead(level, event);
  while (read != nullptr && read->place.kind != Place::Kind::kTable &&
         level != Level::kPgd) {
    level = Above(level);
    read = LastRead(level, event);
  }
  const bool is_known = read != nullptr &&
                        read->place.kind == Place::Kind::kTable &&
                        !IsStray(*read);
  return is_known ? read : nullptr;
}

bool Facts::IsVacuous(size_t event) const {
  const Event& check = events()[event];
  if (check.kind != Event::Kind::kCheck ||
      check.place.kind == Place::Kind::kTable || check.level == Level::kPgd) {
    return false;
  }
  const Event* origin = OriginOf(check.level, event);
  return origin != nullptr &&
         tables_.WordIn(origin->snapshot, origin->place.physical) !=
             tables_.WordIn(check.snapshot, origin->place.physical);
}

Level Facts::CheckedCopy(size_t event) const {
  const Level level = events()[event].level;
  const Event* tested = LastRead(level, event);
  const bool is_own = tested == nullptr || level == Level::kPgd ||
                      tested->place.kind != Place::Kind::kOwnCopy;
  return is_own ? level : Above(level);
}

std::optional<size_t> Facts::ParentOf(size_t iteration) const {
  const Level level = ReadOf(iteration).level;
  for (size_t i = iteration; i > 0; --i) {
    if (ReadOf(i - 1).level > level) return i - 1;
  }
  return std::nullopt;
}

bool Facts::HasEvent(size_t iteration, Event::Kind kind) const {
  return std::any_of(events().begin() + iterations_[iteration].first,
                     events().begin() + iterations_[iteration].end,
                     [kind](const Event& event) { return event.kind == kind; });
}

int Facts::BoundaryShift(Level level) const {
  const int levels = source().mode.levels;
  if (policy_.boundary == BoundaryRule::kFoldedAware) {
    for (const Iteration& iteration : iterations_) {
      const Event& read = events()[iteration.read];
      if (read.level != level) continue;
      return tables_.arch().folded_aware_shift(levels, level,
                                               read.value.value_or(0));
    }
  }
  return tables_.arch().static_shift(levels, level);
}

uint64_t Facts::FirstFrame(size_t iteration) const {
  const Event& read = ReadOf(iteration);
  const uint64_t address = read.part.has_value()
                               ? read.part->address
                               : AddressOf(iterations_[iteration].held);
  const uint64_t inside = address & (geometry().span(EntryLevelOf(read)) - 1);
  return WrappingAdd(read.meaning.address,
                     inside & ~(geometry().page_size() - 1));
}

std::optional<size_t> Facts::SnapshotBefore(size_t page) const {
  for (size_t i = run_.pages[page].snapshot; i > 0; --i) {
    if (reference_->At(i - 1, page) == run_.pages[page].physical) return i - 1;
  }
  return std::nullopt;
}

bool Facts::IsStale(size_t page) const {
  return page < run_.pages.size() &&
         !reference_
              ->SnapshotOf(page, run_.pages[page].physical,
                           run_.pages[page].snapshot, run_.snapshot)
              .has_value() &&
         SnapshotBefore(page).has_value();
}

}  // namespace pxdfuzz
