// SPDX-License-Identifier: MIT

// The tool and programs with kernel code: fake ones, which are shell scripts,
// and a real one if a tree was found at configuration. Runs in the project's
// folder.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/engine/kernel_client.h"
#include "pxdfuzz/engine/protocol.h"
#include "src/cli/input.h"
#include "tests/engine/program.h"
#include "tests/known_cases.h"
#include "tests/sanitized.h"

namespace pxdfuzz {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

namespace fs = std::filesystem;

constexpr char kThread[] = "corpus/regressions/thread-wrong-page.yaml";
constexpr char kX86[] = "corpus/regressions/x86-512-gib.yaml";
constexpr char kAgreed[] =
    "request returned\\ncall get\\ncount 1\\nheld 1\\nend\\n";

// A case with that many requests.
Case Requests(int count) {
  Case c =
      MakeCase(3, {.start = 0x1000, .pages = 1}, {MapPages(0x1000, 1, 0x1000)});
  while (static_cast<int>(c.requests.size()) < count) {
    c.requests.push_back(c.requests[0]);
  }
  return c;
}

class KernelProgramsTest : public ::testing::Test {
 protected:
  KernelProgramsTest() {
    setenv("PXDFUZZ_KERNEL_PROGRAMS", folder_.path().c_str(), 1);
  }
  ~KernelProgramsTest() override { unsetenv("PXDFUZZ_KERNEL_PROGRAMS"); }

  fs::path Path(const std::string& name) const { return folder_.path() / name; }

  void WriteScript(const std::string& name, const std::string& text) const {
    std::ofstream(Path(name)) << "#!/bin/sh\n" << text;
    fs::permissions(Path(name), fs::perms::owner_all);
  }

  // A program that runs `body` for each line of input: $asked, $line.
  void WriteFake(const std::string& name, const std::string& body) const {
    WriteScript(name, "echo \"$*\" >> '" + Path("started").string() +
                          "'\nprintf 'pxdfuzz-protocol 3\\nname " + name +
                          "\\nversion 6.9.1\\nslice c0ffee\\n"
                          "arch s390\\nvariant as-is\\nready\\n'\n"
                          "while read -r asked line; do\n" +
                          body + "\ndone\n");
  }

  // How often a fake was started, and with which flags.
  std::vector<std::string> Started() const {
    std::ifstream in(Path("started"));
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }

  // The error of a run on a case with two requests.
  std::string ErrorOf(const std::string& body) const {
    WriteFake("kernel-fake", body);
    const auto opened = OpenKernelProgram("kernel-fake");
    EXPECT_TRUE(opened.ok()) << opened.error;
    const Answers answers = opened.program->Run(Requests(2), false);
    EXPECT_FALSE(answers.ok()) << body;
    const std::string& error = answers.error;
    EXPECT_THAT(error, StartsWith(Path("kernel-fake").string() + ": "));
    EXPECT_THAT(error, Not(HasSubstr("\n")));
    return error.substr(Path("kernel-fake").string().size() + 2);
  }

  // Runs the tool with the fakes.
  Ran RunTool(const std::string& arguments) const {
    return RunCommand(Program("pxdfuzz") + ' ' + arguments);
  }

  ScratchFolder folder_;
};

TEST_F(KernelProgramsTest, OneProcessAnswersForManyCases) {
  WriteFake("kernel-fake",
            std::string("printf '") + kAgreed + kAgreed + "case\\n'");
  const auto opened = OpenKernelProgram("kernel-fake");
  ASSERT_TRUE(opened.ok()) << opened.error;
  EXPECT_EQ(opened.program->walker().kernel->version, "6.9.1");
  EXPECT_TRUE(opened.program->Takes({ArchId::kS390, 2}));
  EXPECT_FALSE(opened.program->Takes({ArchId::kX86, 4}));
  for (int i = 0; i < 20; ++i) {
    const Answers answers = opened.program->Run(Requests(2), false);
    ASSERT_TRUE(answers.ok()) << answers.error;
    ASSERT_EQ(answers.of_request.size(), 2u);
    EXPECT_EQ(answers.of_request[1].run.count, 1u);
  }
  EXPECT_THAT(Started(), ElementsAre(""));
  EXPECT_TRUE(opened.program->Run(Requests(2), true).ok());
  EXPECT_THAT(Started(), ElementsAre(""));
}

// A program that ends loses what it has not sent. Cases that it would have
// answered are asked again.
TEST_F(KernelProgramsTest, ManyCasesAtOnceAreAnsweredLikeOne) {
  std::array<uint8_t, kMaxEncodedSize> bytes;
  const size_t digits = 2 * Encode(Requests(1), bytes);
  // It dies at a case with more requests than one.
  WriteFake("kernel-fake", "if [ ${#line} -gt " + std::to_string(digits) +
                               " ]; then exit 1; fi\nprintf '" + kAgreed +
                               "case\\n'");
  const auto opened = OpenKernelProgram("kernel-fake");
  ASSERT_TRUE(opened.ok()) << opened.error;
  std::vector<Case> cases(5, Requests(1));
  cases[2] = Requests(3);
  const std::vector<Answers> all = opened.program->RunAll(cases);
  ASSERT_EQ(all.size(), 5u);
  for (size_t i = 0; i < all.size(); ++i) {
    ASSERT_TRUE(all[i].ok()) << all[i].error;
    const std::vector<Answer>& answers = all[i].of_request;
    ASSERT_EQ(answers.size(), cases[i].requests.size());
    EXPECT_EQ(answers[0].run.end, i == 2 ? RunEnd::kDied : RunEnd::kReturned);
  }
}

TEST_F(KernelProgramsTest, AProgramGetsTheCaseAsHexadecimalBytes) {
  WriteFake("kernel-fake", std::string("echo \"$line\" >> '") +
                               Path("lines").string() + "'\nprintf '" +
                               kAgreed + "case\\n'");
  const auto opened = OpenKernelProgram("kernel-fake");
  ASSERT_TRUE(opened.ok()) << opened.error;
  const Case c = *ReadCase("corpus/regressions/old-page-written.bin");
  ASSERT_TRUE(opened.program->Run(c, false).ok());
  std::ifstream in(Path("lines"));
  std::string line;
  std::getline(in, line);
  std::string bytes;
  for (size_t i = 0; i + 1 < line.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(line.substr(i, 2), nullptr, 16));
  }
  EXPECT_EQ(bytes, *ReadInput("corpus/regressions/old-page-written.bin"));
}

// It dies on the first request of three: that one is a fault, and a new process
// answers the others.
TEST_F(KernelProgramsTest, AProgramThatDiesIsRestarted) {
  const std::string marker = Path("died").string();
  for (const std::string death : {"exit 3", "kill -9 $$"}) {
    fs::remove(marker);
    fs::remove(Path("started"));
    WriteFake("kernel-fake", "if [ ! -e '" + marker + "' ]; then touch '" +
                                 marker + "'; printf 'request ret'; " + death +
                                 "; fi\nprintf '" + kAgreed + kAgreed +
                                 "case\\n'");
    const auto opened = OpenKernelProgram("kernel-fake");
    ASSERT_TRUE(opened.ok()) << opened.error;
    const Answers answers = opened.program->Run(Requests(3), false);
    ASSERT_TRUE(answers.ok()) << answers.error;
    ASSERT_EQ(answers.of_request.size(), 3u);
    EXPECT_EQ(answers.of_request[0].run.end, RunEnd::kDied);
    EXPECT_EQ(answers.of_request[0].finding.name(), "kernel-fake.s390-3.died");
    EXPECT_EQ(answers.of_request[1].finding.name(), "");
    EXPECT_EQ(answers.of_request[2].run.count, 1u);
    EXPECT_EQ(Started().size(), 2u);
  }
}

// Only requests without an answer are asked again.
TEST_F(KernelProgramsTest, ANewProcessGetsTheRest) {
  const std::string lines = Path("lines").string();
  WriteFake("kernel-fake", "echo \"$line\" >> '" + lines + "'\nprintf '" +
                               kAgreed + "'; exit 1");
  const auto opened = OpenKernelProgram("kernel-fake");
  ASSERT_TRUE(opened.ok()) << opened.error;
  const Answers answers = opened.program->Run(Requests(3), false);
  ASSERT_TRUE(answers.ok()) << answers.error;
  // The first process answers one request and dies on the second; the next
  // answers the third.
  ASSERT_EQ(answers.of_request.size(), 3u);
  EXPECT_EQ(answers.of_request[0].finding.name(), "");
  EXPECT_EQ(answers.of_request[1].finding.name(), "kernel-fake.s390-3.died");
  EXPECT_EQ(answers.of_request[2].finding.name(), "");
  std::ifstream in(lines);
  std::string first;
  std::string second;
  std::getline(in, first);
  std::getline(in, second);
  // Two records of a request fewer, two digits for each byte.
  std::array<uint8_t, kMaxEncodedSize> bytes;
  EXPECT_EQ(first.size() - second.size(),
            2 * (Encode(Requests(3), bytes) - Encode(Requests(1), bytes)));
}

// A sanitizer's report comes before the end.
TEST_F(KernelProgramsTest, ASanitizersReportIsAnAnswer) {
  WriteFake(
      "kernel-fake",
      "printf 'request sanitizer\\ncall get\\nfinding 0 "
      "kernel-fake.s390-3.sanitizer\\niteration 1 0 0 pgd table 0x10400000 "
      "fault empty 12 mm/gup.c\\nend\\n'; exit 1");
  const auto opened = OpenKernelProgram("kernel-fake");
  ASSERT_TRUE(opened.ok()) << opened.error;
  const Answers answers = opened.program->Run(Requests(2), true);
  ASSERT_TRUE(answers.ok()) << answers.error;
  ASSERT_EQ(answers.of_request.size(), 2u);
  for (const Answer& answer : answers.of_request) {
    EXPECT_EQ(answer.finding.name(), "kernel-fake.s390-3.sanitizer");
    EXPECT_EQ(answer.run.events.size(), 1u);
  }
  EXPECT_EQ(Started().size(), 2u);
}

TEST_F(KernelProgramsTest, StrangeAnswersAreErrorsOfOneLine) {
  EXPECT_EQ(ErrorOf("echo hello; echo end"), "gives a strange answer: 'hello'");
  EXPECT_EQ(ErrorOf("printf '\\033[2J\\nend\\n'"),
            "gives a strange answer: '\\x1b[2J'");
  EXPECT_EQ(ErrorOf(std::string("printf '") + kAgreed + "case\\n'"),
            "answers 1 of 2 requests");
  EXPECT_EQ(ErrorOf("echo case"), "answers 0 of 2 requests");
  EXPECT_THAT(ErrorOf(std::string("printf '") + kAgreed + kAgreed + kAgreed +
                      "case\\n'"),
              StartsWith("gives a strange answer: 'request returned'"));
  EXPECT_THAT(ErrorOf("yes | tr -d '\\n'"),
              StartsWith("gives a strange answer: 'yyyyy"));
  EXPECT_EQ(ErrorOf("yes read"), "answers without an end");
}

TEST_F(KernelProgramsTest, AfterAStrangeAnswerAProgramIsRestarted) {
  const std::string marker = Path("spoke").string();
  WriteFake("kernel-fake", "if [ ! -e '" + marker + "' ]; then touch '" +
                               marker + "'; echo end; echo case; fi\nprintf '" +
                               kAgreed + "case\\n'");
  const auto opened = OpenKernelProgram("kernel-fake");
  ASSERT_TRUE(opened.ok()) << opened.error;
  EXPECT_FALSE(opened.program->Run(Requests(1), false).ok());
  const Answers answers = opened.program->Run(Requests(1), false);
  ASSERT_TRUE(answers.ok()) << answers.error;
  EXPECT_EQ(answers.of_request.size(), 1u);
}

TEST_F(KernelProgramsTest, NamesAFileThatIsNoSuchProgram) {
  const auto error = [](const std::string& name) {
    const KernelProgram::Opened opened = OpenKernelProgram(name);
    EXPECT_FALSE(opened.ok()) << name;
    return opened.error;
  };
  EXPECT_EQ(error("kernel-9.9-s390"),
            "there is no walk 'kernel-9.9-s390': no program with kernel code "
            "in " +
                folder_.path().string() +
                ": build with linux-source-6.1 installed, or say in "
                "PXDFUZZ_KERNEL_PROGRAMS which folder has them");
  WriteScript("kernel-silent", "");
  WriteScript("kernel-complains", "echo 'no such library' >&2; exit 127");
  WriteScript("kernel-odd", "echo Hello");
  std::ofstream(Path("kernel-data")) << "text";
  fs::create_directory(Path("kernel-folder"));
  EXPECT_EQ(error("kernel-9.9-s390"),
            "there is no walk 'kernel-9.9-s390' in " + folder_.path().string() +
                "; of kernel code there are kernel-complains, kernel-data, "
                "kernel-odd and kernel-silent");
  EXPECT_EQ(error("kernel-silent"),
            Path("kernel-silent").string() + ": says nothing");
  EXPECT_EQ(error("kernel-complains"),
            Path("kernel-complains").string() +
                ": says nothing, but 'no such library' on "
                "standard error");
  EXPECT_EQ(error("kernel-odd"),
            Path("kernel-odd").string() +
                ": greets with 'Hello' where 'pxdfuzz-protocol 3' is wanted");
  WriteScript("kernel-new", "echo pxdfuzz-protocol 4; exec cat");
  EXPECT_EQ(error("kernel-new"),
            Path("kernel-new").string() +
                ": greets with 'pxdfuzz-protocol 4' where 'pxdfuzz-protocol 3' "
                "is wanted");
  WriteScript("kernel-short", "echo pxdfuzz-protocol 3; echo name a");
  EXPECT_EQ(error("kernel-short"),
            Path("kernel-short").string() +
                ": greets with 'pxdfuzz-protocol 3' where 'ready' comes last");
  EXPECT_EQ(
      error("kernel-data"),
      Path("kernel-data").string() + ": cannot be executed: Permission denied");
}

TEST_F(KernelProgramsTest, ToolHasTheRightExitCode) {
  WriteFake("kernel-good", std::string("printf '") + kAgreed + "case\\n'");
  WriteFake("kernel-known",
            "printf 'request returned\\ncall get\\nheld 1\\nknown "
            "s390-readonly-2g-write\\nend\\ncase\\n'");
  WriteFake("kernel-bad",
            "printf 'request returned\\ncall get\\nheld 1\\nfinding 0 "
            "kernel-bad.s390-3.short.pte-leaf\\nend\\ncase\\n'");
  WriteFake("kernel-dead", "exit 1");
  WriteFake("kernel-odd", "echo what; echo end");
  const std::string file = std::string(" ") + kThread;
  struct Expected {
    std::string name;
    int code;
    std::string line;
  };
  const std::string thread = std::string(kThread) + ": ";
  for (const Expected& expected : {
           Expected{"good", 0, thread + "agrees\n1 case, 1 agrees, 0 findings"},
           {"known", 0,
            thread + "expected failure: kernel-known "
                     "(docs/findings/s390-readonly-2g-write.md)\n"
                     "1 case, 1 expected failure, 0 findings"},
           {"bad", 1,
            thread + "FINDING kernel-bad.s390-3.short.pte-leaf\n1 case, 1 "
                     "finding"},
           {"dead", 1, thread + "FINDING kernel-dead.s390-3.died\n"},
           {"odd", 3, "kernel-odd: gives a strange answer: 'what'\n"},
           {"none", 2, "pxdfuzz: replay: there is no walk 'kernel-none' in "},
       }) {
    const std::string walk = " --walk=kernel-" + expected.name;
    const Ran replay = RunTool("replay" + walk + file);
    EXPECT_EQ(replay.exit_code, expected.code) << replay.output;
    EXPECT_THAT(replay.output, HasSubstr(expected.line));
    // Explaining a finding is a success.
    EXPECT_EQ(RunTool("explain" + walk + file).exit_code,
              expected.code == 1 ? 0 : expected.code)
        << expected.name;
  }
  EXPECT_EQ(RunTool("replay --strict --walk=kernel-known" + file).exit_code, 1);
  const Ran dead = RunTool("explain --walk=kernel-dead" + file);
  EXPECT_THAT(dead.output, AllOf(HasSubstr("ended without an\nanswer."),
                                 HasSubstr("DEDUP_TOKEN: kernel-dead.")));
  // Of another architecture.
  const std::string x86 = std::string(" --walk=kernel-bad ") + kX86;
  EXPECT_EQ(RunTool("replay" + x86).exit_code, 3);
  EXPECT_THAT(RunTool("replay" + x86).output,
              HasSubstr("inconclusive: the case is of x86-64/4, which is not "
                        "for kernel-bad\n"));
  EXPECT_EQ(RunTool("explain" + x86).output,
            "The case is of x86-64/4, and kernel-bad is kernel code of s390: "
            "there is nothing\nto compare.\n");
  const YAML::Node json = YAML::Load(RunTool("explain --json" + x86).output);
  EXPECT_FALSE(json["conclusive"].as<bool>());
  EXPECT_EQ(json["paging_mode"].as<std::string>(), "x86-64/4");
  // An expected failure of a walk of the model.
  EXPECT_EQ(RunTool("replay --walk=static-by-value" + file).exit_code, 0);
}

TEST_F(KernelProgramsTest, JsonHasTheSameContent) {
  WriteFake("kernel-bad",
            "printf 'request fault\\ncall get\\nheld 1\\nfinding 0 "
            "kernel-bad.s390-3.fault.pte-leaf\\nend\\ncase\\n'");
  const Ran ran = RunTool(std::string("replay --json --walk=kernel-bad ") +
                          kThread + ' ' + kX86);
  EXPECT_EQ(ran.exit_code, 1);
  const YAML::Node json = YAML::Load(ran.output);
  EXPECT_EQ(json["walk"].as<std::string>(), "kernel-bad");
  const YAML::Node one = json["cases"][0];
  EXPECT_EQ(one["result"].as<std::string>(), "finding");
  EXPECT_EQ(one["signature"].as<std::string>(),
            "kernel-bad.s390-3.fault.pte-leaf");
  const YAML::Node walk = one["walks"][0];
  EXPECT_EQ(walk["walk"].as<std::string>(), "kernel-bad");
  EXPECT_EQ(walk["end"].as<std::string>(), "fault");
  EXPECT_EQ(walk["outcome"].as<std::string>(), "fault");
  EXPECT_TRUE(walk["cause"].IsNull());
  EXPECT_TRUE(walk["known"].IsNull());
  EXPECT_EQ(json["cases"][1]["result"].as<std::string>(), "inconclusive");
  EXPECT_EQ(json["summary"]["expected-failure"].as<int>(), 0);
}

TEST_F(KernelProgramsTest, WalksListsThePrograms) {
  const std::string without = RunTool("walks").output;
  EXPECT_THAT(without, EndsWith("\nno kernel code: build with linux-source-6.1 "
                                "installed\n"));
  EXPECT_EQ(
      RunTool(std::string("explain --walk=kernel-fake ") + kThread).exit_code,
      2);
  WriteFake("kernel-fake", ":");
  WriteScript("kernel-silent", "");
  const Ran ran = RunTool("walks");
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_THAT(ran.output,
              HasSubstr("\nkernel-fake\n"
                        "  text       Linux 6.9.1, s390, as-is; slice c0ffee\n"
                        "  licence    GPL-2.0-only"));
  EXPECT_THAT(ran.output, HasSubstr("kernel-silent: says nothing"));
}

// The output about the model does not depend on programs.
TEST_F(KernelProgramsTest, MatrixListsProgramsBelowTheModel) {
  const Ran alone = RunTool("matrix --cases=20 --no-kernel");
  EXPECT_EQ(alone.exit_code, 0);
  EXPECT_THAT(alone.output, Not(HasSubstr("kernel code")));
  const Ran without = RunTool("matrix --cases=20");
  EXPECT_EQ(without.exit_code, 0);
  EXPECT_EQ(without.output,
            alone.output +
                "\nkernel code was left out: no program with kernel "
                "code in " +
                folder_.path().string() +
                ": build with linux-source-6.1 installed, or say in "
                "PXDFUZZ_KERNEL_PROGRAMS which folder has them\n");

  // A fake does not know how many requests a case has: this one dies on each.
  WriteFake("kernel-dead", "exit 1");
  const Ran unasked = RunTool("matrix --cases=20 --no-kernel");
  EXPECT_EQ(unasked.output, alone.output);
  EXPECT_EQ(unasked.exit_code, 0);
  const Ran with = RunTool("matrix --cases=20 --kernel-cases=2");
  EXPECT_EQ(with.exit_code, 1);
  EXPECT_THAT(with.output, StartsWith(alone.output));
  EXPECT_THAT(with.output,
              ContainsRegex("\nkernel-dead +FINDING +FINDING +FINDING +FINDING"
                            " +- +-"));
  EXPECT_THAT(with.output, HasSubstr("  first: kernel-dead.s390-2.died\n"));
  const YAML::Node json =
      YAML::Load(RunTool("matrix --cases=20 --kernel-cases=2 --json").output);
  const YAML::Node mode = json["kernel"][1];
  EXPECT_EQ(mode["space"].as<std::string>(), "s390/3");
  const YAML::Node walk = mode["walks"][0];
  EXPECT_EQ(walk["result"].as<std::string>(), "finding");
  EXPECT_EQ(walk["findings"].as<int>(), walk["requests"].as<int>());
  EXPECT_FALSE(
      YAML::Load(
          RunTool("matrix --cases=20 --no-kernel --json").output)["kernel"]
          .IsDefined());
  EXPECT_EQ(RunTool("matrix --kernel-cases=0").output,
            "pxdfuzz: matrix: --kernel-cases=0: a whole number of cases is "
            "wanted, 1 or more\n");
}

// Fake programs report a finding for each case, or for the first one alone.
TEST_F(KernelProgramsTest, ShrinkKeepsAProgramsFinding) {
  constexpr char kBad[] =
      "request returned\\ncall get\\nheld 0\\nfinding 0 "
      "kernel-bad.s390-3.short.pte-leaf\\nend\\ncase\\n";
  WriteFake("kernel-bad", std::string("printf '") + kBad + "'");
  const std::string shrink = std::string("shrink ") + kThread + " --walk=";
  const Ran bad = RunTool(shrink + "kernel-bad");
  EXPECT_EQ(bad.exit_code, 0);
  EXPECT_THAT(bad.output,
              AllOf(HasSubstr("\n- {start: 0x0, pages: 1, access: read}"),
                    HasSubstr("\ntables: []"), Not(HasSubstr("kernel-"))));
  EXPECT_THAT(Started(), ElementsAre(""));
  EXPECT_EQ(RunTool(shrink + "kernel-bad --signature='*.short.*'").output,
            bad.output);

  const Ran other = RunTool(shrink + "kernel-bad --signature='*.long.*'");
  EXPECT_EQ(other.exit_code, 3);
  EXPECT_EQ(other.output, std::string("pxdfuzz: ") + kThread +
                              ": shows no finding *.long.* of kernel-bad; "
                              "there is nothing to keep\n");
  EXPECT_EQ(RunTool(std::string("shrink --walk=kernel-bad ") + kX86).exit_code,
            3);

  // It agrees on the second case, and gives nonsense on the third.
  const std::string at_first =
      std::string("n=$((n + 1))\n[ $n = 1 ] && printf '") + kBad +
      "' && continue\n";
  WriteFake("kernel-once", at_first + "printf '" + kAgreed + "case\\n'");
  EXPECT_THAT(RunTool(shrink + "kernel-once").output,
              HasSubstr("\n- {start: 0x1007ffff000, pages: 2,"));
  WriteFake("kernel-odd", at_first + "echo what; echo end");
  const std::string file = Path("small.yaml").string();
  const Ran odd = RunTool(shrink + "kernel-odd -o '" + file + "'");
  EXPECT_EQ(odd.exit_code, 3);
  EXPECT_THAT(odd.output,
              AllOf(StartsWith("pxdfuzz: shrink: "),
                    EndsWith("kernel-odd: gives a strange answer: 'what'\n")));
  EXPECT_FALSE(fs::exists(file));
  EXPECT_THAT(
      RunTool(shrink + "kernel-none").output,
      StartsWith("pxdfuzz: shrink: there is no walk 'kernel-none' in "));
}

TEST_F(KernelProgramsTest, ExportWritesAMailAboutKernelCode) {
  WriteFake("kernel-bad",
            "printf 'request returned\\ncall get\\nheld 1\\n"
            "finding 0 kernel-bad.s390-3.short.pte-leaf\\nend\\ncase\\n'");
  WriteFake("kernel-odd", "echo what; echo end");
  const auto mail = [&](const std::string& arguments) {
    return RunTool("explain --mail --walk=kernel-" + arguments);
  };
  const Ran bad = mail(std::string("bad ") + kThread);
  EXPECT_EQ(bad.exit_code, 0);
  EXPECT_THAT(
      bad.output,
      AllOf(StartsWith("Subject: mm/gup: page missing (s390/3, Linux 6.9.1)\n"
                       "\npxdfuzz compiles the fast walk"),
            HasSubstr("\n  pxdfuzz explain --walk=kernel-bad case.yaml\n"),
            Not(HasSubstr("\n>"))));
  std::istringstream lines(bad.output);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 72u) << line;
  }
  EXPECT_EQ(mail(std::string("odd ") + kThread).exit_code, 3);
  EXPECT_THAT(
      mail(std::string("none ") + kThread).output,
      StartsWith("pxdfuzz: explain: there is no walk 'kernel-none' in "));
  EXPECT_EQ(mail(std::string("bad ") + kX86).output,
            std::string("pxdfuzz: explain: --mail: there is nothing to "
                        "compare: ") +
                kX86 + " is of x86-64/4\n");
  EXPECT_EQ(
      RunTool(std::string("export --as=gtest --walk=kernel-bad ") + kThread)
          .exit_code,
      0);
}

#ifdef PXDFUZZ_BY_VALUE

// The code of a real tree, as in 2020.
class RealKernelTest : public ::testing::Test {
 protected:
  static std::string Walk() { return " --walk=" PXDFUZZ_BY_VALUE " "; }
};

// The text without line breaks and marks.
std::string Flat(const std::string& text) {
  std::string flat;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\n' || c == '>';
    if (blank && (flat.empty() || flat.back() == ' ')) continue;
    flat += blank ? ' ' : c;
  }
  return flat;
}

// Where a sanitizer ends the program, that is no expected failure.
void ExpectTokenUnlessExpected(const std::string& report) {
  const auto has = [flat = Flat(report)](const char* text) {
    return flat.find(text) != flat.npos;
  };
  EXPECT_NE(has("DEDUP_TOKEN: " PXDFUZZ_BY_VALUE ".s390-3."),
            has("expected failure of walks of this kind (stack-escape)"));
}

// The content of its stack depends on compiler and machine, and so do the
// effects.
TEST_F(RealKernelTest, ExplainsTheThreadsExampleWithTheKernelsLines) {
  const Ran ran = RunCommand("LC_ALL=C " + Program("pxdfuzz") +
                             " explain --full" + Walk() + kThread);
  EXPECT_EQ(ran.exit_code, 0) << ran.output;
  const std::string flat = Flat(ran.output);
  EXPECT_THAT(flat, HasSubstr("On s390 with 3 levels, " PXDFUZZ_BY_VALUE));
  EXPECT_TRUE(flat.find(" stops too early: page 1 of 2,") != flat.npos ||
              flat.find(" returns a wrong page: page 1 of 2,") != flat.npos ||
              flat.find(" faults: at page 1 of 2,") != flat.npos ||
              flat.find(" by a sanitizer, at page 1 of 2,") != flat.npos ||
              flat.find(" the right pages by luck: at page 1 of 2,") !=
                  flat.npos)
      << ran.output;
  EXPECT_THAT(flat,
              HasSubstr("The walk left the copy of p4d at pud: pudp moved off "
                        "a local variable, to 1 word above it on the "
                        "stack (mm/gup.c:"));
  EXPECT_THAT(flat, HasSubstr("- the stack, 1 word above the local"));
  EXPECT_THAT(flat, HasSubstr("- the local copy of pgd"));
  EXPECT_THAT(flat, HasSubstr("RULE BROKEN"));
  bool has_line = false;
  for (size_t at = 0; (at = flat.find(" mm/gup.c:", at)) != flat.npos; ++at) {
    has_line |= std::stoi(flat.substr(at + 10)) > 0;
  }
  EXPECT_TRUE(has_line);
  ExpectTokenUnlessExpected(ran.output);
  for (size_t at = 0; at < ran.output.size();) {
    const size_t end = ran.output.find('\n', at);
    const std::string line = ran.output.substr(at, end - at);
    at = end + 1;
    if (line.find("pxdfuzz explain") != line.npos) continue;
    if (line.starts_with("DEDUP_TOKEN")) continue;
    EXPECT_LE(line.size(), 80u) << line;
  }
}

// As a drawing, as JSON, and in short form on every case of its architecture.
TEST_F(RealKernelTest, ExplainsInEveryFormat) {
  const std::string explain = Program("pxdfuzz") + " explain" + Walk();
  const Ran html = RunCommand(explain + "--html=- " + kThread);
  EXPECT_EQ(html.exit_code, 0);
  EXPECT_THAT(html.output, HasSubstr("<svg "));
  EXPECT_THAT(html.output, HasSubstr(">leaves the copy:<"));
  EXPECT_THAT(html.output, HasSubstr("<li>mm/gup.c:"));
  ExpectTokenUnlessExpected(html.output);
  const Ran json = RunCommand(explain + "--json " + kThread);
  EXPECT_EQ(json.exit_code, 0);
  const YAML::Node read = YAML::Load(json.output);
  EXPECT_EQ(read["walk"].as<std::string>(), PXDFUZZ_BY_VALUE);
  bool escapes = false;
  for (const YAML::Node& iteration : read["iterations"]) {
    if (iteration["kind"].as<std::string>() != "iteration") continue;
    EXPECT_THAT(iteration["pointer"].as<std::string>(),
                testing::StartsWith("mm/gup.c:"));
    escapes |= iteration["marked"].as<bool>() && !iteration["rule"].IsNull();
  }
  EXPECT_TRUE(escapes) << json.output;
  size_t files = 0;
  for (const auto& entry : fs::directory_iterator("corpus/regressions")) {
    if (entry.path().extension() != ".yaml") continue;
    const Ran ran = RunCommand(explain + entry.path().string());
    EXPECT_EQ(ran.exit_code, 0) << ran.output;
    EXPECT_LE(std::count(ran.output.begin(), ran.output.end(), '\n'), 100)
        << ran.output;
    files += ran.output.starts_with("On s390 ");
  }
  EXPECT_GT(files, 10u);
}

// Like the model's walk of its kind, it is expected to fail there.
TEST_F(RealKernelTest, AnExpectedFailureIsNotAFinding) {
  const auto replay = [](const std::string& arguments) {
    return RunCommand(Program("pxdfuzz") + " replay " + arguments);
  };
  // AddressSanitizer ends the program at the access, which is a finding.
  const Ran still = replay(Walk() + kThread);
  EXPECT_EQ(still.exit_code, kAddressSanitizer ? 1 : 0);
  EXPECT_THAT(still.output,
              HasSubstr(kAddressSanitizer
                            ? "FINDING " PXDFUZZ_BY_VALUE ".s390-3.sanitizer\n"
                            : "expected failure: " PXDFUZZ_BY_VALUE
                              " (stack-escape)\n"));
  const Ran strict = replay("--strict" + Walk() + kThread);
  EXPECT_EQ(strict.exit_code, 1);
  EXPECT_THAT(strict.output, HasSubstr("FINDING " PXDFUZZ_BY_VALUE ".s390-3."));
  const std::string race = " corpus/regressions/race-by-pointer-freed-pud.yaml";
  EXPECT_THAT(
      replay("--walk=" PXDFUZZ_BY_POINTER + race).output,
      HasSubstr("expected failure: " PXDFUZZ_BY_POINTER " (double-fetch)\n"));
  EXPECT_THAT(replay("--strict --walk=" PXDFUZZ_BY_POINTER + race).output,
              HasSubstr("FINDING " PXDFUZZ_BY_POINTER
                        ".s390-3.changing.fault.pud-empty"));
  // The same for the model.
  EXPECT_THAT(replay(std::string("--walk=static-by-value ") + kThread).output,
              HasSubstr("expected failure: static-by-value (stack-escape)\n"));
}

TEST_F(RealKernelTest, TriageSortsCases) {
  ScratchFolder folder;
  const auto copy = [&](const std::string& from, const std::string& to) {
    fs::copy_file(from, folder.path() / to);
  };
  copy(kThread, "a.yaml");
  copy("corpus/regressions/old-page-written.yaml", "b.yaml");
  copy(kX86, "c.yaml");
  const Ran ran = RunCommand(Program("pxdfuzz") + " triage" + Walk() +
                             folder.path().string());
  EXPECT_EQ(ran.exit_code, 1) << ran.output;
  EXPECT_THAT(Flat(ran.output),
              AllOf(HasSubstr("3 files: 1 with 1 kind of finding, of which 0 "
                              "are known; 2 without a finding;"),
                    HasSubstr("| `" PXDFUZZ_BY_VALUE ".s390-3."),
                    HasSubstr("- smallest: `a.yaml`"), HasSubstr("requests:")));
}

TEST_F(RealKernelTest, OtherCasesAgree) {
  const Ran ran =
      RunCommand(Program("pxdfuzz") + " replay" + Walk() +
                 "corpus/regressions/old-page-written.yaml " + kX86);
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(ran.output,
              EndsWith("2 cases, 1 agrees, 0 findings, 1 inconclusive"
                       "\n"));
}

TEST_F(RealKernelTest, MatrixShowsWhereItIsBroken) {
  ScratchFolder folder;
  fs::create_symlink(fs::path(PXDFUZZ_BIN) / PXDFUZZ_BY_VALUE,
                     folder.path() / PXDFUZZ_BY_VALUE);
  const Ran all = RunCommand(
      "PXDFUZZ_KERNEL_PROGRAMS='" + folder.path().string() + "' " +
      Program("pxdfuzz") + " matrix --cases=20 --kernel-cases=100 --json");
  EXPECT_EQ(all.exit_code, 0) << all.output;
  const YAML::Node json = YAML::Load(all.output);
  const YAML::Node modes = json["kernel"];
  size_t ran = 0;
  for (size_t i = 0; i < modes.size(); ++i) {
    const YAML::Node walk = modes[i]["walks"][0];
    if (!walk.IsDefined()) continue;
    EXPECT_GT(walk["agreed"].as<int>(), 0) << i;
    EXPECT_EQ(walk["expected_failures"]["broken"].IsDefined(), i < 3) << i;
    EXPECT_EQ(walk["result"].as<std::string>() == "expected-failure", i < 3)
        << i;
    ++ran;
  }
  EXPECT_EQ(ran, 4u);
}

// An empty pud, which it reads once to test it and again to follow it.
TEST(RealKernelRaceTest, ShrinkKeepsWhatTheFindingNeeds) {
  const Ran ran =
      RunCommand(Program("pxdfuzz") +
                 " shrink --walk=" PXDFUZZ_BY_POINTER
                 " corpus/regressions/race-by-pointer-freed-pud.yaml");
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(
      ran.output,
      AllOf(HasSubstr("\n- {start: 0x0, pages: 1, access: read}"),
            EndsWith("\ntables:  # each line changes what those above it made\n"
                     "- clear: {pmd: 0x0, count: 1}\n"
                     "changes:  # operations of another processor, in "
                     "this order\n"
                     "- after read 1 of pud: clear pud of 0x0\n")));
}

#endif  // PXDFUZZ_BY_VALUE

}  // namespace
}  // namespace pxdfuzz
