// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_FUZZ_HARNESS_SHA1_H_
#define PXDFUZZ_FUZZ_HARNESS_SHA1_H_

#include <cstdint>
#include <span>
#include <string>

namespace pxdfuzz {

// SHA-1 (FIPS 180-4) in hexadecimal: libFuzzer names the file of a finding by
// it, and a report must name that file before it exists. Not for security.
std::string Sha1Hex(std::span<const uint8_t> bytes);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_FUZZ_HARNESS_SHA1_H_
