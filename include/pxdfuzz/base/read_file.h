// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_BASE_READ_FILE_H_
#define PXDFUZZ_BASE_READ_FILE_H_

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace pxdfuzz {

// All bytes of a file, or nothing if it cannot be read.
std::optional<std::string> ReadFile(const std::filesystem::path& file);

inline std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_BASE_READ_FILE_H_
