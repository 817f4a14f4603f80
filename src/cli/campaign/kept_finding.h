// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_CAMPAIGN_KEPT_FINDING_H_
#define PXDFUZZ_SRC_CLI_CAMPAIGN_KEPT_FINDING_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/engine/engine.h"
#include "pxdfuzz/shrink/shrink.h"
#include "src/cli/engines.h"

namespace pxdfuzz {

// A finding of a case, and the engine that has it: what must stay while the
// case becomes simpler.
struct KeptFinding {
  Engine* engine = nullptr;
  // Its name, or the pattern of the wish: then any finding that matches will
  // do.
  std::string signature;
  // Whether an expected failure will do.
  bool is_expected = false;
  // A position in the case's requests, and the engine's answer for it.
  size_t request = 0;
  Answer answer;
};

// The finding of `c` that `wish` selects, a name, a pattern with *, or empty.
// Without a wish, the worst finding: one that is not an expected failure; one
// of a walk that gup_strict_fuzzer runs, or gup_race_strict_fuzzer if tables
// change; any. An error if an engine does not answer correctly.
absl::StatusOr<std::optional<KeptFinding>> FindFinding(const Engines& engines,
                                                       const std::string& wish,
                                                       const Case& c);

// Simplifies `c`, which shows `finding`.
struct ShrunkCase {
  Case c;
  // The same finding in `c`, with all that is known of the run. Nothing where
  // that run does not show it: the stack of kernel code differs from run to
  // run.
  std::optional<KeptFinding> finding;
  size_t trials = 0;
  // Whether `go_on` ended shrinking.
  bool stopped = false;
};
absl::StatusOr<ShrunkCase> ShrinkFinding(const KeptFinding& finding,
                                         const Case& c,
                                         const Shrinker::GoOn& go_on);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CAMPAIGN_KEPT_FINDING_H_
