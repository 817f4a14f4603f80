// SPDX-License-Identifier: MIT

#include "src/cli/check/small_worlds.h"

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "pxdfuzz/engine/kernel_client.h"
#include "pxdfuzz/paging/leaf.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/paging_mode_info.h"

namespace pxdfuzz {
namespace {

constexpr uint16_t kPagesOfPlace = 4;
constexpr std::array<uint16_t, 3> kLengths = {1, 2, 4};
// A walk of four pages reads less often.
constexpr uint16_t kReads = 24;
// So many cases are asked for at once.
constexpr size_t kPart = 512;

// One way to fill a place: operations relative to its beginning.
using Filling = std::vector<TableOp>;

class Maker {
 public:
  Maker(PagingMode mode, bool changing)
      : info_(InfoOf(mode)),
        page_(info_.geometry.page_size()),
        mode_(mode),
        changing_(changing) {}

  std::vector<Case> Make() {
    for (const Level level : kAllLevels) {
      const uint64_t boundaries = info_.Boundaries(level);
      if (level == Level::kPte || !info_.geometry.real(level) ||
          boundaries == 0) {
        continue;
      }
      AddBoundary(info_.geometry.span(level));
      if (changing_ || boundaries == 1) continue;
      AddBoundary(boundaries * info_.geometry.span(level));
    }
    return std::move(cases_);
  }

 private:
  void AddBoundary(uint64_t boundary) {
    boundary_ = boundary;
    const std::vector<Filling> before = Fillings(/*is_before=*/true);
    const std::vector<Filling> behind = Fillings(/*is_before=*/false);
    for (const Filling& left : before) {
      for (const Filling& right : behind) AddCases(left, right);
    }
  }

  std::vector<LeafState> States(Level level) const {
    std::vector<LeafState> states = {{}};
    if (changing_) return states;
    states.push_back({.permission = Permission::kRead});
    states.push_back({.permission = Permission::kNone});
    states.push_back({.young = false, .dirty = false});
    if (info_.HasSpecial(level)) states.push_back({.special = true});
    return states;
  }

  // Frames differ from addresses, and from those of the other place.
  uint64_t FrameOf(Level level, bool is_before) const {
    return info_.geometry.span(level) * (is_before ? 3 : 5);
  }

  // The ways to fill the place before or behind the boundary.
  std::vector<Filling> Fillings(bool is_before) const {
    std::vector<Filling> fillings = {{}};
    const uint64_t pages = kPagesOfPlace * page_;
    const uint64_t start = is_before ? boundary_ - pages : boundary_;
    for (const Level level : kAllLevels) {
      const uint64_t span = info_.geometry.span(level);
      const bool is_page = level == Level::kPte;
      if (!info_.HasLeaf(level) || boundary_ % span != 0 ||
          (changing_ && level > Level::kPmd)) {
        continue;
      }
      const uint64_t leaf = is_before ? boundary_ - span : boundary_;
      for (const LeafState& state : States(level)) {
        fillings.push_back({{.kind = TableOp::Kind::kMap,
                             .level = level,
                             .address = is_page ? start : leaf,
                             .count = is_page ? kPagesOfPlace : uint16_t{1},
                             .frame = FrameOf(level, is_before),
                             .state = state}});
      }
      if (!is_page || changing_) continue;
      Filling holes;
      for (const int page : {0, 3}) {
        holes.push_back({.kind = TableOp::Kind::kMap,
                         .address = start + static_cast<uint64_t>(page) * page_,
                         .frame = FrameOf(level, is_before)});
      }
      fillings.push_back(std::move(holes));
      if (info_.HasSwap(level)) {
        fillings.push_back({{.kind = TableOp::Kind::kSwap,
                             .address = start,
                             .count = kPagesOfPlace,
                             .frame = FrameOf(level, is_before)}});
      }
    }
    return fillings;
  }

  void AddCases(const Filling& left, const Filling& right) {
    Case c;
    c.mode = mode_;
    for (const Filling* filling : {&left, &right}) {
      for (const TableOp& op : *filling) c.setup.push_back(op);
    }
    const uint64_t start = boundary_ - 2 * page_;
    if (changing_) {
      c.requests.push_back({start, kPagesOfPlace, /*write=*/true});
      AddChanges(c);
      return;
    }
    for (const uint64_t first : {start, boundary_ - page_}) {
      for (const bool write : {false, true}) {
        c.requests.clear();
        for (const uint16_t pages : kLengths) {
          c.requests.push_back({first, pages, write});
        }
        Add(c);
      }
    }
  }

  void AddChanges(const Case& still) {
    const auto op = [](TableOp::Kind kind, Level level, uint64_t address) {
      ConcurrentOp made;
      made.kind = kind;
      made.level = level;
      made.address = address;
      return made;
    };
    const uint64_t pmd = info_.geometry.span(Level::kPmd);
    for (const uint64_t at : {boundary_ - page_, boundary_}) {
      ConcurrentOp map = op(TableOp::Kind::kMap, Level::kPte, at);
      map.frame = 7 * page_;
      for (const ConcurrentOp& change :
           {op(TableOp::Kind::kClear, Level::kPte, at),
            op(TableOp::Kind::kClear, Level::kPmd, at & ~(pmd - 1)),
            op(TableOp::Kind::kWriteProtect, Level::kPte, at),
            op(TableOp::Kind::kDetach, Level::kPmd, at & ~(pmd - 1)),
            op(TableOp::Kind::kSplit, Level::kPmd, at & ~(pmd - 1)), map}) {
        for (uint16_t read = 1; read <= kReads; ++read) {
          Case c = still;
          c.concurrent.push_back(change);
          c.concurrent[0].number = read;
          Add(c);
        }
      }
    }
  }

  void Add(Case c) {
    Canonicalize(c);
    cases_.push_back(c);
  }

  const PagingModeInfo& info_;
  const uint64_t page_;
  const PagingMode mode_;
  const bool changing_;
  uint64_t boundary_ = 0;
  std::vector<Case> cases_;
};

// Adds what is new. `found` are the names of all findings so far.
void Note(const Case& c, const std::vector<Answer>& answers,
          std::set<std::string>& found, SmallWorldsRun& run) {
  for (size_t i = 0; i < answers.size(); ++i) {
    const Answer& answer = answers[i];
    run.cases += answer.inconclusive == Inconclusive::kNo;
    const std::string name = answer.finding.name();
    if (name.empty() || answer.cause != Cause::kNone ||
        !found.insert(name).second) {
      continue;
    }
    std::array<uint8_t, kMaxEncodedSize> bytes{};
    const size_t size = Encode(c.WithOnly(i), bytes);
    run.findings.push_back(
        {.bytes = std::string(bytes.begin(), bytes.begin() + size),
         .is_page_size = answer.finding.Get()->rule == WalkRule::kPageSize});
  }
}

}  // namespace

std::vector<Case> SmallWorlds(PagingMode mode, bool changing) {
  return Maker(mode, changing).Make();
}

absl::StatusOr<SmallWorldsRun> RunSmallWorlds(
    const std::string& program, PagingMode mode, bool changing,
    const std::function<bool()>& is_over) {
  KernelProgram::Opened opened = KernelProgram::Open(program);
  if (!opened.ok()) return absl::UnavailableError(opened.error);
  SmallWorldsRun run;
  std::set<std::string> found;
  const std::vector<Case> worlds = SmallWorlds(mode, changing);
  for (size_t first = 0; first < worlds.size() && !is_over(); first += kPart) {
    const auto part = std::span(worlds).subspan(
        first, std::min(kPart, worlds.size() - first));
    const std::vector<Answers> all = opened.program->RunAll(part);
    for (size_t n = 0; n < part.size(); ++n) {
      if (!all[n].ok()) return absl::UnavailableError(all[n].error);
      Note(part[n], all[n].of_request, found, run);
    }
  }
  return run;
}

}  // namespace pxdfuzz
