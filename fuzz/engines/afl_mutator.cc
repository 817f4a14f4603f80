// SPDX-License-Identifier: MIT

// The mutator for AFL++: a library that afl-fuzz loads and uses besides its own
// mutations (AFL_CUSTOM_MUTATOR_LIBRARY).

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <span>
#include <string>

#include "fuzz/generator/mutator.h"
#include "fuzz/harness/paging_mode_filter.h"
#include "fuzz/targets.h"
#include "pxdfuzz/base/environment.h"
#include "pxdfuzz/base/rng.h"
#include "pxdfuzz/case/case.h"

namespace {

// The target on afl-fuzz's command line: the last word that names one.
const pxdfuzz::Target* TargetOfThisProcess() {
  std::ifstream in("/proc/self/cmdline", std::ios::binary);
  const pxdfuzz::Target* target = nullptr;
  for (std::string word; std::getline(in, word, '\0');) {
    const auto* named = pxdfuzz::FindTarget(word.substr(word.rfind('/') + 1));
    if (named != nullptr) target = named;
  }
  return target;
}

// The longest that a case can be.
constexpr size_t kMaxSize = pxdfuzz::kMaxEncodedSize;

struct AflMutator {
  pxdfuzz::PagingModeFilter filter;
  pxdfuzz::Rng rng;
  pxdfuzz::Tables tables;
  std::array<uint8_t, kMaxSize> buffer = {};
};

}  // namespace

extern "C" void* afl_custom_init(void* /*afl*/, unsigned int seed) {
  pxdfuzz::PagingModeFilter filter;
  const std::string only = pxdfuzz::Environment::Read().only;
  if (!only.empty()) {
    // The target reports what is wrong with the environment.
    filter = pxdfuzz::PagingModeFilter::Parse(only).value_or(filter);
  }
  const pxdfuzz::Target* target = TargetOfThisProcess();
  return new AflMutator{
      filter, pxdfuzz::Rng(seed),
      target == nullptr ? pxdfuzz::Tables::kWellFormed : target->tables};
}

extern "C" size_t afl_custom_fuzz(void* data, const uint8_t* input, size_t size,
                                  uint8_t** output, const uint8_t* /*other*/,
                                  size_t /*other_size*/, size_t max_size) {
  AflMutator& mutator = *static_cast<AflMutator*>(data);
  const std::span<uint8_t> buffer =
      std::span(mutator.buffer).first(std::min(max_size, kMaxSize));
  size = std::min(size, buffer.size());
  std::memcpy(buffer.data(), input, size);
  *output = buffer.data();
  return pxdfuzz::Mutate(buffer, size, mutator.rng.Next(), mutator.filter,
                         mutator.tables, nullptr);
}

extern "C" void afl_custom_deinit(void* data) {
  delete static_cast<AflMutator*>(data);
}
