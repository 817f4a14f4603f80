// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_CHECK_BUILD_LOCK_H_
#define PXDFUZZ_SRC_CLI_CHECK_BUILD_LOCK_H_

#include <string>

#include "absl/status/status.h"
#include "src/cli/check/steps.h"

namespace pxdfuzz {

// The folder with the copies of trees and the build, which commands share, one
// at a time.
class BuildLock {
 public:
  BuildLock() = default;
  BuildLock(const BuildLock&) = delete;
  BuildLock& operator=(const BuildLock&) = delete;
  ~BuildLock() { Release(); }

  // Makes the folder, and waits until no other process has it.
  absl::Status Take(const std::string& folder, Steps& steps);
  void Release();

 private:
  int descriptor_ = -1;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CHECK_BUILD_LOCK_H_
