// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_TEXT_YAML_NODE_H_
#define PXDFUZZ_SRC_CLI_TEXT_YAML_NODE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace pxdfuzz {

// One value of a YAML document, and its position. The tree owns its values: it
// is no deeper and no larger than its text.
struct YamlNode {
  enum class Kind { kNothing, kScalar, kList, kMapping };

  Kind kind = Kind::kNothing;
  // From 1.
  int line = 1;
  int column = 1;
  // For a scalar: its text, and whether it is quoted.
  std::string text;
  bool quoted = false;
  // For a list its items; for a mapping its values, each with its key.
  std::vector<YamlNode> items;
  std::vector<YamlNode> keys;
};

// `what` with "NAME:LINE:COLUMN: " before it.
absl::Status YamlError(std::string_view name, const YamlNode& where,
                       std::string_view what);

// The single document in `text`. Errors are one line, as from YamlError().
absl::StatusOr<YamlNode> ParseYaml(std::string_view text,
                                   std::string_view name);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_TEXT_YAML_NODE_H_
