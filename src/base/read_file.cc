// SPDX-License-Identifier: MIT

#include "pxdfuzz/base/read_file.h"

#include <array>
#include <cstdio>

namespace pxdfuzz {

std::optional<std::string> ReadFile(const std::filesystem::path& file) {
  std::FILE* in = std::fopen(file.c_str(), "rbe");
  if (in == nullptr) return std::nullopt;
  std::string bytes;
  std::array<char, 16 * 1024> buffer;
  size_t got;
  while ((got = std::fread(buffer.data(), 1, buffer.size(), in)) > 0) {
    bytes.append(buffer.data(), got);
  }
  // A folder can be opened, but reading it fails.
  const bool failed = std::ferror(in) != 0;
  std::fclose(in);
  if (failed) return std::nullopt;
  return bytes;
}

}  // namespace pxdfuzz
