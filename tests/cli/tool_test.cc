// SPDX-License-Identifier: MIT

// The program as a process: its output and exit codes. Runs in the project's
// folder.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/paging/policy.h"
#include "src/cli/text/json.h"
#include "tests/cli/shell_test_base.h"

namespace pxdfuzz {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

namespace fs = std::filesystem;

constexpr char kThread[] = "corpus/regressions/thread-wrong-page.yaml";
constexpr char kAgrees[] = "corpus/regressions/old-page-written.yaml";

class ToolTest : public ShellTest {};

TEST_F(ToolTest, ReplayPrintsTheResultOfEachFile) {
  const Ran ran =
      Run("replay corpus/regressions/beyond-limit.bin corpus/regressions/"
          "old-page-written.yaml corpus/regressions/thread-short.bin");
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.error, "");
  EXPECT_EQ(
      ran.out,
      "corpus/regressions/beyond-limit.bin: inconclusive: refused: the "
      "request ends beyond the limit of the address space\n"
      "corpus/regressions/old-page-written.yaml: agrees\n"
      "corpus/regressions/thread-short.bin: expected failure: static-by-value "
      "(stack-escape); static-by-value-recompute, static-lockless-recompute "
      "and "
      "static-by-pointer-recompute (wrong-entry)\n"
      "3 cases, 1 agrees, 1 expected failure, 0 findings, 1 inconclusive\n");
}

TEST_F(ToolTest, ReplayOfAFolderIsSorted) {
  const Ran ran = Run("replay corpus/regressions");
  EXPECT_EQ(ran.code, 0);
  std::vector<std::string> files;
  for (size_t at = 0; at < ran.out.size(); at = ran.out.find('\n', at) + 1) {
    files.push_back(ran.out.substr(at, ran.out.find(": ", at) - at));
  }
  files.pop_back();
  EXPECT_TRUE(std::is_sorted(files.begin(), files.end()));
  EXPECT_EQ(files.front(), "corpus/regressions/arm64-128-tib.bin");
  EXPECT_EQ(files.size(), static_cast<size_t>(std::distance(
                              fs::directory_iterator("corpus/regressions"),
                              fs::directory_iterator())));
}

TEST_F(ToolTest, StrictMakesExpectedFailuresFindings) {
  const Ran ran = Run(std::string("replay --strict ") + kThread);
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.out,
            std::string(kThread) +
                ": FINDING s390-3.static-by-value.wrong-page.pte-leaf (wrong: "
                "static-by-value, static-by-value-recompute, "
                "static-lockless-recompute and static-by-pointer-recompute)\n"
                "1 case, 1 finding\n");
}

TEST_F(ToolTest, JsonHasTheSameContent) {
  std::ofstream(Scratch("bad.yaml")) << "version: 3\n";
  for (const std::string strict : {"", " --strict"}) {
    const Ran ran = Run("replay --json" + strict + " " + Scratch("bad.yaml") +
                        " corpus/regressions");
    EXPECT_EQ(ran.code, strict.empty() ? 3 : 1);
    // JSON is YAML.
    const YAML::Node json = YAML::Load(ran.out);
    EXPECT_EQ(json["strict"].as<bool>(), !strict.empty());
    std::map<std::string, int> counts;
    for (const YAML::Node& one : json["cases"]) {
      const auto result = one["result"].as<std::string>();
      ++counts["cases"];
      ++counts[result];
      EXPECT_EQ(one["signature"].IsDefined(), result == "finding");
      EXPECT_EQ(one["reason"].IsDefined(), result == "inconclusive");
      EXPECT_EQ(one["error"].IsDefined(), result == "unreadable");
      const bool is_race =
          one["file"].as<std::string>().find("/race-") != std::string::npos;
      if (result == "expected-failure" && is_race) {
        EXPECT_THAT(one["walks"][0]["cause"].as<std::string>(),
                    ::testing::AnyOf("double-fetch", "vacuous-recheck"));
      } else if (result == "expected-failure") {
        EXPECT_EQ(one["walks"][0]["walk"].as<std::string>(), "static-by-value");
        EXPECT_EQ(one["walks"][0]["cause"].as<std::string>(), "stack-escape");
        EXPECT_EQ(one["walks"].size(), 4u);
      }
      if (result == "finding") {
        EXPECT_TRUE(one["walks"][0]["cause"].IsNull());
      }
    }
    EXPECT_GT(counts["agrees"], 0);
    EXPECT_GT(counts[strict.empty() ? "expected-failure" : "finding"], 0);
    EXPECT_GT(counts["inconclusive"], 0);
    EXPECT_EQ(counts["unreadable"], 1);
    for (const auto& count : json["summary"]) {
      EXPECT_EQ(count.second.as<int>(), counts[count.first.as<std::string>()])
          << count.first;
    }
    EXPECT_EQ(json["summary"].size(), 6u);
  }
}

TEST_F(ToolTest, ExplainsTheFirstWalkThatDisagrees) {
  const Ran ran = Run(std::string("explain --full ") + kThread);
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out,
              StartsWith("On s390 with 3 levels, static-by-value returns a "
                         "wrong page: page 1 of 2, at\n0x10080000000, is "));
  EXPECT_THAT(
      ran.out,
      HasSubstr("expected failure of walks of this kind (stack-escape).\n"));
  EXPECT_THAT(ran.out, HasSubstr("RULE BROKEN"));
  EXPECT_THAT(ran.out, HasSubstr("- walks that agree with the reference: "));
  EXPECT_THAT(ran.out, HasSubstr("- walks that differ as well: "));
  EXPECT_THAT(ran.out, Not(HasSubstr("DEDUP_TOKEN")));
  EXPECT_THAT(ran.out, Not(HasSubstr("\x1b")));
}

TEST_F(ToolTest, ExplainsAgreement) {
  const Ran ran =
      Run("explain --full corpus/regressions/read-only-in-the-middle.yaml");
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out,
              StartsWith("On s390 with 3 levels, static-lockless agrees with "
                         "the reference: both return 1\nof 3 pages and stop at "
                         "page 1, at 0x10001000: read-only.\n"));
  EXPECT_THAT(ran.out, HasSubstr("Iterations of static-lockless"));
  EXPECT_THAT(ran.out, Not(HasSubstr(">>")));
}

TEST_F(ToolTest, ExplainsAnInconclusiveCase) {
  const Ran ran = Run("explain corpus/regressions/beyond-limit.bin");
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out,
              StartsWith("The case is inconclusive, which does not count as "
                         "agreement: refused: the\n"));
  EXPECT_THAT(ran.out, HasSubstr("\nspace: s390/3"));
  const Ran empty = Shell("\"$P\" explain - < /dev/null");
  EXPECT_EQ(empty.code, 0);
  EXPECT_THAT(empty.out, StartsWith("The case is inconclusive"));
  EXPECT_THAT(empty.out, HasSubstr("\nrequests: []"));
}

TEST_F(ToolTest, ExplainsAnyWalkAndRequest) {
  for (const Policy& walk : kAllWalks) {
    const std::string name(Name(walk));
    const Ran ran = Run("explain --full --walk=" + name + " " + kThread);
    EXPECT_EQ(ran.code, 0);
    EXPECT_THAT(ran.out, StartsWith("On s390 with 3 levels, " + name + " "))
        << name;
    EXPECT_THAT(ran.out, HasSubstr("--- Iterations of " + name + " ---"));
  }
  std::string text = Contents(kThread);
  const std::string requests = "requests:\n";
  text.insert(text.find(requests) + requests.size(),
              "- {start: 0x5000, pages: 1, access: read}\n"
              "- {start: 0x3fffffff000, pages: 2, access: read}\n");
  std::ofstream(Scratch("three")) << text;
  EXPECT_THAT(Run("explain --full " + Scratch("three")).out,
              HasSubstr("; it is request 3 of the 3 in the case."));
  EXPECT_THAT(Run("explain --request=1 " + Scratch("three")).out,
              StartsWith("On s390 with 3 levels, static-lockless agrees with "
                         "the reference: both return 0\nof 1 page"));
  EXPECT_THAT(Run("explain " + Scratch("three") + " --request 2").out,
              StartsWith("Request 2 of 3 is inconclusive"));
  EXPECT_THAT(Run("replay " + Scratch("three")).out,
              HasSubstr("; request 2 inconclusive: refused"));
}

TEST_F(ToolTest, DecodeAndEncodeAreInverse) {
  const std::string bytes =
      Contents("corpus/regressions/thread-wrong-page.bin");
  EXPECT_EQ(Run(std::string("encode ") + kThread).out, bytes);
  const Ran text = Run("decode corpus/regressions/thread-wrong-page.bin");
  EXPECT_EQ(text.code, 0);
  EXPECT_THAT(text.out, StartsWith("# pxdfuzz case\nversion: 2\n"));
  // Both commands take both forms.
  EXPECT_EQ(Run(std::string("decode ") + kThread).out, text.out);
  EXPECT_EQ(Run("encode corpus/regressions/thread-wrong-page.bin").out, bytes);
  const Ran pipe =
      Shell(std::string("\"$P\" encode - <") + kThread + " | \"$P\" decode -");
  EXPECT_EQ(pipe.code, 0);
  EXPECT_EQ(pipe.out, text.out);
}

TEST_F(ToolTest, NothingIsOverwrittenUnlessForced) {
  const std::string out = Scratch("out");
  const std::string decode = std::string("decode ") + kThread + " -o " + out;
  EXPECT_EQ(Run(decode).code, 0);
  const std::string text = Contents(out);
  EXPECT_THAT(text, StartsWith("# pxdfuzz case\n"));
  const std::string encode =
      std::string("encode ") + kThread + " --output=" + out;
  ExpectError(encode, 3, out + ": exists; --force replaces it");
  EXPECT_EQ(Contents(out), text);
  EXPECT_EQ(Run(encode + " --force").code, 0);
  EXPECT_EQ(Contents(out),
            Contents("corpus/regressions/thread-wrong-page.bin"));
  // No temporary file is left.
  EXPECT_EQ(ScratchFiles(), 1u);
  ExpectError(std::string("decode --force -o /dev/null ") + kThread, 3,
              "/dev/null: is no regular file, and is left as it is");
  ExpectError(
      std::string("decode -o ") + Scratch("no/file") + " " + kThread, 3,
      Scratch("no/file") + ": cannot be written: No such file or directory");
}

TEST_F(ToolTest, WalksListsAllOfThem) {
  const Ran ran = Run("walks");
  EXPECT_EQ(ran.code, 0);
  for (const Policy& walk : kAllWalks) {
    EXPECT_THAT("\n" + ran.out,
                HasSubstr("\n" + std::string(Name(walk)) + "\n"));
  }
  EXPECT_THAT(
      ran.out,
      StartsWith(
          "static-by-value\n"
          "  boundary   static        pXd_addr_end(addr, end)\n"
          "  descent    by-value      pXd_offset(&pXd, addr)\n"
          "  step       increment     pXdp++\n"
          "  known as   mm/gup.c before d3f7b1bb2040\n"
          "  holds      s390/5, x86-64/4, x86-64/5 and arm64-16k/4\n"
          "  is wrong   s390/2, s390/3, s390/4 and arm64-16k/3: stack-escape, "
          "a "
          "read of the\n"
          "             stack outside the copy from which the pointer was "
          "made\n"));
}

TEST_F(ToolTest, Help) {
  const Ran help = Run("help");
  EXPECT_EQ(help.code, 0);
  EXPECT_EQ(Run("--help").out, help.out);
  for (const std::string command :
       {"replay", "explain", "decode", "encode", "walks"}) {
    EXPECT_THAT(help.out, HasSubstr("\n  " + command + " "));
    const Ran ran = Run("help " + command);
    EXPECT_EQ(ran.code, 0);
    EXPECT_THAT(ran.out, StartsWith("usage: pxdfuzz " + command));
    EXPECT_THAT(ran.out, HasSubstr("\nexample:\n  pxdfuzz " + command));
    EXPECT_EQ(Run(command + " --help").out, ran.out);
  }
  EXPECT_THAT(Run("--version").out, StartsWith("pxdfuzz "));
}

TEST_F(ToolTest, WrongUsage) {
  ExpectError("", 2, "no command; see 'pxdfuzz help'");
  ExpectError("fuzz", 2, "there is no command 'fuzz'; see 'pxdfuzz help'");
  ExpectError("--fuzz", 2, "there is no flag '--fuzz'; see 'pxdfuzz help'");
  ExpectError("help fuzz", 2, "there is no command 'fuzz'; see 'pxdfuzz help'");
  ExpectError("replay", 2,
              "replay: say which: FILE|FOLDER...; see 'pxdfuzz help replay'");
  ExpectError("replay --request=x y", 2,
              "replay: there is no flag '--request=x'; see 'pxdfuzz help "
              "replay'");
  ExpectError("replay --json=yes y", 2,
              "replay: --json takes no value; see 'pxdfuzz help replay'");
  ExpectError("explain x --walk", 2,
              "explain: --walk needs a value: --walk=NAME; see 'pxdfuzz help "
              "explain'");
  ExpectError("explain x --request=", 2,
              "explain: --request needs a value: --request=N; see 'pxdfuzz "
              "help explain'");
  ExpectError("explain x y", 2,
              "explain: 'y' is one file too many; see 'pxdfuzz help explain'");
  ExpectError("walks x", 2,
              "walks: 'x' is not wanted; see 'pxdfuzz help walks'");
  ExpectError(std::string("explain --request=2 ") + kAgrees, 2,
              "explain: --request=2: the case has 1 request");
  ExpectError(std::string("explain --request=0 ") + kAgrees, 2,
              "explain: --request=0: requests are counted 1, 2, 3");
  const Ran walk = Run(std::string("explain --walk=pagewalk ") + kAgrees);
  EXPECT_EQ(walk.code, 2);
  EXPECT_THAT(walk.error,
              StartsWith("pxdfuzz: explain: there is no walk 'pagewalk'; there "
                         "are static-by-value, "));
  EXPECT_EQ(std::count(walk.error.begin(), walk.error.end(), '\n'), 1);
}

TEST_F(ToolTest, BadInput) {
  ExpectError("decode nowhere", 3,
              "nowhere: cannot be read: No such file or directory");
  ExpectError("decode corpus", 3, "corpus: is a folder; name a file");
  ExpectError("decode /dev/zero", 3,
              "/dev/zero: is no regular file; '-' reads standard input");
  ASSERT_EQ(mkfifo(Scratch("fifo").c_str(), 0600), 0);
  ExpectError(
      "decode " + Scratch("fifo"), 3,
      Scratch("fifo") + ": is no regular file; '-' reads standard input");
  std::ofstream(Scratch("large")) << std::string(3'000'000, 'x');
  ExpectError("decode " + Scratch("large"), 3,
              Scratch("large") +
                  ": is larger than 64 KiB, the most that is read; a case has "
                  "at most " +
                  std::to_string(kMaxEncodedSize) + " bytes");
  ExpectError("decode - < /dev/zero", 3,
              "standard input: is larger than 64 KiB, the most that is read; a "
              "case has at most " +
                  std::to_string(kMaxEncodedSize) + " bytes");
  ExpectError("decode - <&-", 3,
              "standard input: cannot be read: Bad file descriptor");
  std::ofstream(Scratch("bad.yaml")) << "version: 1\nrequests: 5\n";
  ExpectError("encode " + Scratch("bad.yaml"), 3,
              Scratch("bad.yaml") +
                  ":1:1: found no key 'space'; a case has the keys version, "
                  "space, requests, stack and tables");
}

TEST_F(ToolTest, ReplayContinuesAfterBadInput) {
  fs::create_directory(Scratch("empty"));
  const Ran ran = Run("replay nowhere " + Scratch("empty") + " " + kAgrees);
  EXPECT_EQ(ran.code, 3);
  EXPECT_EQ(ran.error,
            "pxdfuzz: nowhere: cannot be read: No such file or directory\n"
            "pxdfuzz: " +
                Scratch("empty") + ": is a folder without files\n");
  EXPECT_EQ(ran.out, std::string(kAgrees) +
                         ": agrees\n"
                         "3 cases, 1 agrees, 0 findings, 2 unreadable\n");
  // An inconclusive case does not count as judged either.
  const std::string refused = "corpus/regressions/beyond-limit.yaml";
  const Ran none = Run("replay " + refused);
  EXPECT_EQ(none.code, 3);
  EXPECT_EQ(none.error,
            "pxdfuzz: replay: nothing was compared: the case is "
            "inconclusive\n");
  EXPECT_EQ(Run("replay " + refused + " " + kAgrees).code, 0);
  // A finding has priority.
  EXPECT_EQ(Run(std::string("replay --strict nowhere ") + kThread).code, 1);
}

TEST_F(ToolTest, AClosedPipeIsNotAnError) {
  // The reader exits before the program begins to write.
  const Ran ran = Shell(
      "{ sleep 0.2; \"$P\" replay --strict corpus/regressions; echo $? >&2; } "
      "| true");
  EXPECT_EQ(ran.error, "1\n");
}

TEST_F(ToolTest, OutputThatCannotBeWritten) {
  const Ran ran = Run("walks > /dev/full");
  EXPECT_EQ(ran.code, 3);
  EXPECT_EQ(ran.error,
            "pxdfuzz: standard output: cannot be written: No space left on "
            "device\n");
}

TEST_F(ToolTest, TerminalsGetColourAndNoBytes) {
  if (system("command -v script > /dev/null") != 0) {
    GTEST_SKIP() << "there is no script(1) to make a terminal";
  }
  const auto in_terminal = [this](const std::string& line) {
    return Shell("export P; script -qec '" + line + "' /dev/null < /dev/null");
  };
  const std::string explain = std::string("\"$P\" explain ") + kThread;
  EXPECT_THAT(in_terminal(explain).out, HasSubstr("\x1b[31m"));
  EXPECT_THAT(in_terminal("NO_COLOR=1 " + explain).out,
              Not(HasSubstr("\x1b[31m")));
  const Ran forced = Shell("PXDFUZZ_COLOR=always " + explain);
  EXPECT_THAT(forced.out, HasSubstr("\x1b[31m"));
  const Ran wrong = Shell("PXDFUZZ_COLOR=red \"$P\" walks");
  EXPECT_EQ(wrong.code, 2);
  EXPECT_EQ(wrong.error, "pxdfuzz: PXDFUZZ_COLOR=red: say always or never\n");
  const Ran encode = in_terminal(std::string("\"$P\" encode ") + kThread);
  EXPECT_EQ(encode.code, 2);
  EXPECT_EQ(encode.out,
            "pxdfuzz: encode: bytes are not for a terminal; name a file: -o "
            "OUT\r\n");
}

// A file name may contain any bytes.
TEST(JsonTextTest, IsAscii) {
  EXPECT_EQ(JsonText(nlohmann::json("a \"b\" \n\x01\x7f \xe2\x82\xac \xff-")),
            R"("a \"b\" \n\u0001\u007f \u20ac \ufffd-")"
            "\n");
}

}  // namespace
}  // namespace pxdfuzz
