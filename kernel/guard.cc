// SPDX-License-Identifier: MIT

#include "kernel/guard.h"

#include <setjmp.h>
#include <signal.h>

#include <array>

extern "C" {
pxd_walk* pxd_now = nullptr;
}

namespace pxdfuzz {
namespace {

constexpr std::array<int, 3> kSignals = {SIGSEGV, SIGBUS, SIGILL};

sigjmp_buf leave;
volatile sig_atomic_t inside = 0;
std::array<struct sigaction, kSignals.size()> others;
void (*when_sanitizer_ends)() = nullptr;

void OnSignal(int number, siginfo_t* info, void* context) {
  if (inside != 0) siglongjmp(leave, 1);
  for (size_t i = 0; i < kSignals.size(); ++i) {
    if (kSignals[i] != number) continue;
    const struct sigaction& other = others[i];
    if ((other.sa_flags & SA_SIGINFO) != 0) {
      other.sa_sigaction(number, info, context);
      return;
    }
    if (other.sa_handler != SIG_DFL && other.sa_handler != SIG_IGN) {
      other.sa_handler(number);
      return;
    }
    // Comes again at once, and does what it always did.
    sigaction(number, &other, nullptr);
  }
}

// At the first walk, so that engines have set up theirs by then.
void Install() {
  struct sigaction action = {};
  action.sa_sigaction = &OnSignal;
  // No mask is saved with the jump, so none may be set either.
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals[i], &action, &others[i]);
  }
}

template <class Run>
Ended Guarded(Run run) {
  [[maybe_unused]] static const bool kInstalled = (Install(), true);
  const int why = sigsetjmp(leave, 0);
  if (why == 0) {
    inside = 1;
    run();
  }
  inside = 0;
  switch (why) {
    case 0:
      return Ended::kReturned;
    case 1:
      return Ended::kFault;
    default:
      return Ended::kBug;
  }
}

}  // namespace

Ended RunGuarded(const pxd_kernel& kernel, pxd_walk& walk) {
  return Guarded([&] { kernel.walk(&walk); });
}

Ended PageSizeGuarded(const pxd_kernel& kernel, pxd_walk& walk,
                      uint64_t address, uint64_t& size) {
  return Guarded([&] { size = kernel.page_size(&walk, address); });
}

void EndInFault() { siglongjmp(leave, 1); }

bool InKernelText() { return inside != 0; }

void WhenSanitizerEnds(void (*tell)()) { when_sanitizer_ends = tell; }

}  // namespace pxdfuzz

void pxd_bug(const char* file, int line) {
  pxd_now->bug_file = file;
  pxd_now->bug_line = line;
  siglongjmp(pxdfuzz::leave, 2);
}

// The address sanitizer calls this, where it is linked.
extern "C" void __asan_on_error() {
  if (pxdfuzz::when_sanitizer_ends != nullptr) pxdfuzz::when_sanitizer_ends();
}
