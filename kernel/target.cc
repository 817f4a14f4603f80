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

// A judge, and for which numbers of levels its known findings are counted.
struct CountedJudge {
  std::unique_ptr<KernelJudge> judge;
  uint32_t levels_seen = 0;
};

std::vector<CountedJudge> MakeJudges(
    std::span<const pxd_kernel* const> kernels) {
  const Environment environment = Environment::Read();
  const std::string& wanted = environment.kernel;
  std::vector<CountedJudge> judges;
  std::string names;
  for (const pxd_kernel* kernel : kernels) {
    names += ' ';
    names += kernel->name;
    const std::string listed = ',' + wanted + ',';
    if (wanted.empty() || listed.find(',' + std::string(kernel->name) + ',') !=
                              std::string::npos) {
      judges.push_back({std::make_unique<KernelJudge>(
          *kernel, KernelJudge::OtherSideOf(environment))});
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

// Counts the known findings of the code as met 0 times, so that the statistics
// have those that never are.
void ExpectKnown(CountedJudge& counted, int levels) {
  const uint32_t bit = uint32_t{1} << levels;
  if ((counted.levels_seen & bit) != 0) return;
  counted.levels_seen |= bit;
  const KernelJudge& judge = *counted.judge;
  for (const KnownKernelFinding known : kKnownKernelFindings) {
    if (IsExpected(known, judge.kernel(), judge.traits(), levels)) {
      Harness::Get().stats().CountKnown(Name(known), 0);
    }
  }
}

// What the statistics count, in the words of the model's targets. Where tables
// change, kernel code stands for the model's walk of its kind.
void CountCase(const KernelJudge& judge, const Case& c,
               const KernelVerdict& verdict) {
  Stats& stats = Harness::Get().stats();
  Verdict counted;
  counted.inconclusive = verdict.inconclusive;
  if (verdict.inconclusive == Inconclusive::kNo) {
    counted.kind = Verdict::Kind::kAgrees;
  }
  for (const KernelRequestVerdict& request : verdict.requests) {
    RequestVerdict as_model{request};
    as_model.walks[IndexOf(judge.model())] = request.walk;
    counted.requests.push_back(as_model);
    if (request.known != KnownKernelFinding::kNone) {
      stats.CountKnown(Name(request.known));
    }
    if (request.cell.has_value()) Harness::Get().ReachCell(*request.cell);
  }
  stats.CountVerdict(c, counted);
}

// "known.NAME": a known finding of the case that PXDFUZZ_SIGNATURE asks for by
// that name, or nothing: known findings are counted and end no run otherwise.
std::string KnownThatIsWanted(const KernelVerdict& verdict) {
  const Harness& harness = Harness::Get();
  if (!harness.wants_known()) return "";
  for (const KernelRequestVerdict& request : verdict.requests) {
    if (request.known == KnownKernelFinding::kNone) continue;
    std::string name = Concat({kKnownPrefix, Name(request.known)});
    if (harness.Wants(name)) return name;
  }
  return "";
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

std::string ReportOf(const Running& of, size_t request, const Answer& answer) {
  const pxd_kernel& kernel = of.judge->kernel();
  const Harness& harness = Harness::Get();
  return RenderText(
      Explain(KernelWalker(CodeOf(kernel)), *of.c, request, answer),
      {.color = harness.color(),
       .commands =
           harness.WalkCommands(of.input, answer.finding.name(), kernel.name)});
}

// Where a sanitizer ends the process, the case is reported first.
void ReportBeforeDying() {
  if (running.judge == nullptr || !InKernelCode()) return;
  Harness& harness = Harness::Get();
  const KernelJudge& judge = *running.judge;
  const std::string signature =
      Name(SanitizerFinding(judge.kernel(), running.c->mode));
  harness.AbortsFor(running.input, *running.c, signature, [&] {
    return ReportOf(running, judge.current_request(),
                    {.run = RecordingOf(judge, !running.c->concurrent.empty(),
                                        RunEnd::kSanitizer),
                     .finding = signature});
  });
}

}  // namespace

void RunKernelTarget(std::span<const uint8_t> input,
                     std::span<const pxd_kernel* const> kernels,
                     KernelTrial trial, Waivers waivers) {
  static auto& judges = *new std::vector<CountedJudge>(MakeJudges(kernels));
  [[maybe_unused]] static const bool kReports =
      (WhenSanitizerEnds(&ReportBeforeDying), true);
  Harness& harness = Harness::Get();
  Case c;
  if (!harness.Begin(input, c)) return;
  for (CountedJudge& counted : judges) {
    const auto& judge = counted.judge;
    if (!judge->Takes(c.mode)) continue;
    if (waivers == Waivers::kExpectedFailures && judge->LeavesCopies(c.mode)) {
      continue;
    }
    running = {input, &c, judge.get()};
    const KernelVerdict& verdict = judge->Judge(c, trial, waivers);
    running = {};
    CountCase(*judge, c, verdict);
    if (trial == KernelTrial::kGupFast && c.concurrent.empty()) {
      ExpectKnown(counted, c.mode.levels);
    }
    if (judge->trap() != nullptr) TellTrap(judge->kernel(), judge->trap());
    if (const std::string known = KnownThatIsWanted(verdict);
        !known.empty() &&
        harness.AbortsFor(input, c, known, [] { return std::string(); })) {
      AbortByKernelCode();
    }
    if (!verdict.finding.has_value()) continue;
    const size_t request = verdict.finding->request;
    const std::string signature = Name(*verdict.finding);
    if (!harness.Wants(signature)) continue;
    const auto report = [&] {
      // What is on the stack differs from run to run: the verdict's name
      // counts, not that of the run that is explained.
      Answer answer = Observe(*judge, c, request);
      answer.finding = signature;
      if (waivers == Waivers::kNone) answer.cause = Cause::kNone;
      return ReportOf({input, &c, judge.get()}, request, answer);
    };
    if (harness.AbortsFor(input, c, signature, report)) AbortByKernelCode();
  }
}

}  // namespace pxdfuzz
