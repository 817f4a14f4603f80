// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_ENGINE_CAMPAIGN_FOLDER_H_
#define PXDFUZZ_TESTS_ENGINE_CAMPAIGN_FOLDER_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "fuzz/harness/sha1.h"
#include "fuzz/targets.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/oracle/compare.h"
#include "tests/shell.h"

namespace pxdfuzz {

// Signatures of the findings in a folder, each of which is complete and right:
// those of gup_strict_fuzzer.
inline std::set<std::string> Findings(const std::filesystem::path& folder) {
  static Oracle& oracle = *new Oracle();
  std::set<std::string> signatures;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string signature = entry.path().filename().string();
    if (signature.starts_with(".")) continue;
    signatures.insert(signature);
    const std::string input = Contents(entry.path() / "input");
    const Case c = Decode(Bytes(input));
    const Verdict& verdict =
        oracle.Judge(c, FindTarget("gup_strict_fuzzer")->walks, Waivers::kNone);
    if (!verdict.finding.has_value()) {
      ADD_FAILURE() << signature << ": shows nothing";
      continue;
    }
    EXPECT_EQ(Name(*verdict.finding), signature);
    EXPECT_EQ(Contents(entry.path() / "case.yaml"), ToText(c)) << signature;
    const std::string report = Contents(entry.path() / "report.txt");
    EXPECT_THAT(report, testing::HasSubstr("DEDUP_TOKEN: " + signature));
    EXPECT_THAT(report, testing::EndsWith(signature + "/input\n"));
  }
  return signatures;
}

// What a campaign stores permanently, by path: inputs, and findings without
// their counts.
inline std::map<std::string, std::string> Kept(
    const std::filesystem::path& out) {
  std::map<std::string, std::string> kept;
  for (const char* folder : {"corpus", "findings"}) {
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(out / folder)) {
      if (!entry.is_regular_file() || entry.path().filename() == "count") {
        continue;
      }
      kept[entry.path().string()] = Contents(entry.path());
    }
  }
  return kept;
}

// How many inputs of a corpus, which an engine names by their content, have
// other content.
inline size_t CutShort(const std::filesystem::path& corpus) {
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(corpus)) {
    count += Sha1Hex(Bytes(Contents(entry.path()))) != entry.path().filename();
  }
  return count;
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TESTS_ENGINE_CAMPAIGN_FOLDER_H_
