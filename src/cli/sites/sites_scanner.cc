// SPDX-License-Identifier: MIT

#include "src/cli/sites/sites_scanner.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstring>
#include <map>
#include <set>
#include <span>
#include <utility>

#include "pxdfuzz/base/text_lines.h"
#include "src/cli/sites/lexer.h"

namespace pxdfuzz {
namespace {

constexpr std::array<std::string_view, 5> kLevels = {"pgd", "p4d", "pud", "pmd",
                                                     "pte"};

// "pud" of "pud_offset" where `word` is a level and then `rest` of a name.
bool IsOfLevel(std::string_view word, std::string_view& level,
               std::string_view& rest) {
  for (const std::string_view known : kLevels) {
    if (!word.starts_with(known)) continue;
    level = known;
    rest = word.substr(known.size());
    return true;
  }
  return false;
}

bool IsOrGoesOn(std::string_view word, std::string_view name) {
  return word == name || (word.starts_with(name) && word[name.size()] == '_');
}

bool IsAddrEnd(std::string_view word) {
  std::string_view level;
  std::string_view rest;
  return IsOfLevel(word, level, rest) && IsOrGoesOn(rest, "_addr_end");
}

bool IsOffset(std::string_view word) {
  std::string_view level;
  std::string_view rest;
  return IsOfLevel(word, level, rest) && IsOrGoesOn(rest, "_offset");
}

bool IsEntryType(std::string_view word) {
  std::string_view level;
  std::string_view rest;
  return IsOfLevel(word, level, rest) && rest == "_t";
}

// pmdp_get(), ptep_get_lockless(), pmd_read_atomic() and similar functions.
bool ReadsOnce(std::string_view word) {
  while (word.starts_with('_')) word.remove_prefix(1);
  std::string_view level;
  std::string_view rest;
  return IsOfLevel(word, level, rest) &&
         (rest == "p_get" || rest == "p_get_lockless" ||
          rest == "p_get_lockless_norecency" || rest == "_read_atomic");
}

// All code reads page entries with ptep_get(), under the lock or not.
bool SaysNothingOfLocks(std::string_view word) {
  return word.ends_with("ptep_get");
}

// A lock that keeps tables unchanged, or an assertion that one is held.
bool IsLock(std::string_view word) {
  for (const std::string_view other : {"rcu_", "srcu_", "folio_"}) {
    if (word.starts_with(other)) return false;
  }
  if (word == "down_read" || word == "down_write") return true;
  if (word.starts_with("lockdep_assert_held")) return true;
  // mmap_assert_write_locked(), assert_fault_locked() and similar functions.
  if (word.find("assert_") != word.npos && word.ends_with("locked")) {
    return true;
  }
  for (const std::string_view end :
       {"_lock", "_trylock", "_lock_irq", "_lock_irqsave", "_lock_bh",
        "_lock_killable", "_lock_interruptible", "_lock_nested"}) {
    if (word.ends_with(end)) return true;
  }
  return false;
}

// The position behind the bracket that closes the one at `open`, or the end.
size_t BehindBrackets(Tokens tokens, size_t open) {
  int depth = 0;
  for (size_t i = open; i < tokens.size(); ++i) {
    if (tokens[i].Is("(") || tokens[i].Is("[")) ++depth;
    if (tokens[i].Is(")") || tokens[i].Is("]")) --depth;
    if (depth == 0) return i + 1;
  }
  return tokens.size();
}

// The arguments of the call whose bracket is at `open`.
std::vector<Tokens> ArgumentsOf(Tokens tokens, size_t open) {
  std::vector<Tokens> arguments;
  const size_t behind = BehindBrackets(tokens, open);
  size_t begin = open + 1;
  for (size_t i = open + 1; i < behind; ++i) {
    if (tokens[i].Is("(") || tokens[i].Is("[")) {
      i = BehindBrackets(tokens, i) - 1;
      continue;
    }
    if (!tokens[i].Is(",") && i + 1 != behind) continue;
    arguments.push_back(tokens.subspan(begin, i - begin));
    begin = i + 1;
  }
  return arguments;
}

// Without brackets around the whole expression.
Tokens Bare(Tokens tokens) {
  while (tokens.size() > 2 && tokens[0].Is("(") &&
         BehindBrackets(tokens, 0) == tokens.size()) {
    tokens = tokens.subspan(1, tokens.size() - 2);
  }
  return tokens;
}

// &pXd and &x->pXd are copies; &table[i] is a pointer into a table.
bool IsAddressOfCopy(Tokens argument) {
  argument = Bare(argument);
  if (argument.empty() || !argument[0].Is("&")) return false;
  argument = Bare(argument.subspan(1));
  return !argument.empty() && !argument.back().Is("]");
}

SiteKind KindOf(std::string_view callee, const std::vector<Tokens>& arguments) {
  if (IsAddrEnd(callee)) return SiteKind::kAddrEnd;
  if (callee.starts_with("pgd")) return SiteKind::kRoot;
  if (callee.find("_lockless") != callee.npos) return SiteKind::kLockless;
  // pte_offset_map_lock(mm, pmd, addr, &ptl) and similar functions.
  const size_t parent = callee.ends_with("lock") ? 1 : 0;
  return parent < arguments.size() && IsAddressOfCopy(arguments[parent])
             ? SiteKind::kByValue
             : SiteKind::kByPointer;
}

// One function with its parameters, or one macro's body.
class Body {
 public:
  Body(std::string name, bool is_macro, Tokens tokens) : tokens_(tokens) {
    walker_.function = std::move(name);
    walker_.is_macro = is_macro;
  }

  // Adds results to `found`. The function's body begins at `begin`.
  void Scan(size_t begin, SourceSites& found) {
    FindSites(begin);
    if (sites_.empty()) return;
    FindPointers();
    for (size_t i = begin; i < tokens_.size(); ++i) ScanToken(i);
    walker_.line = sites_.front().line;
    found.sites.insert(found.sites.end(), sites_.begin(), sites_.end());
    found.reads.insert(found.reads.end(), reads_.begin(), reads_.end());
    found.walkers.push_back(walker_);
  }

 private:
  const Token& At(size_t i) const {
    static const Token kNone;
    return i < tokens_.size() ? tokens_[i] : kNone;
  }
  bool IsCall(size_t i) const { return At(i).IsWord() && At(i + 1).Is("("); }

  void FindSites(size_t begin) {
    for (size_t i = begin; i < tokens_.size(); ++i) {
      if (!IsCall(i)) continue;
      const std::string_view callee = tokens_[i].text;
      if (!IsAddrEnd(callee) && !IsOffset(callee)) continue;
      const SiteKind kind = KindOf(callee, ArgumentsOf(tokens_, i + 1));
      sites_.push_back({.line = tokens_[i].line,
                        .kind = kind,
                        .callee = std::string(callee),
                        .function = walker_.function});
      Count(kind);
    }
  }

  void Count(SiteKind kind) {
    switch (kind) {
      case SiteKind::kAddrEnd:
        ++walker_.addr_ends;
        break;
      case SiteKind::kRoot:
        ++walker_.roots;
        break;
      case SiteKind::kByPointer:
        ++walker_.by_pointer;
        break;
      case SiteKind::kLockless:
        ++walker_.lockless;
        walker_.is_lockless = true;
        break;
      case SiteKind::kByValue:
        ++walker_.by_value;
        walker_.is_lockless = true;
        break;
    }
  }

  // Variables and parameters of type pXd_t *.
  void FindPointers() {
    for (size_t i = 0; i < tokens_.size(); ++i) {
      if (!tokens_[i].IsWord() || !IsEntryType(tokens_[i].text)) continue;
      size_t at = i + 1;
      while (true) {
        size_t stars = 0;
        while (At(at).Is("*") || At(at).text == "const") {
          stars += At(at).Is("*");
          ++at;
        }
        if (!At(at).IsWord() || At(at + 1).Is("(") || At(at + 1).IsWord() ||
            At(at + 1).Is("*")) {
          break;
        }
        if (stars == 1) {
          pointers_.insert(At(at).text);
          declarators_.insert(at);
        }
        at = BehindDeclarator(at + 1);
        if (!At(at).Is(",")) break;
        ++at;
      }
    }
  }

  // The comma or other end of a declarator with its initial value.
  size_t BehindDeclarator(size_t at) const {
    while (at < tokens_.size() && !At(at).Is(",") && !At(at).Is(";") &&
           !At(at).Is(")")) {
      at = At(at).Is("(") || At(at).Is("[") ? BehindBrackets(tokens_, at)
                                            : at + 1;
    }
    return at;
  }

  void ScanToken(size_t i) {
    const Token& token = tokens_[i];
    if (IsCall(i)) {
      if (IsLock(token.text)) walker_.takes_lock = true;
      if (ReadsOnce(token.text)) {
        AddRead(i, ReadKind::kOnce, std::string(token.text));
        if (!SaysNothingOfLocks(token.text)) walker_.is_lockless = true;
      }
    }
    if (token.Is("++") && (IsPointer(i + 1) || (i > 0 && IsPointer(i - 1)))) {
      walker_.steps = true;
    }
    if (token.Is("+=") && i > 0 && IsPointer(i - 1)) walker_.steps = true;
    if (token.Is("*")) ScanStar(i);
  }

  bool IsPointer(size_t i) const {
    return At(i).IsWord() && pointers_.contains(At(i).text) &&
           !(i > 0 && (At(i - 1).Is("->") || At(i - 1).Is(".")));
  }

  // What `*` at `star` reads, and the position behind it; nothing if that is
  // not an entry.
  std::string Operand(size_t star, size_t& behind) const {
    size_t at = star + 1;
    if (IsCall(at) && IsOffset(At(at).text)) {
      behind = BehindBrackets(tokens_, at + 1);
      return Concat({"*", At(at).text, "()"});
    }
    if (!At(at).IsWord()) return "";
    std::string text = Concat({"*", At(at).text});
    std::string_view last = At(at).text;
    bool is_member = false;
    ++at;
    while ((At(at).Is("->") || At(at).Is(".")) && At(at + 1).IsWord()) {
      is_member = true;
      last = At(at + 1).text;
      text += Concat({At(at).text, last});
      at += 2;
    }
    behind = at;
    if (!is_member) return IsPointer(star + 1) ? text : "";
    std::string_view level;
    std::string_view rest;
    return IsOfLevel(last, level, rest) && (rest.empty() || rest == "p") ? text
                                                                         : "";
  }

  void ScanStar(size_t star) {
    size_t behind = 0;
    const std::string text = Operand(star, behind);
    // The operand is a pointer, so this is not a product.
    if (text.empty() || declarators_.contains(star + 1)) return;
    const std::string_view wrapper =
        star >= 2 && IsCall(star - 2) ? At(star - 2).text : "";
    if (wrapper == "READ_ONCE") {
      AddRead(star, ReadKind::kOnce, text);
      walker_.is_lockless = true;
      return;
    }
    const bool is_written = At(behind).Is("=") || wrapper == "WRITE_ONCE" ||
                            wrapper == "sizeof" || wrapper == "typeof";
    if (!is_written) AddRead(star, ReadKind::kPlain, text);
  }

  void AddRead(size_t i, ReadKind kind, std::string text) {
    reads_.push_back({.line = tokens_[i].line,
                      .kind = kind,
                      .text = std::move(text),
                      .function = walker_.function});
    ++(kind == ReadKind::kOnce ? walker_.once : walker_.plain);
  }

  Tokens tokens_;
  std::set<std::string_view> pointers_;  // of type pXd_t *
  std::set<size_t> declarators_;         // where their names are declared
  std::vector<Site> sites_;
  std::vector<EntryRead> reads_;
  WalkerFunction walker_;
};

// Whether a word of a declaration, other than attributes, is in `tokens`
// outside brackets.
bool GoesOn(Tokens tokens) {
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].Is("("))
      i = BehindBrackets(tokens, i) - 1;
    else if (tokens[i].IsWord() && !tokens[i].text.starts_with("__"))
      return true;
  }
  return false;
}

// The name of the function that a declaration at file scope declares: the word
// before the first bracket, or "SYSCALL_DEFINE2(munmap)" if that is a macro.
// Nothing if it declares no function.
std::string FunctionName(Tokens declaration) {
  // A table with initial values, whatever its size calls.
  if (std::any_of(declaration.begin(), declaration.end(),
                  [](const Token& token) { return token.Is("="); })) {
    return "";
  }
  for (size_t i = 0; i < declaration.size(); ++i) {
    if (!declaration[i].Is("(")) continue;
    const bool named = i > 0 && declaration[i - 1].IsWord();
    const std::string_view name = named ? declaration[i - 1].text : "";
    const size_t behind = BehindBrackets(declaration, i);
    // Attributes such as __printf(1, 2) precede a name.
    const bool is_attribute =
        name.starts_with("__") && GoesOn(declaration.subspan(behind));
    if (!named || is_attribute) {
      i = behind - 1;
      continue;
    }
    const bool is_macro = std::none_of(name.begin(), name.end(), [](char c) {
      return std::islower(static_cast<unsigned char>(c)) != 0;
    });
    if (is_macro && i + 1 < declaration.size()) {
      return Concat({name, "(", declaration[i + 1].text, ")"});
    }
    return std::string(name);
  }
  return "";
}

// Finds functions and macros, and passes each to Body.
class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  SourceSites Run() {
    for (size_t i = 0; i < tokens_.size(); ++i) {
      if (tokens_[i].kind == TokenKind::kDefine) {
        i = Macro(i);
      } else {
        Step(tokens_[i]);
      }
    }
    SortByLine(found_.sites);
    SortByLine(found_.reads);
    SortByLine(found_.walkers);
    return std::move(found_);
  }

 private:
  // Keeps the order within a line.
  template <class T>
  static void SortByLine(std::vector<T>& items) {
    std::multimap<int, T> sorted;
    for (T& item : items) sorted.emplace(item.line, std::move(item));
    items.clear();
    for (auto& [line, item] : sorted) items.push_back(std::move(item));
  }

  // Returns where the macro ends.
  size_t Macro(size_t define) {
    size_t end = define + 1;
    while (tokens_[end].kind != TokenKind::kEndDefine) ++end;
    const Tokens all(tokens_);
    Body body(std::string(tokens_[define].text), /*is_macro=*/true,
              all.subspan(define + 1, end - define - 1));
    body.Scan(0, found_);
    return end;
  }

  void Step(const Token& token) {
    switch (token.kind) {
      case TokenKind::kIf:
        depths_.push_back(depth_);
        return;
      case TokenKind::kElse:
        // Both branches begin at the #if. A function with two heads is one
        // function.
        if (!depths_.empty()) depth_ = depths_.back();
        if (depth_ == 0 && !depths_.empty()) EndText();
        return;
      case TokenKind::kEndif:
        if (!depths_.empty()) depths_.pop_back();
        return;
      default:
        break;
    }
    text_.push_back(token);
    if (token.Is("{")) {
      if (depth_++ == 0) {
        name_ = FunctionName(Tokens(text_).first(text_.size() - 1));
        body_begins_ = text_.size();
      }
    } else if (token.Is("}")) {
      if (depth_ > 0 && --depth_ == 0) EndText();
    } else if (token.Is(";") && depth_ == 0) {
      text_.clear();
    }
  }

  // The end of a declaration at file scope that has braces.
  void EndText() {
    if (body_begins_ > 0 && !name_.empty()) {
      Body(name_, /*is_macro=*/false, text_).Scan(body_begins_, found_);
    }
    text_.clear();
    name_.clear();
    body_begins_ = 0;
  }

  std::vector<Token> tokens_;
  SourceSites found_;
  // Since the last declaration at file scope.
  std::vector<Token> text_;
  size_t body_begins_ = 0;
  std::string name_;
  int depth_ = 0;            // of braces
  std::vector<int> depths_;  // at each #if
};

}  // namespace

std::string_view Name(SiteKind kind) {
  constexpr std::array<std::string_view, 5> kNames = {
      "boundary", "root", "by-pointer", "lockless", "by-value"};
  return kNames[static_cast<size_t>(kind)];
}

std::string_view Name(ReadKind kind) {
  return kind == ReadKind::kOnce ? "read-once" : "read-plainly";
}

bool SiteScanner::MayHaveSites(std::string_view source) {
  for (const std::string_view name : {"d_addr_end", "d_offset", "pte_offset"}) {
    if (memmem(source.data(), source.size(), name.data(), name.size()) !=
        nullptr) {
      return true;
    }
  }
  return false;
}

SourceSites SiteScanner::Scan(std::string_view source) {
  return Parser(Tokenize(source)).Run();
}

}  // namespace pxdfuzz
