// SPDX-License-Identifier: MIT

// The corpora for speed measurements have their documented properties; figures
// from other corpora would not be comparable. Runs in the project's folder.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "bench/corpus_rules.h"
#include "pxdfuzz/base/read_file.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/oracle/compare.h"

namespace pxdfuzz {
namespace {

using Corpus = std::map<std::filesystem::path, Case>;

// The cases below `folder`, by their relative paths.
Corpus CorpusIn(const std::filesystem::path& folder) {
  Corpus corpus;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const std::string text = ReadFile(entry.path()).value_or("");
    const std::vector<uint8_t> bytes(text.begin(), text.end());
    const Case c = Decode(bytes);
    std::vector<uint8_t> canonical(kMaxEncodedSize);
    canonical.resize(Encode(c, canonical));
    EXPECT_EQ(canonical, bytes) << entry.path();
    EXPECT_TRUE(c.concurrent.empty()) << entry.path();
    corpus[std::filesystem::relative(entry.path(), folder)] = c;
  }
  return corpus;
}

class BenchCorpusTest : public testing::Test {
 protected:
  const Corpus one_ = CorpusIn("bench/corpus");
  const Corpus four_ = CorpusIn("bench/corpus-four");
};

TEST_F(BenchCorpusTest, OneRequestACaseInTheFolderOfItsLength) {
  EXPECT_EQ(one_.size(), CorpusRules::kCases);
  for (const auto& [path, c] : one_) {
    ASSERT_EQ(c.requests.size(), 1u) << path;
    EXPECT_EQ(path.parent_path(), CorpusRules::FolderOf(c)) << path;
  }
}

TEST_F(BenchCorpusTest, MedianOfEightPagesAndOneInTenAboveAHundred) {
  std::vector<int> pages;
  for (const auto& [path, c] : one_) pages.push_back(c.requests[0].pages);
  std::sort(pages.begin(), pages.end());
  EXPECT_EQ(pages[CorpusRules::kCases / 2 - 1], 8);
  EXPECT_EQ(pages[CorpusRules::kCases / 2], 8);
  EXPECT_EQ(std::count_if(pages.begin(), pages.end(),
                          [](int count) { return count > 100; }),
            static_cast<std::ptrdiff_t>(CorpusRules::kCases / 10));
}

TEST_F(BenchCorpusTest, HalfCrossAFoldedLevelsBoundary) {
  Oracle oracle;
  size_t crosses = 0;
  for (const auto& [path, c] : one_) {
    const Verdict& verdict =
        oracle.Judge(c, WalkSet::Named(), Waivers::kExpectedFailures);
    ASSERT_EQ(verdict.requests.size(), 1u) << path;
    EXPECT_EQ(verdict.requests[0].inconclusive, Inconclusive::kNo) << path;
    EXPECT_FALSE(verdict.finding.has_value()) << path;
    crosses += verdict.requests[0].crosses_folded;
  }
  EXPECT_EQ(crosses, CorpusRules::kCases / 2);
}

TEST_F(BenchCorpusTest, EveryFoldingLeafSizeAndLeafState) {
  std::map<int, size_t> levels;
  std::set<Level> leaves;
  std::set<std::array<int, 4>> states;
  for (const auto& [path, c] : one_) {
    EXPECT_EQ(c.mode.arch, ArchId::kS390) << path;
    ++levels[c.mode.levels];
    for (const TableOp& record : c.setup) {
      if (record.kind != TableOp::Kind::kMap) continue;
      leaves.insert(record.level);
      const LeafState& state = record.state;
      states.insert({static_cast<int>(state.permission), state.young,
                     state.dirty, state.special});
    }
  }
  const size_t each = CorpusRules::kCases / 4;
  EXPECT_EQ(levels, (std::map<int, size_t>{
                        {2, each}, {3, each}, {4, each}, {5, each}}));
  EXPECT_EQ(leaves, (std::set<Level>{Level::kPte, Level::kPmd, Level::kPud}));
  EXPECT_EQ(states.size(), 3u * 2 * 2 * 2);
}

TEST_F(BenchCorpusTest, FourRequestsOnTheSameTables) {
  EXPECT_EQ(four_.size(), one_.size());
  for (const auto& [path, c] : one_) {
    ASSERT_TRUE(four_.contains(path)) << path;
    const Case& four = four_.at(path);
    ASSERT_EQ(four.requests.size(), 4u) << path;
    EXPECT_EQ(four.requests[0], c.requests[0]) << path;
    EXPECT_EQ(four.setup, c.setup) << path;
    EXPECT_EQ(four.mode, c.mode) << path;
    for (const Request& request : four.requests) {
      EXPECT_EQ(request.pages, c.requests[0].pages) << path;
    }
  }
}

}  // namespace
}  // namespace pxdfuzz
