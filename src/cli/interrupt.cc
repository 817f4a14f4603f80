// SPDX-License-Identifier: MIT

#include "src/cli/interrupt.h"

#include <signal.h>

namespace pxdfuzz {
namespace {

volatile sig_atomic_t interrupted = 0;

void Interrupt(int /*signal*/) { interrupted = 1; }

}  // namespace

void CatchInterrupts() {
  struct sigaction action = {};
  action.sa_handler = Interrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  // A signal that was pending before the program began arrives now.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_UNBLOCK, &signals, nullptr);
}

bool IsInterrupted() { return interrupted != 0; }

}  // namespace pxdfuzz
