// SPDX-License-Identifier: MIT

#include "pxdfuzz/paging/paging_mode.h"

namespace pxdfuzz {

std::string Name(PagingMode mode) {
  return std::string(Name(mode.arch)) + '/' + std::to_string(mode.levels);
}

std::optional<PagingMode> PagingModeFromName(std::string_view name) {
  for (const PagingMode& mode : kAllPagingModes) {
    if (Name(mode) == name) return mode;
  }
  return std::nullopt;
}

}  // namespace pxdfuzz
