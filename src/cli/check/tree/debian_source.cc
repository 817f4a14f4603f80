// SPDX-License-Identifier: MIT

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "pxdfuzz/base/text_lines.h"
#include "src/cli/check/tree/kernel_tree.h"
#include "src/cli/check/tree/run_command.h"
#include "src/cli/output.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

// In the order in which they are searched: by name, since some mirrors move the
// aliases late, and those of later releases by alias.
constexpr std::string_view kSuites[] = {
    "bookworm",         "trixie",   "bookworm-backports",
    "trixie-backports", "unstable", "stable",
    "stable-backports", "testing",  "bullseye"};

struct Mirror {
  std::string uri;
  // Empty: the keys that apt trusts anyway.
  std::string keyring;
};

// Where Debian's package of that name puts the keys.
constexpr char kKeyring[] = "/usr/share/keyrings/debian-archive-keyring.gpg";

// Debian's archive as the machine's apt names it.
absl::StatusOr<Mirror> FindMirror() {
  const absl::StatusOr<CommandResult> targets =
      RunCommand({.words = {"apt-get", "indextargets", "--format",
                            "$(REPO_URI)", "Created-By: Packages"}});
  if (!targets.ok()) return targets.status();
  Mirror mirror;
  if (access(kKeyring, R_OK) == 0) mirror.keyring = kKeyring;
  std::istringstream rows(targets->out);
  while (std::getline(rows, mirror.uri)) {
    while (mirror.uri.ends_with('/')) mirror.uri.pop_back();
    if (mirror.uri.ends_with("/debian")) return mirror;
  }
  return absl::UnavailableError("the machine's apt names no archive of Debian");
}

// apt-get with lists, sources and a cache in `folder` alone.
class OwnApt {
 public:
  OwnApt(std::string folder, const Mirror& mirror)
      : folder_(std::move(folder)), mirror_(mirror) {}

  absl::StatusOr<CommandResult> Update(std::string_view suite) const {
    std::error_code error;
    fs::create_directories(folder_ + "/lists/partial", error);
    fs::create_directories(folder_ + "/cache/archives/partial", error);
    const std::string line =
        Concat({"deb ",
                mirror_.keyring.empty()
                    ? ""
                    : Concat({"[signed-by=", mirror_.keyring, "] "}),
                mirror_.uri, " ", suite, " main\n"});
    if (absl::Status status =
            WriteFile(folder_ + "/sources.list", line, /*force=*/true);
        !status.ok()) {
      return status;
    }
    return Get({"update"});
  }

  absl::StatusOr<CommandResult> Get(std::vector<std::string> words) const {
    words.insert(words.begin(), {"-q", "-y"});
    return Run("apt-get", std::move(words));
  }

  // The packages whose names begin with `prefix`, one in a line.
  absl::StatusOr<CommandResult> Names(const std::string& prefix) const {
    return Run("apt-cache", {"pkgnames", prefix});
  }

 private:
  absl::StatusOr<CommandResult> Run(const std::string& program,
                                    std::vector<std::string> words) const {
    std::vector<std::string> all = {program};
    for (const std::string& option :
         {Concat({"Dir::Etc::sourcelist=", folder_, "/sources.list"}),
          std::string("Dir::Etc::sourceparts=/dev/null"),
          Concat({"Dir::State::Lists=", folder_, "/lists"}),
          Concat({"Dir::Cache=", folder_, "/cache"}),
          // The user that apt would become may not write here.
          std::string("APT::Sandbox::User=root"),
          std::string("Acquire::Languages=none")}) {
      all.insert(all.end(), {"-o", option});
    }
    all.insert(all.end(), words.begin(), words.end());
    return RunCommand({.words = std::move(all), .folder = folder_});
  }

  const std::string folder_;
  const Mirror& mirror_;
};

// Debian's suites with lists of their own, in folders below `folder` that go
// with the object.
class Suites {
 public:
  explicit Suites(const std::string& folder) : folder_(folder) {}
  ~Suites() {
    std::error_code error;
    for (const std::string_view suite : kSuites) {
      fs::remove_all(FolderOf(suite), error);
    }
  }
  Suites(const Suites&) = delete;
  Suites& operator=(const Suites&) = delete;

  const std::string& uri() const { return mirror_.uri; }
  std::string FolderOf(std::string_view suite) const {
    return Concat({folder_, "/", suite});
  }

  // What `run` does with the apt of a suite, or what went wrong when its lists
  // were updated, which happens once.
  template <class Run>
  absl::StatusOr<CommandResult> With(std::string_view suite, Run run) {
    if (mirror_.uri.empty()) {
      absl::StatusOr<Mirror> mirror = FindMirror();
      if (!mirror.ok()) return mirror.status();
      mirror_ = *std::move(mirror);
    }
    const std::string own = FolderOf(suite);
    const OwnApt apt(own, mirror_);
    auto updated = updated_.find(suite);
    if (updated == updated_.end()) {
      std::error_code error;
      fs::create_directories(own, error);
      absl::StatusOr<CommandResult> result = apt.Update(suite);
      if (!result.ok()) return result.status();
      updated = updated_.emplace(suite, *std::move(result)).first;
    }
    if (!updated->second.ok()) return updated->second;
    return run(apt);
  }

 private:
  // Without an address until it is needed.
  Mirror mirror_;
  const std::string folder_;
  // By the name of the suite.
  std::map<std::string_view, CommandResult> updated_;
};

// Takes the archive out of the package, which is in `folder`.
absl::Status Unpack(const std::string& folder, const std::string& archive) {
  std::string package;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".deb") package = entry.path().string();
  }
  const std::string inside =
      "./usr/src/" + fs::path(archive).filename().string();
  const absl::StatusOr<CommandResult> unpacked = RunCommand(
      {.words = {"sh", "-c",
                 "dpkg-deb --fsys-tarfile \"$1\" | tar -xOf - \"$2\" > \"$3\"",
                 "sh", package, inside, archive + ".part"}});
  std::error_code error;
  if (unpacked.ok() && unpacked->ok() &&
      fs::file_size(archive + ".part", error) > 0) {
    fs::rename(archive + ".part", archive, error);
    return absl::OkStatus();
  }
  fs::remove(archive + ".part", error);
  return unpacked.ok() ? absl::UnavailableError(
                             Concat({package, ": ", unpacked->Reason()}))
                       : unpacked.status();
}

// Numbers such as 6.12, as pairs that compare.
using MajorMinor = std::pair<int, int>;

// The versions whose sources the suites of Debian have, the newest first.
absl::StatusOr<std::vector<MajorMinor>> AllVersions(Suites& suites) {
  constexpr char kPackage[] = "linux-source-%d.%d%c";
  std::set<MajorMinor, std::greater<>> versions;
  std::string reason;
  for (const std::string_view suite : kSuites) {
    const absl::StatusOr<CommandResult> result = suites.With(
        suite, [](const OwnApt& apt) { return apt.Names("linux-source-"); });
    if (!result.ok()) return result.status();
    if (!result->ok()) reason = result->Reason();
    std::istringstream names(result->out);
    for (std::string name; std::getline(names, name);) {
      MajorMinor version;
      char rest = 0;
      if (std::sscanf(name.c_str(), kPackage, &version.first, &version.second,
                      &rest) == 2) {
        versions.insert(version);
      }
    }
  }
  if (versions.empty()) {
    return absl::UnavailableError(Concat({"no suite of ", suites.uri(),
                                          " has sources of Linux; the last "
                                          "one said: ",
                                          reason}));
  }
  return std::vector<MajorMinor>(versions.begin(), versions.end());
}

// The package of the newest version if `back` is 0, of the one before it if it
// is 1, and so on.
absl::StatusOr<std::string> NewestVersion(size_t back, Suites& suites) {
  const absl::StatusOr<std::vector<MajorMinor>> all = AllVersions(suites);
  if (!all.ok()) return all.status();
  if (back >= all->size()) {
    return absl::InvalidArgumentError(
        Concat({"Debian has ", std::to_string(all->size()), " versions"}));
  }
  const auto [major, minor] = (*all)[back];
  return Concat({std::to_string(major), ".", std::to_string(minor)});
}

absl::Status WithName(const std::string& version, const absl::Status& status) {
  return absl::Status(status.code(), Concat({"debian:", version, ": ",
                                             std::string(status.message())}));
}

// 0 of "newest", N of "newest-N", otherwise nothing.
std::optional<size_t> BackOf(std::string_view version) {
  constexpr std::string_view kNewest = "newest";
  if (!version.starts_with(kNewest)) return std::nullopt;
  version.remove_prefix(kNewest.size());
  if (version.empty()) return 0;
  if (version.size() != 2 || version[0] != '-' || version[1] < '0' ||
      version[1] > '9') {
    return std::nullopt;
  }
  return version[1] - '0';
}

}  // namespace

absl::StatusOr<std::string> DebianSource(const std::string& wish,
                                         const std::string& folder) {
  std::string version = wish;
  const std::optional<size_t> back = BackOf(wish);
  if (!back.has_value() &&
      (wish.empty() || wish.find_first_not_of("0123456789.") != wish.npos)) {
    return absl::InvalidArgumentError(
        Concat({"debian:", wish,
                ": no version; debian:6.12, debian:newest and debian:newest-1 "
                "are some"}));
  }
  Suites suites(folder);
  if (back.has_value()) {
    absl::StatusOr<std::string> newest = NewestVersion(*back, suites);
    if (!newest.ok()) return WithName(wish, newest.status());
    version = *std::move(newest);
  }
  const std::string package = "linux-source-" + version;
  const std::string archive = Concat({folder, "/", package, ".tar.xz"});
  for (const std::string& there :
       {Concat({"/usr/src/", package, ".tar.xz"}), archive}) {
    if (access(there.c_str(), R_OK) == 0) return there;
  }
  std::string reason;
  for (const std::string_view suite : kSuites) {
    const absl::StatusOr<CommandResult> result =
        suites.With(suite, [&package](const OwnApt& apt) {
          return apt.Get({"download", package});
        });
    if (!result.ok()) return WithName(wish, result.status());
    if (!result->ok()) {
      reason = result->Reason();
      continue;
    }
    const absl::Status status = Unpack(suites.FolderOf(suite), archive);
    if (!status.ok()) return status;
    return archive;
  }
  return absl::UnavailableError(
      Concat({"debian:", version, ": no suite of ", suites.uri(), " has ",
              package, "; the last one said: ", reason}));
}

}  // namespace pxdfuzz
