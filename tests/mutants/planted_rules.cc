// SPDX-License-Identifier: MIT

#include "tests/mutants/planted_rules.h"

namespace pxdfuzz::mutants {

PlantedRules::PlantedRules()
    : s390_first_(MakeArena<S390>()),
      s390_second_(MakeArena<S390>()),
      x86_first_(MakeArena<X86>()),
      x86_second_(MakeArena<X86>()),
      arm64_first_(MakeArena<Arm64Page16K>()),
      arm64_second_(MakeArena<Arm64Page16K>()) {}

std::optional<RuleViolation> PlantedRules::Check(const S390ManualBug& bug,
                                                 const Case& c) {
  PlantedS390::Manual::Plant(bug);
  return rules::RuleChecker<PlantedS390>(s390_first_, s390_second_).Check(c);
}

std::optional<RuleViolation> PlantedRules::Check(const x86::X86ManualBug& bug,
                                                 const Case& c) {
  x86::PlantedX86::Manual::Plant(bug);
  return rules::RuleChecker<x86::PlantedX86>(x86_first_, x86_second_).Check(c);
}

std::optional<RuleViolation> PlantedRules::Check(
    const arm64::Arm64ManualBug& bug, const Case& c) {
  arm64::PlantedArm64::Manual::Plant(bug);
  return rules::RuleChecker<arm64::PlantedArm64>(arm64_first_, arm64_second_)
      .Check(c);
}

}  // namespace pxdfuzz::mutants
