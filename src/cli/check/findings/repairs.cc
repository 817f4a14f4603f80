// SPDX-License-Identifier: MIT

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/engine/kernel_code.h"
#include "src/cli/check/findings/findings.h"
#include "src/cli/check/findings/sightings.h"
#include "src/cli/interrupt.h"
#include "src/cli/output.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

// What the unpatched program of one cell shows and the patched one does not.
struct Gone {
  std::string program;
  // Of a finding, or the name of a known one.
  std::string signature;
  bool is_known = false;
  std::string mode;

  friend auto operator<=>(const Gone&, const Gone&) = default;
};

// The cases that show it.
struct GoneCases {
  uint64_t count = 0;
  Case first;
};

class RepairFinder {
 public:
  RepairFinder(const CheckedCode& code,
               const std::vector<CheckVerdict::Finding>& findings, Steps& steps)
      : code_(code),
        findings_(findings),
        steps_(steps),
        gone_(code.base_bin, code.build.bin, code.base_folder) {}

  absl::StatusOr<std::vector<CheckVerdict::Repair>> Find() {
    std::error_code error;
    fs::remove_all(code_.out + "/repaired", error);
    steps_.Begin("running the cases without the patch");
    for (const CheckCell& cell : code_.cells) {
      if (absl::Status status = RunCases(cell); !status.ok()) return status;
    }
    steps_.End(Plural(cases_.count(), "case"));
    for (const auto& [gone, cases] : all_) {
      absl::Status status =
          gone.is_known ? AddKnown(gone, cases) : AddFinding(gone, cases);
      if (!status.ok()) return status;
    }
    std::vector<CheckVerdict::Repair> repairs;
    for (auto& [key, repair] : repairs_) repairs.push_back(std::move(repair));
    return repairs;
  }

 private:
  absl::Status RunCases(const CheckCell& cell) {
    absl::StatusOr<std::vector<std::string>> files =
        CaseFilesOf(cell, code_.source, code_.out);
    if (!files.ok()) return files.status();
    for (const auto& [signature, times] : cell.findings) {
      files->push_back(Concat({code_.out, "/cells/", cell.Name(), "/findings/",
                               signature, "/input"}));
    }
    const std::vector<Case> cases = cases_.Read(cell, *files, steps_);
    // A program that the unpatched tree has not shows nothing there.
    const std::vector<Answers> all = gone_.RunAll(cell.program, cases);
    for (size_t i = 0; i < all.size(); ++i) {
      for (const Answer& answer : all[i].of_request) {
        Note(cell, answer.finding.name(), /*is_known=*/false, cases[i]);
        Note(cell, answer.known, /*is_known=*/true, cases[i]);
      }
    }
    return IsInterrupted() ? absl::CancelledError("interrupted")
                           : absl::OkStatus();
  }

  void Note(const CheckCell& cell, const std::string& signature, bool is_known,
            const Case& c) {
    if (signature.empty()) return;
    GoneCases& cases =
        all_[{cell.program, signature, is_known, Name(cell.mode)}];
    if (cases.count++ == 0) cases.first = c;
  }

  absl::Status AddFinding(const Gone& gone, const GoneCases& cases) {
    steps_.Begin(Concat({"making the case of ", gone.signature, " small"}));
    const auto found = gone_.Find(gone.program, gone.signature, cases.first);
    if (!found.ok()) return found.status();
    if (!found->has_value()) return absl::OkStatus();
    // Other cases show the same with the patch.
    if (IsStillThere((*found)->key)) return absl::OkStatus();
    const auto place = repairs_.find((*found)->key);
    if (place != repairs_.end()) {
      AddCases(gone, cases, place->second);
      return absl::OkStatus();
    }
    const auto shrunk = gone_.Shrink(gone.program, gone.signature, cases.first);
    if (!shrunk.ok()) return shrunk.status();
    const Sighting& sighting = shrunk->has_value() ? **shrunk : **found;
    if (IsStillThere(sighting.key)) return absl::OkStatus();
    CheckVerdict::Repair& repair = repairs_[(*found)->key];
    const std::string kind = KindOf(gone.signature);
    const std::string& function = sighting.place.function;
    repair.what =
        function.empty() ? kind : Concat({kind, " in ", function, "()"});
    repair.headline = sighting.explanation.headline;
    AddCases(gone, cases, repair);
    return Write(gone, FolderName(kind, function), sighting.c, repair);
  }

  absl::Status AddKnown(const Gone& gone, const GoneCases& cases) {
    const bool is_there = std::any_of(
        code_.cells.begin(), code_.cells.end(), [&gone](const CheckCell& cell) {
          return cell.TimesKnown(gone.signature) > 0;
        });
    if (is_there) return absl::OkStatus();
    const auto [place, is_new] = repairs_.try_emplace(
        CauseKey{.rule = "known", .function = gone.signature});
    CheckVerdict::Repair& repair = place->second;
    AddCases(gone, cases, repair);
    if (!is_new) return absl::OkStatus();
    repair.what = KnownFindingFile(gone.signature);
    repair.headline = "This known finding does not occur with the patch.";
    return Write(gone, gone.signature, cases.first, repair);
  }

  static void AddCases(const Gone& gone, const GoneCases& cases,
                       CheckVerdict::Repair& repair) {
    repair.cases += cases.count;
    auto& modes = repair.modes;
    if (std::find(modes.begin(), modes.end(), gone.mode) == modes.end()) {
      modes.push_back(gone.mode);
    }
  }

  bool IsStillThere(const CauseKey& key) const {
    return std::any_of(findings_.begin(), findings_.end(),
                       [&key](const CheckVerdict::Finding& finding) {
                         return finding.function == key.function &&
                                RuleOfSignature(finding.members[0].signature) ==
                                    key.rule;
                       });
  }

  absl::Status Write(const Gone& gone, const std::string& name, const Case& c,
                     CheckVerdict::Repair& repair) const {
    const std::string to = Concat({code_.out, "/repaired/", name});
    std::error_code error;
    fs::create_directories(to, error);
    repair.case_file = to + "/case.yaml";
    for (const auto& [purpose, bin] :
         {std::pair("without the patch", &code_.base_bin),
          std::pair("with it", &code_.build.bin)}) {
      repair.commands.push_back(
          {purpose,
           CommandWith("replay", *bin, gone.program, repair.case_file)});
    }
    return WriteFile(repair.case_file,
                     Concat({"# repaired by: ", code_.tree.patch, " (",
                             code_.tree.patch_hash, ")\n", ToText(c)}),
                     /*force=*/true);
  }

  const CheckedCode& code_;
  const std::vector<CheckVerdict::Finding>& findings_;
  Steps& steps_;
  Sightings gone_;
  CellCaseReader cases_;
  std::map<Gone, GoneCases> all_;
  std::map<CauseKey, CheckVerdict::Repair> repairs_;
};

}  // namespace

absl::StatusOr<std::vector<CheckVerdict::Repair>> FindRepairs(
    const CheckedCode& code, const std::vector<CheckVerdict::Finding>& findings,
    Steps& steps) {
  return RepairFinder(code, findings, steps).Find();
}

}  // namespace pxdfuzz
