// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_SITES_LEXER_H_
#define PXDFUZZ_SRC_CLI_SITES_LEXER_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace pxdfuzz {

enum class TokenKind : uint8_t {
  kWord,    // an identifier or a keyword
  kMark,    // an operator or a bracket
  kValue,   // a number, a string or a character
  kIf,      // #if, #ifdef, #ifndef
  kElse,    // #else, #elif
  kEndif,   // #endif
  kDefine,  // #define: the name; the body follows up to kEndDefine
  kEndDefine,
};

struct Token {
  TokenKind kind = TokenKind::kMark;
  std::string_view text;
  int line = 0;

  bool Is(std::string_view mark) const {
    return kind == TokenKind::kMark && text == mark;
  }
  bool IsWord() const { return kind == TokenKind::kWord; }
};

using Tokens = std::span<const Token>;

// Whether identifiers and numbers of C consist of such characters.
bool IsWordCharacter(char c);

// Splits a C source into tokens. Leaves out comments, and directives that are
// not needed.
std::vector<Token> Tokenize(std::string_view source);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_SITES_LEXER_H_
