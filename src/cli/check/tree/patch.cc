// SPDX-License-Identifier: MIT

#include "src/cli/check/tree/patch.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string_view>
#include <system_error>

#include "absl/strings/numbers.h"
#include "fuzz/harness/sha1.h"
#include "pxdfuzz/base/read_file.h"
#include "pxdfuzz/base/text_lines.h"
#include "src/cli/check/tree/run_command.h"
#include "src/cli/input.h"
#include "src/cli/output.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

constexpr size_t kHashDigits = 16;

// "Subject: ...": a mail without the line "From " in front.
bool BeginsWithHeader(std::string_view text) {
  const size_t end = text.find_first_of(": \n");
  return end != text.npos && end > 0 && text.substr(end).starts_with(": ") &&
         std::all_of(text.begin(), text.begin() + end, [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '-';
         });
}

bool HasDiff(std::string_view text) {
  return (text.starts_with("--- ") || text.find("\n--- ") != text.npos) &&
         text.find("\n+++ ") != text.npos && text.find("\n@@ ") != text.npos;
}

// The diffs of the mails in `file`, decoded.
absl::StatusOr<std::string> DiffsOfMails(const std::string& file,
                                         const fs::path& scratch) {
  const absl::StatusOr<CommandResult> split = RunCommand(
      {.words = {"git", "mailsplit", "-b", "-o" + scratch.string(), file}});
  if (!split.ok()) return split.status();
  if (!split->ok()) return absl::UnavailableError(split->Reason());
  std::vector<fs::path> mails;
  for (const auto& entry : fs::directory_iterator(scratch)) {
    if (entry.path() != file) mails.push_back(entry.path());
  }
  std::sort(mails.begin(), mails.end());
  std::string diffs;
  for (const fs::path& mail : mails) {
    const std::string body = (scratch / "body").string();
    const std::string diff = (scratch / "diff").string();
    const absl::StatusOr<CommandResult> info = RunCommand(
        {.words = {"git", "mailinfo", body, diff}, .input = mail.string()});
    if (!info.ok()) return info.status();
    if (!info->ok()) return absl::UnavailableError(info->Reason());
    diffs += ReadFile(diff).value_or("");
  }
  return diffs;
}

absl::StatusOr<std::string> DiffOf(const std::string& text,
                                   const fs::path& scratch) {
  if (!text.starts_with("From ") && !BeginsWithHeader(text)) return text;
  std::error_code error;
  fs::remove_all(scratch, error);
  fs::create_directories(scratch, error);
  // Behind all names that git mailsplit gives.
  const std::string file = (scratch / "mails").string();
  if (absl::Status status = WriteFile(file, text, /*force=*/true);
      !status.ok()) {
    return status;
  }
  absl::StatusOr<std::string> diffs = DiffsOfMails(file, scratch);
  fs::remove_all(scratch, error);
  return diffs;
}

absl::StatusOr<std::string> TextOf(const std::string& file) {
  if (file != kStandardInput) {
    std::optional<std::string> text = ReadFile(file);
    if (text.has_value()) return *std::move(text);
    return absl::InvalidArgumentError(
        Concat({"--patch=", file, ": there is no such file"}));
  }
  return std::string(std::istreambuf_iterator<char>(std::cin), {});
}

// "@@ -10,2 +12,3 @@": the lines of the new file.
void AddHunk(std::string_view line, std::set<int>& lines) {
  const size_t at = line.find(" +");
  if (at == line.npos) return;
  std::string_view numbers = line.substr(at + 2);
  numbers = numbers.substr(0, numbers.find(' '));
  const size_t comma = numbers.find(',');
  int first = 0;
  int count = 1;
  if (!absl::SimpleAtoi(std::string(numbers.substr(0, comma)), &first)) return;
  if (comma != numbers.npos &&
      !absl::SimpleAtoi(std::string(numbers.substr(comma + 1)), &count)) {
    return;
  }
  if (count == 0) lines.insert(first + 1);
  for (int i = 0; i < count; ++i) lines.insert(first + i);
}

}  // namespace

absl::StatusOr<Patch> ReadPatch(const std::string& file,
                                const std::string& scratch) {
  const std::string name = file == kStandardInput ? "standard input" : file;
  const absl::StatusOr<std::string> text = TextOf(file);
  if (!text.ok()) return text.status();
  absl::StatusOr<std::string> diff = DiffOf(*text, scratch);
  if (!diff.ok()) {
    return absl::InvalidArgumentError(
        Concat({name, ": is no mail that can be read: ",
                std::string(diff.status().message())}));
  }
  if (!HasDiff(*diff)) {
    return absl::InvalidArgumentError(Concat(
        {name, ": holds no patch; a diff, a mail or an mbox is wanted"}));
  }
  return Patch{.name = name,
               .is_file = file != kStandardInput,
               .hash = Sha1Hex(Bytes(*diff)).substr(0, kHashDigits),
               .diff = *std::move(diff)};
}

absl::StatusOr<std::vector<std::string>> ApplyPatch(
    const Patch& patch, const std::string& tree,
    const std::vector<std::string>& parts) {
  const std::string file = tree + ".diff";
  if (absl::Status status = WriteFile(file, patch.diff, /*force=*/true);
      !status.ok()) {
    return status;
  }
  CommandLine command = {
      .words = {"git", "apply", "--numstat", "-z"},
      .folder = tree,
      // Outside of this repository, or git would take its paths for ours.
      .environment = {
          {"GIT_CEILING_DIRECTORIES", fs::path(tree).parent_path().string()}}};
  for (const std::string& part : parts) {
    command.words.push_back("--include=" + part);
    command.words.push_back("--include=" + part + "/*");
  }
  command.words.push_back(file);
  const absl::StatusOr<CommandResult> listed = RunCommand(command);
  absl::StatusOr<CommandResult> applied = listed;
  if (listed.ok() && listed->ok() && !listed->out.empty()) {
    command.words.erase(command.words.begin() + 2, command.words.begin() + 4);
    applied = RunCommand(command);
  }
  std::error_code ignored;
  fs::remove(file, ignored);
  if (!applied.ok()) return applied.status();
  if (!applied->ok()) {
    return absl::UnavailableError(
        Concat({patch.name, " does not apply: ", applied->Reason()}));
  }
  // "1\t2\tmm/gup.c\0"
  std::set<std::string> files;
  std::istringstream in(listed->out);
  for (std::string row; std::getline(in, row, '\0');) {
    files.insert(row.substr(row.rfind('\t') + 1));
  }
  return std::vector<std::string>(files.begin(), files.end());
}

absl::StatusOr<std::map<std::string, std::vector<ChangedPlace>>> ChangedPlaces(
    const std::string& base, const std::string& tree,
    const std::vector<std::string>& files) {
  std::map<std::string, std::vector<ChangedPlace>> changed;
  for (const std::string& file : files) {
    const auto in = [&file](const std::string& folder) {
      const std::string path = folder + "/" + file;
      std::error_code error;
      return fs::exists(path, error) ? path : std::string("/dev/null");
    };
    const absl::StatusOr<CommandResult> diff =
        RunCommand({.words = {"git", "diff", "--no-index", "--no-color",
                              "--no-ext-diff", "-U0", in(base), in(tree)}});
    if (!diff.ok()) return diff.status();
    std::istringstream lines(diff->out);
    for (std::string line; std::getline(lines, line);) {
      std::vector<ChangedPlace>& places = changed[file];
      if (line.starts_with("@@ ")) {
        AddHunk(line, places.emplace_back().lines);
      } else if (!places.empty()) {
        places.back().text += line.substr(1) + "\n";
      }
    }
  }
  return changed;
}

}  // namespace pxdfuzz
