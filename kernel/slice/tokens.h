// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_KERNEL_SLICE_TOKENS_H_
#define PXDFUZZ_KERNEL_SLICE_TOKENS_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace pxdfuzz::slice {

// A token of preprocessed C, and where the line markers say that it stands.
struct Token {
  enum class Kind : uint8_t { kWord, kString, kNumber, kSymbol };

  std::string_view text;
  Kind kind = Kind::kSymbol;
  std::string_view file;
  int line = 0;

  bool is(std::string_view other) const { return text == other; }
  bool is_word() const { return kind == Kind::kWord; }
  bool opens() const {
    return kind == Kind::kSymbol && (is("(") || is("[") || is("{"));
  }
  bool closes() const {
    return kind == Kind::kSymbol && (is(")") || is("]") || is("}"));
  }
};

using Tokens = std::span<const Token>;

// Views into `text`, which outlives the result. Line markers and pragmas are no
// tokens.
std::vector<Token> Tokenize(std::string_view text);

}  // namespace pxdfuzz::slice

#endif  // PXDFUZZ_KERNEL_SLICE_TOKENS_H_
