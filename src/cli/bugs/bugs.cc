// SPDX-License-Identifier: MIT

// pxdfuzz bugs: are the bugs on record found?

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "pxdfuzz/base/text_lines.h"
#include "src/cli/bugs/bug.h"
#include "src/cli/bugs/bug_table.h"
#include "src/cli/bugs/hunt.h"
#include "src/cli/campaign/campaign.h"
#include "src/cli/check/build_lock.h"
#include "src/cli/check/check.h"
#include "src/cli/check/kernel_build.h"
#include "src/cli/check/steps.h"
#include "src/cli/check/tree/kernel_tree.h"
#include "src/cli/commands.h"
#include "src/cli/interrupt.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

struct BugsOptions {
  std::vector<std::string> names;
  std::vector<std::string> trees;
  int seeds = 3;
  int jobs = 1;
  bool one_tree = false;
  std::string markdown;  // a file, or nothing
  std::string source;
  std::string compiler;
};

absl::StatusOr<int> Number(const Arguments& arguments, std::string_view flag,
                           int otherwise) {
  if (!arguments.Has(flag)) return otherwise;
  int number = 0;
  if (absl::SimpleAtoi(arguments.Value(flag), &number) && number > 0) {
    return number;
  }
  return absl::InvalidArgumentError(
      Concat({flag, "=", arguments.Value(flag),
              ": a whole number from 1 on is wanted"}));
}

absl::StatusOr<BugsOptions> ReadOptions(const Arguments& arguments) {
  BugsOptions options = {.names = arguments.operands,
                         .trees = {"debian:6.12", "debian:6.1"},
                         .one_tree = arguments.Has("--one-tree"),
                         .markdown = arguments.Value("--markdown"),
                         .compiler = arguments.Value("--compiler")};
  if (arguments.Has("--tree")) {
    options.trees =
        absl::StrSplit(arguments.Value("--tree"), ',', absl::SkipEmpty());
    if (options.trees.empty()) {
      return absl::InvalidArgumentError("--tree= names no tree");
    }
  }
  if (options.compiler.empty()) options.compiler = "clang++";
  const absl::StatusOr<int> seeds = Number(arguments, "--seeds", options.seeds);
  if (!seeds.ok()) return seeds.status();
  options.seeds = *seeds;
  const absl::StatusOr<int> jobs = Number(arguments, "--jobs", Processors());
  if (!jobs.ok()) return jobs.status();
  options.jobs = *jobs;
  absl::StatusOr<std::string> source =
      SourceFolder(arguments.Value("--source"));
  if (!source.ok()) return source.status();
  options.source = *std::move(source);
  return options;
}

// One run of the command.
class Bugs {
 public:
  Bugs(const BugsOptions& options, Output& out)
      : options_(options),
        // What is built is shared with `pxdfuzz check`.
        shared_(options.source + "/build/check"),
        out_folder_(options.source + "/build/bugs"),
        store_{.source = options.source, .trees = shared_ + "/trees"},
        steps_(out, "bugs"),
        out_(out) {}

  // The exit code.
  int Run() {
    absl::Status status = Try();
    if (IsInterrupted()) return kInterrupted;
    if (!status.ok()) {
      steps_.Clear();
      PrintError(Concat({"bugs: ", std::string(status.message())}));
      return absl::IsInvalidArgument(status) ? kUsage : kFailed;
    }
    out_.Write(BugTableText(rows_, out_.color()));
    if (!options_.markdown.empty()) {
      status = WriteFile(options_.markdown, BugTableMarkdown(rows_),
                         /*force=*/true);
      if (!status.ok()) {
        PrintError(status);
        return kFailed;
      }
    }
    return Conclude();
  }

 private:
  // Hashes by the name of the kernel code.
  using Slices = std::map<std::string, std::string>;

  absl::Status Try() {
    absl::StatusOr<std::vector<Bug>> bugs =
        ReadBugs(options_.source + "/tests/bugs", options_.names);
    if (!bugs.ok()) return bugs.status();
    bugs_ = *std::move(bugs);
    absl::Status status = lock_.Take(shared_, steps_);
    if (!status.ok()) return status;
    std::vector<KernelTree> trees;
    for (const std::string& name : options_.trees) {
      steps_.Begin("slicing " + name);
      absl::StatusOr<KernelTree> tree = store_.Take(name, /*patch=*/"");
      if (!tree.ok()) return tree.status();
      BuildWish wish = WishFor(*tree);
      wish.configurations = Configurations();
      absl::StatusOr<Slices> slices = SliceKernel(wish, steps_);
      if (!slices.ok()) return slices.status();
      slices_[tree->hash] = *std::move(slices);
      steps_.End(tree->Describe());
      trees.push_back(*std::move(tree));
    }
    for (const Bug& bug : bugs_) {
      const size_t rows = rows_.size();
      for (const KernelTree& tree : trees) {
        if (!bug.Applies(VersionFrom(tree.version))) continue;
        status = LookFor(bug, tree);
        if (absl::IsCancelled(status)) return status;
        if (!status.ok()) AddFailure(bug, tree, std::string(status.message()));
        if (options_.one_tree && rows_.size() > rows) break;
      }
      if (rows_.size() == rows) left_out_.push_back(bug.name);
    }
    if (rows_.empty()) {
      return absl::UnavailableError(
          "none of these bugs applies to these trees; nothing was looked for");
    }
    return absl::OkStatus();
  }

  static std::string ShortVersion(const KernelTree& tree) {
    const Bug::Version version = VersionFrom(tree.version);
    return Concat(
        {std::to_string(version.major), ".", std::to_string(version.minor)});
  }

  void AddFailure(const Bug& bug, const KernelTree& tree,
                  const std::string& error) {
    rows_.push_back({.bug = &bug,
                     .version = ShortVersion(tree),
                     .place = bug.places[0],
                     .hunt = {},
                     .error = error});
  }

  absl::Status LookFor(const Bug& bug, const KernelTree& tree) {
    steps_.Begin(Concat({bug.name, " in ", ShortVersion(tree)}));
    const bool is_live = bug.kind == Bug::Kind::kAsItStands &&
                         VersionFrom(tree.version) < bug.live_until;
    const bool is_planted = !is_live && !bug.edits.empty();
    KernelTree planted = tree;
    if (is_planted) {
      absl::StatusOr<KernelTree> changed = store_.Changed(
          tree,
          [&](const std::string& folder) { return PlantBug(bug, folder); });
      if (!changed.ok()) return changed.status();
      planted = *std::move(changed);
    }
    const std::string out =
        Concat({out_folder_, "/", bug.name, "-", ShortVersion(tree)});
    std::error_code ignored;
    fs::remove_all(out, ignored);
    fs::create_directories(out, ignored);
    BuildWish wish = WishFor(planted);
    wish.out = out;
    std::set<std::string> targets;
    for (const Bug::Place& place : bug.places) {
      targets.emplace(place.walker.target);
    }
    wish.targets.assign(targets.begin(), targets.end());
    wish.configurations = {bug.configuration};
    std::erase_if(wish.arches, [&](const CheckedArch& arch) {
      return std::none_of(
          bug.places.begin(), bug.places.end(),
          [&](const Bug::Place& place) { return place.arch.id == arch.id; });
    });
    const absl::StatusOr<KernelBuild> build = BuildKernel(wish, steps_);
    if (!build.ok()) return build.status();
    const size_t rows = rows_.size();
    for (const Bug::Place& place : bug.places) {
      absl::StatusOr<Hunt> hunt = HuntAt(
          bug, place, *build, is_planted ? &slices_[tree.hash] : nullptr, out);
      if (absl::IsCancelled(hunt.status())) return hunt.status();
      if (absl::IsNotFound(hunt.status())) continue;
      BugRow& row = rows_.emplace_back(
          BugRow{.bug = &bug, .version = ShortVersion(tree), .place = place});
      if (hunt.ok()) {
        row.hunt = *std::move(hunt);
      } else {
        row.error = std::string(hunt.status().message());
      }
    }
    const bool is_good =
        std::all_of(rows_.begin() + static_cast<ptrdiff_t>(rows), rows_.end(),
                    [](const BugRow& row) { return row.is_good(); });
    steps_.End(is_good ? "as expected" : "NOT as expected");
    return absl::OkStatus();
  }

  // Those in which a bug is looked for.
  std::vector<std::string> Configurations() const {
    std::set<std::string> names;
    for (const Bug& bug : bugs_) names.insert(bug.configuration);
    return {names.begin(), names.end()};
  }

  // For all code of a tree.
  BuildWish WishFor(const KernelTree& tree) const {
    BuildWish wish = {
        .source = options_.source,
        .folder = shared_ + "/build",
        .compiler = options_.compiler,
        .jobs = options_.jobs,
        .tree = tree.folder,
        .arches = {std::begin(kCheckedArches), std::end(kCheckedArches)},
        .targets = {},
        .out = ""};
    for (const CheckedWalker& walker : kCheckedWalkers) {
      wish.targets.emplace_back(walker.target);
    }
    return wish;
  }

  // `before` are the slices without the bug; null where the bug is the tree's.
  absl::StatusOr<Hunt> HuntAt(const Bug& bug, const Bug::Place& place,
                              const KernelBuild& build, const Slices* before,
                              const std::string& out) {
    const auto code = std::find_if(
        build.codes.begin(), build.codes.end(), [&](const KernelCode& known) {
          return known.arch == Name(place.arch.id) &&
                 build.ConfigurationOf(known) == bug.configuration;
        });
    if (code == build.codes.end()) {
      for (const KernelBuild::Missing& missing : build.missing) {
        if (missing.arch == place.arch.id && missing.is_failure) {
          return absl::UnavailableError(missing.reason);
        }
      }
      return absl::NotFoundError("the tree has no such code");
    }
    const bool is_found = !place.signature.empty();
    // Where the rule is about another architecture, nothing has to change.
    if (is_found && before != nullptr &&
        before->at(code->name) == code->slice) {
      return absl::UnavailableError("the rule leaves the sliced code as it is");
    }
    return RunHunt(
        {.target = Concat({build.bin, "/", place.walker.target}),
         .kernel = code->name,
         .modes = place.modes,
         .pattern = is_found ? place.signature : "*",
         .other_side = is_found && bug.kind == Bug::Kind::kEnvironment
                           ? "goes-on"
                           : "waits",
         .seeds = is_found ? options_.seeds : 1,
         .jobs = options_.jobs,
         .out =
             Concat({out, "/", Name(place.arch.id), "-", place.walker.target}),
         .tick = [this] { steps_.Tick("looking for it"); }});
  }

  // The last line, and the exit code.
  int Conclude() {
    const auto count = [this](auto is) {
      return static_cast<uint64_t>(
          std::count_if(rows_.begin(), rows_.end(), is));
    };
    const uint64_t failed =
        count([](const BugRow& row) { return !row.error.empty(); });
    const uint64_t bad =
        count([](const BugRow& row) { return !row.is_good(); }) - failed;
    out_.Write(Concat({Plural(bugs_.size(), "bug"), " in ",
                       Plural(rows_.size(), "place"), ": ",
                       std::to_string(rows_.size() - bad - failed),
                       " as expected, ", std::to_string(bad), " not, ",
                       std::to_string(failed), " could not be looked for\n"}));
    if (!left_out_.empty()) {
      steps_.Say(
          Concat({"left out, since these trees are not of a version or "
                  "architecture that has them: ",
                  Enumerate(left_out_)}));
      // Nothing that was asked for by its name may do nothing.
      if (!options_.names.empty()) return kFailed;
    }
    return failed > 0 ? kFailed : bad > 0 ? kFinding : kNothingFound;
  }

  const BugsOptions& options_;
  const std::string shared_;
  const std::string out_folder_;
  const TreeStore store_;
  Steps steps_;
  Output& out_;
  BuildLock lock_;
  std::vector<Bug> bugs_;
  // Of the trees without bugs, by their hash.
  std::map<std::string, Slices> slices_;
  std::vector<BugRow> rows_;
  std::vector<std::string> left_out_;  // names of bugs without rows
};

}  // namespace

int RunBugs(const Arguments& arguments, Output& out) {
  const absl::StatusOr<BugsOptions> options = ReadOptions(arguments);
  if (!options.ok()) {
    PrintError(Concat({"bugs: ", std::string(options.status().message())}));
    return kUsage;
  }
  CatchInterrupts();
  return Bugs(*options, out).Run();
}

}  // namespace pxdfuzz
