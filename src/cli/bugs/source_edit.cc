// SPDX-License-Identifier: MIT

#include "src/cli/bugs/source_edit.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "pxdfuzz/base/text_lines.h"
#include "src/cli/sites/lexer.h"

namespace pxdfuzz {
namespace {

bool IsOneOf(std::string_view word, const std::vector<std::string>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool IsDirective(const Token& token) {
  return token.kind == TokenKind::kIf || token.kind == TokenKind::kElse ||
         token.kind == TokenKind::kEndif;
}

// The position of the token that closes the bracket at `open`, or of the end.
// Of the branches of an #if, the last one counts.
size_t Closing(Tokens tokens, size_t open) {
  const std::string_view opens = tokens[open].text;
  const std::string_view closes = opens == "(" ? ")" : "}";
  int depth = 0;
  std::vector<int> branches;
  for (size_t i = open; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    if (token.kind == TokenKind::kIf) branches.push_back(depth);
    if (token.kind == TokenKind::kElse && !branches.empty()) {
      depth = branches.back();
    }
    if (token.kind == TokenKind::kEndif && !branches.empty()) {
      branches.pop_back();
    }
    if (token.Is(opens)) ++depth;
    if (token.Is(closes) && --depth == 0) return i;
  }
  return tokens.size();
}

// A piece of the source that gets another text.
struct Change {
  size_t begin = 0;
  size_t end = 0;
  std::string text;
  // Ends of lines need a backslash.
  bool in_define = false;
};

class Editor {
 public:
  Editor(std::string_view source, const SourceEdit& edit)
      : source_(source), edit_(edit), tokens_(Tokenize(source)) {}

  absl::StatusOr<std::string> Run() {
    if (edit_.kind == SourceEdit::Kind::kDropMacro ||
        edit_.kind == SourceEdit::Kind::kDefineMacro) {
      ChangeMacros();
    } else {
      ChangeBodies();
    }
    if (!status_.ok()) return status_;
    if (changes_.empty()) return absl::NotFoundError(Missing());
    return Changed();
  }

 private:
  size_t BeginOf(const Token& token) const {
    return static_cast<size_t>(token.text.data() - source_.data());
  }
  size_t EndOf(const Token& token) const {
    return BeginOf(token) + token.text.size();
  }

  // "no pte_special(...) in gup_pte_range".
  std::string Missing() const {
    if (!edit_.within.empty() && !has_body_) {
      return Concat(
          {"no function or macro ", absl::StrJoin(edit_.within, " or ")});
    }
    std::string text = Concat(
        {edit_.kind == SourceEdit::Kind::kDropStatement ? "no statement with "
         : edit_.kind == SourceEdit::Kind::kReplace     ? "no "
                                                        : "no macro ",
         absl::StrJoin(edit_.what, " or ")});
    if (!edit_.within.empty()) {
      text += Concat({" in ", absl::StrJoin(edit_.within, " or ")});
    }
    return text;
  }

  // The position behind a macro's definition that begins at `define`.
  size_t EndOfDefine(size_t define) const {
    size_t i = define;
    while (i < tokens_.size() && tokens_[i].kind != TokenKind::kEndDefine) ++i;
    return i;
  }

  void ChangeMacros() {
    for (size_t i = 0; i < tokens_.size(); ++i) {
      if (tokens_[i].kind != TokenKind::kDefine ||
          !IsOneOf(tokens_[i].text, edit_.what)) {
        continue;
      }
      const size_t end = EndOfDefine(i);
      const size_t behind = EndOf(tokens_[end - 1]);
      if (edit_.kind == SourceEdit::Kind::kDropMacro) {
        const size_t begin = source_.rfind('#', BeginOf(tokens_[i]));
        changes_.push_back({.begin = begin, .end = behind});
        continue;
      }
      // Parameters follow the name without a blank.
      size_t begin = EndOf(tokens_[i]);
      if (source_.substr(begin).starts_with('(')) {
        begin = EndOf(tokens_[Closing(tokens_, i + 1)]);
      }
      changes_.push_back({.begin = begin,
                          .end = std::max(begin, behind),
                          .text = " " + edit_.text,
                          .in_define = true});
    }
  }

  void ChangeBodies() {
    if (edit_.within.empty()) return ChangeBody(tokens_);
    for (size_t i = 0; i < tokens_.size(); ++i) {
      if (tokens_[i].kind == TokenKind::kDefine) {
        const size_t end = EndOfDefine(i);
        if (IsOneOf(tokens_[i].text, edit_.within)) {
          in_define_ = true;
          name_ = tokens_[i].text;
          ChangeBody(Tokens(tokens_).subspan(i + 1, end - i - 1));
          in_define_ = false;
        }
        i = end;
        continue;
      }
      if (!tokens_[i].IsWord() || !IsOneOf(tokens_[i].text, edit_.within)) {
        continue;
      }
      // NAME(...) { ... }
      if (i + 1 >= tokens_.size() || !tokens_[i + 1].Is("(")) continue;
      const size_t open = Closing(tokens_, i + 1) + 1;
      if (open >= tokens_.size() || !tokens_[open].Is("{")) continue;
      const size_t close = Closing(tokens_, open);
      name_ = tokens_[i].text;
      ChangeBody(Tokens(tokens_).subspan(open + 1, close - open - 1));
      i = close;
    }
  }

  // Directives, and what is in the body of a macro inside, take no part.
  void ChangeBody(Tokens body) {
    has_body_ = true;
    body_.clear();
    for (size_t i = 0; i < body.size(); ++i) {
      if (body[i].kind == TokenKind::kDefine && !edit_.within.empty()) {
        while (i < body.size() && body[i].kind != TokenKind::kEndDefine) ++i;
      } else if (!IsDirective(body[i])) {
        body_.push_back(body[i]);
      }
    }
    if (edit_.kind == SourceEdit::Kind::kReplace) {
      ReplaceAll();
    } else {
      for (size_t i = 0; i < body_.size();) i = Statement(i);
    }
  }

  // ---------------------------------------------------------------------------
  // Patterns

  void ReplaceAll() {
    std::vector<std::vector<Token>> patterns;
    for (const std::string& pattern : edit_.what) {
      patterns.push_back(Tokenize(pattern));
    }
    for (size_t i = 0; i < body_.size();) {
      size_t end = i;
      for (const std::vector<Token>& pattern : patterns) {
        held_.clear();
        end = std::max(end, Match(i, pattern));
        if (end > i) break;
      }
      if (end == i) {
        ++i;
        continue;
      }
      const size_t begin = BeginOf(body_[i]);
      const size_t behind = EndOf(body_[end - 1]);
      const std::string matched(source_.substr(begin, behind - begin));
      changes_.push_back(
          {.begin = begin,
           .end = behind,
           .text = absl::StrReplaceAll(
               edit_.text, {{"$0", matched}, {"$1", held_}, {"$in", name_}}),
           .in_define = in_define_});
      i = end;
    }
  }

  // The position behind what matches at `at`, or `at`.
  size_t Match(size_t at, Tokens pattern) {
    size_t i = at;
    for (size_t p = 0; p < pattern.size(); ++p) {
      if (i >= body_.size()) return at;
      if (IsDots(pattern.subspan(p))) {
        if (!body_[i].Is("(")) return at;
        const size_t close = Closing(body_, i);
        if (close == body_.size()) return at;
        if (held_.empty() && close > i + 1) {
          const size_t begin = BeginOf(body_[i + 1]);
          held_ = source_.substr(begin, EndOf(body_[close - 1]) - begin);
        }
        i = close + 1;
        p += 4;
        continue;
      }
      if (body_[i].kind != pattern[p].kind || body_[i].text != pattern[p].text)
        return at;
      ++i;
    }
    return i;
  }

  // Whether a pattern goes on with "(...)".
  static bool IsDots(Tokens pattern) {
    return pattern.size() >= 5 && pattern[0].Is("(") && pattern[1].Is(".") &&
           pattern[2].Is(".") && pattern[3].Is(".") && pattern[4].Is(")");
  }

  // ---------------------------------------------------------------------------
  // Statements

  bool NamesOne(size_t begin, size_t end) const {
    return std::any_of(body_.begin() + static_cast<ptrdiff_t>(begin),
                       body_.begin() + static_cast<ptrdiff_t>(end),
                       [this](const Token& token) {
                         return token.IsWord() &&
                                IsOneOf(token.text, edit_.what);
                       });
  }

  bool IsWordAt(size_t i, std::string_view word) const {
    return i < body_.size() && body_[i].IsWord() && body_[i].text == word;
  }

  void Drop(size_t begin, size_t end) {
    changes_.push_back({.begin = BeginOf(body_[begin]),
                        .end = EndOf(body_[end - 1]),
                        .text = ";",
                        .in_define = in_define_});
  }

  // Looks at the statement that begins at `i`; the position behind it. A name
  // that stands in the head of a loop is not dropped with it.
  size_t Statement(size_t i) {
    if (body_[i].Is("{")) {
      const size_t close = Closing(body_, i);
      for (size_t at = i + 1; at < close;) at = Statement(at);
      return std::min(close + 1, body_.size());
    }
    if (body_[i].Is("}")) return i + 1;
    if (IsWordAt(i, "else") || IsWordAt(i, "do")) return Next(i + 1);
    if (IsWordAt(i, "if")) return If(i);
    if (IsWordAt(i, "while") || IsWordAt(i, "for") || IsWordAt(i, "switch")) {
      return Next(Head(i));
    }
    const bool is_label =
        i + 1 < body_.size() && body_[i].IsWord() && body_[i + 1].Is(":");
    if (is_label) return Next(i + 2);
    size_t end = i;
    while (end < body_.size() && !body_[end].Is(";")) {
      const bool opens = body_[end].Is("(") || body_[end].Is("{");
      end = (opens ? std::min(Closing(body_, end), body_.size() - 1) : end) + 1;
    }
    end = std::min(end + 1, body_.size());
    if (NamesOne(i, end)) Drop(i, end);
    return end;
  }

  size_t Next(size_t i) { return i < body_.size() ? Statement(i) : i; }

  // The position behind the parentheses that follow a keyword.
  size_t Head(size_t keyword) const {
    if (keyword + 1 >= body_.size()) return body_.size();
    return std::min(Closing(body_, keyword + 1) + 1, body_.size());
  }

  size_t If(size_t i) {
    const size_t head = Head(i);
    if (!NamesOne(i, head)) return Next(head);
    // What follows it is not looked at: it goes with it.
    const size_t changes = changes_.size();
    const size_t end = Next(head);
    changes_.resize(changes);
    if (IsWordAt(end, "else")) {
      status_ = absl::FailedPreconditionError(
          Concat({"the statement with ", absl::StrJoin(edit_.what, " or "),
                  " has an else; replace the call"}));
    }
    Drop(i, end);
    return end;
  }

  // ---------------------------------------------------------------------------

  std::string Changed() const {
    std::string text;
    size_t at = 0;
    for (const Change& change : changes_) {
      text += source_.substr(at, change.begin - at);
      text += change.text;
      const std::string_view gone =
          source_.substr(change.begin, change.end - change.begin);
      const auto lines =
          std::count(gone.begin(), gone.end(), '\n') -
          std::count(change.text.begin(), change.text.end(), '\n');
      for (auto i = lines; i > 0; --i) text += change.in_define ? "\\\n" : "\n";
      at = change.end;
    }
    return text += source_.substr(at);
  }

  const std::string_view source_;
  const SourceEdit& edit_;
  const std::vector<Token> tokens_;
  // The body that is being looked at, what it belongs to, and whether that is a
  // macro.
  std::vector<Token> body_;
  std::string name_;
  bool in_define_ = false;
  bool has_body_ = false;
  std::string held_;  // by the first (...) of a match
  std::vector<Change> changes_;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<std::string> EditSource(std::string_view source,
                                       const SourceEdit& edit) {
  return Editor(source, edit).Run();
}

}  // namespace pxdfuzz
