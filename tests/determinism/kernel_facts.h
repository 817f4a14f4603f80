// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_DETERMINISM_KERNEL_FACTS_H_
#define PXDFUZZ_TESTS_DETERMINISM_KERNEL_FACTS_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tests/determinism/facts.h"

namespace pxdfuzz {

// All results of one kernel code, and of its judge, for inputs, as numbers.
// Only kernel_facts.cc and enum_numbers.h depend on their interfaces.
class KernelFacts {
 public:
  // For every kernel code that was built, in the order of their labels.
  static std::vector<KernelFacts> OfAllKernels();

  KernelFacts(KernelFacts&&) noexcept;
  ~KernelFacts();

  // "6.1-s390-by-value": the name of sets. It stays if the code is renamed.
  std::string label() const;

  void Add(std::span<const uint8_t> input, NumericFacts& facts);

  // A case that the code supports; every second one has changes.
  std::vector<uint8_t> MakeInput(uint64_t index) const;

  // Requests walked until now.
  uint64_t walked() const;

 private:
  class Impl;
  explicit KernelFacts(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TESTS_DETERMINISM_KERNEL_FACTS_H_
