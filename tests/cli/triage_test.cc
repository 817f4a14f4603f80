// SPDX-License-Identifier: MIT

// pxdfuzz triage, as a process. Runs in the project's folder.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/cli/shell_test_base.h"

namespace pxdfuzz {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

namespace fs = std::filesystem;

class TriageTest : public ShellTest {
 protected:
  // A folder with two files of one finding, one of another, one that agrees,
  // and three files that are not cases, in two folders.
  std::string Pile() const {
    const std::string pile = Scratch("pile");
    fs::create_directories(pile + "/below");
    const std::string from = "corpus/regressions/";
    fs::copy(from + "thread-wrong-page.yaml", pile + "/a.yaml");
    fs::copy(from + "thread-wrong-page.bin", pile + "/below/b");
    fs::copy(from + "thread-short.bin", pile + "/c");
    fs::copy(from + "old-page-written.bin", pile + "/d");
    std::ofstream(pile + "/e`x") << "\xff\xfe garbage \x01";
    std::ofstream(pile + "/empty");
    std::ofstream(pile + "/below/large") << std::string(100'000, 'x');
    std::ofstream(pile + "/below/text") << "version: 1\nrequests: 5\n";
    return pile;
  }
  std::string Known(const std::string& signature,
                    const std::string& expires) const {
    const std::string file = Scratch("known-" + expires + ".yaml");
    std::ofstream(file) << "- signature: '" << signature
                        << "'\n  reason: gup_fast of 2020\n"
                           "  link: https://git.kernel.org/linus/d3f7b1bb2040\n"
                           "  expires: "
                        << expires << "\n";
    return file;
  }
};

TEST_F(TriageTest, SumsUpAFolder) {
  const std::string pile = Pile();
  const Ran ran = Run("triage " + pile);
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.error, "");
  EXPECT_THAT(
      ran.out,
      HasSubstr("8 files: 3 with 2 kinds of finding, of which 0 are known; 1 "
                "without a finding; 4\nthat cannot be read as a case.\n"));
  EXPECT_THAT(
      ran.out,
      HasSubstr("| finding | files | known |\n"
                "|---|---|---|\n"
                "| `s390-3.static-by-value.short.pte-leaf` | 1 | no |\n"
                "| `s390-3.static-by-value.wrong-page.pte-leaf` | 2 | no |\n"));
  EXPECT_THAT(ran.out,
              HasSubstr("## s390-3.static-by-value.wrong-page.pte-leaf\n\n"
                        "On s390 with 3 levels, static-by-value returns a "
                        "wrong page"));
  EXPECT_THAT(ran.out, HasSubstr("- 2 files: `a.yaml` and `below/b`\n"
                                 "- smallest: `below/b`, "));
  // The small case, as shrink writes it.
  const Ran small = Run("shrink " + pile + "/a.yaml");
  EXPECT_THAT(ran.out, HasSubstr("```yaml\n" + small.out + "```\n"));
  EXPECT_THAT(ran.out, HasSubstr("## Not read\n\n"
                                 "- `below/large`: `is larger than 64 KiB"));
  EXPECT_THAT(ran.out, HasSubstr("\n- `below/text`: `1:1: found no key"));
  EXPECT_THAT(ran.out, HasSubstr("\n- `e?x`: `1:1: found "));
  EXPECT_THAT(ran.out, HasSubstr("\n- `empty`: `is no case`\n"));
  // The output is the same each time, and in a file.
  EXPECT_EQ(Run("triage " + pile).out, ran.out);
  const std::string file = Scratch("summary.md");
  EXPECT_EQ(Run("triage " + pile + " -o " + file).code, 1);
  EXPECT_EQ(Contents(file), ran.out);
  ExpectError("triage " + pile + " -o " + file, 3,
              file + ": exists; --force replaces it");
}

TEST_F(TriageTest, MarksKnownFindings) {
  const std::string pile = Pile();
  const std::string all = Known("s390-3.static-by-value.*", "2999-01-01");
  const Ran known = Run("triage " + pile + " --known=" + all);
  EXPECT_EQ(known.code, 0);
  EXPECT_THAT(known.out, HasSubstr("of which 2 are known"));
  EXPECT_THAT(
      known.out,
      HasSubstr("| `s390-3.static-by-value.short.pte-leaf` | 1 | yes "));
  EXPECT_THAT(known.out,
              HasSubstr("- known until 2999-01-01: gup_fast of 2020,\n  "
                        "<https://git.kernel.org/linus/d3f7b1bb2040>\n"));
  const std::string one = Known("*.short.*", "2998-01-01");
  const Ran partly = Run("triage " + pile + " --known=" + one);
  EXPECT_EQ(partly.code, 1);
  // New findings come first.
  EXPECT_LT(partly.out.find("## s390-3.static-by-value.wrong-page"),
            partly.out.find("## s390-3.static-by-value.short"));
  const std::string past = Known("*", "2021-01-01");
  const Ran expired = Run("triage " + pile + " --known=" + past);
  EXPECT_EQ(expired.code, 1);
  EXPECT_THAT(expired.out, HasSubstr("| 1 | expired |"));
  EXPECT_THAT(expired.out, HasSubstr("- was known until 2021-01-01: "));
  std::ofstream(Scratch("bad.yaml")) << "- signature: x\n";
  const Ran bad = Run("triage " + pile + " --known=" + Scratch("bad.yaml"));
  EXPECT_EQ(bad.code, 3);
  EXPECT_THAT(bad.error, HasSubstr("bad.yaml:1:3: found no reason"));
  EXPECT_EQ(bad.out, "");
}

TEST_F(TriageTest, AcceptsFoldersOnly) {
  fs::create_directory(Scratch("empty"));
  ExpectError("triage " + Scratch("empty"), 3,
              Scratch("empty") + ": is a folder without files");
  // A folder in which no file is a case gets a summary, and the command fails.
  std::ofstream(Scratch("empty/text")) << "version: 1\nrequests: 5\n";
  const Ran none = Run("triage " + Scratch("empty"));
  EXPECT_EQ(none.code, 3);
  EXPECT_EQ(none.error,
            "pxdfuzz: " + Scratch("empty") + ": no file in it is a case\n");
  EXPECT_THAT(none.out, HasSubstr("\n1 file: 0 with 0 kinds of finding"));
  ExpectError("triage nowhere", 3,
              "nowhere: cannot be read: No such file or directory");
  ExpectError("triage README.md", 3, "README.md: is no folder");
  const Ran usage = Run("triage");
  EXPECT_EQ(usage.code, 2);
  EXPECT_THAT(usage.error, StartsWith("pxdfuzz: triage: say which: FOLDER"));
}

// A folder with files of gup_race_strict_fuzzer: sorted by its signatures, not
// by those of the walk of 2020, which fails on them too.
TEST_F(TriageTest, SortsCasesWithConcurrentOperations) {
  const std::string pile = Scratch("pile");
  fs::create_directory(pile);
  std::ofstream(pile + "/two")
      << "version: 1\n"
         "space: s390/2\n"
         "requests:\n"
         "- {start: 0x10000000, pages: 4, access: read}\n"
         "stack: {position: 0, around: zero}\n"
         "tables:\n"
         "- map: {pmd: 0x10000000, count: 1, frame: 0x7700000, state: rw young "
         "dirty}\n"
         "changes:\n"
         "- before read 2: clear pmd of 0x10000000\n";
  std::ofstream(pile + "/three")
      << "version: 1\n"
         "space: s390/3\n"
         "requests:\n"
         "- {start: 0x10000000, pages: 4, access: read}\n"
         "stack: {position: 0, around: zero}\n"
         "tables:\n"
         "- map: {pte: 0x10000000, count: 9, frame: 0x77000, state: rw young "
         "dirty}\n"
         "changes:\n"
         "- before read 8: detach pmd of 0x10000000\n";
  const Ran ran = Run("triage " + pile);
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(
      ran.out,
      HasSubstr(
          "|---|---|---|\n"
          "| `s390-2.folded-aware-by-value.changing.stale.pmd-empty` | 1 | no "
          "|\n"
          "| `s390-3.static-by-pointer.changing.fault.pmd-empty` | 1 | no "
          "|\n"));
  EXPECT_THAT(ran.out,
              HasSubstr("\n- before grab of page 0: clear pmd of 0x0\n```"));
  EXPECT_THAT(ran.out,
              HasSubstr("\n- after read 1 of pmd: detach pmd of 0x0  # "));
}

// A folder of cases with findings, all of which can be read.
TEST_F(TriageTest, TheRegressions) {
  const Ran ran = Run("triage corpus/regressions");
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, HasSubstr("; 0 that cannot be read as a case.\n"));
  EXPECT_THAT(ran.out, Not(HasSubstr("## Not read")));
  EXPECT_THAT(ran.out,
              HasSubstr("## arm64-16k-3.static-by-value.wrong-page.pte-leaf"));
}

// A campaign keeps a corpus and reports there too.
TEST_F(TriageTest, OfACampaignItReadsTheFindings) {
  const std::string campaign = Scratch("campaign");
  fs::create_directories(campaign + "/corpus");
  std::ofstream(campaign + "/stats.json") << "{}";
  fs::copy("corpus/regressions/thread-short.bin", campaign + "/corpus/1");
  const Ran none = Run("triage " + campaign);
  EXPECT_EQ(none.code, 0);
  EXPECT_EQ(none.error, "pxdfuzz: " + campaign + ": has no findings\n");
  fs::create_directories(campaign + "/findings/s390-3.x");
  fs::copy("corpus/regressions/thread-wrong-page.bin",
           campaign + "/findings/s390-3.x/input");
  std::ofstream(campaign + "/findings/s390-3.x/report.txt") << "It is wrong.";
  const Ran ran = Run("triage " + campaign);
  EXPECT_EQ(ran.code, 1) << ran.error;
  EXPECT_THAT(ran.out, HasSubstr("1 file: 1 with 1 kind of finding, of which 0 "
                                 "are known; 0 without a finding; 0\n"));
}

}  // namespace
}  // namespace pxdfuzz
