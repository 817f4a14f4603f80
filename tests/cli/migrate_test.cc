// SPDX-License-Identifier: MIT

// pxdfuzz migrate, as a process.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>

#include "fuzz/harness/sha1.h"
#include "pxdfuzz/base/read_file.h"
#include "pxdfuzz/case/case.h"
#include "tests/cli/shell_test_base.h"
#include "tests/known_cases.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class MigrateTest : public ShellTest {
 protected:
  void Write(const std::string& name, std::string_view content) const {
    fs::create_directories(fs::path(Scratch(name)).parent_path());
    std::ofstream(Scratch(name), std::ios::binary) << content;
  }
  std::string Content(const std::string& name) const {
    return ReadFile(Scratch(name)).value_or("no such file");
  }
};

std::string Sha1Of(std::string_view bytes) {
  return Sha1Hex(
      {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
}

std::string V1Bytes(const Case& c) {
  std::array<uint8_t, kMaxEncodedSize> bytes;
  return {bytes.begin(), bytes.begin() + *EncodeV1(c, bytes)};
}
std::string V2Bytes(const Case& c) {
  std::array<uint8_t, kMaxEncodedSize> bytes;
  return {bytes.begin(), bytes.begin() + Encode(c, bytes)};
}

// Bytes, named by their content and otherwise.
TEST_F(MigrateTest, ConvertsAFolder) {
  size_t cases = 0;
  for (const KnownCase& known : KnownCases()) {
    const std::string bytes = V1Bytes(known.c);
    Write("all/" + Sha1Of(bytes), bytes);
    Write("all/below/" + known.name, bytes);
    cases += 2;
  }
  const Case first = KnownCases()[0].c;
  Write("all/new", V2Bytes(first));
  Write("all/notes", "what was found\n");
  const Ran ran = Run("migrate " + Scratch("all"));
  EXPECT_EQ(ran.code, 0) << ran.error;
  EXPECT_EQ(ran.out, std::to_string(cases) +
                         " cases migrated, 1 of version 2 before, 1 file "
                         "without a case\n");
  for (const KnownCase& known : KnownCases()) {
    const std::string bytes = V2Bytes(known.c);
    EXPECT_EQ(Content("all/" + Sha1Of(bytes)), bytes) << known.name;
    EXPECT_EQ(Content("all/below/" + known.name), bytes) << known.name;
    EXPECT_FALSE(fs::exists(Scratch("all/" + Sha1Of(V1Bytes(known.c)))));
  }
  EXPECT_EQ(Content("all/new"), V2Bytes(first));
  EXPECT_EQ(Content("all/notes"), "what was found\n");
  const Ran again = Run("migrate " + Scratch("all"));
  EXPECT_EQ(again.code, 0);
  EXPECT_THAT(again.out, HasSubstr("0 cases migrated, " +
                                   std::to_string(cases + 1) + " of version"));
}

// A text keeps all but its version: its story and the token in it.
TEST_F(MigrateTest, KeepsWhatATextSays) {
  const std::string text =
      "# pxdfuzz case\n"
      "# DEDUP_TOKEN: s390-3.static-by-value.wrong-page.pte-leaf\n"
      "version: 1  # the first\n"
      "space: s390/3\n"
      "requests: [{start: 0x1000, pages: 2, access: read}]\n"
      "stack: {position: 0, around: copy}\n"
      "tables: []  # version: 1\n";
  Write("case.yaml", text);
  EXPECT_EQ(Run("migrate " + Scratch("case.yaml")).code, 0);
  std::string expected = text;
  expected.replace(expected.find("version: 1"), 10, "version: 2");
  EXPECT_EQ(Content("case.yaml"), expected);
}

TEST_F(MigrateTest, FailsWhereThereIsNoCase) {
  Write("notes", "what was found\n");
  EXPECT_EQ(Run("migrate " + Scratch("notes")).code, 3);
  EXPECT_EQ(Content("notes"), "what was found\n");
  Write("folder/notes", "what was found\n");
  const Ran ran = Run("migrate " + Scratch("folder"));
  EXPECT_EQ(ran.code, 3);
  EXPECT_EQ(ran.error, "pxdfuzz: migrate: there is no case in these files\n");
  Write("garbage", std::string("\x07\x01\x02", 3));
  EXPECT_EQ(Run("migrate " + Scratch("garbage")).code, 3);
  ExpectError("migrate nowhere", 3,
              "nowhere: cannot be read: No such file or directory");
}

}  // namespace
}  // namespace pxdfuzz
