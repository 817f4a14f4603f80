// SPDX-License-Identifier: MIT

#include "kernel/slice/tokens.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace pxdfuzz::slice {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsWordStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         c == '$';
}

// Longer ones first.
constexpr std::array<std::string_view, 23> kSymbols = {
    "...", "<<=", ">>=", "->", "++", "--", "<<", ">>", "+=", "-=", "*=", "/=",
    "%=",  "&=",  "|=",  "^=", "!=", "<=", ">=", "==", "&&", "||", "##"};

class Tokenizer {
 public:
  explicit Tokenizer(std::string_view text) : text_(text) {}

  std::vector<Token> Run() {
    bool line_begins = true;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\n') {
        ++line_;
        ++at_;
        line_begins = true;
      } else if (c == ' ' || c == '\t' || c == '\f' || c == '\v' || c == '\r') {
        ++at_;
      } else if (c == '#' && line_begins) {
        ReadDirective();
      } else {
        line_begins = false;
        ReadToken();
      }
    }
    return std::move(tokens_);
  }

 private:
  char At(size_t at) const { return at < text_.size() ? text_[at] : '\n'; }

  // "# 12 "file" 1 3" or "#line 12 "file"", with its end of line; else it is a
  // pragma and means nothing here.
  void ReadDirective() {
    const size_t end = std::min(text_.find('\n', at_), text_.size());
    size_t at = text_.find_first_not_of(" \t", at_ + 1);
    if (text_.substr(at, 5) == "line ") at += 5;
    if (at >= end || !IsDigit(text_[at])) {
      at_ = end;
      return;
    }
    int line = 0;
    for (; IsDigit(At(at)); ++at) line = line * 10 + (text_[at] - '0');
    const size_t open = text_.find('"', at);
    if (open < end) {
      const size_t close = text_.rfind('"', end);
      file_ = text_.substr(open + 1, close - open - 1);
    }
    // The end of this line counts itself.
    line_ = line - 1;
    at_ = end;
  }

  void ReadToken() {
    const char c = text_[at_];
    const size_t quote = PrefixOfLiteral();
    if (quote != std::string_view::npos) {
      ReadLiteral(quote);
    } else if (IsWordStart(c)) {
      size_t end = at_ + 1;
      while (IsWordStart(At(end)) || IsDigit(At(end))) ++end;
      Add(Token::Kind::kWord, end);
    } else if (IsDigit(c) || (c == '.' && IsDigit(At(at_ + 1)))) {
      ReadNumber();
    } else {
      Add(Token::Kind::kSymbol, at_ + SymbolSize());
    }
  }

  // The position of the quote that a literal begins with, behind "u8" and the
  // like.
  size_t PrefixOfLiteral() const {
    size_t at = at_;
    if (text_.substr(at, 2) == "u8") {
      at += 2;
    } else if (At(at) == 'u' || At(at) == 'U' || At(at) == 'L') {
      ++at;
    }
    return At(at) == '"' || At(at) == '\'' ? at : std::string_view::npos;
  }

  void ReadLiteral(size_t quote) {
    size_t end = quote + 1;
    while (At(end) != text_[quote] && At(end) != '\n') {
      end += At(end) == '\\' ? 2 : 1;
    }
    Add(text_[quote] == '"' ? Token::Kind::kString : Token::Kind::kNumber,
        std::min(end + 1, text_.size()));
  }

  void ReadNumber() {
    size_t end = at_ + 1;
    while (true) {
      const char c = At(end);
      const bool exponent = c == 'e' || c == 'E' || c == 'p' || c == 'P';
      if (exponent && (At(end + 1) == '+' || At(end + 1) == '-')) {
        end += 2;
      } else if (IsWordStart(c) || IsDigit(c) || c == '.') {
        ++end;
      } else {
        break;
      }
    }
    Add(Token::Kind::kNumber, end);
  }

  size_t SymbolSize() const {
    for (const std::string_view symbol : kSymbols) {
      if (text_.substr(at_, symbol.size()) == symbol) return symbol.size();
    }
    return 1;
  }

  void Add(Token::Kind kind, size_t end) {
    tokens_.push_back({text_.substr(at_, end - at_), kind, file_, line_});
    at_ = end;
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string_view file_;
  int line_ = 1;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> Tokenize(std::string_view text) {
  return Tokenizer(text).Run();
}

}  // namespace pxdfuzz::slice
