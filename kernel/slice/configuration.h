// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_KERNEL_SLICE_CONFIGURATION_H_
#define PXDFUZZ_KERNEL_SLICE_CONFIGURATION_H_

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace pxdfuzz::slice {

// Values of configuration symbols, which have no CONFIG_ in front: "y", "m",
// "n" for "is not set", a number or a string.
using ConfigValues = std::map<std::string, std::string, std::less<>>;

// Reads a .config or an autoconf.h. Lines of other forms are ignored.
ConfigValues ReadConfig(std::string_view text);

// How the configuration of a slice differs from that of the architecture.
struct ConfigChanges {
  std::vector<std::string> on, off;
  // A .config or an autoconf.h that replaces it, or nothing.
  std::filesystem::path file;
};

struct Configuration {
  // generated/autoconf.h.
  std::string header;
  // What `ConfigChanges::file` says and the shims need otherwise, as "X=y".
  std::vector<std::string> overruled;
  // Every file that was looked at.
  std::vector<std::filesystem::path> files;
  // One line. Empty where all went well.
  std::string error;
};

// The configuration that the code of an architecture is sliced with: the
// symbols of `folder`/common.config and `folder`/ARCH.config and what
// `symbol` selects of them in the file `kconfig`, or those of a file of the
// user; then `changes`; then, whatever these say, the symbols of the files
// *.forced.config.
Configuration MakeConfiguration(const std::filesystem::path& folder,
                                std::string_view arch, std::string_view symbol,
                                const std::filesystem::path& kconfig,
                                const ConfigChanges& changes);

}  // namespace pxdfuzz::slice

#endif  // PXDFUZZ_KERNEL_SLICE_CONFIGURATION_H_
