// SPDX-License-Identifier: MIT

// pxdfuzz new, as a process.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/cli/shell_test_base.h"

namespace pxdfuzz {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

using NewTest = ShellTest;

TEST_F(NewTest, WritesACanonicalCaseWithComments) {
  const Ran ran = Run("new --arch=s390 --levels=3 --cross=2G --pages=2");
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.error, "");
  EXPECT_THAT(ran.out, StartsWith("# pxdfuzz case\n#\n# A range across "
                                  "0x80000000, where the second pud entry "));
  EXPECT_EQ(Run("new").out, ran.out);
  // The text below the comments is the output of decode.
  const Ran decoded =
      Shell("\"$P\" new | \"$P\" encode - | \"$P\" decode - | tail -n +2");
  EXPECT_THAT(ran.out, EndsWith("#\n" + decoded.out));
  EXPECT_EQ(
      decoded.out,
      "version: 2\n"
      "space: s390/3  # tables: region-third, segment, page; folded: pgd, p4d\n"
      "requests:\n"
      "- {start: 0x7ffff000, pages: 2, access: read}\n"
      "  # to 0x80001000, across the pud boundary 0x80000000\n"
      "stack:\n"
      "  position: 0  # the word of its page where a local copy is\n"
      "  around: copy  # words near a local copy of an entry: older copies of "
      "it\n"
      "tables:  # each line changes what those above it made\n"
      "- map: {pte: 0x7ffff000, count: 1, frame: 0x1000, state: rw young "
      "dirty}\n"
      "- map: {pte: 0x80000000, count: 1, frame: 0x2000, state: rw young "
      "dirty}\n");
}

TEST_F(NewTest, ExplainReadsIt) {
  const Ran ran = Shell("\"$P\" new | \"$P\" explain -");
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out,
              StartsWith("On s390 with 3 levels, static-by-value stops "
                         "too early"));
  // With the line that the comments suggest, the finding is a wrong page.
  const Ran more = Shell(
      "{ \"$P\" new; \"$P\" new | sed -n 's/^#   - map/- map/p'; } | \"$P\" "
      "explain -");
  EXPECT_THAT(more.out, StartsWith("On s390 with 3 levels, static-by-value "
                                   "returns a wrong page"));
  // The lines that the comments suggest for the end also work there.
  const Ran changing = Shell(
      "{ \"$P\" new --leaf=pmd; \"$P\" new --leaf=pmd | sed -n "
      "'s/^#   changes/changes/p; s/^#   - before/- before/p'; } | tee " +
      Scratch("changing") + " | \"$P\" decode - | tail -n 1");
  EXPECT_EQ(changing.out, "- before read 8: clear pmd of 0x80000000\n");
  EXPECT_THAT(Run("replay " + Scratch("changing")).out,
              HasSubstr(": expected failure: "));
}

TEST_F(NewTest, FlagsChangeTheCase) {
  const Ran ran =
      Run("new --arch=s390 --levels=4 --cross=4t --pages=512 --write "
          "--leaf=pmd --state='ro old' --stack=zero");
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out, HasSubstr("\nspace: s390/4 "));
  EXPECT_THAT(ran.out, HasSubstr("\n- {start: 0x3fffff00000, pages: 512, "
                                 "access: write}\n"));
  EXPECT_THAT(ran.out, HasSubstr("\n  around: zero "));
  EXPECT_THAT(ran.out, HasSubstr("\n- map: {pmd: 0x3fffff00000, count: 1, "
                                 "frame: 0x100000, state: ro old dirty}\n"));
  EXPECT_THAT(ran.out, HasSubstr("\n- map: {pmd: 0x40000000000, count: 1, "
                                 "frame: 0x200000, state: ro old dirty}\n"));
  // An odd number: the larger half is behind the boundary.
  EXPECT_THAT(Run("new --pages=5 --cross=1M").out,
              HasSubstr("\n- {start: 0xfe000, pages: 5, access: read}\n"));
  EXPECT_THAT(Run("new --stack=next --state='none clean special'").out,
              HasSubstr("state: none young clean special}"));
  EXPECT_THAT(Run("new --arch=x86-64 --state='ro kernel'").out,
              HasSubstr("state: ro young dirty kernel}"));
  // All paging modes and all of their boundaries.
  for (const std::string mode :
       {"s390 --levels=2", "s390 --levels=5", "x86-64", "x86-64 --levels=5",
        "arm64-16k", "arm64-16k --levels=4"}) {
    const Ran any =
        Shell("\"$P\" new --arch=" + mode + " | \"$P\" replay - | head -1");
    EXPECT_THAT(any.out, ::testing::AnyOf(StartsWith("-: agrees"),
                                          StartsWith("-: expected failure")))
        << mode;
  }
}

TEST_F(NewTest, WrongUsage) {
  ExpectError("new --cross=3G", 2,
              "new: --cross=3G: s390/3 has borders at each 1M (pmd) and 2G "
              "(pud)");
  ExpectError("new --cross=4K --levels=2", 2,
              "new: --cross=4K: s390/2 has borders at each 1M (pmd)");
  // 2^64 and 2 GiB.
  for (const std::string size :
       {"x", "G", "-2G", "2GG", "18446744075857035264", "17179869186G", "0"}) {
    const Ran ran = Run("new --cross=" + size);
    EXPECT_EQ(ran.code, 2) << size;
    EXPECT_THAT(ran.error, HasSubstr(" has borders at each 1M")) << size;
  }
  EXPECT_EQ(Run("new --cross=2147483648").code, 0);
  ExpectError("new --arch=mips", 2,
              "new: --arch=mips: there are s390, x86-64 and arm64-16k");
  ExpectError("new --levels=6", 2, "new: --levels=6: s390 has 2, 3, 4 and 5");
  for (const std::string pages : {"1", "0", "513", "-2", "x"}) {
    ExpectError("new --pages=" + pages, 2,
                "new: --pages=" + pages +
                    ": 2 to 512 pages lie on both sides of a border");
  }
  ExpectError("new --leaf=pgd", 2,
              "new: --leaf=pgd: leaves of s390/3 are pte, pmd and pud");
  ExpectError("new --leaf=pud --cross=1M", 2,
              "new: --leaf=pud: one such entry spans 2G, so both sides of a "
              "border of 1M");
  ExpectError("new --state=wr", 2,
              "new: --state=wr: rw, ro or none; young or old; dirty or clean; "
              "special; such as \"rw young dirty\"");
  ExpectError("new --state=special --leaf=pmd", 2,
              "new: --state=special: pmd leaves of s390/3 are rw young dirty");
  ExpectError("new --state='none kernel' --arch=x86-64", 2,
              "new: --state=none kernel: pte leaves of x86-64/4 are none young "
              "dirty");
  ExpectError("new --stack=word", 2,
              "new: --stack=word: there are copy, next and zero");
  ExpectError("new file", 2,
              "new: 'file' is not wanted; see 'pxdfuzz help new'");
}

TEST_F(NewTest, WritesAFile) {
  const std::string file = Scratch("case.yaml");
  EXPECT_EQ(Run("new -o " + file).code, 0);
  EXPECT_EQ(Contents(file), Run("new").out);
  ExpectError("new -o " + file, 3, file + ": exists; --force replaces it");
  EXPECT_EQ(Run("new --force --pages=3 -o " + file).code, 0);
  EXPECT_EQ(Contents(file), Run("new --pages=3").out);
  EXPECT_EQ(ScratchFiles(), 1u);
}

}  // namespace
}  // namespace pxdfuzz
