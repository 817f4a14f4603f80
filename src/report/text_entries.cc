// SPDX-License-Identifier: MIT

#include "pxdfuzz/report/text_entries.h"

namespace pxdfuzz {

std::string Describe(const LeafState& state) {
  std::string text;
  switch (state.permission) {
    case Permission::kNone:
      text = "none";
      break;
    case Permission::kRead:
      text = "ro";
      break;
    case Permission::kReadWrite:
      text = "rw";
      break;
  }
  text += state.young ? " young" : " old";
  text += state.dirty ? " dirty" : " clean";
  if (state.special) text += " special";
  return text;
}

Level EntryLevel(const Geometry& geometry, Level level) {
  for (Level above = level;; above = Above(above)) {
    if (geometry.real(above)) return above;
    if (above == Level::kPgd) return geometry.root();
  }
}

}  // namespace pxdfuzz
