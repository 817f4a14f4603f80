// SPDX-License-Identifier: MIT

#include "src/cli/text/case_fields.h"

#include <algorithm>
#include <limits>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/report/words.h"

namespace pxdfuzz {

std::string Quoted(std::string_view text) { return Excerpt(text, 40); }

std::string Found(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNothing:
      return "nothing";
    case YamlNode::Kind::kList:
      return "a list";
    case YamlNode::Kind::kMapping:
      return "a mapping";
    case YamlNode::Kind::kScalar:
      break;
  }
  return Concat({node.quoted ? "the text " : "", Quoted(node.text)});
}

std::string FoundItem(const YamlNode& node) {
  return node.kind == YamlNode::Kind::kMapping
             ? Concat({"a mapping with ", Plural(node.keys.size(), "key")})
             : Found(node);
}

std::string AnyOf(const std::vector<std::string>& items) {
  std::string text;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) text += i + 1 == items.size() ? " or " : ", ";
    text += items[i];
  }
  return text;
}

std::optional<Number> ParseNumber(std::string_view text) {
  Number number;
  if (text.starts_with('-') || text.starts_with('+')) {
    number.negative = text[0] == '-';
    text.remove_prefix(1);
  }
  uint64_t base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text[0] == '0') {
    return std::nullopt;
  }
  if (text.empty()) return std::nullopt;
  for (const char c : text) {
    uint64_t digit = base;
    if (c >= '0' && c <= '9') digit = static_cast<uint64_t>(c - '0');
    if (c >= 'a' && c <= 'f') digit = static_cast<uint64_t>(c - 'a') + 10;
    if (c >= 'A' && c <= 'F') digit = static_cast<uint64_t>(c - 'A') + 10;
    if (digit >= base) return std::nullopt;
    constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
    if (number.magnitude > (kMax - digit) / base) return std::nullopt;
    number.magnitude = number.magnitude * base + digit;
  }
  if (number.magnitude == 0) number.negative = false;
  return number;
}

bool FieldReader::Fail(const YamlNode& where, std::string_view what) {
  if (ok()) status_ = YamlError(name_, where, what);
  return false;
}

bool FieldReader::CannotSay(const YamlNode& where, std::string_view key,
                            std::string_view found, std::string_view nearest) {
  return Fail(where,
              Concat({key, ": found ", found,
                      ", which a case cannot say; the nearest is ", nearest}));
}

FieldReader::Fields FieldReader::FieldsOf(const YamlNode& node,
                                          std::string_view what,
                                          const Keys& required,
                                          const Keys& optional) {
  Keys all = required;
  all.insert(all.end(), optional.begin(), optional.end());
  Fields fields(all.size(), nullptr);
  if (node.kind != YamlNode::Kind::kMapping) {
    Fail(node, Concat({"found ", Found(node), "; ", what,
                       " is a mapping with the keys ", Enumerate(all)}));
    return fields;
  }
  for (size_t i = 0; i < node.keys.size(); ++i) {
    const YamlNode& key = node.keys[i];
    const auto known = std::find(all.begin(), all.end(), key.text);
    if (key.kind != YamlNode::Kind::kScalar || known == all.end()) {
      Fail(key, Concat({"found the key ", Found(key), "; the keys of ", what,
                        " are ", Enumerate(all)}));
      return fields;
    }
    const YamlNode*& field = fields[known - all.begin()];
    if (field != nullptr) {
      Fail(key, Concat({"found the key ", Quoted(key.text),
                        " a second time; it should be there once"}));
      return fields;
    }
    field = &node.items[i];
  }
  for (size_t i = 0; i < required.size(); ++i) {
    if (fields[i] != nullptr) continue;
    Fail(node, Concat({"found no key '", required[i], "'; ", what,
                       " has the keys ", Enumerate(required)}));
    return fields;
  }
  return fields;
}

bool FieldReader::ListOf(const YamlNode& node, std::string_view what,
                         size_t least, size_t most) {
  if (node.kind != YamlNode::Kind::kList) {
    return Fail(node,
                Concat({what, ": found ", Found(node), "; should be a list"}));
  }
  if (node.items.size() > most) {
    return Fail(node.items[most],
                Concat({what, ": found ", std::to_string(node.items.size()),
                        "; a case has at most ", std::to_string(most)}));
  }
  if (node.items.size() < least) {
    return Fail(node, Concat({what, ": found an empty list; should have ",
                              std::to_string(least), " to ",
                              std::to_string(most), " items"}));
  }
  return true;
}

bool FieldReader::NumberIn(const YamlNode& node, std::string_view key,
                           int64_t least, int64_t most, int64_t& value) {
  const std::optional<Number> number = AsNumber(node);
  if (!number.has_value()) {
    return Fail(
        node,
        Concat({key, ": found ", Found(node), "; should be a number from ",
                std::to_string(least), " to ", std::to_string(most)}));
  }
  constexpr uint64_t kLargest = std::numeric_limits<int32_t>::max();
  const auto cut = static_cast<int64_t>(std::min(number->magnitude, kLargest));
  const int64_t signed_value = number->negative ? -cut : cut;
  value = std::clamp(signed_value, least, most);
  if (value == signed_value) return true;
  return CannotSay(node, key, node.text, std::to_string(value));
}

bool FieldReader::Word(const YamlNode& node, std::string_view key,
                       uint64_t& value) {
  const std::optional<Number> number = AsNumber(node);
  if (!number.has_value() || number->negative) {
    return Fail(node, Concat({key, ": found ", Found(node),
                              "; should be a number from 0 to ",
                              Hex(std::numeric_limits<uint64_t>::max())}));
  }
  value = number->magnitude;
  return true;
}

std::optional<Number> FieldReader::AsNumber(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::kScalar || node.quoted) {
    return std::nullopt;
  }
  return ParseNumber(node.text);
}

bool FieldReader::ReadCount(const YamlNode& node, uint16_t most,
                            uint16_t& count) {
  int64_t number = 0;
  if (!NumberIn(node, "count", 1, most, number)) return false;
  count = static_cast<uint16_t>(number);
  return true;
}

YamlNode FieldReader::At(const YamlNode& whole, std::string_view part) {
  YamlNode node = whole;
  node.kind = YamlNode::Kind::kScalar;
  node.text = part;
  node.quoted = false;
  return node;
}

}  // namespace pxdfuzz
