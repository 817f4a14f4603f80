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

// How a program that runs walks and its client talk: lines of text, which both
// sides read and write by the functions here. docs/protocol.md describes them.

namespace pxdfuzz {

// What an engine says of one request.
struct Answer {
  // Why the case or the request cannot be judged, if so. Where it was not
  // refused, nothing was run.
  Inconclusive inconclusive = Inconclusive::kNo;
  Recording run;
  // The finding, if any, and the page it is about.
  OwnedFinding finding;
  size_t page = 0;
  // Why walks of its kind are expected to go wrong there; else kNone.
  Cause cause = Cause::kNone;
  // Where only a known finding explains the pages, which: it has a page in
  // docs/findings/.
  std::string known;

  friend bool operator==(const Answer&, const Answer&) = default;
};

// The first line of all that a program says.
inline constexpr std::string_view kProtocolLine = "pxdfuzz-protocol 1\n";
// The last lines of the greeting, of an answer, and of the answers to a case.
inline constexpr std::string_view kGreetingEnd = "ready\n";
inline constexpr std::string_view kAnswerEnd = "end\n";
inline constexpr std::string_view kCaseEnd = "case\n";
// What a client asks of a case: a verdict, or all that is known of the run too.
inline constexpr std::string_view kJudge = "judge ";
inline constexpr std::string_view kRecord = "record ";

// What a program says when it starts, from kProtocolLine to kGreetingEnd.
std::string Greeting(const KernelCode& text);
// Nothing where the lines are no greeting of this version.
std::optional<KernelCode> ReadGreeting(std::string_view lines);

// An answer, from its first line to kAnswerEnd. Without `recorded` it has no
// pages, marks and events.
std::string ToLines(const Answer& answer, bool recorded = true);
// Nothing where the lines are not what ToLines() writes.
std::optional<Answer> ReadAnswer(std::string_view lines);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_ENGINE_PROTOCOL_H_
