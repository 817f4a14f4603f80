// SPDX-License-Identifier: MIT

#include "pxdfuzz/report/words.h"

#include <algorithm>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/paging/entry_ref.h"

namespace pxdfuzz {

ChoiceText Describe(BoundaryRule boundary) {
  switch (boundary) {
    case BoundaryRule::kStatic:
      return {"static", "pXd_addr_end(addr, end)"};
    case BoundaryRule::kFoldedAware:
      return {"folded-aware", "pXd_addr_end_folded(pXd, addr, end)"};
  }
  return {};
}

ChoiceText Describe(Descent descent) {
  switch (descent) {
    case Descent::kByPointer:
      return {"by-pointer", "pXd_offset(pXdp, addr)"};
    case Descent::kByValue:
      return {"by-value", "pXd_offset(&pXd, addr)"};
    case Descent::kLockless:
      return {"lockless", "pXd_offset_lockless(pXdp, pXd, addr)"};
  }
  return {};
}

ChoiceText Describe(Step step) {
  switch (step) {
    case Step::kIncrement:
      return {"increment", "pXdp++"};
    case Step::kRecompute:
      return {"recompute", "the same offset function again"};
  }
  return {};
}

std::string_view KnownAs(Policy policy) {
  if (policy == kStaticByValue) return "mm/gup.c before d3f7b1bb2040";
  if (policy == kFoldedAwareByValue) return "the RFC of 2020";
  if (policy == kStaticLockless) return "mm/gup.c since d3f7b1bb2040";
  if (policy == kStaticByPointer) return "mm/pagewalk.c";
  return "";
}

std::string DescribeWalk(Policy policy) {
  const std::string_view known = KnownAs(policy);
  return Concat({Name(policy), ": gup_fast's five nested loops with ",
                 Describe(policy.boundary).kernel, ", ",
                 Describe(policy.descent).kernel, " and ",
                 Describe(policy.step).kernel, known.empty() ? "" : " (", known,
                 known.empty() ? "." : ")."});
}

std::string_view Describe(Cause cause) {
  switch (cause) {
    case Cause::kNone:
      return "";
    case Cause::kStackEscape:
      return "a read of the stack outside the copy that the pointer was made "
             "from";
    case Cause::kDoubleFetch:
      return "an offset reads an entry again that has changed";
    case Cause::kVacuousRecheck:
      return "the recheck compares a local copy with itself";
    case Cause::kWrongEntry:
      return "a loop turn reads an entry that does not hold its address";
  }
  return "";
}

std::string PointerName(Level level) { return Concat({Name(level), "p"}); }

std::string OffsetCall(Policy policy, Level level) {
  if (level == Level::kPgd) return "pgd_offset(mm, addr)";
  const std::string parent(Name(Above(level)));
  // All versions of gup pass the pmd to pte_offset_map() by value.
  const std::string name = level == Level::kPte
                               ? "pte_offset_map"
                               : Concat({Name(level), "_offset"});
  switch (policy.descent) {
    case Descent::kByPointer:
      return Concat({name, "(", parent, "p, addr)"});
    case Descent::kLockless:
      if (level != Level::kPte) {
        return Concat({name, "_lockless(", parent, "p, ", parent, ", addr)"});
      }
      [[fallthrough]];
    case Descent::kByValue:
      return Concat({name, "(&", parent, ", addr)"});
  }
  return "";
}

std::string BoundaryCall(Policy policy, Level level) {
  const bool folded =
      policy.boundary == BoundaryRule::kFoldedAware && level >= Level::kP4d;
  return Concat({Name(level), folded ? "_addr_end_folded()" : "_addr_end()"});
}

std::string PageNumbers(size_t first, uint64_t count) {
  if (count == 1) return Concat({"page ", std::to_string(first)});
  return Concat({"pages ", std::to_string(first), " to ",
                 std::to_string(first + std::max(count, uint64_t{1}) - 1)});
}

std::string SnapshotNumbers(size_t first, size_t last) {
  if (first == last) return Concat({"snapshot ", std::to_string(first)});
  return Concat({"snapshots ", std::to_string(first),
                 first + 1 == last ? " and " : " to ", std::to_string(last)});
}

std::string DistanceFromCopy(std::optional<int64_t> bytes) {
  if (!bytes.has_value()) return "elsewhere";
  if (*bytes == 0) return "the word it stood in";
  const bool below = *bytes < 0;
  const uint64_t distance = below
                                ? WrappingSub(0, static_cast<uint64_t>(*bytes))
                                : static_cast<uint64_t>(*bytes);
  return Concat({distance % kEntrySize == 0
                     ? Plural(distance / kEntrySize, "word")
                     : Plural(distance, "byte"),
                 below ? " below" : " above"});
}

const RuleText* RuleOfName(std::string_view name) {
  static constexpr RuleText kRules[] = {
      {"references", "returns the right pages and takes the wrong references",
       "for each page that is returned one reference is taken, of that page or "
       "of its large page, by FOLL_GET or FOLL_PIN as the caller asked, and "
       "none besides. One too many keeps the page for ever, one too few frees "
       "it under its user."},
      {"refusal", "does not end where a page's reference cannot be taken",
       "where the reference of a page cannot be taken, the walk ends before "
       "the entry that maps it, and holds no reference of that entry's pages."},
      {"inaccessible",
       "does not end before a page that cannot be made accessible",
       "where arch_make_page_accessible() or arch_make_folio_accessible() "
       "fails "
       "for a page, the walk puts its reference and ends before that page. If "
       "it goes on, later pages stand in the place of that page."},
      {"model",
       "returns the right pages, which are not those of the model's walk of "
       "its kind",
       "kernel code and the model's walk of the same kind return the same. "
       "Where they do not, one of the two is not what it says it is, although "
       "the reference agrees with the kernel code here."},
      {"fork", "returns pages with FOLL_PIN although fork() came in between",
       "where fork() takes write access from entries while the walk runs, "
       "which moves mm->write_protect_seq, a walk with FOLL_PIN returns no "
       "page and puts all references. A page that is pinned during fork() may "
       "be one that parent and child share: it is copied at the next store, "
       "and the pin is on the wrong one."},
      {"permitted",
       "and the limits of the address space do not say the same of the request",
       "gup_fast_permitted() takes a request if and only if it ends at or "
       "below the limit of the address space, and start and length do not "
       "overflow."},
      {"page-size",
       "returns the right pages, and perf_get_pgtable_size() of that tree "
       "gives a wrong size",
       "perf_get_pgtable_size() gives the size of the leaf by which the "
       "reference finds the page, and 0 where there is none."},
      {"sanitizer", "was ended by a sanitizer",
       "the address sanitizer found an access in the kernel code that C does "
       "not allow and ended the program. The last read below is where it was."},
      {"died", "ended without an answer",
       "the program that holds the kernel code ended in the middle of this "
       "case, by a signal or an exit that no handler saw."},
  };
  for (const RuleText& rule : kRules) {
    if (rule.name == name) return &rule;
  }
  return nullptr;
}

}  // namespace pxdfuzz
