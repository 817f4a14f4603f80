// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_TEXT_YAML_NODE_H_
#define PXDFUZZ_SRC_CLI_TEXT_YAML_NODE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace pxdfuzz {

// One value of a YAML document, and where it stands. A tree that owns all of
// itself: it is no deeper and no larger than its text.
struct YamlNode {
  enum class Kind { kNothing, kScalar, kList, kMapping };

  Kind kind = Kind::kNothing;
  // From 1.
  int line = 1;
  int column = 1;
  // Of a scalar: what it says, and whether it stands in quotes.
  std::string text;
  bool quoted = false;
  // Of a list its items; of a mapping its values, each with its key.
  std::vector<YamlNode> items;
  std::vector<YamlNode> keys;
};

// `what` with "NAME:LINE:COLUMN: " before it.
absl::Status YamlError(std::string_view name, const YamlNode& where,
                       std::string_view what);

// The one document that `text` holds. Errors are one line, as YamlError() makes
// them.
absl::StatusOr<YamlNode> ParseYaml(std::string_view text,
                                   std::string_view name);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_TEXT_YAML_NODE_H_
