// SPDX-License-Identifier: MIT

#include "src/cli/commands.h"

namespace pxdfuzz {
namespace {

constexpr size_t kAny = 1'000'000;

constexpr Flag kOutput = {"--output", "OUT", "write to the file OUT; also -o"};
constexpr Flag kForce = {"--force", "", "replace OUT if it is there"};
constexpr Flag kJson = {"--json", "", "the same as one JSON document"};
constexpr Flag kJobs = {"--jobs", "N",
                        "processes (default: one per processor)"};
constexpr Flag kKnown = {"--known", "FILE", "accepted findings; YAML"};
constexpr Flag kOnlyWalk = {"--walk", "NAME",
                            "only that walk, of the model or kernel-..."};
constexpr Flag kWalk = {"--walk", "NAME",
                        "the walk; 'pxdfuzz walks' names them"};
// Of commands that compile kernel code.
constexpr Flag kSource = {"--source", "FOLDER", "the sources of pxdfuzz"};
constexpr Flag kCompiler = {"--compiler", "PROGRAM",
                            "clang++ of version 16 or later"};

}  // namespace

const std::vector<Command>& Commands() {
  static const auto& commands = *new std::vector<Command>{
      {.name = "replay",
       .operands = "FILE|FOLDER...",
       .least = 1,
       .most = kAny,
       .summary = "judge cases by all twelve walks, one line per case",
       .help =
           "Prints for each case whether all walks agree with the reference: "
           "agrees; expected failure, with the walks and the cause; FINDING, "
           "with its signature; or inconclusive, with the reason, which is "
           "not an agreement. A folder stands for all files at or below it. "
           "--walk judges only that walk, of the model or of a kernel tree: "
           "'pxdfuzz walks' lists the walks.",
       .example = "pxdfuzz replay corpus/regressions",
       .flags = {kOnlyWalk,
                 {"--strict", "", "expected failures are findings too"},
                 kJson},
       .run = RunReplay},
      {.name = "explain",
       .operands = "FILE",
       .least = 1,
       .most = 1,
       .summary = "explain how a walk went through a case, step by step",
       .help =
           "Explains one walk and one request: what differs and why, the case, "
           "the pages with the reference's, and the iterations of the walk's "
           "loops around the first difference. --full adds the "
           "tables, every relevant iteration and the reference's path. "
           "Without --walk and --request it explains the first request and "
           "walk that disagree, or static-lockless if none does. A walk may "
           "be kernel code, kernel-...: then each read has its file and line.",
       .example = "pxdfuzz explain corpus/regressions/thread-wrong-page.yaml",
       .flags = {kWalk,
                 {"--request", "N", "the request, counted from 1"},
                 {"--full", "", "all details"},
                 {"--html", "OUT", "a page with a drawing, to the file OUT"},
                 {"--mail", "",
                  "all details in plain text of 72 columns, for a mailing "
                  "list"},
                 {"--json", "", "one JSON object; docs/explain-json.md"},
                 kForce},
       .run = RunExplain},
      {.name = "decode",
       .operands = "FILE",
       .least = 1,
       .most = 1,
       .summary = "write a case as text",
       .help = "Writes canonical text (default: to standard output).",
       .example = "pxdfuzz decode crash-1 -o crash-1.yaml",
       .flags = {kOutput, kForce},
       .run = RunDecode},
      {.name = "encode",
       .operands = "FILE",
       .least = 1,
       .most = 1,
       .summary = "write a case as bytes, the input of fuzz targets",
       .help = "Writes canonical bytes (default: to standard output).",
       .example = "pxdfuzz encode crash-1.yaml -o crash-1",
       .flags = {kOutput, kForce},
       .run = RunEncode},
      {.name = "migrate",
       .operands = "FILE|FOLDER...",
       .least = 1,
       .most = kAny,
       .summary = "convert cases of version 1 to version 2, in place",
       .help = "Bytes become canonical. Texts keep all but their version. A "
               "file that is named after the SHA-1 of its content, as a "
               "corpus's files are, gets its new name. Each case is judged "
               "before and after; a file is replaced only if both are alike. "
               "In folders, files that hold no case are left alone.",
       .example = "pxdfuzz migrate corpus",
       .flags = {},
       .run = RunMigrate},
      {.name = "export",
       .operands = "FILE",
       .least = 1,
       .most = 1,
       .summary = "write a case as a test or a C program",
       .help = "Writes the first request and walk that disagree with the "
               "reference, or those of --walk. gtest: a test against the "
               "library, which fails as long as the walk is wrong. c: a "
               "program for a real Linux machine, which maps the case's pages "
               "and lets gup_fast collect them; it lists what it cannot "
               "reproduce.",
       .example = "pxdfuzz export --as=c -o case.c "
                  "corpus/regressions/thread-wrong-page.yaml",
       .flags = {{"--as", "FORM", "gtest or c"}, kWalk, kOutput, kForce},
       .run = RunExport},
      {.name = "shrink",
       .operands = "FILE",
       .least = 1,
       .most = 1,
       .summary = "make a case with a finding as simple as possible",
       .help =
           "Removes from the case what its finding does not need: requests, "
           "mappings, pages, then unusual states, addresses and frames. It "
           "keeps the signature of the first finding: one that is not an "
           "expected failure, otherwise one that gup_strict_fuzzer finds (or "
           "gup_race_strict_fuzzer if tables change), otherwise any failure "
           "of a walk. Nothing in the result can be left out, and on s390 "
           "cases with one signature nearly always shrink to one text. If "
           "SIG is a pattern, any finding that matches will do. A walk may "
           "be kernel code (see 'pxdfuzz walks'). Ctrl-C writes the smallest "
           "case so far and exits with 130. Without a finding it exits with "
           "3 and writes nothing. OUT is text if it ends in .yaml, .yml or "
           ".txt.",
       .example = "pxdfuzz shrink crash-1 -o crash-1.yaml",
       .flags = {kOutput,
                 kForce,
                 {"--walk", "NAME", "only findings of this walk"},
                 {"--signature", "SIG", "this finding; * matches anything"},
                 {"--text", "", "write text, whatever the name of OUT"},
                 {"--bytes", "", "write bytes, whatever the name of OUT"}},
       .run = RunShrink},
      {.name = "triage",
       .operands = "FOLDER",
       .least = 1,
       .most = 1,
       .summary = "summarize a folder of crashes, one case for each kind",
       .help =
           "Sorts all files at or below FOLDER by the signature of their "
           "finding, which it selects as shrink does, and writes Markdown: "
           "the numbers, a small case for each kind, which are known, and "
           "the files that are not cases. Exits with 1 if there is a finding "
           "that is not known, with 3 if no file is a case.",
       .example = "pxdfuzz triage build/crashes -o crashes.md",
       .flags = {kOutput, kForce, kOnlyWalk, kKnown},
       .run = RunTriage},
      {.name = "new",
       .operands = "",
       .summary = "write a first case, from a few flags",
       .help = "Writes the text of a case whose one request crosses a "
               "boundary, with pages mapped on both sides, and comments with "
               "suggested changes.",
       .example = "pxdfuzz new --levels=3 --cross=2G | pxdfuzz explain -",
       .flags = {{"--arch", "ARCH", "the architecture (default: s390)"},
                 {"--levels", "N", "levels of tables"},
                 {"--cross", "SIZE", "a boundary at each SIZE: 1M, 2G, 4T"},
                 {"--pages", "N",
                  "pages of the request, 2 to 512 (default: 2)"},
                 {"--write", "", "the request is for writing"},
                 {"--leaf", "LEVEL",
                  "leaves of pte, pmd or pud (default: pte)"},
                 {"--state", "STATE", "of the pages (default: rw young dirty)"},
                 {"--stack", "CONTENT", "copy, next or zero (default: copy)"},
                 kOutput,
                 kForce},
       .run = RunNew},
      {.name = "exhaust",
       .operands = "",
       .summary = "test every small address space",
       .help =
           "Walks all possible tables, up to symmetry, of tiny address "
           "spaces of s390: 1 and 2 index bits per level, 2 to 5 levels, "
           "short ranges at each page. Prints for each walk how many "
           "behaviours there are, whether the loop invariant holds "
           "(pXdp == pXd_offset(parent, addr) in each iteration), and "
           "whether any behaviour differs from the reference: holds; "
           "broken, with the cause of the expected failure and how many "
           "differ; or DIFFERS, which is a finding, with the first one. Then "
           "the same while another processor changes an entry in one step: "
           "any entry that the walk has read, to every value that Linux "
           "would write, before each read and each reference.",
       .example = "pxdfuzz exhaust --pages=12 --changes=0",
       .flags = {{"--pages", "N",
                  "maximum pages of a range, 1 to 64 (default: 4)"},
                 {"--changes", "N",
                  "the same while an entry changes, or 0 (default: 4)"},
                 {"--index-bits", "N", "1, 2 or both (default: both)"},
                 {"--levels", "N", "only 2, 3, 4 or 5"},
                 {"--walk", "NAME", "one walk; 'pxdfuzz walks' names them"},
                 kJson},
       .run = RunExhaust},
      {.name = "walks",
       .operands = "",
       .summary = "list the walks, and where each is known to be wrong",
       .help = "For each walk: its choice on each axis with the kernel's code, "
               "the paging modes in which it holds, and those in which it is "
               "expected to fail, with the cause. Then the programs "
               "kernel-... in the folder of this program, or in the folder "
               "PXDFUZZ_KERNEL_PROGRAMS: walks compiled from Linux trees.",
       .example = "pxdfuzz walks",
       .run = RunWalks},
      {.name = "matrix",
       .operands = "",
       .summary = "test every walk in every paging mode",
       .help = "Runs all twelve walks on random cases of each paging mode and "
               "on all small worlds (pxdfuzz exhaust), and compares them with "
               "the reference: a table of where each walk holds, and where it "
               "does not, the reason and a case that shows it. A star means "
               "that the loop invariant of the thread is broken although the "
               "pages are right. The cases are the same each time. Then the "
               "same while tables change between two reads, with gup_fast's "
               "recheck. Below that both for kernel code, if there is any: "
               "holds; known, with the requests that a known finding "
               "explains; broken, for a variant that shows a bug; FINDING.",
       .example = "pxdfuzz matrix",
       .flags = {{"--cases", "N", "cases of each kind (default: 100000)"},
                 {"--kernel-cases", "N",
                  "the same for kernel code (default: 2000)"},
                 {"--no-kernel", "", "leave out kernel code"},
                 {"--json", "", "all counts, as one JSON document"}},
       .run = RunMatrix},
      {.name = "check",
       .operands = "TREE",
       .least = 1,
       .most = 1,
       .summary = "check a kernel tree, with a patch or without",
       .help =
           "Compiles the lockless page table walks of a kernel tree for each "
           "architecture, paging mode and configuration, runs the regressions "
           "and seeds, then fuzzes until each cell of that table has reached "
           "its floor, and says what holds. TREE is a folder, an archive, "
           "REPOSITORY@REVISION or debian:VERSION, and is never written to. "
           "Ends with 0 where it holds, 1 with findings, 2 for wrong usage, 3 "
           "where something could not be checked.",
       .example = "pxdfuzz check ../linux --patch=my-change.mbox",
       .flags = {{"--patch", "FILE",
                  "a diff, a mail or an mbox to apply first; - is standard "
                  "input"},
                 {"--against", "TREE",
                  "runs the same cases on that tree or revision too"},
                 {"--bisect", "FINDING",
                  "exit codes for git bisect run: 0, 1, 125, 128"},
                 {"--kconfig", "FILE",
                  "a .config or autoconf.h, one more configuration"},
                 {"--arch", "NAME,...", "s390, x86-64, arm64-16k; all of them"},
                 {"--walkers", "NAME,...", "gup_fast, page_size; all of them"},
                 {"--configurations", "NAME,...",
                  "no-numa, no-hugetlb, no-thp, debug-vm, besides as-is; all "
                  "of them"},
                 {"--seconds", "N|auto",
                  "how long to fuzz (auto: until all floors are reached)"},
                 kJobs,
                 {"--out", "FOLDER",
                  "where everything is kept (a folder of build/check for each "
                  "tree and patch)"},
                 {"--resume", "", "continue with what is in FOLDER"},
                 {"--empty-corpus", "", "fuzz without regressions and seeds"},
                 {"--json", "FILE", "the verdict as JSON"},
                 {"--junit", "FILE", "the verdict as JUnit's XML"},
                 kSource,
                 kCompiler},
       .run = RunCheck},
      {.name = "verdicts",
       .operands = "FILE...",
       .least = 1,
       .most = kAny,
       .summary = "tabulate verdicts of check, one row per architecture",
       .help = "Reads files that 'pxdfuzz check --json' wrote, and prints a "
               "table in Markdown: executions, findings and known findings of "
               "each tree and architecture. A check that failed or executed "
               "nothing is an error (exit code 3).",
       .example = "pxdfuzz verdicts 6.1.json 6.12.json",
       .run = RunVerdicts},
      {.name = "bugs",
       .operands = "[NAME...]",
       .least = 0,
       .most = kAny,
       .summary = "look for the bugs on record in kernel trees",
       .help =
           "Puts each bug of tests/bugs, or each of those named, into a copy "
           "of a kernel tree, by the bug's rule, and looks for it from an "
           "empty corpus, with at most 50,000 executions for each seed. Prints "
           "the executions that this took. Ends with 1 where a bug is not "
           "found with every seed, or found where it must not be, and with 3 "
           "where a rule fits nowhere or changes nothing. "
           "docs/bugs-on-record.md holds the table of --markdown.",
       .example = "pxdfuzz bugs --tree=debian:6.12 --seeds=11",
       .flags = {{"--seeds", "N", "searches for each (default: 3)"},
                 {"--tree", "TREE,...",
                  "trees as of 'check' (default: debian:6.12,debian:6.1)"},
                 {"--one-tree", "",
                  "only the first tree that a bug applies to"},
                 {"--markdown", "FILE",
                  "writes the table of docs/bugs-on-record.md"},
                 kJobs,
                 kSource,
                 kCompiler},
       .run = RunBugs},
      {.name = "campaign",
       .operands = "TARGET",
       .least = 1,
       .most = 1,
       .summary = "fuzz with several processes and store their findings",
       .help =
           "Runs several processes of a fuzz target on one corpus. The folder "
           "OUT holds corpus/, findings/ (a folder for each signature: input, "
           "case.yaml, report.txt, count), stats.json and log/. Ctrl-C ends "
           "it and keeps everything. Exits with 0 if nothing new was found, "
           "1 with new findings, 2 for wrong usage, 3 if the campaign failed: "
           "a target does not start or hangs, or nothing was executed or "
           "compared. With --demonstration TARGET is a folder of targets: "
           "gup_strict_fuzzer finds the bug of 2020 without seeds, its input "
           "is minimized, then gup_fuzzer runs; that exits with 0 if this bug "
           "was found and nothing else.",
       .example = "pxdfuzz campaign build/fuzz/bin/gup_fuzzer --jobs=2 "
                  "--seconds=600 --out=build/campaign",
       .flags = {{"--out", "FOLDER", "the folder for all results"},
                 {"--resume", "", "continue the campaign in FOLDER"},
                 kJobs,
                 {"--seconds", "N", "duration (default: until Ctrl-C)"},
                 {"--patience", "N",
                  "seconds without an execution after which a process counts "
                  "as hanging (default: 60)"},
                 {"--engine", "NAME", "libfuzzer (default) or afl"},
                 {"--sanitized", "PROGRAM", "the target of the last process"},
                 {"--seeds", "FOLDER,...", "initial inputs"},
                 {"--dict", "FILE", "a dictionary"},
                 kKnown,
                 {"--demonstration", "", "find a known bug first"}},
       .run = RunCampaign},
      {.name = "sites",
       .operands = "TREE",
       .least = 1,
       .most = 1,
       .summary = "find the walks of page tables in a Linux tree",
       .help =
           "Finds each use of pXd_addr_end() and pXd_offset() in the .c and .h "
           "files of the tree in the folder TREE, and prints what the offset "
           "gets: by-pointer, a pointer into a table; lockless, a pointer and "
           "the value; by-value, the address of a copy; root, without an "
           "entry above. In functions with such a use it counts the reads of "
           "entries: once, by READ_ONCE(*pXdp), pXdp_get() or a lockless "
           "read, or plain, by *pXdp. A function that works on values and "
           "takes no lock itself may run without the lock. The scanner works "
           "on tokens: it does not see uses through other macros or functions "
           "(pmd_off(), pXd_none_or_clear_bad()), locks that a caller holds, "
           "entries read as pXdp[i] or through other types, or assembly, and "
           "it reads all branches of #if.",
       .example = "pxdfuzz sites --under=mm linux",
       .flags = {{"--list", "", "each use and read, with file and function"},
                 {"--under", "FOLDER", "only a folder of the tree"},
                 kJson},
       .run = RunSites},
      {.name = "claims",
       .operands = "",
       .summary = "test the claims of the thread of 2020",
       .help =
           "An experiment for each claim: holds, refuted, or open with what "
           "it needs; the tested cases or the case that shows it; who "
           "made it. The cases are the same each time; docs/claims.md has "
           "the output.",
       .example = "pxdfuzz claims",
       .flags = {kJson},
       .run = RunClaims},
      {.name = "contract",
       .operands = "",
       .summary = "print what gup_fast must return and must refuse",
       .help = "The table by which kernel code is judged, in Markdown: by the "
               "meaning of an entry, the kind of the page that it maps and the "
               "flags of the call. docs/contract.md has the output.",
       .example = "pxdfuzz contract",
       .flags = {},
       .run = RunContract},
  };
  return commands;
}

}  // namespace pxdfuzz
