// SPDX-License-Identifier: MIT

#include "src/cli/check/build_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "pxdfuzz/base/text_lines.h"
#include "src/cli/interrupt.h"

namespace pxdfuzz {

absl::Status BuildLock::Take(const std::string& folder, Steps& steps) {
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  const std::string file = folder + "/lock";
  descriptor_ = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) {
    return absl::UnavailableError(
        Concat({file, ": cannot be opened: ", std::strerror(errno)}));
  }
  if (flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return absl::OkStatus();
  steps.Begin("waiting for another build");
  while (flock(descriptor_, LOCK_EX) != 0) {
    if (IsInterrupted()) return absl::CancelledError("interrupted");
  }
  steps.End();
  return absl::OkStatus();
}

void BuildLock::Release() {
  if (descriptor_ >= 0) close(descriptor_);
  descriptor_ = -1;
}

}  // namespace pxdfuzz
