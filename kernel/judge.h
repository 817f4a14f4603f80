// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_KERNEL_JUDGE_H_
#define PXDFUZZ_KERNEL_JUDGE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "kernel/guard.h"
#include "kernel/kernel_walk.h"
#include "kernel/known_findings.h"
#include "kernel/meanwhile.h"
#include "kernel/tree_entries.h"
#include "pxdfuzz/base/inline_vector.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/engine/finding.h"
#include "pxdfuzz/memory/arena.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/reference/reference.h"
#include "pxdfuzz/tables/timeline.h"

namespace pxdfuzz {

struct KernelRequestVerdict {
  Inconclusive inconclusive = Inconclusive::kNo;
  // Pages that the reference returns, and those that the kernel code did.
  size_t reference_pages = 0;
  size_t pages = 0;
  // Set where only this explains what was returned.
  KnownKernelFinding known = KnownKernelFinding::kNone;
  // Why what it did while tables changed is no finding, where it is a known
  // defect of a walk of that kind.
  Cause waiver = Cause::kNone;
  // Whether a change was made while it ran; and then, whether it read the same
  // entries in the same order as the model's walk of its kind, without which
  // the two are at different moments and are not compared.
  bool changed = false;
  bool reads_as_model = false;
  std::optional<size_t> cell;
};

struct KernelVerdict {
  // Of the case as a whole.
  Inconclusive inconclusive = Inconclusive::kNo;
  InlineVector<KernelRequestVerdict, 4> requests;
  // The first.
  std::optional<Finding> finding;
};

// What a judge tries of kernel code.
enum class KernelTrial : uint8_t { kGupFast, kPageSize };

// Tries one kernel code on cases, one after the other. It allocates when it is
// made and never again.
class KernelJudge {
 public:
  // `kernel` outlives the object.
  explicit KernelJudge(const pxd_kernel& kernel);

  const pxd_kernel& kernel() const { return kernel_; }
  // How the tree's leaves differ from the model's with that many levels.
  const LeafBits& bits(int levels) const { return bits_[levels]; }
  // Whether cases of that kind are for this kernel code.
  bool Takes(PagingMode mode) const { return mode.arch == arch_; }
  // Whether such text leaves its local copies there, in tables that nobody
  // changes: what it reads then is its own stack's.
  bool LeavesCopies(PagingMode mode) const;

  // Judges every request of `c`, which is of a paging mode that it takes: with
  // FOLL_GET, with FOLL_PIN, and with one reference that cannot be taken; where
  // its tables change, with FOLL_GET and FOLL_PIN. What walks of its kind are
  // known to get wrong then may be excused. The verdict is good until the next
  // call.
  const KernelVerdict& Judge(const Case& c, KernelTrial trial,
                             Waivers waivers = Waivers::kNone);

  // Runs one request, which is of a case that it takes, with FOLL_GET or
  // FOLL_PIN, and judges nothing. Nothing where there is nothing to compare:
  // `inconclusive` says why.
  std::optional<RunEnd> WalkOnce(const Case& c, size_t request, bool pin,
                                 Inconclusive& inconclusive);

  // Whether walks from here on note the reads of the recheck. They do not at
  // first: only who tells a walk looks at them.
  void NoteChecks(bool noted) { walk_->notes_checks = noted; }

  // The position of the request that is being tried, or was tried last.
  size_t current_request() const { return current_request_; }
  // The walk that ran last: its pages, its reads.
  const pxd_walk& last_walk() const { return *walk_; }
  // What another processor did meanwhile, if the tables of its case change.
  const Meanwhile& meanwhile() const { return meanwhile_; }
  // The physical address that a place in memory stands for; nothing where no
  // table lies there. For reads of the walk that ran last.
  std::optional<uint64_t> PhysicalOf(const volatile void* place) const;

 private:
  template <class A>
  void JudgeCase(const Case& c, KernelTrial trial, Waivers waivers);

  const pxd_kernel& kernel_;
  ArchId arch_;
  // The model's walk of the same kind, where there is one.
  std::optional<Policy> model_;
  // By the number of levels.
  std::array<LeafBits, kLevelCount + 1> bits_;
  std::unique_ptr<Arena> arena_;
  std::unique_ptr<pxd_walk> walk_;
  const PageRoom pages_{Case::kMaxPages};
  // What may be returned, what may be by known findings, and what the model
  // returns.
  struct References {
    Reference contract, lenient, model;
  };

  std::array<uint64_t, Case::kMaxPages> modelled_{};
  std::unique_ptr<References> references_;
  Timeline timeline_;
  Meanwhile meanwhile_;
  size_t current_request_ = 0;
  KernelVerdict verdict_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_KERNEL_JUDGE_H_
