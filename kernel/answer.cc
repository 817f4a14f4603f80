// SPDX-License-Identifier: MIT

#include "kernel/answer.h"

#include <array>
#include <charconv>
#include <utility>

namespace pxdfuzz {
namespace {

constexpr std::array<std::string_view, 5> kEnds = {"returned", "refused",
                                                   "malformed", "fault", "bug"};

// Takes lines and words off the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool done() const { return text_.empty(); }
  std::string_view Line() { return Take('\n'); }
  std::string_view Word() { return Take(' '); }
  std::string_view rest() const { return text_; }

 private:
  std::string_view Take(char end) {
    const size_t at = text_.find(end);
    const std::string_view taken = text_.substr(0, at);
    text_.remove_prefix(at == std::string_view::npos ? text_.size() : at + 1);
    return taken;
  }
  std::string_view text_;
};

template <class Number>
bool ReadNumber(std::string_view word, Number& number) {
  int base = 10;
  if (word.starts_with("0x")) {
    word.remove_prefix(2);
    base = 16;
  }
  const auto [end, error] =
      std::from_chars(word.data(), word.data() + word.size(), number, base);
  return error == std::errc() && end == word.data() + word.size() &&
         !word.empty();
}

std::string HexWord(uint64_t number) {
  std::array<char, 16> digits;
  const auto [end, error] =
      std::to_chars(digits.data(), digits.data() + digits.size(), number, 16);
  return "0x" + std::string(digits.data(), end);
}

bool ReadRead(Scanner words, KernelRead& read) {
  const std::string_view name = words.Word();
  bool known = false;
  for (const Level level : kAllLevels) {
    if (Name(level) != name) continue;
    read.level = level;
    known = true;
  }
  const std::string_view where = words.Word();
  if (where == "table") {
    uint64_t physical = 0;
    known &= ReadNumber(words.Word(), physical);
    read.physical = physical;
  } else {
    known &= where == "stack" && ReadNumber(words.Word(), read.above_copy);
  }
  known &= ReadNumber(words.Word(), read.value);
  read.file = words.Word();
  return known && ReadNumber(words.Word(), read.line) && words.done();
}

}  // namespace

std::string ToLines(const KernelText& text) {
  return "name " + text.name + "\nversion " + text.version + "\ncut " +
         text.cut + "\narch " + text.arch + "\nvariant " + text.variant + '\n';
}

std::optional<KernelText> TextFromLines(std::string_view lines) {
  KernelText text;
  Scanner scanner(lines);
  for (const auto& [key, value] : {std::pair("name", &text.name),
                                   {"version", &text.version},
                                   {"cut", &text.cut},
                                   {"arch", &text.arch},
                                   {"variant", &text.variant}}) {
    Scanner line(scanner.Line());
    if (line.Word() != key || line.done()) return std::nullopt;
    *value = line.rest();
  }
  if (!scanner.done()) return std::nullopt;
  return text;
}

std::string ToLines(const KernelAnswer& answer) {
  std::string text =
      "request " + std::string(kEnds[static_cast<size_t>(answer.end)]);
  if (!answer.bug.empty()) text += ' ' + answer.bug;
  text += '\n';
  if (!answer.finding.empty()) text += "finding " + answer.finding + '\n';
  if (!answer.pages.empty()) {
    text += "pages";
    for (const uint64_t page : answer.pages) text += ' ' + HexWord(page);
    text += '\n';
  }
  for (const KernelRead& read : answer.reads) {
    text += "read " + std::string(Name(read.level));
    text += read.physical.has_value()
                ? " table " + HexWord(*read.physical)
                : " stack " + std::to_string(read.above_copy);
    text += ' ' + HexWord(read.value) + ' ' + read.file + ' ' +
            std::to_string(read.line) + '\n';
  }
  return text + "end\n";
}

std::optional<KernelAnswer> AnswerFromLines(std::string_view lines) {
  KernelAnswer answer;
  Scanner scanner(lines);
  Scanner first(scanner.Line());
  if (first.Word() != "request") return std::nullopt;
  const std::string_view end = first.Word();
  bool known = false;
  for (size_t i = 0; i < kEnds.size(); ++i) {
    if (kEnds[i] != end) continue;
    answer.end = static_cast<KernelAnswer::End>(i);
    known = true;
  }
  if (!known) return std::nullopt;
  answer.bug = first.rest();
  while (!scanner.done()) {
    Scanner line(scanner.Line());
    const std::string_view key = line.Word();
    if (key == "end") {
      if (!line.done() || !scanner.done()) return std::nullopt;
      return answer;
    }
    if (key == "finding") {
      answer.finding = line.rest();
    } else if (key == "pages") {
      while (!line.done()) {
        uint64_t page = 0;
        if (!ReadNumber(line.Word(), page)) return std::nullopt;
        answer.pages.push_back(page);
      }
    } else if (key == "read") {
      if (!ReadRead(line, answer.reads.emplace_back())) return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace pxdfuzz
