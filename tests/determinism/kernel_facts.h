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

// All that one kernel code makes of inputs, and its judge, as numbers.
// kernel_facts.cc and enum_numbers.h are what knows them here.
class KernelFacts {
 public:
  // Of every text that was built, in the order of their labels.
  static std::vector<KernelFacts> OfAllTexts();

  KernelFacts(KernelFacts&&) noexcept;
  ~KernelFacts();

  // "6.1-s390-by-value": what sets are called by. It stays, whatever else the
  // text is called.
  std::string label() const;

  void Add(std::span<const uint8_t> input, Facts& facts);

  // A case that the text takes; of every other one the tables change.
  std::vector<uint8_t> MakeInput(uint64_t index) const;

  // Requests that it walked so far.
  uint64_t walked() const;

 private:
  class Impl;
  explicit KernelFacts(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TESTS_DETERMINISM_KERNEL_FACTS_H_
