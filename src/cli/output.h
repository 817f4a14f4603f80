// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_OUTPUT_H_
#define PXDFUZZ_SRC_CLI_OUTPUT_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace pxdfuzz {

// Standard output. A reader that has gone away is no error: what is written
// after that goes nowhere.
class Output {
 public:
  void Write(std::string_view bytes);

  bool is_terminal() const;
  // Whether text may have escape codes (Environment::color).
  bool color() const;

  // What went wrong first, one line.
  const absl::Status& status() const { return status_; }

 private:
  bool closed_ = false;
  absl::Status status_;
};

// Writes a file that is there whole or not at all. An existing file is replaced
// only where `force` says so. Errors are one line that begins with `path`.
absl::Status WriteFile(const std::string& path, std::string_view bytes,
                       bool force);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_OUTPUT_H_
