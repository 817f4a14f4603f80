// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_BASE_TEXT_LINES_H_
#define PXDFUZZ_BASE_TEXT_LINES_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace pxdfuzz {

// How wide a text is unless told otherwise.
inline constexpr size_t kTextColumns = 80;

// "0x10080000000".
std::string Hex(uint64_t number);

// "2 GiB": `bytes` in the largest unit of which they are a multiple.
std::string ByteSize(uint64_t bytes);

// "12,345".
std::string Grouped(uint64_t number);

// "1 page", "2 pages".
std::string Plural(uint64_t count, std::string_view noun);

// All parts, one after the other.
std::string Concat(std::initializer_list<std::string_view> parts);

// Columns that UTF-8 takes where each character takes one.
size_t TextWidth(std::string_view text);

// "a, b and c".
std::string Enumerate(const std::vector<std::string>& items);

// How a terminal shows a line.
enum class LineStyle : uint8_t { kPlain, kTitle, kMarked };

// Text for a terminal, line by line.
class TextLines {
 public:
  // Without `color` there is no escape code; with it the text is the same but
  // for escape codes.
  explicit TextLines(bool color, size_t columns = kTextColumns)
      : color_(color), columns_(columns) {}

  // The longest that a line should be.
  size_t columns() const { return columns_; }

  // `line` as it is, however long.
  void Line(std::string_view line, LineStyle style = LineStyle::kPlain);
  // `text`, broken between words so that no line exceeds columns() unless a
  // single word does. The first line begins with `first`, all others with
  // `rest`.
  void Wrap(std::string_view first, std::string_view rest,
            std::string_view text, LineStyle style = LineStyle::kPlain);
  void Blank() { text_ += '\n'; }

  const std::string& text() const { return text_; }

 private:
  bool color_;
  size_t columns_;
  std::string text_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_BASE_TEXT_LINES_H_
