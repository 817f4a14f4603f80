// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_KERNEL_SLICE_TREE_H_
#define PXDFUZZ_KERNEL_SLICE_TREE_H_

#include <filesystem>
#include <string>
#include <vector>

#include "kernel/slice/configuration.h"

namespace pxdfuzz::slice {
// One architecture of a tree, and where what is made for it goes.
struct TreeRequest {
  std::filesystem::path tree;
  std::string arch;  // "s390", "x86", "arm64"
  // The project's folder kernel/.
  std::filesystem::path shims;
  std::filesystem::path out;
};

// What was made, or why nothing could be.
struct PreparedTree {
  std::string version;  // "6.1.192"
  // How many headers are included somewhere and are nowhere.
  size_t empty_headers = 0;
  // Every file that was looked at.
  std::vector<std::filesystem::path> files;
  // One line. Empty where all went well.
  std::string error;
};

// Makes in `out` what building a tree would make, as far as page tables need
// it:
//   generic/    headers asm/x.h that are asm-generic/x.h, and arm64's that
//   awk
//               scripts of the tree write
//   none/       an empty header for each that is nowhere
//   includes.h  the #include lines of the files that are compiled
//   tree.h      PXD_TREE_VERSION, and of what the shims ask about:
//               PXD_TREE_HAS_x for each x that the compiled files name, and
//               PXD_KCONFIG_SELECTS_x for each that the architecture's Kconfig
//               selects, whatever the condition
PreparedTree PrepareTree(const TreeRequest& request);

// The configuration of a slice of such a tree.
Configuration ConfigurationOf(const TreeRequest& request,
                              const ConfigChanges& changes);

// The arguments of a preprocessor for a prepared tree: folders of headers,
// the first with the configuration's generated/autoconf.h, and what the
// compiler predefines for the architecture.
std::vector<std::string> PreprocessorArguments(
    const TreeRequest& request, const std::filesystem::path& configuration);

}  // namespace pxdfuzz::slice

#endif  // PXDFUZZ_KERNEL_SLICE_TREE_H_
