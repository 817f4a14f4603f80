// SPDX-License-Identifier: MIT

#include "tests/determinism/kernel_facts.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "fuzz/generator/mutator.h"
#include "fuzz/harness/paging_mode_filter.h"
#include "kernel/concurrent_operations.h"
#include "kernel/guard.h"
#include "kernel/judge.h"
#include "kernel/kernel_walk.h"
#include "kernel/known_findings.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "tests/determinism/enum_numbers.h"
#include "tests/kernel/all_kernels.h"

namespace pxdfuzz {
namespace {

uint64_t NumberOf(WalkRule rule) {
  switch (rule) {
    case WalkRule::kPages:
      return 0;
    case WalkRule::kReferences:
      return 1;
    case WalkRule::kRefusal:
      return 2;
    case WalkRule::kModel:
      return 3;
    case WalkRule::kFork:
      return 4;
    case WalkRule::kPermitted:
      return 5;
    case WalkRule::kPageSize:
      return 6;
    case WalkRule::kInaccessible:
      return 7;
  }
  return kNoNumber;
}

uint64_t NumberOf(KnownKernelFinding finding) {
  switch (finding) {
    case KnownKernelFinding::kNone:
      return 0;
    case KnownKernelFinding::kProtNoneWithoutNuma:
      return 1;
    case KnownKernelFinding::kReadOnly2GWrite:
      return 2;
    case KnownKernelFinding::kInaccessiblePage:
      return 3;
  }
  return kNoNumber;
}

uint64_t NumberOf(RunEnd ended) {
  switch (ended) {
    case RunEnd::kReturned:
      return 0;
    case RunEnd::kFault:
      return 1;
    case RunEnd::kBug:
      return 2;
    case RunEnd::kEndless:
      return 3;
    case RunEnd::kOverflow:
      return 4;
    case RunEnd::kRefused:
    case RunEnd::kSanitizer:
    case RunEnd::kDied:
      return 5;  // no run in this process ends so
    case RunEnd::kTrap:
      return 6;
  }
  return kNoNumber;
}

uint64_t NumberOf(pxd_role role) {
  switch (role) {
    case PXD_ITERATION:
      return 0;
    case PXD_REREAD:
      return 1;
    case PXD_CHECK:
      return 2;
  }
  return kNoNumber;
}

void AddFinding(const std::optional<Finding>& finding, NumericFacts& facts) {
  facts.Add("finding", finding.has_value() ? 1 : 0);
  if (!finding.has_value()) return;
  facts.Add("finding.request", finding->request);
  facts.Add("finding.rule", NumberOf(finding->rule));
  facts.Add("finding.outcome", NumberOf(finding->outcome));
  facts.Add("finding.page", finding->page);
  facts.Add("finding.level", NumberOf(finding->level));
  facts.Add("finding.entry", NumberOf(*finding->entry));
  facts.Add("finding.pin", finding->pin ? 1 : 0);
  facts.Add("finding.changing", finding->changing ? 1 : 0);
  facts.Add("finding.cause", NumberOf(finding->cause));
}

void AddVerdict(const KernelVerdict& verdict, NumericFacts& facts) {
  facts.Add("inconclusive", NumberOf(verdict.inconclusive));
  AddFinding(verdict.finding, facts);
  facts.Add("requests", verdict.requests.size());
  for (size_t i = 0; i < verdict.requests.size(); ++i) {
    const KernelRequestVerdict& request = verdict.requests[i];
    const NumericFacts::Part part(facts, "request", i);
    facts.Add("inconclusive", NumberOf(request.inconclusive));
    facts.Add("reference_pages", request.pages);
    facts.Add("pages", request.walk.pages);
    facts.Add("known", NumberOf(request.known));
    facts.Add("excuse", NumberOf(request.walk.waiver));
    facts.Add("changed", request.walk.changes > 0 ? 1 : 0);
    facts.Add("reads_as_model", request.reads_as_model ? 1 : 0);
    facts.Add("cell", NumberOfIndex(request.cell));
  }
}

// Whether a judge has run its code on a request of that case.
bool HasRun(const KernelVerdict& verdict) {
  if (verdict.finding.has_value() &&
      verdict.finding->rule == WalkRule::kPermitted) {
    return false;
  }
  return std::any_of(verdict.requests.begin(), verdict.requests.end(),
                     [](const KernelRequestVerdict& request) {
                       return request.inconclusive == Inconclusive::kNo;
                     });
}

// The last walk.
void AddWalk(const KernelJudge& judge, NumericFacts& facts) {
  const pxd_walk& walk = judge.last_walk();
  facts.Add("pin", walk.pin ? 1 : 0);
  facts.Add("refused", walk.refused);
  facts.Add("count", walk.count);
  facts.AddAll("pages", std::span(walk.page, std::min(walk.count, walk.pages)));
  facts.Add("held", walk.held);
  facts.Add("grabs", walk.grab_count);
  for (size_t i = 0; i < std::min(walk.grab_count, std::size(walk.grabs));
       ++i) {
    const NumericFacts::Part part(facts, "grab", i);
    facts.Add("pfn", walk.grabs[i].pfn);
    facts.Add("refs", static_cast<uint64_t>(walk.grabs[i].refs));
    facts.Add("pin", walk.grabs[i].pin ? 1 : 0);
    facts.Add("reads", walk.grabs[i].reads);
  }
  facts.Add("bug", walk.bug_file != nullptr ? 1 : 0);
  facts.Add("reads", walk.read_count);
  for (size_t i = 0; i < std::min(walk.read_count, std::size(walk.reads));
       ++i) {
    const pxd_read& read = walk.reads[i];
    const NumericFacts::Part part(facts, "read", i);
    facts.Add("level", NumberOf(static_cast<Level>(read.level)));
    facts.Add("role", NumberOf(read.role));
    // The addresses of local copies depend on the compiler.
    const std::optional<uint64_t> physical = judge.PhysicalOf(read.place);
    facts.Add("in_table", physical.has_value() ? 1 : 0);
    if (!physical.has_value()) continue;
    facts.Add("physical", *physical);
    facts.Add("value", read.value);
  }
}

void AddConcurrentOperations(const KernelJudge& judge, NumericFacts& facts) {
  const ConcurrentOperations& concurrent = judge.concurrent();
  facts.Add("changes", concurrent.made().size());
  for (const ConcurrentOperations::Made& made : concurrent.made()) {
    facts.Add("change.reads", made.reads);
    facts.Add("change.grabs", made.grabs);
  }
  facts.Add("forked", concurrent.forked() ? 1 : 0);
  facts.Add("nowhere", NumberOfViolation(concurrent.violations().nowhere));
  facts.Add("double_fetch",
            NumberOfViolation(concurrent.violations().double_fetch));
  facts.Add("vacuous_recheck",
            NumberOfViolation(concurrent.violations().vacuous_recheck));
  const std::span<const uint8_t> grabbed = concurrent.grabbed();
  facts.AddAll("grabbed_at", grabbed.first(std::min<size_t>(
                                 judge.last_walk().count, grabbed.size())));
}

}  // namespace

class KernelFacts::Impl {
 public:
  explicit Impl(const pxd_kernel& kernel)
      : kernel_(kernel),
        filter_(*PagingModeFilter::Parse(kernel.arch)),
        judge_(kernel) {}

  std::string label() const {
    constexpr std::string_view kPrefix = "kernel-";
    std::string_view name = kernel_.name;
    if (name.starts_with(kPrefix)) name.remove_prefix(kPrefix.size());
    return std::string(name);
  }

  void Add(std::span<const uint8_t> input, NumericFacts& facts) {
    const Case c = Decode(input);
    std::array<uint8_t, kMaxEncodedSize> bytes{};
    facts.AddBytes("canonical", std::span(bytes).first(Encode(c, bytes)));
    const bool takes = !c.empty() && judge_.Takes(c.mode);
    facts.Add("takes", takes ? 1 : 0);
    if (!takes) return;
    facts.Add("space", pxdfuzz::NumberOf(c.mode));
    // Values that it reads from its own stack depend on the compiler.
    const bool leaves_copies = LeavesCopies(c.mode);
    facts.Add("leaves_copies", leaves_copies ? 1 : 0);
    if (leaves_copies) return;

    judge_.NoteChecks(true);
    for (size_t i = 0; i < c.requests.size(); ++i) {
      const NumericFacts::Part of_request(facts, "walk_of_request", i);
      for (const bool pin : {false, true}) {
        const NumericFacts::Part of_pin(facts, "pin", pin ? 1 : 0);
        AddWalkOnce(c, i, pin, facts);
      }
    }
    judge_.NoteChecks(false);
    for (const Waivers waivers : {Waivers::kNone, Waivers::kExpectedFailures}) {
      const NumericFacts::Part part(facts, "excused",
                                    waivers == Waivers::kNone ? 0 : 1);
      AddJudged(c, KernelTrial::kGupFast, waivers, facts);
    }
    if (kernel_.page_size == nullptr) return;
    const NumericFacts::Part part(facts, "page_size", 1);
    AddJudged(c, KernelTrial::kPageSize, Waivers::kNone, facts);
  }

  std::vector<uint8_t> MakeInput(uint64_t index) const {
    std::vector<uint8_t> bytes(kMaxEncodedSize);
    const Tables tables =
        index % 2 == 0 ? Tables::kWellFormed : Tables::kChanging;
    bytes.resize(Mutate(bytes, 0, index, filter_, tables, nullptr));
    return bytes;
  }

  uint64_t walked() const { return walked_; }

 private:
  bool LeavesCopies(PagingMode mode) const {
    // So do those of code without this repair, whose folded offset leaves the
    // copy with 3 levels.
    return judge_.LeavesCopies(mode) ||
           (std::string_view(kernel_.variant) == "without-36639013b346" &&
            mode.levels == 3);
  }

  void AddWalkOnce(const Case& c, size_t request, bool pin,
                   NumericFacts& facts) {
    Inconclusive inconclusive = Inconclusive::kNo;
    const std::optional<RunEnd> ended =
        judge_.WalkOnce(c, request, pin, inconclusive);
    facts.Add("inconclusive", pxdfuzz::NumberOf(inconclusive));
    facts.Add("ran", ended.has_value() ? 1 : 0);
    if (!ended.has_value()) return;
    ++walked_;
    facts.Add("ended", NumberOf(*ended));
    AddWalk(judge_, facts);
    if (!c.concurrent.empty()) AddConcurrentOperations(judge_, facts);
  }

  void AddJudged(const Case& c, KernelTrial trial, Waivers waivers,
                 NumericFacts& facts) {
    const KernelVerdict& verdict = judge_.Judge(c, trial, waivers);
    AddVerdict(verdict, facts);
    const bool has_run = HasRun(verdict);
    facts.Add("has_run", has_run ? 1 : 0);
    if (has_run) AddWalk(judge_, facts);
  }

  const pxd_kernel& kernel_;
  const PagingModeFilter filter_;
  KernelJudge judge_;
  uint64_t walked_ = 0;
};

KernelFacts::KernelFacts(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
KernelFacts::KernelFacts(KernelFacts&&) noexcept = default;
KernelFacts::~KernelFacts() = default;

std::vector<KernelFacts> KernelFacts::OfAllKernels() {
  std::vector<std::unique_ptr<Impl>> impls;
  for (const pxd_kernel* kernel : AllKernels()) {
    impls.push_back(std::make_unique<Impl>(*kernel));
  }
  std::sort(impls.begin(), impls.end(), [](const auto& a, const auto& b) {
    return a->label() < b->label();
  });
  std::vector<KernelFacts> all;
  for (auto& impl : impls) all.push_back(KernelFacts(std::move(impl)));
  return all;
}

std::string KernelFacts::label() const { return impl_->label(); }

void KernelFacts::Add(std::span<const uint8_t> input, NumericFacts& facts) {
  impl_->Add(input, facts);
}

std::vector<uint8_t> KernelFacts::MakeInput(uint64_t index) const {
  return impl_->MakeInput(index);
}

uint64_t KernelFacts::walked() const { return impl_->walked(); }

}  // namespace pxdfuzz
