// SPDX-License-Identifier: MIT

// kernel/tree/copy_tree.sh, on made-up trees. Runs in the project's folder.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "pxdfuzz/base/rng.h"
#include "tests/shell.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class CopyTreeTest : public ::testing::Test {
 protected:
  CopyTreeTest() {
    for (const char* file :
         {"Makefile", "README", "mm/gup.c", "mm/memory.c", "include/linux/mm.h",
          "include/linux/sched/mm.h", "include/net/tcp.h",
          "arch/s390/include/asm/page.h"}) {
      Write(file, file);
    }
  }

  fs::path tree() const { return folder_.path() / "linux"; }
  fs::path copy() const { return folder_.path() / "copy"; }
  std::string archive() const { return (folder_.path() / "a.tar.xz").string(); }

  void Write(const std::string& file, const std::string& text) const {
    fs::create_directories((tree() / file).parent_path());
    std::ofstream(tree() / file) << text;
  }
  void Pack() const {
    ASSERT_EQ(RunShell("tar -cJf '" + archive() + "' -C '" +
                       folder_.path().string() + "' linux")
                  .code,
              0);
  }
  ShellRun Copy(const std::string& from) const {
    return RunShell("kernel/tree/copy_tree.sh '" + from + "' '" +
                    copy().string() + "' 2>&1");
  }
  std::set<std::string> Copied() const {
    std::set<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(copy())) {
      if (entry.is_regular_file()) {
        files.insert(fs::relative(entry.path(), copy()).string());
      }
    }
    return files;
  }
  void ExpectWhatIsCompiled() const {
    EXPECT_THAT(Copied(), UnorderedElementsAre("Makefile", "mm/gup.c",
                                               "include/linux/mm.h",
                                               "include/linux/sched/mm.h",
                                               "arch/s390/include/asm/page.h"));
  }
  // It exits with 3 and a line with `error`, and leaves nothing.
  void ExpectNone(const std::string& from, const std::string& error) const {
    const ShellRun run = Copy(from);
    EXPECT_EQ(run.code, 3);
    EXPECT_THAT(run.out, HasSubstr(from + ": " + error));
    EXPECT_FALSE(fs::exists(copy()));
    EXPECT_FALSE(fs::exists(copy().string() + ".part"));
  }

  ScratchFolder folder_;
};

TEST_F(CopyTreeTest, FoldersAndArchivesGiveTheSame) {
  const ShellRun run = Copy(tree().string());
  EXPECT_EQ(run.code, 0) << run.out;
  ExpectWhatIsCompiled();
  // It is replaced.
  std::ofstream(copy() / "mm/stale.c") << "stale";
  Pack();
  EXPECT_EQ(Copy(archive()).code, 0);
  ExpectWhatIsCompiled();
}

TEST_F(CopyTreeTest, AFolderThatIsNoTreeLeavesNothing) {
  ExpectNone((folder_.path() / "none").string(), "no such folder or archive");
  fs::remove(tree() / "mm/gup.c");
  ExpectNone(tree().string(), "no Linux tree: it has no Makefile or no");
  Pack();
  ExpectNone(archive(), "no Linux tree: it has no Makefile or no");
  std::ofstream(archive()) << "no archive";
  ExpectNone(archive(), "no archive, or one that is cut short: ");
  EXPECT_EQ(RunShell("kernel/tree/copy_tree.sh 2> /dev/null").code, 2);
}

TEST_F(CopyTreeTest, RefusesATruncatedArchive) {
  std::string noise;
  Rng rng(1);
  for (int i = 0; i < 100'000; ++i) {
    noise += static_cast<char>(rng.Below(256));
  }
  Write("include/linux/noise.h", noise);
  Pack();
  fs::resize_file(archive(), fs::file_size(archive()) / 2);
  ExpectNone(archive(), "no archive, or one that is cut short: ");
}

}  // namespace
}  // namespace pxdfuzz
