// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_CAMPAIGN_KEPT_FINDING_H_
#define PXDFUZZ_SRC_CLI_CAMPAIGN_KEPT_FINDING_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/engine/kernel_client.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/shrink/shrink.h"

namespace pxdfuzz {

// A finding that a case shows, and how it was judged to see it: what is to stay
// while the case is made simpler.
struct KeptFinding {
  WalkSet walks;
  Excuses excuses = Excuses::kNone;
  // Its name, or the pattern that was wished for: any like it will do then.
  std::string signature;
};

// What to look for in a case. Nothing that is said: its worst finding.
struct FindingWish {
  // One walk alone.
  std::optional<Policy> walk;
  // A signature, or a pattern with *.
  std::string signature;
};

// The finding of `c` that is wished for, or nothing. Looked for in this order:
// what walks_fuzzer finds, which is no expected failure; what gup_strict_fuzzer
// finds, or gup_race_strict_fuzzer where tables change; what any walk gets
// wrong. Where `c` hides one finding behind another,
// `c` becomes the one request that shows what is wished for.
std::optional<KeptFinding> FindFinding(Oracle& oracle, const FindingWish& wish,
                                       Case& c);

// Whether `c` shows that finding, judged like it.
bool Shows(Oracle& oracle, const Case& c, const KeptFinding& finding);

// Makes `c`, which shows `finding`, simple.
struct ShrunkCase {
  Case c;
  size_t trials = 0;
  // Whether `go_on` ended it.
  bool stopped = false;
};
ShrunkCase ShrinkFinding(Oracle& oracle, const Case& c,
                         const KeptFinding& finding,
                         const Shrinker::GoOn& go_on);

// The same of the text that `program` holds, without what it is known to get
// wrong: the name of its first finding with `c`, or `wish`, a signature or a
// pattern, where that is not empty and it has one like it. An error where the
// program does not answer as it should.
absl::StatusOr<std::optional<std::string>> FindFinding(KernelProgram& program,
                                                       const std::string& wish,
                                                       const Case& c);
absl::StatusOr<ShrunkCase> ShrinkFinding(KernelProgram& program, const Case& c,
                                         const std::string& signature,
                                         const Shrinker::GoOn& go_on);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CAMPAIGN_KEPT_FINDING_H_
