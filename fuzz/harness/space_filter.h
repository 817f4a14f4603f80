// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_FUZZ_HARNESS_SPACE_FILTER_H_
#define PXDFUZZ_FUZZ_HARNESS_SPACE_FILTER_H_

#include <bitset>
#include <optional>
#include <string_view>

#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/paging/space.h"

namespace pxdfuzz {

// The kinds of address spaces that a run is restricted to. As a rule all that
// are built.
class SpaceFilter {
 public:
  SpaceFilter() {
    for (size_t i = 0; i < kAllSpaces.size(); ++i) {
      allowed_[i] = IsBuilt(kAllSpaces[i]);
    }
  }

  // From "s390/3", "s390" or a list of such with commas. Nothing where a name
  // is unknown or its architecture not built.
  static std::optional<SpaceFilter> Parse(std::string_view text) {
    SpaceFilter filter;
    const SpaceFilter built;
    filter.allowed_.reset();
    while (!text.empty()) {
      const size_t comma = text.find(',');
      const std::string_view name = text.substr(0, comma);
      bool found = false;
      for (size_t i = 0; i < kAllSpaces.size(); ++i) {
        if (!built.allowed_[i]) continue;
        if (Name(kAllSpaces[i]) == name || Name(kAllSpaces[i].arch) == name) {
          filter.allowed_.set(i);
          found = true;
        }
      }
      if (!found) return std::nullopt;
      text.remove_prefix(comma == text.npos ? text.size() : comma + 1);
    }
    return filter;
  }

  bool Allows(Space space) const { return allowed_[IndexOf(space)]; }

 private:
  std::bitset<kAllSpaces.size()> allowed_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_FUZZ_HARNESS_SPACE_FILTER_H_
