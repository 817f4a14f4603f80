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

// The default width of text, in columns.
inline constexpr size_t kTextColumns = 80;

// "0x10080000000".
std::string Hex(uint64_t number);

// "2 GiB": `bytes` in the largest unit of which they are a multiple.
std::string ByteSize(uint64_t bytes);

// "12,345".
std::string Grouped(uint64_t number);

// "1 page", "2 pages".
std::string Plural(uint64_t count, std::string_view noun);

// Concatenates all parts.
std::string Concat(std::initializer_list<std::string_view> parts);

// Columns that UTF-8 takes where each character takes one.
size_t TextWidth(std::string_view text);

// A word quoted for a shell, if necessary.
std::string ShellWord(std::string_view word);

// The beginning of any bytes for a message, in quotes: one line of printable
// ASCII, at most `longest` characters.
std::string Excerpt(std::string_view bytes, size_t longest = 60);

// What to do with a word that is longer than a line.
enum class LongWords : uint8_t { kKeep, kCut };

// `text`, broken between words so that no line exceeds `columns`. The first
// line begins with `first`, all others with `rest`.
std::vector<std::string> WrapWords(std::string_view first,
                                   std::string_view rest, std::string_view text,
                                   size_t columns,
                                   LongWords long_words = LongWords::kKeep);

// "a, b and c".
std::string Enumerate(const std::vector<std::string>& items);

// How a terminal shows a line.
enum class LineStyle : uint8_t { kPlain, kTitle, kMarked };

// Builds text for a terminal, line by line.
class TextLines {
 public:
  // Without `color` there are no escape codes; otherwise the text is the same.
  explicit TextLines(bool color, size_t columns = kTextColumns)
      : color_(color), columns_(columns) {}

  // The longest line that wrapping should make, in columns.
  size_t columns() const { return columns_; }

  // Adds `line` unchanged, whatever its length.
  void Line(std::string_view line, LineStyle style = LineStyle::kPlain);
  // Adds the lines of WrapWords().
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
