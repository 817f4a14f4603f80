// SPDX-License-Identifier: MIT

// The committed corpus: every file is canonical, and it contains the known
// cases. Runs in the project's folder.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "pxdfuzz/base/read_file.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/oracle/compare.h"
#include "tests/known_cases.h"

namespace pxdfuzz {
namespace {

const std::filesystem::path kCorpus = "corpus";

std::vector<uint8_t> Read(const std::filesystem::path& file) {
  const std::string text = ReadFile(file).value_or("");
  return {text.begin(), text.end()};
}

std::vector<uint8_t> Bytes(const Case& c) {
  std::vector<uint8_t> bytes(kMaxEncodedSize);
  bytes.resize(Encode(c, bytes));
  return bytes;
}

std::vector<std::filesystem::path> Seeds() {
  std::vector<std::filesystem::path> seeds;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(kCorpus)) {
    // The texts in regressions/ have byte files.
    if (entry.is_regular_file() && entry.path().extension() != ".yaml") {
      seeds.push_back(entry.path());
    }
  }
  std::sort(seeds.begin(), seeds.end());
  return seeds;
}

TEST(CorpusTest, EveryFileIsCanonical) {
  const auto seeds = Seeds();
  EXPECT_GE(seeds.size(), KnownCases().size() * 3);
  for (const auto& seed : seeds) {
    const std::vector<uint8_t> bytes = Read(seed);
    const Case c = Decode(bytes);
    EXPECT_FALSE(c.empty()) << seed;
    EXPECT_EQ(Bytes(c), bytes) << seed;
  }
}

// write_seeds made them from tests/known_cases.h.
TEST(CorpusTest, KnownCasesAreSeeds) {
  for (const KnownCase& known : KnownCases()) {
    for (const std::string& target : TargetsOf(known)) {
      EXPECT_EQ(Read(kCorpus / target / known.name), Bytes(known.c))
          << target << '/' << known.name;
    }
  }
}

// Configuration files give engines the longest input as a literal number.
TEST(LongestInputTest, IsTheLongestCaseEverywhere) {
  const std::string number = std::to_string(kMaxEncodedSize);
  for (const auto& [file, line] :
       {std::pair<std::string, std::string>{"fuzz/case.options", "max_len = "},
        {"scripts/minimize.sh", "MAX_LENGTH="},
        {"container/start.sh", "-max_len="}}) {
    EXPECT_NE(ReadFile(file).value_or("").find(line + number),
              std::string::npos)
        << file << ": no " << line << number;
  }
}

TEST(CorpusTest, VerdictsDoNotDependOnTheOrder) {
  const auto judge = [](std::vector<std::filesystem::path> seeds) {
    Oracle oracle;
    std::map<std::filesystem::path, std::string> verdicts;
    for (const auto& seed : seeds) {
      const Verdict& verdict =
          oracle.Judge(Decode(Read(seed)), WalkSet::All(), Waivers::kNone);
      std::string text = std::to_string(static_cast<int>(verdict.kind));
      if (verdict.finding) text += Name(*verdict.finding);
      verdicts[seed] = text;
    }
    return verdicts;
  };
  std::vector<std::filesystem::path> seeds = Seeds();
  const auto forwards = judge(seeds);
  std::reverse(seeds.begin(), seeds.end());
  EXPECT_EQ(judge(seeds), forwards);
}

}  // namespace
}  // namespace pxdfuzz
