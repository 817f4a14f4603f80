// SPDX-License-Identifier: MIT

#include "kernel/slice/kconfig.h"

#include <algorithm>
#include <cstddef>

#include "kernel/slice/files.h"
#include "kernel/slice/tokens.h"

namespace pxdfuzz::slice {
namespace {

// Reads "||" of "&&" of "!" of symbols and parentheses.
class Condition {
 public:
  Condition(const std::vector<Token>& tokens, const ConfigSymbols& known)
      : tokens_(tokens), known_(known) {}

  bool Either() {
    bool holds = Both();
    while (Take("||")) holds |= Both();
    return holds;
  }

 private:
  bool Both() {
    bool holds = Single();
    while (Take("&&")) holds &= Single();
    return holds;
  }

  bool Single() {
    if (Take("!")) return !Single();
    if (Take("(")) {
      const bool holds = Either();
      Take(")");
      return holds;
    }
    if (at_ == tokens_.size()) return false;
    const Token& symbol = tokens_[at_++];
    bool compares = false;
    for (const std::string_view text : {"=", "!=", "<", ">", "<=", ">="}) {
      compares |= Take(text);
    }
    if (compares) {
      ++at_;
      return false;
    }
    return symbol.is("y") || known_.contains(symbol.text);
  }

  bool Take(std::string_view text) {
    if (at_ >= tokens_.size() || !tokens_[at_].is(text)) return false;
    ++at_;
    return true;
  }

  const std::vector<Token>& tokens_;
  const ConfigSymbols& known_;
  size_t at_ = 0;
};

// The first word of a line and what stands behind it.
std::pair<std::string_view, std::string_view> FirstWord(std::string_view line) {
  const size_t end = std::min(line.find_first_of(" \t"), line.size());
  return {line.substr(0, end), Stripped(line.substr(end))};
}

}  // namespace

bool Holds(std::string_view condition, const ConfigSymbols& known) {
  const std::vector<Token> tokens = Tokenize(condition);
  return Condition(tokens, known).Either();
}

std::vector<std::string> SelectedBy(std::string_view text,
                                    std::string_view symbol,
                                    ConfigSymbols known) {
  std::vector<std::string> selected;
  bool inside = false;
  for (const std::string_view line : LinesOf(text)) {
    const bool is_indented = line.starts_with(' ') || line.starts_with('\t');
    if (!is_indented && !line.empty() && line[0] != '#') {
      const auto [word, name] = FirstWord(line);
      inside = (word == "config" || word == "menuconfig") && name == symbol;
      continue;
    }
    const auto [word, rest] = FirstWord(Stripped(line));
    // What follows is text.
    if (word == "help" || word == "---help---") inside = false;
    if (!inside || word != "select") continue;
    const auto [name, condition] = FirstWord(rest);
    if (condition.starts_with("if ")) {
      const size_t comment = std::min(condition.find('#'), condition.size());
      if (!Holds(condition.substr(3, comment - 3), known)) continue;
    }
    selected.emplace_back(name);
    known.emplace(name);
  }
  return selected;
}

}  // namespace pxdfuzz::slice
