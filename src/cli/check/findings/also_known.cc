// SPDX-License-Identifier: MIT

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/report/render_text.h"
#include "src/cli/check/findings/findings.h"
#include "src/cli/check/findings/sightings.h"
#include "src/cli/interrupt.h"
#include "src/cli/output.h"

namespace pxdfuzz {
namespace {

// Of a known finding that no changed function shows, so many cases are looked
// at.
constexpr int kMostExplained = 200;

// The program that shows a known finding, and the least case.
using Shown = std::pair<std::string, Sighting>;

size_t SizeOf(const Case& c) { return c.setup.size() + c.concurrent.size(); }

class KnownFinder {
 public:
  KnownFinder(const CheckedCode& code,
              const std::vector<CheckVerdict::Change>& changes, Steps& steps)
      : code_(code),
        steps_(steps),
        patched_(code.build.bin, "", code.folder),
        base_(code.base_bin, "", code.base_folder) {
    for (const CheckVerdict::Change& change : changes) {
      changed_.emplace(change.file, change.function);
    }
  }

  absl::StatusOr<std::vector<CheckVerdict::Finding>> Find() {
    std::vector<CheckVerdict::Finding> findings;
    steps_.Begin("looking at known findings");
    for (const CheckCell& cell : code_.cells) {
      if (!IsKnown(cell)) continue;
      if (absl::Status status = RunCases(cell); !status.ok()) return status;
    }
    steps_.End();
    for (const auto& [key, shown] : shown_) {
      if (!key.second && without_patch_.contains(key.first)) continue;
      absl::StatusOr<CheckVerdict::Finding> finding =
          FindingOf(key.first, key.second, shown);
      if (!finding.ok()) return finding.status();
      findings.push_back(*std::move(finding));
    }
    return findings;
  }

 private:
  static bool IsKnown(const CheckCell& cell) {
    return std::any_of(cell.known.begin(), cell.known.end(),
                       [](const auto& known) { return known.second > 0; });
  }

  absl::Status RunCases(const CheckCell& cell) {
    const auto files = CaseFilesOf(cell, code_.source, code_.out);
    if (!files.ok()) return files.status();
    const std::vector<Case> cases = cases_.Read(cell, *files, steps_);
    const std::vector<Answers> all = patched_.RunAll(cell.program, cases);
    std::vector<Case> alone;
    std::vector<std::string> names;
    for (size_t n = 0; n < all.size(); ++n) {
      if (!all[n].ok()) return absl::UnavailableError(all[n].error);
      const std::vector<Answer>& answers = all[n].of_request;
      for (size_t i = 0; i < answers.size(); ++i) {
        if (answers[i].known.empty()) continue;
        alone.push_back(cases[n].WithOnly(i));
        names.push_back(answers[i].known);
      }
    }
    std::vector<Answers> before = base_.RunAll(cell.program, alone);
    before.resize(alone.size());
    for (size_t i = 0; i < alone.size(); ++i) {
      Look(cell.program, names[i], alone[i], before[i]);
    }
    return IsInterrupted() ? absl::CancelledError("interrupted")
                           : absl::OkStatus();
  }

  // Keeps the case if it counts and if it is the least so far. `before` is what
  // the unpatched tree does.
  void Look(const std::string& program, const std::string& name, const Case& c,
            const Answers& before) {
    const bool can_compare = before.ok() && before.of_request.size() == 1;
    // What a repair of something else lets show up is not added.
    if (can_compare && !before.of_request[0].finding.empty()) return;
    const bool was_there = can_compare && before.of_request[0].known == name;
    if (was_there) without_patch_.insert(name);
    const auto best = shown_.find({name, was_there});
    if (best != shown_.end() && SizeOf(best->second.second.c) <= SizeOf(c)) {
      return;
    }
    if (was_there && best == shown_.end() &&
        ++explained_[name] > kMostExplained) {
      return;
    }
    const std::optional<Sighting> sighting = patched_.FindKnown(program, c);
    // Of what the patch does not add, only what it touches is its business.
    if (!sighting.has_value() ||
        (was_there && !changed_.contains(
                          {sighting->place.file, sighting->place.function}))) {
      return;
    }
    shown_.insert_or_assign({name, was_there}, Shown{program, *sighting});
  }

  absl::StatusOr<CheckVerdict::Finding> FindingOf(const std::string& name,
                                                  bool is_without_patch,
                                                  const Shown& shown) const {
    const auto& [program, sighting] = shown;
    CheckVerdict::Finding finding = {.what = name,
                                     .known = name,
                                     .function = sighting.place.function,
                                     .file = sighting.place.file,
                                     .line = sighting.place.line,
                                     .headline = sighting.explanation.headline,
                                     .is_without_patch = is_without_patch};
    for (const CheckCell& cell : code_.cells) {
      const uint64_t times = cell.TimesKnown(name);
      if (times == 0) continue;
      finding.members.push_back({.signature = name,
                                 .mode = Name(cell.mode),
                                 .configuration = cell.configuration,
                                 .walker = std::string(cell.walker.name),
                                 .changing = cell.walker.changing,
                                 .times = times,
                                 .is_from_before = cell.before.contains(name)});
    }
    PlaceFinding(code_, finding);
    AddCaseCommands(code_, program, finding);
    absl::Status status = WriteFinding(
        code_,
        {.program = program,
         .configuration = std::string(
             code_.build.ConfigurationOf(*code_.build.Find(program))),
         .signature = name,
         .c = sighting.c,
         .text = RenderText(sighting.explanation, {.commands = {}})},
        finding);
    if (!status.ok()) return status;
    return finding;
  }

  const CheckedCode& code_;
  Steps& steps_;
  Sightings patched_;
  Sightings base_;
  // Files and functions.
  std::set<std::pair<std::string, std::string>> changed_;
  CellCaseReader cases_;
  std::map<std::string, int> explained_;
  // Those that the unpatched tree shows on some case.
  std::set<std::string> without_patch_;
  // By name, and whether the unpatched tree shows it on that case too.
  std::map<std::pair<std::string, bool>, Shown> shown_;
};

}  // namespace

absl::StatusOr<std::vector<CheckVerdict::Finding>> FindKnownOfPatch(
    const CheckedCode& code, const std::vector<CheckVerdict::Change>& changes,
    Steps& steps) {
  return KnownFinder(code, changes, steps).Find();
}

}  // namespace pxdfuzz
