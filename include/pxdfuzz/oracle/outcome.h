// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_ORACLE_OUTCOME_H_
#define PXDFUZZ_ORACLE_OUTCOME_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pxdfuzz {

// How one walk's pages compare with the reference's.
enum class Outcome : uint8_t {
  kAgrees,
  kShort,      // stops before the reference does
  kLong,       // goes on where the reference stops
  kWrongPage,  // another page in some place
  kStrayRead,  // the right pages, and a read that left its local copy
  kFault,      // a read where there is nothing
  kStale,      // a page that was gone when its reference was taken
};
inline constexpr size_t kOutcomeCount = 7;

constexpr std::string_view Name(Outcome outcome) {
  constexpr std::array<std::string_view, kOutcomeCount> kNames = {
      "agrees", "short", "long", "wrong-page", "stray-read", "fault", "stale"};
  return kNames[static_cast<size_t>(outcome)];
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_ORACLE_OUTCOME_H_
