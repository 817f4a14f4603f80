// SPDX-License-Identifier: MIT

#include "kernel/slice/plain_reads.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "kernel/slice/tokens.h"

namespace pxdfuzz::slice {
namespace {

// Whether the token is one of these, between blanks.
bool IsOneOf(const Token& token, std::string_view tokens) {
  return tokens.find(" " + std::string(token.text) + " ") != tokens.npos;
}

// Before a parenthesis: what is inside is not read, or noted already.
constexpr std::string_view kUnread =
    " & typeof __typeof __typeof__ sizeof _Alignof __alignof__ _Generic "
    "__builtin_choose_expr __builtin_types_compatible_p __builtin_constant_p ";
// Before a * that reads. Behind a name, a number or a closing bracket it
// multiplies or declares.
constexpr std::string_view kBefore =
    " ( [ { } ; = ! ~ ? : return + - | ^ < > && || == != <= >= << >> ";
// Behind what is read. Others write it, or take it for an address.
constexpr std::string_view kBehind =
    " ) ] } , ; ? : + - * / % & | ^ < > && || == != <= >= << >> ";

struct Bracket {
  bool is_brace = false;
  bool is_read = true;
};

}  // namespace

std::string NotePlainReads(std::string_view text,
                           std::span<const std::string_view> files) {
  const std::vector<Token> tokens = Tokenize(text);
  std::vector<Bracket> open;
  std::string out;
  size_t copied = 0;
  for (size_t i = 0; i + 2 < tokens.size(); ++i) {
    const Token& token = tokens[i];
    if (token.opens()) {
      const bool outer = open.empty() || open.back().is_read;
      open.push_back(
          {.is_brace = token.is("{"),
           .is_read = outer && !(i > 0 && IsOneOf(tokens[i - 1], kUnread))});
    } else if (token.closes()) {
      if (!open.empty()) open.pop_back();
    } else if (token.is("*") && !open.empty() && open.front().is_brace &&
               open.back().is_read &&
               std::find(files.begin(), files.end(), token.file) !=
                   files.end()) {
      // Between declarators a comma is in no parenthesis.
      const bool is_argument = tokens[i - 1].is(",") && !open.back().is_brace;
      const bool is_call = tokens[i + 2].is(")") && i + 3 < tokens.size() &&
                           tokens[i + 3].is("(");
      if (!tokens[i + 1].is_word() || is_call ||
          !(is_argument || IsOneOf(tokens[i - 1], kBefore)) ||
          !IsOneOf(tokens[i + 2], kBehind)) {
        continue;
      }
      const std::string_view name = tokens[i + 1].text;
      const auto begin = static_cast<size_t>(name.data() - text.data());
      out.append(text, copied, begin - copied);
      copied = begin + name.size();
      const std::string p(name);
      out += "(__typeof__(&*" + p + "))pxd_plain_read(" + p + ", _Generic((*" +
             p +
             "), pte_t: 0, pmd_t: 1, pud_t: 2, p4d_t: 3, pgd_t: 4, default: "
             "-1), __FILE__, __LINE__)";
    }
  }
  return out.append(text, copied);
}

}  // namespace pxdfuzz::slice
