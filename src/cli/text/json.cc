// SPDX-License-Identifier: MIT

#include "src/cli/text/json.h"

#include <cstddef>
#include <cstdint>

namespace pxdfuzz {
namespace {

constexpr uint32_t kReplacement = 0xfffd;

// The character at the start of `text`, which is not empty, and its bytes.
uint32_t FirstCharacter(std::string_view text, size_t& size) {
  const auto byte = [&text](size_t i) {
    return static_cast<unsigned char>(text[i]);
  };
  size = 1;
  const uint32_t first = byte(0);
  if (first < 0x80) return first;
  size_t more = 0;
  uint32_t least = 0;
  if (first >= 0xc0 && first < 0xe0) {
    more = 1;
    least = 0x80;
  } else if (first >= 0xe0 && first < 0xf0) {
    more = 2;
    least = 0x800;
  } else if (first >= 0xf0 && first < 0xf8) {
    more = 3;
    least = 0x10000;
  } else {
    return kReplacement;
  }
  if (text.size() <= more) return kReplacement;
  uint32_t character = first & (0x3fu >> more);
  for (size_t i = 1; i <= more; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return kReplacement;
    character = character << 6 | (byte(i) & 0x3fu);
  }
  const bool surrogate = character >= 0xd800 && character < 0xe000;
  if (character < least || surrogate || character > 0x10ffff) {
    return kReplacement;
  }
  size = more + 1;
  return character;
}

void AddUnit(uint32_t unit, std::string& out) {
  constexpr char kDigits[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) {
    out += kDigits[unit >> shift & 0xf];
  }
}

}  // namespace

std::string JsonString(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    size_t size = 0;
    const uint32_t character = FirstCharacter(text, size);
    text.remove_prefix(size);
    if (character == '"' || character == '\\') {
      out += '\\';
      out += static_cast<char>(character);
    } else if (character >= ' ' && character < 0x7f) {
      out += static_cast<char>(character);
    } else if (character < 0x10000) {
      AddUnit(character, out);
    } else {
      AddUnit(0xd800 + ((character - 0x10000) >> 10), out);
      AddUnit(0xdc00 + ((character - 0x10000) & 0x3ff), out);
    }
  }
  return out + '"';
}

}  // namespace pxdfuzz
