// SPDX-License-Identifier: MIT

#include "pxdfuzz/report/words.h"

#include <algorithm>
#include <array>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/paging/entry_ref.h"

namespace pxdfuzz {

ChoiceText Describe(BoundaryRule boundary) {
  constexpr std::array<ChoiceText, 2> kTexts = {
      {{"static", "pXd_addr_end(addr, end)"},
       {"folded-aware", "pXd_addr_end_folded(pXd, addr, end)"}}};
  return kTexts[static_cast<size_t>(boundary)];
}

ChoiceText Describe(Descent descent) {
  constexpr std::array<ChoiceText, 3> kTexts = {
      {{"by-pointer", "pXd_offset(pXdp, addr)"},
       {"by-value", "pXd_offset(&pXd, addr)"},
       {"lockless", "pXd_offset_lockless(pXdp, pXd, addr)"}}};
  return kTexts[static_cast<size_t>(descent)];
}

ChoiceText Describe(Step step) {
  constexpr std::array<ChoiceText, 2> kTexts = {
      {{"increment", "pXdp++"},
       {"recompute", "the same offset function again"}}};
  return kTexts[static_cast<size_t>(step)];
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
      return "a read of the stack outside the copy from which the pointer was "
             "made";
    case Cause::kDoubleFetch:
      return "an offset function rereads an entry that has changed";
    case Cause::kVacuousRecheck:
      return "the recheck compares a local copy with itself";
    case Cause::kWrongEntry:
      return "an iteration reads an entry that does not map its address";
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
  if (*bytes == 0) return "the same word";
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
       "the walk takes one reference for each page that it returns, to that "
       "page or to its large page, by FOLL_GET or FOLL_PIN as requested, and "
       "no others. One too many keeps the page forever; with one too few it "
       "may be freed while in use."},
      {"refusal", "does not stop where the reference to a page cannot be taken",
       "if the reference to a page cannot be taken, the walk stops before the "
       "entry that maps the page, and holds no reference to that entry's "
       "pages."},
      {"inaccessible",
       "does not stop before a page that cannot be made accessible",
       "if arch_make_page_accessible() or arch_make_folio_accessible() fails "
       "for a page, the walk puts its reference and stops before that page. If "
       "it continues, later pages take the position of that page."},
      {"model",
       "returns the right pages, which are not those of the model's walk of "
       "its kind",
       "kernel code and the model's walk of the same kind return the same. "
       "Here they do not, so one of the two is not a walk of that kind, "
       "although the reference agrees with the kernel code."},
      {"fork",
       "returns pages with FOLL_PIN although fork() ran at the same time",
       "if fork() write-protects entries while the walk runs, which changes "
       "mm->write_protect_seq, a walk with FOLL_PIN returns no page and puts "
       "all references. A page that is pinned during fork() may be shared by "
       "parent and child: the next store copies it, and the pin stays on the "
       "wrong page."},
      {"permitted",
       "disagrees with the limits of the address space about the request",
       "gup_fast_permitted() accepts a request if and only if it ends at or "
       "below the limit of the address space, and start and length do not "
       "overflow."},
      {"page-size",
       "returns the right pages, and perf_get_pgtable_size() of that tree "
       "gives a wrong size",
       "perf_get_pgtable_size() gives the size of the leaf by which the "
       "reference finds the page, and 0 where there is none: while tables "
       "change, those of some snapshot during its walk. It reads page tables "
       "and nothing else."},
      {"sanitizer", "was ended by a sanitizer",
       "AddressSanitizer found an invalid access in the kernel code and ended "
       "the program. It occurred at the last read below."},
      {"died", "ended without an answer",
       "the program that runs the kernel code ended during this case, by a "
       "signal or an exit that no handler saw."},
  };
  for (const RuleText& rule : kRules) {
    if (rule.name == name) return &rule;
  }
  return nullptr;
}

}  // namespace pxdfuzz
