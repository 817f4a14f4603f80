// SPDX-License-Identifier: MIT

// Like neutral_digest.cc, for all kernel code that was built. This program
// contains kernel code: GPL-2.0-only.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tests/determinism/digest_program.h"
#include "tests/determinism/facts.h"
#include "tests/determinism/kernel_facts.h"

namespace pxdfuzz {
namespace {

constexpr uint64_t kDefaultCount = 50'000;

int Run(const DigestOptions& options) {
  const auto corpus = ReadCorpus(options);
  if (!corpus.has_value()) return kDigestFailed;
  std::vector<KernelFacts> kernels = KernelFacts::OfAllKernels();
  std::vector<DigestSet> sets;
  for (KernelFacts& kernel : kernels) {
    const auto add = [&](std::span<const uint8_t> input, NumericFacts& facts) {
      kernel.Add(input, facts);
      return false;
    };
    sets.push_back({.name = kernel.label() + "-corpus",
                    .count = corpus->size(),
                    .input = [&](uint64_t index) { return (*corpus)[index]; },
                    .add = add});
    sets.push_back(
        {.name = kernel.label() + "-random",
         .count = options.count.value_or(kDefaultCount),
         .input = [&](uint64_t index) { return kernel.MakeInput(index); },
         .add = add});
  }
  return PrintDigest(options, sets, [&] {
    uint64_t walked = 0;
    for (const KernelFacts& kernel : kernels) walked += kernel.walked();
    return walked;
  });
}

}  // namespace
}  // namespace pxdfuzz

int main(int argc, char** argv) {
  const auto options = pxdfuzz::ParseDigestOptions(argc, argv);
  return options.has_value() ? pxdfuzz::Run(*options) : pxdfuzz::kDigestUsage;
}
