// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_CHECK_KERNEL_BUILD_H_
#define PXDFUZZ_SRC_CLI_CHECK_KERNEL_BUILD_H_

#include <iterator>
#include <map>
#include <optional>
#include <set>
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

// Configurations that a tree's own code is compiled in, as-is first.
inline constexpr std::string_view kConfigurations[] = {
#define FEATURE(...)
#define CODE(...)
#define VARIANT(...)
#define CONFIGURATION(name, ...) #name,
#include "pxdfuzz/engine/kernel_variants.def"
#undef CONFIGURATION
#undef VARIANT
#undef CODE
#undef FEATURE
};

// The configuration of BuildWish::config.
inline constexpr std::string_view kOwnConfig = "kconfig";

// The configuration of a kernel that the user builds.
struct KernelConfig {
  std::string name;  // as the user names the file
  std::string file;  // a copy, which is named after its hash
  CheckedArch arch;
};

// Reads a .config or an autoconf.h and copies it to `folder`. InvalidArgument
// if it is none, or if it is of an architecture that cannot be checked.
absl::StatusOr<KernelConfig> ReadKernelConfig(const std::string& name,
                                              const std::string& folder);

struct BuildWish {
  std::string source;    // of pxdfuzz
  std::string folder;    // of the build, shared by all trees
  std::string compiler;  // clang++
  int jobs = 1;
  std::string tree;
  // Not empty.
  std::vector<CheckedArch> arches;
  // Adds the configuration kconfig.
  std::optional<KernelConfig> config;
  // Fuzz targets, and which of the slicer's walkers they run. Code whose
  // walkers are those of another configuration is sliced and not compiled;
  // without walkers, all code is compiled.
  std::vector<std::string> targets;
  std::set<std::string> walkers;
  // Of kConfigurations.
  std::vector<std::string> configurations = {std::begin(kConfigurations),
                                             std::end(kConfigurations)};
  // Where the programs and slices are kept.
  std::string out;
};

struct KernelBuild {
  struct Target {
    std::string name;
    // Names of kernel code that it runs.
    std::vector<std::string> codes;
  };
  // Kernel code that was sliced.
  struct Sliced {
    std::string name;
    std::string configuration;
    ArchId arch;
    // The name of the compiled code that does the same, perhaps its own.
    std::string same_as;
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
  // Of the tree's own code, in the order of kConfigurations.
  std::vector<Sliced> sliced;
  std::vector<Missing> missing;
  // What BuildWish::config says and the shims need otherwise: "PARAVIRT=n".
  std::string overruled;

  // Null where there is none.
  const KernelCode* Find(std::string_view name) const;
  const KernelCode* Find(ArchId arch, std::string_view configuration) const;
  // Null where there is no such slice.
  const Sliced* FindSlice(ArchId arch, std::string_view configuration) const;
  std::string_view ConfigurationOf(const KernelCode& code) const;
};

// Compiles the kernel code of a tree. What does not compile is left out and
// named. An error where nothing can be built.
absl::StatusOr<KernelBuild> BuildKernel(const BuildWish& wish, Steps& steps);

// Only slices its code: the hash of each slice by the name of the kernel code.
// An error where one cannot be sliced.
absl::StatusOr<std::map<std::string, std::string>> SliceKernel(
    const BuildWish& wish, Steps& steps);

// The hash of each slice in the folder, by file name. Comments and line numbers
// do not change it.
std::map<std::string, std::string> SliceHashes(const std::string& slices);

// A hash of what a walker ("gup_fast") does in a slice of the folder. Fields
// and enumerators that it does not use do not change it, so that a walker may
// be the same in two configurations. Empty where the slice cannot be read.
std::string WalkerHash(const std::string& slices, std::string_view code,
                       std::string_view walker);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CHECK_KERNEL_BUILD_H_
