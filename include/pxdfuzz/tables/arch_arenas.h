// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TABLES_ARCH_ARENAS_H_
#define PXDFUZZ_TABLES_ARCH_ARENAS_H_

#include <array>
#include <cstddef>
#include <memory>
#include <tuple>

#include "pxdfuzz/memory/arena.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/tables/address_space.h"

namespace pxdfuzz {

// An arena for each of several architectures, made once for any number of
// cases.
class ArchArenas {
 public:
  // For each type of the tuple `Arches`.
  template <class Arches>
  static ArchArenas For() {
    ArchArenas arenas;
    std::apply([&arenas](auto... arch) { (arenas.Add<decltype(arch)>(), ...); },
               Arches());
    return arenas;
  }

  // The arena of an architecture that has one.
  Arena& of(ArchId arch) const { return *arenas_[static_cast<size_t>(arch)]; }

 private:
  template <class A>
  void Add() {
    arenas_[static_cast<size_t>(A::kId)].reset(new Arena(MakeArena<A>()));
  }

  std::array<std::unique_ptr<Arena>, 3> arenas_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TABLES_ARCH_ARENAS_H_
