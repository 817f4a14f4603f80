// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_FUZZ_HARNESS_PAGING_MODE_FILTER_H_
#define PXDFUZZ_FUZZ_HARNESS_PAGING_MODE_FILTER_H_

#include <bitset>
#include <optional>
#include <string_view>

#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/paging/paging_mode.h"

namespace pxdfuzz {

// The paging modes to which a run is restricted. Default: all that are built.
class PagingModeFilter {
 public:
  PagingModeFilter() {
    for (size_t i = 0; i < kAllPagingModes.size(); ++i) {
      allowed_[i] = IsBuilt(kAllPagingModes[i]);
    }
  }

  // From "s390/3", "s390" or a comma-separated list of these. Nothing if a name
  // is unknown or its architecture is not built.
  static std::optional<PagingModeFilter> Parse(std::string_view text) {
    PagingModeFilter filter;
    const PagingModeFilter built;
    filter.allowed_.reset();
    while (!text.empty()) {
      const size_t comma = text.find(',');
      const std::string_view name = text.substr(0, comma);
      bool found = false;
      for (size_t i = 0; i < kAllPagingModes.size(); ++i) {
        if (!built.allowed_[i]) continue;
        if (Name(kAllPagingModes[i]) == name ||
            Name(kAllPagingModes[i].arch) == name) {
          filter.allowed_.set(i);
          found = true;
        }
      }
      if (!found) return std::nullopt;
      text.remove_prefix(comma == text.npos ? text.size() : comma + 1);
    }
    return filter;
  }

  bool Allows(PagingMode mode) const { return allowed_[IndexOf(mode)]; }

 private:
  std::bitset<kAllPagingModes.size()> allowed_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_FUZZ_HARNESS_PAGING_MODE_FILTER_H_
