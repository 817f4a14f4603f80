// SPDX-License-Identifier: MIT

// The functions that libFuzzer calls before and between inputs, the same for
// all targets.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fuzz/generator/mutator.h"
#include "fuzz/harness/harness.h"
#include "fuzz/targets.h"

// libFuzzer's own mutations. Absent where the plain main is linked.
extern "C" __attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t* data,
                                                         size_t size,
                                                         size_t max_size);

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  // Mutated cases are complete, so libFuzzer's slow growth of inputs at the
  // start has no use. A flag on the command line comes later and overrides
  // this.
  static std::vector<char*> words;
  static std::string length_control = "-len_control=0";
  words.assign(*argv, *argv + *argc);
  if (!words.empty()) words.insert(words.begin() + 1, length_control.data());
  *argc = static_cast<int>(words.size());
  pxdfuzz::Harness::Get().SetCommandLine(*argc, words.data());
  words.push_back(nullptr);
  *argv = words.data();
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size,
                                          size_t max_size, unsigned int seed) {
  return pxdfuzz::Mutate({data, max_size}, size, seed,
                         pxdfuzz::Harness::Get().filter(),
                         pxdfuzz::ThisTarget().tables, LLVMFuzzerMutate);
}
