// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_ENGINE_FINDING_H_
#define PXDFUZZ_ENGINE_FINDING_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "pxdfuzz/engine/outcome.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/reference/contract.h"

namespace pxdfuzz {

// The rule that a walk broke.
enum class WalkRule : uint8_t {
  kPages,         // count and pages are the reference's
  kReferences,    // one reference for each page returned, and no others
  kRefusal,       // if no reference can be taken, it ends before that leaf
  kModel,         // count and pages are those of the model's walk of its kind,
                  // which does the same reads while tables change
  kFork,          // with FOLL_PIN it returns nothing if fork() came in between
  kPermitted,     // it takes a request that the limits forbid, or refuses one
                  // that they allow
  kInaccessible,  // if a page cannot be made accessible, it ends before that
                  // page
  kPageSize,  // perf_get_pgtable_size() gives the size of the reference's leaf,
              // and reads nothing but tables
};
inline constexpr size_t kWalkRuleCount = 8;

constexpr std::string_view Name(WalkRule rule) {
  constexpr std::array<std::string_view, kWalkRuleCount> kNames = {
      "pages", "references", "refusal",      "model",
      "fork",  "permitted",  "inaccessible", "page-size"};
  return kNames[static_cast<size_t>(rule)];
}

// What is wrong with one request of a case, or with Translate.
struct Finding {
  PagingMode mode;
  // The model's walk, or the kernel code. What it refers to outlives the
  // finding.
  std::string_view walk;
  // Whether tables changed while it ran.
  bool changing = false;
  WalkRule rule = WalkRule::kPages;
  // Set for kPages and kModel; otherwise kAgrees. kFault if the run did not
  // return.
  Outcome outcome = Outcome::kAgrees;
  RunEnd end = RunEnd::kReturned;
  // The entry by which the reference finds the page. For a stray read without a
  // reference, only the level is set.
  Level level = Level::kPte;
  std::optional<EntryKind::Tag> entry = EntryKind::Tag::kEmpty;
  // Only for Translate: the rule that it broke. There is no walk then.
  std::string_view translate_rule;

  // The following members are not part of the name: a position in the case's
  // requests, the first page that differs, and whether the run that broke the
  // rule used FOLL_PIN.
  size_t request = 0;
  size_t page = 0;
  bool pin = false;
  // Why walks of its kind are expected to go wrong there, or kNone.
  Cause cause = Cause::kNone;
  // Where the kind of that page matters: what the contract says of it.
  std::optional<ContractBreak> contract;

  // For walks of the model: the position in kAllWalks.
  size_t walk_index() const { return IndexOf(*PolicyFromName(walk)); }
};

// The name that findings of one cause share. It depends on the meaning of the
// case alone, not on addresses, the order of hashing or the compiler. Usable as
// a file name.
//   s390-3.static-by-value.wrong-page.pte-leaf
//   s390-3.static-by-pointer.changing.fault.pmd-empty
//   kernel-6.1-s390.s390-3.references.pmd-leaf
//   kernel-6.1-s390.s390-3.endless.pte-leaf, stray-read.pud, sanitizer, died
//   translate.s390.common-bit
std::string Name(const Finding& finding);

// The word of the name that says what is wrong: "wrong-page", "references",
// "sanitizer".
std::string_view What(const Finding& finding);

// The inverse; nothing for other names. `name` must outlive the result.
std::optional<Finding> FindingFromName(std::string_view name);

// A finding that owns what it refers to, or none: kept by its name.
class OwnedFinding {
 public:
  OwnedFinding() = default;
  // Implicit: of the name that Name() gives.
  OwnedFinding(std::string name) : name_(std::move(name)) {}

  bool empty() const { return name_.empty(); }
  const std::string& name() const { return name_; }
  // The finding, which refers to this object; nothing where there is none.
  std::optional<Finding> Get() const { return FindingFromName(name_); }

  friend bool operator==(const OwnedFinding&, const OwnedFinding&) = default;

 private:
  std::string name_;
};

// The common beginning of findings that are listed together: the kernel code,
// or the paging mode, or "translate". The name itself if it is not a finding's.
std::string GroupOf(std::string_view name);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_ENGINE_FINDING_H_
