// SPDX-License-Identifier: MIT

#include "src/cli/output.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "pxdfuzz/base/environment.h"
#include "pxdfuzz/base/text_lines.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

// 0, or the error's number.
int WriteAll(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return 0;
}

absl::Status WriteError(std::string_view name, int error) {
  return absl::UnavailableError(
      Concat({name, ": cannot be written: ", std::strerror(error)}));
}

absl::Status ExistsError(std::string_view path) {
  return absl::AlreadyExistsError(
      Concat({path, ": exists; --force replaces it"}));
}

// Gives the draft its name: atomically, and without `force` only if nothing has
// that name yet.
int Publish(const std::string& draft, const std::string& path, bool force) {
  if (!force) {
    if (link(draft.c_str(), path.c_str()) == 0) {
      unlink(draft.c_str());
      return 0;
    }
    // Some file systems do not have links; the check that nothing has that name
    // was before.
    if (errno != EPERM && errno != ENOTSUP && errno != ENOSYS) return errno;
  }
  return rename(draft.c_str(), path.c_str()) == 0 ? 0 : errno;
}

}  // namespace

void Output::Write(std::string_view bytes) {
  if (closed_) return;
  const int error = WriteAll(STDOUT_FILENO, bytes);
  if (error == 0) return;
  closed_ = true;
  if (error != EPIPE) status_ = WriteError("standard output", error);
}

bool Output::is_terminal() const { return isatty(STDOUT_FILENO) != 0; }

bool Output::color() const {
  return Environment::Read().HasColor(STDOUT_FILENO);
}

absl::Status WriteFile(const std::string& path, std::string_view bytes,
                       bool force) {
  std::error_code error;
  std::string target = path;
  if (fs::exists(path, error)) {
    if (!fs::is_regular_file(path, error)) {
      return absl::InvalidArgumentError(
          Concat({path, ": is no regular file, and is left as it is"}));
    }
    if (!force) return ExistsError(path);
    // A link stays a link: its target is replaced.
    const fs::path real = fs::canonical(path, error);
    if (!error) target = real.string();
  }
  std::string draft = target + ".XXXXXX";
  const int descriptor = mkstemp(draft.data());
  if (descriptor < 0) return WriteError(path, errno);
  // mkstemp() restricts a file to its owner; this file gets the usual mode.
  const mode_t mask = umask(0);
  umask(mask);
  int failed = fchmod(descriptor, 0666 & ~mask) == 0 ? 0 : errno;
  if (failed == 0) failed = WriteAll(descriptor, bytes);
  if (close(descriptor) != 0 && failed == 0) failed = errno;
  if (failed == 0) failed = Publish(draft, target, force);
  if (failed == 0) return absl::OkStatus();
  unlink(draft.c_str());
  return failed == EEXIST ? ExistsError(path) : WriteError(path, failed);
}

}  // namespace pxdfuzz
