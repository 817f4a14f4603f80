// SPDX-License-Identifier: MIT

// Cuts what is compiled out of a kernel tree; the build calls it.
//
// usage: pxdfuzz_slice TREE ARCH FOLDER
//
// Prints what it took. Exit codes: 0 done, 2 wrong usage, 3 the tree lacks
// something or a file cannot be written.

#include <cstdio>
#include <string>

#include "kernel/slice/slicer.h"

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: pxdfuzz_slice TREE ARCH FOLDER\n");
    return 2;
  }
  const pxdfuzz::SliceReport report =
      pxdfuzz::SliceTree({.tree = argv[1], .arch = argv[2], .out = argv[3]});
  if (!report.error.empty()) {
    std::fprintf(stderr, "pxdfuzz_slice: %s\n", report.error.c_str());
    return 3;
  }
  for (const std::string& piece : report.pieces) {
    std::printf("%s\n", piece.c_str());
  }
  std::printf("Linux %s, %s, slice %s\n", report.version.c_str(), argv[2],
              report.hash.c_str());
  return 0;
}
