// SPDX-License-Identifier: MIT

// Prints this build's results for inputs: a line for each, and a digest of all.
// Builds by other compilers and for other machines must print the same. The
// first line that differs has the input.

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "fuzz/generator/mutator.h"
#include "fuzz/harness/paging_mode_filter.h"
#include "pxdfuzz/base/rng.h"
#include "pxdfuzz/case/case.h"
#include "tests/determinism/hash.h"
#include "tests/determinism/input_judge.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

constexpr int kDiffers = 1;
constexpr int kUsage = 2;
constexpr int kUnreadable = 3;

constexpr char kHelp[] =
    "usage: digest [--tiny] [--random=N] [--reports] FILE|FOLDER...\n"
    "Prints a line for each input, and a digest of all lines. Files *.yaml "
    "are\n"
    "left out. Judges all of them three times, the last time backwards, and\n"
    "fails where that makes a difference.\n"
    "  --tiny      also all inputs of 0 to 2 bytes, as one line\n"
    "  --random=N  also N inputs of random bytes, and N whose tables change,\n"
    "              the same each time\n"
    "  --reports   instead, the text that the lines have as hashes\n";

struct Input {
  std::string name;
  std::vector<uint8_t> bytes;
};

struct Options {
  bool tiny = false;
  bool reports = false;
  uint64_t random = 0;
  std::vector<std::string> paths;
};

std::optional<Options> Parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    constexpr std::string_view kRandom = "--random=";
    if (argument == "--tiny") {
      options.tiny = true;
    } else if (argument == "--reports") {
      options.reports = true;
    } else if (argument.starts_with(kRandom)) {
      const char* end = argument.data() + argument.size();
      const auto [rest, error] = std::from_chars(
          argument.data() + kRandom.size(), end, options.random);
      if (error != std::errc() || rest != end) return std::nullopt;
    } else if (argument.starts_with("-")) {
      return std::nullopt;
    } else {
      options.paths.emplace_back(argument);
    }
  }
  if (options.paths.empty()) return std::nullopt;
  return options;
}

// The inputs at or below `path`, in the order of their names; nothing if there
// is none or one cannot be read.
std::optional<std::vector<Input>> InputsAt(const fs::path& path) {
  std::vector<std::string> names;
  std::error_code error;
  if (fs::is_directory(path, error)) {
    for (auto it = fs::recursive_directory_iterator(path, error);
         !error && it != fs::recursive_directory_iterator();
         it.increment(error)) {
      // Each text has its bytes in another file.
      if (it->is_regular_file() && it->path().extension() != ".yaml") {
        names.push_back(it->path().generic_string());
      }
    }
  } else {
    names.push_back(path.generic_string());
  }
  if (error || names.empty()) return std::nullopt;
  std::sort(names.begin(), names.end());
  std::vector<Input> inputs;
  for (const std::string& name : names) {
    std::ifstream in(name, std::ios::binary);
    if (!in.is_open()) return std::nullopt;
    inputs.push_back({name, {std::istreambuf_iterator<char>(in), {}}});
    if (in.bad()) return std::nullopt;
  }
  return inputs;
}

// Random bytes after a valid version byte: pokes, refused requests and
// malformed tables, which are rare in a corpus.
void AddRandom(uint64_t count, std::vector<Input>& inputs) {
  Rng rng(count);
  for (uint64_t i = 0; i < count; ++i) {
    Input input{"random-" + std::to_string(i), {}};
    input.bytes.resize(1 + rng.Below(8 * kV1RecordBytes));
    for (uint8_t& byte : input.bytes) byte = static_cast<uint8_t>(rng.Next());
    input.bytes[0] = i % 2 == 0 ? kFormatVersion1 : kFormatVersion;
    inputs.push_back(std::move(input));
  }
}

// Cases with concurrent operations, as a fuzz target gets them.
void AddChanging(uint64_t count, std::vector<Input>& inputs) {
  std::vector<uint8_t> bytes(kMaxEncodedSize);
  for (uint64_t i = 0; i < count; ++i) {
    const size_t size =
        Mutate(bytes, 0, i, PagingModeFilter(), Tables::kChanging, nullptr);
    inputs.push_back(
        {"changing-" + std::to_string(i),
         {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)}});
  }
}

std::string LineOf(InputJudge& judge, const Input& input) {
  return input.name + judge.Fields(input.bytes);
}

// All inputs of 0 to 2 bytes, as one line.
std::string TinyLine(InputJudge& judge) {
  Hash hash;
  size_t count = 0;
  const auto add = [&](const std::vector<uint8_t>& bytes) {
    hash.Add(judge.Fields(bytes));
    ++count;
  };
  add({});
  for (unsigned first = 0; first < 256; ++first) {
    add({static_cast<uint8_t>(first)});
    for (unsigned second = 0; second < 256; ++second) {
      add({static_cast<uint8_t>(first), static_cast<uint8_t>(second)});
    }
  }
  return "inputs of 0 to 2 bytes\tcount=" + std::to_string(count) +
         "\tfields=" + hash.text();
}

double Seconds(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began)
      .count();
}

// Whether the second line for an input equals its first.
bool Same(std::string_view when, std::string_view first,
          std::string_view second) {
  if (first == second) return true;
  std::fprintf(stderr, "digest: another line %s:\n  %.*s\n  %.*s\n",
               std::string(when).c_str(), static_cast<int>(first.size()),
               first.data(), static_cast<int>(second.size()), second.data());
  return false;
}

// The line for an input must not depend on other inputs.
bool SameAgain(InputJudge& judge, const std::vector<Input>& inputs,
               const std::vector<std::string>& lines) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!Same("the second time", lines[i], LineOf(judge, inputs[i]))) {
      return false;
    }
  }
  for (size_t i = inputs.size(); i > 0; --i) {
    if (!Same("backwards", lines[i - 1], LineOf(judge, inputs[i - 1]))) {
      return false;
    }
  }
  return true;
}

int Run(const Options& options) {
  InputJudge judge;
  std::vector<Input> inputs;
  auto began = std::chrono::steady_clock::now();
  for (const std::string& path : options.paths) {
    auto more = InputsAt(path);
    if (!more.has_value()) {
      std::fprintf(stderr, "digest: %s: no input that can be read\n",
                   path.c_str());
      return kUnreadable;
    }
    std::move(more->begin(), more->end(), std::back_inserter(inputs));
  }
  for (const Input& input : inputs) judge.Replay(input.bytes);
  // To stderr, since this is not compared.
  if (!options.reports) {
    std::fprintf(stderr, "replayed %zu files in %.3f s\n", inputs.size(),
                 Seconds(began));
  }
  AddRandom(options.random, inputs);
  AddChanging(options.random, inputs);

  if (options.reports) {
    for (const Input& input : inputs) {
      std::printf("=== %s\n%s", input.name.c_str(),
                  judge.Reports(input.bytes).c_str());
    }
    return 0;
  }
  std::vector<std::string> lines;
  for (const Input& input : inputs) lines.push_back(LineOf(judge, input));
  if (!SameAgain(judge, inputs, lines)) return kDiffers;
  if (options.tiny) lines.push_back(TinyLine(judge));
  Hash all;
  for (const std::string& line : lines) {
    std::printf("%s\n", line.c_str());
    all.Add(line);
    all.Add("\n");
  }
  std::printf("digest %s of %zu lines\n", all.text().c_str(), lines.size());
  return 0;
}

}  // namespace
}  // namespace pxdfuzz

int main(int argc, char** argv) {
  const auto options = pxdfuzz::Parse(argc, argv);
  if (!options.has_value()) {
    std::fputs(pxdfuzz::kHelp, stderr);
    return pxdfuzz::kUsage;
  }
  const int status = pxdfuzz::Run(*options);
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    std::fputs("digest: output cannot be written\n", stderr);
    return pxdfuzz::kUnreadable;
  }
  return status;
}
