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

// A finding that a case shows, and who has it: what is to stay while the case
// is made simpler.
struct KeptFinding {
  Engine* engine = nullptr;
  // Its name, or the pattern that was wished for: any like it will do then.
  std::string signature;
  // Whether it is an expected failure, which will do then too.
  bool is_expected = false;
  // A position in the case's requests, and what is said of it.
  size_t request = 0;
  Answer answer;
};

// The finding of `c` that is wished for by a name, or a pattern with *, or
// nothing. Without a wish, its worst: one that is no expected failure; one of a
// walk that gup_strict_fuzzer tries, or gup_race_strict_fuzzer where tables
// change; any. An error where an engine does not answer as it should.
absl::StatusOr<std::optional<KeptFinding>> FindFinding(const Engines& engines,
                                                       const std::string& wish,
                                                       const Case& c);

// Makes `c`, which shows `finding`, simple.
struct ShrunkCase {
  Case c;
  // The same finding in `c`, with all that is known of the run.
  KeptFinding finding;
  size_t trials = 0;
  // Whether `go_on` ended it.
  bool stopped = false;
};
absl::StatusOr<ShrunkCase> ShrinkFinding(const KeptFinding& finding,
                                         const Case& c,
                                         const Shrinker::GoOn& go_on);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CAMPAIGN_KEPT_FINDING_H_
