// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_DETERMINISM_MODEL_FACTS_H_
#define PXDFUZZ_TESTS_DETERMINISM_MODEL_FACTS_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "tests/determinism/facts.h"

namespace pxdfuzz {

// All results of the library for inputs, as numbers. Only model_facts.cc and
// enum_numbers.h depend on the library.
class ModelFacts {
 public:
  ModelFacts();
  ~ModelFacts();

  // Adds the results for one input; returns whether there is a finding,
  // expected failures included.
  bool Add(std::span<const uint8_t> input, NumericFacts& facts);

  // Adds the result of `shrink` for an input with a finding; false if it has
  // none.
  bool AddShrunk(std::span<const uint8_t> input, NumericFacts& facts);

  // Requests walked until now.
  uint64_t walked() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// A case with concurrent operations, as a fuzz target gets it.
std::vector<uint8_t> MakeChangingInput(uint64_t index);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TESTS_DETERMINISM_MODEL_FACTS_H_
