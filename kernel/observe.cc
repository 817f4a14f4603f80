// SPDX-License-Identifier: MIT

#include "kernel/observe.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "kernel/guard.h"

namespace pxdfuzz {
KernelText TextOf(const pxd_kernel& kernel) {
  return {.name = kernel.name,
          .version = kernel.version,
          .cut = kernel.cut,
          .arch = kernel.arch,
          .variant = kernel.variant};
}

std::vector<KernelRead> ReadsOf(const KernelJudge& judge) {
  const pxd_walk& walk = judge.last_walk();
  const size_t count = std::min(walk.read_count, std::size(walk.reads));
  std::vector<KernelRead> reads;
  for (size_t i = 0; i < count; ++i) {
    const pxd_read& read = walk.reads[i];
    KernelRead& told = reads.emplace_back();
    told = {.level = static_cast<Level>(read.level),
            .file = read.file,
            .line = read.line,
            .physical = judge.PhysicalOf(read.place),
            .value = read.value};
    if (told.physical.has_value()) continue;
    // The first place that this line read on the stack is the local copy.
    const volatile void* copy = read.place;
    for (size_t before = i; before > 0; --before) {
      const pxd_read& other = walk.reads[before - 1];
      if (other.line != read.line) continue;
      if (judge.PhysicalOf(other.place).has_value()) break;
      copy = other.place;
    }
    told.above_copy =
        static_cast<int64_t>(reinterpret_cast<intptr_t>(read.place) -
                             reinterpret_cast<intptr_t>(copy));
  }
  return reads;
}

KernelAnswer Observe(KernelJudge& judge, const Case& c, size_t request) {
  KernelAnswer answer;
  Case alone = c;
  alone.requests.clear();
  alone.requests.push_back(c.requests[request]);
  const KernelVerdict& verdict = judge.Judge(alone, KernelTrial::kGupFast);
  bool pin = false;
  if (verdict.finding.has_value()) {
    answer.finding = Name(judge.kernel(), c.space, *verdict.finding);
    pin = verdict.finding->pin;
  } else if (!verdict.requests.empty() &&
             verdict.requests[0].known != KnownKernelFinding::kNone) {
    answer.finding = "known ";
    answer.finding += Name(verdict.requests[0].known);
  }
  Incomparable incomparable = Incomparable::kNo;
  const std::optional<Ended> ended =
      judge.WalkOnce(alone, 0, pin, incomparable);
  if (!ended.has_value()) {
    const bool refused = incomparable == Incomparable::kOverflow ||
                         incomparable == Incomparable::kBeyondLimit;
    answer.end =
        refused ? KernelAnswer::End::kRefused : KernelAnswer::End::kMalformed;
    return answer;
  }
  answer.reads = ReadsOf(judge);
  const pxd_walk& walk = judge.last_walk();
  switch (*ended) {
    case Ended::kReturned:
      answer.pages.assign(walk.page,
                          walk.page + std::min(walk.count, walk.pages));
      break;
    case Ended::kFault:
      answer.end = KernelAnswer::End::kFault;
      break;
    case Ended::kBug:
      answer.end = KernelAnswer::End::kBug;
      answer.bug =
          std::string(walk.bug_file) + ':' + std::to_string(walk.bug_line);
      break;
  }
  return answer;
}

}  // namespace pxdfuzz
