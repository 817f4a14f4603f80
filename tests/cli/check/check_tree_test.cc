// SPDX-License-Identifier: MIT

// Where `pxdfuzz check` takes trees and patches from: folders, repositories,
// archives, diffs and mails that are made up. Runs in the project's folder.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "src/cli/check/tree/kernel_tree.h"
#include "src/cli/check/tree/patch.h"
#include "tests/shell.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::StartsWith;

constexpr char kMakefile[] = "VERSION = 6\nPATCHLEVEL = 9\nSUBLEVEL = 7\n";
constexpr char kDiff[] =
    "--- a/mm/gup.c\n+++ b/mm/gup.c\n@@ -1,3 +1,4 @@\n one\n+more\n-two\n"
    "+2\n three\n";

class CheckTreeTest : public ::testing::Test {
 protected:
  CheckTreeTest() {
    Write("linux/Makefile", kMakefile);
    Write("linux/mm/gup.c", "one\ntwo\nthree\n");
    Write("linux/mm/slub.c", "slub\n");
    store_ = {.source = fs::current_path().string(), .trees = Path("trees")};
  }

  std::string Path(const std::string& name) const {
    return (folder_.path() / name).string();
  }
  std::string Write(const std::string& name, const std::string& text) const {
    fs::create_directories(fs::path(Path(name)).parent_path());
    std::ofstream(Path(name)) << text;
    return Path(name);
  }
  void Shell(const std::string& line) const {
    const ShellRun run =
        RunShell("cd '" + folder_.path().string() +
                 "' && export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@b "
                 "GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@b && " +
                 line);
    ASSERT_EQ(run.code, 0) << run.error;
  }
  // Makes linux a repository with one commit, tagged v1.
  void Commit() const {
    Shell(
        "cd linux && git init -q && git add -A && git commit -qm 1 && "
        "git tag v1");
  }
  void Pack() const { Shell("tar -cJf a.tar.xz linux"); }

  absl::StatusOr<KernelTree> Take(const std::string& tree,
                                  const std::string& patch = "") const {
    absl::StatusOr<KernelTree> taken = store_.Take(tree, patch);
    // Nothing half-made stays.
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(store_.trees, error)) {
      EXPECT_THAT(entry.path().filename().string(),
                  testing::AnyOf(StartsWith("tree-"), StartsWith("archive-")));
      EXPECT_NE(entry.path().extension(), ".part");
    }
    return taken;
  }
  std::string ErrorOf(const std::string& tree,
                      const std::string& patch = "") const {
    const auto taken = Take(tree, patch);
    EXPECT_FALSE(taken.ok());
    const std::string message(taken.status().message());
    EXPECT_EQ(message.find('\n'), message.npos) << message;
    return message;
  }

  const ScratchFolder folder_;
  TreeStore store_;
};

TEST_F(CheckTreeTest, FolderRevisionAndArchiveOfOneTreeAreOneCopy) {
  Commit();
  Pack();
  const auto folder = Take(Path("linux"));
  const auto revision = Take(Path("linux@v1"));
  const auto archive = Take(Path("a.tar.xz"));
  ASSERT_TRUE(folder.ok()) << folder.status();
  ASSERT_TRUE(revision.ok()) << revision.status();
  ASSERT_TRUE(archive.ok()) << archive.status();
  EXPECT_EQ(folder->version, "6.9.7");
  EXPECT_EQ(folder->commit.size(), 12u);
  EXPECT_FALSE(folder->is_modified);
  EXPECT_EQ(revision->commit, folder->commit);
  EXPECT_EQ(archive->commit, "");
  EXPECT_EQ(folder->folder, revision->folder);
  EXPECT_EQ(folder->folder, archive->folder);
  EXPECT_EQ(Contents(folder->folder + "/mm/gup.c"), "one\ntwo\nthree\n");
}

TEST_F(CheckTreeTest, AChangeInTheWorkTreeIsCheckedAndNamed) {
  Commit();
  const auto before = Take(Path("linux"));
  Write("linux/mm/gup.c", "changed\n");
  const auto now = Take(Path("linux"));
  ASSERT_TRUE(before.ok() && now.ok());
  EXPECT_TRUE(now->is_modified);
  EXPECT_NE(now->hash, before->hash);
  EXPECT_EQ(Contents(now->folder + "/mm/gup.c"), "changed\n");
  EXPECT_THAT(now->Describe(), HasSubstr("with changes in the work tree"));
}

TEST_F(CheckTreeTest, APatchIsAppliedToACopyAndNeverToTheTree) {
  const auto taken = Take(Path("linux"), Write("my.diff", kDiff));
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_EQ(Contents(taken->folder + "/mm/gup.c"), "one\nmore\n2\nthree\n");
  EXPECT_EQ(Contents(taken->base + "/mm/gup.c"), "one\ntwo\nthree\n");
  EXPECT_EQ(Contents(Path("linux/mm/gup.c")), "one\ntwo\nthree\n");
  EXPECT_THAT(taken->changed_files, ElementsAre("mm/gup.c"));
  EXPECT_THAT(taken->Describe(), HasSubstr(taken->patch->hash));
  const auto places =
      ChangedPlaces(taken->base, taken->folder, taken->changed_files);
  ASSERT_TRUE(places.ok());
  ASSERT_EQ(places->at("mm/gup.c").size(), 1u);
  EXPECT_THAT(places->at("mm/gup.c")[0].lines, ElementsAre(2, 3));
  EXPECT_EQ(places->at("mm/gup.c")[0].text, "two\nmore\n2\n");
}

TEST_F(CheckTreeTest, ADiffAMailAndASeriesAreOnePatch) {
  Commit();
  Shell(
      "cd linux && printf 'one\\nmore\\ntwo\\nthree\\n' > mm/gup.c && "
      "git commit -qam 'first: caf\xc3\xa9' && "
      "printf 'one\\nmore\\n2\\nthree\\n' > mm/gup.c && "
      "git commit -qam second && "
      "git format-patch -q --cover-letter --stdout v1 > ../series.mbox && "
      "git diff v1 > ../all.diff && git reset -q --hard v1");
  // A mail as it is saved, in another encoding and without "From ".
  Shell(
      "{ echo 'From: A <a@b>'; echo 'Subject: [PATCH] both'; "
      "echo 'Content-Transfer-Encoding: base64'; "
      "echo 'Content-Type: text/plain; charset=UTF-8'; echo; "
      "{ echo 'text'; echo ---; echo; cat all.diff; } | base64; } "
      "> one.eml");
  const auto series = Take(Path("linux"), Path("series.mbox"));
  const auto mail = Take(Path("linux"), Path("one.eml"));
  const auto diff = Take(Path("linux"), Path("all.diff"));
  ASSERT_TRUE(series.ok()) << series.status();
  ASSERT_TRUE(mail.ok()) << mail.status();
  ASSERT_TRUE(diff.ok()) << diff.status();
  EXPECT_EQ(Contents(series->folder + "/mm/gup.c"), "one\nmore\n2\nthree\n");
  EXPECT_EQ(series->hash, diff->hash);
  EXPECT_EQ(mail->hash, diff->hash);
}

TEST_F(CheckTreeTest, AChangeIsMadeToAnotherCopy) {
  const auto tree = Take(Path("linux"));
  ASSERT_TRUE(tree.ok()) << tree.status();
  const auto change = [](const std::string& folder)
      -> absl::StatusOr<std::vector<std::string>> {
    fs::remove(folder + "/mm/gup.c");
    std::ofstream(folder + "/mm/gup.c") << "three\n";
    return std::vector<std::string>{"mm/gup.c"};
  };
  const auto changed = store_.Changed(*tree, change);
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_EQ(Contents(changed->folder + "/mm/gup.c"), "three\n");
  EXPECT_EQ(Contents(tree->folder + "/mm/gup.c"), "one\ntwo\nthree\n");
  EXPECT_THAT(changed->changed_files, ElementsAre("mm/gup.c"));
  EXPECT_EQ(changed->base_hash, tree->hash);
  EXPECT_NE(changed->hash, tree->hash);

  const auto failed =
      store_.Changed(*tree,
                     [](const std::string& /*folder*/)
                         -> absl::StatusOr<std::vector<std::string>> {
                       return absl::UnavailableError("no");
                     });
  EXPECT_EQ(failed.status().message(), "no");
}

TEST_F(CheckTreeTest, APatchOfWhatIsNotCompiledChangesNothing) {
  const std::string patch =
      Write("slub.diff",
            "--- a/mm/slub.c\n+++ b/mm/slub.c\n@@ -1 +1 @@\n-slub\n+s\n");
  const auto taken = Take(Path("linux"), patch);
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_THAT(taken->changed_files, IsEmpty());
  EXPECT_EQ(taken->folder, taken->base);
}

TEST_F(CheckTreeTest, WrongInputIsOneLineThatNamesIt) {
  EXPECT_EQ(ErrorOf(Path("none")),
            Path("none") +
                ": no such tree; name a folder, an archive, "
                "REPOSITORY@REVISION or debian:VERSION");
  Commit();
  EXPECT_EQ(ErrorOf(Path("linux@v2")),
            Path("linux@v2") + ": " + Path("linux") + " has no revision 'v2'");
  EXPECT_THAT(ErrorOf("debian:sid"), HasSubstr("debian:6.12"));
  EXPECT_THAT(ErrorOf(Path("linux"), Path("no.diff")),
              HasSubstr("there is no such file"));
  EXPECT_THAT(ErrorOf(Path("linux"), Write("text", "Hello.\n")),
              HasSubstr("holds no patch"));
  std::string wrong = kDiff;
  wrong.replace(wrong.find(" one"), 4, " ONE");
  const std::string patch = Write("wrong.diff", wrong);
  EXPECT_EQ(ErrorOf(Path("linux"), patch),
            patch + " does not apply: patch failed: mm/gup.c:1");
  fs::remove(Path("linux/mm/gup.c"));
  EXPECT_EQ(
      ErrorOf(Path("linux")),
      Path("linux") + ": no Linux tree: it has no Makefile or no mm/gup.c");
}

TEST_F(CheckTreeTest, AnArchiveThatIsCutShortLeavesNothing) {
  Pack();
  Shell("head -c -40 a.tar.xz > b.tar.xz");
  EXPECT_THAT(ErrorOf(Path("b.tar.xz")), HasSubstr("cut short"));
  EXPECT_TRUE(fs::is_empty(store_.trees));
}

// A made-up apt: two suites have sources, and every call is noted.
TEST_F(CheckTreeTest, TheNewestVersionUpdatesTheListsOfASuiteOnce) {
  Shell("mkdir -p usr/src && echo sources > usr/src/linux-source-99.2.tar.xz");
  Shell("tar -cf package.tar ./usr");
  const std::string here = folder_.path().string();
  Write("bin/apt-get",
        "#!/bin/sh\n"
        "case \"$*\" in\n"
        "*indextargets*) echo http://mirror/debian/ ;;\n"
        "*update) cat sources.list >> '" +
            here +
            "/updated' ;;\n"
            "*'download linux-source-99.2')\n"
            "  grep -q ' unstable ' sources.list || exit 100\n"
            "  cp '" +
            here +
            "/package.tar' linux-source-99.2.deb ;;\n"
            "*) exit 100 ;;\n"
            "esac\n");
  Write("bin/apt-cache",
        "#!/bin/sh\n"
        "grep -q ' trixie ' sources.list && echo linux-source-99.1\n"
        "grep -q ' unstable ' sources.list && echo linux-source-99.2\n"
        "exit 0\n");
  Write("bin/dpkg-deb", "#!/bin/sh\ncat \"$2\"\n");
  Shell("chmod +x bin/*");
  const std::string path = getenv("PATH");
  setenv("PATH", (Path("bin") + ":" + path).c_str(), 1);
  const auto newest = DebianSource("newest", Path("trees"));
  const auto updated = Contents(Path("updated"));
  const auto before = DebianSource("newest-1", Path("trees"));
  setenv("PATH", path.c_str(), 1);
  ASSERT_TRUE(newest.ok()) << newest.status();
  EXPECT_EQ(*newest, Path("trees/linux-source-99.2.tar.xz"));
  EXPECT_EQ(Contents(*newest), "sources\n");
  std::multiset<std::string> lines;
  std::istringstream text(updated);
  for (std::string line; std::getline(text, line);) lines.insert(line);
  EXPECT_GE(lines.size(), 9u);
  for (const std::string& line : lines)
    EXPECT_EQ(lines.count(line), 1u) << line;
  // No suite has the sources of that one, though one names it.
  EXPECT_THAT(std::string(before.status().message()),
              HasSubstr("no suite of http://mirror/debian has "
                        "linux-source-99.1"));
  // Only the archive stays.
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(Path("trees"))) {
    names.push_back(entry.path().filename().string());
  }
  EXPECT_THAT(names, ElementsAre("linux-source-99.2.tar.xz"));
}

// Builds go by times, and other trees may be older.
TEST_F(CheckTreeTest, OnlyWhatDiffersInAMirrorIsNew) {
  const std::string mirror = Path("mirror");
  const auto is_new = [&mirror](const std::string& file) {
    const fs::path path = fs::path(mirror) / file;
    const auto old = fs::file_time_type::clock::now() - std::chrono::hours(1);
    const bool is = fs::last_write_time(path) > old;
    fs::last_write_time(path, old);
    return is;
  };
  const auto make = [&](const std::string& from) {
    ASSERT_TRUE(Mirror(Path(from), mirror).ok());
  };
  Shell("cp -r linux other && touch -d 2001-01-01 other/*/*");
  make("linux");
  for (const char* file : {"Makefile", "mm/gup.c", "mm/slub.c"}) {
    EXPECT_TRUE(is_new(file)) << file;
  }
  // The same text in other files.
  make("other");
  EXPECT_FALSE(is_new("mm/gup.c"));
  Write("other/mm/gup.c", "other\n");
  Shell("touch -d 2001-01-01 other/mm/gup.c");
  make("other");
  EXPECT_EQ(Contents(mirror + "/mm/gup.c"), "other\n");
  EXPECT_TRUE(is_new("mm/gup.c"));
  EXPECT_FALSE(is_new("mm/slub.c"));
  EXPECT_FALSE(is_new("Makefile"));
  // Without a file, another header may be found.
  fs::remove(Path("other/mm/slub.c"));
  make("other");
  EXPECT_FALSE(fs::exists(mirror + "/mm/slub.c"));
  EXPECT_TRUE(is_new("Makefile"));
  make("linux");
  EXPECT_EQ(Contents(mirror + "/mm/gup.c"), "one\ntwo\nthree\n");
  EXPECT_TRUE(is_new("Makefile"));
  EXPECT_EQ(Contents(Path("linux/mm/gup.c")), "one\ntwo\nthree\n");
}

}  // namespace
}  // namespace pxdfuzz
