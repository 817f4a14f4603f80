// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_MUTANTS_PLANTED_RULES_H_
#define PXDFUZZ_TESTS_MUTANTS_PLANTED_RULES_H_

#include <optional>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/memory/arena.h"
#include "pxdfuzz/reference/arm64_rules.h"
#include "pxdfuzz/reference/s390_rules.h"
#include "pxdfuzz/reference/translate_rules.h"
#include "pxdfuzz/reference/x86_rules.h"
#include "tests/mutants/arm64_manual.h"
#include "tests/mutants/s390_manual.h"
#include "tests/mutants/x86_manual.h"

namespace pxdfuzz::mutants {

// Tests manuals with a bug by their rules. The arenas must be clean, made for A
// and outlive the object.
class PlantedRules {
 public:
  PlantedRules();

  // The first rule that `c`, a case of the bug's architecture, shows broken.
  std::optional<RuleViolation> Check(const S390ManualBug& bug, const Case& c);
  std::optional<RuleViolation> Check(const x86::X86ManualBug& bug,
                                     const Case& c);
  std::optional<RuleViolation> Check(const arm64::Arm64ManualBug& bug,
                                     const Case& c);

 private:
  Arena s390_first_;
  Arena s390_second_;
  Arena x86_first_;
  Arena x86_second_;
  Arena arm64_first_;
  Arena arm64_second_;
};

}  // namespace pxdfuzz::mutants

#endif  // PXDFUZZ_TESTS_MUTANTS_PLANTED_RULES_H_
