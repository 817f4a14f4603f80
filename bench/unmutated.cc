// SPDX-License-Identifier: MIT

// A mutator that changes nothing, in place of fuzz/engines/custom_mutator.cc:
// the engine runs the corpus, case by case. So neither target pays for
// mutation, and every case has the requests that its file has.

#include <cstddef>
#include <cstdint>

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* /*data*/, size_t size,
                                          size_t /*max_size*/,
                                          unsigned int /*seed*/) {
  return size;
}
