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

// Inputs, each of which is a line.
struct DigestSet {
  std::string name;  // without blanks and colons
  uint64_t count = 0;
  std::function<std::vector<uint8_t>(uint64_t index)> input;
  // Adds what is made of an input; whether it has a finding.
  std::function<bool(std::span<const uint8_t> input, Facts& facts)> add;
  // The first `shrunk` inputs that have a finding are a set of their own, with
  // what this adds of them. False where there is no finding after all.
  uint64_t shrunk = 0;
  std::function<bool(std::span<const uint8_t> input, Facts& facts)> add_shrunk;
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

// Nothing where the arguments are none; that was said then.
std::optional<DigestOptions> ParseDigestOptions(int argc, char** argv);

// The files in these folders and below, in the order of their names, but for
// texts. Nothing where one cannot be read; that was said then.
std::optional<std::vector<std::vector<uint8_t>>> ReadCorpus(
    const DigestOptions& options);

// Random bytes behind a right version byte: pokes, refused requests and tables
// that are none, of which a corpus has few. Made without the library.
std::vector<uint8_t> MakeRandomInput(uint64_t index);

// Prints "SET INDEX HASH" for each input of each set, or what is added of the
// one that is asked for. `walked` says how many requests were walked: none is a
// failure. Returns the exit code.
int PrintDigest(const DigestOptions& options,
                const std::vector<DigestSet>& sets,
                const std::function<uint64_t()>& walked);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TESTS_DETERMINISM_DIGEST_PROGRAM_H_
