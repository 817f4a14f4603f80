// SPDX-License-Identifier: MIT

#include "src/cli/input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <span>
#include <string_view>
#include <system_error>

#include "absl/status/status.h"
#include "pxdfuzz/base/text_lines.h"
#include "src/cli/text/case_reader.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

absl::Status Error(std::string_view name, std::string_view what) {
  return absl::InvalidArgumentError(Concat({name, ": ", what}));
}

absl::Status ReadError(std::string_view name, int error) {
  return Error(name, Concat({"cannot be read: ", std::strerror(error)}));
}

// Up to the end of `descriptor`, or to one byte more than the limit.
absl::StatusOr<std::string> ReadAll(int descriptor, std::string_view name) {
  std::string bytes;
  std::array<char, 16 * 1024> buffer;
  while (bytes.size() <= kMaxInputSize) {
    const ssize_t got = read(descriptor, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ReadError(name, errno);
    if (got == 0) return bytes;
    bytes.append(buffer.data(), static_cast<size_t>(got));
  }
  return Error(name, Concat({"is larger than ", ByteSize(kMaxInputSize),
                             ", the most that is read; a case has at most ",
                             std::to_string(kMaxEncodedSize), " bytes"}));
}

std::string NameOf(const std::string& path) {
  return path == kStandardInput ? "standard input" : path;
}

}  // namespace

absl::StatusOr<std::string> ReadInput(const std::string& path) {
  if (path == kStandardInput) return ReadAll(STDIN_FILENO, NameOf(path));
  // Non-blocking: a FIFO without a writer must not block the program.
  const int descriptor =
      open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) return ReadError(path, errno);
  struct stat status = {};
  absl::StatusOr<std::string> bytes;
  if (fstat(descriptor, &status) != 0) {
    bytes = ReadError(path, errno);
  } else if (S_ISDIR(status.st_mode)) {
    bytes = Error(path, "is a folder; name a file");
  } else if (!S_ISREG(status.st_mode)) {
    bytes = Error(path, "is no regular file; '-' reads standard input");
  } else {
    bytes = ReadAll(descriptor, path);
  }
  close(descriptor);
  return bytes;
}

absl::StatusOr<Case> ReadCase(const std::string& path) {
  const absl::StatusOr<std::string> bytes = ReadInput(path);
  if (!bytes.ok()) return bytes.status();
  if (IsCaseText(*bytes)) return ReadCaseText(*bytes, NameOf(path));
  return Decode(std::span(reinterpret_cast<const uint8_t*>(bytes->data()),
                          bytes->size()));
}

absl::StatusOr<std::vector<std::string>> FilesAt(const std::string& path) {
  std::error_code error;
  if (path == kStandardInput || !fs::is_directory(path, error)) {
    return std::vector{path};
  }
  std::vector<std::string> files;
  for (auto it = fs::recursive_directory_iterator(path, error);
       !error && it != fs::recursive_directory_iterator();
       it.increment(error)) {
    std::error_code unreadable;
    if (it->is_regular_file(unreadable)) files.push_back(it->path().string());
  }
  if (error) return Error(path, Concat({"cannot be read: ", error.message()}));
  if (files.empty()) return Error(path, "is a folder without files");
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace pxdfuzz
