// SPDX-License-Identifier: MIT

#include "kernel/target.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fuzz/harness/harness.h"
#include "kernel/observe.h"
#include "pxdfuzz/base/environment.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/engine/kernel_code.h"
#include "pxdfuzz/report/explain.h"
#include "pxdfuzz/report/render_text.h"

namespace pxdfuzz {
namespace {

[[noreturn, gnu::noinline]] void AbortByKernelCode() { std::abort(); }

std::vector<std::unique_ptr<KernelJudge>> MakeJudges(
    std::span<const pxd_kernel* const> kernels) {
  const std::string wanted = Environment::Read().kernel;
  std::vector<std::unique_ptr<KernelJudge>> judges;
  std::string names;
  for (const pxd_kernel* kernel : kernels) {
    names += ' ';
    names += kernel->name;
    const std::string listed = ',' + wanted + ',';
    if (wanted.empty() || listed.find(',' + std::string(kernel->name) + ',') !=
                              std::string::npos) {
      judges.push_back(std::make_unique<KernelJudge>(*kernel));
    }
  }
  if (judges.empty()) {
    std::fprintf(stderr,
                 "pxdfuzz: PXDFUZZ_KERNEL=%s: no such kernel code; there "
                 "are%s\n",
                 wanted.c_str(), names.c_str());
    // An engine treats an exit() during an input as a finding.
    std::_Exit(2);
  }
  return judges;
}

// What the statistics count, in the terms of the model's targets. If tables
// change, the code counts as the model's walk of its kind.
void CountCase(const pxd_kernel& kernel, const Case& c,
               const KernelVerdict& verdict) {
  Stats& stats = Harness::Get().stats();
  Verdict counted;
  counted.inconclusive = verdict.inconclusive;
  if (verdict.inconclusive == Inconclusive::kNo) {
    counted.kind = Verdict::Kind::kAgrees;
  }
  for (const KernelRequestVerdict& request : verdict.requests) {
    RequestVerdict told{.inconclusive = request.inconclusive,
                        .pages = request.reference_pages};
    if (!c.concurrent.empty()) {
      told.walks[IndexOf(ModelOfVariant(kernel.variant))] = {
          .ran = request.inconclusive == Inconclusive::kNo,
          .excuse = request.excuse,
          .pages = request.pages,
          .changes = request.changed ? size_t{1} : size_t{0}};
    }
    counted.requests.push_back(told);
    if (request.known != KnownKernelFinding::kNone) {
      stats.CountKnown(Name(request.known));
    }
    if (request.cell.has_value()) Harness::Get().ReachCell(*request.cell);
  }
  stats.CountVerdict(c, counted);
}

// Says of each trap once that what reaches it is not checked.
void TellTrap(const pxd_kernel& kernel, std::string_view trap) {
  const std::string name = Concat({kernel.name, ": ", trap});
  if (Harness::Get().stats().CountTrap(name) > 1) return;
  std::fprintf(stderr, "pxdfuzz: could not check: reached trap %s\n",
               name.c_str());
}

// The input that kernel code is being run on, for a sanitizer's report.
struct Running {
  std::span<const uint8_t> input;
  const Case* c = nullptr;
  const KernelJudge* judge = nullptr;
};
Running running;

// If a sanitizer ends the process, the case is reported before, as a fault.
void TellBeforeDying() {
  if (running.judge == nullptr || !InKernelCode()) return;
  Harness& harness = Harness::Get();
  const KernelJudge& judge = *running.judge;
  const std::string signature =
      Name(SanitizerFinding(judge.kernel(), running.c->mode));
  const Answer answer = {
      .run = RecordingOf(judge, !running.c->concurrent.empty(),
                         RunEnd::kSanitizer),
      .finding = signature};
  harness.AbortsFor(running.input, *running.c, signature, [&] {
    return RenderText(ExplainKernel(TextOf(judge.kernel()), *running.c,
                                    judge.current_request(), answer),
                      {.color = harness.color(),
                       .commands = harness.WalkCommands(
                           running.input, signature, judge.kernel().name)});
  });
}

}  // namespace

void RunKernelTarget(std::span<const uint8_t> input,
                     std::span<const pxd_kernel* const> kernels,
                     KernelTrial trial, Excuses excuses) {
  static auto& judges =
      *new std::vector<std::unique_ptr<KernelJudge>>(MakeJudges(kernels));
  [[maybe_unused]] static const bool kTells =
      (WhenSanitizerEnds(&TellBeforeDying), true);
  Harness& harness = Harness::Get();
  Case c;
  if (!harness.Begin(input, c)) return;
  for (const auto& judge : judges) {
    if (!judge->Takes(c.mode)) continue;
    if (excuses == Excuses::kExpectedFailures && judge->LeavesCopies(c.mode)) {
      continue;
    }
    running = {input, &c, judge.get()};
    const KernelVerdict& verdict = judge->Judge(c, trial, excuses);
    running = {};
    CountCase(judge->kernel(), c, verdict);
    if (verdict.trap != nullptr) TellTrap(judge->kernel(), verdict.trap);
    if (!verdict.finding.has_value()) continue;
    const size_t request = verdict.finding->request;
    const std::string signature = Name(*verdict.finding);
    if (!harness.Wants(signature)) continue;
    const auto report = [&] {
      // The stack's content differs from run to run: the name of the verdict
      // counts, not that of the explained run.
      Answer answer = Observe(*judge, c, request);
      answer.finding = signature;
      return RenderText(
          ExplainKernel(TextOf(judge->kernel()), c, request, answer),
          {.color = harness.color(),
           .commands =
               harness.WalkCommands(input, signature, judge->kernel().name)});
    };
    if (harness.AbortsFor(input, c, signature, report)) AbortByKernelCode();
  }
}

}  // namespace pxdfuzz
