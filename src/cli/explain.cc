// SPDX-License-Identifier: MIT

// pxdfuzz explain.

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "kernel/kernel_report.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/report/report.h"
#include "pxdfuzz/report/story.h"
#include "src/cli/commands.h"
#include "src/cli/input.h"
#include "src/cli/kernel_programs.h"
#include "src/cli/text/html_report.h"

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
    if (verdict.requests[i].inconclusive != Inconclusive::kNo) continue;
    choice.request = i;
    break;
  }
  return choice;
}

// Whether the terminal's characters are UTF-8, as POSIX finds it out.
bool HasBoxCharacters() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string lower = absl::AsciiStrToLower(value);
    return lower.find("utf-8") != lower.npos ||
           lower.find("utf8") != lower.npos;
  }
  return false;
}

// Explains what the program `name` does with `c`, which was read from `file`.
int ExplainKernel(const std::string& name, const std::string& file,
                  const Case& c, std::optional<size_t> request, Output& out) {
  int exit_code = 0;
  const auto program = OpenKernelProgramFor("explain", name, exit_code);
  if (program == nullptr) return exit_code;
  const KernelCode& text = program->text();
  if (!c.empty() && !program->Takes(c.mode)) {
    out.Write(Concat({"The case is of ", Name(c.mode), ", and ", text.name,
                      " is text of ", text.arch,
                      ": there is nothing to compare.\n"}));
    return kNothingFound;
  }
  std::vector<Answer> answers;
  if (!c.empty()) {
    Answers asked = program->Ask(c, /*recorded=*/true);
    if (!asked.ok()) {
      PrintError(asked.error);
      return kUnreadable;
    }
    answers = std::move(asked.of_request);
  }
  const size_t choice = request.value_or(RequestToTell(answers));
  ReportOptions options{.color = out.color(), .commands = {}};
  if (file != kStandardInput && !c.empty()) {
    options.commands.push_back(
        {"the model's walk of this kind, turn by turn",
         Concat({"pxdfuzz explain --walk=", Name(ModelOfVariant(text.variant)),
                 c.requests.size() > 1
                     ? Concat({" --request=", std::to_string(choice + 1)})
                     : "",
                 " ", ShellWord(file)})});
  }
  out.Write(KernelReport(text, c, choice,
                         choice < answers.size() ? answers[choice] : Answer(),
                         options));
  return kNothingFound;
}

}  // namespace

int RunExplain(const Arguments& arguments, Output& out) {
  std::optional<size_t> walk;
  const bool is_kernel = IsKernelName(arguments.Value("--walk"));
  if (arguments.Has("--walk") && !is_kernel) {
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
  if (is_kernel && arguments.Has("--html")) {
    PrintError("explain: --html draws the model's walks alone");
    return kUsage;
  }
  if (is_kernel) {
    return ExplainKernel(arguments.Value("--walk"), arguments.operands[0], *c,
                         request, out);
  }
  Oracle oracle;
  const Verdict& verdict =
      oracle.Judge(*c, WalkSet::All(), Excuses::kExpectedFailures);
  const Choice choice = Choose(verdict, request, walk);
  const bool is_found = verdict.finding.has_value() &&
                        verdict.finding->request == choice.request &&
                        verdict.finding->walk == choice.walk;
  if (arguments.Has("--html")) {
    const std::string html =
        HtmlReport(TellWalk(*c, verdict, choice.request, choice.walk),
                   is_found ? Name(verdict.finding->signature) : std::string());
    const std::string file = arguments.Value("--html");
    if (file == kStandardInput) {
      out.Write(html);
      return kNothingFound;
    }
    const absl::Status status = WriteFile(file, html, arguments.Has("--force"));
    if (status.ok()) return kNothingFound;
    PrintError(status);
    return kUnreadable;
  }
  const ReportOptions options{
      .color = out.color(), .box = HasBoxCharacters(), .commands = {}};
  out.Write(
      is_found ? FindingReport(*c, verdict, options)
               : WalkReport(*c, verdict, choice.request, choice.walk, options));
  return kNothingFound;
}

}  // namespace pxdfuzz
