// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_KERNEL_TRIAL_H_
#define PXDFUZZ_KERNEL_TRIAL_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>

#include "kernel/concurrent_operations.h"
#include "kernel/guard.h"
#include "kernel/judge.h"
#include "kernel/kernel_walk.h"
#include "kernel/known_findings.h"
#include "kernel/tree_contract.h"
#include "kernel/tree_entries.h"
#include "pxdfuzz/memory/arena_memory.h"
#include "pxdfuzz/oracle/judge_pages.h"
#include "pxdfuzz/reference/reference.h"
#include "pxdfuzz/reference/translate.h"
#include "pxdfuzz/tables/address_space.h"
#include "pxdfuzz/tables/changing_memory.h"
#include "pxdfuzz/walk/trace.h"
#include "pxdfuzz/walk/walk.h"

namespace pxdfuzz {

inline constexpr uint64_t kNoRefusal = std::numeric_limits<uint64_t>::max();

// Records the order of the model's reads.
template <class A>
class OrderedMemory : public InModelWords<A, ChangingMemory> {
 public:
  using InModelWords<A, ChangingMemory>::InModelWords;

  Loaded Load(Level level, EntryRef ref) {
    order_.Add(level, ref.in_table() ? ref.address() : ReadOrder::kCopy);
    return InModelWords<A, ChangingMemory>::Load(level, ref);
  }
  const ReadOrder& order() const { return order_; }

 private:
  ReadOrder order_;
};

template <class A>
typename A::Kernel ModelKernel(int levels, const pxd_traits& traits) {
  if constexpr (A::kId == ArchId::kS390) {
    return typename A::Kernel(levels,
                              {.region_third_write = traits.writes_readonly_pud
                                                         ? A::Mask::kLargeRead
                                                         : A::Mask::kLargeWrite,
                               .tells_protnone = traits.tells_protnone,
                               .has_pud_at_zero = traits.has_pud_at_zero});
  } else {
    static_cast<void>(traits);
    return typename A::Kernel(levels);
  }
}

// The memory that a trial uses.
struct Rooms {
  std::span<uint64_t> pages, modelled;
  Reference &reference, &lenient, &model;
};

// All runs for one request of a case. A null `model` means that no walk of the
// model returns the same.
template <class A>
class Trial {
 public:
  using Tables = AddressSpace<A, TreeEntries<A>>;

  Trial(const pxd_kernel& kernel, const pxd_traits& traits, const Tables& mm,
        const Request& request, const Case& c, const Rooms& rooms,
        pxd_walk& walk)
      : kernel_(kernel),
        traits_(traits),
        mm_(mm),
        request_(request),
        pages_(c.pages.begin(), c.pages.size()),
        pkru_(c.pkru),
        rooms_(rooms),
        walk_(walk),
        memory_(mm.arena(), mm.geometry(), stack_) {
    uint64_t* root =
        const_cast<uint64_t*>(mm.arena().Find(mm.root().address()));
    walk_.root = root;
    walk_.levels = mm.levels();
    walk_.va_offset =
        WrappingSub(reinterpret_cast<uint64_t>(root), mm.root().address());
    walk_.start = request.start;
    walk_.pages = request.pages;
    walk_.write = request.write;
    walk_.page = rooms.pages.data();
    walk_.pkru = pkru_;
    walk_.kind_count = 0;
    for (const PageRange& range : pages_) {
      const int shift = mm.geometry().page_shift();
      walk_.kinds[walk_.kind_count++] = {
          .pfn = range.frame >> shift,
          .count = range.count * mm.geometry().span(range.level) >> shift,
          .kind = static_cast<pxd_page_kind>(range.kind)};
    }
  }

  void GupFast(Timeline& timeline, const Policy* model,
               KernelRequestVerdict& verdict, std::optional<Finding>& finding) {
    // How many pages the call with each kind of reference has returned.
    std::array<size_t, 2> counts{};
    bool is_made = false;
    for (const bool pin : {false, true}) {
      if (!request_.Takes(pin)) continue;
      if (!is_made || CallsMayDiffer()) {
        rooms_.reference.template Make<A>(timeline, memory_, request_,
                                          Strict(pin));
        rooms_.lenient.template Make<A>(timeline, memory_, request_,
                                        Lenient(pin));
        if (!is_made) verdict.pages = rooms_.reference.pages();
        is_made = true;
      }
      if (!Run(pin, kNoRefusal, finding)) return;
      counts[pin] = walk_.count;
      verdict.walk.pages = walk_.count;
      const JudgedPages strict = Judge(rooms_.reference);
      if (strict.outcome != Outcome::kAgrees) {
        if (Judge(rooms_.lenient).outcome != Outcome::kAgrees) {
          finding = Found(WalkRule::kPages, strict.outcome, strict.page, pin);
          return;
        }
        const Translation t = TranslatePage(strict.page);
        const TreeContract<A> contract = Strict(pin);
        verdict.known = contract.Known(t.level, t.entry);
        verdict.contract = contract.BreakOf(t.level, t.entry, strict.page);
      }
      if (rooms_.reference.has_either()) {
        verdict.inconclusive = Inconclusive::kNoRule;
      }
      JudgeReferences(pin, finding);
      if (finding.has_value()) return;
    }
    if (model != nullptr && !DependsOnMore(walk_.pin) &&
        !AgreesWithModel(*model, finding)) {
      return;
    }
    TryRefusal(counts, verdict, finding);
    if (!finding.has_value()) TryDeadPagemap(counts, finding);
    if constexpr (A::kId == ArchId::kS390) {
      if (!finding.has_value() && request_.Takes(/*pin=*/true) &&
          counts[true] != 0 && !rooms_.lenient.has_either()) {
        TryInaccessible(counts[true], verdict, finding);
      }
    }
  }

  // The reference that the request names, or else that to the middle one of the
  // returned pages, cannot be taken.
  void TryRefusal(std::span<const size_t, 2> counts,
                  KernelRequestVerdict& verdict,
                  std::optional<Finding>& finding) {
    // Only pages before the leaf of that one may be returned.
    const bool pin = !request_.Takes(/*pin=*/false);
    const size_t refused = Refused(counts[pin]);
    if (refused >= counts[pin]) return;
    // A small zero page needs no pin.
    if (pin && TranslatePage(refused).level == Level::kPte &&
        KindOf(rooms_.lenient.At(0, refused).value_or(0)) == PageKind::kZero) {
      return;
    }
    if (!Run(pin, refused, finding)) return;
    const size_t first = FirstOfLeaf(refused);
    if (kernel_.leaks_pagemap && walk_.pagemaps == 1 && IsDevmap(refused) &&
        TranslatePage(refused).level != Level::kPte) {
      verdict.known = KnownKernelFinding::kPagemapLeak;
      walk_.pagemaps = 0;
    }
    if (walk_.count != first) {
      finding = Found(WalkRule::kRefusal, Outcome::kAgrees, first, pin);
    } else {
      JudgeReferences(pin, finding);
    }
  }

  // The dev_pagemap of the page whose reference TryRefusal() refuses cannot be
  // had, if it is of device memory. The walk ends there, and may give back the
  // pages of the page table that it is in: gup_fast_undo_dev_pagemap().
  void TryDeadPagemap(std::span<const size_t, 2> counts,
                      std::optional<Finding>& finding) {
    if (kernel_.devmap_levels == 0) return;
    const bool pin = !request_.Takes(/*pin=*/false);
    const size_t dead = Refused(counts[pin]);
    if (dead >= counts[pin] || !IsDevmap(dead)) return;
    walk_.dead_pagemap = PagemapOf(dead);
    const bool returned = Run(pin, kNoRefusal, finding);
    size_t end = 0;
    while (!IsDevmap(end) || PagemapOf(end) != walk_.dead_pagemap) ++end;
    walk_.dead_pagemap = 0;
    if (!returned) return;
    const Geometry& geometry = mm_.geometry();
    const uint64_t span =
        geometry.span(std::max(Level::kPmd, TranslatePage(end).level));
    const uint64_t least =
        std::max(request_.start, AddressOf(end) & ~(span - 1));
    if (AddressOf(walk_.count) < least || walk_.count > end) {
      finding = Found(WalkRule::kRefusal, Outcome::kAgrees, end, pin);
    } else {
      JudgeReferences(pin, finding);
    }
  }

  // With FOLL_PIN, the page that the request names, or else the middle one of
  // `count`, cannot be made accessible, if it is small: only pages before it
  // may be returned.
  void TryInaccessible(size_t count, KernelRequestVerdict& verdict,
                       std::optional<Finding>& finding) {
    const size_t failing = request_.inaccessible.has_value()
                               ? *request_.inaccessible
                               : (count - 1) / 2;
    if (failing >= count) return;
    const std::optional<uint64_t> frame = rooms_.lenient.At(0, failing);
    if (TranslatePage(failing).level != Level::kPte || !frame.has_value()) {
      return;
    }
    if (!Run(true, kNoRefusal, finding, *frame + 1)) return;
    const size_t first = SetModelWithout(*frame, /*continues=*/false).count;
    if (Judge(rooms_.model).outcome == Outcome::kAgrees) {
      JudgeReferences(/*pin=*/true, finding);
      return;
    }
    const ModelPages continued = SetModelWithout(*frame, /*continues=*/true);
    if (kernel_.keeps_access_error && walk_.held == walk_.count &&
        Judge(rooms_.model).outcome == Outcome::kAgrees) {
      verdict.known = KnownKernelFinding::kInaccessiblePage;
    } else if (kernel_.keeps_access_error && continued.has_either) {
      // It went on where the contract has no answer.
      verdict.inconclusive = Inconclusive::kNoRule;
    } else {
      finding = Found(WalkRule::kInaccessible, Outcome::kAgrees, first, true);
    }
  }

  // While the tables change: tests the rules of JudgePages() and of references.
  void WhileChanging(const Case& c, Timeline& timeline,
                     ConcurrentOperations& concurrent, const Policy* model,
                     Waivers waivers, KernelRequestVerdict& verdict,
                     std::optional<Finding>& finding) {
    bool is_made = false;
    for (const bool pin : {false, true}) {
      if (!request_.Takes(pin)) continue;
      if (!is_made || CallsMayDiffer()) {
        rooms_.reference.template Make<A>(timeline, memory_, request_,
                                          Lenient(pin));
        if (!is_made) verdict.pages = rooms_.reference.pages();
        is_made = true;
      }
      if (rooms_.reference.has_either()) {
        verdict.inconclusive = Inconclusive::kNoRule;
      }
      concurrent.Begin(c, mm_.arena(), timeline, walk_);
      const bool returned = Run(pin, kNoRefusal, finding);
      if (returned) {
        Changed(concurrent, pin, finding);
        verdict.walk.pages = walk_.count;
      }
      verdict.walk.changes = std::max(verdict.walk.changes, timeline.at());
      if (finding.has_value()) finding->changing = true;
      concurrent.End();
      timeline.GoTo(0);
      // With FOLL_PIN, write_protect_seq decides too, which the model lacks.
      if (returned && !pin && model != nullptr && IsAsModelWithGet() &&
          !finding.has_value()) {
        verdict.reads_as_model =
            AgreesWithModel(*model, timeline, concurrent.order(), finding);
      }
      if (!finding.has_value()) continue;
      // It is expected to fail where its model is.
      const Causes expected = model != nullptr
                                  ? A::ExpectedFailures(*model, mm_.levels())
                                  : Causes();
      if (finding->rule == WalkRule::kPages) {
        finding->cause =
            concurrent.violations().Waiver(expected, finding->page);
      }
      if (waivers == Waivers::kNone || finding->cause == Cause::kNone) return;
      verdict.walk.waiver = finding->cause;
      finding.reset();
    }
  }

  // While the tables change, the size is that of some snapshot during the walk.
  void PageSize(const Case& c, Timeline& timeline,
                ConcurrentOperations& concurrent, KernelRequestVerdict& verdict,
                std::optional<Finding>& finding) {
    const bool changing = !c.concurrent.empty();
    const size_t last = request_.pages - size_t{1};
    size_t at = 0;
    // A few pages, including the first and the last.
    const size_t step = std::max<size_t>(1, last / 8);
    while (true) {
      uint64_t size = 0;
      if (changing) concurrent.Begin(c, mm_.arena(), timeline, walk_);
      const RunEnd end = PageSizeGuarded(kernel_, walk_, AddressOf(at), size);
      const size_t changes = timeline.at();
      if (changing) concurrent.End();
      verdict.walk.changes = std::max(verdict.walk.changes, changes);
      bool is_wrong =
          end == RunEnd::kReturned && !IsSizeOf(timeline, changes, at, size);
      if (is_wrong && IsFromDetached(c, timeline, changes, size)) {
        verdict.inconclusive = Inconclusive::kRefilled;
        is_wrong = false;
      }
      timeline.GoTo(0);
      if (end == RunEnd::kTrap) return;
      if (is_wrong || end != RunEnd::kReturned) {
        finding = Found(WalkRule::kPageSize,
                        is_wrong ? Outcome::kAgrees : Outcome::kFault, at,
                        /*pin=*/false);
        finding->end = end;
      }
      if (finding.has_value()) {
        finding->changing = changing;
        return;
      }
      if (at == last) return;
      at = std::min(last, at + step);
    }
  }

 private:
  TreeContract<A> Contract(bool pin, bool lenient) const {
    CallFlags flags;
    if (request_.write) flags.Add(CallFlag::kWrite);
    if (pin) flags.Add(CallFlag::kPin);
    if (pin && request_.longterm) flags.Add(CallFlag::kLongterm);
    return TreeContract<A>(mm_.entries(), kernel_, traits_, mm_.geometry(),
                           pages_, pkru_, flags, lenient);
  }
  TreeContract<A> Strict(bool pin) const { return Contract(pin, false); }
  // With what this tree is known to do otherwise.
  TreeContract<A> Lenient(bool pin) const { return Contract(pin, true); }

  // The page whose reference cannot be taken, of a call that returned `count`.
  size_t Refused(size_t count) const {
    return request_.refused.value_or(static_cast<uint16_t>(count / 2));
  }
  // Whether a page that is returned is of device memory, and the number of its
  // dev_pagemap then.
  bool IsDevmap(size_t page) const {
    const Translation t = TranslatePage(page);
    return mm_.entries().Classify(t.level, t.entry).state.devmap;
  }
  uint64_t PagemapOf(size_t page) const {
    const Translation t = TranslatePage(page);
    const uint64_t frame =
        A::Manual::FrameAddress(t.level, t.entry, AddressOf(page));
    return (frame >> mm_.geometry().page_shift()) / PXD_PAGEMAP_PAGES + 1;
  }

  PageKind KindOf(uint64_t page) const {
    PageKind kind = PageKind::kAnonymous;
    for (const PageRange& range : pages_) {
      if (WrappingSub(page, range.frame) <
          range.count * mm_.geometry().span(range.level)) {
        kind = range.kind;
      }
    }
    return kind;
  }

  // Whether calls with FOLL_GET and FOLL_PIN may return different pages.
  bool CallsMayDiffer() const { return !pages_.empty() || request_.longterm; }

  // Whether FOLL_GET asks nothing of the case's pages and keys that the model
  // does not know.
  bool IsAsModelWithGet() const {
    return pkru_ == 0 &&
           std::none_of(pages_.begin(), pages_.end(), [](const PageRange& p) {
             return p.kind == PageKind::kZero ||
                    p.kind == PageKind::kSecretmem ||
                    p.kind == PageKind::kNoMapping;
           });
  }

  // Whether the pages that such a call returns depend on their kinds, or on
  // rights for keys, of which the model knows nothing.
  bool DependsOnMore(bool pin) const {
    if (pages_.empty() && pkru_ == 0 && !walk_.longterm) return false;
    const TreeContract<A> contract = Lenient(pin);
    for (size_t i = 0; i < request_.pages; ++i) {
      const Translation t = TranslatePage(i);
      if (!t.fetched) return false;
      if (contract.DependsOnMore(t.level, t.entry)) return true;
    }
    return false;
  }

  typename A::Manual manual() const {
    return typename A::Manual(mm_.geometry(), mm_.control());
  }
  uint64_t AddressOf(size_t page) const {
    return WrappingAdd(request_.start, page * mm_.geometry().page_size());
  }
  Translation TranslatePage(size_t page) const {
    return Translate(manual(), memory_, AddressOf(page));
  }
  std::span<const uint64_t> Returned() const {
    return rooms_.pages.first(std::min<size_t>(walk_.count, request_.pages));
  }

  JudgedPages Judge(const Reference& reference,
                    std::span<const uint8_t> grabbed = {},
                    size_t last = 0) const {
    return JudgePages(reference, walk_.count, Returned(), grabbed, last);
  }

  Finding Found(WalkRule rule, Outcome outcome, size_t page, bool pin) const {
    page = std::min<size_t>(page, request_.pages - size_t{1});
    const Translation t = TranslatePage(page);
    const bool is_about_page =
        rule == WalkRule::kPages && t.fetched &&
        (outcome == Outcome::kLong || outcome == Outcome::kShort);
    return {.mode = {A::kId, static_cast<uint8_t>(mm_.levels())},
            .walk = kernel_.name,
            .rule = rule,
            .outcome = outcome,
            .level = t.level,
            .entry = mm_.entries().Classify(t.level, t.entry).tag,
            .page = page,
            .pin = pin,
            .contract = is_about_page
                            ? Strict(pin).BreakOf(t.level, t.entry, page)
                            : std::nullopt};
  }

  // The judgement of a walk that returned while tables changed.
  void Changed(const ConcurrentOperations& concurrent, bool pin,
               std::optional<Finding>& finding) const {
    if (pin && concurrent.forked()) {
      if (walk_.count != 0) {
        finding = Found(WalkRule::kFork, Outcome::kAgrees, 0, pin);
      } else if (walk_.held != 0) {
        finding = Found(WalkRule::kReferences, Outcome::kAgrees, 0, pin);
      }
      return;
    }
    const JudgedPages judged =
        Judge(rooms_.reference, concurrent.grabbed().first(Returned().size()),
              concurrent.snapshot());
    if (judged.outcome != Outcome::kAgrees) {
      finding = Found(WalkRule::kPages, judged.outcome, judged.page, pin);
    } else if (walk_.held != walk_.count || walk_.pagemaps != 0) {
      finding = Found(WalkRule::kReferences, Outcome::kAgrees,
                      std::min(walk_.held, walk_.count), pin);
    }
  }

  bool Run(bool pin, uint64_t refused, std::optional<Finding>& finding,
           uint64_t inaccessible = 0) {
    walk_.pin = pin;
    walk_.longterm = pin && request_.longterm;
    walk_.refused = refused;
    walk_.inaccessible = inaccessible;
    const RunEnd end = RunGuarded(kernel_, walk_);
    // Code that looks at no table has refused the request.
    if (end == RunEnd::kReturned && walk_.read_count == 0 && !pin &&
        kernel_.permitted != nullptr) {
      finding = Finding{.mode = {A::kId, static_cast<uint8_t>(mm_.levels())},
                        .walk = kernel_.name,
                        .rule = WalkRule::kPermitted};
      return false;
    }
    if (end == RunEnd::kReturned) return true;
    if (end == RunEnd::kTrap) return false;
    finding = Found(WalkRule::kPages, Outcome::kFault, walk_.held, pin);
    finding->end = end;
    return false;
  }

  void JudgeReferences(bool pin, std::optional<Finding>& finding) const {
    if (const auto page = WrongReference(pin); page.has_value()) {
      finding = Found(WalkRule::kReferences, Outcome::kAgrees, *page, pin);
    }
  }

  // The first page whose reference is wrong. References to a leaf's pages are
  // taken at once, at the first of them or at the leaf's first page.
  std::optional<size_t> WrongReference(bool pin) const {
    size_t held = 0;
    const size_t noted =
        std::min<size_t>(walk_.grab_count, std::size(walk_.grabs));
    const int shift = mm_.geometry().page_shift();
    for (size_t i = 0; i < noted; ++i) {
      const pxd_grab& grab = walk_.grabs[i];
      if (grab.pin != pin) return held;
      if (grab.refs < 0) {
        if (held < static_cast<size_t>(-grab.refs)) return held;
        held -= static_cast<size_t>(-grab.refs);
        continue;
      }
      const size_t first = held;
      held += static_cast<size_t>(grab.refs);
      // Put again at once, or one too many.
      if (held > walk_.count) continue;
      const uint64_t page = grab.pfn << shift;
      if (page == rooms_.pages[first]) continue;
      const uint64_t span = mm_.geometry().span(TranslatePage(first).level);
      if ((page ^ rooms_.pages[first]) >= span) return first;
    }
    if (held != walk_.count || walk_.pagemaps != 0) {
      return std::min<size_t>(held, walk_.count);
    }
    return std::nullopt;
  }

  struct ModelPages {
    size_t count = 0;
    // Whether the contract has no rule for one of them.
    bool has_either = false;
  };

  // Has rooms_.model return the pages of the request up to the first that may
  // not be returned, or that is small and at `frame`. A walk that continues
  // continues with the next pmd entry behind pages at `frame`.
  ModelPages SetModelWithout(uint64_t frame, bool continues) {
    const int pages_per_table =
        mm_.geometry().shift(Level::kPmd) - mm_.geometry().page_shift();
    ModelPages made;
    for (size_t i = 0; i < request_.pages;) {
      const Translation t = TranslatePage(i);
      const Duty duty = t.fetched ? Lenient(/*pin=*/true).Ask(t.level, t.entry)
                                  : Duty::kRefuse;
      if (duty == Duty::kRefuse) break;
      made.has_either |= duty == Duty::kEither;
      const uint64_t page =
          A::Manual::FrameAddress(t.level, t.entry, AddressOf(i));
      if (t.level != Level::kPte || page != frame) {
        rooms_.modelled[made.count++] = page;
        ++i;
        continue;
      }
      if (!continues) break;
      const uint64_t number = AddressOf(i) >> mm_.geometry().page_shift();
      const uint64_t next = ((number >> pages_per_table) + 1)
                            << pages_per_table;
      i += next - number;
    }
    rooms_.model.Set(rooms_.modelled.first(made.count), request_.pages);
    return made;
  }

  // The first page of the request that is returned for the same entry.
  size_t FirstOfLeaf(size_t page) const {
    const uint64_t span = mm_.geometry().span(TranslatePage(page).level);
    const uint64_t start = AddressOf(page) & ~(span - 1);
    if (start <= request_.start) return 0;
    return (start - request_.start) >> mm_.geometry().page_shift();
  }

  bool AgreesWithModel(Policy policy, std::optional<Finding>& finding) {
    InModelWords<A, ArenaMemory> memory(mm_.entries(), mm_.arena(),
                                        mm_.geometry(), stack_);
    ViolationTrace trace(memory, /*looks_for_wrong_entry=*/false);
    Walk model(ModelKernel<A>(mm_.levels(), traits_), policy, memory, trace);
    return AgreesWithModel(RunModel(model, mm_.root()), walk_.pin, finding);
  }

  // The same while tables change; false if the model and the code did not read
  // in the same order. Code may read in another order and be right:
  // pte_offset_map() gets a copy in all kernels, but not in the model's walk by
  // pointer, and a patch may add a check.
  bool AgreesWithModel(Policy policy, Timeline& timeline,
                       const ReadOrder& order,
                       std::optional<Finding>& finding) {
    using Ordered = OrderedMemory<A>;
    Ordered memory(mm_.entries(), mm_.arena(), mm_.geometry(), stack_,
                   timeline);
    ViolationTrace trace(memory, /*looks_for_wrong_entry=*/false);
    Walk<typename A::Kernel, Ordered, ViolationTrace<Ordered>, GupFastCode>
        model(ModelKernel<A>(mm_.levels(), traits_), policy, memory, trace);
    const size_t count = RunModel(model, memory.root());
    timeline.GoTo(0);
    if (memory.order() != order) return false;
    if (!AgreesWithModel(count, /*pin=*/false, finding)) {
      finding->changing = true;
    }
    return true;
  }

  template <class Model>
  size_t RunModel(Model& model, EntryRef root) const {
    return model.Run(root, request_.start, AddressOf(request_.pages),
                     request_.write, rooms_.modelled.first(request_.pages));
  }
  // Whether the kernel returned the model's pages, `count` of them.
  bool AgreesWithModel(size_t count, bool pin,
                       std::optional<Finding>& finding) const {
    rooms_.model.Set(
        rooms_.modelled.first(std::min<size_t>(count, request_.pages)),
        request_.pages);
    const JudgedPages judged = Judge(rooms_.model);
    if (judged.outcome == Outcome::kAgrees) return true;
    finding = Found(WalkRule::kModel, judged.outcome, judged.page, pin);
    return false;
  }

  // Whether `size` is that of a page in a snapshot up to `last`.
  bool IsSizeOf(Timeline& timeline, size_t last, size_t page,
                uint64_t size) const {
    for (size_t i = 0; i <= last; ++i) {
      timeline.GoTo(i);
      const Top& top = timeline.top(i);
      const typename A::Manual manual(A::GeometryOf(top.levels), top.control);
      const Translation t = Translate(manual, memory_, AddressOf(page));
      if (ExpectedSize(t) == size) return true;
    }
    return false;
  }

  // Whether the entry that the walk read last is in a page table that was
  // detached and then changed, by changes up to `last`, and `size` is that of
  // this entry in some snapshot. A contiguous block of it may have been
  // unfolded, or the table used again for another place. Linux waits for walks
  // before it does that, but not all versions that are checked do.
  bool IsFromDetached(const Case& c, Timeline& timeline, size_t last,
                      uint64_t size) const {
    if (walk_.read_count == 0 || walk_.read_count > std::size(walk_.reads)) {
      return false;
    }
    const pxd_read& read = walk_.reads[walk_.read_count - 1];
    const uint64_t entry =
        WrappingSub(reinterpret_cast<uint64_t>(read.place), walk_.va_offset);
    const Arena& arena = mm_.arena();
    const auto is_table = [&](const Write& write) {
      const uint64_t physical = Arena::AddressOf(write.word);
      return arena.TableLevel(physical) == Level::kPte &&
             arena.FrameNumber(physical) == arena.FrameNumber(entry);
    };
    bool detached = false;
    bool changed = false;
    if (read.level != Ordinal(Level::kPte) || arena.Find(entry) == nullptr) {
      return false;
    }
    for (size_t i = 0; i < last; ++i) {
      const std::span<const Write> writes = timeline.WritesOf(i + 1);
      changed |=
          detached && std::any_of(writes.begin(), writes.end(), is_table);
      detached |= c.concurrent[i].kind == TableOp::Kind::kDetach;
    }
    for (size_t i = 0; changed && i <= last; ++i) {
      timeline.GoTo(i);
      const Translation t = {.fetched = true, .entry = *arena.Find(entry)};
      if (ExpectedSize(t) == size) return true;
    }
    return false;
  }

  uint64_t ExpectedSize(const Translation& t) const {
    if (!t.fetched) return 0;
    const EntryKind kind = mm_.entries().Classify(t.level, t.entry);
    if (kind.tag != EntryKind::Tag::kLeaf) return 0;
    if constexpr (A::kId == ArchId::kS390) {
      // pud_present() tests whether there is an origin.
      if (!traits_.has_pud_at_zero && t.level == Level::kPud &&
          (t.entry & A::Mask::kOrigin) == 0) {
        return 0;
      }
    }
    if constexpr (A::kId == ArchId::kX86) {
      // pud_present() tests only the hardware's bit, which is clear for
      // PROT_NONE.
      if (t.level == Level::kPud &&
          kind.state.permission == Permission::kNone) {
        return 0;
      }
    }
    // pte_leaf_size().
    if (kind.state.contiguous) {
      return A::Entries::kContPtes * mm_.geometry().page_size();
    }
    return mm_.geometry().span(t.level);
  }

  const pxd_kernel& kernel_;
  const pxd_traits& traits_;
  const Tables& mm_;
  const Request& request_;
  const std::span<const PageRange> pages_;
  const uint16_t pkru_;
  const Rooms rooms_;
  pxd_walk& walk_;
  // Kernel code has the real stack; the reference does not read any stack.
  const Stack stack_ = {};
  const ArenaMemory memory_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_KERNEL_TRIAL_H_
