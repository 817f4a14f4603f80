// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_RANDOM_BYTES_H_
#define PXDFUZZ_TESTS_RANDOM_BYTES_H_

#include <cstdint>
#include <vector>

#include "pxdfuzz/base/rng.h"
#include "pxdfuzz/case/case.h"

namespace pxdfuzz {

// Inputs of random bytes after a version byte, of each version in turn, of all
// meaningful lengths and a little more.
class RandomBytes {
 public:
  explicit RandomBytes(uint64_t seed) : rng_(seed) {}

  const std::vector<uint8_t>& Next() {
    bytes_.resize(1 + rng_.Below(rng_.Chance(1, 8) ? kMaxEncodedSize + 64
                                                   : 8 * kV1RecordBytes));
    is_v1_ = !is_v1_;
    bytes_[0] = is_v1_ ? kFormatVersion1 : kFormatVersion;
    for (size_t i = 1; i < bytes_.size(); ++i) {
      bytes_[i] = static_cast<uint8_t>(rng_.Next());
    }
    return bytes_;
  }

 private:
  Rng rng_;
  bool is_v1_ = false;
  std::vector<uint8_t> bytes_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TESTS_RANDOM_BYTES_H_
