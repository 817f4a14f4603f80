// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_PAGING_LEVEL_H_
#define PXDFUZZ_PAGING_LEVEL_H_

#include <array>
#include <cstdint>
#include <string_view>

namespace pxdfuzz {

// The five levels of Linux's page tables, leaf first. An entry "of level pmd"
// is a pmd_t: it is in a pmd table and points to a pte table, or maps a
// large page.
enum class Level : uint8_t { kPte, kPmd, kPud, kP4d, kPgd };

inline constexpr int kLevelCount = 5;

inline constexpr std::array<Level, kLevelCount> kAllLevels = {
    Level::kPte, Level::kPmd, Level::kPud, Level::kP4d, Level::kPgd};

// 0 for pte to 4 for pgd.
constexpr int Ordinal(Level level) { return static_cast<int>(level); }

// The next level towards the pages. `level` is not pte.
constexpr Level Below(Level level) {
  return static_cast<Level>(Ordinal(level) - 1);
}

// The next level towards the root. `level` is not pgd.
constexpr Level Above(Level level) {
  return static_cast<Level>(Ordinal(level) + 1);
}

constexpr std::string_view Name(Level level) {
  constexpr std::array<std::string_view, kLevelCount> kNames = {
      "pte", "pmd", "pud", "p4d", "pgd"};
  return kNames[Ordinal(level)];
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_PAGING_LEVEL_H_
