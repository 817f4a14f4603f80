// SPDX-License-Identifier: MIT

#include "src/cli/campaign/progress.h"

#include <unistd.h>

#include <cstdio>

namespace pxdfuzz {
namespace {

// Goes to the first column and clears the line.
constexpr std::string_view kClear = "\r\033[K";

void Print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace

Progress::Progress(std::string_view command)
    : command_(command), is_terminal_(isatty(STDERR_FILENO) != 0) {}

void Progress::Say(std::string_view what) {
  if (!is_terminal_) return;
  Print(kClear);
  Print(command_);
  Print(": ");
  Print(what);
  Print(" ...");
  is_shown_ = true;
}

void Progress::End() {
  if (!is_shown_) return;
  Print(kClear);
  is_shown_ = false;
}

}  // namespace pxdfuzz
