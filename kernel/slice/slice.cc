// SPDX-License-Identifier: MIT

#include "kernel/slice/slice.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <span>
#include <unordered_map>
#include <utility>

#include "fuzz/harness/sha1.h"
#include "kernel/slice/declarations.h"
#include "kernel/slice/tokens.h"

namespace pxdfuzz::slice {
namespace {

using Kind = Declaration::Kind;
using Index = std::unordered_map<std::string_view, std::vector<size_t>>;

const std::vector<size_t>& Find(const Index& index, std::string_view name) {
  static const auto& none = *new std::vector<size_t>();
  const auto found = index.find(name);
  return found == index.end() ? none : found->second;
}

// Functions of the C library, which the program has.
bool IsLibrary(std::string_view name) {
  static const auto& names = *new std::set<std::string_view>{
      "memcpy", "memset", "memcmp", "memmove", "strlen"};
  return names.contains(name) || name.starts_with("__builtin");
}

// Which declarations one of them reaches.
class Closure {
 public:
  Closure(const std::vector<Declaration>& all, std::string_view shims)
      : all_(all), used_(all.size()), is_replaced_(all.size()) {
    FindOwned(shims);
    for (size_t i = 0; i < all.size(); ++i) Enter(i);
  }

  bool IsShim(size_t i) const { return is_shim_[i]; }
  bool IsUsed(size_t i) const { return used_[i]; }
  // Whether it is a function in the place of which a shim stands. It is used
  // for its signature then.
  bool IsReplaced(size_t i) const { return is_replaced_[i]; }

  // Fields that are accessed, and ordinary names that code uses.
  const Declaration::Names& accessed() const { return accessed_; }
  const Declaration::Names& named() const { return named_; }

  // False where there is no such name. Nothing is reached by way of the names
  // `without`.
  bool Reach(std::string_view root,
             std::span<const std::string_view> without = {}) {
    without_.insert(without.begin(), without.end());
    if (Find(names_, root).empty()) return false;
    NeedAll(names_, root);
    for (size_t i = 0; i < all_.size(); ++i) {
      if (is_shim_[i] && all_[i].tokens[0].is("_Static_assert")) Need(i);
    }
    do {
      while (!todo_.empty()) {
        const size_t next = todo_.back();
        todo_.pop_back();
        TakeUses(next);
      }
    } while (TakePointedTo());
    return true;
  }

 private:
  void FindOwned(std::string_view shims) {
    is_shim_.reserve(all_.size());
    for (const Declaration& d : all_) {
      is_shim_.push_back(d.file().starts_with(shims) ||
                         d.file().starts_with("<"));
      if (!is_shim_.back() || d.kind == Kind::kBroken) continue;
      if (d.kind != Kind::kForward) {
        owned_.insert(d.names.begin(), d.names.end());
        owned_tags_.insert(d.tags.begin(), d.tags.end());
      }
    }
  }

  static bool Meet(const Declaration::Names& a, const Declaration::Names& b) {
    return std::any_of(a.begin(), a.end(), [&b](std::string_view name) {
      return b.contains(name);
    });
  }

  void Enter(size_t i) {
    const Declaration& d = all_[i];
    if (d.kind == Kind::kBroken) return;
    if (!is_shim_[i]) {
      const bool is_type = d.kind == Kind::kTypedef || d.kind == Kind::kType;
      if (is_type && Meet(d.names, owned_)) return;
      if (d.kind != Kind::kForward && Meet(d.tags, owned_tags_)) return;
      is_replaced_[i] = d.kind == Kind::kFunction && owned_.contains(d.name);
    }
    for (const std::string_view name : d.names) names_[name].push_back(i);
    for (const std::string_view tag : d.tags) {
      (d.kind == Kind::kForward ? forward_ : tags_)[tag].push_back(i);
    }
  }

  void Need(size_t i) {
    if (used_[i]) return;
    used_[i] = true;
    todo_.push_back(i);
  }
  void NeedAll(const Index& index, std::string_view name) {
    if (without_.contains(name)) return;
    for (const size_t i : Find(index, name)) Need(i);
  }

  void TakeUses(size_t i) {
    const Declaration& d = all_[i];
    if (is_replaced_[i]) {
      const Tokens signature = d.tokens.first(BodyOf(d.tokens));
      for (size_t t = 0; t < signature.size(); ++t) {
        if (!signature[t].is_word()) continue;
        NeedAll(names_, signature[t].text);
        NeedAll(forward_, signature[t].text);
        NeedAll(tags_, signature[t].text);
      }
      return;
    }
    accessed_.insert(d.accesses.begin(), d.accesses.end());
    // A type names its own enumerators.
    if (d.kind != Kind::kType && d.kind != Kind::kTypedef) {
      named_.insert(d.uses.begin(), d.uses.end());
    }
    for (const std::string_view name : d.uses) NeedAll(names_, name);
    for (const std::string_view tag : d.needs_tags) {
      NeedAll(forward_, tag);
      NeedAll(tags_, tag);
    }
    for (const std::string_view tag : d.points_to_tags) {
      NeedAll(forward_, tag);
      pointed_to_.insert(tag);
    }
  }

  // A type that is only pointed to is needed where a field of it is accessed.
  bool TakePointedTo() {
    bool grew = false;
    for (const std::string_view tag : pointed_to_) {
      for (const size_t i : Find(tags_, tag)) {
        if (used_[i] || !Meet(all_[i].fields, accessed_)) continue;
        Need(i);
        grew = true;
      }
    }
    return grew;
  }

  const std::vector<Declaration>& all_;
  std::vector<bool> is_shim_, used_, is_replaced_;
  Declaration::Names owned_, owned_tags_;
  // Who declares a name, who defines a tag, who says that there is one.
  Index names_, tags_, forward_;
  std::vector<size_t> todo_;
  Declaration::Names pointed_to_, accessed_, named_, without_;
};

// The position of what closes the parenthesis at `open`.
size_t CloseOf(Tokens tokens, size_t open) {
  int depth = 0;
  for (size_t i = open; i < tokens.size(); ++i) {
    depth += tokens[i].opens() ? 1 : tokens[i].closes() ? -1 : 0;
    if (depth == 0) return i;
  }
  return tokens.size() - 1;
}

// What code that uses those fields and enumerators has of a type.
class UsedParts {
 public:
  UsedParts(const Declaration::Names& fields,
            const Declaration::Names& enumerators)
      : fields_(fields), enumerators_(enumerators) {}

  std::vector<Token> Of(Tokens type) const {
    std::vector<Token> kept;
    Add(type, kept);
    return kept;
  }

 private:
  static bool HasAny(Tokens tokens, const Declaration::Names& names) {
    return std::any_of(tokens.begin(), tokens.end(), [&](const Token& token) {
      return token.is_word() && names.contains(token.text);
    });
  }

  // Whether the body of the type has anything that is used.
  bool Add(Tokens type, std::vector<Token>& kept) const {
    size_t open = 0;
    bool is_enum = false;
    while (open < type.size() && !type[open].is("{")) {
      is_enum |= type[open++].is("enum");
    }
    kept.insert(kept.end(), type.begin(), type.begin() + open);
    if (open == type.size()) return false;
    const size_t close = CloseOf(type, open);
    kept.push_back(type[open]);
    const bool has_any =
        AddBody(type.subspan(open + 1, close - open - 1), is_enum, kept);
    kept.insert(kept.end(), type.begin() + close, type.end());
    return has_any;
  }

  bool AddBody(Tokens body, bool is_enum, std::vector<Token>& kept) const {
    bool has_any = false;
    while (!body.empty()) {
      size_t end = 0;
      bool has_body = false;
      for (; end < body.size() && !body[end].is(is_enum ? "," : ";"); ++end) {
        has_body |= body[end].is("{");
        if (body[end].opens()) end = end + CloseOf(body.subspan(end), 0);
      }
      const Tokens part = body.first(std::min(end, body.size()));
      body = body.subspan(std::min(end + 1, body.size()));
      if (!has_body) {
        if (!HasAny(part, is_enum ? enumerators_ : fields_)) continue;
        kept.insert(kept.end(), part.begin(), part.end());
        has_any = true;
        continue;
      }
      std::vector<Token> inside;
      if (!Add(part, inside) && !HasAny(inside, fields_)) continue;
      kept.insert(kept.end(), inside.begin(), inside.end());
      has_any = true;
    }
    return has_any;
  }

  const Declaration::Names& fields_;
  const Declaration::Names& enumerators_;
};

// Writes the declarations of a closure. With `parts`, types are written as far
// as those are used.
class Writer {
 public:
  Writer(const std::vector<Declaration>& all, const Closure& closure,
         std::string_view root, const UsedParts* parts = nullptr)
      : all_(all), closure_(closure), root_(root), parts_(parts) {}

  Slice Run() {
    Choose();
    for (const size_t i : chosen_) {
      const Declaration& d = all_[i];
      hashes_ = (d.name != root_ || d.kind != Kind::kVariable) &&
                !(parts_ != nullptr && OnlyAnnounces(d));
      slice_.taken.push_back(
          {std::string(d.file()), d.first_line(), d.last_line(),
           d.kind == Kind::kFunction || d.kind == Kind::kTypedef});
      StartLine(d.tokens.front());
      WriteDeclaration(i);
    }
    std::sort(slice_.assembly.begin(), slice_.assembly.end());
    slice_.assembly.erase(
        std::unique(slice_.assembly.begin(), slice_.assembly.end()),
        slice_.assembly.end());
    slice_.declarations = all_.size();
    slice_.hash =
        Sha1Hex(std::span(reinterpret_cast<const uint8_t*>(hashed_.data()),
                          hashed_.size()))
            .substr(0, 16);
    slice_.text = "#define PXD_SLICE_HASH \"" + slice_.hash +
                  "\"\nvoid pxd_trap(const char *what) "
                  "__attribute__((noreturn));\n" +
                  text_ + "\n";
    return std::move(slice_);
  }

 private:
  // Of two definitions of a name, the first.
  void Choose() {
    std::set<std::pair<char, std::string_view>> defined;
    std::set<std::string_view> by_shims;
    for (size_t i = 0; i < all_.size(); ++i) {
      if (!closure_.IsUsed(i)) continue;
      const Declaration& d = all_[i];
      if (closure_.IsReplaced(i) && by_shims.contains(d.name)) continue;
      const bool is_function =
          d.kind == Kind::kFunction && !closure_.IsReplaced(i);
      if (is_function && closure_.IsShim(i)) by_shims.insert(d.name);
      bool again = false;
      const auto define = [&](char kind, std::string_view name) {
        if (defined.insert({kind, name}).second) return;
        if (!again && kind == 'f') {
          slice_.defined_twice.push_back(std::string(name) + " (" +
                                         std::string(d.file()) + ")");
        }
        again = true;
      };
      if (d.kind != Kind::kForward) {
        for (const std::string_view tag : d.tags) define('t', tag);
      }
      if (is_function || d.kind == Kind::kType || d.kind == Kind::kTypedef) {
        for (const std::string_view name : d.names) {
          define(is_function ? 'f' : 'n', name);
        }
      }
      if (again) continue;
      chosen_.push_back(i);
      if (is_function) functions_.insert(d.name);
      if (d.kind == Kind::kVariable && !d.Has("extern")) {
        variables_.insert(d.names.begin(), d.names.end());
      }
      if (d.kind == Kind::kPrototype) last_prototype_[d.name] = i;
    }
  }

  // Whether there is nothing in it that a definition does not have.
  bool OnlyAnnounces(const Declaration& d) const {
    return d.kind == Kind::kForward ||
           (d.kind == Kind::kPrototype && functions_.contains(d.name));
  }

  void WriteDeclaration(size_t i) {
    const Declaration& d = all_[i];
    const bool is_shim = closure_.IsShim(i);
    if (closure_.IsReplaced(i)) {
      WriteStatic(WithoutAttributes(d.tokens.first(BodyOf(d.tokens))), d);
      Write(";");
    } else if (d.kind == Kind::kFunction) {
      WriteStatic(d.tokens, d);
    } else if (d.kind == Kind::kPrototype && !is_shim && !IsLibrary(d.name)) {
      WritePrototype(i);
    } else if (d.kind == Kind::kVariable && !is_shim) {
      WriteVariable(d);
    } else if (parts_ != nullptr &&
               (d.kind == Kind::kType || d.kind == Kind::kTypedef)) {
      WriteTokens(parts_->Of(d.tokens), d);
    } else {
      WriteTokens(d.tokens, d);
    }
  }

  void WritePrototype(size_t i) {
    const Declaration& d = all_[i];
    if (functions_.contains(d.name) || last_prototype_[d.name] != i) {
      WriteStatic(d.tokens, d);
      return;
    }
    std::vector<Token> plain = WithoutAttributes(d.tokens);
    plain.pop_back();
    WriteStatic(plain, d);
    Write("{ " + Trap(std::string(d.name)) + "; }");
    slice_.traps.push_back(std::string(d.name));
  }

  void WriteVariable(const Declaration& d) {
    if (!d.Has("extern")) {
      if (!d.Has("static")) Write("static ");
      WriteTokens(d.tokens, d);
      return;
    }
    std::vector<Token> tokens(d.tokens.begin(), d.tokens.end());
    if (variables_.contains(d.name)) {
      std::erase_if(tokens, [](const Token& t) { return t.is("extern"); });
      Write("static ");
      WriteTokens(tokens, d);
      return;
    }
    tokens.pop_back();
    WriteTokens(tokens, d);
    Write("__attribute__((weak));");
    slice_.undefined.push_back(std::string(d.name));
  }

  // Attributes may stand before `static` and `extern`.
  void WriteStatic(Tokens tokens, const Declaration& d) {
    std::vector<Token> rest;
    int depth = 0;
    for (const Token& token : tokens) {
      const bool is_storage = token.is("extern") || token.is("static");
      if (is_storage && depth == 0) continue;
      depth += token.opens() ? 1 : token.closes() ? -1 : 0;
      rest.push_back(token);
    }
    Write("static ");
    WriteTokens(rest, d);
  }

  void WriteTokens(Tokens tokens, const Declaration& d) {
    for (size_t i = 0; i < tokens.size(); ++i) {
      GoToLine(tokens[i]);
      if (IsAsm(tokens[i].text)) {
        i = WriteAsm(tokens, i, d);
        continue;
      }
      const bool is_config =
          tokens[i].is_word() && tokens[i].text.starts_with("CONFIG_");
      Write(is_config ? "0" : tokens[i].text);
      Write(" ");
    }
  }

  // Returns the position of the last token of the assembly. What emits nothing
  // stays: it is for the compiler.
  size_t WriteAsm(Tokens tokens, size_t first, const Declaration& d) {
    size_t open = first + 1;
    while (open < tokens.size() && !tokens[open].is("(")) ++open;
    size_t last = open;
    for (int depth = 0; last < tokens.size(); ++last) {
      depth += tokens[last].is("(") ? 1 : tokens[last].is(")") ? -1 : 0;
      if (depth == 0) break;
    }
    if (first > 0 && !IsBeforeStatement(tokens[first - 1])) {
      return last;  // the name of a declarator in the assembler
    }
    const bool is_empty = open + 2 < tokens.size() &&
                          tokens[open + 1].is("\"\"") &&
                          tokens[open + 2].kind != Token::Kind::kString;
    if (is_empty) {
      Write(tokens[first].text);
      Write(" ");
      return first;
    }
    Write(Trap("inline assembly in " + std::string(d.name)) + " ");
    slice_.assembly.push_back(std::string(d.name));
    return last;
  }

  static bool IsBeforeStatement(const Token& token) {
    for (const std::string_view text :
         {";", "{", "}", ")", ":", "else", "do", "(", "__extension__"}) {
      if (token.is(text)) return true;
    }
    return false;
  }

  static std::string Trap(const std::string& what) {
    return "pxd_trap(\"" + what + "\")";
  }

  void StartLine(const Token& token) {
    text_ += "\n#line " + std::to_string(token.line) + " \"";
    text_ += token.file;
    text_ += "\"\n";
    file_ = token.file;
    line_ = token.line;
  }

  void GoToLine(const Token& token) {
    if (token.file != file_ || token.line < line_ ||
        token.line > line_ + kNewLinesAtMost) {
      StartLine(token);
    }
    text_.append(static_cast<size_t>(token.line - line_), '\n');
    line_ = token.line;
  }

  void Write(std::string_view text) {
    text_ += text;
    if (hashes_) hashed_ += text;
  }

  static constexpr int kNewLinesAtMost = 5;

  const std::vector<Declaration>& all_;
  const Closure& closure_;
  const std::string_view root_;
  const UsedParts* const parts_;
  std::vector<size_t> chosen_;
  std::set<std::string_view> functions_, variables_;
  std::unordered_map<std::string_view, size_t> last_prototype_;
  std::string text_, hashed_;
  bool hashes_ = true;
  std::string_view file_;
  int line_ = 0;
  Slice slice_;
};

bool Has(const std::vector<Declaration>& all, const Closure& closure,
         const SlicedProperty& property) {
  const std::vector<Token> wanted = Tokenize(property.tokens);
  const auto is_same = [](const Token& a, const Token& b) {
    return a.text == b.text;
  };
  for (size_t i = 0; i < all.size(); ++i) {
    const Declaration& d = all[i];
    if (!closure.IsUsed(i) || d.kind != Kind::kFunction ||
        std::find(property.functions.begin(), property.functions.end(),
                  d.name) == property.functions.end()) {
      continue;
    }
    if (std::search(d.tokens.begin(), d.tokens.end(), wanted.begin(),
                    wanted.end(), is_same) != d.tokens.end()) {
      return true;
    }
  }
  return false;
}

}  // namespace

Slice TakeSlice(std::string_view text, std::string_view root,
                std::string_view shims, std::span<const SlicedWalker> walkers,
                std::span<const SlicedProperty> properties) {
  const std::vector<Token> tokens = Tokenize(text);
  const std::vector<Declaration> all = Declarations(tokens);
  Closure closure(all, shims);
  if (!closure.Reach(root)) {
    Slice none;
    none.error = "nothing declares " + std::string(root);
    return none;
  }
  Slice slice = Writer(all, closure, root).Run();
  for (const SlicedWalker& walker : walkers) {
    Closure part(all, shims);
    part.Reach(root, walker.without);
    const UsedParts used(part.accessed(), part.named());
    const std::string hash = Writer(all, part, root, &used).Run().hash;
    const std::string name(walker.name);
    slice.text =
        "#define PXD_HASH_" + name + " \"" + hash + "\"\n" + slice.text;
    slice.walkers.emplace(name, hash);
  }
  for (const SlicedProperty& property : properties) {
    std::string line = "#define ";
    line.append(property.macro)
        .append(Has(all, closure, property) ? " 1\n" : " 0\n");
    slice.text.insert(0, line);
  }
  return slice;
}

}  // namespace pxdfuzz::slice
