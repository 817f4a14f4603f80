// SPDX-License-Identifier: MIT

#include "src/cli/commands.h"

namespace pxdfuzz {
namespace {

constexpr size_t kAny = 1'000'000;

constexpr Flag kOutput = {"--output", "OUT", "write to the file OUT; also -o"};
constexpr Flag kForce = {"--force", "", "replace OUT if it is there"};

}  // namespace

const std::vector<Command>& Commands() {
  static const auto& commands = *new std::vector<Command>{
      {.name = "replay",
       .operands = "FILE|FOLDER...",
       .least = 1,
       .most = kAny,
       .summary = "judge cases by all twelve walks, one line a case",
       .help =
           "Says of each case whether all walks agree with the reference: "
           "agrees; expected failure, with the walks and the cause; FINDING, "
           "with its signature; or inconclusive, and why, which is no "
           "agreement. Of a folder, all files at or below it are cases. "
           "With --walk, that walk is judged alone, of the model or of a "
           "kernel tree: 'pxdfuzz walks' lists what there is.",
       .example = "pxdfuzz replay corpus/regressions",
       .flags = {{"--walk", "NAME",
                  "that walk alone, of the model or kernel-..."},
                 {"--strict", "", "a expected failure is a finding as well"},
                 {"--json", "", "the same as one JSON document"}},
       .run = RunReplay},
      {.name = "explain",
       .operands = "FILE",
       .least = 1,
       .most = 1,
       .summary = "explain how a walk went through a case, turn by turn",
       .help =
           "Explains one walk and one request: what differs and why, the case, "
           "the pages beside the reference's and the turns around the first "
           "difference. --full adds the tables, every turn that matters and "
           "the reference's path. Without --walk and --request, the first "
           "request and walk that disagree, or where none does, "
           "static-lockless. A walk may be kernel code, kernel-...: each read "
           "then has its file and line.",
       .example = "pxdfuzz explain corpus/regressions/thread-wrong-page.yaml",
       .flags = {{"--walk", "NAME", "the walk; 'pxdfuzz walks' names them"},
                 {"--request", "N", "the request, counted from 1"},
                 {"--full", "", "everything that is known, not the short form"},
                 {"--html", "OUT", "a page with a drawing, to the file OUT"},
                 {"--json", "", "one JSON object; docs/explain-json.md"},
                 kForce},
       .run = RunExplain},
      {.name = "decode",
       .operands = "FILE",
       .least = 1,
       .most = 1,
       .summary = "write a case as text",
       .help = "Writes the case as canonical text, to standard output unless "
               "told otherwise.",
       .example = "pxdfuzz decode crash-1 -o crash-1.yaml",
       .flags = {kOutput, kForce},
       .run = RunDecode},
      {.name = "encode",
       .operands = "FILE",
       .least = 1,
       .most = 1,
       .summary = "write a case as bytes, as fuzz targets take them",
       .help = "Writes the case as canonical bytes, to standard output where "
               "that is no terminal.",
       .example = "pxdfuzz encode crash-1.yaml -o crash-1",
       .flags = {kOutput, kForce},
       .run = RunEncode},
      {.name = "export",
       .operands = "FILE",
       .least = 1,
       .most = 1,
       .summary = "write a case as a test, a C program or a mail",
       .help = "Writes the first request and walk that disagree with the "
               "reference, or what --walk says. gtest: a test against the "
               "library, which fails as long as the walk does. c: a program "
               "for a real Linux machine, which maps the case's pages and "
               "drives gup_fast over them; it says what of the case it cannot "
               "reproduce. mail: the report in plain text of 72 columns, of "
               "kernel code too.",
       .example = "pxdfuzz export --as=c -o case.c "
                  "corpus/regressions/thread-wrong-page.yaml",
       .flags = {{"--as", "FORM", "gtest, c or mail"},
                 {"--walk", "NAME", "the walk; 'pxdfuzz walks' names them"},
                 kOutput,
                 kForce},
       .run = RunExport},
      {.name = "shrink",
       .operands = "FILE",
       .least = 1,
       .most = 1,
       .summary = "make a case with a finding as simple as can be",
       .help =
           "Takes from the case what its finding does not need: requests, "
           "mappings, pages, then odd states, addresses and frames. It keeps "
           "the signature of the first finding that there is: what is no "
           "expected failure, else what gup_strict_fuzzer finds, or "
           "gup_race_strict_fuzzer where tables change, else what any walk "
           "gets wrong. Nothing that is left can be left out, and on s390 "
           "cases with one signature nearly always end in one text. With a "
           "pattern for SIG any finding like it will do. Kernel code is a "
           "walk as well: its program is asked (see 'pxdfuzz walks'). Ctrl-C "
           "ends it, writes the smallest case so far, and ends with 130. "
           "Where there is no finding it ends with 3 and writes nothing. OUT "
           "is text where it ends in .yaml, .yml or .txt.",
       .example = "pxdfuzz shrink crash-1 -o crash-1.yaml",
       .flags = {kOutput,
                 kForce,
                 {"--walk", "NAME", "what this walk gets wrong alone"},
                 {"--signature", "SIG", "this finding; * stands for anything"},
                 {"--text", "", "write text, whatever OUT is called"},
                 {"--bytes", "", "write bytes, whatever OUT is called"}},
       .run = RunShrink},
      {.name = "triage",
       .operands = "FOLDER",
       .least = 1,
       .most = 1,
       .summary = "sum up a folder of crashes, one case for each kind",
       .help =
           "Sorts all files at or below FOLDER by the signature of what they "
           "show, as shrink chooses it, and writes Markdown: how many, a small "
           "case for each kind, which are known, and the files that are no "
           "cases. Ends with 1 where there is a finding that is not known, "
           "with 3 where no file is a case.",
       .example = "pxdfuzz triage build/crashes -o crashes.md",
       .flags = {kOutput,
                 kForce,
                 {"--walk", "NAME",
                  "that walk alone, of the model or kernel-..."},
                 {"--known", "FILE", "findings that are known; YAML"}},
       .run = RunTriage},
      {.name = "new",
       .operands = "",
       .summary = "write a case to begin with, from a few flags",
       .help = "Writes the text of a case whose one request crosses a border, "
               "with pages mapped on both sides, and comments that say what "
               "may be changed.",
       .example = "pxdfuzz new --levels=3 --cross=2G | pxdfuzz explain -",
       .flags = {{"--arch", "ARCH", "the architecture (default: s390)"},
                 {"--levels", "N", "levels of tables"},
                 {"--cross", "SIZE", "a border at each SIZE: 1M, 2G, 4T"},
                 {"--pages", "N", "pages of the request, 2 to 512 (2)"},
                 {"--write", "", "the request is for writing"},
                 {"--leaf", "LEVEL", "leaves of pte, pmd or pud (pte)"},
                 {"--state", "STATE", "of the pages (rw young dirty)"},
                 {"--stack", "CONTENT", "copy, next or zero (copy)"},
                 kOutput,
                 kForce},
       .run = RunNew},
      {.name = "exhaust",
       .operands = "",
       .summary = "try every small address space there is",
       .help =
           "Walks all tables there are, up to symmetry, of tiny address "
           "spaces of s390: 1 and 2 index bits a level, 2 to 5 levels, "
           "short ranges at each page. Prints for each walk how many "
           "behaviours there are, whether the loop invariant was kept "
           "(pXdp == pXd_offset(parent, addr) at each turn), and whether "
           "any differs from the reference: holds; broken, with the cause "
           "of the expected failure and how many differ; or DIFFERS, which is "
           "a finding, with the first that does. Then the same while "
           "another processor changes an entry, in one step: any entry "
           "that the walk has read, into all that Linux makes of such, "
           "before each read and each reference.",
       .example = "pxdfuzz exhaust --pages=12 --changes=0",
       .flags = {{"--pages", "N", "pages of a range at most, 1 to 64 (4)"},
                 {"--changes", "N",
                  "the same while an entry is changed, or 0 (4)"},
                 {"--index-bits", "N", "1, 2 or both (both)"},
                 {"--levels", "N", "2, 3, 4 or 5 alone"},
                 {"--walk", "NAME", "one walk; 'pxdfuzz walks' names them"},
                 {"--json", "", "the same as one JSON document"}},
       .run = RunExhaust},
      {.name = "walks",
       .operands = "",
       .summary = "list the walks, and where each is known to be wrong",
       .help = "For each walk: its choice on each axis with the kernel's text, "
               "the kinds of address space where it holds, and those where it "
               "is known not to, with the cause. Then the programs kernel-... "
               "beside this one, or in the folder PXDFUZZ_KERNEL_PROGRAMS: "
               "walks compiled from Linux trees.",
       .example = "pxdfuzz walks",
       .run = RunWalks},
      {.name = "matrix",
       .operands = "",
       .summary = "try every walk in every kind of address space",
       .help = "Walks random cases of each kind of address space with all "
               "twelve walks, and all of the small worlds that there are "
               "(pxdfuzz exhaust), and compares with the reference: a table of "
               "where "
               "each walk holds, and where not, why, with the case that shows "
               "it. A star says that the loop invariant of the thread was "
               "broken although the pages were right. Same cases each time. "
               "Then the same while tables change between two reads, with "
               "gup_fast's recheck. "
               "Below that both for kernel code, where there is any: "
               "holds; known, with the requests that a known finding "
               "explains; broken, where a variant was made to show a bug; "
               "FINDING.",
       .example = "pxdfuzz matrix",
       .flags = {{"--cases", "N", "cases of each kind (default: 100000)"},
                 {"--kernel-cases", "N",
                  "the same for kernel code (default: 2000)"},
                 {"--no-kernel", "", "leaves kernel code out"},
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
                 {"--arch", "NAME,...", "s390, x86-64, arm64-16k; all of them"},
                 {"--walkers", "NAME,...", "gup_fast, page_size; all of them"},
                 {"--seconds", "N|auto",
                  "how long to fuzz (auto: until all floors are reached)"},
                 {"--jobs", "N", "processes (one for each processor)"},
                 {"--out", "FOLDER",
                  "where everything is kept (a folder of build/check for each "
                  "tree and patch)"},
                 {"--resume", "", "go on with what is in FOLDER"},
                 {"--json", "FILE", "the verdict as JSON"},
                 {"--junit", "FILE", "the verdict as JUnit's XML"},
                 {"--source", "FOLDER", "the sources of pxdfuzz"},
                 {"--compiler", "PROGRAM", "clang++ of version 16 or later"}},
       .run = RunCheck},
      {.name = "campaign",
       .operands = "TARGET",
       .least = 1,
       .most = 1,
       .summary = "fuzz with several processes and keep what they find",
       .help =
           "Runs fuzz targets side by side on one corpus. The folder OUT "
           "holds corpus/, findings/ (a folder for each signature: input, "
           "case.yaml, report.txt, count), stats.json and log/. Ctrl-C ends "
           "it and keeps everything. Ends with 0 where nothing new was "
           "found, 1 with new findings, 2 for wrong usage, 3 where the "
           "campaign failed: a target does not start or hangs, or nothing was "
           "executed or compared. With --demonstration TARGET is a folder of "
           "targets: gup_strict_fuzzer finds the bug of 2020 from nothing, its "
           "input is made smaller, then gup_fuzzer runs; that ends with 0 "
           "where this bug was found and nothing else.",
       .example = "pxdfuzz campaign build/fuzz/bin/gup_fuzzer --jobs=2 "
                  "--seconds=600 --out=build/campaign",
       .flags = {{"--out", "FOLDER", "where everything is kept"},
                 {"--resume", "", "go on with what is in FOLDER"},
                 {"--jobs", "N", "processes (one for each processor)"},
                 {"--seconds", "N", "how long (until Ctrl-C)"},
                 {"--patience", "N",
                  "seconds without an execution, after which a process hangs "
                  "(60)"},
                 {"--engine", "NAME", "libfuzzer, or afl"},
                 {"--sanitized", "PROGRAM", "what the last of several runs"},
                 {"--seeds", "FOLDER,...", "inputs to begin with"},
                 {"--dict", "FILE", "a dictionary"},
                 {"--known", "FILE", "findings that fail nothing; YAML"},
                 {"--demonstration", "", "find a known bug first"}},
       .run = RunCampaign},
      {.name = "sites",
       .operands = "TREE",
       .least = 1,
       .most = 1,
       .summary = "find the walks of page tables in a Linux tree",
       .help =
           "Finds each use of pXd_addr_end() and pXd_offset() in the .c and .h "
           "files of the tree in the folder TREE, and says what the offset "
           "gets: by-pointer, a pointer into a table; lockless, a pointer and "
           "the value; by-value, the address of a copy; root, where there is "
           "no entry above. Of functions with such a use it counts the reads "
           "of entries: once, by READ_ONCE(*pXdp), pXdp_get() or a lockless "
           "read, or plain, by *pXdp. One that works on values and takes no "
           "lock in its own text may run without the lock. It goes by words: "
           "it does not see uses through other macros or functions "
           "(pmd_off(), pXd_none_or_clear_bad()), locks that a caller holds, "
           "entries read as pXdp[i] or through other types, nor assembly, and "
           "of #if it takes all branches.",
       .example = "pxdfuzz sites --under=mm linux",
       .flags = {{"--list", "", "each use and read, with file and function"},
                 {"--under", "FOLDER", "a folder of the tree alone"},
                 {"--json", "", "the same as one JSON document"}},
       .run = RunSites},
      {.name = "claims",
       .operands = "",
       .summary = "try what the thread of 2020 claims",
       .help = "An experiment for each claim: holds, refuted, or open and what "
               "it needs; the cases tried or the case that shows it; who made "
               "it. Same cases each time; docs/claims.md has the output.",
       .example = "pxdfuzz claims",
       .flags = {{"--json", "", "the same as one JSON document"}},
       .run = RunClaims},
  };
  return commands;
}

}  // namespace pxdfuzz
