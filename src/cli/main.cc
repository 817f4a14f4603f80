// SPDX-License-Identifier: MIT

// pxdfuzz, the tool.

#include <csignal>
#include <string>
#include <vector>

#include "src/cli/commands.h"

int main(int argc, char** argv) {
  // If the reader closes the pipe, write() returns an error.
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> words(argv + (argc > 0), argv + argc);
  pxdfuzz::Output out;
  return pxdfuzz::RunProgram(words, out);
}
