// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_CHECK_STEPS_H_
#define PXDFUZZ_SRC_CLI_CHECK_STEPS_H_

#include <unistd.h>

#include <chrono>
#include <string>
#include <string_view>

#include "src/cli/campaign/progress.h"
#include "src/cli/output.h"

namespace pxdfuzz {

// Says what is being done and how long that still takes, on a terminal all the
// time and elsewhere every half minute, and prints a line for each step that is
// done.
class Steps {
 public:
  // `command` is shown in front of what is done.
  explicit Steps(Output& out, std::string_view command = "check")
      : out_(out),
        is_terminal_(isatty(STDERR_FILENO) != 0),
        progress_(command),
        began_(Clock::now()),
        step_(began_),
        printed_(began_) {}

  void Begin(std::string_view what);
  // Where the step is, shown behind its name.
  void Tick(std::string_view where = "");
  // Prints a line in the midst of a step.
  void Say(std::string_view text);
  // "copying the tree ... 3 s, MORE".
  void End(std::string_view more = "");
  // Clears the line before other text is printed.
  void Clear() { progress_.End(); }

  double seconds() const { return Since(began_); }
  double step_seconds() const { return Since(step_); }

 private:
  using Clock = std::chrono::steady_clock;
  static double Since(Clock::time_point time) {
    return std::chrono::duration<double>(Clock::now() - time).count();
  }

  Output& out_;
  const bool is_terminal_;
  Progress progress_;
  Clock::time_point began_;
  Clock::time_point step_;
  // When something was printed last.
  Clock::time_point printed_;
  std::string what_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CHECK_STEPS_H_
