// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_BASE_RNG_H_
#define PXDFUZZ_BASE_RNG_H_

#include <cstdint>
#include <initializer_list>
#include <span>

#include "pxdfuzz/base/wrapping.h"

namespace pxdfuzz {

// A stream of numbers that depends on its seed alone: SplitMix64 (Steele, Lea
// and Flood, 2014). Each mutation makes one, so seeding must be cheap.
class Rng {
 public:
  explicit constexpr Rng(uint64_t seed) : state_(seed) {}

  constexpr uint64_t Next() {
    state_ = WrappingAdd(state_, 0x9e3779b97f4a7c15);
    return Mix(state_);
  }
  // A pseudo-random number that depends on `z` alone.
  static constexpr uint64_t Mix(uint64_t z) {
    z = WrappingMul(z ^ z >> 30, 0xbf58476d1ce4e5b9);
    z = WrappingMul(z ^ z >> 27, 0x94d049bb133111eb);
    return z ^ z >> 31;
  }
  // 0 to `bound` - 1; `bound` is not 0.
  constexpr uint64_t Below(uint64_t bound) { return Next() % bound; }
  // `low` to `high`, both included.
  int64_t Between(int64_t low, int64_t high) {
    return low +
           static_cast<int64_t>(Below(static_cast<uint64_t>(high - low) + 1));
  }
  // True in `part` of `whole` calls.
  bool Chance(uint64_t part, uint64_t whole) { return Below(whole) < part; }

  template <class T>
  T Pick(std::span<const T> from) {
    return from[Below(from.size())];
  }
  template <class T>
  T Pick(std::initializer_list<T> from) {
    return from.begin()[Below(from.size())];
  }

 private:
  uint64_t state_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_BASE_RNG_H_
