// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_KERNEL_SLICE_DECLARATIONS_H_
#define PXDFUZZ_KERNEL_SLICE_DECLARATIONS_H_

#include <cstdint>
#include <set>
#include <string_view>
#include <vector>

#include "kernel/slice/tokens.h"

namespace pxdfuzz::slice {

// A declaration of C at the top level, by the names that it has and needs.
struct Declaration {
  enum class Kind : uint8_t {
    kOther,
    kFunction,  // with its body
    kPrototype,
    kVariable,
    kTypedef,
    kType,     // defines a tag or enumerators
    kForward,  // struct x;
    kBroken,   // has a body and is no function: a macro has spoilt it
  };
  using Names = std::set<std::string_view>;

  Tokens tokens;
  Kind kind = Kind::kOther;
  // Of functions, variables and typedefs.
  std::string_view name;
  // Names that it declares, and struct, union and enum tags that it defines.
  Names names, tags;
  // The words inside of the types that it defines: their fields, among others.
  Names fields;
  // Names that it uses: ordinary ones; tags whose definition it needs; tags
  // that are only pointed to; fields that are accessed.
  Names uses, needs_tags, points_to_tags, accesses;

  std::string_view file() const { return tokens.front().file; }
  int first_line() const { return tokens.front().line; }
  int last_line() const { return tokens.back().line; }
  bool Has(std::string_view word) const;
};

// All declarations of a text, in order.
std::vector<Declaration> Declarations(Tokens tokens);

// The position in `tokens` of the brace that a function's body begins with.
size_t BodyOf(Tokens tokens);

// What a declaration is without its attributes and without assembler names.
std::vector<Token> WithoutAttributes(Tokens tokens);

// Whether the word introduces inline assembly.
bool IsAsm(std::string_view word);

}  // namespace pxdfuzz::slice

#endif  // PXDFUZZ_KERNEL_SLICE_DECLARATIONS_H_
