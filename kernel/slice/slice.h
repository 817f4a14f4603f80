// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_KERNEL_SLICE_SLICE_H_
#define PXDFUZZ_KERNEL_SLICE_SLICE_H_

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pxdfuzz::slice {

// Lines of a file that a slice has taken a declaration from.
struct TakenLines {
  std::string file;
  int first = 0;
  int last = 0;
  // Whether it is a function or a typedef.
  bool is_code = false;
};

// Of a preprocessed translation unit, the declarations that one of them
// reaches, as a translation unit of its own.
struct Slice {
  // C. Each declaration stands behind a #line. Everything but `root` is static.
  std::string text;
  // A hash of all tree code and shims that were taken, without the root and
  // without line numbers: 16 digits. The text defines PXD_SLICE_HASH as it.
  std::string hash;
  // The hash of what each walker's code does, by its name: without fields and
  // enumerators that this code does not use. The text defines PXD_HASH_NAME.
  std::map<std::string, std::string, std::less<>> walkers;
  // How many declarations there were.
  size_t declarations = 0;
  std::vector<TakenLines> taken;
  // Functions without definition. Each has a body that calls pxd_trap() with
  // its name.
  std::vector<std::string> traps;
  // Functions whose inline assembly became a call of pxd_trap().
  std::vector<std::string> assembly;
  // Variables without definition: weak symbols.
  std::vector<std::string> undefined;
  // Names of which the first definition was taken, and not a later one.
  std::vector<std::string> defined_twice;
  // The error in one line if there is no slice; otherwise empty.
  std::string error;
};

// A walker of a slice: what the root reaches without some names.
struct SlicedWalker {
  std::string_view name;
  std::vector<std::string_view> without;
};

// Something that a function of a slice may do: a run of its tokens, with
// blanks between them. The text defines `macro` as 1 if one of the functions
// has it, and as 0 otherwise.
struct SlicedProperty {
  std::string_view macro;
  std::vector<std::string_view> functions;
  std::string_view tokens;
};

// Takes out of `text`, which the preprocessor has written, what `root` reaches.
//
// What stands in a file of the folder `shims` wins over declarations of the
// same name elsewhere, and its static assertions are kept. A declaration that a
// shim's macro has spoilt is left out. A word CONFIG_X that the preprocessor
// has left is 0.
Slice TakeSlice(std::string_view text, std::string_view root,
                std::string_view shims,
                std::span<const SlicedWalker> walkers = {},
                std::span<const SlicedProperty> properties = {});

}  // namespace pxdfuzz::slice

#endif  // PXDFUZZ_KERNEL_SLICE_SLICE_H_
