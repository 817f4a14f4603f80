// SPDX-License-Identifier: MIT

#include "src/cli/check/findings.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "pxdfuzz/base/read_file.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/engine/finding.h"
#include "pxdfuzz/engine/kernel_client.h"
#include "pxdfuzz/report/explain.h"
#include "pxdfuzz/report/render_text.h"
#include "src/cli/campaign/kept_finding.h"
#include "src/cli/input.h"
#include "src/cli/interrupt.h"
#include "src/cli/output.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// A case that is not small by then is small enough.
constexpr auto kMostShrinking = std::chrono::seconds(10);

// What hands out the wrong page or breaks the kernel, then what leaks, then
// what merely gives too little.
constexpr std::string_view kWorstFirst[] = {
    "wrong-page", "stale", "fault",     "overflow",     "died",
    "sanitizer",  "crash", "endless",   "timeout",      "long",
    "references", "fork",  "refusal",   "inaccessible", "permitted",
    "stray-read", "short", "page-size", "model"};

// One signature of one cell.
struct FoundIn {
  const CheckCell* cell;
  std::string signature;
};

// The folder in which the first input of a signature is.
std::string FolderOf(const FoundIn& place, const std::string& out) {
  return Concat(
      {out, "/cells/", place.cell->Name(), "/findings/", place.signature});
}

// Writes what is known of a finding, in place of what was there.
class Writer {
 public:
  Writer(const FoundIn& place, const KernelBuild& build,
         const CheckVerdict::Tree& tree, const std::string& out,
         CheckVerdict::Finding& finding)
      : place_(place),
        build_(build),
        tree_(tree),
        from_(FolderOf(place, out)),
        finding_(finding) {
    const std::string to = Concat({out, "/findings/", finding.what});
    std::error_code error;
    fs::create_directories(to, error);
    finding_.case_file = to + "/case.yaml";
    finding_.report = to + "/report.txt";
  }

  absl::Status Write() {
    const absl::StatusOr<Case> c = ReadCase(from_ + "/input");
    if (!c.ok()) return c.status();
    // The program that answers for kernel code runs gup_fast alone.
    if (place_.cell->walker.name == "gup_fast") {
      const absl::StatusOr<bool> is_shrunk = WriteShrunk(*c);
      if (!is_shrunk.ok()) return is_shrunk.status();
      if (*is_shrunk) return absl::OkStatus();
    }
    return WriteAsFound(*c);
  }

 private:
  // False where the program does not show the finding on the case.
  absl::StatusOr<bool> WriteShrunk(const Case& c) {
    const std::string& program = place_.cell->program;
    KernelProgram::Opened opened =
        KernelProgram::Open(build_.bin + "/" + program);
    if (!opened.ok()) return absl::UnavailableError(opened.error);
    Engines engines;
    engines.push_back(std::move(opened.program));
    const auto found = FindFinding(engines, place_.signature, c);
    if (!found.ok()) return found.status();
    if (!found->has_value()) return false;
    const Clock::time_point last = Clock::now() + kMostShrinking;
    const absl::StatusOr<ShrunkCase> shrunk =
        ShrinkFinding(**found, c, [last](const Case&) {
          return !IsInterrupted() && Clock::now() < last;
        });
    if (!shrunk.ok()) return shrunk.status();
    if (!shrunk->finding.has_value()) return false;
    const Explanation explanation =
        Explain(shrunk->finding->engine->walker(), shrunk->c,
                shrunk->finding->request, shrunk->finding->answer);
    finding_.headline = explanation.headline;
    for (const std::string_view command : {"replay", "explain"}) {
      finding_.commands.push_back(
          {command == "replay" ? "reproduce" : "explain",
           Concat({"PXDFUZZ_KERNEL_PROGRAMS=", ShellWord(build_.bin), " ",
                   Tool(), " ", command, " --walk=", program, " ",
                   ShellWord(finding_.case_file)})});
    }
    const std::string report =
        RenderText(explanation, {.commands = {}}) + CommandsText();
    absl::Status status = WriteCase(shrunk->c);
    status.Update(WriteFile(finding_.report, Head() + report, /*force=*/true));
    if (!status.ok()) return status;
    return true;
  }

  // The input and the report of the target.
  absl::Status WriteAsFound(const Case& c) {
    const std::string report = ReadFile(from_ + "/report.txt").value_or("");
    finding_.headline = Headline(report);
    finding_.commands.push_back(
        {"reproduce", Concat({"PXDFUZZ_KERNEL=", place_.cell->program, " ",
                              ShellWord(Concat({build_.bin, "/",
                                                place_.cell->walker.target})),
                              " ", ShellWord(from_ + "/input")})});
    absl::Status status = WriteCase(c);
    status.Update(WriteFile(finding_.report,
                            Concat({Head(), report, CommandsText()}),
                            /*force=*/true));
    return status;
  }

  // The first sentences of a report: up to the first blank line.
  std::string Headline(const std::string& report) const {
    std::string headline;
    std::string_view rest = report;
    while (!rest.empty()) {
      const size_t end = rest.find('\n');
      const std::string_view line = rest.substr(0, end);
      rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
      if (line.empty() && !headline.empty()) break;
      headline += Concat({headline.empty() ? "" : " ", line});
    }
    return headline.empty() ? place_.signature : headline;
  }

  std::string Tool() const {
    std::error_code error;
    return ShellWord(fs::read_symlink("/proc/self/exe", error).string());
  }

  std::string Head() const {
    return Concat({tree_.description, "\n", place_.signature, "\n\n"});
  }

  std::string CommandsText() const {
    std::string text;
    for (const auto& command : finding_.commands) {
      text += Concat({"\n", command.purpose, ":\n  ", command.command, "\n"});
    }
    return text;
  }

  absl::Status WriteCase(const Case& c) const {
    const KernelCode* code = build_.Find(place_.cell->program);
    return WriteFile(
        finding_.case_file,
        Concat({"# found by: ", place_.cell->program, ", ",
                code == nullptr ? "" : code->slice, "\n# ", tree_.description,
                "\n", c.empty() ? "# the empty case\n" : ToText(c)}),
        /*force=*/true);
  }

  const FoundIn& place_;
  const KernelBuild& build_;
  const CheckVerdict::Tree& tree_;
  const std::string from_;
  CheckVerdict::Finding& finding_;
};

}  // namespace

size_t SeverityOf(std::string_view kind) {
  return static_cast<size_t>(
      std::find(std::begin(kWorstFirst), std::end(kWorstFirst), kind) -
      std::begin(kWorstFirst));
}

bool IsKind(std::string_view kind) {
  return SeverityOf(kind) < std::size(kWorstFirst);
}

absl::StatusOr<std::vector<CheckVerdict::Finding>> GatherFindings(
    const std::vector<CheckCell>& cells, const KernelBuild& build,
    const CheckVerdict::Tree& tree, const std::string& out, Steps& steps) {
  std::map<std::string, std::vector<FoundIn>> kinds;
  std::map<std::string, CheckVerdict::Finding> findings;
  for (const CheckCell& cell : cells) {
    for (const auto& [signature, times] : cell.findings) {
      const std::string kind = KindOf(signature);
      kinds[kind].push_back({&cell, signature});
      CheckVerdict::Finding& finding = findings[kind];
      finding.times += times;
      finding.signatures.push_back(signature);
      const std::string mode = Name(cell.mode);
      if (finding.modes.empty() || finding.modes.back() != mode) {
        finding.modes.push_back(mode);
      }
    }
  }
  std::error_code error;
  fs::remove_all(out + "/findings", error);
  std::vector<CheckVerdict::Finding> gathered;
  for (auto& [kind, finding] : findings) {
    finding.what = kind;
    std::vector<FoundIn>& places = kinds[kind];
    finding.is_from_before =
        std::all_of(places.begin(), places.end(), [](const FoundIn& place) {
          const auto& before = place.cell->before;
          return std::find(before.begin(), before.end(), place.signature) !=
                 before.end();
        });
    // Still tables are easier to understand, and so is the tree as it is.
    const FoundIn& first = *std::min_element(
        places.begin(), places.end(), [](const FoundIn& a, const FoundIn& b) {
          const auto key = [](const FoundIn& place) {
            return std::pair(place.cell->walker.changing,
                             place.cell->configuration != "as-is");
          };
          return key(a) < key(b);
        });
    steps.Begin(Concat({"making the case of ", kind, " small"}));
    if (absl::Status status = Writer(first, build, tree, out, finding).Write();
        !status.ok()) {
      return status;
    }
    steps.End();
    gathered.push_back(std::move(finding));
  }
  std::sort(gathered.begin(), gathered.end(), [](const auto& a, const auto& b) {
    return std::pair(SeverityOf(a.what), std::string_view(a.what)) <
           std::pair(SeverityOf(b.what), std::string_view(b.what));
  });
  return gathered;
}

absl::StatusOr<bool> Shows(const CheckVerdict::Finding& finding,
                           const std::string& bin) {
  const absl::StatusOr<Case> c = ReadCase(finding.case_file);
  if (!c.ok()) return c.status();
  const std::optional<Finding> read =
      FindingFromName(finding.signatures.front());
  if (!read.has_value()) return false;
  KernelProgram::Opened opened =
      KernelProgram::Open(Concat({bin, "/", read->walk}));
  if (!opened.ok()) return absl::UnavailableError(opened.error);
  const Answers answers = opened.program->Run(*c, /*recorded=*/false);
  if (!answers.ok()) return absl::UnavailableError(answers.error);
  return std::any_of(answers.of_request.begin(), answers.of_request.end(),
                     [&finding](const Answer& answer) {
                       return !answer.finding.empty() &&
                              KindOf(answer.finding.name()) == finding.what;
                     });
}

}  // namespace pxdfuzz
