// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_PAGING_PAGING_MODE_H_
#define PXDFUZZ_PAGING_PAGING_MODE_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pxdfuzz {

// Every architecture that version 1 of the case format defines, built or not.
enum class ArchId : uint8_t { kS390, kX86, kArm64Page16K };

// The paging mode of a case: an architecture, and how many levels of its tables
// are real.
struct PagingMode {
  ArchId arch = ArchId::kS390;
  uint8_t levels = 3;

  friend constexpr bool operator==(const PagingMode&,
                                   const PagingMode&) = default;
};

// All that version 1 defines, in a fixed order.
inline constexpr std::array<PagingMode, 8> kAllPagingModes = {{
    {ArchId::kS390, 2},
    {ArchId::kS390, 3},
    {ArchId::kS390, 4},
    {ArchId::kS390, 5},
    {ArchId::kX86, 4},
    {ArchId::kX86, 5},
    {ArchId::kArm64Page16K, 3},
    {ArchId::kArm64Page16K, 4},
}};

constexpr std::string_view Name(ArchId arch) {
  constexpr std::array<std::string_view, 3> kNames = {"s390", "x86-64",
                                                      "arm64-16k"};
  return kNames[static_cast<size_t>(arch)];
}

// Position of `mode`, which must be in kAllPagingModes.
constexpr size_t IndexOf(PagingMode mode) {
  size_t i = 0;
  while (i + 1 < kAllPagingModes.size() && kAllPagingModes[i] != mode) ++i;
  return i;
}

// "s390/3". The inverse returns nothing for a name that is not in
// kAllPagingModes.
std::string Name(PagingMode mode);
std::optional<PagingMode> PagingModeFromName(std::string_view name);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_PAGING_PAGING_MODE_H_
