// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_INPUT_H_
#define PXDFUZZ_SRC_CLI_INPUT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pxdfuzz/case/case.h"

namespace pxdfuzz {

// The maximum input size, in bytes. A case has at most kMaxEncodedSize.
inline constexpr size_t kMaxInputSize = 64 * 1024;

// The name that stands for standard input.
inline constexpr char kStandardInput[] = "-";

// The content of a file, or of standard input. Errors are one line that begins
// with `path`.
absl::StatusOr<std::string> ReadInput(const std::string& path);

// The case in a file, or on standard input: bytes or text.
absl::StatusOr<Case> ReadCase(const std::string& path);

// `path` itself, or if it is a folder, the regular files at or below it,
// sorted. A folder without files is an error.
absl::StatusOr<std::vector<std::string>> FilesAt(const std::string& path);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_INPUT_H_
