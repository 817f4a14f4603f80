// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_DETERMINISM_DIGEST_PROGRAM_H_
#define PXDFUZZ_TESTS_DETERMINISM_DIGEST_PROGRAM_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tests/determinism/facts.h"

namespace pxdfuzz {

// What the programs that print digests have in common.

// Inputs, with one line each.
struct DigestSet {
  std::string name;  // without blanks and colons
  uint64_t count = 0;
  std::function<std::vector<uint8_t>(uint64_t index)> input;
  // Adds the results for an input; returns whether it has a finding.
  std::function<bool(std::span<const uint8_t> input, NumericFacts& facts)> add;
  // The first `shrunk` inputs with a finding form another set, with the values
  // that this adds for them. False if there is no finding after all.
  uint64_t shrunk = 0;
  std::function<bool(std::span<const uint8_t> input, NumericFacts& facts)>
      add_shrunk;
};

struct DigestOptions {
  std::optional<uint64_t> count;   // --count=N
  std::optional<uint64_t> shrunk;  // --shrunk=N
  // --detail=SET:INDEX
  std::string detail_set;
  uint64_t detail_index = 0;
  // Folders of inputs.
  std::vector<std::string> corpus;
};

inline constexpr int kDigestUsage = 2;
inline constexpr int kDigestFailed = 3;

// Nothing if the arguments are wrong, after an error message.
std::optional<DigestOptions> ParseDigestOptions(int argc, char** argv);

// The files in and below these folders, in the order of their names, except
// texts. Nothing if one cannot be read, after an error message.
std::optional<std::vector<std::vector<uint8_t>>> ReadCorpus(
    const DigestOptions& options);

// Random bytes after a valid version byte: pokes, refused requests and
// malformed tables, which are rare in a corpus. Made without the library.
std::vector<uint8_t> MakeRandomInput(uint64_t index);

// Prints "SET INDEX HASH" for each input of each set, or the details of the
// requested one. `walked` returns how many requests were walked; none is a
// failure. Returns the exit code.
int PrintDigest(const DigestOptions& options,
                const std::vector<DigestSet>& sets,
                const std::function<uint64_t()>& walked);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TESTS_DETERMINISM_DIGEST_PROGRAM_H_
