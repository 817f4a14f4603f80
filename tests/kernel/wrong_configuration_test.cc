// SPDX-License-Identifier: MIT

// Configurations that compile and are wrong do not get past the assertions.
// Kernel code is that of Debian's linux-source-6.12. Runs in the project's
// folder.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "kernel/slice/files.h"
#include "pxdfuzz/base/read_file.h"
#include "tests/shell.h"

namespace pxdfuzz::slice {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class WrongConfigurationTest : public ::testing::Test {
 protected:
  // The errors in an architecture's code of the tree, sliced with the shims in
  // kernel/ of `project`, after `spoil` has changed what was prepared.
  template <class Spoil>
  std::string ErrorOf(Spoil spoil, const std::string& arch = "s390") {
    if (!fs::exists(PXDFUZZ_CHECK_TREE)) {
      skipped_ = true;
      return "";
    }
    const fs::path kernel = At("project/kernel");
    fs::create_directories(kernel.parent_path());
    fs::copy("kernel", kernel, fs::copy_options::recursive);
    const std::string request = " '" PXDFUZZ_CHECK_TREE "' " + arch + " '" +
                                kernel.string() + "' '" + At("out").string() +
                                "' ";
    const std::string slicer = "'" PXDFUZZ_BIN "/pxdfuzz_slice' ";
    EXPECT_EQ(RunShell(slicer + "prepare" + request).code, 0);
    spoil();
    const ShellRun slice = RunShell(
        slicer + "slice" + request + "'" PXDFUZZ_CC "' pxd_test '" +
        At("slice.c").string() +
        "' -DPXD_SYMBOL=pxd_test -DPXD_NAME='\"n\"' -DPXD_ARCH='\"s390\"' "
        "-DPXD_VARIANT='\"as-is\"' 2>&1");
    EXPECT_EQ(slice.code, 0) << slice.out;
    return RunShell("'" PXDFUZZ_CC "' -std=gnu11 -w -c -o /dev/null '" +
                    At("slice.c").string() + "' 2>&1 | grep error:")
        .out;
  }
  // Takes a line out of a file of kernel/config.
  void Without(std::string_view line, std::string_view file) const {
    const fs::path path = At("project/kernel/config") / file;
    std::string text = ReadFile(path).value_or("");
    const size_t at = text.find(line);
    ASSERT_NE(at, text.npos) << line;
    text.erase(at, line.size());
    ASSERT_TRUE(WriteFile(path, text));
  }
  fs::path At(std::string_view name) const { return folder_.path() / name; }

  bool skipped_ = false;
  ScratchFolder folder_;
};

TEST_F(WrongConfigurationTest, TheRightOneCompiles) {
  EXPECT_EQ(ErrorOf([] {}), "");
  if (skipped_) GTEST_SKIP() << "linux-source-6.12 is not installed";
}

TEST_F(WrongConfigurationTest, PhysicalAddressesOf32Bits) {
  const std::string error = ErrorOf([this] {
    Without("CONFIG_PHYS_ADDR_T_64BIT=y\n", "common.forced.config");
  });
  if (skipped_) GTEST_SKIP() << "linux-source-6.12 is not installed";
  EXPECT_THAT(error, HasSubstr("physical addresses have 64 bits"));
}

TEST_F(WrongConfigurationTest, AWrapperThatHidesBitsPerLong) {
  // The generic header itself says so up to 6.4.
  const std::string error = ErrorOf(
      [this] {
        ASSERT_TRUE(WriteFile(At("out/generic/asm/bitsperlong.h"),
                              "#define __BITS_PER_LONG 32\n"
                              "#include <asm-generic/bitsperlong.h>\n"));
      },
      "x86");
  if (skipped_) GTEST_SKIP() << "linux-source-6.12 is not installed";
  EXPECT_THAT(error, HasSubstr("LP64"));
}

// From 7.0 on, s390 has one type without CONFIG_STRICT_MM_TYPECHECKS.
TEST_F(WrongConfigurationTest, OneTypeForTwoLevels) {
  const auto error_of = [this](const std::string& pmd) {
    EXPECT_TRUE(WriteFile(
        At("types.c"),
        "typedef unsigned long size_t;\ntypedef unsigned long phys_addr_t;\n"
        "typedef struct { long v; } pte_t;\n" +
            pmd +
            "typedef struct { long v; } pud_t;\n"
            "typedef struct { long v; } p4d_t;\n"
            "typedef struct { long v; } pgd_t;\n"
            "#include \"kernel/assertions.h\"\n"));
    return RunShell("'" PXDFUZZ_CC "' -std=gnu11 -I. -c -o /dev/null '" +
                    At("types.c").string() + "' 2>&1 | grep error:")
        .out;
  };
  EXPECT_EQ(error_of("typedef struct { long v; } pmd_t;\n"), "");
  EXPECT_THAT(error_of("typedef pte_t pmd_t;\n"), HasSubstr("different types"));
}

}  // namespace
}  // namespace pxdfuzz::slice
