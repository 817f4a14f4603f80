// SPDX-License-Identifier: MIT

// docs/tutorial.md: runs its commands and compares their output with the page.
// Runs in the project's folder.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/engine/program.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

struct Step {
  std::string command;
  // The lines of a command's output; "[...]" stands for any number of lines.
  std::vector<std::string> lines;
};

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<Step> Steps(const fs::path& page) {
  std::ifstream in(page);
  std::vector<Step> steps;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("```")) {
      inside = line == "```console";
    } else if (inside && line.starts_with("$ ")) {
      steps.push_back({line.substr(2), {}});
    } else if (inside && !steps.empty()) {
      steps.back().lines.push_back(line);
    }
  }
  return steps;
}

// The first line of the page that is missing in the output; empty if there is
// none.
std::string FirstMissing(const std::vector<std::string>& expected,
                         const std::vector<std::string>& printed) {
  size_t at = 0;
  bool skips = false;
  for (const std::string& line : expected) {
    if (line == "[...]") {
      skips = true;
      continue;
    }
    while (skips && at < printed.size() && printed[at] != line) ++at;
    if (at == printed.size() || printed[at] != line) return line;
    skips = false;
    ++at;
  }
  return skips || at == printed.size() ? "" : "the end of the output";
}

TEST(TutorialTest, CommandsPrintTheLinesOfThePage) {
  const ScratchFolder folder;
  for (const auto& entry : fs::directory_iterator("docs/tutorial")) {
    fs::copy(entry.path(), folder.path() / entry.path().filename());
  }
  const std::vector<Step> steps = Steps("docs/tutorial.md");
  EXPECT_GE(steps.size(), 10u);
  for (const Step& step : steps) {
    const Ran ran =
        RunCommand("cd '" + folder.path().string() +
                   "' && PATH='" PXDFUZZ_BIN "':\"$PATH\" && " + step.command);
    EXPECT_EQ(FirstMissing(step.lines, Lines(ran.output)), "")
        << "$ " << step.command << '\n'
        << ran.output;
    EXPECT_LE(ran.exit_code, 1) << "$ " << step.command;
  }
}

TEST(TutorialTest, AMissingLineIsFound) {
  const std::vector<std::string> printed = {"a", "b", "c"};
  EXPECT_EQ(FirstMissing({"a", "[...]"}, printed), "");
  EXPECT_EQ(FirstMissing({"[...]", "c"}, printed), "");
  EXPECT_EQ(FirstMissing({"a", "[...]", "d"}, printed), "d");
  EXPECT_EQ(FirstMissing({"a", "c"}, printed), "c");
  EXPECT_EQ(FirstMissing({"a", "b"}, printed), "the end of the output");
}

}  // namespace
}  // namespace pxdfuzz
