// SPDX-License-Identifier: MIT

#include "src/cli/text/mail_report.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_replace.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/engine/finding.h"
#include "pxdfuzz/report/explain.h"
#include "pxdfuzz/report/render_text.h"

namespace pxdfuzz {
namespace {

// The columns that kernel mailing lists require.
constexpr size_t kMailColumns = 72;

std::string_view ShortName(Outcome outcome) {
  constexpr std::array<std::string_view, kOutcomeCount> kNames = {
      "no difference", "page missing", "page too many", "wrong page",
      "stray read",    "fault",        "stale page"};
  return kNames[static_cast<size_t>(outcome)];
}

std::string WhatDiffers(const Answer& answer) {
  if (answer.inconclusive != Inconclusive::kNo && answer.finding.empty()) {
    return "inconclusive";
  }
  const std::optional<Finding> finding = answer.finding.Get();
  if (!finding.has_value()) return std::string(ShortName(Outcome::kAgrees));
  if (finding->rule != WalkRule::kPages) {
    return Concat({"finding ", answer.finding.name()});
  }
  return std::string(ShortName(finding->outcome));
}

// With `who` if there is room.
std::string Subject(std::string_view what, PagingMode mode,
                    std::string_view who) {
  const std::string subject =
      Concat({"Subject: mm/gup: ", what, " (", Name(mode), ", ", who, ")"});
  if (subject.size() <= kMailColumns) return subject;
  return Concat({"Subject: mm/gup: ", what, " (", Name(mode), ")"});
}

// A command in as many lines as necessary, all but the first indented.
std::string Command(const std::vector<std::string>& words) {
  std::string text = "pxdfuzz";
  size_t width = 2 + text.size();
  for (const std::string& word : words) {
    // Room for the backslash at the end of a line.
    if (width + 1 + word.size() + 2 > kMailColumns) {
      text += " \\\n     ";
      width = 5;
    }
    text += " " + word;
    width += 1 + word.size();
  }
  return text;
}

// In mail, '>' marks quoted text.
std::string WithoutQuotes(std::string_view report) {
  std::string text;
  while (!report.empty()) {
    const size_t end = report.find('\n');
    const std::string_view line = report.substr(0, end);
    text += line.starts_with(">> ") ? Concat({"=> ", line.substr(3)})
                                    : std::string(line);
    text += '\n';
    report = end == report.npos ? "" : report.substr(end + 1);
  }
  return text;
}

constexpr char kReproduce[] =
    "To see this again, save the case above as case.yaml";

// The command that explains `walk`.
ReportCommand Explaining(const Case& c, size_t request, std::string_view walk,
                         std::string why) {
  std::vector<std::string> words = {"explain", Concat({"--walk=", walk})};
  if (c.requests.size() > 1) {
    words.push_back(Concat({"--request=", std::to_string(request + 1)}));
  }
  words.push_back("case.yaml");
  return {std::move(why), Command(words)};
}

std::string About(const Walker& walker) {
  if (walker.kernel.has_value()) {
    return Concat(
        {"pxdfuzz compiles the fast walk of a Linux tree in "
         "userspace, runs it on page tables that it made up, and "
         "compares the pages with a reference that translates one at "
         "a time, as the hardware does. This is the code of ",
         TreeOf(*walker.kernel), ", not a running kernel."});
  }
  return "pxdfuzz compares forms of gup_fast, on page tables that it made up, "
         "with a reference that translates one page at a time, as the hardware "
         "does. This is a walk of its model, not of a running kernel.";
}

// What the code is, and where it first goes wrong.
void AddKernelCode(const Explanation& explanation, const KernelCode& code,
                   TextLines& out) {
  const auto line = [&out](std::string_view name, const std::string& value) {
    out.Wrap(Concat({name, ": "}), "  ", value);
  };
  line("tree", TreeOf(code));
  line("code", Concat({code.arch, ", ", code.slice}));
  line("configuration",
       code.variant == "as-is"
           ? "as pxdfuzz sets it for that architecture"
           : Concat({code.variant, ": ", DescribeVariant(code.variant)}));
  if (explanation.line > 0) {
    line("first difference",
         Concat({explanation.file, ":", std::to_string(explanation.line)}));
  }
  out.Blank();
}

// The commands that compile the code and explain the case on another machine.
ReportCommand FromFreshClone(const KernelCode& code) {
  // Each flag has its own line.
  const std::string check = absl::StrReplaceAll(
      Concat({"./run check ", code.check, " --arch=", code.arch}),
      {{" --", " \\\n      --"}});
  return {"From a fresh clone of pxdfuzz, with the case in case.yaml",
          Concat({"git clone --depth=1 https://github.com/OWNER/pxdfuzz\n"
                  "  cd pxdfuzz\n  ",
                  check, "\n  PXDFUZZ_KERNEL_PROGRAMS=", code.check_folder,
                  "/bin \\\n      build/dev/bin/pxdfuzz explain --walk=",
                  code.name, " case.yaml"})};
}

}  // namespace

std::string MailReport(const Walker& walker, const Case& c, size_t request,
                       const Answer& answer) {
  const bool is_kernel = walker.kernel.has_value();
  const std::string walk = Concat({"--walk=", walker.name});
  TextOptions options{.full = true, .columns = kMailColumns, .commands = {}};
  options.commands.push_back(Explaining(c, request, walker.name, kReproduce));
  options.commands.push_back(
      {"All walks on it, in one line", Command({"replay", "case.yaml"})});
  if (answer.inconclusive == Inconclusive::kNo) {
    options.commands.push_back(
        {"The same as a unit test", Command({"export", "--as=gtest", walk,
                                             "case.yaml", "-o case_test.cc"})});
  }
  // Such a program cannot make tables change between two reads.
  if (c.concurrent.empty()) {
    options.commands.push_back(
        {"And as a C program that drives gup_fast on a real machine",
         Command({"export", "--as=c", walk, "case.yaml", "-o case.c"})});
  }
  if (is_kernel && !walker.kernel->check.empty()) {
    options.commands.push_back(FromFreshClone(*walker.kernel));
  }
  if (is_kernel) {
    options.commands.push_back(
        Explaining(c, request, Name(walker.policy),
                   "Iterations of the model's walk of this kind"));
  }
  TextLines out(/*color=*/false, kMailColumns);
  out.Line(Subject(WhatDiffers(answer), c.mode,
                   is_kernel ? TreeOf(*walker.kernel) : walker.name));
  out.Blank();
  out.Wrap("", "", About(walker));
  out.Blank();
  const Explanation explanation =
      Explain(walker, c, request, answer, kMailColumns);
  if (is_kernel) AddKernelCode(explanation, *walker.kernel, out);
  return out.text() + WithoutQuotes(RenderText(explanation, options));
}

}  // namespace pxdfuzz
