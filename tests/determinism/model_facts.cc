// SPDX-License-Identifier: MIT

#include "tests/determinism/model_facts.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>

#include "fuzz/generator/mutator.h"
#include "fuzz/harness/paging_mode_filter.h"
#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/memory/arena_memory.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/reference/reference.h"
#include "pxdfuzz/reference/translate.h"
#include "pxdfuzz/reference/translate_rules.h"
#include "pxdfuzz/shrink/shrink.h"
#include "pxdfuzz/tables/address_space.h"
#include "pxdfuzz/tables/arch_arenas.h"
#include "pxdfuzz/tables/populate.h"
#include "pxdfuzz/tables/timeline.h"
#include "pxdfuzz/walk/run_walk.h"
#include "pxdfuzz/walk/trace.h"
#include "tests/determinism/enum_numbers.h"

namespace pxdfuzz {
namespace {

// The start of the last page of a request, even beyond the end of the address
// space.
uint64_t LastPage(const Request& request, uint64_t page_size) {
  uint64_t last = 0;
  static_cast<void>(__builtin_add_overflow(
      request.start, (request.pages - uint64_t{1}) * page_size, &last));
  return last;
}

// In both versions, as far as they can represent the case.
void AddCanonical(const Case& c, NumericFacts& facts) {
  std::array<uint8_t, kMaxEncodedSize> bytes{};
  const size_t size = Encode(c, bytes);
  facts.AddBytes("canonical", std::span(bytes).first(size));
  const size_t v1_size = EncodeV1(c, bytes).value_or(0);
  facts.AddBytes("canonical_v1", std::span(bytes).first(v1_size));
}

void AddViolations(const FirstViolations& violations, NumericFacts& facts) {
  facts.Add("stack_escape", NumberOfViolation(violations.stack_escape));
  facts.Add("wrong-entry", NumberOfViolation(violations.wrong_entry));
  facts.Add("nowhere", NumberOfViolation(violations.nowhere));
  facts.Add("double_fetch", NumberOfViolation(violations.double_fetch));
  facts.Add("vacuous_recheck", NumberOfViolation(violations.vacuous_recheck));
  facts.Add("invariant", violations.invariant ? 1 : 0);
}

void AddFinding(const std::optional<Finding>& finding, NumericFacts& facts) {
  facts.Add("finding", finding.has_value() ? 1 : 0);
  if (!finding.has_value()) return;
  facts.Add("finding.request", finding->request);
  facts.Add("finding.walk", NumberOf(*PolicyFromName(finding->walk)));
  facts.Add("finding.walk_is_that_of_signature", 1);
  facts.Add("finding.space", NumberOf(finding->mode));
  facts.Add("finding.changing", finding->changing ? 1 : 0);
  facts.Add("finding.outcome", NumberOf(finding->outcome));
  facts.Add("finding.level", NumberOf(finding->level));
  facts.Add("finding.entry", NumberOf(*finding->entry));
}

void AddVerdict(const Case& c, const Verdict& verdict, NumericFacts& facts) {
  facts.Add("kind", NumberOf(verdict.kind));
  facts.Add("inconclusive", NumberOf(verdict.inconclusive));
  AddFinding(verdict.finding, facts);
  facts.Add("requests", verdict.requests.size());
  for (size_t i = 0; i < verdict.requests.size(); ++i) {
    const RequestVerdict& request = verdict.requests[i];
    const NumericFacts::Part of_request(facts, "request", i);
    facts.Add("inconclusive", NumberOf(request.inconclusive));
    facts.Add("pages", request.pages);
    facts.Add("crosses_folded", request.crosses_folded ? 1 : 0);
    facts.Add("both_sides", request.both_sides ? 1 : 0);
    facts.Add("cell", NumberOfIndex(request.cell));
    for (size_t w = 0; w < kWalkOfNumber.size(); ++w) {
      const WalkVerdict& walk = request.walks[IndexOf(kWalkOfNumber[w])];
      const NumericFacts::Part of_walk(facts, "walk", w);
      facts.Add("ran", walk.ran ? 1 : 0);
      if (!walk.ran) continue;
      facts.Add("outcome", NumberOf(walk.outcome));
      facts.Add("excuse", NumberOf(walk.waiver));
      facts.Add("pages", walk.pages);
      // If tables change, a walk that agrees has no cell.
      facts.Add("first_difference",
                c.concurrent.empty() || walk.outcome != Outcome::kAgrees
                    ? NumberOfViolation(walk.first_difference)
                    : 0);
      facts.Add("changes", walk.changes);
      AddViolations(walk.violations, facts);
    }
  }
}

// How `shrink` selects the finding to keep if none is named.
struct Way {
  WalkSet walks;
  Waivers waivers = Waivers::kNone;
};
std::array<Way, 3> WaysToJudge(const Case& c) {
  return {{{WalkSet::All(), Waivers::kExpectedFailures},
           {c.concurrent.empty()
                ? WalkSet::Of(kStaticByValue, kFoldedAwareByValue)
                : WalkSet::Of(kFoldedAwareByValue, kStaticByPointer,
                              kFoldedAwareByPointer),
            Waivers::kNone},
           {WalkSet::All(), Waivers::kNone}}};
}

}  // namespace

class ModelFacts::Impl {
 public:
  bool Add(std::span<const uint8_t> input, NumericFacts& facts) {
    const Case c = Decode(input);
    AddCanonical(c, facts);
    if (!c.empty()) {
      VisitArch(c.mode.arch, [&]<class A>() { AddCase<A>(c, facts); });
    }
    bool has_finding = false;
    for (const Waivers waivers : {Waivers::kNone, Waivers::kExpectedFailures}) {
      const Verdict& verdict = oracle_.Judge(c, WalkSet::All(), waivers);
      const bool is_strict = waivers == Waivers::kNone;
      if (is_strict) has_finding = verdict.finding.has_value();
      const NumericFacts::Part part(facts, "excused", is_strict ? 0 : 1);
      AddVerdict(c, verdict, facts);
    }
    const auto violation = rules_.Check(c);
    facts.Add("rule_broken", violation.has_value() ? 1 : 0);
    if (violation.has_value()) facts.Add("rule_at", violation->address);
    return has_finding;
  }

  bool AddShrunk(std::span<const uint8_t> input, NumericFacts& facts) {
    const Case c = Decode(input);
    AddCanonical(c, facts);
    for (const Way& way : WaysToJudge(c)) {
      const Verdict& verdict = oracle_.Judge(c, way.walks, way.waivers);
      if (!verdict.finding.has_value()) continue;
      const std::string kept = Name(*verdict.finding);
      Shrinker shrinker([&](const Case& s) {
        const Verdict& smaller = oracle_.Judge(s, way.walks, way.waivers);
        return smaller.finding.has_value() && Name(*smaller.finding) == kept;
      });
      const Case shrunk = shrinker.Shrink(c);
      const NumericFacts::Part part(facts, "shrunk", 1);
      AddCanonical(shrunk, facts);
      AddFinding(oracle_.Judge(shrunk, way.walks, way.waivers).finding, facts);
      return true;
    }
    return false;
  }

  uint64_t walked() const { return walked_; }

 private:
  template <class A>
  void AddCase(const Case& c, NumericFacts& facts) {
    AddressSpace<A> mm(arenas_.of(A::kId), c.mode.levels);
    const Inconclusive malformed = Populate(c, mm);
    facts.Add("space", NumberOf(c.mode));
    facts.Add("malformed", NumberOfMalformed(malformed));
    facts.Add("control", mm.control());
    const ArenaMemory memory(mm.arena(), mm.geometry(), c.stack);
    const uint64_t page_size = mm.geometry().page_size();
    AddTranslations(c, typename A::Manual(mm.geometry(), mm.control()), memory,
                    page_size, facts);
    if (malformed != Inconclusive::kNo) return;
    const bool changing = !c.concurrent.empty();
    const bool is_possible = timeline_.Make(c, mm) == Inconclusive::kNo;
    if (changing) {
      facts.Add("possible", is_possible ? 1 : 0);
      for (size_t v = 1; v < timeline_.count(); ++v) {
        const NumericFacts::Part of_version(facts, "version", v);
        timeline_.GoTo(v);
        const Top& top = timeline_.top(v);
        facts.Add("levels", static_cast<uint64_t>(top.levels));
        facts.Add("root", top.root);
        facts.Add("control", top.control);
        AddTranslations(
            c, typename A::Manual(A::GeometryOf(top.levels), top.control),
            memory, page_size, facts);
      }
      timeline_.GoTo(0);
      if (!is_possible) return;
    }
    for (size_t i = 0; i < c.requests.size(); ++i) {
      const Request& request = c.requests[i];
      const NumericFacts::Part of_request(facts, "request", i);
      const Inconclusive refused =
          Permitted<A>(mm.levels(), request.start, request.pages);
      facts.Add("refused", NumberOf(refused));
      if (refused != Inconclusive::kNo) continue;
      ++walked_;
      AddReference<A>(mm, memory, request, changing, facts);
      const WalkSite site{c.mode, mm.arena(), timeline_, c.stack};
      for (size_t w = 0; w < kWalkOfNumber.size(); ++w) {
        const NumericFacts::Part of_walk(facts, "walk", w);
        AddWalk(site, kWalkOfNumber[w], request, changing, facts);
      }
    }
  }

  // For the first and last address of each request and of each operation.
  template <class Manual>
  static void AddTranslations(const Case& c, const Manual& manual,
                              const ArenaMemory& memory, uint64_t page_size,
                              NumericFacts& facts) {
    uint64_t number = 0;
    const auto add = [&](uint64_t address) {
      const NumericFacts::Part part(facts, "translated", number++);
      facts.Add("address", address);
      for (const bool store : {false, true}) {
        const NumericFacts::Part of_access(facts, "store", store ? 1 : 0);
        const Translation t = Translate(
            manual, memory, address, store ? Access::kStore : Access::kFetch);
        facts.Add("code", t.code);
        facts.Add("physical", t.physical);
        facts.Add("protected", t.is_protected ? 1 : 0);
        facts.Add("fetched", t.fetched ? 1 : 0);
        if (!t.fetched) continue;
        facts.Add("level", NumberOf(t.level));
        facts.Add("place", t.ref.address());
        facts.Add("entry", t.entry);
      }
    };
    for (const Request& request : c.requests) {
      add(request.start);
      add(LastPage(request, page_size));
    }
    for (const TableOp& record : c.setup) add(record.address);
    for (const ConcurrentOp& change : c.concurrent) {
      if (HasAddress(change.kind)) add(change.address);
    }
  }

  // The expected pages; for each snapshot if tables change.
  template <class A>
  void AddReference(AddressSpace<A>& mm, const ArenaMemory& memory,
                    const Request& request, bool changing,
                    NumericFacts& facts) {
    const size_t count = ReferencePages<A>(
        typename A::Manual(mm.geometry(), mm.control()), memory,
        mm.geometry().page_size(), request.start, request.write,
        std::span(pages_.data(), request.pages));
    facts.AddAll("reference", std::span(pages_.data(), count));
    if (!changing) return;
    reference_->template Make<A>(timeline_, memory, request);
    facts.Add("reference_pages", reference_->pages());
    for (size_t v = 0; v < timeline_.count(); ++v) {
      const NumericFacts::Part of_version(facts, "version", v);
      facts.Add("least", reference_->Least(v));
      for (size_t page = 0; page < request.pages; ++page) {
        const std::optional<uint64_t> at = reference_->At(v, page);
        facts.Add("there", at.has_value() ? 1 : 0);
        if (at.has_value()) facts.Add("page", *at);
      }
    }
  }

  void AddWalk(const WalkSite& site, Policy policy, const Request& request,
               bool changing, NumericFacts& facts) {
    WalkRun run{.pages = pages_, .grabbed = grabbed_};
    RunWalk(site, policy, request, run);
    if (changing) facts.Add("changes", timeline_.at());
    timeline_.GoTo(0);
    AddPages(run.count, facts);
    AddViolations(run.violations, facts);
    if (!changing) return;
    facts.AddAll("grabbed_at", std::span(grabbed_).first(Kept(run.count)));
  }

  size_t Kept(size_t count) const { return std::min(count, pages_.size()); }
  void AddPages(size_t count, NumericFacts& facts) const {
    facts.Add("count", count);
    facts.AddAll("pages", std::span(pages_).first(Kept(count)));
  }

  const ArchArenas arenas_ = ArchArenas::For<Architectures>();
  Oracle oracle_;
  TranslateRules rules_;
  Timeline timeline_;
  std::unique_ptr<Reference> reference_ = std::make_unique<Reference>();
  std::array<uint64_t, Case::kMaxPages> pages_{};
  std::array<uint8_t, Case::kMaxPages> grabbed_{};
  uint64_t walked_ = 0;
};

ModelFacts::ModelFacts() : impl_(std::make_unique<Impl>()) {}
ModelFacts::~ModelFacts() = default;

bool ModelFacts::Add(std::span<const uint8_t> input, NumericFacts& facts) {
  return impl_->Add(input, facts);
}

bool ModelFacts::AddShrunk(std::span<const uint8_t> input,
                           NumericFacts& facts) {
  return impl_->AddShrunk(input, facts);
}

uint64_t ModelFacts::walked() const { return impl_->walked(); }

std::vector<uint8_t> MakeChangingInput(uint64_t index) {
  std::vector<uint8_t> bytes(kMaxEncodedSize);
  bytes.resize(
      Mutate(bytes, 0, index, PagingModeFilter(), Tables::kChanging, nullptr));
  return bytes;
}

}  // namespace pxdfuzz
