// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_ENGINE_PROTOCOL_H_
#define PXDFUZZ_ENGINE_PROTOCOL_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "pxdfuzz/engine/finding.h"
#include "pxdfuzz/engine/kernel_code.h"
#include "pxdfuzz/engine/run.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/tables/inconclusive.h"

// The protocol between a program that runs walks and its client: lines of text,
// which both sides read and write with these functions. docs/protocol.md
// describes it.

namespace pxdfuzz {

// An engine's answer for one request.
struct Answer {
  // Why the case or the request cannot be judged. If it was not refused,
  // nothing was run.
  Inconclusive inconclusive = Inconclusive::kNo;
  Recording run;
  // The finding, if any, and the page it is about.
  OwnedFinding finding;
  size_t page = 0;
  // Why walks of its kind are expected to go wrong there, or kNone.
  Cause cause = Cause::kNone;
  // The known finding, with a page in docs/findings/, if only that explains the
  // pages.
  std::string known;
  // What the contract says of a page, where its kind matters to the finding.
  std::optional<ContractBreak> contract;

  friend bool operator==(const Answer&, const Answer&) = default;
};

// The first line that a program writes.
inline constexpr std::string_view kProtocolLine = "pxdfuzz-protocol 3\n";
// The last lines of the greeting, of an answer, and of the answers to a case.
inline constexpr std::string_view kGreetingEnd = "ready\n";
inline constexpr std::string_view kAnswerEnd = "end\n";
inline constexpr std::string_view kCaseEnd = "case\n";
// What a client asks for: a verdict, or the whole recording of the run too.
inline constexpr std::string_view kJudge = "judge ";
inline constexpr std::string_view kRecord = "record ";

// What a program writes when it starts, from kProtocolLine to kGreetingEnd.
std::string Greeting(const KernelCode& code);
// Nothing if the lines are not a greeting of this version.
std::optional<KernelCode> ReadGreeting(std::string_view lines);

// An answer, from its first line to kAnswerEnd. If not `recorded`, without
// pages, first violations and events.
std::string ToLines(const Answer& answer, bool recorded = true);
// Nothing if the lines are not output of ToLines().
std::optional<Answer> ReadAnswer(std::string_view lines);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_ENGINE_PROTOCOL_H_
