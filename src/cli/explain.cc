// SPDX-License-Identifier: MIT

// pxdfuzz explain.

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "pxdfuzz/case.h"
#include "pxdfuzz/compare.h"
#include "pxdfuzz/policy.h"
#include "pxdfuzz/report.h"
#include "pxdfuzz/text_lines.h"
#include "src/cli/commands.h"
#include "src/cli/input.h"

namespace pxdfuzz {
namespace {

// What to tell: positions of a request and of a walk.
struct Choice {
  size_t request = 0;
  size_t walk = 0;
};

// The first that disagrees among those that are left open; otherwise the first
// request that can be judged, and static-lockless.
Choice Choose(const Verdict& verdict, std::optional<size_t> request,
              std::optional<size_t> walk) {
  for (size_t i = 0; i < verdict.requests.size(); ++i) {
    if (request.has_value() && i != *request) continue;
    for (size_t j = 0; j < kWalkCount; ++j) {
      if (walk.has_value() && j != *walk) continue;
      if (verdict.requests[i].walks[j].outcome != Outcome::kAgrees) {
        return {i, j};
      }
    }
  }
  Choice choice{.request = 0, .walk = walk.value_or(IndexOf(kStaticLockless))};
  if (request.has_value()) {
    choice.request = *request;
    return choice;
  }
  for (size_t i = 0; i < verdict.requests.size(); ++i) {
    if (verdict.requests[i].incomparable != Incomparable::kNo) continue;
    choice.request = i;
    break;
  }
  return choice;
}

std::string WalkNames() {
  std::vector<std::string> names;
  for (const Policy& policy : kAllWalks) names.emplace_back(Name(policy));
  return Enumerate(names);
}

}  // namespace

int RunExplain(const Arguments& arguments, Output& out) {
  std::optional<size_t> walk;
  if (arguments.Has("--walk")) {
    const std::string name = arguments.Value("--walk");
    const std::optional<Policy> policy = PolicyFromName(name);
    if (!policy.has_value()) {
      PrintError(Concat(
          {"explain: there is no walk '", name, "'; there are ", WalkNames()}));
      return kUsage;
    }
    walk = IndexOf(*policy);
  }
  std::optional<size_t> request;
  if (arguments.Has("--request")) {
    const std::string text = arguments.Value("--request");
    size_t number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() ||
        number == 0) {
      PrintError(Concat(
          {"explain: --request=", text, ": requests are counted 1, 2, 3"}));
      return kUsage;
    }
    request = number - 1;
  }
  const absl::StatusOr<Case> c = ReadCase(arguments.operands[0]);
  if (!c.ok()) {
    PrintError(c.status());
    return kUnreadable;
  }
  if (request.has_value() && *request >= c->requests.size()) {
    PrintError(
        Concat({"explain: --request=", std::to_string(*request + 1),
                ": the case has ", Plural(c->requests.size(), "request")}));
    return kUsage;
  }
  Oracle oracle;
  const Verdict& verdict =
      oracle.Judge(*c, WalkSet::All(), Excuses::kKnownDefects);
  const Choice choice = Choose(verdict, request, walk);
  const ReportOptions options{.color = out.color(), .commands = {}};
  const bool is_found = verdict.finding.has_value() &&
                        verdict.finding->request == choice.request &&
                        verdict.finding->walk == choice.walk;
  out.Write(
      is_found ? FindingReport(*c, verdict, options)
               : WalkReport(*c, verdict, choice.request, choice.walk, options));
  return verdict.finding.has_value() ? kFinding : kNothingFound;
}

}  // namespace pxdfuzz
