// SPDX-License-Identifier: MIT

#include "pxdfuzz/engine/kernel_code.h"

#include "pxdfuzz/base/text_lines.h"

namespace pxdfuzz {

std::string DescribeVariant(std::string_view variant) {
  if (variant == "as-is") return "as the tree has it";
  if (variant == "no-numa") {
    return "as the tree has it, without CONFIG_NUMA_BALANCING";
  }
  if (variant == "by-value") {
    return "with pXd_offset(&pXd, addr) for pXd_offset_lockless(pXdp, pXd, "
           "addr), as it was before d3f7b1bb2040";
  }
  if (variant == "no-pmd-check") {
    return "as it was before 70cbc3cc78a9 (\"mm: gup: fix the fast GUP race "
           "against THP collapse\"): the recheck of a page leaves out its "
           "pmd";
  }
  if (variant == "by-pointer") {
    return "with pXd_offset(pXdp, addr) for pXd_offset_lockless(pXdp, pXd, "
           "addr), as walks under the lock have it";
  }
  if (variant == "folded-aware") {
    return "with pXd_offset(&pXd, addr), and with boundaries of pgd and p4d "
           "that go by the entry's own type, as in the RFC of 2020";
  }
  if (variant == "folded-aware-checked") {
    return "with pXd_offset(&pXd, addr), and with boundaries of pgd and p4d "
           "that go by the entry's own type and BUG() on the type of 2 levels, "
           "as in the RFC of 2020";
  }
  if (variant == "without-36639013b346") {
    return "as it was before 36639013b346 (\"arm64: mm: Fix lockless walks "
           "with static and dynamic page-table folding\")";
  }
  return Concat({"its variant is called ", variant});
}

Policy ModelOfVariant(std::string_view variant) {
  if (variant == "by-value" || variant == "without-36639013b346") {
    return kStaticByValue;
  }
  if (variant == "by-pointer") return kStaticByPointer;
  if (variant.starts_with("folded-aware")) return kFoldedAwareByValue;
  return kStaticLockless;
}

std::string KnownFindingFile(std::string_view known) {
  return Concat({"docs/findings/", known, ".md"});
}

}  // namespace pxdfuzz
