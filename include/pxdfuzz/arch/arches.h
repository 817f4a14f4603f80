// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_ARCH_ARCHES_H_
#define PXDFUZZ_ARCH_ARCHES_H_

#include <tuple>
#include <utility>

#include "pxdfuzz/arch/arm64.h"
#include "pxdfuzz/arch/s390.h"
#include "pxdfuzz/arch/x86.h"
#include "pxdfuzz/paging/paging_mode.h"

namespace pxdfuzz {

// The architectures that are built.
using Architectures = std::tuple<S390, X86, Arm64Page16K>;

namespace internal {
template <class Visitor, class... A>
constexpr bool VisitOneOf(ArchId id, Visitor&& visitor, std::tuple<A...>*) {
  return ((A::kId == id
               ? (std::forward<Visitor>(visitor).template operator()<A>(), true)
               : false) ||
          ...);
}
}  // namespace internal

// Calls `visitor.operator()<A>()` for the architecture type of that name in the
// tuple `Arches`. If there is none, calls nothing and returns false.
template <class Arches, class Visitor>
constexpr bool VisitArchOf(ArchId id, Visitor&& visitor) {
  return internal::VisitOneOf(id, std::forward<Visitor>(visitor),
                              static_cast<Arches*>(nullptr));
}

// The same, for the architectures that are built.
template <class Visitor>
constexpr bool VisitArch(ArchId id, Visitor&& visitor) {
  return VisitArchOf<Architectures>(id, std::forward<Visitor>(visitor));
}

// Whether cases of that paging mode can be run.
constexpr bool IsBuilt(PagingMode mode) {
  return VisitArch(mode.arch, []<class A>() {});
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_ARCH_ARCHES_H_
