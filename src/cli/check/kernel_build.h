// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_CHECK_KERNEL_BUILD_H_
#define PXDFUZZ_SRC_CLI_CHECK_KERNEL_BUILD_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "pxdfuzz/engine/kernel_code.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "src/cli/check/steps.h"

namespace pxdfuzz {

// An architecture that can be checked.
struct CheckedArch {
  ArchId id;
  std::string_view in_tree;  // arch/s390
};
inline constexpr CheckedArch kCheckedArches[] = {
    {ArchId::kS390, "s390"},
    {ArchId::kX86, "x86"},
    {ArchId::kArm64Page16K, "arm64"}};

// Ways to compile a tree that must hold (kernel_variants.def).
inline constexpr std::string_view kConfigurations[] = {"as-is", "no-numa"};

// Whether code was compiled in that way. The code of a tree as it is may be
// called by-value, which is what it does.
bool IsConfiguration(const KernelCode& code, std::string_view configuration);

struct BuildWish {
  std::string source;    // of pxdfuzz
  std::string folder;    // of the build, shared by all trees
  std::string compiler;  // clang++
  int jobs = 1;
  std::string tree;
  // Not empty.
  std::vector<CheckedArch> arches;
  // Fuzz targets.
  std::vector<std::string> targets;
  // Where the programs and slices are kept.
  std::string out;
};

struct KernelBuild {
  struct Target {
    std::string name;
    // Names of kernel code that it runs.
    std::vector<std::string> codes;
  };
  // Why kernel code of an architecture is not there.
  struct Missing {
    ArchId arch;
    // No configuration: all of them.
    std::string configuration;
    std::string reason;
    // The tree has it, but it does not compile here.
    bool is_failure = false;
  };

  // The folders of the programs, and of the slices, NAME.c for each code.
  std::string bin;
  std::string slices;
  std::vector<Target> targets;
  std::vector<KernelCode> codes;
  std::vector<Missing> missing;

  const KernelCode* Find(std::string_view name) const;
};

// Compiles the kernel code of a tree. What does not compile is left out and
// named. An error where nothing can be built.
absl::StatusOr<KernelBuild> BuildKernel(const BuildWish& wish, Steps& steps);

// The hash of each slice in the folder, by file name. Comments and line numbers
// do not change it.
std::map<std::string, std::string> SliceHashes(const std::string& slices);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CHECK_KERNEL_BUILD_H_
