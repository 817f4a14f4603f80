// SPDX-License-Identifier: MIT

#include "tests/determinism/digest_program.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

constexpr char kUsageText[] =
    "usage: [--count=N] [--shrunk=N] [--detail=SET:INDEX] FOLDER...\n"
    "Prints SET INDEX HASH for each input: a hash of the numbers that this\n"
    "build makes of it. FOLDERs hold the corpus; files *.yaml are left out.\n"
    "  --count=N           N made-up inputs in each set of such\n"
    "  --shrunk=N          N inputs with a finding are shrunk\n"
    "  --detail=SET:INDEX  instead, the numbers of one input\n";

constexpr std::string_view kShrunkPrefix = "shrunk-";

std::optional<uint64_t> ParseNumber(std::string_view text) {
  uint64_t number = 0;
  const auto [rest, error] =
      std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || rest != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

bool ParseOne(std::string_view argument, DigestOptions& options) {
  constexpr std::string_view kCount = "--count=";
  constexpr std::string_view kShrunk = "--shrunk=";
  constexpr std::string_view kDetail = "--detail=";
  if (argument.starts_with(kCount)) {
    options.count = ParseNumber(argument.substr(kCount.size()));
    return options.count.has_value();
  }
  if (argument.starts_with(kShrunk)) {
    options.shrunk = ParseNumber(argument.substr(kShrunk.size()));
    return options.shrunk.has_value();
  }
  if (argument.starts_with(kDetail)) {
    const std::string_view place = argument.substr(kDetail.size());
    const size_t colon = place.find(':');
    if (colon == place.npos) return false;
    const auto index = ParseNumber(place.substr(colon + 1));
    options.detail_set = place.substr(0, colon);
    options.detail_index = index.value_or(0);
    return index.has_value();
  }
  options.corpus.emplace_back(argument);
  return !argument.starts_with('-');
}

std::optional<std::vector<uint8_t>> ReadFile(const std::string& name) {
  std::ifstream in(name, std::ios::binary);
  if (!in.is_open()) return std::nullopt;
  std::vector<uint8_t> bytes(std::istreambuf_iterator<char>(in), {});
  if (in.bad()) return std::nullopt;
  return bytes;
}

using Add = std::function<bool(std::span<const uint8_t>, NumericFacts&)>;

// The result for one input, and whether it has a finding.
bool AddInput(const DigestSet& set, const Add& add, uint64_t index,
              NumericFacts& facts) {
  const std::vector<uint8_t> input = set.input(index);
  facts.AddBytes("input", input);
  return add(input, facts);
}

bool PrintLine(const DigestSet& set, std::string_view prefix, const Add& add,
               uint64_t index) {
  NumericFacts facts;
  const bool has_finding = AddInput(set, add, index, facts);
  std::printf("%s%s %llu %016llx\n", std::string(prefix).c_str(),
              set.name.c_str(), static_cast<unsigned long long>(index),
              static_cast<unsigned long long>(facts.hash()));
  return has_finding;
}

int PrintDetail(const DigestOptions& options,
                const std::vector<DigestSet>& sets) {
  const bool is_shrunk = options.detail_set.starts_with(kShrunkPrefix);
  for (const DigestSet& set : sets) {
    if (set.name !=
        options.detail_set.substr(is_shrunk ? kShrunkPrefix.size() : 0)) {
      continue;
    }
    if (options.detail_index >= set.count) break;
    NumericFacts facts(stdout);
    AddInput(set, is_shrunk ? set.add_shrunk : set.add, options.detail_index,
             facts);
    return 0;
  }
  std::fprintf(stderr, "digest: there is no input %s:%llu\n",
               options.detail_set.c_str(),
               static_cast<unsigned long long>(options.detail_index));
  return kDigestFailed;
}

int PrintLines(const std::vector<DigestSet>& sets) {
  std::vector<std::vector<uint64_t>> findings(sets.size());
  for (size_t i = 0; i < sets.size(); ++i) {
    const DigestSet& set = sets[i];
    for (uint64_t index = 0; index < set.count; ++index) {
      if (PrintLine(set, "", set.add, index) &&
          findings[i].size() < set.shrunk) {
        findings[i].push_back(index);
      }
    }
  }
  int status = 0;
  for (size_t i = 0; i < sets.size(); ++i) {
    for (const uint64_t index : findings[i]) {
      PrintLine(sets[i], kShrunkPrefix, sets[i].add_shrunk, index);
    }
    if (findings[i].size() < sets[i].shrunk) {
      std::fprintf(stderr,
                   "digest: %s: %zu inputs have a finding, and %llu were to be "
                   "shrunk\n",
                   sets[i].name.c_str(), findings[i].size(),
                   static_cast<unsigned long long>(sets[i].shrunk));
      status = kDigestFailed;
    }
  }
  return status;
}

}  // namespace

std::optional<DigestOptions> ParseDigestOptions(int argc, char** argv) {
  DigestOptions options;
  bool is_good = true;
  for (int i = 1; i < argc; ++i) is_good &= ParseOne(argv[i], options);
  if (is_good && !options.corpus.empty()) return options;
  std::fputs(kUsageText, stderr);
  return std::nullopt;
}

std::optional<std::vector<std::vector<uint8_t>>> ReadCorpus(
    const DigestOptions& options) {
  std::vector<std::string> names;
  std::error_code error;
  for (const std::string& folder : options.corpus) {
    for (auto it = fs::recursive_directory_iterator(folder, error);
         !error && it != fs::recursive_directory_iterator();
         it.increment(error)) {
      if (it->is_regular_file() && it->path().extension() != ".yaml") {
        names.push_back(it->path().generic_string());
      }
    }
    if (error) {
      std::fprintf(stderr, "digest: %s cannot be read\n", folder.c_str());
      return std::nullopt;
    }
  }
  std::sort(names.begin(), names.end());
  std::vector<std::vector<uint8_t>> corpus;
  for (const std::string& name : names) {
    auto bytes = ReadFile(name);
    if (!bytes.has_value()) {
      std::fprintf(stderr, "digest: %s cannot be read\n", name.c_str());
      return std::nullopt;
    }
    corpus.push_back(*std::move(bytes));
  }
  if (corpus.empty()) {
    std::fputs("digest: the corpus is empty\n", stderr);
    return std::nullopt;
  }
  return corpus;
}

std::vector<uint8_t> MakeRandomInput(uint64_t index) {
  // Eight records; a constant that does not depend on the format.
  constexpr uint64_t kMostBytes = 160;
  constexpr uint8_t kVersion = 1;
  NumberHash numbers;
  numbers.Add(index);
  const auto next = [&numbers] {
    numbers.Add(1);
    return numbers.value();
  };
  std::vector<uint8_t> bytes(1 + next() % kMostBytes);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(next() >> 56);
  bytes[0] = kVersion;
  return bytes;
}

int PrintDigest(const DigestOptions& options,
                const std::vector<DigestSet>& sets,
                const std::function<uint64_t()>& walked) {
  int status = options.detail_set.empty() ? PrintLines(sets)
                                          : PrintDetail(options, sets);
  if (status == 0 && options.detail_set.empty() && walked() == 0) {
    std::fputs("digest: no walk was run on any input\n", stderr);
    status = kDigestFailed;
  }
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    std::fputs("digest: output cannot be written\n", stderr);
    status = kDigestFailed;
  }
  return status;
}

}  // namespace pxdfuzz
