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
  // The configuration of the tree as it is, as a file of the user's.
  const std::string request =
      " '" + kTree + "' s390 kernel '" + Scratch("prepared") + "' ";
  const std::string slicer = "'" PXDFUZZ_BIN "/pxdfuzz_slice' ";
  ASSERT_EQ(Shell(slicer + "prepare" + request).code, 0);
  ASSERT_EQ(Shell(slicer + "slice" + request + "cc pxd_permitted '" +
                  Scratch("slice.c") + "'")
                .code,
            0);
  const std::string config = Scratch("slice.c.config/generated/autoconf.h");
  Shell("echo '#define CONFIG_PARAVIRT 1' >> '" + config + "'");
  const Ran ran = Check("--kconfig='" + config + "'");
  EXPECT_EQ(ran.code, 0) << ran.out << ran.error;
  // Four paging modes, six configurations, tables at rest and changing. Each
  // has a known finding, since a page can be inaccessible in all of them.
  EXPECT_EQ(json_["cells"].size(), 48u);
  EXPECT_EQ(Cells("known"), 48u);
  size_t same = 0;
  for (const json& cell : json_["cells"]) {
    EXPECT_GE(cell["executions"], cell["changing"] ? 50'000 : 20'000) << cell;
    if (cell["configuration"] == "kconfig") {
      EXPECT_EQ(cell["same_code_as"], "as-is");
    }
    same += cell["same_code_as"] != "";
  }
  // gup_fast of 6.12 does not ask for hugetlb.
  EXPECT_EQ(same, 16u);
  EXPECT_THAT(json_["not_checked"].dump(), HasSubstr("PARAVIRT=n"));
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

TEST_F(CheckKernelTest, AConfigurationThatCannotBeCheckedIsOneLine) {
  const auto error_of = [this](const std::string& text) {
    std::ofstream(Scratch("config")) << text;
    const Ran ran = Check("--kconfig='" + Scratch("config") + "'");
    EXPECT_EQ(ran.code, 2);
    return ran.error;
  };
  const std::string name = "check: --kconfig=" + Scratch("config") + ": ";
  EXPECT_THAT(error_of("all:\n"),
              HasSubstr(name + "is no .config and no autoconf.h\n"));
  EXPECT_THAT(error_of("# made up\nCONFIG_M68K=y\n"),
              HasSubstr(name + "is of none of s390, x86-64 and arm64"));
  EXPECT_THAT(error_of("#define CONFIG_ARM64 1\n"),
              HasSubstr(name + "is of arm64 with pages that are not"));
  EXPECT_THAT(error_of("CONFIG_X86_64=y\n"),
              HasSubstr(name + "is of x86-64, which --arch leaves out\n"));
}

TEST_F(CheckKernelTest, TooFewSecondsAreSaidToBeTooFew) {
  const Ran ran = Check("--seconds=1");
  EXPECT_EQ(ran.code, 2) << ran.out;
  EXPECT_THAT(ran.error,
              HasSubstr("--seconds=1 is too short: the floors of 32 cells"));
}

}  // namespace
}  // namespace pxdfuzz
