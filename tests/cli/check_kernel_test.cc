// SPDX-License-Identifier: MIT

// `pxdfuzz check` on the tree of a Debian package, with changes that are made
// here. Skipped where there is no tree. Runs in the project's folder.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/cli/shell_test_base.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;

class CheckKernelTest : public ShellTest {
 protected:
  void SetUp() override {
    if (!fs::exists(kTree)) {
      GTEST_SKIP() << "linux-source-6.12 is not installed";
    }
  }

  // A patch that replaces a piece of mm/gup.c by another.
  std::string PatchOf(const std::string& from, const std::string& to) const {
    fs::create_directories(Scratch("a/mm"));
    fs::create_directories(Scratch("b/mm"));
    std::string text = Contents(kTree + "/mm/gup.c");
    std::ofstream(Scratch("a/mm/gup.c")) << text;
    const size_t at = text.find(from);
    EXPECT_NE(at, text.npos) << from;
    if (at != text.npos) text.replace(at, from.size(), to);
    std::ofstream(Scratch("b/mm/gup.c")) << text;
    // The places are those of any other diff.
    Shell("cd '" + Scratch("") +
          "' && git diff --no-index a b | sed -e 's,a/a/,a/,g' -e 's,b/b/,b/,g'"
          " > my.diff");
    return Scratch("my.diff");
  }

  // Checks gup_fast on one architecture; the verdict's JSON is in json_.
  Ran Check(const std::string& flags) {
    const Ran ran =
        Run("check '" + kTree +
            "' --source=. --compiler='" PXDFUZZ_CHECK_CXX
            "' --arch=s390 --walkers=gup_fast --out='" +
            Scratch("out") + "' --json='" + Scratch("json") + "' " + flags);
    json_ = json::parse(Contents(Scratch("json")), nullptr, false);
    return ran;
  }

  // Of that state.
  size_t Cells(const std::string& state) const {
    size_t count = 0;
    for (const json& cell : json_["cells"]) count += cell["state"] == state;
    return count;
  }

  const std::string kTree = PXDFUZZ_CHECK_TREE;
  json json_;
};

TEST_F(CheckKernelTest, TheTreeHoldsInEveryCell) {
  const Ran ran = Check("");
  EXPECT_EQ(ran.code, 0) << ran.out << ran.error;
  // Four paging modes, two configurations, tables at rest and changing. Each
  // has a known finding, since a page can be inaccessible in all of them.
  EXPECT_EQ(json_["cells"].size(), 16u);
  EXPECT_EQ(Cells("known"), 16u);
  for (const json& cell : json_["cells"]) {
    EXPECT_GE(cell["executions"], cell["changing"] ? 50'000 : 20'000) << cell;
  }
  EXPECT_EQ(json_["findings"].size(), 0u);
  EXPECT_NE(json_["tree"]["slices"]["s390"], "");
  EXPECT_EQ(json_["executions"] >= 16 * 20'000, true);
}

TEST_F(CheckKernelTest, AMistakeIsFoundWithACaseThatReproducesIt) {
  const std::string patch =
      PatchOf("} else if (pte_special(pte))\n\t\t\tgoto pte_unmap;\n", "}\n");
  const Ran ran = Check("--patch='" + patch + "'");
  EXPECT_EQ(ran.code, 1) << ran.out << ran.error;
  ASSERT_GT(json_["findings"].size(), 0u) << ran.out;
  const json& worst = json_["findings"][0];
  EXPECT_EQ(worst["without_patch"], false);
  EXPECT_EQ(worst["from_before"], false);
  EXPECT_THAT(Contents(worst["case"].get<std::string>()),
              HasSubstr("# found by: kernel-6.12-s390"));
  // The command says it again, and not of the tree without the patch.
  EXPECT_EQ(Shell(worst["commands"][0]["command"]).code, 1);
  // Without the folder of the programs, the case finds them.
  const std::string file = worst["case"];
  const Ran plain = Run("replay '" + file + "'");
  EXPECT_EQ(plain.code, 1);
  EXPECT_EQ(plain.error, "");
  // Of other code it says so first.
  EXPECT_EQ(Shell("sed -i '1s/, .*/, 0123/' '" + file + "'").code, 0);
  EXPECT_THAT(Run("explain '" + file + "'").error,
              HasSubstr("was found in code 0123; kernel-6.12-s390"));
  // Another patch does not go on there.
  const Ran other = Run("check '" + kTree + "' --source=. --resume --out='" +
                        Scratch("out") + "'");
  EXPECT_EQ(other.code, 2) << other.error;
  EXPECT_THAT(other.error, HasSubstr("of other code"));
}

TEST_F(CheckKernelTest, WhatIsNotCheckedIsNoPass) {
  const Ran comment =
      Check("--patch='" + PatchOf("Always fallback", "Always fall back") + "'");
  EXPECT_EQ(comment.code, 3);
  EXPECT_THAT(comment.error, HasSubstr("nothing that is checked here changed"));
  EXPECT_EQ(json_["exit_code"], 3);
}

TEST_F(CheckKernelTest, ATreeThatDoesNotCompileSaysWhere) {
  const Ran broken = Check(
      "--patch='" +
      PatchOf("if (pte_protnone(pte))", "if (pte_protnone(pte) + none)") + "'");
  EXPECT_EQ(broken.code, 3);
  EXPECT_EQ(Cells("unchecked"), 2u);
  EXPECT_THAT(json_["error"].get<std::string>(),
              testing::ContainsRegex("mm/gup.c:[0-9]+:[0-9]+: error: "));
}

TEST_F(CheckKernelTest, BisectHasExitCodesOfItsOwn) {
  const std::string mistake =
      PatchOf("} else if (pte_special(pte))\n\t\t\tgoto pte_unmap;\n", "}\n");
  const Ran found = Check("--bisect='*.s390-*' --patch='" + mistake + "'");
  EXPECT_EQ(found.code, 1) << found.out << found.error;
  fs::remove_all(Scratch("out"));
  const std::string broken =
      PatchOf("if (pte_protnone(pte))", "if (pte_protnone(pte) + none)");
  EXPECT_EQ(Check("--bisect=long --patch='" + broken + "'").code, 125);
  EXPECT_EQ(Check("--bisect=nonsense").code, 128);
}

TEST_F(CheckKernelTest, TooFewSecondsAreSaidToBeTooFew) {
  const Ran ran = Check("--seconds=1");
  EXPECT_EQ(ran.code, 2) << ran.out;
  EXPECT_THAT(ran.error,
              HasSubstr("--seconds=1 is too short: the floors of 16 cells"));
}

}  // namespace
}  // namespace pxdfuzz
