// SPDX-License-Identifier: MIT

#include "pxdfuzz/report/text_policy.h"

#include "pxdfuzz/base/text_lines.h"

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

}  // namespace pxdfuzz
