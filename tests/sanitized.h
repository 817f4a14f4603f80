// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_SANITIZED_H_
#define PXDFUZZ_TESTS_SANITIZED_H_

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PXDFUZZ_ADDRESS_SANITIZER 1
#endif
#endif

namespace pxdfuzz {

// Whether this build uses AddressSanitizer: it puts redzones around objects on
// the stack, and everything takes ten times as long or more.
#ifdef PXDFUZZ_ADDRESS_SANITIZER
inline constexpr bool kAddressSanitizer = true;
#else
inline constexpr bool kAddressSanitizer = false;
#endif

// How many of `cases` random cases a test runs: all, or the first tenth if each
// takes ten times as long. The other builds run the rest.
constexpr int Budget(int cases) {
  return kAddressSanitizer ? cases / 10 : cases;
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TESTS_SANITIZED_H_
