// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_TEXT_CASE_READER_H_
#define PXDFUZZ_SRC_CLI_TEXT_CASE_READER_H_

#include <cstddef>
#include <string_view>

#include "absl/status/statusor.h"
#include "pxdfuzz/case/case.h"

namespace pxdfuzz {

// The maximum size of a text, in bytes. The canonical text of the largest case
// has less than a tenth of that.
inline constexpr size_t kMaxTextSize = 64 * 1024;

// The case that a text represents: the inverse of ToText(). Any YAML spelling
// is allowed: block or flow style, numbers decimal or hexadecimal, keys in any
// order, comments. Anchors, aliases and tags are not allowed.
//
// `Encode` can represent every accepted case. Anything else is an error of one
// line, "FILE:LINE:COLUMN: what was found; what would be right", where FILE is
// `name` and lines and columns count from 1.
absl::StatusOr<Case> ReadCaseText(std::string_view text, std::string_view name);

// Whether `bytes` look like the text of a case and not like its bytes, of which
// the first is the format's version.
bool IsCaseText(std::string_view bytes);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_TEXT_CASE_READER_H_
