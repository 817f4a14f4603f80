// SPDX-License-Identifier: MIT

#include "src/cli/check/findings/findings.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <system_error>
#include <tuple>
#include <utility>

#include "pxdfuzz/base/read_file.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/engine/finding.h"
#include "pxdfuzz/report/render_text.h"
#include "src/cli/check/findings/sightings.h"
#include "src/cli/input.h"
#include "src/cli/interrupt.h"
#include "src/cli/output.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

// One signature of one cell, and its first input.
struct Found {
  const CheckCell* cell = nullptr;
  std::string signature;
  uint64_t times = 0;
  Case c;
  // Whether a program shows it on that case, and whether it does without the
  // patch.
  bool is_shown = false;
  bool is_without_patch = false;

  // What is understood best comes first: the worst kind, tables that stand
  // still, the tree as it is, a small case.
  auto rank() const {
    return std::tuple(!is_shown, SeverityOf(KindOf(signature)),
                      cell->walker.changing, cell->configuration != "as-is",
                      c.setup.size() + c.concurrent.size());
  }
};

bool IsBetter(const Found& a, const Found& b) { return a.rank() < b.rank(); }

// The folder in which the first input of a signature is.
std::string FolderOf(const Found& found, const std::string& out) {
  return Concat(
      {out, "/cells/", found.cell->Name(), "/findings/", found.signature});
}

// The first sentences of a report: up to the first blank line.
std::string HeadlineIn(std::string_view report) {
  std::string headline;
  while (!report.empty()) {
    const size_t end = report.find('\n');
    const std::string_view line = report.substr(0, end);
    report.remove_prefix(end == report.npos ? report.size() : end + 1);
    if (line.empty() && !headline.empty()) break;
    headline += Concat({headline.empty() ? "" : " ", line});
  }
  return headline;
}

// Findings of one cause.
struct CauseGroup {
  std::vector<Found> found;
  // The first by rank, on a small case.
  Found best;
  std::optional<Sighting> shrunk;
};

class Gatherer {
 public:
  Gatherer(const CheckedCode& code, Steps& steps)
      : code_(code),
        steps_(steps),
        patched_(code.build.bin, "", code.folder),
        added_(code.build.bin, code.base_bin, code.folder) {}

  absl::StatusOr<std::vector<CheckVerdict::Finding>> Gather() {
    std::error_code error;
    fs::remove_all(code_.out + "/findings", error);
    std::map<Key, std::vector<Found>> alike;
    for (const CheckCell& cell : code_.cells) {
      for (const auto& [signature, times] : cell.findings) {
        Found found = {.cell = &cell, .signature = signature, .times = times};
        const absl::StatusOr<Key> key = Look(found);
        if (!key.ok()) return key.status();
        alike[*key].push_back(std::move(found));
      }
    }
    absl::Status status = ShrinkAll(alike);
    if (!status.ok()) return status;
    std::vector<CheckVerdict::Finding> findings;
    for (auto& [key, group] : groups_) {
      CheckVerdict::Finding finding = FindingOf(group);
      status = Write(group, finding);
      if (!status.ok()) return status;
      findings.push_back(std::move(finding));
    }
    SortFindings(findings);
    return findings;
  }

 private:
  // A cause, and whether the unpatched tree has it.
  using Key = std::pair<CauseKey, bool>;

  Sightings& Of(const Found& found) {
    return found.is_without_patch ? patched_ : added_;
  }

  // Reads the case of `found` and has its program run it.
  absl::StatusOr<Key> Look(Found& found) {
    steps_.Tick(found.signature);
    const absl::StatusOr<Case> c =
        ReadCase(FolderOf(found, code_.out) + "/input");
    if (!c.ok()) return c.status();
    found.c = *c;
    for (const bool is_without_patch : {false, true}) {
      if (is_without_patch && code_.base_bin.empty()) break;
      found.is_without_patch = is_without_patch;
      const auto sighting =
          Of(found).Find(found.cell->program, found.signature, found.c);
      if (!sighting.ok()) return sighting.status();
      if (!sighting->has_value()) continue;
      found.is_shown = true;
      return Key((*sighting)->key, is_without_patch);
    }
    found.is_without_patch = false;
    return Key({.rule = RuleOfSignature(found.signature)}, false);
  }

  // Makes a case of each cause small, by which causes turn out to be the same.
  absl::Status ShrinkAll(const std::map<Key, std::vector<Found>>& alike) {
    steps_.Begin("making the case of each finding small");
    size_t done = 0;
    for (const auto& [key, found] : alike) {
      steps_.Tick(Concat(
          {std::to_string(done++), " of ", std::to_string(alike.size())}));
      const Found& best =
          *std::min_element(found.begin(), found.end(), IsBetter);
      const auto shrunk =
          Of(best).Shrink(best.cell->program, best.signature, best.c);
      if (!shrunk.ok()) return shrunk.status();
      const CauseKey& cause = shrunk->has_value() ? (*shrunk)->key : key.first;
      auto& group = groups_[{cause, key.second}];
      if (group.found.empty() || IsBetter(best, group.best)) {
        group.best = best;
        group.shrunk = *shrunk;
      }
      group.found.insert(group.found.end(), found.begin(), found.end());
    }
    JoinInaccessible();
    steps_.End(Plural(groups_.size(), "finding"));
    return absl::OkStatus();
  }

  // A page that may not be returned at all is not to be returned either if it
  // cannot be made accessible, so that wrong pages break that rule as well.
  void JoinInaccessible() {
    std::erase_if(groups_, [this](auto& item) {
      const auto& [key, group] = item;
      const auto& [cause, is_without_patch] = key;
      if (cause.rule != Name(WalkRule::kInaccessible)) return false;
      const auto pages =
          groups_.find({{.rule = std::string(Name(WalkRule::kPages)),
                         .function = cause.function},
                        is_without_patch});
      if (pages == groups_.end()) return false;
      auto& found = pages->second.found;
      found.insert(found.end(), group.found.begin(), group.found.end());
      return true;
    });
  }

  CheckVerdict::Finding FindingOf(const CauseGroup& group) const {
    CheckVerdict::Finding finding = {
        .what = KindOf(group.best.signature),
        .is_without_patch = group.best.is_without_patch};
    if (group.shrunk.has_value()) {
      finding.function = group.shrunk->place.function;
      finding.file = group.shrunk->place.file;
      finding.line = group.shrunk->place.line;
    }
    for (const Found& found : group.found) {
      const CheckCell& cell = *found.cell;
      finding.members.push_back(
          {.signature = found.signature,
           .mode = Name(cell.mode),
           .configuration = cell.configuration,
           .walker = std::string(cell.walker.name),
           .changing = cell.walker.changing,
           .times = found.times,
           .is_from_before = cell.before.contains(found.signature)});
    }
    return finding;
  }

  absl::Status Write(const CauseGroup& group,
                     CheckVerdict::Finding& finding) const {
    const Found& best = group.best;
    PlaceFinding(code_, finding);
    std::string report;
    if (group.shrunk.has_value()) {
      finding.headline = group.shrunk->explanation.headline;
      AddCaseCommands(code_, best.cell->program, finding);
      report = RenderText(group.shrunk->explanation, {.commands = {}});
    } else {
      // The input and the report of the target.
      const std::string from = FolderOf(best, code_.out);
      report = ReadFile(from + "/report.txt").value_or("");
      finding.headline = HeadlineIn(report);
      if (finding.headline.empty()) finding.headline = best.signature;
      finding.commands.push_back(
          {"reproduce", Concat({"PXDFUZZ_KERNEL=", best.cell->program, " ",
                                ShellWord(Concat({code_.build.bin, "/",
                                                  best.cell->walker.target})),
                                " ", ShellWord(from + "/input")})});
    }
    return WriteFinding(
        code_,
        {.program = best.cell->program,
         .configuration = best.cell->configuration,
         .signature = best.signature,
         .c = group.shrunk.has_value() ? group.shrunk->c : best.c,
         .text = report},
        finding);
  }

  const CheckedCode& code_;
  Steps& steps_;
  // What the tree shows; and of that, what the unpatched tree does not show.
  Sightings patched_;
  Sightings added_;
  std::map<Key, CauseGroup> groups_;
};

}  // namespace

absl::StatusOr<std::vector<CheckVerdict::Finding>> GatherFindings(
    const CheckedCode& code, Steps& steps) {
  return Gatherer(code, steps).Gather();
}

void SortFindings(std::vector<CheckVerdict::Finding>& findings) {
  const auto key = [](const CheckVerdict::Finding& finding) {
    return std::tuple(finding.is_without_patch, finding.is_from_before(),
                      SeverityOf(finding.what), finding.Name());
  };
  std::sort(findings.begin(), findings.end(),
            [&](const auto& a, const auto& b) { return key(a) < key(b); });
}

void PlaceFinding(const CheckedCode& code, CheckVerdict::Finding& finding) {
  const std::string to = Concat({code.out, "/findings/",
                                 FolderName(finding.what, finding.function),
                                 finding.is_without_patch ? ".unpatched" : ""});
  std::error_code error;
  fs::create_directories(to, error);
  finding.case_file = to + "/case.yaml";
  finding.report = to + "/report.txt";
}

absl::Status WriteFinding(const CheckedCode& code, const ShownCase& shown,
                          const CheckVerdict::Finding& finding) {
  const KernelCode* kernel = code.build.Find(shown.program);
  std::string report = Concat(
      {code.tree.description, "\n", shown.signature, "\n\n", shown.text});
  for (const auto& command : finding.commands) {
    report += Concat({"\n", command.purpose, ":\n  ", command.command, "\n"});
  }
  absl::Status status = WriteFile(
      finding.case_file,
      Concat({"# found by: ", shown.program, ", ",
              kernel == nullptr ? "" : kernel->slice, "\n# tree: ",
              code.tree.description, "\n# configuration: ", shown.configuration,
              "\n# signature: ", shown.signature, "\n",
              shown.c.empty() ? "# the empty case\n" : ToText(shown.c)}),
      /*force=*/true);
  status.Update(WriteFile(finding.report, report, /*force=*/true));
  return status;
}

void AddCaseCommands(const CheckedCode& code, const std::string& program,
                     CheckVerdict::Finding& finding) {
  for (const std::string_view command : {"replay", "explain"}) {
    finding.commands.push_back(
        {command == "replay" ? "reproduce" : "explain",
         CommandWith(command, code.build.bin, program, finding.case_file)});
  }
}

std::vector<Case> CellCaseReader::Read(const CheckCell& cell,
                                       const std::vector<std::string>& files,
                                       Steps& steps) {
  std::vector<Case> cases;
  for (const std::string& file : files) {
    if (IsInterrupted()) return {};
    if (!read_.emplace(cell.program, Name(cell.mode), file).second) continue;
    const absl::StatusOr<Case> c = ReadCase(file);
    if (c.ok() && !c->empty() && c->mode == cell.mode) cases.push_back(*c);
  }
  steps.Tick(Concat({Grouped(count()), " cases"}));
  return cases;
}

absl::StatusOr<std::vector<std::string>> CaseFilesOf(const CheckCell& cell,
                                                     const std::string& source,
                                                     const std::string& out) {
  std::vector<std::string> files;
  for (const std::string& folder :
       {source + "/corpus/regressions",
        Concat({source, "/corpus/", cell.walker.seeds}),
        Concat({out, "/cells/", cell.Name(), "/corpus"})}) {
    const auto more = FilesAt(folder);
    if (!more.ok()) return more.status();
    for (const std::string& file : *more) {
      // The regressions are there as bytes too.
      if (!file.ends_with(".yaml")) files.push_back(file);
    }
  }
  return files;
}

}  // namespace pxdfuzz
