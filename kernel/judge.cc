// SPDX-License-Identifier: MIT

#include "kernel/judge.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "kernel/trial.h"
#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/engine/kernel_code.h"
#include "pxdfuzz/memory/arena_memory.h"
#include "pxdfuzz/oracle/cells.h"
#include "pxdfuzz/oracle/oracle.h"
#include "pxdfuzz/tables/address_space.h"
#include "pxdfuzz/tables/populate.h"

namespace pxdfuzz {
namespace {

// Whether an operation makes leaves that the configuration does not have, or
// swap entries that the tree does not write.
template <class A, class Ops>
bool MakesMissing(const Ops& ops, const pxd_kernel& kernel,
                  const TreeWords& words) {
  using Tag = EntryKind::Tag;
  const auto lacks = [&words](Tag tag, Level level) {
    return tag != Tag::kSwap &&
           !words.level[Ordinal(level)].has_swap[SwapIndex(tag)];
  };
  return std::any_of(ops.begin(), ops.end(), [&](const TableOp& op) {
    if (const auto tag = SwapTagOf(op.kind)) return lacks(*tag, op.level);
    switch (op.kind) {
      case TableOp::Kind::kMap:
      case TableOp::Kind::kUnshare:
        return !ConfigurationHas(kernel, op.level, op.state);
      case TableOp::Kind::kMigrate:
        return lacks(Tag::kMigration, op.level);
      case TableOp::Kind::kPoke: {
        const EntryKind kind = A::Entries::Classify(op.level, op.word);
        if (IsSwapEntry(kind.tag)) return lacks(kind.tag, op.level);
        return kind.tag == Tag::kLeaf &&
               !ConfigurationHas(kernel, op.level, kind.state);
      }
      default:
        return false;
    }
  });
}

[[noreturn]] void CouldNotCheck(const pxd_kernel& kernel, const char* why) {
  std::fprintf(stderr, "pxdfuzz: could not check %s: %s\n", kernel.name, why);
  // An engine reports an exit() during an input as a finding.
  std::_Exit(3);
}

}  // namespace

KernelJudge::KernelJudge(const pxd_kernel& kernel, OtherSide other_side)
    : kernel_(kernel),
      other_side_(other_side),
      arch_(ArchId::kS390),
      model_(ModelOf(kernel.arch, kernel.variant)),
      walk_(std::make_unique<pxd_walk>()),
      references_(std::make_unique<References>()) {
  for (const PagingMode& mode : kAllPagingModes) {
    if (Name(mode.arch) == kernel.arch) arch_ = mode.arch;
  }
  if (kernel.size != sizeof(pxd_kernel) ||
      kernel.walk_size != sizeof(pxd_walk)) {
    CouldNotCheck(kernel, "its compiler lays out kernel_walk.h otherwise");
  }
  // The model has no BUG().
  is_comparable_ = std::string_view(kernel.variant) != "folded-aware-checked";
  VisitArch(arch_, [&]<class A>() {
    kernel.enter(A::kMaxLevels);
    traits_ = kernel.traits();
    if (traits_.tells_protnone != kernel.should_tell_protnone) {
      CouldNotCheck(kernel,
                    kernel.should_tell_protnone
                        ? "pte_protnone() is not what its Kconfig selects"
                        : "pte_protnone() works without its configuration");
    }
    if (traits_.takes_physical) {
      static const std::shared_ptr<Arena> in_place(
          new Arena(MakeArena<A>(Arena::Place::kOwnAddresses)));
      if (in_place->offset() != 0) {
        CouldNotCheck(kernel, "its tables cannot lie at their own addresses");
      }
      arena_ = in_place;
    } else {
      arena_.reset(new Arena(MakeArena<A>()));
    }
    for (int levels = A::kMinLevels; levels <= A::kMaxLevels; ++levels) {
      words_[levels] = TreeEntries<A>::Compare(kernel, levels);
      is_comparable_ &=
          !A::ExpectedFailures(model_, levels).Contains(Cause::kStackEscape);
    }
  });
}

bool KernelJudge::LeavesCopies(PagingMode mode) const {
  bool leaves = false;
  VisitArch(arch_, [&]<class A>() {
    leaves =
        A::ExpectedFailures(model_, mode.levels).Contains(Cause::kStackEscape);
  });
  return leaves;
}

const KernelVerdict& KernelJudge::Judge(const Case& c, KernelTrial trial,
                                        Waivers waivers) {
  verdict_.Reset();
  trap_ = nullptr;
  if (!c.empty()) {
    VisitArch(arch_, [&]<class A>() { JudgeCase<A>(c, trial, waivers); });
  }
  return verdict_;
}

template <class A, class Visitor>
Inconclusive KernelJudge::VisitTables(const Case& c, Visitor visit) {
  const TreeWords& words = words_[c.mode.levels];
  if (MakesMissing<A>(c.setup, kernel_, words) ||
      MakesMissing<A>(c.concurrent, kernel_, words)) {
    return Inconclusive::kNotConfigured;
  }
  kernel_.enter(c.mode.levels);
  AddressSpace<A, TreeEntries<A>> mm(*arena_, c.mode.levels,
                                     TreeEntries<A>(kernel_, words));
  Inconclusive reason = Populate<A>(c, mm);
  if (reason == Inconclusive::kNo) {
    reason = timeline_.Make(c, mm, other_side_);
  }
  if (reason == Inconclusive::kNo) visit(mm);
  return reason;
}

template <class A>
void KernelJudge::JudgeCase(const Case& c, KernelTrial kind, Waivers waivers) {
  const auto judge =
      [&](const AddressSpace<A, TreeEntries<A>>& mm, const Request& request,
          KernelRequestVerdict& verdict) -> std::optional<Finding> {
    verdict.inconclusive =
        Permitted<A>(c.mode.levels, request.start, request.pages);
    if (verdict.inconclusive != Inconclusive::kNo) {
      verdict.cell = IndexOf(Cell{.mode = c.mode,
                                  .write = request.write,
                                  .outcome = Cell::Outcome::kRefused});
      bool permitted = false;
      RunEnd end = RunEnd::kReturned;
      if (kernel_.permitted != nullptr && kind == KernelTrial::kGupFast) {
        end = PermittedGuarded(kernel_, c.mode.levels, request.start,
                               request.pages, permitted);
      }
      if (!permitted || end == RunEnd::kTrap) return std::nullopt;
      return Finding{
          .mode = c.mode, .walk = kernel_.name, .rule = WalkRule::kPermitted};
    }
    verdict.walk.ran = true;
    std::optional<Finding> finding;
    Trial<A> trial(kernel_, traits_, mm, request, c,
                   Rooms{pages_.pages(), modelled_, references_->contract,
                         references_->lenient, references_->model},
                   *walk_);
    if (kind == KernelTrial::kPageSize) {
      trial.PageSize(c, timeline_, concurrent_, verdict, finding);
      return finding;
    }
    const Policy* model = is_comparable_ ? &model_ : nullptr;
    if (c.concurrent.empty()) {
      trial.GupFast(timeline_, model, verdict, finding);
    } else {
      trial.WhileChanging(c, timeline_, concurrent_, model, waivers, verdict,
                          finding);
    }
    verdict.cell = oracle::CellOf<A>(
        c.mode, mm, ArenaMemory(mm.arena(), mm.geometry(), c.stack), request,
        verdict.pages);
    return finding;
  };
  verdict_.inconclusive =
      VisitTables<A>(c, [&](const AddressSpace<A, TreeEntries<A>>& mm) {
        for (size_t i = 0; i < c.requests.size(); ++i) {
          current_request_ = i;
          KernelRequestVerdict& verdict = verdict_.requests.emplace_back();
          verdict_.finding = judge(mm, c.requests[i], verdict);
          if (const char* trap = TakeTrap(); trap != nullptr) {
            verdict.inconclusive = Inconclusive::kReachedTrap;
            trap_ = trap;
          }
          if (!verdict_.finding.has_value()) continue;
          verdict_.finding->request = i;
          return;
        }
      });
}

std::optional<RunEnd> KernelJudge::WalkOnce(const Case& c, size_t request,
                                            bool pin,
                                            Inconclusive& inconclusive,
                                            uint64_t inaccessible) {
  std::optional<RunEnd> ended;
  const Request& asked = c.requests[request];
  VisitArch(arch_, [&]<class A>() {
    const auto walk = [&](const AddressSpace<A, TreeEntries<A>>& mm) {
      Trial<A> trial(kernel_, traits_, mm, asked, c,
                     Rooms{pages_.pages(), modelled_, references_->contract,
                           references_->lenient, references_->model},
                     *walk_);
      walk_->pin = pin;
      walk_->longterm = pin && asked.longterm;
      walk_->refused = kNoRefusal;
      walk_->inaccessible = inaccessible;
      const bool changing = !c.concurrent.empty();
      if (changing) concurrent_.Begin(c, mm.arena(), timeline_, *walk_);
      ended = RunGuarded(kernel_, *walk_);
      if (!changing) return;
      concurrent_.End();
      timeline_.GoTo(0);
    };
    Inconclusive permitted = Inconclusive::kNo;
    inconclusive = VisitTables<A>(c, [&](const auto& mm) {
      permitted = Permitted<A>(c.mode.levels, asked.start, asked.pages);
      if (permitted == Inconclusive::kNo) walk(mm);
    });
    if (inconclusive == Inconclusive::kNo) inconclusive = permitted;
  });
  return ended;
}

std::optional<uint64_t> KernelJudge::PhysicalOf(
    const volatile void* place) const {
  const uint64_t physical =
      WrappingSub(reinterpret_cast<uint64_t>(place), walk_->va_offset);
  const uint64_t offset = WrappingSub(physical, Arena::kBase);
  if (offset >= Arena::kSize) return std::nullopt;
  return physical;
}

}  // namespace pxdfuzz
