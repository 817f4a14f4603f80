// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REPORT_TEXT_POLICY_H_
#define PXDFUZZ_REPORT_TEXT_POLICY_H_

#include <string>
#include <string_view>

#include "pxdfuzz/paging/policy.h"

namespace pxdfuzz {

// A choice on an axis: its name, and the kernel's text for it.
struct ChoiceText {
  std::string_view name;    // "by-value"
  std::string_view kernel;  // "pXd_offset(&pXd, addr)"
};

ChoiceText Describe(BoundaryRule boundary);
ChoiceText Describe(Descent descent);
ChoiceText Describe(Step step);

// "mm/gup.c before d3f7b1bb2040": what has that walk, or nothing.
std::string_view KnownAs(Policy policy);

// What a walk is, for a reader who knows the kernel and not this project.
std::string DescribeWalk(Policy policy);

// "a read of the stack outside the copy that the pointer was made from".
std::string_view Describe(Cause cause);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_REPORT_TEXT_POLICY_H_
