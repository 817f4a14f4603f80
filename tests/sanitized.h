// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_SANITIZED_H_
#define PXDFUZZ_TESTS_SANITIZED_H_

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PXDFUZZ_ADDRESS_SANITIZER 1
#endif
#endif

namespace pxdfuzz {

// Whether AddressSanitizer watches this build: its redzones lie around what is
// on the stack, and everything takes ten times as long or more.
#ifdef PXDFUZZ_ADDRESS_SANITIZER
inline constexpr bool kAddressSanitizer = true;
#else
inline constexpr bool kAddressSanitizer = false;
#endif

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TESTS_SANITIZED_H_
