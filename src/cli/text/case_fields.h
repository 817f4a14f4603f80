// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_TEXT_CASE_FIELDS_H_
#define PXDFUZZ_SRC_CLI_TEXT_CASE_FIELDS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "src/cli/text/yaml_node.h"

namespace pxdfuzz {

// Text of the file in a message.
std::string Quoted(std::string_view text);
// "nothing", "a list", "a mapping", the text.
std::string Found(const YamlNode& node);
// The same of what should be a mapping with one key.
std::string FoundItem(const YamlNode& node);
// "pages, count or frame".
std::string AnyOf(const std::vector<std::string>& items);

// A whole number with its sign. Its magnitude may be of 64 bits.
struct Number {
  bool negative = false;
  uint64_t magnitude = 0;
};

// Decimal, or hexadecimal after 0x. A 0 before other digits means eight times
// as much to some readers of YAML as to others, so nothing is made of it.
std::optional<Number> ParseNumber(std::string_view text);

// Reads fields of a text. The first error ends it: every function returns false
// then, and so do all that called it.
class FieldReader {
 public:
  // `name` is that of the file and outlives the object.
  explicit FieldReader(std::string_view name) : name_(name) {}

  const absl::Status& status() const { return status_; }

 protected:
  using Keys = std::vector<std::string>;
  // Values of the keys that were asked for, in their order; null where an
  // optional one is missing.
  using Fields = std::vector<const YamlNode*>;

  bool ok() const { return status_.ok(); }

  bool Fail(const YamlNode& where, std::string_view what);

  bool CannotSay(const YamlNode& where, std::string_view key,
                 std::string_view found, std::string_view nearest);

  // What is looked for in a mapping: all of `required`, any of `optional`.
  Fields FieldsOf(const YamlNode& node, std::string_view what,
                  const Keys& required, const Keys& optional);

  // A list of `least` to `most` items.
  bool ListOf(const YamlNode& node, std::string_view what, size_t least,
              size_t most);

  // A number from `least` to `most`, which are what a case can say.
  bool NumberIn(const YamlNode& node, std::string_view key, int64_t least,
                int64_t most, int64_t& value);

  // Any word of 64 bits.
  bool Word(const YamlNode& node, std::string_view key, uint64_t& value);

  static std::optional<Number> AsNumber(const YamlNode& node);

  bool ReadCount(const YamlNode& node, uint16_t most, uint16_t& count);

  // A part of the text of `whole`, as if it stood there alone.
  static YamlNode At(const YamlNode& whole, std::string_view part);

 private:
  const std::string_view name_;
  absl::Status status_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_TEXT_CASE_FIELDS_H_
