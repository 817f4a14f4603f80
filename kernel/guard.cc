// SPDX-License-Identifier: MIT

#include "kernel/guard.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <utility>

extern "C" {
pxd_walk* pxd_now = nullptr;
}

namespace pxdfuzz {
namespace {

constexpr std::array<int, 3> kSignals = {SIGSEGV, SIGBUS, SIGILL};

// How far the stack may grow.
constexpr rlim_t kStackSize = 8 << 20;
// A walk that reads nothing is endless after this many ticks of CPU time. A
// walk that ends takes less than one.
constexpr int kTickMicroseconds = 250'000;
constexpr sig_atomic_t kEndlessTicks = 5;

sigjmp_buf leave;
volatile sig_atomic_t inside = 0;
volatile sig_atomic_t ticks = 0;
pthread_t walker;
uint64_t stack_end = 0;
const char* trap = nullptr;
std::array<struct sigaction, kSignals.size()> others;
void (*when_sanitizer_ends)() = nullptr;

[[noreturn]] void Leave(RunEnd end) {
  siglongjmp(leave, static_cast<int>(end));
}

bool IsWalking() {
  return inside != 0 && pthread_equal(pthread_self(), walker);
}

// The stack pointer at the signal, if known.
uint64_t StackPointer([[maybe_unused]] const void* context) {
#if defined(__x86_64__)
  const auto* user = static_cast<const ucontext_t*>(context);
  return static_cast<uint64_t>(user->uc_mcontext.gregs[REG_RSP]);
#elif defined(__aarch64__)
  return static_cast<const ucontext_t*>(context)->uc_mcontext.sp;
#else
  return stack_end;
#endif
}

// Whether a fault is a stack overflow: between the end of the stack, or some
// pages above, and the reach of the new frame.
bool IsOverflow(const siginfo_t* info, const void* context) {
  constexpr uint64_t kPages = 1 << 16;
  constexpr uint64_t kGap = 1 << 20;
  const auto address = reinterpret_cast<uint64_t>(info->si_addr);
  return address < stack_end + kPages &&
         address > std::min(StackPointer(context), stack_end) - kGap;
}

void OnSignal(int number, siginfo_t* info, void* context) {
  if (IsWalking()) {
    Leave(number == SIGSEGV && IsOverflow(info, context) ? RunEnd::kOverflow
                                                         : RunEnd::kFault);
  }
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
    // The signal comes again at once, with its earlier handler.
    sigaction(number, &other, nullptr);
  }
}

void OnTick(int number) {
  if (inside == 0) return;
  if (!pthread_equal(pthread_self(), walker)) {
    pthread_kill(walker, number);
    return;
  }
  ticks = ticks + 1;
  if (ticks >= kEndlessTicks) Leave(RunEnd::kEndless);
}

// A handler needs a separate stack if the walk has used up its stack. A
// sanitizer may have set one.
void GiveHandlersAStack() {
  stack_t stack;
  if (sigaltstack(nullptr, &stack) == 0 && (stack.ss_flags & SS_DISABLE) == 0) {
    return;
  }
  static std::array<char, 64 * 1024> room;
  stack = {.ss_sp = room.data(), .ss_flags = 0, .ss_size = room.size()};
  sigaltstack(&stack, nullptr);
}

// The same limit on every machine, even if it has none.
void BoundStack() {
  rlimit limit;
  if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur > kStackSize) {
    limit.rlim_cur = kStackSize;
    setrlimit(RLIMIT_STACK, &limit);
  }
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return;
  void* end = nullptr;
  size_t size = 0;
  pthread_attr_getstack(&attributes, &end, &size);
  pthread_attr_destroy(&attributes);
  stack_end = reinterpret_cast<uint64_t>(end);
}

// At the first walk, after engines have set up their handlers.
void Install() {
  GiveHandlersAStack();
  BoundStack();
  struct sigaction action = {};
  action.sa_sigaction = &OnSignal;
  // The jump does not save a mask, so none may be set.
  action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals[i], &action, &others[i]);
  }
  // Engines use the real-time alarm.
  struct sigaction tick = {};
  tick.sa_handler = &OnTick;
  tick.sa_flags = SA_NODEFER | SA_ONSTACK | SA_RESTART;
  sigemptyset(&tick.sa_mask);
  sigaction(SIGVTALRM, &tick, nullptr);
  const itimerval often = {.it_interval = {.tv_usec = kTickMicroseconds},
                           .it_value = {.tv_usec = kTickMicroseconds}};
  setitimer(ITIMER_VIRTUAL, &often, nullptr);
}

template <class Run>
RunEnd Guarded(Run run) {
  [[maybe_unused]] static const bool kInstalled = (Install(), true);
  // A walk never jumps with kReturned, which is 0.
  const auto end = static_cast<RunEnd>(sigsetjmp(leave, 0));
  if (end == RunEnd::kReturned) {
    walker = pthread_self();
    ticks = 0;
    inside = 1;
    run();
  }
  inside = 0;
  return end;
}

}  // namespace

RunEnd RunGuarded(const pxd_kernel& kernel, pxd_walk& walk) {
  return Guarded([&] { kernel.walk(&walk); });
}

RunEnd PageSizeGuarded(const pxd_kernel& kernel, pxd_walk& walk,
                       uint64_t address, uint64_t& size) {
  return Guarded([&] { size = kernel.page_size(&walk, address); });
}

RunEnd PermittedGuarded(const pxd_kernel& kernel, int levels, uint64_t start,
                        uint64_t pages, bool& permitted) {
  permitted = true;
  return Guarded([&] { permitted = kernel.permitted(levels, start, pages); });
}

void EndInFault() { Leave(RunEnd::kFault); }

const char* TakeTrap() { return std::exchange(trap, nullptr); }

bool InKernelCode() { return inside != 0; }

void WhenSanitizerEnds(void (*report)()) { when_sanitizer_ends = report; }

PageRoom::PageRoom(size_t count) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t used = (count * sizeof(uint64_t) + page - 1) / page * page;
  size_ = used + page;
  memory_ = mmap(nullptr, size_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory_ == MAP_FAILED ||
      mprotect(memory_, used, PROT_READ | PROT_WRITE) != 0) {
    std::abort();
  }
  pages_ = {static_cast<uint64_t*>(memory_) + used / sizeof(uint64_t) - count,
            count};
}

PageRoom::~PageRoom() { munmap(memory_, size_); }

}  // namespace pxdfuzz

void pxd_bug(const char* file, int line) {
  pxd_now->bug_file = file;
  pxd_now->bug_line = line;
  pxdfuzz::Leave(pxdfuzz::RunEnd::kBug);
}

void pxd_endless() { pxdfuzz::Leave(pxdfuzz::RunEnd::kEndless); }

void pxd_trap(const char* what) {
  if (!pxdfuzz::InKernelCode()) {
    std::fprintf(
        stderr,
        "pxdfuzz: could not check: kernel code reached %s outside of a "
        "walk, and no shim replaces it\n",
        what);
    // An engine takes an exit() in the midst of an input for a finding.
    std::_Exit(3);
  }
  pxdfuzz::trap = what;
  pxdfuzz::Leave(pxdfuzz::RunEnd::kTrap);
}

// AddressSanitizer calls this, if it is linked.
extern "C" void __asan_on_error() {
  if (pxdfuzz::when_sanitizer_ends != nullptr) pxdfuzz::when_sanitizer_ends();
}
