// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_ENGINES_H_
#define PXDFUZZ_SRC_CLI_ENGINES_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/engine/engine.h"

namespace pxdfuzz {

// The engines that `command` is to run: the one of that name, or without a name
// the model's twelve, in the order of kAllWalks. Where it cannot be opened this
// prints why and gives none, and `exit_code` is how the command ends.
Engines OpenEngines(std::string_view command, const std::string& walk,
                    int& exit_code);

// One request of a case, an engine, and what the engine says of it.
struct Choice {
  Engine* engine = nullptr;  // null where none takes the case
  size_t request = 0;
  Answer answer;
};

// The first request, or of `request` the first engine, that has a finding; else
// one that only a known finding explains; else the first request that was
// compared, by static-lockless where that is among the engines. An error where
// an engine does not answer as it should.
absl::StatusOr<Choice> Choose(const Engines& engines, const Case& c,
                              std::optional<size_t> request);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_ENGINES_H_
