// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REPORT_FACTS_H_
#define PXDFUZZ_REPORT_FACTS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/engine/outcome.h"
#include "pxdfuzz/engine/run.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/reference/contract.h"
#include "pxdfuzz/reference/reference.h"
#include "pxdfuzz/reference/translate.h"
#include "pxdfuzz/view/case_tables.h"

namespace pxdfuzz {

// One run of one request, compared with the reference: the input of an
// explanation. Assigns reads to iterations of loops, and finds what went wrong.
// Accepts any recording, even one that no engine makes.
class Facts {
 public:
  // An iteration, by positions in events().
  struct Iteration {
    size_t first = 0;     // the first event that belongs to it
    size_t read = 0;      // its own read, of kind kIteration
    size_t end = 0;       // behind the last event
    size_t held = 0;      // pages before it
    size_t pages = 0;     // pages that it returns
    bool begins = false;  // the first iteration of its loop
  };

  // `c` must outlive the object; its request is permitted and its tables are
  // conclusive. `policy` is the model's walk that does the same. The reference
  // knows no kinds of pages: where one matters, `contract` says what is wrong.
  Facts(const Case& c, size_t request, Policy policy, Recording recording,
        std::optional<ContractBreak> contract = std::nullopt);

  const Case& source() const { return tables_.source(); }
  const CaseTables& tables() const { return tables_; }
  const Geometry& geometry() const { return tables_.geometry(); }
  const Request& request() const { return request_; }
  Policy policy() const { return policy_; }
  const Recording& run() const { return run_; }
  const std::vector<Event>& events() const { return run_.events; }
  const std::vector<Iteration>& iterations() const { return iterations_; }

  // Whether tables change during the walk.
  bool changing() const { return tables_.snapshots() > 1; }
  // Whether the walk read something and ended without returning.
  bool broke_off() const {
    return run_.end != RunEnd::kReturned && run_.end != RunEnd::kRefused;
  }
  // What an iteration has read.
  const Event& ReadOf(size_t iteration) const {
    return events()[iterations_[iteration].read];
  }
  // The address of a page of the request.
  uint64_t AddressOf(size_t page) const {
    return WrappingAdd(request_.start, page * geometry().page_size());
  }

  // How the pages compare, and the first that differs; if none differs, the
  // first that was not returned.
  Outcome outcome() const { return outcome_; }
  size_t difference() const { return difference_; }
  bool difference_is_asked_for() const { return difference_ < request_.pages; }
  // The first page that differs, or the last that was asked for.
  size_t explained_page() const {
    return std::min<size_t>(difference_, request_.pages - size_t{1});
  }
  // The event that first broke a rule; the iteration that made the pages
  // differ.
  std::optional<size_t> rule() const { return rule_; }
  std::optional<size_t> effect() const { return effect_; }
  // The iteration to which an event belongs.
  size_t IterationOf(size_t event) const;
  // The event that broke a rule, if it is an iteration's own read.
  const Event* rule_iteration() const;

  // The pages that the reference gives in snapshot 0, up to the first that it
  // does not give; and what it gives in each snapshot.
  const std::vector<uint64_t>& expected() const { return expected_; }
  const Reference& reference() const { return *reference_; }

  // "a movable page, by FOLL_PIN and FOLL_LONGTERM": where the kind of the page
  // that differs matters, the kind and the flags of the call; else empty.
  std::string KindAndFlags() const;

  // Whether gup_fast may return the page at which a translation ends.
  bool Allows(const Translation& t) const;
  uint64_t PageOf(const Translation& t, uint64_t address) const;
  // "PROT_NONE", "empty pmd": why gup_fast may not return a page for an entry
  // of `level`, which is real.
  std::string WhyNot(Level level, const EntryKind& kind) const;
  std::string WhyNot(const Translation& t) const;
  // The same for the entry of an event, and for a page in a snapshot.
  std::string WhyNot(const Event& event) const;
  std::string WhyNot(size_t page, size_t snapshot) const;

  // "page table 0, entry 255": where a word of a table is.
  std::string Place(uint64_t physical) const;
  // "segment table 0", "page 0x1000, ro old clean": the meaning of an entry of
  // `level`, which is real.
  std::string Meaning(Level level, const EntryKind& kind) const;
  std::string Meaning(Level level, uint64_t word) const;
  std::string Meaning(const Event& event) const;
  // The same for a word of a table, in the geometry of a snapshot.
  std::string Meaning(size_t snapshot, uint64_t physical, uint64_t word) const;
  std::string TableAt(uint64_t origin) const;

  // An address at which the case maps a physical page, and in which snapshot.
  struct Mapped {
    uint64_t address = 0;
    size_t snapshot = 0;
  };
  std::optional<Mapped> WhereMapped(uint64_t page) const;

  // The real level of the entry that an event looks at.
  Level EntryLevelOf(const Event& event) const {
    return EntryLevel(geometry(), event.level);
  }
  // Whether the event is a read that a walk must not do.
  bool IsStray(const Event& event) const;
  // The last read before an event by an iteration of that level; null if there
  // is none.
  const Event* LastRead(Level level, size_t event) const;
  // Whether an event read another value than the iteration whose entry it reads
  // again.
  bool IsChanged(size_t event) const;
  // The event that read the original of the copy that an event reads; null if
  // unknown.
  const Event* OriginOf(Level level, size_t event) const;
  // Whether a recheck compares a local copy while the entry has changed.
  bool IsVacuous(size_t event) const;
  // The level whose entry is in the local copy that a recheck reads.
  Level CheckedCopy(size_t event) const;
  // The iteration of a higher level whose loop contains an iteration.
  std::optional<size_t> ParentOf(size_t iteration) const;
  bool HasEvent(size_t iteration, Event::Kind kind) const;
  // log2 of the span that the walk's pXd_addr_end() assumes for an entry of
  // `level`.
  int BoundaryShift(Level level) const;
  // The first page that an event's leaf maps for an iteration.
  uint64_t FirstFrame(size_t iteration) const;

  // The last snapshot that had a returned page before its reference was taken,
  // if the page was gone by then.
  std::optional<size_t> SnapshotBefore(size_t page) const;
  bool IsStale(size_t page) const;
  // The operation that removed a stale page.
  size_t TakenAwayBy(size_t page) const {
    return SnapshotBefore(page).value_or(0) + 1;
  }

 private:
  void Repair();
  void FindIterations();
  void FindPages();
  void Judge();
  void FindRule();
  void FindEffect();
  void Believe(const ContractBreak& contract);
  bool IsSecondRead(size_t event, size_t last_iteration) const;
  bool Maps(uint64_t address, uint64_t page, size_t snapshot) const;

  const Request request_;
  const Policy policy_;
  Recording run_;
  const CaseTables tables_;
  std::unique_ptr<Reference> reference_;
  std::vector<uint64_t> expected_;
  std::vector<Iteration> iterations_;
  Outcome outcome_ = Outcome::kAgrees;
  size_t difference_ = 0;
  std::optional<size_t> rule_;
  std::optional<size_t> effect_;
  const std::optional<ContractBreak> contract_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_REPORT_FACTS_H_
