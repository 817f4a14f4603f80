// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_PAGING_POLICY_H_
#define PXDFUZZ_PAGING_POLICY_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pxdfuzz {

// Where does this entry's part of the range end?
enum class BoundaryRule : uint8_t {
  kStatic,       // pXd_addr_end(addr, end)
  kFoldedAware,  // pXd_addr_end_folded(pXd, addr, end), the RFC of 2020
};

// What goes to the next level's offset?
enum class Descent : uint8_t {
  kByPointer,  // pXd_offset(pXdp, addr): reads *pXdp again
  kByValue,    // pXd_offset(&pXd, addr): a local copy's address
  kLockless,   // pXd_offset_lockless(pXdp, pXd, addr), d3f7b1bb2040
};

// How does a loop reach the next entry?
enum class Step : uint8_t {
  kIncrement,  // pXdp++
  kRecompute,  // pXd_offset() again
};

// A walk is one choice on each axis.
struct Policy {
  BoundaryRule boundary = BoundaryRule::kStatic;
  Descent descent = Descent::kLockless;
  Step step = Step::kIncrement;

  friend constexpr bool operator==(const Policy&, const Policy&) = default;
};

// The five with a name in the history of the code, in the order in which
// signatures look for the first walk that disagrees.
inline constexpr Policy kStaticByValue = {BoundaryRule::kStatic,
                                          Descent::kByValue, Step::kIncrement};
inline constexpr Policy kFoldedAwareByValue = {
    BoundaryRule::kFoldedAware, Descent::kByValue, Step::kIncrement};
inline constexpr Policy kStaticLockless = {
    BoundaryRule::kStatic, Descent::kLockless, Step::kIncrement};
inline constexpr Policy kStaticByPointer = {
    BoundaryRule::kStatic, Descent::kByPointer, Step::kIncrement};
inline constexpr Policy kFoldedAwareByPointer = {
    BoundaryRule::kFoldedAware, Descent::kByPointer, Step::kIncrement};

inline constexpr size_t kWalkCount = 12;

// All twelve, the named ones first.
inline constexpr std::array<Policy, kWalkCount> kAllWalks = {{
    kStaticByValue,
    kFoldedAwareByValue,
    kStaticLockless,
    kStaticByPointer,
    kFoldedAwareByPointer,
    {BoundaryRule::kFoldedAware, Descent::kLockless, Step::kIncrement},
    {BoundaryRule::kStatic, Descent::kByValue, Step::kRecompute},
    {BoundaryRule::kFoldedAware, Descent::kByValue, Step::kRecompute},
    {BoundaryRule::kStatic, Descent::kLockless, Step::kRecompute},
    {BoundaryRule::kFoldedAware, Descent::kLockless, Step::kRecompute},
    {BoundaryRule::kStatic, Descent::kByPointer, Step::kRecompute},
    {BoundaryRule::kFoldedAware, Descent::kByPointer, Step::kRecompute},
}};

inline constexpr size_t kNamedWalkCount = 5;

// Position of `policy` in kAllWalks.
constexpr size_t IndexOf(Policy policy) {
  size_t i = 0;
  while (kAllWalks[i] != policy) ++i;
  return i;
}

// "static-by-value", "folded-aware-lockless-recompute".
constexpr std::string_view Name(Policy policy) {
  constexpr std::array<std::string_view, kWalkCount> kNames = {
      "static-by-value",
      "folded-aware-by-value",
      "static-lockless",
      "static-by-pointer",
      "folded-aware-by-pointer",
      "folded-aware-lockless",
      "static-by-value-recompute",
      "folded-aware-by-value-recompute",
      "static-lockless-recompute",
      "folded-aware-lockless-recompute",
      "static-by-pointer-recompute",
      "folded-aware-by-pointer-recompute",
  };
  return kNames[IndexOf(policy)];
}

// The policy of that name, or nothing.
constexpr std::optional<Policy> PolicyFromName(std::string_view name) {
  for (const Policy& policy : kAllWalks) {
    if (Name(policy) == name) return policy;
  }
  return std::nullopt;
}

// Why a walk goes wrong: a predicate on the first read that shows the cause.
enum class Cause : uint8_t {
  kNone,
  kStackEscape,  // a read of the stack outside the copy the pointer was made
                 // from
  kWrongEntry,   // an iteration reads an entry whose span does not contain its
                 // address
  // In changing tables:
  kDoubleFetch,  // an offset function uses another entry than the one that was
                 // tested
  kVacuousRecheck,  // the recheck compares a copy with itself: the table entry
                    // differs
};
inline constexpr size_t kCauseCount = 5;
inline constexpr std::array<Cause, kCauseCount - 1> kAllCauses = {
    Cause::kStackEscape, Cause::kWrongEntry, Cause::kDoubleFetch,
    Cause::kVacuousRecheck};

constexpr std::string_view Name(Cause cause) {
  constexpr std::array<std::string_view, kCauseCount> kNames = {
      "none", "stack-escape", "wrong-entry", "double-fetch", "vacuous-recheck"};
  return kNames[static_cast<size_t>(cause)];
}

// A set of causes.
class Causes {
 public:
  constexpr Causes() = default;
  constexpr Causes& Add(Cause cause) {
    if (cause != Cause::kNone) bits_ |= 1u << static_cast<int>(cause);
    return *this;
  }
  constexpr bool Contains(Cause cause) const {
    return (bits_ >> static_cast<int>(cause) & 1) != 0;
  }
  constexpr bool empty() const { return bits_ == 0; }
  // The cause that applies in tables that do not change; kNone if all require a
  // change.
  constexpr Cause InStillTables() const {
    if (Contains(Cause::kStackEscape)) return Cause::kStackEscape;
    return Contains(Cause::kWrongEntry) ? Cause::kWrongEntry : Cause::kNone;
  }

  friend constexpr bool operator==(const Causes&, const Causes&) = default;

 private:
  unsigned bits_ = 0;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_PAGING_POLICY_H_
