// SPDX-License-Identifier: MIT

#include <string>
#include <string_view>
#include <vector>

#include "pxdfuzz/report.h"
#include "pxdfuzz/text_lines.h"
#include "src/cli/export.h"

namespace pxdfuzz {
namespace {

// What mailing lists of the kernel ask for.
constexpr size_t kMailColumns = 72;

std::string_view ShortName(const Export& exported) {
  if (exported.incomparable() != Incomparable::kNo) return "not comparable";
  switch (exported.outcome()) {
    case Outcome::kAgrees:
      return "no difference";
    case Outcome::kShort:
      return "page missing";
    case Outcome::kLong:
      return "page too many";
    case Outcome::kWrongPage:
      return "wrong page";
    case Outcome::kStrayRead:
      return "stray read";
    case Outcome::kFault:
      return "fault";
    case Outcome::kStale:
      return "stale page";
  }
  return "";
}

std::string Subject(const Export& exported) {
  const std::string what = Concat({"Subject: mm/gup: ", ShortName(exported)});
  const std::string space = Name(exported.c.space);
  std::string subject =
      Concat({what, " (", space, ", ", Name(exported.policy()), ")"});
  if (subject.size() > kMailColumns) subject = Concat({what, " (", space, ")"});
  return subject;
}

// A command in as many lines as it needs, the later ones indented.
std::string Command(const std::vector<std::string>& words) {
  std::string text = "pxdfuzz";
  size_t width = 2 + text.size();
  for (const std::string& word : words) {
    // Room for the mark that goes on in the next line.
    if (width + 1 + word.size() + 2 > kMailColumns) {
      text += " \\\n     ";
      width = 5;
    }
    text += " " + word;
    width += 1 + word.size();
  }
  return text;
}

// A mark of '>' is how mail shows what is quoted.
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

}  // namespace

std::string ExportMail(const Export& exported) {
  const std::string walk = Concat({"--walk=", Name(exported.policy())});
  std::vector<std::string> explain = {"explain", walk};
  if (exported.c.requests.size() > 1) {
    explain.push_back(
        Concat({"--request=", std::to_string(exported.request + 1)}));
  }
  explain.push_back("case.yaml");
  ReportOptions options{.columns = kMailColumns, .commands = {}};
  options.commands.push_back(
      {"To see this again, save the case above as case.yaml",
       Command(explain)});
  options.commands.push_back(
      {"All walks on it, in one line", Command({"replay", "case.yaml"})});
  if (exported.incomparable() == Incomparable::kNo) {
    options.commands.push_back(
        {"The same as a unit test", Command({"export", "--as=gtest", walk,
                                             "case.yaml", "-o case_test.cc"})});
  }
  // Such a program cannot make tables change between two reads.
  if (exported.c.changes.empty()) {
    options.commands.push_back(
        {"And as a C program that drives gup_fast on a real machine",
         Command({"export", "--as=c", walk, "case.yaml", "-o case.c"})});
  }

  TextLines out(/*color=*/false, kMailColumns);
  out.Line(Subject(exported));
  out.Blank();
  out.Wrap("", "",
           "pxdfuzz compares forms of gup_fast, on page tables that it made "
           "up, with a reference that translates one page at a time, as the "
           "hardware does. This is a walk of its model, not of a running "
           "kernel.");
  out.Blank();
  return out.text() +
         WithoutQuotes(WalkReport(exported.c, exported.verdict,
                                  exported.request, exported.walk, options));
}

}  // namespace pxdfuzz
