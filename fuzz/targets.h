// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_FUZZ_TARGETS_H_
#define PXDFUZZ_FUZZ_TARGETS_H_

#include <array>
#include <string_view>

#include "fuzz/generator/mutator.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/policy.h"

namespace pxdfuzz {

// A row of targets.def, which says what the columns mean.
struct Target {
  std::string_view name;
  std::string_view source;
  Tables tables = Tables::kWellFormed;
  std::string_view runs;
  WalkSet walks;  // those of `runs` that are the model's
  Waivers waivers = Waivers::kNone;
  std::string_view seeds;
  std::string_view use;
};

namespace targets {

constexpr Tables ParseTables(std::string_view word) {
  if (word == "still") return Tables::kWellFormed;
  if (word == "changing") return Tables::kChanging;
  if (word == "raw") return Tables::kRaw;
  throw "targets.def: tables are still, changing or raw";
}

constexpr WalkSet ParseWalks(std::string_view source, std::string_view runs) {
  if (source == "kernel" || runs == "none") return {};
  if (runs == "named") return WalkSet::Named();
  if (runs == "all") return WalkSet::All();
  WalkSet walks;
  while (!runs.empty()) {
    const size_t end = runs.find(' ');
    const auto walk = PolicyFromName(runs.substr(0, end));
    if (!walk.has_value()) throw "targets.def: no such walk";
    walks.Add(*walk);
    runs.remove_prefix(end == runs.npos ? runs.size() : end + 1);
  }
  return walks;
}

constexpr Waivers ParseWaivers(std::string_view word) {
  if (word == "none") return Waivers::kNone;
  if (word == "expected") return Waivers::kExpectedFailures;
  throw "targets.def: waives is expected or none";
}

}  // namespace targets

// All targets, including those of kernel code, whether or not they are built.
#define TARGET(name, source, tables, runs, waives, seeds, use) \
  Target{#name,                                                \
         #source,                                              \
         targets::ParseTables(#tables),                        \
         #runs,                                                \
         targets::ParseWalks(#source, #runs),                  \
         targets::ParseWaivers(#waives),                       \
         std::string_view(#seeds) == "none" ? "" : #seeds,     \
         #use},
inline constexpr auto kTargets = std::to_array<Target>({
#include "fuzz/targets.def"
});
#undef TARGET

// The target of that name, or null.
constexpr const Target* FindTarget(std::string_view name) {
  for (const Target& target : kTargets) {
    if (target.name == name) return &target;
  }
  return nullptr;
}

// The row of the target that this program is. The source of its entry point
// defines it with PXDFUZZ_THIS_TARGET.
const Target& ThisTarget();

// Compiled with -DPXDFUZZ_TARGET=gup_fuzzer.
#define PXDFUZZ_STRING_OF(text) #text
#define PXDFUZZ_NAME_OF(text) PXDFUZZ_STRING_OF(text)
#define PXDFUZZ_THIS_TARGET                               \
  const pxdfuzz::Target& pxdfuzz::ThisTarget() {          \
    static constexpr const Target* kRow =                 \
        FindTarget(PXDFUZZ_NAME_OF(PXDFUZZ_TARGET));      \
    static_assert(kRow != nullptr, "not in targets.def"); \
    return *kRow;                                         \
  }

}  // namespace pxdfuzz

#endif  // PXDFUZZ_FUZZ_TARGETS_H_
