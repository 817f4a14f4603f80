// SPDX-License-Identifier: MIT

// pxdfuzz decode, pxdfuzz encode, pxdfuzz migrate.

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "absl/status/status.h"
#include "fuzz/harness/sha1.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/engine/finding.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/tables/inconclusive.h"
#include "src/cli/commands.h"
#include "src/cli/input.h"
#include "src/cli/output.h"
#include "src/cli/text/case_reader.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

std::span<const uint8_t> AsBytes(std::string_view content) {
  return {reinterpret_cast<const uint8_t*>(content.data()), content.size()};
}

std::string EncodedBytes(const Case& c) {
  std::array<uint8_t, kMaxEncodedSize> bytes;
  const size_t size = Encode(c, bytes);
  return {bytes.begin(), bytes.begin() + size};
}

absl::Status Error(std::string_view path, std::string_view what) {
  return absl::FailedPreconditionError(Concat({path, ": ", what}));
}

// The text with version 2 for 1, which has a line of its own. Nothing if there
// is no such line.
std::optional<std::string> WithNewVersion(std::string_view text) {
  constexpr std::string_view kOld = "version: 1";
  for (size_t at = 0; at != text.npos && at < text.size();) {
    const std::string_view line = text.substr(at);
    const std::string_view rest =
        line.substr(std::min(kOld.size(), line.size()));
    if (line.starts_with(kOld) &&
        (rest.empty() || rest.find_first_of(" \r\n") == 0)) {
      std::string changed(text);
      changed.replace(at, kOld.size(), "version: 2");
      return changed;
    }
    at = text.find('\n', at);
    if (at != text.npos) ++at;
  }
  return std::nullopt;
}

// What the model's walks make of it.
std::string JudgementOf(const Case& c) {
  static Oracle& oracle = *new Oracle();
  const Verdict& verdict = oracle.Judge(c, WalkSet::All(), Waivers::kNone);
  return Concat({std::to_string(static_cast<int>(verdict.kind)), " ",
                 Describe(verdict.inconclusive), " ",
                 verdict.finding.has_value() ? Name(*verdict.finding) : ""});
}

enum class Migration { kDone, kIsNew, kIsNoCase };

// Writes the new content, and takes away the old file if its name was made of
// its content.
absl::Status Replace(const std::string& path, const std::string& before,
                     const std::string& after) {
  const std::string old_hash = Sha1Hex(AsBytes(before));
  if (!path.ends_with(old_hash)) return WriteFile(path, after, /*force=*/true);
  const std::string renamed =
      path.substr(0, path.size() - old_hash.size()) + Sha1Hex(AsBytes(after));
  if (absl::Status status = WriteFile(renamed, after, /*force=*/true);
      !status.ok()) {
    return status;
  }
  std::error_code error;
  if (fs::remove(path, error) && !error) return absl::OkStatus();
  return Error(path, Concat({"cannot be removed: ", error.message()}));
}

absl::StatusOr<Migration> Migrate(const std::string& path) {
  const absl::StatusOr<std::string> before = ReadInput(path);
  if (!before.ok()) return before.status();
  const bool is_text = IsCaseText(*before);
  absl::StatusOr<Case> c = Decode(AsBytes(*before));
  if (is_text) c = ReadCaseText(*before, path);
  if (!c.ok()) return c.status();
  if (c->empty()) return Migration::kIsNoCase;
  std::string after;
  absl::StatusOr<Case> again;
  if (is_text) {
    const std::optional<std::string> changed = WithNewVersion(*before);
    if (!changed.has_value()) return Migration::kIsNew;
    after = *changed;
    again = ReadCaseText(after, path);
    if (!again.ok()) return again.status();
  } else {
    if (before->front() != static_cast<char>(kFormatVersion1)) {
      return Migration::kIsNew;
    }
    after = EncodedBytes(*c);
    again = Decode(AsBytes(after));
  }
  if (*again != *c || JudgementOf(*again) != JudgementOf(*c)) {
    return Error(path, "would mean another case in version 2; left as it is");
  }
  const absl::Status replaced = Replace(path, *before, after);
  if (!replaced.ok()) return replaced;
  return Migration::kDone;
}

}  // namespace

int RunMigrate(const Arguments& arguments, Output& out) {
  std::array<uint64_t, 3> counts{};
  int code = kNothingFound;
  for (const std::string& operand : arguments.operands) {
    const absl::StatusOr<std::vector<std::string>> files = FilesAt(operand);
    if (!files.ok()) {
      PrintError(files.status());
      code = kUnreadable;
      continue;
    }
    const bool is_file = files->size() == 1 && files->front() == operand;
    for (const std::string& file : *files) {
      absl::StatusOr<Migration> done = Migrate(file);
      // A folder holds other texts too.
      if (!is_file && absl::IsInvalidArgument(done.status())) {
        done = Migration::kIsNoCase;
      }
      if (!done.ok()) {
        PrintError(done.status());
        code = kUnreadable;
      } else {
        ++counts[static_cast<size_t>(*done)];
      }
    }
  }
  if (counts == std::array<uint64_t, 3>{}) return code;
  out.Write(Concat({Plural(counts[0], "case"), " migrated, ",
                    std::to_string(counts[1]), " of version 2 before, ",
                    Plural(counts[2], "file"), " without a case\n"}));
  if (counts[0] + counts[1] == 0 && code == kNothingFound) {
    PrintError("migrate: there is no case in these files");
    return kFailed;
  }
  return code;
}

int RunDecode(const Arguments& arguments, Output& out) {
  const absl::StatusOr<Case> c = ReadCase(arguments.operands[0]);
  if (!c.ok()) {
    PrintError(c.status());
    return kUnreadable;
  }
  return WriteResult(ToText(*c), arguments, kNothingFound, out);
}

int RunEncode(const Arguments& arguments, Output& out) {
  if (!arguments.Has("--output") && out.is_terminal()) {
    PrintError("encode: bytes are not for a terminal; name a file: -o OUT");
    return kUsage;
  }
  const absl::StatusOr<Case> c = ReadCase(arguments.operands[0]);
  if (!c.ok()) {
    PrintError(c.status());
    return kUnreadable;
  }
  return WriteResult(EncodedBytes(*c), arguments, kNothingFound, out);
}

}  // namespace pxdfuzz
