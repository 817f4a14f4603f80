// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_ENGINE_KERNEL_CODE_H_
#define PXDFUZZ_ENGINE_KERNEL_CODE_H_

#include <string>
#include <string_view>

#include "pxdfuzz/paging/policy.h"

namespace pxdfuzz {

// Which kernel code a program holds.
struct KernelCode {
  std::string name;     // "kernel-6.1-s390-by-value"
  std::string version;  // "6.1.192"
  std::string slice;    // a hash of the code
  std::string arch;     // "s390"
  std::string variant;  // "by-value"
  // The tree that it comes from, with commit and patch: "Linux 6.1.192, commit
  // 0123456789ab, with my.diff (89abcdef01234567)". Empty if only the version
  // is known.
  std::string tree = {};
  // Of code that a check compiled: what the check is told on another machine,
  // "debian:6.1 --patch=my.diff", and the folder of its results there,
  // "build/check/0123456789abcdef".
  std::string check = {};
  std::string check_folder = {};

  friend bool operator==(const KernelCode&, const KernelCode&) = default;
};

// Whether a walk of that name is kernel code, with a program of that name.
constexpr bool IsKernelName(std::string_view walk) {
  return walk.starts_with("kernel-") && walk.find('/') == walk.npos;
}

// "as it was before d3f7b1bb2040: ...": how a variant differs from the tree's
// own code. The name itself if the variant is unknown.
std::string DescribeVariant(std::string_view variant);

// The tree that the code comes from, as far as it is known.
std::string TreeOf(const KernelCode& code);
// The file beside programs with kernel code that says, in three lines, which
// tree all of them come from: `tree`, `check` and `check_folder`.
inline constexpr std::string_view kTreeFile = "tree.txt";

// The model's walk that does what a variant does on an architecture.
Policy ModelOf(std::string_view arch, std::string_view variant);

// "docs/findings/s390-readonly-2g-write.md".
std::string KnownFindingFile(std::string_view known);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_ENGINE_KERNEL_CODE_H_
