// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_FUZZ_HARNESS_JSON_OBJECT_H_
#define PXDFUZZ_FUZZ_HARNESS_JSON_OBJECT_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace pxdfuzz {

// Builds the text of a JSON object, member by member. Fuzz targets link nothing
// but the standard library, so they cannot use a JSON library.
class JsonObject {
 public:
  void Add(std::string_view key, uint64_t number) {
    AddMember(key, std::to_string(number));
  }
  void Add(std::string_view key, std::string_view text) {
    AddMember(key, Quoted(text));
  }
  void Add(std::string_view key, const JsonObject& object) {
    AddMember(key, object.ToText());
  }
  // Leaves out an object without members.
  void AddUnlessEmpty(std::string_view key, const JsonObject& object) {
    if (!object.members_.empty()) Add(key, object);
  }

  std::string ToText() const { return '{' + members_ + '}'; }

 private:
  void AddMember(std::string_view key, std::string_view value) {
    if (!members_.empty()) members_ += ", ";
    members_ += Quoted(key);
    members_ += ": ";
    members_ += value;
  }

  // A string literal in ASCII. Other bytes become U+FFFD.
  static std::string Quoted(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string quoted = "\"";
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\') {
        quoted += '\\';
        quoted += c;
      } else if (byte >= 0x80) {
        quoted += "\\ufffd";
      } else if (byte < ' ') {
        quoted += "\\u00";
        quoted += kDigits[byte >> 4];
        quoted += kDigits[byte & 15];
      } else {
        quoted += c;
      }
    }
    return quoted + '"';
  }

  std::string members_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_FUZZ_HARNESS_JSON_OBJECT_H_
