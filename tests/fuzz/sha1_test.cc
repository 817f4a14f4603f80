// SPDX-License-Identifier: MIT

#include "fuzz/harness/sha1.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pxdfuzz {
namespace {

std::string Of(const std::string& text) {
  return Sha1Hex({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

// From FIPS 180-4's examples, and lengths around the padding's edge, with
// results of sha1sum(1).
TEST(Sha1Test, KnownAnswers) {
  EXPECT_EQ(Of(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(Of("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(Of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  EXPECT_EQ(Of(std::string(1'000'000, 'a')),
            "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

}  // namespace
}  // namespace pxdfuzz
