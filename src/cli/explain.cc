// SPDX-License-Identifier: MIT

// pxdfuzz explain.

#include "pxdfuzz/report/explain.h"

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
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/report/render_text.h"
#include "src/cli/commands.h"
#include "src/cli/engines.h"
#include "src/cli/input.h"
#include "src/cli/text/html_report.h"
#include "src/cli/text/json_report.h"

namespace pxdfuzz {
namespace {

// What to explain: positions of a request and of a walk.
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

// How the reader comes to see it again.
std::vector<ReportCommand> CommandsFor(const std::string& file,
                                       const Explanation& explanation,
                                       bool several, bool full) {
  if (file == kStandardInput || !explanation.conclusive) return {};
  const std::string walk = Concat(
      {"pxdfuzz explain --walk=", explanation.walk,
       several
           ? Concat({" --request=", std::to_string(explanation.request + 1)})
           : "",
       " ", ShellWord(file)});
  if (full) return {{"To see this again", walk + " --full"}};
  return {{"To see this again; --full adds the tables and all turns", walk}};
}

// Writes an explanation in the format that is asked for.
int WriteExplanation(const Explanation& explanation, const Case& c,
                     const Arguments& arguments, Output& out) {
  if (arguments.Has("--json")) {
    out.Write(JsonReport(explanation));
    return kNothingFound;
  }
  const std::string file = arguments.Value("--html");
  if (file.empty()) {
    const bool full = arguments.Has("--full");
    out.Write(RenderText(explanation, {.color = out.color(),
                                       .box = HasBoxCharacters(),
                                       .full = full,
                                       .commands = CommandsFor(
                                           arguments.operands[0], explanation,
                                           c.requests.size() > 1, full)}));
    return kNothingFound;
  }
  const std::string html = HtmlReport(explanation);
  if (file == kStandardInput) {
    out.Write(html);
    return kNothingFound;
  }
  const absl::Status status = WriteFile(file, html, arguments.Has("--force"));
  if (status.ok()) return kNothingFound;
  PrintError(status);
  return kUnreadable;
}

// What the program `name` does with `c`; nothing where that cannot be asked:
// `exit_code` is how the command ends then.
std::optional<Explanation> AskKernel(const std::string& name, const Case& c,
                                     std::optional<size_t> request,
                                     int& exit_code) {
  const auto program = OpenKernelProgramFor("explain", name, exit_code);
  if (program == nullptr) return std::nullopt;
  const KernelCode& code = program->text();
  if (!c.empty() && !program->Takes(c.mode)) {
    return Explanation{
        .walk = code.name,
        .mode = c.mode,
        .is_kernel = true,
        .headline = Concat({"The case is of ", Name(c.mode), ", and ",
                            code.name, " is kernel code of ", code.arch,
                            ": there is nothing to compare."})};
  }
  std::vector<Answer> answers;
  if (!c.empty()) {
    Answers asked = program->Run(c, /*recorded=*/true);
    if (!asked.ok()) {
      PrintError(asked.error);
      exit_code = kUnreadable;
      return std::nullopt;
    }
    answers = std::move(asked.of_request);
  }
  const size_t choice = request.value_or(RequestToExplain(answers));
  return ExplainKernel(code, c, choice,
                       choice < answers.size() ? answers[choice] : Answer());
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
  if (arguments.Has("--html") + arguments.Has("--json") +
          arguments.Has("--full") >
      1) {
    PrintError("explain: --html, --json and --full: one of them");
    return kUsage;
  }
  if (is_kernel) {
    int exit_code = 0;
    const auto explanation =
        AskKernel(arguments.Value("--walk"), *c, request, exit_code);
    if (!explanation.has_value()) return exit_code;
    return WriteExplanation(*explanation, *c, arguments, out);
  }
  Oracle oracle;
  const Verdict& verdict =
      oracle.Judge(*c, WalkSet::All(), Waivers::kExpectedFailures);
  const Choice choice = Choose(verdict, request, walk);
  return WriteExplanation(
      ExplainModel(*c, verdict, choice.request, choice.walk), *c, arguments,
      out);
}

}  // namespace pxdfuzz
