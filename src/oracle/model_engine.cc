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

Engines ModelEngine::All() {
  const auto judge = std::make_shared<Judge>(WalkSet::All());
  Engines engines;
  for (const Policy& walk : kAllWalks) {
    engines.push_back(std::unique_ptr<Engine>(new ModelEngine(walk, judge)));
  }
  return engines;
}

const Verdict& ModelEngine::Judge::Of(const Case& c) {
  if (verdict_ == nullptr || c != case_) {
    case_ = c;
    verdict_ = &oracle_.Judge(c, walks_, Waivers::kNone);
  }
  return *verdict_;
}

Answers ModelEngine::Run(const Case& c, bool recorded) {
  const Verdict& verdict = judge_->Of(c);
  Answers answers;
  for (size_t i = 0; i < c.requests.size(); ++i) {
    answers.of_request.push_back(AnswerOf(c, i, verdict, recorded));
  }
  return answers;
}

Answer ModelEngine::AnswerOf(const Case& c, size_t request,
                             const Verdict& verdict, bool recorded) const {
  if (verdict.inconclusive != Inconclusive::kNo) {
    return {.inconclusive = verdict.inconclusive};
  }
  const RequestVerdict& of = verdict.requests[request];
  if (of.inconclusive != Inconclusive::kNo) {
    return {.inconclusive = of.inconclusive, .run = {.end = RunEnd::kRefused}};
  }
  const size_t index = IndexOf(walker_.policy);
  const WalkVerdict& walk = of.walks[index];
  Answer answer;
  if (recorded) {
    answer.run =
        RecordModel(CaseTables(c), c.requests[request], walker_.policy);
  } else {
    answer.run = {.end = EndOf(walk.violations),
                  .count = walk.pages,
                  .held = walk.pages,
                  .snapshot = walk.changes,
                  .violations = walk.violations};
  }
  if (walk.outcome == Outcome::kAgrees) return answer;
  answer.finding = Name(FindingOf(c, verdict, request, index));
  answer.page = walk.first_difference;
  answer.cause = walk.violations.Waiver(ExpectedOf(walker_.policy, c.mode),
                                        walk.first_difference);
  return answer;
}

}  // namespace pxdfuzz
