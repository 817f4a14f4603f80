// SPDX-License-Identifier: MIT

// The bugs on record as data: the files, their reader, and the page about them.
// Runs in the project's folder.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <string_view>

#include "pxdfuzz/base/read_file.h"
#include "src/cli/bugs/bug.h"
#include "tests/shell.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kText =
    "kind: edit\nyear: 2020\nrecord: 0123456789ab\nhistory: It was wrong\n"
    "trees: 6.1 to 6.12\ntarget: changing\n"
    "found: {s390/3: '*.fork.*', x86-64: '*'}\nnot-found: [arm64-16k]\n"
    "rule:\n- {file: [a.c, b.c], in: [f, g], replace: h(...), by: '0'}\n"
    "- {file: c.h, define: m, as: (1)}\n";

// The text with one piece replaced.
std::string With(std::string_view from, std::string_view to) {
  std::string text(kText);
  const size_t at = text.find(from);
  EXPECT_NE(at, text.npos) << from;
  return text.replace(at, from.size(), to);
}

std::string ErrorOf(const std::string& text) {
  const auto bug = ReadBug(text, "x/b.yaml");
  EXPECT_FALSE(bug.ok());
  return std::string(bug.status().message());
}

TEST(ReadBugTest, ReadsEveryField) {
  const auto read = ReadBug(kText, "x/some-bug.yaml");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->name, "some-bug");
  EXPECT_EQ(read->year, 2020);
  EXPECT_EQ(read->record, "0123456789ab");
  EXPECT_EQ(read->walker.target, "kernel_race_fuzzer");
  EXPECT_EQ(read->configuration, "as-is");
  EXPECT_TRUE(read->Applies({6, 1}));
  EXPECT_TRUE(read->Applies(VersionFrom("6.12.117")));
  EXPECT_FALSE(read->Applies({6, 13}));
  EXPECT_FALSE(read->Applies({5, 19}));
  ASSERT_EQ(read->places.size(), 3);
  EXPECT_EQ(read->places[0].modes, "s390/3");
  EXPECT_EQ(read->places[0].arch.id, ArchId::kS390);
  EXPECT_EQ(read->places[0].signature, "*.fork.*");
  EXPECT_EQ(read->places[2].signature, "");
  EXPECT_EQ(read->places[2].walker.target, "kernel_race_fuzzer");
  const auto elsewhere =
      ReadBug(With("[arm64-16k]", "[arm64-16k page-size]"), "x/some-bug.yaml");
  ASSERT_TRUE(elsewhere.ok()) << elsewhere.status();
  EXPECT_EQ(elsewhere->places[2].modes, "arm64-16k");
  EXPECT_EQ(elsewhere->places[2].walker.target, "kernel_pgtable_size_fuzzer");
  EXPECT_THAT(ErrorOf(With("[arm64-16k]", "[arm64-16k page]")),
              HasSubstr("should be quiet, changing,"));
  ASSERT_EQ(read->edits.size(), 2);
  EXPECT_THAT(read->edits[0].files, ElementsAre("a.c", "b.c"));
  EXPECT_THAT(read->edits[0].edit.within, ElementsAre("f", "g"));
  EXPECT_EQ(read->edits[0].edit.kind, SourceEdit::Kind::kReplace);
  EXPECT_EQ(read->edits[1].edit.kind, SourceEdit::Kind::kDefineMacro);
  EXPECT_EQ(read->edits[1].edit.text, "(1)");
}

TEST(ReadBugTest, SaysWhereAFieldIsWrong) {
  EXPECT_THAT(ErrorOf(With("edit", "idea")),
              HasSubstr("x/b.yaml:1:7: kind: found 'idea'; should be edit"));
  EXPECT_THAT(ErrorOf(With("6.1 to 6.12", "6.12 to 6.1")),
              HasSubstr("x/b.yaml:5:8: trees"));
  EXPECT_THAT(
      ErrorOf(With("changing", "moving")),
      HasSubstr("should be quiet, changing, page-size or changing-page-size"));
  EXPECT_THAT(ErrorOf(With("s390/3", "s360")), HasSubstr("x/b.yaml:7:9"));
  EXPECT_THAT(ErrorOf(With(", by: '0'", "")), HasSubstr("replace needs by"));
  EXPECT_THAT(ErrorOf(With("define: m", "define: m, drop-macro: m")),
              HasSubstr("one of the keys"));
  EXPECT_THAT(ErrorOf(With("in: [f, g], replace: h(...), by: '0'",
                           "drop-statement: h")),
              HasSubstr("drop-statement needs in"));
  EXPECT_THAT(ErrorOf(With("kind: edit", "kind: as-it-stands")),
              HasSubstr("live-until"));
  EXPECT_THAT(ErrorOf(With("kind: edit", "kind: environment")),
              HasSubstr("rule"));
}

TEST(PlantBugTest, ChangesOnlyTheCopy) {
  const ScratchFolder folder;
  fs::create_directories(folder.path() / "tree");
  fs::create_directories(folder.path() / "copy");
  std::ofstream(folder.path() / "tree/b.c") << "int g(void) { return h(1); }";
  std::ofstream(folder.path() / "tree/c.h") << "#define m 0\n";
  for (const char* file : {"b.c", "c.h"}) {
    fs::create_hard_link(folder.path() / "tree" / file,
                         folder.path() / "copy" / file);
  }
  const auto bug = ReadBug(kText, "b.yaml");
  ASSERT_TRUE(bug.ok());
  const auto files = PlantBug(*bug, (folder.path() / "copy").string());
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_THAT(*files, ElementsAre("b.c", "c.h"));
  EXPECT_EQ(ReadFile((folder.path() / "copy/b.c").string()),
            "int g(void) { return 0; }");
  EXPECT_EQ(ReadFile((folder.path() / "copy/c.h").string()), "#define m (1)\n");
  EXPECT_EQ(ReadFile((folder.path() / "tree/c.h").string()), "#define m 0\n");
}

TEST(PlantBugTest, SaysWhichPartFitsNowhere) {
  const ScratchFolder folder;
  const auto bug = ReadBug(kText, "b.yaml");
  ASSERT_TRUE(bug.ok());
  EXPECT_EQ(PlantBug(*bug, folder.path().string()).status().message(),
            "b.yaml:10: a.c or b.c: the tree has no such file");
  std::ofstream(folder.path() / "a.c") << "int g(void) { return 1; }";
  EXPECT_EQ(PlantBug(*bug, folder.path().string()).status().message(),
            "b.yaml:10: a.c or b.c: no h(...) in f or g");
}

TEST(BugsOnRecordTest, AreAllReadAndOnThePage) {
  const auto bugs = ReadBugs("tests/bugs", {});
  ASSERT_TRUE(bugs.ok()) << bugs.status();
  EXPECT_GE(bugs->size(), 20);
  const std::string page = ReadFile("docs/bugs-on-record.md").value_or("");
  for (const Bug& bug : *bugs) {
    EXPECT_THAT(page, HasSubstr("| " + bug.name + " | " + bug.record + " | " +
                                bug.history + " |"));
    for (const Bug::Place& place : bug.places) {
      EXPECT_THAT(page,
                  HasSubstr("| " + bug.name + " | " + std::to_string(bug.year) +
                            " | " + place.name + " |"));
    }
  }
  // Nor is one on the page that is not looked for.
  const std::regex row(
      R"(\n\| ([a-z0-9-]+) \| [0-9]{4} \| (s390|x86-64|arm64))");
  size_t rows = 0;
  for (std::sregex_iterator at(page.begin(), page.end(), row), end; at != end;
       ++at, ++rows) {
    EXPECT_TRUE(std::any_of(bugs->begin(), bugs->end(), [&](const Bug& bug) {
      return bug.name == (*at)[1];
    })) << (*at)[1];
  }
  EXPECT_GE(rows, bugs->size());
}

TEST(BugsOnRecordTest, AreChosenByName) {
  const auto bugs = ReadBugs("tests/bugs", {"fork-during-walk"});
  ASSERT_TRUE(bugs.ok()) << bugs.status();
  EXPECT_EQ(bugs->size(), 1);
  EXPECT_THAT(std::string(ReadBugs("tests/bugs", {"none"}).status().message()),
              HasSubstr("no bug 'none'"));
}

}  // namespace
}  // namespace pxdfuzz
