// SPDX-License-Identifier: MIT

// pxdfuzz claims, and the comparison of docs/claims.md with its output. Runs in
// the project's folder.

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/engine/program.h"
#include "tests/sanitized.h"

namespace pxdfuzz {
namespace {

std::string OutputOf(const std::string& arguments) {
  const Ran ran = RunCommand(Program("pxdfuzz") + ' ' + arguments);
  EXPECT_EQ(ran.exit_code, 0);
  return ran.output;
}

TEST(ClaimsTest, ThePageMatchesTheOutput) {
  const std::string page = Contents("docs/claims.md");
  const size_t begin = page.find("```\n");
  ASSERT_NE(begin, page.npos);
  const size_t end = page.find("```\n", begin + 4);
  ASSERT_NE(end, page.npos);
  EXPECT_EQ(page.substr(begin + 4, end - begin - 4), OutputOf("claims"))
      << "write the output of 'pxdfuzz claims' into docs/claims.md";
}

TEST(ClaimsTest, EachHasAVerdict) {
  // The other test has looked for memory errors, which takes a minute or two.
  if (kAddressSanitizer) GTEST_SKIP() << "the same surveys once more";
  const YAML::Node claims = YAML::Load(OutputOf("claims --json"))["claims"];
  const std::vector<std::string> expected = {
      "holds",   "holds", "holds",   "refuted", "open", "holds", "refuted",
      "refuted", "holds", "refuted", "holds",   "open", "open",  "refuted"};
  ASSERT_EQ(claims.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(claims[i]["number"].as<size_t>(), i + 1);
    EXPECT_EQ(claims[i]["verdict"].as<std::string>(), expected[i]) << i + 1;
    EXPECT_FALSE(claims[i]["evidence"].as<std::string>().empty());
    EXPECT_FALSE(claims[i]["source"].as<std::string>().empty());
  }
}

}  // namespace
}  // namespace pxdfuzz
