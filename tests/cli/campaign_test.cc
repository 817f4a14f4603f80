// SPDX-License-Identifier: MIT

// pxdfuzz campaign with programs that replace fuzz targets: failures of
// processes, and what is stored. tests/engine/kill_test.cc uses real targets.

#include "src/cli/campaign/campaign.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "pxdfuzz/case/case.h"
#include "src/cli/campaign/known_issues.h"
#include "tests/shell.h"
#include "tests/small_disk.h"

namespace pxdfuzz {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

namespace fs = std::filesystem;

struct Ran {
  int code = -1;
  std::string out;  // with standard error
};

// The script line that writes these statistics.
std::string Write(const std::string& stats) {
  return "echo '" + stats + "' > $PXDFUZZ_STATS\n";
}
const std::string& WorksWell() {
  static const auto& line =
      *new std::string(Write(R"({"executions": 3, "judged": 2})"));
  return line;
}

class CampaignTest : public ::testing::Test {
 protected:
  std::string Scratch(const std::string& name) const {
    return (scratch_ / name).string();
  }
  fs::path Out(const std::string& name) const {
    return scratch_ / "out" / name;
  }

  // A fuzz target that is a script. Its artifact prefix is in $prefix.
  std::string Target(const std::string& body) const {
    const std::string file = Scratch("target");
    std::ofstream(file) << "#!/bin/sh\n"
                           "for word; do case $word in\n"
                           "  -artifact_prefix=*) prefix=${word#*=} ;;\n"
                           "esac; done\n"
                        << body;
    chmod(file.c_str(), 0755);
    return file;
  }

  Ran Run(const std::string& arguments) const {
    ShellRun run =
        RunShell("'" PXDFUZZ_BIN "/pxdfuzz' campaign " + arguments + " 2>&1");
    return {run.code, std::move(run.out)};
  }
  Ran RunTarget(const std::string& body, const std::string& flags = "") const {
    return Run(Target(body) + " --jobs=1 --out=" + Scratch("out") + ' ' +
               flags);
  }
  nlohmann::json Stats() const {
    return nlohmann::json::parse(Contents(Out("stats.json")));
  }

  const ScratchFolder folder_;
  const fs::path& scratch_ = folder_.path();
};

TEST_F(CampaignTest, EndsWithZeroWithoutAFinding) {
  const Ran ran = RunTarget(Write(
      R"({"executions": 5, "judged": 4, "cells": {"possible": 8, "mask": "13"}})"));
  EXPECT_EQ(ran.code, 0) << ran.out;
  EXPECT_THAT(ran.out, HasSubstr("  executions        5\n"));
  EXPECT_THAT(ran.out, HasSubstr("  cells reached     3 of 8 kinds"));
  EXPECT_EQ(Stats()["executions"], 5u);
  EXPECT_TRUE(fs::is_directory(Out("corpus")));
}

TEST_F(CampaignTest, CountsFindingsOfTheTarget) {
  const Ran ran = RunTarget(
      "mkdir -p $PXDFUZZ_FINDINGS/a.short\n"
      "echo x > $PXDFUZZ_FINDINGS/a.short/input\n" +
      Write(R"({"executions": 9, "findings": {"a.short": 4}})"));
  EXPECT_EQ(ran.code, 1) << ran.out;
  EXPECT_THAT(ran.out, HasSubstr("findings/a.short (4 times)"));
  EXPECT_EQ(Contents(Out("findings/a.short/count")), "4\n");
  EXPECT_EQ(Stats()["findings"], (nlohmann::json{{"a.short", 4}}));
}

// One cause can have hundreds of names.
TEST_F(CampaignTest, ManyFindingsAreGroupedByPrefix) {
  const Ran ran = RunTarget(
      "i=0\n"
      "for what in short.pte long.pte short.pmd long.pmd short.pud long.pud "
      "fault.pte fault.pmd fault.pud stale.pte; do\n"
      "  i=$((i + 1))\n"
      "  for name in kernel-6.12-s390.s390-3.$what-leaf "
      "s390-3.static-by-value.$what-leaf; do\n"
      "    mkdir -p $PXDFUZZ_FINDINGS/$name\n"
      "    counts=\"$counts, \\\"$name\\\": $((i % 8))\"\n"
      "  done\n"
      "done\n"
      "echo \"{\\\"executions\\\": 1, \\\"findings\\\": {${counts#, }}}\" "
      "> $PXDFUZZ_STATS\n");
  EXPECT_EQ(ran.code, 1) << ran.out;
  EXPECT_THAT(ran.out, HasSubstr("  new findings      20\n"));
  EXPECT_THAT(ran.out,
              HasSubstr("/findings/s390-3.static-by-value.fault.pud-leaf "
                        "(1 times)\n"));
  const Ran resumed =
      RunTarget("mkdir -p $PXDFUZZ_FINDINGS/crash\n" + WorksWell(), "--resume");
  EXPECT_EQ(resumed.code, 1) << resumed.out;
  const std::string folder = Scratch("out") + "/findings/";
  const std::string row = "\n                    ";
  EXPECT_THAT(
      resumed.out,
      EndsWith("  new findings      21, the most frequent of those that begin "
               "alike:" +
               row + "crash*: 1, " + folder + "crash" + row +
               "kernel-6.12-s390*: 10, " + folder +
               "kernel-6.12-s390.s390-3.fault.pte-leaf (7 times)" + row +
               "s390-3*: 10, " + folder +
               "s390-3.static-by-value.fault.pte-leaf (7 times)\n"));
}

TEST_F(CampaignTest, ResumingContinuesTheCounts) {
  const std::string body =
      "mkdir -p $PXDFUZZ_FINDINGS/a.short\n" +
      Write(R"({"executions": 9, "findings": {"a.short": 4}})");
  ASSERT_EQ(RunTarget(body).code, 1);
  // Not without --resume.
  const Ran again = RunTarget(body);
  EXPECT_EQ(again.code, 2);
  EXPECT_THAT(again.out, HasSubstr("is not empty; --resume continues"));
  const Ran resumed = RunTarget(body, "--resume");
  EXPECT_EQ(resumed.code, 1);
  EXPECT_THAT(resumed.out, HasSubstr("2 sessions"));
  EXPECT_EQ(Stats()["executions"], 18u);
  EXPECT_EQ(Stats()["sessions"], 2u);
  EXPECT_EQ(Contents(Out("findings/a.short/count")), "8\n");
}

// Changes and expected failures of all sessions together; keys without a
// meaning here are left out.
TEST_F(CampaignTest, SumsUpTheTargetsCounts) {
  const std::string body = Write(R"({"executions": 1000, "judged": 900,
      "changing": {"cases": 800, "requests": 1100, "met": 600},
      "impossible": {"maps-over": 7}, "what": "else", "more": [1],
      "expected_failures": {"static-by-value": {"vacuous-recheck": 9,
                                                "stack-escape": 4}},
      "dropped": {"static-lockless": 250, "x": "y"},
      "spaces": {"s390/3": {"cases": 5}}})");
  const Ran ran = RunTarget(body);
  EXPECT_EQ(ran.code, 0) << ran.out;
  EXPECT_THAT(ran.out,
              HasSubstr("  changing cases    800\n"
                        "  met by a walk     600 of 1,100 requests\n"
                        "  dropped pages     static-lockless        250 times\n"
                        "  impossible        maps-over              7 times\n"
                        "  expected failures static-by-value        "
                        "stack-escape     4 times\n"
                        "                    static-by-value        "
                        "vacuous-recheck  9 times\n"
                        "  new findings      0\n"));
  const Ran resumed = RunTarget(body, "--resume");
  EXPECT_THAT(resumed.out, HasSubstr("  met by a walk     1,200 of 2,200 req"));
  EXPECT_THAT(resumed.out, HasSubstr("static-lockless        500 times\n"));
  const nlohmann::json stats = Stats();
  EXPECT_EQ(stats["expected_failures"]["static-by-value"]["stack-escape"], 8u);
  EXPECT_EQ(stats["spaces"]["s390/3"]["cases"], 10u);
  EXPECT_FALSE(stats.contains("what") || stats.contains("more"));
}

TEST_F(CampaignTest, UnitesTheCellsOfAllProcesses) {
  const Ran ran =
      Run(Target("case $PXDFUZZ_STATS in\n"
                 "*job-1*) mask=21 ;;\n*) mask=0120 ;;\nesac\n"
                 "echo '{\"executions\": 3, \"judged\": 2, \"cells\": "
                 "{\"possible\": 16, \"mask\": \"'$mask'\"}}' > "
                 "$PXDFUZZ_STATS") +
          " --jobs=2 --out=" + Scratch("out"));
  EXPECT_EQ(ran.code, 0) << ran.out;
  EXPECT_EQ(
      Stats()["cells"],
      (nlohmann::json{{"mask", "2120"}, {"possible", 16}, {"reached", 3}}));
}

TEST_F(CampaignTest, AFileOfAnotherVersionIsNotResumed) {
  ASSERT_EQ(RunTarget(WorksWell()).code, 0);
  for (const char* text : {"", "{", "[1]", R"({"target": "target"})"}) {
    std::ofstream(Out("stats.json")) << text;
    const Ran ran = RunTarget(WorksWell(), "--resume");
    EXPECT_EQ(ran.code, 2) << text;
    EXPECT_EQ(ran.out, "pxdfuzz: " + Out("stats.json").string() +
                           ": is not what a campaign of this version wrote\n");
  }
}

TEST_F(CampaignTest, ACrashBecomesAFinding) {
  // It dies once, and succeeds the second time.
  const std::string once = Scratch("once");
  const Ran ran = RunTarget(
      WorksWell() + "[ ! -e " + once +
      " ] || exit 0\n"
      "touch " +
      once +
      "\n"
      "printf 'A\\001' > ${prefix}crash-12ab\n"
      "echo '==7==ERROR: AddressSanitizer: bad'\n"
      "echo 'SUMMARY: AddressSanitizer: heap-use-after-free /a/b.cc:1:2 in F'\n"
      "exit 77");
  EXPECT_EQ(ran.code, 1) << ran.out;
  const fs::path finding =
      Out("findings/crash.AddressSanitizer.heap-use-after-free.F");
  EXPECT_EQ(Contents(finding / "input"), "A\1");
  EXPECT_THAT(Contents(finding / "report.txt"), HasSubstr("==7==ERROR"));
  EXPECT_THAT(Contents(finding / "case.yaml"), HasSubstr("empty case"));
  EXPECT_EQ(Contents(finding / "count"), "1\n");
  // Executions of both runs.
  EXPECT_EQ(Stats()["executions"], 6u);
}

TEST_F(CampaignTest, ATargetThatDoesNotStartFailsTheCampaign) {
  const Ran ran = RunTarget("echo 'no such luck' >&2; exit 1");
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(
      ran.out,
      EndsWith("/target: job-1 does not start; its log ends with: no such "
               "luck\n"));
}

TEST_F(CampaignTest, ATargetThatCannotStoreFindingsFailsTheCampaign) {
  const Ran ran = RunTarget(WorksWell() + "echo 'pxdfuzz: full' >&2; exit 3");
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.out, HasSubstr("\npxdfuzz: full\n"));
}

// A process that ignores the signal is killed.
TEST_F(CampaignTest, ATargetThatDoesNotEndFailsTheCampaign) {
  const Ran ran = RunTarget(
      "trap '' USR1 TERM INT\n" + WorksWell() + "while :; do sleep 1; done",
      "--seconds=1 --patience=2");
  EXPECT_EQ(ran.code, 3) << ran.out;
  EXPECT_THAT(ran.out,
              EndsWith("/target: job-1 hangs: it did not end within 2 s of "
                       "being asked to; its log ends with: it printed "
                       "nothing\n"));
  EXPECT_EQ(Stats()["executions"], 3u);
}

TEST_F(CampaignTest, ATargetThatExecutesNothingMoreHangs) {
  const Ran ran =
      RunTarget(WorksWell() + "echo reading\nexec sleep 300", "--patience=1");
  EXPECT_EQ(ran.code, 3) << ran.out;
  EXPECT_THAT(ran.out, EndsWith("/target: job-1 hangs: it has executed nothing "
                                "for 1 s, and 3 inputs before that; its log "
                                "ends with: reading\n"));
}

// A target that continues does not hang, however long it takes.
TEST_F(CampaignTest, ATargetThatContinuesDoesNotHang) {
  const Ran ran = RunTarget(
      "trap 'exit 0' USR1\n"
      "i=0\n"
      "while :; do\n"
      "  i=$((i + 1))\n"
      "  echo \"{\\\"executions\\\": $i, \\\"judged\\\": 1}\" > "
      "$PXDFUZZ_STATS.new\n"
      "  mv $PXDFUZZ_STATS.new $PXDFUZZ_STATS\n"
      "  sleep 0.1\n"
      "done",
      "--seconds=7 --patience=3");
  EXPECT_EQ(ran.code, 0) << ran.out;
}

TEST_F(CampaignTest, ATargetThatExecutesNothingFailsTheCampaign) {
  const Ran ended = RunTarget("exit 0");
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.out, EndsWith("/target: job-1 ended and has executed "
                                  "nothing; its log ends with: it printed "
                                  "nothing\n"));
  const Ran waited =
      RunTarget("trap 'exit 0' USR1\nwhile :; do sleep 0.1; done",
                "--resume --seconds=1");
  EXPECT_EQ(waited.code, 3);
  EXPECT_THAT(waited.out, HasSubstr("/target: nothing was executed in 1."));
}

TEST_F(CampaignTest, ATargetThatComparesNothingFailsTheCampaign) {
  const Ran ran =
      RunTarget(Write(R"({"executions": 4000, "skipped": 1000, "judged": 0})"));
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.out, EndsWith("/target: nothing was compared: 4,000 "
                                "executions, all of them skipped or "
                                "inconclusive; see " +
                                Out("log").string() + "\n"));
  // Comparisons of an earlier session do not count.
  fs::remove_all(Scratch("out"));
  ASSERT_EQ(RunTarget(WorksWell()).code, 0);
  EXPECT_EQ(RunTarget(Write(R"({"executions": 1})"), "--resume").code, 3);
}

// Not so if there are few executions, or if inputs are left out on request.
TEST_F(CampaignTest, ATargetOfEmptyCasesFailsTheCampaign) {
  const auto run = [&](const char* stats) {
    fs::remove_all(Scratch("out"));
    return RunTarget(Write(stats));
  };
  const Ran ran =
      run(R"({"executions": 10000, "empty": 5001, "judged": 4999})");
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.out, EndsWith("/target: 5,001 of 10,000 executions were of "
                                "inputs that mean the empty case; see " +
                                Out("log").string() + "\n"));
  EXPECT_EQ(run(R"({"executions": 10000, "empty": 5000, "judged": 5000})").code,
            0);
  EXPECT_EQ(run(R"({"executions": 9999, "empty": 9998, "judged": 1})").code, 0);
  EXPECT_EQ(run(R"({"executions": 10000, "skipped": 9999, "judged": 1})").code,
            0);
}

TEST_F(CampaignTest, RunsAProcessPerProcessorByDefault) {
  const Ran ran = Run(Target(WorksWell()) + " --out=" + Scratch("out"));
  EXPECT_EQ(ran.code, 0) << ran.out;
  EXPECT_EQ(Stats()["executions"], 3 * std::thread::hardware_concurrency());
}

TEST_F(CampaignTest, FailsOnAFullDisk) {
  // /dev/full acts as a full disk: nothing can be created below it.
  const Ran ran = Run(Target("exit 0") + " --out=/dev/full/out");
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.out, HasSubstr("/dev/full/out/corpus: cannot be made"));
}

// If its log is on the same disk, a target cannot even report the error.
TEST_F(CampaignTest, ReportsATargetsFullDisk) {
  const SmallDisk disk(scratch_ / "out", 64 * SmallDisk::kPage);
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  const Ran ran = RunTarget(
      WorksWell() +
      "cat /dev/zero > $PXDFUZZ_FINDINGS/.new-a 2> /dev/null\n"
      "yes pxdfuzz: a finding cannot be written there | head -n 1000 >&2\n"
      "exit 3");
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.out, EndsWith("\npxdfuzz: " + Out("findings").string() +
                                ": a finding could not be kept; " +
                                Out("findings/.new-probe").string() +
                                ": cannot be written: No space left on "
                                "device\n"));
}

// A program that replaces taskset, which starts afl-fuzz, and prints its
// arguments.
TEST_F(CampaignTest, UsesTheMutatorUnderAfl) {
  fs::create_directory(Scratch("bin"));
  std::ofstream(Scratch("bin/taskset"))
      << "#!/bin/sh\n"
         "echo ${AFL_CUSTOM_MUTATOR_LIBRARY##*/} \"$@\" >> "
      << Scratch("got") << "\nexit 1\n";
  chmod(Scratch("bin/taskset").c_str(), 0755);
  std::ofstream(Scratch("case_mutator.so")) << ' ';
  const std::string path = getenv("PATH");
  setenv("PATH", (Scratch("bin") + ':' + path).c_str(), 1);
  fs::copy_file("/bin/true", Scratch("gup_fuzzer"));
  Run(Scratch("gup_fuzzer") + " --engine=afl --out=" + Scratch("out"));
  const std::string got = Contents(Scratch("got"));
  EXPECT_THAT(got, StartsWith("case_mutator.so -c "));
  EXPECT_THAT(got, HasSubstr(" -G " + std::to_string(kMaxEncodedSize) + " "));
  setenv("PATH", path.c_str(), 1);
}

TEST_F(CampaignTest, RemovesUnfinishedFiles) {
  const std::string whole = "corpus/da39a3ee5e6b4b0d3255bfef95601890afd80709";
  const std::string cut = "corpus/86f7e437faa5a7fce15d1ddcb9eaeaea377667b8";
  ASSERT_EQ(RunTarget(WorksWell()).code, 0);
  fs::create_directories(Out("findings/.new-1-a.short"));
  fs::create_directories(Out("findings/a.short"));
  for (const std::string& name :
       {whole, cut, std::string("corpus/mine"),
        std::string("stats.json.Xy12Zw"),
        std::string("findings/a.short/count.Xy12Zw")}) {
    std::ofstream(Out(name)).flush();
  }
  const Ran ran = RunTarget(WorksWell(), "--resume");
  EXPECT_THAT(ran.out, StartsWith("pxdfuzz: " + Scratch("out") +
                                  ": 1 input was written in part, and "
                                  "removed\n"));
  EXPECT_TRUE(fs::exists(Out(whole)));
  EXPECT_TRUE(fs::exists(Out("corpus/mine")));
  EXPECT_FALSE(fs::exists(Out(cut)));
  EXPECT_FALSE(fs::exists(Out("stats.json.Xy12Zw")));
  EXPECT_FALSE(fs::exists(Out("findings/.new-1-a.short")));
  EXPECT_TRUE(fs::is_empty(Out("findings/a.short")));
}

// Killed before it had read why its target died.
TEST_F(CampaignTest, ACrashOfAKilledCampaignBecomesAFinding) {
  ASSERT_EQ(RunTarget(WorksWell()).code, 0);
  std::ofstream(Out("log/job-1.crash-12ab")) << "A\1";
  std::ofstream(Out("log/job-1.log"))
      << "SUMMARY: Tool: bad /a/b.cc:1:2 in F\n";
  // The output of the next one does not matter.
  EXPECT_EQ(
      RunTarget(WorksWell() + "echo 'SUMMARY: Tool: other'", "--resume").code,
      1);
  EXPECT_EQ(Contents(Out("findings/crash.Tool.bad.F/input")), "A\1");
  EXPECT_FALSE(fs::exists(Out("log/job-1.crash-12ab")));
}

TEST_F(CampaignTest, KnownIssuesDoNotFailUntilTheyExpire) {
  const std::string known = Scratch("known.yaml");
  std::ofstream(known)
      << "- {signature: a.*, reason: r, link: l1, expires: 9999-12-31}\n"
      << "- {signature: b.*, reason: r, link: l2, expires: 2020-01-01}\n"
      << "- {signature: c.*, reason: r, link: l3, expires: 9999-12-31}\n";
  const auto body = [](const std::string& signature) {
    return "mkdir -p $PXDFUZZ_FINDINGS/" + signature + '\n' +
           Write(R"({"executions": 9, "findings": {")" + signature +
                 R"(": 4}})");
  };
  const Ran covered = RunTarget(body("a.short"), "--known=" + known);
  EXPECT_EQ(covered.code, 0) << covered.out;
  EXPECT_THAT(covered.out, HasSubstr("known findings    1\n"));
  EXPECT_THAT(covered.out, HasSubstr("b.* expired on 2020-01-01 (l2)"));
  EXPECT_THAT(covered.out, HasSubstr("c.* was not met (l3)"));
  const Ran expired = RunTarget(body("b.short"), "--resume --known=" + known);
  EXPECT_EQ(expired.code, 1) << expired.out;
}

// With scripts that replace both targets.
class DemonstrationTest : public CampaignTest {
 protected:
  // `strict` looks for the bug; it must write its input to $artifact.
  Ran Demonstrate(const std::string& strict,
                  const std::string& all = WorksWell()) const {
    const std::string folder = Scratch("bin");
    fs::create_directories(folder);
    for (const auto& [name, body] :
         {std::pair{"gup_strict_fuzzer", strict}, {"gup_fuzzer", all}}) {
      const std::string file = folder + '/' + name;
      std::ofstream(file)
          << "#!/bin/sh\n"
             "for word; do case $word in\n"
             "  -exact_artifact_path=*) artifact=${word#*=} ;;\n"
             "esac; done\n"
          << body;
      chmod(file.c_str(), 0755);
    }
    return Run(folder +
               " --demonstration --jobs=1 --seconds=1 --out=" + Scratch("out"));
  }
  // Finds what a file shows, and reports it if it is run on a file.
  static std::string Finds(const std::string& name) {
    return "[ -n \"$artifact\" ] || {\n"
           "  echo 'pxdfuzz: FINDING x'; echo the report;\n"
           "  echo 'pxdfuzz: end of report'; exit 77; }\n" +
           Write(R"({"executions": 1234, "judged": 1000})") +
           "cp corpus/regressions/" + name + " $artifact; exit 77\n";
  }
};

TEST_F(DemonstrationTest, FindsTheBugShrinksItAndFuzzes) {
  const Ran ran = Demonstrate(Finds("thread-wrong-page.bin"));
  EXPECT_EQ(ran.code, 0) << ran.out;
  EXPECT_THAT(ran.out, HasSubstr("... found after 1,234 executions ("));
  EXPECT_THAT(ran.out, HasSubstr("\npxdfuzz: FINDING x\nthe report\n"));
  EXPECT_THAT(ran.out,
              HasSubstr("    signature       "
                        "s390-3.static-by-value.wrong-page.pte-leaf\n"));
  EXPECT_THAT(ran.out, EndsWith("  executions        3\n"
                                "  new findings      0\n"));
  EXPECT_LT(fs::file_size(Out("known-bug.small")),
            fs::file_size(Out("known-bug")));
}

TEST_F(DemonstrationTest, ExitsWithOneWithoutTheBugOrWithMore) {
  const Ran none =
      Demonstrate(Write(R"({"executions": 1000000, "judged": 9})"));
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.out, HasSubstr("not found in 1,000,000 executions ("));
  fs::remove_all(Scratch("out"));
  const Ran another = Demonstrate(Finds("thread-short.bin"));
  EXPECT_EQ(another.code, 1);
  EXPECT_THAT(another.out,
              HasSubstr("found another, s390-3.static-by-value.short."));
  fs::remove_all(Scratch("out"));
  const Ran more = Demonstrate(
      Finds("thread-wrong-page.bin"),
      "mkdir -p $PXDFUZZ_FINDINGS/a.short\n" +
          Write(R"({"executions": 9, "findings": {"a.short": 4}})"));
  EXPECT_EQ(more.code, 1);
}

TEST_F(DemonstrationTest, FailsIfATargetFails) {
  const Ran dead = Demonstrate("echo broken; exit 1");
  EXPECT_EQ(dead.code, 3);
  EXPECT_THAT(dead.out, HasSubstr("gup_strict_fuzzer: ended with 1 and no "
                                  "finding; see "));
  fs::remove_all(Scratch("out"));
  // Its alleged finding shows none.
  const Ran wrong = Demonstrate(Finds("old-page-written.bin"));
  EXPECT_EQ(wrong.code, 3);
  EXPECT_THAT(wrong.out, HasSubstr("/known-bug: shows no finding, and "));
  fs::remove_all(Scratch("out"));
  EXPECT_EQ(Demonstrate(Finds("thread-wrong-page.bin"), "exit 0").code, 3);
}

TEST_F(CampaignTest, ReportsWrongUsageInOneLine) {
  const std::string target = Target("exit 0");
  const std::string out = " --out=" + Scratch("out");
  EXPECT_EQ(Run(target).out, "pxdfuzz: campaign: --out=FOLDER is wanted\n");
  EXPECT_EQ(Run(target + out + " --jobs=0").out,
            "pxdfuzz: campaign: --jobs=0: a whole number from 1 on is "
            "wanted\n");
  EXPECT_EQ(Run(target + out + " --engine=x").out,
            "pxdfuzz: campaign: --engine=x: there are libfuzzer and afl\n");
  EXPECT_THAT(Run(target + out + " --seeds=/nowhere").out,
              StartsWith("pxdfuzz: /nowhere: is no folder that can be read"));
  EXPECT_EQ(
      Run(target + out + " --resume").out,
      "pxdfuzz: " + Scratch("out") + ": there is no campaign to resume\n");
  EXPECT_EQ(Run("/nowhere" + out).out,
            "pxdfuzz: /nowhere: is no program that can be run\n");
  EXPECT_FALSE(fs::exists(Scratch("out")));
}

TEST(KnownIssuesTest, ReadsAList) {
  const auto issues = ReadKnownIssues(
      "- signature: a.*\n  reason: why\n  link: where\n  expires: 2027-06-30\n",
      "f");
  ASSERT_TRUE(issues.ok()) << issues.status();
  ASSERT_EQ(issues->size(), 1u);
  const KnownIssue& issue = issues->front();
  EXPECT_TRUE(Matches(issue, "a.short"));
  EXPECT_FALSE(Matches(issue, "b.a.short"));
  EXPECT_FALSE(IsExpired(issue, "2027-06-30"));
  EXPECT_TRUE(IsExpired(issue, "2027-07-01"));
  EXPECT_TRUE(ReadKnownIssues("", "f")->empty());
}

TEST(KnownIssuesTest, ReportsThePositionOfAnError) {
  const auto error = [](const std::string& text) {
    return std::string(ReadKnownIssues(text, "f").status().message());
  };
  EXPECT_EQ(error("a: b"), "f:1:1: a list of issues is wanted");
  EXPECT_EQ(error("- {signature: a, reason: b, link: c}"),
            "f:1:3: found no expires; signature, reason, link and expires are "
            "wanted");
  EXPECT_EQ(error("- {signature: a, reason: b, link: c, expires: 2027-02-30}"),
            "f:1:47: expires: found '2027-02-30'; a day such as 2027-06-30 is "
            "wanted");
  EXPECT_EQ(error("- {sig: a}"),
            "f:1:4: found 'sig'; signature, reason, link and expires are "
            "wanted");
}

}  // namespace
}  // namespace pxdfuzz
