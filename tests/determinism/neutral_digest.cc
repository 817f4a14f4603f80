// SPDX-License-Identifier: MIT

// Prints a hash of all numbers that this build computes for each input with the
// model's walks. Two builds with the same behaviour print the same, whatever
// their names for things: ./run digest compares a tree with an earlier one.

#include <cstdint>
#include <span>
#include <vector>

#include "tests/determinism/digest_program.h"
#include "tests/determinism/facts.h"
#include "tests/determinism/model_facts.h"

namespace pxdfuzz {
namespace {

constexpr uint64_t kDefaultCount = 200'000;
constexpr uint64_t kDefaultShrunk = 500;

int Run(const DigestOptions& options) {
  const auto corpus = ReadCorpus(options);
  if (!corpus.has_value()) return kDigestFailed;
  ModelFacts model;
  const uint64_t count = options.count.value_or(kDefaultCount);
  // A third of the shrunk inputs comes from each set.
  const uint64_t shrunk = options.shrunk.value_or(kDefaultShrunk);
  std::vector<DigestSet> sets = {
      {.name = "corpus",
       .count = corpus->size(),
       .input = [&](uint64_t index) { return (*corpus)[index]; }},
      {.name = "random", .count = count, .input = &MakeRandomInput},
      {.name = "changing", .count = count, .input = &MakeChangingInput},
  };
  for (size_t i = 0; i < sets.size(); ++i) {
    sets[i].add = [&](std::span<const uint8_t> input, NumericFacts& facts) {
      return model.Add(input, facts);
    };
    sets[i].shrunk = (shrunk + i) / sets.size();
    sets[i].add_shrunk = [&](std::span<const uint8_t> input,
                             NumericFacts& facts) {
      return model.AddShrunk(input, facts);
    };
  }
  return PrintDigest(options, sets, [&] { return model.walked(); });
}

}  // namespace
}  // namespace pxdfuzz

int main(int argc, char** argv) {
  const auto options = pxdfuzz::ParseDigestOptions(argc, argv);
  return options.has_value() ? pxdfuzz::Run(*options) : pxdfuzz::kDigestUsage;
}
