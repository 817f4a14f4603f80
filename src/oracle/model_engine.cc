// SPDX-License-Identifier: MIT

#include "pxdfuzz/oracle/model_engine.h"

#include <cstddef>

#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/engine/record_model.h"
#include "pxdfuzz/view/case_tables.h"
#include "pxdfuzz/walk/trace.h"

namespace pxdfuzz {
namespace {

Causes ExpectedOf(Policy walk, PagingMode mode) {
  Causes expected;
  VisitArch(mode.arch, [&]<class A>() {
    expected = A::ExpectedFailures(walk, mode.levels);
  });
  return expected;
}

}  // namespace

Answers ModelEngine::Run(const Case& c, bool recorded) {
  Answers answers;
  for (size_t i = 0; i < c.requests.size(); ++i) {
    answers.of_request.push_back(RunAlone(c, i, recorded));
  }
  return answers;
}

// A verdict has the finding of one request.
Answer ModelEngine::RunAlone(const Case& c, size_t request, bool recorded) {
  Case alone = c;
  alone.requests.clear();
  alone.requests.push_back(c.requests[request]);
  const Verdict& verdict =
      oracle_->Judge(alone, WalkSet::Of(walk_), Waivers::kNone);
  Answer answer{.inconclusive = verdict.inconclusive};
  if (answer.inconclusive != Inconclusive::kNo) return answer;
  answer.inconclusive = verdict.requests[0].inconclusive;
  if (answer.inconclusive != Inconclusive::kNo) {
    answer.run.end = RunEnd::kRefused;
    return answer;
  }
  const WalkVerdict& walk = verdict.requests[0].walks[IndexOf(walk_)];
  if (recorded) {
    answer.run = RecordModel(CaseTables(alone), alone.requests[0], walk_);
  } else {
    answer.run.count = walk.pages;
    answer.run.held = walk.pages;
    answer.run.snapshot = walk.changes;
    answer.run.marks = walk.marks;
  }
  if (walk.marks.nowhere != Marks::kNever) answer.run.end = RunEnd::kFault;
  if (!verdict.finding.has_value()) return answer;
  answer.finding = Name(*verdict.finding);
  answer.page = walk.first_difference;
  answer.cause =
      walk.marks.Excuse(ExpectedOf(walk_, c.mode), walk.first_difference);
  return answer;
}

}  // namespace pxdfuzz
