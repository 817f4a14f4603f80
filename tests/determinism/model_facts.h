// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_DETERMINISM_MODEL_FACTS_H_
#define PXDFUZZ_TESTS_DETERMINISM_MODEL_FACTS_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "tests/determinism/facts.h"

namespace pxdfuzz {

// All that the library makes of inputs, as numbers. model_facts.cc and
// enum_numbers.h are what knows the library here.
class ModelFacts {
 public:
  ModelFacts();
  ~ModelFacts();

  // Adds what is made of one input; whether there is a finding without excuses.
  bool Add(std::span<const uint8_t> input, Facts& facts);

  // Adds what `shrink` comes to with an input that has a finding; false where
  // it has none.
  bool AddShrunk(std::span<const uint8_t> input, Facts& facts);

  // Requests that walks were run on so far.
  uint64_t walked() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// A case whose tables change while they are walked, as a fuzz target gets it.
std::vector<uint8_t> MakeChangingInput(uint64_t index);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TESTS_DETERMINISM_MODEL_FACTS_H_
