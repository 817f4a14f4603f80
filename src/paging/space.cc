// SPDX-License-Identifier: MIT

#include "pxdfuzz/paging/space.h"

namespace pxdfuzz {

std::string Name(Space space) {
  return std::string(Name(space.arch)) + '/' + std::to_string(space.levels);
}

std::optional<Space> SpaceFromName(std::string_view name) {
  for (const Space& space : kAllSpaces) {
    if (Name(space) == name) return space;
  }
  return std::nullopt;
}

}  // namespace pxdfuzz
