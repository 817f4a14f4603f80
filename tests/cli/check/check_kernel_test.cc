// SPDX-License-Identifier: MIT

// `pxdfuzz check` on the tree of a Debian package, with changes that are made
// here. Skipped where there is no tree. Runs in the project's folder.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "fuzz/harness/sha1.h"
#include "pxdfuzz/base/read_file.h"
#include "src/cli/check/small_worlds.h"
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

  // A patch that replaces a piece of a file by another.
  std::string PatchOf(const std::string& from, const std::string& to,
                      const std::string& file = "mm/gup.c") const {
    for (const char* side : {"a/", "b/"}) {
      fs::remove_all(Scratch(side));
      fs::create_directories(fs::path(Scratch(side + file)).parent_path());
    }
    std::string text = Contents(kTree + "/" + file);
    std::ofstream(Scratch("a/" + file)) << text;
    const size_t at = text.find(from);
    EXPECT_NE(at, text.npos) << from;
    if (at != text.npos) text.replace(at, from.size(), to);
    std::ofstream(Scratch("b/" + file)) << text;
    // The places are those of any other diff.
    Shell("cd '" + Scratch("") +
          "' && git diff --no-index a b | sed -e 's,a/a/,a/,g' -e 's,b/b/,b/,g'"
          " > my.diff");
    return Scratch("my.diff");
  }

  // Makes tree_ a copy in which a piece of mm/gup.c is replaced by another.
  // Returns the patch that puts the piece back.
  std::string ChangeTree(const std::string& from, const std::string& to) {
    tree_ = Scratch("linux");
    EXPECT_EQ(Shell("cp -r '" + kTree + "' '" + tree_ + "' && chmod -R u+w '" +
                    tree_ + "'")
                  .code,
              0);
    PatchOf(from, to);
    fs::copy_file(Scratch("b/mm/gup.c"), tree_ + "/mm/gup.c",
                  fs::copy_options::overwrite_existing);
    Shell("cd '" + Scratch("") +
          "' && git diff --no-index b a | sed -e 's,a/b/,a/,g' -e "
          "'s,b/a/,b/,g' > back.diff");
    return Scratch("back.diff");
  }

  // Checks a walker on one architecture; the verdict's JSON is in json_.
  Ran Check(const std::string& flags, const std::string& walkers = "gup_fast") {
    const Ran ran =
        Run("check '" + tree_ +
            "' --source=. --compiler='" PXDFUZZ_CHECK_CXX
            "' --arch=s390 --configurations=" +
            configurations_ + " --walkers=" + walkers + " --out='" +
            Scratch("out") + "' --json='" + Scratch("json") + "' " + flags);
    json_ = json::parse(Contents(Scratch("json")), nullptr, false);
    return ran;
  }

  // Findings that are not known.
  std::vector<json> NewFindings() const {
    std::vector<json> findings;
    for (const json& finding : json_["findings"]) {
      if (finding["known"] == "") findings.push_back(finding);
    }
    return findings;
  }

  // Of that state.
  size_t Cells(const std::string& state) const {
    size_t count = 0;
    for (const json& cell : json_["cells"]) count += cell["state"] == state;
    return count;
  }

  const std::string kTree = PXDFUZZ_CHECK_TREE;
  const std::string kSpecial =
      "} else if (pte_special(pte))\n\t\t\tgoto pte_unmap;\n";
  std::string tree_ = kTree;
  std::string configurations_ = "as-is";
  json json_;
};

TEST_F(CheckKernelTest, TheTreeHoldsInEveryCell) {
  configurations_ = "all";
  // The configuration of the tree as it is, as a file of the user's.
  const std::string request = " '" + kTree + "' s390 '" +
                              fs::absolute("kernel").string() + "' '" +
                              Scratch("prepared") + "' ";
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

// The unpatched tree is asked about a configuration that it did not compile.
TEST_F(CheckKernelTest, APatchMayMakeAConfigurationDiffer) {
  configurations_ = "as-is,no-hugetlb";
  const std::string huge = "IS_ENABLED(CONFIG_HUGETLB_PAGE)";
  const Ran ran =
      Check("--patch='" +
            PatchOf("} else if (pte_special(pte))",
                    "} else if (" + huge + " && pte_special(pte))") +
            "'");
  EXPECT_EQ(ran.code, 1) << ran.out << ran.error;
  const std::vector<json> findings = NewFindings();
  ASSERT_EQ(findings.size(), 1u) << ran.out;
  for (const json& member : findings[0]["members"]) {
    EXPECT_EQ(member["configuration"], "no-hugetlb");
  }
  size_t known = 0;
  for (const json& finding : json_["findings"]) {
    if (finding["known"] == "") continue;
    EXPECT_EQ(finding["without_patch"], true) << finding;
    ++known;
  }
  EXPECT_GT(known, 0u);
}

TEST_F(CheckKernelTest, AMistakeIsFoundWithACaseThatReproducesIt) {
  const std::string patch = PatchOf(kSpecial, "}\n");
  const Ran ran = Check("--patch='" + patch + "'");
  EXPECT_EQ(ran.code, 1) << ran.out << ran.error;
  // Whatever it shows in four paging modes, at rest and changing.
  const std::vector<json> findings = NewFindings();
  ASSERT_EQ(findings.size(), 1u) << ran.out;
  EXPECT_THAT(json_["not_checked"].dump(),
              HasSubstr("left out by --configurations: debug-vm, "));
  const json& worst = json_["findings"][0];
  EXPECT_EQ(worst, findings[0]);
  EXPECT_EQ(worst["function"], "gup_fast_pte_range");
  EXPECT_EQ(worst["file"], "mm/gup.c");
  EXPECT_GT(worst["members"].size(), 8u);
  EXPECT_EQ(worst["without_patch"], false);
  EXPECT_EQ(worst["from_before"], false);
  const std::string text = Contents(worst["case"].get<std::string>());
  EXPECT_THAT(text, HasSubstr("# found by: kernel-6.12-s390"));
  // Everything that speaks of the code names the patch.
  const std::string hash = json_["tree"]["patch_hash"];
  EXPECT_THAT(text, HasSubstr(hash));
  EXPECT_THAT(worst["headline"].get<std::string>(), HasSubstr(hash));
  EXPECT_THAT(Contents(worst["report"].get<std::string>()), HasSubstr(hash));
  const Ran mail =
      Run("explain --mail '" + worst["case"].get<std::string>() + "'");
  EXPECT_EQ(mail.code, 0) << mail.error;
  EXPECT_THAT(mail.out, HasSubstr(hash));
  EXPECT_THAT(mail.out, HasSubstr("first difference: mm/gup.c:"));
  EXPECT_THAT(mail.out, HasSubstr("./run check "));
  EXPECT_THAT(mail.out,
              HasSubstr(" \\\n      --patch=my.diff \\\n      --arch=s390\n"));
  // The command says it again, and not of the tree without the patch.
  EXPECT_EQ(Shell(worst["commands"][0]["command"]).code, 1);
  // Without the folder of the programs, the case finds them.
  const std::string file = worst["case"];
  const Ran plain = Run("replay '" + file + "'");
  EXPECT_EQ(plain.code, 1);
  EXPECT_EQ(plain.error, "");
  // So does a summary of the check.
  const Ran triage = Run("triage '" + Scratch("out") + "'");
  EXPECT_EQ(triage.code, 1) << triage.error;
  EXPECT_THAT(triage.out, HasSubstr(" with "));
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

TEST_F(CheckKernelTest, WhatAPatchRepairsIsListedAndWhatItLeavesIsNotItsOwn) {
  // A tree with a mistake.
  const std::string back = ChangeTree(kSpecial, "}\n");
  const Ran repair = Check("--patch='" + back + "'");
  EXPECT_EQ(repair.code, 0) << repair.out << repair.error;
  EXPECT_EQ(NewFindings().size(), 0u) << repair.out;
  // What else is wrong in that function is not the patch's own.
  for (const json& known : json_["findings"]) {
    EXPECT_EQ(known["function"], "gup_fast_pte_range") << known;
    EXPECT_EQ(known["without_patch"], true);
  }
  EXPECT_THAT(json_["findings"].dump(), HasSubstr("s390-inaccessible-page"));
  EXPECT_THAT(repair.out, HasSubstr("also known: docs/findings/"
                                    "s390-inaccessible-page.md\n"));
  ASSERT_GE(json_["repairs"].size(), 1u) << repair.out;
  EXPECT_LE(json_["repairs"].size(), 2u) << repair.out;
  const json& repaired = json_["repairs"][0];
  EXPECT_THAT(repaired["what"].get<std::string>(),
              HasSubstr(" in gup_fast_pte_range()"));
  // The tree without the patch shows it, and the one with the patch does not.
  EXPECT_EQ(Shell(repaired["commands"][0]["command"]).code, 1);
  EXPECT_EQ(Shell(repaired["commands"][1]["command"]).code, 0);

  // A harmless patch to that tree.
  fs::remove_all(Scratch("out"));
  const Ran harmless = Check(
      "--patch='" +
      PatchOf("if (!folio)\n\t\t\tgoto pte_unmap;\n\n\t\tif (unlikely(pmd_val",
              "if (folio == NULL)\n\t\t\tgoto pte_unmap;\n\n\t\tif "
              "(unlikely(pmd_val") +
      "'");
  EXPECT_EQ(harmless.code, 0) << harmless.out << harmless.error;
  ASSERT_GE(json_["findings"].size(), 1u) << harmless.out;
  for (const json& finding : json_["findings"]) {
    EXPECT_EQ(finding["without_patch"], true);
  }
  EXPECT_EQ(json_["repairs"].size(), 0u);
}

// A tree without a known finding, and a patch that brings it back.
TEST_F(CheckKernelTest, AKnownFindingThatThePatchAddsIsItsOwn) {
  fs::remove("default.profraw");
  const std::string back = ChangeTree(
      "ret = arch_make_folio_accessible(folio);\n"
      "\t\t\tif (ret) {\n\t\t\t\tgup_put_folio",
      "if (arch_make_folio_accessible(folio)) {\n\t\t\t\tgup_put_folio");
  const Ran ran = Check("--patch='" + back + "'");
  EXPECT_EQ(ran.code, 1) << ran.out << ran.error;
  ASSERT_EQ(json_["findings"].size(), 2u) << ran.out;
  const json& finding = json_["findings"][0];
  EXPECT_EQ(finding["known"], "s390-inaccessible-page");
  EXPECT_EQ(finding["function"], "gup_fast_pte_range");
  EXPECT_EQ(finding["without_patch"], false);
  EXPECT_EQ(finding["members"].size(), 8u);
  EXPECT_EQ(Cells("finding"), 8u);
  // That function has another one, which was there before.
  const json& other = json_["findings"][1];
  EXPECT_EQ(other["known"], "null-mapping-slow-path");
  EXPECT_EQ(other["without_patch"], true);
  EXPECT_THAT(Contents(finding["case"].get<std::string>()),
              HasSubstr("inaccessible: "));
  EXPECT_THAT(
      Contents(finding["report"].get<std::string>()),
      testing::AllOf(HasSubstr("\nreproduce:\n"), HasSubstr("\nexplain:\n")));
  EXPECT_EQ(finding["from_before"], false);
  // Programs count the lines that run; nothing of that goes where they run.
  EXPECT_EQ(
      Shell("'" + Scratch("out/bin/kernel_gup_fuzzer") + "' -runs=1").code, 0);
  EXPECT_FALSE(fs::exists("default.profraw"));
  // Now that it is there, it is from before.
  EXPECT_EQ(Check("--resume --patch='" + back + "'").code, 1);
  ASSERT_EQ(json_["findings"].size(), 2u);
  for (const json& again : json_["findings"]) {
    EXPECT_EQ(again["from_before"], true) << again;
  }
}

TEST_F(CheckKernelTest, AWrongSizeHasASmallCaseToo) {
  const Ran ran = Check(
      "--patch='" +
          PatchOf("return pmd_leaf_size(pmd);",
                  "return 2 * pmd_leaf_size(pmd);", "kernel/events/core.c") +
          "'",
      "page_size");
  EXPECT_EQ(ran.code, 1) << ran.out << ran.error;
  ASSERT_EQ(json_["findings"].size(), 1u) << ran.out;
  const json& finding = json_["findings"][0];
  EXPECT_EQ(finding["what"], "page-size");
  EXPECT_EQ(finding["function"], "perf_get_pgtable_size");
  // It has one large page and nothing else.
  const std::string text = Contents(finding["case"].get<std::string>());
  EXPECT_THAT(text, HasSubstr("pages: 1"));
  EXPECT_EQ(text.find("- map:"), text.rfind("- map:")) << text;
  EXPECT_EQ(Shell(finding["commands"][0]["command"]).code, 1);
  // Small worlds show it before anything is fuzzed.
  const auto worlds =
      RunSmallWorlds(Scratch("out/bin/kernel-6.12-s390"), {ArchId::kS390, 3},
                     /*changing=*/false, [] { return false; });
  ASSERT_TRUE(worlds.ok()) << worlds.status();
  ASSERT_GE(worlds->findings.size(), 1u);
  for (const SmallWorldsRun::Found& found : worlds->findings) {
    EXPECT_TRUE(found.is_page_size);
    const fs::path input = Scratch("out/cells/s390-3.as-is.page_size/corpus/") +
                           Sha1Hex(Bytes(found.bytes));
    EXPECT_TRUE(fs::exists(input)) << input;
  }
}

TEST_F(CheckKernelTest, AResumedCheckKeepsOldFindingsApart) {
  const std::string patch = "--patch='" + PatchOf(kSpecial, "}\n") + "'";
  EXPECT_EQ(Check(patch).code, 1);
  ASSERT_GE(json_["findings"].size(), 1u);
  EXPECT_EQ(json_["findings"][0]["from_before"], false);
  EXPECT_EQ(json_["resumed"], false);
  const Ran again = Check("--resume " + patch);
  EXPECT_EQ(again.code, 1) << again.out << again.error;
  ASSERT_GE(json_["findings"].size(), 1u);
  EXPECT_EQ(json_["resumed"], true);
  size_t before = 0;
  for (const json& member : json_["findings"][0]["members"]) {
    before += member["from_before"] == true;
  }
  EXPECT_GT(before, 8u);
  // The repaired patch is of other code.
  const std::string repaired =
      "--patch='" +
      PatchOf("if (!folio)\n\t\t\tgoto pte_unmap;\n\n\t\tif (un",
              "if (folio == NULL)\n\t\t\tgoto pte_unmap;\n\n"
              "\t\tif (un") +
      "'";
  const Ran other = Check("--resume " + repaired);
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.error, HasSubstr("of other code; resume it with that tree "
                                     "and patch\n"));
}

TEST_F(CheckKernelTest, DecisionsOfStubsAreNotPassedOverInSilence) {
  const Ran ran =
      Check("--patch='" +
            PatchOf("if (pte_devmap(pte)) {",
                    "if (pte_devmap(pte) && !(flags & FOLL_FORCE)) {") +
            "'");
  EXPECT_EQ(ran.code, 0) << ran.out << ran.error;
  ASSERT_EQ(json_["changes"].size(), 1u);
  const json& constants = json_["changes"][0]["constants"];
  EXPECT_EQ(constants.size(), 1u) << constants;
  EXPECT_TRUE(constants.contains("FOLL_FORCE"));
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
  // It names the log, which a check of another tree leaves alone.
  EXPECT_THAT(json_["error"].get<std::string>(),
              HasSubstr("; see " + Scratch("out/failed-1.log")));
  EXPECT_THAT(Contents(Scratch("out/failed-1.log")), HasSubstr("FAILED: "));
}

TEST_F(CheckKernelTest, WhatTheTreeLacksIsNamed) {
  // A helper that the patch renames where it is used and nowhere else.
  const Ran renamed = Check(
      "--patch='" + PatchOf("pte_special(pte)", "pte_renamed(pte)") + "'");
  EXPECT_EQ(renamed.code, 3);
  EXPECT_THAT(json_["error"].get<std::string>(),
              testing::AllOf(HasSubstr("mm/gup.c:"), HasSubstr("pte_renamed")));
  // One that is declared, but defined in no file that is compiled.
  fs::remove_all(Scratch("out"));
  const Ran trap = Check("--patch='" +
                         PatchOf("struct follow_page_context {",
                                 "bool made_up(pte_t pte);\n"
                                 "#define pte_special made_up\n"
                                 "struct follow_page_context {") +
                         "'");
  EXPECT_EQ(trap.code, 3) << trap.out << trap.error;
  EXPECT_GE(Cells("unchecked"), 8u);
  EXPECT_EQ(Cells("unchecked"), json_["cells"].size());
  for (const json& cell : json_["cells"]) {
    EXPECT_THAT(
        cell["reason"].get<std::string>(),
        testing::AllOf(HasSubstr("reached trap"), HasSubstr("made_up")));
  }
}

TEST_F(CheckKernelTest, APatchMayAddAHeader) {
  const std::string patch =
      PatchOf("#include \"internal.h\"\n",
              "#include \"internal.h\"\n#include \"my_header.h\"\n");
  std::ofstream(patch, std::ios::app)
      << "diff --git a/mm/my_header.h b/mm/my_header.h\nnew file mode 100644\n"
         "--- /dev/null\n+++ b/mm/my_header.h\n@@ -0,0 +1 @@\n"
         "+#define pte_special(pte) ((void)(pte), 0)\n";
  const Ran ran = Check("--bisect=long --patch='" + patch + "'");
  EXPECT_EQ(ran.code, 1) << ran.out << ran.error;
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
              HasSubstr("--seconds=1 is too short: the floors of 8 cells"));
  // Starts are not taken for work: 280,000 executions take some seconds.
  const size_t at = ran.error.find(" take about ");
  ASSERT_NE(at, ran.error.npos);
  EXPECT_LT(std::stoi(ran.error.substr(at + 12)), 100) << ran.error;
}

}  // namespace
}  // namespace pxdfuzz
