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

#include "kernel/concurrent_operations.h"
#include "kernel/guard.h"
#include "kernel/kernel_walk.h"
#include "kernel/known_findings.h"
#include "kernel/tree_entries.h"
#include "pxdfuzz/base/environment.h"
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
#include "pxdfuzz/tables/apply.h"
#include "pxdfuzz/tables/timeline.h"

namespace pxdfuzz {

// What kernel code did with a request.
struct KernelRequestVerdict : RequestSummary {
  // Only pages, changes and waiver: the difference is in the finding.
  WalkVerdict walk;
  // Set if only this explains the returned pages.
  KnownKernelFinding known = KnownKernelFinding::kNone;
  // What the contract says of its page, where the kind of the page matters.
  std::optional<ContractBreak> contract;
  // Whether it read the same entries in the same order as the model's walk of
  // its kind while tables changed. If not, the two are not compared, because
  // changes happened at different moments.
  bool reads_as_model = false;
};
using KernelVerdict = BasicVerdict<KernelRequestVerdict>;

// What a judge tests about kernel code.
enum class KernelTrial : uint8_t { kGupFast, kPageSize };

// Tests one kernel code with cases, one after the other. It allocates only when
// it is made.
class KernelJudge {
 public:
  // `kernel` must outlive the object. Where the other side goes on, it is a bug
  // of its own, and not of `kernel`.
  explicit KernelJudge(const pxd_kernel& kernel,
                       OtherSide other_side = OtherSide::kWaits);

  const pxd_kernel& kernel() const { return kernel_; }
  // The model's walk of the same kind.
  Policy model() const { return model_; }
  // As the environment says it, for programs.
  static OtherSide OtherSideOf(const Environment& environment) {
    return environment.other_side_goes_on ? OtherSide::kGoesOn
                                          : OtherSide::kWaits;
  }

  // What the tree's helpers do.
  const pxd_traits& traits() const { return traits_; }
  // What the tree writes with that many levels.
  const TreeWords& words(int levels) const { return words_[levels]; }
  // The name without a definition that the code reached in the last case, or
  // null.
  const char* trap() const { return trap_; }
  // Whether this kernel code supports cases of that paging mode.
  bool Takes(PagingMode mode) const { return mode.arch == arch_; }
  // Whether such code leaves its local copies there, in tables that do not
  // change, and reads its own stack.
  bool LeavesCopies(PagingMode mode) const;

  // Judges every request of `c`, whose paging mode it must support: with the
  // references that it asks for, FOLL_GET and then FOLL_PIN; and, unless its
  // tables change, with what fails. Depending on `waivers`,
  // expected failures of walks of its kind are not findings. The verdict is
  // valid until the next call.
  const KernelVerdict& Judge(const Case& c, KernelTrial trial,
                             Waivers waivers = Waivers::kNone);

  // Runs one request of a supported case with FOLL_GET or FOLL_PIN, without
  // judging it. Nothing if there is nothing to compare: `inconclusive` is the
  // reason.
  //
  //   inaccessible   see pxd_walk
  std::optional<RunEnd> WalkOnce(const Case& c, size_t request, bool pin,
                                 Inconclusive& inconclusive,
                                 uint64_t inaccessible = 0);

  // Whether walks from now on record the reads of the recheck (default: no).
  // Only explanations use them.
  void NoteChecks(bool noted) { walk_->notes_checks = noted; }

  // The position of the current request, or of the last one.
  size_t current_request() const { return current_request_; }
  // The last walk: its pages and its reads.
  const pxd_walk& last_walk() const { return *walk_; }
  // What another processor did during the walk, if the tables of its case
  // change.
  const ConcurrentOperations& concurrent() const { return concurrent_; }
  // The physical address that a place in memory represents; nothing if there is
  // no table. For reads of the last walk.
  std::optional<uint64_t> PhysicalOf(const volatile void* place) const;

 private:
  // Makes the tables of `c` and calls `visit` with them, or returns why not.
  template <class A, class Visitor>
  Inconclusive VisitTables(const Case& c, Visitor visit);
  template <class A>
  void JudgeCase(const Case& c, KernelTrial trial, Waivers waivers);

  const pxd_kernel& kernel_;
  const OtherSide other_side_;
  ArchId arch_;
  Policy model_;
  // Whether it returns the same as the model. False where the walk depends on
  // the stack around a copy, which differs from that of the model.
  bool is_comparable_ = true;
  // By the number of levels.
  std::array<TreeWords, kLevelCount + 1> words_;
  pxd_traits traits_ = {};
  // Code that uses physical addresses as pointers shares one arena at these
  // addresses.
  std::shared_ptr<Arena> arena_;
  std::unique_ptr<pxd_walk> walk_;
  const PageRoom pages_{Case::kMaxPages};
  // The pages that may be returned, those with known findings, and those of the
  // model.
  struct References {
    Reference contract, lenient, model;
  };

  std::array<uint64_t, Case::kMaxPages> modelled_{};
  std::unique_ptr<References> references_;
  Timeline timeline_;
  ConcurrentOperations concurrent_;
  size_t current_request_ = 0;
  KernelVerdict verdict_;
  const char* trap_ = nullptr;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_KERNEL_JUDGE_H_
