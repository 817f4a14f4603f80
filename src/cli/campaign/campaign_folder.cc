// SPDX-License-Identifier: MIT

#include "src/cli/campaign/campaign_folder.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>

#include "fuzz/harness/sha1.h"
#include "pxdfuzz/base/read_file.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/case/case_text.h"
#include "src/cli/output.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

constexpr size_t kTailBytes = 64 * 1024;
// More than the size of any file of a finding.
constexpr size_t kProbeBytes = 64 * 1024;
constexpr std::string_view kOwnWords = "pxdfuzz: ";
constexpr std::string_view kStatsDraft = "stats.json.";

absl::Status CannotRead(const fs::path& path, int error) {
  return absl::UnavailableError(
      Concat({path.string(), ": cannot be read: ", std::strerror(error)}));
}

// The end of a file, from the beginning of a line.
std::string Tail(const fs::path& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  const auto size = static_cast<size_t>(std::max<int64_t>(0, in.tellg()));
  const size_t from = size > kTailBytes ? size - kTailBytes : 0;
  in.seekg(static_cast<std::streamoff>(from));
  std::string text{std::istreambuf_iterator<char>(in), {}};
  return from == 0 ? text : text.substr(text.find('\n') + 1);
}

std::vector<fs::path> FilesIn(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (auto it = fs::directory_iterator(folder, error);
       !error && it != fs::directory_iterator(); it.increment(error)) {
    if (it->is_regular_file(error)) files.push_back(it->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool BeginsWith(const fs::path& path, std::string_view prefix) {
  return path.filename().string().starts_with(prefix);
}

// Whether a file whose name contains the SHA-1 of its content, with "crash-" or
// similar before it, has other content: the disk was full, or the engine was
// killed while it wrote.
bool IsCutShort(const fs::path& file) {
  constexpr size_t kDigits = 40;
  const std::string name = file.filename().string();
  if (name.size() < kDigits) return false;
  const std::string hash = name.substr(name.size() - kDigits);
  return hash.find_first_not_of("0123456789abcdef") == hash.npos &&
         access(file.c_str(), R_OK) == 0 &&
         Sha1Hex(Bytes(ReadFile(file).value_or(""))) != hash;
}

// "AddressSanitizer.heap-buffer-overflow.Walk", from the line with which a
// sanitizer or an engine ends its report. Usable as a file name.
std::string CrashName(std::string_view log) {
  constexpr std::string_view kBegin = "SUMMARY: ";
  const size_t at = log.rfind(kBegin);
  if (at == log.npos) return "unknown";
  std::string_view line = log.substr(at + kBegin.size());
  line = line.substr(0, line.find('\n'));
  // "TOOL: KIND PLACE in FUNCTION"; places differ between builds.
  std::vector<std::string> words;
  std::istringstream in{std::string(line)};
  for (std::string word; in >> word;) {
    if (word.find('/') == word.npos) words.push_back(word);
  }
  std::string name;
  for (const std::string& word : words) {
    if (word == "in") continue;
    if (!name.empty()) name += '.';
    for (const char c : word) {
      const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                         (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
      if (plain) name += c;
    }
    if (name.size() > 80) break;
  }
  return name;
}

// Makes a folder with these files, all or none.
absl::Status MakeFinding(
    const fs::path& place, const fs::path& draft,
    std::initializer_list<std::pair<std::string_view, std::string_view>>
        files) {
  std::error_code error;
  fs::remove_all(draft, error);
  fs::create_directories(draft, error);
  for (const auto& [name, text] : files) {
    if (absl::Status status =
            WriteFile((draft / name).string(), text, /*force=*/true);
        !status.ok()) {
      fs::remove_all(draft, error);
      return status;
    }
  }
  fs::rename(draft, place, error);
  if (!error) return absl::OkStatus();
  return absl::UnavailableError(
      Concat({place.string(), ": cannot be made: ", error.message()}));
}

absl::Status AddUnreadable(const fs::path& folder,
                           std::vector<std::string>& files) {
  std::error_code error;
  std::vector<fs::path> folders;
  for (auto it = fs::directory_iterator(folder, error);
       !error && it != fs::directory_iterator(); it.increment(error)) {
    std::error_code ignored;
    if (it->is_symlink(ignored) || !it->is_directory(ignored)) {
      if (it->is_regular_file(ignored) && access(it->path().c_str(), R_OK) != 0)
        files.push_back(it->path().string());
    } else if (!BeginsWith(it->path(), ".")) {
      folders.push_back(it->path());
    }
  }
  if (error) return CannotRead(folder, error.value());
  for (const fs::path& below : folders) {
    if (absl::Status status = AddUnreadable(below, files); !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::string CampaignFolder::Path(std::string_view name) const {
  return Concat({path_, "/", name});
}

std::string CampaignFolder::LogOf(std::string_view job) const {
  return Path(Concat({"log/", job, ".log"}));
}

absl::StatusOr<bool> CampaignFolder::IsAsGoodAsEmpty() const {
  std::error_code error;
  if (!fs::exists(path_, error)) return true;
  auto it = fs::recursive_directory_iterator(path_, error);
  for (; !error && it != fs::recursive_directory_iterator();
       it.increment(error)) {
    std::error_code ignored;
    if (!it->is_directory(ignored) && !BeginsWith(it->path(), kStatsDraft)) {
      return false;
    }
  }
  if (error) return CannotRead(path_, error.value());
  return true;
}

absl::Status CampaignFolder::Make() const {
  for (const char* name : {"corpus", "findings", "log"}) {
    const std::string folder = Path(name);
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) {
      return absl::UnavailableError(
          Concat({folder, ": cannot be made: ", error.message()}));
    }
    if (access(folder.c_str(), R_OK | W_OK | X_OK) != 0) {
      return absl::UnavailableError(Concat(
          {folder, ": cannot be read and written: ", std::strerror(errno)}));
    }
  }
  return absl::OkStatus();
}

size_t CampaignFolder::RemoveUnfinished() const {
  std::error_code error;
  std::vector<fs::path> drafts;
  for (const fs::path& file : FilesIn(path_)) {
    if (BeginsWith(file, kStatsDraft)) drafts.push_back(file);
  }
  for (const auto& entry : fs::directory_iterator(Path("findings"), error)) {
    if (BeginsWith(entry.path(), ".new-")) drafts.push_back(entry.path());
    for (const fs::path& file : FilesIn(entry.path())) {
      if (BeginsWith(file, "count.")) drafts.push_back(file);
    }
  }
  size_t cut_short = 0;
  for (const char* folder : {"corpus", "log"}) {
    for (const fs::path& file : FilesIn(Path(folder))) {
      const bool is_cut_short = IsCutShort(file);
      cut_short += is_cut_short;
      if (is_cut_short || file.extension() == ".stats") drafts.push_back(file);
    }
  }
  for (const fs::path& draft : drafts) fs::remove_all(draft, error);
  return cut_short;
}

absl::StatusOr<std::vector<std::string>> CampaignFolder::KeepCrashes(
    const std::string& job) const {
  std::vector<std::string> signatures;
  const std::string prefix = Concat({job, "."});
  for (const fs::path& file : FilesIn(Path("log"))) {
    const std::string name = file.filename().string();
    if (!name.starts_with(prefix) || file.extension() == ".log" ||
        file.extension() == ".stats" || name.ends_with(".new")) {
      continue;
    }
    std::error_code error;
    if (IsCutShort(file)) {
      fs::remove(file, error);
      continue;
    }
    const std::string log = Tail(LogOf(job));
    // "crash" of "job-1.crash-0a1b".
    const std::string kind = name.substr(
        prefix.size(), name.find('-', prefix.size()) - prefix.size());
    const std::string signature = Concat({kind, ".", CrashName(log)});
    const fs::path place = Path(Concat({"findings/", signature}));
    signatures.push_back(signature);
    if (!fs::exists(place, error)) {
      const std::string bytes = ReadFile(file).value_or("");
      const Case c = Decode(Bytes(bytes));
      const size_t report = log.rfind("\n==");
      if (absl::Status status = MakeFinding(
              place, Path(Concat({"findings/.new-", signature})),
              {{"input", bytes},
               {"case.yaml", c.empty() ? "# the empty case\n" : ToText(c)},
               {"report.txt", std::string_view(log).substr(
                                  report == log.npos ? 0 : report + 1)}});
          !status.ok()) {
        return status;
      }
    }
    fs::remove(file, error);
  }
  return signatures;
}

absl::StatusOr<std::vector<std::string>> CampaignFolder::KeepAllCrashes()
    const {
  std::vector<std::string> all;
  for (const fs::path& file : FilesIn(Path("log"))) {
    if (file.extension() != ".log") continue;
    const auto signatures = KeepCrashes(file.stem().string());
    if (!signatures.ok()) return signatures;
    all.insert(all.end(), signatures->begin(), signatures->end());
  }
  return all;
}

absl::Status CampaignFolder::CollectQueues() const {
  std::error_code error;
  for (const auto& of_job : fs::directory_iterator(Path("afl"), error)) {
    for (const fs::path& file : FilesIn(of_job.path() / "queue")) {
      const std::string bytes = ReadFile(file).value_or("");
      // Named by its content, so that it exists once.
      const std::string name = Concat({"corpus/", Sha1Hex(Bytes(bytes))});
      if (fs::exists(Path(name), error)) continue;
      if (absl::Status status = WriteFile(Path(name), bytes, /*force=*/true);
          !status.ok()) {
        return status;
      }
    }
  }
  return absl::OkStatus();
}

std::vector<std::string> CampaignFolder::Findings() const {
  std::vector<std::string> signatures;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(Path("findings"), error)) {
    if (BeginsWith(entry.path(), ".")) continue;
    signatures.push_back(entry.path().filename().string());
  }
  return signatures;
}

std::string CampaignFolder::LastLineOf(std::string_view job) const {
  std::istringstream in(Tail(LogOf(job)));
  std::string last;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) last = line;
  }
  return last.empty() ? "it printed nothing" : last;
}

std::string CampaignFolder::WhyNothingIsKept(std::string_view job) const {
  const std::string words = LastLineOf(job);
  if (Tail(LogOf(job)).ends_with('\n') && words.starts_with(kOwnWords)) {
    return words.substr(kOwnWords.size());
  }
  // The job could not report the reason; this process gets the same error.
  const std::string probe = Path("findings/.new-probe");
  const absl::Status status =
      WriteFile(probe, std::string(kProbeBytes, ' '), /*force=*/true);
  std::error_code error;
  fs::remove(probe, error);
  return Concat({Path("findings"), ": a finding could not be kept",
                 status.ok() ? "" : "; ", std::string(status.message())});
}

absl::StatusOr<std::vector<std::string>> UnreadableFiles(
    const std::string& folder) {
  std::vector<std::string> files;
  if (absl::Status status = AddUnreadable(folder, files); !status.ok()) {
    return status;
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace pxdfuzz
