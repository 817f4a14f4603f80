// SPDX-License-Identifier: MIT

// pxdfuzz explain.

#include "pxdfuzz/report/explain.h"

#include <cerrno>  // program_invocation_name
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/report/render_text.h"
#include "src/cli/commands.h"
#include "src/cli/engines.h"
#include "src/cli/input.h"
#include "src/cli/text/html_report.h"
#include "src/cli/text/json_report.h"
#include "src/cli/text/mail_report.h"

namespace pxdfuzz {
namespace {

// Whether the terminal's characters are UTF-8, by the rules of POSIX.
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

// The command that shows the explanation again, by the program's name as it was
// called.
std::vector<ReportCommand> CommandsFor(const std::string& file,
                                       const Explanation& explanation,
                                       bool several, bool full) {
  if (file == kStandardInput || !explanation.conclusive) return {};
  const std::string walk = Concat(
      {ShellWord(program_invocation_name), " explain --walk=", explanation.walk,
       several
           ? Concat({" --request=", std::to_string(explanation.request + 1)})
           : "",
       " ", ShellWord(file)});
  if (full) return {{"To see this again", walk + " --full"}};
  return {
      {"To see this again; --full adds the tables and all iterations", walk}};
}

// Writes an explanation in the chosen format.
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

// Of kernel code of another architecture.
Explanation NothingToCompare(const Walker& walker, PagingMode mode) {
  return {
      .walk = walker.name,
      .mode = mode,
      .is_kernel = walker.kernel.has_value(),
      .headline = Concat({"The case is of ", Name(mode), ", and ", walker.name,
                          " is kernel code of ", walker.kernel->arch,
                          ": there is nothing to compare."})};
}

// The request that is named, counted from 1, as a position; false where that is
// no number.
bool ReadRequest(const Arguments& arguments, std::optional<size_t>& request) {
  if (!arguments.Has("--request")) return true;
  const std::string text = arguments.Value("--request");
  size_t number = 0;
  if (!absl::SimpleAtoi(text, &number) || number == 0) {
    PrintError(Concat(
        {"explain: --request=", text, ": requests are counted 1, 2, 3"}));
    return false;
  }
  request = number - 1;
  return true;
}

}  // namespace

int RunExplain(const Arguments& arguments, Output& out) {
  int exit_code = 0;
  const Engines engines = OpenEngines("explain", WalkOf(arguments), exit_code);
  if (engines.empty()) return exit_code;
  std::optional<size_t> request;
  if (!ReadRequest(arguments, request)) return kUsage;
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
          arguments.Has("--mail") + arguments.Has("--full") >
      1) {
    PrintError("explain: --html, --json, --mail and --full: one of them");
    return kUsage;
  }
  const absl::StatusOr<Choice> choice = Choose(engines, *c, request);
  if (!choice.ok()) {
    PrintError(choice.status());
    return kUnreadable;
  }
  if (choice->engine == nullptr && arguments.Has("--mail")) {
    PrintError(Concat({"explain: --mail: there is nothing to compare: ",
                       arguments.operands[0], " is of ", Name(c->mode)}));
    return kUsage;
  }
  if (choice->engine == nullptr) {
    return WriteExplanation(NothingToCompare(engines[0]->walker(), c->mode), *c,
                            arguments, out);
  }
  const Walker& walker = choice->engine->walker();
  if (arguments.Has("--mail")) {
    out.Write(MailReport(walker, *c, choice->request, choice->answer));
    return kNothingFound;
  }
  return WriteExplanation(Explain(walker, *c, choice->request, choice->answer),
                          *c, arguments, out);
}

}  // namespace pxdfuzz
