// SPDX-License-Identifier: MIT

// pxdfuzz check: is this kernel tree right?

#include "src/cli/check/check.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "pxdfuzz/base/read_file.h"
#include "pxdfuzz/base/text_lines.h"
#include "src/cli/check/against.h"
#include "src/cli/check/build_lock.h"
#include "src/cli/check/findings/findings.h"
#include "src/cli/check/my_lines.h"
#include "src/cli/check/steps.h"
#include "src/cli/check/tree/kernel_tree.h"
#include "src/cli/check/verdict/verdict.h"
#include "src/cli/interrupt.h"
#include "src/cli/text/json.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

// What a folder of a check says of itself.
constexpr std::string_view kIdentity = "/check.json";
// The folder of an unpatched tree begins with that.
constexpr std::string_view kBase = "base-";
// Besides those of the check itself, so many folders of trees and patches stay.
constexpr size_t kMostFolders = 20;
// What `git bisect run` takes for "cannot be tested", and for "stop".
constexpr int kBisectSkip = 125;
constexpr int kBisectStop = 128;

// One run of the command.
class Check {
 public:
  Check(const CheckOptions& options, Output& out)
      : options_(options),
        folder_(options.source + "/build/check"),
        steps_(out),
        out_(out) {}

  // The exit code.
  int Run() {
    const absl::Status status = Try();
    if (absl::IsInvalidArgument(status)) return Usage(status);
    if (!status.ok()) verdict_.error = std::string(status.message());
    verdict_.seconds = steps_.seconds();
    return options_.bisect.empty() || IsInterrupted() ? Finish()
                                                      : FinishBisect();
  }

 private:
  // One line and an exit code for `git bisect run`.
  int FinishBisect() {
    const auto say = [this](std::string_view what, int code) {
      out_.Write(Concat(
          {verdict_.tree.description, ": ", options_.bisect, what, "\n"}));
      return code;
    };
    for (const CheckCell& cell : cells_) {
      for (const auto& [signature, times] : cell.findings) {
        if (IsWished(options_.bisect, signature)) {
          return say(Concat({" is there: ", signature}), kFinding);
        }
      }
    }
    if (!verdict_.error.empty()) {
      return say(Concat({" is not known: ", verdict_.error}), kBisectSkip);
    }
    // Cells with other findings count as well.
    const bool is_checked =
        std::all_of(cells_.begin(), cells_.end(), [](const CheckCell& cell) {
          return cell.error.empty() && cell.executions >= cell.walker.floor;
        });
    if (!is_checked || verdict_.Count(CellState::kUnchecked) > 0) {
      return say(" is not known: some cells could not be checked", kBisectSkip);
    }
    return say(Concat({" is not there in ", Grouped(verdict_.executions()),
                       " executions"}),
               kNothingFound);
  }

  int Usage(const absl::Status& status) {
    steps_.Clear();
    PrintError(Concat({"check: ", std::string(status.message())}));
    return options_.bisect.empty() ? kUsage : kBisectStop;
  }

  absl::Status Try() {
    absl::Status status = lock_.Take(folder_, steps_);
    if (!status.ok()) return status;
    status = TakeTree();
    if (!status.ok()) return status;
    status = TakeOther();
    if (!status.ok()) return status;
    status = OpenFolder();
    if (!status.ok()) return status;
    status = BuildBase();
    if (!status.ok()) return status;
    status = Build();
    if (!status.ok()) return status;
    lock_.Release();
    status = RunCells({.source = options_.source,
                       .bin = build_.bin,
                       .out = verdict_.out + "/cells",
                       .resume = options_.resume,
                       .empty_corpus = options_.empty_corpus,
                       .profiled = tree_.patch.has_value(),
                       .jobs = options_.jobs,
                       .seconds = options_.seconds,
                       .is_enough = Enough()},
                      cells_, steps_);
    AddCells();
    // Another revision may be fast enough.
    if (!options_.bisect.empty() && absl::IsInvalidArgument(status)) {
      return absl::UnavailableError(status.message());
    }
    if (!status.ok() || !options_.bisect.empty()) return status;
    status = AddFindings();
    if (!status.ok() || options_.against.empty()) return status;
    return CompareWithOther();
  }

  std::function<bool(const std::string&)> Enough() const {
    if (options_.bisect.empty()) return nullptr;
    return [this](const std::string& signature) {
      return IsWished(options_.bisect, signature);
    };
  }

  // The tree of --against, or that revision of the tree's repository.
  absl::Status TakeOther() {
    if (options_.against.empty()) return absl::OkStatus();
    steps_.Begin("copying the other tree");
    absl::StatusOr<KernelTree> other = Store().Take(options_.against, "");
    if (absl::IsInvalidArgument(other.status())) {
      const std::string repository =
          options_.tree.substr(0, options_.tree.rfind('@'));
      absl::StatusOr<KernelTree> revision =
          Store().Take(Concat({repository, "@", options_.against}), "");
      if (revision.ok()) other = std::move(revision);
    }
    if (!other.ok()) return other.status();
    other_ = *std::move(other);
    steps_.End(other_.Describe());
    return absl::OkStatus();
  }

  TreeStore Store() const {
    return {.source = options_.source, .trees = folder_ + "/trees"};
  }

  absl::Status TakeTree() {
    steps_.Begin("copying the tree");
    absl::StatusOr<KernelTree> tree =
        Store().Take(options_.tree, options_.patch);
    verdict_.tree.description = options_.tree;
    if (!tree.ok()) return tree.status();
    tree_ = *std::move(tree);
    verdict_.tree = {.name = tree_.name,
                     .version = tree_.version,
                     .commit = tree_.commit,
                     .is_modified = tree_.is_modified,
                     .hash = tree_.hash,
                     .description = tree_.Describe()};
    if (tree_.patch.has_value()) {
      verdict_.tree.patch = tree_.patch->name;
      verdict_.tree.patch_hash = tree_.patch->hash;
    }
    steps_.End(tree_.Describe());
    if (!tree_.patch.has_value() || !tree_.changed_files.empty()) {
      return absl::OkStatus();
    }
    return NothingChanged();
  }

  static absl::Status NothingChanged() {
    return absl::UnavailableError("nothing that is checked here changed");
  }

  // Opens the folder of this tree, or makes it anew.
  absl::Status OpenFolder() {
    const bool is_named = !options_.out.empty();
    std::error_code error;
    const std::string config =
        options_.config.has_value()
            ? Concat({"-", fs::path(options_.config->file).filename().string()})
            : "";
    const std::string hash = tree_.hash + config;
    verdict_.out = is_named ? fs::absolute(options_.out, error).string()
                            : Concat({folder_, "/", hash});
    const std::string identity = verdict_.out + std::string(kIdentity);
    const std::string is =
        JsonText(Json{{"tree", hash}, {"description", tree_.Describe()}});
    verdict_.is_resumed = options_.resume;
    if (options_.resume) {
      const std::optional<std::string> was = ReadFile(identity);
      if (!was.has_value()) {
        return absl::InvalidArgumentError(
            Concat({verdict_.out, ": there is no check to resume"}));
      }
      const auto json = nlohmann::json::parse(*was, nullptr, false);
      if (json.value("tree", "") != hash) {
        return absl::InvalidArgumentError(Concat(
            {verdict_.out, ": is a check of ", json.value("description", "?"),
             ", of other code; resume it with that tree and patch"}));
      }
      return absl::OkStatus();
    }
    if (is_named && fs::exists(verdict_.out, error) &&
        !fs::is_empty(verdict_.out, error)) {
      return absl::InvalidArgumentError(
          Concat({"--out=", options_.out,
                  ": is not empty; --resume goes on with a check"}));
    }
    // Programs and slices of architectures that are not checked now would be
    // taken for checked ones.
    for (const char* part :
         {"/cells", "/findings", "/repaired", "/against", "/bin", "/slices"}) {
      fs::remove_all(verdict_.out + part, error);
    }
    Prune();
    fs::create_directories(verdict_.out, error);
    return WriteFile(identity, is, /*force=*/true);
  }

  // Removes the folders of trees and patches that were used longest ago.
  void Prune() const {
    KeepNewest(folder_, kMostFolders, [this](std::string name) {
      if (name.starts_with(kBase)) name.erase(0, kBase.size());
      const bool is_hash =
          name.size() == tree_.hash.size() &&
          name.find_first_not_of("0123456789abcdef") == name.npos;
      return is_hash && name != tree_.hash && name != tree_.base_hash;
    });
  }

  BuildWish WishFor(const std::string& tree, const std::string& out) const {
    BuildWish wish = {.source = options_.source,
                      .folder = folder_ + "/build",
                      .compiler = options_.compiler,
                      .jobs = options_.jobs,
                      .tree = tree,
                      .arches = options_.arches,
                      .config = options_.config,
                      .configurations = {options_.configurations.begin(),
                                         options_.configurations.end()},
                      .out = out};
    for (const CheckedWalker& walker : options_.walkers) {
      wish.targets.emplace_back(walker.target);
      wish.walkers.emplace(walker.name);
    }
    return wish;
  }

  absl::Status Build() {
    steps_.Begin("building its kernel code");
    const BuildWish wish = WishFor(tree_.folder, verdict_.out);
    absl::StatusOr<KernelBuild> build = BuildKernel(wish, steps_);
    if (!build.ok()) return build.status();
    build_ = *std::move(build);
    if (absl::Status status = NameTree(tree_, build_.bin); !status.ok()) {
      return status;
    }
    for (const KernelCode& code : build_.codes) {
      if (build_.ConfigurationOf(code) == kConfigurations[0]) {
        verdict_.tree.slices[code.arch] = code.slice;
      }
    }
    cells_ = CellsOf(build_, options_.walkers);
    AddMissing();
    steps_.End(Plural(build_.codes.size(), "kernel code"));
    if (cells_.empty()) {
      return absl::UnavailableError(
          build_.missing.empty() ? "no kernel code of it is compiled here"
                                 : Concat({Name(build_.missing[0].arch), ": ",
                                           build_.missing[0].reason}));
    }
    return tree_.patch.has_value() && IsSameAsBase() ? NothingChanged()
                                                     : absl::OkStatus();
  }

  // Whether the patch changes no kernel code. The folder of the unpatched tree
  // may hold that of more architectures.
  bool IsSameAsBase() const {
    const auto hashes = SliceHashes(build_.slices);
    const auto base = SliceHashes(base_.slices);
    return std::all_of(hashes.begin(), hashes.end(), [&base](const auto& hash) {
      const auto place = base.find(hash.first);
      return place != base.end() && place->second == hash.second;
    });
  }

  // Says beside programs which tree they hold the code of.
  static absl::Status NameTree(const KernelTree& tree, const std::string& bin) {
    std::error_code error;
    fs::create_directories(bin, error);
    return WriteFile(Concat({bin, "/", kTreeFile}),
                     Concat({tree.Describe(), "\n", tree.CheckArguments(),
                             "\nbuild/check/", tree.hash, "\n"}),
                     /*force=*/true);
  }

  // The tree without the patch, which is built once for all patches to it.
  absl::Status BuildBase() {
    if (!tree_.patch.has_value()) return absl::OkStatus();
    const std::string out = Concat({folder_, "/", kBase, tree_.base_hash});
    const BuildWish wish = WishFor(tree_.base, out);
    std::string key = HashOf(options_.source + "/kernel");
    for (const CheckedArch& arch : wish.arches)
      key += Concat({" ", arch.in_tree});
    for (const std::string& target : wish.targets) key += " " + target;
    for (const std::string& name : wish.configurations) key += " " + name;
    if (wish.config.has_value()) key += " " + wish.config->file;
    base_ = {.bin = out + "/bin", .slices = out + "/slices"};
    KernelTree unpatched = tree_;
    unpatched.patch.reset();
    unpatched.hash = tree_.base_hash;
    if (absl::Status status = NameTree(unpatched, base_.bin); !status.ok()) {
      return status;
    }
    if (ReadFile(out + "/built").value_or("") == key) return absl::OkStatus();
    steps_.Begin("building the tree without the patch");
    std::error_code error;
    fs::create_directories(out, error);
    fs::remove(out + "/built", error);
    const absl::StatusOr<KernelBuild> base = BuildKernel(wish, steps_);
    if (!base.ok()) return base.status();
    steps_.End();
    // What does not compile is tried again.
    const bool is_whole = std::none_of(
        base->missing.begin(), base->missing.end(),
        [](const KernelBuild::Missing& missing) { return missing.is_failure; });
    return is_whole ? WriteFile(out + "/built", key, /*force=*/true)
                    : absl::OkStatus();
  }

  // Rows of the table for what is not there.
  void AddMissing() {
    for (const KernelBuild::Missing& missing : build_.missing) {
      for (const CheckedWalker& walker : options_.walkers) {
        verdict_.cells.push_back({.mode = std::string(Name(missing.arch)),
                                  .configuration = missing.configuration.empty()
                                                       ? "as-is"
                                                       : missing.configuration,
                                  .walker = std::string(walker.name),
                                  .changing = walker.changing,
                                  .state = missing.is_failure
                                               ? CellState::kUnchecked
                                               : CellState::kLeftOut,
                                  .floor = walker.floor,
                                  .reason = missing.reason});
      }
    }
  }

  // A row for each configuration, also where it runs the same code as another.
  void AddCells() {
    std::vector<CheckVerdict::Cell> rows;
    for (const PagingMode& mode : kAllPagingModes) {
      for (const std::string_view configuration : kConfigurations) {
        for (const CheckCell& cell : cells_) {
          const bool is_own = cell.configuration == configuration;
          const bool is_also = std::find(cell.also.begin(), cell.also.end(),
                                         configuration) != cell.also.end();
          if (cell.mode != mode || !(is_own || is_also)) continue;
          rows.push_back(RowOf(cell));
          if (is_own) continue;
          rows.back().configuration = configuration;
          rows.back().same_code_as = cell.configuration;
        }
      }
    }
    verdict_.cells.insert(verdict_.cells.begin(), rows.begin(), rows.end());
  }

  static CheckVerdict::Cell RowOf(const CheckCell& cell) {
    CheckVerdict::Cell row = {.mode = Name(cell.mode),
                              .configuration = cell.configuration,
                              .walker = std::string(cell.walker.name),
                              .changing = cell.walker.changing,
                              .executions = cell.executions,
                              .floor = cell.walker.floor,
                              .findings = cell.findings.size(),
                              .known = cell.known,
                              .reason = cell.error};
    const bool has_known =
        std::any_of(cell.known.begin(), cell.known.end(),
                    [](const auto& known) { return known.second > 0; });
    row.state = !cell.findings.empty()                ? CellState::kFinding
                : !cell.error.empty()                 ? CellState::kUnchecked
                : cell.executions < cell.walker.floor ? CellState::kTooShort
                : has_known                           ? CellState::kKnown
                                                      : CellState::kHolds;
    return row;
  }

  absl::Status AddFindings() {
    const bool has_patch = tree_.patch.has_value();
    const CheckedCode code = {.cells = cells_,
                              .build = build_,
                              .tree = verdict_.tree,
                              .folder = tree_.folder,
                              .base_bin = has_patch ? base_.bin : "",
                              .base_folder = has_patch ? tree_.base : "",
                              .source = options_.source,
                              .out = verdict_.out};
    auto findings = GatherFindings(code, steps_);
    if (!findings.ok()) return findings.status();
    verdict_.findings = *std::move(findings);
    AddChanges();
    if (has_patch) {
      auto known = FindKnownOfPatch(code, verdict_.changes, steps_);
      if (!known.ok()) return known.status();
      verdict_.findings.insert(verdict_.findings.end(), known->begin(),
                               known->end());
      SortFindings(verdict_.findings);
    }
    for (CheckVerdict::Cell& cell : verdict_.cells) Count(cell);
    if (!has_patch) return absl::OkStatus();
    auto repairs = FindRepairs(code, verdict_.findings, steps_);
    if (!repairs.ok()) return repairs.status();
    verdict_.repairs = *std::move(repairs);
    return absl::OkStatus();
  }

  // Which findings a cell has part in.
  void Count(CheckVerdict::Cell& cell) const {
    cell.findings = 0;
    for (const CheckVerdict::Finding& finding : verdict_.findings) {
      if (!finding.HasPartIn(cell)) continue;
      ++cell.findings;
      const bool is_known = cell.state == CellState::kKnown;
      // A known one that the patch adds.
      if (is_known && !finding.is_without_patch)
        cell.state = CellState::kFinding;
    }
  }

  // That these are not known spoils no verdict.
  void AddChanges() {
    if (!tree_.patch.has_value()) return;
    auto changes =
        FindChanges(tree_, build_, verdict_.out + "/cells", options_.compiler,
                    options_.source + "/kernel/shim");
    if (changes.ok()) {
      verdict_.changes = *std::move(changes);
    } else {
      verdict_.not_checked.push_back(
          Concat({"which changed lines ran: ",
                  std::string(changes.status().message())}));
    }
  }

  absl::Status CompareWithOther() {
    absl::Status status = lock_.Take(folder_, steps_);
    if (!status.ok()) return status;
    steps_.Begin("building the other tree");
    const absl::StatusOr<KernelBuild> other =
        BuildKernel(WishFor(other_.folder, verdict_.out + "/other"), steps_);
    lock_.Release();
    if (!other.ok()) return other.status();
    status = NameTree(other_, other->bin);
    if (!status.ok()) return status;
    steps_.End();
    steps_.Begin("running the cases on both trees");
    auto against = CompareBuilds(cells_, build_, *other, options_.source,
                                 verdict_.out, steps_);
    if (!against.ok()) return against.status();
    steps_.End(Concat({Grouped(against->cases), " cases"}));
    verdict_.against = *std::move(against);
    verdict_.against->description = other_.Describe();
    return absl::OkStatus();
  }

  // Names what a flag leaves out. Several items may have one name.
  template <class T, size_t kCount, class NameOf>
  void AddLeftOut(std::string_view flag, const T (&all)[kCount],
                  const std::vector<T>& chosen, const NameOf& name_of) {
    std::set<std::string> left;
    for (const T& item : all) left.emplace(name_of(item));
    for (const T& item : chosen) left.erase(std::string(name_of(item)));
    if (left.empty()) return;
    verdict_.not_checked.push_back(Concat(
        {"left out by ", flag, ": ", Enumerate({left.begin(), left.end()})}));
  }

  void AddNotChecked() {
    if (!build_.overruled.empty()) {
      verdict_.not_checked.push_back(
          Concat({"what ", options_.config->name,
                  " says of these symbols, which are set otherwise here:",
                  build_.overruled}));
    }
    AddLeftOut("--arch", kCheckedArches, options_.arches,
               [](const CheckedArch& arch) { return Name(arch.id); });
    AddLeftOut("--walkers", kCheckedWalkers, options_.walkers,
               [](const CheckedWalker& walker) { return walker.name; });
    AddLeftOut("--configurations", kConfigurations, options_.configurations,
               [](std::string_view name) { return name; });
    verdict_.not_checked.emplace_back(
        "other architectures, and arm64 with pages of 4 and 64 KiB");
    verdict_.not_checked.emplace_back(
        "walkers other than gup_fast and perf_get_pgtable_size() "
        "(docs/findings/lockless-walkers.md)");
  }

  int Finish() {
    steps_.Clear();
    if (!verdict_.cells.empty()) AddNotChecked();
    absl::Status status;
    const std::string text = TextOf(verdict_);
    std::vector<std::pair<std::string, std::string>> files = {
        {options_.json, JsonOf(verdict_)}, {options_.junit, JUnitOf(verdict_)}};
    std::error_code error;
    if (fs::is_directory(verdict_.out, error)) {
      files.emplace_back(verdict_.out + "/verdict.txt", text);
      files.emplace_back(verdict_.out + "/verdict.json", JsonOf(verdict_));
    }
    for (const auto& [file, bytes] : files) {
      if (!file.empty()) status.Update(WriteFile(file, bytes, /*force=*/true));
    }
    if (verdict_.cells.empty()) {
      PrintError(verdict_.LastLine());
    } else {
      out_.Write(text);
    }
    if (!status.ok()) {
      PrintError(status);
      return kFailed;
    }
    if (IsInterrupted()) return kInterrupted;
    return verdict_.exit_code();
  }

  const CheckOptions& options_;
  const std::string folder_;
  Steps steps_;
  Output& out_;
  BuildLock lock_;
  KernelTree tree_;
  KernelTree other_;
  KernelBuild base_;
  KernelBuild build_;
  std::vector<CheckCell> cells_;
  CheckVerdict verdict_;
};

}  // namespace

int RunCheck(const Arguments& arguments, Output& out) {
  const absl::StatusOr<CheckOptions> options = ReadCheckOptions(arguments);
  if (!options.ok()) {
    PrintError(Concat({"check: ", std::string(options.status().message())}));
    return arguments.Has("--bisect") ? kBisectStop : kUsage;
  }
  CatchInterrupts();
  return Check(*options, out).Run();
}

}  // namespace pxdfuzz
