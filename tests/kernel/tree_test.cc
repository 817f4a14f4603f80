// SPDX-License-Identifier: MIT

// What is made for a tree that nobody has configured. Trees here are made up.

#include "kernel/slice/tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "kernel/slice/files.h"
#include "pxdfuzz/base/read_file.h"
#include "tests/shell.h"

namespace pxdfuzz::slice {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;

class TreeTest : public ::testing::Test {
 protected:
  TreeTest() {
    Write("linux/Makefile",
          "# made up\nVERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 7\n"
          "EXTRAVERSION = -rc1\n");
    Write("linux/mm/gup.c",
          "#include <linux/mm.h>\n#include \"internal.h\"\n"
          "int helper(void);\n"
          "int new_entry(void) { return helper() + VALUE + CONFIG_OFF; }\n");
    Write("linux/mm/internal.h", "int helper(void) { return missing(); }\n");
    Write("linux/include/linux/mm.h",
          "#include <asm/own.h>\n#include <asm/generic.h>\n"
          "#include <asm/user.h>\n#include <asm/pgtable.h>\n"
          "#include <generated/made.h>\nint missing(void);\n");
    Write("linux/include/linux/kconfig.h", "#include <generated/autoconf.h>\n");
    Write("linux/include/linux/compiler_types.h", "");
    Write("linux/include/asm-generic/own.h", "#define OWN wrong\n");
    Write("linux/include/asm-generic/generic.h", "#define VALUE 3\n");
    Write("linux/include/asm-generic/user.h", "#define USER wrong\n");
    Write("linux/arch/s390/include/asm/own.h", "#define OWN right\n");
    Write("linux/arch/s390/include/asm/pgtable.h", "");
    Write("linux/arch/s390/include/uapi/asm/user.h", "#define USER right\n");
    Write("linux/arch/s390/Kconfig",
          "config S390\n\tselect CHOSEN if OURS && COMMON\n"
          "\tselect NOT_CHOSEN if OTHER\n");
    Write("project/kernel/arch/s390.c",
          "#include \"includes.h\"\n#include \"tree.h\"\n"
          "#ifdef PXD_TREE_HAS_old_entry\nint wrong;\n#endif\n"
          "#ifdef PXD_KCONFIG_SELECTS_NOT_CHOSEN\n#endif\n"
          "#ifdef PXD_KCONFIG_SELECTS_NOT_THERE\n#endif\n"
          "#include \"mm/gup.c\"\n"
          "#ifdef PXD_TREE_HAS_new_entry\n"
          "int root(void) { return new_entry(); }\n#endif\n");
    Write("project/kernel/config/common.config",
          "# made up\nCONFIG_COMMON=y\nCONFIG_NUMBER=12\n");
    Write("project/kernel/config/s390.config", "CONFIG_OURS=y\n");
    Write("project/kernel/config/common.forced.config",
          "CONFIG_64BIT=y\n# CONFIG_PARAVIRT is not set\n");
    Write("project/kernel/config/s390.forced.config", "");
  }

  fs::path At(std::string_view name) const { return folder_.path() / name; }
  void Write(std::string_view name, std::string_view text) const {
    ASSERT_TRUE(WriteFile(At(name), text));
  }
  std::string Made(std::string_view name) const {
    return ReadFile(At("out") / name).value_or("(none)");
  }
  PreparedTree Prepare(const std::string& arch = "s390") const {
    return PrepareTree({.tree = At("linux"),
                        .arch = arch,
                        .shims = At("project/kernel"),
                        .out = At("out")});
  }
  // One line, and nothing is written.
  void ExpectRefused(std::string_view error,
                     const std::string& arch = "s390") const {
    const PreparedTree prepared = Prepare(arch);
    EXPECT_THAT(prepared.error, HasSubstr(std::string(error)));
    EXPECT_THAT(prepared.error, Not(HasSubstr("\n")));
    EXPECT_FALSE(fs::exists(At("out")));
  }
  Configuration Configure(const ConfigChanges& changes = {}) const {
    return ConfigurationOf({.tree = At("linux"),
                            .arch = "s390",
                            .shims = At("project/kernel"),
                            .out = At("out")},
                           changes);
  }
  // The build's own program.
  ShellRun Slice(const std::string& root = "root",
                 const std::string& flags = "") const {
    const auto quoted = [this](std::string_view name) {
      return " '" + At(name).string() + "'";
    };
    return RunShell("'" PXDFUZZ_BIN "/pxdfuzz_slice' slice" + quoted("linux") +
                    " s390" + quoted("project/kernel") + quoted("out") +
                    " '" PXDFUZZ_CC "' " + root + quoted("slice.c") + flags +
                    " 2>&1");
  }

  ScratchFolder folder_;
};

TEST_F(TreeTest, ForgetsTheHeadersOfAnEarlierRun) {
  EXPECT_EQ(Prepare().error, "");
  EXPECT_EQ(Made("none/generated/made.h"), "");
  EXPECT_EQ(Made("generic/asm/generic.h"),
            "#include <asm-generic/generic.h>\n");
  Write("linux/include/generated/made.h", "#define MADE 1\n");
  Write("linux/arch/s390/include/asm/generic.h", "#define VALUE 4\n");
  EXPECT_EQ(Prepare().error, "");
  EXPECT_EQ(Made("none/generated/made.h"), "(none)");
  EXPECT_EQ(Made("generic/asm/generic.h"), "(none)");
}

TEST_F(TreeTest, MakesWhatAConfiguredTreeHas) {
  const PreparedTree prepared = Prepare();
  EXPECT_EQ(prepared.error, "");
  EXPECT_EQ(prepared.version, "6.1.7-rc1");
  EXPECT_EQ(Made("generic/asm/generic.h"),
            "#include <asm-generic/generic.h>\n");
  // A wrapper would hide what the architecture exports to user space.
  EXPECT_EQ(Made("generic/asm/user.h"), "(none)");
  EXPECT_EQ(Made("generic/asm/own.h"), "(none)");
  EXPECT_EQ(Made("none/generated/made.h"), "");
  EXPECT_EQ(Made("none/linux/mm.h"), "(none)");
  EXPECT_EQ(Made("includes.h"),
            "#include <linux/mm.h>\n#include \"mm/internal.h\"\n");
  EXPECT_EQ(Made("tree.h"),
            "#define PXD_TREE_VERSION \"6.1.7-rc1\"\n"
            "#define PXD_TREE_HAS_new_entry 1\n"
            "#define PXD_KCONFIG_SELECTS_NOT_CHOSEN 1\n");
}

TEST_F(TreeTest, AConfigurationIsOursAndWhatTheTreeSelects) {
  EXPECT_EQ(Configure().header,
            "#define CONFIG_64BIT 1\n#define CONFIG_CHOSEN 1\n"
            "#define CONFIG_COMMON 1\n#define CONFIG_NUMBER 12\n"
            "#define CONFIG_OURS 1\n");
  EXPECT_THAT(Configure().overruled, IsEmpty());
}

TEST_F(TreeTest, AConfigurationWithoutASymbolSelectsLess) {
  const Configuration changed =
      Configure({.on = {"DEBUG_VM"}, .off = {"COMMON"}});
  EXPECT_EQ(changed.header,
            "#define CONFIG_64BIT 1\n#define CONFIG_DEBUG_VM 1\n"
            "#define CONFIG_NUMBER 12\n#define CONFIG_OURS 1\n");
}

TEST_F(TreeTest, TheUsersConfigurationReplacesOursButForWhatTheShimsNeed) {
  // As .config and as autoconf.h.
  for (const char* text :
       {"CONFIG_MINE=y\nCONFIG_PARAVIRT=y\nCONFIG_PART=m\nCONFIG_HZ=250\n"
        "# CONFIG_OURS is not set\n",
        "#define CONFIG_MINE 1\n#define CONFIG_PARAVIRT 1\n"
        "#define CONFIG_PART_MODULE 1\n#define CONFIG_HZ 250\n"}) {
    Write("mine", text);
    const Configuration mine = Configure({.file = At("mine")});
    EXPECT_EQ(mine.error, "");
    EXPECT_EQ(mine.header,
              "#define CONFIG_64BIT 1\n#define CONFIG_HZ 250\n"
              "#define CONFIG_MINE 1\n#define CONFIG_PART_MODULE 1\n");
    EXPECT_THAT(mine.overruled, ElementsAre("PARAVIRT=n"));
  }
  Write("mine", "all:\n");
  EXPECT_EQ(Configure({.file = At("mine")}).error,
            At("mine").string() + ": no .config or autoconf.h");
}

TEST_F(TreeTest, ASliceFollowsItsConfiguration) {
  Write("linux/mm/gup.c",
        "#include <linux/mm.h>\n#ifdef CONFIG_COMMON\n"
        "int new_entry(void) { return 1; }\n#else\n"
        "int new_entry(void) { return 2; }\n#endif\n");
  ASSERT_EQ(Prepare().error, "");
  ASSERT_EQ(Slice().code, 0);
  EXPECT_THAT(ReadFile(At("slice.c")).value_or(""), HasSubstr("return 1"));
  ASSERT_EQ(Slice("root", " --off=COMMON").code, 0);
  EXPECT_THAT(ReadFile(At("slice.c")).value_or(""), HasSubstr("return 2"));
  EXPECT_THAT(ReadFile(At("slice.c.d")).value_or(""),
              HasSubstr(At("project/kernel/config/common.config").string()));
}

TEST_F(TreeTest, ATreeThatIsNone) {
  fs::remove(At("linux/Makefile"));
  ExpectRefused("linux: no Makefile with a kernel's VERSION");
  Write("linux/Makefile", "all:\n\techo VERSION = 6\n");
  ExpectRefused("linux: no Makefile with a kernel's VERSION");
  fs::remove_all(At("linux"));
  ExpectRefused("linux: no such folder; name the top folder of a Linux tree");
}

TEST_F(TreeTest, ATreeThatLacksSomething) {
  ExpectRefused("architecture m68k is not known", "m68k");
  ExpectRefused("arch/x86/include/asm/pgtable.h: the file is not there", "x86");
  fs::remove(At("linux/mm/gup.c"));
  ExpectRefused("mm/gup.c: the file is not there");
}

TEST_F(TreeTest, AFolderThatCannotBeWritten) {
  Write("out", "a file in its place");
  EXPECT_THAT(Prepare().error, HasSubstr("cannot be written"));
}

TEST_F(TreeTest, TheSliceCompiles) {
  ASSERT_EQ(Prepare().error, "");
  const ShellRun slice = Slice();
  EXPECT_EQ(slice.code, 0) << slice.out;
  EXPECT_THAT(slice.out, HasSubstr("each a trap: missing\n"));
  EXPECT_THAT(slice.out, HasSubstr("that is off: CONFIG_OFF\n"));
  const std::string text = ReadFile(At("slice.c")).value_or("");
  EXPECT_THAT(text, HasSubstr("#line 4 \"mm/gup.c\"\n"));
  EXPECT_THAT(text, Not(HasSubstr(folder_.path().string())));
  EXPECT_EQ(
      RunShell("'" PXDFUZZ_CC "' -std=gnu11 -c -o '" + At("slice.o").string() +
               "' '" + At("slice.c").string() + "' 2>&1")
          .out,
      "");
  // What it depends on: the tree's files by their own names.
  const std::string depends = ReadFile(At("slice.c.d")).value_or("");
  for (const char* file : {"linux/mm/gup.c", "linux/mm/internal.h",
                           "linux/arch/s390/include/asm/own.h", "out/tree.h"}) {
    EXPECT_THAT(depends, HasSubstr(At(file).string()));
  }
}

TEST_F(TreeTest, ATreeWithoutTheEntry) {
  Write("linux/mm/gup.c", "#include <linux/nothing.h>\nint other;\n");
  ASSERT_EQ(Prepare().error, "");
  const ShellRun slice = Slice();
  EXPECT_EQ(slice.code, 3);
  EXPECT_THAT(slice.out,
              MatchesRegex("pxdfuzz_slice: [^\n]*nothing declares root\n"));
  EXPECT_FALSE(fs::exists(At("slice.c")));
}

}  // namespace
}  // namespace pxdfuzz::slice
