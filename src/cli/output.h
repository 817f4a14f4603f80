// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_OUTPUT_H_
#define PXDFUZZ_SRC_CLI_OUTPUT_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace pxdfuzz {

// Standard output. If the reader has closed it, this is not an error: further
// output is discarded.
class Output {
 public:
  void Write(std::string_view bytes);

  bool is_terminal() const;
  // Whether text may have escape codes (Environment::color).
  bool color() const;

  // The first error, one line.
  const absl::Status& status() const { return status_; }

 private:
  bool closed_ = false;
  absl::Status status_;
};

// Writes a file completely or not at all. Replaces an existing file only with
// `force`. Errors are one line that begins with `path`.
absl::Status WriteFile(const std::string& path, std::string_view bytes,
                       bool force);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_OUTPUT_H_
