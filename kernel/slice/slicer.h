// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_KERNEL_SLICE_SLICER_H_
#define PXDFUZZ_KERNEL_SLICE_SLICER_H_

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pxdfuzz {

// Lines of a source file as they stand there.
struct Piece {
  // What was looked for: "function gup_fast".
  std::string anchor;
  // Of the first line, counted from 1, and how many lines there are.
  int first_line = 0;
  int lines = 0;
  std::string text;
};

// One file of a kernel tree, and what can be taken out of it by anchors.
class KernelSource {
 public:
  // `name` is the path in the tree, for messages and for #line.
  KernelSource(std::string name, std::string_view text);

  const std::string& name() const { return name_; }

  // The definition of the function, from the line its declaration begins in to
  // the brace in column 1 that ends it. Comments before it are left behind.
  std::optional<Piece> Function(std::string_view name) const;
  // The definition of the macro, with the lines it is continued on.
  std::optional<Piece> Macro(std::string_view name) const;
  // The outermost block from `line`, a whole line that opens a conditional, to
  // the #endif that closes it; the one that has `inside` in it, where several
  // begin alike.
  std::optional<Piece> Conditional(std::string_view line,
                                   std::string_view inside) const;

 private:
  Piece Take(std::string anchor, size_t first, size_t last) const;

  std::string name_;
  std::vector<std::string> lines_;
};

// What a cut is for: one architecture of one tree.
struct SliceRequest {
  std::filesystem::path tree;
  std::string arch;  // "s390", "x86", "arm64"
  // A folder that is made, or filled anew.
  std::filesystem::path out;
};

// What was cut, for people and for the build.
struct SliceReport {
  std::string version;  // "6.1.192"
  // A hash of all that was taken, 16 digits: tells two texts apart.
  std::string hash;
  // One line for each piece: "mm/gup.c:2412-2953 fast walk".
  std::vector<std::string> pieces;
  // Why nothing was written: one line. Empty where all went well.
  std::string error;
};

// Takes out of a tree what is compiled in userspace, into `out`:
//   include/        headers of the tree, unchanged behind a #line, and empty
//                   ones in place of those that say nothing that matters
//   gup.c perf.c hugetlb.c
//                   the pieces, each behind a #line of the file it stands in
//   slice.h           the version, the hash, and what the tree has
// Nothing is written where an anchor is missing.
SliceReport SliceTree(const SliceRequest& request);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_KERNEL_SLICE_SLICER_H_
