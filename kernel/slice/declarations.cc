// SPDX-License-Identifier: MIT

#include "kernel/slice/declarations.h"

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <unordered_set>

namespace pxdfuzz::slice {
namespace {

using Kind = Declaration::Kind;

// Words that are no names.
bool IsKeyword(std::string_view word) {
  static const auto& words =
      *new std::unordered_set<std::string_view>{"if",
                                                "else",
                                                "for",
                                                "while",
                                                "do",
                                                "switch",
                                                "case",
                                                "default",
                                                "break",
                                                "continue",
                                                "return",
                                                "goto",
                                                "sizeof",
                                                "typeof",
                                                "__typeof__",
                                                "__typeof",
                                                "__typeof_unqual__",
                                                "typeof_unqual",
                                                "_Generic",
                                                "_Alignof",
                                                "__alignof__",
                                                "struct",
                                                "union",
                                                "enum",
                                                "static",
                                                "extern",
                                                "inline",
                                                "__inline",
                                                "__inline__",
                                                "const",
                                                "__const",
                                                "volatile",
                                                "__volatile__",
                                                "__volatile",
                                                "register",
                                                "void",
                                                "char",
                                                "short",
                                                "int",
                                                "long",
                                                "float",
                                                "double",
                                                "signed",
                                                "__signed__",
                                                "unsigned",
                                                "_Bool",
                                                "__int128",
                                                "typedef",
                                                "__attribute__",
                                                "__attribute",
                                                "__extension__",
                                                "asm",
                                                "__asm__",
                                                "__asm",
                                                "_Static_assert",
                                                "__builtin_offsetof",
                                                "__builtin_va_arg",
                                                "__restrict",
                                                "restrict",
                                                "_Alignas",
                                                "__auto_type",
                                                "auto",
                                                "_Noreturn"};
  return words.contains(word);
}

bool IsAggregate(std::string_view word) {
  return word == "struct" || word == "union" || word == "enum";
}

bool IsTypeof(std::string_view word) {
  return word == "typeof" || word == "__typeof__" || word == "__typeof";
}

// `tokens` without each of `names` and the parentheses behind it.
template <class Named>
std::vector<Token> WithoutGroups(Tokens tokens, Named named) {
  std::vector<Token> out;
  out.reserve(tokens.size());
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (!named(tokens[i].text) || i + 1 == tokens.size() ||
        !tokens[i + 1].is("(")) {
      out.push_back(tokens[i]);
      continue;
    }
    int depth = 0;
    while (++i < tokens.size()) {
      depth += tokens[i].is("(") ? 1 : tokens[i].is(")") ? -1 : 0;
      if (depth == 0) break;
    }
  }
  return out;
}

bool IsAttribute(std::string_view word) {
  return word == "__attribute__" || word == "__attribute" || word == "_Alignas";
}

// Whether the brace behind `before` begins a type or an initializer, and no
// function's body.
bool BeginsAggregate(Tokens before) {
  const std::vector<Token> plain = WithoutGroups(before, IsAttribute);
  int depth = 0;
  for (const Token& token : plain) {
    depth += token.opens() ? 1 : token.closes() ? -1 : 0;
    if (depth == 0 && token.is("=")) return true;
  }
  const size_t size = plain.size();
  return (size > 0 && IsAggregate(plain[size - 1].text)) ||
         (size > 1 && IsAggregate(plain[size - 2].text));
}

// Finds out what a declaration declares and uses.
class Analysis {
 public:
  Analysis(Tokens tokens, bool has_body)
      : plain_(WithoutGroups(tokens,
                             [](std::string_view word) {
                               return IsAttribute(word) || IsAsm(word) ||
                                      word == "_Static_assert";
                             })),
        limit_(has_body ? BodyOf(plain_) : plain_.size()),
        has_body_(has_body) {
    declaration_.tokens = tokens;
  }

  Declaration Run() {
    FindTypes();
    FindOutermost();
    if (IsTypedef()) {
      NameTypedef();
    } else {
      NameOthers();
    }
    FindKind();
    FindUses();
    return std::move(declaration_);
  }

 private:
  const Token& At(size_t i) const {
    static const Token kNone;
    return i < plain_.size() ? plain_[i] : kNone;
  }

  void FindTypes() {
    int depth = 0;
    for (size_t i = 0; i < limit_; ++i) {
      const Token& token = plain_[i];
      if (token.is("{")) {
        ++depth;
      } else if (token.is("}")) {
        --depth;
      } else if (depth > 0 && token.is_word()) {
        declaration_.fields.insert(token.text);
      }
      if (!IsAggregate(token.text)) continue;
      size_t open = i + 1;
      const bool has_tag = At(open).is_word();
      if (has_tag) ++open;
      if (open >= limit_ || !plain_[open].is("{")) continue;
      if (has_tag) declaration_.tags.insert(plain_[i + 1].text);
      if (token.is("enum")) FindEnumerators(open);
    }
  }

  void FindEnumerators(size_t open) {
    int depth = 0;
    bool expected = true;
    for (size_t i = open; i < limit_; ++i) {
      const Token& token = plain_[i];
      if (token.opens()) {
        ++depth;
      } else if (token.closes()) {
        if (--depth == 0) return;
      } else if (depth == 1 && token.is(",")) {
        expected = true;
      } else if (depth == 1 && expected && token.is_word()) {
        declaration_.names.insert(token.text);
        expected = false;
      }
    }
  }

  // The positions of tokens that stand in no parentheses.
  void FindOutermost() {
    int depth = 0;
    for (size_t i = 0; i < limit_; ++i) {
      if (plain_[i].closes()) --depth;
      if (depth == 0) outermost_.push_back(i);
      if (plain_[i].opens()) ++depth;
    }
  }

  bool IsTypedef() const {
    return At(0).is("typedef") ||
           (At(0).is("__extension__") && At(1).is("typedef"));
  }

  // "(*name" and, for typedefs, "(name)(": empty where it is neither.
  std::string_view PointerNameAt(size_t i) const {
    if (!At(i).is("(") || !At(i + 1).is("*")) return {};
    size_t at = i + 1;
    while (At(at).is("*") || At(at).is("const") || At(at).is("volatile")) ++at;
    return At(at).is_word() ? At(at).text : std::string_view();
  }

  void NameTypedef() {
    declaration_.kind = Kind::kTypedef;
    std::string_view name;
    for (const size_t i : outermost_) {
      if (i > 0 && IsTypeof(plain_[i - 1].text)) continue;
      name = PointerNameAt(i);
      if (name.empty() && At(i).is("(") && At(i + 1).is_word() &&
          !IsKeyword(At(i + 1).text) && At(i + 2).is(")") &&
          At(i + 3).is("(")) {
        name = At(i + 1).text;
      }
      if (!name.empty()) break;
    }
    if (name.empty()) {
      for (const size_t i : outermost_) {
        if (!At(i).is_word() || IsKeyword(At(i).text)) continue;
        const Token& next = At(i + 1);
        if (next.is(";") || next.is("[") || next.is("(") || next.is(",")) {
          name = At(i).text;
        }
      }
    }
    if (name.empty()) return;
    declaration_.names.insert(name);
    declaration_.name = name;
  }

  void NameOthers() {
    bool in_value = false;
    for (const size_t i : outermost_) {
      const Token& token = plain_[i];
      if (token.is("=")) in_value = true;
      if (token.is(",")) in_value = false;
      if (in_value || !token.is_word() || IsKeyword(token.text)) continue;
      if (i > 0 && IsAggregate(plain_[i - 1].text)) continue;
      const Token& next = At(i + 1);
      if (next.is("(")) {
        // "type (*name)(...)"
        if (At(i + 2).is("*") && At(i + 3).is_word() &&
            (At(i + 4).is(")") || At(i + 4).is("["))) {
          continue;
        }
        declaration_.names.insert(token.text);
        declaration_.name = token.text;
        declaration_.kind = has_body_ ? Kind::kFunction : Kind::kPrototype;
        return;
      }
      if (next.is(";") || next.is("=") || next.is("[") || next.is(",")) {
        declaration_.names.insert(token.text);
        if (declaration_.name.empty()) declaration_.name = token.text;
        declaration_.kind = Kind::kVariable;
      }
    }
    if (!declaration_.name.empty()) return;
    for (const size_t i : outermost_) {
      const std::string_view name = PointerNameAt(i);
      if (name.empty()) continue;
      declaration_.names.insert(name);
      declaration_.name = name;
      declaration_.kind = Kind::kVariable;
      return;
    }
  }

  void FindKind() {
    Declaration& d = declaration_;
    if (has_body_ && d.kind != Kind::kFunction) d.kind = Kind::kBroken;
    if (d.kind != Kind::kOther) return;
    if (!d.tags.empty() || !d.names.empty()) {
      d.kind = Kind::kType;
    } else if (plain_.size() == 3 && IsAggregate(plain_[0].text)) {
      d.kind = Kind::kForward;
      d.tags.insert(plain_[1].text);
    }
  }

  void FindUses() {
    if (declaration_.kind == Kind::kForward) return;
    const Tokens tokens = declaration_.tokens;
    for (size_t i = 0; i < tokens.size(); ++i) {
      const Token& token = tokens[i];
      if (!token.is_word() || IsKeyword(token.text)) continue;
      const std::string_view before = i > 0 ? tokens[i - 1].text : "";
      if (IsAggregate(before)) {
        const bool pointed = i + 1 < tokens.size() && tokens[i + 1].is("*");
        (pointed ? declaration_.points_to_tags : declaration_.needs_tags)
            .insert(token.text);
        continue;
      }
      if (before == "->" || before == ".") {
        declaration_.accesses.insert(token.text);
      }
      if (before != "->") declaration_.uses.insert(token.text);
    }
  }

  const std::vector<Token> plain_;
  // Where its body begins.
  const size_t limit_;
  const bool has_body_;
  std::vector<size_t> outermost_;
  Declaration declaration_;
};

}  // namespace

bool Declaration::Has(std::string_view word) const {
  return std::any_of(tokens.begin(), tokens.end(),
                     [word](const Token& token) { return token.is(word); });
}

std::vector<Declaration> Declarations(Tokens tokens) {
  std::vector<Declaration> all;
  size_t first = 0;
  int depth = 0;
  bool is_body = false;
  const auto end = [&](size_t last, bool has_body) {
    all.push_back(
        Analysis(tokens.subspan(first, last + 1 - first), has_body).Run());
    first = last + 1;
    is_body = false;
  };
  for (size_t i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    if (token.opens()) {
      if (token.is("{") && depth == 0) {
        is_body = !BeginsAggregate(tokens.subspan(first, i - first));
      }
      ++depth;
    } else if (token.closes()) {
      if (--depth == 0 && token.is("}") && is_body) end(i, true);
    } else if (depth == 0 && token.is(";")) {
      if (i == first) {
        first = i + 1;
      } else {
        end(i, false);
      }
    }
  }
  return all;
}

size_t BodyOf(Tokens tokens) {
  size_t at = 0;
  while (at < tokens.size() && !tokens[at].is("{")) ++at;
  return at;
}

std::vector<Token> WithoutAttributes(Tokens tokens) {
  return WithoutGroups(tokens, [](std::string_view word) {
    return IsAttribute(word) || IsAsm(word);
  });
}

bool IsAsm(std::string_view word) {
  return word == "asm" || word == "__asm__" || word == "__asm";
}

}  // namespace pxdfuzz::slice
