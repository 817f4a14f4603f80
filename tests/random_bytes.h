// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_RANDOM_BYTES_H_
#define PXDFUZZ_TESTS_RANDOM_BYTES_H_

#include <cstdint>
#include <vector>

#include "pxdfuzz/base/rng.h"
#include "pxdfuzz/case/case.h"

namespace pxdfuzz {

// Inputs of random bytes after a valid version byte, of all meaningful lengths
// and a little more.
class RandomBytes {
 public:
  explicit RandomBytes(uint64_t seed) : rng_(seed) {}

  const std::vector<uint8_t>& Next() {
    bytes_.resize(1 + rng_.Below(rng_.Chance(1, 8) ? kMaxEncodedSize + 64
                                                   : 8 * kRecordBytes));
    bytes_[0] = kFormatVersion;
    for (size_t i = 1; i < bytes_.size(); ++i) {
      bytes_[i] = static_cast<uint8_t>(rng_.Next());
    }
    return bytes_;
  }

 private:
  Rng rng_;
  std::vector<uint8_t> bytes_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TESTS_RANDOM_BYTES_H_
