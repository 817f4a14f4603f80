// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SHRINK_SHRINK_H_
#define PXDFUZZ_SHRINK_SHRINK_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "pxdfuzz/case/case.h"

namespace pxdfuzz {

// The complexity of a case, most important part first; less is simpler. For a
// canonical case whose architecture is built.
//
// First come levels of tables, requests, operations and words on the stack,
// kinds of operations, levels of leaves, pages, entries, writes, states, the
// number of times at which something changes, and the stack. Then come plain
// numbers: the order of the set-up, addresses, reads, frames and words. No two
// different cases of one architecture have the same complexity.
class Complexity {
 public:
  explicit Complexity(const Case& c);

  friend auto operator<=>(const Complexity&, const Complexity&) = default;

 private:
  std::vector<uint64_t> parts_;
};

// One way to make a case simpler.
struct Reduction {
  std::string_view name;  // "drop-setup"
  std::string_view what;  // one line, without a full stop
  // Adds candidates made from `c`, in the order in which to try them. Not all
  // of them are simpler than `c`, or canonical.
  void (*propose)(const Case& c, std::vector<Case>& proposals);
};

// All reductions, in the order in which they are tried.
std::span<const Reduction> Reductions();

// The candidates of `reduction` for `c`: canonical cases that are simpler than
// it.
std::vector<Case> Simpler(const Reduction& reduction, const Case& c);

// Makes a case simpler and keeps a property of it. The result is 1-minimal: it
// has the property, and no candidate of one of the Reductions() has it. The
// same case and property always give the same result.
//
//   Shrinker shrinker([&](const Case& c) { return Fails(c); });
//   const Case small = shrinker.Shrink(c);
class Shrinker {
 public:
  using Predicate = std::function<bool(const Case&)>;
  // Called before each trial with the best case so far; false ends shrinking.
  using GoOn = std::function<bool(const Case& best)>;

  explicit Shrinker(Predicate keeps, GoOn go_on = nullptr)
      : keeps_(std::move(keeps)), go_on_(std::move(go_on)) {}

  // `c` is canonical and has the property.
  Case Shrink(const Case& c);

  // For how many cases the property was computed, over all calls.
  size_t trials() const { return trials_; }
  // Whether `go_on` ended the last call, whose result need not be minimal.
  bool stopped() const { return stopped_; }

 private:
  // Whether `reduction` made `c` simpler.
  bool Apply(const Reduction& reduction, Case& c);

  Predicate keeps_;
  GoOn go_on_;
  size_t trials_ = 0;
  bool stopped_ = false;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SHRINK_SHRINK_H_
