// SPDX-License-Identifier: MIT

#include "pxdfuzz/base/text_lines.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace pxdfuzz {

std::string Hex(uint64_t number) {
  std::array<char, 2 * sizeof(number)> digits{};
  const auto [end, error] =
      std::to_chars(digits.data(), digits.data() + digits.size(), number, 16);
  return "0x" + std::string(digits.data(), end);
}

std::string ByteSize(uint64_t bytes) {
  constexpr std::array<std::string_view, 7> kUnits = {
      "bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  size_t unit = 0;
  while (unit + 1 < kUnits.size() && bytes != 0 && bytes % 1024 == 0) {
    bytes /= 1024;
    ++unit;
  }
  return Concat({std::to_string(bytes), " ", kUnits[unit]});
}

std::string Grouped(uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string Plural(uint64_t count, std::string_view noun) {
  return Concat({std::to_string(count), " ", noun, count == 1 ? "" : "s"});
}

std::string Concat(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text += part;
  return text;
}

size_t TextWidth(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char byte) {
        return (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
      }));
}

std::string ShellWord(std::string_view word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
      "%+,-./:=@_";
  if (!word.empty() && word.find_first_not_of(kPlain) == word.npos) {
    return std::string(word);
  }
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + '\'';
}

std::string Excerpt(std::string_view bytes, size_t longest) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string excerpt = "'";
  for (const char c : bytes.substr(0, longest)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      excerpt += "\\n";
    } else if (c == '\\' || c == '\'') {
      excerpt += '\\';
      excerpt += c;
    } else if (byte < ' ' || byte > '~') {
      excerpt += "\\x";
      excerpt += kDigits[byte >> 4];
      excerpt += kDigits[byte & 15];
    } else {
      excerpt += c;
    }
  }
  return excerpt + (bytes.size() > longest ? "...'" : "'");
}

std::vector<std::string> WrapWords(std::string_view first,
                                   std::string_view rest, std::string_view text,
                                   size_t columns, LongWords long_words) {
  std::vector<std::string> lines = {std::string(first)};
  bool has_word = false;
  const auto begin_line = [&] {
    lines.emplace_back(rest);
    has_word = false;
  };
  while (!text.empty()) {
    const size_t end = text.find(' ');
    std::string_view word = text.substr(0, end);
    text = end == text.npos ? "" : text.substr(end + 1);
    if (word.empty()) continue;
    if (has_word && TextWidth(lines.back()) + 1 + TextWidth(word) > columns) {
      begin_line();
    }
    if (has_word) lines.back() += ' ';
    while (long_words == LongWords::kCut && lines.back().size() < columns &&
           lines.back().size() + word.size() > columns) {
      const size_t fits = columns - lines.back().size();
      lines.back() += word.substr(0, fits);
      word.remove_prefix(fits);
      begin_line();
    }
    lines.back() += word;
    has_word = true;
  }
  return lines;
}

std::string Enumerate(const std::vector<std::string>& items) {
  std::string text;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) text += i + 1 == items.size() ? " and " : ", ";
    text += items[i];
  }
  return text;
}

void TextLines::Line(std::string_view line, LineStyle style) {
  constexpr std::array<std::string_view, 3> kCodes = {"", "\x1b[1m",
                                                      "\x1b[31m"};
  const bool styled = color_ && style != LineStyle::kPlain;
  if (styled) text_ += kCodes[static_cast<size_t>(style)];
  text_ += line;
  if (styled) text_ += "\x1b[0m";
  text_ += '\n';
}

void TextLines::Wrap(std::string_view first, std::string_view rest,
                     std::string_view text, LineStyle style) {
  for (const std::string& line : WrapWords(first, rest, text, columns_)) {
    Line(line, style);
  }
}

}  // namespace pxdfuzz
