// SPDX-License-Identifier: MIT

// pxdfuzz export: compiles and runs its output. Runs in the project's folder.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/policy.h"
#include "src/cli/commands.h"
#include "src/cli/input.h"
#include "tests/engine/program.h"

namespace pxdfuzz {
namespace {

using ::testing::AnyOf;
using ::testing::ContainsRegex;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

namespace fs = std::filesystem;

const fs::path kFolder = "corpus/regressions";
constexpr char kThread[] = "corpus/regressions/thread-wrong-page.yaml";
constexpr char kShort[] = "corpus/regressions/thread-short.yaml";
constexpr char kAgrees[] = "corpus/regressions/old-page-written.yaml";
constexpr char kRefused[] = "corpus/regressions/beyond-limit.yaml";

// A fake kernel for the exported program: its vmsplice(), and function tracing.
// FAKE selects what is wrong with it.
constexpr std::string_view kFakeKernel = R"text(
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static const uint64_t border = 0x10080000000;
static const char *trace = "";
static int calls;

static int is(const char *kind) { return strcmp(getenv("FAKE"), kind) == 0; }

ssize_t vmsplice(int fd, const struct iovec *all, size_t count, unsigned flags) {
  const char *const from = all->iov_base;
  const uint64_t at = (uintptr_t)from;
  const uint64_t end = at + all->iov_len;
  (void)count;
  (void)flags;
  int slow = 0;
  // The program's own test: pages of the heap, far from the case.
  if (at > border * 2) slow = *from == 0;
  if (is("blind")) slow = 0;
  if (at < border && border < end) {
    ++calls;
    slow = is("fallback") || (is("now-and-then") && calls == 2);
  }
  trace = slow ? " x-1 [0] 1.0: get_user_pages_fast <-iov_iter_get_pages2\n"
                 " x-1 [0] 1.1: __get_user_pages.part.0 <-somebody\n"
               : " x-1 [0] 1.0: get_user_pages_fast <-iov_iter_get_pages2\n";
  for (size_t i = 0; i < all->iov_len; i += 4096) {
    const char *page = from + i;
    // The page 2 GiB below, as in 2020.
    if (is("wrong-page") && at < border && at + i == border) page -= 1ul << 31;
    if (is("wrong-byte") && at < border && at + i == border) {
      char copy[4096];
      memcpy(copy, page, sizeof copy);
      copy[100] ^= 1;
      write(fd, copy, sizeof copy);
      continue;
    }
    if (write(fd, page, 4096) != 4096) abort();
  }
  return (ssize_t)all->iov_len;
}

int mkdir(const char *path, mode_t mode) {
  if (strstr(path, "/tracing/instances/") != NULL) return 0;
  return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

int rmdir(const char *path) {
  (void)path;
  return 0;
}

int open(const char *path, int flags, ...) {
  if (strstr(path, "/tracing/instances/") == NULL) abort();
  if ((flags & O_ACCMODE) == O_WRONLY) {
    return (int)syscall(SYS_openat, AT_FDCWD, "/dev/null", O_WRONLY, 0);
  }
  const int file = memfd_create("trace", 0);
  write(file, trace, strlen(trace));
  lseek(file, 0, SEEK_SET);
  return file;
}
)text";

class ExportTest : public ::testing::Test {
 protected:
  std::string Scratch(const std::string& name) const {
    return (scratch_.path() / name).string();
  }
  // Runs the program.
  Ran Export(const std::string& arguments) const {
    return RunCommand(Program("pxdfuzz") + " export " + arguments);
  }
  Ran Explain(const std::string& arguments) const {
    return RunCommand(Program("pxdfuzz") + " explain " + arguments);
  }
  // The program exits with `code` and prints only `message`, in one line; no
  // file is left.
  void ExpectError(const std::string& arguments, int code,
                   const std::string& message) const {
    const std::string file = Scratch("out");
    const Ran ran = Export(arguments + " -o " + file);
    EXPECT_EQ(ran.exit_code, code) << arguments;
    EXPECT_EQ(ran.output, "pxdfuzz: " + message + "\n") << arguments;
    EXPECT_FALSE(fs::exists(file)) << arguments;
  }
  // Writes a case in some form to a file and returns its name.
  std::string Written(const std::string& arguments,
                      const std::string& name) const {
    const std::string file = Scratch(name);
    const Ran ran = Export(arguments + " -o " + file);
    EXPECT_EQ(ran.exit_code, 0) << ran.output;
    EXPECT_EQ(ran.output, "");
    return file;
  }

  // Compiles an exported test with the flags of the project's sources, and runs
  // it.
  Ran RunGtest(const std::string& source) const {
    const std::string program = Scratch("gtest");
    const Ran compiled = RunCommand(
        PXDFUZZ_CXX " " PXDFUZZ_CXX_FLAGS
                    " -std=c++20 -Wall -Wextra -Wshadow -Wconversion "
                    "-Wno-sign-conversion -Wno-missing-field-initializers "
                    "-Werror -Iinclude -o " +
        program + " " + source +
        " " PXDFUZZ_LIBRARY " -lgtest_main -lgtest -pthread");
    EXPECT_EQ(compiled.exit_code, 0) << compiled.output;
    EXPECT_EQ(compiled.output, "");
    if (compiled.exit_code != 0) return compiled;
    return RunCommand(program);
  }
  // Adds to an exported test a check that its case is the one in `file`.
  void AddWholeTest(const std::string& file, const std::string& source) const {
    const Ran bytes = RunCommand(Program("pxdfuzz") + " encode " + file +
                                 " | od -An -v -tu1");
    std::string list;
    std::istringstream in(bytes.output);
    for (std::string byte; in >> byte;) list += byte + ",";
    std::ofstream(source, std::ios::app)
        << "namespace pxdfuzz {\nnamespace {\n"
           "TEST(Whole, IsTheSame) {\n"
           "  const uint8_t bytes[] = {"
        << list
        << "};\n"
           "  EXPECT_TRUE(MakeCase() == Decode(bytes));\n"
           "}\n}  // namespace\n}  // namespace pxdfuzz\n";
  }
  // Compiles an exported C program; `more` are other sources.
  void CompileC(const std::string& source, const std::string& more = "") const {
    const Ran compiled =
        RunCommand("cc -std=c11 -O2 -Wall -Wextra -Werror -c -o " +
                   Scratch("case.o") + " " + source + " && cc -w -o " +
                   Scratch("case") + " " + Scratch("case.o") + " " + more);
    EXPECT_EQ(compiled.exit_code, 0) << compiled.output;
    EXPECT_EQ(compiled.output, "");
  }

  const ScratchFolder scratch_;
};

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> Regressions() {
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  EXPECT_GE(files.size(), 19u);
  return files;
}

// The walk with which a case is exported, or nothing if none differs.
std::string CulpritOf(const std::string& file) {
  const auto c = ReadCase(file);
  EXPECT_TRUE(c.ok()) << c.status();
  Oracle oracle;
  const Verdict& verdict =
      oracle.Judge(*c, WalkSet::All(), Waivers::kExpectedFailures);
  for (const RequestVerdict& request : verdict.requests) {
    for (size_t i = 0; i < kWalkCount; ++i) {
      if (request.walks[i].outcome != Outcome::kAgrees) {
        return std::string(Name(kAllWalks[i]));
      }
    }
  }
  return "";
}

// The frame is also a program for a case.
TEST_F(ExportTest, TheFrameOfCProgramsCompilesByItself) {
  CompileC("src/cli/export/drive_gup.c");
}

TEST_F(ExportTest, GtestFailsForTheCulpritAndPassesForAWalkThatHolds) {
  const std::string culprit =
      Written(std::string("--as=gtest ") + kThread, "culprit.cc");
  EXPECT_THAT(Contents(culprit),
              HasSubstr("// On s390 with 3 levels, static-by-value returns a "
                        "wrong page"));
  const Ran failed = RunGtest(culprit);
  EXPECT_EQ(failed.exit_code, 1) << failed.output;
  EXPECT_THAT(
      failed.output,
      HasSubstr("[  FAILED  ] ExportedCaseTest.StaticByValueAgreesWith"));
  EXPECT_THAT(failed.output,
              HasSubstr("\"s390-3.static-by-value.wrong-page.pte-leaf\""));
  EXPECT_THAT(failed.output, HasSubstr("Which is: 12288"));  // 0x3000
  EXPECT_THAT(failed.output, HasSubstr("page 1"));

  const Ran passed = RunGtest(Written(
      std::string("--as=gtest --walk=static-lockless ") + kThread, "holds.cc"));
  EXPECT_EQ(passed.exit_code, 0) << passed.output;
  EXPECT_THAT(passed.output, HasSubstr("[  PASSED  ] 1 test."));
}

// Every feature of a case in one: the export compiles, and it is the same case.
TEST_F(ExportTest, GtestContainsTheWholeCase) {
  std::ofstream(Scratch("all.yaml"))
      << "version: 1\n"
         "space: s390/3\n"
         "requests:\n"
         "- {start: 0x5000, pages: 1, access: write}\n"
         "- {start: 0x1007ffff000, pages: 3, access: read}\n"
         "stack:\n"
         "  position: 7\n"
         "  around: next\n"
         "  words:\n"
         "  - {distance: 1, holds: 0x10200007}\n"
         "  - {distance: -2, holds: copy}\n"
         "tables:\n"
         "- map: {pte: 0x1007ffff000, count: 1, frame: 0x1000, "
         "state: ro old clean}\n"
         "- map: {pte: 0x10080000000, count: 1, frame: 0x5000, "
         "state: rw young dirty special}\n"
         "- map: {pte: 0x10080000000, count: 2, frame: 0x8000, "
         "state: rw old clean}\n"
         "- map: {pmd: 0x200000, count: 1, frame: 0x200000, "
         "state: none young dirty}\n"
         "- swap: {pte: 0x7000, count: 2, place: 0x3000}\n"
         "- clear: {pte: 0x8000, count: 1}\n";
  const std::string source =
      Written("--as=gtest " + Scratch("all.yaml"), "all.cc");
  AddWholeTest(Scratch("all.yaml"), source);
  const Ran ran = RunGtest(source);
  EXPECT_THAT(ran.output, HasSubstr("[       OK ] Whole.IsTheSame"));
}

TEST_F(ExportTest, GtestChangesTheTables) {
  const std::string tables =
      "version: 1\n"
      "space: s390/3\n"
      "requests:\n"
      "- {start: 0x1007ffff000, pages: 2, access: read}\n"
      "stack: {position: 0, around: copy}\n"
      "tables:\n"
      "- map: {pte: 0x1007ffff000, count: 1, frame: 0x1000, "
      "state: rw young dirty}\n"
      "- map: {pte: 0x10080000000, count: 1, frame: 0x2000, "
      "state: rw young dirty}\n"
      "- map: {pmd: 0x300000, count: 1, frame: 0x300000, "
      "state: rw young dirty}\n"
      "changes:\n";
  const auto run = [&](const std::string& changes, const std::string& walk) {
    std::ofstream(Scratch("race.yaml")) << tables << changes;
    const std::string source = Scratch("race.cc");
    const Ran written = Export("--as=gtest --force --walk=" + walk + " " +
                               Scratch("race.yaml") + " -o " + source);
    EXPECT_EQ(written.exit_code, 0) << written.output;
    for (const std::string& line : Lines(Contents(source))) {
      EXPECT_LE(line.size(), 80u) << line;
    }
    AddWholeTest(Scratch("race.yaml"), source);
    const Ran ran = RunGtest(source);
    EXPECT_THAT(ran.output, HasSubstr("[       OK ] Whole.IsTheSame"));
    return ran;
  };
  // Between the test of the pmd and the second read by static-by-pointer.
  const std::string race =
      "- before read 8: detach pmd of 0x1007ff00000\n"
      "- before read 2048: upgrade\n";
  const Ran failed = run(race, "static-by-pointer");
  EXPECT_EQ(failed.exit_code, 1) << failed.output;
  EXPECT_THAT(failed.output,
              HasSubstr("[  FAILED  ] ExportedCaseTest."
                        "StaticByPointerHoldsWhileTablesChange"));
  EXPECT_THAT(failed.output,
              HasSubstr("\"s390-3.static-by-pointer.changing.fault."));
  EXPECT_THAT(failed.output, HasSubstr("after 1 of the changes"));
  const Ran passed = run(race, "static-lockless");
  EXPECT_EQ(passed.exit_code, 0) << passed.output;
  EXPECT_THAT(passed.output, HasSubstr("[       OK ] ExportedCaseTest."
                                       "StaticLocklessHoldsWhileTablesChange"));
  // The other kinds of changes.
  run("- before read 3: clear 2 pte of 0x1007ffff000\n"
      "- before read 9: map 3 pte of 0x10080001000 to 0x5000, none old clean "
      "special\n"
      "- before read 9: split pmd of 0x300000\n",
      "static-lockless");
  run("- before read 1: write-protect 2 pte of 0x1007ffff000\n"
      "- before read 5: detach pmd of 0x1007ff00000\n"
      "- before read 7: refill 2 pte of 0x10080180000 to 0x7000, ro young "
      "dirty\n",
      "static-lockless");
}

TEST_F(ExportTest, GtestOfEachRegressionThatShowsADifference) {
  int written = 0;
  for (const std::string& file : Regressions()) {
    const std::string walk = CulpritOf(file);
    if (walk.empty()) continue;
    ++written;
    const Ran ran = Export("--as=gtest " + file);
    EXPECT_EQ(ran.exit_code, 0) << file;
    EXPECT_THAT(ran.output, HasSubstr("\n// " + walk + ".\n")) << file;
    EXPECT_THAT(ran.output, HasSubstr("The test fails as long as")) << file;
    for (const std::string& line : Lines(ran.output)) {
      EXPECT_LE(line.size(), 80u) << file << ": " << line;
    }
  }
  EXPECT_GE(written, 9);
}

// On this machine's kernel.
TEST_F(ExportTest, CRunsHereAndClaimsOnlyWhatItTested) {
  CompileC(Written(std::string("--as=c ") + kThread, "case.c"));
  const Ran ran = RunCommand(Scratch("case"));
  const std::string last = Lines(ran.output).back();
  if (ran.exit_code == 0) {
    EXPECT_EQ(last, "no wrong byte and no fallback");
    // Only a trace that was tested can show that.
    EXPECT_THAT(ran.output,
                HasSubstr("\ntrace: a page never touched goes to "));
  } else {
    EXPECT_EQ(ran.exit_code, 2) << ran.output;
    EXPECT_THAT(last, AnyOf(StartsWith("cannot be tried here: "),
                            AllOf(StartsWith("contents were right; the trace "
                                             "cannot be read ("),
                                  EndsWith("shows nothing about the walk")),
                            StartsWith("fallback now and then")));
  }
}

TEST_F(ExportTest, CReportsWhatAKernelDoes) {
  std::ofstream(Scratch("kernel.c")) << kFakeKernel;
  CompileC(Written(std::string("--as=c ") + kThread, "case.c"),
           Scratch("kernel.c"));
  const auto run = [this](const std::string& fake) {
    return RunCommand("FAKE=" + fake + " " + Scratch("case"));
  };
  const Ran right = run("nothing");
  if (right.output.find("cannot be tried here: ") != right.output.npos) {
    GTEST_SKIP() << right.output;
  }
  EXPECT_EQ(right.exit_code, 0) << right.output;
  EXPECT_THAT(right.output, EndsWith("\nno wrong byte and no fallback\n"));
  EXPECT_THAT(right.output,
              HasSubstr("\n0x1007fff8000 to 0x10080008000, across the border: "
                        "bytes right, slow path in 0 of 5 rounds\n"));

  const Ran fallback = run("fallback");
  EXPECT_EQ(fallback.exit_code, 1);
  EXPECT_THAT(
      fallback.output,
      EndsWith("\nthe parts before and behind the border: slow path 0 times\n"
               "fallback: gup_fast took the slow path (__get_user_pages) for "
               "the batch 0x1007fff8000 to 0x10080008000, each time\n"));

  const Ran page = run("wrong-page");
  EXPECT_EQ(page.exit_code, 1);
  EXPECT_THAT(page.output, HasSubstr("\nthe page returned for 0x10080000000 is "
                                     "the one at 0x10000000000\n"));
  EXPECT_THAT(page.output,
              HasSubstr("\nwrong byte: page 0x10080000000, offset "));

  const Ran byte = run("wrong-byte");
  EXPECT_EQ(byte.exit_code, 1);
  EXPECT_THAT(byte.output, HasSubstr("\nwrong byte: page 0x10080000000, offset "
                                     "100: expected 0x"));
  EXPECT_THAT(byte.output, Not(HasSubstr("the page returned for")));

  const Ran blind = run("blind");
  EXPECT_EQ(blind.exit_code, 2);
  EXPECT_THAT(blind.output,
              HasSubstr("\ncontents were right; the trace cannot be read (the "
                        "trace does not show the slow path: "));

  const Ran sometimes = run("now-and-then");
  EXPECT_EQ(sometimes.exit_code, 2);
  EXPECT_THAT(sometimes.output,
              HasSubstr("\nfallback now and then, in 1 of 5 rounds "
                        "(__get_user_pages)"));
}

TEST_F(ExportTest, CListsWhatItCannotReproduce) {
  std::ofstream(Scratch("all.yaml"))
      << "version: 1\n"
         "space: s390/3\n"
         "requests:\n"
         "- {start: 0x7ffff000, pages: 4, access: write}\n"
         "- {start: 0x5000, pages: 1, access: read}\n"
         "stack:\n"
         "  position: 0\n"
         "  around: copy\n"
         "tables:\n"
         "- map: {pte: 0x7ffff000, count: 3, frame: 0x1000, "
         "state: rw old dirty}\n"
         "- map: {pte: 0x80001000, count: 1, frame: 0x9000, "
         "state: none young dirty}\n"
         "- map: {pte: 0x90000000, count: 1, frame: 0x7000, "
         "state: rw young dirty special}\n"
         "- map: {pmd: 0x200000, count: 1, frame: 0x200000, "
         "state: rw young dirty}\n"
         "- swap: {pte: 0x5000, count: 2, place: 0x3000}\n";
  const std::string source = Written("--as=c " + Scratch("all.yaml"), "all.c");
  const std::string text = Contents(source);
  for (const char* const missing :
       {"Which physical pages", "the kernel's stack", "Large pages, such as",
        "Swap entries", "Special pages", "old or clean", "is for writing",
        "Requests other than number 1 of 2"}) {
    EXPECT_THAT(text, HasSubstr(missing));
  }
  EXPECT_THAT(text, HasSubstr("    {0x80001000, 1, PROT_NONE, \"the case\"},"));
  EXPECT_THAT(text, HasSubstr("refused = 0x80001000;"));
  // Neither the special page nor the large one is mapped.
  EXPECT_THAT(text, Not(HasSubstr("{0x90000000, ")));
  EXPECT_THAT(text, Not(HasSubstr("{0x200000, ")));
  // Up to the page at which the reference stops.
  EXPECT_THAT(text, HasSubstr("drive_start = 0x7fff8000;"));
  EXPECT_THAT(text, HasSubstr("drive_pages = 9;"));
  CompileC(source);
}

// A program cannot change tables between two reads of a walk: its text and its
// output both say so.
TEST_F(ExportTest, CDrivesNothingIfTablesChange) {
  std::ofstream(Scratch("race.yaml"))
      << Contents(kThread)
      << "changes:\n- before read 8: detach pmd of 0x1007ff00000\n";
  const std::string source =
      Written("--as=c " + Scratch("race.yaml"), "race.c");
  const std::string text = Contents(source);
  EXPECT_THAT(text,
              HasSubstr("\n// - What another processor does to the tables "
                        "while they are walked"));
  EXPECT_THAT(text, HasSubstr("\n//   - before read 8: detach pmd of "));
  EXPECT_THAT(text, HasSubstr("drive_pages = 0;"));
  for (const std::string& line : Lines(text)) EXPECT_LE(line.size(), 80u);
  CompileC(source);
  const Ran ran = RunCommand(Scratch("case"));
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.output,
              EndsWith("\ncannot be tried here: the tables change while they "
                       "are walked: no program can choose the read before "
                       "which they do\n"));
}

TEST_F(ExportTest, COfEachRegressionReportsWhatItDrives) {
  for (const std::string& file : Regressions()) {
    const Ran ran = Export("--as=c " + file);
    EXPECT_EQ(ran.exit_code, 0) << file;
    EXPECT_THAT(ran.output, HasSubstr("\n// What it does not reproduce:\n"));
    EXPECT_EQ(ran.output.find("drive_pages = 0;") == ran.output.npos,
              ran.output.find("idle[] = \"\";") != ran.output.npos)
        << file;
    EXPECT_EQ(ran.output.find("No difference is known") == ran.output.npos,
              !CulpritOf(file).empty())
        << file;
    for (const std::string& line : Lines(ran.output)) {
      EXPECT_LE(line.size(), 80u) << file << ": " << line;
    }
  }
}

TEST_F(ExportTest, MailIsNarrowAndNamesTheWalk) {
  for (const std::string& file : Regressions()) {
    const Ran ran = Explain("--mail " + file);
    EXPECT_EQ(ran.exit_code, 0) << file;
    EXPECT_THAT(ran.output, StartsWith("Subject: mm/gup: ")) << file;
    EXPECT_THAT(ran.output, Not(ContainsRegex("[\t\x1b]"))) << file;
    for (const std::string& line : Lines(ran.output)) {
      EXPECT_LE(line.size(), 72u) << file << ": " << line;
      // The mark of quoted lines.
      EXPECT_THAT(line, Not(StartsWith(">"))) << file;
    }
    const std::string walk = CulpritOf(file);
    const std::string subject = Lines(ran.output)[0];
    EXPECT_EQ(walk.empty(), subject.find("no difference") != subject.npos ||
                                subject.find("inconclusive") != subject.npos)
        << subject;
    if (walk.empty()) continue;
    EXPECT_THAT(subject, EndsWith(", " + walk + ")")) << file;
    EXPECT_THAT(ran.output, HasSubstr("--- Iterations of " + walk + " ---"));
    EXPECT_THAT(ran.output, HasSubstr("\n=>")) << file;
    EXPECT_THAT(ran.output,
                HasSubstr("\n  pxdfuzz explain --walk=" + walk + " case.yaml"));
  }
}

// The case in the mail is valid.
TEST_F(ExportTest, MailContainsTheCase) {
  const std::string text = Explain(std::string("--mail ") + kThread).output;
  const size_t from = text.find("# pxdfuzz case\n");
  const size_t to = text.find("\n\n--- Address space");
  ASSERT_LT(from, to);
  std::ofstream(Scratch("case.yaml")) << text.substr(from, to - from) << "\n";
  const auto c = ReadCase(Scratch("case.yaml"));
  ASSERT_TRUE(c.ok()) << c.status();
  EXPECT_EQ(*c, *ReadCase(kThread));
}

// The same if tables change, which a C program cannot reproduce.
TEST_F(ExportTest, MailContainsTheChanges) {
  std::ofstream(Scratch("race.yaml"))
      << Contents(kThread)
      << "changes:\n- before read 8: detach pmd of 0x1007ff00000\n";
  const std::string text =
      Explain("--mail --walk=static-lockless " + Scratch("race.yaml")).output;
  EXPECT_THAT(text, HasSubstr("\n- before read 8: detach pmd of "));
  EXPECT_THAT(text, HasSubstr("--as=gtest"));
  EXPECT_THAT(text, Not(HasSubstr("--as=c")));
  EXPECT_THAT(Explain(std::string("--mail ") + kThread).output,
              HasSubstr("--as=c"));
}

TEST_F(ExportTest, TakesBytesAndStandardInput) {
  const std::string mail = Explain(std::string("--mail ") + kShort).output;
  EXPECT_EQ(Explain("--mail corpus/regressions/thread-short.bin").output, mail);
  EXPECT_EQ(Explain(std::string("--mail - < ") + kShort).output, mail);
}

#ifdef PXDFUZZ_BY_VALUE

// No line of the tree's code is in `source`.
void ExpectNoKernelSource(const std::string& source) {
  std::ifstream in(PXDFUZZ_TREE_CODE);
  int compared = 0;
  for (std::string line; std::getline(in, line);) {
    const size_t begin = line.find_first_not_of(" \t");
    // Braces, and lines such as "return 0;", may occur.
    if (begin == line.npos || line.size() - begin < 16) continue;
    ++compared;
    EXPECT_EQ(source.find(line.substr(begin)), source.npos) << line;
  }
  EXPECT_GT(compared, 100);
}

// A test of kernel code runs its program.
TEST_F(ExportTest, GtestOfKernelCodeRunsItsProgram) {
  const auto run = [&](const std::string& walk, const std::string& file) {
    const std::string source = Scratch("kernel.cc");
    const Ran written = Export("--as=gtest --force --walk=" + walk + " " +
                               file + " -o " + source);
    EXPECT_EQ(written.exit_code, 0) << written.output;
    for (const std::string& line : Lines(Contents(source))) {
      EXPECT_LE(line.size(), 80u) << line;
    }
    AddWholeTest(file, source);
    EXPECT_EQ(setenv("PXDFUZZ_KERNEL_PROGRAMS", PXDFUZZ_BIN, 1), 0);
    const Ran ran = RunGtest(source);
    EXPECT_EQ(unsetenv("PXDFUZZ_KERNEL_PROGRAMS"), 0);
    EXPECT_THAT(ran.output, HasSubstr("[       OK ] Whole.IsTheSame"));
    ExpectNoKernelSource(Contents(source));
    return ran;
  };
  const Ran failed = run(PXDFUZZ_BY_VALUE, kThread);
  EXPECT_EQ(failed.exit_code, 1) << failed.output;
  EXPECT_THAT(failed.output, HasSubstr("ByValueAgreesWithTheReference"));
  EXPECT_THAT(failed.output, HasSubstr("\"" PXDFUZZ_BY_VALUE ".s390-3."));
  const Ran passed = run(PXDFUZZ_BY_POINTER, kThread);
  EXPECT_EQ(passed.exit_code, 0) << passed.output;
  EXPECT_THAT(passed.output, HasSubstr("[  PASSED  ] 2 tests."));
  const Ran race = run(PXDFUZZ_BY_POINTER,
                       "corpus/regressions/race-by-pointer-freed-pud.yaml");
  EXPECT_EQ(race.exit_code, 1) << race.output;
  EXPECT_THAT(race.output, HasSubstr(".s390-3.changing.fault.pud-empty\""));
  // Without the program it fails and gives the reason.
  const Ran lost =
      RunCommand("PXDFUZZ_KERNEL_PROGRAMS=" + scratch_.path().string() + " " +
                 Scratch("gtest"));
  EXPECT_EQ(lost.exit_code, 1);
  EXPECT_THAT(lost.output, HasSubstr("there is no walk '" PXDFUZZ_BY_POINTER));
}

// The C program of a case has its pages, whichever walk differs.
TEST_F(ExportTest, COfKernelCodeContainsNoKernelSource) {
  const std::string source = Written(
      std::string("--as=c --walk=" PXDFUZZ_BY_VALUE " ") + kThread, "kernel.c");
  const std::string text = Contents(source);
  EXPECT_THAT(text, HasSubstr("// On s390 with 3 levels, " PXDFUZZ_BY_VALUE));
  EXPECT_THAT(text, HasSubstr("0x10080000000"));
  ExpectNoKernelSource(text);
  CompileC(source);
}

#endif  // PXDFUZZ_BY_VALUE

TEST_F(ExportTest, WrongUsageAndBadInput) {
  ExpectError(kThread, 2, "export: say as what: --as=gtest or --as=c");
  ExpectError(std::string("--as=pdf ") + kThread, 2,
              "export: --as=pdf: there are --as=gtest and --as=c");
  ExpectError(std::string("--as=c --walk=pagewalk ") + kThread, 2,
              "export: there is no walk 'pagewalk'; there are " + WalkNames() +
                  ", and kernel code, kernel-...");
  ExpectError(std::string("--as=gtest ") + kAgrees, 2,
              std::string("export: ") + kAgrees +
                  ": no walk differs from the reference; --walk=NAME makes a "
                  "test of that walk, which passes");
  ExpectError(std::string("--as=gtest ") + kRefused, 2,
              std::string("export: ") + kRefused +
                  ": is inconclusive, so a test has nothing to expect: "
                  "refused: the request ends beyond the limit of the address "
                  "space");
  const std::string empty =
      ": is the empty case: its bytes mean nothing, and there is nothing to "
      "export";
  std::ofstream(Scratch("garbage"), std::ios::binary)
      << std::string("\x7f\0\x9c", 3) + std::string(100, '\x9c');
  std::ofstream(Scratch("bad.yaml")) << "version: 1\nrequests: 5\n";
  for (const std::string form : {"gtest", "c"}) {
    ExpectError("--as=" + form + " - < /dev/null", 3, "standard input" + empty);
    ExpectError("--as=" + form + " " + Scratch("garbage"), 3,
                Scratch("garbage") + empty);
    ExpectError("--as=" + form + " nowhere", 3,
                "nowhere: cannot be read: No such file or directory");
    ExpectError("--as=" + form + " " + Scratch("bad.yaml"), 3,
                Scratch("bad.yaml") +
                    ":1:1: found no key 'space'; a case has the keys version, "
                    "space, requests, stack and tables");
  }
  const std::string out = Written(std::string("--as=gtest ") + kThread, "test");
  const std::string test = Contents(out);
  const Ran again = Export(std::string("--as=c ") + kThread + " -o " + out);
  EXPECT_EQ(again.exit_code, 3);
  EXPECT_EQ(again.output,
            "pxdfuzz: " + out + ": exists; --force replaces it\n");
  EXPECT_EQ(Contents(out), test);
  EXPECT_EQ(
      Export(std::string("--as=c --force ") + kThread + " -o " + out).exit_code,
      0);
  EXPECT_NE(Contents(out), test);
}

}  // namespace
}  // namespace pxdfuzz
