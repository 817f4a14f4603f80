// SPDX-License-Identifier: MIT

#include "src/cli/check/tree/kernel_tree.h"

#include <fnmatch.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <regex>
#include <set>
#include <sstream>
#include <string_view>
#include <system_error>

#include "fuzz/harness/sha1.h"
#include "pxdfuzz/base/read_file.h"
#include "pxdfuzz/base/text_lines.h"
#include "src/cli/check/tree/run_command.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kDebian = "debian:";
constexpr size_t kHashDigits = 16;
constexpr size_t kCommitDigits = 12;
// Of the copies by hash, so many stay.
constexpr size_t kMostCopies = 24;
constexpr std::string_view kCopy = "tree-";

// "6.12.117" of the top Makefile, or nothing.
std::string VersionOf(const fs::path& tree) {
  std::string version;
  std::ifstream in(tree / "Makefile");
  std::string line;
  for (const std::string_view key :
       {"VERSION = ", "PATCHLEVEL = ", "SUBLEVEL = "}) {
    while (std::getline(in, line) && !line.starts_with(key)) {
    }
    if (!in) return version;
    version += Concat({version.empty() ? "" : ".", line.substr(key.size())});
  }
  return version;
}

// git on a repository that another user may own.
std::vector<std::string> GitWords(const std::string& repository,
                                  const std::vector<std::string>& words) {
  std::vector<std::string> all = {"git", "-c", "safe.directory=*", "-C",
                                  repository};
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

// The first line that git prints about a repository, or nothing.
std::string Git(const std::string& repository,
                const std::vector<std::string>& words) {
  const absl::StatusOr<CommandResult> result =
      RunCommand({.words = GitWords(repository, words)});
  return result.ok() && result->ok() ? FirstLine(result->out) : "";
}

// Whether a commit has a file or folder; its name may have a pattern.
bool HasPart(const std::string& repository, const std::string& commit,
             const std::string& part) {
  const bool is_pattern = part.find('*') != part.npos;
  const std::string folder = fs::path(part).parent_path().string() + "/";
  const absl::StatusOr<CommandResult> listed = RunCommand(
      {.words = GitWords(repository, {"ls-tree", "--name-only", commit,
                                      is_pattern ? folder : part})});
  if (!listed.ok() || !listed->ok()) return false;
  std::istringstream names(listed->out);
  for (std::string name; std::getline(names, name);) {
    if (fnmatch(part.c_str(), name.c_str(), FNM_PATHNAME) == 0) return true;
  }
  return false;
}

std::set<fs::path> FilesIn(const fs::path& folder) {
  std::set<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(folder, error)) {
    if (entry.is_regular_file(error)) {
      files.insert(entry.path().lexically_relative(folder));
    }
  }
  return files;
}

bool HasLine(const fs::path& file, const std::regex& pattern) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (std::regex_search(line, pattern)) return true;
  }
  return false;
}

}  // namespace

absl::Status Mirror(const std::string& from, const std::string& to) {
  const std::set<fs::path> files = FilesIn(from);
  const std::set<fs::path> had = FilesIn(to);
  const auto now = fs::file_time_type::clock::now();
  std::error_code error;
  for (const fs::path& file : files) {
    const fs::path source = from / file;
    const fs::path copy = to / file;
    if (had.contains(file)) {
      if (fs::equivalent(source, copy, error) ||
          ReadFile(source) == ReadFile(copy)) {
        continue;
      }
      fs::remove(copy, error);
    }
    fs::create_directories(copy.parent_path(), error);
    fs::create_hard_link(source, copy, error);
    if (error) fs::copy_file(source, copy, error);
    if (!error) fs::last_write_time(copy, now, error);
    if (error) {
      return absl::UnavailableError(
          Concat({copy.string(), ": cannot be made: ", error.message()}));
    }
  }
  for (const fs::path& file : had) {
    if (!files.contains(file)) fs::remove(to / file, error);
  }
  if (files != had) fs::last_write_time(fs::path(to) / "Makefile", now, error);
  return absl::OkStatus();
}

std::string ConfiguredBy(const std::string& tree) {
  std::string key = VersionOf(tree);
  for (const auto& [file, pattern] :
       std::initializer_list<std::pair<const char*, const char*>>{
#define CONFIGURATION(...)
#define VARIANT(...)
#define FEATURE(name, file, pattern) {#file, #pattern},
#define CODE(...)
#include "pxdfuzz/engine/kernel_variants.def"
#undef CODE
#undef FEATURE
#undef VARIANT
#undef CONFIGURATION
       }) {
    key += HasLine(fs::path(tree) / file, std::regex(pattern)) ? " 1" : " 0";
  }
  for (const char* arch : {"s390", "x86", "arm64"}) {
    const bool has =
        fs::exists(Concat({tree, "/arch/", arch, "/include/asm/pgtable.h"}));
    key += has ? " 1" : " 0";
  }
  return key;
}

std::string HashOf(const std::string& folder) {
  std::vector<std::string> lines;
  for (const fs::path& file : FilesIn(folder)) {
    lines.push_back(
        Concat({file.string(), " ",
                Sha1Hex(Bytes(ReadFile(folder / file).value_or(""))), "\n"}));
  }
  std::sort(lines.begin(), lines.end());
  std::string all;
  for (const std::string& line : lines) all += line;
  return Sha1Hex(Bytes(all)).substr(0, kHashDigits);
}

void KeepNewest(const std::string& folder, size_t most,
                const std::function<bool(const std::string&)>& counts) {
  std::error_code error;
  std::vector<std::pair<fs::file_time_type, fs::path>> places;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (counts(entry.path().filename().string())) {
      places.emplace_back(entry.last_write_time(error), entry.path());
    }
  }
  if (places.size() <= most) return;
  std::sort(places.begin(), places.end());
  places.resize(places.size() - most);
  for (const auto& [time, path] : places) fs::remove_all(path, error);
}

std::string KernelTree::Describe() const {
  std::string text = Concat({"Linux ", version});
  if (!commit.empty()) {
    text += Concat({", commit ", commit,
                    is_modified ? " with changes in the work tree" : ""});
  }
  if (patch.has_value()) {
    text += Concat({", with ", fs::path(patch->name).filename().string(), " (",
                    patch->hash, ")"});
  }
  return text;
}

std::string KernelTree::CheckArguments() const {
  const auto file = [](const std::string& path) {
    return ShellWord(fs::path(path).filename().string());
  };
  std::string arguments = name.starts_with(kDebian) ? name
                          : commit.empty()          ? file(name)
                                                    : "LINUX@" + commit;
  if (patch.has_value()) {
    arguments +=
        Concat({" --patch=", patch->is_file ? file(patch->name) : "my.patch"});
  }
  return arguments;
}

std::vector<std::string> TreeStore::Parts() const {
  std::vector<std::string> parts;
  std::ifstream in(source + "/kernel/tree/parts.txt");
  for (std::string line; std::getline(in, line);) parts.push_back(line);
  return parts;
}

void TreeStore::Prune() const {
  KeepNewest(trees, kMostCopies,
             [](const std::string& name) { return name.starts_with(kCopy); });
}

std::string TreeStore::Draft() const {
  return Concat({trees, "/new-", std::to_string(getpid())});
}

absl::Status TreeStore::Copy(const std::string& from, const std::string& to,
                             const std::string& name) const {
  const absl::StatusOr<CommandResult> copied =
      RunCommand({.words = {source + "/kernel/tree/copy_tree.sh", from, to}});
  if (!copied.ok()) return copied.status();
  if (copied->ok()) return absl::OkStatus();
  std::string reason = FirstLine(copied->error);
  if (reason.starts_with(from + ": ")) reason.erase(0, from.size() + 2);
  return absl::UnavailableError(Concat({name, ": ", reason}));
}

absl::StatusOr<std::string> TreeStore::CopyRevision(
    const std::string& repository, const std::string& revision,
    KernelTree& tree) const {
  const std::string commit =
      Git(repository, {"rev-parse", "--verify", "--quiet", "--end-of-options",
                       revision + "^{commit}"});
  if (commit.empty()) {
    return absl::InvalidArgumentError(Concat(
        {tree.name, ": ", repository, " has no revision '", revision, "'"}));
  }
  tree.commit = commit.substr(0, kCommitDigits);
  const std::string draft = Draft();
  const std::string file = draft + ".tar";
  CommandLine archive = {
      .words =
          GitWords(repository, {"archive", "--output=" + file, "--format=tar",
                                "--prefix=linux/", commit})};
  // git archive refuses paths that a revision lacks.
  for (const std::string& part : Parts()) {
    if (HasPart(repository, commit, part)) archive.words.push_back(part);
  }
  const absl::StatusOr<CommandResult> archived = RunCommand(archive);
  if (!archived.ok()) return archived.status();
  absl::Status status =
      archived->ok() ? Copy(file, draft, tree.name)
                     : absl::UnavailableError(
                           Concat({tree.name, ": ", archived->Reason()}));
  std::error_code ignored;
  fs::remove(file, ignored);
  if (!status.ok()) return status;
  return draft;
}

absl::StatusOr<std::string> TreeStore::CopyOf(KernelTree& tree) const {
  std::string place = tree.name;
  if (place.starts_with(kDebian)) {
    const auto archive =
        DebianSource(place.substr(kDebian.size()), trees + "/debian");
    if (!archive.ok()) return archive.status();
    place = *archive;
  }
  std::error_code error;
  const std::string draft = Draft();
  if (fs::is_directory(place, error)) {
    if (absl::Status status = Copy(place, draft, tree.name); !status.ok()) {
      return status;
    }
    // A folder inside of another repository is none of that one's commits.
    if (Git(place, {"rev-parse", "--show-prefix"}).empty()) {
      tree.commit = Git(place, {"rev-parse", "--verify", "--quiet", "HEAD"})
                        .substr(0, kCommitDigits);
      if (!tree.commit.empty()) {
        std::vector<std::string> status = {"--no-optional-locks", "status",
                                           "--porcelain", "--"};
        for (const std::string& part : Parts()) status.push_back(part);
        tree.is_modified = !Git(place, status).empty();
      }
    }
    return draft;
  }
  if (fs::is_regular_file(place, error)) {
    // Unpacking takes longest, so it is done once for the same parts.
    const auto size = fs::file_size(place, error);
    const auto time = fs::last_write_time(place, error).time_since_epoch();
    std::string parts;
    for (const std::string& part : Parts()) parts += part + "\n";
    const std::string unpacked =
        Concat({trees, "/archive-", fs::path(place).filename().string(), "-",
                std::to_string(size), "-", std::to_string(time.count()), "-",
                Sha1Hex(Bytes(parts)).substr(0, kHashDigits)});
    if (!fs::exists(unpacked, error)) {
      if (absl::Status status = Copy(place, unpacked, tree.name);
          !status.ok()) {
        return status;
      }
    }
    return unpacked;
  }
  const size_t at = place.rfind('@');
  if (at != place.npos && fs::is_directory(place.substr(0, at), error)) {
    return CopyRevision(place.substr(0, at), place.substr(at + 1), tree);
  }
  return absl::InvalidArgumentError(
      Concat({tree.name,
              ": no such tree; name a folder, an archive, "
              "REPOSITORY@REVISION or debian:VERSION"}));
}

absl::StatusOr<std::string> TreeStore::Settle(const std::string& folder,
                                              std::string& hash) const {
  hash = HashOf(folder);
  const std::string place = Concat({trees, "/", kCopy, hash});
  std::error_code error;
  // It was used just now, which keeps it from being pruned.
  const auto use = [&place, &error] {
    fs::last_write_time(place, fs::file_time_type::clock::now(), error);
    return place;
  };
  if (fs::exists(place, error)) return use();
  const absl::StatusOr<CommandResult> linked =
      RunCommand({.words = {"cp", "-al", folder, place + ".part"}});
  if (!linked.ok()) return linked.status();
  if (linked->ok()) fs::rename(place + ".part", place, error);
  if (!linked->ok() || error) {
    fs::remove_all(place + ".part", error);
    return absl::UnavailableError(
        Concat({place, ": cannot be made: ", linked->Reason()}));
  }
  return use();
}

absl::Status TreeStore::ChangeDraft(KernelTree& tree, const std::string& draft,
                                    const Change& change) const {
  std::error_code error;
  fs::remove_all(draft, error);
  const absl::StatusOr<CommandResult> linked =
      RunCommand({.words = {"cp", "-al", tree.base, draft}});
  if (!linked.ok()) return linked.status();
  if (!linked->ok()) return absl::UnavailableError(linked->Reason());
  const auto files = change(draft);
  if (!files.ok()) return files.status();
  tree.changed_files = *files;
  const absl::StatusOr<std::string> settled = Settle(draft, tree.hash);
  if (!settled.ok()) return settled.status();
  tree.folder = *settled;
  return absl::OkStatus();
}

absl::StatusOr<KernelTree> TreeStore::Changed(const KernelTree& tree,
                                              const Change& change) const {
  std::error_code error;
  const std::string draft = Draft();
  KernelTree changed = tree;
  const absl::Status status = ChangeDraft(changed, draft, change);
  fs::remove_all(draft, error);
  if (!status.ok()) return status;
  // The tree was used just now.
  fs::last_write_time(tree.base, fs::file_time_type::clock::now(), error);
  Prune();
  return changed;
}

absl::StatusOr<KernelTree> TreeStore::Take(const std::string& name,
                                           const std::string& patch) const {
  std::error_code error;
  fs::create_directories(trees, error);
  if (error || access(trees.c_str(), W_OK) != 0) {
    return absl::UnavailableError(Concat({trees, ": cannot be written"}));
  }
  KernelTree tree = {.name = name};
  if (!patch.empty()) {
    absl::StatusOr<Patch> read = ReadPatch(patch, Draft() + ".mails");
    if (!read.ok()) return read.status();
    tree.patch = *std::move(read);
  }
  const std::string draft = Draft();
  // Whatever happens, no draft stays.
  const auto finish = [&]() -> absl::Status {
    const absl::StatusOr<std::string> copy = CopyOf(tree);
    if (!copy.ok()) return copy.status();
    tree.version = VersionOf(*copy);
    if (tree.version.empty()) {
      return absl::UnavailableError(
          Concat({name, ": its Makefile has no VERSION"}));
    }
    const absl::StatusOr<std::string> base = Settle(*copy, tree.hash);
    if (!base.ok()) return base.status();
    tree.base = tree.folder = *base;
    tree.base_hash = tree.hash;
    if (!tree.patch.has_value()) return absl::OkStatus();
    return ChangeDraft(tree, draft, [&](const std::string& folder) {
      return ApplyPatch(*tree.patch, folder, Parts());
    });
  };
  const absl::Status status = finish();
  for (const char* end : {"", ".part"}) fs::remove_all(draft + end, error);
  if (!status.ok()) return status;
  Prune();
  return tree;
}

}  // namespace pxdfuzz
