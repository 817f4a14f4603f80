// SPDX-License-Identifier: MIT

#include "fuzz/harness/finding_folder.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/shell.h"
#include "tests/small_disk.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

class FindingFolderTest : public ::testing::Test {
 protected:
  std::string Path() const { return (scratch_ / "findings").string(); }

  const ScratchFolder folder_;
  const fs::path& scratch_ = folder_.path();
  const std::vector<uint8_t> input_ = {1, 0, 255};
};

TEST_F(FindingFolderTest, StoresTheFirstOfEachSignature) {
  FindingFolder folder(Path());
  ASSERT_FALSE(folder.Has("a.short"));
  EXPECT_EQ(folder.Keep("a.short", {input_, "text\n", "report\n"}), "");
  EXPECT_TRUE(folder.Has("a.short"));
  EXPECT_FALSE(folder.Has("b.long"));
  EXPECT_EQ(folder.FileOf("a.short"), Path() + "/a.short/input");
  EXPECT_EQ(Contents(Path() + "/a.short/input"),
            std::string(input_.begin(), input_.end()));
  EXPECT_EQ(Contents(Path() + "/a.short/case.yaml"), "text\n");
  EXPECT_EQ(Contents(Path() + "/a.short/report.txt"), "report\n");
}

TEST_F(FindingFolderTest, KeepsWhatAnotherProcessStored) {
  FindingFolder first(Path());
  FindingFolder second(Path());
  ASSERT_FALSE(first.Has("a"));
  ASSERT_FALSE(second.Has("a"));
  EXPECT_EQ(first.Keep("a", {input_, "first", "first"}), "");
  EXPECT_EQ(second.Keep("a", {input_, "second", "second"}), "");
  EXPECT_EQ(Contents(Path() + "/a/report.txt"), "first");
  // Nothing else is left.
  EXPECT_EQ(std::distance(fs::directory_iterator(Path()), {}), 1);
  // A third one finds it at the start.
  EXPECT_TRUE(FindingFolder(Path()).Has("a"));
}

TEST_F(FindingFolderTest, FailsIfNothingCanBeWritten) {
  std::ofstream(scratch_ / "findings") << "a file";
  FindingFolder folder(Path());
  ASSERT_FALSE(folder.Has("a"));
  EXPECT_NE(folder.Keep("a", {input_, "", ""}).find(Path()), std::string::npos);
}

TEST_F(FindingFolderTest, StoresAllOrNothingOnAFullDisk) {
  const SmallDisk disk(scratch_ / "disk", SmallDisk::kPage);
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  const std::string path = (disk.path() / "findings").string();
  const std::string report(2 * SmallDisk::kPage, 'r');
  const FindingFolder folder(path);
  fs::create_directory(path);
  int failures = 0;
  for (uint64_t pages = 1;; ++pages) {
    ASSERT_TRUE(disk.Resize(pages * SmallDisk::kPage));
    const std::string error = folder.Keep("a", {input_, "text\n", report});
    if (error.empty()) break;
    ASSERT_LE(++failures, 8);
    EXPECT_TRUE(error.ends_with(": No space left on device")) << error;
    EXPECT_TRUE(fs::is_empty(path));
  }
  EXPECT_GE(failures, 3);
  EXPECT_EQ(Contents(path + "/a/report.txt"), report);
  EXPECT_EQ(std::distance(fs::directory_iterator(path), {}), 1);
}

TEST_F(FindingFolderTest, IsNotOpenWithoutAPath) {
  EXPECT_FALSE(FindingFolder("").is_open());
  EXPECT_TRUE(FindingFolder(Path()).is_open());
}

}  // namespace
}  // namespace pxdfuzz
