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

// How much there is to a case, most important first: the lesser is the simpler.
// Of a canonical case that is built.
//
// First come levels of tables, requests, operations and words on the stack,
// kinds of operations, levels of leaves, pages, entries, writes, states, how
// many moments something changes at, and the stack; then what is mere numbers:
// the order of the set-up, addresses, reads, frames and words. No two different
// cases of one architecture have the same.
class Complexity {
 public:
  explicit Complexity(const Case& c);

  friend auto operator<=>(const Complexity&, const Complexity&) = default;

 private:
  std::vector<uint64_t> parts_;
};

// One way in which a case may be made simpler.
struct Reduction {
  std::string_view name;  // "drop-setup"
  std::string_view what;  // one line, without a full stop
  // Adds what it makes of `c`, in the order in which it is to be tried. Not all
  // of it is simpler than `c`, or canonical.
  void (*propose)(const Case& c, std::vector<Case>& proposals);
};

// All reductions, in the order in which they are tried.
std::span<const Reduction> Reductions();

// What `reduction` makes of `c`: canonical cases that are simpler than it.
std::vector<Case> Simpler(const Reduction& reduction, const Case& c);

// Makes a case simpler and keeps a property of it. The result is 1-minimal: it
// has the property, and nothing that one of the Reductions() makes of it has.
// The same case and property give the same result each time.
//
//   Shrinker shrinker([&](const Case& c) { return Fails(c); });
//   const Case small = shrinker.Shrink(c);
class Shrinker {
 public:
  using Predicate = std::function<bool(const Case&)>;
  // Asked before each trial with the best case so far; false ends it there.
  using GoOn = std::function<bool(const Case& best)>;

  explicit Shrinker(Predicate keeps, GoOn go_on = nullptr)
      : keeps_(std::move(keeps)), go_on_(std::move(go_on)) {}

  // `c` is canonical and has the property.
  Case Shrink(const Case& c);

  // Cases of which the property was asked, all calls together.
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
