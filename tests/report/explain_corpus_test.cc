// SPDX-License-Identifier: MIT

// The length of explanations, for every case of the corpus. Runs in the
// project's folder.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/report/report.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

Case ReadBytes(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  return Decode(
      std::span(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
}

// As `pxdfuzz explain` prints it, with one command.
std::string ShortReport(const Case& c, const Verdict& verdict, size_t request,
                        size_t walk) {
  return WalkReport(c, verdict, request, walk,
                    {.commands = {{"To see this again", "pxdfuzz explain x"}}});
}

size_t LinesOf(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

size_t LongestLineOf(const std::string& text) {
  size_t longest = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    longest = std::max(longest, end - at);
    at = end + 1;
  }
  return longest;
}

TEST(ExplainCorpusTest, TheThreadsExampleIsShort) {
  const Case c = ReadBytes("corpus/regressions/thread-wrong-page.bin");
  Oracle oracle;
  for (const Waivers waivers : {Waivers::kNone, Waivers::kExpectedFailures}) {
    const std::string report =
        ShortReport(c, oracle.Judge(c, WalkSet::All(), waivers), 0,
                    IndexOf(kStaticByValue));
    EXPECT_LE(LinesOf(report), 60u) << report;
    EXPECT_LE(LongestLineOf(report), 80u) << report;
    for (const char* part :
         {"wrong page", "RULE BROKEN: ", "--- Case ", "--- Pages ",
          "\n>> 1     0x10080000000  0x2000     0x3000\n", "\n>>   pud ",
          "FIRST DIFFERENCE: ", "region-third table 0, entry",
          "\n  pxdfuzz explain x\n"}) {
      EXPECT_NE(report.find(part), report.npos) << part << '\n' << report;
    }
  }
}

// Every walk with a finding or an expected failure, and one that agrees.
TEST(ExplainCorpusTest, NoExplanationIsLong) {
  Oracle oracle;
  size_t files = 0;
  size_t reports = 0;
  size_t most = 0;
  for (const auto& entry : fs::recursive_directory_iterator("corpus")) {
    if (!entry.is_regular_file()) continue;
    const std::string extension = entry.path().extension().string();
    if (extension == ".yaml" || extension == ".md") continue;
    ++files;
    const Case c = ReadBytes(entry.path());
    if (c.empty()) continue;
    const Verdict& verdict =
        oracle.Judge(c, WalkSet::All(), Waivers::kExpectedFailures);
    for (size_t request = 0; request < c.requests.size(); ++request) {
      for (size_t walk = 0; walk < kWalkCount; ++walk) {
        const bool differs =
            request < verdict.requests.size() &&
            verdict.requests[request].walks[walk].outcome != Outcome::kAgrees;
        if (!differs && kAllWalks[walk] != kStaticLockless) continue;
        const std::string report = ShortReport(c, verdict, request, walk);
        ++reports;
        most = std::max(most, LinesOf(report));
        ASSERT_LE(LinesOf(report), 100u) << entry.path() << '\n' << report;
        ASSERT_LE(LongestLineOf(report), 80u) << entry.path() << '\n' << report;
      }
    }
  }
  EXPECT_GT(files, 200u);
  EXPECT_GT(reports, 300u);
  EXPECT_GT(most, 60u);
}

}  // namespace
}  // namespace pxdfuzz
