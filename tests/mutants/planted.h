// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_MUTANTS_PLANTED_H_
#define PXDFUZZ_TESTS_MUTANTS_PLANTED_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pxdfuzz/paging/geometry.h"
#include "pxdfuzz/paging/level.h"

namespace pxdfuzz::mutants {

// The description of a planted bug.
struct Info {
  // Short and specific: "no-minus-one". If `level` is set, its name precedes
  // it: "pud-index-too-narrow".
  std::string_view name;
  std::optional<Level> level;
  // What is wrong, one sentence.
  std::string_view says;
  // The real bug that it copies, if it does.
  std::string_view copies;
  // Why nothing can distinguish it from the original. Then it is not a bug, and
  // does not count.
  std::string_view equal;
};

// "pud_index_too_narrow", in the form that GoogleTest requires.
inline std::string TestName(const Info& info) {
  std::string name(info.level.has_value() ? pxdfuzz::Name(*info.level) : "");
  if (!name.empty()) name += '_';
  for (const char c : info.name) name += c == '-' || c == '.' ? '_' : c;
  return name;
}

// A bug is a small architecture type that overrides one function of `Base`,
// which is an architecture itself (possibly a tiny one): one decision. It has
// `static constexpr Info kInfo`, and a member type `Code` if the function is in
// GupCode.

// The kernel's view of `Base`, and the shape of its paging mode.
template <class Base>
class ShapedKernel : public Base::Kernel {
 public:
  explicit constexpr ShapedKernel(int levels)
      : Base::Kernel(levels), shape_(Base::GeometryOf(levels)) {}

 protected:
  constexpr const Geometry& shape() const { return shape_; }
  // Bits of an address below the span of an entry of `level`.
  constexpr uint64_t Inside(Level level) const {
    return shape_.span(level) - 1;
  }

 private:
  Geometry shape_;
};

}  // namespace pxdfuzz::mutants

#endif  // PXDFUZZ_TESTS_MUTANTS_PLANTED_H_
