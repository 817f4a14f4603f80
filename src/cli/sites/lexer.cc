// SPDX-License-Identifier: MIT

#include "src/cli/sites/lexer.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <utility>

namespace pxdfuzz {
namespace {

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  std::vector<Token> Run() {
    while (at_ < source_.size()) Step();
    if (in_define_) Add(TokenKind::kEndDefine, {});
    return std::move(tokens_);
  }

 private:
  bool At(std::string_view text) const {
    return source_.substr(at_).starts_with(text);
  }
  // The length of a backslash and the end of its line, or 0.
  size_t Splice() const {
    if (At("\\\n")) return 2;
    return At("\\\r\n") ? 3 : 0;
  }
  void Add(TokenKind kind, std::string_view text) {
    tokens_.push_back({kind, text, line_});
  }

  void Step() {
    const char c = source_[at_];
    if (const size_t splice = Splice(); splice > 0) {
      at_ += splice;
      ++line_;
    } else if (c == '\n') {
      if (in_define_) Add(TokenKind::kEndDefine, {});
      in_define_ = false;
      line_begins_ = true;
      ++line_;
      ++at_;
    } else if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      ++at_;
    } else if (At("/*") || At("//")) {
      SkipComment();
    } else if (c == '#' && line_begins_) {
      Directive();
    } else {
      line_begins_ = false;
      AddToken();
    }
  }

  void SkipComment() {
    if (At("//")) {
      while (at_ < source_.size() && source_[at_] != '\n') {
        if (const size_t splice = Splice(); splice > 0) {
          at_ += splice;
          ++line_;
        } else {
          ++at_;
        }
      }
      return;
    }
    const size_t end = source_.find("*/", at_ + 2);
    const size_t next = end == source_.npos ? source_.size() : end + 2;
    line_ += static_cast<int>(
        std::count(source_.begin() + static_cast<ptrdiff_t>(at_),
                   source_.begin() + static_cast<ptrdiff_t>(next), '\n'));
    at_ = next;
  }

  // The content between quotes, at most to the end of the line: in text that
  // the compiler skips an apostrophe need not have a partner.
  void AddQuoted(char quote) {
    const size_t begin = at_++;
    while (at_ < source_.size() && source_[at_] != '\n') {
      if (const size_t splice = Splice(); splice > 0) {
        at_ += splice;
        ++line_;
        continue;
      }
      const char c = source_[at_++];
      if (c == quote) break;
      if (c == '\\' && at_ < source_.size()) ++at_;
    }
    Add(TokenKind::kValue, source_.substr(begin, at_ - begin));
  }

  void AddToken() {
    const char c = source_[at_];
    if (c == '"' || c == '\'') return AddQuoted(c);
    const size_t begin = at_;
    if (IsWordCharacter(c)) {
      while (at_ < source_.size() && IsWordCharacter(source_[at_])) ++at_;
      Add(std::isdigit(static_cast<unsigned char>(c)) != 0 ? TokenKind::kValue
                                                           : TokenKind::kWord,
          source_.substr(begin, at_ - begin));
      return;
    }
    // Operators that must not become two.
    for (const std::string_view mark : {"->", "++", "+=", "==", "&&"}) {
      if (!At(mark)) continue;
      Add(TokenKind::kMark, source_.substr(at_, mark.size()));
      at_ += mark.size();
      return;
    }
    Add(TokenKind::kMark, source_.substr(at_++, 1));
  }

  std::string_view NextWord() {
    while (at_ < source_.size() &&
           (source_[at_] == ' ' || source_[at_] == '\t')) {
      ++at_;
    }
    const size_t begin = at_;
    while (at_ < source_.size() && IsWordCharacter(source_[at_])) ++at_;
    return source_.substr(begin, at_ - begin);
  }

  void Directive() {
    ++at_;
    line_begins_ = false;
    const std::string_view name = NextWord();
    if (name == "define") {
      Add(TokenKind::kDefine, NextWord());
      in_define_ = true;
      return;
    }
    if (name.starts_with("if")) Add(TokenKind::kIf, name);
    if (name.starts_with("el")) Add(TokenKind::kElse, name);
    if (name == "endif") Add(TokenKind::kEndif, name);
    // The rest does not matter, and may be anything (#error).
    while (at_ < source_.size() && source_[at_] != '\n') {
      if (const size_t splice = Splice(); splice > 0) {
        at_ += splice;
        ++line_;
      } else if (At("/*")) {
        SkipComment();
      } else {
        ++at_;
      }
    }
  }

  std::string_view source_;
  size_t at_ = 0;
  int line_ = 1;
  bool line_begins_ = true;
  bool in_define_ = false;
  std::vector<Token> tokens_;
};

}  // namespace

bool IsWordCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

std::vector<Token> Tokenize(std::string_view source) {
  return Lexer(source).Run();
}

}  // namespace pxdfuzz
