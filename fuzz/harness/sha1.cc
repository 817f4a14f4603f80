// SPDX-License-Identifier: MIT

#include "fuzz/harness/sha1.h"

#include <array>
#include <bit>
#include <vector>

namespace pxdfuzz {
namespace {

uint32_t Add(uint32_t a, uint32_t b) {
  return static_cast<uint32_t>(uint64_t{a} + b);
}

void Block(const uint8_t* block, std::array<uint32_t, 5>& hash) {
  std::array<uint32_t, 80> w;
  for (size_t t = 0; t < 16; ++t) {
    w[t] = uint32_t{block[4 * t]} << 24 | uint32_t{block[4 * t + 1]} << 16 |
           uint32_t{block[4 * t + 2]} << 8 | uint32_t{block[4 * t + 3]};
  }
  for (size_t t = 16; t < w.size(); ++t) {
    w[t] = std::rotl(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
  }
  auto [a, b, c, d, e] = hash;
  for (size_t t = 0; t < w.size(); ++t) {
    uint32_t f;
    uint32_t k;
    if (t < 20) {
      f = (b & c) | (~b & d);
      k = 0x5a827999;
    } else if (t < 40) {
      f = b ^ c ^ d;
      k = 0x6ed9eba1;
    } else if (t < 60) {
      f = (b & c) | (b & d) | (c & d);
      k = 0x8f1bbcdc;
    } else {
      f = b ^ c ^ d;
      k = 0xca62c1d6;
    }
    const uint32_t next = Add(Add(Add(std::rotl(a, 5), f), Add(e, k)), w[t]);
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  }
  const std::array<uint32_t, 5> add = {a, b, c, d, e};
  for (size_t i = 0; i < hash.size(); ++i) hash[i] = Add(hash[i], add[i]);
}

}  // namespace

std::string Sha1Hex(std::span<const uint8_t> bytes) {
  std::vector<uint8_t> padded(bytes.begin(), bytes.end());
  padded.push_back(0x80);
  while (padded.size() % 64 != 56) padded.push_back(0);
  const uint64_t bits = uint64_t{bytes.size()} * 8;
  for (int shift = 56; shift >= 0; shift -= 8) {
    padded.push_back(static_cast<uint8_t>(bits >> shift));
  }
  std::array<uint32_t, 5> hash = {0x67452301, 0xefcdab89, 0x98badcfe,
                                  0x10325476, 0xc3d2e1f0};
  for (size_t at = 0; at < padded.size(); at += 64) Block(&padded[at], hash);
  std::string hex;
  for (const uint32_t word : hash) {
    for (int shift = 28; shift >= 0; shift -= 4) {
      hex += "0123456789abcdef"[word >> shift & 15];
    }
  }
  return hex;
}

}  // namespace pxdfuzz
