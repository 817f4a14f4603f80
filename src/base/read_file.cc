// SPDX-License-Identifier: MIT

#include "pxdfuzz/base/read_file.h"

#include <fstream>
#include <iterator>

namespace pxdfuzz {

std::optional<std::string> ReadFile(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  // A folder opens, and fails to be read.
  if (!in.is_open() || in.bad()) return std::nullopt;
  return bytes;
}

}  // namespace pxdfuzz
