// SPDX-License-Identifier: MIT

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "pxdfuzz/base/text_lines.h"
#include "src/cli/check/kernel_tree.h"
#include "src/cli/check/run_command.h"
#include "src/cli/output.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

// In the order in which they are searched.
constexpr std::string_view kSuites[] = {
    "oldstable", "stable",   "oldstable-backports", "stable-backports",
    "testing",   "unstable", "oldoldstable"};

struct Mirror {
  std::string uri;
  std::string keyring;
};

// Debian's archive as the machine's apt names it.
absl::StatusOr<Mirror> FindMirror() {
  const absl::StatusOr<CommandResult> targets = RunCommand(
      {.words = {"apt-get", "indextargets", "--format",
                 "$(REPO_URI) $(SIGNED_BY)", "Created-By: Packages"}});
  if (!targets.ok()) return targets.status();
  std::istringstream rows(targets->out);
  Mirror mirror;
  for (std::string row; std::getline(rows, row);) {
    std::istringstream words(row);
    words >> mirror.uri >> mirror.keyring;
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
    std::vector<std::string> all = {"apt-get", "-q", "-y"};
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

 private:
  const std::string folder_;
  const Mirror& mirror_;
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

}  // namespace

absl::StatusOr<std::string> DebianSource(const std::string& version,
                                         const std::string& folder) {
  if (version.empty() ||
      version.find_first_not_of("0123456789.") != version.npos) {
    return absl::InvalidArgumentError(
        Concat({"debian:", version,
                ": a version such as debian:6.12 is "
                "wanted"}));
  }
  const std::string package = "linux-source-" + version;
  const std::string archive = Concat({folder, "/", package, ".tar.xz"});
  for (const std::string& there :
       {Concat({"/usr/src/", package, ".tar.xz"}), archive}) {
    if (access(there.c_str(), R_OK) == 0) return there;
  }
  std::error_code error;
  const absl::StatusOr<Mirror> mirror = FindMirror();
  if (!mirror.ok()) {
    return absl::UnavailableError(Concat(
        {"debian:", version, ": ", std::string(mirror.status().message())}));
  }
  std::string reason;
  for (const std::string_view suite : kSuites) {
    const std::string own = Concat({folder, "/", suite});
    fs::create_directories(own, error);
    const OwnApt apt(own, *mirror);
    absl::StatusOr<CommandResult> result = apt.Update(suite);
    if (result.ok() && result->ok()) result = apt.Get({"download", package});
    if (!result.ok()) return result.status();
    if (!result->ok()) {
      reason = result->Reason();
      fs::remove_all(own, error);
      continue;
    }
    const absl::Status status = Unpack(own, archive);
    fs::remove_all(own, error);
    if (!status.ok()) return status;
    return archive;
  }
  return absl::UnavailableError(
      Concat({"debian:", version, ": no suite of ", mirror->uri, " has ",
              package, "; the last one said: ", reason}));
}

}  // namespace pxdfuzz
