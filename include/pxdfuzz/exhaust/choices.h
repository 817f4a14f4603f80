// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_EXHAUST_CHOICES_H_
#define PXDFUZZ_EXHAUST_CHOICES_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pxdfuzz {

// All sequences of choices, in depth-first order. How many choices there are,
// and how many options each has, may depend on the choices before it. Choices
// are remembered as numbers, so nothing is allocated once the longest sequence
// was reached.
class Choices {
 public:
  // The next choice of this sequence, from 0 to below `options`.
  uint8_t Choose(uint8_t options) {
    if (next_ == choices_.size()) choices_.push_back({0, options});
    return choices_[next_++].taken;
  }

  // Begins the next sequence. After the last, begins the first and returns
  // false.
  bool Advance() {
    next_ = 0;
    while (!choices_.empty()) {
      Choice& last = choices_.back();
      if (++last.taken < last.options) return true;
      choices_.pop_back();
    }
    return false;
  }

 private:
  struct Choice {
    uint8_t taken = 0;
    uint8_t options = 0;
  };

  // The path to this sequence, and how many of its choices were made again.
  std::vector<Choice> choices_;
  size_t next_ = 0;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_EXHAUST_CHOICES_H_
