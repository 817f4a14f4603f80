// SPDX-License-Identifier: MIT

// `pxdfuzz explain --json`. Runs in the project's folder.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/shell.h"

namespace pxdfuzz {
namespace {

using Json = nlohmann::json;

using ::testing::HasSubstr;

Json Explained(const std::string& arguments) {
  const ShellRun ran =
      RunShell(PXDFUZZ_BIN "/pxdfuzz explain --json " + arguments);
  EXPECT_EQ(ran.code, 0) << ran.error;
  return Json::parse(ran.out);
}

TEST(ExplainJsonTest, HasTheContentOfTheText) {
  const Json e = Explained(
      "--walk=static-by-value corpus/regressions/thread-wrong-page.yaml");
  EXPECT_EQ(e["format"], "pxdfuzz-explanation 2");
  EXPECT_EQ(e["walk"], "static-by-value");
  EXPECT_EQ(e["paging_mode"], "s390/3");
  EXPECT_EQ(e["request"], 1);
  EXPECT_EQ(e["conclusive"], true);
  EXPECT_EQ(e["wrong"], true);
  EXPECT_EQ(e["outcome"], "wrong-page");
  EXPECT_EQ(e["expected_failure"], "stack-escape");
  EXPECT_TRUE(e["known"].is_null());
  EXPECT_TRUE(e["token"].is_null());
  EXPECT_EQ(e["page"]["number"], 1);
  EXPECT_EQ(e["page"]["address"], "0x10080000000");
  EXPECT_EQ(e["page"]["returned"], "0x3000");
  EXPECT_EQ(e["page"]["reference"], "0x2000");
  EXPECT_THAT(std::string(e["case"]), HasSubstr("\nspace: s390/3"));
  EXPECT_EQ(e["pages"]["columns"].size(), 4u);
  EXPECT_EQ(e["pages"]["rows"][1]["marked"], true);
  EXPECT_EQ(e["pages"]["rows"][1]["cells"][3], "0x3000");
  ASSERT_EQ(e["iterations"].size(), 8u);
  EXPECT_EQ(e["iterations"][5]["level"], "pud");
  EXPECT_EQ(e["iterations"][5]["marked"], true);
  EXPECT_EQ(e["iterations"][5]["pointer"], "pudp++");
  EXPECT_EQ(e["iterations"][5]["place"],
            "the stack, 1 word above the local copy of p4d");
  EXPECT_EQ(e["iterations"][5]["reference"][0],
            "region-third table 0, entry 513");
  EXPECT_THAT(std::string(e["iterations"][5]["rule"]),
              HasSubstr("p4d_addr_end()"));
  EXPECT_TRUE(e["iterations"][0]["rule"].is_null());
  EXPECT_EQ(e["reference"][0]["steps"].size(), 3u);
  EXPECT_TRUE(e["changes"].empty());
}

TEST(ExplainJsonTest, HasConcurrentOperations) {
  const Json e = Explained(
      "--walk=static-by-pointer "
      "corpus/regressions/race-by-pointer-freed-pud.yaml");
  EXPECT_EQ(e["outcome"], "fault");
  ASSERT_FALSE(e["changes"].empty());
  EXPECT_EQ(e["changes"][0]["number"], 1);
  EXPECT_EQ(e["changes"][0]["made"], true);
  size_t changes = 0;
  for (const Json& iteration : e["iterations"])
    changes += iteration["kind"] == "change";
  EXPECT_EQ(changes, e["changes"].size());
}

TEST(ExplainJsonTest, ReportsAnInconclusiveRequest) {
  const Json e = Explained("corpus/regressions/beyond-limit.bin");
  EXPECT_EQ(e["conclusive"], false);
  EXPECT_EQ(e["wrong"], false);
  EXPECT_FALSE(e.contains("outcome"));
  EXPECT_THAT(std::string(e["headline"]), HasSubstr("is inconclusive"));
}

}  // namespace
}  // namespace pxdfuzz
