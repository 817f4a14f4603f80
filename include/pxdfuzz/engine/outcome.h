// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_ENGINE_OUTCOME_H_
#define PXDFUZZ_ENGINE_OUTCOME_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pxdfuzz {

// How one walk's pages compare with the reference's.
enum class Outcome : uint8_t {
  kAgrees,
  kShort,      // stops before the reference does
  kLong,       // continues where the reference stops
  kWrongPage,  // another page at some position
  kStrayRead,  // the right pages, and a read that left its local copy
  kFault,      // a read of memory that does not exist
  kStale,      // a page that was gone when its reference was taken
};
inline constexpr size_t kOutcomeCount = 7;

constexpr std::string_view Name(Outcome outcome) {
  constexpr std::array<std::string_view, kOutcomeCount> kNames = {
      "agrees", "short", "long", "wrong-page", "stray-read", "fault", "stale"};
  return kNames[static_cast<size_t>(outcome)];
}

// How a run ended. Pages are valid only if it returned.
enum class RunEnd : uint8_t {
  kReturned,
  kRefused,    // the code refuses the request before it reads an entry
  kFault,      // a read or a write of memory that is not mapped
  kBug,        // BUG() or VM_BUG_ON()
  kEndless,    // more iterations or reads than any request takes
  kOverflow,   // the stack is used up
  kSanitizer,  // a sanitizer ended the process
  kDied,       // the process ended in another way
  kTrap,       // the code reached what nothing replaces
};
inline constexpr size_t kRunEndCount = 9;

constexpr std::string_view Name(RunEnd end) {
  constexpr std::array<std::string_view, kRunEndCount> kNames = {
      "returned", "refused",   "fault", "bug", "endless",
      "overflow", "sanitizer", "died",  "trap"};
  return kNames[static_cast<size_t>(end)];
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_ENGINE_OUTCOME_H_
