// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_TEXT_CASE_FIELDS_H_
#define PXDFUZZ_SRC_CLI_TEXT_CASE_FIELDS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "pxdfuzz/base/text_lines.h"
#include "src/cli/text/yaml_node.h"

namespace pxdfuzz {

// Text from the file for a message.
std::string Quoted(std::string_view text);
// "nothing", "a list", "a mapping", the text.
std::string Found(const YamlNode& node);
// The same for what should be a mapping with one key.
std::string FoundItem(const YamlNode& node);
// "pages, count or frame".
std::string AnyOf(const std::vector<std::string>& items);

// A whole number with its sign. Its magnitude may be of 64 bits.
struct Number {
  bool negative = false;
  uint64_t magnitude = 0;
};

// Decimal, or hexadecimal after 0x. Some YAML parsers read a number with a
// leading 0 as octal, others do not, so it is refused.
std::optional<Number> ParseNumber(std::string_view text);

// Reads fields of a text. The first error ends it: then every function returns
// false, and so do its callers.
class FieldReader {
 public:
  // `name` is the file's name and must outlive the object.
  explicit FieldReader(std::string_view name) : name_(name) {}

  const absl::Status& status() const { return status_; }

 protected:
  using Keys = std::vector<std::string>;
  // Values of the requested keys, in their order; null for a missing optional
  // key.
  using Fields = std::vector<const YamlNode*>;

  bool ok() const { return status_.ok(); }

  bool Fail(const YamlNode& where, std::string_view what);

  bool CannotSay(const YamlNode& where, std::string_view key,
                 std::string_view found, std::string_view nearest);

  // What a mapping must contain: all of `required`, any of `optional`.
  Fields FieldsOf(const YamlNode& node, std::string_view what,
                  const Keys& required, const Keys& optional);

  // A list of `least` to `most` items.
  bool ListOf(const YamlNode& node, std::string_view what, size_t least,
              size_t most);

  // A number from `least` to `most`, the range that a case allows.
  bool NumberIn(const YamlNode& node, std::string_view key, int64_t least,
                int64_t most, int64_t& value);

  // Any word of 64 bits.
  bool Word(const YamlNode& node, std::string_view key, uint64_t& value);

  static std::optional<Number> AsNumber(const YamlNode& node);

  // Whether the node is the name of one of `values`, which `value` is then.
  template <class T, size_t kCount>
  static bool IsOneOf(const YamlNode& node, const std::array<T, kCount>& values,
                      T& value) {
    if (node.kind != YamlNode::Kind::kScalar) return false;
    for (const T known : values) {
      if (node.text != Name(known)) continue;
      value = known;
      return true;
    }
    return false;
  }

  // The same, of a field `key` that cannot be anything else.
  template <class T, size_t kCount>
  bool ReadOneOf(const YamlNode& node, std::string_view key,
                 const std::array<T, kCount>& values, T& value) {
    if (IsOneOf(node, values, value)) return true;
    std::vector<std::string> names;
    for (const T known : values) names.emplace_back(Name(known));
    return Fail(node, Concat({key, ": found ", Found(node), "; should be ",
                              AnyOf(names)}));
  }

  bool ReadCount(const YamlNode& node, uint16_t most, uint16_t& count);

  // A part of the text of `whole`, as if it were a separate node.
  static YamlNode At(const YamlNode& whole, std::string_view part);

 private:
  const std::string_view name_;
  absl::Status status_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_TEXT_CASE_FIELDS_H_
