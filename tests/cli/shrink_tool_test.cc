// SPDX-License-Identifier: MIT

// pxdfuzz shrink, as a process. Runs in the project's folder.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "pxdfuzz/case/case.h"
#include "tests/cli/shell_test_base.h"

namespace pxdfuzz {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kThread[] = "corpus/regressions/thread-wrong-page.yaml";
constexpr char kAgrees[] = "corpus/regressions/old-page-written.yaml";
constexpr char kSmall[] =
    "# pxdfuzz case\n"
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
    "- map: {pte: 0x0, count: 1, frame: 0x1000, state: rw young dirty}\n"
    "- map: {pte: 0x7ffff000, count: 2, frame: 0x2000, state: rw young "
    "dirty}\n";

// Forty pages; the page table of one of them is detached while a walk is below
// it. Another change happens after the walk.
constexpr char kChanging[] =
    "version: 1\n"
    "space: s390/3\n"
    "requests:\n"
    "- {start: 0x10000000, pages: 40, access: read}\n"
    "stack: {position: 0, around: zero}\n"
    "tables:\n"
    "- map: {pte: 0x10000000, count: 40, frame: 0x77000, state: rw young "
    "dirty}\n"
    "changes:\n"
    "- before read 8: detach pmd of 0x10000000\n"
    "- before read 1000: clear 3 pte of 0x5000\n";

using ShrinkTest = ShellTest;

TEST_F(ShrinkTest, KeepsOnlyTheSignature) {
  const Ran ran = Run(std::string("shrink ") + kThread);
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.error, "");
  EXPECT_EQ(ran.out, kSmall);
  // Bytes and standard input work too.
  EXPECT_EQ(Run("shrink corpus/regressions/thread-wrong-page.bin").out, kSmall);
  const Ran pipe = Shell(std::string("\"$P\" shrink - <") + kThread);
  EXPECT_EQ(pipe.out, kSmall);
  EXPECT_EQ(pipe.code, 0);
}

TEST_F(ShrinkTest, TheNameOrAFlagSelectsTextOrBytes) {
  const std::string shrink = std::string("shrink ") + kThread + " -o ";
  EXPECT_EQ(Run(shrink + Scratch("a.yaml")).code, 0);
  EXPECT_EQ(Contents(Scratch("a.yaml")), kSmall);
  EXPECT_EQ(Run(shrink + Scratch("a")).code, 0);
  const std::string bytes = Contents(Scratch("a"));
  EXPECT_THAT(bytes, StartsWith("\x02"));
  EXPECT_EQ(Run("decode " + Scratch("a")).out, kSmall);
  EXPECT_EQ(Run(shrink + Scratch("b") + " --text").code, 0);
  EXPECT_EQ(Contents(Scratch("b")), kSmall);
  EXPECT_EQ(Run(shrink + Scratch("b.yaml") + " --bytes").code, 0);
  EXPECT_EQ(Contents(Scratch("b.yaml")), bytes);
  EXPECT_EQ(Run(std::string("shrink --bytes ") + kThread).out, bytes);
  ExpectError(std::string("shrink --bytes --text ") + kThread, 2,
              "shrink: say --text or --bytes, not both");
}

TEST_F(ShrinkTest, ReplacesNothingUnlessForced) {
  const std::string file = Scratch("out");
  std::ofstream(file) << "mine";
  const std::string shrink = std::string("shrink ") + kThread + " -o " + file;
  ExpectError(shrink, 3, file + ": exists; --force replaces it");
  EXPECT_EQ(Contents(file), "mine");
  EXPECT_EQ(Run(shrink + " --force --text").code, 0);
  EXPECT_EQ(Contents(file), kSmall);
  EXPECT_EQ(ScratchFiles(), 1u);
}

TEST_F(ShrinkTest, FailsWithoutAFinding) {
  ExpectError(
      std::string("shrink ") + kAgrees + " -o " + Scratch("out"), 3,
      std::string(kAgrees) + ": shows no finding; there is nothing to keep");
  ExpectError(std::string("shrink --walk=static-lockless ") + kThread, 3,
              std::string(kThread) +
                  ": shows no finding of static-lockless; "
                  "there is nothing to keep");
  ExpectError(std::string("shrink --signature=x86-64-4.* ") + kThread, 3,
              std::string(kThread) +
                  ": shows no finding x86-64-4.*; there is "
                  "nothing to keep");
  EXPECT_EQ(ScratchFiles(), 0u);
}

TEST_F(ShrinkTest, ShrinksForOneWalk) {
  const Ran ran =
      Shell(std::string("\"$P\" shrink --walk=static-lockless-recompute ") +
            kThread + " | \"$P\" explain --walk=static-lockless-recompute -");
  EXPECT_THAT(ran.out, HasSubstr("static-lockless-recompute returns a wrong"));
  const Ran wrong = Run(std::string("shrink --walk=pagewalk ") + kThread);
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.error,
              StartsWith("pxdfuzz: shrink: there is no walk 'pagewalk'; there "
                         "are static-by-value, "));
}

// The finding is that of gup_race_strict_fuzzer, and the change is part of it.
TEST_F(ShrinkTest, ShrinksConcurrentOperations) {
  std::ofstream(Scratch("changing.yaml")) << kChanging;
  const Ran ran = Run("shrink " + Scratch("changing.yaml"));
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.error, "");
  EXPECT_THAT(
      ran.out,
      HasSubstr("requests:\n- {start: 0x0, pages: 1, access: read}  #"));
  EXPECT_THAT(ran.out,
              HasSubstr("- map: {pte: 0x0, count: 1, frame: 0x1000, "));
  EXPECT_THAT(ran.out,
              HasSubstr("\n- after read 1 of pmd: detach pmd of 0x0  # "));
  EXPECT_THAT(ran.out, Not(HasSubstr("clear")));
  std::ofstream(Scratch("small.yaml")) << ran.out;
  EXPECT_EQ(Run("shrink --signature="
                "s390-3.static-by-pointer.changing.fault.pmd-empty " +
                Scratch("small.yaml"))
                .out,
            ran.out);
}

TEST_F(ShrinkTest, KeepsOneSignatureOfSeveral) {
  // A request with a missing page, and after it one with a wrong page.
  std::string text = Contents(kThread);
  text.insert(text.find("requests:\n") + 10,
              "- {start: 0x1007ffff000, pages: 2, access: write}\n"
              "- {start: 0x7ffff000, pages: 2, access: read}\n");
  text +=
      "- map: {pte: 0x7ffff000, count: 2, frame: 0x8000, state: rw young "
      "dirty}\n";
  std::ofstream(Scratch("two.yaml")) << text;
  const std::string first = "s390-3.static-by-value.wrong-page.pte-leaf";
  const std::string second = "s390-3.static-by-value.short.pte-leaf";
  const auto signature_of = [this](const std::string& arguments) {
    const Ran ran = Shell("\"$P\" shrink " + arguments +
                          " | \"$P\" replay --strict - | head -1");
    const size_t at = ran.out.find("FINDING ") + 8;
    return ran.out.substr(at, ran.out.find_first_of(" \n", at) - at);
  };
  EXPECT_EQ(signature_of(Scratch("two.yaml")), first);
  EXPECT_EQ(signature_of("--signature=" + second + " " + Scratch("two.yaml")),
            second);
  // A pattern stays a pattern: the simplest match remains.
  EXPECT_EQ(signature_of("--signature='s390-3.static-by-value.*' " +
                         Scratch("two.yaml")),
            "s390-3.static-by-value.fault.pud-empty");
}

TEST_F(ShrinkTest, BadInput) {
  const std::string to = " -o " + Scratch("out") + " ";
  ExpectError("shrink nowhere" + to, 3,
              "nowhere: cannot be read: No such file or directory");
  ExpectError("shrink corpus" + to, 3, "corpus: is a folder; name a file");
  ExpectError("shrink" + to + "- < /dev/zero", 3,
              "standard input: is larger than 64 KiB, the most that is read; a "
              "case has at most " +
                  std::to_string(kMaxEncodedSize) + " bytes");
  const Ran bad =
      Shell("printf 'version: 1\\nrequests: 5\\n' | \"$P\" shrink - " + to);
  EXPECT_EQ(bad.code, 3);
  EXPECT_THAT(bad.error, StartsWith("pxdfuzz: standard input:1:1: found no "));
  ExpectError("shrink" + to + "- < /dev/null", 3,
              "standard input: is no case; what it says means nothing");
  // Bytes of another version, bytes that look like text, and text.
  for (const std::string bytes :
       {R"(\002\001\000\377)", R"(\377\376\000\001)", "what"}) {
    const Ran garbage = Shell("printf '" + bytes + "' | \"$P\" shrink - " + to);
    EXPECT_EQ(garbage.code, 3) << bytes;
    EXPECT_EQ(std::count(garbage.error.begin(), garbage.error.end(), '\n'), 1);
    EXPECT_THAT(garbage.error, StartsWith("pxdfuzz: standard input:"));
    EXPECT_EQ(garbage.out, "");
  }
  EXPECT_EQ(ScratchFiles(), 0u);
  ExpectError(
      std::string("shrink ") + kThread + " -o " + Scratch("no/file"), 3,
      Scratch("no/file") + ": cannot be written: No such file or directory");
}

// The signal is pending while the program starts, and is delivered as soon as
// the program handles it: before the first trial, so the case does not change.
TEST_F(ShrinkTest, CtrlCWritesTheBestSoFar) {
  const std::string out = Scratch("out.yaml");
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    raise(SIGINT);
    execl(PXDFUZZ_BIN "/pxdfuzz", "pxdfuzz", "shrink", kThread, "-o",
          out.c_str(), nullptr);
    _exit(127);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 130);
  EXPECT_EQ(Contents(out), Run(std::string("decode ") + kThread).out);
  EXPECT_EQ(ScratchFiles(), 1u);
}

}  // namespace
}  // namespace pxdfuzz
